"""Parse the rate-limit headers of an answer. Pure functions.

Light documents ``Retry-After`` (seconds), ``X-RateLimit-Limit``, ``-Remaining`` and ``-Reset``
(unix time when capacity is full again) on a 429; whether they also come on successes is not
documented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_RESET = 120.0  # seconds; a reset further off is a wrong clock or another unit
LONGEST_BACKOFF = 60.0  # seconds

_NAMES = frozenset(
    {"retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "date"}
)
_NUMBER = re.compile(r"\s*(\d{1,18}(?:\.\d{1,9})?)")


@dataclass(frozen=True, slots=True)
class RateLimitInfo:
    """The headers of one answer, as far as they make sense; times in seconds from now."""

    limit: int | None = None
    remaining: int | None = None
    retry_after: float | None = None
    reset_in: float | None = None


NOTHING = RateLimitInfo()


def read_headers(headers: Mapping[str, str], now: float) -> RateLimitInfo:
    """``now`` is our unix time; used only where the answer has no ``Date`` of its own.

    Times of day are measured against the server's ``Date``, so a clock that is minutes off, theirs
    or ours, makes no difference.
    """
    values = {n: v for name, v in headers.items() if (n := name.lower()) in _NAMES}
    if not values or values.keys() == {"date"}:
        return NOTHING
    server_now = http_date(values.get("date"))
    server_now = now if server_now is None else server_now
    limit = _number(values.get("x-ratelimit-limit"))
    remaining = _number(values.get("x-ratelimit-remaining"))
    return RateLimitInfo(
        limit=int(limit) if limit is not None and limit >= 1 else None,
        remaining=int(remaining) if remaining is not None else None,
        retry_after=_retry_after(values.get("retry-after"), server_now),
        reset_in=_reset_in(values.get("x-ratelimit-reset"), server_now),
    )


def pause_after_429(info: RateLimitInfo, refusals: int) -> float:
    """Seconds to send nothing: as stated, else 1, 2, 4 … 60 by the number of refusals in a row."""
    if info.retry_after:
        return info.retry_after
    if info.reset_in:
        return info.reset_in
    return backoff(refusals)


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


def _number(text: str | None) -> float | None:
    # The leading number, since some gateways write "300, 300;w=60".
    match = _NUMBER.match(text or "")
    return float(match.group(1)) if match else None


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
