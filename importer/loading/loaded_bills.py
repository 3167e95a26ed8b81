"""The bills of a run that are in Light, and what is known of them since."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from importer.loading.bill_diff import (
    LINE,
    bill_differences,
    lines_differences,
    loaded_bill,
)
from importer.loading.journal.cancellation_records import cancels
from importer.loading.journal.journal import Journal
from importer.loading.journal.verification_records import read_backs
from importer.model.bills import Bill, DocumentRef
from importer.model.field_values import NOTHING
from importer.model.journal_states import (
    IN_LIGHT,
    BillOutcome,
    JournalEntry,
    State,
    Status,
    StepState,
)
from importer.model.light_objects import LightBill, LightLine
from importer.model.read_back import Difference, ReadBack

Units = Mapping[int, int]  # by entry: how many cents a unit of the bill's currency has
Outcomes = Mapping[int, BillOutcome]  # by entry


@dataclass(frozen=True)
class LoadedBill:
    """A bill of a run that is in Light. ``unit``: how many cents a unit of its currency has."""

    entry: JournalEntry
    unit: int = 100

    @property
    def light_id(self) -> str:
        assert self.entry.light_id is not None
        return self.entry.light_id

    @property
    def ref(self) -> DocumentRef:
        return DocumentRef(self.light_id, self.entry.credit_note)

    @property
    def sent(self) -> Bill:
        """The bill as it was sent."""
        return loaded_bill(self.entry, self.unit)

    def differences(self, remote: LightBill, lines: Sequence[LightLine] | None) -> list[Difference]:
        """All that Light shows otherwise; ``lines`` are Light's, None where it shows none."""
        return remote_differences(self.sent, remote, lines, self.entry.line_ids)


def remote_differences(
    bill: Bill,
    remote: LightBill,
    lines: Sequence[LightLine] | None,
    line_ids: Sequence[str | None],
) -> list[Difference]:
    """All that Light shows otherwise than the bill; ``line_ids`` are those known of its lines."""
    differences = bill_differences(bill, remote)
    if lines is not None:
        return differences + lines_differences(bill, lines, line_ids)
    n = len(bill.lines)
    count = f"{n} line items" if n != 1 else "a line item"
    return [*differences, Difference(LINE, None, count, NOTHING)]


def bills_in_light(outcomes: Outcomes, units: Units) -> list[LoadedBill]:
    """The bills of a run that are in Light."""
    return [
        LoadedBill(outcome.entry, units[entry_id])
        for entry_id, outcome in sorted(outcomes.items())
        if outcome.status in IN_LIGHT and outcome.entry.light_id is not None
    ]


def bills_to_sweep(outcomes: Outcomes, units: Units) -> list[LoadedBill]:
    """The bills of a run that are in Light, once or more than once, whatever is in doubt else."""
    return [
        LoadedBill(outcome.entry, units[entry_id])
        for entry_id, outcome in sorted(outcomes.items())
        if outcome.entry.light_id is not None and outcome.status is not Status.UNDONE
    ]


def bills_created(outcomes: Outcomes, units: Units) -> list[LoadedBill]:
    """The bills that a run created and that are in Light still; those too that lack a part of their
    line items."""
    return [
        LoadedBill(entry, units[entry_id])
        for entry_id, outcome in sorted(outcomes.items())
        if (entry := outcome.entry).light_id is not None
        and (
            (outcome.status is Status.CREATED and entry.state is State.CREATED)
            or (
                outcome.status in (Status.UNKNOWN, Status.REJECTED)
                and entry.state not in (State.CREATED, State.FOUND)
            )
        )
    ]


def valid_read_backs(journal: Journal, run: str, outcomes: Outcomes) -> dict[int, ReadBack]:
    """What was read of the run's bills that are in Light; not of a bill from before it was undone
    and loaded again."""
    return {
        entry_id: back
        for entry_id, back in read_backs(journal, run).items()
        if (outcome := outcomes.get(entry_id)) is not None
        and outcome.status in IN_LIGHT
        and not (outcome.entry.settled and outcome.entry.settled > back.moment)
    }


def refused_cancels(
    journal: Journal, run: str, outcomes: Outcomes
) -> dict[int, tuple[StepState, str]]:
    """The bills of a run that an undo of it did not cancel, and why; by entry."""
    steps = cancels(journal, list(outcomes))
    out = {}
    for entry_id, outcome in outcomes.items():
        step = steps.get(entry_id)
        created = outcome.status is Status.CREATED
        if step is not None and created and json.loads(step.detail)["run"] == run:
            out[entry_id] = step.state, step.message
    return out
