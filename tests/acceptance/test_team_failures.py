"""A team's database that is full, a driver that is missing, and a test run that is killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from conftest import PASS, Ended, Fault, Request, bill_row, numbers, proxied, write_bills
from test_full_disk import Disk, small_disk

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
BILLS = 150


@pytest.fixture
def full(postgres: str) -> Iterator[tuple[str, Disk]]:
    """The address of a database on a small disk, and that disk."""
    with tempfile.TemporaryDirectory(prefix="li-pg-disk-") as name:
        Path(name).chmod(0o755)  # the server may be another user
        with small_disk(Path(name) / "disk", "24m") as disk:
            with contextlib.suppress(LookupError):
                shutil.chown(disk.path, "pgserver")
            with psycopg.connect(postgres, autocommit=True) as db:
                db.execute(f"CREATE TABLESPACE small LOCATION '{disk.path}'")
                db.execute("CREATE DATABASE small TABLESPACE small")
                yield postgres.replace("/postgres?", "/small?"), disk
                db.execute("DROP DATABASE small WITH (FORCE)")
                db.execute("DROP TABLESPACE small")


def test_full_disk_of_the_database_loses_and_doubles_nothing(
    full: tuple[str, Disk], load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    address, disk = full
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])

    def fault(request: Request) -> Fault:
        if request.creates and request.number == 10:
            disk.fill()
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        stopped = load(proxy.url, *files, "--journal", address)
        assert stopped.code == 4, stopped.out
        message = stopped.json["error"]["message"]
        assert "No space left on device" in message
        assert "When there is space on the disk of its server" in message
        assert 10 <= len(sandbox.bills()) < BILLS
        disk.free()
        again = load(proxy.url, *files, "--journal", address)
    assert again.code == 0, again.err
    assert numbers(sandbox) == [f"INV-{i:05}" for i in range(BILLS)]


def test_missing_driver_is_named_with_the_command_that_installs_it() -> None:
    program = "import runpy, sys; sys.modules['psycopg'] = None; runpy.run_module('importer')"
    words = [sys.executable, "-c", f"{program[:-1]}, run_name='__main__')"]
    words += ["runs", "--journal", "postgresql://db.example.com/light_import"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    assert "needs psycopg, which is not installed" in " ".join(ended.stderr.split())
    assert "pip install 'light-import[team]'" in " ".join(ended.stderr.split())


def test_killed_test_run_leaves_no_server_behind() -> None:
    program = "import pathlib, sys, time; from postgres_server import start_postgres\n"
    program += (
        "start_postgres(pathlib.Path(sys.argv[1])); print('runs', flush=True); time.sleep(60)"
    )
    with tempfile.TemporaryDirectory(prefix="li-pg-") as name:
        folder = Path(name) / "data"
        words = [sys.executable, "-c", program, str(folder)]
        tests = Path(__file__).parents[1]
        # The program is the test run, not one of its workers.
        alone = {k: v for k, v in os.environ.items() if k != "PYTEST_XDIST_WORKER"}
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=tests, env=alone)
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "runs\n"
            assert folder.is_dir()
            process.kill()
        for _ in range(600):  # its folder goes last
            if not folder.exists():
                break
            time.sleep(0.1)
        assert not folder.exists()
