"""``light-import runs``: what was loaded from this computer."""

from __future__ import annotations

import click

from importer.cli.options import journal_option, json_option, print_json
from importer.cli.screen import columns, print_line


@click.command(short_help="List past loads.")
@journal_option
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="Show only the newest N.  [default: 20, all with --json]",
)
@json_option
def runs(journal: str | None, limit: int | None, as_json: bool) -> int:
    """List past loads, the newest first: when, by whom, the result of the bills, and whether they
    were verified or undone.

    \b
    Example:
      light-import runs --limit 5
    """
    from importer.app import history_json, history_text
    from importer.app import runs as list_runs
    from importer.core.safe_text import visible

    histories, problems = list_runs(journal)
    exit_code = problems[0].exit_code if problems else 0
    if as_json:
        rows = [history_json(history) for history in histories[:limit]]
        print_json({"runs": rows}, exit_code, problems[0] if problems else None)
    elif histories:
        click.echo(history_text(histories[: limit or 20], columns(120)))
        more = len(histories) - (limit or 20)
        if more > 0:
            click.echo(f"\n… and {more:,} more: light-import runs --limit {len(histories)}")
    elif not problems:
        click.echo("Nothing has been loaded yet.")
    for problem in problems:
        print_line(visible(str(problem)))
    return exit_code
