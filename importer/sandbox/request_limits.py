"""Rate limits: of a key by the minute, with three kinds of window; of a company by the day.

Light documents the numbers and the headers of the 429, not the window. Refused requests do not use
up the allowance. Clocks are parameters: seconds since 1970.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from importer.sandbox.settings import Window

MINUTE = 60.0
DAY = 86_400


@dataclass(frozen=True)
class Allowance:
    """The answer for one request. ``wait`` is seconds until one is allowed, 0 when it is.

    ``full_at`` is the unix time when the whole limit is free again.
    """

    limit: int
    remaining: int
    wait: float
    full_at: float

    @property
    def allowed(self) -> bool:
        return self.wait <= 0

    def headers(self) -> dict[str, str]:
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.full_at)),
        }
        if not self.allowed:
            headers["Retry-After"] = str(max(1, math.ceil(self.wait)))
        return headers


class MinuteWindow(Protocol):
    def take(self, now: float) -> Allowance: ...


class SlidingWindow:
    """At most ``limit`` in ANY 60 s."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.times: deque[float] = deque()

    def take(self, now: float) -> Allowance:
        times = self.times
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) >= self.limit:
            return Allowance(self.limit, 0, times[0] + MINUTE - now, times[-1] + MINUTE)
        times.append(now)
        return Allowance(self.limit, self.limit - len(times), 0.0, now + MINUTE)


class FixedWindow:
    """At most ``limit`` in each minute of the clock."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.minute = -1
        self.used = 0

    def take(self, now: float) -> Allowance:
        minute = int(now // MINUTE)
        if minute != self.minute:
            self.minute, self.used = minute, 0
        end = (minute + 1) * MINUTE
        if self.used >= self.limit:
            return Allowance(self.limit, 0, end - now, end)
        self.used += 1
        return Allowance(self.limit, self.limit - self.used, 0.0, end)


class Bucket:
    """``limit`` tokens at first, refilled evenly at ``limit`` a minute."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.tokens = float(limit)
        self.updated_at: float | None = None

    def take(self, now: float) -> Allowance:
        rate = self.limit / MINUTE
        if self.updated_at is not None:
            self.tokens = min(float(self.limit), self.tokens + (now - self.updated_at) * rate)
        self.updated_at = now
        short = 1 - self.tokens
        # After a wait rounded to nanoseconds a token may be a rounding error short.
        if short > 1e-9:
            return Allowance(self.limit, 0, short / rate, now + (self.limit - self.tokens) / rate)
        self.tokens = max(0.0, self.tokens - 1)
        full_at = now + (self.limit - self.tokens) / rate
        return Allowance(self.limit, int(self.tokens), 0.0, full_at)


WINDOWS: dict[Window, Callable[[int], MinuteWindow]] = {
    "sliding": SlidingWindow,
    "fixed": FixedWindow,
    "bucket": Bucket,
}


class Limiter:
    """The limits of one company. The day turns over at midnight UTC; its limit is for all keys.

    ``used_today`` of the day's limit are spent at the start.
    """

    def __init__(
        self,
        per_minute: int,
        per_day: int,
        window: Window,
        clock: Callable[[], float],
        used_today: int = 0,
    ) -> None:
        self.minutes: dict[str, MinuteWindow] = defaultdict(lambda: WINDOWS[window](per_minute))
        self.per_day = per_day
        self.clock = clock
        self.day = int(clock() // DAY)
        self.used_today = used_today

    def take(self, key: str = "") -> Allowance:
        """Ask for one request with the key, now."""
        now = self.clock()
        day = int(now // DAY)
        if day != self.day:
            self.day, self.used_today = day, 0
        midnight = float((day + 1) * DAY)
        if self.used_today >= self.per_day:
            return Allowance(self.per_day, 0, midnight - now, midnight)
        allowance = self.minutes[key].take(now)
        if allowance.allowed:
            self.used_today += 1
        return allowance
