"""Files and a template → bills and lines: headers, rows, groups, blanks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from bill_sheets import (
    VENDOR,
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

from importer.core.errors import TemplateProblem
from importer.mapping.recognition import recognise
from importer.readers import read_file
from importer.validation.checked_bills import Checked


@pytest.mark.parametrize(
    "header",
    ["vendorId", "VENDORID", "Vendor ID", "vendor_id", "vendor-id", " Vendor  Id ", "*Vendor ID",
     "* vendorId *", "vendorId (required)", "Vendor Id (Custom)", "Vendor\nID", "Vendor\u00a0ID"],
)  # fmt: skip
def test_a_header_is_known_however_it_is_written(tmp_path: Path, header: str) -> None:
    row = bill()
    row[header] = row.pop("vendorId")
    of = two_sheets(tmp_path, [row], [line()])
    assert finding_cells(of) == []
    assert [b.vendor_id for b in of.valid_bills()] == [VENDOR]
    bad = two_sheets(tmp_path, [row | {header: "x"}], [line()])
    assert [(f.cell.column, f.value) for f in bad.findings] == [(header, "x")]


def test_two_columns_of_one_field_are_one_finding(tmp_path: Path) -> None:
    of = two_sheets(tmp_path, [bill(**{"Due Date": "2025-04-30", "due_date": ""})], [line()])
    assert finding_cells(of) == [("sheet.column.twice", 1, "Due Date")]
    assert valid(of) == []
    headers, row = grid([bill(**{"property:Team": "A", "Property: team": "B"})])
    same = two_sheets(tmp_path, [dict(zip(headers, row, strict=True))], [line()])
    assert codes(same) == ["sheet.column.twice"]


@pytest.mark.parametrize("field", ["issuedDate", "currency", "amount"])
def test_a_missing_column_is_one_finding_not_one_a_row(tmp_path: Path, field: str) -> None:
    rows = [bill(), bill(billRef="B2", invoiceNumber="N2")]
    for row in rows:
        del row[field]
    of = two_sheets(tmp_path, rows, [line(), line(billRef="B2")])
    assert finding_cells(of) == [("sheet.column.missing", 1, None)]
    assert f"'{field}'" in of.findings[0].message
    assert "vendorId" in of.findings[0].hint
    assert valid(of) == []


def test_each_missing_column_is_one_finding(
    tmp_path: Path,
) -> None:
    rows = [bill(), bill(invoiceNumber="N2")]
    without_vendor = [{k: v for k, v in row.items() if k != "vendorId"} for row in rows]
    of = two_sheets(tmp_path, without_vendor[:1], [line()])
    assert codes(of) == ["sheet.column.missing"]
    assert "'vendorId' or 'vendor'" in of.findings[0].message
    without_ref = [{k: v for k, v in row.items() if k not in ("billRef", "invoiceNumber")}
                   for row in rows]  # fmt: skip
    of = two_sheets(tmp_path, without_ref, [line()])
    assert [c for c in codes(of) if c.startswith("sheet")] == ["sheet.column.missing"]
    assert "bills.billRef.required" not in codes(of)
    assert valid(of) == []
    without_amount = {k: v for k, v in line().items() if k != "netAmount"}
    of = two_sheets(tmp_path, rows[:1], [without_amount, without_amount])
    assert codes(of) == ["sheet.column.missing"]


def test_a_sheet_without_invoice_numbers_is_one_warning(tmp_path: Path) -> None:
    rows = [bill(), bill(billRef="B2"), bill(billRef="B3")]
    for row in rows:
        del row["invoiceNumber"]
    of = two_sheets(tmp_path, rows, [line(billRef=f"B{i}") for i in (1, 2, 3)])
    assert codes(of) == ["bills.invoiceNumber.missing"]
    assert valid(of) == [2, 3, 4]


def test_unknown_columns_are_reported_with_the_nearest(tmp_path: Path) -> None:
    rows = [line(**{"cost_center_id": "1", "Tax Ammount": "", "shoe size": "9"})]
    of = two_sheets(tmp_path, [bill()], rows)
    assert finding_cells(of) == [
        ("sheet.column.response_only", 1, "cost_center_id"),
        ("sheet.column.unknown", 1, "Tax Ammount"),
        ("sheet.column.unknown", 1, "shoe size"),
    ]
    assert "the nearest is 'taxAmount'." in of.findings[1].hint
    assert valid(of) == [2]


def test_many_unknown_columns_are_summarised_by_count(tmp_path: Path) -> None:
    unknown = {f"shoe size {i}": "9" for i in range(250)}
    of = two_sheets(tmp_path, [bill(**unknown)], [line()])
    assert [f.cell.column for f in of.findings] == list(unknown)[:201]
    assert of.findings[-1].hint.endswith("header. 49 columns after it cannot be imported either.")
    assert valid(of) == [2]


def test_titles_above_the_header_keep_row_numbers(tmp_path: Path) -> None:
    title = [["Bills of March"], ["", "Amount"], []]
    bills = title + grid([bill(dueDate="never")])
    path = book(tmp_path / "b.xlsx", {"Bills": bills, "Line items": title + grid([line()])})
    of = checked([path])
    assert finding_cells(of) == [("bills.dueDate.not_date", 5, "dueDate")]
    assert of.findings[0].cell.sheet == "Bills"


def test_repeated_header_row_is_reported_and_skipped(tmp_path: Path) -> None:
    headers = {key: key.upper() for key in bill()}
    of = two_csv_files(
        tmp_path, [bill(), headers, bill(billRef="B2", invoiceNumber="2")],
        [line(), line(billRef="B2")],
    )  # fmt: skip
    assert finding_cells(of) == [("sheet.row.repeated_header", 3, None)]
    assert valid(of) == [2, 4]


def test_sheets_are_recognised_by_their_headers(tmp_path: Path) -> None:
    notes = [["Prepared by Ada"], ["on Friday"]]
    sheets = {"Sheet1": grid([line()]), "Read me": notes, "Sheet2": grid([bill()])}
    of = checked([book(tmp_path / "b.xlsx", sheets)])
    assert (finding_cells(of), valid(of)) == ([], [2])
    assert len(of.mapped.notes) == 1
    assert "sheet Read me is not read" in of.mapped.notes[0]


def test_a_custom_property_is_a_column_of_its_own(tmp_path: Path) -> None:
    of = two_sheets(
        tmp_path,
        [bill(**{"* Property: Cost Centre (custom)": "North"})],
        [line(**{"property:Project": "X"})],
    )
    [sent] = of.valid_bills()
    assert [(p.name, p.value) for p in sent.properties] == [("Cost Centre", "North")]
    assert [(p.name, p.value) for p in sent.lines[0].properties] == [("Project", "X")]


FLAT = """
template: mine
layout: flat
SOURCE
formats: {dates: [DD/MM/YYYY], amounts: decimal}
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {column: Currency, default: GBP, optional: true}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
  account: {column: Account, default: 0400, optional: true}
