"""Pure functions of unix seconds: when a request may go, and the day it is counted in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def earliest(now: float, held: int, frees_at: float | None, limit: int, hold: float) -> float:
    """The earliest time at which one more request may go; ``now`` where that is at once.

    ``held`` of ``limit`` permits are taken, each for ``hold`` seconds from its answer, and enough
    of them are free again at ``frees_at`` unless an answer that is outstanding comes first.
    """
    if held < limit or frees_at is None:
        return now
    # A permit whose answer is outstanding is free at the earliest one hold from now.
    return max(now, min(frees_at, now + hold))


def utc_date(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def next_midnight(now: float) -> datetime:
    """The next 00:00 UTC, when the day's budget is new."""
    tomorrow = datetime.fromtimestamp(now, UTC).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)


def minute_after(seconds: float) -> str:
    """Unix seconds as a date and minute (UTC) that is not before them."""
    # Rounded up, so that a person who waits until then has waited long enough.
    moment = datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=59)
    return f"{moment:%Y-%m-%d %H:%M} UTC"
