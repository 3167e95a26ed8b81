"""Cells and rows checked by the schema: the values of both sheets, and the findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import CellRef, Finding
from importer.validation.column import ParsedColumn, ParsedTable
from importer.validation.column_evidence import weigh
from importer.validation.column_formats import decide_format
from importer.validation.finding_batch import FindingBatch, cell_findings
from importer.validation.products import multiply
from importer.validation.row_rules import Rows
from importer.validation.schema import RowRule, cell_schema, checks_of, failures, row_schema
from importer.validation.sheet_column import SheetColumn, code_of


@dataclass
class CheckedCells:
    """Bills and line items read, with the findings of whole columns and of single cells."""

    bills: ParsedTable
    lines: ParsedTable
    of_columns: list[Finding] = field(default_factory=list)
    of_cells: dict[str, list[FindingBatch]] = field(default_factory=dict)  # by sheet


def check_cells(
    mapped: MappedTables, line_bill: np.ndarray, exclude: Collection[str] = ()
) -> CheckedCells:
    """The values of both sheets. ``exclude`` are checks to leave out, as ``dueDate.date``."""
    units, line_units = _hundreds(len(mapped.bills)), _hundreds(len(mapped.lines))
    out = CheckedCells(
        ParsedTable(len(mapped.bills), units), ParsedTable(len(mapped.lines), line_units)
    )
    currency: ParsedColumn | None = None
    evidence = weigh(mapped)

    def currencies_of(sheet: str, at: np.ndarray) -> list[str | None]:
        """The currencies of the bills of some items, None where not known."""
        if currency is None:
            return [None] * len(at)
        bills = at if sheet == BILLS else line_bill[at]
        return [None if bill < 0 else currency.at(bill) for bill in bills.tolist()]

    def check(
        sheet: str, names: Iterable[str], table: ParsedTable
    ) -> dict[str, list[FindingBatch]]:
        columns = {}
        for name in names:
            currencies = partial(currencies_of, sheet)
            column = SheetColumn(mapped, sheet, name, table.units, currencies, evidence)
            out.of_columns += decide_format(column)
            columns[name] = column
        parsed, batches = _check_columns(sheet, columns, exclude)
        table.columns |= parsed
        return batches

    batches = {}
    names = list(mapped.bills.columns)
    if "currency" in names:  # the other amounts depend on it
        batches = check(BILLS, ["currency"], out.bills)
        currency = out.bills["currency"]
        out.bills.units = units = _units_of(mapped, currency)
        if (units != 100).any():
            out.lines.units = np.append(units, 100)[line_bill]  # -1: of no bill
    batches |= check(BILLS, [name for name in names if name != "currency"], out.bills)
    out.bills.columns = {name: out.bills.columns[name] for name in names}
    out.of_cells[BILLS] = [batch for name in names for batch in batches[name]]
    batches = check(LINE_ITEMS, mapped.lines.columns, out.lines)
    out.of_cells[LINE_ITEMS] = [batch for of_column in batches.values() for batch in of_column]
    in_cents = mapped.template.formats.amounts == "cents"
    product_units = np.ones_like(out.lines.units) if in_cents else out.lines.units
    out.of_columns += multiply(mapped, out.lines, product_units)
    return _each_cell_once(out)


def _each_cell_once(cells: CheckedCells) -> CheckedCells:
    """Without the problems of bills that their line items have in the same cell: a flat layout may
    read both from one column."""
    of_lines = cells.of_cells[LINE_ITEMS]
    columns = {_problem_at(f) for f in cells.of_columns if f.lines}
    cells.of_columns = [f for f in cells.of_columns if f.lines or _problem_at(f) not in columns]
    of_bills = []
    for batch in cells.of_cells[BILLS]:
        problem = batch.code.rpartition(".")[2]
        same = [each for each in of_lines if each.code.rpartition(".")[2] == problem]
        for each in same:
            batch = batch.subset(~_places(batch).isin(_places(each)))
        of_bills.append(batch)
    cells.of_cells[BILLS] = of_bills
    return cells


def _problem_at(finding: Finding) -> tuple[CellRef, str]:
    return finding.cell, finding.message


def _places(batch: FindingBatch) -> pd.MultiIndex:
    places = batch.places
    return pd.MultiIndex.from_arrays([places.table, places.row, places.column])


def _hundreds(size: int) -> np.ndarray:
    """That many times 100, of no memory."""
    return np.broadcast_to(np.int64(100), size)


def _units_of(mapped: MappedTables, currency: ParsedColumn) -> np.ndarray:
    """Cents per unit of each bill's currency, 100 unless the template says otherwise."""
    stated = mapped.template.formats.cents_per_unit
    return currency.map_distinct(lambda code: stated.get(code, 100) if code else 100, np.int64)


