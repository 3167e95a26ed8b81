"""What is sent is what the sheet says, and what is told is what Light has."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import openpyxl
from conftest import ENTITIES, PASS, VENDORS, Ended, Fault, Request, bill_row, proxied, write_bills

from importer.sandbox import Sandbox

Load = Callable[..., Ended]


def codes(told: Ended) -> set[str]:
    return {f["code"] for f in told.json["findings"]}


def ledger(folder: Path, rows: Sequence[Sequence[object]]) -> str:
    """A spend ledger of one vendor, with its lookup table beside it."""
    with (folder / "vendors.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("value", "id"), ("Abbott", VENDORS[0])])
    path = folder / "ledger.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("Supplier", "Transaction Number", "Date", "Amount"), *rows])
    return str(path)


def test_tie_out_uses_the_amounts_of_light(
    load: Load, sandbox: Sandbox, tmp_path: Path, home: Path
) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1, amount=1000), bill_row(2)]))
    shutil.rmtree(home / "journals")
    told = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1, amount=9999), bill_row(2)]))
    assert told.json["bills"] == {"total": 2, "already_in_light": 2}
    (total,) = told.json["totals"]
    assert (total["sheet"], total["created"], total["difference"]) == (11001, 2002, 8999)
    assert "light.differs" in codes(told)
    assert told.json["next"].startswith("compare what the problems name with Light")


def test_number_with_wide_space_is_matched_after_a_lost_answer(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    def fault(request: Request) -> Fault:
        return Fault(True, None) if request.creates and request.number == 0 else PASS

    files = write_bills(tmp_path, [bill_row(1, invoiceNumber="INV-1\u3000")])
    with proxied(sandbox.base_url, fault) as proxy:
        assert load(proxy.url, *files).json["bills"] == {"total": 1, "created": 1}
    assert len(sandbox.bills()) == 1


def test_number_with_and_without_entity_is_a_duplicate(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    same = {"vendorId": VENDORS[0], "invoiceNumber": "INV-1"}
    rows = [bill_row(1, **same, companyEntityId=ENTITIES[0]), bill_row(2, **same)]
    told = load(sandbox.base_url, *write_bills(tmp_path, rows))
    assert codes(told) == {"bills.invoiceNumber.duplicate"}
    assert sandbox.bills() == []


def test_file_named_twice_is_read_once(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    bills, lines = write_bills(tmp_path, [bill_row(1, invoiceNumber="")])
    told = load(sandbox.base_url, bills, lines, f"{tmp_path}/./bills.csv")
    assert told.json["bills"] == {"total": 1, "created": 1}


def test_total_in_the_middle_of_a_ledger_is_reported(
    command: Callable[..., Ended], tmp_path: Path
) -> None:
    rows = [("Abbott", "1", "31/03/2015", "10.00"), ("", "", "", "77.77"),
            ("Abbott", "2", "31/03/2015", "20.00"), ("", "", "", "30.00")]  # fmt: skip
    told = command(
        "validate", ledger(tmp_path, rows), "--template", "uk-spend", "--json", "--quiet"
    )
    assert told.json["bills"] == {"total": 3, "valid": 2, "invalid": 1}
    assert told.json["rows"]["control_total"] == 1
    assert {f["row"] for f in told.json["findings"]} == {3, 5}


def test_amount_in_another_currency_is_refused(
    command: Callable[..., Ended], tmp_path: Path
) -> None:
    texts = ("£1.00", "GBP 1.00", "$1.00", "€1.00", "1.00 USD", "1 VAT")
    rows = [("Abbott", str(i), "31/03/2015", text) for i, text in enumerate(texts)]
    told = command(
        "validate", ledger(tmp_path, rows), "--template", "uk-spend", "--json", "--quiet"
    )
    assert told.json["bills"] == {"total": 6, "valid": 2, "invalid": 4}
    assert codes(told) == {"line_items.amount.other_currency"}


def test_code_mangled_to_a_date_is_not_sent(command: Callable[..., Ended], tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    bills, lines = book.active, book.create_sheet("Line items")
    bills.title = "Bills"
    row = bill_row(1)
    bills.append(list(row))
    for number in (date(2024, 3, 1), True, 12.5, 12):
        row = bill_row(len(list(bills.rows)), invoiceNumber=number)
        bills.append(list(row.values()))
    lines.append(["billRef", "netAmount"])
    for i in range(1, 5):
        lines.append([f"B{i}", 1000 + i])
    book.save(tmp_path / "bills.xlsx")
    told = command("validate", "bills.xlsx", "--json", "--quiet")
    assert [f["row"] for f in told.json["findings"]] == [2, 3, 4]
    assert codes(told) == {"bills.invoiceNumber.mangled"}


def test_product_of_prices_in_cents_is_in_cents(
    command: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "hours.yaml").write_text(
        "template: hours\nlayout: flat\ngroup_by: [No]\n"
        "bills:\n  vendorId: {column: Vendor}\n  invoiceNumber: {column: No}\n"
        "  issuedDate: {value: '2025-03-31'}\n  currency: {value: GBP}\n"
        "  amount: {sum_of_lines: gross}\n"
        "line_items:\n  netAmount: {product: [Quantity, Price]}\n",
        encoding="utf-8",
    )
    with (tmp_path / "hours.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("Vendor", "No", "Quantity", "Price"), (VENDORS[0], "1", "2", "1050")]
        )
    told = command("validate", "hours.csv", "--template", "hours.yaml", "--json", "--quiet")
    assert [t["sheet"] for t in told.json["totals"]] == [2100]
    assert told.code == 0
