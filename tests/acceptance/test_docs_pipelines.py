"""The recipes of docs/pipelines.md and README.md, run as cron, systemd and a CI runner do it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import bill_row, numbers, write_bills

from importer.sandbox import Sandbox, SandboxSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pipelines.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the recipes are for sh")


def blocks(language: str, page: str = PAGE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A home with light-import, the script and the key."""
    for name in (".local/bin", "bills/inbox", ".config/light-import"):
        (tmp_path / name).mkdir(parents=True)
    program = tmp_path / ".local/bin/light-import"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m importer "$@"\n')
    script = tmp_path / "bills/load-bills.sh"
    script.write_text(blocks("sh")[0])
    (tmp_path / ".config/light-import/key").write_text(SandboxSettings.key + "\n")
    for path in (program, script):
        path.chmod(0o755)
    return tmp_path


def run(command: str, user: Path, sandbox: Sandbox, **env: str) -> subprocess.CompletedProcess[str]:
    """As cron: sh, with next to no environment."""
    settings = {"LIGHT_BASE_URL": sandbox.base_url, "LIGHT_IMPORT_SETTLE": "0.3"}
    settings["LIGHT_IMPORT_AMOUNTS"] = "cents"  # the bills are small
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env={"HOME": str(user), "PATH": "/usr/bin:/bin", **settings, **env},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_cron_line_loads_the_inbox_and_says_only_what_matters(user: Path, sandbox: Sandbox) -> None:
    (line,) = blocks("crontab")
    command = line.split(maxsplit=5)[5].strip()
    nothing = run(command, user, sandbox)
    assert (nothing.returncode, nothing.stdout + nothing.stderr) == (0, "")
    write_bills(user / "bills/inbox", [bill_row(0), bill_row(1)])
    loaded = run(command, user, sandbox)
    assert (loaded.returncode, loaded.stdout + loaded.stderr) == (0, "")
    assert numbers(sandbox) == ["INV-00000", "INV-00001"]
    assert list((user / "bills/inbox").iterdir()) == []
    assert json.loads((user / "bills/last.json").read_text())["bills"]["created"] == 2
    write_bills(user / "bills/inbox", [bill_row(2, currency="XX")])
    broken = run(command, user, sandbox)
    assert broken.returncode == 1
    assert broken.stderr.splitlines()[-1].startswith("Some bills were not loaded")
    assert len(numbers(sandbox)) == 2
    key = user / ".config/light-import/key"
    key.write_text("wrong")
    assert run(command, user, sandbox).returncode == 2


def test_readmes_lines_for_a_schedule_run_with_what_cron_has(user: Path, sandbox: Sandbox) -> None:
    (block,) = blocks("crontab", README)
    write_bills(user / "bills/inbox", [bill_row(0)])
    loaded = run(block.split(maxsplit=5)[5].strip(), user, sandbox)
    assert loaded.returncode == 0, loaded.stderr
    assert json.loads((user / "bills/runs.json").read_text())["bills"]["created"] == 1
    (line,) = [text for text in blocks("sh", README) if "--on-end" in text]
    told = user / "bills/tell-us.sh"
    told.write_text('#!/bin/sh\ncat > "told-$1"\n')
    told.chmod(0o755)
    write_bills(user / "bills/inbox", [bill_row(1), bill_row(2, currency="XX")])
    path = f"{user}/.local/bin:/usr/bin:/bin"
    ended = run(
        f"cd ~/bills && {line}", user, sandbox, PATH=path, LIGHT_API_KEY=SandboxSettings.key
    )
    assert ended.returncode == 1, ended.stderr
    assert json.loads((user / "bills/told-ap@example.com").read_text()) == json.loads(ended.stdout)
    assert '"event": "ended"' in (user / "bills/events.jsonl").read_text()
    assert numbers(sandbox) == ["INV-00000", "INV-00001"]
    assert len(list((user / "bills/inbox").iterdir())) == 2


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_units(user: Path) -> None:
    units = user / ".config/systemd/user"
    units.mkdir(parents=True)
    for unit, ending in zip(blocks("ini"), ("service", "timer"), strict=True):
        (units / f"light-import.{ending}").write_text(unit)
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--user", *map(str, units.iterdir())],
        env={"HOME": str(user), "PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(user)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    about = [line for line in ended.stderr.splitlines() if "light-import." in line]
    assert (ended.returncode, about) == (0, []), ended.stderr
    calendar = re.findall("OnCalendar=(.+)", blocks("ini")[1])
    assert not subprocess.run(
        ["systemd-analyze", "calendar", *calendar], capture_output=True, check=False
    ).returncode


def test_steps_of_the_ci_job_check_then_load(user: Path, sandbox: Sandbox) -> None:
    job = yaml.safe_load(blocks("yaml")[0])["jobs"]["load"]
    check, load = [step["run"] for step in job["steps"] if "run" in step]
    assert job["env"]["LIGHT_API_KEY"] == "${{ secrets.LIGHT_API_KEY }}"
    env = {
        "LIGHT_API_KEY": SandboxSettings.key,
        "LIGHT_IMPORT_HOME": str(user / "data"),
        "PATH": f"{user}/.local/bin:/usr/bin:/bin",
    }
    (user / "exports").mkdir()
    write_bills(user / "exports", [bill_row(0)])
    steps = f"cd {user} && set -e\n{check}\n{load}"
    assert run(steps, user, sandbox, **env).returncode == 0
    assert numbers(sandbox) == ["INV-00000"]
    assert (user / "result.xlsx").exists()
    for name in ("check.xlsx", "result.xlsx"):  # a runner starts from a clean checkout
        (user / name).unlink()
    write_bills(user / "exports", [bill_row(0), bill_row(1, currency="XX")])
    assert run(steps, user, sandbox, **env).returncode == 1
    assert len(numbers(sandbox)) == 1
    assert not (user / "result.xlsx").exists()
