"""Infer the layout of a table: its header row, and the field of each column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from importer.core.money import tidy
from importer.mapping.headers import SEARCHED_ROWS
from importer.mapping.shown_cells import shown_cells
from importer.mapping.unit_rows import are_units
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.tables import SourceTable
from importer.scaffold.column_profiles import ColumnProfile, columns_below
from importer.scaffold.header_names import (
    DOCUMENT,
    OPEN_AMOUNT,
    PRICE,
    QUANTITY,
    Target,
    names_line,
    rank,
    targets,
)

CURRENCY, VENDOR, NUMBER = (BILLS, "currency"), (BILLS, "vendor"), (BILLS, "invoiceNumber")
ISSUED, DUE, TOTAL = (BILLS, "issuedDate"), (BILLS, "dueDate"), (BILLS, "amount")
NET, TAX, GROSS = (LINE_ITEMS, "netAmount"), (LINE_ITEMS, "taxAmount"), (LINE_ITEMS, "amount")
TEXT, ACCOUNT, TAX_CODE = (
    (LINE_ITEMS, "description"),
    (LINE_ITEMS, "account"),
    (LINE_ITEMS, "taxCode"),
)
NOTE, ENTITY, DOC = (BILLS, "description"), (BILLS, "companyEntity"), (BILLS, DOCUMENT)
UNITS, EACH, OPEN = (LINE_ITEMS, QUANTITY), (LINE_ITEMS, PRICE), (BILLS, OPEN_AMOUNT)
VENDOR_ID = (BILLS, "vendorId")
AMOUNTS = (TOTAL, NET, TAX, GROSS)

_DAY_MONTH = re.compile(r"(?:0?[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])")
_MOST_ODD = 0.5  # a column is not what its header says if more of its rows are something else


@dataclass
class Table:
    """A table with its header row, and the columns of the fields recognised.

    ``sheets`` and ``sheet_of``: where sheets with equal headers are read as one table, their names
    and the sheet of each row below the header. ``odd`` has the rows whose cell does not suit the
    field that its column is of.
    """

    source: SourceTable
    header: int  # the index of its header row; of several, of the last
    columns: list[ColumnProfile]
    fields: dict[Target, ColumnProfile] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)  # rows that are no lines: totals, notes, names
    header_rows: int = 1
    odd: dict[Target, list[int]] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()
    sheet_of: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.source.rows) - self.header - 1

    def row(self, i: int) -> int:
        """The number of the ``i``-th row below the header, as Excel shows it."""
        return int(self.source.rows[self.header + 1 + i])

    def rows(self, places: Iterable[int], most: int = 3) -> str:
        """Rows in words: ``row 4``, ``rows 4, 5, 6 and 120 more``."""
        places = list(places)
        names = [self._row_name(i) for i in places[:most]]
        if len(places) > most:
            return f"rows {', '.join(names)} and {len(places) - most:,} more"
        if len(names) == 1:
            return f"row {names[0]}"
        return f"rows {', '.join(names[:-1])} and {names[-1]}"

    def _row_name(self, i: int) -> str:
        if not self.sheets:
            return str(self.row(i))
        return f"{self.row(i)} of sheet '{self.sheets[self.sheet_of[i]]}'"

    def get(self, target: Target) -> ColumnProfile | None:
        return self.fields.get(target)

    def data_rows(self) -> list[int]:
        """The rows that are lines of bills, as far as is known."""
        return [i for i in range(len(self)) if i not in self.dropped]

    def drop(self, rows: Iterable[int]) -> None:
        """Leave rows out of everything that is inferred."""
        rows = set(rows)
        self.dropped |= rows
        for column in self.columns:
            column.blank_out(rows)

    def titles(self) -> list[str]:
        """The texts above the header, and the name of the sheet."""
        first = self.header - self.header_rows + 1
        cells = [tidy(cell) for i in range(first) for cell in self.source.row_cells(i)]
        names = self.sheets or ((self.source.sheet,) if self.source.sheet else ())
        return [*filter(None, cells), *names]


def header_row(source: SourceTable) -> int:
    """The row that names most fields; where none does, the first one that is widest."""
    rows = [source.row_cells(i) for i in range(min(SEARCHED_ROWS, len(source.rows)))]
    counts = [len({t for cell in row if cell.strip() for t in targets(cell)[:1]}) for row in rows]
    if max(counts) >= 2:
        return counts.index(max(counts))
    filled = [sum(bool(tidy(cell)) for cell in row) for row in rows]
    return filled.index(max(filled))


def header_rows(source: SourceTable) -> tuple[int, int]:
    """(the index of the header's last row, how many rows it has)."""
    at = header_row(source)
    rows = 2 if _second_header(source, at) else 1
    return at + rows - 1, rows


def _second_header(source: SourceTable, at: int) -> bool:
    """Whether the row below the header names fields too, as a header of two rows does."""
    if at + 1 >= len(source.rows) or source.rows[at + 1] != source.rows[at] + 1:
        return False
    return len({t for cell in source.row_cells(at + 1) for t in targets(cell)[:1]}) >= 3


def new_table(source: SourceTable) -> Table:
    """A table with its header row and what merged cells show, no field recognised yet."""
    at, rows = header_rows(source)
    source = replace(shown_cells(source, at + 1).source, merges=())
    units = _units_below(source, at)
    if units:
        source = _without_row(source, at + 1)
    table = Table(source, at, columns_below(source, at, rows), header_rows=rows)
    for column in table.columns:
        column.unit = units.get(column.index, "")
    return table


def _units_below(source: SourceTable, header: int) -> dict[int, str]:
    """Column → its unit, where the row below the header states the units of the columns."""
    if len(source.rows) < header + 3:
        return {}
    row, following = source.row_cells(header + 1), source.row_cells(header + 2)
    texts = {c: text for c, cell in enumerate(row) if (text := tidy(cell))}
    numbers = [c for c, cell in enumerate(following) if tidy(cell)[:1].isdigit()]
    return {c: t.strip("()[] ") for c, t in texts.items()} if are_units(texts, numbers) else {}


def _without_row(source: SourceTable, i: int) -> SourceTable:
    return replace(
        source,
        columns=tuple([*column[:i], *column[i + 1 :]] for column in source.columns),
        kinds=source.kinds and tuple(bytes([*kind[:i], *kind[i + 1 :]]) for kind in source.kinds),
        rows=[*source.rows[:i], *source.rows[i + 1 :]],
        lengths=None,
    )


def infer_fields(table: Table, currencies: Sequence[str]) -> None:
    """Recognise the column of each field, as headers and cells suggest.

    A column is what its header says where most of its cells suit; the others are ``odd``.
    """
    ranked = sorted(
        (place, len(odd), column.index, target, odd)
        for column in table.columns
        if column.filled
        for name in filter(None, (column.header, column.above))
        for target in targets(name)
        if (odd := _odd_rows(column, target, currencies)) is not None
        and (place := rank(name, target)) is not None
    )
    taken: set[int] = {c.index for c in table.fields.values()}
    by_index = {column.index: column for column in table.columns}
    for target in _ORDER:
        if target in table.fields:
            continue
        offered = [
            (by_index[i], odd) for _, _, i, of, odd in ranked if of == target and i not in taken
        ]
        most = max((column.filled_rows for column, _ in offered), default=0)
        # a column with many blanks gives way to one that has them filled
        for column, odd in offered:
            if column.filled_rows >= 0.8 * most:
                table.fields[target] = column
                taken.add(column.index)
                if odd:
                    table.odd[target] = odd
                break
    others = [c for c in table.columns if c.index not in taken and c.filled]
    of_codes = [c for c in others if c.codes_of(currencies)]
    if CURRENCY not in table.fields and len(of_codes) == 1:
        table.fields[CURRENCY] = of_codes[0]


# A column that could be several fields is taken by the first of these.
_ORDER: tuple[Target, ...] = (
    VENDOR_ID,
    VENDOR,
    NUMBER,
    ISSUED,
    DUE,
    CURRENCY,
    TOTAL,
    NET,
    TAX,
    GROSS,
    UNITS,
    EACH,
    OPEN,
    TAX_CODE,
    ACCOUNT,
    TEXT,
    NOTE,
    ENTITY,
    DOC,
)


def _odd_rows(column: ColumnProfile, target: Target, currencies: Sequence[str]) -> list[int] | None:
    """The rows that do not fit the field that the header names; None where the column is another.

    It is another where most of its cells do not fit.
    """
    if target in (ISSUED, DUE):
        if day_and_month(column) or day_format(column):
            return []
        odd = column.undated_rows()
    elif target == CURRENCY:
        odd = column.rows_without_code(currencies)
    elif target in (*AMOUNTS, UNITS, EACH, OPEN):
        odd = column.unreadable_rows()
    else:
        return [] if _suits(column, target) else None
    return odd if len(odd) <= _MOST_ODD * column.filled_rows else None


def _suits(column: ColumnProfile, target: Target) -> bool:
    """Whether a column as a whole may be a field of texts or codes."""
    if target == VENDOR_ID:
        return column.uuids
    if target == TAX_CODE:
        return not (column.numbers and column.decimals) and not column.dates
    if target in (TEXT, NOTE):
        return not column.numbers and not column.dates
    if target == DOC:
        return not column.dates and not names_line(column.header)
    return not column.dates and not (column.numbers and column.decimals)


def day_and_month(column: ColumnProfile) -> bool:
    """Whether the column writes dates as DDMM, without a year."""
    return column.share([_DAY_MONTH.fullmatch(text) is not None for text in column.filled])


def day_format(column: ColumnProfile) -> str:
    """``serial`` or ``YYYYMMDD`` where all cells are dates written so; "" otherwise.

    They are numbers, too, so that only a header makes dates of them.
    """
    return next((f for f in ("YYYYMMDD", "serial") if column.written_as(f)), "")
