"""Every kind of finding, in one place: code, severity, title, sentence and hint.

The codes are generated from the canonical fields and what each kind of field may hold, so that no
code exists that cannot occur; docs/findings.md is written from here. In the texts, the modules
``*_problems`` beside this one, a finding is its code (or the end of it, after ``warning`` where it
is none that stops a bill) and title, then its sentence, then its hint after an arrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from importer.model.bill_problems import DOCUMENT_KINDS, RULES
from importer.model.cell_problems import (
    ANY,
    BY_KIND,
    DISAGREEMENT,
    EXPRESSION_PROBLEMS,
    HOUSE_RULES,
    NOT_OF_NOTES,
    REFERENCE,
)
from importer.model.fields import (
    BILLS,
    CUSTOM_PROPERTY,
    FIELDS,
    LINE_ITEMS,
    LOOKUP_FIELDS,
    FieldKind,
    FieldUse,
)
from importer.model.finding import CellRef, Finding, Severity
from importer.model.load_problems import LOADS
from importer.model.reference_problems import NAME_PROBLEMS, PROPERTY_PROBLEMS, REFERENCES
from importer.model.sheet_problems import SHEETS


@dataclass(frozen=True)
class FindingType:
    """``message`` and ``hint`` are filled by ``str.format`` with ``value`` and the words given."""

    code: str
    severity: Severity
    title: str
    message: str
    hint: str


_OFFLINE_NAME_PROBLEMS = ("not_in_table", "contradicts_id")  # for tax codes, which Light lists not


def _types(text: str, prefix: str = "", title: str = "") -> Iterator[FindingType]:
    """The findings of a text, with what comes before their codes and titles."""
    for block in re.findall(r"^\S.*(?:\n .*)+", text, re.MULTILINE):
        head, *lines = block.split("\n")
        code, _, name = head.removeprefix("warning ").partition(": ")
        severity = Severity.WARNING if head.startswith("warning ") else Severity.ERROR
        message, _, hint = " ".join(line.strip() for line in lines).partition("→ ")
        yield FindingType(prefix + code, severity, title + name, message.rstrip(), hint)


def _of_sheet(sheet: str) -> Iterator[FindingType]:
    for field in (*FIELDS[sheet].values(), CUSTOM_PROPERTY):
        problems = ANY + BY_KIND[field.kind] + (REFERENCE if field.forms else "")
        of_bills = field.use is FieldUse.PATCHED or field.name == "purchaseOrder"
        problems += NOT_OF_NOTES if of_bills else ""
        yield from _types(problems, f"{sheet}.{field.name}.", f"{field.name}: ")
    if sheet == LINE_ITEMS:
        factors = ANY + BY_KIND[FieldKind.FACTOR]
        yield from _types(factors, f"{sheet}.factor.", "quantity or price: ")
    yield from _types(PROPERTY_PROBLEMS, f"{sheet}.property.", "custom property: ")
    yield from _types(EXPRESSION_PROBLEMS, f"{sheet}.expression.", "template: ")
    noun = "bill" if sheet == BILLS else "line item"
    for rule in _types(HOUSE_RULES, f"{sheet}.rule.", "house rule: "):
        yield replace(rule, hint=f"The template has this rule for {{field}} of a {noun}.")


def _catalogue() -> Iterator[FindingType]:
    yield from _types(RULES + SHEETS + DOCUMENT_KINDS + REFERENCES + LOADS)
    for sheet in FIELDS:
        yield from _of_sheet(sheet)
    yield from _types(PROPERTY_PROBLEMS, "vendors.property.", "custom property of a vendor: ")
    for name, lookup in LOOKUP_FIELDS.items():
        for problem in _types(NAME_PROBLEMS, f"{lookup.sheet}.{name}.", f"{lookup.noun}: "):
            if lookup.listed or problem.code.endswith(_OFFLINE_NAME_PROBLEMS):
                yield problem
    for name in [*FIELDS[BILLS], "property"]:
        yield from _types(DISAGREEMENT, f"{BILLS}.{name}.", f"{name}: ")


CATALOGUE = {kind.code: kind for kind in _catalogue()}


def shown(value: str, limit: int = 80) -> str:
    """A value as it is put in a sentence: on one line, printable, of a bearable length."""
    line = value
    if not value.isprintable():
        line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in value)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def finding(
    code: str,
    cell: CellRef,
    value: str = "",
    *,
    bills: tuple[int, ...] = (),
    lines: tuple[int, ...] = (),
    **words: object,
) -> Finding:
    """A finding of the catalogue. ``words`` fill its sentence and hint; KeyError for a new code."""
    kind = CATALOGUE[code]
    filled = {key: shown(str(word), 400) for key, word in words.items()} | {"value": shown(value)}
    return Finding(
        code,
        kind.severity,
        cell,
        value,
        kind.message.format_map(filled),
        kind.hint.format_map(filled) if "{" in kind.hint else kind.hint,  # one text for many
        bills,
        lines,
    )
