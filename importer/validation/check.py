"""Canonical tables → findings, and the bills that may be sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from importer.amounts import INT64_MAX, INT64_MIN
from importer.canonical import BILLS, LINE_ITEMS
from importer.findings import finding
from importer.records import (
    Bill,
    CellRef,
    Document,
    Finding,
    Property,
    Severity,
    Unresolved,
    Wanted,
)
from importer.template.mapping import Mapped
from importer.validation import across
from importer.validation.bills import bills_of
from importer.validation.columns import parse_tables
from importer.validation.join import join
from importer.validation.parse import Parsed, ParsedTable
from importer.validation.row_rules import (
    PAYMENT_FIELDS,
    UNKNOWN,
    amount_rules,
    bill_rules,
    gross_of_lines,
    line_rules,
    truth,
)
from importer.validation.schema import check_sheet


@dataclass
class Checked:
    """What the validation knows. Amounts in cents; arrays are by bill, or by line where so named.

    ``controls`` are the control totals by currency. ``findings`` are in the order of the files.
    """

    mapped: Mapped
    bills: ParsedTable
    lines: ParsedTable
    line_bill: np.ndarray
    amounts: np.ndarray
    counts: np.ndarray
    include_tax: np.ndarray
    controls: dict[str, int]
    findings: list[Finding] = field(default_factory=list)
    properties: dict[tuple[str, str], dict[str, Property]] = field(default_factory=dict)
    """(sheet, field) → text → the custom property as Light wants it, once it is resolved."""
    looked_up: dict[tuple[str, str], str] = field(default_factory=dict)
    """(field, compared name) → the row of the lookup table that gave the id."""
    unresolved: list[Unresolved] = field(default_factory=list)
    wanted: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=object))
    documents: dict[int, Document] = field(default_factory=dict)  # by bill

    def blamed(self) -> np.ndarray:
        """Which bills are invalid: those that an error is about, themselves or by a line."""
        bad = np.zeros(self.bills.size, dtype=bool)
        for f in self.findings:
            if f.severity is Severity.ERROR:
                bad[list(f.bills)] = True
                of_lines = self.line_bill[list(f.lines)]
                bad[of_lines[of_lines >= 0]] = True
        return bad

    @property
    def clean(self) -> bool:
        return not any(f.severity is Severity.ERROR for f in self.findings)

    def valid_bills(self) -> Iterator[Bill]:
        """The bills without an error, with their lines in the sheet's order; see ``bills``."""
        yield from bills_of(self, np.flatnonzero(~self.blamed()))


def check(mapped: Mapped, then: Wanted = Wanted.DRAFT) -> Checked:
    """Every rule on every row; all findings at once.

    ``then`` is how far the bills go whose row does not say it.
    """
    line_bill, findings = join(mapped)
    bills, lines, of_columns = parse_tables(mapped, line_bill)
    flag = bills["lineItemsIncludeTax"]
    include_tax = np.where(flag.blank, False, flag.values)
    of_lines = np.full(lines.size, UNKNOWN, dtype=np.int8)
    joined = line_bill >= 0
    of_bills = np.where(flag.blank, False, truth(flag))
    of_lines[joined] = of_bills[line_bill[joined]]
    gross = gross_of_lines(lines, of_lines)
    gross_totals, counts = across.sums(*gross, line_bill, bills.size)

    expression = mapped.template.bills.get("amount")
    derived = np.zeros(bills.size, dtype=bool)  # bills whose amount is worked out from their lines
    if expression is not None and expression.summed:
        totals = gross_totals
        if expression.summed != "gross":
            name = "netAmount" if expression.summed == "net" else "taxAmount"
            totals, _ = across.sums(*lines[name].cents(), line_bill, bills.size)
        derived = bills["amount"].blank
        bills.columns["amount"] = _derived(bills["amount"], totals)
    amounts = bills["amount"].values

    findings = [*mapped.findings, *findings, *of_columns]
    wanted = np.asarray([Wanted(s) if s else then for s in bills["status"].values], dtype=object)
    rules = bill_rules(mapped, bills, derived, wanted, datetime.now(UTC))
    findings += check_sheet(mapped, mapped.bills, bills, rules)
    findings += check_sheet(mapped, mapped.lines, lines, line_rules(mapped, lines, of_lines))
    findings += _product_findings(mapped, lines)
    findings += _without_number_column(mapped)
    findings += _without_payment_columns(mapped, wanted)
    told = np.zeros(bills.size, dtype=bool)  # bills whose lines cannot be told from others'
    for f in findings:
        if f.code in ("bills.billRef.duplicate", "bills.billRef.required"):
            told[list(f.bills)] = True
    findings += across.sums_agree(mapped, bills, gross_totals, counts, told)
    findings += across.duplicates(mapped, bills)
    findings += across.without_lines(mapped, line_bill, told)
    findings = _first_causes(findings, bills, lines)
    controls, of_totals = across.control_totals(mapped, bills["currency"].values, amounts)
    findings += of_totals
    checked = Checked(
        mapped, bills, lines, line_bill, amounts, counts, include_tax, controls, findings
    )
    checked.wanted = wanted
    checked.findings += _derived_findings(checked, derived)
    checked.findings.sort(key=by_place)
    return checked


