"""Bills in Light that are changed to be as the sheet: each change once, listed, and undone."""

from __future__ import annotations

import contextlib
import os
import pty
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import ACCOUNTS, ENTITIES, VENDORS, Ended, asked, document, start
from test_credit_notes import codes, write

from importer.loading.journal.journal_tables import VERSION
from importer.sandbox import Sandbox

Load = Callable[..., Ended]
Cells = dict[str, Any]
BILL: Cells = {
    "vendorId": VENDORS[0], "companyEntityId": ENTITIES[0], "invoiceNumber": "INV-1",
    "issuedDate": "2025-03-01", "dueDate": "2025-03-31", "currency": "GBP", "description": "March",
}  # fmt: skip
LINES = [
    {"netAmount": 1_000, "description": "Paper", "accountId": ACCOUNTS[0]},
    {"netAmount": 2_000, "description": "Ink", "accountId": ACCOUNTS[0]},
    {"netAmount": 3_000, "description": "Toner", "accountId": ACCOUNTS[1]},
]
FAST = ("--settle", "0.1")


def sheet(folder: Path, *bills: tuple[Cells, Sequence[Cells]]) -> list[str]:
    """Bills with their lines; the amount is their sum where none is given."""
    headers, lines = [], []
    for i, (cells, of_bill) in enumerate(bills):
        total = sum(line["netAmount"] for line in of_bill)
        headers.append({"billRef": f"R{i}", "amount": total, **cells})
        lines += [{"billRef": f"R{i}", **line} for line in of_bill]
    write(folder / "bills.csv", headers)
    write(folder / "lines.csv", lines)
    return ["--bills", str(folder / "bills.csv"), "--lines", str(folder / "lines.csv")]


def shown(bill: dict[str, Any]) -> tuple[Cells, list[Cells]]:
    """A bill in Light in the columns of ``BILL`` and ``LINES``."""
    lines = [{name: line[name] for name in LINES[0]} for line in bill["lineItems"]]
    return {name: bill[name] for name in (*BILL, "amount")}, lines


def in_light(sandbox: Sandbox) -> tuple[Cells, list[Cells]]:
    [bill] = sandbox.bills()
    return shown(bill)


def expected(cells: Cells, lines: Sequence[Cells]) -> tuple[Cells, list[Cells]]:
    return {**cells, "amount": sum(line["netAmount"] for line in lines)}, list(lines)


CHANGED = BILL | {"dueDate": "2025-04-15", "description": "March, corrected"}
FREIGHT = {"netAmount": 500, "description": "Freight", "accountId": ACCOUNTS[1]}
FEE = {"netAmount": 700, "description": "Fee", "accountId": ACCOUNTS[1]}
CHANGED_LINES = [LINES[0] | {"netAmount": 1_100}, FREIGHT, LINES[2], FEE]


def line_ids(done: Ended) -> list[Any]:
    """The ids of the lines in the result workbook."""
    page = openpyxl.load_workbook(done.json["result"])["Line items"]
    headers = [cell.value for cell in page[1]]
    column = headers.index("light_line_item_id")
    return [row[column] for row in page.iter_rows(min_row=2, values_only=True)]


