"""Disks that are full or may only be read: one sentence with the remedy, and no half file."""

from __future__ import annotations

import contextlib
import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import PASS, Ended, Fault, Request, bill_row, numbers, proxied, write_bills

from importer.core.errors import ImporterError
from importer.light.auth.token_store import Login, Tokens, TokenStore
from importer.model.light_objects import Company
from importer.references.directory import Directory
from importer.references.lookup_tables import Pick, save_picks
from importer.references.reference_cache import Cached, write_cache
from importer.sandbox import Sandbox

Command = Callable[..., Ended]
BILLS = 150
ALL = [f"INV-{i:05}" for i in range(BILLS)]
VENDOR, OTHER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "3f2504e0-4f89-41d3-9a0c-0305e82c3302"


@dataclass
class Disk:
    """A small file system of its own."""

    path: Path

    def fill(self) -> None:
        with (self.path / "filler").open("wb", buffering=0) as file:
            for size in (65_536, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    pass

    def free(self) -> None:
        (self.path / "filler").unlink()

    def protect(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", self.path], check=True)

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.path.rglob("*") if path.is_file())
        return {path.name: path.read_bytes() for path in found if path.name != "filler"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", "8m") as disk:
        yield disk


@contextlib.contextmanager
def small_disk(path: Path, size: str) -> Iterator[Disk]:
    if not sys.platform.startswith("linux"):
        pytest.skip("a file system of its own is made as Linux does it")
    path.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("only root may make a file system of its own")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "-l", path], check=True)


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_failed_write_has_a_remedy_and_keeps_the_old_file(
    how: str,
    disk: Disk,
    load: Command,
    command: Command,
    sandbox: Sandbox,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(2)])
    for name in ("runs", "pace", "reference"):
        (disk.path / name).mkdir()
    cached = Cached("x", Company("c1", "Acme", "DKK"), datetime.now(UTC), Directory())
    login = Login("https://light", "client", "1", time.time(), "file")
    place = TokenStore(disk.path / "login.json", "account")
    write_cache(disk.path / "cache.json", cached)
    place.write(login, Tokens("access", "refresh", None, None, "secret"))
    save_picks(disk.path, [Pick("vendor", "Acme", VENDOR, "Acme", "row 2")])
    before = disk.files()
    assert len(before) == 3
    disk.fill() if how == "full" else disk.protect()

    broken: list[object] = []  # what Python would print a traceback of
    monkeypatch.setattr(sys, "unraisablehook", lambda found: broken.append(found.exc_value))
    told = []
    check = ("validate", *files, "--template", "light", "--quiet", "--result")
    for ending in ("xlsx", "csv", "html", "json"):
        told.append(command(*check, f"disk/r.{ending}"))
    samples = Path(__file__).parents[2] / "samples"
    export = str(samples / "xero-bills" / "bills.csv")
    told.append(command("template", "new", "--from", export, "-o", "disk/mine.yaml"))
    told.append(command("template", "new", "--workbook", "disk/fill-in.xlsx"))
    assert [ended.code for ended in told] == [2] * len(told)

    stopped = [load(sandbox.base_url, *files, "--journal", "disk/journal.sqlite")]
    for name in ("runs", "pace", "reference"):
        (home / name).rename(home / f"{name}-before") if (home / name).exists() else None
        (home / name).symlink_to(disk.path / name)
        if name == "reference":
            told.append(command("reference", "pull", "--base-url", sandbox.base_url))
            assert told[-1].code == 2
        else:
            stopped.append(load(sandbox.base_url, *files))
        (home / name).unlink()
    assert [ended.code for ended in stopped] == [4] * 3
    for work in (
        lambda: write_cache(disk.path / "cache.json", cached),
        lambda: place.write(login, Tokens("new", "new", None, None, "secret")),
        lambda: save_picks(disk.path, [Pick("vendor", "Bolt", OTHER, "Bolt", "row 3")]),
    ):
        with pytest.raises(ImporterError) as raised:
            work()
        told.append(Ended(raised.value.exit_code, "", str(raised.value)))

    gc.collect()
    assert [each for each in broken if not isinstance(each, ResourceWarning)] == []
    for ended in told + stopped:
        sentence = ended.err.lower()
        assert "disk" in sentence or str(home) in sentence  # the file
        assert "traceback" not in sentence
        remedies = ("free some space",) if how == "full" else ("another", "make the folder writ")
        assert any(remedy in sentence for remedy in remedies), ended.err
    assert sandbox.counters.bill_posts == 0
    assert {name: data for name, data in disk.files().items() if data} == before
    left = {path.name for path in disk.path.iterdir()}
    assert not left & {"r.xlsx", "r.csv", "r.html", "r.json", "mine.yaml", "fill-in.xlsx"}


def test_disk_full_during_a_load_loses_and_doubles_nothing(
    disk: Disk, load: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])

    def fault(request: Request) -> Fault:
        if request.creates and request.number == 10:
            disk.fill()
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        args = (*files, "--journal", "disk/journal.sqlite", "--result", "disk/r.xlsx")
        stopped = load(proxy.url, *args)
        assert stopped.code == 4
        assert "cannot be written" in stopped.err
        assert "Free some space" in stopped.err
        assert "The result" in stopped.err
        assert 10 <= len(sandbox.bills()) < BILLS
        disk.free()
        again = load(proxy.url, *args)
        assert again.code == 0, again.err
    assert numbers(sandbox) == ALL
    assert (disk.path / "r.xlsx").stat().st_size > 1000
