"""light-import in processes of their own that start at once, to be killed at any point.

They are forked from a process that has imported everything. A fresh one takes seconds, and a
state machine needs hundreds.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

FORKS = multiprocessing.get_context("forkserver")
PRELOADED = (
    "forked importer.app.load_bills importer.cli.report_command importer.report.xlsx.workbook"
    " importer.validation.validate openpyxl filelock"
)
FORKS.set_forkserver_preload(PRELOADED.split())


@dataclass(frozen=True)
class AtCommit:
    """The moment before or after a process's n-th commit to the journal, counted from 1."""

    number: int
    side: Literal["before", "after"]


@dataclass
class Forked:
    """A command that runs, or ran, in a process of its own."""

    process: BaseProcess
    folder: Path

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def ended(self, seconds: float = 180) -> int:
        """The exit code, -9 where it was killed."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, "it did not end"
        return self.process.exitcode

    def close(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join(30)

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()


def forked(
    args: Sequence[str], folder: Path, env: Mapping[str, str], kill: AtCommit | None = None
) -> Forked:
    """Start a command in ``folder``, which is made, and takes what it says."""
    folder.mkdir(parents=True)
    process: Any = FORKS.Process(target=_run, args=(list(args), folder, dict(env), kill))
    process.daemon = True
    process.start()
    return Forked(process, folder)


def _run(args: list[str], folder: Path, env: dict[str, str], kill: AtCommit | None) -> None:
    from importer.cli.main import run

    os.chdir(folder)
    for name in [name for name in os.environ if name.startswith("LIGHT_")]:
        del os.environ[name]
    os.environ.update(env)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(folder / name, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
    if kill is not None:
        _die_at(kill)
    sys.exit(run(args))


def _die_at(moment: AtCommit) -> None:
    """SQLAlchemy says when a transaction is about to be committed, and when it is over."""
    commits = 0

    def committing(connection: object) -> None:
        nonlocal commits
        commits += 1
        if moment.side == "before" and commits == moment.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def over(*_: object) -> None:
        if moment.side == "after" and commits == moment.number:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.engine.Engine, "commit", committing)
    sa.event.listen(sa.pool.Pool, "checkin", over)
