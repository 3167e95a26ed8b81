"""Amounts that are a quantity times a price, in whole cents as the template rounds them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from importer.core.money import UnreadableAmount, products_cents
from importer.mapping.expressions import Expression
from importer.mapping.map_tables import MappedTables
from importer.model.fields import LINE_ITEMS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.column import ParsedColumn, ParsedTable
from importer.validation.finding_batch import FindingBatch, cell_findings


def multiply(mapped: MappedTables, lines: ParsedTable, units: np.ndarray) -> list[Finding]:
    """Work out the columns of ``lines`` that are a product of two others; findings of rounded ones.

    ``units`` are the cents per unit of what the product is in; 1 where prices are in cents.
    """
    findings: list[Finding] = []
    for name, expression in mapped.template.line_items.items():
        if expression.product:
            left, right = lines[f"{name}*0"], lines[f"{name}*1"]
            if expression.percent_off:
                left = _discounted(left, lines[f"{name}*2"])
            of_extra_lines = lines.columns.get(name)
            lines.columns[name], rounded = _product(left, right, units, expression)
            if of_extra_lines is not None:
                lines.columns[name] = _with_amounts(lines.columns[name], of_extra_lines)
            for table in np.unique(mapped.lines.table[rounded]).tolist():
                of_table = np.flatnonzero(rounded & (mapped.lines.table == table))
                findings.append(_rounded(mapped, lines, name, of_table, expression))
    return findings


def _with_amounts(products: ParsedColumn, amounts: ParsedColumn) -> ParsedColumn:
    """The products, and where their factors are blank the amounts of the template's extra lines."""
    at = np.flatnonzero(amounts.ok & products.blank)
    out = products.filled(at, amounts.cents().cents[at])
    out.mark_invalid(np.flatnonzero(amounts.faulty & products.blank), "factor")
    return out


def _outside(percent: ParsedColumn) -> np.ndarray:
    """Which discounts are no percentage from 0 to 100."""
    if percent.blank.all():
        return np.zeros(percent.size, dtype=bool)
    return percent.map_distinct(lambda value: value is not None and not 0 <= value <= 100, bool)


def _discounted(factor: ParsedColumn, percent: ParsedColumn) -> ParsedColumn:
    """The factor less a discount in percent; a blank one is none."""
    if percent.blank.all():
        return factor
    (factors, of_factor), (percents, of_percent) = factor.dictionary(), percent.dictionary()
    given = np.where(percent.ok, of_percent, -1) + 1
    code, pairs = pd.factorize(of_factor.astype(np.int64) * (len(percents) + 1) + given)
    left = np.empty(len(pairs), dtype=object)
    for i, pair in enumerate(pairs.tolist()):
        value, off = factors[pair // (len(percents) + 1)], pair % (len(percents) + 1)
        left[i] = value
        if value is not None and off:
            left[i] = value * (100 - percents[off - 1]) / 100
    out = ParsedColumn(factor.size, factor.blank, dictionary=(left, code))
    out.mark_invalid(np.flatnonzero(factor.faulty | percent.faulty | _outside(percent)), "factor")
    return out


def _product(
    left: ParsedColumn, right: ParsedColumn, units: np.ndarray, expression: Expression
) -> tuple[ParsedColumn, np.ndarray]:
    """(the amounts, which of them were rounded); each two different factors multiplied once."""
    both = np.flatnonzero(left.ok & right.ok)
    (lefts, of_left), (rights, of_right) = left.dictionary(), right.dictionary()
    of_unit, different_units = pd.factorize(units[both])
    pair = of_left[both].astype(np.int64) * len(rights) + of_right[both]
    code, keys = pd.factorize(pair * len(different_units) + of_unit)
    pairs, unit = np.divmod(keys, max(len(different_units), 1))
    factors = zip(
        lefts[pairs // len(rights)],
        rights[pairs % len(rights)],
        different_units[unit].tolist(),
        strict=True,
    )
    products = products_cents(factors, expression.round)
    exact = np.asarray([exact for _, exact in products], dtype=bool)[code]
    fits = np.asarray(
        [not isinstance(cents, UnreadableAmount) for cents, _ in products], dtype=bool
    )[code]
    cents = [0 if isinstance(cents, UnreadableAmount) else cents for cents, _ in products]
    numbers = np.zeros(left.size, dtype=np.int64)
    numbers[both] = np.asarray(cents, dtype=np.int64)[code]
    out = ParsedColumn(left.size, left.blank & right.blank, numbers=numbers)
    too_precise = ~exact & (expression.round is None)
    out.mark_invalid(both[too_precise], "too_precise")
    out.mark_invalid(both[~fits & ~too_precise], "out_of_range")
    # the factor has its own finding; a blank factor is one of product_findings
    bad = ~out.blank & ~(left.ok & right.ok)
    half = bad & (left.blank | right.blank)
    out.mark_invalid(np.flatnonzero(bad & ~half), "factor")
    out.mark_invalid(np.flatnonzero(half), "factor_blank")
    rounded = np.zeros(left.size, dtype=bool)
    rounded[both[~exact & fits & ~too_precise]] = True
    return out, rounded


def _rounded(
    mapped: MappedTables, lines: ParsedTable, name: str, at: np.ndarray, expression: Expression
) -> Finding:
    """That products of one table were rounded, on the first of them."""
    first = int(at[0])
    words: dict[str, Any] = {
        "count": len(at),
        "left": lines[f"{name}*0"].at(first),
        "right": lines[f"{name}*1"].at(first),
        "money": lines.money(first, lines[name].at(first)),
        "how": str(expression.round).replace("_", " "),
    }
    cell = mapped.cell(LINE_ITEMS, f"{name}*1", first)
    text = mapped.lines.columns[f"{name}*1"].text_at(first)
    return finding("line_items.factor.rounded", cell, text, lines=tuple(at.tolist()), **words)


def product_findings(mapped: MappedTables, lines: ParsedTable) -> list[FindingBatch]:
    """Products of which only one factor is given, that are too large or not whole cents."""
    out = []
    for name, expression in mapped.template.line_items.items():
        if not expression.product:
            continue
        left, right = lines[f"{name}*0"], lines[f"{name}*1"]
        blank = lines[name].with_problem("factor_blank")
        if expression.percent_off:
            at, factor_name = np.flatnonzero(_outside(lines[f"{name}*2"])), f"{name}*2"
            code = "line_items.factor.not_percent"
            out.append(cell_findings(mapped, LINE_ITEMS, factor_name, code, at))
        names = " and ".join(factor[0] for factor in expression.product)
        for factor, which in ((0, left.blank), (1, ~left.blank)):
            at = np.flatnonzero(blank & which)
            out.append(
                cell_findings(
                    mapped,
                    LINE_ITEMS,
                    f"{name}*{factor}",
                    "line_items.factor.blank",
                    at,
                    value="",
                    template_args=partial(_factor_names, names),
                    constant_by=(),
                )
            )
        for ending, code in (("out_of_range", name), ("too_precise", "factor")):
            at = np.flatnonzero(lines[name].with_problem(ending))
            of_both = partial(_factors, left, right)
            code = f"line_items.{code}.{ending}"
            out.append(
                cell_findings(mapped, LINE_ITEMS, f"{name}*1", code, at, template_args=of_both)
            )
    return out


def _factor_names(names: str, _: int) -> dict[str, Any]:
    return {"names": names}


def _factors(left: ParsedColumn, right: ParsedColumn, i: int) -> dict[str, Any]:
    return {"left": left.at(i), "right": right.at(i)}
