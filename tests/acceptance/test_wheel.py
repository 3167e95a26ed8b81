"""The wheel and the sdist hold all that is needed and work away from the project."""

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
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel made of it, from a copy of the project."""
    folder = tmp_path_factory.mktemp("dist")
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (folder / "project" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / "project" / name)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(folder / "project")], check=True, capture_output=True)
    shutil.rmtree(folder / "project")
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the wheel was installed."""
    return _install(built, "*.whl", tmp_path_factory.mktemp("site"))


def _install(built: Path, archives: str, site: Path) -> Path:
    (archive,) = built.glob(archives)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(site)]
    subprocess.run([*pip, *options, str(archive)], check=True)
    return site


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


def test_every_module_is_installed(installed: Path) -> None:
    modules = {path.relative_to(ROOT) for path in (ROOT / "importer").rglob("*.py")}
    assert modules <= {path.relative_to(installed) for path in installed.rglob("*.py")}


def test_sdist_installs_what_the_wheel_does(built: Path, installed: Path, tmp_path: Path) -> None:
    site = _install(built, "*.tar.gz", tmp_path)
    of_the_sdist, of_the_wheel = (
        {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and "dist-info" not in str(path)
        }
        for folder in (site, installed)
    )
    assert of_the_sdist == of_the_wheel


def test_types_licence_and_documentation_are_installed(installed: Path) -> None:
    assert (installed / "importer" / "py.typed").is_file()
    (info,) = installed.glob("light_import-*.dist-info")
    metadata = (info / "METADATA").read_text()
    assert "License-Expression: MIT" in metadata or "License: MIT" in metadata
    assert "Author: " in metadata
    assert "Home-page: https://" in metadata
    assert list(info.rglob("LICENSE"))
    pages = {page.name for page in (ROOT / "docs").iterdir() if page.suffix in (".md", ".json")}
    share = installed / "share"
    assert pages == {page.name for page in (share / "doc/light-import/docs").iterdir()}
    assert (share / "man/man1/light-import.1").is_file()


def test_installed_package_runs_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, tmp_path, "-c", "import importer; print(importer.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed)


def test_installed_package_has_the_templates(installed: Path, tmp_path: Path) -> None:
    done = _run(installed, tmp_path, "-m", "importer", "template", "list")
    assert done.returncode == 0, done.stderr
    names = sorted(path.stem for path in (ROOT / "templates").glob("*.yaml"))
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == names
    assert len(names) >= 14


def test_installed_package_loads_its_samples_and_has_the_html_report(
    installed: Path, tmp_path: Path
) -> None:
    sample = installed / "importer" / "samples" / "light" / "bills.xlsx"
    words = ("load", str(sample), "--sandbox", "--yes", "--json", "--result", "result.html")
    done = _run(installed, tmp_path, "-m", "importer", *words)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["bills"]["created"] == summary["bills"]["total"] > 0
    assert "<h1>" in (tmp_path / "result.html").read_text(encoding="utf-8")
