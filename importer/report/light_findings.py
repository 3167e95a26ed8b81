"""What Light answered, and what was found in it later, as findings on the cells concerned."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from importer.core.answers import FORBIDDEN
from importer.core.cell_parsers import parse_uuid
from importer.core.counted_nouns import count
from importer.loading.bill_diff import LINE, field_words, quoted
from importer.loading.bill_state import DOING, IN_REVIEW, UNCLEARED, errors_of
from importer.model.bill_updates import OPEN_UPDATES, Update, UpdateState
from importer.model.bills import BILL, document_type
from importer.model.fields import BILLS, FIELDS, LINE_ITEMS, PATCHED_BILL_FIELDS, PROPERTY
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.journal_states import (
    IN_LIGHT,
    BillOutcome,
    Discovery,
    State,
    Status,
    Step,
    StepKind,
    StepState,
)
from importer.model.ledger import LedgerProblem
from importer.model.read_back import Comparison, Difference, ReadBack
from importer.model.report_model import LineInLight
from importer.report.outcomes import NO_ANSWER, outcome_words
from importer.report.phrases import day_and_time, listed, some_documents
from importer.validation.checked_bills import Checked

# The field that a step is shown at; else the status.
_FIELD = {StepKind.DOCUMENT: "document", StepKind.CLEAR: "creditsBill"}
_Cell = tuple[CellRef, str]  # and what is written in it


def answer_findings(checked: Checked, outcomes: Mapping[int, BillOutcome]) -> Iterator[Finding]:
    """Light's refusals on the cells they are about, what could not be settled, what differs."""
    for i, outcome in outcomes.items():
        status, entry, words = outcome.status, outcome.entry, outcome_words(outcome)
        cell = checked.mapped.cell(BILLS, "invoiceNumber", i)
        value = str(checked.bills["invoiceNumber"].at(i) or "")
        reason = words.rstrip(". ")
        noun = document_type(credit_note=bool(checked.credit_notes[i]))
        if outcome.how is Discovery.UPDATE:
            continue  # see update_findings
        if status is Status.REJECTED:
            for error in entry.errors:
                named, written = cell_of(checked, i, error.path)
                text = error.message.rstrip(". ")
                code = "light.forbidden" if error.type == FORBIDDEN else "light.refused"
                yield finding(code, named or cell, written, bills=(i,), reason=text, noun=noun)
            if not entry.errors:
                yield finding("light.refused", cell, value, bills=(i,), reason=reason, noun=noun)
            elif entry.light_id is not None:
                yield finding("light.partial", cell, value, bills=(i,), reason=outcome.partial)
        elif status is Status.NOT_SENT and outcome.how is Discovery.OTHER_BILL:
            yield finding("light.number_in_use", cell, value, bills=(i,), reason=reason)
        elif status is Status.UNKNOWN and (entry.light_id is not None or entry.twins):
            code = "light.partial" if outcome.partial else "light.altered"
            if entry.twins or entry.state is State.CREATED or entry.has_lines_in_doubt:
                code = "light.twice"
            yield finding(code, cell, value, bills=(i,), reason=reason)
        elif status is Status.UNKNOWN:
            reason = words or NO_ANSWER
            yield finding("light.unknown", cell, value, bills=(i,), reason=reason, noun=noun)
        elif status in IN_LIGHT and status is not Status.ALREADY_LOADED and outcome.message:
            yield finding("light.differs", cell, value, bills=(i,), difference=outcome.message)


def step_findings(
    checked: Checked, steps: Mapping[int, tuple[Step, ...]], read_backs: Mapping[int, ReadBack]
) -> Iterator[Finding]:
    """The steps after creation that were refused or are not known to be done, and what others have
    to approve, unless it was read back as approved; all by bill index."""
    for bill, of_bill in steps.items():
        for step in of_bill:
            if step.kind is not StepKind.CANCEL:
                yield from _step_finding(checked, bill, step)
            state = read_backs[bill].light_state if bill in read_backs else IN_REVIEW
            if state == IN_REVIEW and (names := _waiting(step)) and step.settled:
                cell, value = _step_cell(checked, bill, step)
                moment = day_and_time(step.settled)
                who = listed(names)
                yield finding(
                    "light.awaits_approval",
                    cell,
                    value,
                    bills=(bill,),
                    approvers=who,
                    moment=moment,
                )


