"""What an export has read so far, in a database of its own, so that a killed one can resume.

It is in the user's data folder, only this user may read it, and it is deleted once the export is
written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path

from importer.app.data_paths import data_folder
from importer.core.errors import UsageProblem, unwritable
from importer.core.private_files import private_file_at, private_lock
from importer.light.page_guard import FIRST

Json = Mapping[str, object]
LONGEST = 24 * 3600  # seconds after which what was read is read again
_TABLES = """
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL, detail TEXT
);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class ExportSpool:
    """Records by Light's id, each once, in the order in which they came. A context manager.

    ``detail`` is what was read of a record by its id: it is forgotten when the record changes.
    Raises UsageProblem where another export is at work on it, or it cannot be written.
    """

    def __init__(self, *words: str) -> None:
        """``words`` name the export: the same command has the same."""
        mark = hashlib.sha256(json.dumps(words).encode()).hexdigest()[:20]
        self.path = data_folder() / "exports" / f"{mark}.sqlite"
        self._lock = private_lock(self.path.with_suffix(".lock"), timeout=0)

    def __enter__(self) -> ExportSpool:
        import filelock

        try:
            self._lock.acquire()
            self._database = sqlite3.connect(
                private_file_at(self.path), isolation_level=None, check_same_thread=False
            )
            # A killed process loses nothing; of a power cut the last requests are made again.
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_TABLES)
            if time.time() - float(self.fact("began") or 0) > LONGEST:
                self.clear()
                self._delete_old()
        except filelock.Timeout:
            raise UsageProblem(
                "The same export is running already. Wait until it has ended."
            ) from None
        except (OSError, sqlite3.Error) as error:
            self._lock.release()
            why = unwritable(error) if isinstance(error, OSError) else error
            raise self._unwritable(why) from None
        return self

    def _delete_old(self) -> None:
        """Delete what other exports have left that are not resumed any more."""
        for path in self.path.parent.glob("*.sqlite"):
            lock = private_lock(path.with_suffix(".lock"), timeout=0)
            with contextlib.suppress(OSError, TimeoutError):  # as of one that is running
                if path != self.path and time.time() - path.stat().st_mtime > LONGEST:
                    with lock:
                        _delete(path)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._database.close()
        self._lock.release()
        if isinstance(error, sqlite3.Error):  # the disk is full, say
            raise self._unwritable(error) from None

    def _unwritable(self, why: object) -> UsageProblem:
        return UsageProblem(f"{self.path} cannot be written: {why}.")

    def clear(self) -> None:
        with self._database:
            self._database.execute("BEGIN")
            self._database.execute("DELETE FROM records")
            self._database.execute("DELETE FROM facts")
        self.set_facts(began=str(time.time()), cursor=FIRST)

    def discard(self) -> None:
        """The export is written: nothing of it stays here."""
        self._database.close()
        _delete(self.path)

    def fact(self, name: str) -> str | None:
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_facts(self, **values: str | None) -> None:
        for name, value in values.items():
            if value is None:
                self._database.execute("DELETE FROM facts WHERE name = ?", (name,))
            else:
                self._database.execute("REPLACE INTO facts VALUES (?, ?)", (name, value))

    def add(
        self, records: Mapping[str, Json], cursor: str | None, *, update_only: bool = False
    ) -> None:
        """A page of records, and the cursor of the next, in one commit. ``update_only``: those that
        are in it are brought up to date, and no others are added."""
        rows = [(i, json.dumps(record)) for i, record in records.items()]
        self._database.execute("BEGIN")
        with self._database:
            self._database.executemany(
                "UPDATE records SET record = ?2, detail = CASE record WHEN ?2 THEN detail END"
                " WHERE id = ?1",
                rows,
            )
            if not update_only:
                self._database.executemany(
                    "INSERT OR IGNORE INTO records (id, record) VALUES (?, ?)", rows
                )
            self.set_facts(cursor=cursor)

    def add_detail(self, light_id: str, detail: Json) -> None:
        text = json.dumps(detail)
        self._database.execute("UPDATE records SET detail = ? WHERE id = ?", (text, light_id))

    def remove(self, light_ids: Iterable[str]) -> None:
        self._database.executemany(
            "DELETE FROM records WHERE id = ?", [(each,) for each in light_ids]
        )

    def count(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM records").fetchone()[0])

    def ids(self) -> set[str]:
        return {str(row[0]) for row in self._database.execute("SELECT id FROM records")}

    def numbers_of(self, light_ids: Set[str]) -> set[int]:
        """The numbers of those of the records that are in the spool."""
        rows = self._database.execute("SELECT number, id FROM records")
        return {number for number, light_id in rows if light_id in light_ids}

    def without_detail(self) -> list[str]:
        rows = self._database.execute("SELECT id FROM records WHERE detail IS NULL ORDER BY number")
        return [str(row[0]) for row in rows]

    def keep_first(self, count: int) -> None:
        self._database.execute(
            "DELETE FROM records WHERE number NOT IN"
            " (SELECT number FROM records ORDER BY number LIMIT ?)",
            (count,),
        )

    def numbered(self) -> Iterator[tuple[int, Json]]:
        """Each record with its number, one at a time."""
        for number, record in self._database.execute(
            "SELECT number, record FROM records ORDER BY number"
        ):
            yield number, json.loads(record)

    def renumber(self, numbers: Sequence[int]) -> None:
        """Put the records in the order of these numbers: all of them."""
        places = [(-place, number) for place, number in enumerate(numbers, start=1)]
        self._database.execute("BEGIN")
        with self._database:
            update = "UPDATE records SET number = ? WHERE number = ?"
            self._database.executemany(update, places)
            self._database.execute("UPDATE records SET number = -number")

    def records(self) -> Iterator[tuple[Json, Json | None]]:
        """Each record with its detail, one at a time."""
        rows = self._database.execute("SELECT record, detail FROM records ORDER BY number")
        for record, detail in rows:
            yield json.loads(record), None if detail is None else json.loads(detail)


def _delete(path: Path) -> None:
    """The database with the files beside it; its lock stays, as another may hold it."""
    for each in (path, *path.parent.glob(f"{path.name}-*")):
        each.unlink(missing_ok=True)
