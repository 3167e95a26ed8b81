"""What light-import keeps is this user's alone, whatever the umask says."""

from __future__ import annotations

import os
import stat
from functools import partial
from pathlib import Path

import pytest
from conftest import bill_row, ended, start, write_bills

from importer.core.private_files import private_file_at, private_folder, private_lock
from importer.sandbox import Sandbox


def modes(folder: Path) -> dict[str, str]:
    """The mode of everything below, by its path."""
    return {
        str(each.relative_to(folder)): oct(stat.S_IMODE(each.lstat().st_mode))
        for each in [folder, *folder.rglob("*")]
    }


def test_everything_that_is_kept_is_private(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "new" / "home"
    monkeypatch.setenv("LIGHT_IMPORT_HOME", str(home))
    files = write_bills(tmp_path, [bill_row(i) for i in range(2)])
    at = ("--base-url", sandbox.base_url)
    for command in (
        ("load", "--yes", *at, *files),
        ("reference", "pull", *at),
        ("undo", "latest", "--yes"),
    ):
        assert ended(start(*command, cwd=tmp_path, before=partial(os.umask, 0))).code == 0
    found = modes(home)
    kinds = {name.split("/")[0] for name in found}
    assert {"journals", "pace", "runs", "reference", "seal.key"} <= kinds
    wide = {n: mode for n, mode in found.items() if mode not in ("0o600", "0o700")}
    assert wide == {}
    assert modes(tmp_path / "new")["."] == "0o700", "folders above, too"


@pytest.mark.skipif(not hasattr(os, "fchmod"), reason="no modes on this system")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_private_files_have_their_mode_under_every_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        private_file_at(tmp_path / "a" / "b" / "file")
        private_folder(tmp_path / "c" / "d")
        with private_lock(tmp_path / "e" / "lock"):
            pass
    finally:
        os.umask(before)
    found = modes(tmp_path)
    del found["."]
    assert found.pop("e/lock", "0o600") == "0o600"
    assert found == {
        "a": "0o700",
        "a/b": "0o700",
        "a/b/file": "0o600",
        "c": "0o700",
        "c/d": "0o700",
        "e": "0o700",
    }


def test_file_that_somebody_shared_stays_shared(tmp_path: Path) -> None:
    shared = tmp_path / "journal.sqlite"
    shared.touch(0o660)
    shared.chmod(0o660)
    mode = stat.S_IMODE(tmp_path.stat().st_mode)
    private_file_at(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o660
    assert stat.S_IMODE(tmp_path.stat().st_mode) == mode


def test_folder_of_an_older_version_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "pace"
    folder.mkdir(0o755)
    private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
