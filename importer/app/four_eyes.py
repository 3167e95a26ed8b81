"""Four eyes: who loads is not who checked.

A check is noted in the team's database under a mark of all that would be sent, so that it counts
for just that: another amount, pick or document is another mark.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.app.defaults import four_eyes_companies
from importer.app.journal_places import TeamAddress, chosen_journal, open_team
from importer.app.user_name import names_of_person, user_name
from importer.core.errors import UsageProblem
from importer.light.credentials import DEFAULT_BASE_URL, check_base_url
from importer.model.report_model import EarlierCheck

if TYPE_CHECKING:
    from importer.app.checked_files import CheckedFiles
    from importer.model.light_objects import Company


@dataclass(frozen=True)
class NotedCheck(EarlierCheck):
    """A check by a person with these names."""

    names: frozenset[str]


def content_mark(files: CheckedFiles) -> str:
    """The SHA-256 of all that a load of the files would send."""
    mark = hashlib.sha256()
    for text in _sent(files):
        mark.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return mark.hexdigest()


def _sent(files: CheckedFiles) -> Iterator[str]:
    checked = files.checked
    yield f"update {files.updates}"
    for bill in checked.valid_bills():
        yield repr(replace(bill, lines=(), clears=frozenset()))
        yield repr(sorted(bill.clears))
        for line in bill.lines:
            yield f"{replace(line, clears=frozenset())!r} {sorted(line.clears)}"
        if (document := checked.documents.get(bill.index)) is not None:
            with document.path.open("rb") as file:
                yield hashlib.file_digest(file, "sha256").hexdigest()
    if files.new_vendors is not None:
        yield repr(files.new_vendors.vendors)


def note_check(journal: str | None, base_url: str | None, company: str | None, mark: str) -> None:
    """Note that the person has checked what has the mark. UsageProblem without a team's journal."""
    from importer.loading.journal.team_store import database_role, save_check

    team = _team(journal)
    names = names_of_person(database_role(team.dsn))
    at = datetime.now(UTC).isoformat(timespec="seconds")
    record = json.dumps({"who": user_name(), "at": at, "names": sorted(names)})
    person = hashlib.sha256("\0".join(sorted(names)).encode()).hexdigest()[:16]
    save_check(team.dsn, _full(mark, base_url, company), person, record.encode())


def noted_checks(
    journal: str | None, base_url: str | None, company: str | None, mark: str
) -> list[NotedCheck]:
    """Who has checked what has that mark. UsageProblem without a team's journal."""
    from importer.loading.journal.team_store import saved_checks

    records = map(json.loads, saved_checks(_team(journal).dsn, _full(mark, base_url, company)))
    return [NotedCheck(each["who"], each["at"], frozenset(each["names"])) for each in records]


def checked_by_another(
    journal: str | None, base_url: str | None, company: str | None, mark: str
) -> NotedCheck:
    """The check of somebody else than the person who loads; UsageProblem where there is none."""
    from importer.loading.journal.team_store import database_role

    mine = names_of_person(database_role(_team(journal).dsn))
    checks = noted_checks(journal, base_url, company, mark)
    for each in checks:
        if not each.names & mine:
            return each
    if checks:
        raise UsageProblem(
            f"Four eyes: these files were checked by {checks[0].who}, as whom you load. Somebody"
            " else has to load them, or to check them. Nothing was sent."
        )
    raise UsageProblem(
        "Four eyes: nobody else has checked what these files would send, as they are now. Ask"
        " somebody to check them, with the same options: light-import validate --four-eyes, or"
        " 'Release for loading' on the page. Nothing was sent."
    )


def demands_four_eyes(company: Company) -> bool:
    """Whether light-import.toml demands it for the company, whichever profile was chosen."""
    return not {company.name, company.id}.isdisjoint(four_eyes_companies())


def _team(journal: str | None) -> TeamAddress:
    chosen = chosen_journal(journal)
    if not isinstance(chosen, TeamAddress):
        raise UsageProblem(
            "Four eyes need a journal that you share: name your team's database with --journal,"
            " LIGHT_IMPORT_JOURNAL or in light-import.toml."
        )
    return open_team(chosen)


def _full(mark: str, base_url: str | None, company: str | None) -> str:
    """The mark for one Light and company."""
    place = f"{check_base_url(base_url or DEFAULT_BASE_URL)}\0{company or ''}\0{mark}"
    return hashlib.sha256(place.encode()).hexdigest()
