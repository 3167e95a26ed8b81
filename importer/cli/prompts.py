"""Questions on the terminal, and what is shown before them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from importer.app.consent import LoadForecast, Total, UndoForecast
from importer.cli.console import company_lines
from importer.cli.signals import signals
from importer.core.counted_nouns import count
from importer.core.money import money
from importer.core.safe_text import visible

_MOST_UPDATES = 20  # bills whose changes are listed


async def confirm_load(load: LoadForecast) -> bool:
    lines = [
        *company_lines(load.company, load.address),
        f"Bills:    {load.bills:,} to create"
        + (f", {load.already_in_light:,} are in Light already" if load.already_in_light else ""),
        *_vendor_lines(load.vendors),
        *_total_lines(load.totals),
        *_update_lines(load),
        *([f"Credits:  {load.credit_notes:,} to create"] if load.credit_notes else []),
        *(f"          less {_amount(total)}" for total in load.credit_totals),
        f"Template: {visible(load.template)}"
        + (f", which states: {load.constants}" if load.constants else ""),
        *(f"Left out: {visible(words)}" for words in load.left_out),
        *([f"Then:     {load.steps}"] if load.steps else []),
        *(
            f"Payment:  {_amount(paid.total)} from bank account {paid.bank_account}"
            f" ({count(paid.bills, 'bill')})"
            for paid in load.payments
        ),
        _requests_line(load),
    ]
    click.echo("\n".join(lines), err=True)
    if load.doubt:
        click.echo(visible(load.doubt), err=True)
        if not await confirm("Are the amounts as shown above, to the cent?"):
            return False
    new_vendors = " and their new vendors" if load.vendors else ""
    question = "Do this to bills that are in Light already?"
    if load.bills or load.credit_notes:
        nouns = _nouns(load.bills, load.credit_notes)
        others = ", and change the others in Light" if load.updates else ""
        question = f"Create these {nouns}{new_vendors}{others}?"
    elif load.updates:
        question = "Change these bills in Light?"
    return await confirm(question, load.count_to_type)


async def confirm_undo(undo: UndoForecast) -> bool:
    files = ", ".join(visible(Path(name).name) for name in undo.files)
    lines = [
        *company_lines(undo.company, undo.address),
        f"Run:      {undo.run}, {undo.started:%Y-%m-%d %H:%M} UTC, {files}",
        f"Bills:    {undo.bills:,} to cancel"
        + (f", {undo.left:,} others of the run stay" if undo.left else ""),
        *([f"Credits:  {undo.credit_notes:,} to cancel"] if undo.credit_notes else []),
        *(
            [f"Changed:  {undo.restored:,} to be made what they were before"]
            if undo.restored
            else []
        ),
        *_total_lines(undo.totals),
        _requests_line(undo),
    ]
    click.echo("\n".join(lines), err=True)
    nouns = _nouns(undo.bills, undo.credit_notes)
    question = f"Cancel these {nouns} in Light?"
    if undo.restored:
        question = "Do this in Light?" if nouns else "Change these bills back in Light?"
    return await confirm(question, undo.count_to_type)


def _nouns(bills: int, credit_notes: int) -> str:
    counts = ((bills, "bills"), (credit_notes, "credit notes"))
    return " and ".join(noun for n, noun in counts if n)


def _update_lines(load: LoadForecast) -> list[str]:
    if not load.updates:
        return []
    n, more = len(load.updates), len(load.updates) - _MOST_UPDATES
    return [
        f"Changes:  {count(n, 'bill')} in Light: {load.update_counts}",
        *(f"          {visible(words)}" for words in load.updates[:_MOST_UPDATES]),
        *([f"          and {more:,} more, which --dry-run lists"] if more > 0 else []),
    ]


def _vendor_lines(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [f"Vendors:  {len(names):,} to create, which undo does not remove:"] + [
        f"          {visible(name)}" for name in names
    ]


def _amount(total: Total) -> str:
    return f"{money(total.cents, total.unit)} {total.currency}"


def _total_lines(totals: Sequence[Total]) -> list[str]:
    return [f"Total:    {_amount(total)}" for total in totals]


def _requests_line(forecast: LoadForecast | UndoForecast) -> str:
    seconds = forecast.seconds
    time = f"about {seconds / 60:.0f} minutes" if seconds >= 90 else "about a minute or less"
    most = forecast.requests + forecast.further_requests
    more = f" (up to {most:,} if others have to approve)" if most > forecast.requests else ""
    return (
        f"Requests: {forecast.requests:,}{more}, at most {forecast.per_minute:,} a minute: {time}"
    )


async def confirm(question: str, number: int | None = None) -> bool:
    """Ask on the terminal until the answer is yes or no; Ctrl-C is no.

    With a ``number`` that is the answer instead of yes. What was typed before the question appears
    is no answer.

    Where the loop can, it waits for the answer: ``input()`` does not notice a signal that comes
    after it wrote the question and before it reads.
    """
    accepted = ("y", "yes") if number is None else (f"{number}", f"{number:,}")
    if number is not None:
        question += " This is a large amount: type the number of bills, or n"
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
            wrong = "type y or n" if number is None else "that is not the number of bills"
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
