"""What a cron job uses: --archive, --log, --on-end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended, bill_row, write_bills

from importer.sandbox import Sandbox

Command = Callable[..., Ended]


def test_files_whose_bills_are_all_in_light_are_moved(
    load: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder, rows in (
        (good, [bill_row(0), bill_row(1)]),
        (bad, [bill_row(2), bill_row(3, currency="XX")]),
    ):
        folder.mkdir()
        write_bills(folder, rows)
    done = tmp_path / "done"
    first = load(sandbox.base_url, str(good), "--archive", "done")
    assert first.code == 0
    assert sorted(path.name for path in done.iterdir()) == ["bills.csv", "lines.csv"]
    assert list(good.iterdir()) == []
    partly = load(sandbox.base_url, str(bad), "--archive", "done", "--only-valid")
    assert partly.json["bills"]["created"] == 1
    assert (bad / "bills.csv").exists()
    # A name that is taken gets the run's id.
    again = write_bills(good, [bill_row(4)])
    run = load(sandbox.base_url, *again, "--archive", "done").json["run"]
    assert (done / f"bills-{run}.csv").exists()


@pytest.mark.parametrize(
    ("archive", "says"), [("bills.csv", "is not a folder"), (".", "is already in")]
)
def test_archive_that_cannot_take_the_files_is_refused(
    archive: str, says: str, load: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    refused = load(sandbox.base_url, *files, "--archive", archive)
    assert (refused.code, sandbox.bills()) == (2, [])
    assert says in refused.err


def test_dry_run_moves_nothing(load: Command, sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    assert load(sandbox.base_url, *files, "--archive", "done", "--dry-run").code == 0
    assert Path(files[0]).exists()


def test_load_into_the_temporary_sandbox_moves_nothing_and_says_so(
    command: Command, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    done = command("load", *files, "--sandbox", "--yes", "--archive", "done")
    assert (done.code, Path(files[0]).exists()) == (0, True)
    assert "No file was moved" in done.err


def test_log_has_one_event_a_line(load: Command, sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(0), bill_row(1)])
    done = load(sandbox.base_url, *files, "--log", "events.jsonl")
    events = [*map(json.loads, (tmp_path / "events.jsonl").read_text("utf-8").splitlines())]
    names = [event["event"] for event in events]
    assert names[-1] == "ended"
    assert events[-1]["run"] == done.json["run"]
    assert names.count("advanced") == 2
    assert all(event["time"].endswith("Z") for event in events)
    refused = load(sandbox.base_url, *files, "--log", "none/events.jsonl")
    assert (refused.code, refused.json["error"]["kind"]) == (2, "usage")


def test_command_at_the_end_gets_the_summary_on_every_exit(
    load: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    script = tmp_path / "keep.py"
    script.write_text("import sys\nopen('got.json', 'w').write(sys.stdin.read())\nsys.exit(3)\n")
    keep = ("--on-end", f"{sys.executable} {script}")
    done = load(sandbox.base_url, *files, *keep)
    got = json.loads((tmp_path / "got.json").read_text())
    assert (done.code, got) == (0, done.json)
    assert "The command of --on-end ended with exit code 3." in done.err
    assert load(sandbox.base_url, "none.csv", *keep).code == 2
    assert json.loads((tmp_path / "got.json").read_text())["error"]["kind"] == "file"
    assert "could not be run" in load(sandbox.base_url, *files, "--on-end", "/no/such").err
