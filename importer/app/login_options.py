"""Options of a login, and prompts for those that are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

PORT = 8766  # the same each time: Light registers the redirect address


@dataclass(frozen=True)
class LoginOptions:
    """``port`` is where the browser comes back to, 0 for a free one; ``timeout`` is in seconds."""

    base_url: str | None = None
    client_id: str | None = None
    store: Literal["keyring", "file"] | None = None  # None: the keyring, else ask
    port: int = PORT
    no_browser: bool = False
    timeout: float = 300.0


class LoginPrompts(Protocol):
    """Asks the person what the options and the environment do not say."""

    def client_id(self) -> str: ...

    def client_secret(self) -> str: ...

    def confirm(self, question: str) -> bool: ...


@dataclass(frozen=True)
class BrowserLogin:
    """The person is to let light-import in at ``address``; ``in_browser``: one shows it already.

    ``paste`` takes the address at which a browser on another computer ended, from any thread.
    """

    address: str
    in_browser: bool
    paste: Callable[[str], None]
