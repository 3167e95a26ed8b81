"""Which bills of a load need which steps, and which are left as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from importer.loading.bill_finding import bill_finding
from importer.loading.bill_state import (
    DOING,
    UNCLEARED,
    StepForecast,
    StepTask,
    missing_steps,
    of_this_bill,
    step_detail,
    wanted_steps,
)
from importer.loading.engine import Engine
from importer.loading.journal.journal import Journal
from importer.loading.operations.approve_bill import (
    ApproveBill,
    ApproverNames,
    approval_note,
)
from importer.loading.operations.bill_step import BillStep, JournaledStep
from importer.loading.operations.clear_note import ClearNote
from importer.loading.operations.pay_bill import PayBill
from importer.loading.operations.post_bill import PostBill
from importer.loading.operations.set_references import SetReferences
from importer.loading.operations.submit_bill import SubmitBill
from importer.loading.operations.upload_document import UploadDocument, has_changed
from importer.loading.plan import LoadPlan
from importer.model.bills import Bill, Document
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.journal_states import (
    BillOutcome,
    Discovery,
    JournalEntry,
    State,
    Status,
    Step,
    StepKind,
    StepState,
)

_STEPPED = (Status.CREATED, Status.UPDATED, Status.ALREADY_LOADED)
_DIFFERING = frozenset(
    "bills.content.changed bills.content.note_changed bills.update.twice light.not_updated"
    " light.changed_since".split()
)
Documents = Mapping[int, Document]  # by bill index
Outcomes = Mapping[int, BillOutcome]  # by bill index


def forecast_steps(
    bills: Iterable[Bill], plan: LoadPlan, journal: Journal, credited: Collection[int]
) -> StepForecast:
    """What a load will do after it has created the bills of its plan.

    ``credited`` bills, by index, are not paid: a credit note clears a part of them, or is to.
    """
    forecast = StepForecast()
    held = untouchable_bills(plan)
    planned = (bill for bill in bills if bill.index in plan.entries)
    wanted = [bill for bill in planned if wanted_steps(bill) and bill.index not in held]
    steps = _steps_in_journal(journal, (plan.entries[bill.index] for bill in wanted))
    for bill in wanted:
        kinds = missing_steps(bill, steps.get(plan.entries[bill.index].id, {}))
        unpaid = {StepKind.PAY} if bill.index in credited else set()
        forecast.add(bill, [kind for kind in kinds if kind not in unpaid])
    return forecast


def untouchable_bills(plan: LoadPlan) -> dict[int, str]:
    """Bills that are left as they are in Light, by index, and why."""
    out = others_bills(plan.settled)
    for index, outcome in plan.settled.items():
        if plan.twins.get(index, outcome.entry.twins):
            out[index] = "Light has the bill more than once, or may have"
    for f in plan.findings:
        if f.code in _DIFFERING:
            for index in f.bills:
                out[index] = "the sheet is not what was loaded"
    return out


def others_bills(outcomes: Outcomes) -> dict[int, str]:
    """Bills that somebody else brought into Light, by index, and why they are left as they are."""
    out = {}
    for index, outcome in outcomes.items():
        if outcome.status is Status.ALREADY_IN_LIGHT:
            out[index] = "Light had the bill before, and this load did not create it"
        if outcome.how is Discovery.OTHER_BILL:
            out[index] = "it was not sent"
    return out


def held_back_findings(
    bills: Iterable[Bill], why: Mapping[int, str], compared: Collection[int] = ()
) -> list[Finding]:
    """A finding for each bill that should go further and is left as it is: ``why``, by index.
    ``compared`` bills, by index, have their references by an update."""
    out = []
    for bill in bills:
        by_update = {StepKind.REFERENCES} if bill.index in compared else set()
        kinds = [kind for kind in wanted_steps(bill) if kind not in by_update]
        if bill.index in why and kinds:
            steps = ", ".join(DOING[kind][2] for kind in kinds)
            out.append(bill_finding("light.not_ours", bill, steps=steps, reason=why[bill.index]))
    return out


def step_tasks(
    bills: Sequence[Bill],
    outcomes: Outcomes,
    journal: Journal,
    plan: LoadPlan,
    documents: Documents,
    credits: Mapping[int, Mapping[int, str]],
) -> list[StepTask]:
    """What is still to be done to the bills that this journal has created in Light.

    ``credits``: by bill index, the rows of the sheet that credit it, in words by their index.
    """
    held = untouchable_bills(plan)
    ours = [
        (bill, outcomes[bill.index].entry)
        for bill in bills
        if wanted_steps(bill)
        and bill.index in outcomes
        and bill.index not in held
        and outcomes[bill.index].status in _STEPPED
    ]
    steps = _steps_in_journal(journal, (entry for _, entry in ours))
    cleared = {
        (bill.index, step.detail_value("credits"))
        for bill, entry in ours
        if (step := steps.get(entry.id, {}).get(StepKind.CLEAR)) and step.state is StepState.DONE
    }
    out = []
    for bill, entry in ours:
        steps_so_far = steps.get(entry.id, {})
        kinds = missing_steps(bill, steps_so_far)
        if outcomes[bill.index].status is not Status.CREATED:
            entry = replace(entry, light_state=None)  # of an earlier run: it is read first
        if kinds and entry.state is State.CREATED and entry.light_id is not None:
            document = documents.get(bill.index)
            credited, why_not = None, ""
            if bill.credit_note:
                credited = plan.credited.light_id(bill, outcomes)
                why_not = plan.credited.why_not(bill, outcomes)
            uncleared = {
                note: words
                for note, words in credits.get(bill.index, {}).items()
                if not cleared & {(note, entry.light_id), (note, None)}
            }
            out.append(
                StepTask(bill, entry, kinds, steps_so_far, document, credited, why_not, uncleared)
            )
    return out


# A bill is paid after what credit notes clear of it, and these clear what is posted.
_ROUNDS: Sequence[Collection[StepKind]] = (
    (
        StepKind.REFERENCES,
        StepKind.DOCUMENT,
        StepKind.SUBMIT,
        StepKind.APPROVE,
        StepKind.POST,
    ),
    (StepKind.CLEAR,),
    (StepKind.PAY,),
)


async def take_steps(engine: Engine, tasks: Sequence[StepTask]) -> None:
    """Take the steps, each bill's in order; see ``Engine.execute``."""
    for task in tasks:
        assert task.entry.light_id is not None
        for kind in task.kinds:
            blank = Step(task.entry.id, kind, StepState.PLANNED)
            blank = replace(blank, detail=step_detail(task.entry.light_id))
            task.steps.setdefault(kind, blank)
    engine.journal.save_steps([task.steps[kind] for task in tasks for kind in task.kinds])
    names = ApproverNames()
    held_back: set[int] = set()  # entries of which a step did not succeed
    cleared: set[int] = set()  # indexes of credit notes
    for kinds in _ROUNDS:
        of_round = [
            [_step(task, kind, engine, names, cleared) for kind in task.kinds if kind in kinds]
            for task in tasks
            if task.entry.id not in held_back
        ]
        steps = [some for some in of_round if some]
        for some in steps:
            for step, following in pairwise(some):
                step.following = following
        if steps and engine.stopped is None:
            await engine.execute(first for first, *_ in steps)
        held_back |= {
            step.entry.id
            for some in steps
            for step in some
            if step.step.state is not StepState.DONE
        }
        if kinds == (StepKind.CLEAR,):
            done = {some[0].entry.id for some in steps} - held_back
            cleared |= {task.bill.index for task in tasks if task.entry.id in done}