_LACKING = frozenset(
    f"bills.{name}"
    for name in (
        "vendorId.required",
        "issuedDate.required",
        "currency.required",
        "invoiceNumber.missing",
    )
)


def _first_causes(findings: list[Finding], bills: ParsedTable, lines: ParsedTable) -> list[Finding]:
    """Without what only follows from a reference or parameter that is not there or unreadable."""
    bad_bills = set(np.flatnonzero(bills["billRef"].faulty).tolist())
    bad_bills |= {b for f in findings if f.code == "bills.billRef.required" for b in f.bills}
    unset = {f.cell.table for f in findings if f.code == "sheet.parameter.missing"}
    bad_lines: set[int] = set()
    for name in ("billRef", "invoiceNumber"):
        bad_lines |= set(np.flatnonzero(lines[name].faulty).tolist())
    # A row that may be of another bill is told as that, not as a bill that lacks its cells.
    of_others = {
        (f.cell.table, f.cell.row)
        for f in findings
        if f.code == "sheet.row.goes_on_with_passed_over"
    }
    return [
        f
        for f in findings
        if not (f.code.endswith(".disagrees") and bills[f.code.split(".")[1]].problem[f.bills[0]])
        and not (f.code in _LACKING and (f.cell.table, f.cell.row) in of_others)
        and not (f.code == "line_items.billRef.orphan" and bad_lines.issuperset(f.lines))
        and not (f.code == "bills.lines.missing" and bad_bills.issuperset(f.bills))
        and not (f.code.endswith(".expression.not_year") and f.cell.table in unset and not f.value)
    ]


def by_place(f: Finding) -> tuple[int, int, int]:
    """The order in which findings are told: by file and sheet, row and column."""
    cell = f.cell
    first = 10**9
    return (
        -1 if cell.table is None else cell.table,
        -1 if cell.row is None else cell.row,
        first if cell.column_index is None else cell.column_index,
    )


def _derived(given: Parsed, totals: np.ndarray) -> Parsed:
    """Bill amounts, where blank worked out from the lines, None where a line's is not known."""
    values, problem, blank = given.values.copy(), given.problem.copy(), given.blank.copy()
    for i in np.flatnonzero(given.blank).tolist():
        if totals[i] is not None and not INT64_MIN <= totals[i] <= INT64_MAX:
            problem[i], blank[i] = "out_of_range", False
        else:
            values[i], blank[i] = totals[i], totals[i] is None
    out = Parsed(given.size, blank, values, problem=problem)
    out.rules = given.rules
    return out


