"""The SQLite file that the rate limiters of all processes for one Light share; of a team, see
``team_pace``.

Keys are in it only by their marks. ``synchronous`` is NORMAL: a killed process loses nothing; a
power cut may lose the last permits, which are worthless by the time the computer is up again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from importer.core.errors import RateLimiterProblem
from importer.core.private_files import private_file_at, private_folder
from importer.light.later_statements import LaterStatements
from importer.light.store_errors import StoreError, StoreLost
from importer.light.team_pace import TeamPace, TeamPaceStore

# Older versions share the file, so its tables keep their names: a slot is a permit, and ``told``
# has the limits that Light states.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS slot (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    started_at REAL NOT NULL,
    finished_at REAL,            -- NULL while the answer is outstanding
    free_at REAL NOT NULL        -- of a request whose process died: started + longest + hold
);
CREATE INDEX IF NOT EXISTS slot_free_at ON slot (free_at);
CREATE INDEX IF NOT EXISTS slot_key ON slot (key, free_at);
CREATE TABLE IF NOT EXISTS held (key TEXT PRIMARY KEY, slots INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS told (
    key TEXT NOT NULL,
    name TEXT NOT NULL,          -- pause_until (unix time) or limit (requests a minute)
    value REAL NOT NULL,
    told_at REAL NOT NULL,
    PRIMARY KEY (key, name)
);
CREATE TABLE IF NOT EXISTS company (key TEXT PRIMARY KEY, id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS day (
    owner TEXT NOT NULL,         -- 'company …', or 'key …' until the key's company is known
    utc_date TEXT NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (owner, utc_date)
)
"""

# Counting the slots of a key at each request would take as long as there are slots. Triggers count
# them, also those of older versions, which know nothing of it.
_COUNTING = """
CREATE TRIGGER slot_taken AFTER INSERT ON slot BEGIN
    INSERT INTO held VALUES (new.key, 1) ON CONFLICT (key) DO UPDATE SET slots = slots + 1;
END;;
CREATE TRIGGER slot_freed AFTER DELETE ON slot BEGIN
    UPDATE held SET slots = slots - 1 WHERE key = old.key;
END;;
INSERT OR REPLACE INTO held SELECT key, count(*) FROM slot GROUP BY key
"""
_COUNTS = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = 'slot_taken'"


class PaceFile(sqlite3.Connection):
    """The file, open."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._later = LaterStatements(self._write_later)

    def begin(self) -> None:
        self._write_later()
        self.execute("BEGIN IMMEDIATE")

    def execute_later(self, statement: str, parameters: Sequence[Any]) -> None:
        """Before the next transaction, or in a moment; not where that fails."""
        self._later.add(statement, parameters)

    def _write_later(self) -> None:
        if not (later := self._later.take()):
            return
        with contextlib.suppress(sqlite3.Error), transaction(self):
            for statement, parameters in later:
                self.execute(statement, parameters)

    def close(self) -> None:
        self._write_later()
        super().close()


Store = PaceFile | TeamPaceStore


class Answers(Protocol):
    """The rows of a statement, fetched once. What is asked first is all asked for together."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> Any: ...


def open_rate_limit_store(path: Path | str | TeamPace, oldest: str) -> Store:
    """Open or create the file, without the days (YYYY-MM-DD, UTC) before ``oldest``.

    Raises RateLimiterProblem where it cannot be used.
    """
    if isinstance(path, TeamPace):
        return _open_team_store(path, oldest)
    try:
        if str(path) != ":memory:":
            private_folder(Path(path).parent)
            private_file_at(Path(path))  # SQLite gives the files beside it the same mode
        db = sqlite3.connect(
            path, timeout=10, isolation_level=None, check_same_thread=False, factory=PaceFile
        )
    except (OSError, sqlite3.Error) as error:
        raise store_problem(path, error) from error
    for attempt in range(100):
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            with transaction(db):
                for statement in _SCHEMA.split(";\n"):
                    db.execute(statement)
                if db.execute(_COUNTS).fetchone() is None:
                    for statement in _COUNTING.split(";;\n"):
                        db.execute(statement)
                db.execute("DELETE FROM day WHERE utc_date < ?", (oldest,))
            return db
        except sqlite3.Error as error:
            # Two processes that make the file at once: the switch to WAL does not wait by itself.
            if "locked" in str(error) and attempt < 99:
                time.sleep(0.05)
                continue
            db.close()
            raise store_problem(path, error) from error
    raise AssertionError("unreachable")


def _open_team_store(place: TeamPace, oldest: str) -> TeamPaceStore:
    try:
        store = TeamPaceStore(place)
        store.execute("DELETE FROM day WHERE utc_date < ?", (oldest,))
    except StoreError as error:
        raise store_problem(place, error) from error
    return store


@contextlib.contextmanager
def transaction(db: Store) -> Iterator[None]:
    """Reading and writing as one step for all processes; undone where the block fails."""
    db.begin()
    try:
        yield
    except StoreLost:
        raise  # nothing is left to be undone
    except BaseException:
        db.rollback()
        raise
    db.commit()


