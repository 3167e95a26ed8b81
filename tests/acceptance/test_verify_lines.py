"""``verify --lines`` shows what Light made of each line item, and compares it with the sheet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
from conftest import (
    PASS,
    Ended,
    Fault,
    Request,
    asked,
    bill_row,
    http,
    proxied,
    write_bills,
)

from importer.sandbox import Sandbox
from importer.sandbox.company_file import SHIPPED

Load = Callable[..., Ended]
FAST = ("--json", "--quiet", "--requests-per-minute", "100000")
CENTRE = "0c9f6f0e-52a1-4d2b-8a51-2f4b4f0f7c11"
SCHEDULE = "1d9f6f0e-52a1-4d2b-8a51-2f4b4f0f7c12"


def with_dates(lines: str) -> None:
    """Spread the first bill's line over the year."""
    path = Path(lines)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    spread = {"amortizationStartDate": "2026-01-01", "amortizationEndDate": "2026-12-31"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], *spread])
        writer.writeheader()
        writer.writerows([rows[0] | spread, *rows[1:]])


def test_what_light_made_of_each_line_is_seen(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    with_dates(files[1])
    changes: dict[str, dict[str, Any]] = {}

    def fault(request: Request) -> Fault:
        """Lines as another program has changed them in Light."""
        line_id = request.path.rpartition("/line-items/")[2]
        return Fault(False, http(200, changes[line_id])) if line_id in changes else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *files).json["run"]
        first = command("verify", run, "--lines", *FAST)
        assert first.code == 0, first.out
        bills = sorted(sandbox.bills(), key=lambda bill: str(bill["invoiceNumber"]))
        lines = [bill["lineItems"][0] for bill in bills]
        shown = first.json["line_items_in_light"]
        assert [each["light_line_item_id"] for each in shown] == [line["id"] for line in lines]
        assert shown[0] == {
            "file": files[1],
            "sheet": None,
            "row": 2,
            "document": "bill",
            "invoice_number": "INV-00000",
            "line": 1,
            "light_line_item_id": lines[0]["id"],
            "type": "VENDOR_INVOICE",
            "metadata": {"type": "VENDOR_INVOICE"},
            "shouldAmortize": True,
            "amortizationScheduleId": None,
            "costCenterId": None,
            "aiValueSuggestions": [],
            "createdAt": lines[0]["createdAt"][:19] + "Z",
            "updatedAt": lines[0]["updatedAt"][:19] + "Z",
        }
        assert [each["shouldAmortize"] for each in shown] == [True, False, False]

        changes[lines[0]["id"]] = lines[0] | {"shouldAmortize": False}
        changes[lines[1]["id"]] = lines[1] | {
            "costCenterId": CENTRE.upper(),
            "amortizationScheduleId": SCHEDULE,
            "type": "REIMBURSEMENT",
            "metadata": {"type": "REIMBURSEMENT", "of": ["new", {}]},
            "shouldAmortize": True,
        }
        del lines[2]["shouldAmortize"]
        changes[lines[2]["id"]] = lines[2] | {"createdAt": 7, "costCenterId": ["?"]}
        told = command("verify", run, "--lines", "--again", *FAST)
        report = command("report", run, "--json", "--result", "again.xlsx")
        again = load(proxy.url, "again.xlsx")
    assert (again.code, again.json["bills"]) == (0, {"total": 3, "already_loaded": 3})
    assert (told.code, told.json["read_back"]) == (1, {"same": 2, "changed": 1}), told.out
    [found] = [f for f in told.json["findings"] if f["severity"] == "error"]
    assert (found["code"], found["row"]) == ("light.changed", 2)
    assert "Light has 'no' where the sheet has 'yes' (amortization)" in found["message"]
    shown = told.json["line_items_in_light"]
    assert (shown[1]["type"], shown[1]["costCenterId"]) == ("REIMBURSEMENT", CENTRE)
    assert shown[1]["amortizationScheduleId"] == SCHEDULE
    assert shown[1]["metadata"] == {"type": "REIMBURSEMENT", "of": ["new", {}]}
    assert (shown[2]["createdAt"], shown[2]["costCenterId"]) == (None, None)
    assert shown[2]["shouldAmortize"] is None

    # Later reports have it from the journal; a load of the workbook does not read the sheet.
    assert report.json["line_items_in_light"] == shown
    page = openpyxl.load_workbook("again.xlsx")["Lines in Light"]
    header, *rows = page.iter_rows(values_only=True)
    at = {str(name): i for i, name in enumerate(header)}
    assert [row[at["shouldAmortize"]] for row in rows] == ["no", "yes", None]
    assert rows[1][at["costCenterId"]] == CENTRE
    assert json.loads(str(rows[1][at["metadata"]]))["of"] == ["new", {}]
    assert [row[at["Row"]] for row in rows] == [2, 3, 4]


