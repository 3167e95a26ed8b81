"""What a person waits for before anything happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import json, os, sys
from importer.cli.main import run
heavy = ("pandas", "pandera", "httpx", "pyarrow", "openpyxl", "xlsxwriter")
loaded = {}
for command in json.loads(sys.argv[1]):
    run(command)
    loaded[" ".join(command)] = [name for name in heavy if name in sys.modules]
os.environ.update(_LIGHT_IMPORT_COMPLETE="bash_complete", COMP_WORDS="x lo", COMP_CWORD="1")
try:
    run([])
except SystemExit:
    pass
loaded["completion"] = [name for name in heavy if name in sys.modules]
print(json.dumps(loaded), file=sys.stderr)
"""


def test_quick_commands_import_no_heavy_library(tmp_path: Path) -> None:
    commands = [["--help"], ["--version"], ["runs"], ["validate", "--help"], ["load", "--help"]]
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
    )
    loaded = json.loads(done.stderr.splitlines()[-1])
    assert loaded == {key: [] for key in [*map(" ".join, commands), "completion"]}
    assert "load" in done.stdout
