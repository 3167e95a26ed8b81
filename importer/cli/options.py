"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from importer.cli.screen import tell

F = TypeVar("F", bound=Callable[..., Any])
RUN = "The id of a load, as 'light-import runs' lists it."
_FILE = click.Path(readable=False)  # whether it can be read is told when it is, with the remedy


@dataclass(frozen=True)
class OutputOptions:
    """How to tell the person."""

    result: str | None
    json: bool
    quiet: bool
    verbose: bool
    most_problems: int | None = None  # that a workbook lists

    def say(self, text: str) -> None:
        """A line for the person; not to be mistaken for the result."""
        from importer.core.safe_text import visible

        if not self.quiet:
            tell(visible(text))


Pairs = tuple[tuple[str, str], ...]


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


def _templates(context: click.Context, option: click.Parameter, typed: str) -> list[Any]:
    """The templates that may be meant, for a shell that completes; then files."""
    from click.shell_completion import CompletionItem

    folder = Path(__file__).parent.parent
    folder = (
        folder / "templates" if (folder / "templates").is_dir() else folder.parent / "templates"
    )
    names = sorted(path.stem for path in folder.glob("*.yaml") if path.stem.startswith(typed))
    return [*map(CompletionItem, names)] or [CompletionItem(typed, type="file")]


def source_options(command: F) -> F:
    """What to read."""
    for option in (
        click.option(
            "--set",
            "settings",
            metavar="NAME=VALUE",
            multiple=True,
            callback=_pairs,
            help="A parameter of the template, as year=2025. May be repeated.",
        ),
        click.option(
            "--expect",
            metavar="WHAT=FIGURE",
            multiple=True,
            callback=_pairs,
            help="A control total: bills=412, lines=900, or a currency's gross total as"
            " GBP=1284220.10. May be repeated; stands above the template's.",
        ),
        click.option(
            "--lookups",
            metavar="DIR",
            help="A folder of lookup tables (vendor.csv, companyEntity.csv, account.csv,"
            " taxCode.csv) that are asked before those of the template.",
        ),
        click.option("--lines", type=_FILE, help="The file of the line items."),
        click.option("--bills", type=_FILE, help="The file of the bills."),
        click.option(
            "--template",
            metavar="NAME|PATH",
            shell_complete=_templates,
            help="How the sheets are laid out; recognised from the headers if left out.",
        ),
        click.argument(
            "source",
            nargs=-1,
            type=_FILE,
            help="The file: a workbook or an export; or two, the bills and their line items.",
        ),
    ):
        command = option(command)
    return command


def past_options(command: F) -> F:
    """A run of the past, and how fast Light is asked."""
    for option in (
        click.option(
            "--journal", type=click.Path(), help="A journal other than the company's own."
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0.1),
            default=30.0,
            show_default=True,
            help="Seconds to wait for an answer.",
        ),
        click.option(
            "--wait",
            is_flag=True,
            help="When the requests of the day are spent, wait until there are new ones instead of"
            " stopping.",
        ),
        click.option(
            "--requests-per-day",
            type=click.IntRange(min=1),
            help="At most so many requests in a UTC day, of all keys.  [default: 100000]",
        ),
        click.option(
            "--requests-per-minute",
            type=click.IntRange(min=1),
            help="At most so many requests in any 60 seconds, of each key.  [default: 300]",
        ),
        click.argument("run", help=RUN),
    ):
        command = option(command)
    return command


def step_options(command: F) -> F:
    """How far the bills go after they were created."""
    from importer.model.bills import TargetStatus

    for option in (
        click.option(
            "--largest-document",
            metavar="MB",
            type=click.FloatRange(min=0, min_open=True),
            help="The largest document that is uploaded, in megabytes.  [default: 20]",
        ),
        click.option(
            "--documents",
            metavar="DIR",
            help="The folder in which the files of the column 'document' are.  [default: where the"
            " sheet is]",
        ),
        click.option(
            "--then",
            type=click.Choice([wanted.value for wanted in TargetStatus]),
            help="How far the bills go whose row has no 'status': left as a draft, submitted for"
            " approval, posted to the ledger, or posted and marked as paid.  [default: draft]",
        ),
    ):
        command = option(command)
    return command


def pace_of(options: dict[str, Any]) -> Any:
    """The ``PaceOptions`` of a command's options, taken out of them."""
    from importer.app.destination import PaceOptions

    names = ("requests_per_minute", "requests_per_day", "timeout", "wait")
    return PaceOptions(*(options.pop(name) for name in names))


def output_options(command: F) -> F:
    """How to tell."""
    for option in (
        click.option("--verbose", is_flag=True, help="Say more, with tracebacks of faults."),
        click.option("--quiet", is_flag=True, help="Say nothing but errors."),
        click.option("--json", "as_json", is_flag=True, help="The summary as JSON on stdout."),
        click.option(
            "--max-problems",
            metavar="N",
            type=click.IntRange(min=1),
            envvar="LIGHT_IMPORT_MAX_PROBLEMS",
            help="How many problems a workbook lists at most; all are counted, and those beyond are"
            " told.  [default: 50000]",
        ),
        click.option(
            "--result",
            metavar="PATH",
            help="The result: a workbook, or by the name's ending .csv, .json or .html."
            "  [default: <source>-result.xlsx in the current folder]",
        ),
    ):
        command = option(command)
    return command


def request_of(options: dict[str, Any]) -> Any:
    """The ``CheckRequest`` of a command's options, taken out of them."""
    from importer.app.pipeline import CheckRequest
    from importer.core.errors import UsageProblem
    from importer.model.tables import TableKind

    told = [
        (options.pop(name), kind)
        for name, kind in (("bills", TableKind.BILLS), ("lines", TableKind.LINE_ITEMS))
    ]
    request = CheckRequest(
        tuple(options.pop("source")),
        options.pop("template"),
        tuple((name, kind) for name, kind in told if name),
        settings=options.pop("settings"),
        expect=options.pop("expect"),
        lookups=options.pop("lookups"),
        save_lookups=options.pop("save_lookups", None),
        then=options.pop("then", None),
        documents=options.pop("documents", None),
        largest_document=options.pop("largest_document", None),
    )
    if not request.files:
        raise UsageProblem("Name at least one file, as in: light-import validate bills.xlsx")
    return request


def output_of(options: dict[str, Any]) -> OutputOptions:
    return OutputOptions(
        options.pop("result"),
        options.pop("as_json"),
        options.pop("quiet"),
        options.pop("verbose"),
        options.pop("max_problems"),
    )
