"""Simulated time, and servers that count requests in each of the usual ways."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any

START = datetime(2025, 3, 31, 12, 0, tzinfo=UTC).timestamp()


class _Handle:
    """A callback that waits for its turn; as asyncio's, but that it costs little."""

    __slots__ = ("args", "callback", "context", "done", "when")

    def __init__(
        self, callback: Callable[..., Any], args: Any, context: Context | None, when: float = 0.0
    ) -> None:
        self.callback, self.args, self.when = callback, args, when
        self.context = context or copy_context()
        self.done = False

    def cancel(self) -> None:
        self.done = True

    def cancelled(self) -> bool:
        return self.done


class SimulatedLoop(asyncio.BaseEventLoop):
    """An event loop whose time jumps to the next timer instead of waiting for it.

    It knows no files and sockets. ``tick``: seconds that each of its turns takes.
    """

    tick = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.simulated = 0.0
        self._callbacks: deque[_Handle] = deque()
        self._timers: list[tuple[float, int, _Handle]] = []
        self._number = 0  # of timers, so that those of one moment keep their order

    def time(self) -> float:
        return self.simulated

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:
        self._callbacks.append(handle := _Handle(callback, args, context))
        return handle

    call_soon_threadsafe = call_soon

    def call_at(
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> Any:
        handle = _Handle(callback, args, context, when)
        self._number += 1
        heappush(self._timers, (when, self._number, handle))
        return handle

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> Any:
        return self.call_at(self.simulated + delay, callback, *args, context=context)

    def create_task(self, coro: Any, *, name: Any = None, context: Context | None = None) -> Any:
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def _run_once(self) -> None:
        callbacks, timers = self._callbacks, self._timers
        while timers and timers[0][2].done:
            heappop(timers)
        if callbacks or self._stopping:  # type: ignore[attr-defined]
            self.simulated += self.tick
        elif not timers:
            raise RuntimeError("nothing will ever happen any more")
        else:
            self.simulated = max(self.simulated + self.tick, timers[0][0])
        while timers and timers[0][0] <= self.simulated:
            callbacks.append(heappop(timers)[2])
        for _ in range(len(callbacks)):
            handle = callbacks.popleft()
            if not handle.done:
                handle.context.run(handle.callback, *handle.args)

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
