"""Tables of cells as the readers deliver them and the mapping stage binds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from importer.core.cell_parsers import is_mangled
from importer.core.money import tidy

# Sheets of these names that begin so hold the choices of dropdowns, and no rows to read.
CHOICES_SHEET, CHOICES_HEADER = "Lists", "Choices for "
VENDORS_SHEET = "Vendors"  # of vendors to create, and no bills


class CellKind(IntEnum):
    """Type of a cell in the file. CSV has only TEXT."""

    TEXT = 0
    NUMBER = 1
    DATE = 2  # text is ISO: 2025-03-31 or 2025-03-31T14:05:00
    BOOLEAN = 3  # text is TRUE or FALSE
    ERROR = 4  # text is the error as Excel writes it: #REF!
    UNCALCULATED = 5  # a formula without a stored result; text is the formula, with its "="


def changed_by_excel(text: str, kind: CellKind) -> bool:
    """Whether a code has become something else: a date, a boolean, a number that was cut.

    A number cell keeps 15 digits, and no zeros behind the point.
    """
    if kind is CellKind.NUMBER:
        return len(text) > 15 or "." in text or is_mangled(text)
    if kind is CellKind.TEXT:
        return is_mangled(tidy(text))
    return kind in (CellKind.DATE, CellKind.BOOLEAN)


class CellLook(StrEnum):
    """How a cell looks where that may say something of its row."""

    STRUCK = "struck"  # struck through
    PARTLY_STRUCK = "partly struck"  # some of its text is
    INVISIBLE = "invisible"  # a number format that shows nothing, or letters as what is behind them
    UNITS_ONLY = "units only"  # a number format without decimals

    @property
    def is_struck(self) -> bool:
        """Whether its text is struck through, in whole or part."""
        return self in (CellLook.STRUCK, CellLook.PARTLY_STRUCK)

    @classmethod
    def of_runs(cls, struck: Sequence[bool]) -> CellLook | None:
        """The look of a text by whether each of its runs is struck through; None where none is."""
        if not any(struck):
            return None
        return cls.STRUCK if all(struck) else cls.PARTLY_STRUCK


class CellComment(NamedTuple):
    """A comment or note on a cell: its row as in Excel, its column from 0."""

    row: int
    column: int
    text: str


class MergedCells(NamedTuple):
    """Cells that show the text of the one at their top left: rows as in Excel, columns from 0."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True)
class SourceTable:
    """One sheet of a workbook, or one CSV file, as text cells; title and header rows included.

    ``columns[c][i]`` is the text of column ``c`` in the ``i``-th row that is not blank, ``""``
    where blank; all columns have ``len(rows)`` cells. ``rows[i]`` is that row's number in Excel.
    ``kinds[c][i]`` is its ``CellKind``; ``None`` means that all cells are TEXT.
    """

    file: str
    sheet: str | None  # None for CSV
    columns: tuple[Sequence[str], ...]
    rows: Sequence[int]
    kinds: tuple[Sequence[int], ...] | None = None
    blank_rows: int = 0
    hidden: bool = False  # the whole sheet is hidden in the workbook
    hidden_rows: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()  # how it was read, for people: "cp1252, semicolons"
    lengths: Sequence[int] | None = None  # the cells that each row is written with; CSV only
    encoding_doubt: str = ""  # "Mac Roman: 'Müller'", where the encoding was only the likeliest
    runaway_quotes: tuple[tuple[int, int, int], ...] = ()
    """Of cells that hold rows, in a CSV file: row number, column, how many rows."""
    format_marks: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    """What number formats show beside the number, as ``core.number_look`` has it: column → row
    number → ``€``, ``EUR``, ``%``, or the format's code."""
    cell_looks: Mapping[int, Mapping[int, CellLook]] = field(default_factory=dict)
    """Column → row number → how the cell looks, of cells that do not look as usual."""
    comments: tuple[CellComment, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    struck_by_rules: tuple[str, ...] = ()
    """The cells that a rule of a conditional format may strike through: ``A2:F200``."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of a result workbook that is read again: the template's parameters that its run used."""
    previous_outcomes: Sequence[tuple[str, str]] | None = None
    """Of a result workbook that is read again: each row's import_status and import_message."""
    ends_in_then: bool = False
    """Of a result workbook that is read again: its last column is the one that the result added for
    how far each bill should go."""
    file_columns: tuple[int, ...] = ()
    """Of a result workbook that is read again: which column of the file each column is."""
    folder: str = ""
    """Where the file is; of a result workbook, where that is which the sheet was made from."""
    merges: tuple[MergedCells, ...] = ()  # of several rows or columns
    unread_sheets: tuple[str, ...] = ()
    """Of the first table of a workbook: its damaged sheets, which no table holds."""
    formats_unread: bool = False  # of a damaged workbook; what number formats show is not known
    date1904: bool = False  # a workbook that counts its days from 1904, as those of old Macs do

    def kind(self, column: int, i: int) -> CellKind:
        return CellKind.TEXT if self.kinds is None else CellKind(self.kinds[column][i])

    @property
    def holds_choices(self) -> bool:
        """Whether it is a sheet of choices for dropdowns, which light-import wrote."""
        first = self.columns[0][0] if self.columns and len(self.rows) else ""
        return self.sheet == CHOICES_SHEET and first.startswith(CHOICES_HEADER)

    @property
    def name(self) -> str:
        """The file, and of a workbook the sheet, in words."""
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheet}"

    def row_cells(self, i: int) -> tuple[str, ...]:
        return tuple(column[i] for column in self.columns)


class Role(StrEnum):
    """What a row of the file is, below its header row."""

    DATA = "data"
    IGNORED = "ignored"  # the template says to pass over it
    CONTROL_TOTAL = "control_total"  # the file's own total
    GROUP = "group"  # the name of a group of rows
    GROUP_TOTAL = "group_total"  # the total of a group
    REPEATED_HEADER = "repeated_header"
    PASSED_OVER = "passed_over"  # a credit note, or a document that its type or state leaves out


class TableKind(StrEnum):
    BILLS = "bills"
    LINE_ITEMS = "line_items"
    FLAT = "flat"  # one row a line item, header fields repeated


@dataclass(frozen=True)
class InputTable:
    """A source table whose header row is known.

    ``headers`` has one name a column, as written. ``roles[k]`` belongs to the ``k``-th row below
    the header row, which is ``source.rows[header + 1 + k]``. A header of several rows ends in row
    ``header``. ``reasons`` says by row number why a row is not data, where a rule decided it.
    """

    source: SourceTable
    kind: TableKind
    header: int
    headers: tuple[str, ...]
    roles: Sequence[Role]
    header_rows: int = 1
    reasons: Mapping[int, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)  # of the template, as used
