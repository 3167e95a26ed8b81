"""``light-import load``: check, then create the bills in Light."""

from __future__ import annotations

from typing import Any

import click

from importer.cli.options import output_of, output_options, request_of, source_options, step_options


@click.command(short_help="Check sheets, then create their bills in Light.")
@source_options
@step_options
@click.option("--sandbox", is_flag=True, help="Load into a throw-away local server; needs no key.")
@click.option(
    "--base-url",
    metavar="URL",
    envvar="LIGHT_BASE_URL",
    help="Where Light is.  [env: LIGHT_BASE_URL; default: https://api.light.inc]",
)
@click.option("--dry-run", is_flag=True, help="Stop before anything is written to Light.")
@click.option("--only-valid", is_flag=True, help="Load the valid bills, leave out the others.")
@click.option("--yes", is_flag=True, help="Do not ask before loading.")
@click.option(
    "--requests-per-minute",
    type=click.IntRange(min=1),
    help="At most so many requests in any 60 seconds, of each key.  [default: 300]",
)
@click.option(
    "--requests-per-day",
    type=click.IntRange(min=1),
    help="At most so many requests in a UTC day, of all keys.  [default: 100000]",
)
@click.option(
    "--wait",
    is_flag=True,
    help="When the requests of the day are spent, wait until there are new ones instead of"
    " stopping.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    help="Seconds to wait for an answer.",
)
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    help="Seconds after which a bill that Light does not show is held to be absent, and is sent"
    " again. Where Light is slower than that, a bill may be there twice.",
)
@click.option(
    "--line-mode",
    type=click.Choice(["inline", "separate"]),
    default="inline",
    show_default=True,
    help="A bill with its lines in one request, or each line in a request of its own.",
)
@click.option(
    "--save-lookups",
    metavar="DIR",
    help="Add what was picked in the sheet 'To resolve' of a result workbook to the lookup tables"
    " in this folder, which are asked too, as with --lookups.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Afterwards read every bill and line item back from Light and compare them.",
)
@click.option("--journal", type=click.Path(), help="Another journal than the company's own.")
@output_options
def load(**options: Any) -> int:
    """Create the bills of a sheet in Light, each exactly once.

    Checks everything first and sends nothing while a cell is wrong. If it is interrupted, the same
    command goes on where it stopped. The key comes from LIGHT_API_KEY (or LIGHT_ACCESS_TOKEN);
    several keys of one company, for more requests a minute, from LIGHT_API_KEYS. Without any of
    them it is the login that auth login keeps.

    With --then, or a column 'status', the bills are submitted, posted or marked as paid after that,
    each once too; the files of the column 'document' are uploaded before.

    \b
    Examples:
      light-import load bills.xlsx --sandbox
      light-import load bills.xlsx --dry-run
      light-import load ledger.csv --template uk-spend --only-valid
      light-import load bills.xlsx --then posted --documents scans
      light-import load ledger-result.xlsx --save-lookups lookups
    """
    from importer.app.destination import LoadOptions
    from importer.app.load_bills import run_load

    request, output = request_of(options), output_of(options)
    return run_load(request, output, LoadOptions(**options))
