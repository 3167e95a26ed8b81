"""Write docs/findings.md, fields.md, commands.md and light-import.1 from the code."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from importer.model.fields import BILLS, FIELDS, TYPE_COLUMN, Field, FieldKind, FieldUse
from importer.model.finding_catalogue import CATALOGUE, FindingType
from importer.validation.schema import CHECKS_OF_EVERY_KIND, ROW_RULES, checks_of
from importer.validation.sheet_column import code_of

FINDINGS_HEAD = """# Findings

Every problem that `light-import` reports, by field. Written by `make docs` from
`importer/model/finding_catalogue.py`; do not edit. An **error** stops the bill, a **warning** does
not. Words in braces are filled in with the values of your file.

The checks of a field run in the order shown; a cell has one finding, that of the first check it
fails. A problem that three or more fields share is listed once, under
[Problems of several fields](#problems-of-several-fields); the field's section names it.

{contents}
"""

SECTION_TITLES = {
    "bills": "Bills",
    "line_items": "Line items",
    "sheet": "Sheets, rows and columns",
    "control": "Control totals",
    "lookup": "Lookup tables",
    "light": "What Light answers",
    "run": "Reports of finished runs",
}
OTHER_FIELDS = {
    "property": "custom properties",
    "factor": "quantities, prices and discounts",
    "expression": "expressions of the template",
    "rule": "house rules of the template",
    "key": "the columns that make one bill",
    "lines": "the line items of a bill",
    "identity": "what identifies a bill",
    "content": "bills loaded before",
    "type": "bill or credit note",
    "state": "state in the other system",
    "sheet": "the sheet as a whole",
    "row": "one row",
    "rows": "several rows",
    "cell": "one cell",
    "cells": "several cells",
    "column": "columns",
    "header": "header",
    "field": "fields of the template",
    "parameter": "parameters of the template",
    "group": "groups of rows",
    "total": "total rows",
    "stop": "the end of the data",
    "encoding": "text encoding",
    "gross": "gross totals",
    "bills": "number of bills",
    "table": "missing tables",
    "pick": "picks in the sheet To resolve",
}
COMMON_TITLE = "Problems of several fields"


def findings_page() -> str:
    """One section a sheet or subject, in it one a field: its checks, then its findings."""
    places = Counter((_ending(kind), kind.message, kind.hint) for kind in CATALOGUE.values())
    common = {key[0]: kind for key, kind in _by_text().items() if places[key] > 2}
    contents, sections = [f"- [{COMMON_TITLE}](#{_anchor(COMMON_TITLE)})"], []
    sections.append(f"\n## {COMMON_TITLE}\n\n")
    sections += [_finding(f"….{ending}", kind) for ending, kind in common.items()]
    for subject, title in SECTION_TITLES.items():
        kinds = [kind for kind in CATALOGUE.values() if kind.code.split(".")[0] == subject]
        by_field: dict[str, list[FindingType]] = {}
        for kind in kinds:
            by_field.setdefault(_field_of(kind), []).append(kind)
        order = [name for name in FIELDS.get(subject, {}) if name in by_field]
        order += [name for name in by_field if name not in order]
        contents.append(f"- [{title}](#{_anchor(title)})")
        sections.append(f"\n## {title}\n")
        for name in order:
            sections.append(_field_section(subject, name, by_field[name], common))
    return FINDINGS_HEAD.replace("{contents}", "\n".join(contents)) + "".join(sections)


def _field_of(kind: FindingType) -> str:
    parts = kind.code.split(".")
    return parts[1] if len(parts) > 2 else ""


def _ending(kind: FindingType) -> str:
    return kind.code.split(".")[-1]


def _by_text() -> dict[tuple[str, str, str], FindingType]:
    return {(_ending(kind), kind.message, kind.hint): kind for kind in CATALOGUE.values()}


def _field_section(
    subject: str, name: str, kinds: list[FindingType], common: dict[str, FindingType]
) -> str:
    """Heading, checks and findings of one field; without a name, the findings alone."""
    out = []
    if name:
        field = FIELDS.get(subject, {}).get(name)
        described = field.description if field else OTHER_FIELDS.get(name, "")
        shown = name if field is None else f"`{name}`"
        noun = {"line_items": "line item: ", "bills": "bill: "}.get(subject, "")
        out.append(f"\n### {noun}{shown}\n")
        if described:
            out.append(f"\n{described[0].upper()}{described[1:]}.\n")
        checks = _checks_of(subject, name)
        if checks:
            out.append("\nChecks: " + ", ".join(checks) + ".\n")
    out.append("\n")
    shared = []
    for kind in kinds:
        same = common.get(_ending(kind))
        if same and (same.message, same.hint) == (kind.message, kind.hint):
            shared.append(f"`{_ending(kind)}`")
        else:
            out.append(_finding(kind.code, kind))
    if shared:
        out.append(f"- As for other fields: {', '.join(shared)}.\n")
    return "".join(out)


def _finding(code: str, kind: FindingType) -> str:
    hint = f" *Fix:* {_filled(kind.hint)}" if kind.hint else ""
    return f"- `{code}` ({kind.severity}): {_filled(kind.message)}{hint}\n"


def _checks_of(sheet: str, name: str) -> list[str]:
    if name not in FIELDS.get(sheet, {}):
        return []
    checks = checks_of(sheet, name)[len(CHECKS_OF_EVERY_KIND) :]
    named = [(check.name, code_of(sheet, name, check.problem)) for check in checks]
    named += [(rule.check.name, rule.code) for rule in ROW_RULES[sheet] if rule.field == name]
    return [f"{check} (`{code.split('.')[-1]}`)" for check, code in named]


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-")


def _filled(text: str) -> str:
    """A template of ``str.format`` as text, safe in Markdown."""
    text = re.sub(r"\{\{?|\}\}?", lambda m: m[0][0], text)
    return text.replace("<", "&lt;").replace("*", "\\*")


FIELDS_PAGE_HEAD = """# Fields

The columns of the sheets. Written by `make docs` from `importer/model/fields.py`; do not edit.

"In Light's request" is the name in the request that creates the bill, "compared by `verify` with"
the name in Light's answer; "–" where there is none. A field marked `PATCH` is set once the bill is
created, while it is a draft. Names of a vendor, company entity, account or tax code are sent as
ids. Of `amount` and `netAmount`, a line item is sent with `amount` where `lineItemsIncludeTax` is
true, else with `netAmount`. `paymentAt` of a bill that Light shows as paid is not compared, and a
field that the sheet leaves blank is not either. Columns headed `property:<name>` are custom
properties, which are sent in `customProperties` and compared.
"""

FIELDS_TABLE_HEAD = """
## {sheet}

| header | what it is | type | in Light's request | compared by `verify` with |
|---|---|---|---|---|
"""

TYPES = {
    FieldKind.UUID: "UUID",
    FieldKind.CENTS: "amount in cents",
    FieldKind.CURRENCY: "ISO 4217 code",
    FieldKind.DATE: "date",
    FieldKind.DATE_TIME: "date, or date and time (UTC)",
    FieldKind.BOOLEAN: "yes or no",
    FieldKind.RATE: "decimal number",
    FieldKind.INTEGER: "integer",
}


def fields_page() -> str:
    """The page: a table for each sheet, in the order of its columns."""
    tables = []
    for sheet, fields in FIELDS.items():
        title = FIELDS_TABLE_HEAD.format(sheet="Bills" if sheet == BILLS else "Line items")
        listed = [*fields.values(), *([TYPE_COLUMN] if sheet == BILLS else [])]
        tables.append(title + "\n".join(map(_field_row, listed)) + "\n")
    return FIELDS_PAGE_HEAD + "".join(tables)


def _field_row(field: Field) -> str:
    kind = TYPES.get(field.kind) or f"text, at most {field.max_length} characters"
    if field.choices:
        kind = "one of " + ", ".join(f"`{choice}`" for choice in field.choices)
    sent, compared = "–", "–"
    if field.use >= FieldUse.PATCHED:
        sent, compared = f"`{field.name}`", f"`{field.answer}`"
        if field.use is FieldUse.PATCHED:
            sent += " (`PATCH`)"
    return f"| `{field.name}` | {field.description} | {kind} | {sent} | {compared} |"


if __name__ == "__main__":
    from man import commands_page, man_page

    Path(__file__).with_name("light-import.1").write_text(man_page(), encoding="utf-8")
    Path(__file__).with_name("commands.md").write_text(commands_page(), encoding="utf-8")
    Path(__file__).with_name("findings.md").write_text(findings_page(), encoding="utf-8")
    Path(__file__).with_name("fields.md").write_text(fields_page(), encoding="utf-8")
