"""``light-import journal``: a person's word on a bill in doubt; the consistency of the journal."""

from __future__ import annotations

from typing import Any

import click

from importer.cli import options as shared


@click.group(short_help="Settle bills in doubt; check the journal.")
def journal() -> None:
    """This computer's record of the bills it sent.

    \b
    Examples:
      light-import journal check
      light-import journal settle 20260131-093000-a1b2 INV-7 --absent
    """


@journal.command(
    short_help="Record which bill in Light an unknown bill is, or that Light lacks it."
)
@shared.run_argument
@click.argument("bill", help="Its invoice number, an id it has in Light, or its row as row:7.")
@click.option("--light-id", metavar="ID", help="The bill in Light that it is.")
@click.option("--absent", is_flag=True, help="Light does not have it: the next load sends it.")
@shared.pace_options
@shared.settle_option
@shared.journal_option
@shared.json_option
def settle(run: str, bill: str, as_json: bool, **options: Any) -> int:
    """Record which bill in Light the BILL of RUN is.

    For a bill that is unknown or in Light more than once. BILL is its invoice number, an id it has
    in Light, or its row in the sheet as row:7. It checks with Light that this is possible, and
    changes nothing there. The journal records who decided, and when. Other copies no longer count
    as this bill. Where the bill lacks line items, the next load adds them; one that differs
    otherwise from what was sent is left as it is.

    \b
    Examples:
      light-import journal settle 20260131-093000-a1b2 INV-7 --light-id 5f0c…
      light-import journal settle 20260131-093000-a1b2 row:7 --absent
    """
    from importer.app import SettleOptions, StopControl
    from importer.app import settle as settle_bill
    from importer.cli.console import Console
    from importer.cli.signals import signals
    from importer.core.safe_text import visible

    settled = settle_bill(
        SettleOptions(run, bill, pace=shared.pace_of(options), **options),
        listener=Console(quiet=False, json=as_json),
        stop=StopControl(bind=signals),
    )
    if as_json:
        return shared.print_json(settled.as_json())
    click.echo(visible(settled.words))
    return 0


@journal.command(short_help="Check that the journal is consistent; list what is in doubt.")
@shared.journal_option
@shared.json_option
def check(journal: str | None, as_json: bool) -> int:
    """Check that the journals on this computer are consistent, and list the bills in doubt: those
    that Light may or may not have, and those that it has more than once.

    Nothing is sent and nothing is changed. Exit code 0 if all is well; 1 if a journal is damaged
    or contradicts itself; 3 if bills are in doubt.

    \b
    Example:
      light-import journal check
    """
    from importer.app import check_journals
    from importer.core.safe_text import visible

    journals, code = check_journals(journal)
    if as_json:
        return shared.print_json({"journals": [each.as_json() for each in journals]}, code)
    for each in journals:
        for line in each.lines():
            click.echo(visible(line))
    if not journals:
        click.echo("There is no journal yet.")
    return code


@journal.command(short_help="Copy a journal into a team's database, or back.")
@click.argument("source", help="The journal to copy: a file, or a postgresql:// database.")
@click.argument("target", help="Where the copy goes: a new file, or a postgresql:// database.")
@click.option("--company", metavar="NAME", help="The company, where a database has several.")
@shared.json_option
def copy(source: str, target: str, company: str | None, as_json: bool) -> int:
    """Copy the journal SOURCE to TARGET, and check the copy. Each is a file, or a team's
    postgresql:// database. All is copied or nothing, compared by counts and sums; SOURCE is not
    changed. The files of runs are copied too, as far as this computer or the database has them.

    \b
    Example:
      light-import journal copy journal.sqlite postgresql://anna@db.example.com/light_import
    """
    from importer.app import copy_journal
    from importer.core.safe_text import visible

    copied = copy_journal(source, target, company)
    code = 1 if copied.problems else 0
    if as_json:
        return shared.print_json({"journals": [copied.as_json()]}, code)
    for line in copied.lines():
        click.echo(visible(line))
    return code
