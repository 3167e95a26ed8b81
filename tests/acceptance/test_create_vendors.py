"""Vendors that Light lacks, created before their bills: only where a person said so, and once."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from conftest import (
    ACCOUNTS,
    LOAD,
    PASS,
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
    start,
)
from test_load_command import Terminal
from test_note_faults import FAULTS

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.company_file import SHIPPED

Load = Callable[..., Ended]
CREATE = "--create-vendors"
FAST = ("--settle", "0.1")
NEW = {"name": "Marlow Glassworks", "vatId": "GB 980 7806 84", "identifier": "V-9001"}
TYPO = "Amberly Couriers"  # Light has Amberley Couriers Ltd


def workbook(
    folder: Path, names: Sequence[str], vendors: Sequence[Mapping[str, object]] = ()
) -> str:
    """Bills of vendors by name, and the sheet Vendors."""
    book = openpyxl.Workbook()
    bills, lines = book.active, book.create_sheet("Line items")
    assert bills is not None
    bills.title = "Bills"
    rows = [bill_row(i, vendorId=None, vendor=name) for i, name in enumerate(names)]
    bills.append(list(rows[0]))
    lines.append(["billRef", "netAmount", "accountId"])
    for row in rows:
        bills.append(list(row.values()))
        lines.append([row["billRef"], row["amount"], ACCOUNTS[0]])
    if vendors:
        sheet = book.create_sheet("Vendors")
        columns = list(dict.fromkeys(name for each in vendors for name in each))
        sheet.append(columns)
        for each in vendors:
            sheet.append([each.get(name) for name in columns])
    path = folder / "bills.xlsx"
    book.save(path)
    return str(path)


def created(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The vendors that were created, by name; none twice."""
    rows = [asked(sandbox, "GET", f"vendors/{id}") for id in sandbox.context.store.new_vendors]
    found = {str(row["name"]): row for row in rows}
    assert len(found) == len(rows) == sandbox.counters.vendors_created
    return found


def codes(done: Ended) -> list[str]:
    return sorted({f["code"] for f in done.json["findings"]})


def pick(path: str, value: str, choice: str) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["To resolve"]
    [row] = [cells for cells in sheet.iter_rows(min_row=2) if cells[1].value == value]
    row[2].value = choice
    book.save(path)