def _step(
    task: StepTask,
    kind: StepKind,
    engine: Engine,
    names: ApproverNames,
    cleared: Collection[int],
) -> JournaledStep:
    """``cleared`` are the indexes of the credit notes that are cleared in this run."""
    entry, step, bill, settings = task.entry, task.steps[kind], task.bill, engine.settings
    if kind is StepKind.APPROVE:
        note = approval_note(engine.run)
        return ApproveBill(entry, step, settings, bill, note=note, names=names)
    if kind is StepKind.DOCUMENT:
        return UploadDocument(entry, step, settings, bill, document=task.document)
    if kind is StepKind.CLEAR:
        return ClearNote(
            entry, step, settings, bill, credited=task.credited, why_not=task.why_not_credited
        )
    if kind is StepKind.PAY:  # not in full what a credit note is still to clear
        open_notes = [words for note, words in task.credits.items() if note not in cleared]
        why = "; ".join(f"{words} {UNCLEARED}" for words in open_notes)
        return PayBill(entry, step, settings, bill, why_not=why)
    return _STEPS[kind](entry, step, settings, bill)


_STEPS: Mapping[StepKind, type[BillStep]] = {
    StepKind.REFERENCES: SetReferences,
    StepKind.SUBMIT: SubmitBill,
    StepKind.POST: PostBill,
}


def _steps_in_journal(
    journal: Journal, entries: Iterable[JournalEntry]
) -> dict[int, dict[StepKind, Step]]:
    of = {entry.id: entry.light_id for entry in entries if entry.id and entry.light_id}
    return {id: of_this_bill(steps, of[id]) for id, steps in journal.steps(of).items()}


def steps_by_bill(journal: Journal, outcomes: Outcomes) -> dict[int, tuple[Step, ...]]:
    """By bill index, the steps of the bills of a run, in order."""
    all_steps = _steps_in_journal(journal, (outcome.entry for outcome in outcomes.values()))
    order = list(StepKind)
    return {
        index: tuple(sorted(of_bill.values(), key=lambda step: order.index(step.kind)))
        for index, outcome in outcomes.items()
        if (of_bill := all_steps.get(outcome.entry.id))
    }


def changed_documents(steps: Mapping[int, tuple[Step, ...]], documents: Documents) -> list[Finding]:
    """A finding for each file that is not what was uploaded before."""
    uploads = [
        (index, document, step)
        for index, document in documents.items()
        for step in steps.get(index, ())
        if step.kind is StepKind.DOCUMENT and has_changed(document, step)
    ]
    out = []
    for index, document, step in uploads:
        done = step.state is StepState.DONE
        out.append(
            finding(
                "bills.document.changed",
                CellRef("", None),
                document.written,
                bills=(index,),
                done="uploaded" if done else "begun to be uploaded",
                moment=f"{step.sent:%Y-%m-%d %H:%M} UTC" if step.sent else "an earlier day",
                consequence="Replace it in Light if it should be there; it is not uploaded again."
                if done
                else "This load uploads the current file.",
            )
        )
    return out
