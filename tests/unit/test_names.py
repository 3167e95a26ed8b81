"""One name a thing: file stems and class names are unique, and names are nouns of the field."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "importer"
FILES = sorted(PACKAGE.rglob("*.py"))

# Words that say nothing of what a thing is: participles as nouns, and their like.
VAGUE = frozenset(
    "told tells telling said say says made became kept own there many plain seen known opened found"
    " alike stands kin whole gone here".split()
)
ALLOWED = {"whole_number", "not_found", "connection_made"}  # terms, and asyncio's own


def _names(tree: ast.Module) -> Iterator[str]:
    """The names that a module gives: of classes, functions, parameters and variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def test_a_file_stem_stands_for_one_thing() -> None:
    files = defaultdict(list)
    for file in FILES:
        if not file.stem.startswith("__"):
            files[file.stem].append(file)
    assert {stem: places for stem, places in files.items() if len(places) > 1} == {}


def test_a_class_name_stands_for_one_thing() -> None:
    classes = defaultdict(list)
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(file)
    assert {name: places for name, places in classes.items() if len(places) > 1} == {}


def test_names_say_what_a_thing_is() -> None:
    vague = set()
    for file in FILES:
        for name in _names(ast.parse(file.read_text())):
            words = {word.lower() for word in re.findall("[a-z]+|[A-Z][a-z]*", name)}
            if words & VAGUE and name not in ALLOWED:
                vague.add(f"{file.relative_to(PACKAGE)}: {name}")
    assert sorted(vague) == []
