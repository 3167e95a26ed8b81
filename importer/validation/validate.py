"""Canonical tables → findings, and the bills that may be sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import numpy as np

from importer.core.money import INT64_MAX, INT64_MIN
from importer.core.progress import expect, step
from importer.mapping.map_tables import MappedTables
from importer.model.bills import TargetStatus
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.report_model import LeftOut
from importer.validation import cross_row_rules
from importer.validation.cents_array import CentsArray, sums
from importer.validation.check_tables import check_cells, check_rows, row_findings
from importer.validation.checked_bills import Checked
from importer.validation.column import ParsedColumn, ParsedSheets, ParsedTable
from importer.validation.compare_open import compare_open
from importer.validation.compare_stated import compare_line_totals, compare_stated
from importer.validation.credit_notes import (
    credit_notes_of,
    note_findings,
    note_targets,
    turn_amounts,
)
from importer.validation.date_like_numbers import date_like_numbers
from importer.validation.date_outliers import date_outliers
from importer.validation.duplicate_bills import duplicates
from importer.validation.finding_batch import (
    FindingBatch,
    Findings,
    Places,
    TemplateArgs,
    Value,
    no_args,
    places,
)
from importer.validation.header_rules import header_findings
from importer.validation.incomplete_drafts import incomplete_drafts
from importer.validation.join_lines import join
from importer.validation.left_out import left_out
from importer.validation.line_counters import line_gaps
from importer.validation.local_amounts import local_amounts
from importer.validation.misfit_columns import MISFITS, misfit_columns
from importer.validation.products import product_findings
from importer.validation.row_rules import PAYMENT_FIELDS, UNKNOWN, Rows, gross_of_lines, truth
from importer.validation.says_no_bill import saying_no_bill
from importer.validation.schema import AMOUNT_RULES, ROW_RULES
from importer.validation.slipped_columns import slipped_columns
from importer.validation.sorted_columns import sorted_columns
from importer.validation.swapped_cells import swapped_cells
from importer.validation.tax_rates import tax_rates
from importer.validation.template_rules import template_rules
from importer.validation.torn_bills import torn_bills
from importer.validation.torn_numbers import torn_numbers
from importer.validation.unread_rules import unread_findings


def check(
    mapped: MappedTables,
    then: TargetStatus = TargetStatus.DRAFT,
    exclude: Collection[str] = (),
    *,
    incomplete: bool = False,
) -> Checked:
    """Every rule on every row; all findings at once.

    ``then`` is how far the bills go whose row does not say it. ``exclude`` are checks of the schema
    to leave out, as ``dueDate.date``. ``incomplete``: bills without issue date or lines are drafts.
    """
    expect(5)
    line_bill, of_joining = join(mapped)
    step()
    cells = check_cells(mapped, line_bill, exclude)
    step()
    bills, lines = cells.bills, cells.lines
    sheets = ParsedSheets(mapped, bills, lines, line_bill)
    flag = bills["lineItemsIncludeTax"]
    include_tax = truth(flag) == 1
    of_lines = np.full(lines.size, UNKNOWN, dtype=np.int8)
    joined = line_bill >= 0
    of_bills = np.where(flag.blank, False, truth(flag))
    of_lines[joined] = of_bills[line_bill[joined]]
    of_gross = gross_of_lines(lines, of_lines)
    gross_totals, counts = sums(of_gross, line_bill, bills.size)

    expression = mapped.template.bills.get("amount")
    is_sum = np.zeros(bills.size, dtype=bool)  # bills whose amount is worked out from their lines
    if expression is not None and expression.summed:
        totals = gross_totals
        if expression.summed != "gross":
            name = "netAmount" if expression.summed == "net" else "taxAmount"
            totals, _ = sums(lines[name].cents(), line_bill, bills.size)
        is_sum = bills["amount"].blank
        bills.columns["amount"] = _sum_of_lines(bills["amount"], totals)
    amounts = bills["amount"].cents()

    notes = credit_notes_of(mapped, amounts)
    target = bills["status"].map_distinct(lambda s: TargetStatus(s) if s else then, object)
    target = note_targets(target, notes)
    drafts = incomplete_drafts(bills, counts, notes.mask, allowed=incomplete)
    wanted = drafts.hold(target)
    now = datetime.now(UTC)
    cancelled_out = np.zeros(bills.size, dtype=bool)
    if mapped.template.zero_bills == "load":
        cancelled_out[line_bill[joined & (of_gross.cents != 0)]] = True
        cancelled_out &= gross_totals.valid & (gross_totals.cents == 0) & ~notes.mask
    bill_rows = Rows(
        mapped, BILLS, bills, target, is_sum, notes.mask, cancelled_out=cancelled_out, now=now
    )
    line_rows = Rows(mapped, LINE_ITEMS, lines, include_tax=of_lines)
    slipped = list(slipped_columns(sheets))
    slips = {(f.code, f.cell.table) for f in slipped}  # by other columns mapping found it, too
    of_mapping = [f for f in mapped.findings if (f.code, f.cell.table) not in slips]
    findings = Findings([*of_mapping, *of_joining, *cells.of_columns])
    for rows in (bill_rows, line_rows):
        rules = (*ROW_RULES[rows.sheet], *template_rules(rows))
        findings += cells.of_cells[rows.sheet]
        findings += row_findings(rows, check_rows(rows, rules, exclude))
        step()
    findings += product_findings(mapped, lines)
    findings += _without_columns(mapped, target)
    findings += cross_row_rules.placeholder_numbers(mapped)
    ambiguous = np.zeros(bills.size, dtype=bool)  # bills that share a reference, or have none
    ambiguous[findings.items_of("bills.billRef.duplicate", "bills.billRef.required")[0]] = True
    findings += cross_row_rules.sums_agree(sheets, amounts, gross_totals, counts, ambiguous)
    coded = ~(lines["taxCode"].blank & lines["taxCodeId"].blank) & lines["taxAmount"].blank
    findings += cross_row_rules.tax_is_possible(sheets, amounts, of_gross, coded)
    findings += duplicates(mapped, bills, notes.mask)
    near = findings.items_of("bills.invoiceNumber.near_duplicate")[0]
    findings += torn_numbers(sheets, near)
    findings += date_like_numbers(mapped, bills)
    findings += line_gaps(sheets)
    findings += swapped_cells(sheets)
    findings += slipped
    findings += sorted_columns(sheets)
    reported = {
        f.cell.table for f in findings.parts if isinstance(f, Finding) and f.code in MISFITS
    }
    findings += misfit_columns(sheets, reported)
    findings += date_outliers(mapped, bills)
    findings += tax_rates(mapped, lines, of_lines)
    asked = np.zeros(bills.size, dtype=bool)  # bills with a row that may be a total
    totals_in = line_bill[findings.items_of("sheet.row.total")[1]]
    asked[totals_in[totals_in >= 0]] = True
    findings += saying_no_bill(sheets, asked | notes.mask)
    findings += note_findings(mapped, bills, amounts, notes, target)
    findings += cross_row_rules.without_lines(mapped, line_bill, ambiguous)
    findings += [cross_row_rules.posted_without_account(sheets, target)]
    step()
    unread = list(unread_findings(sheets, is_sum, include_tax))
    findings += unread
    of_tax = any(f.code == "sheet.column.unread_tax" for f in unread)
    findings += [
        f
        for f in header_findings(sheets, include_tax)
        if not (of_tax and f.code == "sheet.column.other_basis")
    ]
    # A row that lacks an unread amount differs from what it states for that reason.
    lacking = {i for f in unread if f.code in _UNREAD_MONEY for i in f.lines}
    lacking |= set(findings.items_of("sheet.row.shifted")[1].tolist())
    untaxed = is_sum & ~include_tax
    untaxed[line_bill[joined & coded]] = False  # Light works the tax out
    gross = gross_of_lines(lines, of_lines)
    differing = compare_stated(sheets, gross, untaxed)
    findings += [f for f in differing if not f.lines or not lacking.issuperset(f.lines)]
    findings += compare_line_totals(sheets, amounts, gross)
    findings += compare_open(sheets, amounts, gross)
    findings += local_amounts(sheets, amounts, gross)
    findings = drafts.excused(_first_causes(findings, bills, lines), mapped.template)
    findings += drafts.findings(mapped, wanted)
    documents = _left_out(mapped, then)
    turn_amounts(sheets, notes)
    agreeing = amounts.valid & gross_totals.valid & (gross_totals.cents == amounts.cents)
    amounts = bills["amount"].cents()
    controls, of_totals = cross_row_rules.control_totals(
        mapped, bills["currency"], amounts, notes.mask, documents
    )
    findings += of_totals
    if mapped.repeated and not cross_row_rules.meets_expectations(
        mapped, bills["currency"], amounts, of_totals
    ):
        findings += cross_row_rules.repeated_lines(mapped, line_bill, agreeing & ~is_sum)
    checked = Checked(
        mapped, bills, lines, line_bill, amounts, counts, include_tax, controls, findings, target
    )
    checked.credit_notes, checked.left_out = notes.mask, documents
    checked.add_findings(_sum_findings(checked, bill_rows, exclude))
    checked.add_findings([*torn_bills(mapped, checked.findings, line_bill)])
    return checked


def _left_out(mapped: MappedTables, then: TargetStatus) -> tuple[LeftOut, ...]:
    """What is left out by type or state. Nothing of it is sent, so that only its amounts matter and
    its findings are dropped."""
    if mapped.left_out is None:
        return ()
    of = check(mapped.left_out.mapped, then)
    return left_out(mapped.left_out, of.bills["currency"], of.amounts, of.counts, of.bills.units)


_UNREAD_MONEY = ("sheet.column.unread_money", "sheet.column.unread_deduction")
_OF_OTHERS = frozenset(
    f"sheet.row.{ending}"
    for ending in ("goes_on_with_passed_over", "total", "no_bill", "no_vendor")
)
_AMOUNTS_REQUIRED = ("line_items.amount.required", "line_items.netAmount.required")
_LACKING = frozenset(
    f"bills.{name}"
    for name in (
        "vendorId.required",
        "issuedDate.required",
        "currency.required",
        "invoiceNumber.missing",
    )
)


def _first_causes(findings: Findings, bills: ParsedTable, lines: ParsedTable) -> Findings:
    """Drop findings that only follow from a missing or unreadable reference or parameter."""
    bad_bills = bills["billRef"].faulty.copy()
    bad_bills[findings.items_of("bills.billRef.required")[0]] = True
    bad_lines = lines["billRef"].faulty | lines["invoiceNumber"].faulty
    unset = {
        p.cell.table
        for p in findings.parts
        if p.code == "sheet.parameter.missing" and isinstance(p, Finding)
    }
    # A row that may belong to another bill is not reported as a bill that lacks its cells.
    of_others = {
        (p.cell.table, p.cell.row)
        for p in findings.parts
        if p.code in _OF_OTHERS and isinstance(p, Finding)
    }

    stood_in = np.zeros(bills.size, dtype=bool)
    stood_in[findings.items_of("bills.invoiceNumber.placeholder")[0]] = True

    merged = {
        (p.cell.table, p.cell.row)
        for p in findings.parts
        if p.code == "sheet.cell.merged_amount" and isinstance(p, Finding)
    }

    def remaining(p: FindingBatch) -> np.ndarray:
        out = np.ones(len(p), dtype=bool)
        if p.code == "bills.invoiceNumber.missing":
            out &= ~stood_in[p.at]
        for codes, others in ((_LACKING, of_others), (_AMOUNTS_REQUIRED, merged)):
            if p.code in codes and others:
                rows = zip(p.places.table.tolist(), p.places.row.tolist(), strict=True)
                out &= np.asarray([place not in others for place in rows], dtype=bool)
        if p.code == "line_items.billRef.orphan":
            out &= ~bad_lines[p.at]
        if p.code == "bills.lines.missing":
            out &= ~bad_bills[p.at]
        if p.code.endswith(".expression.not_year") and unset:
            written = np.asarray([p.text(i) != "" for i in p.at.tolist()], dtype=bool)
            out &= written | [table not in unset for table in p.places.table.tolist()]
        return out

    def follows(f: Finding) -> bool:
        return f.code.endswith(".disagrees") and bool(
            bills[f.code.split(".")[1]].faulty[f.bills[0]]
        )

    return Findings(
        p.subset(remaining(p)) if isinstance(p, FindingBatch) else p
        for p in findings.parts
        if isinstance(p, FindingBatch) or not follows(p)
    )


def _sum_of_lines(given: ParsedColumn, totals: CentsArray) -> ParsedColumn:
    """Bill amounts, where blank worked out from the lines; left blank where a line's is unknown."""
    cents, valid = totals.cents, given.blank & totals.valid
    fits = np.asarray((cents >= INT64_MIN) & (cents <= INT64_MAX), dtype=bool)
    at = np.flatnonzero(valid & fits)
    out = given.filled(at, cents[at].astype(np.int64))
    out.mark_invalid(np.flatnonzero(valid & ~fits), "out_of_range")
    return out


