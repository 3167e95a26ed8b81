"""Statements that a store of request counts need not execute at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

_LATEST = 0.2  # seconds until they are executed

Statements = list[tuple[str, Sequence[Any]]]


class LaterStatements:
    """They wait until the next transaction takes them; ``execute`` is called where there is none in
    a moment, and has to take them."""

    def __init__(self, execute: Callable[[], None]) -> None:
        self._execute = execute
        self._statements: Statements = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, statement: str, parameters: Sequence[Any]) -> None:
        self._statements.append((statement, parameters))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_LATEST, self._execute)

    def take(self) -> Statements:
        if self._timer is not None:
            self._timer.cancel()
        statements, self._statements, self._timer = self._statements, [], None
        return statements
