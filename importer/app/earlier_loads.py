"""What earlier runs know of the bills of a sheet that Light was not asked about.

The journal's facts come first, then those of a result workbook's own rows. They hold whether the
row is valid now or not, and where no name of the sheet can be resolved.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from importer.app import data_paths
from importer.app.resume_checks import former_ids
from importer.core.errors import JournalProblem
from importer.core.money import money
from importer.core.name_key import name_key
from importer.light.credentials import DEFAULT_BASE_URL, check_base_url
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

if TYPE_CHECKING:
    from importer.app.pipeline import CheckedFiles

_STATUS = {State.CREATED: Status.ALREADY_LOADED, State.FOUND: Status.ALREADY_IN_LIGHT}


@dataclass
class EarlierLoads:
    """``outcomes`` by bill index; ``note`` is why the journals could not tell."""

    outcomes: dict[int, BillOutcome] = field(default_factory=dict)
    note: str = ""


def earlier_loads(
    files: CheckedFiles,
    *,
    journal: Path | None = None,
    base_url: str | None = None,
    company: str | None = None,
    without: Collection[int] = (),
    taken: Collection[int] = (),
) -> EarlierLoads:
    """What is known of the bills, but for those ``without``; a row that has changed since becomes a
    finding too. The entries ``taken`` are of other rows.

    ``journal`` is that of the company; None: the only one on this computer of that Light, and of
    that company where it is named.
    """
    checked, former, loads = files.checked, files.former, EarlierLoads()
    if checked.bills.size == len(without):
        return loads
    if journal is None and files.continues and former is not None and former.company_id:
        journal = data_paths.journal_path(former.base_url, former.company_id)
    if journal is None:
        journal, loads.note = _only_journal(base_url, company)
    of_rows = former_ids(files)
    places = zip(
        checked.mapped.bills.table.tolist(), checked.mapped.bills.row.tolist(), strict=True
    )
    light_ids = {i: of_rows[place] for i, place in enumerate(places) if place in of_rows}
    search = _Search(checked, set(without), set(taken))
    if journal is not None and journal.is_file():
        try:
            with Journal(journal) as source:
                search.in_journal(source, light_ids)
                owned = source.owned(set(light_ids.values()))  # or undone since
                light_ids = {i: id for i, id in light_ids.items() if id not in owned}
        except JournalProblem as problem:
            loads.note = f"Whether these bills were loaded before is not certain: {problem}"
    search.in_workbook(light_ids, files.continues)
    loads.outcomes = search.outcomes
    checked.add_findings(search.changes)
    return loads


def _only_journal(base_url: str | None, company: str | None) -> tuple[Path | None, str]:
    """The journal of that Light and company; where several may be meant none, and a note."""
    paths = data_paths.journal_paths(check_base_url(base_url or DEFAULT_BASE_URL))
    if company is not None:
        paths = [path for path in paths if name_key(company) in _companies(path)]
    if len(paths) < 2:
        return (paths[0] if paths else None), ""
    return None, (
        f"Whether these bills were loaded before was not looked up: {len(paths)} companies were"
        " loaded from this computer. Say which with --company NAME."
    )


def _companies(path: Path) -> set[str]:
    """The name and the id of a journal's company, as names are compared."""
    try:
        with Journal(path) as journal:
            facts = [run.facts for run in journal.runs()]
    except JournalProblem:
        return set()
    return {name_key(str(f.get(name) or "")) for f in facts for name in ("company", "company_id")}


class _Search:
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
        entity_ids = _entity_ids(journal)
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
        return finding("bills.content.changed", cell, value, bills=(i,), difference=difference)


def _entity_ids(journal: Journal) -> dict[str, dict[str, str]]:
    """By run: the names of entities in its files, and the ids that they had."""
    return {run.id: dict(run.facts.get("entities") or {}) for run in journal.runs()}


def entity_names(checked: Checked) -> dict[str, str]:
    """The names of entities in the sheets, as they are compared, with the ids that they have."""
    every = np.arange(checked.bills.size)
    names, ids = (checked.bills[n].values_at(every) for n in ("companyEntity", "companyEntityId"))
    return {name_key(str(n)): str(id) for n, id in zip(names, ids, strict=True) if n and id}
