"""Rows of a CSV file whose cells have moved, by a comma without quotation marks."""

from __future__ import annotations

from pathlib import Path

import pytest
from bill_sheets import LEDGER, checked, codes, template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.validation.checked_bills import Checked


def ledger(folder: Path, text: str) -> Checked:
    (folder / "l.csv").write_text(text)
    return checked([folder / "l.csv"], template(folder, LEDGER))


LAYOUTS = ["Number Text Net Notes", "Number Net Text Notes", "Text Net Notes Number"]
AMOUNTS = st.integers(1, 9_999_999)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_an_unquoted_separator_never_changes_an_amount(tmp_path: Path, data: st.DataObject) -> None:
    mark = data.draw(st.sampled_from(",;\t"))
    comma = mark != "," and data.draw(st.booleans())  # decimal commas
    columns = data.draw(st.sampled_from(LAYOUTS)).split()
    cents = data.draw(st.lists(AMOUNTS, min_size=2, max_size=6))
    broken = data.draw(st.integers(0, len(cents) - 1))
    in_text = mark != "," or data.draw(st.booleans())
    rows = [mark.join(columns)]
    for i, amount in enumerate(cents):
        number = f"{amount / 100:,.2f}" if i == broken else f"{amount / 100:.2f}"
        number = number.translate(str.maketrans(",.", ".,")) if comma else number
        text = data.draw(st.sampled_from(["Paper", "", "Rack"]))
        notes = data.draw(st.sampled_from(["", "", "", "x"]))
        if i == broken and in_text:
            number, text = number.replace(mark, ""), f"Rack{mark}{data.draw(st.integers(1, 99))}"
        cells = {"Number": f"A{i}", "Text": text, "Net": number, "Notes": notes}
        rows.append(mark.join(cells[name] for name in columns))
    of = ledger(tmp_path, "\n".join(rows) + "\n")
    truth = {f"A{i}": amount for i, amount in enumerate(cents)}
    assert all(truth[bill.invoice_number or ""] == bill.amount for bill in of.valid_bills())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cents=st.lists(AMOUNTS, min_size=1, max_size=5),
    broken=st.sets(st.integers(0, 4), min_size=1),
    header=st.sampled_from(["Text", "Comment", "Buchungstext", "Libellé", "Extra"]),
)
def test_a_decimal_comma_in_a_row_as_long_as_the_header_never_changes_an_amount(
    tmp_path: Path, cents: list[int], broken: set[int], header: str
) -> None:
    if header == "Extra" and broken >= set(range(len(cents))):
        header = "Text"  # nothing says that it is a column of words
    rows = [f"Number,Net,{header}"]
    for i, amount in enumerate(cents):
        decimals = f"{amount // 100},{amount % 100:02d}"
        rows.append(f"A{i},{decimals}" if i in broken else f"A{i},{amount / 100:.2f},Paper")
    of = ledger(tmp_path, "\n".join(rows) + "\n")
    truth = {f"A{i}": amount for i, amount in enumerate(cents)}
    assert all(truth[bill.invoice_number or ""] == bill.amount for bill in of.valid_bills())


@pytest.mark.parametrize(
    "text",
    [
        "Number,Net,Text\nA1,12,50,\nA2,7,00,\n",
        "Number,Net,Text\nA1,12.50,x\nA2,1,234.50,\n",
        "Number,Text,Net,Qty\nA1,Rack, 19,10.00\nA2,Rack,5.00,1\n",
        "Number,Net,Text\nA1,12,50\nA2,5,00\n",
        "Number,Net,Text\nA1,12,50\nA2,5.00,Paper\n",
        "Number,Net,Comment\nA1,12,50\nA2,5.00,Paper\n",
        "Number,Net,Verwendungszweck\nA1,12,50\nA2,5.00,Papier\n",
    ],
)
def test_number_split_by_its_comma_is_told(tmp_path: Path, text: str) -> None:
    of = ledger(tmp_path, text)
    assert "sheet.row.shifted" in codes(of)
    assert all(bill.amount in (1250, 500) for bill in of.valid_bills())


@pytest.mark.parametrize(
    "text",
    [
        "Number,Net,Text\nA1,12,x,\nA2,7,y,\n",  # a comma at each row's end
        "Number,Net,Qty\nA1,12,50\nA2,7,10\n",
        "Number,Net,VAT rate\nA1,100,20\nA2,12.50,20\nA3,7.25,\n",
        "Number,Net,Tax code\nA1,100,20\nA2,12.50,S1\nA3,7.25,20\n",
        "Number,Net,Text\nA1,12,50\nA2,7,Paper\n",
        "Number, Text, Net, Qty\nA1, Rack, 19, 1.00\nA2, Rack, 5, 1.00\n",
    ],
)
def test_ordinary_rows_are_not_told(tmp_path: Path, text: str) -> None:
    assert "sheet.row.shifted" not in codes(ledger(tmp_path, text))
