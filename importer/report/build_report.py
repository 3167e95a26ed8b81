"""The report of a run, from what was checked and what the journal knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from importer.mapping.constants import constants_of
from importer.mapping.map_tables import MappedTables
from importer.model.finding import Finding
from importer.model.journal_states import (
    BillOutcome,
    Status,
    Step,
    StepKind,
    StepState,
)
from importer.model.read_back import ReadBack
from importer.model.report_model import (
    BillResult,
    CurrencyTotal,
    LineInLight,
    RowResult,
    RunSummary,
    Suggestion,
    TableRow,
    Unresolved,
)
from importer.model.tables import InputTable, Role, SourceTable
from importer.references.suggested_values import suggestions_of
from importer.report.ageing_report import ageing_words, compute_ageing
from importer.report.outcomes import STATUSES, BillOutcomes, LineOutcomes, RowOutcomes
from importer.report.phrases import NO_CURRENCY, left_out_words
from importer.report.tie_out import differs, in_light_now
from importer.validation.checked_bills import Checked
from importer.validation.finding_batch import Findings
from importer.validation.left_out import sums_of

_SUGGESTED = (
    "Light suggests accounts or tax codes for line items without one. To take them, pick them under"
    " 'To resolve', and load with --update."
)
_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Report:
    """Everything that a result shows. The table and row of an outcome refer to ``tables``."""

    summary: RunSummary
    tables: tuple[InputTable, ...]
    bills: RowOutcomes[BillResult]
    line_items: RowOutcomes[RowResult]
    findings: Findings
    links: Mapping[str, str] = field(default_factory=dict)  # Light bill id → address to open
    unresolved: Sequence[Unresolved] = ()
    choices: Mapping[str, Sequence[Suggestion]] = field(default_factory=dict)  # by field
    # By table: the column that names the bill.
    reference_columns: Mapping[int, int] = field(default_factory=dict)
    lines_in_light: Sequence[LineInLight] = ()  # where each line was read back
    vendor_sheets: Sequence[SourceTable] = ()  # of vendors to create
    seal: Callable[[str], str] | None = None  # proves later that this user wrote a text here


def build_report(
    checked: Checked,
    outcomes: Mapping[int, BillOutcome],
    summary: RunSummary,
    read_backs: Mapping[int, ReadBack] = _NOTHING,
    steps: Mapping[int, tuple[Step, ...]] = _NOTHING,
    former_ids: Mapping[TableRow, str] = _NOTHING,
) -> Report:
    """The report of a run. ``summary`` has what only the caller knows; the figures are added.

    ``outcomes``, by bill index, has the bills that the journal knows; the others are valid or
    invalid. What was read back from Light and done after creation comes by bill index too.
    ``former_ids`` are the ids that rows of a result workbook had in Light before: where this run
    has none, they stay in its report, so that the next load still knows these bills.
    """
    bills = BillOutcomes(checked, outcomes, read_backs, steps, former_ids)
    line_items = LineOutcomes(checked, bills, former_ids)
    notes = checked.credit_notes
    of_notes = line_items.codes[np.append(notes, False)[checked.line_bill]]  # a line without: -1
    in_light, answers = _light_words(checked, outcomes, read_backs)
    suggested = suggestions_of(checked, in_light)
    ageing = compute_ageing(checked, bills)
    blocked = summary.blocked
    if blocked is None:
        blocked = not checked.clean and "only-valid" not in dict(summary.options)
    summary = replace(
        summary,
        bills=_with_left_out(_counts(bills.codes[~notes]), _documents(checked, credit_notes=False)),
        credit_notes=_with_left_out(
            _counts(bills.codes[notes]), _documents(checked, credit_notes=True)
        ),
        line_items=_with_left_out(
            _counts(line_items.codes), sum(each.line_items for each in checked.left_out)
        ),
        note_line_items=_with_left_out(
            _counts(of_notes),
            sum(each.line_items for each in checked.left_out if each.credit_notes),
        ),
        left_out=checked.left_out,
        constants=constants_of(checked.mapped),
        notes=(
            *summary.notes,
            *left_out_words(checked.left_out),
            *([_SUGGESTED] if suggested else []),
            *(ageing_words(ageing) if ageing else ()),
        ),
        ageing=ageing,
        rows=_rows(checked.mapped.tables),
        unlisted=_unlisted(checked, bills),
        failed_controls=frozenset(c for c in checked.findings.codes() if c.startswith("control.")),
        totals=_totals(checked, bills, asked=summary.asked, blocked=blocked),
        read_back=Counter(back.comparison.value for back in read_backs.values()),
        steps=_steps(steps.values()),
    )
    return Report(
        summary,
        checked.mapped.tables,
        bills,
        line_items,
        Findings([*checked.findings.parts, *answers]),
        unresolved=[*checked.unresolved, *suggested],
        choices=checked.choices,
        reference_columns=_reference_columns(checked.mapped),
        lines_in_light=in_light,
    )


def _light_words(
    checked: Checked, outcomes: Mapping[int, BillOutcome], read_backs: Mapping[int, ReadBack]
) -> tuple[Sequence[LineInLight], Iterable[Finding]]:
    """What Light made of each line item, and what it said; neither is known by a check alone."""
    if not outcomes and not read_backs:
        return (), ()
    from importer.report.light_findings import answer_findings, lines_read_back

    return lines_read_back(checked, read_backs), answer_findings(checked, outcomes)


def _unlisted(checked: Checked, bills: BillOutcomes) -> int:
    """How many valid bills name what the saved lists of Light do not have."""
    codes = [c for c in checked.findings.codes() if c.endswith(".not_in_cache")]
    of_bills, of_lines = checked.findings.items_of(*codes)
    about = np.union1d(of_bills, checked.line_bill[of_lines])
    return int(np.count_nonzero(bills.codes[about[about >= 0]] == STATUSES.index(Status.VALID)))


def _reference_columns(mapped: MappedTables) -> dict[int, int]:
    """Of each table the column that says which bill a row is of: its reference, else its number."""
    return {
        table: column
        for name in ("invoiceNumber", "billRef")  # the latter wins
        for items in (mapped.bills, mapped.lines)
        if name in items.columns
        for table, (column, _) in items.columns[name].source.items()
    }


_PARTICIPLES = {
    StepKind.REFERENCES: "referenced",
    StepKind.DOCUMENT: "uploaded",
    StepKind.SUBMIT: "submitted",
    StepKind.APPROVE: "approved",
    StepKind.POST: "posted",
    StepKind.PAY: "paid",
    StepKind.CLEAR: "cleared",
    StepKind.CANCEL: "cancelled",
}


def _steps(steps: Iterable[tuple[Step, ...]]) -> dict[str, int]:
    """How many bills each step was done to; without those that were never wanted."""
    each = [step for of_bill in steps for step in of_bill]
    done = Counter(step.kind for step in each if step.state is StepState.DONE)
    wanted = {step.kind for step in each}
    return {word: done[kind] for kind, word in _PARTICIPLES.items() if kind in wanted}


def _counts(codes: np.ndarray) -> dict[str, int]:
    counted = zip(STATUSES, np.bincount(codes, minlength=len(STATUSES)).tolist(), strict=True)
    return {"total": len(codes)} | {s.value: n for s, n in counted if n}


def _documents(checked: Checked, *, credit_notes: bool) -> int:
    """How many documents are left out."""
    kind = (each for each in checked.left_out if each.credit_notes is credit_notes)
    return sum(len(each.rows) for each in kind)


def _with_left_out(counts: dict[str, int], count: int) -> dict[str, int]:
    """The counts with those that their type or state leaves out: rows in = the sum of statuses."""
    if not count:
        return counts
    return counts | {"total": counts["total"] + count, Status.PASSED_OVER.value: count}


def _rows(tables: Sequence[InputTable]) -> dict[str, int]:
    """The number of rows of each kind."""
    roles: Counter[Role] = Counter()
    for table in tables:
        roles.update(table.roles)
    return {
        "read": sum(len(table.source.rows) for table in tables),
        "header": sum(table.header_rows for table in tables),
        "above_header": sum(table.header + 1 - table.header_rows for table in tables),
        **{role.value: roles[role] for role in Role if roles[role] or role is Role.DATA},
        "blank": sum(table.source.blank_rows for table in tables),
    }


def _totals(
    checked: Checked, bills: BillOutcomes, *, asked: bool, blocked: bool
) -> tuple[CurrencyTotal, ...]:
    """The tie-out by currency, in the order of the file; what is in Light by Light's amounts, as
    they were read last."""
    currency = checked.bills["currency"]
    names = np.where(currency.ok, currency.values, NO_CURRENCY)
    cents, has_amount = checked.amounts.cents, checked.amounts.valid
    units = checked.mapped.template.formats.cents_per_unit
    created, notes_created, agreeing, altered, loaded, unstated = (Counter[str]() for _ in range(6))
    for i in np.flatnonzero(bills.in_light).tolist():
        bill = bills[i]
        created[names[i]] += in_light_now(bill)
        notes_created[names[i]] -= in_light_now(bill) * bill.result.credit_note
        agreeing[names[i]] += not differs(bill)
        altered[names[i]] += differs(bill)
        loaded[names[i]] += 1
        unstated[names[i]] += bill.in_light is None
    twice: Counter[str] = Counter()
    twice_cents: Counter[str] = Counter()
    for i, outcome in bills.outcomes.items():
        if outcome.entry.is_twice and outcome.status is Status.UNKNOWN:
            twice[names[i]] += 1
            twice_cents[names[i]] += checked.amounts.at(i) or 0
    totals = []
    others = [name for each in checked.left_out for name, _, _ in each.totals]
    for name in dict.fromkeys([*names.tolist(), *checked.controls, *others]):
        of_currency, notes = names == name, checked.credit_notes
        of_kinds: list[dict[str, int]] = []
        for of_kind, sign in ((of_currency & ~notes, 1), (of_currency & notes, -1)):
            of_kinds.append({})
            for code, status in enumerate(STATUSES):
                of_status = of_kind & has_amount & (bills.codes == code)
                if of_status.any():
                    of_kinds[-1][status.value] = sign * sum(cents[of_status].tolist())
        by_status, credit_notes = of_kinds
        sheet = sum(by_status.values()) - sum(credit_notes.values())
        for of_kind_by_status, credit in ((by_status, False), (credit_notes, True)):
            if passed := sums_of(checked.left_out, name, credit_notes=credit):
                of_kind_by_status[Status.PASSED_OVER.value] = passed
        count = int(of_currency.sum())
        note_count = int((of_currency & notes).sum())
        total = CurrencyTotal(
            currency=name,
            sheet=sheet,
            created=created[name],
            by_status=by_status,
            bills=count - note_count,
            unreadable=int((of_currency & ~has_amount).sum()),
            control=checked.controls.get(name),
            unit=units.get(name, 100),
            differing=count - agreeing[name],  # what is not in Light differs
            altered=altered[name],
            twice=twice[name],
            twice_cents=twice_cents[name],
            asked=asked,
            loaded=loaded[name],
            unstated=unstated[name],
            credit_notes=credit_notes,
            notes=note_count,
            notes_created=notes_created[name],
            blocked=blocked,
        )
        totals.append(total)
    return tuple(totals)
