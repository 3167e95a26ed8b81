"""--expect and --set: what the person knows of a file, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import VENDORS, Ended, bill_row, write_bills

from importer.sandbox import Sandbox

Command = Callable[..., Ended]

YEARLY = """
template: yearly
layout: flat
formats: {amounts: decimal, numbers: comma}
parameters: {year: }
group_by: [Beleg]
expect: {bills: 9, gross: {EUR: 1}}
bills:
  vendor: {column: Konto}
  invoiceNumber: {column: Beleg}
  issuedDate: {date_from: {column: Datum, format: DDMM, year: {parameter: year}}}
  currency: {value: EUR}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Umsatz}
"""


def yearly(folder: Path) -> list[str]:
    (folder / "yearly.yaml").write_text(YEARLY, encoding="utf-8")
    rows = "Konto;Beleg;Datum;Umsatz\nA;1;2902;1.000,50\nA;2;101;0,50\n"
    (folder / "b.csv").write_text(rows, encoding="utf-8")
    return ["validate", "b.csv", "--template", "yearly.yaml", "--json", "--quiet"]


def test_command_line_overrides_the_template(command: Command, tmp_path: Path) -> None:
    args = yearly(tmp_path)
    right = ["--set", "year=2024", "--expect", "bills=2", "--expect", "lines=2"]
    done = command(*args, *right, "--expect", "EUR=1001.00")
    assert (done.code, done.json["findings"]) == (0, [])
    differing = command(*args, *right, "--expect", "eur=1000", "--expect", "lines=3")
    assert differing.code == 2  # lines is given twice
    told = command(*args, *right[:4], "--expect", "eur=1,000", "--expect", "lines=3").json
    assert [(f["code"], f["message"]) for f in told["findings"]] == [
        ("control.gross.differs", "The control total expected is 1,000.00 EUR; the sheet's bills"
         " total 1,001.00: a difference of -1.00."),
        ("control.lines.differs", "Line items expected: 3; the sheet has 2: a difference of 1."),
    ]  # fmt: skip
    own = command(*args, "--set", "year=2024").json
    assert [f["code"] for f in own["findings"]] == [
        "control.gross.differs", "control.bills.differs",
    ]  # fmt: skip
    text = YEARLY.replace("layout: flat", "layout: flat\ncredit_notes: negative")
    (tmp_path / "yearly.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.csv").write_text("Konto;Beleg;Datum;Umsatz\nA;1;2902;1,50\nA;2;101;-0,50\n")
    with_note = command(
        *args, "--set", "year=2024", "--expect", "bills=1", "--expect", "EUR=1"
    ).json
    assert [f["message"] for f in with_note["findings"]] == [
        "Bills expected: 1; the sheet has 2, 1 of them credit notes: a difference of -1."
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--expect", "bills"], "'bills' should be NAME=VALUE"),
        (["--expect", "bills=many"], "write a whole number, as bills=412"),
        (["--expect", "bills=-1"], "write a whole number"),
        (["--expect", "EUR=lots"], "'lots' is not an amount"),
        (["--expect", "EUR=1.005"], "more decimals than the currency"),
        (["--expect", "EUR=1.000,50"], "Write it as EUR=1284220.10"),
        (["--expect", "bill=4"], "did you mean 'bills'?"),
        (["--expect", "EUR=1", "--expect", "EUR=2"], "EUR is given twice"),
        (["--set", "yaer=2025"], "did you mean 'year'?"),
        (["--set", "2025"], "should be NAME=VALUE, as year=2025"),
        ([], "needs a value for: year. Give it with --set year=…"),
    ],
)
def test_invalid_expectation_is_a_usage_error(
    words: list[str], says: str, command: Command, tmp_path: Path
) -> None:
    args = yearly(tmp_path)
    if words and "2025" not in words[1]:
        words = [*words, "--set", "year=2025"]
    done = command(*args, *words)
    assert (done.code, done.json["error"]["kind"]) == (2, "usage")
    assert says in done.err


def test_failed_control_total_sends_nothing(
    load: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0), bill_row(1)])
    total = ["--expect", "GBP=20.01", "--expect", "bills=2", "--expect", "lines=2"]
    refused = load(sandbox.base_url, *files, "--expect", "GBP=20.02")
    assert (refused.code, refused.json["bills"]) == (1, {"total": 2, "valid": 2})
    assert sandbox.counters.bills_created == 0
    assert (
        "--expect GBP=20.02" in load(sandbox.base_url, *files, "--expect", "GBP=20.02").json["next"]
    )
    done = load(sandbox.base_url, *files, *total)
    assert (done.code, done.json["bills"]) == (0, {"total": 2, "created": 2})
    assert done.json["totals"][0]["difference"] == 0


def test_report_knows_the_expectations_of_its_run(
    load: Command, command: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    yearly(tmp_path)
    text = YEARLY.replace("vendor: {column: Konto}", f"vendorId: {{value: {VENDORS[0]}}}")
    text = text.replace("expect: {bills: 9, gross: {EUR: 1}}", "")
    (tmp_path / "yearly.yaml").write_text(text, encoding="utf-8")
    said = ["b.csv", "--template", "yearly.yaml", "--set", "year=2024", "--expect", "EUR=1001.00"]
    done = load(sandbox.base_url, *said)
    assert (done.code, done.json["bills"]) == (0, {"total": 2, "created": 2})
    again = command("report", done.json["run"], "--json", "--result", "again.xlsx")
    assert (again.code, again.json["bills"]) == (0, {"total": 2, "created": 2})
    assert again.json["totals"] == done.json["totals"]
