"""What earlier runs know of the bills of a sheet that Light was not asked about.

The journal's facts come first, then those of a result workbook's own rows. They hold whether the
row is valid now or not, and where no name of the sheet can be resolved.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from importer.app import data_paths
from importer.app.former_workbook import former_ids
from importer.app.journal_places import TeamAddress, exists, open_team
from importer.core.errors import ImporterError, JournalProblem
from importer.core.name_key import name_key
from importer.light.credentials import DEFAULT_BASE_URL, check_base_url
from importer.loading.journal.journal_place import JournalPlace

if TYPE_CHECKING:
    from importer.app.checked_files import CheckedFiles
    from importer.model.journal_states import BillOutcome
    from importer.validation.checked_bills import Checked


@dataclass
class EarlierLoads:
    """``outcomes`` by bill index; ``note`` is why the journals could not tell."""

    outcomes: dict[int, BillOutcome] = field(default_factory=dict)
    note: str = ""


def earlier_loads(
    files: CheckedFiles,
    *,
    journal: JournalPlace | None = None,
    team: TeamAddress | None = None,
    base_url: str | None = None,
    company: str | None = None,
    without: Collection[int] = (),
    taken: Collection[int] = (),
) -> EarlierLoads:
    """What is known of the bills, but for those ``without``; a row that has changed since becomes a
    finding too. The entries ``taken`` are of other rows.

    ``journal`` is that of the company; None: the only one of that Light on this computer, or in the
    team's database, and of that company where it is named.
    """
    checked, former, loads = files.checked, files.former, EarlierLoads()
    if checked.bills.size == len(without):
        return loads
    of_former = files.continues and former is not None and former.company_id
    if journal is None and of_former and former is not None and team is None:
        journal = data_paths.journal_path(former.base_url, former.company_id)
    elif journal is None:
        if of_former and former is not None:
            base_url, company = former.base_url, former.company_id
        try:
            journal, loads.note = _only_journal(team, base_url, company)
        except ImporterError as problem:  # the team's database cannot be reached
            loads.note = f"Whether these bills were loaded before was not looked up: {problem}"
    of_rows = former_ids(files)
    places = zip(
        checked.mapped.bills.table.tolist(), checked.mapped.bills.row.tolist(), strict=True
    )
    light_ids = {i: of_rows[place] for i, place in enumerate(places) if place in of_rows}
    has_journal = journal is not None and exists(journal)
    if not (has_journal or light_ids):  # as of most checks, which SQLAlchemy would slow
        return loads
    from importer.app.entry_search import EntrySearch
    from importer.loading.journal.journal import Journal

    search = EntrySearch(checked, set(without), set(taken))
    if journal is not None and has_journal:
        try:
            with Journal(journal) as source:
                search.in_journal(source, light_ids)
                owned = source.owned(set(light_ids.values()))  # or undone since
                light_ids = {i: id for i, id in light_ids.items() if id not in owned}
        except JournalProblem as problem:
            loads.note = f"Whether these bills were loaded before is not certain: {problem}"
    search.in_workbook(light_ids, files.continues)
    loads.outcomes = search.outcomes
    if not files.updates:
        checked.add_findings(search.changes)
    return loads


def _only_journal(
    team: TeamAddress | None, base_url: str | None, company: str | None
) -> tuple[JournalPlace | None, str]:
    """The journal of that Light and company; where several may be meant none, and a note."""
    base_url, where = check_base_url(base_url or DEFAULT_BASE_URL), "from this computer"
    places: Sequence[JournalPlace]
    if team is None:
        places = data_paths.journal_paths(base_url)
    else:
        from importer.loading.journal.team_store import team_journals

        every = team_journals(open_team(team).dsn)
        places, where = [each for each in every if each.base_url == base_url], "with this journal"
    if company is not None:
        places = [place for place in places if name_key(company) in _companies(place)]
    if len(places) < 2:
        return (places[0] if places else None), ""
    return None, (
        f"Whether these bills were loaded before was not looked up: {len(places)} companies were"
        f" loaded {where}. Say which with --company NAME."
    )


def _companies(place: JournalPlace) -> set[str]:
    """The name and the id of a journal's company, as names are compared."""
    from importer.loading.journal.journal import Journal

    try:
        with Journal(place) as journal:
            facts = [run.facts for run in journal.runs()]
    except JournalProblem:
        return set()
    return {name_key(str(f.get(name) or "")) for f in facts for name in ("company", "company_id")}


def entity_names(checked: Checked) -> dict[str, str]:
    """The names of entities in the sheets, as they are compared, with the ids that they have."""
    name, light_id = (checked.bills[n] for n in ("companyEntity", "companyEntityId"))
    both = np.flatnonzero(name.ok & light_id.ok)
    names, ids = name.values_at(both), light_id.values_at(both)
    return {name_key(str(n)): str(id) for n, id in zip(names, ids, strict=True) if n and id}
