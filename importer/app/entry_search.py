"""Which entries of a journal, or rows of a result workbook, the bills of a sheet are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from importer.core.money import money
from importer.core.name_key import name_key
from importer.loading.identity import split_entity, with_entity
from importer.loading.journal.entry_lookup import entities
from importer.loading.journal.journal import Journal
from importer.loading.journal.loaded_entries import (
    LoadedEntry,
    entries_of_bills,
    entries_of_identities,
    entries_of_rows,
)
from importer.loading.row_identity import bill_row_identities
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.journal_states import BillOutcome, JournalEntry, State, Status
from importer.validation.checked_bills import Checked

_STATUS = {State.CREATED: Status.ALREADY_LOADED, State.FOUND: Status.ALREADY_IN_LIGHT}


class EntrySearch:
    """Finds the entries of bills; each entry is of one bill at most."""

    def __init__(self, checked: Checked, without: set[int], taken: set[int]) -> None:
        self._checked = checked
        self._open = [i for i in range(checked.bills.size) if i not in without]
        self._invalid = checked.invalid_bills()
        self._entries = taken
        self.outcomes: dict[int, BillOutcome] = {}
        self.changes: list[Finding] = []

    def in_journal(self, journal: Journal, light_ids: dict[int, str]) -> None:
        """By the ids that rows had in Light, by vendor id and number, by what the rows hold."""
        by_id = {e.entry.light_id: e for e in entries_of_bills(journal, set(light_ids.values()))}
        for i, light_id in light_ids.items():
            self._take(i, [by_id[light_id]] if light_id in by_id else [])
        identities = self._identities(entities(journal))
        some = {identity for of_bill in identities.values() for identity in of_bill}
        by_identity = {e.entry.identity: e for e in entries_of_identities(journal, some)}
        for i, of_bill in identities.items():
            self._take(i, [by_identity[each] for each in of_bill if each in by_identity])
        of_rows = bill_row_identities(self._checked)
        by_row: dict[str, list[LoadedEntry]] = defaultdict(list)
        for loaded in entries_of_rows(journal, {of_rows[i] for i in self._remaining()}):
            by_row[loaded.row_identity].append(loaded)
        # By run: the names of entities in its files, and the ids that they had.
        entity_ids = {r.id: dict(r.facts.get("entities") or {}) for r in journal.runs()}
        numbers = self._values("invoiceNumber")
        for i in self._remaining():
            some_entries = [e for e in by_row[of_rows[i]] if self._fits(i, e, entity_ids)]
            free = [e for e in some_entries if e.entry.id not in self._entries]
            if free and numbers[i] is None:
                free = free[:1]  # alike, and as many as there are rows
            self._take(i, free)

    def _remaining(self) -> list[int]:
        return [i for i in self._open if i not in self.outcomes]

    def _values(self, name: str) -> list[str | None]:
        every = np.arange(self._checked.bills.size)
        return [None if v is None else str(v) for v in self._checked.bills[name].values_at(every)]

    def _identities(self, journal_entities: list[str]) -> dict[int, list[str]]:
        """The identities that a bill with an invoice number may have: an entity that the sheet or
        the journal lacks tells no bills apart."""
        columns = (self._values(n) for n in ("vendorId", "companyEntityId", "invoiceNumber"))
        vendors, of_sheet, numbers = columns
        named = self._values("companyEntity")
        out = {}
        for i in self._remaining():
            if vendors[i] is None or numbers[i] is None or (named[i] and not of_sheet[i]):
                continue
            entity = of_sheet[i] or ""
            others = [each for each in journal_entities if not (each and entity)]
            rest = json.dumps(["number", vendors[i], numbers[i]])
            out[i] = [with_entity(each, rest) for each in dict.fromkeys([entity, *others])]
        return out

    def _fits(self, i: int, loaded: LoadedEntry, entity_ids: dict[str, dict[str, str]]) -> bool:
        """Whether the entry is of the same vendor and entity as the bill, as far as these are
        known. A name of an entity is that of the entry where it was so in the entry's run; of an
        older run, which has no record of that, where the row is the same."""
        bills, cells = self._checked.bills, self._checked.mapped.bills
        entity, rest = split_entity(loaded.entry.identity)
        vendor_id = bills["vendorId"].at(i)
        if vendor_id is not None and str(vendor_id).lower() != str(json.loads(rest)[1]).lower():
            return False
        of_sheet, name = bills["companyEntityId"].at(i), bills["companyEntity"].at(i)
        if not entity or not (of_sheet or name):
            return True
        if of_sheet:
            return str(of_sheet).lower() == entity.lower()
        if of_run := entity_ids.get(loaded.run):
            return of_run.get(name_key(str(name))) == entity
        source = self._checked.mapped.tables[int(cells.table[i])].source
        place = Path(source.file).name, source.sheet, int(cells.row[i])
        file, sheet, row = loaded.place
        return place == (Path(file or "").name, sheet, row)

    def _take(self, i: int, entries: Iterable[LoadedEntry]) -> None:
        """The outcome of a bill that one entry alone can be of."""
        free = [each for each in entries if each.entry.id not in self._entries]
        if len(free) != 1 or i in self.outcomes or i not in self._open:
            return
        entry, run = free[0].entry, free[0].run
        self._entries.add(entry.id)
        status = _STATUS.get(entry.state, Status.UNKNOWN)
        if entry.twins:
            status = Status.UNKNOWN
        before, now = entry.light_amount, self._checked.amounts.at(i)
        words = f"Loaded before (run {run})"
        if status is Status.ALREADY_IN_LIGHT:
            words = f"Found in Light before (run {run})"
        elif status is Status.UNKNOWN:
            words = f"Run {run} could not settle whether Light has this bill"
        if before is not None and now is not None and before != now:
            then, now_words = (self._amount(i, cents) for cents in (before, now))
            words += f": Light had {then}, the row has {now_words} now"
            if status is not Status.UNKNOWN and not self._invalid[i]:
                self.changes.append(self._changed(i, then, now_words))
        self._add(i, status, entry, words)

    def in_workbook(self, light_ids: dict[int, str], run: str) -> None:
        """Bills that the result workbook itself has as loaded, and the journal does not know."""
        for i, light_id in light_ids.items():
            if i in self.outcomes or i not in self._open:
                continue
            entry = JournalEntry(0, "", "", State.CREATED, light_id=light_id)
            words = (
                f"Loaded before (run {run}), by this workbook; the journal here has no such bill"
            )
            self._add(i, Status.ALREADY_LOADED, entry, words)

    def _add(self, i: int, status: Status, entry: JournalEntry, words: str) -> None:
        if self._invalid[i]:
            status = Status.INVALID
        words = f"{words}. Light was not asked"
        self.outcomes[i] = BillOutcome(status, replace(entry, message=""), words)

    def _amount(self, i: int, cents: int) -> str:
        currency = self._checked.bills["currency"].at(i) or ""
        return f"{money(cents, int(self._checked.bills.units[i]))} {currency}".rstrip()

    def _changed(self, i: int, before: str, now: str) -> Finding:
        cell = self._checked.mapped.cell("bills", "amount", i)
        value = str(self._checked.bills["invoiceNumber"].at(i) or "")
        difference = f"amount: {before} was loaded, the sheet has {now}"
        code = f"bills.content.{'note_' if self._checked.credit_notes[i] else ''}changed"
        return finding(code, cell, value, bills=(i,), difference=difference)
