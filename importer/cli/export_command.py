"""``light-import export``: what Light has, as a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from importer.cli import options as shared
from importer.core.counted_nouns import count
from importer.core.safe_text import visible

if TYPE_CHECKING:
    from importer.app.export_light import Exported

_KINDS = ("bills", "credit-notes", "vendors", "accounts", "entities", "documents", "ledger-lines")
_IDS = {"bill": 1, "line": 2}
_OF_LISTS = {"filters": "--filter", "sorts": "--sort", "limit": "--limit"}
_UNUSED = {
    "bill": _OF_LISTS,
    "line": {**_OF_LISTS, "output": "--output", "overwrite": "--overwrite"},
}


@click.command(short_help="Write what Light has to a sheet.")
@click.argument(
    "kind",
    type=click.Choice([*_KINDS, *_IDS]),
    help="What to export; bill and line are for one, by its id.",
)
@click.argument("ids", nargs=-1, metavar="ID", help="The id of a bill, and of its line item.")
@click.option(
    "--filter",
    "filters",
    metavar="FIELD:OP:VALUE",
    multiple=True,
    help="Only what has this: eq, ne, in, not_in, gt, gte, lt or lte; | between the values of in"
    " and not_in; null for a blank. Several with commas, or repeat it: all must hold.",
)
@click.option(
    "--sort",
    "sorts",
    metavar="FIELD:asc|desc",
    multiple=True,
    help="The order; several fields with commas.",
)
@click.option("--limit", type=click.IntRange(min=1), help="The most records.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="The file: .xlsx, .csv, .json or .parquet.  [default: KIND.xlsx in the current folder]",
)
@click.option("--overwrite", is_flag=True, help="Replace the file of -o if it exists.")
@shared.pace_options
@shared.base_url_option
@shared.profile_option
@shared.json_option
@click.option("--quiet", is_flag=True, help="Print only errors.")
@click.option("--verbose", is_flag=True, help="Print more, with tracebacks of faults.")
def export(kind: str, ids: tuple[str, ...], **options: Any) -> int:
    """Write what Light has to a file. Nothing is changed in Light.

    Bills and credit notes come as the two sheets that 'load' reads: loaded as they are they send
    nothing, and 'load --update' sends what you have changed in them. Where an export was stopped,
    the same command resumes it.

    \b
    Examples:
      light-import export bills -o bills.xlsx
      light-import export bills --filter "state:eq:IN_DRAFT,dueDate:lt:2025-04-01"
      light-import export vendors --sort name:asc -o vendors.csv
      light-import export bill 7514cbaa-e6e3-58bc-be5b-b65ffc29f39f
    """
    from importer.app import ExportOptions, StopControl, export_bill, export_line
    from importer.app import export as export_list
    from importer.cli.console import Console
    from importer.cli.signals import signals

    if len(ids) != _IDS.get(kind, 0):
        wanted = {"bill": "export bill ID", "line": "export line BILL LINE"}
        raise click.UsageError(f"Write: light-import {wanted.get(kind, f'export {kind}')}")
    if unused := [words for name, words in _UNUSED.get(kind, {}).items() if options[name]]:
        raise click.UsageError(
            f"{' and '.join(unused)} cannot be used with export {kind}: leave it out."
        )
    del options["verbose"]  # that is for ``main``
    as_json, quiet = options.pop("as_json"), options.pop("quiet")
    pace = shared.pace_of(options)
    choice = ExportOptions(kind, pace=pace, **options)
    console = Console(json=as_json, quiet=quiet)
    if kind == "bill":
        exported = export_bill(choice, ids[0], console)
    elif kind == "line":
        exported = export_line(choice, ids[0], ids[1], console)
    else:
        exported = export_list(choice, listener=console, stop=StopControl(bind=signals))
    if as_json:
        return shared.print_json(_facts(exported))
    if not quiet:
        _show(exported)
    return 0


def _facts(exported: Exported) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "company": exported.company,
        "base_url": exported.base_url,
        "kind": exported.kind,
        "records": exported.records,
        "files": [str(path) for path in exported.paths],
        "notes": exported.notes,
        "requests": exported.requests,
        "seconds": round(exported.seconds, 3),
        "result": str(exported.paths[0]) if exported.paths else None,
    }
    if exported.kind in ("bills", "credit-notes"):
        facts[exported.kind.replace("-", "_")] = {"total": exported.records}
    if exported.kind in ("bills", "credit-notes", "line"):
        facts["line_items"] = {"total": exported.line_items}
    if exported.shown:
        facts["shown"] = exported.shown[0]
    return facts


def _show(exported: Exported) -> None:
    from importer.model.light_lists import LISTS

    for each in exported.shown:
        _show_record(each, "")
    for note in exported.notes:
        click.echo(visible(note))
    if exported.paths:
        one = exported.records == 1
        noun = LISTS[exported.kind].noun if one else exported.kind.replace("-", " ")
        what = f"{exported.records:,} {noun}"
        if exported.kind in ("bills", "credit-notes"):
            what += f" with {count(exported.line_items, 'line item')}"
        click.echo(f"{what}, read with {count(exported.requests, 'request')}. Written:")
        for path in exported.paths:
            click.echo(f"  {visible(str(path))}")


def _show_record(record: dict[str, Any], indent: str) -> None:
    """Its values that are not blank, then its lines."""
    lines = record.get("lineItems", [])
    values = {n: v for n, v in record.items() if n != "lineItems" and v not in (None, "")}
    width = max(map(len, values), default=0)
    for name, value in values.items():
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        click.echo(f"{indent}{visible(name):<{width}}  {visible(shown)}")
    for number, line in enumerate(lines, start=1):
        click.echo(f"{indent}Line item {number}")
        _show_record(line, f"{indent}  ")
