"""Questions on the terminal, and what is shown before them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence

import click

from importer.app import consent_words
from importer.app.consent import LoadForecast, UndoForecast
from importer.cli.console import fact_lines
from importer.cli.signals import signals
from importer.core.safe_text import visible


async def confirm_load(load: LoadForecast) -> bool:
    _show(consent_words.load_facts(load))
    if load.doubt:
        click.echo(visible(load.doubt), err=True)
        if not await confirm(consent_words.SURE_OF_AMOUNTS):
            return False
    return await confirm(
        consent_words.load_question(load), load.count_to_type, consent_words.counted_nouns(load)
    )


async def confirm_undo(undo: UndoForecast) -> bool:
    _show(consent_words.undo_facts(undo))
    return await confirm(
        consent_words.undo_question(undo), undo.count_to_type, consent_words.counted_nouns(undo)
    )


def _show(facts: Sequence[consent_words.Fact]) -> None:
    click.echo("\n".join(fact_lines(facts)), err=True)


async def confirm(question: str, number: int | None = None, counted: str = "") -> bool:
    """Ask on the terminal until the answer is yes or no; Ctrl-C is no.

    With a ``number`` of what is ``counted`` that is the answer instead of yes. What was typed
    before the question appears is no answer.

    Where the loop can, it waits for the answer: ``input()`` does not notice a signal that comes
    after it wrote the question and before it reads.
    """
    accepted = consent_words.accepted_answers(number)
    if number is not None:
        question += f" {consent_words.type_the_number(counted)}, or n"
    prompt = f"{question} [y/N]: " if number is None else f"{question}: "
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    try:
        terminal = sys.stdin.fileno()
        loop.add_reader(terminal, lambda: None)
        loop.remove_reader(terminal)
    except (NotImplementedError, OSError):  # Windows, or no real file
        try:
            _discard_keys()
            if number is None:
                return click.confirm(question, err=True)
            return str(click.prompt(question, err=True)).strip() in accepted
        except click.Abort:
            return False
    import termios

    with contextlib.suppress(termios.error):  # it is no terminal
        termios.tcflush(terminal, termios.TCIFLUSH)
    answer = None
    while answer not in accepted:
        if answer in ("", "n", "no"):
            return False
        if answer is not None:
            wrong = "type y or n" if number is None else f"that is not the number of {counted}"
            click.echo(f"Error: {wrong}", err=True)
        try:
            with signals(task.cancel):
                click.echo(prompt, nl=False, err=True)
                answer = (await _read_line(terminal)).strip().lower()
        except asyncio.CancelledError:
            return False
    return True


def _discard_keys() -> None:
    """Discard what was typed, in a console of Windows."""
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()


async def _read_line(terminal: int) -> str:
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
        except OSError:  # the terminal was closed
            read = b""
        if not read:
            break
        typed += read
    return typed.decode(errors="replace")
