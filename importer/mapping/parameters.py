"""Values of a template's parameters, which change from file to file."""

from __future__ import annotations

from collections.abc import Mapping

from importer.core.column_letters import column_index
from importer.core.errors import UsageProblem
from importer.core.money import tidy
from importer.core.nearest_name import did_you_mean
from importer.mapping.patterns import pattern
from importer.mapping.template_model import ParameterSpec, Template
from importer.model.tables import SourceTable


def with_settings(
    template: Template, settings: Mapping[str, str], given: Mapping[str, str] | None = None
) -> Template:
    """The template with ``--set`` values; UsageProblem names unknown and missing parameters.

    ``given``: those that the tables have from a previous run, with their values.
    """
    given = given or {}
    for name in settings:
        if name not in template.parameters:
            names = ", ".join(template.parameters)
            raise UsageProblem(
                f"--set {name}: the template '{template.template}' has no such parameter"
                f"{did_you_mean(name, template.parameters)}"
                + (f" It has: {names}." if names else "; it has none.")
            )
    for name, text in settings.items():
        choices = template.parameters[name].one_of
        if choices and text not in choices:
            raise UsageProblem(
                f"--set {name}={text}: write {' or '.join(choices)}{did_you_mean(text, choices)}"
            )
    specs = template.parameters | {
        name: ParameterSpec(
            value=text,
            cell=None,
            matches=None,
            optional=False,
            one_of=template.parameters[name].one_of,
        )
        for name, text in settings.items()
    }
    missing = [
        name
        for name, spec in specs.items()
        if spec.value is None and not spec.cell and not spec.optional and name not in given
    ]
    if missing:
        raise UsageProblem(
            f"The template '{template.template}' needs a value for: {', '.join(missing)}. Give"
            f" it with --set {missing[0]}=…"
        )
    # A result is read as its run read the file: by the column that was chosen then.
    used = {n: given[n] for n, s in specs.items() if s.one_of and n in given and n not in settings}
    chosen = specs | {n: specs[n].model_copy(update={"value": text}) for n, text in used.items()}
    return template.model_copy(update={"parameters": chosen}).with_chosen_columns()


def values_of(source: SourceTable, header: int, template: Template) -> dict[str, str]:
    """The parameters' values for one table; ``header`` is the index of its header row.

    "" where the cell that should hold a value is blank, is below the header or does not match.
    """
    return {
        name: source.parameters[name]
        if name in source.parameters
        else spec.value or ""
        if spec.cell is None
        else _in_cell(source, header, spec)
        for name, spec in template.parameters.items()
    }


def _in_cell(source: SourceTable, header: int, spec: ParameterSpec) -> str:
    assert spec.cell is not None
    letters = spec.cell.rstrip("0123456789")
    column, row = column_index(letters), int(spec.cell[len(letters) :])
    rows = [i for i in range(header) if source.rows[i] == row]
    if not rows or column >= len(source.columns):
        return ""
    text = tidy(source.columns[column][rows[0]])
    if spec.matches is None:
        return text
    match = pattern(spec.matches).search(text)
    return "" if match is None else tidy(match[1] or "" if match.re.groups else match[0])
