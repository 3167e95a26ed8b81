"""What people read is plain English: phrases that read like a translation are banned."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BANNED = {  # phrase: what to write
    r"(is|are|was|be) told": "is reported",
    r"told (so|apart|as)": "reported",
    r"(not|does not) tell": "does not state",
    r"go(es|ing)? on": "resumes, continues",
    r"stands? (above|in|under|there|beside)": "overrides, is in",
    r"held to be": "is treated as",
    r"of the past": "past",
    r"is right;": "is valid",
    r"that \w+ \w+ keeps": "saved",
    r"those beyond": "the rest",
    r"(is|are) there already": "already exists",
    r"the own": "its own",
    r"becomes? of|became": "the result of",
    r"of (its|your) own": "its own, separate",
    r"what and what": "problem and fix",
    r"(come|came) to its end": "finish",
    r"that are there": "existing",
    r"says nothing of": "sets no",
    r"nobody (needs|reads)": "is not read",
    r"throw-away": "temporary",
    r"given its document": "uploaded",
    r"made of": "from",
    r"is said": "is stated",
}
PATTERN = re.compile(
    rf"\b(?:{'|'.join(f'(?:{phrase})' for phrase in BANNED)})(?!\w)", re.IGNORECASE
)
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "importer").rglob("*.jinja")),
    ROOT / "docs" / "light-import.1",
    ROOT / "README.md",
]
MODULES = sorted((ROOT / "importer").rglob("*.py"))


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line number and text of each string of a module, but for docstrings (click shows some)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and not _is_command(node):
                hidden.add(id(first.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                str(v.value) if isinstance(v, ast.Constant) else "X" for v in node.values
            )
            hidden.update(id(value) for value in node.values)
            yield node.lineno, text
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in hidden
        ):
            yield node.lineno, node.value


def _is_command(node: ast.AST) -> bool:
    """Whether click prints the docstring as help."""
    decorators = [ast.unparse(each) for each in getattr(node, "decorator_list", ())]
    return any("command" in each or "group" in each for each in decorators)


def banned(text: str) -> list[str]:
    return [match[0] for match in PATTERN.finditer(re.sub(r"\s+", " ", text))]


def test_messages_are_plain_english() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{line}: {found}"
        for path in MODULES
        for line, text in _texts(path)
        if (found := banned(text))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_plain_english(page: Path) -> None:
    assert banned(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text", ["it goes\non where it stopped", "The rest is told.", "what became of it"]
)
def test_banned_phrase_is_found(text: str) -> None:
    assert banned(text)
