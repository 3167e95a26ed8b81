"""What the program requires is imported by it, and what it imports is required."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
_PARTS = {"markupsafe", "pydantic-core"}  # of jinja2 and of pydantic, which use them in their API
_IMPORT = re.compile(r"^\s*(?:from|import) ([a-zA-Z_]\w*)", re.MULTILINE)


def required(section: str, option: str) -> set[str]:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = filter(None, config[section][option].splitlines())
    return {canonicalize_name(Requirement(line).name) for line in lines}


def imported() -> set[str]:
    texts = (path.read_text() for path in (ROOT / "importer").rglob("*.py"))
    modules = {name for text in texts for name in _IMPORT.findall(text)}
    of_modules = packages_distributions()
    others = modules - sys.stdlib_module_names - {"importer"}
    return {canonicalize_name(name) for each in others for name in of_modules.get(each, ())}


def test_each_requirement_is_imported() -> None:
    needed = required("options", "install_requires")
    needed |= required("options.extras_require", "team")
    assert needed - imported() == set()


def test_each_import_is_required() -> None:
    needed = required("options", "install_requires")
    needed |= required("options.extras_require", "team")
    assert imported() - needed == _PARTS


def _has(module: str, name: str) -> bool:
    loaded = importlib.import_module(module)
    in_package = hasattr(loaded, "__path__")
    return hasattr(loaded, name) or (
        in_package and importlib.util.find_spec(f"{module}.{name}") is not None
    )


def test_benchmarks_import_what_the_program_has() -> None:
    imports = [
        (path.name, node.module or "", alias.name)
        for path in (ROOT / "benchmarks").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("importer")
        for alias in node.names
    ]
    missing = [each for each in imports if not _has(*each[1:])]
    assert len(imports) > 100
    assert missing == []
