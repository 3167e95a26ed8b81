"""CONTRIBUTING.md: what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def test_every_file_it_names_exists() -> None:
    names = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]*(?:\.[a-z]+)?)`", TEXT))
    assert len(names) > 20
    missing = [
        n for n in names if not any((folder / n).exists() for folder in (ROOT, ROOT / "importer"))
    ]
    assert missing == []


def test_every_package_is_in_its_table() -> None:
    packages = {
        path.name for path in (ROOT / "importer").iterdir() if (path / "__init__.py").exists()
    }
    assert set(re.findall(r"^\| `([a-z]+)/` \|", TEXT, re.MULTILINE)) == packages