def test_a_bill_becomes_what_the_sheet_says_and_is_undone(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = load(sandbox.base_url, *sheet(tmp_path, (BILL, LINES)))
    assert first.code == 0, first.err
    before = line_ids(first)
    files = sheet(tmp_path, (CHANGED, CHANGED_LINES))

    dry = load(sandbox.base_url, *files, "--update", "--dry-run")
    assert (dry.code, dry.json["bills"]) == (0, {"total": 1, "already_loaded": 1}), dry.err
    [would] = [f for f in dry.json["findings"] if f["code"] == "light.would_update"]
    for words in ("due date: 2025-03-31 → 2025-04-15", "amount: 60.00 → 53.00",
                  "line 1 net amount: 10.00 → 11.00", "line 2 description: Ink → Freight",
                  "line 4 added: 7.00, Fee"):  # fmt: skip
        assert words in would["message"]
    assert in_light(sandbox) == expected(BILL, LINES)

    done = load(sandbox.base_url, *files, "--update")
    assert (done.code, done.json["bills"]) == (0, {"total": 1, "updated": 1}), done.out
    document(done)
    assert done.json["line_items"] == {"total": 4, "updated": 4}
    [total] = done.json["totals"]
    assert (total["sheet"], total["created"], total["difference"]) == (5_300, 5_300, 0)
    cells, lines = in_light(sandbox)
    assert cells == expected(CHANGED, CHANGED_LINES)[0]
    assert sorted(lines, key=str) == sorted(CHANGED_LINES, key=str)
    [bill] = sandbox.bills()

    run = done.json["run"]
    again = load(sandbox.base_url, *files, "--update")
    assert (again.code, again.json["bills"]) == (0, {"total": 1, "already_loaded": 1}), again.out
    assert load(sandbox.base_url, *files).json["bills"] == {"total": 1, "already_loaded": 1}
    assert sandbox.bills() == [bill]
    read = command("verify", run, "--json", "--lines", *FAST)
    assert (read.code, read.json["read_back"]) == (0, {"same": 1}), read.out
    told = command("report", run, "--json")
    assert told.json["bills"] == {"total": 1, "updated": 1}
    assert line_ids(command("report", first.json["run"], "--json")) == before
    assert '"updated": 1' in command("runs", "--json").out

    undone = command("undo", run, "--yes", "--json", *FAST)
    assert (undone.code, undone.json["bills"]) == (0, {"total": 1, "undone": 1}), undone.out
    cells, lines = in_light(sandbox)
    assert cells == expected(BILL, LINES)[0]
    assert sorted(lines, key=str) == sorted(LINES, key=str)
    assert command("report", run, "--json").json["bills"] == {"total": 1, "undone": 1}
    read = command("verify", first.json["run"], "--json", "--lines", *FAST)
    assert (read.code, read.json["read_back"]) == (0, {"same": 1}), read.out
    cancelled = command("undo", first.json["run"], "--yes", "--json", *FAST)
    assert cancelled.json["bills"] == {"total": 1, "undone": 1}, cancelled.out
    assert sandbox.bills()[0]["state"] == "CANCELLED"


def one(sandbox: Sandbox, number: str) -> dict[str, Any]:
    [bill] = [each for each in sandbox.bills() if each["invoiceNumber"] == number]
    return bill


def numbered(number: str, cells: Cells = BILL) -> Cells:
    return cells | {"invoiceNumber": number}


def test_what_is_in_the_ledger_or_was_changed_by_others_is_listed_and_stays(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = sheet(
        tmp_path,
        (numbered("POSTED") | {"status": "posted"}, LINES),
        (numbered("THEIRS") | {"status": "draft"}, LINES),
        (numbered("GONE") | {"status": ""}, LINES),
    )
    assert load(sandbox.base_url, *files).code == 0
    theirs = one(sandbox, "THEIRS")
    asked(sandbox, "PATCH", f"invoice-payables/{theirs['id']}", {"description": "By a colleague"})
    gone = one(sandbox, "GONE")
    asked(sandbox, "POST", f"invoice-payables/{gone['id']}/cancel", {"reason": "not ours"})
    before = sandbox.bills()
    cells = [numbered(n, CHANGED) for n in ("POSTED", "THEIRS", "GONE")]
    files = sheet(tmp_path, *((each, LINES) for each in cells))
    done = load(sandbox.base_url, *files, "--update", *FAST)
    assert (done.code, done.json["bills"]) == (1, {"total": 3, "already_loaded": 3}), done.out
    assert sandbox.bills() == before
    words = {f["value"]: f["code"] + " " + f["message"] for f in done.json["findings"]}
    assert "only a draft can be changed (state UNPAID)" in words["POSTED"]
    assert "due date: 2025-03-31 → 2025-04-15" in words["POSTED"]
    assert words["THEIRS"].startswith("light.changed_since")
    assert "(description)" in words["THEIRS"]
    assert "state CANCELLED" in words["GONE"]
    forced = load(sandbox.base_url, *files, "--update", "--force", *FAST)
    assert forced.json["bills"] == {"total": 3, "updated": 1, "already_loaded": 2}, forced.out
    assert one(sandbox, "THEIRS")["description"] == CHANGED["description"]
    assert load(sandbox.base_url, *files, "--force").code == 2


def test_a_blank_leaves_a_value_and_clear_clears_it(
    load: Load,
    command: Load,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
    files = sheet(tmp_path, (BILL, LINES))
    assert load(sandbox.base_url, *files).code == 0
    lines = [
        LINES[0] | {"description": "(clear)"},
        LINES[1] | {"accountId": ""},
        LINES[2] | {"netAmount": 3_500, "accountId": "(Clear)"},
    ]
    files = sheet(tmp_path, (BILL | {"dueDate": "", "description": "(clear)"}, lines))
    plain = load(sandbox.base_url, *files)  # without --update it is no account, and no text
    assert (plain.code, set(codes(plain))) == (1, {"cells.clear_without_update"})
    assert [f["column"] for f in plain.json["findings"]] == [
        "description", "description", "accountId"
    ]  # fmt: skip
    new = sheet(tmp_path, (numbered("INV-2") | {"description": "(clear)"}, LINES))
    assert codes(load(sandbox.base_url, *new)) == ["cells.clear_without_update"]
    assert len(sandbox.bills()) == 1
    files = sheet(tmp_path, (BILL | {"dueDate": "", "description": "(clear)"}, lines))
    checked = command("validate", *files, "--json")
    assert (checked.code, checked.json["bills"]) == (0, {"total": 1, "already_loaded": 1})
    assert checked.json["next"].endswith(" --update")
    done = load(sandbox.base_url, *files, "--update")
    assert (done.code, done.json["bills"]) == (0, {"total": 1, "updated": 1}), done.out
    cells, now = in_light(sandbox)
    assert (cells["dueDate"], cells["description"]) == (BILL["dueDate"], None)
    assert [(x["netAmount"], x["description"], x["accountId"]) for x in now] == [
        (1_000, None, ACCOUNTS[0]), (2_000, "Ink", ACCOUNTS[0]), (3_500, "Toner", None)
    ]  # fmt: skip
    [bill] = sandbox.bills()
    again = load(sandbox.base_url, *files, "--update")
    assert (again.code, again.json["bills"]) == (0, {"total": 1, "already_loaded": 1}), again.out
    assert sandbox.bills() == [bill]
    files = sheet(tmp_path, (BILL | {"currency": "(clear)"}, LINES))
    assert "cells.not_clearable" in codes(load(sandbox.base_url, *files, "--update"))
    assert "cells.not_clearable" in codes(command("validate", *files, "--json"))


def test_a_new_row_is_created_unless_only_updates_are_wanted(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert load(sandbox.base_url, *sheet(tmp_path, (BILL, LINES))).code == 0
    files = sheet(tmp_path, (CHANGED, LINES), (numbered("NEW"), LINES))
    only = load(sandbox.base_url, *files, "--update-only")
    assert (only.code, only.json["bills"]) == (1, {"total": 2, "updated": 1, "not_sent": 1})
    assert len(sandbox.bills()) == 1
    files = sheet(tmp_path, (BILL, LINES), (numbered("NEW"), LINES))
    both = load(sandbox.base_url, *files, "--update", "--then", "posted")
    assert both.json["bills"] == {"total": 2, "created": 1, "updated": 1}, both.out
    assert both.json["steps"] == {"posted": 2}
    assert {bill["state"] for bill in sandbox.bills()} == {"UNPAID"}


def test_a_bill_that_light_had_is_changed_and_given_back(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Nobody here created it; without the option it is found and stays."""
    body = {**BILL, "amount": 1_000, "lineItems": [LINES[0]]}
    theirs = asked(sandbox, "POST", "invoice-payables", body)
    files = sheet(tmp_path, (CHANGED, [LINES[0] | {"description": "Paper, A4"}]))
    done = load(sandbox.base_url, *files, "--update")
    assert (done.code, done.json["bills"]) == (0, {"total": 1, "updated": 1}), done.out
    assert in_light(sandbox)[1] == [LINES[0] | {"description": "Paper, A4"}]
    undone = command("undo", done.json["run"], "--yes", "--json", *FAST)
    assert (undone.code, undone.json["bills"]) == (0, {"total": 1, "undone": 1}), undone.out
    assert shown(sandbox.bills()[0]) == shown(theirs)
    assert sandbox.bills()[0]["state"] == theirs["state"]


def test_undo_leaves_what_somebody_has_changed_since(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert load(sandbox.base_url, *sheet(tmp_path, (BILL, LINES))).code == 0
    done = load(sandbox.base_url, *sheet(tmp_path, (CHANGED, LINES)), "--update")
    [bill] = sandbox.bills()
    asked(sandbox, "PATCH", f"invoice-payables/{bill['id']}", {"dueDate": "2025-06-30"})
    undone = command("undo", done.json["run"], "--yes", "--json", *FAST)
    assert (undone.code, undone.json["bills"]) == (1, {"total": 1, "updated": 1}), undone.out
    assert codes(undone) == ["light.not_restored"]
    assert one(sandbox, "INV-1")["dueDate"] == "2025-06-30"
    assert one(sandbox, "INV-1")["description"] == CHANGED["description"]


def corrected(result: str, edit: Callable[[dict[str, Any], int], None]) -> str:
    """The result workbook with the cells of its sheet Bills edited, by header, row by row."""
    book = openpyxl.load_workbook(result)
    page = book["Bills"]
    headers = [cell.value for cell in page[1]]
    for row in page.iter_rows(min_row=2):
        cells = dict(zip(headers, (cell.value for cell in row), strict=True))
        edit(cells, row[0].row)
        for cell, header in zip(row, headers, strict=True):
            cell.value = cells[header]
    book.save("corrected.xlsx")
    return "corrected.xlsx"


def test_a_number_is_corrected_in_the_result_workbook(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = load(sandbox.base_url, *sheet(tmp_path, (BILL, LINES), (numbered("INV-2"), [FEE])))
    before = {bill["id"]: shown(bill) for bill in sandbox.bills()}
    right = {"INV-1": "INV-9", "INV-2": "INV-2"}

    def rename(cells: dict[str, Any], _: int) -> None:
        cells["invoiceNumber"] = right[cells["invoiceNumber"]]

    result = corrected(first.json["result"], rename)
    plain = load(sandbox.base_url, result)
    assert codes(plain) == ["bills.identity.changed"]
    done = load(sandbox.base_url, result, "--update")
    assert (done.code, done.json["bills"]) == (
        0,
        {"total": 2, "updated": 1, "already_loaded": 1},
    ), done.out
    assert sorted(bill["invoiceNumber"] for bill in sandbox.bills()) == ["INV-2", "INV-9"]
    # From now on the journal has it under its number.
    files = sheet(tmp_path, (numbered("INV-9"), LINES), (numbered("INV-2"), [FEE]))
    again = load(sandbox.base_url, *files)
    assert again.json["bills"] == {"total": 2, "already_loaded": 2}, again.out
    undone = command("undo", done.json["run"], "--yes", "--json", *FAST)
    assert undone.json["bills"] == {"total": 2, "undone": 1, "already_loaded": 1}, undone.out
    assert {bill["id"]: shown(bill) for bill in sandbox.bills()} == before
    assert load(sandbox.base_url, *sheet(tmp_path, (BILL, LINES))).json["bills"] == {
        "total": 1, "already_loaded": 1
    }  # fmt: skip


def test_a_row_of_ones_own_sheet_carries_the_id_of_its_bill(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    body = {**BILL, "amount": 1_000, "lineItems": [LINES[0]]}
    theirs = asked(sandbox, "POST", "invoice-payables", body)["id"]
    cells = numbered("INV-9") | {"light_bill_id": theirs.upper(), "vendorId": VENDORS[1]}
    files = sheet(tmp_path, (cells, LINES[:1]))
    plain = load(sandbox.base_url, *files)
    assert (plain.code, codes(plain)) == (1, ["bills.lightBillId.no_update"]), plain.out
    done = load(sandbox.base_url, *files, "--update")
    assert (done.code, done.json["bills"]) == (0, {"total": 1, "updated": 1}), done.out
    [bill] = sandbox.bills()
    now = (bill["id"], bill["invoiceNumber"], bill["vendorId"])
    assert now == (theirs, "INV-9", VENDORS[1])
    again = load(sandbox.base_url, *files)
    assert (again.code, again.json["bills"]) == (0, {"total": 1, "already_in_light": 1}), again.out
    both = sheet(tmp_path, (cells, LINES[:1]), (cells | {"invoiceNumber": "INV-8"}, LINES[:1]))
    twice = load(sandbox.base_url, *both, "--update")
    assert codes(twice) == ["bills.update.twice"] * 2, twice.out
    nobodys = cells | {"light_bill_id": "00000000-0000-4000-8000-000000000000"}
    stray = load(
        sandbox.base_url, *sheet(tmp_path, (nobodys | {"dueDate": ""}, LINES[1:2])), "--update"
    )
    assert (stray.code, codes(stray)) == (1, ["light.not_updated", "light.differs"]), stray.out
    assert theirs in stray.json["findings"][0]["message"]
    assert sandbox.bills()[0]["lineItems"][0]["description"] == LINES[0]["description"]
    wrong = sheet(tmp_path, (cells | {"light_bill_id": "7"}, LINES[:1]))
    assert "bills.lightBillId.not_uuid" in codes(command("validate", *wrong, "--json"))


NOTE = BILL | {"invoiceNumber": "CN-1", "type": "credit note", "dueDate": ""}
NOTE_LINES = [line | {"netAmount": -line["netAmount"]} for line in LINES]


def shown_note(sandbox: Sandbox) -> tuple[Any, ...]:
    """Date, description, status and amount of the one note, and what its lines have."""
    [note] = sandbox.credit_notes()
    lines = (
        (x["netTransactionAmount"], x["description"], x["ledgerAccountId"]) for x in note["lines"]
    )
    parts = (note[name] for name in ("documentDate", "description", "status", "amount"))
    return (*parts, sorted(lines, key=str))


def credit(cents: int) -> dict[str, Any]:
    return {"amount": cents, "dcSign": "C"}


def test_a_credit_note_is_changed_verified_and_undone(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = load(sandbox.base_url, *sheet(tmp_path, (NOTE, NOTE_LINES)))
    assert first.code == 0, first.out
    before = shown_note(sandbox)
    changed = NOTE | {"issuedDate": "2025-03-02", "description": "Returned"}
    lines = [NOTE_LINES[0] | {"netAmount": -1_100}, NOTE_LINES[2]]
    files = sheet(tmp_path, (changed, lines))
    plain = load(sandbox.base_url, *files)
    assert (plain.code, codes(plain)) == (1, ["bills.content.note_changed"]), plain.out
    dry = load(sandbox.base_url, *files, "--update", "--dry-run")
    [would] = [f["message"] for f in dry.json["findings"] if f["code"] == "light.would_update"]
    for words in ("amount: -60.00 → -41.00", "line 1 added: -11.00, Paper",
                  "a line deleted: -10.00, Paper", "a line deleted: -20.00, Ink"):  # fmt: skip
        assert words in would
    assert shown_note(sandbox) == before
    done = load(sandbox.base_url, *files, "--update")
    assert (done.code, done.json["credit_notes"]) == (0, {"total": 1, "updated": 1}), done.out
    assert shown_note(sandbox) == (
        "2025-03-02",
        "Returned",
        "DRAFT",
        4_100,
        sorted(
            [
                (credit(1_100), "Paper", ACCOUNTS[0]),
                (credit(3_000), "Toner", ACCOUNTS[1]),
            ],
            key=str,
        ),
    )
    read = command("verify", done.json["run"], "--json", "--lines", *FAST)
    assert (read.code, read.json["read_back"]) == (0, {"same": 1}), read.out
    again = load(sandbox.base_url, *files, "--update")
    assert again.json["credit_notes"] == {"total": 1, "already_loaded": 1}, again.out
    undone = command("undo", done.json["run"], "--yes", "--json", *FAST)
    assert (undone.code, undone.json["credit_notes"]) == (0, {"total": 1, "undone": 1}), undone.out
    assert shown_note(sandbox) == before
    assert len(sandbox.credit_notes()) == 1


def test_of_a_credit_note_only_a_draft_and_what_light_shows_is_changed(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    cells = NOTE | {"property:Approver note": "By hand"}
    assert load(sandbox.base_url, *sheet(tmp_path, (cells, NOTE_LINES))).code == 0
    other = cells | {"description": "Returned", "property:Approver note": "By phone"}
    before = shown_note(sandbox)
    left = load(sandbox.base_url, *sheet(tmp_path, (other, NOTE_LINES)), "--update")
    assert (left.code, codes(left)) == (1, ["bills.content.note_changed"]), left.out
    assert "undo RUN --bills NUMBER" in left.json["findings"][0]["hint"]
    assert shown_note(sandbox) == before
    [note] = sandbox.credit_notes()
    asked(sandbox, "POST", f"credit-notes/{note['id']}/post", {})
    files = sheet(tmp_path, (cells | {"description": "Returned"}, NOTE_LINES))
    posted = load(sandbox.base_url, *files, "--update")
    assert (posted.code, codes(posted)) == (1, ["light.not_updated"]), posted.out
    assert "only a draft can be changed (state POSTED)" in posted.json["findings"][0]["message"]


def test_two_rows_that_change_one_bill_are_an_error(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = load(sandbox.base_url, *sheet(tmp_path, (BILL, LINES), (numbered("INV-2"), [FEE])))
    before = sandbox.bills()
    ids = {bill["invoiceNumber"]: bill["id"] for bill in before}

    def same(cells: dict[str, Any], _: int) -> None:
        cells["description"] = "Both"
        cells["light_bill_id"] = ids["INV-1"]

    done = load(sandbox.base_url, corrected(first.json["result"], same), "--update")
    assert (done.code, codes(done)) == (1, ["light.left", *["bills.update.twice"] * 2]), done.out
    assert sandbox.bills() == before


def test_custom_properties_change_and_the_others_stay(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    cells = BILL | {"property:Region": "North", "property:Approver note": "By hand"}
    lines = [
        LINES[0] | {"property:Project": "Apollo", "property:Quantity": "2"},
        LINES[1] | {"property:Project": "Citadel", "property:Quantity": ""},
    ]
    first = load(sandbox.base_url, *sheet(tmp_path, (cells, lines)))
    assert first.code == 0, first.out
    assert properties(sandbox) == (["North", "By hand"], [["Apollo", "2"], ["Citadel"]])
    cells = BILL | {"property:Region": "", "property:Approver note": "(clear)"}
    lines = [
        LINES[0] | {"property:Project": "Borealis", "property:Quantity": ""},
        LINES[1] | {"property:Project": "(clear)", "property:Quantity": "3"},
    ]
    done = load(sandbox.base_url, *sheet(tmp_path, (cells, lines)), "--update")
    assert (done.code, done.json["bills"]) == (0, {"total": 1, "updated": 1}), done.out
    assert properties(sandbox) == (["North"], [["Borealis", "2"], ["3"]])


def test_changes_name_what_ids_stand_for(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    """By Light's lists; tax codes, of which Light has none, by the lookup table."""
    rows = [LINES[0] | {"taxCode": "UK20", "property:Project": "Apollo"}]
    (tmp_path / "lookups").mkdir()
    ids = {"UK20": "7514cbaa-e6e3-58bc-be5b-b65ffc29f39f"}
    ids["UK5"] = "926A945A-DE82-54C3-BE05-5385C5E064C0"
    table = ["value,id", *(f"{name},{id}" for name, id in ids.items())]
    (tmp_path / "lookups" / "taxCode.csv").write_text("\n".join(table))
    lookups = ("--lookups", str(tmp_path / "lookups"))
    first = load(sandbox.base_url, *sheet(tmp_path, (BILL | {"amount": 1_200}, rows)), *lookups)
    assert first.code == 0, first.out
    change = {"accountId": ACCOUNTS[1], "taxCode": "UK5", "property:Project": "Borealis"}
    files = sheet(tmp_path, (BILL | {"amount": 1_050}, [rows[0] | change]))
    unknown = load(sandbox.base_url, *files, *lookups)
    dry = load(sandbox.base_url, *files, *lookups, "--update", "--dry-run")
    done = load(sandbox.base_url, *files, *lookups, "--update", "--result", "done.csv")
    shown = [
        " ".join(f["message"] for f in each.json["findings"] if f["code"] == code)
        for each, code in ((unknown, "bills.content.changed"), (dry, "light.would_update"))
    ]
    shown.append((tmp_path / "done.csv").read_text(encoding="utf-8-sig"))
    for text in shown[1:]:
        assert "account: 1200 Stock → 1300 Prepayments" in text
        assert "tax code: UK20 → UK5" in text
        assert "custom properties: Apollo → Borealis" in text
    assert "1200 Stock was loaded, the sheet has 1300 Prepayments" in shown[0]
    assert done.json["bills"]["updated"] == 1


def properties(sandbox: Sandbox) -> tuple[list[str], list[list[str]]]:
    """The labels of the values of the one bill, and of each of its lines."""
    [bill] = sandbox.bills()

    def labels(owner: dict[str, Any]) -> list[str]:
        return [v["label"] for group in owner["customProperties"] for v in group["values"]]

    return labels(bill), [labels(line) for line in bill["lineItems"]]


def test_the_question_lists_each_change(sandbox: Sandbox, load: Load, tmp_path: Path) -> None:
    assert load(sandbox.base_url, *sheet(tmp_path, (BILL, LINES))).code == 0
    files = sheet(tmp_path, (CHANGED, LINES))
    terminal, theirs = pty.openpty()
    process = start("load", *files, "--update", "--base-url", sandbox.base_url, stdin=theirs)
    os.close(theirs)
    try:
        assert process.stderr is not None
        asked_words = ""
        while "Change these bills in Light?" not in asked_words:
            asked_words += process.stderr.read(1)
        os.write(terminal, b"n\n")
        process.communicate(timeout=60)
    finally:
        os.close(terminal)
    assert "1 bill in Light: due date 1, description 1" in asked_words
    assert "INV-1: due date: 2025-03-31 → 2025-04-15" in asked_words
    assert in_light(sandbox) == expected(BILL, LINES)


def test_a_journal_of_the_format_before_is_taken_over(
    load: Load, sandbox: Sandbox, home: Path, tmp_path: Path
) -> None:
    assert load(sandbox.base_url, *sheet(tmp_path, (BILL, LINES))).code == 0
    [path] = home.glob("journals/*.sqlite")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE updates")
        db.execute("PRAGMA user_version = 7")
        db.commit()
    done = load(sandbox.base_url, *sheet(tmp_path, (CHANGED, LINES)), "--update")
    assert (done.code, done.json["bills"]) == (0, {"total": 1, "updated": 1}), done.out
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
