"""What earlier runs loaded is shown where Light was not asked, and nothing that nobody read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from conftest import COMPANY, ENTITIES, Ended, bill_row, write_bills

from importer.sandbox import Sandbox, SandboxSettings, running

Run = Callable[..., Ended]
CENTS = 12_000
BIRCHWOOD = "68b32c51-0d05-57c3-8956-552b1085a8b1"


def written(folder: Path, *amounts: int, number: str = "T") -> list[str]:
    """Bills of these amounts; their lines come to ``CENTS`` each."""
    rows = [bill_row(i, invoiceNumber=f"{number}-{i}", amount=CENTS) for i in range(len(amounts))]
    files = write_bills(folder, rows)
    bills = Path(files[0]).read_text(encoding="utf-8").splitlines()
    for i, cents in enumerate(amounts, start=1):
        bills[i] = bills[i].replace(str(CENTS), str(cents))
    Path(files[0]).write_text("\n".join(bills), encoding="utf-8")
    return files


def total(ended: Ended) -> tuple[object, ...]:
    (each,) = ended.json["totals"]
    return each["asked"], each["sheet"], each["created"], each["difference"]


def messages(path: Path) -> list[str]:
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return [row["import_message"] or "" for row in rows if row["kind"] == "bills"]


def test_loaded_bills_stay_loaded_without_light(
    load: Run, command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = "Loaded before (run {run}). Light was not asked."
    with running(SandboxSettings(reference=COMPANY)) as sandbox:
        url = sandbox.base_url
        monkeypatch.setenv("LIGHT_BASE_URL", url)
        files = written(tmp_path, CENTS, CENTS)
        first = load(url, *files)
        assert total(first) == (True, 24_000, 24_000, 0)
        before = before.format(run=first.json["run"])
        assert "All 2 bills are in Light; GBP ties out." in command("report", "latest").out

        monkeypatch.setenv("LIGHT_API_KEY", "wrong")
        refused = load(url, *files, "--result", "refused.json")
        assert (refused.code, total(refused)) == (2, (False, 24_000, 24_000, 0))
        assert refused.json["bills"] == {"total": 2, "already_loaded": 2}
        assert messages(tmp_path / "refused.json") == [before, before]

        monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
        # A bad cell in the first; the second and a new one are as they should be.
        mixed = written(tmp_path, CENTS + 1, CENTS, CENTS)
        blocked = load(url, *mixed, "--result", "blocked.json")
        assert (blocked.code, total(blocked)) == (1, (False, 36_001, 24_000, None))
        assert blocked.json["bills"] == {
            "total": 3, "valid": 1, "invalid": 1, "already_loaded": 1
        }  # fmt: skip
        first_message, second, third = messages(tmp_path / "blocked.json")
        assert second == before
        assert "Light had 120.00 GBP, the row has 120.01 GBP now. Light was not" in first_message
        assert third == ""
        # The same with the others loaded: the row with the bad cell still counts with Light's.
        rest = load(url, *mixed, "--only-valid")
        assert (rest.code, total(rest)) == (1, (True, 36_001, 36_000, 1))

    dead = load(url, *files, "--result", "dead.json")
    assert (dead.code, total(dead)) == (4, (False, 36_001, 36_000, 1))
    checked = command("validate", *files, "--json", "--quiet")
    assert (checked.code, total(checked)) == (1, (False, 36_001, 36_000, 1))
    words = command("validate", *written(tmp_path, CENTS, CENTS)).out
    assert "All 2 bills are valid; 2 were loaded before." in words
    assert "loaded before 240.00, difference 0.00. Light was not asked." in " ".join(words.split())


@pytest.mark.parametrize("ending", ["xlsx", "csv", "html", "json"])
def test_nothing_that_nobody_read_is_a_figure_of_light(
    command: Run, tmp_path: Path, ending: str
) -> None:
    ended = command("validate", *written(tmp_path, CENTS), "--json", "--result", f"r.{ending}")
    assert total(ended) == (False, CENTS, None, None)
    assert "a load would create 1" in ended.err
    assert "not known to be in Light" not in ended.err
    path = tmp_path / f"r.{ending}"
    if ending == "xlsx":
        sheet = openpyxl.load_workbook(path)["Tie-out"]
        rows = {row[1]: row[2:6] for row in sheet.iter_rows(values_only=True) if row[1]}
        assert rows["In Light"] == rows["Difference: sheet less Light"] == (None,) * 4
        vendors = openpyxl.load_workbook(path)["Tie-out by vendor"]
        assert [cell.value for cell in vendors[2]][6:11] == [None] * 5
    elif ending == "json":
        (tie_out,) = json.loads(path.read_text(encoding="utf-8"))["tie_out"]
        assert (tie_out["created"], tie_out["difference"]) == (None, None)
    else:
        text = path.read_text(encoding="utf-8")
        assert "0.00" not in text.replace("120.00", "")


def test_rows_that_changed_show_both_amounts(
    load: Run, command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(SandboxSettings(reference=COMPANY)) as sandbox:
        monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
        load(sandbox.base_url, *written(tmp_path, CENTS))
    files = write_bills(tmp_path, [bill_row(0, invoiceNumber="T-0", amount=12_500)])
    changed = command("validate", *files, "--json")
    assert (changed.code, total(changed)) == (1, (False, 12_500, CENTS, 500))
    (found,) = changed.json["findings"]
    assert found["code"] == "bills.content.changed"
    assert "120.00 GBP was loaded, the sheet has 125.00 GBP" in found["message"]


def test_a_bill_of_another_entity_is_not_the_loaded_one(
    load: Run, command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def files(entity: str) -> list[str]:
        rows = [bill_row(0, invoiceNumber="T-0", amount=CENTS, companyEntity=entity)]
        (tmp_path / entity).mkdir()
        return write_bills(tmp_path / entity, rows)

    with running(SandboxSettings(reference=COMPANY)) as sandbox:
        monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
        assert load(sandbox.base_url, *files("UK01")).code == 0
    again = command("validate", *(f"UK01/{name}.csv" for name in ("bills", "lines")), "--json")
    assert again.json["bills"] == {"total": 1, "already_loaded": 1}
    other = command("validate", *files("DE01"), "--json")
    assert other.json["bills"] == {"total": 1, "valid": 1}
    by_id = bill_row(0, invoiceNumber="T-0", amount=CENTS, companyEntityId=ENTITIES[1])
    other = command("validate", *write_bills(tmp_path, [by_id]), "--json")
    assert other.json["bills"] == {"total": 1, "valid": 1}


def test_a_bill_of_another_vendor_is_not_the_loaded_one(
    load: Run, command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the row has the same name of a vendor, beside the id."""
    cells = {"invoiceNumber": "T-0", "amount": CENTS, "vendor": "V-1002"}
    with running(SandboxSettings(reference=COMPANY)) as sandbox:
        monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
        loaded = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(0, vendorId="", **cells)]))
        [bill] = sandbox.bills()
    assert loaded.code == 0
    for vendor, status in ((str(bill["vendorId"]), "already_loaded"), (BIRCHWOOD, "valid")):
        files = write_bills(tmp_path, [bill_row(0, vendorId=vendor, **cells)])
        assert command("validate", *files, "--json").json["bills"] == {"total": 1, status: 1}


