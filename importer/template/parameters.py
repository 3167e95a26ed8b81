"""What changes from file to file: the values of a template's parameters."""

from __future__ import annotations

from collections.abc import Mapping

from importer.errors import UsageProblem
from importer.records import SourceTable
from importer.template.checks import nearest
from importer.template.model import ParameterSpec, Template


def with_settings(template: Template, settings: Mapping[str, str]) -> Template:
    """The template with ``--set`` values; UsageProblem names what is unknown or still missing."""
    for name in settings:
        if name not in template.parameters:
            there = ", ".join(template.parameters)
            raise UsageProblem(
                f"--set {name}: the template '{template.template}' has no such parameter"
                f"{nearest(name, template.parameters)}"
                + (f" It has: {there}." if there else "; it has none.")
            )
    own = {name: ParameterSpec(value=text) for name, text in settings.items()}
    changed = template.model_copy(update={"parameters": {**template.parameters, **own}})
    missing = [name for name, spec in changed.parameters.items() if spec.value is None]
    if missing:
        raise UsageProblem(
            f"The template '{template.template}' needs to be told: {', '.join(missing)}. Say it"
            f" with --set {missing[0]}=…"
        )
    return changed


def values_of(source: SourceTable, header: int, template: Template) -> dict[str, str]:
    """The parameters' values for one table; ``header`` is the index of its header row."""
    return {name: spec.value or "" for name, spec in template.parameters.items()}
