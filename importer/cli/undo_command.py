"""``light-import undo``: cancel in Light what a run created."""

from __future__ import annotations

from typing import Any

import click

from importer.cli.options import output_of, output_options, pace_of, past_options


@click.command(short_help="Cancel in Light what a run created.")
@past_options
@click.option("--dry-run", is_flag=True, help="Only read the bills and say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask before cancelling.")
@click.option(
    "--force",
    is_flag=True,
    help="Cancel bills too that were changed in Light since they were loaded, and take bills that"
    " Light does not have any more for undone.",
)
@click.option(
    "--reason",
    metavar="TEXT",
    help="What Light is told.  [default: the run, and that it is undone]",
)
@output_options
def undo(run: str, **options: Any) -> int:
    """Cancel in Light the bills that RUN created, so that they can be loaded again.

    Bills that were there before the run are left alone. Each bill is read first: one that is in
    the ledger, or that somebody changed since, is not cancelled, and is listed. Exit code 1 where
    there are such bills; 4 where it was stopped: the same command goes on.

    \b
    Examples:
      light-import undo 20260131-093000-a1b2 --dry-run
      light-import undo 20260131-093000-a1b2
    """
    from importer.app.undo_run import UndoOptions, run_undo

    pace, output = pace_of(options), output_of(options)
    return run_undo(run, pace, output, options.pop("journal"), UndoOptions(**options))
