"""The examples of docs/python.md run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_examples_of_the_page_run(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    for name in ("light", "light-broken"):
        shutil.copytree(ROOT / "samples" / name, tmp_path / "samples" / name)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LIGHT_")}
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env=environment | {"LIGHT_IMPORT_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert re.fullmatch(r"1 [1-9]\d*", lines[0])
    assert lines[1].startswith("samples/light-broken/bills.xlsx Bills ")
    assert lines[4] == "checked.xlsx"
    loaded = next(i for i, line in enumerate(lines) if re.fullmatch(r"0 26 26", line))
    assert all(" created " in line for line in lines[loaded + 1 : loaded + 4])
    again = lines.index("again.csv")
    assert lines[again + 1] == "UsageProblem"
    assert lines[-1] == "0"
    assert not ended.stderr
