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
from conftest import (
    ACCOUNTS,
    ENTITIES,
    VENDORS,
    Ended,
    asked,
    bill_row,
    document,
    numbers,
    write_bills,
)

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


WRITING = ("POST", "PUT", "PATCH", "DELETE")


def writes(sandbox: Sandbox) -> dict[str, int]:
    """The requests that may have changed something, by route."""
    routes = sandbox.counters.by_route
    return {route: n for route, n in routes.items() if route.startswith(WRITING)}


def posted(sandbox: Sandbox, **values: Any) -> dict[str, Any]:
    """A bill that somebody else has brought into Light, with two lines."""
    lines = [
        {"netAmount": 1_000, "description": "Paper", "accountId": ACCOUNTS[0]},
        {"netAmount": 2_000, "description": "=2+3", "accountId": ACCOUNTS[1]},
    ]
    bill = {
        "vendorId": VENDORS[0], "companyEntityId": ENTITIES[0], "currency": "GBP", "amount": 3_000,
        "issuedDate": "2025-03-01", "dueDate": "2025-03-31", "lineItems": lines,
    }  # fmt: skip
    created: dict[str, Any] = asked(sandbox, "POST", "invoice-payables", bill | values)
    return created


@pytest.fixture
def other_computer(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """From here on nothing is known but what Light and the file have."""

    def switch() -> None:
        monkeypatch.setenv("LIGHT_IMPORT_HOME", str(tmp_path_factory.mktemp("other")))

    return switch


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_loading_an_export_sends_nothing(
    export: Load,
    load: Load,
    command: Load,
    sandbox: Sandbox,
    tmp_path: Path,
    other_computer: Callable[[], None],
    ending: str,
) -> None:
    samples = Path(__file__).parents[2] / "samples" / "light"
    assert load(sandbox.base_url, str(samples / "bills.xlsx")).code == 0
    notes = load(sandbox.base_url, *write_notes(tmp_path))
    assert notes.code == 0, notes.out
    theirs = posted(sandbox, invoiceNumber="=1+2", description="  -a 'note'\nof two lines ")
    cancelled = posted(sandbox, invoiceNumber="TWICE")
    asked(sandbox, "POST", f"invoice-payables/{cancelled['id']}/cancel", {"reason": "wrong"})
    posted(sandbox, invoiceNumber="TWICE", amount=3_000)
    unnumbered = posted(sandbox)
    other_computer()
    before = writes(sandbox)
    for kind in ("bills", "credit-notes"):
        assert export(kind, "-o", f"{kind}.{ending}").code == 0
        files = [f"{kind}.{ending}"]
        if ending == "csv":
            files = ["--bills", f"{kind}.csv", "--lines", f"{kind}-lines.csv"]
        for more in ((), ("--update",)):
            done = load(sandbox.base_url, *files, *more)
            assert done.code == 0, done.out
            assert writes(sandbox) == before, (kind, more)
            if kind == "bills":
                here = {"total": 30, "already_in_light": 29, "passed_over": 1}
                assert done.json["bills"] == here
            else:
                assert done.json["credit_notes"] == {"total": 2, "already_in_light": 2}
        read = command("verify", "latest", "--json", "--quiet", "--settle", "0.1")
        assert (read.code, read.json["read_back"]) == (0, {"same": 29 if kind == "bills" else 2})
    assert {theirs["id"], unnumbered["id"]} <= {bill["id"] for bill in sandbox.bills()}
    assert writes(sandbox) == before


def write_notes(folder: Path) -> list[str]:
    """Two credit notes, one of which is posted; the paths of their sheets."""
    cells = {"type": "credit note", "companyEntityId": ENTITIES[0]}
    rows = [
        bill_row(i, **cells, invoiceNumber=f"CN-{i}", status=status, dueDate="")
        for i, status in enumerate(("draft", "posted"))
    ]
    (folder / "notes").mkdir()
    return write_bills(folder / "notes", rows)


def edited(path: str, sheet: str, cells: dict[tuple[int, str], Any]) -> None:
    """Set cells of a workbook as a person does; rows are those of Excel."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    headers = [cell.value for cell in page[1]]
    for (row, header), value in cells.items():
        page.cell(row, headers.index(header) + 1).value = value
    book.save(path)


def test_editing_an_export_changes_just_that(
    export: Load, load: Load, sandbox: Sandbox, other_computer: Callable[[], None]
) -> None:
    bills = [posted(sandbox, invoiceNumber=f"A-{i}", description=f"Bill {i}") for i in range(3)]
    other_computer()
    assert export("bills", "--sort", "invoiceNumber:asc", "-o", "out.xlsx").code == 0
    changes = {(2, "description"): "Other", (3, "invoiceNumber"): "A-one", (4, "amount"): 3_500}
    edited("out.xlsx", "Bills", changes)
    edited("out.xlsx", "Line items", {(7, "netAmount"): 2_500})  # the second line of the third
    before = writes(sandbox)

    refused = load(sandbox.base_url, "out.xlsx")
    assert refused.code == 1
    [finding] = [f for f in refused.json["findings"] if f["severity"] == "error"]
    assert (finding["code"], finding["row"]) == ("bills.lightBillId.no_update", 3)
    assert writes(sandbox) == before

    done = load(sandbox.base_url, "out.xlsx", "--update")
    assert (done.code, done.json["bills"]) == (0, {"total": 3, "updated": 3}), done.out
    made = {r: n - before.get(r, 0) for r, n in writes(sandbox).items() if n > before.get(r, 0)}
    bill = "/v1/invoice-payables/{invoicePayableId}"
    assert made == {f"PATCH {bill}": 3, f"PUT {bill}/line-items/{{lineItemId}}": 1}
    now = {each["id"]: each for each in sandbox.bills()}
    assert now.keys() == {each["id"] for each in bills}
    first, second, third = (now[each["id"]] for each in bills)
    assert (first["description"], second["invoiceNumber"]) == ("Other", "A-one")
    assert (third["amount"], third["lineItems"][1]["netAmount"]) == (3_500, 2_500)
    assert third["lineItems"][1]["id"] == bills[2]["lineItems"][1]["id"]
    changed = (
        "description",
        "invoiceNumber",
        "amount",
        "outstandingBalance",
        "updatedAt",
        "lineItems",
    )
    for old in bills:
        assert {n: v for n, v in old.items() if n not in changed} == {
            n: now[old["id"]][n] for n in old if n not in changed
        }


def test_a_copied_row_of_an_export_creates_no_second_bill(
    export: Load, load: Load, sandbox: Sandbox
) -> None:
    posted(sandbox, invoiceNumber="A-1")
    assert export("bills", "-o", "out.xlsx").code == 0
    book = openpyxl.load_workbook("out.xlsx")
    for name in ("Bills", "Line items"):
        page = book[name]
        headers = [cell.value for cell in page[1]]
        for row in list(page.iter_rows(min_row=2, values_only=True)):
            new = dict(zip(headers, row, strict=True)) | {"billRef": "copy"}
            if name == "Bills":
                new["invoiceNumber"] = "A-2"
            page.append(["Ink" if value == "=2+3" else value for value in new.values()])
    book.save("out.xlsx")
    before = writes(sandbox)
    for more in ((), ("--update",)):
        done = load(sandbox.base_url, "out.xlsx", *more)
        assert done.code == 1, done.out
        assert writes(sandbox) == before
    edited("out.xlsx", "Bills", {(3, "lightBillId"): None, (3, "state"): None})
    done = load(sandbox.base_url, "out.xlsx")
    assert done.json["bills"] == {"total": 2, "already_in_light": 1, "created": 1}, done.out
    assert numbers(sandbox) == ["A-1", "A-2"]
