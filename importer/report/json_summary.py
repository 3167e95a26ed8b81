"""The run as JSON: what ``--json`` prints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice

from importer.model.ageing import BUCKETS, Ageing, AgeingRow, OldAgeingRow, OldAgeingTieOut
from importer.model.bills import document_type
from importer.model.finding import Finding
from importer.model.ledger import LedgerTieOut
from importer.model.report_model import (
    CurrencyTotal,
    EarlierCheck,
    LeftOut,
    LineInLight,
    RunSummary,
)
from importer.report.phrases import in_order, utc

_FINDINGS = '\n  "findings": ['
_CHUNK = 1_000  # findings


def json_text(summary: Mapping[str, object], findings: Iterable[Finding]) -> Iterator[str]:
    """The object of ``summary_json`` as text, with these findings, some of them at a time."""
    head, _, tail = json.dumps(summary, ensure_ascii=False, indent=2).partition(_FINDINGS)
    yield head + _FINDINGS
    every, between = iter(findings), "\n    "
    while some := list(islice(every, _CHUNK)):
        yield between + ",\n    ".join(map(_indented, some))
        between = ",\n    "
    yield ("\n  " if between[0] == "," else "") + tail


def _indented(finding: Finding) -> str:
    pairs = (f'"{name}": {_encoded(value)}' for name, value in _finding(finding).items())
    return "{\n      " + ",\n      ".join(pairs) + "\n    }"


_encoded = json.JSONEncoder(ensure_ascii=False).encode


def summary_json(
    summary: RunSummary, findings: Sequence[Finding], lines: Sequence[LineInLight] = ()
) -> dict[str, object]:
    """The run as plain dicts, lists and numbers, always in the same order.

    Amounts are integer cents. A finding's ``row`` is the number Excel shows and its ``column`` the
    header as written; both are None where there is no one cell. ``lines`` are line items as
    ``verify --lines`` read them.
    """
    return {
        "version": 2,
        "command": summary.command,
        "run": summary.run,
        "company": summary.company,
        "template": summary.template or None,
        "constants": {name: _constant(name, text) for name, text in summary.constants},
        "sources": list(summary.sources),
        "started": utc(summary.started_at),
        "who": summary.by or None,
        "checked_by": earlier_check(summary.checked_by),
        "rows": {str(name): n for name, n in summary.rows.items()},
        "bills": _counts(summary.bills),
        "credit_notes": _counts(summary.credit_notes),
        "line_items": _counts(summary.line_items),
        "steps": dict(summary.steps),
        "created_vendors": [{"name": name, "light_id": id} for name, id in summary.created_vendors],
        "totals": [_total(total) for total in summary.totals],
        "passed_over": [_left_out(each) for each in summary.left_out],
        **({"read_back": dict(summary.read_back)} if summary.read_back else {}),
        **({} if summary.ledger is None else {"ledger": _ledger(summary.ledger)}),
        **({} if summary.ageing is None else {"ageing": _ageing(summary.ageing)}),
        **({"line_items_in_light": [_line(each) for each in lines]} if lines else {}),
        "findings": [_finding(finding) for finding in findings],
        "error": None if summary.error is None else asdict(summary.error),
        "requests": summary.requests,
        "seconds": round(summary.seconds, 3),
        "result": summary.result,
        "next": summary.next_step,
        "exit_code": summary.exit_code,
    }


def earlier_check(check: EarlierCheck | None) -> dict[str, str] | None:
    """Who checked before somebody else loaded, and when."""
    if check is None:
        return None
    return {"who": check.who, "at": utc(datetime.fromisoformat(check.at))}


def _ledger(ledger: LedgerTieOut) -> dict[str, object]:
    return {
        "compared": not ledger.refused,
        "read_at": ledger.read_at and utc(ledger.read_at),
        "reason": ledger.refused or None,
        "agrees": ledger.agrees,
        "documents": ledger.documents,
        "lines": ledger.lines,
        "not_posted": ledger.waiting,
        "missing": ledger.missing,
        "unbalanced": ledger.unbalanced,
        "differing": len(ledger.problems),
        "other_lines": ledger.other_lines,
        "without_local": ledger.without_local,
        "accounts": [
            {
                "entity": each.entity,
                "currency": each.currency,
                "side": each.side.value,
                "code": each.code,
                "label": each.label,
                "documents": each.documents,
                "sheet": each.sheet,
                "ledger": each.ledger,
                "difference": each.difference,
                "ledger_local": dict(each.local),
            }
            for each in ledger.accounts
        ],
    }


def _ageing(ageing: Ageing) -> dict[str, object]:
    def cents(row: AgeingRow) -> dict[str, object]:
        comparable = ageing.asked and not row.unread
        return {
            "currency": row.currency,
            "documents": row.documents,
            "sheet": {bucket.value: row.sheet.get(bucket, 0) for bucket in BUCKETS},
            "light": {bucket.value: row.light.get(bucket, 0) for bucket in BUCKETS}
            if comparable
            else None,
        }

    return {
        "as_of": ageing.as_of.isoformat(),
        "asked": ageing.asked,
        "read_at": ageing.read_at and utc(ageing.read_at),
        "agrees": ageing.agrees,
        "by_issue_date": ageing.by_issue_date,
        "totals": [
            cents(row)
            | {
                "expected": {
                    bucket.value: control
                    for (currency, bucket), control in ageing.expected.items()
                    if currency == row.currency
                }
            }
            for row in ageing.totals()
        ],
        "vendors": [{"vendor": row.vendor, **cents(row)} for row in ageing.rows],
        "old_system": [_old_ageing(tie_out) for tie_out in ageing.old],
    }


def _old_ageing(tie_out: OldAgeingTieOut) -> dict[str, object]:
    def cents(row: OldAgeingRow) -> dict[str, object]:
        return {
            "currency": row.currency,
            "old": None if row.old is None else list(row.old),
            "sheet": None if row.sheet is None else list(row.sheet),
            "difference": list(row.differences),
            "light": None if row.light is None else list(row.light),
        }

    return {
        "file": tie_out.report.file,
        "sheet": tie_out.report.sheet,
        "agrees": tie_out.agrees,
        "ages": [
            {"columns": list(group.headers), "buckets": [bucket.value for bucket in group.buckets]}
            for group in tie_out.groups
        ],
        "without_days": list(tie_out.unmapped),
        "not_compared": [bucket.value for bucket in tie_out.unlisted],
        "totals": [cents(row) for row in tie_out.totals()],
        "vendors": [{"vendor": row.vendor, "row": row.row, **cents(row)} for row in tie_out.rows],
    }


def _line(line: LineInLight) -> dict[str, object]:
    read = line.read
    return {
        "file": line.cell.file,
        "sheet": line.cell.sheet,
        "row": line.cell.row,
        "document": document_type(credit_note=line.credit_note),
        "invoice_number": line.bill,
        "line": None if read.line is None else read.line + 1,
        "light_line_item_id": read.light_id,
        "type": read.type,
        "metadata": None if read.metadata is None else json.loads(read.metadata),
        "shouldAmortize": read.should_amortize,
        "amortizationScheduleId": read.amortization_schedule_id,
        "costCenterId": read.cost_center_id,
        "aiValueSuggestions": [
            {"field": field, "fieldValues": list(values), "reasoning": why}
            for field, values, why in read.suggestions
        ],
        "createdAt": read.created_at and utc(read.created_at),
        "updatedAt": read.updated_at and utc(read.updated_at),
    }


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    return {"total": counts.get("total", 0)} | {name: counts[name] for name in in_order(counts)}


def _total(total: CurrencyTotal) -> dict[str, object]:
    return {
        "currency": total.currency,
        "asked": total.asked,
        **_part(total, total.sheet, total.created),
        "bills": _part(total, total.bills_sheet, total.bills_created),
        "credit_notes": _part(total, total.notes_sheet, total.notes_created),
        "by_status": {name: total.by_status[name] for name in in_order(total.by_status)},
        "passed_over": {
            "bills": total.passed_over,
            "credit_notes": total.notes_passed_over,
        },
        "control": total.control,
        "unreadable": total.unreadable,
    }


def _part(total: CurrencyTotal, sheet: int, created: int) -> dict[str, int | None]:
    """None where nobody asked Light, and no earlier run knows."""
    return {
        "sheet": sheet,
        "created": created if total.has_light_amount else None,
        "difference": sheet - created if total.has_difference else None,
    }


def _constant(name: str, text: str) -> object:
    """A yes or no as such, dates as the list of their formats."""
    if name == "dates":
        return text.split(", ")
    return text == "TRUE" if text in ("TRUE", "FALSE") else text


def _left_out(documents: LeftOut) -> dict[str, object]:
    return {
        "type": document_type(credit_note=documents.credit_notes),
        "reason": documents.reason,
        "file": documents.cell.file,
        "sheet": documents.cell.sheet,
        "rows": list(documents.rows),
        "line_items": documents.line_items,
        "totals": [{"currency": name, "amount": cents} for name, cents, _ in documents.totals],
        "unreadable": documents.unreadable,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "file": finding.cell.file,
        "sheet": finding.cell.sheet,
        "row": finding.cell.row,
        "column": finding.cell.column,
        "value": finding.value,
        "message": finding.message,
        "hint": finding.hint,
    }