def _step_cell(checked: Checked, bill: int, step: Step) -> _Cell:
    columns = checked.mapped.bills.columns
    name = _FIELD.get(step.kind, "status")
    if step.kind is StepKind.REFERENCES:
        given = (f.name for f in PATCHED_BILL_FIELDS if f.name in columns)
        name = next((each for each in given if columns[each].text_at(bill)), name)
    if name not in checked.mapped.bills.columns:
        name = "invoiceNumber"
    column = checked.mapped.bills.columns.get(name)
    cell = checked.mapped.cell(BILLS, name, bill)
    return cell, "" if column is None else str(column.text.iloc[bill])


def _step_finding(checked: Checked, bill: int, step: Step) -> Iterator[Finding]:
    cell, value = _step_cell(checked, bill, step)
    words: dict[str, Any] = {"done": DOING[step.kind][2], "bills": (bill,)}
    words["noun"] = document_type(credit_note=bool(checked.credit_notes[bill]))
    if step.state is StepState.REFUSED:
        errors = errors_of(step)
        for error in errors:
            named, written = cell_of(checked, bill, error.path)
            if named is None or named.column is None:
                named, written = cell, value
            reason = error.message.rstrip(". ")
            code = "light.step_forbidden" if error.type == FORBIDDEN else "light.step_refused"
            yield finding(code, named, written, reason=reason, **words)
        if not errors:
            waits = step.kind is StepKind.PAY and UNCLEARED in step.message
            code = "light.payment_waits" if waits else "light.step_refused"
            yield finding(code, cell, value, reason=step.message, **words)
    elif step.state in (StepState.SENDING, StepState.UNKNOWN):
        reason = step.message.rstrip(". ") or NO_ANSWER
        yield finding("light.step_unknown", cell, value, reason=reason, **words)
    elif step.kind is StepKind.CLEAR and step.message:
        yield finding("light.cleared_in_part", cell, value, part=step.message, bills=(bill,))


def update_findings(checked: Checked, updates: Mapping[int, Update]) -> Iterator[Finding]:
    """The changes, by bill index, that were refused, not sent or not undone, or are in doubt."""
    for i, update in sorted(updates.items()):
        cell, written = _bill_cell(checked, i)
        reason = update.message.rstrip(". ")
        if update.state in OPEN_UPDATES:
            reason = reason or NO_ANSWER
            yield finding("light.update_unknown", cell, written, bills=(i,), reason=reason)
        elif update.state is UpdateState.DONE and update.restoring:
            yield finding("light.not_restored", cell, written, bills=(i,), reason=reason)
        elif update.state is UpdateState.PLANNED:
            reason = reason or "the load ended before the change was sent"
            yield finding("light.not_updated", cell, written, bills=(i,), reason=reason)
        elif update.state is UpdateState.REFUSED:
            for error in update.errors:
                at, text = cell_of(checked, i, error.path) if error.path else (None, "")
                code = "forbidden" if error.type == FORBIDDEN else "refused"
                why = error.message.rstrip(". ")
                code = f"light.update_{code}"
                yield finding(code, at or cell, text if at else written, bills=(i,), reason=why)
            if not update.errors:
                yield finding("light.not_updated", cell, written, bills=(i,), reason=reason)


def read_back_findings(checked: Checked, read_backs: Mapping[int, ReadBack]) -> Iterator[Finding]:
    """Every bill that is missing, every field that Light shows otherwise."""
    for i, back in sorted(read_backs.items()):
        if back.comparison is Comparison.MISSING:
            cell, written = _bill_cell(checked, i)
            yield finding("light.missing", cell, written, bills=(i,), reason=back.message)
        for difference in back.differences:
            yield _changed(checked, i, difference)


