"""What Light has, written to a file: each record once, whatever happens on the way."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from signal import SIGINT, SIGKILL
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from conftest import (
    ACCOUNTS,
    ENTITIES,
    KEEP,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    asked,
    bill_row,
    document,
    ended,
    http,
    numbers,
    proxied,
    refusal,
    start,
    write_bills,
)

from importer.model.light_lists import LISTS
from importer.readers import read_file
from importer.sandbox import Sandbox, answer_models, request_bodies

Load = Callable[..., Ended]
READ = ("--requests-per-minute", "100000", "--json", "--quiet")


@pytest.fixture
def export(command: Load, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
    monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)

    def run(*args: str) -> Ended:
        return command("export", *args, *READ)

    return run


@pytest.fixture
def through(command: Load, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Exports through a proxy that applies a fault."""
    monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)

    def run(fault: Callable[[Request], Fault], *args: str) -> Ended:
        with proxied(sandbox.base_url, fault) as proxy:
            monkeypatch.setenv("LIGHT_BASE_URL", proxy.url)
            return command("export", *args, *READ)

    return run


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sheet_rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    header, *rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def test_every_bill_is_in_the_file_once_with_its_lines(
    export: Load, sandbox: Sandbox, home: Path
) -> None:
    fill(sandbox, 7)
    for ending in ("xlsx", "csv", "json", "parquet"):
        done = export("bills", "-o", f"out.{ending}")
        assert done.code == 0, done.err
        summary = document(done)
        assert (summary["bills"], summary["line_items"]) == ({"total": 7}, {"total": 7})
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


def test_loading_an_export_sends_nothing(
    export: Load,
    load: Load,
    command: Load,
    sandbox: Sandbox,
    tmp_path: Path,
    other_computer: Callable[[], None],
) -> None:
    samples = Path(__file__).parents[2] / "samples" / "light"
    assert load(sandbox.base_url, str(samples / "bills.xlsx")).code == 0
    notes = load(sandbox.base_url, *write_notes(tmp_path))
    assert notes.code == 0, notes.out
    posted(sandbox, invoiceNumber="=1+2", description="  -a 'note'\nof two lines ")
    cancelled = posted(sandbox, invoiceNumber="TWICE")
    asked(sandbox, "POST", f"invoice-payables/{cancelled['id']}/cancel", {"reason": "wrong"})
    posted(sandbox, invoiceNumber="TWICE", amount=3_000)
    posted(sandbox)  # without a number
    other_computer()
    before, bills = writes(sandbox), sandbox.bills()
    for kind, ending, *more in (
        ("bills", "xlsx"),
        ("bills", "xlsx", "--update"),
        ("bills", "csv", "--update"),
        ("credit-notes", "xlsx"),
        ("credit-notes", "csv", "--update"),
    ):
        assert export(kind, "-o", f"{kind}.{ending}", "--overwrite").code == 0
        files = [f"{kind}.{ending}"]
        if ending == "csv":
            files = ["--bills", f"{kind}.csv", "--lines", f"{kind}-lines.csv"]
        done = load(sandbox.base_url, *files, *more)
        assert done.code == 0, done.out
        of_kind = {"total": 2, "already_in_light": 2}
        if kind == "bills":
            of_kind = {"total": 30, "already_in_light": 29, "passed_over": 1}
        assert done.json[kind.replace("-", "_")] == of_kind
        if not more:
            read = command("verify", "latest", "--json", "--quiet", "--settle", "0.1")
            same = of_kind["already_in_light"]
            assert (read.code, read.json["read_back"]) == (0, {"same": same})
        assert writes(sandbox) == before, (kind, ending, more)
    assert sandbox.bills() == bills


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


# --- what happens on the way ------------------------------------------------------------------

LIST, BILL = "/v1/bff/invoice-payables", "/v1/invoice-payables/"


def fill(light: Sandbox, count: int) -> list[str]:
    """So many bills, stored without a request; their ids."""
    context, ids = light.context, []
    for i in range(count):
        body = {
            "vendorId": VENDORS[i % 3], "invoiceNumber": f"N-{i:03}", "currency": "GBP",
            "issuedDate": "2025-03-01", "amount": 1_000 + i,
            "lineItems": [{"netAmount": 1_000 + i, "accountId": ACCOUNTS[0]}],
        }  # fmt: skip
        header, items = request_bodies.read_new_bill(body, context.company)
        ids.append(str(uuid.uuid4()))
        now = context.store.now()
        bill = answer_models.new_bill(ids[-1], context.company.id, now, header)
        line = answer_models.line_json(str(uuid.uuid4()), ids[-1], now, now, items[0])
        context.store.add_bill(bill, [line])
    return ids


