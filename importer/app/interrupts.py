"""Ctrl-C and SIGTERM inside an event loop, and a question that either can end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

import click

from importer.core.errors import StoppedEarly


def this_task() -> asyncio.Task[None]:
    """The task that is running."""
    task = asyncio.current_task()
    assert task is not None
    return task


@contextlib.contextmanager
def signals(stop: Callable[[], object]) -> Iterator[None]:
    """Ctrl-C and SIGTERM call ``stop`` inside the block, between two steps of its tasks.

    A signal that comes during the block's last step would be forgotten by the loop: for it,
    ``stop`` is called as the block ends.
    """
    loop = asyncio.get_running_loop()
    names = [signal.SIGINT, signal.SIGTERM]
    came = told = 0

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came += 1

    def tell() -> None:
        nonlocal told
        told += 1
        stop()

    try:
        for name in names:
            loop.add_signal_handler(name, tell)
    except NotImplementedError:  # Windows: Ctrl-C raises KeyboardInterrupt instead
        yield
        return
    for name in names:
        signal.signal(name, note)  # in place of the loop's own, which does nothing
        signal.siginterrupt(name, False)
    try:
        yield
    finally:
        for name in names:
            loop.remove_signal_handler(name)
        if came and not told:
            tell()


def gently_first(stop: Callable[[StoppedEarly], object]) -> Callable[[], None]:
    """For ``signals``: ``stop`` the first time, the task that is running now at once the second."""
    task = this_task()
    asked = False

    def stopping() -> None:
        nonlocal asked
        if asked:
            task.cancel()
        else:
            asked = True
            stop(StoppedEarly("It was interrupted."))

    return stopping


async def confirm(question: str) -> None:
    """Ask on the terminal until the answer is yes or no. Raises click.Abort unless it is yes.

    Where the loop can, it waits for the answer: ``input()`` does not notice a signal that comes
    after it wrote the question and before it reads.
    """
    loop = asyncio.get_running_loop()
    try:
        terminal = sys.stdin.fileno()
        loop.add_reader(terminal, lambda: None)
        loop.remove_reader(terminal)
    except (NotImplementedError, OSError):  # Windows, or no real file
        click.confirm(question, abort=True, err=True)
        return
    answer = None
    while answer not in ("y", "yes"):
        if answer in ("", "n", "no"):
            raise click.Abort
        if answer is not None:
            click.echo("Error: invalid input", err=True)
        try:
            with signals(this_task().cancel):
                click.echo(f"{question} [y/N]: ", nl=False, err=True)
                answer = (await _line(terminal)).strip().lower()
        except asyncio.CancelledError:
            raise click.Abort from None


async def _line(terminal: int) -> str:
    """The next line typed, or what there is of it at the end of the input."""
    loop = asyncio.get_running_loop()
    typed = b""
    while not typed.endswith(b"\n"):
        readable = asyncio.Event()
        loop.add_reader(terminal, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(terminal)
        try:
            read = os.read(terminal, 1024)
        except OSError:  # the terminal has gone
            read = b""
        if not read:
            break
        typed += read
    return typed.decode(errors="replace")