def _product_findings(mapped: Mapped, lines: ParsedTable) -> list[Finding]:
    """Products of which only one factor is given, that are too large or not whole cents."""
    out = []
    for name, expression in mapped.template.line_items.items():
        if not expression.product:
            continue
        left, right = lines[f"{name}*0"], lines[f"{name}*1"]
        problem = lines[name].problem
        for i in np.flatnonzero(problem == "factor_blank").tolist():
            cell = mapped.cell(LINE_ITEMS, f"{name}*{0 if left.blank[i] else 1}", i)
            names = " and ".join(factor[0] for factor in expression.product)
            out.append(finding("line_items.factor.blank", cell, lines=(i,), names=names))
        for ending, code in (("out_of_range", name), ("too_precise", "factor")):
            for i in np.flatnonzero(problem == ending).tolist():
                cell = mapped.cell(LINE_ITEMS, f"{name}*1", i)
                text = mapped.lines.columns[f"{name}*1"].written(i)
                words = {"left": left.values[i], "right": right.values[i]}
                out.append(finding(f"line_items.{code}.{ending}", cell, text, lines=(i,), **words))
    return out


def _without_number_column(mapped: Mapped) -> list[Finding]:
    """Sheets without any invoice numbers: one warning a sheet, not one a bill."""
    out = []
    lacking = mapped.without_column(BILLS, "invoiceNumber")
    for table in np.unique(mapped.bills.table[lacking]).tolist():
        source = mapped.tables[table].source
        bills = tuple(np.flatnonzero(mapped.bills.table == table).tolist())
        cell = CellRef(source.file, source.sheet, None, None, table)
        out.append(finding("bills.invoiceNumber.missing", cell, bills=bills))
    return out


def _without_payment_columns(mapped: Mapped, wanted: np.ndarray) -> list[Finding]:
    """Sheets of bills to be marked as paid without the column for it: one finding a sheet."""
    out = []
    paid = np.asarray([w is Wanted.PAID for w in wanted], dtype=bool)
    for name in PAYMENT_FIELDS:
        lacking = paid & mapped.without_column(BILLS, name)
        for table in np.unique(mapped.bills.table[lacking]).tolist():
            source = mapped.tables[table].source
            bills = tuple(np.flatnonzero(lacking & (mapped.bills.table == table)).tolist())
            cell = CellRef(source.file, source.sheet, None, None, table)
            out.append(finding(f"bills.{name}.required", cell, bills=bills))
    return out


def _derived_findings(checked: Checked, derived: np.ndarray) -> list[Finding]:
    """Bills whose worked-out amount is nothing, negative, too large or cannot be known."""
    out = []
    mapped, amount = checked.mapped, checked.bills["amount"]
    for rule in amount_rules(amount, checked.bills.units, derived):
        for i in np.flatnonzero(~rule.ok):
            cell = _derived_cell(mapped, int(i))
            value = checked.bills.money(int(i), amount.at(int(i)))
            out.append(finding(rule.code, cell, value, bills=(int(i),), **rule.words(int(i))))
    for i in np.flatnonzero(amount.faulty & derived):
        cell = _derived_cell(mapped, int(i))
        out.append(finding("bills.amount.out_of_range", cell, "the sum", bills=(int(i),)))
    # where a line is told to be wrong, its bill's sum is not known for that reason
    for i in np.flatnonzero(amount.blank & derived & (checked.counts > 0) & ~checked.blamed()):
        cell = _derived_cell(mapped, int(i))
        out.append(finding("bills.amount.lines_unknown", cell, bills=(int(i),)))
    return out


def _derived_cell(mapped: Mapped, bill: int) -> CellRef:
    """The amount cell of a bill's first line: the sum has no cell of its own."""
    row = int(mapped.bills.row[bill])
    cell = mapped.cell(BILLS, "amount", bill)
    for name in ("amount", "netAmount"):
        column = mapped.lines.columns.get(name)
        if column is not None and cell.table in column.source:
            index, header = column.source[cell.table]
            return replace(cell, row=row, column=header, column_index=index)
    return cell
