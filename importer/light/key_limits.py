"""What Light says of each key: its limits, and that it takes nothing for now.

Limits and pauses are in the file that all processes share; what Light answered while it takes
nothing is of this process.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from importer.core.hold_back import HOLDING, duration, longest_hold
from importer.light.permit_times import earliest
from importer.light.rate_limit_headers import MINUTE, pause_after, read_headers, stated_pause
from importer.light.rate_limit_store import Answers, Store

WINDOW = 60.0  # seconds
HOLD = WINDOW + 0.05  # the margin is for clocks that tick coarsely
LONGEST_STOP = 86_400.0  # seconds; a nonsensical Retry-After must not lock the file for ever
FORGET_LIMIT = 600.0  # seconds after which a lower limit that Light does not repeat is forgotten


@dataclass(slots=True)
class KeyHold:
    """Light takes nothing of a key for now. ``words`` are its own, as "429 (Slow down.)".

    ``since`` is unix seconds, ``longest`` the seconds that it may last; ``of_a_read``: what was
    refused only reads, so the next answer of any kind ends it.
    """

    since: float
    words: str
    stated: bool
    longest: float
    of_a_read: bool
    refusals: int


@dataclass(slots=True)
class LimitedKey:
    """State of one key in this process. ``mark`` stands for it in the file."""

    place: int
    mark: str
    hold: KeyHold | None = None
    pause: float = 0.0
    full_at: float = float("-inf")
    minute_limit: int | None = None  # as Light stated it, when that was last read


@dataclass(frozen=True, slots=True)
class StatedLimits:
    """What Light says of a key: requests by the seconds of a window; unix seconds."""

    limits: dict[int, int]
    pause_until: float


@dataclass(slots=True)
class KeyAvailability:
    """When a key may be used next, how much of its limit is taken, and which limit that is; how
    many more requests may go at once."""

    at: float
    taken: float
    key: LimitedKey
    limit: int
    window: int
    paused: bool
    room: int


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """``per_minute`` is ours; a higher one of Light's is not used."""

    db: Store
    per_minute: int

    def _pause(self, key: LimitedKey, moment: float, now: float) -> None:
        """Nobody uses the key before ``moment`` (unix seconds), in no process.

        Never shortens a pause.
        """
        moment = min(moment, now + LONGEST_STOP)
        if moment <= max(now, key.pause):
            return
        key.pause = moment
        # The file's own pause may be longer, set by another process.
        longer = "WHERE excluded.value > told.value OR told.told_at > :now + 1"
        self._store(key, "pause_until", moment, now, longer)

    def observe(
        self,
        key: LimitedKey,
        status: int,
        headers: Mapping[str, str],
        now: float,
        *,
        words: str,
        reading: bool,
    ) -> float | None:
        """As ``RateLimiter.observe``."""
        info = read_headers(headers, now)
        if info.limit is not None and info.limit < self.per_minute:
            self._store_limit(key, "limit", info.limit, now)
        for window, limit in info.windows:
            self._store_limit(key, f"limit {window}", limit, now)
        if status in HOLDING or (status >= 500 and info.retry_after):
            stated = stated_pause(status, info) is not None
            hold = _held(key, now, words or str(status), status, stated, reading=reading)
            seconds = pause_after(status, info, hold.refusals)
            self._pause(key, now + seconds, now)
            return seconds
        hold_before = key.hold
        if hold_before and now >= key.pause and (hold_before.of_a_read or not reading):
            key.hold = None
        # Where our own window is full, nothing remains, of course; it frees permit by permit.
        window_full = now - key.full_at < WINDOW
        if status < 400 and info.remaining == 0 and info.reset_in is not None and not window_full:
            self._pause(key, now + info.reset_in, now)
        return info.retry_after

    def ask(self, key: LimitedKey) -> Answers:
        """Ask for what ``stated`` reads."""
        return self.db.execute("SELECT name, value, told_at FROM told WHERE key = ?", (key.mark,))

    def stated(self, key: LimitedKey, now: float, answers: Answers) -> StatedLimits:
        """Light's limits and pause, as the file has them. Raises sqlite3.Error."""
        limits: dict[int, int] = {}
        pause = 0.0
        for name, value, stated_at in answers.fetchall():
            if name.startswith("limit"):
                window = name.removeprefix("limit").strip()
                if abs(now - stated_at) < FORGET_LIMIT:
                    limits[int(window) if window.isdecimal() else MINUTE] = int(value)
            elif stated_at <= now + 1:
                pause = value
            else:  # the clock was set back; the pause keeps its length
                pause = now + value - stated_at
                self.db.execute(
                    "UPDATE told SET value = ?, told_at = ? WHERE key = ? AND name = ?",
                    (pause, now, key.mark, name),
                )
        key.minute_limit = limits.get(MINUTE)
        return StatedLimits(limits, pause)

    def exact_from(self, key: LimitedKey) -> int:
        """From which number of permits on it has to be known how many are taken."""
        return min(self.per_minute, key.minute_limit or self.per_minute) // 2

    def availability(
        self, key: LimitedKey, now: float, stated: StatedLimits, held: int
    ) -> KeyAvailability:
        """``held`` is how many of its permits are taken."""
        limits = {MINUTE: self.per_minute, **stated.limits}
        limits[MINUTE] = min(self.per_minute, limits[MINUTE])
        windows = [(*self._room(key, now, held, *each), each) for each in limits.items()]
        free_at, _, _, (window, limit) = max(windows)
        paused_until = max(key.pause, stated.pause_until)
        return KeyAvailability(
            max(free_at, paused_until, now),
            max(taken for _, taken, _, _ in windows),
            key,
            limit,
            window,
            paused_until > free_at,
            min(room for _, _, room, _ in windows),
        )

    def _room(
        self, key: LimitedKey, now: float, held: int, window: int, limit: int
    ) -> tuple[float, float, int]:
        """When one more request may go by this limit alone, the part of it that is taken, and how
        many more there is room for."""
        earlier = WINDOW - window  # than for the minute, a permit is free again
        question = "FROM slot WHERE key = ? AND free_at > ?"
        arguments = key.mark, now + earlier
        if window != MINUTE:
            (held,) = self.db.execute(f"SELECT count(*) {question}", arguments).fetchone()
        if held + 1 >= limit:
            key.full_at = now
        frees_at = None
        if held >= limit:
            (free_at,) = self.db.execute(
                f"SELECT free_at {question} ORDER BY free_at LIMIT 1 OFFSET ?",
                (*arguments, held - limit),
            ).fetchone()
            frees_at = free_at - earlier
        at = earliest(now, held, frees_at, limit, HOLD - earlier)
        return at, held / limit, limit - held

    def _store_limit(self, key: LimitedKey, name: str, limit: int, now: float) -> None:
        lower = f"WHERE excluded.value <= told.value OR abs(told.told_at - :now) > {FORGET_LIMIT}"
        self._store(key, name, limit, now, lower)

    def _store(self, key: LimitedKey, name: str, value: float, now: float, condition: str) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.db.execute(
                "INSERT INTO told VALUES (:key, :name, :value, :now) ON CONFLICT (key, name) "
                f"DO UPDATE SET value = excluded.value, told_at = excluded.told_at {condition}",
                {"key": key.mark, "name": name, "value": value, "now": now},
            )


