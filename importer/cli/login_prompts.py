"""A login on the terminal: questions, the address to open, addresses that are pasted."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable

import click

from importer.app.login_options import BrowserLogin
from importer.cli.screen import print_line


class TerminalPrompts:
    """Asks on standard error."""

    def client_id(self) -> str:
        typed: str = click.prompt("Client id (from Light's support)", err=True)
        return typed.strip()

    def client_secret(self) -> str:
        typed: str = click.prompt(
            "Client secret (not shown)", hide_input=True, default="", show_default=False, err=True
        )
        return typed.strip()

    def confirm(self, question: str) -> bool:
        """Raises click.Abort where the answer is no."""
        return click.confirm(question, abort=True, err=True)


def browse(login: BrowserLogin, *, no_browser: bool) -> None:
    """Show the address, and take what is pasted where that may be."""
    print_line(
        "Allow light-import in the browser. If none has opened, open this address:"
        if login.in_browser
        else "Open this address in a browser and allow light-import:"
    )
    click.echo(login.address, err=True)
    if sys.stdin.isatty() or no_browser:
        print_line(
            "If the browser is on another computer, it ends at an address that cannot be"
            " opened; paste that address here and press Enter."
        )
        threading.Thread(
            target=_read_lines, args=(login.paste,), name="pasted addresses", daemon=True
        ).start()


def _read_lines(take: Callable[[str], None]) -> None:
    """Each line of standard input, in a thread that nobody has to wait for."""
    typed = b""
    with contextlib.suppress(OSError, ValueError):
        number = sys.stdin.fileno()
        while read := os.read(number, 65_536):
            *lines, typed = (typed + read).split(b"\n")
            for line in lines:
                if line.strip():
                    take(line.decode(errors="replace").strip())
