"""How the numbers of a whole column are written, decided from all of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.cell_parsers import cents_parser, factor_parser
from importer.core.money import (
    Numbers,
    UnreadableAmount,
    has_residue,
    read_decimal,
    read_number_cell,
)
from importer.core.text_column import take
from importer.mapping.text_cleanup import tidied as tidied_texts
from importer.model.fields import BILLS, FieldKind
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation import vector_parsers
from importer.validation.cells import Cells, Reader, distinct, is_in
from importer.validation.column_evidence import only_way
from importer.validation.column_findings import column_finding, contradiction, rows_of
from importer.validation.sheet_column import SheetColumn, code_of


def decide_cents(column: SheetColumn) -> None:
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


def decide_numbers(column: SheetColumn) -> list[Finding]:
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
                    column_finding(
                        column,
                        "mixed_numbers" if len(point) else "ambiguous",
                        np.sort(np.concatenate([point, comma, proofs.either])),
                        point_rows=proofs.rows(Numbers.POINT),
                        comma_rows=proofs.rows(Numbers.COMMA),
                    )
                )
            else:
                findings += contradiction(column, proofs, others, Numbers)
    for group in groups:
        findings += _doubtful_number_cells(column, group, tidied)
        if not is_factor:
            findings += _lost_marks(column, group, tidied)
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
        column_finding(
            column,
            "mixed_typed",
            of_number,
            text=tidied[int(proof[0])].as_py(),
            text_rows=rows_of(column, proof),
            number_rows=rows_of(column, of_number),
        )
    ]


_WHOLE, _HAS_CENTS = r"\A-?[0-9]{3,}\z", r"\A[^0-9]*[0-9][0-9.,' ]*[.,][0-9]{2}[^0-9]*\z"
_ENDS_IN_ZERO = r"[.,][0-9]0[^0-9]*\z"
_FEWEST_WITH_CENTS, _MOST_WHOLE, _SAMPLE = 10, 0.05, 5000
_A_HUNDRED_TIMES = (20, 500)  # the others, by the median


def _lost_marks(
    column: SheetColumn, group: np.ndarray, tidied: pa.LargeStringArray
) -> list[Finding]:
    """A warning for large numbers without cents where a program writes cents behind all: a single
    one, or a block of rows in which all have lost the decimal mark."""
    texts = take(tidied, group)
    marked = pc.or_(pc.match_substring(texts, "."), pc.match_substring(texts, ","))
    at = np.flatnonzero(~(marked.to_numpy(zero_copy_only=False) | column.is_number[group]))
    at = at[vector_parsers.matching(take(texts, at), _WHOLE)]
    if not (n := len(at)):
        return []
    uncut = np.zeros(len(texts), dtype=bool)
    uncut[at] = True
    with_cents = vector_parsers.matching(texts, _HAS_CENTS)
    given = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    if with_cents.sum() < _FEWEST_WITH_CENTS or (given & ~uncut & ~with_cents).any():
        return []
    of_others = take(texts, np.flatnonzero(with_cents))
    shows_zeros = vector_parsers.matching(of_others, _ENDS_IN_ZERO).any()
    if not shows_zeros and len(of_others) < 2 * _FEWEST_WITH_CENTS:
        return []  # zeros may be left out, as of 12.5 and 12
    numbers = np.asarray([float(text) for text in take(texts, at).to_pylist()])
    others = [re.sub("[^0-9]", "", text) for text in of_others.slice(0, _SAMPLE).to_pylist()]
    usual = float(np.median([int(digits) for digits in others])) / 100
    if n <= max(1, _MOST_WHOLE * with_cents.sum()):
        at = at[np.abs(numbers) >= usual]
    else:
        low, high = _A_HUNDRED_TIMES
        is_block = at[-1] - at[0] + 1 == n
        if not is_block or not low <= float(np.median(np.abs(numbers))) / (usual or 1) <= high:
            return []
    if not len(at):
        return []
    items = group[at]
    first = int(items[0])
    concerned: dict[str, Any] = {
        "bills" if column.sheet == BILLS else "lines": tuple(items.tolist())
    }
    return [
        finding(
            code_of(column.sheet, column.name, "lost_mark"),
            column.mapped.cell(column.sheet, column.name, first),
            column.canonical.text_at(first),
            rows=rows_of(column, items),
            other=of_others[0].as_py(),
            **concerned,
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
