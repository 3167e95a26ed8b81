"""A CSV result made a column at a time is the one made row by row, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sheets_of_bills import bill, checked, csv_file, grid, line

from importer.records import Finding, RunSummary, Severity
from importer.results.build import build_report
from importer.results.csv_rows import write_csv
from importer.results.wording import visible
from importer.validation.check import Checked

TEXT = st.sampled_from(
    [
        "Paper",
        "=1+1",
        "-5",
        "+x",
        "'a",
        'say "so"',
        "a,b",
        "é",
        "",
        "#N/A",
        "@x",
        "é,=",
        "-1,5",
        '="a",b',
        "two\nlines",
        " =1",
        "\u00a0=1",
        "＝1",
        "١",
        "-1.5.",
        "~",
        '"',
        "\u2066a\x07",
        " ",
    ]
)
LEAST = "-9223372036854775808"  # the least amount, of which there is no positive one
AMOUNT = st.sampled_from(
    ["10000", "-5", "0", "12,x", "", "9223372036854775807", LEAST, "7", "-100"]
)
REF = st.sampled_from(["B1", "B2", "X9", ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns")


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bills=st.lists(st.tuples(REF, TEXT, AMOUNT), min_size=1, max_size=8),
    lines=st.lists(st.tuples(REF, TEXT, AMOUNT), min_size=1, max_size=12),
)
@example(bills=[("B1", "", LEAST)], lines=[("B1", "", LEAST)])
def test_the_columns_are_the_rows_byte_for_byte(
    folder: Path, bills: list[tuple[str, str, str]], lines: list[tuple[str, str, str]]
) -> None:
    of_bills = [bill(billRef=r, description=t, amount=a) for r, t, a in bills]
    of_lines = [line(billRef=r, description=t, netAmount=a) for r, t, a in lines]
    of = checked(
        [
            csv_file(folder / "bills.csv", grid(of_bills)),
            csv_file(folder / "lines.csv", grid(of_lines)),
        ]
    )
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    summary = RunSummary("validate", None, None, None, "light", (), moment, {}, {}, {}, ())
    report = build_report(of, {}, summary)
    by_column, by_row = folder / "columns.csv", folder / "rows.csv"
    write_csv(report, by_column, at_once=2)
    listed = replace(report, bills=list(report.bills), line_items=list(report.line_items))
    write_csv(listed, by_row)
    assert by_column.read_bytes() == by_row.read_bytes()
    assert [b.result.message for b in listed.bills] == _said_of_bills(of)
    assert [said for said in _said_of_lines(of) if said] == [
        r.message for r, own in zip(listed.line_items, _said_of_lines(of), strict=True) if own
    ]


def _said_of_bills(of: Checked) -> list[str]:
    """Finding by finding, as plainly as can be."""
    out: list[list[str]] = [[] for _ in range(of.bills.size)]
    for f in of.findings:
        for i in f.bills:
            own = f.cell.row is None or (of.mapped.bills.table[i], of.mapped.bills.row[i]) == (
                f.cell.table,
                f.cell.row,
            )
            out[i].append(_said(f, "" if own else f"row {f.cell.row}"))
        if f.severity is Severity.ERROR:
            for i in {int(of.line_bill[line]) for line in f.lines} - {-1} - set(f.bills):
                out[i].append(_said(f, f"line item in row {f.cell.row}" if f.cell.row else ""))
    return [_together(each) for each in out]


def _said_of_lines(of: Checked) -> list[str]:
    own = [[_said(f, "") for f in of.findings if i in f.lines] for i in range(of.lines.size)]
    return [_together(each) for each in own]


def _said(f: Finding, place: str) -> str:
    where = ", ".join(filter(None, (place, (f.cell.column or "").strip())))
    return visible(f"{where}: {f.message}" if where else f.message)


def _together(each: list[str]) -> str:
    return " ".join(each[:5]) + (f" And {len(each) - 5} more." if len(each) > 5 else "")
