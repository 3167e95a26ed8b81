"""``light-import reference``: a company's own lists, kept on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from importer.references.reference_cache import Cached


@click.group(short_help="Fetch the company's vendors, accounts, entities, properties.")
def reference() -> None:
    """What Light lists of a company: fetched to this machine, for looking names up offline.

    \b
    Example:
      light-import reference pull
    """


@reference.command(short_help="Fetch them from Light.")
@click.option(
    "--base-url",
    metavar="URL",
    envvar="LIGHT_BASE_URL",
    help="Where Light is.  [env: LIGHT_BASE_URL; default: https://api.light.inc]",
)
@click.option("--json", "as_json", is_flag=True, help="What was fetched as JSON on stdout.")
def pull(base_url: str | None, as_json: bool) -> int:
    """Fetch vendors, entities, ledger accounts, custom properties and tax codes from Light.

    Light has no list of tax codes: their ids come from the defaults of the vendors and from the
    lines of the newest bills, at most 50 of them. The key comes from LIGHT_API_KEY (or
    LIGHT_ACCESS_TOKEN), else from auth login. A load asks Light itself again for all that it needs.

    \b
    Examples:
      light-import reference pull
      light-import validate bills.xlsx --company "Kestrel Trading Ltd"
    """
    import json
    import time

    from importer.app.data_paths import pace_path, reference_path
    from importer.app.keys import credentials_for
    from importer.core.safe_text import visible
    from importer.light import DEFAULT_BASE_URL, check_base_url
    from importer.light.rate_limiter import RateLimiter
    from importer.references.reference_cache import write_cache

    began = time.monotonic()
    address = check_base_url(base_url or DEFAULT_BASE_URL)
    keys = credentials_for(address)
    pacer = RateLimiter(pace_path(address), keys=[each.mark for each in keys.keys])
    try:
        cached = _pulled(address, keys, pacer)
        requests = pacer.requests
    finally:
        pacer.close()
    path = reference_path(address, cached.company.id)
    write_cache(path, cached)
    if as_json:
        told: dict[str, Any] = {
            "command": "reference pull",
            "company": cached.company.name,
            "company_id": cached.company.id,
            "base_url": cached.base_url,
            "fetched_at": cached.fetched_at.isoformat(timespec="seconds"),
            **cached.counts(),
            "requests": requests,
            "seconds": round(time.monotonic() - began, 3),
            "path": str(path),
            "exit_code": 0,
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return 0
    click.echo(
        visible(f"{cached.company.name} ({address}), {cached.fetched_at:%Y-%m-%d %H:%M} UTC:")
    )
    for name, count in cached.counts().items():
        click.echo(f"  {count:>7,} {name.replace('_', ' ')}")
    click.echo(f"Fetched with {requests:,} requests; kept in {path}")
    return 0


def cached_of(company: str) -> Cached:
    """What was fetched of the company of that name or id; UsageProblem lists those there are."""
    from importer.app.data_paths import reference_paths
    from importer.core.errors import UsageProblem
    from importer.references.reference_cache import read_cache
    from importer.validation.cross_row_rules import same_name

    every = [read_cache(path) for path in reference_paths()]
    wanted = same_name(company)
    found = [c for c in every if wanted in (same_name(c.company.name), same_name(c.company.id))]
    if len(found) == 1:
        return found[0]
    there = "".join(f"\n  {c.company.name} ({c.base_url}, id {c.company.id})" for c in every)
    if found:
        raise UsageProblem(f"Several companies are called '{company}'; give the id:{there}")
    raise UsageProblem(
        f"Nothing was fetched of a company '{company}'; light-import reference pull does it."
        + (f" There are:{there}" if there else "")
    )


def _pulled(address: str, keys: Any, pacer: Any) -> Cached:
    import asyncio
    from datetime import UTC, datetime

    from importer.app.fetch_directory import EVERYTHING, fetch_directory
    from importer.light import LightClient
    from importer.references.reference_cache import Cached

    async def pulled() -> Cached:
        async with LightClient(address, keys, pacer) as client:
            company = await client.company()
            directory = await fetch_directory(client, EVERYTHING)
            return Cached(address, company, datetime.now(UTC), directory)

    return asyncio.run(pulled())
