"""Log in to Light in the browser, see who is logged in, log out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from importer.app.data_paths import login_paths, pace_path
from importer.app.events import SILENT, Listener
from importer.app.keys import key_variable, token_store_for
from importer.app.login_options import PORT, BrowserLogin, LoginOptions, LoginPrompts
from importer.app.stop import StopControl, run_to_end
from importer.core.errors import ImporterError, StoppedEarly, UsageProblem
from importer.light.auth.oauth import ForeignAnswer, by_code
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
from importer.light.client import LightClient
from importer.light.credentials import DEFAULT_BASE_URL, check_base_url
from importer.light.rate_limiter import RateLimiter

Browse = Callable[[BrowserLogin], None]


@dataclass(frozen=True)
class StoredLogin:
    """A login of this computer, and where it is saved.

    ``problem``: why it cannot be used; of a new one, why its company could not be read.
    """

    login: Login
    store: str
    problem: str | None


@dataclass(frozen=True)
class LoginStatus:
    """The logins of this computer; ``problems`` are of files that cannot be read as one.

    ``variable`` is the environment variable with a key, which is used instead of a login.
    """

    variable: str | None
    logins: tuple[StoredLogin, ...]
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """2 where there is neither a key nor a login."""
        usable = self.variable or any(stored.problem is None for stored in self.logins)
        return 0 if usable else 2


def log_in(
    options: LoginOptions,
    browse: Browse,
    *,
    prompts: LoginPrompts | None = None,
    listener: Listener = SILENT,
    stop: StopControl | None = None,
) -> StoredLogin:
    """Log in and save the login. ``browse`` shows the person the address, and returns at once.

    The client secret comes from LIGHT_CLIENT_SECRET, else from ``prompts``. Raises ImporterError,
    with nothing changed, where it fails.
    """
    base_url = check_base_url(options.base_url or DEFAULT_BASE_URL)
    store = token_store_for(base_url)
    former = _former(store)
    client_id = options.client_id or (former[0].client_id if former else "")
    client_id = client_id or _ask_client_id(options, prompts)
    client_secret = _client_secret(client_id, former, prompts)
    kind = _store_kind(options, store, prompts, listener)
    facts = base_url, client_id, client_secret
    work = _tokens(options, facts, browse, listener, stop or StopControl())
    tokens = run_to_end(work, "Stopped; you are not logged in.")
    login = Login(base_url, client_id, secrets.token_hex(8), time.time(), kind)
    with store.locked():
        if kind == "file" and former and former[0].store == "keyring":
            with contextlib.suppress(StoreProblem):
                store.forget()
        store.write(login, tokens)
    login, problem = _with_company(store, login, tokens)
    where = f"the keyring ({keyring_name()})" if kind == "keyring" else str(store.path)
    return StoredLogin(login, where, problem)


def _former(store: TokenStore) -> tuple[Login, Tokens] | None:
    """The login so far; None where there is none that can be read."""
    try:
        return store.read()
    except ImporterError:
        return None


def _ask_client_id(options: LoginOptions, prompts: LoginPrompts | None) -> str:
    if prompts is not None:
        return prompts.client_id()
    raise UsageProblem(
        "A login needs a client id. Light's support (help@light.inc) gives you a client id and a "
        f"client secret; tell them the redirect address http://{HOST}:{options.port or PORT}"
        f"{CALLBACK}. Then:\n"
        "  light-import auth login --client-id ID\n"
        "with the secret in LIGHT_CLIENT_SECRET, or typed when you are asked for it."
    )


def _client_secret(
    client_id: str, former: tuple[Login, Tokens] | None, prompts: LoginPrompts | None
) -> str:
    secret = os.environ.get("LIGHT_CLIENT_SECRET", "").strip()
    if not secret and former and former[0].client_id == client_id:
        secret = former[1].client_secret
    if not secret and prompts is not None:
        secret = prompts.client_secret()
    return secret


def _store_kind(
    options: LoginOptions, store: TokenStore, prompts: LoginPrompts | None, listener: Listener
) -> Kind:
    """Where to save the login, tried before anybody is sent to the browser."""
    kind: Kind = options.store or "keyring"
    if kind == "keyring":
        try:
            check_keyring(store.account)
        except StoreProblem as error:
            if options.store == "keyring" or prompts is None:
                raise UsageProblem(
                    f"{error} To save the login in a file that only you may read, add --store file."
                ) from None
            listener.message(str(error))
            question = f"Save the login in a file that only you may read ({store.path})?"
            if not prompts.confirm(question):
                raise StoppedEarly("Stopped; you are not logged in.") from None
            kind = "file"
    with store.locked():
        store.check_writable()
    return kind


async def _tokens(
    options: LoginOptions,
    login: tuple[str, str, str],
    browse: Browse,
    listener: Listener,
    stop: StopControl,
) -> Tokens:
    """Send the person to Light and wait for the answer. ``login`` is (base URL, client id,
    client secret)."""
    base_url, client_id, client_secret = login
    with stop.cancels_task():
        async with pending_login(base_url, client_id, options.port, listener.message) as pending:
            in_browser = not options.no_browser and await asyncio.to_thread(
                _open, pending.start_address
            )
            browse(BrowserLogin(pending.address, in_browser, _paste_into(pending, listener)))
            try:
                code = await asyncio.wait_for(pending.code, options.timeout)
            except TimeoutError:
                raise StoppedEarly(
                    f"Nobody allowed light-import within {options.timeout:g} seconds. Nothing has"
                    " changed; try again, with a longer --timeout if needed."
                ) from None
            return await by_code(base_url, client_id, client_secret, code, pending.redirect_uri)


def _paste_into(pending: PendingLogin, listener: Listener) -> Callable[[str], None]:
    loop = asyncio.get_running_loop()

    def take(address: str) -> None:
        try:
            pending.take(address)
        except ForeignAnswer as error:
            listener.message(f"{error} Still waiting.")

    def paste(address: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may have ended
            loop.call_soon_threadsafe(take, address)

    return paste


def _open(address: str) -> bool:
    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False


def _with_company(store: TokenStore, login: Login, tokens: Tokens) -> tuple[Login, str | None]:
    """The login with its company's name, or why Light did not state it; it is saved anyway."""
    credentials = TokenRefresher(store, login, tokens).credentials

    async def ask() -> Login:
        keys = [key.mark for key in credentials.keys]
        with RateLimiter(pace_path(login.base_url), keys=keys) as limiter:
            async with LightClient(login.base_url, credentials, limiter) as client:
                company = await client.company()
        return replace(login, company=company.name, company_id=company.id)

    try:
        named = asyncio.run(ask())
        with store.locked():
            newest = store.read()
            if newest is not None and newest[0].id == login.id:
                store.write(named, newest[1])
        return named, None
    except ImporterError as error:
        return login, str(error)