def ledger_findings(
    checked: Checked, problems: Mapping[int, tuple[LedgerProblem, ...]]
) -> Iterator[Finding]:
    """What is wrong with documents in the ledger, by bill index."""
    for i, of_bill in sorted(problems.items()):
        cell, written = _bill_cell(checked, i)
        for problem in of_bill:
            words: dict[str, Any] = {**problem.words, "bills": (i,)}
            yield finding(problem.code, cell, written, **words)


def lines_read_back(
    checked: Checked, read_backs: Mapping[int, ReadBack]
) -> tuple[LineInLight, ...]:
    """What Light made of each line item that was read by itself, in the order of the bills."""
    out = []
    order = np.argsort(checked.line_bill, kind="stable")
    bill_of_line = checked.line_bill[order]
    for i, back in sorted(read_backs.items()):
        cell, number = _bill_cell(checked, i)
        note = bool(checked.credit_notes[i])
        first, end = np.searchsorted(bill_of_line, (i, i + 1)).tolist()
        for read in back.line_items:
            at = None
            if read.line is not None and first + read.line < end:
                at = int(order[first + read.line])
            of_line = cell if at is None else checked.mapped.cell(LINE_ITEMS, "description", at)
            row = None if at is None else of_line.row
            place = CellRef(of_line.file, of_line.sheet, row, None, of_line.table)
            out.append(LineInLight(place, number, note, read, at))
    return tuple(out)


def _changed(checked: Checked, bill: int, difference: Difference) -> Finding:
    cell, written = _difference_cell(checked, bill, difference)
    sheet, light = quoted(difference)
    if written and difference.field.endswith("Id") and parse_uuid(written)[0] is None:
        sheet = f"'{written}' ({difference.sheet})"
    elif written and difference.field.startswith(PROPERTY):
        sheet = f"'{written}'"  # not the id of the value
    return finding(
        "light.changed",
        cell,
        written,
        bills=(bill,),
        lines=() if difference.line is None else _line(checked, bill, difference.line),
        name=field_words(difference),
        light=light,
        sheet=sheet,
    )


def cancel_findings(
    checked: Checked, cancellations: Mapping[int, tuple[StepState, str]]
) -> Iterable[Finding]:
    """What was not cancelled by an undo, by bill index, and why."""
    for i, (state, reason) in sorted(cancellations.items()):
        cell, written = _bill_cell(checked, i)
        if state is StepState.REFUSED:
            why = reason.rstrip(". ") or "Light refused"
            yield finding("light.not_cancelled", cell, written, bills=(i,), reason=why)
        elif state in (StepState.UNKNOWN, StepState.SENDING):
            why = reason.rstrip(". ") or "the undo ended before Light's answer came"
            yield finding("light.cancel_unknown", cell, written, bills=(i,), reason=why)


# --- which cell it is -------------------------------------------------------------------------


def cell_of(checked: Checked, bill: int, path: tuple[str, ...]) -> tuple[CellRef | None, str]:
    """The cell that a path of Light's API names, as ``lineItems/0/accountId``, and its text."""
    sheet, item, name = BILLS, bill, path[0] if path else ""
    if name == "lineItems":
        line = _line(checked, bill, int(path[1])) if len(path) > 1 and path[1].isdigit() else ()
        if not line:
            return None, ""
        sheet, item = LINE_ITEMS, line[0]
        name = path[2] if len(path) > 2 else "amount"
    items = checked.mapped.items(sheet)
    for candidate in (name, name.removesuffix("Id")):
        if candidate in FIELDS[sheet] and candidate in items.columns:
            text = items.columns[candidate].text_at(item)
            if text:
                return checked.mapped.cell(sheet, candidate, item), text
    return checked.mapped.cell(sheet, name, item), ""


