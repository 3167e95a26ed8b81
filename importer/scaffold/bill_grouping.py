"""Which rows make one bill: the columns that the rows themselves speak for, with the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from importer.scaffold import layout_inference as at
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.header_names import targets
from importer.scaffold.layout_inference import Table

_HEADS = (at.VENDOR, at.VENDOR_ID, at.NUMBER, at.ISSUED, at.DUE, at.CURRENCY, at.TOTAL, at.DOC)


@dataclass(frozen=True)
class Clash:
    """Rows of one bill that disagree in a column: how many bills, and the first two such rows."""

    header: str
    bills: int
    rows: tuple[int, int]
    texts: tuple[str, str]


@dataclass(frozen=True)
class Grouping:
    """The columns that make one bill, and each row's bill (-1 for rows that are no lines).

    ``clashing`` counts the bills whose rows disagree in any column of the bill, ``splits`` those of
    one vendor and number that fall apart though their rows agree. ``blank_keys`` are the rows that
    lack a part of the key: each is a bill of its own.
    """

    keys: tuple[ColumnProfile, ...]
    bill: list[int]
    clashes: tuple[Clash, ...] = ()
    clashing: int = 0
    splits: int = 0
    blank_keys: tuple[int, ...] = ()
    others: tuple[Grouping, ...] = field(default=(), repr=False)

    @property
    def bills(self) -> int:
        return len(set(self.bill) - {-1})

    @property
    def names(self) -> str:
        return " + ".join(f"'{column.header}'" for column in self.keys)

    def clash_in(self, column: ColumnProfile) -> bool:
        return any(clash.header == column.header for clash in self.clashes)


@dataclass(frozen=True)
class Continuation:
    """The rows that may go on with the bill above, for they have neither vendor nor number.

    ``line_rows`` have nothing but a line's cells. ``bill_rows`` have a date, a total or another
    cell of a bill: (row, its column).
    """

    columns: tuple[ColumnProfile, ...]
    line_rows: tuple[int, ...]
    bill_rows: tuple[tuple[int, ColumnProfile], ...]


def infer_grouping(table: Table, *, filled_down: bool = False) -> Grouping | None:
    """The columns that make one bill, by what the rows prove; None where no column could.

    A grouping whose bills agree in all their cells wins over one with bills that do not.
    ``filled_down``: rows that have none of the bill's cells go on with the bill above them.
    """
    vendor = table.get(at.VENDOR) or table.get(at.VENDOR_ID)
    number, document = table.get(at.NUMBER), table.get(at.DOC)
    others = [
        c
        for c in table.columns
        if c not in (vendor, number, document)
        and c.filled_rows == sum(map(bool, c.texts)) > 0.9 * len(table.data_rows())
        and {at.NUMBER, at.DOC} & set(targets(c.header))
    ]
    offered = [(vendor, number), (vendor, document), (document,), (number,)]
    offered += [(vendor, other) for other in others]
    if vendor and number:
        offered += [(vendor, number, other) for other in (document, *others) if other]
    keys = [
        tuple(c for c in some if c is not None)
        for some in offered
        if all(c is not None for c in some)
    ]
    if not keys:
        return None
    heads = [c for t in _HEADS if (c := table.get(t))]
    natural = _bill_numbers(table, keys[0], heads, filled_down=filled_down)
    groupings = [
        _grouped(table, some, heads, natural, filled_down=filled_down)
        for some in dict.fromkeys(keys)
    ]
    rows = len(table.data_rows())
    best = min(groupings, key=lambda g: (g.clashing + g.splits, 2 * len(g.blank_keys) > rows))
    rest = tuple(g for g in groupings if g is not best and len(g.keys) <= 2)
    return Grouping(
        best.keys, best.bill, best.clashes, best.clashing, best.splits, best.blank_keys, rest
    )


def continuation(table: Table, keys: Sequence[ColumnProfile]) -> Continuation | None:
    """The rows without any of the keys; None where each row has one of them."""
    heads = [c for t in _HEADS if (c := table.get(t)) and c not in keys]
    dated = [c for c in table.columns if c not in heads and c not in keys and c.dates]
    rows = [i for i in table.data_rows() if not any(c.texts[i] for c in keys)]
    rows = [i for i in rows if any(c.texts[i] for c in table.columns)]
    if not rows:
        return None
    of_bill = [
        (i, c) for i in rows if (c := next((h for h in (*heads, *dated) if h.texts[i]), None))
    ]
    lines = set(rows) - {i for i, _ in of_bill}
    return Continuation(tuple(keys), tuple(sorted(lines)), tuple(of_bill))


def _bill_numbers(
    table: Table,
    keys: tuple[ColumnProfile, ...],
    heads: Sequence[ColumnProfile],
    *,
    filled_down: bool,
) -> list[int]:
    """Each row's bill; a row that lacks part of the key is one by itself."""
    numbers: dict[tuple[object, ...], int] = {}
    bill: list[int] = []
    last: tuple[object, ...] = ()
    for i in range(len(table)):
        if i in table.dropped:
            bill.append(-1)
            continue
        texts = tuple(c.texts[i] for c in keys)
        if not (filled_down and last and not any(c.texts[i] for c in heads)):
            # rows of different sheets are not joined
            sheet = table.sheet_of[i] if table.sheets else 0
            last = (sheet, *texts) if all(texts) else ("row", i)
        bill.append(numbers.setdefault(last, len(numbers)))
    return bill


def _grouped(
    table: Table,
    keys: tuple[ColumnProfile, ...],
    heads: Sequence[ColumnProfile],
    natural: Sequence[int],
    *,
    filled_down: bool,
) -> Grouping:
    bill = _bill_numbers(table, keys, heads, filled_down=filled_down)
    blank = [
        i
        for i in table.data_rows()
        if not all(c.texts[i] for c in keys)
        and not (filled_down and not any(c.texts[i] for c in heads))
    ]
    clashes: list[Clash] = []
    clashing: set[int] = set()
    for column in heads:
        clash, bills = _clash(column, bill)
        if clash:
            clashes.append(clash)
            clashing |= bills
    return Grouping(
        keys,
        bill,
        tuple(clashes),
        len(clashing),
        _splits(table, heads, natural, bill),
        tuple(blank),
    )


def _clash(column: ColumnProfile, bill: Sequence[int]) -> tuple[Clash | None, set[int]]:
    first: dict[int, int] = {}
    rows: tuple[int, int] | None = None
    bills: set[int] = set()
    for i, b in enumerate(bill):
        if b < 0 or not column.texts[i]:
            continue
        other = first.setdefault(b, i)
        if column.texts[other] != column.texts[i]:
            bills.add(b)
            rows = rows or (other, i)
    if rows is None:
        return None, set()
    texts = (column.texts[rows[0]], column.texts[rows[1]])
    return Clash(column.header, len(bills), rows, texts), bills


def _splits(
    table: Table, heads: Sequence[ColumnProfile], natural: Sequence[int], bill: Sequence[int]
) -> int:
    """How many bills by vendor and number fall apart, though their rows agree in all else."""
    same = [c for c in heads if c is not table.get(at.DOC)]
    parts: dict[tuple[object, ...], set[int]] = {}
    for i, b in enumerate(bill):
        if b >= 0:
            parts.setdefault((natural[i], *(c.texts[i] for c in same)), set()).add(b)
    return sum(len(bills) > 1 for bills in parts.values())
