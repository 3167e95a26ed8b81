"""``light-import undo``: cancel in Light what a run created."""

from __future__ import annotations

import sys
from typing import Any

import click

from importer.cli import options as shared


@click.command(short_help="Cancel in Light what a run created.")
@shared.run_options
@click.option(
    "--dry-run", is_flag=True, help="Only read the bills and show what would be cancelled."
)
@click.option("--yes", is_flag=True, help="Do not ask before cancelling.")
@shared.confirm_above_option
@click.option(
    "--bills",
    multiple=True,
    metavar="NUMBERS",
    help="Cancel only these bills: invoice numbers with commas between them; an id in Light or"
    " row:7 too. May be given again.",
)
@click.option(
    "--vendor",
    multiple=True,
    metavar="NAME",
    help="Cancel only the bills of this vendor: its name, identifier or id. May be given again.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Also cancel bills that were changed in Light after they were loaded, and treat bills"
    " missing in Light as undone.",
)
@click.option(
    "--twins",
    is_flag=True,
    help="Cancel only copies of bills that Light has more than once: this run's copy, where it is"
    " the later of two equal drafts.",
)
@shared.settle_option
@click.option(
    "--reason",
    metavar="TEXT",
    help="The reason recorded in Light.  [default: names the run]",
)
@shared.output_options
def undo(run: str, **options: Any) -> int:
    """Cancel in Light the bills that RUN created, so that they can be loaded again.

    Bills that were in Light before the run are left unchanged. Each bill is read first: one that is
    in the ledger, or was changed since, is not cancelled but listed. Bills in doubt are looked up
    first. With --bills or --vendor the others stay as they are and can be undone later; with both,
    what both name. A bill that Light has more than once is left alone without --twins. Exit code 1
    where there are bills that were not cancelled; 3 where a bill is unknown or in Light more than
    once; 4 if it was stopped: run the same command to resume.

    \b
    Examples:
      light-import undo 20260131-093000-a1b2 --dry-run
      light-import undo 20260131-093000-a1b2
      light-import undo 20260131-093000-a1b2 --bills INV-1042,INV-1077
      light-import undo 20260131-093000-a1b2 --vendor "Amberley Couriers Ltd"
      light-import undo 20260131-093000-a1b2 --twins
    """
    from importer.app import StopControl, UndoOptions
    from importer.app import undo as undo_run
    from importer.cli.prompts import confirm_undo
    from importer.cli.signals import signals

    result, console = shared.output_of(options)
    undone = undo_run(
        UndoOptions(run, pace=shared.pace_of(options), **options),
        result=result,
        consent=confirm_undo if sys.stdin.isatty() else None,
        listener=console,
        stop=StopControl(bind=signals),
    )
    return console.show_result(undone)
