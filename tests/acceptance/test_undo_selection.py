"""``undo --bills`` and ``--vendor``: these bills alone are cancelled, the others can be later."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from conftest import (
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    bill_row,
    ended,
    proxied,
    start,
    write_bills,
)
from test_load_command import Terminal

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
YES = ("--json", "--quiet", "--requests-per-minute", "100000", "--yes")


def live(light: Sandbox) -> set[str]:
    return {str(b["invoiceNumber"]) for b in light.bills() if b["state"] != "CANCELLED"}


def loaded(load: Load, sandbox: Sandbox, folder: Path, n: int = 6) -> tuple[str, list[str]]:
    """A run of bills of two vendors by turns, and its files."""
    rows = [bill_row(i, vendorId=VENDORS[i % 2]) for i in range(n)]
    files = write_bills(folder, rows)
    told = load(sandbox.base_url, *files)
    assert told.code == 0, told.out
    return told.json["run"], files


def test_selected_bills_are_undone_and_the_rest_later(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    run, files = loaded(load, sandbox, tmp_path)
    ids = {bill["invoiceNumber"]: bill["id"] for bill in sandbox.bills()}
    chosen = f"INV-00000, row:3,{ids['INV-00002'].upper()}"
    told = command("undo", run, "--bills", chosen, *YES)
    assert (told.code, told.json["bills"]) == (0, {"total": 6, "created": 3, "undone": 3})
    assert live(sandbox) == {"INV-00003", "INV-00004", "INV-00005"}
    [total] = told.json["totals"]
    assert (total["sheet"], total["created"]) == (6015, 1003 + 1004 + 1005)
    report = command("report", run, "--json", "--overwrite")
    assert (report.code, report.json["bills"]) == (0, {"total": 6, "created": 3, "undone": 3})
    page = openpyxl.load_workbook(report.json["result"])["Bills"]
    assert [row[0].value for row in page.iter_rows(min_row=2)] == ["undone"] * 3 + ["created"] * 3

    one = command("undo", run, "--vendor", "alder & finch llp", "--bills", "INV-00003", *YES)
    assert (one.code, one.json["bills"]) == (0, {"total": 6, "created": 2, "undone": 4})
    again = command("undo", run, "--vendor", VENDORS[1], "--dry-run", *YES)
    assert live(sandbox) == {"INV-00004", "INV-00005"}
    assert again.json["next"] == f"light-import undo {run} --vendor {VENDORS[1]}"
    rest = command("undo", run, *YES)
    assert (rest.code, rest.json["bills"], live(sandbox)) == (0, {"total": 6, "undone": 6}, set())
    assert sandbox.counters.by_route["POST /v1/invoice-payables/{invoicePayableId}/cancel"] == 6
    assert load(sandbox.base_url, *files).json["bills"] == {"total": 6, "created": 6}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--bills", "INV-0003"), "no bill 'INV-0003'; the nearest are 'INV-00003'"),
        (("--bills", "INV-00000,XYZ"), "no bill 'XYZ'. It has: INV-00000, INV-00001"),
        (("--bills", "row:99"), "no bill 'row:99'"),
        (("--bills", " , "), "--bills names no bill. Leave it out to undo all"),
        (("--vendor", "Alder and Finch"), "'Alder and Finch'; the nearest is 'Alder & Finch LLP'"),
        (("--vendor", VENDORS[1], "--bills", "INV-00000"), "no bill 'INV-00000'; the nearest"),
    ],
)
def test_unknown_names_are_errors_that_list_near_ones(
    options: tuple[str, ...], words: str, load: Load, command: Load, sandbox: Sandbox,
    tmp_path: Path,
) -> None:  # fmt: skip
    run, _ = loaded(load, sandbox, tmp_path, 4)
    told = command("undo", run, *options, *YES)
    assert told.code == 2
    assert words in told.json["error"]["message"]
    assert len(live(sandbox)) == 4


def test_number_of_two_bills_is_not_guessed(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [bill_row(i, invoiceNumber="A,1") for i in range(2)]
    run = load(sandbox.base_url, *write_bills(tmp_path, rows)).json["run"]
    told = command("undo", run, "--bills", "A,1", *YES)
    message = told.json["error"]["message"]
    assert (told.code, len(live(sandbox))) == (2, 1)
    assert "has 2 bills 'A,1': row 2" in message
    assert "row 3" in message
    told = command("undo", run, "--bills", "A,1", "--vendor", VENDORS[0], *YES)
    assert (told.code, told.json["bills"]) == (0, {"total": 2, "created": 1, "undone": 1})


def test_question_says_how_much_is_chosen(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    run, _ = loaded(load, sandbox, tmp_path)
    chosen = ("--bills", "INV-00001,INV-00003")
    with Terminal("undo", run, *chosen, cwd=tmp_path) as terminal:
        terminal.until("Cancel these bills in Light?")
        terminal.type("n\n")
        assert terminal.end() == 4
    assert "2 to cancel, 4 others of the run stay in Light" in terminal.said
    assert "20.04 GBP" in terminal.said
    assert f"light-import undo {run} --bills INV-00001,INV-00003 (asks again)" in terminal.said
    assert len(live(sandbox)) == 6


def test_killed_selection_is_completed_and_takes_no_other(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    def kill(request: Request) -> Fault:
        if not request.path.endswith("/cancel"):
            return PASS
        os.kill(process.pid, signal.SIGKILL)
        return Fault(True, None)

    with proxied(sandbox.base_url, lambda r: PASS) as proxy:
        rows = [bill_row(i) for i in range(5)]
        run = load(proxy.url, *write_bills(tmp_path, rows)).json["run"]
        chosen = ("--bills", "INV-00001,INV-00002")
        proxy.fault = kill
        process = start("undo", run, *chosen, *YES, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        proxy.fault = lambda r: PASS
        told = command("undo", run, *chosen, *YES)
    assert (told.code, told.json["bills"]) == (0, {"total": 5, "created": 3, "undone": 2})
    assert live(sandbox) == {"INV-00000", "INV-00003", "INV-00004"}


def test_bills_of_an_earlier_run_are_named_with_it(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    run, files = loaded(load, sandbox, tmp_path, 2)
    again = load(sandbox.base_url, *files)
    told = command("undo", again.json["run"], "--bills", "INV-00000", "--yes")
    words = " ".join(told.out.split())
    assert "INV-00000: already loaded." in words
    assert f"2 bills of the sheet came from run {run}: light-import undo {run}" in words
    assert len(live(sandbox)) == 2
