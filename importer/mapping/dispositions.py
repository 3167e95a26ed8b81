"""The disposition of each row by its type and state: a bill, a credit note, or passed over.

Only values that are known decide: a type that the template does not map, or a state that it neither
takes nor passes over, is a finding, and its bill is invalid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import pandas as pd

from importer.core.counted_nouns import count
from importer.core.money import tidy
from importer.mapping.canonical_columns import ColumnReader
from importer.mapping.evaluate import Scope, Values, evaluate
from importer.mapping.expressions import Expression, same_word
from importer.mapping.template_model import DISPOSING, STATE
from importer.model.bills import CREDIT_NOTE, DOCUMENT_TYPES
from importer.model.fields import FieldKind
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind

# States that mean a bill is owed or paid, for a template that does not list those it takes.
USUAL_STATES = (
    "Open",
    "Unpaid",
    "Not paid",
    "Awaiting payment",
    "Due",
    "Overdue",
    "In payment",
    "Partially paid",
    "Partly paid",
    "Part paid",
    "Paid",
    "Paid in full",
    "Closed",
    "Settled",
    "Approved",
    "Authorised",
    "Authorized",
    "Posted",
    "Booked",
)
ANY = "*"  # as one of the states to take: all that are not passed over
_SHOWN_ROWS, _SHOWN_WORDS = 10, 12
_SEPARATORS = re.compile(r"[\s_-]+")


def bare_word(text: str) -> str:
    """The key by which types and states are compared: ``partially_paid`` is ``Partially Paid``."""
    return _SEPARATORS.sub("", same_word(tidy(text)))


class Disposition(IntEnum):
    BILL = 0
    CREDIT_NOTE = 1
    PASSED_OVER = 2


def _has_column(reader: ColumnReader, expression: Expression) -> bool:
    """Whether any table has a column of it: without one, all documents are bills."""
    columns = (reader.columns(names) for names, _ in expression.columns())
    return any(c is not None for of_tables in columns for c in of_tables)


@dataclass
class RowDispositions:
    """By row of the reader. ``reasons`` are of rows that are passed over: "Status is 'Voided'".
    The ``findings`` are of rows whose type or state nobody knows: their bills are invalid."""

    passed_over: np.ndarray
    credit_notes: np.ndarray  # passed over or not
    reasons: np.ndarray
    findings: list[tuple[Finding, np.ndarray]] = field(default_factory=list)  # with their rows


@dataclass(frozen=True)
class _DisposingColumn:
    """The values of the type or state, with what the template says of each."""

    name: str
    expression: Expression
    values: Values
    donors: np.ndarray  # by row: the row that its value is from
    codes: np.ndarray  # by row: a Disposition, or one of those below


_BLANK, _UNKNOWN = -1, -2


def dispositions(reader: ColumnReader, group: np.ndarray) -> RowDispositions | None:
    """The disposition of each row; None where no table has a type or state.

    ``group`` is each row's bill as its columns have it: a blank type or state is that of the
    row above it of the same bill, as exports write them on a bill's first row only.
    """
    columns = [
        _column(reader, name, expression, group)
        for name in DISPOSING
        if (expression := reader.template.bills.get(name)) is not None
        and _has_column(reader, expression)
    ]
    if not columns:
        return None
    passed, credit_notes = (
        np.logical_or.reduce([c.codes == code for c in columns])
        for code in (Disposition.PASSED_OVER, Disposition.CREDIT_NOTE)
    )
    reasons = np.full(len(reader.row), "", dtype=object)
    out = RowDispositions(passed, credit_notes, reasons)
    for column in columns:
        left_out = (column.codes == Disposition.PASSED_OVER) & (reasons == "")
        for row in np.flatnonzero(left_out).tolist():
            reasons[row] = _reason(reader, column, row)
        for code, problem in ((_UNKNOWN, "unknown"), (_BLANK, "blank")):
            rows = np.flatnonzero((column.codes == code) & ~passed)
            out.findings += _findings(reader, column, rows, problem)
    return out


def _column(
    reader: ColumnReader, name: str, expression: Expression, group: np.ndarray
) -> _DisposingColumn:
    # What is blank is decided after the rows of a bill, so that a default is not a separate value.
    bare = {"map": None, "default": None, "take": None, "pass_over": None}
    scope = Scope(
        lambda names: reader.of_rows(reader.columns(names)),
        lambda parameter: reader.parameter(parameter, reader.table),
        reader.row,
        FieldKind.CODE,
    )
    values = evaluate(expression.model_copy(update=bare), scope)
    words = _dispositions_of(name, expression)
    texts, distinct = pd.factorize(values.text)
    of_text = [_code(text, words) for text in distinct]
    codes = np.asarray(of_text, dtype=np.int8)[texts] if len(of_text) else np.empty(0, np.int8)
    broken = (values.kinds == CellKind.ERROR) | (values.kinds == CellKind.UNCALCULATED)
    codes[broken & (codes != _BLANK)] = _UNKNOWN
    blank = codes == _BLANK
    donors = np.arange(len(codes))
    if blank.any() and not blank.all():
        donors = _donors(~blank, group)
        codes = codes[donors]
        blank = codes == _BLANK
    # A table that has no value at all does not use the column.
    used = np.isin(reader.table, np.unique(reader.table[~blank]))
    default = _BLANK if expression.default is None else _code(expression.default, words)
    codes[blank] = np.where(used[blank], default, max(default, Disposition.BILL))
    return _DisposingColumn(name, expression, values, donors, codes)


def _dispositions_of(name: str, expression: Expression) -> dict[str, int]:
    """The disposition of each value that the template knows, by ``bare_word``."""
    live: dict[str, str] = expression.map or {}
    if name == STATE:
        live = dict.fromkeys(expression.take or USUAL_STATES, "bill")
    elif not live:
        live = {text: text for text in DOCUMENT_TYPES}
    words = {
        bare_word(text): (
            Disposition.CREDIT_NOTE if same_word(new) == CREDIT_NOTE else Disposition.BILL
        )
        for text, new in live.items()
    }
    passed = {bare_word(text): Disposition.PASSED_OVER for text in expression.pass_over or ()}
    return {**words, **passed}


def _code(text: str, words: dict[str, int]) -> int:
    word = bare_word(text)
    return words.get(word, words.get(ANY, _UNKNOWN)) if word else _BLANK


def _donors(given: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The row whose value each row has: its own, else that of the row above of the same bill, else
    of one below; itself where the bill has none."""
    rows = np.arange(len(given))
    values = pd.Series(rows, dtype=np.float64).where(given).groupby(group, sort=False)
    above = values.ffill()
    both = above.fillna(above.groupby(group, sort=False).bfill())
    return both.fillna(pd.Series(rows)).to_numpy(dtype=np.int64)


