"""The schema: every check that it declares decides on its own finding."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from bill_sheets import TAX, VENDOR, bill, book, csv_file, grid, line, mapped, template

from importer.mapping.evaluate import PROBLEMS
from importer.mapping.map_tables import MappedTables
from importer.mapping.template_loader import find_template
from importer.model.bills import TargetStatus
from importer.model.fields import BILLS, FIELDS, LINE_ITEMS, field_of
from importer.model.finding_catalogue import CATALOGUE
from importer.model.tables import CellKind
from importer.validation.column_evidence import weigh
from importer.validation.column_formats import decide_format
from importer.validation.schema import (
    CELL_CHECKS,
    CHECKS_OF_EVERY_KIND,
    ROW_RULES,
    cell_schema,
    checks_of,
    failures,
    named_check,
)
from importer.validation.sheet_column import SheetColumn, code_of
from importer.validation.validate import check

LIGHT = find_template("light").path.read_text(encoding="utf-8")
DECIMAL = LIGHT.replace("amounts: cents", "amounts: decimal\n  numbers: point")
PRODUCT = """
template: mine
layout: flat
formats: {dates: [DD/MM/YYYY], amounts: decimal, numbers: point}
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {product: [Hours, Rate]}
"""


@dataclass(frozen=True)
class Case:
    """A cell or row that fails one check: ``excluded`` names the check, ``code`` its finding.

    ``facts`` are put on the column of the cell, as a workbook or an expression gives them.
    """

    excluded: str
    code: str
    bill: dict[str, Any] = field(default_factory=dict)
    line: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    template: str = LIGHT

    def sheets(self, folder: Path) -> MappedTables:
        if self.template is PRODUCT:
            row = {"Supplier": "A", "Number": "1", "Date": "31/01/2025", "Hours": "1", "Rate": "2"}
            of = mapped(
                [csv_file(folder / "l.csv", grid([row | self.line]))], template(folder, PRODUCT)
            )
        else:
            sheets = {"Bills": grid([bill(**self.bill)]), "Line items": grid([line(**self.line)])}
            of = mapped([book(folder / "b.xlsx", sheets)], template(folder, self.template))
        sheet, name = self.code.split(".")[0], self.excluded.rpartition(".")[0]
        for attribute, value in self.facts.items():
            dtype = {"kinds": np.uint8, "negative": bool, "marked": bool}.get(attribute, object)
            setattr(of.items(sheet).columns[name], attribute, np.asarray([value], dtype=dtype))
        return of


NUMBER = {"kinds": CellKind.NUMBER}
CELLS = [
    *(
        Case(f"issuedDate.{problem}", f"bills.expression.{problem}", facts={"problem": problem})
        for problem in PROBLEMS
    ),
    Case(
        "dueDate.calculated", "bills.dueDate.not_calculated", facts={"kinds": CellKind.UNCALCULATED}
    ),
    Case("vendorId.no_spreadsheet_error", "bills.vendorId.error_cell", {"vendorId": "#REF!"}),
    Case(
        "vendorId.no_spreadsheet_error",
        "bills.vendorId.error_cell",
        facts={"kinds": CellKind.ERROR},
    ),
    Case("vendorId.uuid", "bills.vendorId.not_uuid", {"vendorId": "V-17"}),
    Case("currency.iso_4217", "bills.currency.not_currency", {"currency": "GBR"}),
    Case("issuedDate.date", "bills.issuedDate.not_date", {"issuedDate": "2025-02-29"}),
    Case("paymentAt.date_time", "bills.paymentAt.not_date_time", {"paymentAt": "noon"}),
    Case(
        "lineItemsIncludeTax.yes_or_no",
        "bills.lineItemsIncludeTax.not_boolean",
        {"lineItemsIncludeTax": "perhaps"},
    ),
    Case(
        "localCurrencyFxRateOverride.exchange_rate",
        "bills.localCurrencyFxRateOverride.not_rate",
        {"localCurrencyFxRateOverride": "0"},
    ),
    Case(
        "lineNumber.whole_number", "line_items.lineNumber.not_integer", line={"lineNumber": "1.5"}
    ),
    Case("status.one_of", "bills.status.not_one_of", {"status": "gone"}),
    Case("vendor.max_length", "bills.vendor.too_long", {"vendor": "x" * 256}),
    Case("vendor.no_control_characters", "bills.vendor.control_characters", {"vendor": "A\nB"}),
    Case("description.max_length", "bills.description.too_long", {"description": "x" * 2001}),
    Case(
        "description.no_control_characters",
        "bills.description.control_characters",
        {"description": "A\x85B"},
    ),
    Case("invoiceNumber.not_mangled", "bills.invoiceNumber.mangled", {"invoiceNumber": "1E+15"}),
    Case(
        "invoiceNumber.not_mangled",
        "bills.invoiceNumber.mangled",
        {"invoiceNumber": "1.5"},
        facts=NUMBER,
    ),
    Case("invoiceNumber.max_length", "bills.invoiceNumber.too_long", {"invoiceNumber": "x" * 256}),
    Case(
        "invoiceNumber.no_control_characters",
        "bills.invoiceNumber.control_characters",
        {"invoiceNumber": "A\nB"},
    ),
    Case("amount.cents", "bills.amount.not_cents", {"amount": "120.00"}),
    Case(
        "amount.decimal_amount", "bills.amount.not_amount", {"amount": "12.345"}, template=DECIMAL
    ),
    Case("amount.int64", "bills.amount.out_of_range", {"amount": "9223372036854775808"}),
    Case(
        "amount.int64",
        "bills.amount.out_of_range",
        {"amount": "-9223372036854775808"},
        facts={"negative": True},
    ),
    Case("vendor.not_mangled", "bills.vendor.mangled", {"vendor": "2253.0"}),
    Case("vendor.no_destroyed_letters", "bills.vendor.destroyed_letters", {"vendor": "M\ufffdr"}),
    Case(
        "invoiceNumber.no_destroyed_letters",
        "bills.invoiceNumber.destroyed_letters",
        {"invoiceNumber": "A\ufffd1"},
    ),
    Case(
        "description.no_destroyed_letters",
        "bills.description.destroyed_letters",
        {"description": "M\ufffdr"},
    ),
    Case(
        "amount.shown_as_it_is",
        "bills.amount.shown_otherwise",
        facts={"format_marks": '0.00" Cr"', **NUMBER},
    ),
    Case("amount.no_percentage", "bills.amount.percentage", facts={"format_marks": "%", **NUMBER}),
    Case(
        "amount.no_money_format",
        "bills.amount.shown_as_money",
        facts={"format_marks": "£", **NUMBER},
    ),
    Case(
        "amount.currency_of_bill",
        "bills.amount.other_currency",
        {"amount": "€120"},
        template=DECIMAL,
    ),
    Case(
        "amount.currency_of_bill",
        "bills.amount.other_currency",
        {"amount": "120"},
        facts={"format_marks": "€", **NUMBER},
        template=DECIMAL,
    ),
    Case(
        "amount.one_sign",
        "bills.expression.signed_twice",
        {"amount": "-12000"},
        facts={"marked": True},
    ),
    Case(
        "netAmount*0.number",
        "line_items.factor.not_number",
        line={"Hours": "two"},
        template=PRODUCT,
    ),
    Case(
        "netAmount*0.shown_as_it_is",
        "line_items.factor.shown_otherwise",
        facts={"format_marks": "#,##0,", **NUMBER},
        template=PRODUCT,
    ),
    Case(
        "netAmount*1.currency_of_bill",
        "line_items.factor.other_currency",
        line={"Rate": "€2"},
        template=PRODUCT,
    ),
    Case(
        "netAmount*0.one_sign",
        "line_items.expression.signed_twice",
        line={"Hours": "-1"},
        facts={"marked": True},
        template=PRODUCT,
    ),
]
PAID = {"status": "paid", "paidFromBankAccountId": VENDOR, "paymentAt": "2025-03-02"}
PERIOD = {"amortizationStartDate": "2025-02-01", "amortizationEndDate": "2025-12-31"}
ROWS = [
    Case("vendorId.required", "bills.vendorId.required", {"vendorId": ""}),
    Case("issuedDate.required", "bills.issuedDate.required", {"issuedDate": ""}),
    Case("currency.required", "bills.currency.required", {"currency": ""}),
    Case("invoiceNumber.required", "bills.invoiceNumber.missing", {"invoiceNumber": ""}),
    Case(
        "dueDate.not_before_issued_date", "bills.dueDate.before_issued", {"dueDate": "2025-02-28"}
    ),
    Case(
        "processingMode.document_if_read",
        "bills.processingMode.no_document",
        {"processingMode": "AI_PARSE_AND_MERGE"},
    ),
    Case(
        "paidFromBankAccountId.required_if_paid",
        "bills.paidFromBankAccountId.required",
        PAID | {"paidFromBankAccountId": ""},
    ),
    Case(
        "paidFromBankAccountId.only_if_paid",
        "bills.paidFromBankAccountId.not_used",
        PAID | {"status": "posted"},
    ),
    Case("paymentAt.required_if_paid", "bills.paymentAt.required", PAID | {"paymentAt": ""}),
    Case(
        "paymentAt.not_in_future", "bills.paymentAt.in_future", PAID | {"paymentAt": "2098-01-01"}
    ),
    Case("amount.required", "bills.amount.required", {"amount": ""}),
    Case("amount.not_zero", "bills.amount.zero", {"amount": "0"}),
    Case("amount.not_zero", "bills.amount.zero", line={"Rate": "0"}, template=PRODUCT),
    Case("amount.not_negative", "bills.amount.negative", {"amount": "-1"}),
    Case(
        "currency.two_decimals",
        "bills.currency.not_in_cents",
        {"currency": "KWD"},
        template=DECIMAL,
    ),
    Case(
        "amount.required_if_gross",
        "line_items.amount.required",
        {"lineItemsIncludeTax": "TRUE"},
        {"amount": ""},
    ),
    Case("netAmount.required_if_net", "line_items.netAmount.required", line={"netAmount": ""}),
    Case("amount.net_plus_tax", "line_items.amount.not_net_plus_tax", line={"amount": "12001"}),
    Case("taxAmount.sign_of_amount", "line_items.taxAmount.sign", line={"taxAmount": "-2000"}),
    Case(
        "taxAmount.at_most_amount",
        "line_items.taxAmount.above_amount",
        {"amount": "12000"},
        {"netAmount": "2000", "taxAmount": "10000"},
    ),
    Case(
        "taxAmount.zero_without_tax_code",
        "line_items.taxAmount.without_code",
        line={"taxCodeId": ""},
    ),
    Case(
        "taxAmount.given_with_tax_code",
        "line_items.taxAmount.worked_out_by_light",
        line={"taxAmount": ""},
    ),
    Case(
        "issuedDate.not_years_ahead",
        "bills.issuedDate.in_future",
        bill={"issuedDate": "2079-03-01", "dueDate": "2079-03-31"},
    ),
    Case("dueDate.not_years_ahead", "bills.dueDate.years_ahead", bill={"dueDate": "2026-03-03"}),
    Case(
        "amortizationStartDate.both_dates_or_none",
        "line_items.amortizationStartDate.incomplete",
        line=PERIOD | {"amortizationEndDate": ""},
    ),
    Case(
        "amortizationEndDate.not_before_start",
        "line_items.amortizationEndDate.before_start",
        line=PERIOD | {"amortizationEndDate": "2025-01-31"},
    ),
    Case(
        "shouldAmortize.dates_or_template_if_amortized",
        "line_items.shouldAmortize.incomplete",
        line={"shouldAmortize": "TRUE"},
    ),
    Case(
        "shouldAmortize.neither_if_not_amortized",
        "line_items.shouldAmortize.contradicted",
        line=PERIOD | {"shouldAmortize": "FALSE"},
    ),
]


@pytest.mark.parametrize("case", [*CELLS, *ROWS], ids=lambda case: case.excluded)
def test_each_check_decides_its_finding(tmp_path: Path, case: Case) -> None:
    assert case.code in check(case.sheets(tmp_path)).findings.codes()
    without = check(case.sheets(tmp_path), TargetStatus.DRAFT, {case.excluded})
    assert case.code not in without.findings.codes()


def test_every_check_has_a_case() -> None:
    tried = set()
    for case in CELLS:
        name, _, check_name = case.excluded.rpartition(".")
        tried.add((field_of(case.code.split(".")[0], name).kind, check_name))
    declared = {(kind, check.name) for kind, checks in CELL_CHECKS.items() for check in checks}
    assert declared <= tried
    assert {check.name for check in CHECKS_OF_EVERY_KIND} <= {name for _, name in tried}
    rules = {f"{rule.field}.{rule.check.name}" for rules in ROW_RULES.values() for rule in rules}
    assert rules == {case.excluded for case in ROWS}


@pytest.mark.parametrize("case", [c for c in CELLS if not c.facts], ids=lambda case: case.excluded)
def test_cell_check_reads_the_series_of_the_frame(tmp_path: Path, case: Case) -> None:
    """The column was prepared from a good cell; the bad one is in the frame alone."""
    name, _, check_name = case.excluded.rpartition(".")
    sheet = case.code.split(".")[0]
    bad = case.sheets(tmp_path).items(sheet).columns[name].array
    good = replace(case, bill={name: ""}, line={}).sheets(tmp_path)
    if name not in good.items(sheet).columns:
        good = replace(case, line={name: ""}).sheets(tmp_path)
    column = SheetColumn(
        good, sheet, name, np.array([100]), lambda at: ["GBP"] * len(at), weigh(good)
    )
    assert not decide_format(column)
    schema, failed = cell_schema(sheet, {name: column}), []
    for texts in (column.texts, bad):
        failed.append(failures(schema, pd.DataFrame({name: pd.arrays.ArrowExtensionArray(texts)})))
    assert (name, check_name) not in failed[0]
    assert (name, check_name) in failed[1]


def test_every_check_has_an_entry_in_the_catalogue() -> None:
    for sheet in (BILLS, LINE_ITEMS):
        for name in FIELDS[sheet]:
            codes = {code_of(sheet, name, check.problem) for check in checks_of(sheet, name)}
            assert codes <= set(CATALOGUE)


def test_environment_cannot_disable_the_checks(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "bills.csv", grid([bill(vendorId="V-17")]))
    lines = csv_file(tmp_path / "lines.csv", grid([line(taxCodeId=TAX)]))
    program = [sys.executable, "-m", "importer", "validate", str(path), str(lines)]
    variables = {"PANDERA_VALIDATION_ENABLED": "False", "PANDERA_VALIDATION_DEPTH": "SCHEMA_ONLY"}
    run = subprocess.run(program, env=os.environ | variables, capture_output=True, text=True)
    assert run.returncode == 1
    assert "V-17" in run.stdout + run.stderr


def test_hypothesis_is_not_imported_but_can_be() -> None:
    program = (
        "import sys, importer.validation.schema as schema\n"
        "assert 'hypothesis' not in sys.modules\n"
        "import hypothesis"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_exception_of_a_check_is_raised() -> None:
    def fail(_: pd.Series) -> np.ndarray:
        raise MemoryError

    schema = pa.DataFrameSchema({"amount": pa.Column(checks=[named_check("cents", fail)])})
    with pytest.raises(MemoryError):
        failures(schema, pd.DataFrame({"amount": [1]}))
