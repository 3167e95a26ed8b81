"""Open workbooks with calamine."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


class CalamineSheets:
    """The sheets of a workbook as calamine reads them; it is opened for the first of them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book: CalamineWorkbook | None = None
        self._failed = False

    def values(self, name: str) -> list[list[Any]] | None:
        """The rows from row 1 on; None where calamine fails, and another reader must try."""
        from python_calamine import CalamineError

        if self._failed:
            return None
        try:
            if self._book is None:
                self._failed = True  # until it is open
                self._book, self._failed = _open_workbook(self._path), False
            # skip_empty_area would drop leading empty rows and shift the row numbers
            return self._book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except (CalamineError, OSError, ValueError):
            return None
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of Rust; nothing exports its class
                raise
            return None


def _open_workbook(path: Path) -> CalamineWorkbook:
    """The workbook, whatever bytes its name has. Raises what calamine raises for damaged files."""
    from python_calamine import CalamineWorkbook

    try:
        str(path).encode()
    except UnicodeEncodeError:
        # On Linux a name is any bytes; calamine accepts UTF-8 only.
        return CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    return CalamineWorkbook.from_path(path)