def _reason(reader: ColumnReader, column: _DisposingColumn, row: int) -> str:
    donor = int(column.donors[row])
    text = tidy(column.values.text[donor])
    header = _cell(reader, column, donor).column or column.name
    if not text:
        return f"{header.strip()} is blank"
    return f"{header.strip()} is '{text}'"


def _cell(reader: ColumnReader, column: _DisposingColumn, row: int) -> CellRef:
    table = next(t for t in reader.tables if t.index == int(reader.table[row]))
    source, index = table.table.source, int(column.values.at[row])
    if index < 0:  # a blank: the column that would have it
        columns = (table.header.column_of(names) for names, _ in column.expression.columns())
        index = next((c for c in columns if c is not None), -1)
    header = table.header.headers[index] if index >= 0 else None
    row_number = int(column.values.rows[row])
    return CellRef(
        source.file, source.sheet, row_number, header, table.index, index if index >= 0 else None
    )


def _findings(
    reader: ColumnReader, column: _DisposingColumn, rows: np.ndarray, problem: str
) -> Sequence[tuple[Finding, np.ndarray]]:
    """One finding for each value of each table, in its first row, with all its rows."""
    by_value: dict[tuple[int, str], list[int]] = {}
    words = {text: bare_word(text) for text in set(column.values.text[rows].tolist())}
    for row in rows.tolist():
        by_value.setdefault((int(reader.table[row]), words[column.values.text[row]]), []).append(
            row
        )
    shown = _alternatives(column)
    out = []
    for of_value in by_value.values():
        first = of_value[0]
        numbers = ", ".join(str(int(reader.row[row])) for row in of_value[:_SHOWN_ROWS])
        more = " …" if len(of_value) > _SHOWN_ROWS else ""
        cell, text = _cell(reader, column, first), tidy(column.values.text[first])
        where = f"{count(len(of_value), 'row')}: {numbers}{more}"
        code = f"bills.{column.name}.{problem}"
        out.append((finding(code, cell, text, where=where, rule=shown), np.asarray(of_value)))
    return out


def _alternatives(column: _DisposingColumn) -> str:
    expression = column.expression
    loaded = list(expression.map or DOCUMENT_TYPES)
    if column.name == STATE:
        loaded = list(expression.take or USUAL_STATES)
    parts = [f"loads {_quoted(loaded)}"]
    if expression.pass_over:
        parts.append(f"passes over {_quoted(expression.pass_over)}")
    return " and ".join(parts)


def _quoted(words: Sequence[str]) -> str:
    more = len(words) - _SHOWN_WORDS
    shown = ", ".join(f"'{word}'" for word in words[:_SHOWN_WORDS])
    return f"{shown} and {more} more" if more > 0 else shown
