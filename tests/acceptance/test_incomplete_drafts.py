"""``--incomplete-drafts``: bills without issue date or line items go in as drafts and stay so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import (
    ENTITIES,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    bill_row,
    http,
    proxied,
    write_bills,
)

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
ROOT = Path(__file__).parents[2]
SMALLEST = "vendorId,amount,currency\n"
ONLY = ("--template", "light", "--amounts", "cents", "--incomplete-drafts")


def smallest(folder: Path, n: int = 2) -> str:
    path = folder / "smallest.csv"
    rows = (f"{VENDORS[i]},{1000 + i},GBP\n" for i in range(n))
    path.write_text(SMALLEST + "".join(rows), encoding="utf-8")
    return str(path)


def codes(told: Ended, severity: str) -> list[tuple[str, int | None]]:
    return [(f["code"], f["row"]) for f in told.json["findings"] if f["severity"] == severity]


def test_vendor_amount_and_currency_make_a_draft(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    file = smallest(tmp_path)
    refused = load(sandbox.base_url, file, "--template", "light")
    assert (refused.code, sandbox.bills()) == (1, [])
    told = load(sandbox.base_url, file, *ONLY, "--then", "posted")
    assert told.code == 0, told.out
    assert told.json["bills"] == {"total": 2, "created": 2}
    assert told.json["steps"] == {}
    warned = [row for code, row in codes(told, "warning") if code == "bills.draft.incomplete"]
    assert warned == [2, 3]
    [words] = {f["message"] for f in told.json["findings"] if "incomplete" in f["code"]}
    assert "no issue date and no line items: it is created as a draft and is not posted" in words
    bills = sandbox.bills()
    assert [(b["amount"], b["state"], b["lineItems"]) for b in bills] == [
        (1000, "IN_DRAFT", []),
        (1001, "IN_DRAFT", []),
    ]
    [total] = told.json["totals"]
    assert (total["sheet"], total["created"], total["difference"]) == (2001, 2001, 0)

    again = load(sandbox.base_url, file, *ONLY)
    assert again.json["bills"] == {"total": 2, "already_loaded": 2}
    # Its result workbook says by itself how it was made.
    result = load(sandbox.base_url, told.json["result"])
    assert (result.code, result.json["bills"]) == (0, {"total": 2, "already_loaded": 2})
    assert len(sandbox.bills()) == 2
    verified = command("verify", told.json["run"], "--json")
    assert (verified.code, verified.json["read_back"]) == (0, {"same": 2}), verified.out
    undone = command("undo", told.json["run"], "--yes", "--json")
    assert undone.json["bills"] == {"total": 2, "undone": 2}


def test_document_without_lines_is_uploaded_and_never_posted(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4 a scan")
    rows = [
        bill_row(0, companyEntityId=ENTITIES[0], status="posted", document="scan.pdf"),
        bill_row(1, companyEntityId=ENTITIES[0], status="posted", document=""),
        bill_row(2, companyEntityId=ENTITIES[0], status="submitted", document="", issuedDate=""),
    ]
    bills, lines = write_bills(tmp_path, rows)
    text = Path(lines).read_text(encoding="utf-8").splitlines(keepends=True)
    Path(lines).write_text("".join(line for line in text if not line.startswith("B0,")))
    plain = load(sandbox.base_url, bills, lines)
    assert codes(plain, "error") == [("bills.lines.missing", 2), ("bills.issuedDate.required", 4)]
    told = load(sandbox.base_url, bills, lines, "--incomplete-drafts")
    assert told.code == 0, told.out
    assert told.json["steps"] == {"uploaded": 1, "posted": 1}
    found = {b["invoiceNumber"]: (b["state"], len(b["lineItems"])) for b in sandbox.bills()}
    assert found == {
        "INV-00000": ("IN_DRAFT", 0),
        "INV-00001": ("UNPAID", 1),
        "INV-00002": ("IN_DRAFT", 1),
    }


def test_lost_answer_of_an_incomplete_bill_makes_no_second_one(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Bills alike but for their amounts; the answer of the first is lost, after it was created."""

    def fault(request: Request) -> Fault:
        creates = request.method == "POST" and request.path.endswith("/invoice-payables")
        lost = http(502, b"<html>", Content_Type="text/html")
        return Fault(True, lost) if creates and request.number < 2 else PASS

    file = smallest(tmp_path, 3)
    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, file, *ONLY)
        assert told.code == 0, told.out
    assert sorted(bill["amount"] for bill in sandbox.bills()) == [1000, 1001, 1002]


