"""Findings about a whole column: how its cells are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from importer.core.dates import Order
from importer.core.money import Numbers
from importer.model.fields import BILLS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.column_evidence import Proofs, Way, count
from importer.validation.sheet_column import SheetColumn, code_of


def contradiction(
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
        column_finding(
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


def column_finding(column: SheetColumn, problem: str, at: np.ndarray, **args: Any) -> Finding:
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


def rows_of(column: SheetColumn, at: np.ndarray) -> str:
    rows = [f"row {column.mapped.cell(column.sheet, column.name, int(i)).row}" for i in at[:3]]
    return ", ".join(rows) + (f" and {len(at) - 3} more" if len(at) > 3 else "")
