"""SECURITY.md names only tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_tests_named_on_the_security_page_exist() -> None:
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    code = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    there = set(re.findall(r"^ *(?:async )?def (test_\w+)", code, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 20
    assert named <= there, f"SECURITY.md names tests that are not there: {named - there}"
    for table in re.findall(r"^\|.*\| the test \|\n\|[-|]+\|\n((?:\|.*\n)+)", page, re.MULTILINE):
        without = [row for row in table.splitlines() if "`test_" not in row]
        assert not without, "a row names no test"
