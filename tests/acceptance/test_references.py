"""A company's own lists, and names picked once and known from then on; over real HTTP."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import VENDORS, Ended, bill_row, numbers, write_bills

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.company_file import SHIPPED, Reference, load_reference

UK20, UK5 = "7514cbaa-e6e3-58bc-be5b-b65ffc29f39f", "926a945a-de82-54c3-be05-5385c5e064c0"
DUPE = "00000000-0000-4000-8000-00000000000{}"
Load = Callable[..., Ended]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """A company with namesakes, vendors that are not active, and a property that is asked for."""
    folder = tmp_path_factory.mktemp("company") / "reference"
    shutil.copytree(SHIPPED, folder)
    with (folder / "vendors.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [
                [DUPE.format(1), "Twin Tools Ltd", "V-9001", "", "GBP", "GB", "ACTIVE", ""],
                [DUPE.format(2), "TWIN  Tools ltd", "V-9002", "", "GBP", "GB", "ACTIVE", ""],
                [DUPE.format(3), "Old Mill Ltd", "V-9003", "", "GBP", "GB", "FAILED", ""],
                [DUPE.format(4), "New Mill Ltd", "V-9004", "", "GBP", "GB", "IN_REVIEW", ""],
            ]
        )
    groups = json.loads((folder / "custom_properties.json").read_text(encoding="utf-8"))
    groups[1]["required"] = True  # Region, of bills
    (folder / "custom_properties.json").write_text(json.dumps(groups), encoding="utf-8")
    return load_reference(folder)


@pytest.fixture
def theirs(company: Reference) -> Iterator[Sandbox]:
    with running(SandboxSettings(requests_per_minute=100_000, reference=company)) as started:
        yield started


def named(i: int, vendor: str, **cells: object) -> dict[str, object]:
    return bill_row(i, vendorId="", vendor=vendor, **cells)


def codes(done: Ended) -> list[str]:
    return [f["code"] for f in done.json["findings"]]


def to_resolve(path: str) -> list[dict[str, Any]]:
    rows = openpyxl.load_workbook(path)["To resolve"].iter_rows(values_only=True)
    headers = [str(cell) for cell in next(rows)]
    return [dict(zip(headers, row, strict=True)) for row in rows]


def with_picks(path: str, *picks: str | None) -> str:
    """The workbook with the picks in its rows, saved by openpyxl."""
    book = openpyxl.load_workbook(path)
    sheet = book["To resolve"]
    at = [cell.value for cell in sheet[1]].index("pick") + 1
    for row, pick in enumerate(picks, start=2):
        sheet.cell(row, at).value = pick
    book.save(path)
    return path


# --- reference pull ---------------------------------------------------------------------------


def pull(command: Callable[..., Ended], sandbox: Sandbox, *args: str) -> Ended:
    return command("reference", "pull", "--base-url", sandbox.base_url, *args)


def test_pull_fetches_all_lists(
    command: Callable[..., Ended], load: Load, shipped_sandbox: Sandbox, tmp_path: Path, home: Path
) -> None:
    paths = write_bills(tmp_path, [bill_row(i) for i in range(1, 4)])
    lines = Path(paths[1]).read_text().replace("accountId", "taxAmount,taxCodeId,accountId")
    Path(paths[1]).write_text(
        "\n".join(
            row if n == 0 else row.replace(f",{1000 + n},", f",{1000 + n},50,{UK5},")
            for n, row in enumerate(lines.splitlines())
        )
    )
    bills = Path(paths[0])
    for n in range(1, 4):
        bills.write_text(bills.read_text().replace(f",{1000 + n},", f",{1050 + n},"))
    done = load(shipped_sandbox.base_url, *paths)
    assert done.code == 0, done.out

    done = pull(command, shipped_sandbox, "--json")
    assert done.code == 0, done.err
    told = done.json
    counts = ("vendors", "entities", "ledger_accounts", "custom_properties",
              "custom_property_values", "tax_codes", "bank_accounts", "purchase_orders",
              "exit_code")  # fmt: skip
    assert [told[name] for name in counts] == [484, 3, 42, 9, 13, 4, 4, 6, 0]
    # company 1, vendors 3, accounts, entities, groups, bank accounts, orders 1 each, the list of
    # bills 1, bills 3
    assert told["requests"] == 1 + 3 + 5 + 1 + 3
    path = Path(told["path"])
    assert path.is_relative_to(home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = json.loads(path.read_text(encoding="utf-8"))
    [seen] = [code for code in kept["tax_codes"] if code["id"] == UK5]
    assert (seen["lines"], seen["vendors"], seen["percent"]) == (3, 0, "5")
    assert seen["example"].startswith("as on bill INV-0000")
    [proposed] = [code for code in kept["tax_codes"] if code["id"] == UK20]
    assert (proposed["lines"], proposed["percent"]) == (0, None)
    assert proposed["example"] == "as proposed for Abbott Lane Stationers Ltd"

    done = pull(command, shipped_sandbox)
    assert "    484 vendors\n" in done.out
    assert "Kestrel Trading Ltd (sandbox)" in done.out
    assert str(path) in done.out


def test_bills_read_for_tax_codes_are_bounded(
    command: Callable[..., Ended], load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert (
        load(sandbox.base_url, *write_bills(tmp_path, [bill_row(i) for i in range(60)])).code == 0
    )
    sandbox.counters.by_route.clear()
    assert pull(command, sandbox).code == 0
    assert sandbox.counters.by_route["GET /v1/invoice-payables/{invoicePayableId}"] == 50
    assert sandbox.counters.by_route["GET /v1/bff/invoice-payables"] == 1


def test_pull_without_a_valid_key_fails(
    command: Callable[..., Ended], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    assert pull(command, sandbox).code == 2
    monkeypatch.setenv("LIGHT_API_KEY", "wrong-key")
    done = pull(command, sandbox)
    assert done.code == 2
    assert "Light does not accept the key" in done.err
    assert not (home / "reference").exists()


def test_validate_warns_of_names_missing_in_the_cache(
    command: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [named(1, "Abbot Lane Stationers"), named(2, "V-1002")])
    done = command("validate", *files, "--company", "Kestrel Trading Ltd (sandbox)", "--quiet")
    assert done.code == 2
    assert "light-import reference pull" in done.err
    monkeypatch.setenv("LIGHT_API_KEY", SandboxSettings.key)
    assert pull(command, sandbox).code == 0
    company = ("--company", "kestrel trading ltd (SANDBOX)")
    done = command("validate", *files, *company, "--json", "--quiet")
    assert done.code == 0  # they are warnings
    [told] = done.json["findings"]
    assert (told["code"], told["row"], told["severity"]) == (
        "bills.vendor.not_in_cache", 2, "warning",
    )  # fmt: skip
    assert "(the list is less than a minute old)" in told["message"]
    assert "'Abbott Lane Stationers Ltd (V-1001)'" in told["hint"]
    [alone] = command("validate", *files, "--json", "--quiet").json["findings"]
    assert alone["code"] == told["code"]  # they are the only lists
    again = write_bills(tmp_path, [named(i, "Abbot Lane Stationers") for i in (1, 3)])
    shown = command("validate", *again).out
    assert "2 rows: 2–3, column vendor" in shown  # one cause
    assert "2 have names that the saved lists from Light lack" in " ".join(shown.split())
    assert "a load would create" not in " ".join(shown.split()[-30:])
    done = command("validate", *files, "--company", "Nobody", "--quiet")
    assert done.code == 2
    assert "Kestrel Trading Ltd (sandbox) (http://127.0.0.1" in done.err


def test_load_never_uses_the_cache(
    command: Callable[..., Ended], load: Load, sandbox: Sandbox, tmp_path: Path, home: Path
) -> None:
    files = write_bills(tmp_path, [named(1, "V-1001")])
    load(sandbox.base_url, *files, "--dry-run")
    done = pull(command, sandbox, "--json")
    path = Path(done.json["path"])
    path.write_text(path.read_text(encoding="utf-8").replace("V-1001", "V-0000"))
    done = load(sandbox.base_url, *files)
    assert (done.code, done.json["bills"]) == (0, {"total": 1, "created": 1})


# --- what is in Light -------------------------------------------------------------------------


def test_inactive_and_ambiguous_vendors_are_errors(
    load: Load, theirs: Sandbox, tmp_path: Path
) -> None:
    rows = [named(1, "Twin Tools Ltd"), named(2, "Old Mill Ltd"), named(3, "New Mill Ltd")]
    done = load(theirs.base_url, *write_bills(tmp_path, [r | {"property:Region": "north"}
                                                         for r in rows]))  # fmt: skip
    assert done.code == 1
    assert codes(done) == [
        "bills.vendor.several", "bills.vendorId.inactive", "bills.vendorId.doubtful_status",
    ]  # fmt: skip
    assert theirs.bills() == []
    told = {row["value"]: row for row in to_resolve(done.json["result"])}
    assert list(told) == ["Twin Tools Ltd", "Old Mill Ltd"]
    assert told["Old Mill Ltd"]["why"] == "failed in Light"


def test_missing_required_property_is_an_error(load: Load, theirs: Sandbox, tmp_path: Path) -> None:
    done = load(theirs.base_url, *write_bills(tmp_path, [bill_row(1)]))
    assert (done.code, codes(done)) == (1, ["bills.property.required"])
    assert theirs.counters.bill_posts == 0
    rows = [bill_row(1, **{"property:Region": "OVERSEAS"})]
    assert load(theirs.base_url, *write_bills(tmp_path, rows)).code == 0
    assert [len(bill["customProperties"]) for bill in theirs.bills()] == [1]  # type: ignore[arg-type]


# --- the round trip of picks ------------------------------------------------------------------


def test_pick_is_remembered(load: Load, theirs: Sandbox, tmp_path: Path) -> None:
    region = {"property:Region": "north"}
    march = [named(1, "Twin Tools Ltd", **region), named(2, "twin tools  LTD", **region),
             named(3, "Abbot Lane Stationers", **region), named(4, "V-1002", **region)]  # fmt: skip
    first = load(theirs.base_url, *write_bills(tmp_path, march))
    assert (first.code, theirs.bills()) == (1, [])
    rows = to_resolve(first.json["result"])
    assert [(r["field"], r["value"], r["bills"], r["rows"]) for r in rows] == [
        ("vendor", "Twin Tools Ltd", 2, "2, 3"), ("vendor", "Abbot Lane Stationers", 1, "4"),
    ]  # fmt: skip
    assert rows[0]["suggestion 1"] == "TWIN  Tools ltd (V-9002)"

    # The dropdown has the suggestions first, then that it is a new one; then all, by name.
    book = openpyxl.load_workbook(first.json["result"])
    assert book["Lists"].sheet_state == "hidden"
    every = {r[0].value: r[1].value for r in book["Lists"].iter_rows(min_row=2)}
    name, cells = book["To resolve"].data_validations.dataValidation[1].formula1.split("!")
    offered = [r[0].value for r in book[name.strip("'")][cells.replace("$", "")]]
    suggested = [rows[1][f"suggestion {n}"] for n in range(1, 9) if rows[1].get(f"suggestion {n}")]
    assert offered[: len(suggested)] == suggested
    assert set(offered) == set(every) > set(suggested)
    assert offered[len(suggested)] == "create"
    chosen = offered[-1]

    picked = with_picks(first.json["result"], "Twin Tools Ltd (V-9001)", chosen)
    done = load(theirs.base_url, picked, "--save-lookups", "lookups")
    assert done.code == 0, done.out
    assert done.json["bills"] == {"total": 4, "created": 4}
    vendors = [bill["vendorId"] for bill in theirs.bills()]
    assert vendors.count(DUPE.format(1)) == 2
    assert (tmp_path / "lookups" / "vendor.csv").read_text(encoding="utf-8-sig") == (
        f"value,id,name\nAbbot Lane Stationers,{every[chosen]},{chosen}\n"
        f"Twin Tools Ltd,{DUPE.format(1)},Twin Tools Ltd (V-9001)\n"
    )

    april = [named(i, name, **region) for i, name in ((11, "TWIN TOOLS LTD"), (12, "V-1002"))]
    done = load(theirs.base_url, *write_bills(tmp_path, april), "--lookups", "lookups")
    assert (done.code, done.json["bills"]) == (0, {"total": 2, "created": 2})
    assert len(numbers(theirs)) == len(set(numbers(theirs))) == 6


def test_report_offers_the_saved_lists_of_the_company(
    load: Load, command: Callable[..., Ended], sandbox: Sandbox, tmp_path: Path
) -> None:
    def offered() -> int:
        done = command("report", "latest", "--json")
        book = openpyxl.load_workbook(done.json["result"])
        [rule] = book["To resolve"].data_validations.dataValidation
        cells = rule.formula1.rpartition("!")[2].replace("$", "")
        left, top, right, bottom = openpyxl.utils.range_boundaries(cells)
        return (right - left + 1) * (bottom - top + 1)

    rows = [named(1, "Abbot Lane Stationers"), named(2, "V-1002")]
    assert load(sandbox.base_url, *write_bills(tmp_path, rows), "--only-valid").code == 1
    assert offered() < 10  # the suggestions
    assert pull(command, sandbox).code == 0
    assert offered() > len(VENDORS)  # all of them


def test_picks_survive_while_others_are_missing(
    load: Load, command: Callable[..., Ended], sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [named(1, "Abbot Lane Stationers"), named(2, "Amberly Couriers"), named(3, "V-1002")]
    done = load(sandbox.base_url, *write_bills(tmp_path, rows), "--only-valid")
    assert done.json["bills"] == {"total": 3, "created": 1, "invalid": 2}
    # the workbook made again has them too
    done = command("report", done.json["run"], "--json", "--quiet")
    values = [row["value"] for row in to_resolve(done.json["result"])]
    assert values == ["Abbot Lane Stationers", "Amberly Couriers"]

    chosen = to_resolve(done.json["result"])[0]["suggestion 1"]
    done = load(sandbox.base_url, with_picks(done.json["result"], chosen), "--only-valid")
    assert done.json["bills"] == {"total": 3, "created": 1, "invalid": 1, "already_loaded": 1}
    kept = [(row["value"], row["pick"], row["why"]) for row in to_resolve(done.json["result"])]
    assert kept == [
        ("Amberly Couriers", None, "not in Light"), ("Abbot Lane Stationers", chosen, "picked"),
    ]  # fmt: skip
    picks = (to_resolve(done.json["result"])[0]["suggestion 1"], chosen)
    done = load(sandbox.base_url, with_picks(done.json["result"], *picks))
    assert done.json["bills"] == {"total": 3, "created": 1, "already_loaded": 2}
    assert done.json["exit_code"] == 0
    assert len(numbers(sandbox)) == len(set(numbers(sandbox))) == 3


def test_pick_must_be_a_name_or_id(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    done = load(sandbox.base_url, *write_bills(tmp_path, [named(1, "Abbot Lane Stationers")]))
    path = with_picks(done.json["result"], "Somebody else Ltd")
    requests = sandbox.counters.received
    done = load(sandbox.base_url, path)
    assert done.code == 2
    assert "sheet To resolve, row 2: 'Somebody else Ltd' is neither a suggestion" in done.err
    assert sandbox.counters.received == requests
    unknown = with_picks(path, DUPE.format(9))
    done = load(sandbox.base_url, unknown, "--save-lookups", "lookups")
    assert (done.code, codes(done)) == (1, ["bills.vendor.table_id_unknown"])
    assert not (tmp_path / "lookups").exists()  # what Light does not have is not kept
    done = load(sandbox.base_url, with_picks(path, "{4E5C602A-7979-5AC1-835F-B3022AADAB12}"))
    assert (done.code, done.json["bills"]) == (0, {"total": 1, "created": 1})


def test_dry_run_saves_no_picks(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    done = load(sandbox.base_url, *write_bills(tmp_path, [named(1, "Abbot Lane Stationers")]))
    path = with_picks(done.json["result"], to_resolve(done.json["result"])[0]["suggestion 1"])
    done = load(sandbox.base_url, path, "--save-lookups", "lookups", "--dry-run")
    assert done.json["bills"] == {"total": 1, "valid": 1}
    assert not (tmp_path / "lookups").exists()


def test_pick_for_an_unused_name_is_reported(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    rows = [named(1, "Abbot Lane Stationers"), named(2, "Amberly Couriers")]
    done = load(sandbox.base_url, *write_bills(tmp_path, rows))
    first, second = to_resolve(done.json["result"])
    path = with_picks(done.json["result"], first["suggestion 1"], second["suggestion 1"])
    book = openpyxl.load_workbook(path)
    assert book["To resolve"]["B3"].value == "Amberly Couriers"
    book["To resolve"]["B3"].value = "Amberley Couriers"
    book.save(path)
    done = load(sandbox.base_url, path, "--save-lookups", "lookups", "--only-valid")
    assert done.json["bills"] == {"total": 2, "created": 1, "invalid": 1}
    (told,) = (each for each in done.json["findings"] if each["code"] == "lookup.pick.unused")
    assert told["severity"] == "warning"
    assert (told["sheet"], told["row"], told["column"]) == ("To resolve", 3, "value")
    assert told["message"].startswith("No row has the vendor 'Amberley Couriers', so the pick ")
    kept = (tmp_path / "lookups" / "vendor.csv").read_text(encoding="utf-8-sig")
    assert [line.split(",")[0] for line in kept.splitlines()] == ["value", "Abbot Lane Stationers"]


def test_pick_contradicting_the_lookups_stops_the_load(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    done = load(sandbox.base_url, *write_bills(tmp_path, [named(1, "Abbot Lane Stationers")]))
    path = with_picks(done.json["result"], to_resolve(done.json["result"])[0]["suggestion 1"])
    (tmp_path / "lookups").mkdir()
    (tmp_path / "lookups" / "vendor.csv").write_text(
        f"value,id\nabbot lane stationers,{DUPE.format(1)}\n"
    )
    done = load(sandbox.base_url, path, "--save-lookups", "lookups")
    assert done.code == 2
    assert "vendor.csv, row 2: the vendor 'abbot lane stationers' is" in done.err
    assert sandbox.bills() == []


def test_tax_codes_are_suggested_from_bills_and_vendors(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """No endpoint lists them; those of the same rate come first."""
    paths = write_bills(tmp_path, [bill_row(1, amount=1051)])
    text = Path(paths[1]).read_text().replace("accountId", "taxAmount,taxCode,taxCodeId,accountId")
    first = text.replace(",1051,", f",1001,50,,{UK5},")
    Path(paths[1]).write_text(first)
    assert load(sandbox.base_url, *paths).code == 0
    Path(paths[0]).write_text(Path(paths[0]).read_text().replace("INV-", "NEW-"))
    Path(paths[1]).write_text(text.replace(",1051,", ",1001,50,VAT 5%,,"))
    done = load(sandbox.base_url, *paths)
    assert codes(done) == ["line_items.taxCode.no_table"]
    [row] = to_resolve(done.json["result"])
    assert row["suggestion 1"].startswith("5 %, as on bill INV-00001 of Alder & Finch LLP")
    assert row["id 1"] == UK5
    done = load(sandbox.base_url, with_picks(done.json["result"], row["suggestion 1"]),
                "--save-lookups", "lookups")  # fmt: skip
    assert done.json["bills"] == {"total": 1, "created": 1}
    done = load(sandbox.base_url, *paths, "--lookups", "lookups")
    assert done.json["bills"] == {"total": 1, "already_loaded": 1}


LEDGER = """
template: client-ledger
layout: flat
source: {sheet: Ledger, header: {row: 3}}
formats: {dates: [DD/MM/YYYY], amounts: decimal}
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  companyEntity: {value: UK01}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Amount}
lookups:
  vendor: {table: vendors.csv}
