"""Documents that are no bills: counted, summed and listed in every kind of result, never sent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

from conftest import Ended, numbers
from openpyxl import load_workbook

from importer.sandbox import Sandbox

SAMPLES = Path(__file__).parents[2] / "samples"
Load = Callable[..., Ended]
Command = Callable[..., Ended]


def export(folder: Path, name: str = "xero-bills/all-documents.csv") -> str:
    for table in (SAMPLES / name).parent.glob("*.csv"):
        shutil.copy(table, folder)
    return str(folder / Path(name).name)


def test_only_bills_and_credit_notes_reach_light_and_the_rest_is_listed(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    file = export(tmp_path)
    done = load(sandbox.base_url, file)
    assert done.code == 0, done.err
    assert sorted(numbers(sandbox)) == ["BOS-4401", "CVP/00811"]
    told = done.json
    assert told["bills"] == {"total": 6, "created": 2, "passed_over": 4}
    assert told["credit_notes"] == {"total": 1, "created": 1}
    assert told["line_items"] == {"total": 8, "created": 4, "passed_over": 4}
    assert told["rows"]["data"] + told["rows"]["passed_over"] == told["line_items"]["total"]
    (total,) = told["totals"]
    assert (total["sheet"], total["created"], total["difference"]) == (20100, 20100, 0)
    assert total["bills"] == {"sheet": 21300, "created": 21300, "difference": 0}
    assert total["credit_notes"] == {"sheet": 1200, "created": 1200, "difference": 0}
    assert total["passed_over"] == {"bills": 70800, "credit_notes": 0}
    assert [(each["type"], each["reason"], each["rows"]) for each in told["passed_over"]] == [
        ("bill", "Status is 'Voided'", [3]),
        ("bill", "Type is 'Sales invoice'", [5]),
        ("bill", "Status is 'Draft'", [8]),
        ("bill", "Status is 'Deleted'", [9]),
    ]
    assert told["template"] == "xero-bills"
    assert told["constants"] == {"lineItemsIncludeTax": False}


def test_the_workbook_lists_what_is_passed_over_and_loads_what_is_corrected(
    load: Load, command: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    done = load(sandbox.base_url, export(tmp_path))
    path = done.json["result"]
    book = load_workbook(path)
    sheet = next(s for s in book if {"import_status", "Status"} <= {cell.value for cell in s[1]})
    headers = [cell.value for cell in sheet[1]]
    status, message, state = (
        headers.index(name) + 1 for name in ("import_status", "import_message", "Status")
    )
    found = {
        row: (sheet.cell(row, status).value, sheet.cell(row, message).value)
        for row in range(2, sheet.max_row + 1)
    }
    assert [each for each, _ in found.values()] == [
        "created", "passed_over", "created", "passed_over", "created", "created",
        "passed_over", "passed_over",
    ]  # fmt: skip
    assert found[3][1] == "Status is 'Voided'"
    page = "\n".join(str(c.value) for row in book["Summary"].iter_rows() for c in row if c.value)
    assert "xero-bills" in page
    assert "amounts without tax" in page
    assert "600.00 GBP: Type is 'Sales invoice' (row 5)" in page
    again = load(sandbox.base_url, path)
    assert again.json["bills"] == {"total": 6, "already_loaded": 2, "passed_over": 4}
    sheet.cell(8, state).value = "Awaiting Payment"
    book.save("corrected.xlsx")
    corrected = load(sandbox.base_url, "corrected.xlsx")
    assert corrected.json["bills"] == {
        "total": 6, "created": 1, "already_loaded": 2, "passed_over": 3,
    }  # fmt: skip
    assert sorted(numbers(sandbox)) == ["BOS-4401", "CVP/00811", "CVP/00812"]


def test_every_format_of_the_result_shows_them(command: Command, tmp_path: Path) -> None:
    file = export(tmp_path)
    for suffix in ("csv", "html", "json"):
        out = tmp_path / f"out.{suffix}"
        done = command("validate", file, "--result", str(out), "--quiet")
        assert done.code == 0, done.err
        text = "\n".join(
            path.read_text(encoding="utf-8-sig")
            for path in ([out] if out.is_file() else sorted(tmp_path.glob("out*")))
            if path.is_file()
        )
        assert "Status is 'Voided'" in text.replace("&#39;", "'"), suffix
    rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert "passed_over" in json.dumps(rows)


def test_consent_names_the_template_what_it_states_and_what_is_left_out(
    command: Command, tmp_path: Path
) -> None:
    file = export(tmp_path, "uk-spend/with-credits.csv")
    done = command("load", file, "--sandbox", "--dry-run")
    shown = " ".join((done.out + done.err).split())
    assert "Template: uk-spend, which states: currency GBP, amounts include tax" in shown
    assert "Credit notes: valid" in shown


def test_money_in_light_is_that_of_live_bills_whatever_their_states_say(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Of many documents with random words only live ones arrive; the others are passed over or
    refused."""
    random = Random(7)
    export(tmp_path, "zoho-bills/all-states.csv")
    words = ("Open", "paid", "OVERDUE", "Partially Paid", "partially_paid", "Void", "VOID",
             "draft", "Pending Approval", "Rejected", "Frozen", "On hold", "void?", "")  # fmt: skip
    live = {"open", "paid", "overdue", "partiallypaid"}
    passed = {"void", "draft", "pendingapproval", "rejected"}
    rows, truth, left_out, refused = [], {}, 0, 0
    for i in range(80):
        state, cents, number = random.choice(words), random.randint(1, 99_999), f"ZB-{i:04d}"
        amount = f"{cents // 100}.{cents % 100:02d}"
        rows.append(
            f"2025-08-04,{i},{number},{state},Birchwood Office Supplies Ltd,2025-09-03,GBP,Paper,"
            f"7220,,Zero Rate,0.00,{amount},{amount}"
        )
        word = state.lower().replace(" ", "").replace("_", "")
        if word in live:
            truth[number] = cents
        left_out += word in passed
        refused += word not in live | passed
    path = tmp_path / "all-states.csv"
    header = path.read_text(encoding="utf-8").splitlines()[0]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    done = load(sandbox.base_url, str(path), "--only-valid")
    assert {bill["invoiceNumber"]: bill["amount"] for bill in sandbox.bills()} == truth
    assert done.json["bills"] == {
        "total": 80, "invalid": refused, "created": len(truth), "passed_over": left_out,
    }  # fmt: skip
    assert min(refused, left_out, len(truth)) > 0
