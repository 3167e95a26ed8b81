"""The time of day that is written down and compared with Light's: UTC.

Everything asks here, so that a simulation can let the time pass as it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def _system_time() -> datetime:
    return datetime.now(UTC)


_CLOCK: ContextVar[Clock] = ContextVar("clock", default=_system_time)


def utc_now() -> datetime:
    """The time of now, by the clock of the current task."""
    return _CLOCK.get()()


@contextmanager
def clock_in_use(clock: Clock) -> Iterator[None]:
    """``utc_now`` asks this clock, in the block and in the tasks that are started there."""
    token = _CLOCK.set(clock)
    try:
        yield
    finally:
        _CLOCK.reset(token)
