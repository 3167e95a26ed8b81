"""Names of a file without an id in Light: what they may mean, as the company's lists have it."""

from __future__ import annotations

from itertools import islice

from importer.app.result import Result
from importer.core.errors import UsageProblem
from importer.core.name_key import name_key
from importer.model.report_model import Suggestion, Unresolved
from importer.references.lookup_tables import CREATE as CREATE
from importer.references.lookup_tables import CREATE_ANOTHER, NOT_OFFERED, picked_suggestion
from importer.references.new_vendors import placeholder_of

_MOST = 20


def open_names(result: Result) -> list[Unresolved]:
    """The names that nothing was chosen for."""
    return [each for each in result.report.unresolved if each.pick is None]


def search_choices(result: Result, field: str, text: str) -> list[str]:
    """The labels that have every word of the text, the first twenty."""
    words = name_key(text).split()
    every = result.report.choices.get(field, ())
    labels = (s.label for s in every if all(w in name_key(s.label) for w in words))
    return list(islice(labels, _MOST))


def find_choice(result: Result, field: str, value: str, text: str) -> Suggestion:
    """What was chosen for a name: a label, an id of Light, or ``create`` of a vendor.

    UsageProblem where it is none of these.
    """
    if field == "vendor" and name_key(text) in (CREATE, CREATE_ANOTHER):
        return Suggestion(placeholder_of(value), name_key(text))
    suggested = [
        suggestion
        for each in result.report.unresolved
        if (each.field, each.value) == (field, value)
        for suggestion in each.suggestions
    ]
    chosen = picked_suggestion(text, (*suggested, *result.report.choices.get(field, ())))
    if chosen is None:
        raise UsageProblem(NOT_OFFERED.format(text, value))
    return chosen
