"""``light-import runs``: what was loaded from this computer."""

from __future__ import annotations

import json
import shutil
from typing import Any

import click


@click.command(short_help="List the loads of the past.")
@click.option("--journal", type=click.Path(), help="A journal other than the company's own.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="At most so many, the newest.  [default: 20, all with --json]",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def runs(journal: str | None, limit: int | None, as_json: bool) -> int:
    """List the loads of the past, the newest first: when and by whom, what became of the bills,
    and whether they were verified or undone.

    \b
    Example:
      light-import runs --limit 5
    """
    from importer.app.run_index import histories
    from importer.report.run_history import history_json, history_text

    found = list(histories(journal))
    if as_json:
        told: list[dict[str, Any]] = [history_json(run) for run in found[:limit]]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif not found:
        click.echo("Nothing has been loaded from this machine yet.")
    else:
        width = min(shutil.get_terminal_size((80, 24)).columns, 120)
        click.echo(history_text(found[: limit or 20], width))
        more = len(found) - (limit or 20)
        if more > 0:
            click.echo(f"\n… and {more:,} more: light-import runs --limit {len(found)}")
    return 0
