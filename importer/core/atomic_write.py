"""Atomic file writes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp

from importer.core.errors import UsageProblem, unwritable
from importer.core.safe_text import visible


class FailsOnce:
    """A file for a zip archive: after its first ``failure`` it ignores whatever is written.

    Without it, an archive that could not be finished prints a traceback when Python deletes it.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self.failure: OSError | None = None

    def _try(self, operation: Callable[[], int | None], otherwise: int = 0) -> int:
        if self.failure is None and not self._file.closed:
            try:
                return operation() or 0
            except OSError as error:
                self.failure = error
        return otherwise

    def write(self, data: bytes) -> int:
        return self._try(lambda: self._file.write(data), len(data))

    def seek(self, *to: int) -> int:
        return self._try(lambda: self._file.seek(*to))

    def tell(self) -> int:
        return self._try(self._file.tell)

    def flush(self) -> None:
        self._try(self._file.flush)

    def close(self) -> None:
        """Raises the failure, if there was one."""
        self._try(self._file.close)
        if self.failure is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            raise self.failure


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A path to write to, in a folder beside ``path`` that only this user can read.

    At the end the file is moved to ``path``, and replaces one that is there. Raises UsageProblem
    where it cannot be written.
    """
    try:
        with TemporaryDirectory(prefix=".light-import-", dir=path.parent) as private:
            unfinished = Path(private) / f"result{path.suffix}"
            yield unfinished
            os.replace(unfinished, path)
    except (OSError, _xlsxwriter_error()) as problem:
        cause = next((each for each in problem.args if isinstance(each, OSError)), problem)
        why = unwritable(cause) if isinstance(cause, OSError) else str(cause)
        raise UsageProblem(
            f"{visible(str(path))} could not be written: {visible(why)}."
        ) from problem


@contextlib.contextmanager
def private_file(path: Path, data: bytes) -> Iterator[Path]:
    """A durable file with the data, in the folder of ``path``; removed unless it is moved.

    Only this user may read it, from the start. Raises OSError.
    """
    number, name = mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _xlsxwriter_error() -> type[Exception]:
    from xlsxwriter.exceptions import XlsxWriterException

    error: type[Exception] = XlsxWriterException
    return error
