"""Open workbooks with calamine."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


def open_workbook(path: Path) -> CalamineWorkbook:
    """The workbook, whatever bytes its name has. Raises what calamine raises for damaged files."""
    from python_calamine import CalamineWorkbook

    try:
        str(path).encode()
    except UnicodeEncodeError:
        # On Linux a name is any bytes; calamine accepts UTF-8 only.
        return CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    return CalamineWorkbook.from_path(path)
