"""Open workbooks with calamine."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


class CalamineSheets:
    """The sheets of a workbook as calamine reads them; it is opened for the first of them."""

    def __init__(self, source: Path | bytes) -> None:
        self._source = source
        self._book: CalamineWorkbook | None = None
        self._failed = False

    def names(self) -> list[str]:
        """The names of all sheets; none where calamine fails."""
        return self._tried(lambda book: list(book.sheet_names)) or []

    def values(self, name: str) -> list[list[Any]] | None:
        """The rows from row 1 on; None where calamine fails, and another reader must try."""
        # skip_empty_area would drop leading empty rows and shift the row numbers
        return self._tried(
            lambda book: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        )

    def _tried(self, read: Callable[[CalamineWorkbook], list[Any]]) -> list[Any] | None:
        from python_calamine import CalamineError

        if self._failed:
            return None
        try:
            if self._book is None:
                self._failed = True  # until it is open
                self._book, self._failed = _open_workbook(self._source), False
            return read(self._book)
        except (CalamineError, OSError, ValueError):
            return None
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of Rust; nothing exports its class
                raise
            return None


def _open_workbook(source: Path | bytes) -> CalamineWorkbook:
    """The workbook, whatever bytes its name has. Raises what calamine raises for damaged files."""
    from python_calamine import CalamineWorkbook

    if isinstance(source, bytes):
        return CalamineWorkbook.from_filelike(io.BytesIO(source))
    try:
        str(source).encode()
    except UnicodeEncodeError:
        # On Linux a name is any bytes; calamine accepts UTF-8 only.
        return CalamineWorkbook.from_filelike(io.BytesIO(source.read_bytes()))
    return CalamineWorkbook.from_path(source)
