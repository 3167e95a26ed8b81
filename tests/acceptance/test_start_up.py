"""What a person waits for before anything happens: the modules that a command imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parents[2] / "samples" / "light" / "bills.xlsx"
HEAVY = ("pandas", "pandera", "httpx", "pyarrow", "openpyxl", "xlsxwriter")
# What only Light, a name that is not found, a pattern or another format takes.
SPARED = """httpx anyio keyring stamina pydantic_settings starlette uvicorn
    regex rapidfuzz stdnum sqlalchemy openpyxl jinja2 tqdm importer.loading.engine
    importer.sandbox importer.scaffold importer.report.csv_report
    importer.report.html_report importer.report.light_findings importer.model.light_objects
    importer.model.ledger importer.model.bill_updates importer.loading.bill_state
    importer.references.new_vendors importer.app.consent""".split()
# What a load takes of these: Light's client, the journal, and the sandbox.
OF_A_LOAD = """httpx anyio stamina starlette uvicorn sqlalchemy importer.loading.engine
    importer.sandbox importer.report.light_findings importer.model.light_objects
    importer.model.ledger importer.model.bill_updates importer.loading.bill_state
    importer.references.new_vendors importer.app.consent""".split()
# What other commands take, and the list of the commands does without.
OF_A_COMMAND = ["subprocess", "dataclasses", "importer.app.defaults"]

_SCRIPT = """
import json, os, sys
from importer.cli.main import run
commands, names = map(json.loads, sys.argv[1:])
loaded = {}
for command in commands:
    run(command)
    loaded[" ".join(command)] = [name for name in names if name in sys.modules]
os.environ.update(_LIGHT_IMPORT_COMPLETE="bash_complete", COMP_WORDS="x lo", COMP_CWORD="1")
try:
    run([])
except SystemExit:
    pass
loaded["completion"] = [name for name in names if name in sys.modules]
print(json.dumps(loaded), file=sys.stderr)
"""


def loaded(folder: Path, commands: list[list[str]], names: list[str]) -> dict[str, Any]:
    """Which of the modules are imported after each of the commands, in one process."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, json.dumps(commands), json.dumps(names)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
    )
    assert "load" in done.stdout
    modules: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
    return modules


def test_quick_commands_import_no_heavy_library(tmp_path: Path) -> None:
    commands = [["--help"], ["--version"], ["runs"], ["validate", "--help"], ["load", "--help"]]
    modules = loaded(tmp_path, commands, [*HEAVY, *OF_A_COMMAND])
    assert modules.pop("--help") == []
    for command, names in modules.items():
        assert not set(names) & {*HEAVY}, command


def test_check_of_a_workbook_imports_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    modules = loaded(tmp_path, [["validate", str(SAMPLE), "--quiet"]], [*SPARED, *HEAVY])
    assert (tmp_path / "bills-result.xlsx").exists()
    assert modules["completion"] == ["pandas", "pandera", "pyarrow", "xlsxwriter"]


def test_load_into_the_sandbox_imports_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    command = ["load", str(SAMPLE), "--sandbox", "--yes", "--quiet"]
    modules = loaded(tmp_path, [command], [*SPARED, *HEAVY])
    assert (tmp_path / "bills-result.xlsx").exists()
    of_a_check = {"pandas", "pandera", "pyarrow", "xlsxwriter"}
    assert {*modules[" ".join(command)]} == {*OF_A_LOAD, *of_a_check}
