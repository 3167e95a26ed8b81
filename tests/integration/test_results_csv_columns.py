"""A CSV result made a column at a time is the one made row by row, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sheets_of_bills import bill, checked, csv_file, grid, line

from importer.records import RunSummary
from importer.results.build import build_report
from importer.results.csv_rows import write_csv

TEXT = st.sampled_from(
    ["Paper", "=1+1", "-5", "+x", "'a", 'say "so"', "a,b", "é", "", "#N/A", "@x"]
)
AMOUNT = st.sampled_from(["10000", "-5", "0", "12,x", "", "9223372036854775807"])
REF = st.sampled_from(["B1", "B2", "X9", ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bills=st.lists(st.tuples(REF, TEXT, AMOUNT), min_size=1, max_size=8),
    lines=st.lists(st.tuples(REF, TEXT, AMOUNT), min_size=1, max_size=12),
)
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
    write_csv(report, by_column)
    listed = replace(report, bills=list(report.bills), line_items=list(report.line_items))
    write_csv(listed, by_row)
    assert by_column.read_bytes() == by_row.read_bytes()
