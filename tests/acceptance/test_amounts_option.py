"""Money typed into the sheets of cents does not load without a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended, bill_row, write_bills
from test_load_command import Terminal

from importer.sandbox import Sandbox

Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _doubting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIGHT_IMPORT_AMOUNTS")


def typed(folder: Path, *amounts: str) -> list[str]:
    return write_bills(folder, [bill_row(i, amount=a) for i, a in enumerate(amounts)])


def test_money_typed_as_cents_needs_a_word(
    load: Run, command: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = typed(tmp_path, "1200", "845")
    refused = load(sandbox.base_url, *files)
    assert (refused.code, refused.json["error"]["kind"]) == (2, "usage")
    assert "--amounts money" in refused.json["error"]["message"]
    assert sandbox.counters.bill_posts == 0

    cents = load(sandbox.base_url, *files, "--amounts", "cents", "--dry-run")
    assert (cents.code, cents.json["totals"][0]["sheet"]) == (0, 2_045)
    money = load(sandbox.base_url, *files, "--amounts", "money", "--result", "money.xlsx")
    assert (money.code, money.json["totals"][0]["created"]) == (0, 204_500)
    # The workbook says so itself, and so does what the run has kept.
    again = load(sandbox.base_url, "money.xlsx")
    assert again.json["bills"] == {"total": 2, "already_loaded": 2}
    report = command("report", money.json["run"], "--json", "--quiet")
    assert report.json["totals"] == money.json["totals"]


def test_a_check_warns_of_amounts_that_may_be_money(command: Run, tmp_path: Path) -> None:
    done = command("validate", *typed(tmp_path, "1200", "845", "12000"), "--json")
    assert [f["code"] for f in done.json["findings"]] == ["bills.amount.small"]
    usual = command("validate", *typed(tmp_path, "12000", "9900", "10001"), "--json")
    assert usual.json["findings"] == []


def test_the_terminal_asks_about_whole_amounts(sandbox: Sandbox, tmp_path: Path) -> None:
    files = typed(tmp_path, *(["120000"] * 5))
    with Terminal("load", *files, "--base-url", sandbox.base_url, cwd=tmp_path) as terminal:
        terminal.until("to the cent? [y/N]: ")
        terminal.type("y\n")
        terminal.until("Create these bills? [y/N]: ")
        terminal.type("y\n")
        assert terminal.end() == 0
