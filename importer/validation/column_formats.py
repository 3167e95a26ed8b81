"""How the cells of a whole column are written, decided from all of it: numbers and dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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
from importer.core.dates import Order
from importer.core.money import (
    Numbers,
    UnreadableAmount,
    has_residue,
    read_decimal,
    read_number_cell,
    tidy,
)
from importer.core.payment_references import compact
from importer.core.text_column import take
from importer.mapping.canonical_columns import CanonicalColumn
from importer.mapping.evaluate import PROBLEMS
from importer.mapping.map_tables import MappedTables
from importer.mapping.text_cleanup import tidied as tidied_texts
from importer.model.fields import BILLS, Field, FieldKind, field_of, field_parser
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind
from importer.validation import vector_parsers
from importer.validation.cells import Cells, Reader, distinct, is_in
from importer.validation.column_evidence import FileEvidence, Proofs, Way, count, only_way


def code_of(sheet: str, name: str, problem: str) -> str:
    """The code of a finding in a canonical column."""
    if problem in PROBLEMS:
        return f"{sheet}.expression.{problem}"
    return f"{sheet}.{field_of(sheet, name).name}.{problem}"


@dataclass
class SheetColumn:
    """What the checks of one column know beside its texts: how they are written, and their rows.

    ``units`` are the cents per unit of each item's currency; ``currencies`` gives the currency of
    the bills of some items, None where unknown, ``evidence`` how all columns are written.
    ``decide_format`` sets ``parse``.
    """

    mapped: MappedTables
    sheet: str
    name: str
    units: np.ndarray
    currencies: Callable[[np.ndarray], list[str | None]]
    evidence: FileEvidence
    formats: np.ndarray | None = None  # the decimal mark or the date order of each cell
    undecided: list[tuple[np.ndarray, str]] = field(default_factory=list)
    """Cells that cannot be read because the whole column can be read in several ways, and why."""
    parse: Callable[[pa.LargeStringArray], Cells] = field(init=False)
    _parsed: tuple[Any, Cells] | None = None  # Arrow's data of a Series, and what it is read as

    @property
    def place(self) -> tuple[str, str]:
        return self.sheet, self.name

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
        _decide_cents(column)
        return []
    if kind in (FieldKind.CENTS, FieldKind.FACTOR):
        return _decide_numbers(column)
    if kind in (FieldKind.DATE, FieldKind.DATE_TIME):
        return _decide_dates(column)
    if kind in (FieldKind.CODE, FieldKind.NAME, FieldKind.TEXT, FieldKind.UUID):
        is_value = partial(vector_parsers.words, field=column.field)
        of_kind = field_parser(column.field) if kind is FieldKind.UUID else _text_parser(kind)
        if column.field.forms:
            column.parse = lambda texts: Cells(texts, lambda at: [(at, _read_reference)])
            return []
        if column.field.iban:  # each text is looked at
            column.parse = lambda texts: Cells(texts, lambda at: [(at, of_kind)])
            return []
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


def _read_reference(text: str) -> tuple[str, str]:
    """A payment reference as it is sent; what is wrong with it is for the checks."""
    return compact(unquoted(text)), ""


def _decide_cents(column: SheetColumn) -> None:
    """Whole cents; number cells as Excel shows them."""
    typed = column.is_number
    _note_residue(column, np.flatnonzero(typed), tidied_texts(column.texts))

    def readers(items: np.ndarray) -> list[Reader]:
        return [
            (
                items[typed[items] == number_cell],
                cents_parser(False, Numbers.POINT, number_cell=number_cell),
            )
            for number_cell in (False, True)
        ]

    column.parse = lambda texts: Cells(texts, readers, vector_parsers.cents)


def _decide_numbers(column: SheetColumn) -> list[Finding]:
    """Decimal points or decimal commas, for each column of the file, with what the others prove."""
    stated = column.mapped.template.formats.numbers
    typed, units = column.is_number, column.units
    is_factor = column.field.kind is FieldKind.FACTOR
    tidied = tidied_texts(column.texts)
    marks = np.full(len(tidied), Numbers.POINT if stated == "auto" else Numbers(stated), object)
    findings: list[Finding] = []
    groups = column.mapped.groups(column.sheet, column.name)
    if stated == "auto":
        for group, proofs in zip(groups, column.evidence.fields[column.place], strict=True):
            others = column.evidence.others(proofs, dates=False)
            point, comma = proofs.of[Numbers.POINT], proofs.of[Numbers.COMMA]
            decided = proofs.way
            if decided is None and not len(point) and not is_factor:
                # A quantity of 1.000 may be one where an amount of 1.000 is a thousand.
                decided = only_way(others)
            marks[group] = decided or (Numbers.POINT if len(point) >= len(comma) else Numbers.COMMA)
            if decided is None:
                findings.append(
                    _column_finding(
                        column,
                        "mixed_numbers" if len(point) else "ambiguous",
                        np.sort(np.concatenate([point, comma, proofs.either])),
                        point_rows=proofs.rows(Numbers.POINT),
                        comma_rows=proofs.rows(Numbers.COMMA),
                    )
                )
            else:
                findings += _contradiction(column, proofs, others, Numbers)
    for group in groups:
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


def _contradiction(
    column: SheetColumn, proofs: Proofs, others: Sequence[Proofs], ways: type[Order] | type[Numbers]
) -> list[Finding]:
    """The cells of a column that other columns of the file contradict.

    Those that could be read either way are ruled out, and those that prove the way of the
    fewer cells of the file.
    """
    proven = [way for way in ways if len(proofs.of[way])]
    if len(proven) != 1:
        return []
    (way,), against = proven, next(way for way in ways if way != proven[0])
    contrary = [each for each in others if len(each.of[against])]
    if not contrary:
        return []
    at = proofs.either
    mapped = [each for each in contrary if each.mapped]
    if mapped and len(proofs.of[way]) + count(others, way) <= count(mapped, against):
        at = np.sort(np.concatenate([at, proofs.of[way]]))
    if not len(at):
        return []
    return [
        _column_finding(
            column,
            "contradicts_columns",
            at,
            way=_WAYS[way],
            rows=proofs.rows(way),
            other=contrary[0].header,
            other_way=_WAYS[against],
            other_rows=contrary[0].rows(against),
        )
    ]


_WAYS: dict[Way, str] = {
    Order.DAY_FIRST: "the day first",
    Order.MONTH_FIRST: "the month first",
    Numbers.POINT: "a decimal point",
    Numbers.COMMA: "a decimal comma",
}


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
    """Day first or month first, for each column of the file, with what the others prove."""
    formats = list(column.mapped.template.formats.dates)
    tidied = tidied_texts(column.texts)
    groups = column.mapped.groups(column.sheet, column.name)
    make = date_parser if column.field.kind is FieldKind.DATE else date_time_parser
    column.formats = np.full(len(tidied), ", ".join(formats), dtype=object)
    findings, readers = list[Finding](), list[Reader]()
    for k, group in enumerate(groups):
        order: Order | None = None
        if not formats:
            proofs = column.evidence.fields[column.place][k]
            order, of_order = _order(column, proofs, tidied)
            column.formats[group] = order or ""
            findings += of_order
        readers.append((group, make(formats, order)))
        findings += _doubtful_date_cells(column, group, tidied)
        findings += _year_first_dates(column, group, tidied)
    column.parse = lambda texts: Cells(texts, lambda _: readers)
    return findings


_DAY_BEHIND_YEAR = r"\A[0-9]{4}[-/.](?:1[3-9]|2[0-9]|3[01])[-/.](?:0?[1-9]|1[0-2])(?:\z|[^0-9])"
_MONTH_BEHIND_YEAR = r"\A[0-9]{4}[-/.](?:0?[1-9]|1[0-2])[-/.](?:1[3-9]|2[0-9]|3[01])(?:\z|[^0-9])"
_EITHER_BEHIND_YEAR = r"\A[0-9]{4}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|1[0-2])(?:\z|[^0-9])"


def _year_first_dates(
    column: SheetColumn, group: np.ndarray, tidied: pa.LargeStringArray
) -> list[Finding]:
    """Dates as 2025-04-03 in a column that has 2025-25-03, too: year, day, month."""
    written = group[~column.of_kind(CellKind.DATE)[group]]
    proof = written[vector_parsers.matching(take(tidied, written), _DAY_BEHIND_YEAR)]
    if not len(proof) or any("YYYY-D" in form for form in column.mapped.template.formats.dates):
        return []
    usual = written[vector_parsers.matching(take(tidied, written), _MONTH_BEHIND_YEAR)]
    if len(proof) < 2 or len(usual) > len(proof):
        return []  # a slip of the pen, which is unreadable itself
    either = written[vector_parsers.matching(take(tidied, written), _EITHER_BEHIND_YEAR)]
    parts = (re.split(r"[^0-9]", tidied[i].as_py())[1:3] for i in either.tolist())
    either = either[np.asarray([int(one) != int(other) for one, other in parts], dtype=bool)]
    if not len(either):
        return []
    return [
        _column_finding(
            column,
            "mixed_order",
            either,
            day_rows=_rows(column, proof),
            month_rows=_rows(column, either),
            undecided="",
        )
    ]


def _order(
    column: SheetColumn, proofs: Proofs, tidied: pa.LargeStringArray
) -> tuple[Order | None, list[Finding]]:
    """The order of a column, or the likeliest, and the dates that are doubtful."""
    others = column.evidence.others(proofs, dates=True)
    by_day, by_month = proofs.of[Order.DAY_FIRST], proofs.of[Order.MONTH_FIRST]
    way = proofs.way or (None if len(by_day) else only_way(others))
    if way is not None:
        return Order(way), _contradiction(column, proofs, others, Order)
    texts_of_day, texts_of_month = (len(distinct(take(tidied, at))) for at in (by_day, by_month))
    likeliest = Order.MONTH_FIRST if texts_of_month > texts_of_day else None
    at, problem = proofs.either, "ambiguous"
    if len(by_day):
        minority = by_day if likeliest else by_month
        at, problem = np.sort(np.concatenate([minority, proofs.either])), "mixed_order"
    if not len(at):
        return likeliest, []
    sample = tidied[int(at[0])].as_py()
    of_column = _column_finding(
        column,
        problem,
        at,
        day_first=dates.numeric_reading(sample, Order.DAY_FIRST),
        month_first=dates.numeric_reading(sample, Order.MONTH_FIRST),
        day_rows=proofs.rows(Order.DAY_FIRST),
        month_rows=proofs.rows(Order.MONTH_FIRST),
        undecided=f"; {len(proofs.either)} more could be either" if len(proofs.either) else "",
    )
    return likeliest, [of_column]


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
