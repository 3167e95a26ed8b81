"""docs/afterwards.md says what is so: its commands are run in order, against one sandbox."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended

from importer.sandbox import Sandbox, SandboxSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "afterwards.md").read_text(encoding="utf-8")


def test_page_commands_work_as_written(
    command: Callable[..., Ended],
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("LIGHT_API_KEY", SandboxSettings.key)
    said = {}
    commands = re.findall(r"^\$ light-import (.+)$", PAGE, re.MULTILINE)
    assert len(commands) > 10
    run = ""
    for number, words in enumerate(commands):
        args = [run if word == "RUN" else word for word in shlex.split(words)]
        if args[0] in ("load", "verify", "undo"):  # the sandbox has Light's limit: not for a test
            args += ["--requests-per-minute", "100000"]
        done = command(*args)
        assert done.code == 0, (words, done.out, done.err)
        said[number, words] = done.out + done.err
        run = run or command("runs", "--json").json["runs"][0]["run"]
    texts = list(said.values())
    assert "Light:    http://127.0.0.1" in texts[0]
    assert "(a server on this computer, not Light)" in texts[0]
    nothing = [
        words
        for (_, words), text in said.items()
        if "Nothing to undo" in text and words != "runs --limit 5"
    ]
    assert nothing == ["undo RUN --yes"]
    assert "26 undone" in texts[-3]