@pytest.mark.parametrize("missing", ["vendorId", "amount", "currency"])
def test_vendor_amount_and_currency_are_needed(missing: str, command: Load, tmp_path: Path) -> None:
    rows = [bill_row(0, issuedDate="", **{missing: ""})]
    told = command("validate", "--incomplete-drafts", "--json", *write_bills(tmp_path, rows))
    assert (f"bills.{missing}.required", 2) in codes(told, "error")


def test_credit_notes_need_all_of_theirs(command: Load, tmp_path: Path) -> None:
    rows = [bill_row(0, type="credit note", amount=-500, issuedDate="")]
    told = command("validate", "--incomplete-drafts", "--json", *write_bills(tmp_path, rows))
    assert ("bills.issuedDate.required", 2) in codes(told, "error")


def test_credit_note_without_lines_leaves_the_bills_beside_it(
    command: Load, tmp_path: Path
) -> None:
    file = tmp_path / "smallest.csv"
    header, rows = f"{SMALLEST.strip()},type,issuedDate\n", (f"{VENDORS[0]},1000,GBP,bill,",)
    rows += (f"{VENDORS[0]},500,GBP,credit note,2026-10-05",)
    file.write_text(header + "\n".join(rows), encoding="utf-8")
    told = command("validate", str(file), *ONLY, "--json")
    errors = codes(told, "error")
    assert errors == [("line_items.sheet.missing", None)], errors
    assert told.json["bills"] == {"total": 1, "valid": 1}
    assert told.json["credit_notes"] == {"total": 1, "invalid": 1}


def test_processing_mode_is_sent_only_with_a_document(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4 a scan")
    modes: dict[str, str] = {}

    def fault(request: Request) -> Fault:
        if request.method == "POST" and request.path.endswith("/invoice-payables"):
            body = json.loads(request.body)
            modes[body["invoiceNumber"]] = body["processingMode"]
        return PASS

    read = {"document": "scan.pdf", "processingMode": "ai_parse_and_merge"}
    rows = [
        bill_row(0, **read),
        bill_row(1, **{**read, "processingMode": ""}),
        bill_row(2, **{**read, "document": ""}),
        bill_row(3, **{**read, "processingMode": "GUESS"}),
    ]
    files = write_bills(tmp_path, rows)
    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, "--only-valid")
    assert codes(told, "error") == [
        ("bills.processingMode.no_document", 4),
        ("bills.processingMode.not_one_of", 5),
    ]
    assert modes == {"INV-00000": "AI_PARSE_AND_MERGE", "INV-00001": "DATA_ONLY"}


def test_processing_mode_of_a_template_is_checked(command: Load, tmp_path: Path) -> None:
    """A constant of the template is named like others, and needs a document in each row."""
    text = (ROOT / "templates" / "light.yaml").read_text(encoding="utf-8")
    column = "{column: processingMode, optional: true}"
    assert column in text
    text = text.replace("template: light\n", "template: read\n")
    (tmp_path / "read.yaml").write_text(text.replace(column, "{value: AI_PARSE_AND_MERGE}"))
    files = write_bills(tmp_path, [bill_row(0)])
    told = command("validate", "--json", *files, "--template", str(tmp_path / "read.yaml"))
    assert told.json["constants"]["processingMode"] == "AI_PARSE_AND_MERGE"
    assert codes(told, "error") == [("bills.processingMode.no_document", 2)]
    wrong = text.replace(column, "{value: PARSE}")
    (tmp_path / "read.yaml").write_text(wrong)
    told = command("validate", "--json", *files, "--template", str(tmp_path / "read.yaml"))
    assert told.code != 0
