"""``light-import validate``: check sheets offline."""

from __future__ import annotations

from typing import Any

import click

from importer.cli import options as shared


@click.command(short_help="Check sheets without sending anything.")
@shared.source_options
@shared.step_options
@shared.base_url_option
@shared.place_option
@shared.company_option
@shared.four_eyes_option
@shared.output_options
def validate(**options: Any) -> int:
    """Check bills and line items, cell by cell, without sending anything.

    SOURCE is a workbook with the sheets Bills and Line items, two CSV files, or an export that a
    template describes. The result workbook lists every problem.

    \b
    Examples:
      light-import validate bills.xlsx
      light-import validate bills.csv line-items.csv
      light-import validate ledger.csv --template uk-spend
    """
    from importer.app import check

    result, console = shared.output_of(options)
    request = shared.request_of(options)
    typed, company = options["company"], shared.company_of(options)
    checked = check(
        request,
        company=company,
        profile=company != typed,
        base_url=options["base_url"],
        journal=options["journal"],
        four_eyes=options["four_eyes"],
        result=result,
        listener=console,
    )
    return console.show_result(checked)
