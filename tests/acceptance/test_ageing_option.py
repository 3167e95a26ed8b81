"""``--ageing``: the old system's ageing report against the sheet and Light's balances."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import ENTITIES, VENDORS, Ended, asked, bill_row, document, write_bills

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
DAY = date(2026, 3, 31)
AS_OF = ("--as-of", DAY.isoformat())
FAST = ("--json", "--quiet", "--requests-per-minute", "100000")
BANK = "8d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11"
HEADERS = ("", "Current", "1 - 30", "31 - 60", "61 - 90", "> 90", "TOTAL")


def row(i: int, overdue: int, cents: int, vendor: int, **cells: object) -> dict[str, object]:
    due = DAY - timedelta(days=overdue)
    dates = {"issuedDate": (due - timedelta(days=10)).isoformat(), "dueDate": due.isoformat()}
    places = {"vendorId": VENDORS[vendor], "companyEntityId": ENTITIES[0]}
    return bill_row(i, **(dates | places | {"amount": cents} | cells))


def write_report(path: Path, rows: Sequence[Sequence[object]]) -> str:
    titles = (("A/P Aging Summary",), (f"As of {DAY:%B %-d, %Y}",), (), HEADERS)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*titles, *rows])
    return str(path)


def old_of(ended: Ended) -> list[dict[str, Any]]:
    old: list[dict[str, Any]] = document(ended)["ageing"]["old_system"]
    return old


def codes(ended: Ended) -> list[str]:
    start = "control.old_ageing."
    findings = document(ended)["findings"]
    return [f["code"].removeprefix(start) for f in findings if f["code"].startswith(start)]


@pytest.fixture
def names(sandbox: Sandbox) -> list[str]:
    """What Light calls the first vendors."""
    listed = asked(sandbox, "GET", "vendors?limit=200")["records"]
    by_id = {each["vendorId"]: each["name"] for each in listed}
    return [by_id[light_id] for light_id in VENDORS[:3]]


def test_load_is_stopped_until_each_vendor_has_what_the_old_system_has(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, names: list[str]
) -> None:
    files = write_bills(tmp_path, [row(0, 45, 10_000, 0), row(1, 5, 700, 1), row(2, 95, 50, 1)])
    wrong = write_report(
        tmp_path / "wrong.csv",
        [
            (names[0], "", "", "100.00", "", "", "100.00"),
            (names[1], "", "7.00", "0.50", "", "", "7.50"),
            (names[2], "1.00", "", "", "", "", "1.00"),
        ],
    )
    stopped = load(sandbox.base_url, *files, *AS_OF, "--ageing", wrong)
    assert (stopped.code, sandbox.bills()) == (1, [])
    assert codes(stopped) == ["differs", "not_in_sheet"]
    [differs] = [f for f in stopped.json["findings"] if f["code"].endswith("ageing.differs")]
    assert (differs["value"], differs["row"]) == (f"{names[1]} (V-1002)", 6)
    assert "31–60 days: 0.50 in the old system, 0.00 in the sheet" in differs["message"]
    assert "over 90 days: 0.00 in the old system, 0.50 in the sheet" in differs["message"]

    right = write_report(
        tmp_path / "right.csv",
        [
            (names[0].upper(), "", "", "100.00", "", "", "100.00"),
            (names[1], "", "7.00", "", "", "0.50", "7.50"),
            ("TOTAL", "", "7.00", "100.00", "", "0.50", "107.50"),
        ],
    )
    loaded = load(sandbox.base_url, *files, *AS_OF, "--ageing", right, "--then", "posted")
    assert (loaded.code, codes(loaded), old_of(loaded)[0]["agrees"]) == (0, [], True)
    Path(right).unlink()  # the run keeps its copy

    run = loaded.json["run"]
    verified = command("verify", run, *FAST)
    [old] = old_of(verified)
    assert (verified.code, old["agrees"], old["file"]) == (0, True, right)
    assert old["totals"][0]["light"] == old["totals"][0]["old"] == [0, 700, 10_000, 0, 50]
    bill = next(each for each in sandbox.bills() if each["amount"] == 10_000)
    payment = {"amount": 4_000, "bankAccountId": BANK, "paymentOption": "PARTIAL"}
    asked(sandbox, "POST", f"invoice-payables/{bill['id']}/mark-as-paid", payment)
    paid = command("verify", run, *FAST)
    [old] = old_of(paid)
    [total] = old["totals"]
    assert (total["difference"][2], total["light"][2]) == (0, 6_000)
    workbook = openpyxl.load_workbook(paid.json["result"], read_only=True)
    rows = list(workbook["AP ageing, old system"].values)
    workbook.close()
    light = [each for each in rows if each[2] == "Old system less Light"]
    assert [each[5] for each in light] == [40, 0, 40]
    assert any("balances differ from it for 1 vendor" in str(each[0]) for each in rows)


def test_report_given_afterwards_takes_the_place_of_the_loads(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, names: list[str]
) -> None:
    files = write_bills(tmp_path, [row(0, 45, 10_000, 0)])
    report = write_report(tmp_path / "a.csv", [(names[0], "", "", "99.00", "", "", "99.00")])
    regardless = ("--ageing", report, "--only-valid")
    loaded = load(sandbox.base_url, *files, *AS_OF, *regardless)
    assert (len(sandbox.bills()), codes(loaded)) == (1, ["differs"])
    run = loaded.json["run"]
    assert (command("verify", run, *FAST).code, codes(command("report", run, *FAST[:2]))) == (
        1,
        ["differs"],
    )
    write_report(Path(report), [(names[0], "", "", "100.00", "", "", "100.00")])
    corrected = command("verify", run, "--ageing", report, *FAST)
    assert (corrected.code, codes(corrected)) == (0, [])
    again = command("report", run, "--ageing", report, *FAST[:2])
    assert (codes(again), old_of(again)[0]["agrees"]) == ([], True)


def test_result_workbook_names_the_report_that_its_check_used(
    command: Load, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [{**row(0, 45, 100, 0), "vendorId": "", "vendor": "Acme"}])
    report = write_report(tmp_path / "a.csv", [("Acme", "", "", "2.00", "", "", "2.00")])
    result = str(tmp_path / "result.xlsx")
    checked = command(
        "validate", *files, *AS_OF, "--ageing", f"GBP={report}", "--json", "--result", result
    )
    assert (checked.code, codes(checked)) == (1, ["differs"])
    again = command("validate", result, "--json")
    assert codes(again) == ["differs"]
    Path(report).unlink()
    gone = command("validate", result)
    words = "".join(gone.out.split())  # a long path may be broken
    assert f"names--ageingGBP={report},whichnolongerexists" in words
    assert "isnotpartoftheresult" not in words


def test_tables_are_on_the_terminal_and_the_page(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, names: list[str]
) -> None:
    files = write_bills(tmp_path, [row(0, 45, 10_000, 0)])
    report = write_report(tmp_path / "a.csv", [(names[0], "", "", "100.00", "", "", "100.00")])
    given = (*AS_OF, "--ageing", report)
    run = load(sandbox.base_url, *files, *given, "--then", "posted").json["run"]
    page = tmp_path / "page.html"
    shown = command(
        "verify", run, "--ledger", "--result", str(page), "--requests-per-minute", "100000"
    )
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    at = lines.index("Old system on 2026-03-31, GBP")
    assert lines[at + 1] == "Old system Sheet Difference In Light"
    assert lines[at + 4] == "31–60 days 100.00 100.00 0.00 100.00"
    at = lines.index("AP ageing on 2026-03-31, GBP")
    assert lines[at + 4] == "31–60 days 100.00 100.00 0.00"
    at = next(n for n, line in enumerate(lines) if line.startswith("Ledger, "))
    assert lines[at + 1 : at + 3] == [
        "Sheet Ledger Difference",
        "Net amounts, 1 account 100.00 100.00 0.00",
    ]
    text = page.read_text("utf-8")
    assert "<h2>Old system on 2026-03-31, GBP</h2>" in text
    assert "<h2>Ledger, " in text


def test_vendors_that_are_several_or_only_ids_are_not_guessed(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, names: list[str]
) -> None:
    rows = [row(0, 45, 100, 0), row(1, 45, 200, 1)]
    files = write_bills(tmp_path, rows)
    report = write_report(tmp_path / "a.csv", [(names[0], "", "", "1.00", "", "", "1.00")])
    offline = command("validate", *files, *AS_OF, "--ageing", report)
    assert codes(command("validate", *files, *AS_OF, "--ageing", report, "--json")) == ["nameless"]
    assert offline.code == 0
    # Two vendors of Light that were typed alike.
    same = [{**each, "vendor": "Same Name"} for each in rows]
    files = write_bills(tmp_path, same)
    report = write_report(tmp_path / "b.csv", [("Same Name", "", "", "3.00", "", "", "3.00")])
    ended = load(sandbox.base_url, *files, *AS_OF, "--ageing", report)
    assert "ambiguous" in codes(ended)
    assert "not_in_report" not in codes(ended)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--ageing", "{file}"), "--as-of 2025-03-31"),
        ((*AS_OF, "--ageing", "{bills}"), "found no ageing report"),
        ((*AS_OF, "--ageing", "{file}"), "write --ageing EUR="),
        ((*AS_OF, "--ageing", "QQQ={file}"), "there is no such currency"),
        ((*AS_OF, "--ageing", "GBP={file}", "--ageing", "GBP={file}x"), "both have amounts in GBP"),
        ((*AS_OF, "--ageing", "{file}-no"), "There is no such file"),
    ],
)
def test_report_that_cannot_be_used_is_refused(
    command: Load, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    rows = [row(0, 45, 100, 0), row(1, 45, 100, 0, currency="EUR")]
    files = write_bills(tmp_path, rows)
    report = write_report(tmp_path / "a.csv", [("Acme", "", "", "1.00", "", "", "1.00")])
    (tmp_path / "a.csvx").write_bytes(Path(report).read_bytes())
    filled = [word.format(file=report, bills=files[0]) for word in words]
    refused = command("validate", *files, *filled)
    assert refused.code == 2, refused.out
    assert message in " ".join(refused.err.split())