"""


def flat(folder: Path, rows: list[str], source: str = "", name: str = "ledger.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def ledger(
    folder: Path, rows: list[str], source: str = "", change: tuple[str, str] = ("", "")
) -> Checked:
    text = FLAT.replace("SOURCE", f"source: {source}" if source else "").replace(*change)
    return checked([flat(folder, rows)], template(folder, text))


HEAD = "Supplier;Number;Date;Currency;Net"


def amounts(of: Checked) -> list[tuple[int, int, int]]:
    return [(b.row, b.amount, len(b.lines)) for b in of.valid_bills()]


def test_rows_of_one_key_make_one_bill(
    tmp_path: Path,
) -> None:
    of = ledger(tmp_path, [HEAD, "A;1;;;1.50", "B;1;01/02/2025;;2.00", "A;1;31/01/2025;EUR;0.50"])
    assert finding_cells(of) == []
    assert amounts(of) == [(2, 200, 2), (3, 200, 1)]
    assert [b.currency for b in of.valid_bills()] == ["EUR", "GBP"]
    assert {n.account for b in of.valid_bills() for n in b.lines} == {"0400"}


def test_rows_of_one_bill_that_disagree_are_one_finding(tmp_path: Path) -> None:
    rows = ["A;1;31/01/2025;EUR;1", "A;1;30/01/2025;EUR;1", "A;1;29/01/2025;EUR;1"]
    of = ledger(tmp_path, [HEAD, *rows, "B;2;31/01/2025;;1"])
    assert finding_cells(of) == [("bills.issuedDate.disagrees", 3, "Date")]
    assert "'30/01/2025' here, '31/01/2025' in row 2" in of.findings[0].message
    assert valid(of) == [5]


def test_first_row_dates_a_bill_where_the_template_lets_rows_differ(tmp_path: Path) -> None:
    rows = ["A;1;;EUR;1", "A;1;30/01/2025;EUR;1", "A;1;29/01/2025;USD;1", "B;2;31/01/2025;;1"]
    change = ("{column: Date}", "{column: Date, differing_rows: first}")
    of = ledger(tmp_path, [HEAD, *rows], change=change)
    assert finding_cells(of) == [
        ("bills.rows.differ", 4, "Date"),
        ("bills.currency.disagrees", 4, "Currency"),  # no other column's
    ]
    assert "Taken is '30/01/2025' of row 3" in of.findings[0].message
    rows[2] = rows[2].replace("USD", "EUR")
    warned = ledger(tmp_path, [HEAD, *rows], change=change)
    assert codes(warned) == ["bills.rows.differ"]
    assert [b.issued_date for b in warned.valid_bills()] == [date(2025, 1, 30), date(2025, 1, 31)]


def test_rows_that_lack_a_part_of_the_key_are_never_joined(tmp_path: Path) -> None:
    of = ledger(tmp_path, [HEAD, "A;;31/01/2025;;1", "A;;31/01/2025;;1", ";1;31/01/2025;;1"])
    assert len(of.mapped.bills) == 3
    assert sorted(codes(of)) == [
        "bills.invoiceNumber.missing", "bills.invoiceNumber.missing", "bills.vendorId.required",
    ]  # fmt: skip


def test_exports_that_overlap_do_not_double_a_bill(tmp_path: Path) -> None:
    loaded = template(tmp_path, FLAT.replace("SOURCE", ""))
    one = flat(tmp_path, [HEAD, "A;1;31/01/2025;;1", "A;2;31/01/2025;;1"], name="jan.csv")
    two = flat(tmp_path, [HEAD, "A;2;31/01/2025;;1", "A;3;31/01/2025;;1"], name="feb.csv")
    of = checked([one, two], loaded)
    assert codes(of) == ["bills.invoiceNumber.duplicate"]
    assert [(b.invoice_number, b.amount) for b in of.valid_bills()] == [("1", 100), ("3", 100)]


def test_fill_down_keeps_the_kind_of_the_cell(tmp_path: Path) -> None:
    text = FLAT.replace("SOURCE", "source: {fill_down: [Supplier, Number, Date, Net]}")
    rows = [HEAD.split(";"), ["A", "1", "31/01/2025", "", 1234.567], ["", "", "", "", ""],
            ["", "", "", "", "x"], ["B", "2", "31/01/2025", "", "0,50"]]  # fmt: skip
    path = book(tmp_path / "l.xlsx", {"Ledger": rows})
    of = checked([path], template(tmp_path, text))
    assert codes(of).count("line_items.netAmount.not_amount") == 2
    rows[1][4] = 1234.5
    of = checked([book(path, {"Ledger": [*rows[:2], ["", "", "", "x", ""], rows[4]]})],
                 template(tmp_path, text.replace("currency:", "description:")))  # fmt: skip
    assert list(of.lines["netAmount"].values) == [123450, 123450, 50]


def test_rows_to_be_ignored_and_rows_after_the_end_are_no_bills(tmp_path: Path) -> None:
    source = """{ignore_rows: [{column: Supplier, matches: "^Sub"}, {column: Net, blank: true}],
      stop_at: {column: Supplier, equals: TOTAL}}"""
    rows = [HEAD, "A;1;31/01/2025;;1", "Subtotal;;;;1", "a note;;;;", "B;2;31/01/2025;;2"]
    of = ledger(tmp_path, [*rows, "TOTAL;;;;3", "printed on Friday;;;;"], source)
    assert finding_cells(of) == [("sheet.row.after_end", 7, None)]
    assert amounts(of) == [(2, 100, 1), (5, 200, 1)]
    cut_off = ledger(tmp_path, rows, source)
    assert finding_cells(cut_off) == [("sheet.stop.missing", 1, None)]
    assert valid(cut_off) == []


def test_header_row_of_the_template_is_used(tmp_path: Path) -> None:
    rows = ["Supplier;Number", "x;y", HEAD, "A;1;31/01/2025;;1"]
    for source in ("{header: {row: 3}}", "{header: {find: [Supplier, Net]}}"):
        assert amounts(ledger(tmp_path, rows, source)) == [(4, 100, 1)]
    nowhere = ledger(tmp_path, rows, "{header: {row: 99}}")
    assert nowhere.mapped.tables == ()
    assert "is not read" in nowhere.mapped.notes[0]


def test_only_the_sheets_that_the_template_names_are_read(tmp_path: Path) -> None:
    rows = [line.split(";") for line in (HEAD, "A;1;31/01/2025;;1")]
    path = book(tmp_path / "l.xlsx", {"Ledger 2025": rows, "Ledger old": rows})
    of = checked([path], template(tmp_path, FLAT.replace("SOURCE", 'source: {sheet: "*2025"}')))
    assert [t.source.sheet for t in of.mapped.tables] == ["Ledger 2025"]
    assert "the template reads the sheet '*2025'" in of.mapped.notes[0]


PRODUCT = ("netAmount: {column: Net}", "netAmount: {product: [Hours, Rate], round: half_even}")


def test_an_amount_is_the_product_of_two_columns_rounded_once(tmp_path: Path) -> None:
    rows = ["Supplier;Number;Date;Hours;Rate", "A;1;31/01/2025;1.5;0.03", "A;1;;0.5;0.01",
            "A;1;;-2;1.005", "B;2;31/01/2025;2;10"]  # fmt: skip
    of = ledger(tmp_path, [*rows, "A;1;;100;1"], change=PRODUCT)
    assert finding_cells(of) == [("line_items.factor.rounded", 2, "Rate")]
    assert ": 2, the first 1.5 × 0.03 to 0.04 (half even)" in of.findings[0].message
    assert [n.net_amount for b in of.valid_bills() for n in b.lines] == [4, 0, -201, 10000, 2000]
    exact = ledger(tmp_path, rows, change=(PRODUCT[0], "netAmount: {product: [Hours, Rate]}"))
    assert finding_cells(exact) == [("line_items.factor.too_precise", n, "Rate") for n in (2, 3)]
    assert valid(exact) == [5]


def test_incomplete_product_is_reported_once(tmp_path: Path) -> None:
    rows = ["Supplier;Number;Date;Hours;Rate", "A;1;31/01/2025;1.5;", "B;2;31/01/2025;two;1",
            "C;3;31/01/2025;;", "D;4;31/01/2025;9000000000000000000;9"]  # fmt: skip
    of = ledger(tmp_path, rows, change=PRODUCT)
    assert finding_cells(of) == [
        ("line_items.factor.blank", 2, "Rate"),
        ("line_items.factor.not_number", 3, "Hours"),
        ("line_items.netAmount.required", 4, None),
        ("line_items.netAmount.out_of_range", 5, "Rate"),
    ]


@pytest.mark.parametrize(("of_lines", "amount"), [("gross", 120), ("net", 100), ("tax", 20)])
def test_amount_as_sum_of_lines_must_be_gross(tmp_path: Path, of_lines: str, amount: int) -> None:
    change = ("amount: {sum_of_lines: gross}", f"amount: {{sum_of_lines: {of_lines}}}")
    text = (
        "account: {column: Account",
        "taxAmount: {column: Tax}\n  taxCode: {value: S}\n  account: {column: Account",
    )
    loaded = template(tmp_path, FLAT.replace("SOURCE", "").replace(*change).replace(*text))
    path = flat(tmp_path, [f"{HEAD};Tax", "A;1;31/01/2025;;0.60;0.12", "A;1;;;0.40;0.08"])
    of = checked([path], loaded)
    assert of.amounts.at(0) == amount
    assert codes(of) == ([] if of_lines == "gross" else ["bills.amount.lines_differ"])
    untaxed = checked([flat(tmp_path, [f"{HEAD};Tax", "A;1;31/01/2025;;0.60;"])], loaded)
    unknown = [] if of_lines == "net" else ["bills.amount.lines_unknown"]
    assert codes(untaxed) == ["line_items.taxAmount.worked_out_by_light", *unknown] or codes(
        untaxed
    ) == [*unknown, "line_items.taxAmount.worked_out_by_light"]
    assert (valid(untaxed) == []) == bool(unknown)


def test_the_template_is_recognised_by_the_columns_of_the_file(tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", {"Bills": grid([bill()]), "Line items": grid([line()])})
    assert recognise(read_file(path)).template.template == "light"
    spend = csv_file(
        tmp_path / "s.csv",
        [
            ["Departmental Family", "Entity", "Supplier", "Transaction Number", "Date", "Amount"],
            ["DfT", "DVSA", "A", "1", "01/02/2025", "5"],
        ],
    )
    assert recognise(read_file(spend)).template.template == "uk-spend"
    strange = csv_file(tmp_path / "x.csv", [["Colour", "Size"], ["red", "5"]])
    with pytest.raises(TemplateProblem, match=r"no shipped template fits(?s:.*)Colour, Size"):
        recognise(read_file(strange))
    incomplete = {k: v for k, v in bill().items() if k != "currency"}
    lacking = csv_file(tmp_path / "l.csv", grid([incomplete]))
    assert recognise(read_file(lacking)).template.template == "light"
