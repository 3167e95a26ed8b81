"""Which bills are credit notes, and the rules of these alone.

A credit note is a bill of a negative amount, wherever amounts are added or sent. Ledgers write it
with either sign, so the amounts of those that are positive are turned once all rules have run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from importer.core.counted_nouns import count
from importer.core.money import tidy
from importer.mapping.map_tables import MappedTables
from importer.model.bills import TargetStatus
from importer.model.fields import BILLS, PATCHED_BILL_FIELDS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.cents_array import CentsArray
from importer.validation.column import ParsedColumn, ParsedSheets, ParsedTable
from importer.validation.duplicate_bills import party_numbers

# How far a credit note goes where a bill would go further: Light neither approves nor pays it.
_TARGETS = {
    TargetStatus.SUBMITTED: TargetStatus.DRAFT,
    TargetStatus.APPROVED: TargetStatus.DRAFT,
    TargetStatus.PAID: TargetStatus.POSTED,
}
_ONLY_OF_BILLS = ("document", "purchaseOrder", *(field.name for field in PATCHED_BILL_FIELDS))


@dataclass(frozen=True)
class CreditNotes:
    """By bill: ``mask`` says which are credit notes, ``positive`` which of these have a positive
    amount in the file. ``typed`` are those whose type says it."""

    mask: np.ndarray
    positive: np.ndarray
    typed: np.ndarray

    @property
    def any(self) -> bool:
        return bool(self.mask.any())


def credit_notes_of(mapped: MappedTables, amounts: CentsArray) -> CreditNotes:
    """The credit notes by their type and, where the template says so, by their sign."""
    cents, valid = amounts
    typed = mapped.typed_notes
    if typed is None:
        typed = np.zeros(len(valid), dtype=bool)
    below = np.asarray(valid & (cents < 0), dtype=bool)
    by_sign = mapped.template.credit_notes == "negative"
    return CreditNotes(
        typed | (below & by_sign), np.asarray(typed & valid & (cents > 0), dtype=bool), typed
    )


def turn_amounts(sheets: ParsedSheets, notes: CreditNotes) -> None:
    """Give the credit notes that are positive in the file the sign that they count with."""
    _, bills, lines, line_bill = sheets
    if not notes.positive.any():
        return
    of_lines = np.append(notes.positive, False)[line_bill]  # -1: of no bill
    for table, which, names in (
        (bills, notes.positive, ("amount",)),
        (lines, of_lines, ("amount", "netAmount", "taxAmount")),
    ):
        for name in names:
            if name in table.columns:
                table.columns[name] = table.columns[name].with_sign_changed(which)


def note_targets(target: np.ndarray, notes: CreditNotes) -> np.ndarray:
    """How far each bill goes, credit notes no further than Light takes them."""
    out = target.copy()
    for at in np.flatnonzero(notes.mask).tolist():
        out[at] = _TARGETS.get(out[at], out[at])
    return out


def note_findings(
    mapped: MappedTables,
    bills: ParsedTable,
    amounts: CentsArray,
    notes: CreditNotes,
    target: np.ndarray,
) -> Iterator[Finding]:
    """What is wrong with credit notes, and with bills that claim to credit others."""
    credits = bills["creditsBill"]
    for i in np.flatnonzero(credits.ok & ~notes.mask).tolist():
        yield _finding(mapped, "creditsBill", "not_credit_note", i, str(credits.at(i)))
    if not notes.any:
        return
    yield from _signs(mapped, bills, amounts, notes)
    status = bills["status"]
    for i in np.flatnonzero(notes.mask).tolist():
        wanted = TargetStatus(status.at(i)) if status.ok[i] else None
        if wanted in _TARGETS:
            code, means = "not_for_credit_note", _TARGETS[wanted].value
            yield _finding(mapped, "status", code, i, wanted.value, means=means)
        for name in _ONLY_OF_BILLS:
            if bills[name].ok[i]:
                text = str(bills[name].at(i))
                yield _finding(mapped, name, "not_for_credit_note", i, text)
                if name in ("purchaseOrder", "purchaseOrderId"):
                    bills[name].blank[i] = True  # it is not looked up
        if credits.ok[i] and target[i] is TargetStatus.DRAFT:
            yield _finding(mapped, "creditsBill", "stays_draft", i, str(credits.at(i)))
    yield from _credited_rows(mapped, bills, amounts, notes)


def _finding(
    mapped: MappedTables, field: str, problem: str, i: int, value: str, **words: Any
) -> Finding:
    cell = mapped.cell(BILLS, field, i)
    return finding(f"bills.{field}.{problem}", cell, value, bills=(i,), **words)


def _signs(
    mapped: MappedTables, bills: ParsedTable, amounts: CentsArray, notes: CreditNotes
) -> Iterator[Finding]:
    """Credit notes with the wrong sign: positive ones where the template says negative; else those
    of each sheet whose sign is the rarer one."""
    positive, typed = notes.positive, notes.typed & amounts.valid & (amounts.cents != 0)
    if mapped.template.credit_notes == "negative":
        for i in np.flatnonzero(positive).tolist():
            money = bills.money(i, int(amounts.cents[i]))
            yield _finding(mapped, "amount", "credit_positive", i, money, money=money)
        return
    tables = mapped.bills.table
    for table in np.unique(tables[typed]).tolist():
        of_table = typed & (tables == table)
        above, below = of_table & positive, of_table & ~positive
        odd, others = (above, below) if above.sum() < below.sum() else (below, above)
        n = int(others.sum())
        if not n:
            continue
        have = f"{count(n, 'other')} of the sheet {'has' if n == 1 else 'have'}"
        for i in np.flatnonzero(odd).tolist():
            money = bills.money(i, int(amounts.cents[i]))
            yield _finding(mapped, "amount", "credit_signs", i, money, money=money, others=have)


def _credited_rows(
    mapped: MappedTables, bills: ParsedTable, amounts: CentsArray, notes: CreditNotes
) -> Iterator[Finding]:
    """The bills of the sheet that credit notes name; those that it lacks Light may have."""
    number, credits, currency = (
        bills[name] for name in ("invoiceNumber", "creditsBill", "currency")
    )
    vendor = party_numbers(bills["vendorId"], bills["vendor"])
    entity = party_numbers(bills["companyEntityId"], bills["companyEntity"])
    by_id = bills["vendorId"].ok
    named = _by_number(number, ~notes.mask)
    credited: dict[int, list[int]] = defaultdict(list)
    for i in np.flatnonzero(credits.ok & notes.mask).tolist():
        value = str(credits.at(i))
        rows = named.get(tidy(value).casefold(), [])
        same = [k for k in rows if vendor[k] == vendor[i]]
        # An id and a name may be one vendor.
        if rows and not same and vendor[i] and all(by_id[k] == by_id[i] for k in rows):
            row = mapped.place(BILLS, rows[0], i)
            yield _finding(mapped, "creditsBill", "other_vendor", i, value, row=row)
        fitting = [k for k in same if not (entity[k] and entity[i]) or entity[k] == entity[i]]
        if same and not fitting:
            yield _finding(mapped, "creditsBill", "other_entity", i, value)
        elif len(fitting) == 1 and currency.at(fitting[0]) != currency.at(i):
            other = currency.at(fitting[0])
            yield _finding(mapped, "creditsBill", "other_currency", i, value, currency=other)
        elif len(fitting) == 1:
            credited[fitting[0]].append(i)
    for k, of_bill in credited.items():
        total, amount = sum(abs(amounts.at(i) or 0) for i in of_bill), amounts.at(k)
        if amount is not None and total > amount:
            words = {"bill": bills.money(k, amount), "note": bills.money(k, total)}
            for i in of_bill:
                value = str(credits.at(i))
                yield _finding(mapped, "creditsBill", "too_much", i, value, **words)


def credits_by_bill(
    mapped: MappedTables, bills: ParsedTable, notes: np.ndarray
) -> dict[int, dict[int, str]]:
    """By bill, the rows that may credit it, valid or not, by their index, and words for each.
    ``notes`` says which are credit notes.

    Where the vendor or the entity of a row fits none of the bills with the number, it counts for
    all of these.
    """
    number, credits = bills["invoiceNumber"], bills["creditsBill"]
    if not credits.ok.any():
        return {}
    parties = [
        (party_numbers(bills[f"{name}Id"], bills[name]), bills[f"{name}Id"].ok)
        for name in ("vendor", "companyEntity")
    ]
    named = _by_number(number, ~credits.ok & ~notes)
    out: dict[int, dict[int, str]] = defaultdict(dict)
    for i in np.flatnonzero(credits.ok).tolist():
        rows = named.get(tidy(str(credits.at(i))).casefold(), [])
        for party, by_id in parties:  # a blank may be any, and an id and a name may be one
            rows = [
                k for k in rows if party[k] in (0, party[i]) or not party[i] or by_id[k] != by_id[i]
            ] or rows
        for k in rows:
            name = f" {number.at(i)}" if number.ok[i] else ""
            out[k][i] = f"the credit note{name} in row {mapped.place(BILLS, i, k)}"
    return out


def _by_number(number: ParsedColumn, which: np.ndarray) -> dict[str, list[int]]:
    """Of ``which``, those that have each number."""
    out: dict[str, list[int]] = defaultdict(list)
    for i in np.flatnonzero(number.ok & which).tolist():
        out[tidy(str(number.at(i))).casefold()].append(i)
    return out
