"""A damaged value in the journal concerns its own run only, and is said to be damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended, bill_row, write_bills

from importer.sandbox import Sandbox

Command = Callable[..., Ended]


@pytest.fixture
def runs(load: Command, sandbox: Sandbox, tmp_path: Path) -> tuple[str, str]:
    """Two runs of different bills; the ids, the older first."""
    first = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1), bill_row(2)]))
    second = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(3)]))
    return first.json["run"], second.json["run"]


def damage(home: Path, statement: str, *values: object) -> Path:
    [path] = home.glob("journals/*.sqlite")
    with sqlite3.connect(path) as db:
        assert db.execute(statement, values).rowcount == 1
    return path


DAMAGED = {
    "an unknown state": "UPDATE entries SET state = 'creared' WHERE identity LIKE '%INV-00001%'",
    "a bad time": "UPDATE entries SET settled = 'noon' WHERE identity LIKE '%INV-00001%'",
    "no list of ids": "UPDATE entries SET line_ids = '{\"' WHERE identity LIKE '%INV-00001%'",
    "an unknown status": (
        "UPDATE run_bills SET status = 'lodaed' WHERE entry ="
        " (SELECT id FROM entries WHERE identity LIKE '%INV-00001%')"
    ),
}


@pytest.mark.parametrize("statement", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_bill_is_named_and_other_runs_are_reported(
    statement: str, runs: tuple[str, str], home: Path, command: Command
) -> None:
    path = damage(home, statement)
    ended = command("report", runs[0])
    assert ended.code == 4
    text = " ".join(ended.err.split())
    for words in (str(path), "is damaged", runs[0], "bill INV-00001"):
        assert words in text
    assert "fault of light-import" not in text
    assert command("report", runs[1], "--json", "--quiet").json["bills"]["created"] == 1


@pytest.mark.parametrize("facts", ['{"company', "[]", "7"])
def test_a_damaged_run_is_named_and_the_others_are_listed(
    facts: str, runs: tuple[str, str], home: Path, command: Command
) -> None:
    damage(home, "UPDATE runs SET facts = ? WHERE id = ?", facts, runs[0])
    listed = command("runs", "--json")
    assert [run["run"] for run in listed.json["runs"]] == [runs[1]]
    assert listed.code == 4
    for ended in (listed, command("runs"), command("report", runs[0])):
        text = " ".join(ended.err.split())
        assert "is damaged" in text
        assert runs[0] in text
    assert command("report", runs[1], "--json", "--quiet").code == 0


def test_a_damaged_state_is_named_by_runs(
    runs: tuple[str, str], home: Path, command: Command
) -> None:
    damage(home, "UPDATE run_bills SET status = 'x' WHERE run = ?", runs[1])
    listed = command("runs", "--json")
    assert [run["run"] for run in listed.json["runs"]] == [runs[0]]
    assert f"run {runs[1]}" in " ".join(listed.err.split())


def test_a_load_into_a_journal_with_a_damaged_run_goes_on(
    runs: tuple[str, str], home: Path, load: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    damage(home, "UPDATE runs SET facts = '{' WHERE id = ?", runs[0])
    ended = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(4)]))
    assert ended.json["bills"] == {"total": 1, "created": 1}


def test_a_load_of_a_damaged_bill_sends_nothing(
    runs: tuple[str, str], home: Path, load: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    damage(home, "UPDATE entries SET state = 'x' WHERE identity LIKE '%INV-00001%'")
    ended = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1)]))
    assert ended.code == 4
    assert "bill INV-00001" in " ".join(ended.err.split())
    assert len(sandbox.bills()) == 3


def test_a_file_that_is_no_journal_does_not_hide_the_others(
    runs: tuple[str, str], home: Path, command: Command
) -> None:
    (home / "journals" / "other.sqlite").write_bytes(b"this is no database, by far" * 50)
    listed = command("runs", "--json")
    assert [run["run"] for run in listed.json["runs"]] == [runs[1], runs[0]]
    assert "other.sqlite" in listed.err
    assert command("report", runs[0], "--json", "--quiet").code == 0
