"""How the columns of a file are written, weighed together: dates, and numbers as text.

One program wrote the file, in one way. So a column that could be read in two ways is read as the
others prove, and columns that prove the contrary of each other are a contradiction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from importer.core.dates import ColumnOrder, Order, order_of
from importer.core.money import Numbers, numbers_of, two_readings
from importer.core.text_column import arrow_texts, take
from importer.mapping.evaluate import NOWHERE
from importer.mapping.map_tables import MappedTables
from importer.mapping.text_cleanup import tidied as tidied_texts
from importer.model.fields import BILLS, LINE_ITEMS, FieldKind, field_of
from importer.model.tables import CellKind
from importer.validation import vector_parsers
from importer.validation.cells import distinct, is_in

Way: TypeAlias = Order | Numbers
Place: TypeAlias = tuple[int, int]  # index of the table, index of the column

DATE_KINDS = (FieldKind.DATE, FieldKind.DATE_TIME)
_SNIFFED = 200  # rows that tell whether a column that no field is mapped from has dates or amounts
_NUMERIC_DATE = r"\A[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-][0-9]{4}(?:[ ,T].*)?\z"
_MONEY = r"\A-?[0-9][0-9.,]*[.,][0-9]{2}\z"
_HUNDREDS = r"[0-9]{3}[.,][0-9]{2}\z"  # 12.10 may be a section of a contract
_NO_NUMBER = r"\A[^0-9]*\z"


@dataclass(frozen=True)
class Proofs:
    """The cells of a column of a file that prove a way of writing, by index into ``items``.

    ``way`` is None where it cannot be known from the column alone; ``either`` are the cells that
    are one thing in one way, and another in the other.
    """

    items: np.ndarray  # of the field; of a column that no field is mapped from, its rows
    place: Place
    file: str
    header: str
    way: Way | None
    of: Mapping[Way, np.ndarray]
    either: np.ndarray
    row_of: Callable[[int], int | None]
    mapped: bool = True

    def rows(self, way: Way) -> str:
        """The rows that prove a way, for a sentence."""
        at = self.of[way]
        first = ", ".join(f"row {self.row_of(int(i))}" for i in at[:3])
        return first + (f" and {len(at) - 3} more" if len(at) > 3 else "")


@dataclass
class FileEvidence:
    """The proofs of the columns of all files: of dates, and of numbers as text.

    ``fields`` has those of each (sheet, field), a column of a file each.
    """

    fields: dict[tuple[str, str], list[Proofs]] = field(default_factory=dict)
    columns: dict[tuple[str, bool], dict[Place, Proofs]] = field(default_factory=dict)
    """(file, whether of dates) → proofs of each column."""

    def add(self, proofs: Proofs, *, dates: bool) -> None:
        self.columns.setdefault((proofs.file, dates), {}).setdefault(proofs.place, proofs)

    def others(self, proofs: Proofs, *, dates: bool) -> list[Proofs]:
        """The proofs of the other columns of the file."""
        columns = self.columns.get((proofs.file, dates), {})
        return [each for place, each in columns.items() if place != proofs.place]


def count(proofs: Collection[Proofs], way: Way) -> int:
    """How many cells of some columns prove a way of writing."""
    return sum(len(each.of[way]) for each in proofs)


def only_way(proofs: Collection[Proofs]) -> Way | None:
    """What some columns prove together; None where nothing, or the contrary too."""
    proven = {way for each in proofs for way, at in each.of.items() if len(at)}
    return proven.pop() if len(proven) == 1 else None


def weigh(mapped: MappedTables) -> FileEvidence:
    """The proofs of all columns of dates and of numbers as text, mapped or not.

    Of columns whose format the template states there are none.
    """
    out, formats = FileEvidence(), mapped.template.formats
    in_cents = formats.amounts == "cents"
    used: set[Place] = set()
    for sheet in (BILLS, LINE_ITEMS):
        for name, column in mapped.items(sheet).columns.items():
            used.update((table, index) for table, (index, _) in column.source.items())
            if column.at is not None:
                at = mapped.items(sheet).table.astype(np.int64) << 20 | column.at
                used.update((place >> 20, place % (1 << 20)) for place in np.unique(at).tolist())
            kind = field_of(sheet, name).kind
            dates = kind in DATE_KINDS and not formats.dates
            is_number = kind is FieldKind.FACTOR or (kind is FieldKind.CENTS and not in_cents)
            if not dates and not (is_number and formats.numbers == "auto"):
                continue
            tidied = tidied_texts(column.array)
            of_field = out.fields.setdefault((sheet, name), [])
            for items, place in _groups(mapped, sheet, name):
                if not dates and column.kinds is not None:
                    items = items[column.kinds[items] != CellKind.NUMBER]
                proofs = _proofs(
                    tidied, items, place, mapped, _row_of(mapped, sheet, name), dates=dates
                )
                of_field.append(proofs)
                if place[1] != NOWHERE:
                    out.add(proofs, dates=dates)
    for t in range(len(mapped.tables)):
        for dates, stated in ((True, formats.dates), (False, formats.numbers != "auto")):
            if not stated:
                for proofs in _of_unmapped_columns(mapped, t, used, dates=dates):
                    out.add(proofs, dates=dates)
    return out


def _groups(mapped: MappedTables, sheet: str, name: str) -> Iterator[tuple[np.ndarray, Place]]:
    items, column = mapped.items(sheet), mapped.items(sheet).columns[name]
    for group in mapped.groups(sheet, name):
        table = int(items.table[group[0]])
        index, _ = column.source.get(table, (NOWHERE, ""))
        yield group, (table, index if column.at is None else int(column.at[group[0]]))


def _row_of(mapped: MappedTables, sheet: str, name: str) -> Callable[[int], int | None]:
    return lambda i: mapped.cell(sheet, name, i).row


def _proofs(
    tidied: pa.LargeStringArray,
    items: np.ndarray,
    place: Place,
    mapped: MappedTables,
    row_of: Callable[[int], int | None],
    *,
    dates: bool,
    is_mapped: bool = True,
) -> Proofs:
    texts = take(tidied, items)
    way, of, either = (_order if dates else _decimal_mark)(texts)
    table = mapped.tables[place[0]]
    return Proofs(
        items,
        place,
        table.source.file,
        "" if place[1] == NOWHERE else table.headers[place[1]].strip(),
        way,
        {each: items[mask] for each, mask in of.items()},
        items[either],
        row_of,
        is_mapped,
    )


_Split: TypeAlias = tuple[Way | None, dict[Way, np.ndarray], np.ndarray]


def _order(tidied: pa.LargeStringArray) -> _Split:
    split: ColumnOrder = order_of(distinct(tidied))
    by_order: tuple[tuple[Way, Sequence[str]], ...] = (
        (Order.DAY_FIRST, split.day_first),
        (Order.MONTH_FIRST, split.month_first),
    )
    of = {order: is_in(tidied, texts) for order, texts in by_order}
    return split.order, of, is_in(tidied, split.either)


def _decimal_mark(tidied: pa.LargeStringArray) -> _Split:
    """``numbers_of`` a column; texts such as 12.50 prove the point one like another.

    So do 12.3456 and 12,50: only three digits after the mark may be a group of thousands, and in
    1.015 and 1,015 they are, with one of the marks.
    """
    marked = vector_parsers.matching(tidied, "[.,]")
    usual, examples = list[np.ndarray](), list[str]()
    for pattern in (
        r"\A-?[0-9]{1,15}\.(?:[0-9]{1,2}|[0-9]{4,15})\z",
        r"\A-?[0-9]{1,15},(?:[0-9]{1,2}|[0-9]{4,15})\z",
        r"\A-?[1-9][0-9]{0,2}[.,][0-9]{3}\z",
    ):
        mask = vector_parsers.matching(tidied, pattern)
        examples += tidied.take(pa.array(np.flatnonzero(mask)[:1])).to_pylist()
        usual.append(mask)
        marked &= ~mask
    others = distinct(tidied.filter(pa.array(marked)))
    decided, point, comma = numbers_of([*examples, *others])
    of: dict[Way, np.ndarray] = {
        Numbers.POINT: usual[0] | is_in(tidied, point),
        Numbers.COMMA: usual[1] | is_in(tidied, comma),
    }
    either = usual[2] | is_in(tidied, [text for text in others if two_readings(text)])
    return decided, of, either


def _of_unmapped_columns(
    mapped: MappedTables, t: int, used: Collection[Place], *, dates: bool
) -> Iterator[Proofs]:
    """The proofs of the columns of dates, or of amounts, that no field is mapped from."""
    table = mapped.tables[t]
    source, start = table.source, table.header + 1
    for c in range(len(table.headers)):
        if (t, c) in used:
            continue
        texts = arrow_texts(source.columns[c]).slice(start)
        sample = tidied_texts(texts.slice(0, _SNIFFED))
        if not _looks_so(sample, dates=dates):
            continue
        tidied = tidied_texts(texts)
        items = np.flatnonzero(vector_parsers.matching(tidied, _NUMERIC_DATE if dates else _MONEY))
        if source.kinds is not None and not dates:
            kinds = np.asarray(bytearray(source.kinds[c]), dtype=np.uint8)[start:]
            items = items[kinds[items] != CellKind.NUMBER]
        yield _proofs(
            tidied,
            items,
            (t, c),
            mapped,
            lambda i: int(source.rows[start + i]),
            dates=dates,
            is_mapped=False,
        )


def _looks_so(sample: pa.LargeStringArray, *, dates: bool) -> bool:
    """Whether all that is written in the first rows of a column is dates, or amounts with cents."""
    filled = ~vector_parsers.matching(sample, _NO_NUMBER)
    matches = vector_parsers.matching(sample, _NUMERIC_DATE if dates else _MONEY)
    if not matches.any() or not matches[filled].all():
        return False
    return dates or bool(vector_parsers.matching(sample, _HUNDREDS).any())
