"""Loading a corrected result: what its rows had in Light before, against what is to be sent.

A bill is identified by its entity, vendor and invoice number. Where a person changes one of these
in the row of a bill that Light has, it would be sent as a second bill.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from importer.core.money import money
from importer.loading.journal.journal import Journal
from importer.loading.plan import LoadPlan
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.journal_states import IN_LIGHT
from importer.model.report_model import TableRow


@dataclass(frozen=True)
class PreviousResult:
    """What a result workbook states of the run before, by row.

    ``light_ids`` are Light's ids of the bills of rows, ``unsettled`` the rows of bills that could
    not be settled, ``copies`` rows whose source row is in the workbook twice.
    """

    run: str
    light_ids: Mapping[TableRow, str]
    unsettled: frozenset[TableRow] = frozenset()
    copies: frozenset[TableRow] = frozenset()


def withhold_changed(
    plan: LoadPlan, before: PreviousResult, journal: Journal, cell: Callable[[int], CellRef]
) -> list[Finding]:
    """Take out of the plan what is in Light under another identity, and report it; ``cell`` is that
    of a bill."""
    held = {entry.light_id for entry in plan.entries.values() if entry.light_id}
    held |= {remote.id for _, remote, _ in plan.existing}
    undone = journal.undone(set(before.light_ids.values()))
    findings = []
    for job in plan.send:
        bill = job.bill
        rows = [(bill.table, bill.row), *((line.table, line.row) for line in bill.lines)]
        in_light = {
            before.light_ids[row]
            for row in rows
            if row in before.light_ids
            and before.light_ids[row] not in undone
            and not (row in before.copies and before.light_ids[row] in held)
        }
        unsettled = job.entry.attempts == 0 and any(row in before.unsettled for row in rows)
        if not in_light and not unsettled:
            continue
        code = "bills.identity.changed" if in_light else "bills.identity.unsettled"
        findings.append(
            finding(
                code,
                cell(bill.index),
                bill.invoice_number or "",
                bills=(bill.index,),
                id=min(in_light, default=""),
                run=before.run,
            )
        )
    plan.withhold({index for each in findings for index in each.bills})
    return findings


def still_in_light(plan: LoadPlan, before: PreviousResult, journal: Journal) -> list[Finding]:
    """The bills of the run before that Light has and the workbook no longer does."""
    planned = {entry.id for entry in plan.entries.values()}
    shown = set(before.light_ids.values())
    out = []
    for outcome in journal.outcomes(before.run).values():
        entry = outcome.entry
        if outcome.status not in IN_LIGHT or entry.id in planned or entry.light_id in shown:
            continue
        content = json.loads(entry.content)
        number, amount = content.get("invoiceNumber"), content.get("amount")
        parts = [
            f"invoice {number}" if number else "a bill",
            f"{money(amount)} {content.get('currency')}" if isinstance(amount, int) else "",
        ]
        value = ", ".join(filter(None, parts))
        out.append(finding("light.left", CellRef(""), value, id=entry.light_id, run=before.run))
    return out
