"""Rules across rows: references, duplicates, sums, control totals."""

from __future__ import annotations

from pathlib import Path

import pytest
from bill_sheets import (
    bill,
    book,
    checked,
    codes,
    csv_file,
    finding_cells,
    grid,
    line,
    template,
    two_csv_files,
    two_sheets,
    valid,
)

from importer.model.tables import TableKind
from importer.validation.checked_bills import Checked


def test_orphans_name_the_nearest_reference(tmp_path: Path) -> None:
    of = two_sheets(
        tmp_path,
        [bill(), bill(billRef="2025-0042", invoiceNumber="INV-2")],
        [line(), line(billRef="2025-0024"), line(billRef="", description="whose?")],
    )
    assert finding_cells(of) == [
        ("bills.lines.missing", 3, "billRef"),
        ("line_items.billRef.orphan", 3, "billRef"),
        ("line_items.billRef.required", 4, "billRef"),
    ]
    assert "the nearest is '2025-0042'" in of.findings[1].hint
    assert valid(of) == [2]


def test_orphan_by_number_is_shown_at_the_number(
    tmp_path: Path,
) -> None:
    lines = [{**line(), "invoiceNumber": number} for number in ("INV-1", "INV-9", "")]
    for each in lines:
        del each["billRef"]
    of = two_csv_files(tmp_path, [bill()], lines)
    assert finding_cells(of) == [
        ("line_items.billRef.orphan", 3, "invoiceNumber"),
        ("line_items.billRef.required", 4, "invoiceNumber"),
    ]


def test_missing_reference_column_is_one_finding(
    tmp_path: Path,
) -> None:
    lines = [{key: text for key, text in line().items() if key != "billRef"}] * 3
    of = two_sheets(tmp_path, [bill()], lines)
    assert [code for code in codes(of) if code.startswith(("sheet.", "line_items."))] == [
        "sheet.column.missing"
    ]
    assert valid(of) == []


def test_twenty_thousand_orphans_take_seconds(tmp_path: Path) -> None:
    """To compare each with each of the references would take minutes."""
    rows = [bill(billRef=f"2025/{i:06d}", invoiceNumber=f"N{i}") for i in range(10_000)]
    of = two_csv_files(tmp_path, rows, [line(billRef=f"2025-{i:06d}") for i in range(20_000)])
    assert codes(of).count("line_items.billRef.orphan") == 20_000


def test_reference_that_looks_like_a_placeholder_joins_the_lines_of_one_bill(
    tmp_path: Path,
) -> None:
    bills = [bill(billRef="000"), bill(billRef="001", invoiceNumber="INV-2")]
    lines = [line(billRef="000"), line(billRef="001")]
    assert codes(two_sheets(tmp_path, bills, lines)) == []
    bills[1]["billRef"] = "000"
    of = two_sheets(tmp_path, bills, lines)
    assert finding_cells(of)[:1] == [("bills.billRef.duplicate", 3, "billRef")]
    of = two_sheets(tmp_path, [bill()], [line(), line(billRef="N/A")])
    assert [(f.code, f.value) for f in of.findings] == [("line_items.billRef.required", "N/A")]


def test_duplicate_reference_invalidates_both_bills(tmp_path: Path) -> None:
    of = two_sheets(
        tmp_path,
        [bill(), bill(invoiceNumber="INV-2"), bill(billRef="B3", invoiceNumber="INV-3")],
        [line(), line(), line(billRef="B3")],
    )
    assert finding_cells(of) == [("bills.billRef.duplicate", 3, "billRef")]
    assert "row 2" in of.findings[0].message
    assert valid(of) == [4]


def test_lines_without_billref_join_by_invoice_number(tmp_path: Path) -> None:
    bills = [bill(), bill(invoiceNumber="INV-2")]
    for row in bills:
        del row["billRef"]
    by_number = [line(invoiceNumber="INV-2"), line(invoiceNumber="INV-1")]
    for row in by_number:
        del row["billRef"]
    by_ref = [line(billRef="INV-2"), line(billRef="INV-1")]
    for lines in (by_number, by_ref):
        of = two_csv_files(tmp_path, bills, lines)
        assert [(b.row, [n.row for n in b.lines]) for b in of.valid_bills()] == [(2, [3]), (3, [2])]


