"""The lists of a company (vendors, accounts …), fetched from Light and saved on this computer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app.data_paths import reference_path, reference_paths
from importer.app.events import SILENT, Listener, Work
from importer.core.errors import UsageProblem
from importer.core.name_key import name_key
from importer.references.reference_cache import Cached, read_cache, write_cache

if TYPE_CHECKING:
    from importer.app.destination import Destination


@dataclass(frozen=True)
class PulledReference:
    """What was fetched, and the file that it was written to."""

    cached: Cached
    path: Path
    requests: int
    seconds: float


def pull_reference(base_url: str | None = None, *, listener: Listener = SILENT) -> PulledReference:
    """Fetch all lists that names are looked up in; 200 records a request.

    Raises ImporterError where there is no key, or Light refuses it or cannot be reached.
    """
    from importer.app.destination import DEFAULT_PACE, light_at
    from importer.light.credentials import DEFAULT_BASE_URL

    began = time.monotonic()
    destination = light_at(base_url or DEFAULT_BASE_URL, DEFAULT_PACE)
    cached, requests = asyncio.run(_pull(destination, listener))
    path = reference_path(destination.base_url, cached.company.id)
    write_cache(path, cached)
    return PulledReference(cached, path, requests, time.monotonic() - began)


async def _pull(destination: Destination, listener: Listener) -> tuple[Cached, int]:
    from importer.app.destination import DEFAULT_PACE
    from importer.app.fetch_directory import EVERYTHING, fetch_directory

    async with destination.connect(DEFAULT_PACE, listener) as (client, limiter):
        company = await client.company()
        with listener.work(Work.LISTS):
            directory = await fetch_directory(client, EVERYTHING, listener.message)
        cached = Cached(destination.base_url, company, datetime.now(UTC), directory)
        return cached, limiter.requests


def cached_of(company: str | None) -> Cached | None:
    """What was fetched of the company of that name or id.

    Without a name: of the only company, None where nothing was fetched. Raises UsageProblem that
    lists the cached companies.
    """
    every = [read_cache(path) for path in reference_paths()]
    if company is None:
        if len(every) > 1:
            names = ", ".join(cached.company.name for cached in every)
            raise UsageProblem(f"Choose a company: --company NAME, one of {names}.")
        return every[0] if every else None
    wanted = name_key(company)
    matches = [c for c in every if wanted in (name_key(c.company.name), name_key(c.company.id))]
    if len(matches) == 1:
        return matches[0]
    fetched = "".join(f"\n  {c.company.name} ({c.base_url}, id {c.company.id})" for c in every)
    if matches:
        raise UsageProblem(f"Several companies are called '{company}'; give the id:{fetched}")
    raise UsageProblem(
        f"No lists for company '{company}'. Run: light-import reference pull"
        + (f" There are:{fetched}" if fetched else "")
    )
