"""``--as-of``: the AP ageing from the sheet and from Light's balances, and its control totals."""

from __future__ import annotations

import random
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from conftest import ENTITIES, VENDORS, Ended, asked, bill_row, document, write_bills

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
DAY = date(2026, 3, 31)
AS_OF = ("--as-of", DAY.isoformat())
FAST = ("--json", "--quiet", "--requests-per-minute", "100000")
BANK = "8d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11"
CHART = {
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
}
LAST_DAYS = {"not-due": 0, "1-30": 30, "31-60": 60, "61-90": 90}


def row(i: int, overdue: int | None, cents: int, **cells: object) -> dict[str, object]:
    """A bill so many days overdue, None: without a due date and issued 10 days before."""
    due = DAY - timedelta(days=overdue or 0)
    issued = (due if overdue is not None else DAY) - timedelta(days=10)
    written = {
        "issuedDate": issued.isoformat(),
        "dueDate": due.isoformat() if overdue is not None else "",
        "amount": cents,
        "type": "bill",
        "companyEntityId": ENTITIES[0],
    }
    return bill_row(i, **(written | cells))


def ageing_of(ended: Ended) -> dict[str, Any]:
    ageing: dict[str, Any] = document(ended)["ageing"]
    return ageing


def by_reference(days: int) -> str:
    return next((name for name, last in LAST_DAYS.items() if days <= last), "over-90")


def test_generated_sheet_is_aged_as_a_plain_count_has_it(command: Load, tmp_path: Path) -> None:
    draw = random.Random(21)
    rows, expected = [], Counter[tuple[str, str]]()
    for i in range(120):
        overdue = draw.choice([None, -5, 0, 1, 30, 31, 60, 61, 90, 91, draw.randint(-50, 400)])
        credit, cents = draw.random() < 0.2, draw.randint(1, 10**7)
        currency = draw.choice(["GBP", "EUR"])
        kind = {"type": "credit note"} if credit else {}
        rows.append(row(i, overdue, cents, currency=currency, **kind))
        # A credit note counts from its issue date, as a bill without a due date does.
        days = 10 if overdue is None else overdue + 10 if credit else overdue
        expected[currency, by_reference(days)] += -cents if credit else cents
    checked = command("validate", *write_bills(tmp_path, rows), *AS_OF, *FAST[:2])
    ageing = ageing_of(checked)
    assert (checked.code, ageing["asked"], ageing["agrees"]) == (0, False, False)
    found = {
        (total["currency"], bucket): cents
        for total in ageing["totals"]
        for bucket, cents in total["sheet"].items()
        if cents
    }
    assert found == {place: cents for place, cents in expected.items() if cents}
    assert {total["light"] for total in ageing["totals"]} == {None}  # not asked is not 0.00
    per_vendor = Counter[tuple[str, str]]()
    for vendor in ageing["vendors"]:
        for bucket, cents in vendor["sheet"].items():
            per_vendor[vendor["currency"], bucket] += cents
    assert {place: cents for place, cents in per_vendor.items() if cents} == found


