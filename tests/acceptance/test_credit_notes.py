"""Credit notes from the sheet to Light and back: each once, cleared against its bill, undone."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import (
    ACCOUNTS,
    COMPANY,
    ENTITIES,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    asked,
    http,
    proxied,
)

from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
BILL = {"type": "bill", "vendorId": VENDORS[0], "companyEntityId": ENTITIES[0], "currency": "GBP",
        "issuedDate": "2025-03-01"}  # fmt: skip
NOTE = BILL | {"type": "credit note"}


def sheets(folder: Path, *documents: dict[str, Any]) -> list[str]:
    """Bills and credit notes with one line each, or ``lines``, in cents without tax."""
    bills, lines = [], []
    for i, document in enumerate(documents):
        amounts = document.get("lines", [document["amount"]])
        cells = {k: v for k, v in document.items() if k != "lines"}
        bills.append({"billRef": f"R{i}", **cells})
        lines += [{"billRef": f"R{i}", "netAmount": n, "accountId": ACCOUNTS[0]} for n in amounts]
    write(folder / "bills.csv", bills)
    write(folder / "lines.csv", lines)
    return ["--bills", str(folder / "bills.csv"), "--lines", str(folder / "lines.csv")]


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    headers = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, headers)
        writer.writeheader()
        writer.writerows(rows)


def codes(done: Ended) -> list[str]:
    return [each["code"] for each in done.json["findings"]]


def numbered(sandbox: Sandbox) -> dict[str, tuple[int, str]]:
    return {n["documentNumber"]: (n["amount"], n["status"]) for n in sandbox.credit_notes()}


def test_credit_notes_are_posted_cleared_verified_and_undone(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = sheets(
        tmp_path,
        BILL | {"invoiceNumber": "INV-1", "amount": 10_000, "status": "posted"},
        NOTE | {"invoiceNumber": "CN-1", "amount": 2_500, "status": "posted",
                "creditsBill": "INV-1", "lines": [3_000, -500]},
        NOTE | {"invoiceNumber": "INV-1", "amount": 1_200},
        NOTE | {"invoiceNumber": "CN-3", "amount": 700},
    )  # fmt: skip
    done = load(sandbox.base_url, *files)
    assert (done.code, done.json["credit_notes"]) == (0, {"total": 3, "created": 3}), done.err
    assert done.json["bills"] == {"total": 1, "created": 1}
    [total] = done.json["totals"]
    assert (total["sheet"], total["created"], total["difference"]) == (5_600, 5_600, 0)
    assert total["credit_notes"] == {"sheet": 4_400, "created": 4_400, "difference": 0}
    assert done.json["steps"] == {"posted": 2, "cleared": 1}
    page = tmp_path / "page.html"
    shown = " ".join(command("report", done.json["run"], "--result", str(page)).out.split())
    assert "Created in Light 1 1 100.00 GBP" in shown  # with the line items of the bill alone
    assert "Credit notes: created in Light 3 4 -44.00 GBP" in shown
    assert "<td>Credit notes: created in Light</td>" in page.read_text()
    assert ">Documents in Light</th>" in page.read_text()
    assert numbered(sandbox) == {
        "CN-1": (2_500, "CLEARED"), "INV-1": (1_200, "DRAFT"), "CN-3": (700, "DRAFT")
    }  # fmt: skip
    [note] = [n for n in sandbox.credit_notes() if n["documentNumber"] == "CN-1"]
    sides = [line["netTransactionAmount"] for line in note["lines"]]
    assert sides == [{"amount": 3_000, "dcSign": "C"}, {"amount": 500, "dcSign": "D"}]
    [bill] = sandbox.bills()
    assert (bill["state"], bill["outstandingBalance"]) == ("UNPAID", 7_500)

    again = load(sandbox.base_url, *files)
    assert again.json["credit_notes"] == {"total": 3, "already_loaded": 3}
    assert len(sandbox.credit_notes()) == 3
    dry = load(sandbox.base_url, *files, "--dry-run")
    assert (dry.code, dry.json["next"]) == (0, "")  # nothing is left to load
    idle = command("undo", again.json["run"], "--dry-run", "--json")
    assert (idle.code, idle.json["next"]) == (0, "")  # it created nothing

    read = command("verify", done.json["run"], "--json", "--settle", "0.1")
    assert read.json["read_back"] == {"same": 4}, read.out
    undone = command("undo", done.json["run"], "--yes", "--json", "--settle", "0.1")
    assert undone.code == 1
    assert undone.json["credit_notes"] == {"total": 3, "created": 1, "undone": 2}
    assert numbered(sandbox)["CN-1"] == (2_500, "CLEARED")
    assert {state for _, state in numbered(sandbox).values()} == {"CLEARED", "ARCHIVED"}
    assert load(sandbox.base_url, *files).json["credit_notes"] == {
        "total": 3, "created": 2, "already_loaded": 1
    }  # fmt: skip


def test_a_number_of_another_vendor_is_rejected_and_never_created(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Of two in the sheet the first is created, and Light answers the other with it."""
    theirs = {"businessPartnerId": VENDORS[1], "documentNumber": "CN-9", "currency": "GBP",
              "documentDate": "2025-01-01", "amount": 100}  # fmt: skip
    asked(sandbox, "POST", "credit-notes", theirs)
    files = sheets(
        tmp_path,
        NOTE | {"invoiceNumber": "CN-9", "amount": 100},
        NOTE | {"invoiceNumber": "CN-8", "amount": 200},
        NOTE | {"invoiceNumber": "CN-8", "amount": 200, "vendorId": VENDORS[2]},
    )
    done = load(sandbox.base_url, *files, "--settle", "0.2")
    assert (done.code, done.json["credit_notes"]) == (
        1, {"total": 3, "created": 1, "rejected": 2}
    ), done.err  # fmt: skip
    assert sorted(numbered(sandbox)) == ["CN-8", "CN-9"]
    refused = [each["message"] for each in done.json["findings"] if each["severity"] == "error"]
    assert all(words.startswith("Light refused the credit note: ") for words in refused), refused
    again = load(sandbox.base_url, *files, "--settle", "0.2")
    assert again.json["credit_notes"] == {"total": 3, "already_loaded": 1, "rejected": 2}
    assert len(sandbox.credit_notes()) == 2