def test_line_of_light_alone_is_listed_without_a_row(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    run = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(0)])).json["run"]
    [bill] = sandbox.bills()
    body = {"netAmount": 0, "description": "Somebody's"}
    added = asked(sandbox, "POST", f"invoice-payables/{bill['id']}/line-items", body)
    told = command("verify", run, "--lines", *FAST)
    assert told.code == 1
    ours, theirs = told.json["line_items_in_light"]
    assert (ours["row"], ours["line"]) == (2, 1)
    assert (theirs["row"], theirs["line"]) == (None, None)
    assert theirs["light_line_item_id"] == added["id"]
    assert "line_items_in_light" not in command("verify", run, "--again", *FAST).json


def account_labels() -> set[str]:
    """The sandbox's active accounts as dropdowns show them."""
    rows = csv.DictReader((SHIPPED / "accounts.csv").read_text(encoding="utf-8").splitlines())
    return {f"{row['code']} {row['label']}" for row in rows if row["status"] == "ACTIVE"}


def test_suggestions_for_a_read_document_are_listed(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Of lines without an account or tax code, where Light reads the document; of no others."""
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4 a scan")
    read = {"document": "scan.pdf", "processingMode": "AI_PARSE_AND_MERGE"}
    rows = [bill_row(0, **read), bill_row(1, **{**read, "processingMode": ""}), bill_row(2, **read)]
    bills, lines = write_bills(tmp_path, rows)
    text = Path(lines).read_text(encoding="utf-8")
    [account] = {row["accountId"] for row in csv.DictReader(text.splitlines())}
    head, first, *rest = text.splitlines()
    Path(lines).write_text("\n".join([head, first.replace(account, ""), *rest]) + "\n")
    told = load(sandbox.base_url, bills, lines, "--verify")
    assert told.code == 0, told.out
    shown = told.json["line_items_in_light"]
    of_lines = [each["lineItems"][0] for each in sandbox.bills()]
    suggested = {line["id"]: line["aiValueSuggestions"] or [] for line in of_lines}
    assert {e["light_line_item_id"]: e["aiValueSuggestions"] for e in shown} == suggested
    fields = [[each["field"] for each in line["aiValueSuggestions"]] for line in shown]
    assert fields == [["accountId", "taxCodeId"], [], ["taxCodeId"]]
    report = command("report", told.json["run"], "--json")
    assert report.json["line_items_in_light"] == shown
    header, *cells = openpyxl.load_workbook(report.json["result"])["Lines in Light"].values
    at = {str(name): i for i, name in enumerate(header)}
    [picked] = shown[0]["aiValueSuggestions"][0]["fieldValues"]
    assert cells[0][at["suggested accountId"]] == picked
    assert "had it before" in str(cells[0][at["reasoning"]])
    assert (cells[1][at["suggested accountId"]], cells[2][at["suggested accountId"]]) == (None,) * 2

    # They are picks too: the suggestion first, then all of Light's; one that is picked is loaded.
    book = openpyxl.load_workbook(told.json["result"])
    sheet = book["To resolve"]
    header, *rows = ([cell.value for cell in row] for row in sheet)
    at = {str(name): i for i, name in enumerate(header)}
    assert [row[at["field"]] for row in rows] == ["account", "taxCode", "taxCode"]
    assert rows[0][at["value"]].startswith("INV-00000: Line of B0 [line ")
    assert (rows[0][at["id 1"]], rows[0][at["pick"]]) == (picked, None)
    assert rows[0][at["suggestion 1"]] in account_labels()
    [offer] = [r for r in sheet.data_validations.dataValidation if "C2" in str(r.sqref).split()]
    name, _, cells_of = offer.formula1.partition("!")
    offered = [row[0].value for row in book[name.strip("'=")][cells_of.replace("$", "")]]
    assert offered[0] == rows[0][at["suggestion 1"]]
    assert set(offered) == account_labels()
    for row in (2, 3):
        sheet.cell(row, at["pick"] + 1).value = sheet.cell(row, at["suggestion 1"] + 1).value
    book.save("picked.xlsx")
    plain = load(sandbox.base_url, "picked.xlsx")
    assert plain.json["findings"][0]["code"] == "bills.content.changed", plain.out
    done = load(sandbox.base_url, "picked.xlsx", "--update", "--save-lookups", "lookups")
    assert done.json["bills"] == {"total": 3, "updated": 1, "already_loaded": 2}, done.out
    [first_bill] = [b for b in sandbox.bills() if b["invoiceNumber"] == "INV-00000"]
    line = first_bill["lineItems"][0]
    assert [line["accountId"], line["taxCodeId"]] == [
        s["fieldValues"][0] for s in suggested[line["id"]]
    ]
    assert not (tmp_path / "lookups").exists()  # of one line, not of a name
    again = load(sandbox.base_url, done.json["result"], "--update")
    assert again.json["bills"] == {"total": 3, "already_loaded": 3}, again.out
