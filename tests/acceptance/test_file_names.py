"""Files with any name that the system permits: loaded, told, archived, and loaded again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ACCOUNTS, Ended, bill_row
from openpyxl import Workbook

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
NAMES = [
    "-two words: *?|< 😀\n'quote\" $(x) `y` =1 e\u0301\u202egnp.xlsx".encode(),
    "ä".encode() * 125 + b".xlsx",
    b"not UTF-8 \xff\xfe.xlsx",
]


def book(path: Path) -> Path:
    made = Workbook()
    made.remove(made.worksheets[0])
    bill = bill_row(1)
    line = {"billRef": "B1", "description": "Paper", "netAmount": 1001, "accountId": ACCOUNTS[0]}
    for title, row in (("Bills", bill), ("Line items", line)):
        sheet = made.create_sheet(title)
        sheet.append(list(row))
        sheet.append(list(row.values()))
    made.save(path)
    return path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have fewer names")
def test_file_of_any_name_survives_the_round_trip(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    runs = []
    sample = book(tmp_path / "sample.xlsx")
    for i, name in enumerate(NAMES):
        file = os.fsdecode(name)
        shutil.copyfile(sample, tmp_path / file)
        done = load(sandbox.base_url, "--", file)
        assert done.code == 0, done.err
        assert (tmp_path / file).read_bytes() == sample.read_bytes()
        bills = done.json["bills"]
        assert bills.get("created" if i == 0 else "already_loaded") == bills["total"]
        runs.append(done.json["run"])
    results = sorted(path.name for path in tmp_path.glob("*-result.xlsx"))
    assert len(results) == len(NAMES)
    again = load(sandbox.base_url, "--", next(each for each in results if "UTF-8" in each))
    assert (again.code, again.json["bills"]) == (0, {"total": 1, "already_loaded": 1}), again.err
    for kind in ("csv", "html"):
        assert command("report", runs[-1], "--format", kind, "--result", f"last.{kind}").code == 0
    listed = command("runs")
    assert listed.code == 0
    assert "not UTF-8" in listed.out
    assert "Traceback" not in listed.err
