"""The options of a set of files as a form: those of the command line, under their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from importer.core.errors import UsageProblem

if TYPE_CHECKING:
    from importer.app.templates import DraftField


class OptionField(NamedTuple):
    """``choices`` of "" leave the option out; without choices it is a text, or where ``flag`` a box
    to tick."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    flag: bool = False
    pairs: bool = False  # NAME=VALUE, with blanks between several

    @property
    def option(self) -> str:
        """On the command line, which the messages name."""
        return "--set" if self.name == "settings" else f"--{self.name.replace('_', '-')}"


FIELDS = (
    OptionField(
        "amounts",
        "Amounts of the sheets Bills and Line items",
        (
            ("", "as their template says"),
            ("cents", "cents (120000)"),
            ("money", "money (1,200.00)"),
        ),
    ),
    OptionField(
        "then",
        "Status of bills whose row has none",
        (
            ("", "draft"),
            ("submitted", "submitted for approval"),
            ("approved", "approved"),
            ("posted", "posted to the ledger"),
            ("paid", "posted and marked as paid"),
        ),
    ),
    OptionField("encoding", "Encoding of CSV files that do not state it (cp1252, mac_roman …)"),
    OptionField("expect", "Control totals (bills=412 GBP=1284220.10)", pairs=True),
    OptionField("as_of", "AP ageing on this day (2025-03-31)"),
    OptionField("settings", "Parameters of the template (year=2025)", pairs=True),
    OptionField("documents", "Folder of the documents on this computer, if you did not drop it"),
    OptionField("lookups", "Folder of lookup tables on this computer"),
    OptionField("update", "Change bills that Light has where the sheet differs", flag=True),
    OptionField("incomplete_drafts", "Load bills without date or lines as drafts", flag=True),
    OptionField("create_vendors", "Create vendors that were picked as 'create'", flag=True),
    OptionField("verify", "Afterwards read every bill and line item back from Light", flag=True),
)


def options_of_form(
    form: Mapping[str, str], before: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """The options as the form has them, but for those that are as ``defaults`` says; those that the
    form does not show stay. UsageProblem for a pair without its sign."""
    options = dict(before)
    for field in FIELDS:
        text = form.get(field.name, "").strip()
        value: Any = text or None
        if field.flag:
            value = bool(text)
        elif field.choices:
            value = text if text in dict(field.choices) and text else None
        elif field.pairs:
            value = [_pair(word) for word in text.split()] or None
        options[field.name] = value
    for name in ("template", "company"):
        if name in form:
            options[name] = form[name].strip() or None
    return {
        name: value
        for name, value in options.items()
        if value is not None and value != defaults.get(name, False)
    }


def answers_of_form(form: Mapping[str, str], fields: Iterable[DraftField]) -> dict[str, list[str]]:
    """What was chosen in the form of a drafted template, by the key of the field."""
    answers = {}
    for n, field in enumerate(fields):
        ticked = [v for k, (v, _) in enumerate(field.choices) if form.get(f"field-{n}-{k}")]
        answers[field.key] = ticked if field.several else [form.get(f"field-{n}", "").strip()]
    return answers


def _pair(word: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not (name and sign and value):
        raise UsageProblem(f"'{word}' should be NAME=VALUE, as year=2025.")
    return name, value


def shown_value(field: OptionField, options: Mapping[str, Any]) -> str:
    """The value of an option as the form shows it."""
    value = options.get(field.name)
    if field.pairs:
        return " ".join(f"{name}={text}" for name, text in value or ())
    return "" if value is None else str(value)
