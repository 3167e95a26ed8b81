"""Check sheets, cell by cell, without sending anything."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app.check_files import check_files
from importer.app.check_request import CheckRequest
from importer.app.earlier_loads import earlier_loads
from importer.app.events import SILENT, Listener
from importer.app.former_workbook import former_ids
from importer.app.four_eyes import content_mark, note_check
from importer.app.journal_places import TeamAddress, chosen_journal
from importer.app.next_step import after_check, place_words
from importer.app.result import Result, ResultFile, exit_code, write_file
from importer.core.errors import UsageProblem

if TYPE_CHECKING:
    from importer.references.reference_cache import Cached


def check(
    request: CheckRequest,
    *,
    company: str | None = None,
    profile: bool = False,
    base_url: str | None = None,
    journal: str | None = None,
    result: ResultFile | None = None,
    lists: Cached | None = None,
    four_eyes: bool = False,
    mark: bool = False,
    listener: Listener = SILENT,
) -> Result:
    """Check bills and line items offline. Without ``result`` no file is written.

    ``company`` is the name or id of a company whose lists were fetched, the only one if left out:
    names that it does not have give warnings. ``base_url`` is the Light that the bills would go to,
    ``journal`` a file or a team's database that may know them. Cells may say ``(clear)``, as for an
    update. ``lists`` are these lists themselves. Without any a note says that names were not
    checked; a ``company`` that is no ``profile``'s must have some. ``four_eyes``: note in the
    team's database that the person has checked what these files would send; ``mark``: only its
    mark, in the summary. Raises ImporterError where the files cannot be checked at all.
    """
    place = chosen_journal(journal)
    team = place if isinstance(place, TeamAddress) else None
    cached, unchecked = (lists, "") if lists else _lists(company, profile=profile)
    request = replace(request, team=team)
    began, started = time.monotonic(), datetime.now(UTC)
    path = result.free_path(request.files) if result else None
    listener.message(f"Checking {', '.join(request.files)} …")
    files = check_files(request, listener=listener)
    content = content_mark(files) if four_eyes or mark else ""
    if four_eyes:
        note_check(journal, base_url, company, content)
        listener.message("Noted: you have checked these files. Somebody else can load them now.")
    if cached is not None:
        from importer.references.resolve_online import warn_by_cache

        warn_by_cache(files.checked, cached, files.loaded.template)
    if files.checked.old_ageing:
        from importer.app.old_ageing_files import compare_old_ageing

        compare_old_ageing(files.checked)
    notes = list(files.checked.mapped.notes)
    from importer.references.reference_column import has_names

    if unchecked and has_names(files.checked):
        notes.append(unchecked)
    loads = earlier_loads(
        files,
        journal=place if isinstance(place, Path) else None,
        team=team,
        base_url=base_url,
        company=company,
    )
    if loads.note:
        notes.append(loads.note)
    if files.updates:
        notes.append("Cells say (clear), which blanks values in Light: load this with --update.")
    summary = replace(
        files.summary("validate", started), notes=tuple(notes), asked=False, content_mark=content
    )
    if files.former is not None and files.continues:
        former = files.former
        summary = replace(
            summary,
            company=former.company,
            company_id=former.company_id,
            base_url=former.base_url,
        )
    from importer.report.build_report import build_report

    report = build_report(files.checked, loads.outcomes, summary, former_ids=former_ids(files))
    code = exit_code(report.summary, report.findings, stopped=None, updates=files.updates)
    unresolved = any(each.pick is None and not each.optional for each in report.unresolved)
    summary = replace(
        report.summary,
        exit_code=code,
        seconds=time.monotonic() - began,
        next_step=after_check(
            replace(request, update=files.updates),
            report.summary,
            code,
            path,
            unresolved,
            place_words(request, base_url, journal),
        ),
    )
    report = replace(report, summary=summary, vendor_sheets=files.vendor_sheets)
    return write_file(report, result, path, listener)


def _lists(company: str | None, *, profile: bool) -> tuple[Cached | None, str]:
    """The lists that names are checked against; without any, why names are not checked."""
    from importer.app.data_paths import reference_paths

    unchecked = "Names of vendors, entities, accounts and orders were not checked: "
    paths = reference_paths()
    if company is None and len(paths) != 1:
        if paths:
            return None, f"{unchecked}choose whose lists to use with --company NAME."
        return (
            None,
            f"{unchecked}there are no saved lists of a company. Run: light-import reference pull",
        )
    from importer.app.reference import cached_of

    try:
        return cached_of(company), ""
    except UsageProblem:
        if not profile:
            raise
        return (
            None,
            f"{unchecked}there are no saved lists of {company}. Run: light-import reference pull",
        )
