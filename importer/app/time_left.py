"""How long the rest of a phase takes: by the permitted rate, and by the speed so far."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.light.rate_limiter import RateLimiter


def time_left(limiter: RateLimiter, total: int, requests: float = 1.0) -> Callable[[int], float]:
    """A function of how many of ``total`` items are done; it returns seconds.

    ``requests`` are those of an item, until it is known how many they are.
    """
    began, before = time.monotonic(), limiter.requests

    def left(done: int) -> float:
        rest = total - done
        each = max((limiter.requests - before) / done, 1.0) if done else requests
        at_this_speed = (time.monotonic() - began) / done * rest if done else 0.0
        return max(limiter.seconds_for(math.ceil(rest * each)), at_this_speed)

    return left
