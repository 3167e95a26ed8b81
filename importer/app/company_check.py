"""Whose Light it is: company and environment, the journal's company, one writer at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from importer.app.destination import Destination
from importer.app.interrupts import signals, this_task
from importer.cli.options import OutputOptions
from importer.core.errors import JournalProblem, UsageProblem
from importer.light import DEFAULT_BASE_URL
from importer.loading.journal.journal import Journal, RunRecord
from importer.model.light_objects import Company

if TYPE_CHECKING:
    import filelock


def environment(base_url: str, *, sandbox: bool = False) -> str:
    """Which Light an address is, in words for people."""
    host = urlsplit(base_url).hostname or ""
    if sandbox:
        return "a throw-away sandbox on this computer"
    if base_url == DEFAULT_BASE_URL:
        return "Light, production"
    if host in ("127.0.0.1", "::1", "localhost"):
        return "a server on this computer, not Light"
    if host.endswith("light.inc") and "sandbox" in host:
        return "Light, sandbox company"
    return "another address than Light's own"


def company_lines(company: Company, target: Destination) -> list[str]:
    """The company and where it is, before anything is written to it."""
    where = environment(target.base_url, sandbox=target.sandbox)
    return [f"Company:  {company.name}", f"Light:    {target.base_url} ({where})"]


def report_company(company: Company, target: Destination, output: OutputOptions) -> None:
    for line in company_lines(company, target):
        output.say(line)


def check_company_of_journal(journal: Journal, company: Company, target: Destination) -> None:
    """UsageProblem where the journal is of another company than the key."""
    if target.sandbox:
        return
    for run in journal.runs():
        if run.facts.get("company_id") != company.id:
            raise UsageProblem(
                f"The journal {journal.path} is of the company {run.facts.get('company')}, and the"
                f" key is of {company.name}. Leave out --journal, or take another one."
            )


def check_company_of_run(record: RunRecord, company: Company) -> None:
    """UsageProblem where a run is of another company than the key."""
    if record.facts.get("company_id") != company.id:
        own = record.facts.get("company")
        raise UsageProblem(
            f"The run {record.id} is of the company {own}, and the key is of {company.name}. Use a"
            f" key of {own}."
        )


@contextlib.asynccontextmanager
async def locked(journal: Journal, output: OutputOptions) -> AsyncIterator[None]:
    """One load or undo in a company at a time; waits for another to end."""
    lock = journal.lock()
    waiting = False
    with signals(this_task().cancel):
        while not _taken(lock, journal):
            if not waiting:
                output.say("Another load into this company is running; waiting until it ends.")
                waiting = True
            await asyncio.sleep(0.2)
    try:
        yield
    finally:
        lock.release()


def _taken(lock: filelock.BaseFileLock, journal: Journal) -> bool:
    """Whether the lock is ours now."""
    import filelock

    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return False
    except OSError as error:
        raise JournalProblem(
            f"The journal {journal.path} cannot be locked ({error.strerror}), so nothing is sent."
            " Free some space or make the folder writable, and run the same command again."
        ) from None
    return True
