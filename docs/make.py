"""Write docs/findings.md and docs/light-import.1 from the code."""

from __future__ import annotations

import re
from pathlib import Path

from importer.model.fields import BILLS, FIELDS
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


FIELDS_HEAD = """
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
    return FIELDS_HEAD + "\n".join(rows) + "\n"


def findings_page() -> str:
    """The page, one row a code, in the order of the catalogue, and the checks of each field."""
    rows = [
        f"| `{t.code}` | {t.severity} | {_cell(t.message)} | {_cell(t.hint)} |"
        for t in CATALOGUE.values()
    ]
    return HEAD + "\n".join(rows) + "\n" + checks_table()


def _cell(text: str) -> str:
    return re.sub(r"\{\{?|\}\}?", lambda m: m[0][0], text).replace("|", "\\|")


if __name__ == "__main__":
    from man import man_page

    Path(__file__).with_name("light-import.1").write_text(man_page(), encoding="utf-8")
    Path(__file__).with_name("findings.md").write_text(findings_page(), encoding="utf-8")
