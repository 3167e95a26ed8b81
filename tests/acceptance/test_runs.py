"""The history: a table that fits the terminal, and JSON with all of it."""

from __future__ import annotations

import getpass
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Ended, bill_row, write_bills
from hypothesis import given
from hypothesis import strategies as st

from importer.app.company_check import environment
from importer.report.run_history import NARROWEST, History, Totals, history_text
from importer.report.text_layout import columns_of
from importer.sandbox import Sandbox, SandboxSettings

Load = Callable[..., Ended]
FAST = ("--json", "--quiet", "--requests-per-minute", "100000")


def test_runs_lists_user_destination_and_outcome(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(i) for i in range(3)]))
    rows = [bill_row(i, currency="EUR" if i == 3 else "GBP") for i in range(5)]
    second = load(sandbox.base_url, *write_bills(tmp_path, rows))
    one, two = first.json["run"], second.json["run"]
    command("verify", two, *FAST, "--lines")
    command("undo", one, *FAST, "--yes")

    text = command("runs").out
    assert all(columns_of(line) <= 80 for line in text.splitlines() if line.strip()[0:1] != "/")
    head, undo, newer, older = (
        text[: text.index("----")],
        text[text.index("----") : text.index("Undo ")],
        text[text.index("Undo ") : text.index(f"Run {one}")],
        text[text.index(f"Run {two}") :],
    )
    assert head.split() == "When File, template, company Bills Total".split()
    for words in ("bills.csv, lines.csv", "Kestrel Trading Ltd (sandbox)", f"Run {two}"):
        assert words in newer
    assert "40.07 GBP" in newer
    assert "10.03 EUR" in newer
    assert "2 created" in newer
    assert "3 undone" in newer  # of the first run, whose bills they were
    assert re.search(r"verified \d{4}-\d\d-\d\d \d\d:\d\d\D* with lines: 2 the same", newer)
    assert "3 undone" in undo
    assert "Cancelled in Light: 3 of 3 bills." in newer
    assert "3 undone" in older
    assert getpass.getuser() in older
    assert "a server on this computer, not Light" in older

    undone, *told = command("runs", "--json", "--limit", "2").json["runs"]
    assert (undone["command"], undone["undone_run"], undone["outcome"]) == ("undo", one, "done")
    assert [run["run"] for run in told] == [two]
    assert told[0]["line_items"] == {"total": 5, "created": 2, "undone": 3}
    assert told[0]["bills"] == {"total": 5, "created": 2, "undone": 3}
    assert told[0]["totals"] == [
        {"currency": "GBP", "sheet": 4007, "created": 1004},
        {"currency": "EUR", "sheet": 1003, "created": 1003},
    ]
    assert told[0]["verified"]["same"] == 2
    assert told[0]["who"] == getpass.getuser()
    assert (told[0]["base_url"], told[0]["undone"]) == (sandbox.base_url, 3)
    limited = command("runs", "--limit", "1").out
    assert f"Run {two}" not in limited
    assert "and 2 more: light-import runs --limit 3" in limited


def test_runs_lists_attempts_that_sent_nothing(
    command: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    to = ("--base-url", sandbox.base_url)
    (tmp_path / "broken.csv").write_text("billRef,vendorId,amount\nB1,x,1.5\n", "utf-8")
    monkeypatch.setenv("LIGHT_API_KEY", "wrong")
    command("load", *files, *to, "--yes")
    monkeypatch.setenv("LIGHT_API_KEY", SandboxSettings.key)
    dry = command("load", *files, *to, "--dry-run", "--json")
    command("load", "broken.csv", *to, "--yes")
    command("load", *files, *to)  # without a terminal
    command("load", "nowhere.csv", *to, "--yes")
    listed = command("runs", "--json").json["runs"][::-1]
    assert [run["outcome"] for run in listed] == ["access", "dry_run", "not_sent", "usage", "file"]
    assert [run["exit_code"] for run in listed] == [2, 0, 1, 2, 2]
    assert listed[1]["bills"] == {"total": 3, "valid": 3}
    assert listed[1]["result"] == dry.json["result"]
    assert {run["who"] for run in listed} == {getpass.getuser()}
    assert listed[2]["bills"] == {"total": 1, "invalid": 1}
    text = command("runs").out
    assert str(dry.json["result"]) in text
    for words in ("refused: ", "dry run: nothing was written", "nothing was sent", "failed: "):
        assert words in text
    attempt = listed[1]["run"]
    lost = command("verify", "latest").err
    assert "Nothing has been loaded yet. 'light-import runs' lists" in lost
    for words in (["verify", attempt], ["report", attempt], ["undo", attempt, "--yes"]):
        ended = command(*words)
        assert (ended.code, f"Attempt {attempt} sent nothing" in ended.err) == (2, True)


def test_runs_shows_local_time_beside_utc(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(0)])).json["run"]
    (utc,) = [datetime.fromisoformat(r["started"]) for r in command("runs", "--json").json["runs"]]
    try:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        text = command("runs").out
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    tokyo = utc + timedelta(hours=9)
    assert f"{tokyo:%Y-%m-%d %H:%M}" in text
    assert re.search(rf"\b{utc:%H:%M} UTC", text)
    assert run in text


def test_runs_names_the_environment() -> None:
    assert environment("https://api.light.inc") == "Light, production"
    assert environment("https://api.sandbox.light.inc") == "Light, sandbox company"
    assert environment("https://sandbox.light.inc.example.com") == (
        "another address than Light's own"
    )
    assert environment("http://127.0.0.1:8765").startswith("a server on this computer")
    assert environment("http://127.0.0.1:1", sandbox=True).startswith("a temporary sandbox")


TEXT = st.text(max_size=60)
COUNTS = st.dictionaries(
    st.sampled_from(["created", "already_in_light", "already_loaded", "rejected", "undone"]),
    st.integers(0, 10**6),
)


@given(
    texts=st.tuples(TEXT, TEXT, TEXT, TEXT),
    sources=st.lists(TEXT, max_size=3),
    bills=COUNTS,
    cents=st.lists(st.integers(-(2**63), 2**63), max_size=3),
    width=st.integers(20, 130),
    finished=st.booleans(),
)
def test_runs_table_fits_the_terminal(
    texts: tuple[str, str, str, str],
    sources: list[str],
    bills: dict[str, int],
    cents: list[int],
    width: int,
    finished: bool,
) -> None:
    now = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    run = History(
        run="20260131-093000-a1b2",
        started=now,
        finished=now if finished else None,
        company=texts[0],
        company_id="",
        base_url="",
        environment="Light, production",
        template=texts[1],
        sources=tuple(sources),
        who=texts[2],
        continues=texts[3],
        sandbox=False,
        journal="",
        bills={"total": sum(bills.values()), **bills},
        line_items={},
        totals=[Totals("GBP", amount) for amount in cents],
        read={"same": 3},
        read_at=now + timedelta(days=1),
    )
    text = history_text([run, run], width)
    assert max(map(columns_of, text.splitlines())) <= max(width, NARROWEST)
    digits = re.sub(r"\D", "", text)
    for amount in cents:
        shown = re.sub(r"\D", "", f"{abs(amount) // 100}{abs(amount) % 100:02}")
        assert width < 90 or shown in digits
