"""``light-import template``: list, show, samples, check, new, schema."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli.options import json_option, print_json
from importer.core.counted_nouns import count
from importer.core.safe_text import visible

if TYPE_CHECKING:
    from importer.app.draft_check import TemplateTrial


@click.group(short_help="List, show, check and draft templates; samples.")
def template() -> None:
    """A template describes the layout of an export; see docs/templates.md.

    \b
    Is there one for this export?
      light-import template list
    Make one from the export, complete what says TODO, try it:
      light-import template new --from export.csv -o mine.yaml
      light-import template check mine.yaml
      light-import validate export.csv --template mine.yaml
    """


@template.command("list")
@json_option
def list_(as_json: bool) -> int:
    """List the templates that come with light-import.

    \b
    Example:
      light-import template list
    """
    from importer.app.templates import list_templates

    templates = list_templates()
    if as_json:
        names = ("name", "description")
        return print_json(
            {"templates": [dict(zip(names, each, strict=True)) for each in templates]}
        )
    if sys.stdout.isatty():
        table = click.get_current_context().make_formatter()
        table.write_dl(templates)
        click.echo(table.getvalue(), nl=False)
    else:  # a line each, for other programs
        width = max(len(name) for name, _ in templates)
        for name, description in templates:
            click.echo(f"{name:<{width}}  {description}")
    return 0


@template.command()
@click.argument("name", help="A template that 'light-import template list' names.")
@json_option
def show(name: str, as_json: bool) -> int:
    """Print a template, as a start for your own.

    \b
    Example:
      light-import template show uk-spend > mine.yaml
    """
    from importer.app.templates import template_text

    text = template_text(name)
    if as_json:
        return print_json({"template": name, "yaml": text})
    click.echo(text, nl=False)
    return 0


@template.command(short_help="Copy sample exports to a folder, to try things out with.")
@click.argument("folder", default="samples", help="A new folder.  [default: samples]")
@json_option
def samples(folder: str, as_json: bool) -> int:
    """Copy sample files to a folder, to try things out with: exports of each system.

    They are bills of the company that the sandbox plays.

    \b
    Examples:
      light-import template samples
      light-import load samples/light/bills.xlsx --sandbox
    """
    from importer.app.templates import copy_samples

    copy_samples(folder)
    if as_json:
        return print_json({"result": folder})
    path = shlex.quote(str(Path(folder) / "light" / "bills.xlsx"))
    click.echo(f"Try: light-import load {path} --sandbox", err=True)
    return 0


@template.command()
@click.argument("path", help="The YAML file, or the name of a template.")
@json_option
def check(path: str, as_json: bool) -> int:
    """Check a template, and report each error with its line.

    \b
    Example:
      light-import template check mine.yaml
    """
    from importer.app.templates import check_template
    from importer.model.fields import BILLS

    checked = check_template(path)
    if as_json:
        return print_json(
            {
                "template": checked.name,
                "path": str(checked.path),
                "fields": checked.fields,
                "missing": [
                    {"sheet": sheet, "one_of": [*names]} for sheet, names in checked.missing
                ],
                "todos": checked.todos,
            }
        )
    click.echo(f"{checked.path}: template '{checked.name}' is valid; {checked.fields} fields.")
    for sheet, names in checked.missing:
        whose = "of the bill" if sheet == BILLS else "of the line item"
        text = f"It sets no {' or '.join(names)} {whose}, which Light requires."
        click.echo(text, err=True)
    if checked.todos:
        click.echo(f"{count(checked.todos, 'thing')} to complete, marked TODO.", err=True)
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
    "--encoding",
    metavar="NAME",
    help="The encoding of a CSV file that does not state it: cp1252, mac_roman …",
)
@click.option("-o", "--output", metavar="FILE", help="Where to write the draft. [default: stdout]")
@click.option("--workbook", metavar="OUT.xlsx", help="Write a workbook to fill in instead.")
@click.option(
    "--company",
    metavar="NAME",
    help="The company whose vendors, accounts … the workbook offers, if several are saved.",
)
@json_option
def new(
    exports: tuple[str, ...],
    encoding: str | None,
    output: str | None,
    workbook: str | None,
    company: str | None,
    as_json: bool,
) -> int:
    """Draft a template from an export, or write a workbook to fill in.

    The draft has what the file proves: its header row, the columns it knows by name (in
    several languages) and by what is in them, the order of day and month, the decimal mark, which
    rows make one bill, which amounts add up to its total. The rest is marked TODO.

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
            "Give either --from EXPORT, for a template, or --workbook OUT.xlsx, for a workbook."
        )
    if workbook is not None:
        if output is not None or encoding is not None:
            raise UsageProblem("-o and --encoding go with --from, not with --workbook.")
        return _workbook(workbook, company, as_json)
    if company is not None:
        raise UsageProblem("--company goes with --workbook.")
    return _draft(exports, encoding, output, as_json)


