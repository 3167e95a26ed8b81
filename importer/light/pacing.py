"""At most so many requests in any 60 seconds and in a UTC day, over all processes and restarts.

Light allows 300 requests a minute per key and 100,000 a UTC day, and does not say what kind of
window it counts in. So every request holds a *slot* from the moment it may go until 60 seconds
after its answer came: whenever Light counted it in between, no window of 60 seconds, fixed or
sliding, and no token bucket ever sees more than the limit.

The slots are kept in an SQLite file that all processes with the same key share. ``synchronous`` is
NORMAL: a killed process loses nothing; a power cut may lose the last slots, which are worthless by
the time the computer is up again.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from importer.errors import BudgetSpent, UsageProblem
from importer.light.problems import PaceProblem
from importer.light.told import pause_after_429, read_headers

PER_MINUTE = 300
PER_DAY = 100_000

WINDOW = 60.0  # seconds
HOLD = WINDOW + 0.05  # the margin is for clocks that tick coarsely
LONGEST_WAIT = 600.0  # seconds; whoever is told to wait longer stops and comes back
LONGEST_STOP = 86_400.0  # seconds; a nonsensical Retry-After must not lock the file for ever
FORGET_LIMIT = 600.0  # seconds after which a lower limit, not seen again, is forgotten
SMALLEST_SLEEP = 0.001  # seconds; a timer may fire a hair early

_SCHEMA = """
CREATE TABLE IF NOT EXISTS slot (
    id INTEGER PRIMARY KEY,
    started_at REAL NOT NULL,
    finished_at REAL,            -- NULL while the answer is outstanding
    free_at REAL NOT NULL        -- of a request whose process died: started + longest + hold
);
CREATE INDEX IF NOT EXISTS slot_free_at ON slot (free_at);
CREATE TABLE IF NOT EXISTS day (utc_date TEXT PRIMARY KEY, requests INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS told (
    name TEXT PRIMARY KEY,       -- pause_until (unix time) or limit (requests a minute)
    value REAL NOT NULL,
    told_at REAL NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """The permission for one request. Times are unix seconds."""

    id: int
    started_at: float


def earliest(
    now: float, held: int, frees_at: float | None, per_minute: int, paused_until: float
) -> float:
    """The earliest time at which one more request may go; ``now`` where that is at once.

    ``held`` slots are taken, and enough of them are free again at ``frees_at`` unless an answer
    that is outstanding comes first.
    """
    at = now
    if held >= per_minute and frees_at is not None:
        # A slot whose answer is outstanding is free at the earliest one hold from now.
        at = min(frees_at, now + HOLD)
    return max(at, paused_until, now)


def utc_date(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def next_midnight(now: float) -> datetime:
    """The next 00:00 UTC, when the day's budget is new."""
    tomorrow = datetime.fromtimestamp(now, UTC).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)


class Pacer:
    """Grants slots in the order they are asked for, and no faster than permitted.

    One file stands for one key. ``clock`` gives unix seconds. Used from one event loop at a time.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        per_minute: int = PER_MINUTE,
        per_day: int = PER_DAY,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if per_minute < 1 or per_day < 1:
            raise UsageProblem("At least one request a minute and a day must be permitted.")
        self.per_minute = per_minute
        self.per_day = per_day
        self.clock = clock
        self._sleep = sleep
        self._requests = 0
        self._refusals = 0
        self._pause = 0.0
        self._full_at = float("-inf")
        self._last_seen = float("-inf")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Lock | None = None
        self._path = path
        self._db = _open(path)

    @property
    def requests(self) -> int:
        """How many requests this process was granted."""
        return self._requests

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Pacer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # --- slots --------------------------------------------------------------------------------

    async def acquire(self, longest: float = 35.0) -> Slot:
        """Wait for a slot. ``longest`` is how long, in seconds, the request can possibly take.

        Raises BudgetSpent where waiting would take too long to be sensible, and PaceProblem where
        the file cannot be written; in both cases nothing may be sent. A caller that is cancelled
        while it waits takes no slot.
        """
        async with self._queue():  # first come, first served; only the first one has a timer
            while True:
                now = self.clock()
                got = self._try(now, longest)
                if isinstance(got, Slot):
                    self._requests += 1
                    return got  # no await from here to the caller, so that no slot is lost
                await self._sleep(max(got - now, SMALLEST_SLEEP))

    def finish(self, slot: Slot) -> None:
        """The answer came, or never will: the slot is free again one hold from now.

        Never raises: an answer is worth more than the pace, and a slot that was not finished
        frees itself.
        """
        now = self.clock()
        with contextlib.suppress(sqlite3.Error):
            self._db.execute(
                "UPDATE slot SET finished_at = ?, free_at = ? WHERE id = ? AND started_at = ?",
                (now, now + HOLD, slot.id, slot.started_at),
            )
            if utc_date(now) != utc_date(slot.started_at):
                self._count(utc_date(now))  # Light may have counted it on either day

    def _queue(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._turn is None or self._loop is not loop:
            self._loop, self._turn = loop, asyncio.Lock()
        return self._turn

    def _try(self, now: float, longest: float) -> Slot | float:
        """A slot, or the time at which to ask again."""
        try:
            with self._transaction():
                self._mend_clock(now)
                self._db.execute("DELETE FROM slot WHERE free_at <= ?", (now,))
                (held,) = self._db.execute("SELECT count(*) FROM slot").fetchone()
                told = self._told(now)
                limit = min(self.per_minute, int(told.get("limit", self.per_minute)))
                paused_until = max(self._pause, told.get("pause_until", 0.0))
                if paused_until - now > LONGEST_WAIT:
                    raise BudgetSpent(
                        "Light takes no more requests for now, most likely because the day's "
                        f"requests are spent. Continue after {_moment(paused_until)}."
                    )
                self._check_day(now)
                frees_at = None
                if held + 1 >= limit:
                    self._full_at = now
                if held >= limit:
                    (frees_at,) = self._db.execute(
                        "SELECT free_at FROM slot ORDER BY free_at LIMIT 1 OFFSET ?",
                        (held - limit,),
                    ).fetchone()
                at = earliest(now, held, frees_at, limit, paused_until)
                if at > now:
                    return at
                row = self._db.execute(
                    "INSERT INTO slot (started_at, free_at) VALUES (?, ?)",
                    (now, now + longest + HOLD),
                )
                self._count(utc_date(now))
                return Slot(row.lastrowid or 0, now)
        except sqlite3.Error as error:
            raise _problem(self._path, error) from error

    def _check_day(self, now: float) -> None:
        today = utc_date(now)
        row = self._db.execute("SELECT requests FROM day WHERE utc_date = ?", (today,)).fetchone()
        if row is not None and row[0] >= self.per_day:
            raise BudgetSpent(
                f"The {self.per_day:,} requests permitted for {today} (UTC) are spent: "
                f"{row[0]:,} were sent. Continue after {next_midnight(now):%Y-%m-%d %H:%M} UTC."
            )

    def _count(self, day: str) -> None:
        self._db.execute(
            "INSERT INTO day VALUES (?, 1) "
            "ON CONFLICT (utc_date) DO UPDATE SET requests = requests + 1",
            (day,),
        )

    def _mend_clock(self, now: float) -> None:
        """After the clock was set back, move slots and pause back too; else they last for ever."""
        if self._last_seen > now + 1:
            self._pause = 0.0  # the file has it
            self._full_at = float("-inf")
        self._last_seen = now
        newest = self._db.execute("SELECT started_at FROM slot ORDER BY id DESC LIMIT 1").fetchone()
        if newest is not None and newest[0] > now + 1:
            ahead = newest[0] - now
            self._db.execute(
                "UPDATE slot SET started_at = started_at - ?, free_at = free_at - ?", (ahead, ahead)
            )

    # --- what Light says ----------------------------------------------------------------------

    def pause_until(self, moment: float) -> None:
        """Nobody sends before ``moment`` (unix seconds), in no process. Never shortens a pause."""
        now = self.clock()
        moment = min(moment, now + LONGEST_STOP)
        if moment <= max(now, self._pause):
            return
        self._pause = moment
        # The file's own pause may be longer, set by another process.
        self._tell("pause_until", moment, now, "WHERE excluded.value > value OR told_at > :now + 1")

    def observe(
        self, status: int, headers: Mapping[str, str], now: float | None = None
    ) -> float | None:
        """Learn from an answer. Returns the seconds that Light asks to wait, None where it doesn't.

        A 429 pauses everybody as told. A limit lower than ours is kept to. Where a success says
        that nothing remains although our own window is not full, somebody else uses the key, and
        we wait for the reset.
        """
        now = self.clock() if now is None else now
        told = read_headers(headers, now)
        if told.limit is not None and told.limit < self.per_minute:
            self._tell(
                "limit",
                told.limit,
                now,
                f"WHERE excluded.value <= value OR abs(told_at - :now) > {FORGET_LIMIT}",
            )
        if status == 429:
            # All requests in flight are refused together: that is one refusal, not many.
            if now >= self._pause or self._refusals == 0:
                self._refusals += 1
            seconds = pause_after_429(told, self._refusals)
            self.pause_until(now + seconds)
            return seconds
        if now >= self._pause:
            self._refusals = 0
        # Where our own window is full, nothing remains, of course; it frees slot by slot.
        ours = now - self._full_at < WINDOW
        if status < 400 and told.remaining == 0 and told.reset_in is not None and not ours:
            self.pause_until(now + told.reset_in)
        return told.retry_after

    def _told(self, now: float) -> dict[str, float]:
        told: dict[str, float] = {}
        rows = self._db.execute("SELECT name, value, told_at FROM told").fetchall()
        for name, value, told_at in rows:
            if name == "limit":
                if abs(now - told_at) < FORGET_LIMIT:
                    told[name] = value
            elif told_at <= now + 1:
                told[name] = value
            else:  # the clock was set back; the pause keeps its length
                told[name] = now + value - told_at
                self._db.execute(
                    "UPDATE told SET value = ?, told_at = ? WHERE name = ?", (told[name], now, name)
                )
        return told

    def _tell(self, name: str, value: float, now: float, condition: str) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._db.execute(
                "INSERT INTO told VALUES (:name, :value, :now) ON CONFLICT (name) DO UPDATE "
                f"SET value = excluded.value, told_at = excluded.told_at {condition}",
                {"name": name, "value": value, "now": now},
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")  # counting and taking are one step for all processes
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _open(path: Path | str) -> sqlite3.Connection:
    try:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _problem(path, error) from error
    for attempt in range(100):
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";\n"):
                db.execute(statement)
            db.execute("DELETE FROM day WHERE utc_date < date('now', '-7 days')")
            db.execute("COMMIT")
            return db
        except sqlite3.Error as error:
            # Two processes that make the file at once: the switch to WAL does not wait by itself.
            if "locked" in str(error) and attempt < 99:
                time.sleep(0.05)
                continue
            db.close()
            raise _problem(path, error) from error
    raise AssertionError("unreachable")


def _problem(path: Path | str, error: Exception) -> PaceProblem:
    return PaceProblem(
        f"The file that keeps the pace, {path}, cannot be used ({error}), so nothing is sent. "
        "It may be deleted: at worst, Light asks us to slow down."
    )


def _moment(seconds: float) -> str:
    # Rounded up, so that whoever waits until then has waited long enough.
    moment = datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=59)
    return f"{moment:%Y-%m-%d %H:%M} UTC"
