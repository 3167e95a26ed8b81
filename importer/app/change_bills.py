"""The part of a load that changes bills that Light has: ``--update``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from importer.app.checked_files import CheckedFiles
from importer.app.former_workbook import former_ids
from importer.loading.bill_finding import bill_finding
from importer.loading.journal.journal import Journal
from importer.loading.journal.update_records import open_updates
from importer.loading.plan import LoadPlan
from importer.loading.update_plan import UpdatePlan
from importer.loading.update_words import counts_words
from importer.model.bills import Bill, document_noun
from importer.model.journal_states import BillOutcome, Status
from importer.report.phrases import documents

UNFINISHED = "an earlier load began to change it, and did not finish"


def column_ids(files: CheckedFiles, bills: Sequence[Bill]) -> dict[int, str]:
    """By bill index, Light's ids in the column ``lightBillId``."""
    ids = files.checked.bills["lightBillId"]
    return {b.index: str(ids.at(b.index)) for b in bills if not ids.blank[b.index]}


def carried_ids(files: CheckedFiles, bills: Sequence[Bill]) -> dict[int, str]:
    """By bill index, Light's ids that the rows of a result workbook carry, or the column
    ``lightBillId``. A row of a result that is there twice is two bills, of which the id tells
    neither."""
    by_row = former_ids(files)
    out = column_ids(files, bills)
    if not by_row or files.changes is None:
        return out
    tables = files.checked.mapped.tables
    copies = files.changes.copies
    for bill in bills:
        rows = [(bill.table, bill.row), *((line.table, line.row) for line in bill.lines)]
        ids = {
            by_row[t, row]
            for t, row in rows
            if (t, row) in by_row and (tables[t].source.sheet or "", row) not in copies
        }
        if len(ids) == 1:
            out[bill.index] = ids.pop()
    return out


def withhold_carried(plan: LoadPlan, carried: Mapping[int, str]) -> None:
    """A row that carries an id of Light is not sent as another bill; ``--update`` has taken those
    out that it changes, which are no credit notes."""
    jobs = [job for job in plan.send if job.bill.index in carried]
    for job in jobs:
        remedy = "Load with --update to change the bill"
        if job.bill.credit_note:
            remedy = "Restore the row, and change the credit note in Light"
        words = {"id": carried[job.bill.index], "noun": document_noun(job.bill), "remedy": remedy}
        plan.findings.append(bill_finding("bills.lightBillId.no_update", job.bill, **words))
    plan.withhold([job.bill.index for job in jobs])


def create_nothing(plan: LoadPlan) -> None:
    """``--update-only``: what Light does not have is left out."""
    for jobs, status, words in (
        (plan.send, Status.NOT_SENT, "Light does not have it, and --update-only creates nothing"),
        (plan.unsettled, Status.UNKNOWN, "an earlier run does not know whether Light has it"),
    ):
        for job in jobs:
            plan.settled[job.bill.index] = BillOutcome(status, job.entry, words)
        jobs.clear()


def settle_unfinished(
    bills: Sequence[Bill], plan: LoadPlan, updates: UpdatePlan, journal: Journal
) -> None:
    """A bill of which Light may have a part of the changes, and that is not changed now, is
    unknown."""
    entries = {
        outcome.entry.id: i
        for i, outcome in plan.settled.items()
        if outcome.entry.id and i not in updates.updates
    }
    why_not = {i for each in updates.findings for i in each.bills}
    by_index = {bill.index: bill for bill in bills}
    for entry, update in open_updates(journal, entries).items():
        index = entries[entry]
        outcome = plan.settled[index]
        plan.settled[index] = replace(outcome, status=Status.UNKNOWN, message=UNFINISHED)
        if index in why_not:
            continue
        plan.findings = [f for f in plan.findings if index not in f.bills]
        reason = f"{UNFINISHED} (run {update.run})"
        plan.findings.append(bill_finding("light.update_unknown", by_index[index], reason=reason))


def update_note(updates: UpdatePlan, *, dry: bool) -> str:
    """How many bills, and how many values by field; "" for none."""
    n = len(updates.updates)
    if not n:
        return ""
    verb = "would be changed" if dry else "to change"
    notes = updates.credit_notes
    return f"{documents(n - notes, notes)} {verb} in Light: {counts_words(updates.changes)}."