def _line(checked: Checked, bill: int, k: int) -> tuple[int, ...]:
    """The index of a bill's ``k``-th line item; empty where it has none."""
    lines = (checked.line_bill == bill).nonzero()[0]
    return (int(lines[k]),) if k < len(lines) else ()


def _bill_cell(checked: Checked, bill: int) -> _Cell:
    number = checked.bills["invoiceNumber"].values[bill]
    return checked.mapped.cell(BILLS, "invoiceNumber", bill), str(number or "")


def _difference_cell(checked: Checked, bill: int, difference: Difference) -> _Cell:
    name = difference.field
    if difference.line is None and name == LINE:
        return _bill_cell(checked, bill)
    sheet, item = BILLS, bill
    path: tuple[str, ...] = (name,)
    if difference.line is not None:
        line = _line(checked, bill, difference.line)
        if not line:
            return _bill_cell(checked, bill)
        sheet, item = LINE_ITEMS, line[0]
        path = ("lineItems", str(difference.line), "amount" if name == LINE else name)
    if name.startswith(PROPERTY):
        return _property_cell(checked, sheet, item, difference)
    cell, written = cell_of(checked, bill, path)
    return (cell, written) if cell is not None else _bill_cell(checked, bill)


def _property_cell(checked: Checked, sheet: str, item: int, difference: Difference) -> _Cell:
    columns = checked.mapped.items(sheet).columns
    texts = {
        name: str(column.text.iloc[item])
        for name, column in columns.items()
        if name.startswith(PROPERTY)
    }
    wanted = _letters(difference.field)
    # The header may have the label, which is not what Light calls it in a bill.
    named = [name for name in texts if _letters(name) == wanted]
    of_equal_text = [name for name, text in texts.items() if text == difference.sheet]
    for name in [*named, *of_equal_text][:1]:
        return checked.mapped.cell(sheet, name, item), texts[name]
    return checked.mapped.cell(sheet, difference.field, item), ""


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.removeprefix(PROPERTY)).lower()


# --- the steps of a run as a whole ------------------------------------------------------------


def step_words(steps: Mapping[int, tuple[Step, ...]], credit_notes: np.ndarray) -> str:
    """What was done after creation: "3 of 4 bills posted, 1 of 1 document uploaded"; which bills
    are ``credit_notes`` comes by index."""
    each = [(bill, step) for bill, of_bill in steps.items() for step in of_bill]
    planned = Counter(step.kind for _, step in each)
    done = Counter(step.kind for _, step in each if step.state is StepState.DONE)
    notes = Counter(step.kind for bill, step in each if credit_notes[bill])

    def what(kind: StepKind) -> str:
        noun = DOING[kind][1]
        if noun == BILL:
            return some_documents(planned[kind], planned[kind], notes[kind])
        return count(planned[kind], noun)

    return ", ".join(
        f"{done[kind]:,} of {what(kind)} {DOING[kind][2]}"
        for kind in StepKind
        if planned[kind] and kind is not StepKind.CANCEL
    )


def waiting_words(steps: Mapping[int, tuple[Step, ...]]) -> str:
    """Who still has to approve how many bills: "Ada Lovelace (2 bills)"; "" where nobody."""
    names = Counter(
        name for of_bill in steps.values() for step in of_bill for name in _waiting(step)
    )
    return ", ".join(f"{name} ({count(n, 'bill')})" for name, n in sorted(names.items()))


def _waiting(step: Step) -> list[str]:
    """The names of those who have to approve a bill too."""
    return step.detail_value("waiting") or [] if step.kind is StepKind.APPROVE else []


def unfinished(steps: Mapping[int, tuple[Step, ...]]) -> bool:
    """Whether a step was never taken though none of its bill's was refused, or was cut short."""
    for of_bill in steps.values():
        states = {step.state for step in of_bill}
        if StepState.SENDING in states:
            return True
        if StepState.PLANNED in states and not states & {StepState.REFUSED, StepState.UNKNOWN}:
            return True
    return False