def test_a_killed_export_reads_no_bill_again_that_it_has(
    command: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    ids = fill(sandbox, 60)
    allowed = [15]  # reads that are answered

    def fault(request: Request) -> Fault:
        if request.path.startswith(BILL):
            allowed[0] -= 1
            if allowed[0] < 0:
                return Fault(False, None, after=600)
        return PASS

    read: list[set[str]] = []
    with proxied(sandbox.base_url, fault) as proxy:
        monkeypatch.setenv("LIGHT_BASE_URL", proxy.url)
        for more, signal_number in ((15, SIGKILL), (15, SIGKILL), (1000, SIGINT)):
            process = start("export", "bills", "-o", "out.json", *READ, cwd=tmp_path)
            wait_for(lambda: len(in_spool(home)) >= 15 * (1 + len(read)))
            process.send_signal(signal_number)
            stopped = ended(process)
            read.append(in_spool(home))
            allowed[0] = more
        before = [request.path for request in proxy.requests]
        monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
        done = command("export", "bills", "-o", "out.json", *READ)
        last = [r.path for r in proxy.requests[len(before) :] if r.path.startswith(BILL)]
    assert done.code == 0, done.err
    assert document(stopped)["error"]["kind"] == "stopped"
    assert stopped.code == 4
    assert [len(each) for each in read] == [15, 30, 45]
    assert {path.removeprefix(BILL) for path in last} == set(ids) - read[-1]
    assert len(last) == 15
    exported = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert sorted(bill["billRef"] for bill in exported) == sorted(ids)
    assert all(len(bill["lineItems"]) == 1 for bill in exported)


def in_spool(home: Path) -> set[str]:
    """The bills that an unfinished export has read."""
    for path in (home / "exports").glob("*.sqlite"):
        with (
            contextlib.closing(sqlite3.connect(path)) as database,
            contextlib.suppress(sqlite3.OperationalError),
        ):
            rows = database.execute("SELECT id FROM records WHERE detail IS NOT NULL")
            return {str(row[0]) for row in rows}
    return set()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


@pytest.mark.parametrize("order", ["amount:asc", "state:desc,amount:asc"])
def test_bills_that_change_meanwhile_are_there_once_as_they_are_now_and_in_order(
    through: Load, sandbox: Sandbox, order: str
) -> None:
    ids = fill(sandbox, 230)

    def fault(request: Request) -> Fault:
        if request.path == LIST and request.number == 1:  # after the first page
            for bill_id, amount in ((ids[5], 9_000), (ids[215], 1), (ids[100], 1_500)):
                line = asked(sandbox, "GET", f"invoice-payables/{bill_id}")["lineItems"][0]
                change = {"amount": amount, "description": "changed"}
                asked(sandbox, "PATCH", f"invoice-payables/{bill_id}", change)
                path = f"invoice-payables/{bill_id}/line-items/{line['id']}"
                asked(sandbox, "PUT", path, {"netAmount": amount, "accountId": ACCOUNTS[0]})
            ids.append(posted(sandbox, invoiceNumber="NEW")["id"])
        return PASS

    done = through(fault, "bills", "--sort", order, "-o", "out.json")
    assert done.code == 0, done.err
    exported = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert sorted(bill["billRef"] for bill in exported) == sorted(ids)
    now = {bill["id"]: bill for bill in sandbox.bills()}
    for bill in exported:
        light = now[bill["billRef"]]
        assert (bill["amount"], bill["description"]) == (light["amount"], light["description"])
        lines = [line["netAmount"] for line in light["lineItems"]]
        assert [line["netAmount"] for line in bill["lineItems"]] == lines
    amounts = [bill["amount"] for bill in exported]
    assert amounts == sorted(amounts)
    assert amounts[-3:] == [1_500, 3_000, 9_000]


@pytest.mark.parametrize("ending", ["xlsx", "csv", "json", "parquet"])
def test_what_is_new_meanwhile_is_in_its_place_in_every_format(
    through: Load, sandbox: Sandbox, ending: str
) -> None:
    ids = fill(sandbox, 3)

    def fault(request: Request) -> Fault:
        if request.path == LIST and request.number == 1:  # before what has changed since is read
            lines = [{"netAmount": 1_001, "accountId": ACCOUNTS[0]}]
            ids.append(posted(sandbox, amount=1_001, lineItems=lines)["id"])
            change = {"amount": 5_000}
            asked(sandbox, "PATCH", f"invoice-payables/{ids[0]}", change)
        return PASS

    out = Path(f"out.{ending}")
    done = through(fault, "bills", "--sort", "amount:desc", "-o", str(out))
    assert done.code == 0, done.err
    if ending == "json":
        bills = json.loads(out.read_text(encoding="utf-8"))
        lines = [line for bill in bills for line in bill["lineItems"]]
    elif ending == "csv":
        bills, lines = csv_rows(out), csv_rows(Path("out-lines.csv"))
    elif ending == "xlsx":
        bills, lines = sheet_rows(out, "Bills"), sheet_rows(out, "Line items")
    else:
        bills, lines = (pq.read_table(f"out{part}.parquet").to_pylist() for part in ("", "-lines"))
    assert [bill["billRef"] for bill in bills] == [ids[0], ids[2], ids[1], ids[3]]
    assert list(dict.fromkeys(line["billRef"] for line in lines)) == [b["billRef"] for b in bills]


def test_a_bill_that_meets_the_filter_no_longer_is_left_out(
    through: Load, sandbox: Sandbox
) -> None:
    ids = fill(sandbox, 3)

    def fault(request: Request) -> Fault:
        if request.path == LIST and request.number == 1:  # what has changed since
            asked(sandbox, "POST", f"invoice-payables/{ids[1]}/cancel", {"reason": "wrong"})
        return PASS

    done = through(fault, "bills", "--filter", "state:eq:IN_DRAFT", "-o", "out.csv")
    assert done.json["records"] == 2
    assert [row["lightBillId"] for row in csv_rows(Path("out.csv"))] == [ids[0], ids[2]]


def test_a_value_that_nobody_understands_hides_no_other_bill(
    through: Load, sandbox: Sandbox
) -> None:
    ids = fill(sandbox, 3)

    def fault(request: Request) -> Fault:
        if request.path != BILL + ids[1]:
            return PASS
        change = {"dueDate": "soon", "lineItems": [{"id": ids[0], "netAmount": "x"}]}
        return Fault(True, KEEP, alter=lambda bill: bill | change)

    done = through(fault, "bills", "-o", "out.csv")
    assert done.code == 0, done.err
    lines, blank = done.json["notes"]
    assert "1 bill with line items in a form that can be understood" in lines
    assert lines.endswith(f'left out: {ids[1]} (netAmount is "x")')
    assert blank.endswith(f"these cells are blank: {ids[1]} (dueDate)")
    assert [row["lightBillId"] for row in csv_rows(Path("out.csv"))] == ids
    assert [row["billRef"] for row in csv_rows(Path("out-lines.csv"))] == [ids[0], ids[2]]


def test_each_cell_that_nobody_understands_is_named(through: Load, sandbox: Sandbox) -> None:
    """Of fields that no bill is matched by, too, and of the lists that have a column a field."""
    ids = fill(sandbox, 2)

    def fault(request: Request) -> Fault:
        def alter(answer: dict[str, Any]) -> dict[str, Any]:
            if request.path == BILL + ids[0]:
                return {**answer, "amount": "1000", "issuedDate": "05/01/2026", "state": 3}
            if request.path == BILL + ids[1]:
                lines = [{**line, "createdAt": "now"} for line in answer["lineItems"]]
                return {**answer, "paymentAt": "soon", "updatedAt": 5, "lineItems": lines}
            if request.path == "/v1/vendors":
                return {**answer, "records": [r | {"updatedAt": "?"} for r in answer["records"]]}
            return answer

        return Fault(True, KEEP, alter=alter)

    done = through(fault, "bills", "-o", "out.csv")
    assert done.code == 0, done.err
    [blank] = done.json["notes"]
    assert [line["billRef"] for line in csv_rows(Path("out-lines.csv"))] == ids
    for each in (
        f"{ids[0]} (issuedDate, amount, state)",
        f"{ids[1]} (paymentAt, lineItems.createdAt, updatedAt)",
    ):
        assert each in blank
    rows = {row["lightBillId"]: row for row in csv_rows(Path("out.csv"))}
    assert (rows[ids[0]]["amount"], rows[ids[1]]["amount"]) == ("", "1001")
    vendors = through(fault, "vendors", "-o", "vendors.csv")
    assert "(updatedAt)" in vendors.json["notes"][0]


def test_header_of_a_credit_note_that_nobody_understands_keeps_its_lines(
    through: Load, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert load(sandbox.base_url, *write_notes(tmp_path)).code == 0
    assert through(lambda request: PASS, "credit-notes", "-o", "plain.csv").code == 0
    whole = csv_rows(Path("plain-lines.csv"))
    assert len(whole) == 2

    def fault(request: Request) -> Fault:
        if request.path != "/v1/credit-notes":
            return PASS
        change = {"documentDate": "soon"}
        return Fault(
            True,
            KEEP,
            alter=lambda page: page | {"records": [each | change for each in page["records"]]},
        )

    done = through(fault, "credit-notes", "-o", "out.csv")
    assert done.code == 0, done.err
    assert not any("left out" in note for note in done.json["notes"])
    assert csv_rows(Path("out-lines.csv")) == whole


def test_what_an_abandoned_export_has_read_is_deleted(
    through: Load, sandbox: Sandbox, home: Path
) -> None:
    ids = fill(sandbox, 2)
    refused = Fault(False, http(401, {"type": "UNAUTHORIZED", "message": "No."}))
    stopped = through(
        lambda r: refused if r.path == BILL + ids[1] else PASS, "bills", "-o", "a.csv"
    )
    assert stopped.code == 2
    assert document(stopped)["error"]["kind"] == "access"
    [spool] = (home / "exports").glob("*.sqlite")
    assert spool.stat().st_mode & 0o077 == 0
    assert through(lambda r: PASS, "entities", "-o", "b.csv").code == 0
    assert spool.exists()
    old = time.time() - 2 * 24 * 3600
    os.utime(spool, (old, old))
    assert through(lambda r: PASS, "entities", "-o", "c.csv").code == 0
    assert not spool.exists()


def test_full_disk_is_no_fault_of_the_program(
    command: Load, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    ids = fill(sandbox, 2)
    refusals = [Fault(False, http(401, {"type": "UNAUTHORIZED", "message": "No."}))]

    def fault(request: Request) -> Fault:
        return refusals.pop() if request.path == BILL + ids[1] and refusals else PASS

    monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
    with proxied(sandbox.base_url, fault) as proxy:
        monkeypatch.setenv("LIGHT_BASE_URL", proxy.url)
        assert command("export", "bills", "-o", "a.csv", *READ).code == 2
        [spool] = (home / "exports").glob("*.sqlite")
        with contextlib.closing(sqlite3.connect(spool)) as database:
            database.execute(
                "CREATE TRIGGER full BEFORE UPDATE ON records"
                " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        stopped = command("export", "bills", "-o", "a.csv", *READ)
    error = document(stopped)["error"]
    assert (stopped.code, error["kind"]) == (2, "usage")
    assert error["message"] == f"{spool} cannot be written: database or disk is full."


def test_custom_properties_of_vendors_have_columns(through: Load, sandbox: Sandbox) -> None:
    values = [{"label": "Key"}, {"label": None, "internalName": "uk"}]
    properties = [{"groupInternalName": "class", "values": values}]

    def alter(page: Any) -> Any:
        for record in page["records"][:1]:
            record["customProperties"] = properties
        return page

    def fault(request: Request) -> Fault:
        return Fault(True, KEEP, alter=alter) if request.path == "/v1/vendors" else PASS

    done = through(fault, "vendors", "--limit", "2", "-o", "out.csv")
    assert done.code == 0, done.err
    assert [row["property:class"] for row in csv_rows(Path("out.csv"))] == ["Key; uk", ""]


def test_limit_and_order_give_the_first_of_all(export: Load, sandbox: Sandbox) -> None:
    fill(sandbox, 30)
    before = sandbox.counters.by_route.copy()
    done = export("bills", "--sort", "amount:desc", "--limit", "4", "-o", "out.csv")
    assert done.json["records"] == 4
    assert [row["amount"] for row in csv_rows(Path("out.csv"))] == ["1029", "1028", "1027", "1026"]
    route = "GET /v1/invoice-payables/{invoicePayableId}"
    assert sandbox.counters.by_route[route] - before.get(route, 0) == 4
    export("bills", "--filter", "amount:in:1003|1005,vendorId:ne:null", "-o", "two.csv")
    assert [row["amount"] for row in csv_rows(Path("two.csv"))] == ["1003", "1005"]


@pytest.mark.parametrize("old_address", [False, True])
def test_ledger_lines_that_light_does_not_filter_are_filtered_here(
    command: Load, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, old_address: bool
) -> None:
    for i in range(3):
        bill = posted(sandbox, invoiceNumber=f"A-{i}", issuedDate=f"2025-03-0{3 - i}")
        asked(sandbox, "POST", f"invoice-payables/{bill['id']}/post", {})
    paths = LISTS["ledger-lines"].paths

    def fault(request: Request) -> Fault:
        if request.path == paths[0] and old_address:
            return Fault(False, http(404, {"type": "NOT_FOUND", "message": "No such address."}))
        if request.path == paths[old_address] and request.number == 0:
            return Fault(False, refusal(400, "Unknown filter."))
        return PASS

    codes = {line["accountId"]: line["accountCode"] for line in every_ledger_line(sandbox)}
    code = codes[ACCOUNTS[0]]
    with proxied(sandbox.base_url, fault) as proxy:
        monkeypatch.setenv("LIGHT_BASE_URL", proxy.url)
        monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
        words = ("--filter", f"accountCode:eq:{code}", "--sort", "postingDate:asc", "--limit", "2")
        done = command("export", "ledger-lines", *words, "-o", "out.csv", *READ)
        assert [r.path for r in proxy.requests].count(paths[old_address]) == 2  # one is refused
    assert done.code == 0, done.err
    assert done.json["notes"] == ["Light does not filter ledger lines: all were read."]
    rows = csv_rows(Path("out.csv"))
    assert [row["accountCode"] for row in rows] == [str(code)] * 2
    days = [row["postingDate"] for row in rows]
    every = [x["postingDate"] for x in every_ledger_line(sandbox) if x["accountCode"] == code]
    assert days == sorted(every)[:2]


def every_ledger_line(sandbox: Sandbox) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = asked(sandbox, "GET", "ledger-transaction-lines?limit=200")[
        "records"
    ]
    assert lines
    return lines


def test_what_light_refuses_is_reported_with_what_it_permits(through: Load) -> None:
    def fault(request: Request) -> Fault:
        refused = request.path == "/v1/vendors"
        return Fault(False, refusal(400, "Cannot filter by type.")) if refused else PASS

    done = through(fault, "vendors", "--filter", "type:eq:USER", "-o", "v.csv")
    error = document(done)["error"]
    assert error["kind"] == "refused"
    assert "Cannot filter by type." in error["message"]
    assert "Light filters vendors by id, status, type, ledgerAccountId" in error["message"]
    assert not Path("v.csv").exists()


# --- the file ---------------------------------------------------------------------------------


def test_a_file_that_exists_is_replaced_only_where_that_is_asked_for(
    export: Load, sandbox: Sandbox
) -> None:
    fill(sandbox, 1)
    Path("out-lines.csv").write_text("mine", encoding="utf-8")
    for output, words in (
        ("out.csv", "out-lines.csv already exists: name another with -o, or add --overwrite"),
        ("none/out.csv", "does not exist"),
        ("out.docx", ".xlsx (a workbook), .csv, .json or .parquet"),
    ):
        refused = export("bills", "-o", output)
        assert refused.code == 2
        assert words in document(refused)["error"]["message"]
    assert Path("out-lines.csv").read_text(encoding="utf-8") == "mine"
    assert export("bills", "-o", "out.csv", "--overwrite").code == 0
    assert len(csv_rows(Path("out-lines.csv"))) == 1
    names = [Path(export("vendors").json["result"]).name for _ in range(2)]
    assert names[0] == "vendors.xlsx"
    assert names[1].startswith("vendors-2")


@pytest.mark.parametrize("kind", LISTS)
def test_each_list_is_written_whole(export: Load, sandbox: Sandbox, kind: str) -> None:
    bill = posted(sandbox, invoiceNumber="A-1")
    asked(sandbox, "POST", f"invoice-payables/{bill['id']}/post", {})
    done = export(kind, "-o", "out.csv")
    assert done.code == 0, done.err
    rows = csv_rows(Path("out.csv"))
    light_list = LISTS[kind]
    path = f"{light_list.paths[0].removeprefix('/v1/')}?limit=200"
    records, more = [], "&cursor=0"
    while more:
        page = asked(sandbox, "GET", path + more)
        records += page["records"]
        more = page["nextCursor"] and f"&cursor={page['nextCursor']}"
    id_name = "lightBillId" if kind in ("bills", "credit-notes") else light_list.id_name
    assert [row[id_name] for row in rows] == [record[light_list.id_name] for record in records]
    assert done.json["records"] == len(records)
    if kind == "ledger-lines":
        amounts = [str(record["amounts"]["signedTransactionAmount"]) for record in records]
        assert [row["signedTransactionAmount"] for row in rows] == amounts


HOSTILE = (
    "=HYPERLINK(\"http://x\";\"y\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1",
    "'=1", "a,\"b\"\nc", "x" * 40_000, "\x07bell", "_x000D_", "＝1", "NA", "00123", "1e5",
)  # fmt: skip


def test_text_of_light_is_never_a_formula(through: Load, sandbox: Sandbox) -> None:
    ids = fill(sandbox, len(HOSTILE))

    def fault(request: Request) -> Fault:
        bill_id = request.path.removeprefix(BILL)
        if bill_id not in ids:
            return PASS
        text = HOSTILE[ids.index(bill_id)]
        return Fault(True, KEEP, alter=lambda bill: bill | {"description": text})

    for ending in ("csv", "xlsx", "json", "parquet"):
        done = through(fault, "bills", "-o", f"out.{ending}")
        assert done.code == 0, done.err
    for row, text in zip(csv_rows(Path("out.csv")), HOSTILE, strict=True):
        assert row["description"] in (text, f"'{text}")
        assert not re.match(r"\s*[=+\-@＝]|[\t\r]", row["description"])
    page = openpyxl.load_workbook("out.xlsx")["Bills"]
    assert {cell.data_type for row in page.iter_rows(min_row=2) for cell in row} <= {
        "s",
        "n",
        "b",
        "d",
    }
    [table] = read_file(Path("out.xlsx"), sheets="Bills")
    [texts] = [column[1:] for column in table.columns if column[0] == "description"]
    for cell, text in zip(texts, HOSTILE, strict=True):
        assert cell == text or (cell.endswith("… (cut)") and text.startswith(cell[:30_000]))
    for bills in (json.loads(Path("out.json").read_text(encoding="utf-8")),
                  pq.read_table("out.parquet").to_pylist()):  # fmt: skip
        assert [bill["description"] for bill in bills] == list(HOSTILE)


# --- one ----------------------------------------------------------------------------------------


def test_one_bill_and_one_line_are_shown(export: Load, command: Load, sandbox: Sandbox) -> None:
    bill = posted(sandbox, invoiceNumber="A-1")
    line = bill["lineItems"][1]
    shown_bill = document(export("bill", bill["id"], "-o", "one.xlsx"))["shown"]
    assert shown_bill["invoiceNumber"] == "A-1"
    assert [each["netAmount"] for each in shown_bill["lineItems"]] == [1_000, 2_000]
    assert [row["lightBillId"] for row in sheet_rows(Path("one.xlsx"), "Bills")] == [bill["id"]]
    text = command("export", "bill", bill["id"]).out
    assert re.search(r"^vendorId +" + VENDORS[0], text, re.MULTILINE)
    assert "Line item 2" in text
    listed = command("export", "bills", "-o", "listed.csv").out
    assert re.match(r"1 bill with 2 line items, read with \d+ requests. Written:", listed)
    shown = document(export("line", bill["id"], line["id"]))
    assert shown["shown"]["lightLineItemId"] == line["id"]
    assert (shown["shown"]["netAmount"], shown["requests"]) == (2_000, 2)
    for words in (("bill", OTHER), ("line", bill["id"], OTHER), ("bill", "A-1"), ("bill",)):
        refused = export(*words)
        assert refused.code == 2
        assert document(refused)["error"]["kind"] == "usage"
    assert not list(Path().glob("bill*"))


OTHER = "0a0a0a0a-0000-4000-8000-000000000001"


def test_options_that_do_nothing_for_one_are_refused(export: Load, sandbox: Sandbox) -> None:
    bill = posted(sandbox, invoiceNumber="A-1")
    line = ("line", bill["id"], bill["lineItems"][0]["id"])
    for words, option in (
        ((*line, "-o", "line.csv"), "--output"),
        ((*line, "--overwrite"), "--overwrite"),
        (("bill", bill["id"], "--filter", "amount:eq:1"), "--filter"),
        (("bill", bill["id"], "--sort", "amount:asc", "--limit", "1"), "--sort and --limit"),
    ):
        refused = export(*words)
        assert refused.code == 2
        assert f"{option} cannot be used with export {words[0]}" in refused.json["error"]["message"]
    assert not Path("line.csv").exists()
