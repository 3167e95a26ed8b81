"""light-import in processes that start at once, to be killed at any point.

They are forked from a process that has imported everything: a fresh one takes a second of work for
that, and the tests start hundreds. How light-import itself starts, test_start_up.py shows.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing import forkserver
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any, Literal

import sqlalchemy as sa

FORKS = multiprocessing.get_context("forkserver")
PRELOADED = (
    "forked importer.app.load_bills importer.app.verify_run importer.app.undo_run"
    " importer.cli.load_command importer.cli.report_command importer.cli.validate_command"
    " importer.report.xlsx.workbook importer.validation.validate openpyxl filelock"
    " httpcore anyio._backends._asyncio pyarrow.csv importer.readers.csv.arrow_reader"
    " importer.cli.progress_bar importer.cli.prompts importer.resume.guard"
    " importer.resume.row_changes importer.app.draft_check importer.report.write_report"
    " importer.report.json_summary importer.references.resolve_offline"
    " importer.resume.result_workbook importer.readers.csv.csv_reader"
    " importer.readers.csv.encoding pandera.pandas"
    " pandera.backends.register_checks importer.web.page_server importer.app.local_sandbox"
    " uvicorn.protocols.http.auto uvicorn.loops.auto uvicorn.protocols.websockets.auto"
    " preloaded"
)
FORKS.set_forkserver_preload(PRELOADED.split())


@cache
def _start_server() -> None:
    """Start the process that commands are forked from, which finds the modules of this folder by
    ``PYTHONPATH`` alone."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parent), before)))
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before


class _Streams:
    """The descriptors of stdin (None: empty), stdout and stderr, on their way to a process."""

    def __init__(self, numbers: Sequence[Any]) -> None:
        self.numbers = numbers

    def __reduce__(self) -> tuple[type[_Streams], tuple[list[Any]]]:
        return _Streams, ([n if n is None else DupFd(n) for n in self.numbers],)

    def take(self) -> None:
        """Make them those of this process."""
        for target, number in enumerate(self.numbers):
            source = os.open(os.devnull, os.O_RDONLY) if number is None else number.detach()
            os.dup2(source, target)
            os.close(source)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = io.TextIOWrapper(
            open(2, "wb", closefd=False),  # noqa: SIM115
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )


@dataclass
class Forked:
    """A command in a process of its own, with as much of ``subprocess.Popen`` as tests need."""

    process: Any
    stdout: IO[str] = field(default_factory=io.StringIO)  # what it says, where that is piped
    stderr: IO[str] = field(default_factory=io.StringIO)

    @property
    def pid(self) -> int:
        return int(self.process.pid)

    @property
    def returncode(self) -> int | None:
        """The exit code, -9 where it was killed; None while it runs."""
        code: int | None = self.process.exitcode
        return code

    poll = returncode.fget

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float = 180) -> int:
        self.process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("light-import", timeout)
        return self.returncode

    def communicate(self, timeout: float = 180) -> tuple[str, str]:
        """What it said, or has said since; when it has ended."""
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(stream.read) for stream in (self.stdout, self.stderr)]
            try:
                out, err = (each.result(timeout) for each in both)
            except TimeoutError:
                self.kill()
                raise
        self.wait(timeout)
        return out, err

    def close(self) -> None:
        self.kill()
        self.process.join(30)
        self.stdout.close()
        self.stderr.close()


def fork(
    args: Sequence[str],
    folder: Path | None,
    env: Mapping[str, str],
    streams: Sequence[int | None],
    before: Callable[[], object] | None = None,
) -> Forked:
    """Start a command in ``folder``; ``before`` is called in its process first."""
    _start_server()
    how = (list(args), folder or Path.cwd(), dict(env), _Streams(streams), before)
    process: Any = FORKS.Process(target=_run, args=how)  # type: ignore[attr-defined]
    process.daemon = True
    process.start()
    return Forked(process)


def piped(
    args: Sequence[str],
    folder: Path | None,
    env: Mapping[str, str],
    stdin: int | None = None,
    before: Callable[[], object] | None = None,
) -> Forked:
    """Start a command whose words can be read."""
    (read_out, out), (read_err, err) = os.pipe(), os.pipe()
    try:
        forked = fork(args, folder, env, (stdin, out, err), before)
    finally:
        os.close(out)
        os.close(err)
    forked.stdout = open(read_out, encoding="utf-8")  # noqa: SIM115
    forked.stderr = open(read_err, encoding="utf-8")  # noqa: SIM115
    return forked


def _run(
    args: list[str],
    folder: Path,
    env: dict[str, str],
    streams: _Streams,
    before: Callable[[], object] | None,
) -> None:
    from importer.cli.main import run

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    streams.take()
    if before is not None:
        before()
    sys.exit(run(args))


# --- killed at a commit -------------------------------------------------------------------------


@dataclass(frozen=True)
class AtCommit:
    """The moment before or after a process's n-th commit to the journal, counted from 1."""

    number: int
    side: Literal["before", "after"]


@dataclass
class Logged:
    """A command whose words are in files of its folder."""

    forked: Forked
    folder: Path

    def ended(self) -> int:
        return self.forked.wait()

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()


def logged(
    args: Sequence[str], folder: Path, env: Mapping[str, str], kill: AtCommit | None = None
) -> Logged:
    """Start a command in ``folder``, which is made, and takes what it says."""
    folder.mkdir(parents=True)
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        streams = (None, out.fileno(), err.fileno())
        before = kill and partial(_die_at, kill)
        return Logged(fork(args, folder, env, streams, before), folder)


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
