"""``light-import validate``: check sheets offline."""

from __future__ import annotations

from typing import Any

import click

from importer.cli.options import (
    base_url_option,
    company_of,
    company_option,
    four_eyes_option,
    output_of,
    output_options,
    place_option,
    request_of,
    source_options,
    step_options,
)


@click.command(short_help="Check sheets without sending anything.")
@source_options
@step_options
@base_url_option
@place_option
@company_option
@four_eyes_option
@output_options
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

    result, console = output_of(options)
    request = request_of(options)
    typed, company = options["company"], company_of(options)
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
