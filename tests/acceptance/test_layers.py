"""The import contracts of setup.cfg: what they forbid fails the lint."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAGES = ["readers", "mapping", "validation", "references", "loading", "resume", "report"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the package and its contracts."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "importer", tmp_path / "importer", ignore=ignore)
    shutil.copyfile(ROOT / "setup.cfg", tmp_path / "setup.cfg")
    return tmp_path


def _lint(project: Path) -> subprocess.CompletedProcess[str]:
    script = "import sys; from importlinter.cli import lint_imports_command as lint; lint()"
    return subprocess.run(
        [sys.executable, "-c", script, "--no-cache", "--verbose"],
        cwd=project,
        env={"PYTHONPATH": str(project), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )


def _add(project: Path, package: str, statement: str) -> None:
    with (project / "importer" / package / "__init__.py").open("a") as file:
        file.write(f"\n{statement}\n")


def test_the_contracts_are_kept(project: Path) -> None:
    done = _lint(project)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("statement", "module"),
    [("import httpx", "httpx"), ("import importer.sandbox.store", "importer.sandbox.store")],
)
def test_no_stage_may_import(project: Path, statement: str, module: str) -> None:
    for stage in STAGES:
        _add(project, stage, statement)
    done = _lint(project)
    assert done.returncode == 1
    for stage in STAGES:
        assert f"importer.{stage} -> {module}" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("package", "module"),
    [("cli", "importer.loading"), ("cli", "importer.report"), ("app", "click")],
)
def test_commands_import_no_stage_and_use_cases_no_terminal(
    project: Path, package: str, module: str
) -> None:
    _add(project, package, f"import {module}")
    done = _lint(project)
    assert done.returncode == 1
    assert f"importer.{package} -> {module}" in done.stdout, done.stdout


def test_private_module_is_for_its_package_only(project: Path) -> None:
    _add(project, "report", "import importer.validation.cell_rules")
    done = _lint(project)
    assert done.returncode == 1
    assert "importer.report -> importer.validation.cell_rules" in done.stdout


def test_a_folder_in_no_contract_fails(project: Path) -> None:
    folder = project / "importer" / "extras"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    done = _lint(project)
    assert done.returncode == 1
    assert "importer.extras" in done.stdout


def test_a_circle_inside_a_package_fails(project: Path) -> None:
    (project / "importer/core/first.py").write_text("import importer.core.second\n")
    (project / "importer/core/second.py").write_text("import importer.core.first\n")
    done = _lint(project)
    assert done.returncode == 1
    assert "No cycles are allowed in importer.core" in done.stdout
