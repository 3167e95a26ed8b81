"""The wheel holds all it needs and works away from the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which a wheel built from a copy of the project was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (folder / "project" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / "project" / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    options = ["--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run(
        [*pip, "wheel", *options, "-w", str(folder), str(folder / "project")], check=True
    )
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target",
                    str(folder / "site"), str(wheel)], check=True)  # fmt: skip
    shutil.rmtree(folder / "project")
    return folder / "site"


def _run(site: Path, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("LIGHT_")}
    env |= {"PYTHONPATH": str(site), "LIGHT_IMPORT_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, *args],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_wheel_is_what_runs_and_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, tmp_path, "-c", "import importer; print(importer.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed)


def test_the_wheel_has_the_templates(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, tmp_path, "-m", "importer", "template", "list")
    assert done.returncode == 0, done.stderr
    names = sorted(path.stem for path in (ROOT / "templates").glob("*.yaml"))
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == names
    assert len(names) == 10


def test_the_wheel_loads_its_own_samples_into_its_own_sandbox(
    installed: Path, tmp_path: Path
) -> None:
    sample = installed / "importer" / "samples" / "light" / "bills.xlsx"
    done = _run(
        installed, tmp_path, "-m", "importer", "load", str(sample), "--sandbox", "--yes", "--json"
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["bills"]["created"] == summary["bills"]["total"] > 0
    assert Path(summary["result"]).parent == tmp_path
