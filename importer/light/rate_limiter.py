"""Rate limiter: so many requests in any 60 seconds and in a UTC day, across processes.

Light allows 300 requests a minute per key and 100,000 a UTC day per company, and does not say what
kind of window it counts in. So every request holds a *permit* of its key from the moment it may go
until 60 seconds after its answer came: whenever Light counted it in between, no window of 60
seconds, fixed or sliding, and no token bucket ever sees more than the limit.

All processes that talk to one Light share a file (``rate_limit_store``). It has the permits and
Light's stated limits of each key, and counts the day's requests of each company.

An answer that holds us back (see ``core.hold_back``) pauses its key for everybody. Every wait is
announced, and has an end: a key that was held back for too long ends the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.core.errors import BudgetSpent, HeldBack, UsageProblem
from importer.core.hold_back import (
    ANNOUNCED_FROM,
    FEWEST_REFUSALS,
    LONGEST_WAIT,
    AnnouncedWait,
    duration,
)
from importer.light.key_limits import (
    HOLD,
    LONGEST_STOP,
    KeyAvailability,
    KeyLimits,
    LimitedKey,
    choose,
    why_held_for_long,
    why_not,
)
from importer.light.permit_stock import Permit, PermitStock
from importer.light.permit_times import minute_after, next_midnight, utc_date
from importer.light.rate_limit_headers import MINUTE
from importer.light.rate_limit_store import (
    Store,
    ask_held,
    ask_newest,
    ask_requests,
    assign_company,
    count_requests,
    delete_free_slots,
    give_slot_back,
    open_rate_limit_store,
    store_problem,
    take_slots,
    transaction,
    write_slot_finished,
)
from importer.light.store_errors import StoreLost
from importer.light.team_pace import TeamPace, TeamPaceStore

PER_MINUTE = 300
PER_DAY = 100_000

DAYS_STORED = 7 * 86_400.0  # seconds after which a day's count is deleted
# Turns of the event loop before each permit, for which the store keeps all else waiting. A permit
# lasts until a minute after its answer is seen: what is on its way, or has come, goes first.
ANSWERS_FIRST = 5
SMALLEST_SLEEP = 0.001  # seconds; a timer may fire a hair early
# Seconds. Timers stand still while a computer sleeps, and know nothing of a clock that is set.
LONGEST_SLEEP = 30.0


@dataclass(frozen=True, slots=True)
class _BudgetSpent:
    """Nothing may be sent for long: why, and until when (unix seconds)."""

    why: str
    until: float


@dataclass(frozen=True, slots=True)
class _Wait:
    """Nothing may be sent before ``until`` (unix seconds), for a reason that people can read."""

    until: float
    why: str
    of_limit: bool  # else Light asked for it


class RateLimiter:
    """Grants permits in the order they are asked for, and no faster than permitted.

    One file stands for one Light. ``keys`` are marks that stand for the keys of one company; the
    keys themselves are not needed. Each may make ``per_minute`` requests in any minute, all
    together ``per_day`` in a UTC day. ``clock`` gives unix seconds. Used from one event loop at a
    time. ``store`` is the file where it is open already.

    ``on_wait`` is called with each wait of more than 5 seconds. Where the day's
    budget is spent, ``acquire`` raises BudgetSpent; ``past_budget``: it waits until that is new.
    """

    def __init__(
        self,
        path: Path | str | TeamPace,
        *,
        keys: Sequence[str] = ("key",),
        per_minute: int = PER_MINUTE,
        per_day: int = PER_DAY,
        on_wait: Callable[[AnnouncedWait], object] = lambda wait: None,
        past_budget: bool = False,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        store: Store | None = None,
    ) -> None:
        if per_minute < 1 or per_day < 1:
            raise UsageProblem("At least one request a minute and a day must be permitted.")
        if not keys or len(set(keys)) < len(keys):
            raise ValueError("the marks of the keys must differ")
        self.per_minute = per_minute
        self.per_day = per_day
        self.on_wait = on_wait
        self.past_budget = past_budget
        self.clock = clock
        self._sleep = sleep
        self.requests = 0  # granted to this process
        self.keys = len(keys)
        self._mark = path.mark if isinstance(path, TeamPace) else ""
        self._keys = [LimitedKey(place, self._mark + mark) for place, mark in enumerate(keys)]
        self._last_reading = float("-inf")
        self._announced = float("-inf")  # the moment until which waits are announced
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Lock | None = None
        self._stock = PermitStock()
        self._path = path
        self._db = store or open_rate_limit_store(path, oldest=utc_date(clock() - DAYS_STORED))
        self._limits = KeyLimits(self._db, per_minute)
        if isinstance(self._db, TeamPaceStore):
            self.clock = self._db.clock

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> RateLimiter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # --- permits ------------------------------------------------------------------------------

    async def acquire(
        self, longest: float = 35.0, *, key: int | None = None, wait: bool = True
    ) -> Permit:
        """Wait for a permit, of the key that may go first or of the one named.

        ``longest`` is how long, in seconds, the request can possibly take. Raises BudgetSpent where
        waiting would take too long to be sensible (with ``past_budget``, only where ``wait`` is
        False), HeldBack where Light takes nothing for too long, and RateLimiterProblem where the
        file cannot be written; in all cases nothing may be sent. A caller that is cancelled while
        it waits consumes no permit.
        """
        self._stock.waiting += key is None
        try:
            async with self._queue():  # first come, first served; only the first one has a timer
                permit = self._handed_on(longest) if key is None else None
                permit = permit or await self._acquire(longest, key, wait=wait)
                self.requests += 1
                return permit  # do not await between granting and returning the permit
        finally:
            self._stock.waiting -= key is None
            self._give_back(self._stock.surplus())

    async def _acquire(self, longest: float, key: int | None, *, wait: bool) -> Permit:
        """As ``acquire``, of the first one in the queue."""
        for _ in range(ANSWERS_FIRST):
            await asyncio.sleep(0)
        while True:
            permit = self._try_acquire(longest, key)
            if isinstance(permit, Permit):
                return permit
            now = self.clock()
            seconds = permit.until - now
            if isinstance(permit, _BudgetSpent):
                until = minute_after(permit.until)
                if not self.past_budget or not wait:
                    raise BudgetSpent(f"{permit.why} Continue after {until}.")
                self._announce(permit, now, f"until {until}; Ctrl-C stops")
            elif seconds > ANNOUNCED_FROM:
                self._announce(permit, now, duration(seconds))
            await self._sleep(min(max(seconds, SMALLEST_SLEEP), LONGEST_SLEEP))

    def _handed_on(self, longest: float) -> Permit | None:
        """A permit that was taken together with one before, unless Light asks to wait since."""
        now = self.clock()
        permit = self._stock.take(now, longest, lambda each: self._keys[each.key].pause <= now)
        if permit is None:
            self._give_back(self._stock.all())
        return permit

    def _give_back(self, permits: Sequence[Permit]) -> None:
        """They are not used. Never raises: what is not given back frees itself."""
        with contextlib.suppress(sqlite3.Error):
            for permit in permits:
                mark = self._keys[permit.key].mark
                give_slot_back(self._db, permit.id, mark, utc_date(permit.started_at))

    def _announce(self, wait: _BudgetSpent | _Wait, now: float, how_long: str) -> None:
        """Once for each moment that is waited for.

        Answers that come together name moments that are a little apart.
        """
        if wait.until > self._announced:
            self._announced = wait.until + max(ANNOUNCED_FROM, (wait.until - now) / 10)
            of_limit = isinstance(wait, _BudgetSpent) or wait.of_limit
            text = f"{wait.why} Waiting {how_long}."
            self.on_wait(AnnouncedWait(text, wait.until - now, of_limit))

    def seconds_for(self, requests: int) -> float:
        """How long so many more requests take at least, evenly of all keys; 0.0 where that cannot
        be said."""
        now = self.clock()
        of_each = -(-requests // self.keys)
        try:
            return max(self._seconds_for(key, of_each, now) for key in self._keys)
        except sqlite3.Error:
            return 0.0

    def _seconds_for(self, key: LimitedKey, requests: int, now: float) -> float:
        stated = self._limits.stated(key, now, self._limits.ask(key))
        limit = min(self.per_minute, stated.limits.get(MINUTE, self.per_minute))
        start = max(now, key.pause, stated.pause_until)
        held = self._db.execute(
            "SELECT free_at FROM slot WHERE key = ? AND free_at > ? ORDER BY free_at LIMIT ?",
            (key.mark, now, limit),
        ).fetchall()
        beyond = requests - max(limit - len(held), 0)  # what is free
        if requests <= 0 or beyond <= 0:
            return start - now if requests > 0 else 0.0
        windows, place = divmod(beyond - 1, limit)
        frees_at = held[place][0] if place < len(held) else now + HOLD
        return max(start, min(frees_at, now + HOLD)) - now + windows * HOLD

    def finish(self, permit: Permit) -> None:
        """The answer came, or never will: the permit is free again one hold from now.

        Never raises: an answer is worth more than the rate, and a permit that was not finished
        frees itself.
        """
        now = self.clock()
        with contextlib.suppress(sqlite3.Error):
            write_slot_finished(self._db, permit.id, permit.started_at, now, now + HOLD)
            if utc_date(now) != utc_date(permit.started_at):
                # Light may have counted it on either day.
                count_requests(self._db, self._keys[permit.key].mark, utc_date(now), 1)

    def _queue(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._turn is None or self._loop is not loop:
            self._loop, self._turn = loop, asyncio.Lock()
        return self._turn

    def _try_acquire(self, longest: float, place: int | None) -> Permit | _BudgetSpent | _Wait:
        """A permit, or the time at which to ask again. Raises HeldBack, RateLimiterProblem.

        Those who wait behind get theirs in the same go, as far as there is room.
        """
        keys = self._keys if place is None else [self._keys[place]]
        most = self._stock.waiting if place is None else 1
        try:
            try:
                permits = self._take_permits(longest, keys, most)
            except StoreLost:
                permits = self._take_permits(longest, keys, most)  # on a new connection
        except sqlite3.Error as error:
            raise store_problem(self._path, error) from error
        if not isinstance(permits, list):
            return permits
        first, *others = permits
        self._stock.put(others, longest)
        return first

    def _take_permits(
        self, longest: float, keys: list[LimitedKey], most: int
    ) -> list[Permit] | _BudgetSpent | _Wait:
        with transaction(self._db):  # counting and taking are one step for all processes
            day = utc_date(self.clock())
            delete_free_slots(self._db, self.clock())
            newest = ask_newest(self._db)
            sent = ask_requests(self._db, [key.mark for key in self._keys], day)
            # Several keys are used evenly: of these it has to be known how much is taken.
            exact_from = self._limits.exact_from(keys[0]) if self.keys == 1 else 0
            of_keys = [
                (key, self._limits.ask(key), ask_held(self._db, key.mark, exact_from))
                for key in keys
            ]
            ahead = newest.fetchone()
            now = self.clock()  # others, or a lost connection, may have kept us waiting until here
            if self._handle_clock_rollback(now, ahead) or utc_date(now) != day:
                return _Wait(now, "", True)  # ask again
            stated = [self._limits.stated(key, now, limits) for key, limits, _ in of_keys]
            if self._limits.exact_from(keys[0]) < exact_from:
                return _Wait(now, "", True)  # ask again: Light has stated a lower limit
            # Of the keys that may go at once, the one with the largest part of its limit left.
            available = [
                self._limits.availability(key, now, limits, held.fetchone()[0])
                for (key, _, held), limits in zip(of_keys, stated, strict=True)
            ]
            first = min(available, key=lambda each: (each.at, each.taken))
            self._check_hold(first, now)
            if first.at - now > LONGEST_WAIT:
                return _BudgetSpent(why_held_for_long(first.key.hold), first.at)
            (requests,) = sent.fetchone()
            if requests >= self.per_day:
                return _BudgetSpent(
                    f"The {self.per_day:,} requests permitted for {day} (UTC) are "
                    f"spent: {requests:,} were sent.",
                    next_midnight(now).timestamp(),
                )
            if first.at > now:
                return _Wait(first.at, why_not(first), not first.paused)
            chosen = choose(available, now, min(most, self.per_day - requests))
            taken = []
            for key, number in chosen:
                free_at = now + longest + HOLD
                taken.append((key, take_slots(self._db, key.mark, now, free_at, number)))
                count_requests(self._db, key.mark, day, number)
        return [Permit(slot, now, key.place) for key, slots in taken for slot in slots()]

    def _check_hold(self, first: KeyAvailability, now: float) -> None:
        """Raises HeldBack where Light has taken nothing for too long, and will not yet."""
        hold = first.key.hold
        if hold is None or first.at <= now or hold.refusals < FEWEST_REFUSALS:
            return
        longest = LONGEST_STOP if self.past_budget else hold.longest
        if first.at - hold.since > longest:
            lasted = duration(now - hold.since)
            raise HeldBack(
                f"Light answered {hold.words} for {lasted}, {hold.refusals} times in a row. "
                f"Continue after {minute_after(first.at)}."
            )

    # --- the day ------------------------------------------------------------------------------

    def belong_to(self, company: str) -> None:
        """The keys are of this company: from now on their requests count as the company's.

        What was counted for a key alone is added to it. Never raises: where the file cannot be
        written, the next request is not granted.
        """
        with contextlib.suppress(sqlite3.Error), transaction(self._db):
            for key in self._keys:
                assign_company(self._db, key.mark, self._mark + company)

    # --- the clock ----------------------------------------------------------------------------

    def _handle_clock_rollback(self, now: float, newest: tuple[float] | None) -> bool:
        """After the clock was set back, move permits and pauses too; else they last for ever.

        Whether permits were moved. ``newest`` is when the newest was taken.
        """
        if self._last_reading > now + 1:
            self._announced = float("-inf")
            for key in self._keys:
                key.pause = 0.0  # the file has it
                key.full_at = float("-inf")
                if key.hold is not None:
                    key.hold.since = now
        self._last_reading = now
        if newest is None or newest[0] <= now + 1:
            return False
        ahead = newest[0] - now
        self._db.execute(
            "UPDATE slot SET started_at = started_at - ?, free_at = free_at - ?", (ahead, ahead)
        )
        return True

    # --- Light's limits -----------------------------------------------------------------------

    def observe(
        self,
        status: int,
        headers: Mapping[str, str],
        key: int = 0,
        *,
        words: str = "",
        reading: bool = False,
    ) -> float | None:
        """Learn from an answer. Returns the seconds to wait, None where it asks for none.

        All of it concerns the key that got the answer. One that holds us back pauses everybody who
        uses it, for as long as Light asks. A limit lower than ours is respected. Where nothing
        remains after a success although our own window is not full, somebody else uses the key:
        wait for the reset. ``words`` is the answer for people, ``reading`` that it is to a GET.
        """
        return self._limits.observe(
            self._keys[key], status, headers, self.clock(), words=words, reading=reading
        )
