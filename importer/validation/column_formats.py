"""How the cells of a whole column are written, decided from all of it: numbers and dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.core import dates
from importer.core.cell_parsers import (
    CellParser,
    cents_parser,
    date_parser,
    date_time_parser,
    factor_parser,
    unquoted,
)
from importer.core.money import (
    Numbers,
    UnreadableAmount,
    has_residue,
    numbers_of,
    read_decimal,
    read_number_cell,
    tidy,
    two_readings,
)
from importer.mapping.canonical_columns import CanonicalColumn
from importer.mapping.evaluate import PROBLEMS
from importer.mapping.map_tables import MappedTables
from importer.mapping.text_cleanup import tidied as tidied_texts
from importer.model.fields import BILLS, Field, FieldKind, field_of, field_parser
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind
from importer.validation import vector_parsers
from importer.validation.cells import Cells, Reader, distinct, is_in, take


def code_of(sheet: str, name: str, problem: str) -> str:
    """The code of a finding in a canonical column."""
    if problem in PROBLEMS:
        return f"{sheet}.expression.{problem}"
    return f"{sheet}.{field_of(sheet, name).name}.{problem}"


@dataclass
class SheetColumn:
    """What the checks of one column know beside its texts: how they are written, and their rows.

    ``units`` are the cents per unit of each item's currency; ``currencies`` gives the currency of
    the bills of some items, None where unknown. ``decide_format`` sets ``parse``.
    """

    mapped: MappedTables
    sheet: str
    name: str
    units: np.ndarray
    currencies: Callable[[np.ndarray], list[str | None]]
    formats: np.ndarray | None = None  # the decimal mark or the date order of each cell
    undecided: list[tuple[np.ndarray, str]] = field(default_factory=list)
    """Cells that cannot be read because the whole column can be read in several ways, and why."""
    parse: Callable[[pa.LargeStringArray], Cells] = field(init=False)
    _parsed: tuple[Any, Cells] | None = None  # Arrow's data of a Series, and what it is read as

    @property
    def field(self) -> Field:
        return field_of(self.sheet, self.name)

    @property
    def canonical(self) -> CanonicalColumn:
        return self.mapped.items(self.sheet).columns[self.name]

    @property
    def texts(self) -> pa.LargeStringArray:
        return self.canonical.array

    def cells_of(self, values: pd.Series) -> Cells:
        """What the texts of a Series are read as: parsed by the first check, for all that follow.

        The Series has one text for each row of the sheet, in Arrow's memory.
        """
        data = values.array.__arrow_array__()
        if self._parsed is None or self._parsed[0] is not data:
            self._parsed = data, self.parse(data.chunk(0))
        return self._parsed[1]

    @property
    def in_cents(self) -> bool:
        """Whether cells hold whole cents, not major units."""
        amounts = self.mapped.template.formats.amounts
        return self.field.kind is FieldKind.CENTS and amounts == "cents"

    @cached_property
    def is_number(self) -> np.ndarray:
        """Which cells are number cells of a workbook."""
        return self.of_kind(CellKind.NUMBER)

    def of_kind(self, kind: CellKind) -> np.ndarray:
        """Which cells are of this kind."""
        kinds = self.canonical.kinds
        if kinds is None:
            return np.zeros(len(self.texts), dtype=bool)
        return np.asarray(kinds == kind, dtype=bool)

    def text(self, i: int) -> str:
        """The text of one cell, tidied."""
        return tidy(self.canonical.text_at(i))

    def format_of(self, i: int) -> str:
        return "" if self.formats is None else str(self.formats[i])


def decide_format(column: SheetColumn) -> list[Finding]:
    """Prepare the cells of a column to be read; the findings are about the whole column."""
    kind = column.field.kind
    if column.in_cents:
        read = cents_parser(False, Numbers.POINT, number_cell=False)
        column.parse = lambda texts: Cells(texts, lambda at: [(at, read)], vector_parsers.cents)
        return []
    if kind in (FieldKind.CENTS, FieldKind.FACTOR):
        return _decide_numbers(column)
    if kind in (FieldKind.DATE, FieldKind.DATE_TIME):
        return _decide_dates(column)
    if kind in (FieldKind.CODE, FieldKind.NAME, FieldKind.TEXT, FieldKind.UUID):
        is_value = partial(vector_parsers.words, field=column.field)
        of_kind = field_parser(column.field) if kind is FieldKind.UUID else _text_parser(kind)
        column.parse = lambda texts: Cells(
            texts,
            lambda at: [(at, of_kind)],
            lambda some: (is_value(some), None),
            by_text=True,
        )
    else:
        read = field_parser(column.field)
        column.parse = lambda texts: Cells(texts, lambda at: [(at, read)])
    return []


def _text_parser(kind: FieldKind) -> CellParser:
    """A parser that takes every text: what is wrong with it is for the checks."""
    return lambda text: (unquoted(text) if kind is FieldKind.CODE else text, "")


def _decide_numbers(column: SheetColumn) -> list[Finding]:
    """Decimal points or decimal commas, for each column of the file by itself."""
    stated = column.mapped.template.formats.numbers
    typed, units = column.is_number, column.units
    is_factor = column.field.kind is FieldKind.FACTOR
    tidied = tidied_texts(column.texts)
    marks = np.full(len(tidied), Numbers.POINT if stated == "auto" else Numbers(stated), object)
    findings = []
    for group in column.mapped.groups(column.sheet, column.name) if stated == "auto" else ():
        of_text = group[~typed[group]]
        decided, point, comma = _decimal_mark(take(tidied, of_text))
        marks[group] = decided or (Numbers.POINT if len(point) >= len(comma) else Numbers.COMMA)
        if decided is None:
            undecided = take(tidied, of_text)
            either = [text for text in distinct(undecided) if two_readings(text)]
            in_point, in_comma, in_either = (
                of_text[is_in(undecided, texts)] for texts in (point, comma, either)
            )
            at = np.sort(np.concatenate([in_point, in_comma, in_either]))
            findings.append(
                _column_finding(
                    column,
                    "mixed_numbers" if point else "ambiguous",
                    at,
                    point_rows=_rows(column, in_point),
                    comma_rows=_rows(column, in_comma),
                )
            )
    for group in column.mapped.groups(column.sheet, column.name):
        findings += _doubtful_number_cells(column, group, tidied)
        _note_residue(column, group[typed[group]], tidied)

    def readers(items: np.ndarray) -> list[Reader]:
        out: list[Reader] = []
        for mark in Numbers:
            for number_cell in (False, True):
                part = items[(marks[items] == mark) & (typed[items] == number_cell)]
                if is_factor:
                    out.append((part, factor_parser(mark, number_cell=number_cell)))
                    continue
                for unit in np.unique(units[part]):
                    read = cents_parser(True, mark, int(unit), number_cell=number_cell)
                    out.append((part[units[part] == unit], read))
        return out

    def parse_amounts(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
        parsed, cents = np.zeros(len(texts), dtype=bool), np.zeros(len(texts), dtype=np.int64)
        for mark in Numbers:
            for number_cell in (False, True):
                part = (marks == mark) & (typed == number_cell) & (units == 100)
                if part.any():
                    at = np.flatnonzero(part)
                    parsed[at], cents[at] = vector_parsers.amounts(
                        take(texts, at), mark, number_cell=number_cell
                    )
        return parsed, cents

    column.formats = marks
    column.parse = lambda texts: Cells(texts, readers, None if is_factor else parse_amounts)
    return findings


def _decimal_mark(tidied: pa.LargeStringArray) -> tuple[Numbers | None, list[str], list[str]]:
    """``numbers_of`` a column; texts such as 12.50 prove the point one like another.

    So do 12.3456 and 12,50: only three digits after the mark may be a group of thousands.
    """
    marked, proofs = vector_parsers.matching(tidied, "[.,]"), list[str]()
    for mark in r"\.", ",":
        usual = vector_parsers.matching(
            tidied, rf"\A-?[0-9]{{1,15}}{mark}(?:[0-9]{{1,2}}|[0-9]{{4,15}})\z"
        )
        proofs += tidied.take(pa.array(np.flatnonzero(usual)[:1])).to_pylist()
        marked &= ~usual
    decided = numbers_of([*proofs, *distinct(tidied.filter(pa.array(marked)))])
    return decided if decided[0] is not None else numbers_of(distinct(tidied))


# A number cell that Excel of another country may have made of a text: 1.250 becomes 1.25 or 1250.
_MAY_BE_MISREAD = r"\A-?(?:[0-9]+|[1-9][0-9]{0,2}\.[0-9]{1,3})\z"
_IS_ZERO = r"\A-?0*\.?0*\z"
_HAS_MARK = r"[0-9][.,]|[.,][0-9]"


def _doubtful_number_cells(
    column: SheetColumn, group: np.ndarray, tidied: pa.LargeStringArray
) -> list[Finding]:
    """Number cells beside numbers that Excel of another country could not read, and left as text.

    That Excel takes the 1.250 of a list for 1250, or for 1.25, while it leaves 1.234,56 as text. A
    number cell that it cannot have made of any text of the list shows that it was not at work.
    """
    typed = column.is_number[group]
    of_text, of_number = group[~typed], group[typed]
    if not len(of_text) or not len(of_number):
        return []
    of_text = of_text[vector_parsers.matching(take(tidied, of_text), _HAS_MARK)]
    of_number = of_number[~vector_parsers.matching(take(tidied, of_number), _IS_ZERO)]
    if not len(of_text) or not len(of_number):
        return []
    if not vector_parsers.matching(take(tidied, of_number), _MAY_BE_MISREAD).all():
        return []
    texts = take(tidied, of_text)
    amounts = [t for t in distinct(texts) if any(map(_is_amount(t), Numbers))]
    proof = of_text[is_in(texts, amounts)]
    if not len(proof):
        return []
    return [
        _column_finding(
            column,
            "mixed_typed",
            of_number,
            text=tidied[int(proof[0])].as_py(),
            text_rows=_rows(column, proof),
            number_rows=_rows(column, of_number),
        )
    ]


def _note_residue(column: SheetColumn, of_number: np.ndarray, tidied: pa.LargeStringArray) -> None:
    """A note on number cells that are read as Excel shows them, less their residue."""
    long = of_number[pc.greater(pc.binary_length(take(tidied, of_number)), 16).to_numpy(False)]
    at = [i for i in long.tolist() if has_residue(tidied[i].as_py())]
    if at:
        cell, text = column.mapped.cell(column.sheet, column.name, at[0]), tidied[at[0]].as_py()
        numbers = "number has" if len(at) == 1 else "numbers have"
        number = read_number_cell(text)
        shown = "" if isinstance(number, UnreadableAmount) else f"{number.normalize():,f}"
        where = cell.file if cell.sheet is None else f"{cell.file}, sheet {cell.sheet}"
        column.mapped.notes.append(
            f"{where}: {len(at):,} {numbers} more digits in '{cell.column}' than the 15 that Excel"
            f" shows, the first {text} in row {cell.row}; read as Excel shows it: {shown}."
        )


def _is_amount(text: str) -> Callable[[Numbers], bool]:
    return lambda mark: not isinstance(read_decimal(text, mark), UnreadableAmount)


def _decide_dates(column: SheetColumn) -> list[Finding]:
    """Day first or month first, for each column of the file by itself."""
    formats = list(column.mapped.template.formats.dates)
    tidied = tidied_texts(column.texts)
    groups = column.mapped.groups(column.sheet, column.name)
    orders = [
        dates.ColumnOrder(None) if formats else dates.order_of(distinct(take(tidied, group)))
        for group in groups
    ]
    make = date_parser if column.field.kind is FieldKind.DATE else date_time_parser
    column.formats = np.full(len(tidied), ", ".join(formats), dtype=object)
    findings, readers = [], list[Reader]()
    for group, order in zip(groups, orders, strict=True):
        readers.append((group, make(formats, order.likeliest)))
        if not formats:
            column.formats[group] = order.likeliest or ""
        if order.order is None and (order.either or order.day_first):
            findings.append(_doubtful_order(column, group, tidied, order))
        findings += _doubtful_date_cells(column, group, tidied)
    column.parse = lambda texts: Cells(texts, lambda _: readers)
    return findings


def _doubtful_order(
    column: SheetColumn, group: np.ndarray, tidied: pa.LargeStringArray, order: dates.ColumnOrder
) -> Finding:
    """Dates of a column whose order is unknown, or of both orders."""
    texts = take(tidied, group)
    in_day, in_month, either = (
        group[is_in(texts, wanted)] for wanted in (order.day_first, order.month_first, order.either)
    )
    at, problem = either, "ambiguous"
    if order.day_first:
        minority = in_day if order.likeliest is dates.Order.MONTH_FIRST else in_month
        at, problem = np.sort(np.concatenate([minority, either])), "mixed_order"
    sample = tidied[int(at[0])].as_py()
    return _column_finding(
        column,
        problem,
        at,
        day_first=dates.numeric_reading(sample, dates.Order.DAY_FIRST),
        month_first=dates.numeric_reading(sample, dates.Order.MONTH_FIRST),
        day_rows=_rows(column, in_day),
        month_rows=_rows(column, in_month),
        either=f"; {len(either)} more could be either" if len(either) else "",
    )


def _doubtful_date_cells(
    column: SheetColumn, group: np.ndarray, tidied: pa.LargeStringArray
) -> list[Finding]:
    """Dates that Excel may have turned round while it left the impossible ones as text.

    Excel of one country that opens a list of another's takes 03/04/2025 for a date, day and month
    exchanged, and leaves 13/04/2025 as text.
    """
    typed = column.of_kind(CellKind.DATE)[group]
    of_text, of_date = group[~typed], group[typed]
    if not len(of_date):
        return []
    order = dates.order_of(distinct(take(tidied, of_text)))
    doubtful = [int(text[8:10]) <= 12 for text in distinct(take(tidied, of_date))]
    if order.order is None or order.either or not doubtful or not all(doubtful):
        return []
    if not (order.day_first or order.month_first):
        return []
    proof = of_text[is_in(take(tidied, of_text), (*order.day_first, *order.month_first))]
    year, month, day = tidied[int(of_date[0])].as_py()[:10].split("-")
    return [
        _column_finding(
            column,
            "mixed_typed",
            of_date,
            text=tidied[int(proof[0])].as_py(),
            text_rows=_rows(column, proof),
            date_rows=_rows(column, of_date),
            other=f"{year}-{day}-{month}",
        )
    ]


def _column_finding(column: SheetColumn, problem: str, at: np.ndarray, **args: Any) -> Finding:
    """One finding for the whole column, on the first of the cells ``at``, which it rules out."""
    column.undecided.append((at, problem))
    items = tuple(int(i) for i in at)
    concerned: dict[str, Any] = {"bills" if column.sheet == BILLS else "lines": items}
    return finding(
        code_of(column.sheet, column.name, problem),
        column.mapped.cell(column.sheet, column.name, items[0]),
        column.canonical.text_at(items[0]),
        **concerned,
        **args,
    )


def _rows(column: SheetColumn, at: np.ndarray) -> str:
    rows = [f"row {column.mapped.cell(column.sheet, column.name, int(i)).row}" for i in at[:3]]
    return ", ".join(rows) + (f" and {len(at) - 3} more" if len(at) > 3 else "")
