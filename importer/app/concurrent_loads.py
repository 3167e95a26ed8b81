"""Bills of this load that other loads hold: waited for, then loaded if they still are not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from importer.app.events import Listener
from importer.app.stop import StopControl
from importer.core.errors import StoppedEarly
from importer.loading.bill_state import wanted_steps
from importer.loading.journal.journal import Journal
from importer.loading.plan import LoadPlan
from importer.model.bills import Bill
from importer.model.journal_states import Holder, State
from importer.report.phrases import documents, listed

_POLL = 0.5  # seconds
_TOGETHER = 15.0  # seconds from the first bill that is free to the next look at Light
_LONGEST_WAIT = 900.0  # seconds in which nothing changes


async def wait_for_holders(
    plan: LoadPlan, bills: Sequence[Bill], journal: Journal, listener: Listener, stop: StopControl
) -> list[Bill]:
    """The bills that other runs held and do not any more, or have loaded.

    StoppedEarly where it is stopped, or where the bills stay unsettled for long.
    """
    stopped: list[StoppedEarly] = []
    with stop.stops(stopped.append):
        return await _wait(plan, bills, journal, listener, stopped)


async def _wait(
    plan: LoadPlan,
    bills: Sequence[Bill],
    journal: Journal,
    listener: Listener,
    stopped: Sequence[StoppedEarly],
) -> list[Bill]:
    clock = asyncio.get_running_loop().time
    held = {plan.entries[bill.index].id: bill for bill in bills if bill.index in plan.held}
    before: dict[int, Holder] = {}
    changed = first_free = clock()
    announced = False
    while not stopped:
        holders = journal.held_by_others(held)
        free = [bill for entry, bill in held.items() if _is_free(bill, holders.get(entry))]
        now = clock()
        if len(free) == len(held) or (free and now - first_free > _TOGETHER):
            return free
        if not free:
            first_free = now
        if holders != before:
            before, changed = holders, now
        if not announced:
            announced = True
            listener.message(f"{_words(holders, held)}; waiting for their outcome.")
        if now - changed > _LONGEST_WAIT:
            raise StoppedEarly(f"{_words(holders, held)}, and loaded none of them for 15 minutes.")
        await asyncio.sleep(_POLL)
    raise stopped[0]


def _is_free(bill: Bill, holder: Holder | None) -> bool:
    """A bill that is loaded has to be waited for only where it is taken further."""
    return holder is None or (holder.state == State.CREATED and not wanted_steps(bill))


def _words(holders: Mapping[int, Holder], held: Mapping[int, Bill]) -> str:
    runs = sorted({str(holder) for holder in holders.values()})
    notes = sum(held[entry].credit_note for entry in holders)
    names = listed(runs)
    verb = "has" if len(runs) == 1 else "have"
    return (
        f"{names[:1].upper()}{names[1:]} {verb} claimed"
        f" {documents(len(holders) - notes, notes)} of this file"
    )
