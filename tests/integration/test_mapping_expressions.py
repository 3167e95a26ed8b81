"""What a template says of a field's value: joined, chosen, signed, dated, mapped, worked out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from bill_sheets import book, checked, csv_file, finding_cells, template, valid
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.errors import TemplateProblem, UsageProblem
from importer.mapping.parameters import with_settings
from importer.validation.checked_bills import Checked
from importer.validation.finding_batch import FindingBatch, sort_key

BASE = """
template: mine
layout: flat
formats: {dates: [DD/MM/YYYY], amounts: decimal, numbers: point}
group_by: [Supplier, Number]
parameters: {entity: UK01, year: 2025}
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
"""
ROW = {"Supplier": "A", "Number": "1", "Date": "31/01/2025", "Net": "10.00"}


def changed(**fields: str) -> str:
    """The template with fields added, or in place of its own; ``line_`` before those of lines."""
    text = BASE
    for key, expression in fields.items():
        sheet, name = ("line_items", key[5:]) if key.startswith("line_") else ("bills", key)
        lines = [
            row for row in text.splitlines() if not row.startswith((f"  {name}:", f"  {name} :"))
        ]
        lines.insert(lines.index(f"{sheet}:") + 1, f"  {name}: {expression}")
        text = "\n".join(lines) + "\n"
    return text


def of(folder: Path, rows: list[dict[str, str]], **fields: str) -> Checked:
    """The rows, each with the cells it does not state from ROW, checked."""
    full = [ROW | row for row in rows]
    if "Net" not in fields.get("line_netAmount", "Net"):  # it would be compared
        full = [{key: text for key, text in row.items() if key != "Net"} for row in full]
    headers = list(dict.fromkeys(key for row in full for key in row))
    cells = [headers, *([row.get(header, "") for header in headers] for row in full)]
    return checked([csv_file(folder / "l.csv", cells)], template(folder, changed(**fields)))


def rows_of(*cells: dict[str, str]) -> list[dict[str, str]]:
    return [{"Number": str(i)} | row for i, row in enumerate(cells, start=1)]


def amounts(found: Checked) -> list[int]:
    return [n.net_amount or 0 for b in found.valid_bills() for n in b.lines]


def test_first_of_takes_the_first_filled_column(
    tmp_path: Path,
) -> None:
    rows = rows_of({"Posted": "30/01/2025"}, {"Posted": ""}, {"Posted": "32/01/2025"},
                   {"Posted": "", "Date": "never"})  # fmt: skip
    found = of(tmp_path, rows, issuedDate="{first_of: [Posted, Date]}")
    assert [b.issued_date for b in found.valid_bills()] == [date(2025, 1, 30), date(2025, 1, 31)]
    assert finding_cells(found) == [
        ("bills.issuedDate.not_date", 4, "Posted"),
        ("bills.issuedDate.not_date", 5, "Date"),
    ]
    [group] = [part for part in found.findings.parts if isinstance(part, FindingBatch)]
    places = group.places
    assert list(zip(places.table, places.row, places.column, strict=True)) == [
        sort_key(f) for f in group
    ]


def test_first_of_skips_a_zero_amount(tmp_path: Path) -> None:
    both = "{first_of: [{column: Debit}, {column: Credit, negate: true}]}"
    rows = [{"Debit": debit, "Credit": credit} for debit, credit in (
        ("100.00", "0.00"), ("0.00", "1.50"), ("", "2.00"), ("-", "3.00"), ("0", ""), ("4", ""),
    )]  # fmt: skip
    found = of(tmp_path, rows, line_netAmount=both)
    assert [n.net_amount for b in found.valid_bills() for n in b.lines] == [
        10000, -150, -200, -300, 0, 400,
    ]  # fmt: skip
    wrong = of(tmp_path, [{"Debit": "0.00", "Credit": "x"}], line_netAmount=both)
    assert finding_cells(wrong) == [("line_items.netAmount.not_amount", 2, "Credit")]


def test_first_of_reports_different_amounts(tmp_path: Path) -> None:
    both = "{first_of: [{column: Debit}, {column: Credit, negate: true}, {value: 9}]}"
    pairs = [("4", "5"), ("4", "4"), ("4.00", "-4"), ("4", "(4.00)"), ("", ""), ("x", "5")]
    rows = [{"Debit": debit, "Credit": credit} for debit, credit in pairs]
    found = of(tmp_path, [{"Number": str(i), **row} for i, row in enumerate(rows)],
               line_netAmount=both)  # fmt: skip
    code = "line_items.expression.two_amounts"
    assert finding_cells(found) == [(code, row, "Credit") for row in (2, 3, 7)]
    assert (
        "'5' is not the only amount for netAmount: the column before it has '4'"
        in found.findings[0].message
    )
    assert amounts(found) == [400, 400, 900]
    # Of texts and dates the first is taken.
    of_text = of(tmp_path, rows_of({"A": "x", "B": "y"}), description="{first_of: [A, B]}")
    assert [b.description for b in of_text.valid_bills()] == ["x"]


def test_a_price_must_not_name_another_currency_than_the_bill(tmp_path: Path) -> None:
    rows = rows_of(*({"Qty": q, "Price": p} for q, p in (
        ("2", "£1.00"), ("12 PCS", "1.00"), ("2", "$1.00"), ("2", "€1.00"), ("2", "1.00 CHF"),
        ("USD 2", "1.00"),
    )))  # fmt: skip
    found = of(tmp_path, rows, line_netAmount="{product: [Qty, Price]}")
    code = "line_items.factor.other_currency"
    assert finding_cells(found) == [
        (code, 4, "Price"),
        (code, 5, "Price"),
        (code, 6, "Price"),
        (code, 7, "Qty"),
    ]
    assert amounts(found) == [200, 1200]


def test_a_date_from_a_day_must_lie_in_the_time_that_is_stated(tmp_path: Path) -> None:
    date_from = ("{date_from: {column: Day, format: DDMM, on_or_after: 2024-07-01,"
                 " not_before: {column: Low}, not_after: {column: High}}}")  # fmt: skip
    rows = [
        {"Day": day, "Low": low, "High": high}
        for day, low, high in (
            ("0103", "", ""), ("0103", "2025-03-01", "20250301"), ("0103", "2025-03-02", ""),
            ("0107", "", "2024-06-30"), ("0103", "", "soon"), ("2025-07-01", "", ""),
        )
    ]  # fmt: skip
    found = of(tmp_path, rows_of(*rows), issuedDate=date_from)
    outside = "bills.expression.outside"
    assert finding_cells(found) == [
        (outside, 4, "Day"), (outside, 5, "Day"), ("bills.expression.not_year", 6, "High"),
        ("bills.expression.not_day", 7, "Day"),
    ]  # fmt: skip
    assert "'0103' would be 2025-03-01, before 2025-03-02" in found.findings[0].message
    assert [b.issued_date for b in found.valid_bills()] == [date(2025, 3, 1)] * 2
    # A cell that is a date has its year: it must be the one that the file is of.
    days = [date(2025, 6, 30), date(2025, 7, 1), date(2024, 6, 30), date(2024, 7, 1)]
    cells = [["Supplier", "Number", "Date", "Net", "Low", "High"]]
    cells += [["A", str(i), day, 1, "", ""] for i, day in enumerate(days)]  # type: ignore[list-item]
    text = changed(issuedDate=date_from.replace("column: Day", "column: Date"))
    found = checked([book(tmp_path / "l.xlsx", {"L": cells})], template(tmp_path, text))
    assert finding_cells(found) == [(outside, 3, "Date"), (outside, 4, "Date")]


def test_unreadable_date_is_reported_once(tmp_path: Path) -> None:
    rows = [{"Date": "31/02/2025"}, {"Date": "28/02/2025"}]
    assert finding_cells(of(tmp_path, rows)) == [("bills.issuedDate.not_date", 2, "Date")]


def test_columns_of_both_decimal_signs_contradict_each_other(tmp_path: Path) -> None:
    text = changed(line_netAmount="{first_of: [Net, Other]}").replace(", numbers: point", "")
    cells = [("1.234,50", ""), ("1.234", ""), ("", "1.50"), ("", "1,234")]
    rows = [["Supplier", "Number", "Date", "Net", "Other"]]
    rows += [["A", str(i), "31/01/2025", *both] for i, both in enumerate(cells)]
    found = checked([csv_file(tmp_path / "l.csv", rows)], template(tmp_path, text))
    assert {code for code, _, _ in finding_cells(found)} == {
        "line_items.netAmount.contradicts_columns"
    }
    assert list(found.valid_bills()) == []


def test_each_file_decides_the_order_of_its_own_dates(tmp_path: Path) -> None:
    loaded = template(tmp_path, BASE.replace("dates: [DD/MM/YYYY], ", ""))
    headers = list(ROW)
    one = csv_file(tmp_path / "uk.csv", [headers, ["A", "1", "13/04/2025", "1"]])
    other = csv_file(tmp_path / "us.csv", [headers, ["A", "2", "03/04/2025", "1"]])
    found = checked([one, other], loaded)
    assert finding_cells(found) == [("bills.issuedDate.ambiguous", 2, "Date")]
    assert found.findings[0].cell.file.endswith("us.csv")


def test_texts_are_joined_without_what_is_blank(tmp_path: Path) -> None:
    joined = '{concat: [{value: PO}, Order, Memo], separator: ": ", default: none}'
    rows = rows_of({"Order": "7", "Memo": " paper "}, {"Order": "", "Memo": "ink"},
                   {"Order": "", "Memo": ""})  # fmt: skip
    found = of(tmp_path, rows, description=joined)
    assert [b.description for b in found.valid_bills()] == ["PO: 7: paper", "PO: ink", "none"]


def test_mangled_part_is_found_inside_a_concat(
    tmp_path: Path,
) -> None:
    joined = changed(invoiceNumber="{concat: [Series, Serial], separator: '-'}")
    for serial, code in ((date(2011, 12, 20), "mangled"), ("4.71565E+21", "mangled"),
                         (4.71565e21, "mangled"), ("=1/0", "not_calculated")):  # fmt: skip
        rows = [[*ROW, "Series", "Serial"], ["A", "1", "31/01/2025", 1, "S", serial]]
        path = book(tmp_path / "l.xlsx", {"Ledger": rows})
        found = checked([path], template(tmp_path, joined))
        assert finding_cells(found) == [(f"bills.invoiceNumber.{code}", 2, "Serial")]


def test_amounts_that_a_ledger_shows_negative_are_turned_round(tmp_path: Path) -> None:
    rows = [{"Net": text} for text in ("-1.50", "(2.00)", "3.00-", "4")]
    found = of(tmp_path, rows, line_netAmount="{column: Net, negate: true}")
    assert amounts(found) == [150, 200, 300, -400]
    gone = {"Net": "", "Other": "5.00"}
    text = "{column: Net, negate: true, default: 7.00}"
    assert amounts(of(tmp_path, [gone], line_netAmount=text)) == [700]


SIGNED = "{column: Net, sign_from: {column: 'S/H', positive: [S, Soll], negative: [H, '']}}"


def test_the_sign_stands_in_a_column_of_its_own(tmp_path: Path) -> None:
    rows = [{"Net": "5.00", "S/H": mark} for mark in ("S", " soll ", "S", "h", "")]
    assert amounts(of(tmp_path, rows, line_netAmount=SIGNED)) == [500, 500, 500, -500, -500]


def test_missing_sign_is_reported_and_not_defaulted(
    tmp_path: Path,
) -> None:
    signed = "{column: Net, sign_from: {column: Side, positive: [S], negative: [H]}, default: '9'}"
    rows = rows_of({"Side": ""}, {"Side": "H", "Net": ""}, {"Side": "S", "Net": "5.00"})
    found = of(tmp_path, rows, line_netAmount=signed)
    assert finding_cells(found) == [("line_items.expression.sign_unknown", 2, "Side")]
    assert amounts(found) == [900, 500]


def test_unknown_or_double_sign_is_reported(
    tmp_path: Path,
) -> None:
    rows = rows_of({"S/H": "X"}, {"S/H": "S", "Net": "-5.00"}, {"S/H": "S", "Net": "five"},
                   {"S/H": "S"}, {"S/H": "S", "Net": "0.00"})  # fmt: skip
    found = of(tmp_path, rows, line_netAmount=SIGNED)
    assert finding_cells(found) == [
        ("line_items.expression.sign_unknown", 2, "S/H"),
        ("line_items.expression.signed_twice", 3, "Net"),
        ("line_items.netAmount.not_amount", 4, "Net"),
        ("bills.amount.zero", 6, "Net"),
    ]
    assert valid(found) == [5]
    product = SIGNED.replace("column: Net", "product: [Quantity, Price]").replace("'S/H'", "Side")
    rows = rows_of({"Side": "H", "Quantity": "2", "Price": "1.50"},
                   {"Side": "S", "Quantity": "2", "Price": "-1.50"},
                   {"Side": "?", "Quantity": "2", "Price": "1.50"},
                   {"Side": "S", "Quantity": "2", "Price": "1.50"})  # fmt: skip
    found = of(tmp_path, rows, line_netAmount=product)
    assert finding_cells(found) == [
        ("bills.amount.negative", 2, None),
        ("line_items.expression.signed_twice", 3, "Price"),
        ("line_items.expression.sign_unknown", 4, "Side"),
    ]
    assert amounts(found) == [300]


@pytest.mark.parametrize(
    "year",
    ["year: 2025", "year: {parameter: year}", "year: {column: Year}", "on_or_after: 2024-12-31",
     "on_or_after: {column: Starts}"],
)  # fmt: skip
def test_a_date_without_its_year_gets_it_from_elsewhere(tmp_path: Path, year: str) -> None:
    rows = rows_of(*({"Day": day, "Year": "2025", "Starts": "20250101"}
                     for day in ("3101", "101", "2902", "12")))  # fmt: skip
    found = of(tmp_path, rows, issuedDate=f"{{date_from: {{column: Day, format: DDMM, {year}}}}}")
    assert [b.issued_date for b in found.valid_bills()] == [date(2025, 1, 31), date(2025, 1, 1)]
    assert finding_cells(found) == [
        ("bills.expression.not_day", 4, "Day"),
        ("bills.expression.not_day", 5, "Day"),
    ]


def test_parameter_is_set_on_the_command_line(tmp_path: Path) -> None:
    text = changed(
        issuedDate="{date_from: {column: Day, format: DDMM, year: {parameter: year}}}",
        companyEntity="{parameter: entity}",
    )
    loaded = template(tmp_path, text)
    path = csv_file(tmp_path / "l.csv", [[*ROW, "Day"], [*ROW.values(), "2902"]])
    told_2024 = with_settings(loaded.template, {"year": "2024"})
    [bill] = checked([path], type(loaded)(told_2024, loaded.path)).valid_bills()
    assert (bill.issued_date, bill.company_entity) == (date(2024, 2, 29), "UK01")


def test_map_translates_and_reports_missing_values(tmp_path: Path) -> None:
    rows = rows_of({"Money": " EURO "}, {"Money": "Pfund"}, {"Money": ""}, {"Money": "Yen"})
    expression = "{column: Money, map: {Euro: EUR, Pfund: GBP}, default: USD}"
    found = of(tmp_path, rows, currency=expression)
    assert [b.currency for b in found.valid_bills()] == ["EUR", "GBP", "USD"]
    assert finding_cells(found) == [("bills.expression.not_mapped", 5, "Money")]
    assert "The map has: Euro, Pfund" in found.findings[0].hint


def test_error_cell_is_reported_before_the_map(tmp_path: Path) -> None:
    cells = [[*ROW, "Money"], *([*ROW.values(), text] for text in ("Pfund", "#N/A"))]
    cells[2][1] = "2"
    path = book(tmp_path / "l.xlsx", {"L": cells})
    text = changed(currency="{column: Money, map: {Pfund: GBP}, default: USD}")
    found = checked([path], template(tmp_path, text))
    assert finding_cells(found) == [("bills.currency.error_cell", 3, "Money")]


def test_year_from_a_leap_day_ends_in_february(tmp_path: Path) -> None:
    text = changed(
        issuedDate="{date_from: {column: Date, format: DDMM, on_or_after: {column: From}}}"
    )
    pairs = [(date(2025, 2, 28), "2024-02-29"), (date(2025, 3, 1), "2024-02-29"),
             (date(2024, 2, 27), "2023-02-28"), (date(2024, 2, 28), "2023-02-28")]  # fmt: skip
    cells = [["Supplier", "Number", "Date", "Net", "From"]]
    cells += [["A", str(i), day, 1, first] for i, (day, first) in enumerate(pairs)]  # type: ignore[list-item]
    found = checked([book(tmp_path / "l.xlsx", {"L": cells})], template(tmp_path, text))
    assert finding_cells(found) == [("bills.expression.outside", row, "Date") for row in (3, 5)]


def test_bill_fields_are_joined_from_any_of_its_rows(
    tmp_path: Path,
) -> None:
    rows = [{"Number": "1", "A": "x", "B": "", "Date": ""}, {"Number": "1", "A": "", "B": "y"}]
    [bill] = of(tmp_path, rows, description="{concat: [A, B]}").valid_bills()
    assert (bill.description, bill.issued_date) == ("x y", date(2025, 1, 31))
    rows[1]["A"] = "z"
    differing = of(tmp_path, rows, description="{concat: [A, B], default: nothing}")
    assert finding_cells(differing) == [("bills.description.disagrees", 3, "A")]


def test_a_bill_without_any_of_the_joined_texts_lacks_the_field(tmp_path: Path) -> None:
    rows = [{"Number": "1", "A": "x", "B": "y"}, {"Number": "2"}, {"Number": "3", "B": "z"}]
    found = of(tmp_path, rows, vendor="{concat: [A, B]}")
    assert finding_cells(found) == [("bills.vendorId.required", 3, "A")]
    assert [(b.invoice_number, b.vendor) for b in found.valid_bills()] == [("1", "x y"), ("3", "z")]


def test_the_columns_of_an_expression_must_be_there(tmp_path: Path) -> None:
    found = of(tmp_path, [{}], line_netAmount="{first_of: [Net, {column: Gross, optional: true}]}",
               line_taxAmount="{product: [[Qty, Quantity], Tax]}")  # fmt: skip
    assert finding_cells(found) == [("sheet.column.missing", 1, None)] * 2
    assert "'Qty' or 'Quantity', which the template needs (line" in found.findings[0].message
    assert "line_items.taxAmount)" in found.findings[0].message
    near = of(tmp_path, [{}], vendor="{column: Suplier}")
    assert finding_cells(near)[0] == ("sheet.column.missing", 1, None)
    assert "the nearest is 'Supplier'." in near.findings[0].hint


MONEY = st.integers(-(10**11), 10**11)


@settings(max_examples=15)
@given(st.lists(st.tuples(MONEY, st.booleans(), st.booleans()), min_size=1, max_size=5))
def test_signs_never_change_an_amount_but_for_its_sign(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[int, bool, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("l")
    expression = (
        "{first_of: [{column: Credit, optional: true, negate: true},"
        " {column: Net, sign_from: {column: Side, positive: [D], negative: [C]}}]}"
    )
    rows, expected = [], []
    for cents, by_mark, minus in lines:
        text = f"{Decimal(abs(cents)).scaleb(-2)}"
        if by_mark:
            rows.append({"Net": text, "Side": "C" if minus else "D", "Credit": ""})
        else:
            rows.append({"Net": "", "Side": "", "Credit": ("" if minus else "-") + text})
        expected.append(-abs(cents) if minus else abs(cents))
    found = of(folder, rows, line_netAmount=expression)
    assert list(found.lines["netAmount"].values) == expected


@pytest.mark.parametrize(("debit", "credit"), [("", "-30.00"), ("-5", "0"), ("(5.00)", "")])
def test_signed_debit_or_credit_is_reported(tmp_path: Path, debit: str, credit: str) -> None:
    both = "{first_of: [{column: Debit}, {column: Credit, negate: true}]}"
    rows = rows_of({"Debit": "100.00", "Credit": ""}, {"Debit": debit, "Credit": credit})
    found = of(tmp_path, rows, line_netAmount=both)
    column = "Debit" if debit else "Credit"
    assert finding_cells(found) == [("line_items.expression.signed_twice", 3, column)]
    assert (
        "the column it is in ('Debit' or 'Credit') also states the sign"
        in found.findings[0].message
    )
    assert amounts(found) == [10000]


# --- columns that a parameter names, and currencies that the amounts show ----------------------

CHOICE = BASE.replace(
    "year: 2025}", "year: 2025, amount: {value: Net, one_of: [Net, Open balance]}}"
).replace("netAmount: {column: Net}", "netAmount: {column_parameter: amount}")


def test_parameter_chooses_the_column(tmp_path: Path) -> None:
    loaded = template(tmp_path, CHOICE)
    path = csv_file(tmp_path / "l.csv", [[*ROW, "Open balance"], [*ROW.values(), "4.00"]])
    assert amounts(checked([path], loaded)) == [1000]
    chosen = with_settings(loaded.template, {"amount": "Open balance"})
    found = checked([path], type(loaded)(chosen, loaded.path))
    assert amounts(found) == [400]
    assert found.mapped.lines.columns["netAmount"].source[0] == (4, "Open balance")


def test_column_that_is_no_choice_is_refused_with_the_choices(tmp_path: Path) -> None:
    loaded = template(tmp_path, CHOICE)
    with pytest.raises(UsageProblem, match="amount=Nett: write Net or Open balance"):
        with_settings(loaded.template, {"amount": "Nett"})


def test_result_is_read_by_the_column_that_its_run_chose(tmp_path: Path) -> None:
    loaded = template(tmp_path, CHOICE)
    former = with_settings(loaded.template, {}, {"amount": "Open balance"})
    assert former.line_items["netAmount"].column == ["Open balance"]
    again = with_settings(loaded.template, {"amount": "Net"}, {"amount": "Open balance"})
    assert again.line_items["netAmount"].column == ["Net"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("one_of: [Net, Open balance]", "optional: true", "state the headers it may be"),
        ("value: Net, one_of", "value: Nett, one_of", "'Nett' is none of Net, Open balance"),
        ("column_parameter: amount", "column_parameter: amont", "did you mean 'amount'"),
    ],
)
def test_parameter_that_names_a_column_states_the_choices(
    old: str, new: str, sentence: str, tmp_path: Path
) -> None:
    assert old in CHOICE
    with pytest.raises(TemplateProblem, match=sentence):
        template(tmp_path, CHOICE.replace(old, new))


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("£10.00", "GBP"), ("10.00 €", "EUR"), ("EUR 10.00", "EUR"), ("-US$10.00", "USD")],
)
def test_currency_is_taken_from_the_amounts(amount: str, currency: str, tmp_path: Path) -> None:
    found = of(tmp_path, [{"Net": amount}], currency="{currency_of: Net}")
    assert found.mapped.bills.columns["currency"].text_at(0) == currency


@pytest.mark.parametrize("amount", ["10.00", "$10.00", "10.00 kr"])
def test_currency_is_blank_where_the_amounts_do_not_say_it(amount: str, tmp_path: Path) -> None:
    found = of(tmp_path, [{"Net": amount}], currency="{currency_of: Net}")
    assert [code for code, *_ in finding_cells(found)] == ["bills.currency.required"]
    found = of(tmp_path, [{"Net": amount}], currency="{currency_of: Net, default: SEK}")
    assert found.mapped.bills.columns["currency"].text_at(0) == "SEK"


def test_currency_is_taken_from_the_number_format(tmp_path: Path) -> None:
    path = tmp_path / "l.xlsx"
    sheet_book = openpyxl.Workbook()
    sheet = sheet_book.active
    assert sheet is not None
    sheet.append(list(ROW))
    sheet.append([*list(ROW.values())[:3], 10])
    sheet["D2"].number_format = '"£"#,##0.00'
    sheet_book.save(path)
    text = changed(currency="{currency_of: Net}")
    [bill] = checked([path], template(tmp_path, text)).valid_bills()
    assert (bill.currency, bill.amount) == ("GBP", 1000)