def test_line_may_name_a_unique_invoice_number(
    tmp_path: Path,
) -> None:
    other = "33333333-3333-3333-3333-333333333333"
    bills = [bill(), bill(billRef="B2", vendorId=other), bill(billRef="B3", invoiceNumber="3")]
    lines = [line(billRef="B2"), line(billRef="", invoiceNumber="3")]
    clear = two_csv_files(tmp_path, bills, [line(), *lines])
    assert finding_cells(clear) == []
    doubtful = two_csv_files(tmp_path, bills, [line(billRef="", invoiceNumber="INV-1"), *lines])
    assert finding_cells(doubtful) == [("bills.billRef.duplicate", 3, "invoiceNumber")]
    assert valid(doubtful) == [4]


def test_duplicate_invoice_invalidates_both_bills(tmp_path: Path) -> None:
    of = two_sheets(
        tmp_path,
        [bill(), bill(billRef="B2", invoiceNumber=" INV-1\u00a0"),
         bill(billRef="B3", invoiceNumber="INV-3")],
        [line(), line(billRef="B2"), line(billRef="B3")],
    )  # fmt: skip
    assert finding_cells(of) == [("bills.invoiceNumber.duplicate", 3, "invoiceNumber")]
    assert valid(of) == [4]


@pytest.mark.parametrize("near", ["INV1", "inv-1", "INV 1", "INV/1", "ＩＮＶ-1"])
def test_near_duplicate_number_is_a_warning(tmp_path: Path, near: str) -> None:
    of = two_sheets(
        tmp_path, [bill(), bill(billRef="B2", invoiceNumber=near)], [line(), line(billRef="B2")]
    )
    assert finding_cells(of) == [("bills.invoiceNumber.near_duplicate", 3, "invoiceNumber")]
    assert valid(of) == [2, 3]


def test_number_of_other_vendor_or_entity_is_no_duplicate(tmp_path: Path) -> None:
    of = two_sheets(
        tmp_path,
        [bill(vendorId="", vendor="Acme Ltd", companyEntity="UK"),
         bill(vendorId="", billRef="B2", vendor="Apex Ltd", companyEntity="UK"),
         bill(vendorId="", billRef="B3", vendor="Acme Ltd", companyEntity="DE"),
         bill(vendorId="", billRef="B4", vendor="ACME  ltd ", companyEntity="uk")],
        [line(billRef=f"B{i}") for i in (1, 2, 3, 4)],
    )  # fmt: skip
    assert finding_cells(of) == [
        ("bills.invoiceNumber.sister_entity", 4, "invoiceNumber"),
        ("bills.invoiceNumber.duplicate", 5, "invoiceNumber"),
    ]
    assert valid(of) == [3, 4]


def test_workbooks_may_share_references(
    tmp_path: Path,
) -> None:
    books = [
        book(tmp_path / f"{i}.xlsx", {"Bills": grid([bill(invoiceNumber=f"N{i}")]),
                                      "Line items": grid([line()])})
        for i in (1, 2)
    ]  # fmt: skip
    of = checked(books)
    assert finding_cells(of) == []
    assert [(b.table, [n.table for n in b.lines]) for b in of.valid_bills()] == [(0, [1]), (2, [3])]


def test_duplicate_names_the_other_file(tmp_path: Path) -> None:
    files = [csv_file(tmp_path / "jan.csv", grid([bill()])),
             csv_file(tmp_path / "feb.csv", grid([bill(billRef="B2")])),
             csv_file(tmp_path / "lines.csv", grid([line(), line(billRef="B2")]))]  # fmt: skip
    of = checked(files)
    assert codes(of) == ["bills.invoiceNumber.duplicate"]
    assert "row 2 of" in of.findings[0].message
    assert "jan.csv" in of.findings[0].message
    assert of.findings[0].cell.file.endswith("feb.csv")


@pytest.mark.parametrize("order", [1, -1])
def test_files_may_come_in_any_order(tmp_path: Path, order: int) -> None:
    files = [csv_file(tmp_path / "a.csv", grid([bill()])),
             csv_file(tmp_path / "b.csv", grid([line()]))]  # fmt: skip
    of = checked(files[::order])
    assert (finding_cells(of), valid(of)) == ([], [2])


def test_given_table_kind_overrides_headers(tmp_path: Path) -> None:
    shared = [{"billRef": "B1", "description": "x", "amount": "1"}]
    path = csv_file(tmp_path / "x.csv", grid(shared))
    for kind in (TableKind.BILLS, TableKind.LINE_ITEMS):
        of = checked([path], kinds={str(path): kind})
        assert [t.kind for t in of.mapped.tables] == [kind]


