"""Templates: list, show and check them, draft one from an export; a workbook to fill in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from importer.app.draft_check import TemplateTrial, try_template
from importer.core.errors import TemplateProblem, UsageProblem

if TYPE_CHECKING:
    from importer.model.tables import SourceTable
    from importer.scaffold.draft_form import DraftField as DraftField
    from importer.scaffold.draft_form import DraftForm as DraftForm


_NO_SAMPLE = ("*.findings.json", "*.result.json", "README.md", "__pycache__")


@dataclass(frozen=True)
class TemplateCheck:
    """A template that is valid. ``missing``: fields without which no bill can be sent, as (sheet,
    alternatives); ``todos``: how many things are marked TODO."""

    name: str
    path: Path
    fields: int
    missing: tuple[tuple[str, tuple[str, ...]], ...]
    todos: int


@dataclass(frozen=True)
class TemplateDraft:
    """A draft as YAML, and what it and the shipped templates make of the export.

    ``shipped``: the template that the export is recognised as, "" for none, with ``shipped_trial``.
    ``trial`` is of the draft itself; None while something in it has to be completed first.
    """

    text: str
    shipped: str
    shipped_trial: TemplateTrial | None
    trial: TemplateTrial | None
    bill_fields: int
    line_fields: int
    todos: int


def template_names() -> list[str]:
    """The templates that come with light-import."""
    from importer.mapping.template_loader import shipped_templates

    return list(shipped_templates())


def list_templates() -> list[tuple[str, str]]:
    """The name and description of each template that comes with light-import."""
    from importer.mapping.template_loader import load_template, shipped_templates

    return [
        (name, load_template(path).template.description)
        for name, path in shipped_templates().items()
    ]


def template_text(name: str) -> str:
    """The YAML of a template; TemplateProblem where there is none of that name or path."""
    from importer.mapping.template_loader import find_template

    return find_template(name).path.read_text(encoding="utf-8-sig")


def template_schema() -> dict[str, Any]:
    """The JSON Schema of templates."""
    from importer.mapping import template_loader

    return template_loader.template_schema()


def copy_samples(folder: str) -> None:
    """Copy the sample exports, with their lookup tables, to a new folder. UsageProblem where it
    exists already, or cannot be written."""
    import shutil

    from importer.mapping.template_loader import shipped_folder

    samples = shipped_folder("samples")
    generators = [path.name for path in samples.iterdir() if path.is_file()]
    try:
        shutil.copytree(samples, folder, ignore=shutil.ignore_patterns(*_NO_SAMPLE, *generators))
    except FileExistsError:
        raise UsageProblem(f"{folder} already exists; name another folder.") from None
    except (OSError, shutil.Error) as error:
        raise UsageProblem(f"{folder} cannot be written: {error}") from None


def check_template(name: str) -> TemplateCheck:
    """Check a template, by name or path. TemplateProblem names what is wrong, with its line."""
    from importer.mapping.headers import unmapped_fields
    from importer.mapping.template_loader import find_template

    loaded = find_template(name)
    return TemplateCheck(
        name=loaded.template.template,
        path=loaded.path,
        fields=len(loaded.template.bills) + len(loaded.template.line_items),
        missing=tuple((sheet, tuple(names)) for sheet, names in unmapped_fields(loaded.template)),
        todos=_todos(loaded.path.read_text(encoding="utf-8-sig")),
    )


def draft_template(
    exports: Sequence[str], *, encoding: str | None = None, output: str | None = None
) -> TemplateDraft:
    """Draft a template from an export, or from the two files of bills and line items.

    It is written to ``output`` where that is given; UsageProblem where that exists already.
    """
    from importer.app.choose_template import choose_template
    from importer.core.atomic_write import atomic_write
    from importer.scaffold.draft_template import draft_of, name_of

    path = None if output is None else _new_file(output)
    tables = _tables(exports, encoding)
    draft = draft_of(tables, name_of(path or Path(exports[0])), encoding)
    text = draft.text()
    shipped, shipped_trial = "", None
    try:
        template = choose_template(tables).template
        shipped, shipped_trial = template.template, try_template(tables, template)
    except TemplateProblem:
        pass
    if path is not None:
        with atomic_write(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    fields = len(draft.bills), len(draft.line_items)
    return TemplateDraft(text, shipped, shipped_trial, _trial(text, tables), *fields, _todos(text))


def draft_form(exports: Sequence[str], encoding: str | None = None) -> DraftForm:
    """The form of a draft from these files."""
    from importer.scaffold.draft_form import DraftForm, form_of_draft
    from importer.scaffold.draft_template import draft_of, name_of

    draft = draft_of(_tables(exports, encoding), name_of(Path(exports[0])), encoding)
    return DraftForm(form_of_draft(draft), draft)


def _tables(exports: Sequence[str], encoding: str | None) -> list[SourceTable]:
    from importer.readers import read_file

    return [t for name in exports for t in read_file(Path(name), encoding=encoding)]


def _trial(text: str, tables: Sequence[SourceTable]) -> TemplateTrial | None:
    """What a draft makes of its export; None where it must be completed first."""
    from importer.mapping.template_loader import load_template

    with TemporaryDirectory() as folder:
        path = Path(folder) / "draft.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            template = load_template(path).template
        except TemplateProblem:
            return None
    return None if "TODO" in template.key_columns else try_template(tables, template)


def write_fill_in_workbook(output: str, *, company: str | None = None) -> list[str]:
    """Write a workbook to fill in; what the person should know about it, in sentences.

    Its dropdowns offer what was fetched of the ``company``, or of the only one. UsageProblem where
    the file exists already, or nothing was fetched of that company.
    """
    from importer.app.reference import cached_of
    from importer.scaffold.dropdown_choices import choices_of
    from importer.scaffold.fill_in_workbook import write_fill_in

    path = _new_file(output)
    cached = cached_of(company)
    if cached is None:
        choices = None
        notes = [
            "There are no saved lists, so the workbook has no dropdowns of vendors, accounts,"
            " entities and custom properties. To get them: light-import reference pull, then run"
            " this command again."
        ]
    else:
        choices, omissions = choices_of(cached.company.name, cached.directory)
        age = cached.age(datetime.now(UTC))
        notes = [
            "With the vendors, accounts, entities and custom properties of"
            f" {cached.company.name}, {age}.",
            *omissions,
        ]
    return notes + write_fill_in(path, choices)


def _new_file(name: str) -> Path:
    path = Path(name)
    if os.path.lexists(path):
        raise UsageProblem(f"{path} already exists; name another file, or move it.")
    return path


def _todos(text: str) -> int:
    return sum(line.lstrip().startswith("# TODO:") for line in text.splitlines())
