"""The documentation says what is so."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from importer.cli.main import cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
AFTER = (ROOT / "docs" / "after-creation.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ light-import (.+?)(?:\s+# exit (\d+))?$", README + AFTER, re.MULTILINE)


def test_the_list_of_findings_is_the_one_in_the_code() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "make.py"))["findings_page"]()
    assert (ROOT / "docs" / "findings.md").read_text(encoding="utf-8") == page, "run: make docs"


def test_the_readme_names_every_command() -> None:
    missing = [
        name
        for name in cli.commands or cli.list_commands(None)
        if f"light-import {name}" not in README
    ]  # type: ignore[arg-type]
    assert not missing


@pytest.mark.parametrize(("command", "code"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_a_command_of_the_readme_does_what_it_says(command: str, code: str, tmp_path: Path) -> None:
    for name in ("samples", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    env = {k: v for k, v in os.environ.items() if not k.startswith("LIGHT_")}
    env["LIGHT_IMPORT_HOME"] = str(tmp_path / "home")
    done = subprocess.run(
        [sys.executable, "-m", "importer", *shlex.split(command)],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == int(code or 0), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_make_knows_the_commands_that_the_readme_gives() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^\$ make (\w+)$", README, re.MULTILINE)) <= targets
