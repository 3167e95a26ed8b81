from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from importer.core.safe_text import visible
from importer.model.finding import CellRef, Finding, Severity
from importer.model.report_model import CurrencyTotal, RunSummary
from importer.report.terminal import paragraph, summary_lines
from importer.report.text_layout import columns_of
from importer.validation.finding_batch import Findings

SUMMARY = RunSummary(
    command="load",
    run="r1",
    company="Northwind",
    base_url="https://api.example.com",
    template="light",
    sources=("bills.xlsx",),
    started_at=datetime(2025, 3, 31, tzinfo=UTC),
    bills={"total": 3, "created": 2, "invalid": 1},
    line_items={"total": 6, "created": 4, "invalid": 2},
    rows={"read": 3},
    totals=(
        CurrencyTotal("GBP", 123456, 123456, {"created": 123456}, 1),
        CurrencyTotal("EUR", 1000, 900, {"created": 900, "invalid": 100}, 2, control=1000),
    ),
    result="/tmp/bills-result.xlsx",
    exit_code=1,
    next_step="light-import load bills-result.xlsx",
)


def summary_text(
    summary: RunSummary, findings: Findings, *, width: int = 80, limit: int = 20
) -> str:
    lines = summary_lines(summary, findings, width=width, limit=limit)
    return "\n".join(line.text for line in lines)


def finding(message: str, row: int = 7, severity: Severity = Severity.ERROR) -> Finding:
    cell = CellRef("bills.xlsx", "Bills", row, "amount", 0, 2)
    return Finding("bills.amount.not_cents", severity, cell, "1.5", message, "Write 150")


def test_summary_text_of_a_complete_run() -> None:
    assert summary_text(SUMMARY, Findings([finding("Not whole cents")])).splitlines() == [
        "bills.xlsx, sheet Bills",
        "  error    row 7, column amount: Not whole cents (Write 150)",
        "",
        "                  Bills  Line items        Amount",
        "Needs correction      1           2      1.00 EUR",
        "Created in Light      2           4  1,234.56 GBP",
        "                                         9.00 EUR",
        "Total                 3           6  1,234.56 GBP",
        "                                        10.00 EUR",
        "",
        "GBP  file 1,234.56, in Light 1,234.56, difference 0.00. Ties out.",
        "EUR  file 10.00, in Light 9.00, difference 1.00. 1.00 EUR of the file is not",
        "  known to be in Light. Control total 10.00: Agrees with the bills.",
        "",
        "Template: light",
        "",
        "Workbook: /tmp/bills-result.xlsx",
        "",
        "Next: light-import load bills-result.xlsx",
        "",
        "2 of 3 bills are in Light; 1 needs correction; EUR differs by 1.00.",
    ]


def test_errors_come_before_warnings_and_the_rest_is_counted() -> None:
    warnings = [finding("later", row, Severity.WARNING) for row in range(100)]
    findings = Findings([*warnings, finding("first")])
    text = summary_text(SUMMARY, findings, limit=1)
    assert "row 7, column amount: first" in text
    assert "later" not in text
    assert "… and 100 more in the workbook" in text
    page = replace(SUMMARY, result="/tmp/bills.html")
    assert "… and 100 more in the result" in summary_text(page, findings, limit=1)
    assert "… and 101 more\n" in summary_text(replace(SUMMARY, result=None), findings, limit=0)


def _problem_lines(*findings: Finding) -> list[str]:
    lines = summary_text(SUMMARY, Findings(findings), width=200).splitlines()
    return [line.strip() for line in lines[1 : lines.index("")]]


def test_rows_of_one_cause_are_one_entry() -> None:
    alike = [finding("Not cents", row) for row in (5, 2, 3, 4)]
    assert _problem_lines(*alike) == ["error    4 rows: 2–5, column amount: Not cents (Write 150)"]
    rows = [2, 3, 5, 7, 9, 11, 13, 15]
    assert _problem_lines(*(finding("Not cents", row) for row in rows)) == [
        "error    8 rows: 2–3, 5, 7, 9, 11, 13 …, column amount: Not cents (Write 150)"
    ]


