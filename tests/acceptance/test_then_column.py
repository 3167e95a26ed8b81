"""The column ``then`` of a result workbook: how far each bill goes when the workbook is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest
from conftest import ACCOUNTS, ENTITIES, Ended, bill_row, write_bills

from importer.sandbox import Sandbox
from importer.sandbox.company_file import load_reference

Load = Callable[..., Ended]
BANK = next(iter(load_reference().bank_accounts))
FLAT = """template: ledger
layout: flat
source: {header: {row: 1}}
group_by: [vendor, number]
bills:
  vendorId: {column: vendor}
  invoiceNumber: {column: number}
  companyEntityId: {column: entity}
  issuedDate: {column: date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: net}
  accountId: {column: account}
"""


def write_then(result: str, sheet: str, cells: Mapping[int, str]) -> None:
    book = openpyxl.load_workbook(result)
    page = book[sheet]
    at = [cell.value for cell in page[1]].index("then") + 1
    offered = {
        cells.min_col for v in page.data_validations.dataValidation for cells in v.sqref.ranges
    }
    assert at in offered
    for row, text in cells.items():
        page.cell(row, at).value = text
    book.save(result)


def states(light: Sandbox) -> dict[str, str]:
    return {str(bill["invoiceNumber"]): str(bill["state"]) for bill in light.bills()}


def loaded(load: Load, sandbox: Sandbox, folder: Path, n: int = 5) -> Ended:
    paid = {"paidFromBankAccountId": BANK, "paymentAt": "2026-02-01"}
    rows = [bill_row(i, companyEntityId=ENTITIES[0], **paid, status="") for i in range(n)]
    told = load(sandbox.base_url, *write_bills(folder, rows))
    assert told.code == 0, told.out
    return told


def test_each_bill_goes_as_far_as_its_row_says(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    result = loaded(load, sandbox, tmp_path).json["result"]
    write_then(result, "Bills", {2: "submitted", 3: "Posted", 4: "paid"})
    told = load(sandbox.base_url, result)
    assert told.code == 0, told.out
    assert told.json["bills"] == {"total": 5, "already_loaded": 5}
    assert told.json["steps"] == {"submitted": 1, "posted": 2, "paid": 1}
    assert states(sandbox) == {
        "INV-00000": "APPROVAL_PENDING",
        "INV-00001": "UNPAID",
        "INV-00002": "PAID",
        "INV-00003": "IN_DRAFT",
        "INV-00004": "IN_DRAFT",
    }
    page = openpyxl.load_workbook(told.json["result"])["Bills"]
    assert [cell.value for cell in page[1]].count("then") == 1
    # The next result has the column as it was filled in, and it is obeyed again.
    write_then(told.json["result"], "Bills", {5: "posted"})
    again = load(sandbox.base_url, told.json["result"], "--then", "submitted")
    assert again.code == 0, again.out
    assert again.json["steps"] == {"submitted": 2, "posted": 3, "paid": 1}  # of all time
    assert (states(sandbox)["INV-00003"], states(sandbox)["INV-00004"]) == (
        "UNPAID",
        "APPROVAL_PENDING",
    )


def test_column_of_one_row_a_line_speaks_for_the_bill(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    # The file has no seventh column, and the one that the result adds is none of the file's.
    text = FLAT + "  description: {column: $G, optional: true}\n"
    (tmp_path / "ledger.yaml").write_text(text, encoding="utf-8")
    rows = ["vendor,number,entity,date,net,account"]
    for i in (0, 0, 1, 1):
        row = bill_row(i)
        rows.append(f"{row['vendorId']},A{i},{ENTITIES[0]},2026-01-05,1000,{ACCOUNTS[0]}")
    (tmp_path / "ledger.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    told = load(sandbox.base_url, "ledger.csv", "--template", "ledger.yaml")
    assert told.code == 0, told.out
    write_then(told.json["result"], "Line items", {2: "posted"})
    posted = load(sandbox.base_url, told.json["result"])
    assert (posted.code, posted.json["steps"]) == (0, {"posted": 1}), posted.out
    assert states(sandbox) == {"A0": "UNPAID", "A1": "IN_DRAFT"}


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        ("post it", "bills.status.not_one_of", 3),
        ("paid", "bills.paidFromBankAccountId.required", 3),  # no such column: the row of the bill
    ],
)
def test_wrong_word_is_an_error_at_its_cell(
    text: str, code: str, row: int | None, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [bill_row(i, companyEntityId=ENTITIES[0], status="draft") for i in range(2)]
    result = load(sandbox.base_url, *write_bills(tmp_path, rows)).json["result"]
    write_then(result, "Bills", {3: text})
    told = load(sandbox.base_url, result)
    found = [(f["code"], f["row"]) for f in told.json["findings"] if f["severity"] == "error"]
    assert (told.code, found[0]) == (1, (code, row)), told.out
    assert set(states(sandbox).values()) == {"IN_DRAFT"}
