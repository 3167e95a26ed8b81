"""A result workbook keeps the options of its run; its reload needs none of them."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from conftest import ACCOUNTS, VENDORS, Ended

from importer.sandbox import Sandbox

Run = Callable[..., Ended]


def looked_up(folder: Path) -> list[str]:
    """A bill whose vendor only a lookup table knows, with a document, and one that is wrong."""
    tables = {
        "lookups/vendor.csv": [["value", "id"], ["Brchwood", VENDORS[0]]],
        "bills.csv": [
            ["billRef", "vendor", "invoiceNumber", "issuedDate", "currency", "amount", "document"],
            ["1", "Brchwood", "LK-1", "2026-11-05", "GBP", "12000", "a.pdf"],
            ["2", "Brchwood", "LK-2", "2026-11-05", "GBP", "ten", ""],
        ],
        "lines.csv": [
            ["billRef", "netAmount", "accountId"],
            ["1", "12000", ACCOUNTS[0]],
            ["2", "12000", ACCOUNTS[0]],
        ],
    }
    for name, rows in tables.items():
        (folder / name).parent.mkdir(exist_ok=True)
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    (folder / "scans").mkdir()
    (folder / "scans" / "a.pdf").write_bytes(b"%PDF-1.4")
    return ["bills.csv", "lines.csv"]


def test_the_reload_keeps_then_encoding_and_the_largest_document(
    load: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    options = ("--then", "submitted", "--encoding", "cp1252", "--largest-document", "0.000004")
    more = ("--lookups", "lookups", "--documents", "scans", "--only-valid")
    first = load(sandbox.base_url, *looked_up(tmp_path), *options, *more)
    assert first.json["bills"] == {"total": 2, "invalid": 2}
    book = openpyxl.load_workbook(first.json["result"])
    headers = {cell.value: cell.column for cell in book["Bills"][1]}
    book["Bills"].cell(3, headers["amount"]).value = "12000"
    book.save("corrected.xlsx")
    again = load(sandbox.base_url, "corrected.xlsx")
    assert again.json["bills"] == {"total": 2, "created": 1, "invalid": 1}
    assert list(again.json["steps"]) == ["submitted"]
    codes = {each["code"] for each in again.json["findings"]}
    assert "bills.document.too_large" in codes
    # Nothing of the workbook is in an encoding; its options stay those of the first load.
    options_of = openpyxl.load_workbook(again.json["result"])["light-import"]
    texts = [str(cell.value) for row in options_of for cell in row]
    assert any("encoding" in text for text in texts), texts


def test_the_reload_of_a_result_needs_no_option(
    load: Run, command: Run, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = looked_up(tmp_path)
    (tmp_path / "light-import.toml").write_text('lookups = "lookups"\nthen = "submitted"\n')
    options = ("--documents", "scans", "--only-valid", "--expect", "bills=3")
    loaded = load(sandbox.base_url, *files, *options)
    assert loaded.json["bills"] == {"total": 2, "invalid": 1, "created": 1}
    assert list(loaded.json["steps"]) == ["uploaded", "submitted"]
    reported = command("report", "latest", "--json", "--quiet").json["result"]

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for result in (loaded.json["result"], reported):
        shutil.copy(result, elsewhere / "r.xlsx")
        again = load(sandbox.base_url, "r.xlsx", "--overwrite", "--result", "out.json")
        # The valid bill is in Light already, the other is left out once more.
        assert again.json["bills"] == {"total": 2, "invalid": 1, "already_loaded": 1}
        assert list(again.json["steps"]) == ["uploaded", "submitted"]
        codes = {each["code"] for each in again.json["findings"]}
        assert {"bills.vendor.not_found", "bills.document.missing"} & codes == set()
        assert "control.bills.differs" in codes
    assert len(sandbox.bills()) == 1
    undone = command("undo", loaded.json["run"], "--yes", "--settle", "0", "--json")
    end = f" --only-valid --base-url {sandbox.base_url} (loads them again)"
    assert undone.json["next"].endswith(end), undone.json["next"]

    # Another user's computer: the workbook cannot say where folders are, nor how far bills go.
    monkeypatch.setenv("LIGHT_IMPORT_HOME", str(tmp_path / "other"))
    foreign = load(sandbox.base_url, "r.xlsx")
    assert foreign.code == 1
    checked = " ".join(command("validate", "r.xlsx").out.split())
    assert "nothing shows that you made it on this computer: not used" in checked
