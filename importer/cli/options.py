"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Output:
    """How to tell the person."""

    result: str | None
    json: bool
    quiet: bool
    verbose: bool

    def say(self, text: str) -> None:
        """A line for the person; not to be mistaken for the result."""
        from importer.results.wording import visible

        if not self.quiet:
            click.echo(visible(text), err=True)


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
        click.option("--lines", type=click.Path(), help="The file of the line items."),
        click.option("--bills", type=click.Path(), help="The file of the bills."),
        click.option(
            "--template",
            metavar="NAME|PATH",
            shell_complete=_templates,
            help="How the sheets are laid out; recognised from the headers if left out.",
        ),
        click.argument("source", nargs=-1, type=click.Path()),
    ):
        command = option(command)
    return command


def output_options(command: F) -> F:
    """How to tell."""
    for option in (
        click.option("--verbose", is_flag=True, help="Say more, with tracebacks of faults."),
        click.option("--quiet", is_flag=True, help="Say nothing but errors."),
        click.option("--json", "as_json", is_flag=True, help="The summary as JSON on stdout."),
        click.option(
            "--result",
            metavar="PATH",
            help="The result workbook. [default: <source>-result.xlsx in the current folder]",
        ),
    ):
        command = option(command)
    return command


def request_of(options: dict[str, Any]) -> Any:
    """The ``Request`` of a command's options, taken out of them."""
    from importer.cli.prepare import Request
    from importer.records import TableKind

    told = [
        (options.pop(name), kind)
        for name, kind in (("bills", TableKind.BILLS), ("lines", TableKind.LINE_ITEMS))
    ]
    return Request(
        tuple(options.pop("source")),
        options.pop("template"),
        tuple((name, kind) for name, kind in told if name),
        settings=options.pop("settings"),
        expect=options.pop("expect"),
        lookups=options.pop("lookups"),
        save_lookups=options.pop("save_lookups", None),
    )


def output_of(options: dict[str, Any]) -> Output:
    return Output(
        options.pop("result"), options.pop("as_json"), options.pop("quiet"), options.pop("verbose")
    )