def test_a_vendor_of_the_sheet_is_created_once_for_all_its_bills(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    names = ["Marlow Glassworks", "MARLOW  glassworks", "V-9001", "Amberley Couriers Ltd"]
    source = workbook(tmp_path, names, [NEW | {"country": "GB", "currency": "GBP"}])
    done = load(sandbox.base_url, source, CREATE, "--save-lookups", "lookups")
    assert done.code == 0, done.out
    document(done)
    vendor = created(sandbox)["Marlow Glassworks"]
    assert [vendor[name] for name in NEW] == list(NEW.values())
    bills = sorted(sandbox.bills(), key=lambda bill: bill["invoiceNumber"])
    assert [bill["vendorId"] == vendor["vendorId"] for bill in bills] == [True] * 3 + [False]
    read = command("verify", done.json["run"], "--json", "--settle", "0.1")
    assert (read.code, read.json["read_back"]) == (0, {"same": 4}), read.out
    report = command("report", done.json["run"], "--json")
    for each in (done, read, report):
        new = {"name": "Marlow Glassworks", "light_id": vendor["vendorId"]}
        assert each.json["created_vendors"] == [new]
    for each in (done, report):
        summary = openpyxl.load_workbook(each.json["result"])["Summary"]
        text = "\n".join(str(c.value) for row in summary.iter_rows() for c in row if c.value)
        assert f"Created in Light: 1 vendor: Marlow Glassworks ({vendor['vendorId']})" in text
    saved = (tmp_path / "lookups/vendor.csv").read_text("utf-8-sig")
    table = list(csv.DictReader(saved.splitlines()))
    assert [(row["value"], row["id"]) for row in table] == [
        ("Marlow Glassworks", vendor["vendorId"])
    ]
    # The same command creates nothing, nor does another computer.
    for more in ((), ("--journal", str(tmp_path / "other.sqlite"), "--save-lookups", "others")):
        again = load(sandbox.base_url, source, CREATE, "--save-lookups", "lookups", *more)
        assert (again.code, len(created(sandbox)), len(sandbox.bills())) == (0, 1, 4), again.out
    undone = command("undo", done.json["run"], "--yes")
    assert (undone.code, len(created(sandbox))) == (0, 1)
    assert "Undo does not remove vendors." in " ".join(undone.out.split())


def test_only_a_pick_and_the_option_together_create_a_vendor(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = workbook(tmp_path, ["Marlow Glassworks", "Amberley Couriers Ltd"])
    first = load(sandbox.base_url, source, CREATE)
    assert (first.code, codes(first)) == (1, ["bills.vendor.not_found"])
    result = first.json["result"]
    pick(result, "Marlow Glassworks", "create")
    without = load(sandbox.base_url, result)
    [finding] = without.json["findings"]
    assert (without.code, finding["code"]) == (1, "bills.vendor.create_option")
    assert CREATE in finding["hint"]
    assert not created(sandbox)
    dry = load(sandbox.base_url, result, CREATE, "--dry-run")
    assert (dry.code, dry.json["bills"]) == (0, {"total": 2, "valid": 2}), dry.out
    assert not created(sandbox)
    done = load(sandbox.base_url, result, CREATE)
    assert (done.code, len(sandbox.bills())) == (0, 2), done.out
    [vendor_id] = [vendor["vendorId"] for vendor in created(sandbox).values()]
    # Its own result has the vendor as the pick, and needs no option.
    picks = openpyxl.load_workbook(done.json["result"])["To resolve"]
    assert [cell.value for cell in picks[2]][1:3] == ["Marlow Glassworks", "Marlow Glassworks"]
    again = load(sandbox.base_url, done.json["result"])
    assert (again.code, len(sandbox.bills())) == (0, 2), again.out
    assert vendor_id in {bill["vendorId"] for bill in sandbox.bills()}


def test_a_number_that_was_picked_for_creation_is_no_name(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = load(sandbox.base_url, workbook(tmp_path, ["V-9001", "Amberley Couriers Ltd"]))
    pick(first.json["result"], "V-9001", "create")
    done = load(sandbox.base_url, first.json["result"], CREATE)
    assert (done.code, codes(done)) == (1, ["bills.vendor.not_found", "vendors.name.none"])
    rows = openpyxl.load_workbook(done.json["result"])["To resolve"].iter_rows(min_row=2)
    assert [row[1].value for row in rows] == ["V-9001"]
    assert not created(sandbox)


@pytest.mark.parametrize(
    ("vendor", "code"),
    [
        ({"name": TYPO}, "bills.vendor.create_similar"),
        ({"name": "Marlow Glassworks", "identifier": "v 1003"}, "bills.vendor.create_same_number"),
        ({"name": "Amberley Couriers Ltd", "identifier": "V-9"}, "bills.vendor.create_differs"),
    ],
)
def test_a_vendor_that_may_be_in_light_is_asked_about_and_not_created(
    vendor: dict[str, str], code: str, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    done = load(sandbox.base_url, workbook(tmp_path, [vendor["name"]], [vendor]), CREATE)
    assert (done.code, codes(done), sandbox.bills()) == (1, [code], []), done.out
    assert not created(sandbox)
    if code.endswith("similar"):
        vendor = vendor | {"isAnother": "yes"}
        done = load(sandbox.base_url, workbook(tmp_path, [TYPO], [vendor]), CREATE)
        assert (done.code, [*created(sandbox)]) == (0, [TYPO]), done.out


def test_two_new_vendors_of_similar_names_are_asked_about(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    names = ["Marlow Glassworks", "Marlow Glasworks Ltd"]
    vendors = [{"name": name} for name in names]
    done = load(sandbox.base_url, workbook(tmp_path, names, vendors), CREATE)
    assert (done.code, codes(done)) == (1, ["bills.vendor.create_similar"])
    assert not created(sandbox)


def test_a_vendor_to_create_that_exists_is_used_and_said(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    vendors = [{"name": "amberley couriers ltd"}, NEW]
    done = load(sandbox.base_url, workbook(tmp_path, ["Amberley Couriers Ltd"], vendors), CREATE)
    assert (done.code, len(sandbox.bills())) == (0, 1), done.out
    assert codes(done) == ["bills.vendor.create_exists", "vendors.unused"]
    assert not created(sandbox)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"vatId": "GB980780685"}, "vendors.value.invalid"),
        ({"country": "Britain"}, "vendors.value.invalid"),
        ({"currency": "POUND"}, "vendors.value.invalid"),
        ({"email": "nobody"}, "vendors.value.invalid"),
        ({"address": "#REF!"}, "vendors.value.invalid"),
        ({"property:Supplier tier": "=A9"}, "vendors.value.invalid"),
        ({"bankAccountNumber": "GB82 WEST 1234 5698 7654 33"}, "vendors.value.invalid"),
        ({"name": ""}, "vendors.name.none"),
        ({"name": "n/a"}, "vendors.name.none"),
        ({"name": "GB 980 7806 84"}, "vendors.name.none"),
    ],
)
def test_what_is_wrong_with_a_vendor_is_said_with_its_cell(
    change: dict[str, str], code: str, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = workbook(tmp_path, ["Amberley Couriers Ltd"], [NEW | change])
    done = load(sandbox.base_url, source, CREATE)
    [finding] = [f for f in done.json["findings"] if f["code"] == code]
    assert (done.code, finding["sheet"], finding["row"]) == (1, "Vendors", 2)
    assert finding["column"] == next(iter(change))
    assert not created(sandbox)
    assert not sandbox.bills()


def test_a_sheet_of_vendors_is_not_read_without_the_option(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    done = load(sandbox.base_url, workbook(tmp_path, ["Marlow Glassworks"], [NEW]))
    assert (done.code, codes(done)) == (1, ["bills.vendor.not_found"])
    summary = openpyxl.load_workbook(done.json["result"])["Summary"]
    notes = " ".join(str(cell.value) for row in summary for cell in row if cell.value)
    assert "sheet Vendors is not read: that needs --create-vendors." in notes
    assert not created(sandbox)


def posts(request: Request) -> bool:
    return request.method == "POST" and request.path == "/v1/vendors"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_vendor_is_created_once_despite(
    fault: Fault, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = workbook(tmp_path, ["Marlow Glassworks"] * 2, [NEW])

    def first(request: Request) -> Fault:
        return fault if posts(request) and not request.number else PASS

    with proxied(sandbox.base_url, first) as proxy:
        done = load(proxy.url, source, CREATE, *FAST)
        sent = sum(map(posts, proxy.requests))
    assert (done.code, numbers(sandbox)) == (0, ["INV-00000", "INV-00001"]), done.out
    assert len(created(sandbox)) == 1
    assert sent == (1 if fault.forward else 2)


def doubled(sandbox: Sandbox) -> Callable[[Request], Fault]:
    """Light creates the vendor twice: once more from a request that was sent by the way."""

    def choose(request: Request) -> Fault:
        if posts(request):
            asked(sandbox, "POST", "vendors", {"name": "Marlow Glassworks"})
        return PASS

    return choose


def test_a_vendor_that_light_has_twice_is_named_by_both_ids_and_gets_no_bill(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = workbook(tmp_path, ["Marlow Glassworks"], [NEW])
    with proxied(sandbox.base_url, doubled(sandbox)) as proxy:
        done = load(proxy.url, source, CREATE, *FAST)
        [finding] = done.json["findings"]
        assert (done.code, finding["code"]) == (3, "bills.vendor.create_unknown"), done.out
        assert all(id in finding["message"] for id in sandbox.context.store.new_vendors)
        again = load(proxy.url, source, CREATE, *FAST)
    assert (again.code, codes(again)) == (1, ["bills.vendor.create_differs"]), again.out
    assert sandbox.counters.vendors_created == 2
    assert not sandbox.bills()


def test_a_vendor_that_light_never_shows_stays_in_doubt(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = workbook(tmp_path, ["Marlow Glassworks", "Amberley Couriers Ltd"], [NEW])
    lost = Fault(False, http(500, {"message": "sorry"}))
    with proxied(sandbox.base_url, lambda r: lost if posts(r) else PASS) as proxy:
        done = load(proxy.url, source, CREATE, "--settle", "0.01")
        assert (done.code, codes(done)) == (3, ["bills.vendor.create_unknown"]), done.out
        assert not sandbox.bills()
        proxy.fault = lambda request: PASS
        again = load(proxy.url, source, CREATE, *FAST)
    assert (again.code, len(sandbox.bills()), len(created(sandbox))) == (0, 2, 1), again.out


def test_a_vendor_that_light_refuses_is_said_with_the_reason(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = workbook(tmp_path, ["Marlow Glassworks", "Amberley Couriers Ltd"], [NEW])
    error = {"type": "x", "message": "The VAT id is blocked.", "path": ["vatId"], "context": None}
    refused = Fault(False, http(422, {"name": "R", "type": "R", "errors": [error]}))
    forbidden = Fault(False, http(403, {"type": "FORBIDDEN", "message": "Not your role."}))
    for fault, words in ((refused, "The VAT id is blocked"), (forbidden, "Not your role")):
        with proxied(sandbox.base_url, lambda r, f=fault: f if posts(r) else PASS) as proxy:
            done = load(proxy.url, source, CREATE, "--only-valid", *FAST)
        [finding] = done.json["findings"]
        assert (done.code, finding["code"]) == (1, "bills.vendor.not_created"), done.out
        assert words in finding["message"]
        assert numbers(sandbox) == ["INV-00001"]
    assert not created(sandbox)


@pytest.mark.parametrize(("at", "arrives"), list(itertools.product((1, 2), (True, False))))
def test_a_load_that_is_killed_is_completed_with_one_vendor(
    at: int, arrives: bool, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """At the POST of the vendor, or of the first bill."""
    source = workbook(tmp_path, ["Marlow Glassworks"] * 2, [NEW])
    counted = itertools.count(1)

    def fault(request: Request) -> Fault:
        if request.method != "POST" or next(counted) != at:
            return PASS
        process.kill()
        return Fault(arrives, None)

    with proxied(sandbox.base_url, fault) as proxy:
        args = (*LOAD, CREATE, *FAST, "--base-url", proxy.url, source)
        process = start(*args, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        done = load(proxy.url, source, CREATE, *FAST)
    assert (done.code, numbers(sandbox)) == (0, ["INV-00000", "INV-00001"]), done.out
    assert len(created(sandbox)) == 1
    assert codes(done) == []


def without_new(page: dict[str, Any]) -> dict[str, Any]:
    return page | {"records": [r for r in page["records"] if r["name"] != NEW["name"]]}


def test_a_vendor_that_the_list_shows_late_is_not_created_again(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """It is killed once Light has the vendor, and the next load's list and first look lack it."""
    source = workbook(tmp_path, ["Marlow Glassworks"], [NEW])
    late = Fault(True, PASS.answer, alter=without_new)
    looks = itertools.count()

    def fault(request: Request) -> Fault:
        if posts(request) and not request.number:
            process.kill()
            return Fault(True, None)
        lists = request.method == "GET" and request.path == "/v1/vendors"
        # The list, then a search for each of the name, the identifier and the VAT id.
        return late if lists and sandbox.counters.vendors_created and next(looks) < 4 else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        args = (*LOAD, CREATE, *FAST, "--base-url", proxy.url, source)
        process = start(*args, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        done = load(proxy.url, source, CREATE, *FAST)
        assert (done.code, numbers(sandbox)) == (0, ["INV-00000"]), done.out
        assert sum(map(posts, proxy.requests)) == 1
    assert len(created(sandbox)) == 1


def test_the_question_names_the_vendors_and_a_no_creates_none(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    source = workbook(tmp_path, ["Marlow Glassworks", "Amberley Couriers Ltd"], [NEW])
    args = ("load", source, CREATE, "--base-url", sandbox.base_url, "--settle", "0.1")
    for answer, code, n in (("n", 4, 0), ("y", 0, 1)):
        with Terminal(*args, cwd=tmp_path) as terminal:
            question = terminal.until("Create these bills and their new vendors?")
            assert "Vendors:  1 to create, which undo does not remove:" in question
            assert "          Marlow Glassworks" in question
            assert "Requests: 5," in question
            terminal.type(f"{answer}\n")
            assert terminal.end() == code
        assert (len(created(sandbox)), len(sandbox.bills())) == (n, 2 * n)


def test_a_created_vendor_survives_a_restart_of_the_sandbox(tmp_path: Path) -> None:
    settings = SandboxSettings(database=tmp_path / "light.sqlite")
    with running(settings) as light:
        made = asked(light, "POST", "vendors", {"name": "Marlow Glassworks"})
    with running(settings) as light:
        page = asked(light, "GET", "vendors?searchTerm=marlow")
        assert [each["vendorId"] for each in page["records"]] == [made["vendorId"]]
        bill = asked(light, "POST", "invoice-payables", {"vendorId": made["vendorId"]})
        assert bill["vendorId"] == made["vendorId"]


# --- custom properties ------------------------------------------------------------------------

TIER = {"property:Supplier tier": "preferred", "PROPERTY: next_review": dt.date(2027, 3, 31)}


def shown(vendor: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        each["groupInternalName"]: [value["label"] for value in each["values"]]
        for each in vendor["customProperties"]
    }


def test_custom_properties_of_a_new_vendor_go_with_it(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = workbook(tmp_path, ["Marlow Glassworks"], [NEW | TIER])
    dry = load(sandbox.base_url, source, CREATE, "--dry-run")
    assert (dry.code, codes(dry), created(sandbox)) == (0, [], {}), dry.out
    done = load(sandbox.base_url, source, CREATE)
    assert (done.code, codes(done)) == (0, []), done.out
    properties = shown(created(sandbox)["Marlow Glassworks"])
    assert properties == {"supplier_tier": ["Preferred"], "next_review": ["2027-03-31"]}
    # What Light has already is not set again, and what differs is said.
    again = load(sandbox.base_url, source, CREATE)
    assert (again.code, codes(again)) == (0, []), again.out
    source = workbook(tmp_path, ["V-9001"], [NEW | TIER | {"property:Supplier tier": "One-off"}])
    other = load(sandbox.base_url, source, CREATE)
    [finding] = other.json["findings"]
    assert (other.code, finding["code"]) == (0, "vendors.property.differs"), other.out
    assert [finding[name] for name in ("sheet", "row", "column", "value")] == [
        "Vendors",
        2,
        "property:Supplier tier",
        "One-off",
    ]
    assert "Light shows Preferred" in finding["message"]
    # Of a value that cannot be read too, and of a property that Light does not have.
    wrong = {"PROPERTY: next_review": "03/04/2027", "property:Class": "A"}
    third = load(sandbox.base_url, workbook(tmp_path, ["V-9001"], [NEW | TIER | wrong]), CREATE)
    messages = [f["message"] for f in third.json["findings"]]
    assert (third.code, codes(third)) == (0, ["vendors.property.differs"]), third.out
    for message, light in zip(messages, ("2027-03-31", "no value"), strict=True):
        assert f"Light shows {light} as" in message
    assert sandbox.counters.vendors_created == 1


def test_a_custom_property_that_light_did_not_take_is_said(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = workbook(tmp_path, ["Marlow Glassworks"], [NEW | TIER])

    def without(body: dict[str, Any]) -> dict[str, Any]:
        for each in body.get("records", [body]):
            each["customProperties"] = each["customProperties"][:1]
        return body

    late = Fault(True, PASS.answer, alter=without)
    with proxied(sandbox.base_url, lambda r: late if "/vendors" in r.path else PASS) as proxy:
        done = load(proxy.url, source, CREATE, *FAST)
    [finding] = done.json["findings"]
    assert (done.code, finding["code"]) == (0, "vendors.property.differs"), done.out
    assert finding["column"] == "PROPERTY: next_review"
    assert "Light shows no value" in finding["message"]


TIER_COLUMN = "property:Supplier tier"


@pytest.mark.parametrize(
    ("cells", "code", "words"),
    [
        ({"property:Supplier teir": "x"}, "unknown_property", "Supplier tier"),
        ({"property:Region": "North"}, "unknown_property", "property of bills"),
        ({"property:Old": "x"}, "unknown_property", "not active for vendors"),
        ({TIER_COLUMN: "Prefered"}, "not_a_value", "'Preferred'"),
        ({TIER_COLUMN: "Preferred; One-off"}, "several_values", "Give one"),
        ({"property:Next review": "soon"}, "not_a_value", "a date"),
        ({TIER_COLUMN: "Preferred", "property:supplier_tier": "One-off"}, "twice", "Remove"),
        ({"property:Same": "x"}, "several_properties", "id"),
        ({"property:Needed": None}, "required", "property:Needed"),
    ],
)
def test_what_is_wrong_with_a_custom_property_stops_its_vendor(
    cells: dict[str, str | None],
    code: str,
    words: str,
    load: Load,
    hard_properties: Sandbox,
    tmp_path: Path,
) -> None:
    names = ["Marlow Glassworks", "Amberley Couriers Ltd"]
    source = workbook(tmp_path, names, [NEW | {"property:Needed": "yes"} | cells])
    done = load(hard_properties.base_url, source, CREATE, "--only-valid")
    assert done.code == 1, done.out
    assert codes(done) == ["bills.vendor.create_property", f"vendors.property.{code}"]
    finding = next(f for f in done.json["findings"] if f["code"].startswith("vendors"))
    assert (finding["sheet"], Path(finding["file"]).name) == ("Vendors", "bills.xlsx")
    of_header = code in ("unknown_property", "several_properties", "twice")
    assert finding["row"] == (1 if of_header else 2)
    assert finding["column"] == (None if code == "required" else [*cells][-1])
    assert words in finding["hint"]
    assert numbers(hard_properties) == ["INV-00001"]
    assert not created(hard_properties)


def test_a_picked_vendor_lacks_what_light_requires(
    load: Load, hard_properties: Sandbox, tmp_path: Path
) -> None:
    first = load(hard_properties.base_url, workbook(tmp_path, ["Marlow Glassworks"]))
    pick(first.json["result"], "Marlow Glassworks", "create")
    done = load(hard_properties.base_url, first.json["result"], CREATE)
    [finding] = done.json["findings"]
    assert (done.code, finding["code"]) == (1, "bills.vendor.create_property"), done.out
    assert "Light requires the custom property 'Needed'" in finding["message"]


def test_a_column_that_is_there_twice_is_not_guessed(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    for first, second in (("vatId", "VAT id"), (TIER_COLUMN, "Property: supplier TIER")):
        row = {"name": "Marlow Glassworks", first: "", second: ""}
        source = workbook(tmp_path, ["Marlow Glassworks"], [row])
        done = load(sandbox.base_url, source, CREATE)
        [finding] = done.json["findings"]
        assert (done.code, finding["code"]) == (1, "vendors.column.twice"), done.out
        assert (finding["row"], finding["column"]) == (1, second)
        assert not created(sandbox)


def test_the_result_has_the_vendors_to_correct_and_load_again(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    wrong = NEW | {"property:Supplier tier": "=A9", "address": "#REF!", "zipcode": "007"}
    first = load(sandbox.base_url, workbook(tmp_path, ["V-9001"], [wrong]), CREATE)
    assert (first.code, codes(first)) == (1, ["bills.vendor.not_found", "vendors.value.invalid"])
    result = first.json["result"]
    again = load(sandbox.base_url, result, CREATE)  # as it is
    assert codes(again) == ["bills.vendor.not_found", "vendors.value.invalid"]
    book = openpyxl.load_workbook(result)
    sheet = book["Vendors"]
    row = {str(cell.value): sheet.cell(2, cell.column) for cell in sheet[1]}
    assert (row["zipcode"].value, row["address"].value) == ("007", "#REF!")
    row["address"].value, row["property:Supplier tier"].value = "1 High Street", "One-off"
    book.save(result)
    # It is read only with the option, here too.
    without = load(sandbox.base_url, result)
    assert (without.code, codes(without)) == (1, ["bills.vendor.not_found"])
    done = load(sandbox.base_url, result, CREATE)
    assert done.code == 0, done.out
    vendor = created(sandbox)["Marlow Glassworks"]
    assert [vendor[name] for name in NEW] == list(NEW.values())
    assert (vendor["zipcode"], vendor["address"]) == ("007", "1 High Street")
    assert shown(vendor) == {"supplier_tier": ["One-off"]}


@pytest.fixture
def hard_properties(tmp_path: Path) -> Iterator[Sandbox]:
    """A company whose vendors need a property, and have one that is off, and two of one name."""
    folder = tmp_path / "reference"
    shutil.copytree(SHIPPED, folder)
    path = folder / "custom_properties.json"
    groups = json.loads(path.read_text(encoding="utf-8"))
    for i, (label, more) in enumerate(
        [
            ("Needed", {"required": True}),
            ("Old", {"objectTypeStatuses": {"VENDOR": "DELETED"}}),
            ("Same", {}),
            ("Same", {}),
        ]
    ):
        group = {"label": label, "internalName": f"v{i}", "objectLevel": "HEADER", **more}
        id = f"00000000-0000-4000-8000-00000000000{i}"
        groups.append(group | {"id": id, "inputType": "TEXT", "objectTypes": ["VENDOR"]})
    path.write_text(json.dumps(groups), encoding="utf-8")
    with running(SandboxSettings(requests_per_minute=100_000, reference=folder)) as started:
        yield started


def test_sandbox_refuses_a_property_of_other_objects(sandbox: Sandbox) -> None:
    groups = asked(sandbox, "GET", "custom-properties/groups?includeValues=true")["records"]
    ids = {each["label"]: each["id"] for each in groups}
    for path, label in (("vendors", "Approver note"), ("invoice-payables", "Next review")):
        properties = [{"groupId": ids[label], "inlineValues": ["2027-03-31"]}]
        body = {"name": "Marlow Glassworks"} if path == "vendors" else {}
        with pytest.raises(httpx.HTTPStatusError) as refused:
            asked(sandbox, "POST", path, body | {"customProperties": properties})
        errors = refused.value.response.json()["errors"]
        assert "WRONG_OBJECT_TYPE" in [error["type"] for error in errors]
