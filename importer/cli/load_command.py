"""``light-import load``: check, then create the bills in Light."""

from __future__ import annotations

import sys
from typing import Any

import click

from importer.cli import options as shared


@click.command(short_help="Check sheets, then create their bills in Light.")
@shared.source_options
@shared.step_options
@click.option("--sandbox", is_flag=True, help="Load into a temporary local server; needs no key.")
@shared.base_url_option
@shared.company_option
@click.option("--dry-run", is_flag=True, help="Stop before anything is written to Light.")
@click.option(
    "--update",
    is_flag=True,
    help="Change bills that Light has where the sheet differs: drafts only, and only where nobody"
    " has changed them in Light since. A blank cell leaves a value, (clear) clears it.",
)
@click.option("--update-only", is_flag=True, help="As --update, and create no bill.")
@click.option(
    "--force",
    is_flag=True,
    help="With --update: replace what somebody has changed in Light since it was loaded, too.",
)
@click.option("--only-valid", is_flag=True, help="Load the valid bills and leave out the others.")
@click.option("--yes", is_flag=True, help="Do not ask before loading.")
@shared.confirm_above_option
@shared.pace_options
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=30.0,
    envvar="LIGHT_IMPORT_SETTLE",
    show_default=True,
    help="Seconds that Light may take to show a new bill. A bill that it does not show by then,"
    " after two checks, is sent again; after the last bill the load waits as long and checks for"
    " duplicates.",
)
@click.option(
    "--line-mode",
    type=click.Choice(["inline", "separate"]),
    default="inline",
    show_default=True,
    help="Send a bill and its lines in one request, or each line separately.",
)
@click.option(
    "--save-lookups",
    metavar="DIR",
    help="Save picks from the sheet 'To resolve' of a result workbook to the lookup tables in this"
    " folder, and use these tables too, as with --lookups. team:NAME keeps them in the team's"
    " database.",
)
@click.option(
    "--create-vendors",
    is_flag=True,
    help="Create in Light the vendors that were picked as 'create' in the sheet 'To resolve', and"
    " those of a sheet 'Vendors' that the bills name. They are not undone.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Afterwards read every bill and line item back from Light and compare them.",
)
@click.option(
    "--archive",
    metavar="DIR",
    help="Move each file to this folder when all its bills are in Light.",
)
@shared.place_option
@shared.four_eyes_option
@shared.output_options
def load(**options: Any) -> int:
    """Create the bills of a sheet in Light, each exactly once.

    Checks everything first and sends nothing while a cell is wrong. If it is interrupted, run the
    same command to resume. The key comes from LIGHT_API_KEY (or LIGHT_ACCESS_TOKEN);
    several keys of one company, for more requests a minute, from LIGHT_API_KEYS. Without any of
    them it uses the saved login.

    With --then, or a column 'status', the bills are submitted, approved, posted or marked as paid
    after that, each once too; the files of the column 'document' are uploaded before.

    \b
    Examples:
      light-import load bills.xlsx --sandbox
      light-import load bills.xlsx --dry-run
      light-import load ledger.csv --template uk-spend --only-valid
      light-import load bills.xlsx --then posted --documents scans
      light-import load ledger-result.xlsx --save-lookups lookups
    """
    from importer.app import LoadOptions, StopControl
    from importer.app import load as load_bills
    from importer.cli.prompts import confirm_load
    from importer.cli.signals import signals

    request, (result, console) = shared.request_of(options), shared.output_of(options)
    loaded = load_bills(
        request,
        LoadOptions(pace=shared.pace_of(options), company=shared.company_of(options), **options),
        result=result,
        consent=confirm_load if sys.stdin.isatty() else None,
        listener=console,
        stop=StopControl(bind=signals),
    )
    return console.show_result(loaded)
