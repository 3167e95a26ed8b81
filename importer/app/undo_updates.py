"""The part of an undo that makes bills what they were before the run changed them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from importer.loading.engine import Engine
from importer.loading.gateway import LightGateway
from importer.loading.journal.journal import Journal
from importer.loading.journal.update_records import updates_of_run
from importer.loading.loaded_bills import Outcomes
from importer.loading.operations.update_bill import UpdateBill
from importer.loading.update_plan import property_selects
from importer.model.bill_updates import OPEN_UPDATES, Update, UpdateState
from importer.model.journal_states import Status
from importer.report.phrases import documents

_RESTORABLE = (UpdateState.DONE, *OPEN_UPDATES)


@dataclass(frozen=True)
class Restoration:
    """A bill that a run has changed; ``light_id`` is Light's."""

    update: Update
    light_id: str
    credit_note: bool


def restorations(journal: Journal, run: str, outcomes: Outcomes) -> list[Restoration]:
    """The bills that a run has changed, or begun to change, and that are not as before."""
    return [
        Restoration(
            replace(update, restoring=True),
            str(outcomes[entry].entry.light_id),
            outcomes[entry].entry.credit_note,
        )
        for entry, update in updates_of_run(journal, run).items()
        if update.state in _RESTORABLE
        and entry in outcomes
        and outcomes[entry].entry.light_id is not None
    ]


async def selects_of(todo: Sequence[Restoration], gateway: LightGateway) -> frozenset[str]:
    """The ids of custom properties to select from, where the bills have any."""
    images = [image for each in todo for image in each.update.images]
    of_lines = (line.properties for image in images for line in image.lines)
    used = any(image.properties for image in images) or any(of_lines)
    return await property_selects(gateway) if used else frozenset()


async def restore(
    engine: Engine, todo: Sequence[Restoration], selects: Collection[str], *, dry: bool
) -> dict[int, tuple[UpdateState, str]]:
    """Make the bills what they were, as far as it goes; how each ended and why, by entry."""
    operations = [
        UpdateBill(each.update, each.light_id, Status.UPDATED, engine.settings, selects, dry=dry)
        for each in todo
    ]
    await engine.execute(operations)
    return {each.update.entry: each.result for each in operations if each.result is not None}


def restoration_code(ended: Mapping[int, tuple[UpdateState, str]]) -> int:
    """0, or 1 where a bill was left as it is, 4 where it is not known how it is."""
    states = {state for state, _ in ended.values()}
    if states & {*OPEN_UPDATES}:
        return 4
    return int(UpdateState.DONE in states)


def restoration_note(
    ended: Mapping[int, tuple[UpdateState, str]], credit_notes: int, *, dry: bool
) -> str:
    """How restoring the documents ended, of which some are ``credit_notes``; "" for none."""
    if not ended:
        return ""
    good = (UpdateState.RESTORED, UpdateState.PLANNED)
    n = sum(state in good for state, _ in ended.values())
    of = f"{n:,} of {documents(len(ended) - credit_notes, credit_notes)}"
    if dry:
        return f"Dry run: nothing was changed. {of} would be changed back."
    return f"Changed back to what the run found: {of}."
