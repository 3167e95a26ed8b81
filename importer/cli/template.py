"""``light-import template``: list, show, check, schema."""

from __future__ import annotations

import json

import click


@click.group(short_help="List, show and check templates.")
def template() -> None:
    """Templates say how an export is laid out."""


@template.command("list")
def list_() -> int:
    """List the templates that come with light-import."""
    from importer.template.loader import load_template, shipped_templates

    for name, path in shipped_templates().items():
        click.echo(f"{name:<12} {load_template(path).template.description}")
    return 0


@template.command()
@click.argument("name")
def show(name: str) -> int:
    """Print a template, as a start for one of your own."""
    from importer.template.loader import find_template

    click.echo(find_template(name).path.read_text(encoding="utf-8-sig"), nl=False)
    return 0


@template.command()
@click.argument("path")
def check(path: str) -> int:
    """Check a template; what is wrong is told with its line."""
    from importer.template.loader import find_template

    loaded = find_template(path)
    fields = len(loaded.template.bills) + len(loaded.template.line_items)
    click.echo(
        f"{loaded.path}: the template '{loaded.template.template}' is right; {fields} fields."
    )
    return 0


@template.command()
def schema() -> int:
    """Print the JSON Schema of templates, for completion in an editor."""
    from importer.template.loader import template_schema

    click.echo(json.dumps(template_schema(), indent=2))
    return 0
