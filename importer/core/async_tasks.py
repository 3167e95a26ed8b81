"""Tasks of asyncio: to cancel them, to wait for one no longer than until a stop; waits that are
announced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from importer.core.hold_back import ANNOUNCED_FROM, duration

T = TypeVar("T")


async def cancelled(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancel them, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def unless_set(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result, or None where ``stop`` is set first."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        await cancelled([working, stopping])


async def announced_wait(
    seconds: float, announce: Callable[[str], object], words: Callable[[str], str]
) -> None:
    """Wait; what a longer wait is for is announced, in ``words`` of how long it takes."""
    if seconds > ANNOUNCED_FROM:
        announce(words(duration(seconds)))
    await asyncio.sleep(seconds)
