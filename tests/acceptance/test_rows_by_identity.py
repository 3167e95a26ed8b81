"""Reports of runs whose files are read otherwise now: a row has its own Light id, or a finding."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended, asked, bill_row, write_bills
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.app.finished_run import finished_run, report_of
from importer.loading.journal.journal import Journal
from importer.sandbox import Sandbox

Command = Callable[..., Ended]
BILLS = 5
LINES = 2


def write_files(folder: Path) -> tuple[str, str]:
    """Five bills of two line items each; the file names."""
    bills, lines = write_bills(folder, [bill_row(i, amount=2 * (1000 + i)) for i in range(BILLS)])
    with Path(lines).open(encoding="utf-8", newline="") as file:
        first = list(csv.DictReader(file))
    with Path(lines).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(first[0]))
        writer.writeheader()
        for row in first:
            net = int(row["netAmount"]) // 2
            for k in range(LINES):
                more = {"lineNumber": k + 1, "description": f"{row['description']} {k}"}
                writer.writerow({**row, **more, "netAmount": net})
    return Path(bills).name, Path(lines).name


class PastRun:
    """A load that ended, whose files can be replaced by others as if a version read them so."""

    def __init__(self, load: Command, sandbox: Sandbox, folder: Path, home: Path) -> None:
        names = write_files(folder)
        self.run = load(sandbox.base_url, *names).json["run"]
        self.home = home
        kept = home / "runs" / self.run
        self.paths = [kept / "0.csv", kept / "1.csv"]
        self.texts = [path.read_text(encoding="utf-8") for path in self.paths]
        self.rows = [list(csv.reader(text.splitlines())) for text in self.texts]
        self.bill_ids = {str(bill["invoiceNumber"]): str(bill["id"]) for bill in sandbox.bills()}
        self.line_ids = {
            str(line["description"]): str(line["id"])
            for bill in sandbox.bills()
            for line in asked(sandbox, "GET", f"invoice-payables/{bill['id']}")["lineItems"]
        }

    def replace(self, bills: list[list[str]], lines: list[list[str]]) -> None:
        for path, rows in zip(self.paths, (bills, lines), strict=True):
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(rows)

    def restore(self) -> None:
        for path, text in zip(self.paths, self.texts, strict=True):
            path.write_text(text, encoding="utf-8")


@pytest.fixture
def past(load: Command, sandbox: Sandbox, tmp_path: Path, home: Path) -> PastRun:
    return PastRun(load, sandbox, tmp_path, home)


def check_report(past: PastRun) -> tuple[int, int]:
    """Each row has its own id or a finding, no id is lost; how many bills and lines have one."""
    before = finished_run(past.run, None)
    with Journal(before.journal) as journal:
        report, _ = report_of(before, journal, "report")
    tables = before.prepared.checked.mapped.tables
    codes: dict[tuple[int | None, int | None], set[str]] = {}
    for each in report.findings:
        codes.setdefault((each.cell.table, each.cell.row), set()).add(each.code)
    messages = " ".join(each.message for each in report.findings)
    shown = set()
    for bill in report.bills:
        result = bill.result
        if result.light_id is None:
            assert codes[result.table, result.row]
            continue
        assert result.light_id == past.bill_ids[bill.invoice_number]
        shown.add(result.light_id)
    for light_id in past.bill_ids.values():
        assert light_id in shown or light_id in messages
    lines = 0
    for line in report.line_items:
        source = tables[line.table].source
        text = source.columns[source.row_cells(0).index("description")]
        description = text[list(source.rows).index(line.row)]
        if line.light_id is None:
            assert codes.get((line.table, line.row)) or line.bill_id is None
            continue
        assert line.light_id == past.line_ids[description]
        lines += 1
    if len(shown) < BILLS:
        assert all(total.differing for total in report.summary.totals)
    return len(shown), lines


def test_a_report_of_the_same_rows_has_all_ids(past: PastRun) -> None:
    assert check_report(past) == (BILLS, BILLS * LINES)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bills=st.lists(st.integers(0, BILLS - 1), min_size=1, max_size=BILLS + 2),
    lines=st.lists(st.integers(0, BILLS * LINES - 1), max_size=BILLS * LINES + 2),
)
def test_rows_moved_removed_or_inserted_never_get_another_rows_id(
    past: PastRun, bills: list[int], lines: list[int]
) -> None:
    (bill_head, *bill_rows), (line_head, *line_rows) = past.rows
    try:
        past.replace(
            [bill_head, *(bill_rows[i] for i in bills)], [line_head, *(line_rows[i] for i in lines)]
        )
        check_report(past)
    finally:
        past.restore()


def test_lines_grouped_to_another_bill_lose_their_ids(past: PastRun, command: Command) -> None:
    (bill_head, *bill_rows), (line_head, *line_rows) = past.rows
    line_rows[1] = [bill_rows[1][0], *line_rows[1][1:]]
    past.replace([bill_head, *bill_rows], [line_head, *line_rows])
    shown, lines = check_report(past)
    assert (shown, lines) == (BILLS, BILLS * LINES - 1)
    ended = command("report", past.run, "--json", "--quiet")
    codes = [each["code"] for each in ended.json["findings"]]
    assert "run.line.changed" in codes


def test_a_bill_without_a_row_is_named_with_its_id_and_verified_and_undone(
    past: PastRun, load: Command, command: Command, sandbox: Sandbox
) -> None:
    (bill_head, *bill_rows), lines = past.rows
    past.replace([bill_head, *bill_rows[:-1]], [row for row in lines if row[0] != bill_rows[-1][0]])
    ended = command("report", past.run)
    assert (ended.code, "Ties out" in ended.out) == (0, False)
    ended = command("report", past.run, "--json", "--quiet")
    [found] = [each for each in ended.json["findings"] if each["code"] == "run.row.changed"]
    number = bill_rows[-1][3]
    assert found["row"] == BILLS + 1
    for words in (past.bill_ids[number], number, "created", "IN_DRAFT", "20.08 GBP"):
        assert words in found["message"]
    fast = ("--json", "--quiet", "--requests-per-minute", "100000")
    assert command("verify", past.run, *fast).json["read_back"] == {"same": BILLS}
    command("undo", past.run, *fast, "--yes")
    assert {bill["state"] for bill in sandbox.bills()} == {"CANCELLED"}


def test_a_row_the_run_did_not_have_is_said_to_be_new(past: PastRun, command: Command) -> None:
    (bill_head, *bill_rows), lines = past.rows
    more = [cell.replace("B4", "B9").replace("INV-00004", "INV-9") for cell in bill_rows[-1]]
    of_more = [cell.replace("B4", "B9") for cell in lines[-1]]
    past.replace(
        [bill_head, *bill_rows, more],
        [*lines, [*of_more[:3], more[bill_head.index("amount")], *of_more[4:]]],
    )
    ended = command("report", past.run, "--json", "--quiet")
    added = [each for each in ended.json["findings"] if each["code"] == "run.row.added"]
    assert [each["row"] for each in added] == [BILLS + 2]
    assert ended.json["bills"] == {"total": BILLS + 1, "created": BILLS, "invalid": 1}


def test_findings_are_stored_by_row_with_format_and_version(past: PastRun) -> None:
    manifest = json.loads((past.home / "runs" / past.run / "run.json").read_text())
    assert (manifest["format"], manifest["version"]) == (2, "0.1.0")
    [journal] = past.home.glob("journals/*.sqlite")
    with sqlite3.connect(journal) as db:
        [(version,)] = db.execute("SELECT version FROM runs").fetchall()
        rows = db.execute('SELECT file, sheet, "row", identity FROM run_bills').fetchall()
    assert version == "0.1.0"
    assert [row[:3] for row in rows] == [("bills.csv", None, i + 2) for i in range(BILLS)]


def test_a_run_of_a_newer_version_is_refused_in_words(past: PastRun, command: Command) -> None:
    path = past.home / "runs" / past.run / "run.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "format": 99, "version": "9.9"}))
    ended = command("report", past.run)
    assert ended.code == 2
    assert "light-import 9.9" in ended.err
