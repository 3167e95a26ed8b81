"""Write docs/findings.md and docs/light-import.1 from the code."""

from __future__ import annotations

import re
from pathlib import Path

from importer.model.finding_catalogue import CATALOGUE

HEAD = """# Findings

What `light-import` may find in a file. Written by `make docs` from
`importer/model/finding_catalogue.py`; do not edit. An error keeps the bill from being sent, a
warning does not. Words in braces are filled in.

| code | severity | message | what to do |
|---|---|---|---|
"""


def findings_page() -> str:
    """The page, one row a code, in the order of the catalogue."""
    rows = [
        f"| `{t.code}` | {t.severity} | {_cell(t.message)} | {_cell(t.hint)} |"
        for t in CATALOGUE.values()
    ]
    return HEAD + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return re.sub(r"\{\{?|\}\}?", lambda m: m[0][0], text).replace("|", "\\|")


if __name__ == "__main__":
    from man import man_page

    Path(__file__).with_name("light-import.1").write_text(man_page(), encoding="utf-8")
    Path(__file__).with_name("findings.md").write_text(findings_page(), encoding="utf-8")
