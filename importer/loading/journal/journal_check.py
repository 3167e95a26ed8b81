"""Whether what a journal says is consistent, and which bills it does not know for certain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from importer.loading.journal.cancellation_records import unfinished_cancels
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import twins_words
from importer.loading.journal.journal_tables import (
    ENTRIES,
    READ_BACKS,
    RUN_BILLS,
    RUNS,
    STEPS,
    UNDONE,
)
from importer.loading.journal.settlement_records import Settlement, settlements
from importer.model.journal_states import (
    DamagedRecord,
    JournalEntry,
    State,
    Step,
    StepState,
)


@dataclass
class JournalCheck:
    """``problems`` are contradictions, ``doubts`` bills that Light may have or not, or more than
    once; ``watched`` bills were sent again, and each load looks for a second copy of them."""

    entries: int = 0
    credit_notes: int = 0  # among these
    runs: int = 0
    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)


def check_journal(journal: Journal) -> JournalCheck:
    """Reads all of it; nothing is written."""
    check = JournalCheck()
    check.problems += journal.faults()
    records = journal.runs()
    check.runs = len(records)
    check.problems += [f"run {run.id}: {run.damage}" for run in records if run.damage]
    _check_entries(journal, check)
    check.problems += _loose_rows(journal)
    check.problems += _damaged_steps(journal)
    undos = sorted({run for _, run in unfinished_cancels(journal)})
    check.doubts += [f"the undo of run {run} did not finish" for run in undos]
    check.settlements = settlements(journal)
    return check


def _check_entries(journal: Journal, check: JournalCheck) -> None:
    columns = [ENTRIES.c[name] for name in JournalEntry.__dataclass_fields__]
    owners: dict[str, str] = {}
    with journal.reading() as db:
        rows = db.execute(sa.select(*columns))
        for row in rows:
            check.entries += 1
            try:
                entry = JournalEntry.from_row(row)
            except DamagedRecord as error:
                check.problems.append(str(error))
                continue
            check.credit_notes += entry.credit_note
            check.problems += _contradictions(entry, owners)
            check.doubts += _doubts(entry)
            if entry.resent is not None:
                check.watched.append(f"{entry.name}: sent again {entry.resent:%Y-%m-%d %H:%M} UTC")


def _contradictions(entry: JournalEntry, owners: dict[str, str]) -> Iterator[str]:
    if entry.state in (State.CREATED, State.FOUND) and entry.light_id is None:
        yield f"{entry.name}: it is {entry.state} and has no id in Light"
    if entry.light_id is not None:
        other = owners.setdefault(entry.light_id.lower(), entry.name)
        if other != entry.name:
            yield f"{entry.name}: Light's bill {entry.light_id} also belongs to {other}"


def _doubts(entry: JournalEntry) -> Iterator[str]:
    if entry.twins:
        yield f"{entry.name}: {twins_words(entry)}"
    elif entry.state in (State.SENDING, State.UNKNOWN):
        reason = entry.message.rstrip(". ") or "the run ended before Light's answer came"
        yield f"{entry.name}: Light may or may not have it: {reason}"
    elif entry.state is State.PLANNED and entry.light_id is not None:
        yield f"{entry.name}: {entry.partial or 'Light has a part of it'}"


def _loose_rows(journal: Journal) -> list[str]:
    """Rows that belong to no entry, or to no run."""
    out = []
    with journal.reading() as db:
        for table in (RUN_BILLS, STEPS, READ_BACKS, UNDONE):
            all_entries = sa.select(ENTRIES.c.id)
            n = db.scalar(
                sa.select(sa.func.count())
                .select_from(table)
                .where(table.c.entry.not_in(all_entries))
            )
            if n:
                out.append(f"{n:,} rows of the table {table.name} belong to no bill")
        all_runs = sa.select(RUNS.c.id)
        loose = sa.select(sa.func.count()).select_from(RUN_BILLS)
        if n := db.scalar(loose.where(RUN_BILLS.c.run.not_in(all_runs))):
            out.append(f"{n:,} rows of the table {RUN_BILLS.name} belong to no run")
    return out


def _damaged_steps(journal: Journal) -> list[str]:
    out = []
    with journal.reading() as db:
        for row in db.execute(sa.select(STEPS)).mappings():
            try:
                step = Step.from_row(dict(row))
            except DamagedRecord as error:
                out.append(str(error))
                continue
            if step.state is StepState.SENDING and step.sent is None:
                out.append(f"the step {step.kind} of entry {step.entry} was sent at no time")
    return out
