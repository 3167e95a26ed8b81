"""Which key a command uses: that of the environment, else the saved login."""

from __future__ import annotations

import os

from importer.app import data_paths
from importer.light.auth.token_store import LOG_IN_AGAIN, StoreProblem, TokenStore
from importer.light.credentials import (
    KEY_VARIABLE,
    KEYS_VARIABLE,
    TOKEN_VARIABLE,
    Credentials,
    credentials,
)


def token_store_for(base_url: str) -> TokenStore:
    """Where the login to this Light is saved, if there is one."""
    return TokenStore(data_paths.login_path(base_url), data_paths.keyring_account(base_url))


def key_variable() -> str | None:
    """The variable that has a key, keys or a token; None where none has."""
    for name in (KEY_VARIABLE, KEYS_VARIABLE, TOKEN_VARIABLE):
        if os.environ.get(name, "").strip(", \t\r\n"):
            return name
    return None


def credentials_for(base_url: str) -> Credentials:
    """What to talk to this Light with.

    Raises UsageProblem where there is neither a key nor a login, StoreProblem or AccessRefused
    where the login cannot be read.
    """
    if key_variable() is None:
        place = token_store_for(base_url)
        login = place.login()
        if login is not None:
            from importer.light.auth.token_refresher import open_token_refresher

            if login.base_url != base_url:
                raise StoreProblem(
                    f"{place.path} belongs to another address of Light. {LOG_IN_AGAIN}"
                )

            session = open_token_refresher(place)
            if session is not None:
                return session.credentials
    return credentials(os.environ)