def test_two_companies_of_one_computer_are_named_where_one_must_be_chosen(
    load: Run, command: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = written(tmp_path, CENTS)
    with running(SandboxSettings(reference=COMPANY)) as sandbox:
        monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
        load(sandbox.base_url, *files)
    assert "not looked up" not in command("validate", *files).out
    [journal] = (home / "journals").glob("*.sqlite")
    journal.with_name(journal.name.replace(".sqlite", "-2.sqlite")).write_bytes(
        journal.read_bytes()
    )
    checked = command("validate", *files)
    text = " ".join(checked.out.split())
    assert "loaded before was not looked up: 2 companies were loaded" in text
    assert "--company NAME" in text


def test_a_result_workbook_and_the_journal_know_rows_that_were_edited(
    load: Run, command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = "Birchwood Office Supplies Ltd"
    row = bill_row(0, invoiceNumber="A", vendor=vendor, vendorId="", amount=CENTS)
    with running(SandboxSettings(reference=COMPANY)) as sandbox:
        monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
        loaded = load(sandbox.base_url, *write_bills(tmp_path, [row]), "--result", "r.xlsx")
        assert loaded.code == 0
    loaded_before = {"total": 1, "already_loaded": 1}
    typed_otherwise = row | {"vendor": "", "vendorId": BIRCHWOOD}
    files = write_bills(tmp_path, [typed_otherwise])
    assert command("validate", *files, "--json").json["bills"] == loaded_before

    book = openpyxl.load_workbook("r.xlsx")
    headers = [cell.value for cell in book["Bills"][1]]
    book["Bills"].cell(2, headers.index("invoiceNumber") + 1).value = "another"
    book.save("edited.xlsx")
    edited = command("validate", "edited.xlsx", "--json", "--result", "edited.json")
    assert edited.json["bills"] == loaded_before
    for journal in Path(os.environ["LIGHT_IMPORT_HOME"]).glob("journals/*"):
        journal.unlink()
    command("validate", "r.xlsx", "--result", "alone.json")
    (message,) = messages(tmp_path / "alone.json")
    assert "by this workbook; the journal here has no such bill" in message


def test_a_vendor_is_one_however_it_was_typed(
    load: Run, command: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    vendor, number = "Birchwood Office Supplies Ltd", "V-1008"
    rows = [
        bill_row(0, invoiceNumber="A", vendor=vendor, vendorId="", amount=CENTS),
        bill_row(1, invoiceNumber="B", vendor="", vendorId=BIRCHWOOD, amount=CENTS),
        bill_row(2, invoiceNumber="C", vendor=number, vendorId="", amount=CENTS),
    ]
    loaded = load(sandbox.base_url, *write_bills(tmp_path, rows), "--result", "r.json")
    assert loaded.code == 0
    reported = command("report", "latest", "--result", "again.json")
    assert reported.code == 0
    for name in ("r.json", "again.json"):
        (tie_out,) = json.loads((tmp_path / name).read_text(encoding="utf-8"))["tie_out"]
        (only,) = tie_out["vendors"]
        assert (only["vendor"], only["number"]) == (vendor, number)
        assert only["typed"] == [BIRCHWOOD, number]
        assert (only["created"]["gross"], only["difference"]) == (3 * CENTS, 0)
    command("report", "latest", "--result", "r.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["Tie-out by vendor"]
    cells = [cell.value for cell in sheet[2]]
    assert (cells[1], cells[-1]) == (f"{vendor} ({number})", f"{BIRCHWOOD}; {number}")
