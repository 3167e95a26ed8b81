"""One wrong cell, one finding, at its place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bill_sheets import (
    TAX,
    VENDOR,
    Row,
    bill,
    book,
    checked,
    codes,
    finding_cells,
    grid,
    line,
    two_csv_files,
    two_sheets,
    valid,
)
from conftest import in_turn

B, L = "bills", "line_items"
UPPER = "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"


def test_valid_bill_keeps_its_values(tmp_path: Path) -> None:
    of = two_sheets(
        tmp_path,
        [bill(amount=12000, issuedDate=date(2025, 3, 1), localCurrencyFxRateOverride=1 / 0.85,
              paymentAt="2025-04-01T10:00:00+02:00", description="Two\nlines", currency="gbp")],
        [line(netAmount=7000.0, taxAmount=1400), line(netAmount="3000", taxAmount="600")],
    )  # fmt: skip
    assert finding_cells(of) == []
    [sent] = of.valid_bills()
    assert (sent.row, sent.amount, sent.currency, sent.include_tax) == (2, 12000, "GBP", False)
    assert (sent.issued_date, sent.due_date) == (date(2025, 3, 1), date(2025, 3, 31))
    assert sent.payment_at == datetime(2025, 4, 1, 8, tzinfo=UTC)
    assert round(sent.local_fx_rate or Decimal(0), 12) == Decimal("1.176470588235")
    assert sent.description == "Two\nlines"
    assert [(n.row, n.net_amount, n.tax_amount, n.tax_code_id) for n in sent.lines] == [
        (2, 7000, 1400, TAX),
        (3, 3000, 600, TAX),
    ]


FAULTS = [
    ({"vendorId": "V-17"}, {}, (f"{B}.vendorId.not_uuid", "vendorId")),
    ({"vendorId": VENDOR[:-1]}, {}, (f"{B}.vendorId.not_uuid", "vendorId")),
    ({"vendorId": ""}, {}, (f"{B}.vendorId.required", "vendorId")),
    ({"vendorId": "#REF!"}, {}, (f"{B}.vendorId.error_cell", "vendorId")),
    ({"invoiceNumber": "1.23E+15"}, {}, (f"{B}.invoiceNumber.mangled", "invoiceNumber")),
    ({"invoiceNumber": "x" * 256}, {}, (f"{B}.invoiceNumber.too_long", "invoiceNumber")),
    ({"invoiceNumber": "A\x85B"}, {},
     (f"{B}.invoiceNumber.control_characters", "invoiceNumber")),
    ({"invoiceNumber": "A\nB"}, {}, (f"{B}.invoiceNumber.control_characters", "invoiceNumber")),
    ({"invoiceNumber": ""}, {}, (f"{B}.invoiceNumber.missing", "invoiceNumber")),
    ({"issuedDate": ""}, {}, (f"{B}.issuedDate.required", "issuedDate")),
    ({"issuedDate": "2025-02-29"}, {}, (f"{B}.issuedDate.not_date", "issuedDate")),
    ({"dueDate": "2025-02-28"}, {}, (f"{B}.dueDate.before_issued", "dueDate")),
    ({"dueDate": "soon"}, {}, (f"{B}.dueDate.not_date", "dueDate")),
    ({"paymentAt": "noon"}, {}, (f"{B}.paymentAt.not_date_time", "paymentAt")),
    ({"currency": ""}, {}, (f"{B}.currency.required", "currency")),
    ({"currency": "GBR"}, {}, (f"{B}.currency.not_currency", "currency")),
    ({"currency": "£"}, {}, (f"{B}.currency.not_currency", "currency")),
    ({"amount": ""}, {}, (f"{B}.amount.required", "amount")),
    ({"amount": "120.00"}, {}, (f"{B}.amount.not_cents", "amount")),
    ({"amount": "9223372036854775808"}, {}, (f"{B}.amount.out_of_range", "amount")),
    ({"amount": "12001"}, {}, (f"{B}.amount.lines_differ", "amount")),
    ({"amount": "0"}, {"netAmount": "0", "taxAmount": "0"}, (f"{B}.amount.zero", "amount")),
    ({"amount": "-12000"}, {"netAmount": "-10000", "taxAmount": "-2000"},
     (f"{B}.amount.negative", "amount")),
    ({"lineItemsIncludeTax": "perhaps"}, {},
     (f"{B}.lineItemsIncludeTax.not_boolean", "lineItemsIncludeTax")),
    ({"description": "x" * 2001}, {}, (f"{B}.description.too_long", "description")),
    ({"localCurrencyFxRateOverride": "1,17"}, {},
     (f"{B}.localCurrencyFxRateOverride.not_rate", "localCurrencyFxRateOverride")),
    ({"localCurrencyFxRateOverride": "0"}, {},
     (f"{B}.localCurrencyFxRateOverride.not_rate", "localCurrencyFxRateOverride")),
    ({"status": "gone"}, {}, (f"{B}.status.not_one_of", "status")),
    ({"property:Project": "x" * 2001}, {}, (f"{B}.property.too_long", "property:Project")),
    ({}, {"netAmount": ""}, (f"{L}.netAmount.required", "netAmount")),
    ({}, {"netAmount": "1e4"}, (f"{L}.netAmount.not_cents", "netAmount")),
    ({"lineItemsIncludeTax": "TRUE"}, {"amount": ""}, (f"{L}.amount.required", "amount")),
    ({}, {"amount": "12001"}, (f"{L}.amount.not_net_plus_tax", "amount")),
    ({"amount": "8000"}, {"taxAmount": "-2000"}, (f"{L}.taxAmount.sign", "taxAmount")),
    ({}, {"netAmount": "2000", "taxAmount": "10000"},
     (f"{L}.taxAmount.above_amount", "taxAmount")),
    ({}, {"taxCodeId": ""}, (f"{L}.taxAmount.without_code", "taxAmount")),
    ({}, {"taxAmount": ""}, (f"{L}.taxAmount.worked_out_by_light", "taxAmount")),
    ({}, {"taxCodeId": "T1"}, (f"{L}.taxCodeId.not_uuid", "taxCodeId")),
    ({}, {"amortizationStartDate": "2025-01-01"},
     (f"{L}.amortizationStartDate.incomplete", "amortizationStartDate")),
    ({}, {"amortizationStartDate": "2025-02-01", "amortizationEndDate": "2025-01-31"},
     (f"{L}.amortizationEndDate.before_start", "amortizationEndDate")),
    ({}, {"shouldAmortize": "TRUE"}, (f"{L}.shouldAmortize.incomplete", "shouldAmortize")),
    ({}, {"shouldAmortize": "no", "amortizationTemplateId": VENDOR},
     (f"{L}.shouldAmortize.contradicted", "shouldAmortize")),
    ({}, {"shouldAmortize": "no", "amortizationStartDate": "2025-01-01",
          "amortizationEndDate": "2025-12-31"},
     (f"{L}.shouldAmortize.contradicted", "shouldAmortize")),
    ({}, {"lineNumber": "1.5"}, (f"{L}.lineNumber.not_integer", "lineNumber")),
    ({}, {"account": "#N/A"}, (f"{L}.account.error_cell", "account")),
    ({}, {"account": "#BEZUG!"}, (f"{L}.account.error_cell", "account")),
    ({}, {"account": "Err:502"}, (f"{L}.account.error_cell", "account")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "fault"),
    in_turn([two_sheets, two_csv_files], FAULTS),
    ids=lambda x: x[2][0] if isinstance(x, tuple) else "",
)
def test_each_fault_is_one_finding(
    tmp_path: Path, form: Any, fault: tuple[Row, Row, tuple[str, str]]
) -> None:
    of_bill, of_line, (code, column) = fault
    of = form(tmp_path, [bill(**of_bill)], [line(**of_line)])
    assert finding_cells(of) == [(code, 2, column)]
    [f] = of.findings
    assert f.value == str(
        {**of_bill, **of_line}.get(column, bill().get(column, line().get(column)))
    )
    assert f.message
    assert "{" not in f.message + f.hint
    assert valid(of) == ([] if f.severity == "error" else [2])


def test_bad_cell_hides_no_other_finding(
    tmp_path: Path,
) -> None:
    of = two_sheets(
        tmp_path,
        [bill(vendorId="x", issuedDate="never", currency="???", amount="1.5"),
         bill(billRef="B2", vendorId="y", invoiceNumber="1E+20", dueDate="2025-02-30"),
         bill(billRef="B3", invoiceNumber="INV-3")],
        [line(netAmount="a", taxAmount="b"), line(billRef="B2", taxCodeId="z"),
         line(billRef="B3")],
    )  # fmt: skip
    assert finding_cells(of) == [
        (f"{B}.vendorId.not_uuid", 2, "vendorId"),
        (f"{B}.issuedDate.not_date", 2, "issuedDate"),
        (f"{B}.currency.not_currency", 2, "currency"),
        (f"{B}.amount.not_cents", 2, "amount"),
        (f"{B}.vendorId.not_uuid", 3, "vendorId"),
        (f"{B}.invoiceNumber.mangled", 3, "invoiceNumber"),
        (f"{B}.dueDate.not_date", 3, "dueDate"),
        (f"{L}.netAmount.not_cents", 2, "netAmount"),
        (f"{L}.taxAmount.not_cents", 2, "taxAmount"),
        (f"{L}.taxCodeId.not_uuid", 3, "taxCodeId"),
    ]
    assert valid(of) == [4]


@pytest.mark.parametrize(
    "written",
    [UPPER, UPPER.lower(), f"{{{UPPER}}}", f"urn:uuid:{UPPER}", f"URN:UUID:{UPPER.lower()}",
     UPPER.replace("-", ""), f"  {UPPER}\u00a0"],
)  # fmt: skip
def test_ids_are_normalised(tmp_path: Path, written: str) -> None:
    of = two_csv_files(tmp_path, [bill(vendorId=written)], [line()])
    assert [b.vendor_id for b in of.valid_bills()] == [UPPER.lower()]


@pytest.mark.parametrize(
    ("written", "yes"),
    [("TRUE", True), ("yes", True), ("1", True), (True, True), (False, False), ("n", False),
     ("", False)],
)  # fmt: skip
def test_boolean_spellings(tmp_path: Path, written: object, yes: bool) -> None:
    of = two_sheets(tmp_path, [bill(lineItemsIncludeTax=written)], [line(amount=12000)])
    assert [b.include_tax for b in of.valid_bills()] == [yes]


@pytest.mark.parametrize(
    ("written", "reason", "meant"),
    [
        ("1000.50", "it has decimals", "If 1,000.50 is meant, write 100050."),
        ("1e5", "it is written with an exponent", "If 100000 cents are meant, write 100000"),
        ("1,000", "it has thousands separators", "If 1000 cents are meant, write 1000"),
        (
            "€1000",
            "it has a currency sign",
            "If 1000 cents are meant, write 1000; if 1,000.00 is meant, write 100000.",
        ),
        (
            "100000.0",
            "it has decimals",
            "If 100000 cents are meant, write 100000; if 100,000.00 is meant, write 10000000.",
        ),
        ("twelve", "it is not a number", "Write the amount in cents"),
    ],
)
def test_amount_not_in_cents_is_refused_with_a_hint(
    tmp_path: Path, written: str, reason: str, meant: str
) -> None:
    [f] = two_csv_files(tmp_path, [bill(amount=written)], [line()]).findings
    assert f.code == "bills.amount.not_cents"
    assert reason in f.message
    assert f.hint.startswith(meant)


def test_number_cell_must_be_whole_cents(
    tmp_path: Path,
) -> None:
    assert codes(two_sheets(tmp_path, [bill(amount=12000.0)], [line()])) == []
    assert codes(two_sheets(tmp_path, [bill(amount=120.5)], [line()])) == ["bills.amount.not_cents"]


def test_largest_amount_is_exact(tmp_path: Path) -> None:
    most = 2**63 - 1
    rows = [bill(amount=str(most))], [line(netAmount=str(most), taxAmount="", taxCodeId="")]
    assert [b.amount for b in two_csv_files(tmp_path, *rows).valid_bills()] == [most]


def test_long_number_cell_is_mangled(tmp_path: Path) -> None:
    of = two_sheets(
        tmp_path,
        [bill(invoiceNumber=1234567890123450), bill(billRef="B2", invoiceNumber=123456789012345)],
        [line(), line(billRef="B2")],
    )
    assert finding_cells(of) == [("bills.invoiceNumber.mangled", 2, "invoiceNumber")]
    text = two_csv_files(tmp_path, [bill(invoiceNumber="1234567890123450")], [line()])
    assert finding_cells(text) == []


def test_uncalculated_formula_and_error_cell_are_findings(tmp_path: Path) -> None:
    of = two_sheets(tmp_path, [bill(amount="=SUM(A1:A2)", vendorId="=NA()")], [line()])
    assert finding_cells(of) == [
        ("bills.vendorId.not_calculated", 2, "vendorId"),
        ("bills.amount.not_calculated", 2, "amount"),
    ]
    assert of.findings[1].value == "=SUM(A1:A2)"
    errors = two_sheets(tmp_path, [bill(amount="#DIV/0!", invoiceNumber="#REF!")], [line()])
    assert finding_cells(errors) == [
        ("bills.invoiceNumber.error_cell", 2, "invoiceNumber"),
        ("bills.amount.error_cell", 2, "amount"),
    ]


@pytest.mark.parametrize("header", ["issuedDate", "paymentAt", "dueDate"])
def test_ambiguous_dates_are_one_finding_for_all_bills(tmp_path: Path, header: str) -> None:
    dates = ["03/04/2025", "05/05/2025", "04/03/2025", ""]
    numbered = [(f"B{i}", {header: day, "dueDate": ""} | {header: day}) for i, day in
                enumerate(dates)]  # fmt: skip
    of = two_csv_files(
        tmp_path,
        [bill(billRef=ref, invoiceNumber=ref, **dict({"issuedDate": "2025-01-01"}, **row))
         for ref, row in numbered],
        [line(billRef=ref) for ref, _ in numbered],
    )  # fmt: skip
    required = [("bills.issuedDate.required", 5, header)] if header == "issuedDate" else []
    assert finding_cells(of) == [(f"bills.{header}.ambiguous", 2, header), *required]
    assert "'03/04/2025' is 2025-04-03 or 2025-03-04" in of.findings[0].message
    assert valid(of) == ([3] if required else [3, 5])


def test_year_first_dates_with_the_day_in_the_middle_rule_out_the_doubtful(tmp_path: Path) -> None:
    dates = ["2025-25-03", "2025-04-03", "2025-05-05", "2025-01-31", "2025-26-03"]
    bills = [
        bill(billRef=f"B{i}", invoiceNumber=f"N{i}", issuedDate=day, dueDate="")
        for i, day in enumerate(dates)
    ]
    of = two_csv_files(tmp_path, bills, [line(billRef=f"B{i}") for i in range(5)])
    assert ("bills.issuedDate.mixed_order", 3, "issuedDate") in finding_cells(of)
    assert valid(of) == [4, 5]


def test_mixed_date_orders_name_their_rows(
    tmp_path: Path,
) -> None:
    dates = ["31/12/2024", "30/12/2024", "12/31/2024", "03/04/2025", "2025-01-01"]
    of = two_csv_files(
        tmp_path,
        [bill(billRef=f"B{i}", invoiceNumber=f"N{i}", issuedDate=day, dueDate="")
         for i, day in enumerate(dates)],
        [line(billRef=f"B{i}") for i in range(5)],
    )  # fmt: skip
    assert finding_cells(of) == [("bills.issuedDate.mixed_order", 4, "issuedDate")]
    message = of.findings[0].message
    assert "row 2, row 3" in message
    assert "row 4" in message
    assert valid(of) == [2, 3, 6]


def test_period_of_one_day_is_valid(tmp_path: Path) -> None:
    day = "2025-03-01"
    days = {"amortizationStartDate": day, "amortizationEndDate": day}
    of = two_csv_files(tmp_path, [bill(dueDate=day, issuedDate=day)], [line(**days)])
    assert (finding_cells(of), valid(of)) == ([], [2])


def test_date_with_a_time_of_day_is_the_day(tmp_path: Path) -> None:
    rows = [bill(issuedDate=datetime.fromisoformat("2025-03-01T14:30:00"))]
    of = two_sheets(tmp_path, rows, [line()])
    assert [b.issued_date for b in of.valid_bills()] == [date(2025, 3, 1)]


def test_time_of_a_time_zone_in_a_date_is_refused_with_a_hint(tmp_path: Path) -> None:
    rows = [bill(issuedDate="2025-03-01T14:30:00Z")]
    [f] = two_csv_files(tmp_path, rows, [line()]).findings
    assert (f.code, f.value) == ("bills.issuedDate.not_date", "2025-03-01T14:30:00Z")
    assert f.hint == "If 2025-03-01 is meant, write that, without the time."


def test_non_dates_do_not_make_a_column_ambiguous(tmp_path: Path) -> None:
    of = two_csv_files(
        tmp_path,
        [bill(billRef="B1", issuedDate="31/12/2024"),
         bill(billRef="B2", invoiceNumber="2", issuedDate="45/45/2024"),
         bill(billRef="B3", invoiceNumber="3", issuedDate="02/01/2025")],
        [line(), line(billRef="B2"), line(billRef="B3")],
    )  # fmt: skip
    assert finding_cells(of) == [("bills.issuedDate.not_date", 3, "issuedDate")]
    assert [b.issued_date for b in of.valid_bills()] == [date(2024, 12, 31), date(2025, 1, 2)]


@pytest.mark.parametrize(
    ("flag", "of_line", "amount"),
    [
        ("TRUE", {"amount": "12000", "netAmount": ""}, 12000),
        ("FALSE", {"amount": "12000", "netAmount": "10000"}, 12000),
        ("FALSE", {"taxAmount": "", "taxCodeId": ""}, 10000),
        ("FALSE", {"taxAmount": "", "amount": "12000"}, 12000),
    ],
)
def test_line_sum_may_include_tax(tmp_path: Path, flag: str, of_line: Any, amount: int) -> None:
    for total, found in ((amount, False), (amount + 1, True)):
        row = bill(lineItemsIncludeTax=flag, amount=str(total))
        of = two_csv_files(tmp_path, [row], [line(**of_line)])
        assert ("bills.amount.lines_differ" in codes(of)) is found


def test_money_format_in_cents_is_a_finding_except_zero(
    tmp_path: Path,
) -> None:
    lines = [line(netAmount=12000, taxAmount=0), line(billRef="B2", netAmount=12000, taxAmount=-1)]
    bills = [bill(), bill(billRef="B2", invoiceNumber="INV-2", amount="11999")]
    path = book(tmp_path / "b.xlsx", {"Bills": grid(bills), "Line items": grid(lines)})
    workbook = openpyxl.load_workbook(path)
    for cell in workbook["Line items"]["D"][1:]:
        cell.number_format = '"£"#,##0.00'
    workbook.save(path)
    of = checked([path])
    assert finding_cells(of) == [("line_items.taxAmount.shown_as_money", 3, "taxAmount")]
    assert valid(of) == [2]


def test_numbers_cut_after_15_digits_are_told(tmp_path: Path) -> None:
    numbers = ("12345678901234500", "12345678901234600", "A-1")
    rows = [bill(billRef=f"B{i}", invoiceNumber=n) for i, n in enumerate(numbers)]
    lines = [line(billRef=f"B{i}") for i in range(3)]
    of = two_csv_files(tmp_path, rows, lines)
    assert [row for code, row, _ in finding_cells(of) if code.endswith("mangled")] == [2, 3]
    rows[2]["invoiceNumber"] = "12345678901234567"  # long ones that end otherwise: nothing was cut
    assert finding_cells(two_csv_files(tmp_path, rows, lines)) == []
