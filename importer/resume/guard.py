"""Loading a corrected result: what its rows say was in Light before, against what is to be sent.

A bill is known by its entity, vendor and invoice number. Where a person changes one of these in the
row of a bill that Light has, it would be sent as a second bill.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from importer.core.money import money
from importer.loading.job import BillJob
from importer.loading.journal.journal import Journal
from importer.loading.plan import LoadPlan
from importer.model.bills import Bill
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.journal_states import IN_LIGHT

Place = tuple[int, int]  # table, row


@dataclass(frozen=True)
class PreviousResult:
    """What the rows of a result workbook say of the run before.

    ``light_ids`` are Light's ids of the bills of rows, ``unsettled`` the rows of bills that could
    not be settled, ``copies`` rows whose former row is there twice.
    """

    run: str
    light_ids: Mapping[Place, str]
    unsettled: frozenset[Place] = frozenset()
    copies: frozenset[Place] = frozenset()


def withhold_changed(
    plan: LoadPlan, before: PreviousResult, journal: Journal, cell: Callable[[int], CellRef]
) -> list[Finding]:
    """Take out of the plan what is in Light under another name, and say so; ``cell`` is the place
    of a bill."""
    held = {entry.light_id for entry in plan.entries.values() if entry.light_id}
    held |= {there.id for _, there, _ in plan.found}
    undone = journal.undone(set(before.light_ids.values()))
    findings = []
    for work in [*plan.send]:
        places = _places(work.bill)
        there = {
            before.light_ids[place]
            for place in places
            if place in before.light_ids
            and before.light_ids[place] not in undone
            and not (place in before.copies and before.light_ids[place] in held)
        }
        lost = work.entry.attempts == 0 and any(place in before.unsettled for place in places)
        if not there and not lost:
            continue
        code = "bills.identity.changed" if there else "bills.identity.unsettled"
        light_id = min(there, default="")
        _withhold(plan, work)
        index, number = work.bill.index, work.bill.invoice_number or ""
        findings.append(
            finding(code, cell(index), number, bills=(index,), id=light_id, run=before.run)
        )
    return findings


def left_in_light(plan: LoadPlan, before: PreviousResult, journal: Journal) -> list[Finding]:
    """The bills of the run before that Light has and the workbook no longer does."""
    here = {entry.id for entry in plan.entries.values()}
    shown = set(before.light_ids.values())
    out = []
    for outcome in journal.outcomes(before.run).values():
        entry = outcome.entry
        if outcome.status not in IN_LIGHT or entry.id in here or entry.light_id in shown:
            continue
        told = json.loads(entry.content)
        amount = told.get("amount")
        parts = [
            f"invoice {told['invoiceNumber']}" if told.get("invoiceNumber") else "a bill",
            money(amount) + f" {told.get('currency')}" if isinstance(amount, int) else "",
        ]
        what = ", ".join(filter(None, parts))
        out.append(finding("light.left", CellRef(""), what, id=entry.light_id, run=before.run))
    return out


def _places(bill: Bill) -> list[Place]:
    return [(bill.table, bill.row), *((line.table, line.row) for line in bill.lines)]


def _withhold(plan: LoadPlan, work: BillJob) -> None:
    plan.send.remove(work)
    del plan.entries[work.bill.index]
    plan.withheld.append(work.bill.index)
