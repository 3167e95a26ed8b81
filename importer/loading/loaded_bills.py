"""The bills of a run that are in Light, and what is known of them since."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from importer.loading.bill_diff import (
    LINE,
    NOTHING,
    bill_differences,
    lines_differences,
    loaded_bill,
)
from importer.loading.journal.after_creation import cancels, read_backs
from importer.loading.journal.journal import Journal
from importer.model.bills import Bill
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

Units = Any  # an array by bill index: how many cents a unit of the bill's currency has
Outcomes = Mapping[int, BillOutcome]  # by bill index


@dataclass(frozen=True)
class LoadedBill:
    """A bill of a run that is in Light. ``unit``: how many cents a unit of its currency has."""

    index: int
    entry: JournalEntry
    unit: int = 100

    @property
    def light_id(self) -> str:
        assert self.entry.light_id is not None
        return self.entry.light_id

    def differences(self, remote: LightBill, lines: Sequence[LightLine] | None) -> list[Difference]:
        """All that Light shows otherwise; ``lines`` are Light's, None where it shows none."""
        bill = loaded_bill(self.entry, self.index, self.unit)
        return remote_differences(bill, remote, lines, self.entry.line_ids)


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
        LoadedBill(index, outcome.entry, int(units[index]))
        for index, outcome in sorted(outcomes.items())
        if outcome.status in IN_LIGHT and outcome.entry.light_id is not None
    ]


def bills_created(outcomes: Outcomes, units: Units) -> list[LoadedBill]:
    """The bills that a run created and that are in Light still; those too that lack a part of their
    line items."""
    return [
        LoadedBill(index, entry, int(units[index]))
        for index, outcome in sorted(outcomes.items())
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
        index: back
        for index, back in read_backs(journal, run).items()
        if (outcome := outcomes.get(index)) is not None
        and outcome.status in IN_LIGHT
        and not (outcome.entry.settled and outcome.entry.settled > back.moment)
    }


def refused_cancels(
    journal: Journal, run: str, outcomes: Outcomes
) -> dict[int, tuple[StepState, str]]:
    """The bills of a run that an undo of it did not cancel, and why; by bill index."""
    steps = cancels(journal, [outcome.entry.id for outcome in outcomes.values()])
    out = {}
    for index, outcome in outcomes.items():
        step = steps.get(outcome.entry.id)
        created = outcome.status is Status.CREATED
        if step is not None and created and json.loads(step.detail)["run"] == run:
            out[index] = step.state, step.message
    return out
