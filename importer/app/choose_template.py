"""Choose the shipped template of a file: recognised by its headers, and tried on its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.mapping.template_loader import LoadedTemplate
    from importer.model.tables import SourceTable
    from importer.validation.checked_bills import Checked


def choose_template(tables: Sequence[SourceTable]) -> LoadedTemplate:
    """The template that the headers are of; of several the one that reads most bills as valid.

    TemplateProblem where there is none, or none of several reads the file better than the others.
    """
    from importer.app.draft_check import try_template
    from importer.mapping.recognition import matching_templates, recognise

    fits, _ = matching_templates(tables)
    if len(fits) == 1:
        return fits[0]
    if fits:
        trials = [(try_template(tables, each.template), each) for each in fits]
        reading = [each for trial, each in trials if 2 * trial.valid > trial.bills]
        if len(reading) == 1:
            return reading[0]
    return recognise(tables)


def doubt(checked: Checked, loaded: LoadedTemplate, file: str) -> list[str]:
    """A note where most bills are invalid as a recognised template reads them.

    A canonical sheet was written for this product, so that its errors are its own.
    """
    bills, name = checked.bills.size, loaded.template.template
    invalid = int(checked.invalid_bills().sum())
    if name == "light" or 2 * invalid <= bills:
        return []
    from importer.mapping.recognition import alternatives

    tables = [table.source for table in checked.mapped.tables]
    near = " and ".join(alternatives(tables, loaded.template))
    return [
        f"The template {name} was recognised by its headers, and {invalid:,} of {bills:,} bills are"
        f" not valid as it reads them. If {file} is of another system, name its template with"
        f" --template, or draft one: light-import template new --from '{file}' -o mine.yaml"
        + (f". The nearest other templates: {near}." if near else "")
    ]