def test_workbook_given_as_bills_yields_its_bill_sheet(tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", {"Bills": grid([bill()]), "Line items": grid([line()])})
    of = checked([path], kinds={str(path): TableKind.BILLS})
    assert [t.source.sheet for t in of.mapped.tables] == ["Bills"]
    assert any("sheet Line items is not read" in note for note in of.mapped.notes)


def test_missing_line_sheet_is_one_finding(
    tmp_path: Path,
) -> None:
    of = checked([csv_file(tmp_path / "b.csv", grid([bill(), bill(invoiceNumber="2")]))])
    assert codes(of) == ["line_items.sheet.missing"]
    assert valid(of) == []


def test_missing_bill_sheet_is_one_finding(tmp_path: Path) -> None:
    of = checked([csv_file(tmp_path / "l.csv", grid([line(), line()]))])
    assert codes(of) == ["bills.sheet.missing"]
    assert valid(of) == []


def test_empty_line_sheet_is_one_finding(tmp_path: Path) -> None:
    headers_only = [list(line())]
    of = checked([book(tmp_path / "b.xlsx", {"Bills": grid([bill()]), "Line items": headers_only})])
    assert finding_cells(of) == [("sheet.rows.none", 1, None)]
    assert valid(of) == []
    bare = checked([book(tmp_path / "c.xlsx", {"Bills": [list(bill())], "Lines": [list(line())]})])
    assert codes(bare) == ["sheet.rows.none", "sheet.rows.none"]


FLAT = """
template: mine
layout: flat
formats: {amounts: decimal, numbers: NUMBERS}
source: {control_total: {amount: Net, blank: [Supplier, Number]}}
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {value: "2025-01-31"}
  currency: {column: Currency, default: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
EXPECT
"""


def ledger(folder: Path, rows: list[str], *, numbers: str = "auto", expect: str = "") -> Checked:
    loaded = template(folder, FLAT.replace("NUMBERS", numbers).replace("EXPECT", expect))
    path = folder / "ledger.csv"
    path.write_text("\n".join(["Supplier;Number;Currency;Net", *rows]) + "\n", encoding="utf-8")
    return checked([path], loaded)


def test_file_total_is_compared_to_the_cent(tmp_path: Path) -> None:
    rows = ["A;1;;1,000.00", "A;1;;0.10", "B;2;;5.00"]
    right = ledger(tmp_path, [*rows, ";;;1,005.10"])
    assert finding_cells(right) == []
    assert right.controls == {"GBP": 100510}
    assert [(b.row, b.amount) for b in right.valid_bills()] == [(2, 100010), (4, 500)]
    wrong = ledger(tmp_path, [*rows, ";;;1,005.11"])
    assert finding_cells(wrong) == [("control.gross.differs", 5, "Net")]
    assert "a difference of 0.01" in wrong.findings[0].message
    assert not wrong.clean


def test_ambiguous_total_is_read_like_its_column(tmp_path: Path) -> None:
    assert finding_cells(ledger(tmp_path, ["A;1;;1.000,50", "A;1;;-0,50", ";;;1.000"])) == []


def test_negated_column_negates_its_control_total(
    tmp_path: Path,
) -> None:
    text = FLAT.replace("NUMBERS", "point").replace("EXPECT", "")
    text = text.replace("{column: Net}", "{column: Net, negate: true}")
    path = tmp_path / "ledger.csv"
    for total, told_of in (("-3.00", []), ("3.00", ["control.gross.differs"])):
        rows = ["Supplier;Number;Currency;Net", "A;1;;-1.00", "B;2;;-2.00", f";;;{total}"]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        of = checked([path], template(tmp_path, text))
        assert codes(of) == told_of
        assert valid(of) == [2, 3]


def test_unusable_control_total_is_a_finding(tmp_path: Path) -> None:
    two = ledger(tmp_path, ["A;1;EUR;1.00", "B;2;;1.00", ";;;2.00"])
    assert codes(two) == ["control.gross.currencies"]
    unreadable = ledger(tmp_path, ["A;1;;1.00", ";;;one pound"])
    assert codes(unreadable) == ["control.gross.unreadable"]


def test_bill_without_currency_is_in_no_total(tmp_path: Path) -> None:
    of = ledger(tmp_path, ["A;1;;1.00", "B;2;QQQ;7.00", ";;;8.00"])
    assert codes(of) == ["bills.currency.not_currency", "control.gross.differs"]
    assert "the sheet's bills total 1.00" in of.findings[1].message


def test_expected_totals_are_compared(tmp_path: Path) -> None:
    expect = 'expect: {bills: 2, gross: {GBP: "3.00", EUR: 1}}'
    of = ledger(tmp_path, ["A;1;;1.00", "B;2;;2.00", "C;3;;0.01"], expect=expect)
    assert sorted(codes(of)) == [
        "control.bills.differs", "control.gross.differs", "control.gross.differs",
    ]  # fmt: skip


def test_line_sum_of_zero_or_less_is_a_finding(tmp_path: Path) -> None:
    of = ledger(tmp_path, ["A;1;;5.00", "A;1;;-5.00", "B;2;;-1.00", "C;3;;x"])
    assert finding_cells(of) == [
        ("bills.amount.zero", 2, "Net"),
        ("bills.amount.negative", 4, "Net"),
        ("line_items.netAmount.not_amount", 5, "Net"),
    ]
    assert valid(of) == []


def test_bill_whose_lines_cancel_out_is_loaded_where_the_template_says_so(tmp_path: Path) -> None:
    rows = ["A;1;;5.00", "A;1;;-5.00", "B;2;;0.00", "C;3;;1.00", "D;4;;-1.00", "E;5;;x", "E;5;;1"]
    of = ledger(tmp_path, rows, expect="zero_bills: load")
    assert finding_cells(of) == [
        ("bills.amount.cancelled_out", 2, "Net"),
        ("bills.amount.zero", 4, "Net"),  # no line of it has an amount
        ("bills.amount.negative", 6, "Net"),
        ("line_items.netAmount.not_amount", 7, "Net"),
    ]
    assert [(b.row, b.amount, len(b.lines)) for b in of.valid_bills()] == [(2, 0, 2), (5, 100, 1)]


def test_currency_exponent_needs_a_stated_unit(
    tmp_path: Path,
) -> None:
    rows = ["A;1;JPY;500", "B;2;KWD;5.000", "C;3;;5.00"]
    of = ledger(tmp_path, rows, numbers="point")
    assert codes(of) == ["bills.currency.not_in_cents"] * 2
    assert valid(of) == [4]
    text = FLAT.replace("NUMBERS", "point, cents_per_unit: {JPY: 1}").replace("EXPECT", "")
    again = checked([tmp_path / "ledger.csv"], template(tmp_path, text))
    assert [(b.row, b.amount) for b in again.valid_bills()] == [(2, 500), (4, 500)]


def test_sums_beyond_int64_are_exact(tmp_path: Path) -> None:
    """Each amount fits; net and tax of one line, or two lines together, do not."""
    largest, wrapped = str(2**63 - 1), str(-(2**63))
    for lines in (
        [line(netAmount=largest, taxAmount="1")],
        [
            line(netAmount=largest, taxAmount="", taxCodeId=""),
            line(netAmount="1", taxAmount="", taxCodeId=""),
        ],
        [line(netAmount=wrapped, taxAmount="-1")],
    ):
        total = sum(int(of["netAmount"]) + int(of["taxAmount"] or 0) for of in lines)
        near = total - 2**64 if total > 0 else total + 2**64  # what it would come round to
        of = two_csv_files(tmp_path, [bill(amount=str(near))], lines)
        [found] = [f for f in of.findings if f.code == "bills.amount.lines_differ"]
        assert f"{abs(total) // 100:,}.{abs(total) % 100:02d}" in found.message
        assert valid(of) == []
    flat = ledger(tmp_path, ["A;1;;92233720368547758.07", "A;1;;0.01", "B;2;;1.00"])
    assert codes(flat) == ["bills.amount.out_of_range"]
    assert valid(flat) == [4]


def test_line_items_that_no_tax_makes_the_amount_are_reported(tmp_path: Path) -> None:
    """Where Light works out the tax, each bill's amount is between no tax and a high one."""
    for amount, is_possible in (
        ("12000", True), ("10000", True), ("9000", False), ("14000", False),
    ):  # fmt: skip
        lines = [line(netAmount=net, taxAmount="") for net in ("7500", "2500")]
        of = two_csv_files(tmp_path, [bill(amount=amount)], lines)
        codes_of = {f.code for f in of.findings if f.code != "bills.amount.doubtful_tax"}
        assert codes_of == {"line_items.taxAmount.worked_out_by_light"}
        assert ("bills.amount.doubtful_tax" not in codes(of)) == is_possible