def delete_free_slots(db: Store, now: float) -> None:
    """Those that ran out. ``held`` is right once they are deleted."""
    db.execute("DELETE FROM slot WHERE free_at <= ?", (now,))


def ask_held(db: Store, key: str, exact_from: int) -> Answers:
    """Ask how many permits of the key are taken: (number,). Below ``exact_from`` a team's database
    may give a number that is too large, since there it takes as long to count them as there are."""
    if isinstance(db, TeamPaceStore):
        return db.execute(_HELD_BY_TEAM, (exact_from, key))
    return db.execute(_HELD, (key,))


_HELD = "SELECT coalesce(sum(slots), 0) FROM held WHERE key = ?"
# Those of all keys have numbers in a row, with gaps.
_HELD_BY_TEAM = f"""
    SELECT CASE WHEN numbers < ? THEN numbers ELSE ({_HELD})::bigint END
    FROM (SELECT coalesce((SELECT id FROM slot ORDER BY id DESC LIMIT 1)
        - (SELECT id FROM slot ORDER BY id LIMIT 1) + 1, 0) AS numbers) AS span
"""


def ask_newest(db: Store) -> Answers:
    """Ask when the newest permit was taken: (unix seconds,), or no row."""
    return db.execute("SELECT started_at FROM slot ORDER BY id DESC LIMIT 1")


def take_slots(
    db: Store, key: str, started_at: float, free_at: float, number: int
) -> Callable[[], list[int]]:
    """What is returned gives their numbers, once the transaction has ended."""
    rows = ", ".join(["(?, ?, ?)"] * number)
    answers = db.execute(
        f"INSERT INTO slot (key, started_at, free_at) VALUES {rows} RETURNING id",
        (key, started_at, free_at) * number,
    )
    if isinstance(db, TeamPaceStore):
        return lambda: [int(row[0]) for row in answers.fetchall()]
    numbers = [int(row[0]) for row in answers.fetchall()]  # SQLite commits nothing before
    return lambda: numbers


def give_slot_back(db: Store, slot: int, key: str, day: str) -> None:
    """One that was taken, and is not used."""
    for statement, parameters in (
        ("DELETE FROM slot WHERE id = ? AND finished_at IS NULL", (slot,)),
        (
            f"UPDATE day SET requests = requests - 1 WHERE owner = {_OWNER} AND utc_date = ?",
            (key, key, day),
        ),
    ):
        db.execute_later(statement, parameters)


def write_slot_finished(
    db: Store, slot: int, started_at: float, now: float, free_at: float
) -> None:
    """In a moment: it is worth no time of its own."""
    statement = "UPDATE slot SET finished_at = ?, free_at = ? WHERE id = ? AND started_at = ?"
    db.execute_later(statement, (now, free_at, slot, started_at))


# --- requests of a UTC day, counted for the company of a key, or for a key of unknown company -----


def assign_company(db: Store, key: str, company: str) -> None:
    """The key's requests, counted so far or from now on, are those of ``company``."""
    db.execute(
        "INSERT INTO company VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET id = excluded.id",
        (key, company),
    )
    db.execute(
        "INSERT INTO day SELECT ?, utc_date, requests FROM day WHERE owner = ? "
        "ON CONFLICT (owner, utc_date) DO UPDATE SET requests = day.requests + excluded.requests",
        (f"company {company}", f"key {key}"),
    )
    db.execute("DELETE FROM day WHERE owner = ?", (f"key {key}",))


def count_requests(db: Store, key: str, day: str, number: int) -> None:
    db.execute(
        f"INSERT INTO day VALUES ({_OWNER}, ?, ?) "
        "ON CONFLICT (owner, utc_date) DO UPDATE SET requests = day.requests + excluded.requests",
        (key, key, day, number),
    )


def ask_requests(db: Store, keys: Sequence[str], day: str) -> Answers:
    """Ask for the requests of all these keys and of the other keys of their companies: (sum,)."""
    owners = ", ".join([_OWNER] * len(keys))
    return db.execute(
        "SELECT CAST(coalesce(sum(requests), 0) AS bigint) FROM day"
        f" WHERE utc_date = ? AND owner IN ({owners})",
        (day, *(key for each in keys for key in (each, each))),
    )


# Of a key, twice.
_OWNER = "coalesce('company ' || (SELECT id FROM company WHERE key = ?), 'key ' || ?)"


def store_problem(path: Path | str | TeamPace, error: Exception) -> RateLimiterProblem:
    if isinstance(path, TeamPace):
        return RateLimiterProblem(
            f"The request counts in {path} cannot be used ({error}), so nothing is sent. When the"
            " database answers again, run the same command again."
        )
    return RateLimiterProblem(
        f"The file of the request counts, {path}, cannot be used ({error}), so nothing is sent. "
        "Free some space or make the folder writable, and run the same command again. A file that "
        "is damaged may be deleted: at worst, Light asks us to slow down."
    )
