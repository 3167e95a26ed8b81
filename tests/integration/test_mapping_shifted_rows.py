"""Rows of a CSV file whose cells have moved, by a comma without quotation marks."""

from __future__ import annotations

from pathlib import Path

import pytest
from bill_sheets import LEDGER, checked, codes, template

from importer.validation.checked_bills import Checked


def ledger(folder: Path, text: str) -> Checked:
    (folder / "l.csv").write_text(text)
    return checked([folder / "l.csv"], template(folder, LEDGER))


@pytest.mark.parametrize(
    "text",
    [
        "Number,Net,Text\nA1,12,50,\nA2,7,00,\n",
        "Number,Net,Text\nA1,12.50,x\nA2,1,234.50,\n",
        "Number,Text,Net,Qty\nA1,Rack, 19,10.00\nA2,Rack,5.00,1\n",
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
        "Number,Net,Text\nA1,12,50\nA2,7,10\n",
        "Number, Text, Net, Qty\nA1, Rack, 19, 1.00\nA2, Rack, 5, 1.00\n",
    ],
)
def test_ordinary_rows_are_not_told(tmp_path: Path, text: str) -> None:
    assert "sheet.row.shifted" not in codes(ledger(tmp_path, text))