def test_lights_balances_are_compared_by_vendor_and_bucket(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [
        row(0, 45, 10_000, vendorId=VENDORS[0]),
        row(1, 45, 7_000, vendorId=VENDORS[1]),
        row(2, None, 500, vendorId=VENDORS[1]),
        row(3, 0, 2_000, vendorId=VENDORS[0], type="credit note"),
    ]
    run = load(sandbox.base_url, *write_bills(tmp_path, rows), "--then", "posted").json["run"]
    same = command("verify", run, *AS_OF, *FAST)
    assert (same.code, ageing_of(same)["agrees"]) == (0, True)
    assert ageing_of(same)["by_issue_date"] == 2

    bill = next(each for each in sandbox.bills() if each["amount"] == 10_000)
    payment = {"amount": 4_000, "bankAccountId": BANK, "paymentOption": "PARTIAL"}
    asked(sandbox, "POST", f"invoice-payables/{bill['id']}/mark-as-paid", payment)
    paid = command("verify", run, *AS_OF, *FAST)
    ageing = ageing_of(paid)
    assert ageing["agrees"] is False
    [total] = ageing["totals"]
    assert (total["sheet"]["31-60"], total["light"]["31-60"]) == (17_000, 13_000)
    assert (total["sheet"]["1-30"], total["light"]["1-30"]) == (-1_500, -1_500)
    workbook = openpyxl.load_workbook(paid.json["result"], read_only=True)
    lines = [each for each in workbook["AP ageing"].values if each[2] == "Difference"]
    assert [line[5] for line in lines] == [40, 0, 40]  # of two vendors, and of all
    workbook.close()

    command("verify", run, *FAST)  # reads no balances, and forgets none
    reported = ageing_of(command("report", run, *AS_OF, *FAST[:2]))
    assert reported.pop("read_at").startswith("20")
    assert reported == {name: value for name, value in ageing.items() if name != "read_at"}
    later = ageing_of(command("report", run, "--as-of", "2026-05-31", *FAST[:2]))
    assert later["totals"][0]["light"]["over-90"] == 13_000


def charts_of(ended: Ended) -> dict[str, list[tuple[str, str, list[float]]]]:
    """By title: name, cells and values of each series."""
    charts = {}
    with zipfile.ZipFile(ended.json["result"]) as parts:
        for part in parts.namelist():
            if not part.startswith("xl/charts/chart"):
                continue
            root = ElementTree.fromstring(parts.read(part))
            title = "".join(each.text or "" for each in root.iterfind(".//c:title//a:t", CHART))
            charts[title] = [
                (
                    str(series.findtext("c:tx//c:v", namespaces=CHART)),
                    str(series.findtext("c:val//c:f", namespaces=CHART)),
                    [float(v.text or 0) for v in series.iterfind("c:val//c:v", CHART)],
                )
                for series in root.iterfind(".//c:ser", CHART)
            ]
    return charts


def test_charts_show_months_and_ages_of_both_systems(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    months = [f"2025-{month:02}-05" for month in (3, 4, 5, 6, 7, 8, 9, 10)]
    rows = [row(i, 45, 10_000 + i, issuedDate=day) for i, day in enumerate(months)]
    loaded = load(sandbox.base_url, *write_bills(tmp_path, rows), "--then", "posted")
    assert "Bills by status" in charts_of(loaded)
    verified = command("verify", loaded.json["run"], *AS_OF, *FAST)
    charts = charts_of(verified)
    by_month = [200.01, 100.02, 100.03, 100.04, 100.05, 100.06, 100.07]  # two are earlier
    of_months = charts["Amounts by month, GBP"]
    assert [(name, values) for name, _, values in of_months] == [
        ("Sheet", by_month),
        ("In Light", by_month),
    ]
    of_ages = charts["AP ageing on 2026-03-31, GBP"]
    assert [(name, values) for name, _, values in of_ages] == [
        ("Sheet", [0, 0, 800.28, 0, 0]),
        ("In Light", [0, 0, 800.28, 0, 0]),
    ]
    workbook = openpyxl.load_workbook(verified.json["result"])
    for name, cells, values in (*of_months, *of_ages):
        sheet, _, area = cells.replace("'", "").replace("$", "").rpartition("!")
        block = [cell.value for line in workbook[sheet][area] for cell in line]
        assert block == values, (name, cells)
    assert {workbook[name].page_setup.fitToHeight for name in ("Summary", "AP ageing")} == {None}


def test_note_that_clears_a_bill_counts_in_the_bills_bucket_on_both_sides(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [
        row(0, 95, 10_000, vendorId=VENDORS[0], creditsBill=""),
        row(3, 0, 2_000, vendorId=VENDORS[0], type="credit note", creditsBill="INV-00000"),
    ]
    loaded = load(sandbox.base_url, *write_bills(tmp_path, rows), "--then", "posted")
    assert loaded.json["steps"] == {"posted": 2, "cleared": 1}, loaded.out
    ageing = ageing_of(command("verify", loaded.json["run"], *AS_OF, *FAST))
    [total] = ageing["totals"]
    assert (total["sheet"]["over-90"], total["light"]["over-90"]) == (8_000, 8_000)
    assert ageing["agrees"] is True


def test_control_totals_by_age_stop_a_load(
    load: Load, sandbox: Sandbox, command: Load, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(0, 45, 120_000), row(1, 5, 100)])
    good = ("--expect", "ageing.31-60.GBP=1200.00", "--expect", "ageing.not-due.gbp=0")
    assert command("validate", *files, *AS_OF, *good).code == 0
    wrong = load(sandbox.base_url, *files, *AS_OF, "--expect", "ageing.1-30.GBP=1.01")
    assert (wrong.code, sandbox.bills()) == (1, [])
    [finding] = [f for f in wrong.json["findings"] if f["code"] == "control.ageing.differs"]
    assert "1–30 days" in finding["message"]
    assert "1.00: a difference of 0.01" in finding["message"]
    assert ageing_of(wrong)["totals"][0]["expected"] == {"1-30": 101}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--expect", "ageing.31-60.GBP=1"), "--as-of 2025-03-31"),
        ((*AS_OF, "--expect", "ageing.30-60.GBP=1"), "not-due, 1-30, 31-60"),
        ((*AS_OF, "--expect", "ageing.31-60.XXQ=1"), "not-due, 1-30, 31-60"),
        ((*AS_OF, "--expect", "ageing.31-60.GBP=a"), "is not an amount"),
        (("--as-of", "31/03/2025"), "write a day as 2025-03-31"),
    ],
)
def test_day_and_totals_that_are_not_understood_are_refused(
    command: Load, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    refused = command("validate", *write_bills(tmp_path, [row(0, 1, 100)]), *words)
    assert refused.code == 2
    assert message in " ".join(refused.err.split())


def test_day_of_the_load_is_kept_for_report_and_verify(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [row(0, 45, 100)])
    run = load(sandbox.base_url, *files, *AS_OF).json["run"]
    assert ageing_of(command("report", run, "--json", "--quiet"))["as_of"] == AS_OF[1]
    assert ageing_of(command("verify", run, *FAST))["asked"] is True
    other = command("report", run, "--json", "--quiet", "--as-of", "2026-02-14")
    assert ageing_of(other)["totals"][0]["sheet"]["not-due"] == 100
