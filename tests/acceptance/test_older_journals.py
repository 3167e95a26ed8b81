"""Journals and run files of older versions; tests/data/journal-format-4 says how it was made."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Ended

from importer.sandbox import Sandbox, SandboxSettings, running

DATA = Path(__file__).parent.parent / "data" / "journal-format-4"
RUNS = {
    "finished": "20261129-181350-65f2",
    "undone": "20261129-181419-3f60",
    "killed": "20261129-181513-f413",
}
ENDED = {"finished": 0, "undone": 0, "killed": 4}
Command = Callable[..., Ended]


@pytest.fixture
def old(home: Path, tmp_path: Path) -> Path:
    """The data folder of the older version as this user's, its sheets in the test's folder."""
    shutil.copytree(DATA / "journals", home / "journals")
    shutil.copytree(DATA / "runs", home / "runs")
    shutil.copytree(DATA / "inputs", tmp_path, dirs_exist_ok=True)
    for manifest in home.glob("runs/*/run.json"):
        content = json.loads(manifest.read_text())
        content["folders"] = dict.fromkeys(content["folders"], str(tmp_path))
        manifest.write_text(json.dumps(content))
    [journal] = home.glob("journals/*.sqlite")
    return journal


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "sandbox.sqlite"
    shutil.copyfile(DATA / "sandbox.sqlite", path)
    return path


@pytest.fixture
def light(database: Path) -> Iterator[Sandbox]:
    """The sandbox that holds the bills."""
    with running(SandboxSettings(requests_per_minute=100_000, database=database)) as started:
        yield started


def printed(name: str) -> Any:
    return json.loads((DATA / "printed" / f"{name}.json").read_text())


def test_runs_lists_what_the_older_version_listed(old: Path, command: Command) -> None:
    listed = command("runs", "--json").json["runs"]
    expected = printed("runs")
    for run in (*listed, *expected):
        del run["journal"]
    for run in listed:
        later = [
            run.pop(name) for name in ("command", "outcome", "undone_run", "error", "checked_by")
        ]
        assert later == ["load", "done" if run["finished"] else "unfinished", None, None, None]
    now, then = (
        {run["run"]: [run.pop(name) for name in ("line_items", "totals")] for run in runs}
        for runs in (listed, expected)
    )
    assert listed == expected
    assert now.pop(RUNS["finished"]) == then[RUNS["finished"]]
    for name in ("killed", "undone"):  # which it listed as they were before
        reported = printed(name)
        totals = [
            {key: total[key] for key in ("currency", "sheet", "created")}
            for total in reported["totals"]
        ]
        assert now[RUNS[name]] == [reported["line_items"], totals]


@pytest.mark.parametrize("name", RUNS)
def test_report_of_an_older_run_has_the_same_figures(
    name: str, old: Path, command: Command, tmp_path: Path
) -> None:
    """Light has no bill of it: everything is in the journal and the files of the run."""
    path = tmp_path / "out.csv"
    ended = command("report", RUNS[name], "--json", "--quiet", "--result", str(path))
    assert ended.code == 0
    changing = ("result", "version", "exit_code", "totals")
    got, expected = ended.json, printed(name)
    place = " --base-url http://127.0.0.1:8765 (resumes)"
    expected["next"] = expected["next"].replace(" (resumes)", place)
    assert {k: got[k] for k in expected if k not in changing} == {
        k: v for k, v in expected.items() if k not in changing
    }
    for total, before in zip(got["totals"], expected["totals"], strict=True):
        assert {k: total[k] for k in before} == before
    assert path.read_bytes() == (DATA / "printed" / f"{name}.csv").read_bytes()
    workbook = command("report", RUNS[name], "--json", "--quiet")
    assert (workbook.code, workbook.json["bills"]) == (0, expected["bills"])


def test_a_taken_over_journal_says_which_version_wrote_a_run(old: Path, command: Command) -> None:
    command("runs")
    with sqlite3.connect(old) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (9,)
        assert {version for (version,) in db.execute("SELECT version FROM runs")} == {""}


def test_two_bills_of_one_id_in_light_are_named_and_looked_up(
    old: Path, command: Command, load: Command, light: Sandbox
) -> None:
    """An older version took the answer to the first one's request for the second one's."""
    right = "SELECT identity, light_id FROM entries WHERE id IN (1, 2)"
    with sqlite3.connect(old) as db:
        before = dict(db.execute(right))
        shared = before[min(before, key=lambda identity: "FIN-INV-001" not in identity)]
        db.execute("UPDATE entries SET light_id = upper(?) WHERE id IN (1, 2)", (shared,))
    report = command("report", RUNS["finished"], "--json", "--quiet").json
    assert report["bills"] == {"total": 9, "created": 7, "unknown": 2}
    messages = [f["message"] for f in report["findings"] if f["code"] == "light.unknown"]
    assert len(messages) == 2
    for message in messages:
        assert all(word in message for word in (shared, "FIN-INV-001", "FIN-INV-002"))
    files = ("finished-bills.csv", "finished-lines.csv", "--documents", "scans")
    bills = len(light.bills())
    again = load(light.base_url, "--journal", str(old), *files, "--settle", "0.01")
    assert again.json["bills"] == {"total": 9, "already_loaded": 7, "created": 2}
    assert (again.code, len(light.bills())) == (0, bills)
    with sqlite3.connect(old) as db:
        assert dict(db.execute(right)) == before


def test_a_killed_load_goes_on_where_the_bills_are(
    old: Path, load: Command, light: Sandbox
) -> None:
    before = Counter(str(bill["invoiceNumber"]) for bill in light.bills())
    files = ("killed-bills.csv", "killed-lines.csv")
    ended = load(light.base_url, "--journal", str(old), *files, "--then", "posted")
    assert ended.code == 0, ended
    assert ended.json["bills"] == {"total": 10, "created": 6, "already_loaded": 4}
    after = Counter(str(bill["invoiceNumber"]) for bill in light.bills())
    numbers = [f"KIL-INV-{i:03}" for i in range(1, 8)]
    assert [after[number] for number in numbers] == [1] * 7, "one of them was answered late"
    assert {n: after[n] for n in before if n.startswith("FIN")} == {
        n: before[n] for n in before if n.startswith("FIN")
    }


def test_a_killed_load_sends_what_light_does_not_have(
    old: Path, load: Command, database: Path
) -> None:
    with sqlite3.connect(database) as db:
        db.execute("DELETE FROM lines")
        db.execute("DELETE FROM bills")
    settings = SandboxSettings(requests_per_minute=100_000, database=database)
    with running(settings) as emptied:
        files = ("killed-bills.csv", "killed-lines.csv")
        ended = load(emptied.base_url, "--journal", str(old), *files)
        assert ended.json["bills"] == {"total": 10, "created": 6, "already_loaded": 4}
        assert len(emptied.bills()) == 6


def test_finished_and_undone_sheets_are_loaded_as_before(
    old: Path, load: Command, light: Sandbox
) -> None:
    again = load(
        light.base_url,
        "--journal",
        str(old),
        "finished-bills.csv",
        "finished-lines.csv",
        "--documents",
        "scans",
    )
    assert again.json["bills"] == {"total": 9, "already_loaded": 9}
    undone = load(light.base_url, "--journal", str(old), "undone.xlsx")
    assert undone.json["bills"] == {"total": 7, "created": 7}


# --- files of a run that are read otherwise than when they were loaded -------------------------


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_of_an_older_run_that_moved_get_no_id(
    old: Path, command: Command, home: Path, tmp_path: Path
) -> None:
    bills = home / "runs" / RUNS["finished"] / "0.csv"
    head, first, second, *rest = bills.read_text().splitlines(keepends=True)
    bills.write_text("".join([head, second, first, *rest]))
    path = tmp_path / "out.csv"
    ended = command("report", RUNS["finished"], "--json", "--quiet", "--result", str(path))
    assert ended.code == 0
    expected = rows_of(DATA / "printed" / "finished.csv")
    ids = {row["billRef"]: row["light_bill_id"] for row in expected if row["invoiceNumber"]}
    shown = {row["billRef"]: row for row in rows_of(path) if row["invoiceNumber"]}
    for ref, light_id in ids.items():
        moved = ref in ("FIN-1", "FIN-2")
        assert shown[ref]["light_bill_id"] == ("" if moved else light_id)
    assert ids["FIN-2"] in shown["FIN-1"]["import_message"], "what the journal has of that row"
    found = [f for f in ended.json["findings"] if f["code"] == "run.row.changed"]
    assert [f["row"] for f in found] == [2, 3]


def test_fewer_rows_than_an_older_run_had_are_no_fault(
    old: Path, command: Command, home: Path, tmp_path: Path
) -> None:
    bills = home / "runs" / RUNS["finished"] / "0.csv"
    bills.write_text("".join(bills.read_text().splitlines(keepends=True)[:-1]))
    path = tmp_path / "out.csv"
    ended = command("report", RUNS["finished"], "--result", str(path))
    assert ended.code == 0
    assert "Ties out" not in ended.out
    missing = rows_of(DATA / "printed" / "finished.csv")[8]["light_bill_id"]
    assert missing in command("report", RUNS["finished"], "--json", "--quiet").out
