"""What is told of the steps after creation: a finding for each that was refused or is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from importer.loading.bill_state import DOING, errors_of
from importer.model.fields import BILLS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.journal_states import Step, StepKind, StepState
from importer.report.build_report import cell_of
from importer.report.phrases import count
from importer.validation.validate import Checked

_FIELD = {StepKind.DOCUMENT: "document"}  # where it is shown; else the status
UNKNOWN = "light.step_unknown"


def step_findings(checked: Checked, steps: Mapping[int, tuple[Step, ...]]) -> Iterator[Finding]:
    """Light's objections on the cells that they name. ``steps`` are by bill index."""
    for bill, of_bill in steps.items():
        for step in of_bill:
            if step.kind is not StepKind.CANCEL:
                yield from _of_step(checked, bill, step)


def _of_step(checked: Checked, bill: int, step: Step) -> Iterator[Finding]:
    field = _FIELD.get(step.kind, "status")
    column = checked.mapped.bills.columns.get(field)
    if column is None:
        field, column = "invoiceNumber", checked.mapped.bills.columns.get("invoiceNumber")
    here = checked.mapped.cell(BILLS, field, bill)
    value = "" if column is None else str(column.text.iloc[bill])
    done = DOING[step.kind][2]
    if step.state is StepState.REFUSED:
        errors = errors_of(step)
        for error in errors:
            cell, written = cell_of(checked, bill, error.path)
            if cell is not None and cell.column is None:
                cell = None
            reason = error.message.rstrip(". ")
            yield finding("light.step_refused", cell or here, written if cell else value,
                          bills=(bill,), done=done, reason=reason)  # fmt: skip
        if not errors:
            yield finding("light.step_refused", here, value, bills=(bill,), done=done,
                          reason=step.message)  # fmt: skip
    elif step.state in (StepState.SENDING, StepState.UNKNOWN):
        reason = step.message.rstrip(". ") or "the run ended before Light's answer came"
        yield finding(UNKNOWN, here, value, bills=(bill,), done=done, reason=reason)


def step_words(steps: Mapping[int, tuple[Step, ...]]) -> str:
    """What was done after creation, of how many: "3 of 4 bills posted, 1 of 1 bill marked …"."""
    wanted: Counter[StepKind] = Counter()
    done: Counter[StepKind] = Counter()
    for of_bill in steps.values():
        for step in of_bill:
            wanted[step.kind] += 1
            done[step.kind] += step.state is StepState.DONE
    return ", ".join(
        f"{done[kind]:,} of {count(wanted[kind], 'bill')} {DOING[kind][2]}"
        for kind in StepKind
        if wanted[kind] and kind is not StepKind.CANCEL
    )


def unfinished(steps: Mapping[int, tuple[Step, ...]]) -> bool:
    """Whether a step was never taken though none of its bill's was refused, or was cut short."""
    for of_bill in steps.values():
        states = {step.state for step in of_bill}
        if StepState.SENDING in states:
            return True
        if StepState.PLANNED in states and not states & {StepState.REFUSED, StepState.UNKNOWN}:
            return True
    return False
