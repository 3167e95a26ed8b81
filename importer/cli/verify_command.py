"""``light-import verify``: read a run's bills back from Light and compare them with the sheet."""

from __future__ import annotations

from typing import Any

import click

from importer.cli.options import output_of, output_options, pace_of, past_options


@click.command(short_help="Read a run's bills back from Light and compare them.")
@past_options
@click.option("--lines", is_flag=True, help="Read each line item by itself, too.")
@click.option(
    "--again", is_flag=True, help="Read all, also what a verification that was stopped has read."
)
@output_options
def verify(run: str, **options: Any) -> int:
    """Read every bill of RUN that is in Light back, and compare it field by field with what was
    loaded.

    Nothing is changed in Light. Exit code 0 where all is the same; 1 where something was changed
    in Light, or is not there any more; 4 where it was stopped: the same command goes on.

    \b
    Examples:
      light-import verify 20260131-093000-a1b2
      light-import verify 20260131-093000-a1b2 --lines
    """
    from importer.app.verify_run import run_verify

    pace, output = pace_of(options), output_of(options)
    return run_verify(run, pace, output, **options)
