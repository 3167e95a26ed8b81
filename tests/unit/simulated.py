"""Simulated time, and servers that count requests in each of the usual ways."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

START = datetime(2025, 3, 31, 12, 0, tzinfo=UTC).timestamp()


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer instead of waiting for it.

    ``tick``: seconds that each of its turns takes.
    """

    tick = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.simulated = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None = None) -> list[Any]:
            events: list[Any] = select(0)
            self.simulated += timeout if timeout and not events else self.tick
            return events

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.simulated

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        """At once and here: no time passes meanwhile."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def simulate(work: Callable[[Callable[[], float]], Coroutine[Any, Any, Any]]) -> Any:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        loop = runner.get_loop()
        return runner.run(work(lambda: START + loop.time()))


class FixedWindow:
    def __init__(self, limit: int, phase: float) -> None:
        self.limit, self.phase = limit, phase
        self.window, self.count = -1, 0

    def permits(self, now: float) -> bool:
        window = int((now + self.phase) // 60)
        if window != self.window:
            self.window, self.count = window, 0
        self.count += 1
        return self.count <= self.limit


class SlidingWindow:
    def __init__(self, limit: int, phase: float) -> None:
        self.limit = limit
        self.seen: deque[float] = deque()

    def permits(self, now: float) -> bool:
        while self.seen and self.seen[0] <= now - 60:
            self.seen.popleft()
        self.seen.append(now)
        return len(self.seen) <= self.limit


class TokenBucket:
    def __init__(self, limit: int, phase: float) -> None:
        self.limit, self.tokens, self.at = limit, float(limit), None

    def permits(self, now: float) -> bool:
        passed = 0.0 if self.at is None else now - self.at
        self.tokens = min(self.limit, self.tokens + passed * self.limit / 60)
        self.at = now
        self.tokens -= 1
        return self.tokens > -1e-6


SERVERS = [FixedWindow, SlidingWindow, TokenBucket]
