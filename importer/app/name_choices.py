"""Names of a file without an id in Light: what they may mean, as the company's lists have it."""

from __future__ import annotations

from importer.app.result import Result
from importer.core.cell_parsers import parse_uuid
from importer.core.errors import UsageProblem
from importer.core.name_key import name_key
from importer.model.report_model import Suggestion, Unresolved

CREATE, CREATE_ANOTHER = "create", "create another"
MOST = 20


def open_names(result: Result) -> list[Unresolved]:
    """The names that nothing was chosen for."""
    return [each for each in result.report.unresolved if each.pick is None]


def search_choices(result: Result, field: str, text: str) -> list[str]:
    """The labels that have every word of the text, the first twenty."""
    words = name_key(text).split()
    every = result.report.choices.get(field, ())
    labels = (s.label for s in every if all(w in name_key(s.label) for w in words))
    return [label for _, label in zip(range(MOST), labels, strict=False)]


def find_choice(result: Result, field: str, value: str, text: str) -> Suggestion:
    """What was chosen for a name: a label, an id of Light, or ``create`` of a vendor.

    UsageProblem where it is none of these.
    """
    if field == "vendor" and name_key(text) in (CREATE, CREATE_ANOTHER):
        from importer.references.new_vendors import placeholder_of

        return Suggestion(placeholder_of(value), name_key(text))
    suggested = [
        suggestion
        for each in result.report.unresolved
        if (each.field, each.value) == (field, value)
        for suggestion in each.suggestions
    ]
    offered = [*suggested, *result.report.choices.get(field, ())]
    same = {s.id: s for s in offered if name_key(s.label) == name_key(text)}
    if len(same) == 1:
        return next(iter(same.values()))
    light_id, problem = parse_uuid(text.strip())
    if problem or not light_id:
        raise UsageProblem(
            f"'{text}' is neither one of the suggestions for '{value}' nor an id of Light. Choose"
            " from the list, or paste the id."
        )
    return next((s for s in offered if s.id == light_id), Suggestion(light_id, light_id))
