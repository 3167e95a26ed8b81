"""What the screen shows, whatever is in files and names, and whatever the screen can show."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import bill_row, write_bills
from forked import piped

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def light_import(folder: Path, *args: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "importer", *args],
        capture_output=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | settings,
        timeout=120,
        check=False,
    )


def forked(folder: Path, *args: str, **settings: str) -> tuple[str, str]:
    """What it says on stdout and stderr where these are pipes."""
    with contextlib.closing(piped(args, folder, os.environ | settings)) as process:
        return process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminal")
def test_errors_wrap_at_the_terminal_width(tmp_path: Path) -> None:
    from test_load_command import Terminal

    path = "deep/" * 30 + "mine.yaml"
    (tmp_path / "bills.csv").write_text("billRef,amount\nB1,1\n", "utf-8")
    with Terminal("validate", "bills.csv", "--template", path, cwd=tmp_path) as terminal:
        assert terminal.end() == 2
        lines = terminal.said.splitlines()
    (named,) = [line for line in lines if path in line]
    assert all(len(line) <= 100 for line in lines if line != named)
    assert len(named.split()) == 1
    _, words = forked(tmp_path, "validate", "bills.csv", "--template", path)
    assert " ".join(words.split()) == " ".join(" ".join(lines).split())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminal")
def test_template_list_wraps_on_a_terminal_only(tmp_path: Path) -> None:
    from test_load_command import Terminal

    with Terminal("template", "list", cwd=tmp_path) as terminal:
        assert terminal.end() == 0
        lines = terminal.said.splitlines()
    assert all(len(line) <= 80 for line in lines)
    piped = light_import(tmp_path, "template", "list").stdout.decode()
    assert len(piped.splitlines()) < len(lines)
    assert " ".join(piped.split()) == " ".join(" ".join(lines).split())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_control_sequences_never_reach_the_terminal(tmp_path: Path) -> None:
    name = os.fsdecode(b"b\x1b[2J\n\xf0\x9f\x98\x80 \xff.csv")
    steer = "\x1b]0;owned\x07\x9b31m\u202egnp"
    rows = f"B1,{steer},1{steer},x\n" + "B2,a plain one,2,x\n" * 50
    (tmp_path / name).write_text(f"billRef,vendorId,amount,{steer}\n{rows}", "utf-8")
    told = [
        light_import(tmp_path, "validate", name, PYTHONIOENCODING="utf-8"),
        light_import(tmp_path, "validate", name, PYTHONIOENCODING="cp1252", NO_COLOR="1"),
        light_import(tmp_path, "validate", "--json", name, PYTHONIOENCODING="ascii", TERM="dumb"),
        light_import(tmp_path, "validate", f"no{name}", "--verbose", PYTHONIOENCODING="utf-8"),
        light_import(tmp_path, "validate", f"--bad{steer}", PYTHONIOENCODING="cp1252"),
    ]
    assert [ended.returncode for ended in told] == [1, 1, 1, 2, 2]
    encodings = ("utf-8", "cp1252", "ascii", "utf-8", "cp1252")
    for ended, encoding in zip(told, encodings, strict=True):
        text = (ended.stdout + ended.stderr).decode(encoding)
        assert not CONTROL.search(text.replace(os.linesep, "\n"))
        assert "u001b" in text or "x1b" in text
    assert "…".encode("cp1252") in told[1].stderr
    import json

    assert any(steer in f["value"] for f in json.loads(told[2].stdout)["findings"])


def in_bash(folder: Path, command: str) -> subprocess.CompletedProcess[bytes]:
    """A command line of which ``light-import`` is a part; it ends with the code of that."""
    program = f"'{sys.executable}' -m importer"
    return subprocess.run(
        ["bash", "-c", "set -o pipefail; " + command.replace("light-import", program)],
        capture_output=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=120,
        check=False,
    )


def test_closed_pipe_is_no_error(tmp_path: Path) -> None:
    ended = in_bash(tmp_path, "light-import template schema | head -c 10")
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has such a device")
@pytest.mark.parametrize(
    ("output", "code"), [("2>&1 | head -n 1", 0), ("2> /dev/full", 0), ("> /dev/full", 4)]
)
def test_lost_output_does_not_stop_a_load(tmp_path: Path, output: str, code: int) -> None:
    write_bills(tmp_path, [bill_row(i) for i in range(3)])
    load = "light-import load bills.csv lines.csv --sandbox --yes --result r.json"
    ended = in_bash(tmp_path, f"{load} {output}")
    assert ended.returncode == code
    assert (b"could not be written (No space left on device)" in ended.stderr) == (code == 4)
    assert b"Traceback" not in ended.stderr
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["bills"]["created"] == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has such a device")
def test_program_is_told_that_its_json_was_lost(tmp_path: Path) -> None:
    ended = in_bash(tmp_path, "light-import validate nosuch.csv --json > /dev/full")
    assert ended.returncode == 2
    ended = in_bash(tmp_path, "light-import template list --json > /dev/full")
    assert ended.returncode == 4
    assert b"could not be written" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_cells_of_one_cause_are_one_line_with_their_number(tmp_path: Path) -> None:
    rows = "".join(f"Acme,N/A,2025-05-31,{i}.00\n" for i in range(1, 301))
    (tmp_path / "l.csv").write_text("Supplier,Number,Date,Net\n" + rows, "utf-8")
    (tmp_path / "mine.yaml").write_text(
        "template: mine\nlayout: flat\nformats: {numbers: point, amounts: decimal}\n"
        "group_by: [Supplier, Number]\nbills:\n  vendor: {column: Supplier}\n"
        "  invoiceNumber: {column: Number}\n  issuedDate: {column: Date}\n"
        "  currency: {value: GBP}\n  amount: {sum_of_lines: gross}\n"
        "line_items:\n  netAmount: {column: Net}\n",
        "utf-8",
    )
    words = ("validate", "l.csv", "--template", "mine.yaml")
    text = "".join(forked(tmp_path, *words, COLUMNS="400"))
    assert "300 rows: 2–301, column Number: 'N/A' is a placeholder, not an invoice number" in text
    assert text.count("is a placeholder, not an invoice number") == 1
    assert "… and" not in text


BROKEN = "billRef,vendorId,amount\n" + "".join(f"B{i},x,1.5\n" for i in range(4))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminal")
def test_verdict_is_the_last_line_and_rows_of_one_cause_one_entry(tmp_path: Path) -> None:
    from test_load_command import Terminal

    (tmp_path / "bills.csv").write_text(BROKEN, "utf-8")
    with Terminal("validate", "bills.csv", cwd=tmp_path, COLUMNS="80") as terminal:
        assert terminal.end() == 1
        lines = terminal.said.splitlines()
    assert lines[-1].startswith("0 of 4 bills are valid; 4 need correction")
    assert any("4 rows: 2–5, column amount" in line for line in lines)
    assert max(len(line) for line in lines if not line.startswith("Workbook:")) <= 80


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminal")
def test_colour_is_on_a_terminal_that_wants_it_and_says_nothing_alone(tmp_path: Path) -> None:
    from test_load_command import Terminal

    (tmp_path / "bills.csv").write_text(BROKEN, "utf-8")

    def screen(*options: str, **settings: str) -> str:
        with Terminal("validate", "bills.csv", *options, cwd=tmp_path, **settings) as terminal:
            terminal.end()
            return terminal.said

    painted = screen("--result", "1.xlsx", TERM="xterm")
    assert re.search("\x1b\\[31m0 of 4 bills are valid; 4 need correction.*\\.\x1b\\[0m", painted)
    assert "\x1b[31m  error\x1b[0m" in painted
    unpainted = re.sub("\x1b\\[[0-9;]*m", "", painted).replace("1.xlsx", "2.xlsx")
    assert screen("--result", "2.xlsx", TERM="xterm", NO_COLOR="1") == unpainted
    for options, settings in (
        (["--json"], {"TERM": "xterm"}),
        (["--nosuch", "--json"], {"TERM": "xterm"}),
        ([], {"TERM": "dumb"}),
    ):
        assert "\x1b" not in screen(*options, **settings)
    out, _ = forked(tmp_path, "validate", "bills.csv", TERM="xterm")
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["vaildate", "b.csv"], "No such command 'vaildate'. Did you mean 'validate'?"),
        (["template", "lst"], "Did you mean 'list'?"),
        (["load", "--tempalte", "x"], "Did you mean '--template'?"),
        (["bills.csv"], "To check this file, run: light-import validate bills.csv"),
        (["--dry-run", "load"], "Options follow the command: light-import load bills.xlsx"),
    ],
)
def test_mistyped_words_get_a_suggestion(words: list[str], hint: str, tmp_path: Path) -> None:
    (tmp_path / "bills.csv").write_text(BROKEN, "utf-8")
    ended = light_import(tmp_path, *words)
    assert ended.returncode == 2
    assert hint in ended.stderr.decode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminal")
def test_slow_load_shows_a_bar_with_time_left_and_what_it_waits_for(tmp_path: Path) -> None:
    from conftest import bill_row, write_bills
    from test_load_command import Terminal

    from importer.sandbox import SandboxSettings, running

    files = write_bills(tmp_path, [bill_row(i) for i in range(40)])
    with running(SandboxSettings()) as light:
        words = ["load", *files, "--yes", "--base-url", light.base_url]
        words += ["--requests-per-minute", "20", "--log", "log.jsonl"]
        with Terminal(*words, cwd=tmp_path, TERM="xterm", COLUMNS="80") as terminal:
            screen = terminal.until("for Light's limit")
        for options in (["--quiet"], ["--json"]):
            with Terminal(*words, *options, cwd=tmp_path, TERM="xterm") as terminal:
                if options == ["--json"]:
                    terminal.until("requests a minute that are permitted are used. Waiting")
                elif not select.select([terminal.master], [], [], 4)[0]:
                    continue
                assert "of 40 bills" not in terminal.said
    assert re.search(r"Loading \d+ of 40 bills, .* left, waiting \d+ s for Light's limit", screen)
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    of_kind = {event["event"]: event for event in events}
    assert of_kind["waiting"]["of_limit"] is True
    assert of_kind["time_left"]["seconds"] > 50
    assert {"work_started", "work_advanced", "work_ended"} <= of_kind.keys()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminal")
def test_work_of_more_than_two_seconds_is_shown(tmp_path: Path) -> None:
    from test_load_command import Terminal

    from importer.sandbox import SandboxSettings, running

    with running(SandboxSettings(latency=1.0)) as light:
        words = ["reference", "pull", "--base-url", light.base_url]
        with Terminal(*words, cwd=tmp_path, TERM="xterm", COLUMNS="80") as terminal:
            terminal.until("Fetching the company's lists, ")  # and the seconds, from 2 on
