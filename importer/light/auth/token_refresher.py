"""Refresh the token of a login before it expires and when Light refuses it, across processes.

A new token is durable before it is used. Renewing happens in a thread, which nothing cancels: a
task that is cancelled in the middle must not lose tokens that Light has already given out.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable

from importer.core.errors import AccessRefused, ImporterError
from importer.light.auth.oauth import by_refresh
from importer.light.auth.token_store import LOCK_SECONDS, LOG_IN_AGAIN, Login, Tokens, TokenStore
from importer.light.credentials import Credentials, Key

MARGIN = 120.0  # seconds before its end at which a token is renewed, if it lasts long enough
RENEWAL_SECONDS = 60.0  # more than all attempts of ``by_refresh`` together
PATIENCE = 15.0  # seconds between attempts while the old token still works


class TokenRefresher:
    """A stored login in use. ``credentials`` are what the client takes."""

    longest = LOCK_SECONDS + RENEWAL_SECONDS  # seconds that ``key`` can possibly take

    def __init__(
        self,
        store: TokenStore,
        login: Login,
        tokens: Tokens,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._login = login
        self._clock = clock
        self._secrets: set[str] = set()
        self._attempts = 0
        self._failed: ImporterError | None = None
        self._not_before = float("-inf")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Lock | None = None
        self._take(tokens)

    def __repr__(self) -> str:
        return f"TokenRefresher({self._login.base_url!r})"

    @property
    def credentials(self) -> Credentials:
        return Credentials((self._key,), self)

    @property
    def secrets(self) -> frozenset[str]:
        """All that no output may repeat."""
        return frozenset(self._secrets)

    async def key(self) -> Key:
        """The key to use now.

        Raises AccessRefused where the login has ended, LightUnreachable or StoreProblem where it
        could not be renewed for now; then nothing was sent.
        """
        if self._is_due(self._tokens) and self._clock() >= self._not_before:
            try:
                await self._renew(self._tokens.access)
            except ImporterError:
                if self._is_over(self._tokens):
                    raise
                self._not_before = self._clock() + PATIENCE
        return self._key

    async def refused(self, key: Key) -> bool:
        """Get a new key after Light refused this one; whether it differs. Raises as ``key``."""
        if key.secret == self._tokens.access:
            await self._renew(key.secret)
        return key.secret != self._tokens.access

    async def _renew(self, unwanted: str) -> None:
        """Other tokens than ``unwanted``; all that ask while one renews get what it gets."""
        attempts = self._attempts
        async with self._queue():
            if self._attempts != attempts:
                if self._failed is not None:
                    raise self._failed
                return
            self._failed = None
            try:
                await asyncio.to_thread(self._renew_now, unwanted)
            except ImporterError as error:
                self._failed = error
                raise
            finally:
                self._attempts += 1

    def _renew_now(self, unwanted: str) -> None:
        with self._store.locked():
            stored = self._store.read()
            if stored is None:
                raise AccessRefused(f"The login was ended with auth logout. {LOG_IN_AGAIN}")
            login, tokens = stored
            self._same_company(login)
            if tokens.access != unwanted and not self._is_due(tokens):
                self._take(tokens)  # another process, or a task that was cancelled, was first
                return
            if tokens.refresh is None:
                raise AccessRefused(f"The login has ended. {LOG_IN_AGAIN}")
            self._store.check_writable()
            self._secrets.update(tokens.secrets)
            renewed = asyncio.run(by_refresh(login, tokens))
            self._store.write(login, renewed)
            self._take(renewed)

    def _same_company(self, login: Login) -> None:
        """Bills that were begun with one login must not go on into the company of another."""
        current = self._login
        same = login.company_id and login.company_id == current.company_id
        if login.id != current.id and not same:
            raise AccessRefused(
                "Somebody has logged in again in the meantime, so it is not certain that the rest"
                " would go to the same company. Run the same command again."
            )

    def _take(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._secrets.update(tokens.secrets)
        self._key = Key("Bearer", tokens.access, "the login", mark_of(self._login))

    def _is_due(self, tokens: Tokens) -> bool:
        if tokens.expires_at is None:
            return False
        margin = MARGIN if tokens.lifetime is None else min(MARGIN, tokens.lifetime / 4)
        return self._clock() >= tokens.expires_at - margin

    def _is_over(self, tokens: Tokens) -> bool:
        return tokens.expires_at is not None and self._clock() >= tokens.expires_at

    def _queue(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._turn is None or self._loop is not loop:
            self._loop, self._turn = loop, asyncio.Lock()
        return self._turn


def mark_of(login: Login) -> str:
    """What stands for the login in files: the same whatever its tokens are."""
    text = f"light-import login {login.base_url} {login.client_id}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def open_token_refresher(store: TokenStore) -> TokenRefresher | None:
    """The stored login; None where nobody is logged in."""
    stored = store.read()
    return None if stored is None else TokenRefresher(store, *stored)
