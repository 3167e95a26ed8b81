"""``light-import template``: list, show, check, new, schema."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from importer.references.reference_cache import Cached


@click.group(short_help="List, show, check and draft templates.")
def template() -> None:
    """Templates say how an export is laid out; what they may say is in docs/templates.md.

    \b
    Is there one for this export?
      light-import template list
    Make one from the export, complete what says TODO, try it:
      light-import template new --from export.csv -o mine.yaml
      light-import template check mine.yaml
      light-import validate export.csv --template mine.yaml
    """


@template.command("list")
def list_() -> int:
    """List the templates that come with light-import.

    \b
    Example:
      light-import template list
    """
    from importer.mapping.template_loader import load_template, shipped_templates

    shipped = [
        (name, load_template(path).template.description)
        for name, path in shipped_templates().items()
    ]
    if sys.stdout.isatty():
        table = click.get_current_context().make_formatter()
        table.write_dl(shipped)
        click.echo(table.getvalue(), nl=False)
    else:  # a line each, for other programs
        width = max(len(name) for name, _ in shipped)
        for name, description in shipped:
            click.echo(f"{name:<{width}}  {description}")
    return 0


@template.command()
@click.argument("name", help="A template that 'light-import template list' names.")
def show(name: str) -> int:
    """Print a template, as a start for one of your own.

    \b
    Example:
      light-import template show uk-spend > mine.yaml
    """
    from importer.mapping.template_loader import find_template

    click.echo(find_template(name).path.read_text(encoding="utf-8-sig"), nl=False)
    return 0


@template.command()
@click.argument("path", help="The YAML file, or the name of a template.")
def check(path: str) -> int:
    """Check a template; what is wrong is told with its line.

    \b
    Example:
      light-import template check mine.yaml
    """
    from importer.mapping.headers import unmapped
    from importer.mapping.template_loader import find_template
    from importer.model.fields import BILLS

    loaded = find_template(path)
    fields = len(loaded.template.bills) + len(loaded.template.line_items)
    click.echo(
        f"{loaded.path}: the template '{loaded.template.template}' is right; {fields} fields."
    )
    for sheet, names in unmapped(loaded.template):
        whose = "the bill's" if sheet == BILLS else "the line item's"
        told = f"It says nothing of {whose} {' or '.join(names)}: no bill can be sent without."
        click.echo(told, err=True)
    if todos := _todos(loaded.path.read_text(encoding="utf-8-sig")):
        click.echo(f"{_count(todos, 'thing')} to complete, marked TODO.", err=True)
    return 0


@template.command(short_help="Draft a template from an export, or a workbook to fill in.")
@click.option(
    "--from",
    "exports",
    multiple=True,
    metavar="EXPORT",
    help="A file to look at; twice where bills and line items are two files.",
)
@click.option(
    "--encoding", metavar="NAME", help="Of a CSV file, where it cannot be told: cp1252, mac_roman …"
)
@click.option("-o", "--output", metavar="FILE", help="Where to write the draft. [default: stdout]")
@click.option("--workbook", metavar="OUT.xlsx", help="Write a workbook to fill in instead.")
@click.option(
    "--company",
    metavar="NAME",
    help="Whose vendors, accounts … the workbook offers, where several were fetched.",
)
def new(
    exports: tuple[str, ...],
    encoding: str | None,
    output: str | None,
    workbook: str | None,
    company: str | None,
) -> int:
    """Draft a template from an export, or write a workbook to fill in.

    The draft has what the file itself proves: its header row, the columns it knows by name (in
    several languages) and by what is in them, the order of day and month, the decimal mark, which
    rows make one bill, which amounts add up to its total. The rest says TODO.

    The workbook has the sheets Bills and Line items, with a note on each header, and dropdowns of
    what light-import reference pull has fetched from Light.

    \b
    Examples:
      light-import template new --from export.csv -o mine.yaml
      light-import template new --from bills.csv --from lines.csv
      light-import template new --workbook bills.xlsx
    """
    from importer.core.errors import UsageProblem

    if bool(exports) == bool(workbook):
        raise UsageProblem(
            "Say either --from EXPORT, for a template, or --workbook OUT.xlsx, for a workbook."
        )
    if workbook is not None:
        if output is not None or encoding is not None:
            raise UsageProblem("-o and --encoding go with --from, not with --workbook.")
        return _fill_in(_new_file(workbook), company)
    if company is not None:
        raise UsageProblem("--company goes with --workbook.")
    return _draft(exports, encoding, None if output is None else _new_file(output))


@template.command()
def schema() -> int:
    """Print the JSON Schema of templates, for completion in an editor.

    \b
    Example:
      light-import template schema > template.schema.json
    """
    from importer.mapping.template_loader import template_schema

    click.echo(json.dumps(template_schema(), indent=2))
    return 0


def _todos(text: str) -> int:
    return sum(line.lstrip().startswith("# TODO:") for line in text.splitlines())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _new_file(name: str) -> Path:
    from importer.core.errors import UsageProblem

    path = Path(name)
    if os.path.lexists(path):
        raise UsageProblem(f"{path} is there already; name another file, or move it away.")
    return path


def _draft(exports: tuple[str, ...], encoding: str | None, output: Path | None) -> int:
    from importer.core.atomic_write import atomic_write
    from importer.core.errors import TemplateProblem
    from importer.core.safe_text import visible
    from importer.mapping.recognition import recognise
    from importer.readers import read_file
    from importer.scaffold.draft_template import draft_of, name_of

    tables = [t for name in exports for t in read_file(Path(name), encoding=encoding)]
    draft = draft_of(tables, name_of(output or Path(exports[0])), encoding)
    text = draft.text()
    try:
        known = recognise(tables).template.template
        click.echo(
            f"The template {known}, which comes with light-import, reads this export as it is;"
            " a draft is only needed to change something.",
            err=True,
        )
    except TemplateProblem:
        pass
    if output is None:
        click.echo(text, nl=False)
        return 0
    with atomic_write(output) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    todos = _todos(text)
    left = f"{_count(todos, 'thing')} to complete, marked TODO" if todos else "nothing to complete"
    click.echo(
        visible(
            f"{output}: {_count(len(draft.bills), 'field')} of bills,"
            f" {len(draft.lines)} of line items; {left}."
        ),
        err=True,
    )
    named = shlex.quote(str(output))
    click.echo(
        visible(
            f"Then: light-import template check {named}; light-import validate"
            f" {shlex.join(exports)} --template {named}"
        ),
        err=True,
    )
    return 0


def _fill_in(path: Path, company: str | None) -> int:
    from datetime import UTC, datetime

    from importer.core.safe_text import visible
    from importer.scaffold.dropdown_choices import choices_of
    from importer.scaffold.fill_in_workbook import write_fill_in

    cached = _lists_of(company)
    said = []
    offered = None
    if cached is None:
        said.append(
            "Nothing was fetched from Light, so that there are no dropdowns of vendors, accounts,"
            " entities and custom properties. To have them: light-import reference pull, then this"
            " command again."
        )
    else:
        offered, said = choices_of(cached.company.name, cached.directory)
        said.insert(0, f"With the vendors, accounts, entities and custom properties of"
                       f" {cached.company.name}, {cached.age(datetime.now(UTC))}.")  # fmt: skip
    said += write_fill_in(path, offered)
    click.echo(
        visible(
            f"{path}: fill in Bills and Line items, then:"
            f" light-import load {shlex.quote(str(path))}"
        )
    )
    for sentence in said:
        click.echo(visible(sentence), err=True)
    return 0


def _lists_of(company: str | None) -> Cached | None:
    """What was fetched of the company, or of the only one; None where nothing was."""
    from importer.app.data_paths import reference_paths
    from importer.cli.reference_command import cached_of
    from importer.core.errors import UsageProblem
    from importer.references.reference_cache import read_cache

    if company is not None:
        return cached_of(company)
    every = [read_cache(path) for path in reference_paths()]
    if len(every) > 1:
        names = ", ".join(cached.company.name for cached in every)
        raise UsageProblem(f"Say for which company: --company NAME, one of {names}.")
    return every[0] if every else None