@template.command()
def schema() -> int:
    """Print the JSON Schema of templates, for completion in an editor.

    \b
    Example:
      light-import template schema > template.schema.json
    """
    from importer.app.templates import template_schema

    click.echo(json.dumps(template_schema(), indent=2))
    return 0


def _draft(
    exports: tuple[str, ...], encoding: str | None, output: str | None, as_json: bool
) -> int:
    from importer.app.templates import draft_template

    draft = draft_template(exports, encoding=encoding, output=output)
    if as_json:
        return print_json(
            {
                "sources": [*exports],
                "recognised": draft.shipped or None,
                "trial": draft.trial and asdict(draft.trial),
                "todos": draft.todos,
                "yaml": draft.text,
                "result": output,
            }
        )
    if draft.shipped_trial and (draft.shipped_trial.bills or draft.shipped_trial.parameters):
        click.echo(visible(_shipped(draft.shipped, draft.shipped_trial)), err=True)
    if output is None:
        click.echo(draft.text, nl=False)
        return 0
    todos = count(draft.todos, "thing") if draft.todos else ""
    rest = f"{todos} to complete, marked TODO" if todos else "nothing to complete"
    fields = f"{count(draft.bill_fields, 'field')} of bills, {draft.line_fields} of line items"
    click.echo(visible(f"{Path(output)}: {fields}; {rest}."), err=True)
    if draft.trial is not None:
        click.echo(visible(f"As it is, {_result(draft.trial)}"), err=True)
    name = shlex.quote(str(Path(output)))
    click.echo(
        visible(
            f"Then: light-import template check {name}; light-import validate"
            f" {shlex.join(exports)} --template {name}"
        ),
        err=True,
    )
    return 0


def _shipped(name: str, trial: TemplateTrial) -> str:
    """What the shipped template that the export is recognised as made of it."""
    if trial.reads_all:
        return (
            f"The template {name}, which comes with light-import, reads this export as it is:"
            f" {_result(trial)} A draft is only needed to change something."
        )
    settings = " ".join(f"--set {parameter}=…" for parameter in trial.parameters)
    needs = f" It may need {settings}." if settings else ""
    return (
        f"The export looks like one for the template {name}, which comes with light-import:"
        f" {_result(trial)}{needs}"
    )


def _result(trial: TemplateTrial) -> str:
    """How many bills were read, how many of them are valid, and what these come to."""
    if not trial.bills:
        return f"no bill was read. {trial.problem}".rstrip()
    valid = "all valid" if trial.valid == trial.bills else f"{trial.valid:,} of them valid"
    sums = ", ".join(trial.totals)
    of_valid = "" if trial.valid == trial.bills else " (the valid ones)"
    total = f", {sums} in all{of_valid}" if sums else ""
    problem = f" First problem: {trial.problem}" if trial.problem else ""
    return f"{count(trial.bills, 'bill')}, {valid}{total}.{problem}"


def _workbook(output: str, company: str | None, as_json: bool) -> int:
    from importer.app.templates import write_fill_in_workbook

    notes = write_fill_in_workbook(output, company=company)
    if as_json:
        return print_json({"result": output, "notes": notes})
    path = Path(output)
    name = shlex.quote(str(path))
    click.echo(visible(f"{path}: fill in Bills and Line items, then: light-import load {name}"))
    for note in notes:
        click.echo(visible(note), err=True)
    return 0
