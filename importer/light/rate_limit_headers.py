"""Parse the rate-limit headers of an answer. Pure functions.

Light documents ``Retry-After`` (seconds), ``X-RateLimit-Limit``, ``-Remaining`` and ``-Reset``
(unix time when capacity is full again) on a 429; whether they also come on successes is not
documented. ``X-RateLimit-Limit`` is also understood as the IETF drafts have it,
``10, 10;w=1, 300;w=60``: the limit of the window that closes next, then each limit with its window
in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

LONGEST_RESET = 120.0  # seconds; a reset further off is a wrong clock or another unit
LONGEST_BACKOFF = 60.0  # seconds
TRUSTED = 3  # refusals in a row for which a stated pause is taken as it is

_NAMES = frozenset(
    {"retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "date"}
)
_NUMBER = re.compile(r"\s*(\d{1,18}(?:\.\d{1,9})?)")
_POLICY = re.compile(r"\s*(\d{1,18})\s*;(?:.*;)?\s*w\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
MINUTE = 60  # seconds


@dataclass(frozen=True, slots=True)
class RateLimitInfo:
    """The headers of one answer, as far as they make sense; times in seconds from now.

    ``limit``: requests a minute. ``windows``: the requests in shorter windows, by their seconds.
    """

    limit: int | None = None
    windows: tuple[tuple[int, int], ...] = ()
    remaining: int | None = None
    retry_after: float | None = None
    reset_in: float | None = None


NOTHING = RateLimitInfo()


def read_headers(headers: Mapping[str, str], now: float) -> RateLimitInfo:
    """``now`` is our unix time; used only where the answer has no ``Date``.

    Times of day are measured against the server's ``Date``, so a clock that is minutes off, theirs
    or ours, makes no difference.
    """
    values = {n: v for name, v in headers.items() if (n := name.lower()) in _NAMES}
    if not values or values.keys() == {"date"}:
        return NOTHING
    server_now = http_date(values.get("date"))
    server_now = now if server_now is None else server_now
    windows = _windows(values.get("x-ratelimit-limit"))
    remaining = _number(values.get("x-ratelimit-remaining"))
    return RateLimitInfo(
        limit=windows.pop(MINUTE, None),
        windows=tuple(windows.items()),
        remaining=int(remaining) if remaining is not None else None,
        retry_after=_retry_after(values.get("retry-after"), server_now),
        reset_in=_reset_in(values.get("x-ratelimit-reset"), server_now),
    )


def pause_after(status: int, info: RateLimitInfo, refusals: int) -> float:
    """Seconds to send nothing after the answer, the so-manieth in a row that holds us back.

    As stated, else 1, 2, 4 … 60 after a 429 and half of that after others. What is stated time and
    again and never suffices grows too, from the fourth answer on.
    """
    stated = stated_pause(status, info)
    if stated:
        least = 0.0 if refusals <= TRUSTED else backoff(refusals - TRUSTED) / 2
        return max(stated, least)
    return backoff(refusals) if status == 429 else backoff(refusals) / 2


def stated_pause(status: int, info: RateLimitInfo) -> float | None:
    """Seconds to wait, as far as the answer says."""
    return info.retry_after or (info.reset_in if status == 429 else None) or None


def backoff(refusals: int) -> float:
    """1, 2, 4 … 60 seconds for the first, second, third … refusal."""
    return min(LONGEST_BACKOFF, 2.0 ** min(max(refusals, 1) - 1, 10))


def _retry_after(text: str | None, server_now: float) -> float | None:
    if text is None:
        return None
    number = _number(text)
    if number is None:
        moment = http_date(text)
        number = None if moment is None else moment - server_now
    return None if number is None else max(0.0, number)


def _reset_in(text: str | None, server_now: float) -> float | None:
    number = _number(text)
    if number is None:
        return None
    if number > 1e11:  # milliseconds
        number /= 1000
    # Some gateways send the seconds left instead of a unix time.
    remaining = number if number < 1e6 else number - server_now
    return min(remaining, LONGEST_RESET) if remaining > 0 else None


def _windows(text: str | None) -> dict[int, int]:
    """The requests that are permitted in each window of at most a minute, by its seconds.

    Longer windows are left out: what they permit may all be used at once, and Light says when it
    is spent.
    """
    windows: dict[int, int] = {}
    for policy in map(_POLICY.match, (text or "")[:1000].split(",")):
        if policy is not None:
            limit, seconds = int(policy[1]), int(policy[2])
            if limit >= 1 and seconds >= 1:
                windows[seconds] = min(limit, windows.get(seconds, limit))
    if windows:
        return {seconds: limit for seconds, limit in windows.items() if seconds <= MINUTE}
    limit_alone = _number(text)
    return {MINUTE: int(limit_alone)} if limit_alone is not None and limit_alone >= 1 else {}


def _number(text: str | None) -> float | None:
    match = _NUMBER.match(text or "")
    return float(match.group(1)) if match else None


@lru_cache(maxsize=8)  # answers of one second have the same
def http_date(text: str | None) -> float | None:
    """Unix time of a ``Date`` header; None where it is missing or invalid."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        # An HTTP date is always in GMT.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
