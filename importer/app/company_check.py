"""Which company and which Light: shown, checked against the journal, and locked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from importer.app.defaults import profile_names
from importer.app.destination import Destination
from importer.app.events import Listener
from importer.app.stop import StopControl
from importer.app.user_name import user_and_host
from importer.core.errors import JournalProblem, UsageProblem
from importer.core.name_key import name_key
from importer.light.credentials import DEFAULT_BASE_URL
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_database import CompanyLock
from importer.loading.journal.journal_records import RunRecord
from importer.model.light_objects import Company


def environment(base_url: str, *, sandbox: bool = False) -> str:
    """Which Light an address is, in words for people."""
    host = urlsplit(base_url).hostname or ""
    if sandbox:
        return "a temporary sandbox on this computer"
    if base_url == DEFAULT_BASE_URL:
        return "Light, production"
    if host in ("127.0.0.1", "::1", "localhost"):
        return "a server on this computer, not Light"
    if host.endswith("light.inc") and "sandbox" in host:
        return "Light, sandbox company"
    return "another address than Light's own"


def address_of(destination: Destination) -> str:
    """Its address with what it is: "https://… (Light, production)"."""
    kind = environment(destination.base_url, sandbox=destination.sandbox)
    return f"{destination.base_url} ({kind})"


def check_company_of_journal(journal: Journal, company: Company, destination: Destination) -> None:
    """UsageProblem where the journal is of another company than the key."""
    if destination.sandbox:
        return
    for run in journal.runs():
        if not run.damage and run.facts.get("company_id") != company.id:
            raise UsageProblem(
                f"The journal {journal.place} belongs to the company {run.facts.get('company')},"
                f" but the key belongs to {company.name}. Leave out --journal, or name another."
            )


def check_company_of_run(record: RunRecord, company: Company) -> None:
    """UsageProblem where a run is of another company than the key."""
    if record.facts.get("company_id") != company.id:
        loaded_into = record.facts.get("company")
        raise UsageProblem(
            f"The run {record.id} was loaded into the company {loaded_into}, but the"
            f" key belongs to {company.name}. Use a key of {loaded_into}."
        )


def check_expected_company(expected: str | None, company: Company) -> None:
    """UsageProblem where the key is of another company than was named."""
    if expected and name_key(expected) not in (name_key(company.name), name_key(company.id)):
        profiles = ", ".join(profile_names())
        raise UsageProblem(
            f"The key belongs to the company {company.name}, but --company expects {expected}."
            " Nothing was sent. Use the key of that company"
            + (f", or a profile of light-import.toml: {profiles}." if profiles else ".")
        )


@contextlib.asynccontextmanager
async def locked(
    journal: Journal, listener: Listener, stop: StopControl, *, load: str = ""
) -> AsyncIterator[None]:
    """One load or undo in a company at a time, in a team's journal several loads; waits for
    another to end. ``load`` is the id of the run of a load."""
    lock = journal.load_lock(load, user_and_host()) if load else journal.lock()
    async with held(lock, journal, listener, stop):
        yield


@contextlib.asynccontextmanager
async def held(
    lock: CompanyLock, journal: Journal, listener: Listener, stop: StopControl
) -> AsyncIterator[None]:
    """With the lock, once another process has given it up."""
    waiting = False
    with stop.cancels_task():
        while not _acquire(lock, journal):
            if not waiting:
                text = "Another load into this company is running; waiting for it to end."
                listener.message(text)
                waiting = True
            await asyncio.sleep(0.2)
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: CompanyLock, journal: Journal) -> bool:
    import filelock

    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return False
    except OSError as error:
        raise JournalProblem(
            f"The journal {journal.place} cannot be locked ({error.strerror}), so nothing is sent."
            " Free some space or make the folder writable, and run the same command again."
        ) from None
    return True