"""


def test_ledger_with_own_template_survives_the_round_trip(
    load: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, work = tmp_path / "client", tmp_path / "work"
    client.mkdir()
    work.mkdir()
    (tmp_path / "client-ledger.yaml").write_text(LEDGER)
    book = openpyxl.Workbook()
    book.active.title = "Ledger"
    for row in (["Client Ltd"], ["March"], ["Supplier", "Number", "Date", "Amount"],
                ["Our stationer", "A1", "03/04/2025", 10.5], ["Our stationer", "A1", None, 2],
                ["Couriers", "B7", "13/04/2025", 7.25]):  # fmt: skip
        book.active.append(row)
    book.save(client / "march.xlsx")
    (client / "vendors.csv").write_text("value,id\ncouriers,cf42b7ef-1177-5aff-a1e0-1b63fe232a9f\n")
    monkeypatch.chdir(work)
    done = load(sandbox.base_url, str(client / "march.xlsx"), "--template",
                str(tmp_path / "client-ledger.yaml"))  # fmt: skip
    assert codes(done) == ["bills.vendor.not_in_table"]
    [row] = to_resolve(done.json["result"])
    assert (row["value"], row["bills"], row["rows"]) == ("Our stationer", 1, "4")
    # neither the template nor the table is named again
    path = with_picks(done.json["result"], "b769c047-ce09-554c-9ca8-ecadc1d55fcf")
    done = load(sandbox.base_url, path, "--save-lookups", str(client))
    assert done.json["bills"] == {"total": 2, "created": 2}, done.json["findings"]
    in_light = sorted((bill["amount"], bill["issuedDate"]) for bill in sandbox.bills())
    assert in_light == [(725, "2025-04-13"), (1250, "2025-04-03")]  # both are sent at once
    # the crosswalk stands beside the export: next month only the folder is named
    done = load(sandbox.base_url, str(client / "march.xlsx"), "--template",
                str(tmp_path / "client-ledger.yaml"), "--lookups", str(client))  # fmt: skip
    assert done.json["bills"] == {"total": 2, "already_loaded": 2}
    done = load(sandbox.base_url, done.json["result"], "--lookups", str(client))
    assert done.json["bills"] == {"total": 2, "already_loaded": 2}


def test_result_workbook_needs_no_other_file(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(1)])
    done = load(sandbox.base_url, *files)
    again = load(sandbox.base_url, done.json["result"], files[0])
    assert again.code == 2
    assert "is a result workbook" in again.err


def test_missing_template_is_asked_for(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(LEDGER.replace("source: {sheet: Ledger, header: {row: 3}}",
                                                       ""))  # fmt: skip
    (tmp_path / "a.csv").write_text("Supplier,Number,Date,Amount\nX Ltd,1,13/04/2025,5\n")
    done = load(sandbox.base_url, "a.csv", "--template", "mine.yaml")
    assert codes(done) == ["lookup.table.missing"]
    (tmp_path / "mine.yaml").rename(tmp_path / "moved.yaml")
    again = load(sandbox.base_url, done.json["result"])
    assert again.code == 2
    assert "mine.yaml, which no longer exists. Name it with --template" in again.err
    again = load(sandbox.base_url, done.json["result"], "--template", "moved.yaml")
    assert codes(again) == ["lookup.table.missing"]
    assert [row["value"] for row in to_resolve(again.json["result"])] == ["X Ltd"]


# --- the documentation ------------------------------------------------------------------------


def test_references_page_works_as_written(
    command: Callable[..., Ended], sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "references.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"^```csv (\S+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
    commands = re.findall(r"^\$ light-import (.+?)(?:\s+# exit (\d))?$", page, re.MULTILINE)
    assert len(commands) == 5
    for told, code in commands:
        done = command(*shlex.split(told))
        assert done.code == int(code or 0), done.out + done.err
        if code:
            first = [row["suggestion 1"] for row in to_resolve("bills-result.xlsx")]
            assert len(first) == 2
            with_picks("bills-result.xlsx", *first)
    assert numbers(sandbox) == ["4711", "AL-77", "AL-78"]
    lookups = re.search(r"^lookups:\n(?:  .*\n)+", page, re.MULTILINE)
    assert lookups
    start = LEDGER.partition("lookups:")[0].replace("  amount: {column: Amount}", LINES)
    Path("t.yaml").write_text(start + lookups[0])
    assert command("template", "check", "t.yaml").code == 0


LINES = """  amount: {column: Amount}
  taxCode: {column: Tax}
  account: {column: Account}
"""
