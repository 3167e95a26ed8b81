"""How far long work is: deep code counts its steps, and whoever started it listens.

Without a listener counting does nothing. The listener is of the context: a task or thread that is
started inside ``listening`` has it too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass

Report = Callable[[int, int], None]  # steps that are done, of how many


@dataclass
class _Gauge:
    report: Report
    done: int = 0
    total: int = 0


_GAUGE: ContextVar[_Gauge | None] = ContextVar("progress", default=None)


@contextlib.contextmanager
def listening(report: Report) -> Iterator[None]:
    """``report`` is called with each step inside the block."""
    token = _GAUGE.set(_Gauge(report))
    try:
        yield
    finally:
        _GAUGE.reset(token)


def expect(steps: int) -> None:
    """So many more steps will come."""
    if (gauge := _GAUGE.get()) is not None:
        gauge.total += steps
        gauge.report(gauge.done, gauge.total)


def step(steps: int = 1) -> None:
    """So many of the steps are done."""
    if (gauge := _GAUGE.get()) is not None:
        gauge.done = min(gauge.done + steps, gauge.total)
        gauge.report(gauge.done, gauge.total)
