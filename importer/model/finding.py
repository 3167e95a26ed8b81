"""A finding: one thing that is wrong or doubtful in a file, and the cell it is in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class CellRef:
    """A place in a file: ``row`` as Excel numbers it, ``column`` the header as written.

    ``table`` and ``column_index`` find the same cell in ``Report.tables``; None where there is no
    one cell (a missing column, a whole file).
    """

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    table: int | None = None
    column_index: int | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.sheet is not None:
            parts.append(f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or doubtful, in the file."""

    code: str
    severity: Severity
    cell: CellRef
    value: str
    message: str
    hint: str
    bills: tuple[int, ...] = ()  # indexes of the bills it makes invalid, or concerns
    lines: tuple[int, ...] = ()  # indexes of the line items it is about
