"""Hostile files end with one sentence, in a memory that they would exceed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from hostile import HOSTILE

# One process for all: to start is what takes longest. What does not fit into its memory is refused
# with other words than those that are expected.
RUNNER = """
import json, os, resource, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from hostile import HOSTILE
import importer.cli.validate_command, importer.app.check_files, importer.validation.validate
from importer.cli.main import run
if sys.platform == "linux":
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (500 << 20),) * 2)
told = {}
for hostile in HOSTILE:
    if hostile.slow:
        continue
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        os.environ["LIGHT_IMPORT_HOME"] = name
        args = hostile.make(Path(name))
        with open("told", "w+b") as file:
            kept = os.dup(2)
            os.dup2(file.fileno(), 2)
            code = run(["validate", "--quiet", *args])
            sys.stderr.flush()
            os.dup2(kept, 2)
            file.seek(0)
            told[hostile.name] = [code, file.read().decode()]
        os.chdir("/")
print(json.dumps(told))
"""


def test_hostile_files_are_refused_within_memory_limits(tmp_path: Path) -> None:
    """A file that takes too long is not told apart here but by the time-out; see benchmarks."""
    folder = str(Path(__file__).parent.parent)
    ended = subprocess.run(
        [sys.executable, "-c", RUNNER, folder],
        capture_output=True,
        timeout=240,
        env=os.environ | {"PYTHONPATH": str(Path(folder).parent)},
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    told = json.loads(ended.stdout)
    wrong = {}
    for hostile in HOSTILE:
        if hostile.slow:
            continue
        code, words = told[hostile.name]
        fine = code in (0, 1, 2) and "Traceback" not in words and "fault of" not in words
        if hostile.message is not None:
            fine = fine and code == 2 and hostile.message in words and words.startswith("Error: ")
        if not fine:
            wrong[hostile.name] = (code, words[-300:])
    assert not wrong
