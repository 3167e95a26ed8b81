"""Cancel a run's copy of a bill that Light has more than once, where it is the later of equal
drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from importer.loading.bill_match import match_bill
from importer.loading.bill_state import DRAFT
from importer.loading.engine import Engine
from importer.loading.gateway import LightGateway
from importer.loading.journal.journal_records import Change
from importer.loading.journal.twin_records import save_twins
from importer.loading.listed_bills import ReadBills, read_by_id, twin_of
from importer.loading.loaded_bills import LoadedBill, Outcomes, Units
from importer.loading.operations.cancel_bill import CancelOptions, cancel_bills
from importer.loading.twins import BillInLight, look_for_twins, save_sweep
from importer.model.journal_states import JournalEntry, State, Status, StepState, Twin
from importer.model.light_objects import LightBill

_DRAFTS = frozenset((DRAFT, "DUPLICATED"))  # what Light itself calls a duplicate is a draft, too
_NOTE_DRAFTS = frozenset(("DRAFT",))
_END = datetime.max.replace(tzinfo=UTC)


def twins_of_run(outcomes: Outcomes, units: Units) -> list[LoadedBill]:
    """The bills that a run created and that Light has more than once."""
    return [
        LoadedBill(outcome.entry, units[entry_id])
        for entry_id, outcome in sorted(outcomes.items())
        if outcome.of_run is Status.CREATED
        and outcome.entry.state is State.CREATED
        and outcome.entry.light_id is not None
    ]


class TwinCancellation:
    """``later`` are the run's copies that may be cancelled; ``left`` says why the others are not,
    by entry."""

    def __init__(self) -> None:
        self.later: list[LoadedBill] = []
        self.left: dict[int, tuple[StepState, str]] = {}
        self._keepers: dict[int, list[LightBill]] = {}  # what stays in Light

    async def choose(
        self, bills: Sequence[LoadedBill], engine: Engine, *, dry: bool
    ) -> TwinCancellation:
        """Ask Light how all the copies are now."""
        journal, gateway, settle = engine.journal, engine.gateway, engine.settings.settle
        in_light = [BillInLight(each.entry, each.sent) for each in bills]
        sweep = await look_for_twins(in_light, gateway, journal, settle)
        if not dry:
            save_sweep(journal, engine.run, sweep)
        moved = {change.entry for change in sweep.moved}
        twins = {each.entry.id: sweep.twins.get(each.entry.id, each.entry.twins) for each in bills}
        read = await _read(bills, twins, gateway, settle)
        for each in bills:
            entry = each.entry
            if entry.id in moved or not twins[entry.id]:
                continue  # Light has it once by now
            others = [read.get(twin.id) for twin in twins[entry.id]]
            if reason := _why_left(each, read.get(each.light_id), others):
                self.left[entry.id] = StepState.REFUSED, reason
            else:
                self.later.append(each)
                self._keepers[entry.id] = sorted(filter(None, others), key=_age)
        return self

    async def cancel(
        self, engine: Engine, options: CancelOptions
    ) -> Mapping[int, tuple[StepState, str]]:
        """Cancel them; how each ended and why, by entry. The earliest copy is the bill now."""
        ended = await cancel_bills(engine, self.later, options)
        states = {entry: state for entry, (state, _) in ended.items()}
        done = [each for each in self.later if states.get(each.entry.id) is StepState.DONE]
        if done and not options.dry:
            with engine.journal.one_commit():
                changes = [_keeper_change(e.entry, self._keepers[e.entry.id][0]) for e in done]
                engine.journal.step(engine.run, changes, [])
                rest = {e.entry.id: self._keepers[e.entry.id][1:] for e in done}
                twins = {entry: [twin_of(e) for e in some] for entry, some in rest.items()}
                save_twins(engine.journal, twins)
        return {**self.left, **ended}


async def _read(
    bills: Sequence[LoadedBill],
    twins: Mapping[int, Sequence[Twin]],
    gateway: LightGateway,
    settle: float,
) -> ReadBills:
    refs = [
        each.ref._replace(id=light_id)
        for each in bills
        if twins[each.entry.id]
        for light_id in (each.light_id, *(twin.id for twin in twins[each.entry.id]))
    ]
    return await read_by_id(refs, gateway, settle)


def _why_left(
    loaded: LoadedBill, ours: LightBill | None, others: Sequence[LightBill | None]
) -> str:
    """Why the run's copy is not to be cancelled; "" where it is the later of equal drafts."""
    for remote in (ours, *others):
        if remote is None:
            return "Light does not show one of the copies now"
        if remote.state not in (_NOTE_DRAFTS if remote.credit_note else _DRAFTS):
            return f"the copy {remote.id} is not a draft (state {remote.state})"
        if difference := match_bill(loaded.sent, remote).difference:
            return f"the copy {remote.id} is not equal: {difference}"
        if remote.created_at is None:
            return f"Light does not say when the copy {remote.id} was created"
    assert ours is not None
    first = min((remote for remote in (ours, *others) if remote is not None), key=_age)
    if first is ours:
        ids = ", ".join(remote.id for remote in others if remote is not None)
        return (
            f"the copy of this run is the earlier one; cancel {ids}, or undo the run that made it"
        )
    return ""


def _age(remote: LightBill) -> tuple[datetime, str]:
    return remote.created_at or _END, remote.id.lower()


def _keeper_change(entry: JournalEntry, remote: LightBill) -> Change:
    message = f"the copy {entry.light_id} of this run was cancelled; Light keeps {remote.id}"
    return Change(
        entry.id,
        State.FOUND,
        Status.ALREADY_IN_LIGHT,
        message=message,
    ).with_copy(remote)
