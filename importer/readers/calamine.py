"""calamine's workbooks, whatever their file is called."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


def open_workbook(path: Path) -> CalamineWorkbook:
    """Opened by calamine, which raises what it raises where the file is damaged."""
    from python_calamine import CalamineWorkbook

    try:
        str(path).encode()
    except UnicodeEncodeError:
        # On Linux a name is any bytes; calamine takes those that are letters.
        return CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    return CalamineWorkbook.from_path(path)
