"""``light-import reference``: a company's lists, saved on this computer."""

from __future__ import annotations

import click

from importer.cli.options import base_url_option, json_option, print_json, profile_option
from importer.core.safe_text import visible


@click.group(short_help="Fetch the company's vendors, accounts, entities, properties.")
def reference() -> None:
    """A company's lists from Light, saved on this computer to look up names offline.

    \b
    Example:
      light-import reference pull
    """


@reference.command(short_help="Fetch them from Light.")
@base_url_option
@profile_option
@json_option
def pull(base_url: str | None, as_json: bool) -> int:
    """Fetch vendors, entities, ledger accounts, bank accounts, purchase orders, custom properties
    and tax codes from Light.

    Light has no list of tax codes: their ids come from the defaults of the vendors and from the
    lines of the newest bills, at most 50 of them. The key comes from LIGHT_API_KEY (or
    LIGHT_ACCESS_TOKEN), else from auth login. A load always asks Light again.

    \b
    Examples:
      light-import reference pull
      light-import validate bills.xlsx --company "Kestrel Trading Ltd"
    """
    from importer.app import pull_reference
    from importer.cli.console import Console

    pulled = pull_reference(base_url, listener=Console(json=as_json))
    cached, counts = pulled.cached, pulled.cached.counts()
    if as_json:
        return print_json(
            dict(
                company=cached.company.name,
                company_id=cached.company.id,
                base_url=cached.base_url,
                fetched_at=cached.fetched_at.isoformat(timespec="seconds"),
                **counts,
                requests=pulled.requests,
                seconds=round(pulled.seconds, 3),
                path=str(pulled.path),
            )
        )
    fetched = f"{cached.fetched_at:%Y-%m-%d %H:%M} UTC"
    click.echo(visible(f"{cached.company.name} ({cached.base_url}), {fetched}:"))
    for name, count in counts.items():
        click.echo(f"  {count:>7,} {name.replace('_', ' ')}")
    click.echo(f"Fetched with {pulled.requests:,} requests; saved in {pulled.path}")
    return 0
