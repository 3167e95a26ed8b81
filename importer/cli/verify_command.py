"""``light-import verify``: read a run's bills back from Light and compare them with the sheet."""

from __future__ import annotations

from typing import Any

import click

from importer.cli import options as shared


@click.command(short_help="Read a run's bills back from Light and compare them.")
@shared.run_options
@click.option("--lines", is_flag=True, help="Also read each line item separately.")
@click.option(
    "--ledger", is_flag=True, help="Also tie out the ledger's lines of what is posted, by account."
)
@click.option(
    "--again",
    is_flag=True,
    help="Read everything again, even what a stopped verification has read.",
)
@shared.as_of_option
@shared.ageing_option
@shared.settle_option
@shared.output_options
def verify(run: str, **options: Any) -> int:
    """Read every bill of RUN that is in Light back, and compare it field by field with what was
    loaded.

    Nothing is changed in Light. Exit code 0 if everything is the same; 1 if something was changed
    in Light, or is no longer there; 3 if a bill is in Light more than once; 4 if it was stopped:
    run the same command to resume.

    With --ledger each posted document has to balance in Light's ledger, and the net of each
    account, the tax of each tax code and the payables have to be the sheet's, by entity and
    currency: exit code 1 if not, 2 if the key may not read the ledger.

    \b
    Examples:
      light-import verify 20260131-093000-a1b2
      light-import verify 20260131-093000-a1b2 --lines
      light-import verify latest --ledger --as-of 2026-01-31
    """
    from importer.app import StopControl, VerifyOptions
    from importer.app import verify as verify_run
    from importer.cli.signals import signals

    result, console = shared.output_of(options)
    choice = VerifyOptions(run, pace=shared.pace_of(options), **options)
    stop = StopControl(bind=signals)
    return console.show_result(verify_run(choice, result=result, listener=console, stop=stop))