def _check_columns(
    sheet: str, columns: Mapping[str, SheetColumn], exclude: Collection[str]
) -> tuple[dict[str, ParsedColumn], dict[str, list[FindingBatch]]]:
    """(the values of each column, their invalid cells marked; its findings)."""
    texts = {name: pd.arrays.ArrowExtensionArray(column.texts) for name, column in columns.items()}
    frame = pd.DataFrame(texts, copy=False)
    failed = failures(cell_schema(sheet, columns, exclude), frame) if len(frame) else {}
    parsed = {name: column.cells_of(frame[name]).parsed for name, column in columns.items()}
    return parsed, {name: _settle(column, parsed[name], failed) for name, column in columns.items()}


def _settle(
    column: SheetColumn, parsed: ParsedColumn, failed: Mapping[tuple[str, str], np.ndarray]
) -> list[FindingBatch]:
    """Of each cell the first check that it fails is its finding, and its problem."""
    canonical = column.canonical
    settled = np.zeros(parsed.size, dtype=bool)
    for at, problem in column.undecided:
        settled[at] = True
        parsed.mark_invalid(at, problem)
    determining = (column.formats, canonical.note, canonical.format_marks)
    constant_by = tuple(each for each in determining if each is not None)
    out = []
    for check in checks_of(column.sheet, column.name):
        failing = failed.get((column.name, check.name))
        if failing is not None:
            at = failing[~settled[failing]]
            settled[at] = True
            parsed.mark_invalid(at, check.problem)
            sheet, name, args = column.sheet, column.name, partial(check.args, column)
            code = code_of(sheet, name, check.problem)
            out.append(cell_findings(column.mapped, sheet, name, code, at, None, args, constant_by))
    if canonical.negative is not None:
        parsed.negate(canonical.negative)
    return out


def check_rows(
    rows: Rows, rules: Iterable[RowRule], exclude: Collection[str] = ()
) -> list[tuple[RowRule, np.ndarray]]:
    """The rules that some rows break, with these rows."""
    rules = list(rules)
    if not rows.table.size:
        return []
    frame = pd.DataFrame({rule.column: rule.value(rows) for rule in rules}, copy=False)
    failed = failures(row_schema(rules, exclude), frame)
    names = ((rule.column, rule.check.name) for rule in rules)
    return [(rule, failed[name]) for rule, name in zip(rules, names, strict=True) if name in failed]


def row_findings(rows: Rows, broken: Iterable[tuple[RowRule, np.ndarray]]) -> list[FindingBatch]:
    """The findings of broken rules, each in the cell of its rule's field."""
    columns, out = rows.mapped.items(rows.sheet).columns, []
    for rule, at in broken:
        shown_at = rule.field
        if rule.code == "bills.vendorId.required" and "vendor" in columns:
            shown_at = "vendor"
        out.append(
            cell_findings(
                rows.mapped,
                rows.sheet,
                shown_at,
                rule.code,
                at,
                value=None if shown_at in columns else partial(_sum_of_lines, rows, shown_at),
                template_args=None if rule.args is None else partial(rule.args, rows),
                constant_by=() if rule.same_args else None,
            )
        )
    return out


def _sum_of_lines(rows: Rows, name: str, i: int) -> str:
    """An amount that no cell has."""
    cents = rows.table[name].at(i)
    return rows.money(i, cents) if isinstance(cents, int) else ""
