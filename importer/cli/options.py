"""Options that commands share, and the records that they become."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from importer.app import CheckRequest, PaceOptions, ResultFile
    from importer.app.check_request import AgeingFile
    from importer.cli.console import Console
    from importer.core.errors import ImporterError

F = TypeVar("F", bound=Callable[..., Any])
Pairs = tuple[tuple[str, str], ...]
PORTS = click.IntRange(0, 65535)
_FILE = click.Path(readable=False)  # that it cannot be read is reported on reading, with the remedy


def _group(*options: Callable[[F], F]) -> Callable[[F], F]:
    """The options as one decorator, in the order in which the help lists them."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _pairs(_: click.Context, option: click.Parameter, values: tuple[str, ...]) -> Pairs:
    """``NAME=VALUE`` of an option that may be repeated; each name once."""
    pairs: dict[str, str] = {}
    for value in values:
        name, sign, text = (part.strip() for part in value.partition("="))
        if not (name and sign and text):
            example = "GBP=1284220.10" if option.name == "expect" else "year=2025"
            raise click.BadParameter(f"'{value}' should be NAME=VALUE, as {example}.")
        if pairs.setdefault(name, text) != text:
            raise click.BadParameter(f"{name} is given twice: {pairs[name]} and {text}.")
    return tuple(pairs.items())


def _ageing_files(values: tuple[str, ...]) -> tuple[AgeingFile, ...]:
    from importer.app.check_request import ageing_file

    return tuple(map(ageing_file, values))


def _templates(context: click.Context, option: click.Parameter, typed: str) -> list[Any]:
    """The templates that may be meant, for a shell that completes; then files."""
    from click.shell_completion import CompletionItem

    from importer.app.templates import template_names

    names = [name for name in template_names() if name.startswith(typed)]
    return [*map(CompletionItem, names)] or [CompletionItem(typed, type="file")]


base_url_option = click.option(
    "--base-url",
    metavar="URL",
    envvar="LIGHT_BASE_URL",
    help="Light's address.  [env: LIGHT_BASE_URL; default: https://api.light.inc]",
)
profile_option = click.option(
    "--company",
    metavar="NAME",
    expose_value=False,
    help="Use this profile in light-import.toml.",
)
place_option = click.option(
    "--journal",
    metavar="PLACE",
    envvar="LIGHT_IMPORT_JOURNAL",
    help="Use another journal than the company's: a file, or a team's postgresql:// database."
    "  [env: LIGHT_IMPORT_JOURNAL]",
)
journal_option = _group(place_option, profile_option)
company_option = click.option(
    "--company",
    metavar="NAME",
    help="Use this profile in light-import.toml, or expect this company: a key of another is"
    " refused, and 'validate' checks names against its lists.",
)
four_eyes_option = click.option(
    "--four-eyes",
    is_flag=True,
    help="Who loads is not who checked: 'validate' notes in the team's journal that you have"
    " checked, and 'load' sends only what somebody else has checked just so.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="The result as JSON on stdout: docs/run.schema.json."
)
run_argument = click.argument("run", help="The id of a load, from 'light-import runs', or latest.")
as_of_option = click.option(
    "--as-of",
    metavar="DATE",
    help="Add the AP ageing on this day (2025-03-31): what is not due, and overdue for 1–30, 31–60,"
    " 61–90 and over 90 days.",
)
ageing_option = click.option(
    "--ageing",
    metavar="FILE",
    multiple=True,
    callback=lambda _, __, values: _ageing_files(values),
    help="An ageing report of the old system on the day of --as-of (.xlsx, .csv …), to compare the"
    " sheet and Light's balances with, vendor by vendor. GBP=FILE where it does not say its"
    " currency. May be repeated.",
)
source_options = _group(
    click.argument(
        "source",
        nargs=-1,
        type=_FILE,
        help="The file: a workbook or an export; or two, the bills and their line items. A folder"
        " or a pattern (exports/*.csv) means all its files, - standard input.",
    ),
    click.option(
        "--template",
        metavar="NAME|PATH",
        shell_complete=_templates,
        help="The layout of the sheets; recognised from the headers if left out.",
    ),
    click.option("--bills", type=_FILE, help="The file of the bills."),
    click.option("--lines", type=_FILE, help="The file of the line items."),
    click.option(
        "--encoding",
        metavar="NAME",
        help="The encoding of CSV files that do not state it: cp1252, mac_roman, cp850, utf-8 ….",
    ),
    click.option(
        "--amounts",
        type=click.Choice(["cents", "money"]),
        help="What the amounts of the sheets Bills and Line items are: cents (120000), as their"
        " template says, or money (1,200.00). Say it where they look like the other.",
    ),
    click.option(
        "--lookups",
        metavar="DIR",
        help="A folder of lookup tables (vendor.csv, companyEntity.csv, account.csv,"
        " taxCode.csv) that are used before those of the template.",
    ),
    click.option(
        "--expect",
        metavar="WHAT=FIGURE",
        multiple=True,
        callback=_pairs,
        help="A control total: bills=412, lines=900, a currency's gross total as"
        " GBP=1284220.10, or with --as-of one of the ageing as ageing.31-60.GBP=1200.00 (not-due,"
        " 1-30, 31-60, 61-90, over-90). May be repeated; overrides the template's.",
    ),
    as_of_option,
    ageing_option,
    click.option(
        "--set",
        "settings",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_pairs,
        help="A parameter of the template, as year=2025. May be repeated.",
    ),
)
pace_options = _group(
    click.option(
        "--requests-per-minute",
        type=click.IntRange(min=1),
        help="The most requests in any 60 seconds, for each key.  [default: 300]",
    ),
    click.option(
        "--requests-per-day",
        type=click.IntRange(min=1),
        help="The most requests in a UTC day, for all keys.  [default: 100000]",
    ),
    click.option(
        "--wait",
        is_flag=True,
        help="When the day's requests are used up, wait for the next day instead of stopping.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0.1),
        default=30.0,
        show_default=True,
        help="Seconds to wait for Light's answer.",
    ),
)
settle_option = click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=30.0,
    envvar="LIGHT_IMPORT_SETTLE",
    show_default=True,
    help="Seconds before asking Light again for a bill that it did not show.",
)
confirm_above_option = click.option(
    "--confirm-above",
    metavar="AMOUNT",
    type=click.FloatRange(min=0),
    default=1_000_000,
    help="Where the bills come to more than this in any currency, the question asks for their"
    " number instead of yes.  [default: 1,000,000]",
)
run_options = _group(run_argument, pace_options, journal_option)
output_options = _group(
    click.option(
        "--result",
        metavar="PATH",
        help="The result file: .xlsx, .csv, .json or .html."
        "  [default: <source>-result.xlsx in the current folder]",
    ),
    click.option("--overwrite", is_flag=True, help="Replace the file of --result if it exists."),
    click.option(
        "--max-problems",
        metavar="N",
        type=click.IntRange(min=1),
        envvar="LIGHT_IMPORT_MAX_PROBLEMS",
        help="The most problems a workbook lists; the rest are only counted.  [default: 50000]",
    ),
    json_option,
    click.option(
        "--log",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Add each event to this file, one JSON object a line.",
    ),
    click.option(
        "--on-end",
        metavar="CMD",
        help="Run this program at the end, without a shell, with the JSON summary on its standard"
        " input.",
    ),
    click.option("--quiet", is_flag=True, help="Print only errors."),
    click.option("--verbose", is_flag=True, help="Print more, with tracebacks of faults."),
)