def _without_columns(mapped: MappedTables, target: np.ndarray) -> list[Finding]:
    """Sheets without a column that their bills need: one finding a sheet, not one a bill, in the
    row of the first."""
    out, paid = [], target == TargetStatus.PAID
    codes = {"invoiceNumber": "missing"} | dict.fromkeys(PAYMENT_FIELDS, "required")
    for name, ending in codes.items():
        lacking = mapped.lacks_column(BILLS, name) & (paid | (name == "invoiceNumber"))
        for table in np.unique(mapped.bills.table[lacking]).tolist():
            of_table = mapped.bills.table == table
            bills = tuple(np.flatnonzero(lacking & of_table).tolist())
            cell = mapped.cell(BILLS, name, bills[0])  # its row, where it is not about all of them
            if len(bills) == of_table.sum():
                cell = replace(cell, row=None)
            out.append(finding(f"bills.{name}.{ending}", cell, bills=bills))
    return out


def _sum_findings(checked: Checked, rows: Rows, exclude: Collection[str]) -> list[FindingBatch]:
    """Bills whose worked-out amount is nothing, negative, too large or cannot be known."""
    mapped, amount, is_sum = checked.mapped, checked.bills["amount"], rows.is_sum

    def of_sum(
        code: str, at: np.ndarray, value: Value, template_args: TemplateArgs = no_args
    ) -> FindingBatch:
        """In the amount cell of a bill's first line: the sum has no cell."""
        where = _sum_places(mapped, at)
        cell = partial(_sum_cell, mapped)
        constant_by = None if callable(value) else ()
        return FindingBatch(code, BILLS, at, where, cell, value, template_args, constant_by)

    def money(i: int) -> str:
        return rows.money(i, amount.at(i))

    of_sums = replace(rows, is_sum=~is_sum)
    out = [
        of_sum(rule.code, at, money, no_args if rule.args is None else partial(rule.args, rows))
        for rule, at in check_rows(of_sums, AMOUNT_RULES, exclude)
    ]
    too_large = np.flatnonzero(amount.faulty & is_sum)
    out.append(of_sum("bills.amount.out_of_range", too_large, "the sum"))
    # where a line has an error, its bill's sum is not known for that reason
    invalid = checked.invalid_bills()
    unknown = np.flatnonzero(amount.blank & is_sum & (checked.counts > 0) & ~invalid)
    out.append(of_sum("bills.amount.lines_unknown", unknown, ""))
    return out


def _line_amount_column(mapped: MappedTables, table: int) -> tuple[int, str] | None:
    """(index, header) of the column of a table that the amounts of its lines come from."""
    columns = (mapped.lines.columns.get(name) for name in ("amount", "netAmount"))
    sources = (column.source.get(table) for column in columns if column is not None)
    return next((source for source in sources if source is not None), None)


def _sum_cell(mapped: MappedTables, bill: int) -> CellRef:
    cell = mapped.cell(BILLS, "amount", bill)
    source = _line_amount_column(mapped, int(mapped.bills.table[bill]))
    if source is None:
        return cell
    index, header = source
    return replace(cell, row=int(mapped.bills.row[bill]), column=header, column_index=index)


def _sum_places(mapped: MappedTables, at: np.ndarray) -> Places:
    out = places(mapped.bills, mapped.bills.columns.get("amount"), at)
    for table in np.unique(out.table).tolist():
        source = _line_amount_column(mapped, table)
        if source is not None:
            in_table = out.table == table
            out.row[in_table], out.column[in_table] = mapped.bills.row[at][in_table], source[0]
    return out
