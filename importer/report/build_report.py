"""What was checked and what became of it → a ``Report``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from importer.model.fields import BILLS, FIELDS, LINE_ITEMS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.journal_states import IN_LIGHT, BillOutcome, State, Status, Step
from importer.model.read_back import ReadBack
from importer.model.report_model import CurrencyTotal, Report, RunSummary
from importer.model.tables import Role
from importer.report.line_amounts import LineAmounts
from importer.report.outcomes import STATUSES, BillOutcomes, LineOutcomes, outcome_words
from importer.report.phrases import NO_CURRENCY
from importer.report.tie_out import differs, in_light_now
from importer.validation.finding_batch import Findings
from importer.validation.validate import Checked

_NOTHING: Mapping[int, Any] = MappingProxyType({})


def build_report(
    checked: Checked,
    outcomes: Mapping[int, BillOutcome],
    summary: RunSummary,
    read_backs: Mapping[int, ReadBack] = _NOTHING,
    steps: Mapping[int, tuple[Step, ...]] = _NOTHING,
) -> Report:
    """The report of a run. ``summary`` brings what only the caller knows; the figures are filled.

    ``outcomes``, by bill index, has the bills that the journal knows; the others are valid or
    invalid. What was read back from Light and done after creation comes by bill index too.
    """
    findings = Findings([*checked.findings.parts, *_answers(checked, outcomes)])
    amounts = LineAmounts.of(checked)
    bills = BillOutcomes(checked, outcomes, amounts, read_backs, steps)
    line_items = LineOutcomes(checked, bills, outcomes, amounts)
    summary = replace(
        summary,
        bills=_counts(bills.codes),
        line_items=_counts(line_items.codes),
        rows=_rows(checked),
        totals=_totals(checked, bills),
        read_back=Counter(back.seen.value for back in read_backs.values()),
    )
    return Report(
        summary, checked.mapped.tables, bills, line_items, findings, unresolved=checked.unresolved
    )


def _counts(codes: np.ndarray) -> dict[str, int]:
    counted = zip(STATUSES, np.bincount(codes, minlength=len(STATUSES)).tolist(), strict=True)
    return {"total": len(codes)} | {s.value: n for s, n in counted if n}


def _rows(checked: Checked) -> dict[str, int]:
    tables = checked.mapped.tables
    roles = {role: sum(list(table.roles).count(role) for table in tables) for role in Role}
    headers = sum(table.header_rows for table in tables)
    above = sum(table.header + 1 - table.header_rows for table in tables)
    out = {
        "read": sum(len(table.source.rows) for table in tables),
        "header": headers,
        "above_header": above,
    }
    out |= {role.value: roles[role] for role in Role if roles[role] or role is Role.DATA}
    return out | {"blank": sum(table.source.blank_rows for table in tables)}


def _totals(checked: Checked, bills: BillOutcomes) -> tuple[CurrencyTotal, ...]:
    """The tie-out by currency, in the order of the file; what is in Light by Light's amounts, as
    they were read last."""
    in_light: Counter[str] = Counter()
    by_status: dict[str, Counter[str]] = {}
    unreadable: Counter[str] = Counter()
    count: Counter[str] = Counter()
    differing: Counter[str] = Counter()
    currency = checked.bills["currency"]
    names = np.where(currency.ok, currency.values, NO_CURRENCY)
    cents, known = checked.amounts.cents, checked.amounts.known
    for name in dict.fromkeys(names.tolist()):
        own = names == name
        count[name] = int(own.sum())
        unreadable[name] = int((own & ~known).sum())
        by_status[name] = Counter()
        for code, status in enumerate(STATUSES):
            of_status = own & known & (bills.codes == code)
            if of_status.any():
                by_status[name][status.value] = sum(cents[of_status].tolist())
    there = [code for code, status in enumerate(STATUSES) if status in IN_LIGHT]
    differing.update(count)  # what is not in Light differs
    for i in np.flatnonzero(np.isin(bills.codes, there)).tolist():
        bill = bills[i]
        in_light[names[i]] += in_light_now(bill)
        differing[names[i]] += differs(bill) - 1
    for name in checked.controls:
        by_status.setdefault(name, Counter())
    return tuple(
        CurrencyTotal(
            currency=name,
            sheet=sum(totals.values()),
            created=in_light[name],
            by_status={s.value: totals[s.value] for s in Status if s.value in totals},
            bills=count[name],
            unreadable=unreadable[name],
            control=checked.controls.get(name),
            unit=checked.mapped.template.formats.cents_per_unit.get(name, 100),
            differing=differing[name],
        )
        for name, totals in by_status.items()
    )


def _answers(checked: Checked, outcomes: Mapping[int, BillOutcome]) -> Iterator[Finding]:
    """Light's refusals on the cells they are about, what could not be settled, what differs."""
    for i, outcome in outcomes.items():
        status, entry, words = outcome.status, outcome.entry, outcome_words(outcome)
        here = checked.mapped.cell(BILLS, "invoiceNumber", i)
        value = str(checked.bills["invoiceNumber"].at(i) or "")
        if status is Status.REJECTED:
            told = False
            for error in entry.errors:
                cell, written = cell_of(checked, i, error.path)
                told = True
                reason = error.message.rstrip(". ")
                yield finding("light.refused", cell or here, written, bills=(i,), reason=reason)
            if not told:
                reason = words.rstrip(". ")
                yield finding("light.refused", here, value, bills=(i,), reason=reason)
            elif entry.light_id is not None:
                yield finding("light.partial", here, value, bills=(i,), reason=outcome.partial)
        elif status is Status.UNKNOWN and entry.light_id is not None:
            code = "light.twice" if entry.state is State.CREATED else "light.partial"
            yield finding(code, here, value, bills=(i,), reason=words.rstrip(". "))
        elif status is Status.UNKNOWN:
            reason = words or "the run ended before Light's answer came"
            yield finding("light.unknown", here, value, bills=(i,), reason=reason)
        elif status in IN_LIGHT and status is not Status.ALREADY_LOADED and outcome.message:
            difference = outcome.message
            yield finding("light.differs", here, value, bills=(i,), difference=difference)


def cell_of(checked: Checked, bill: int, path: tuple[str, ...]) -> tuple[CellRef | None, str]:
    """The cell that a path of Light's API names, as ``lineItems/0/accountId``, and its text."""
    sheet, item, name = BILLS, bill, path[0] if path else ""
    if name == "lineItems":
        lines = [int(k) for k in (checked.line_bill == bill).nonzero()[0]]
        if len(path) < 2 or not path[1].isdigit() or int(path[1]) >= len(lines):
            return None, ""
        sheet, item = LINE_ITEMS, lines[int(path[1])]
        name = path[2] if len(path) > 2 else "amount"
    items = checked.mapped.bills if sheet == BILLS else checked.mapped.lines
    by_name = name[:-2] if name.endswith("Id") else name
    for candidate in (name, by_name):
        if candidate in FIELDS[sheet] and candidate in items.columns:
            text = items.columns[candidate].text_at(item)
            if text:
                return checked.mapped.cell(sheet, candidate, item), text
    return checked.mapped.cell(sheet, name, item), ""