def login_status() -> LoginStatus:
    """Who is logged in where, and which key is used. Light is not asked."""
    logins: list[StoredLogin] = []
    problems: list[str] = []
    for path in login_paths():
        try:
            login = TokenStore(path, "").login()
        except ImporterError as error:
            problems.append(str(error))
            continue
        if login is None:
            continue
        store, problem = token_store_for(login.base_url), None
        try:
            with_secrets = store.read()
            login = with_secrets[0] if with_secrets else login
        except ImporterError as error:
            problem = str(error)
        location = "the keyring" if login.store == "keyring" else str(store.path)
        logins.append(StoredLogin(login, location, problem))
    return LoginStatus(key_variable(), tuple(logins), tuple(problems))


def log_out(base_url: str | None = None, *, every: bool = False) -> dict[str, bool]:
    """Delete the login to that Light, or all logins. Light is not informed.

    The names of the files that were there, each with whether there was a login to forget.
    """
    if every:
        stores = [_store_at(path) for path in login_paths()]
    else:
        stores = [token_store_for(check_base_url(base_url or DEFAULT_BASE_URL))]
    forgotten = {}
    for store in stores:
        existed = store.path.exists()
        with store.locked():
            had_login = store.forget()
        if had_login or existed:
            forgotten[store.path.name.removesuffix(".json")] = had_login
    return forgotten


def _store_at(path: Path) -> TokenStore:
    try:
        login = TokenStore(path, "").login()
    except ImporterError:
        login = None
    return token_store_for(login.base_url) if login else TokenStore(path, "")
