"""Write docs/findings.md, docs/fields.md and docs/light-import.1 from the code."""

from __future__ import annotations

import re
from pathlib import Path

from importer.model.fields import BILLS, FIELDS, Field, FieldKind, FieldUse
from importer.model.finding_catalogue import CATALOGUE
from importer.validation.column_formats import code_of
from importer.validation.schema import CHECKS_OF_EVERY_KIND, ROW_RULES, checks_of

HEAD = """# Findings

What `light-import` may find in a file. Written by `make docs` from
`importer/model/finding_catalogue.py`; do not edit. An error keeps the bill from being sent, a
warning does not. Words in braces are filled in.

| code | severity | message | what to do |
|---|---|---|---|
"""

CHECKS_HEAD = """
## The checks of each field

As `importer/validation/schema.py` declares them, in the order of their causes: the first check
that a cell fails is its finding. Not listed are the checks of every field: that a formula was
calculated, that the cell shows no error of the spreadsheet, and that the template's expression
gave a value.

| field | check | finding |
|---|---|---|
"""


def checks_table() -> str:
    """One row a check, in the order of the fields: those of a cell, then those of the row."""
    rows = []
    for sheet, fields in FIELDS.items():
        noun = "bill" if sheet == BILLS else "line item"
        for name in fields:
            checks = checks_of(sheet, name)[len(CHECKS_OF_EVERY_KIND) :]
            named = [(check.name, code_of(sheet, name, check.problem)) for check in checks]
            rules = (rule for rule in ROW_RULES[sheet] if rule.field == name)
            named += [(rule.check.name, rule.code) for rule in rules]
            rows += [f"| {noun}: {name} | {check} | `{code}` |" for check, code in named]
    return CHECKS_HEAD + "\n".join(rows) + "\n"


def findings_page() -> str:
    """The page, one row a code, in the order of the catalogue, and the checks of each field."""
    rows = [
        f"| `{t.code}` | {t.severity} | {_cell(t.message)} | {_cell(t.hint)} |"
        for t in CATALOGUE.values()
    ]
    return HEAD + "\n".join(rows) + "\n" + checks_table()


FIELDS_PAGE_HEAD = """# Fields

The columns of the sheets. Written by `make docs` from `importer/model/fields.py`; do not edit.

"In Light's request" is the name in the request that creates the bill, "compared by `verify` with"
the name in Light's answer; "–" where there is none. Names of a vendor, company entity, account or
tax code are sent as ids. Of `amount` and `netAmount`, a line item is sent with `amount` where
`lineItemsIncludeTax` is true, else with `netAmount`. `paymentAt` of a bill that Light shows as paid
is not compared, and a field that the sheet leaves blank is not either. Columns headed
`property:<name>` are custom properties, which are sent in `customProperties` and compared.
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
        tables.append(title + "\n".join(_field_row(field) for field in fields.values()) + "\n")
    return FIELDS_PAGE_HEAD + "".join(tables)


def _field_row(field: Field) -> str:
    kind = TYPES.get(field.kind) or f"text, at most {field.max_length} characters"
    if field.choices:
        kind = "one of " + ", ".join(f"`{choice}`" for choice in field.choices)
    sent, compared = "–", "–"
    if field.use >= FieldUse.SENT:
        sent, compared = f"`{field.name}`", f"`{field.answer}`"
    return f"| `{field.name}` | {field.description} | {kind} | {sent} | {compared} |"


def _cell(text: str) -> str:
    return re.sub(r"\{\{?|\}\}?", lambda m: m[0][0], text).replace("|", "\\|")


if __name__ == "__main__":
    from man import man_page

    Path(__file__).with_name("light-import.1").write_text(man_page(), encoding="utf-8")
    Path(__file__).with_name("findings.md").write_text(findings_page(), encoding="utf-8")
    Path(__file__).with_name("fields.md").write_text(fields_page(), encoding="utf-8")
