"""Logging in: the browser goes to Light, its answer comes back, the tokens are kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
import threading
import time
import webbrowser
from dataclasses import dataclass, replace

import click

from importer.app.data_paths import pace_path
from importer.app.interrupts import signals, this_task
from importer.app.keys import key_variable, token_store_for
from importer.cli.auth_command import PORT
from importer.cli.screen import tell
from importer.core.errors import ImporterError, StoppedEarly, UsageProblem
from importer.core.safe_text import visible
from importer.light import DEFAULT_BASE_URL, LightClient, RateLimiter, check_base_url
from importer.light.auth.oauth import NotOurs, by_code
from importer.light.auth.oauth_callback import CALLBACK, HOST, PendingLogin, pending_login
from importer.light.auth.token_refresher import TokenRefresher
from importer.light.auth.token_store import (
    Kind,
    Login,
    StoreProblem,
    Tokens,
    TokenStore,
    check_keyring,
    keyring_name,
)


@dataclass(frozen=True)
class LoginOptions:
    base_url: str | None
    client_id: str | None
    store: Kind | None
    port: int
    no_browser: bool
    timeout: float


def log_in(wishes: LoginOptions) -> int:
    """Log in and keep the login. Raises ImporterError, with nothing changed, where it fails."""
    base_url = check_base_url(wishes.base_url or DEFAULT_BASE_URL)
    place = token_store_for(base_url)
    known = _known(place)
    client_id = wishes.client_id or (known[0].client_id if known else "") or _asked_id(wishes)
    client_secret = _secret(client_id, known)
    store = _store(wishes, place)
    try:
        tokens = asyncio.run(_tokens(wishes, base_url, client_id, client_secret))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise StoppedEarly("Stopped; nobody was logged in.") from None
    login = Login(base_url, client_id, secrets.token_hex(8), time.time(), store)
    with place.locked():
        if store == "file" and known and known[0].store == "keyring":
            with contextlib.suppress(StoreProblem):
                place.forget()
        place.write(login, tokens)
    _say_whose(place, login, tokens)
    variable = key_variable()
    if variable:
        _say(f"{variable} is set in this terminal: commands use it, not the login.")
    return 0


def _known(place: TokenStore) -> tuple[Login, Tokens] | None:
    """The login so far; None where there is none that can be read."""
    try:
        return place.read()
    except ImporterError:
        return None


def _asked_id(wishes: LoginOptions) -> str:
    port = wishes.port or PORT
    if sys.stdin.isatty():
        typed: str = click.prompt("Client id (from Light's support)", err=True)
        return typed.strip()
    raise UsageProblem(
        "A login needs a client id. Light's support (help@light.inc) gives you a client id and a "
        f"client secret; tell them the redirect address http://{HOST}:{port}{CALLBACK}. Then:\n"
        "  light-import auth login --client-id ID\n"
        "with the secret in LIGHT_CLIENT_SECRET, or typed when you are asked for it."
    )


def _secret(client_id: str, known: tuple[Login, Tokens] | None) -> str:
    told = os.environ.get("LIGHT_CLIENT_SECRET", "").strip()
    if not told and known and known[0].client_id == client_id:
        told = known[1].client_secret
    if not told and sys.stdin.isatty():
        told = click.prompt(
            "Client secret (not shown)", hide_input=True, default="", show_default=False, err=True
        ).strip()
    return told


def _store(wishes: LoginOptions, place: TokenStore) -> Kind:
    """Where to keep the login, found to work before anybody is sent to the browser."""
    store: Kind = wishes.store or "keyring"
    if store == "keyring":
        try:
            check_keyring(place.account)
        except StoreProblem as error:
            if wishes.store == "keyring" or not sys.stdin.isatty():
                raise UsageProblem(
                    f"{error} To keep the login in a file that only you may read, add --store file."
                ) from None
            _say(str(error))
            question = f"Keep the login in a file that only you may read ({place.path})?"
            click.confirm(question, abort=True, err=True)
            store = "file"
    with place.locked():
        place.check_writable()
    return store


async def _tokens(
    wishes: LoginOptions, base_url: str, client_id: str, client_secret: str
) -> Tokens:
    """Send the person to Light and wait for the answer."""
    with signals(this_task().cancel):
        async with pending_login(base_url, client_id, wishes.port, _say) as waiting:
            opened = False
            if not wishes.no_browser:
                opened = await asyncio.to_thread(_open, waiting.start_address)
            _say(
                "Let light-import in, in the browser. If none has opened, open this address:"
                if opened
                else "Open this address in a browser and let light-import in:"
            )
            click.echo(waiting.address, err=True)
            if sys.stdin.isatty() or wishes.no_browser:
                _say(
                    "If the browser is on another computer, it ends at an address that cannot be"
                    " opened; paste that address here and press Enter."
                )
                _listen_to_terminal(waiting)
            try:
                code = await asyncio.wait_for(waiting.code, wishes.timeout)
            except TimeoutError:
                raise StoppedEarly(
                    f"Nobody let light-import in within {wishes.timeout:g} seconds. Nothing has"
                    " changed; try again, with a longer --timeout if need be."
                ) from None
            return await by_code(base_url, client_id, client_secret, code, waiting.redirect_uri)


def _open(address: str) -> bool:
    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False


def _listen_to_terminal(waiting: PendingLogin) -> None:
    """Take addresses that are pasted, in a thread that nobody has to wait for."""
    loop = asyncio.get_running_loop()

    def take(text: str) -> None:
        try:
            waiting.take(text)
        except NotOurs as error:
            _say(f"{error} Still waiting.")

    def listen() -> None:
        typed = b""
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # the loop may have ended
            number = sys.stdin.fileno()
            while read := os.read(number, 65_536):
                *lines, typed = (typed + read).split(b"\n")
                for line in lines:
                    if line.strip():
                        text = line.decode(errors="replace").strip()
                        loop.call_soon_threadsafe(take, text)

    threading.Thread(target=listen, name="pasted addresses", daemon=True).start()


def _say_whose(place: TokenStore, login: Login, tokens: Tokens) -> None:
    """Ask Light for the company and keep its name; the login holds without it too."""
    session = TokenRefresher(place, login, tokens)

    async def asked() -> Login:
        credentials = session.credentials
        keys = [key.mark for key in credentials.keys]
        with RateLimiter(pace_path(login.base_url), keys=keys) as pacer:
            async with LightClient(login.base_url, credentials, pacer) as client:
                company = await client.company()
        return replace(login, company=company.name, company_id=company.id)

    where = f"the keyring ({keyring_name()})" if login.store == "keyring" else str(place.path)
    try:
        named = asyncio.run(asked())
        with place.locked():
            newest = place.read()
            if newest is not None and newest[0].id == login.id:
                place.write(named, newest[1])
        _say(f"Logged in to {named.company} ({named.base_url}).")
    except ImporterError as error:
        _say(f"Logged in to {login.base_url}, but the company could not be read: {error}")
    _say(f"The login is kept in {where}; light-import auth logout forgets it.")


def _say(text: str) -> None:
    tell(visible(text))