def test_few_texts_of_one_cause_are_entries_and_more_are_one() -> None:
    few = [finding(f"'{row}' is none", row) for row in (2, 3, 4)]
    assert len(_problem_lines(*few)) == 3
    assert _problem_lines(*few, finding("'5' is none", 5)) == [
        "error    4 rows: 2–5, column amount; row 2: '2' is none (Write 150)"
    ]


def test_finding_without_a_cell_names_the_file_only() -> None:
    whole = replace(finding("No header row"), cell=CellRef("bills.csv"))
    assert "bills.csv\n  error    No header row (Write 150)" in summary_text(
        SUMMARY, Findings([whole])
    )


@given(st.text(), st.text(), st.integers(0, 120))
def test_lines_fit_and_have_no_control_sequences(message: str, name: str, width: int) -> None:
    totals = (CurrencyTotal(name[:9], 2**62, 0, {"invalid": 2**62}, 1),)
    summary = replace(SUMMARY, totals=totals, next_step=message, notes=(message,), result=None)
    found = replace(finding(message), cell=CellRef(name, name, 1, name), hint=name)
    text = summary_text(summary, Findings([found]), width=width)
    for line in text.split("\n"):
        of_note = re.sub("^(Note|Next): ", "", line).strip()  # its words can be copied
        one_word = " " not in of_note and of_note in visible(message)
        assert columns_of(line) <= max(width, 40) or one_word
    assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in text)


def test_workbook_path_is_never_wrapped() -> None:
    path = "/home/" + "deep/" * 40 + "bills-result.xlsx"
    assert f"\nWorkbook: {path}\n" in summary_text(replace(SUMMARY, result=path), Findings())


def test_commands_in_the_next_step_are_not_wrapped() -> None:
    load = (
        "light-import load 'my (old) bills; again, of March.xlsx' --template mine.yaml --only-valid"
    )
    step = f"correct the coloured cells in your file, which is red there, and run {load} (or not)"
    for said in (step, step.replace(" (or not)", " again, or not"), f"pick; {load}"):
        lines = (
            summary_text(replace(SUMMARY, next_step=said), Findings())
            .partition("Next: ")[2]
            .partition("\n\n")[0]
            .split("\n")
        )
        assert " ".join(line.strip() for line in lines) == said
        assert [line for line in lines if len(line) > 80] == [f"      {load}"]


def test_path_in_a_note_is_never_wrapped() -> None:
    path = "/home/" + "deep/" * 20 + "lookups"
    text = summary_text(replace(SUMMARY, notes=(f"Saved 3 picks in {path}",)), Findings())
    assert f"\n      {path}\n" in text


def test_wide_characters_count_double() -> None:
    assert columns_of("大塚") == 4
    assert columns_of("e\u0301") == 1


def test_quotation_marks_do_not_slow_the_command_pattern() -> None:
    text = "run light-import load " + "'a b'c" * 60
    assert paragraph(text, 40) == ["run", text.removeprefix("run ")]
    assert paragraph(text + "'\nand more", 40)[0] == "run"


def test_a_long_list_of_a_note_is_whole_in_the_workbook_alone() -> None:
    names = "; ".join(f"Vendor {n} (9ae1f6de-d91a-4625-bbd7-6b9814790{n:03})" for n in range(100))
    note = f"Created in Light: 100 vendors: {names}. Undo does not remove vendors."
    text = " ".join(summary_text(replace(SUMMARY, notes=(note,)), Findings()).split())
    assert "Vendor 8 (" in text
    assert "and 89 more, which are in the sheet Summary." in text
    no_workbook = replace(SUMMARY, notes=(note,), result="bills-result.csv")
    assert "Vendor 99 (" in " ".join(summary_text(no_workbook, Findings()).split())