def step_options(command: F) -> F:
    """How far the bills go after they were created."""
    from importer.model.bills import TargetStatus

    return _group(
        click.option(
            "--then",
            type=click.Choice([wanted.value for wanted in TargetStatus]),
            help="The status of bills whose row has none: left as a draft, submitted for approval,"
            " submitted and approved as the key's user, posted to the ledger, or posted and marked"
            " as paid.  [default: draft]",
        ),
        click.option(
            "--incomplete-drafts",
            is_flag=True,
            default=None,
            help="Load bills without an issue date or without line items too, as drafts that are"
            " never submitted or posted: a vendor, an amount and a currency are enough.",
        ),
        click.option(
            "--documents",
            metavar="DIR",
            help="The folder of the files in the column 'document'.  [default: where the sheet is]",
        ),
        click.option(
            "--largest-document",
            metavar="MB",
            type=click.FloatRange(min=0, min_open=True),
            help="The largest document to upload, in megabytes.  [default: 20]",
        ),
    )(command)


def request_of(options: dict[str, Any]) -> CheckRequest:
    """The files to read, taken out of a command's options."""
    from tempfile import TemporaryDirectory

    from importer.app import CheckRequest
    from importer.app.sources import STDIN, expand_sources, save_stdin
    from importer.core.errors import UsageProblem
    from importer.model.tables import TableKind

    kinds = {"bills": TableKind.BILLS, "lines": TableKind.LINE_ITEMS}
    files = [(options.pop(name), kind) for name, kind in kinds.items()]
    sources = expand_sources(options.pop("source"))
    stdin = None
    if STDIN in (*sources, *(name for name, _ in files)):
        folder = click.get_current_context().with_resource(TemporaryDirectory())
        stdin = save_stdin(sys.stdin.buffer, Path(folder))
    names = {field.name for field in fields(CheckRequest)} & options.keys()
    request = CheckRequest(
        sources=sources,
        table_kinds=tuple((name, kind) for name, kind in files if name),
        stdin=stdin,
        company=options.get("company"),
        **{name: options.pop(name) for name in names - {"company", "update"}},  # of the load too
    )
    if not request.files:
        raise UsageProblem("Name at least one file, as in: light-import validate bills.xlsx")
    return request


def company_of(options: dict[str, Any]) -> str | None:
    """The name or id of the company that is expected, taken out of a command's options."""
    from importer.app.defaults import read_defaults

    return read_defaults(options.pop("company")).company


def pace_of(options: dict[str, Any]) -> PaceOptions:
    """How fast Light is asked, taken out of a command's options."""
    from importer.app import PaceOptions

    return PaceOptions(**{field.name: options.pop(field.name) for field in fields(PaceOptions)})


def print_json(
    facts: Mapping[str, object], exit_code: int = 0, error: ImporterError | None = None
) -> int:
    """Print the JSON of the command that runs, with its ``facts``; the exit code."""
    from importer.app import json_document
    from importer.model.report_model import RunError

    command = click.get_current_context().command_path.partition(" ")[2]
    of_error = None if error is None else RunError.of(error)
    click.echo(json_document(command, exit_code, of_error, facts))
    return exit_code


def output_of(options: dict[str, Any]) -> tuple[ResultFile, Console]:
    """Where the result goes and how it is shown, taken out of a command's options."""
    from importer.app import ResultFile
    from importer.cli.console import Console
    from importer.cli.end_of_command import EventLog

    del options["verbose"]  # that is for ``main``
    file = ResultFile(
        options.pop("result"),
        options.pop("format", None),
        options.pop("max_problems"),
        options.pop("overwrite"),
    )
    log = options.pop("log")
    console = Console(
        quiet=options.pop("quiet"),
        json=options.pop("as_json"),
        log=EventLog(log) if log else None,
        on_end=options.pop("on_end"),
    )
    return file, console
