from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from importer.model.finding import CellRef, Finding, Severity
from importer.model.report_model import CurrencyTotal, EarlierCheck, LeftOut, RunSummary
from importer.report.json_summary import json_text, summary_json

SUMMARY = RunSummary(
    command="load",
    run="r1",
    company="Northwind",
    base_url="https://api.example.com",
    template="light",
    sources=("bills.csv",),
    started_at=datetime(2025, 3, 31, tzinfo=UTC),
    bills={"created": 1, "invalid": 1, "total": 2},
    line_items={"total": 0},
    rows={"read": 2, "data": 2},
    totals=(
        CurrencyTotal(
            "GBP",
            300,
            100,
            {"created": 100, "invalid": 200},
            2,
            control=300,
            credit_notes={"passed_over": 50},
        ),
    ),
    credit_notes={"total": 1, "passed_over": 1},
    constants=(("currency", "GBP"), ("lineItemsIncludeTax", "TRUE"), ("dates", "DD/MM/YYYY")),
    left_out=(
        LeftOut(True, "Type is 'Credit'", CellRef("bills.csv"), (3,), 2, (("GBP", 50, 100),)),
    ),
    requests=4,
    seconds=1.23456,
    result="r.xlsx",
    exit_code=1,
    next_step="do this",
    by="ben",
    checked_by=EarlierCheck("anna", "2025-03-30T09:15:07+00:00"),
)
CELL = CellRef("bills.csv", None, 3, "amount", 0, 1)
FOUND = Finding("bills.amount.x", Severity.ERROR, CELL, "1.5", "Wrong", "Write 150")


def test_summary_has_the_published_shape() -> None:
    answer = summary_json(SUMMARY, [FOUND])
    assert answer == {
        "version": 2,
        "command": "load",
        "run": "r1",
        "company": "Northwind",
        "template": "light",
        "constants": {"currency": "GBP", "lineItemsIncludeTax": True, "dates": ["DD/MM/YYYY"]},
        "sources": ["bills.csv"],
        "started": "2025-03-31T00:00:00Z",
        "who": "ben",
        "checked_by": {"who": "anna", "at": "2025-03-30T09:15:07Z"},
        "rows": {"read": 2, "data": 2},
        "bills": {"total": 2, "invalid": 1, "created": 1},
        "credit_notes": {"total": 1, "passed_over": 1},
        "line_items": {"total": 0},
        "steps": {},
        "created_vendors": [],
        "totals": [
            {
                "currency": "GBP",
                "asked": True,
                "sheet": 300,
                "created": 100,
                "difference": 200,
                "bills": {"sheet": 300, "created": 100, "difference": 200},
                "credit_notes": {"sheet": 0, "created": 0, "difference": 0},
                "by_status": {"invalid": 200, "created": 100},
                "passed_over": {"bills": 0, "credit_notes": 50},
                "control": 300,
                "unreadable": 0,
            }
        ],
        "passed_over": [
            {
                "type": "credit note",
                "reason": "Type is 'Credit'",
                "file": "bills.csv",
                "sheet": None,
                "rows": [3],
                "line_items": 2,
                "totals": [{"currency": "GBP", "amount": 50}],
                "unreadable": 0,
            }
        ],
        "findings": [
            {
                "code": "bills.amount.x",
                "severity": "error",
                "file": "bills.csv",
                "sheet": None,
                "row": 3,
                "column": "amount",
                "value": "1.5",
                "message": "Wrong",
                "hint": "Write 150",
            }
        ],
        "error": None,
        "requests": 4,
        "seconds": 1.235,
        "result": "r.xlsx",
        "next": "do this",
        "exit_code": 1,
    }
    assert list(answer["bills"]) == ["total", "invalid", "created"]  # type: ignore[call-overload]
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("count", [0, 1, 1000, 1001])
def test_streamed_findings_equal_those_written_at_once(count: int) -> None:
    odd = replace(FOUND, value='"findings": [],\n  "findings": [', message="é\ud800 \\ %s {}")
    findings = [FOUND, odd] * (count // 2) + [odd] * (count % 2)
    at_once = json.dumps(summary_json(SUMMARY, findings), ensure_ascii=False, indent=2)
    assert "".join(json_text(summary_json(SUMMARY, ()), findings)) == at_once
