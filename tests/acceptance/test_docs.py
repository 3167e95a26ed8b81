"""The documentation says what is so."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from conftest import Ended

from importer.cli.main import cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
AFTER = (ROOT / "docs" / "after-creation.md").read_text(encoding="utf-8")
COMMANDS = dict(
    re.findall(r"^\$ light-import (.+?)(?:\s+# exit (\d+))?$", README + AFTER, re.MULTILINE)
)
FILES = re.findall(r"^```csv (\S+)\n(.*?)^```", README + AFTER, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["findings", "fields"])
def test_generated_page_matches_the_code(name: str) -> None:
    page = runpy.run_path(str(ROOT / "docs" / "make.py"))[f"{name}_page"]()
    assert (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") == page, "run: make docs"


def test_man_page_and_page_of_commands_have_every_option(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIGHT_BASE_URL", "")
    made = runpy.run_path(str(ROOT / "docs" / "man.py"))
    page = (ROOT / "docs" / "light-import.1").read_text(encoding="utf-8")
    assert page == made["man_page"](), "run: make docs"
    assert "\nExamples:\n  light\\-import load bills.xlsx" in page  # a line each
    assert "\b" not in page
    without = [
        " ".join(words)
        for words, command in made["commands"]()
        if f"  {' '.join(words)}" not in (command.help or "")
    ]
    assert not without
    root = click.Context(cli, info_name="light-import")
    commands = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert commands == made["commands_page"](), "run: make docs"
    sections = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", commands, re.MULTILINE))
    for words, command in made["commands"]():
        for parameter in command.get_params(click.Context(command, root)):
            record = parameter.get_help_record(root)
            assert record is None or record[1].partition("[")[0].strip(), (words, parameter.name)
            for name in (*parameter.opts, *parameter.secondary_opts):
                shown = (
                    name if isinstance(parameter, click.Option) else parameter.human_readable_name
                )
                assert re.search(rf"`[^`]*{re.escape(shown)}\b", sections[" ".join(words)]), name


def test_man_page_names_every_environment_variable() -> None:
    page = (ROOT / "docs" / "light-import.1").read_text(encoding="utf-8")
    code = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "importer").rglob("*.py"))
    names = set(re.findall(r'"(LIGHT_[A-Z_]*[A-Z])"', code))
    assert {"LIGHT_API_KEYS", "LIGHT_CLIENT_SECRET", "LIGHT_IMPORT_MAX_PROBLEMS"} <= names
    _, _, environment = page.partition(".SH ENVIRONMENT")
    assert not [name for name in sorted(names) if not re.search(rf"\b{name}\b", environment)]


def test_help_fits_80_columns() -> None:
    told = CliRunner().invoke(cli, ["sandbox", "--help"])
    assert told.exit_code == 0
    assert not [line for line in told.output.splitlines() if len(line) > 80]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_offers_commands_and_templates(shell: str) -> None:
    def told(instruction: str, words: str, at: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-c", "from importer.cli.main import main; main()"],
            env=os.environ
            | {"_LIGHT_IMPORT_COMPLETE": f"{shell}_{instruction}", "PYTHONPATH": str(ROOT)}
            | {"COMP_WORDS": words, "COMP_CWORD": at},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    assert "light_import" in told("source", "", "")
    assert "uk-spend" in told(
        "complete", "light-import validate --template uk", "uk" if shell == "fish" else "3"
    )


CONFIG = (ROOT / "setup.cfg").read_text(encoding="utf-8")


def test_pins_satisfy_setup_cfg() -> None:
    asked = set(re.findall(r"^    ([A-Za-z0-9-]+)>=", CONFIG, re.MULTILINE))
    asked -= {"frictionless", "polars", "rustpy-xlsxwriter"}  # CI does without bench
    pinned = re.findall(r"^([a-z0-9-]+)==", (ROOT / ".ci" / "pins.txt").read_text(), re.MULTILINE)
    assert not {name.lower() for name in asked} - set(pinned), "run: make pins"


def test_readme_names_every_command() -> None:
    missing = [
        name
        for name in cli.commands or cli.list_commands(None)
        if f"light-import {name}" not in README
    ]  # type: ignore[arg-type]
    assert not missing


@pytest.mark.parametrize(("words", "code"), COMMANDS.items(), ids=COMMANDS)
def test_readme_command_works_as_written(
    words: str, code: str, command: Callable[..., Ended], tmp_path: Path
) -> None:
    for name in ("samples", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    ledger = tmp_path / "samples" / "uk-spend" / "dh-spend-march.csv"
    rows = ledger.read_bytes().splitlines(keepends=True)  # test_samples.py loads them all
    ledger.write_bytes(b"".join([*rows[:200], rows[-1]]))  # the last is the file's own total
    for name, text in FILES:
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = command(*shlex.split(words))
    assert done.code == int(code or 0), done.out + done.err
    assert "Traceback" not in done.err


def test_index_leads_to_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#]+)\)", index))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert pages <= linked
    assert all((ROOT / "docs" / link).exists() for link in linked)


def test_pictures_and_pages_of_the_readme_exist() -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", README)
    assert any(link.endswith(".png") for link in links)
    assert not [link for link in links if not (ROOT / link).exists()]


def test_readme_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^\$ make (\w+)$", README, re.MULTILINE)) <= targets