def _held(
    key: LimitedKey, now: float, words: str, status: int, stated: bool, *, reading: bool
) -> KeyHold:
    """The hold of the key after one more answer that holds it back."""
    longest = longest_hold(status, stated=stated)
    hold = key.hold
    if hold is None:
        hold = key.hold = KeyHold(now, words, stated, longest, reading, 1)
        return hold
    # All requests in flight are refused together: that is one refusal, not many.
    hold.refusals += now >= key.pause
    hold.words, hold.stated, hold.longest = words, stated, max(longest, hold.longest)
    hold.of_a_read = hold.of_a_read and reading
    return hold


def why_held(hold: KeyHold | None) -> str:
    """Why a key is paused, for people."""
    if hold is None:
        return "The key may not be used for now, as another run or Light's limits say."
    return f"Light answered {hold.words}{', and says when to come back' if hold.stated else ''}."


def why_held_for_long(hold: KeyHold | None) -> str:
    if hold is None:
        return "Light accepts no more requests for now: noted by an earlier run with this key."
    if hold.words.startswith("429"):
        return (
            "Light takes no more requests for now, most likely because the day's requests are"
            f" spent. It answered {hold.words}."
        )
    return f"Light answered {hold.words}, and says when to come back."


def why_full(limit: int, window: int) -> str:
    """Why a key whose limit is used waits, for people."""
    per = "a minute" if window == MINUTE else f"in {duration(window)}"
    return f"The {limit:,} requests {per} that are permitted are used."


# --- which key the next requests go with ------------------------------------------------------


def choose(
    available: Sequence[KeyAvailability], now: float, most: int
) -> list[tuple[LimitedKey, int]]:
    """How many requests go at once with which key, at least one: each with the key that has the
    largest part of its limit left then."""
    chosen: dict[int, int] = {}
    free = [each for each in available if each.at <= now]
    for _ in range(max(most, 1)):
        best = min(range(len(free)), key=lambda i: free[i].taken)
        if chosen and free[best].room < 1:
            break
        chosen[best] = chosen.get(best, 0) + 1
        free[best].taken += 1 / free[best].limit
        free[best].room -= 1
        if free[best].room < 1:
            free[best].key.full_at = now
    return [(free[i].key, number) for i, number in chosen.items()]


def why_not(first: KeyAvailability) -> str:
    """Why nothing may be sent with the key that may go first."""
    if first.paused:
        return why_held(first.key.hold)
    return why_full(first.limit, first.window)
