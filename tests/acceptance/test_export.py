"""What Light has, written to a file: each record once, whatever happens on the way."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from conftest import Ended, bill_row, document, numbers, write_bills

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
READ = ("--requests-per-minute", "100000", "--json", "--quiet")


@pytest.fixture
def export(
    command: Load, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
    monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)

    def run(*args: str) -> Ended:
        return command("export", *args, *READ)

    return run


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sheet_rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    header, *rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def test_every_bill_is_in_the_file_once_with_its_lines(
    export: Load, load: Load, sandbox: Sandbox, tmp_path: Path, home: Path
) -> None:
    assert load(sandbox.base_url, *write_bills(tmp_path, [bill_row(i) for i in range(7)])).code == 0
    for ending in ("xlsx", "csv", "json", "parquet"):
        done = export("bills", "-o", f"out.{ending}")
        assert done.code == 0, done.err
        told = document(done)
        assert (told["bills"], told["line_items"]) == ({"total": 7}, {"total": 7})
    amounts = [1000 + i for i in range(7)]

    def agree(bills: list[dict[str, Any]], lines: list[dict[str, Any]]) -> None:
        assert sorted(bill["invoiceNumber"] for bill in bills) == numbers(sandbox)
        assert sorted(int(line["netAmount"]) for line in lines) == amounts
        assert [line["billRef"] for line in lines] == [bill["billRef"] for bill in bills]

    agree(sheet_rows(Path("out.xlsx"), "Bills"), sheet_rows(Path("out.xlsx"), "Line items"))
    agree(csv_rows(Path("out.csv")), csv_rows(Path("out-lines.csv")))
    of_json = json.loads(Path("out.json").read_text(encoding="utf-8"))
    agree(of_json, [line for bill in of_json for line in bill["lineItems"]])
    agree(*(pq.read_table(f"out{part}.parquet").to_pylist() for part in ("", "-lines")))
    assert not list((home / "exports").glob("*.sqlite*"))


def test_loading_an_export_sends_nothing(
    export: Load, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert load(sandbox.base_url, *write_bills(tmp_path, [bill_row(i) for i in range(3)])).code == 0
    assert export("bills", "-o", "out.xlsx").code == 0
    posts = sandbox.counters.bill_posts
    again = load(sandbox.base_url, "out.xlsx")
    assert again.code == 0, again.out
    assert again.json["bills"] == {"total": 3, "already_loaded": 3}
    assert sandbox.counters.bill_posts == posts