def test_a_bill_that_light_has_is_credited_as_far_as_it_is_open(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    bill = BILL | {"invoiceNumber": "OLD-1", "amount": 1_000, "status": "posted"}
    first = NOTE | {"invoiceNumber": "CN-1", "amount": 800, "status": "posted",
                    "creditsBill": "OLD-1"}  # fmt: skip
    assert load(sandbox.base_url, *sheets(tmp_path, bill, first)).code == 0
    second = NOTE | {"invoiceNumber": "CN-2", "amount": 500, "status": "posted",
                     "creditsBill": "OLD-1"}  # fmt: skip
    done = load(sandbox.base_url, *sheets(tmp_path, second))
    assert (done.code, done.json["steps"]) == (0, {"posted": 1, "cleared": 1}), done.err
    assert numbered(sandbox)["CN-2"] == (500, "PARTIALLY_CLEARED")
    [told] = [f for f in done.json["findings"] if f["code"] == "light.cleared_in_part"]
    assert (told["column"], told["value"]) == ("creditsBill", "OLD-1")
    assert "2.00 of 5.00 was cleared" in told["message"]
    assert [(b["state"], b["outstandingBalance"]) for b in sandbox.bills()] == [("COMPLETED", 0)]
    unknown = NOTE | {
        "invoiceNumber": "CN-3",
        "amount": 5,
        "creditsBill": "NONE-1",
        "status": "posted",
    }
    done = load(sandbox.base_url, *sheets(tmp_path, unknown))
    assert done.code == 1
    [told] = [f for f in done.json["findings"] if f["code"] == "bills.creditsBill.unknown"]
    assert (told["column"], told["value"]) == ("creditsBill", "NONE-1")
    too_much = NOTE | {"invoiceNumber": "CN-4", "amount": 1_001, "creditsBill": "OLD-1"}
    done = load(sandbox.base_url, *sheets(tmp_path, too_much))
    assert (done.code, "bills.creditsBill.too_much" in codes(done)) == (1, True)
    assert sorted(numbered(sandbox)) == ["CN-1", "CN-2"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"vendorId": VENDORS[1]}, "bills.creditsBill.other_vendor"),
        ({"companyEntityId": ENTITIES[1]}, "bills.creditsBill.other_entity"),
        ({"currency": "EUR"}, "bills.creditsBill.other_currency"),
        ({"amount": 1_001}, "bills.creditsBill.too_much"),
        ({"type": "bill"}, "bills.creditsBill.not_credit_note"),
        ({}, "bills.creditsBill.stays_draft"),
        ({"status": "submitted"}, "bills.status.not_for_credit_note"),
        ({"document": "note.pdf"}, "bills.document.not_for_credit_note"),
    ],
)
def test_what_a_credit_note_cannot_be_is_reported(
    command: Load, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    note = NOTE | {"invoiceNumber": "CN-1", "amount": 500, "creditsBill": "INV-1"} | changes
    bill = BILL | {"invoiceNumber": "INV-1", "amount": 1_000}
    done = command("validate", *sheets(tmp_path, bill, note), "--json")
    assert code in codes(done), done.out


def test_credit_notes_of_a_sheet_have_one_sign(command: Load, tmp_path: Path) -> None:
    notes = [NOTE | {"invoiceNumber": f"CN-{n}", "amount": n} for n in (-1, -2, 3)]
    done = command("validate", *sheets(tmp_path, *notes), "--json")
    assert [(f["code"], f["row"]) for f in done.json["findings"] if f["severity"] == "error"] == [
        ("bills.amount.credit_signs", 4)
    ]


LEDGER = """
template: ledger
layout: flat
formats: {amounts: decimal}
credit_notes: negative
group_by: [No]
bills:
  vendor: {column: Vendor}
  type: {column: Type, optional: true, map: {Bill: bill, Credit: credit note}}
  invoiceNumber: {column: No}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Amount}
"""


def test_a_negative_total_is_a_credit_note_and_a_positive_one_by_type_an_error(
    command: Load, tmp_path: Path
) -> None:
    (tmp_path / "t.yaml").write_text(LEDGER)
    rows = ["Vendor,No,Date,Type,Amount", "A,1,2025-03-01,Bill,10.00", "A,2,2025-03-01,Bill,-4.00",
            "A,2,2025-03-01,Bill,1.00", "A,3,2025-03-01,Credit,2.00"]  # fmt: skip
    (tmp_path / "l.csv").write_text("\n".join(rows))
    done = command(
        "validate", str(tmp_path / "l.csv"), "--template", str(tmp_path / "t.yaml"), "--json"
    )
    assert done.json["credit_notes"] == {"total": 2, "valid": 1, "invalid": 1}
    assert [f["row"] for f in done.json["findings"] if "credit_positive" in f["code"]] == [5]


def test_second_computer_finds_the_note_that_the_first_has_just_loaded(
    load: Load, command: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Light's lists do not show it yet; its answer to the second creation is the first note."""
    files = sheets(tmp_path, NOTE | {"invoiceNumber": "CN-7", "amount": 700})
    with running(
        SandboxSettings(reference=COMPANY, requests_per_minute=100_000, list_lag=600.0)
    ) as light:
        monkeypatch.setenv("LIGHT_API_KEY", light.key)
        first = load(light.base_url, *files)
        time.sleep(2.05)  # of the last second or two a note is taken for ours, by whole seconds
        monkeypatch.setenv("LIGHT_IMPORT_HOME", str(tmp_path / "another computer"))
        second = load(light.base_url, *files)
        assert first.json["credit_notes"] == {"total": 1, "created": 1}
        assert second.json["credit_notes"] == {"total": 1, "already_in_light": 1}, second.out
        undone = command("undo", second.json["run"], "--yes", "--json")
        assert (undone.code, undone.json["credit_notes"]) == (
            0,
            {"total": 1, "already_in_light": 1},
        )
        [note] = light.credit_notes()
        assert note["status"] == "DRAFT"


def test_note_without_a_number_loaded_on_two_computers_is_named(
    load: Load, command: Load, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Nothing tells Light that it is one note; the last load and each verify name both."""
    sent: list[str] = []

    def fault(request: Request) -> Fault:
        """Until the second computer has sent its note, Light does not show it the first's."""
        if request.creates:
            sent.append(request.path)
        if request.method == "GET" and "/accounting-documents" in request.path and not sent:
            return Fault(False, http(200, {"records": [], "hasMore": False, "nextCursor": None}))
        return PASS

    files = sheets(tmp_path, NOTE | {"invoiceNumber": "", "amount": 700})
    first = load(sandbox.base_url, *files)
    assert first.json["credit_notes"] == {"total": 1, "created": 1}
    monkeypatch.setenv("LIGHT_IMPORT_HOME", str(tmp_path / "another computer"))
    with proxied(sandbox.base_url, fault) as proxy:
        second = load(proxy.url, *files)
        read = command("verify", second.json["run"], "--json", "--settle", "0.1")
    ids = {note["id"] for note in sandbox.credit_notes()}
    assert len(ids) == 2
    for done in (second, read):
        [found] = [f for f in done.json["findings"] if f["code"] == "light.twice"]
        assert done.code == 3
        assert all(light_id in found["message"] for light_id in ids)
