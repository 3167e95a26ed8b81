"""Infer the layout of a table: its header row, the field of each column, the rows of a bill."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from importer.core.money import tidy
from importer.mapping.headers import SEARCHED_ROWS
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.tables import SourceTable
from importer.scaffold.column_profiles import ColumnProfile, columns_below
from importer.scaffold.header_names import (
    DOCUMENT,
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
UNITS, EACH = (LINE_ITEMS, QUANTITY), (LINE_ITEMS, PRICE)

_DAY_MONTH = re.compile(r"(?:0?[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])")
_TOTAL_OF = re.compile(r"(?:total for|total|summe|sum|totale|totaal) (.+)", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?:grand |sub)?totals?|gesamt(?:summe)?|summe|totale|totaal|suma|i alt|sum|razem",
    re.IGNORECASE,
)


@dataclass
class Table:
    """A table with its header row, and the columns of the fields recognised."""

    source: SourceTable
    header: int  # the index of its header row; of several, of the last
    columns: list[ColumnProfile]
    fields: dict[Target, ColumnProfile] = field(default_factory=dict)
    dropped: list[int] = field(default_factory=list)  # rows at the end that are totals
    header_rows: int = 1

    def __len__(self) -> int:
        return len(self.source.rows) - self.header - 1

    def row(self, i: int) -> int:
        """The number of the ``i``-th row below the header, as Excel shows it."""
        return int(self.source.rows[self.header + 1 + i])

    def get(self, target: Target) -> ColumnProfile | None:
        return self.fields.get(target)


def header_row(source: SourceTable) -> int:
    """The row that names most fields; where none does, the first one that is widest."""
    rows = [source.row_cells(i) for i in range(min(SEARCHED_ROWS, len(source.rows)))]
    counts = [len({t for cell in row if cell.strip() for t in targets(cell)[:1]}) for row in rows]
    if max(counts) >= 2:
        return counts.index(max(counts))
    filled = [sum(bool(tidy(cell)) for cell in row) for row in rows]
    return filled.index(max(filled))


def _second_header(source: SourceTable, at: int) -> bool:
    """Whether the row below the header names fields too, as a header of two rows does."""
    if at + 1 >= len(source.rows) or source.rows[at + 1] != source.rows[at] + 1:
        return False
    return len({t for cell in source.row_cells(at + 1) for t in targets(cell)[:1]}) >= 3


def infer_fields(source: SourceTable, currencies: Sequence[str]) -> Table:
    """The table with the column of each field, as its headers and cells suggest."""
    at = header_row(source)
    rows = 2 if _second_header(source, at) else 1
    at += rows - 1
    table = Table(source, at, columns_below(source, at, rows), header_rows=rows)
    ranked = sorted(
        (place, column.index, target)
        for column in table.columns
        if column.filled
        for name in filter(None, (column.header, column.above))
        for target in targets(name)
        if _suits(column, target, currencies) and (place := rank(name, target)) is not None
    )
    taken: set[int] = set()
    for target in _ORDER:
        offered = [table.columns[i] for _, i, of in ranked if of == target and i not in taken]
        filled = [sum(map(bool, column.texts)) for column in offered]
        # a column with many blanks gives way to one that has them filled
        for column, count in zip(offered, filled, strict=True):
            if count >= 0.8 * max(filled):
                table.fields[target] = column
                taken.add(column.index)
                break
    others = [c for c in table.columns if c.index not in taken and c.filled]
    of_codes = [c for c in others if c.codes_of(currencies)]
    if CURRENCY not in table.fields and len(of_codes) == 1:
        table.fields[CURRENCY] = of_codes[0]
    dated = [c for c in others if c.dates and c.header]
    if ISSUED not in table.fields and len(dated) == 1:
        table.fields[ISSUED] = dated[0]
    return table


# A column that could be several fields is taken by the first of these.
_ORDER: tuple[Target, ...] = (
    (BILLS, "vendorId"),
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
    TAX_CODE,
    ACCOUNT,
    TEXT,
    NOTE,
    ENTITY,
    DOC,
)


def _suits(column: ColumnProfile, target: Target, currencies: Sequence[str]) -> bool:
    """Whether the cells of a column fit a field that its header names."""
    if target in (ISSUED, DUE):
        return column.dates or day_and_month(column)
    if target == CURRENCY:
        return column.codes_of(currencies)
    if target in (TOTAL, NET, TAX, GROSS, UNITS, EACH):
        return column.numbers
    if target == (BILLS, "vendorId"):
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


@dataclass(frozen=True)
class Grouping:
    """The columns that make one bill, and each row's bill.

    ``clashes`` has, by header, how many bills have rows that disagree in it.
    """

    keys: tuple[ColumnProfile, ...]
    fill_down: bool
    bill: list[int]
    clashes: dict[str, int]

    @property
    def bills(self) -> int:
        return len(set(self.bill) - {-1})


def infer_grouping(table: Table) -> Grouping | None:
    """Which columns make one bill, chosen by what the rows prove; None where no column could."""
    vendor, number, document = (table.get(t) for t in (VENDOR, NUMBER, DOC))
    vendor = vendor or table.get((BILLS, "vendorId"))
    offered = ((vendor, number), (document,), (number,), (vendor, document))
    candidates = [
        tuple(c for c in some if c is not None)
        for some in offered
        if all(c is not None for c in some)
    ]
    heads = [
        c
        for target, c in table.fields.items()
        if target in (VENDOR, NUMBER, ISSUED, DUE, CURRENCY, TOTAL, DOC)
    ]
    if not candidates:
        return None
    # rows that have line cells only go on with the bill above
    fill_down = any(not any(c.texts[i] for c in heads) for i in _rows(table))
    groupings = [_grouped(table, keys, heads, fill_down=fill_down) for keys in candidates]
    return min(groupings, key=lambda g: (_rows_without_key(table, g), sum(g.clashes.values())))


def _rows(table: Table) -> list[int]:
    return [i for i in range(len(table)) if i not in table.dropped]


def _rows_without_key(table: Table, g: Grouping) -> int:
    """How many rows lack a part of the key."""
    if not g.fill_down:
        return sum(not all(c.texts[i] for c in g.keys) for i in _rows(table))
    return sum(
        any(c.texts[i] for c in g.keys) and not all(c.texts[i] for c in g.keys)
        for i in _rows(table)
    )


def _grouped(
    table: Table,
    keys: tuple[ColumnProfile, ...],
    heads: Sequence[ColumnProfile],
    *,
    fill_down: bool,
) -> Grouping:
    numbers: dict[tuple[str, ...], int] = {}
    bill: list[int] = []
    last: tuple[str, ...] = ()
    for i in range(len(table)):
        key = tuple(c.texts[i] for c in keys)
        if fill_down and not any(key) and last:
            key = last
        elif not all(key):
            key = (*key, f"row {i}")
        last = key
        bill.append(-1 if i in table.dropped else numbers.setdefault(key, len(numbers)))
    clashes: dict[str, int] = {}
    for column in heads:
        values: dict[int, set[str]] = {}
        for i, b in enumerate(bill):
            if b >= 0 and column.texts[i]:
                values.setdefault(b, set()).add(column.texts[i])
        if count := sum(len(texts) > 1 for texts in values.values()):
            clashes[column.header] = count
    return Grouping(keys, fill_down, bill, clashes)


def report_groups(table: Table) -> tuple[ColumnProfile, str] | None:
    """The column of groups' names and totals, with one such total; None where there are none.

    Reports by vendor have them: the vendor's row, its bills, "Total for" the vendor.
    """
    for column in table.columns:
        named = set(column.filled)
        totals = [t for t in column.filled if (m := _TOTAL_OF.fullmatch(t)) and m[1] in named]
        if len(totals) >= 2:
            return column, totals[0]
    return None


def drop_total(table: Table) -> tuple[int, ColumnProfile, str] | None:
    """Drop the last row where it is a total: (the row, the column that shows it, its text)."""
    last = len(table) - 1
    label = _total_label(table, last) if last > 0 else None
    if label is None:
        return None
    text = label.texts[last]
    table.dropped.append(last)
    for column in table.columns:
        column.texts[last] = ""
        column.filled = list(dict.fromkeys(filter(None, column.texts)))
    return last, label, text


def _total_label(table: Table, last: int) -> ColumnProfile | None:
    keys = [c for t in (VENDOR, NUMBER, ISSUED) if (c := table.get(t))]
    for column in keys:
        if _TOTAL.fullmatch(column.texts[last].strip(" :")):
            return column
    keys += [c for t in (DOC,) if (c := table.get(t))]
    money = [c for t in (TOTAL, GROSS, NET) if (c := table.get(t)) and c.texts[last]]
    lines = [c for t in (TEXT, ACCOUNT) if (c := table.get(t)) and c.texts[last]]
    if keys and money and not lines and not any(c.texts[last] for c in keys):
        return money[0]
    return None
