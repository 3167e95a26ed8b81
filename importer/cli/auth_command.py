"""``light-import auth``: log in to Light, see who is logged in, log out."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from importer.app.login_options import PORT, BrowserLogin
from importer.cli.options import (
    PORTS,
    base_url_option,
    json_option,
    print_json,
    profile_option,
)
from importer.cli.screen import print_line
from importer.core.errors import KeyMissing
from importer.core.safe_text import visible

_NO_LOGIN = "You are not logged in. To log in: light-import auth login"

if TYPE_CHECKING:
    from importer.app.login import LoginStatus, StoredLogin


@click.group(short_help="Log in to Light, see who is logged in, log out.")
def auth() -> None:
    """Log in to Light in the browser, instead of setting a key.

    \b
    Example:
      light-import auth login
    """


@auth.command(short_help="Log in in the browser.")
@base_url_option
@profile_option
@click.option(
    "--client-id",
    metavar="ID",
    envvar="LIGHT_CLIENT_ID",
    help="The id of your light-import, from Light's support.  [env: LIGHT_CLIENT_ID]",
)
@click.option(
    "--store",
    type=click.Choice(["keyring", "file"]),
    help="Where the login is saved: the system's keyring, or a file that only you may read."
    "  [default: keyring; without one, it asks]",
)
@click.option(
    "--port",
    type=PORTS,
    default=PORT,
    show_default=True,
    help="The port of this computer to which Light sends the browser; 0 for a free one.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address to open.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    help="Seconds to wait for your login.",
)
@json_option
def login(as_json: bool, **options: Any) -> int:
    """Log in to Light in the browser and save the login for other commands.

    Light's support gives you a client id and a client secret; tell them the address
    http://127.0.0.1:8766/callback (or that with your --port). The secret comes from
    LIGHT_CLIENT_SECRET, or is asked for; it is never an option. The login renews itself.

    On a computer without a browser, as over ssh, open the address on your own computer; at the end
    the browser shows an address that cannot be opened: paste it in the terminal.

    \b
    Examples:
      light-import auth login --client-id 4711
      light-import auth login --client-id 4711 --no-browser --store file
    """
    from importer.app import LoginOptions, StopControl, key_variable, log_in
    from importer.cli.auth_command import TerminalPrompts, browse
    from importer.cli.console import Console
    from importer.cli.signals import signals

    choice, console = LoginOptions(**options), Console(json=as_json)
    done = log_in(
        choice,
        partial(browse, no_browser=choice.no_browser),
        prompts=TerminalPrompts() if sys.stdin.isatty() else None,
        listener=console,
        stop=StopControl(bind=signals),
    )
    where = done.login.base_url
    if done.problem is None:
        console.message(f"Logged in to {done.login.company} ({where}).")
    else:
        console.message(f"Logged in to {where}, but the company could not be read: {done.problem}")
    console.message(f"The login is saved in {done.store}; light-import auth logout deletes it.")
    if variable := key_variable():
        console.message(f"{variable} is set in this terminal: commands use it, not the login.")
    if as_json:
        return print_json(
            {"company": done.login.company or None, "base_url": where, "store": done.login.store}
        )
    return 0


@auth.command(short_help="Who is logged in, until when, and which key is used.")
@json_option
def status(as_json: bool) -> int:
    """Show who is logged in, where and how long, and which key commands use. Never shows a secret.

    It does not contact Light. The exit code is 2 if there is neither a key nor a login.

    \b
    Example:
      light-import auth status
    """
    from importer.app import login_status

    status = login_status()
    if as_json:
        missing = KeyMissing(_NO_LOGIN) if status.exit_code else None
        return print_json(_status_json(status), status.exit_code, missing)
    if status.variable:
        rest = ", not the login." if status.logins else "."
        click.echo(f"{status.variable} is set, so it is used{rest}")
    for stored in status.logins:
        click.echo("\n".join(visible(line) for line in _login_lines(stored)))
    for problem in status.problems:
        print_line(visible(problem))
    if not status.variable and not status.logins:
        click.echo(_NO_LOGIN, err=True)
    return status.exit_code


def _login_lines(stored: StoredLogin) -> list[str]:
    login = stored.login
    return [
        f"{login.company or 'Company name not read yet'} ({login.base_url})",
        f"  logged in since  {_moment(login.since)}",
        f"  client id        {login.client_id}",
        f"  saved in         {stored.store}",
        f"  token until      {_moment(login.expires_at) or 'not stated'}; it renews itself",
        *([f"  problem          {stored.problem}"] if stored.problem else []),
    ]


def _status_json(status: LoginStatus) -> dict[str, Any]:
    return {
        "variable": status.variable,
        "logins": [
            {
                "base_url": stored.login.base_url,
                "company": stored.login.company or None,
                "company_id": stored.login.company_id or None,
                "client_id": stored.login.client_id,
                "store": stored.login.store,
                "since": _moment(stored.login.since),
                "expires_at": _moment(stored.login.expires_at),
                "problem": stored.problem,
            }
            for stored in status.logins
        ],
        "problems": list(status.problems),
    }


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


@auth.command(short_help="Delete the saved login.")
@base_url_option
@profile_option
@click.option(
    "--all", "every", is_flag=True, help="Delete all saved logins, to any address of Light."
)
@json_option
def logout(base_url: str | None, every: bool, as_json: bool) -> int:
    """Delete the saved login: its tokens are removed from the keyring and from this computer's
    files.

    This does not contact Light. To withdraw the access itself, use Light's settings.

    \b
    Examples:
      light-import auth logout
      light-import auth logout --all
    """
    from importer.app import key_variable, log_out

    forgotten = log_out(base_url, every=every)
    if as_json:
        return print_json({"deleted": [*forgotten], "variable": key_variable()})
    for name in forgotten:
        click.echo(f"Logged out; deleted the login to {name}.")
    if not any(forgotten.values()):
        click.echo("You were not logged in.")
    if variable := key_variable():
        click.echo(f"{variable} is still set in this terminal, and is used.", err=True)
    return 0


# --- questions of a login ---------------------------------------------------------------------


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
