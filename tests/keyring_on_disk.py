"""A keyring for tests, as narrow as the narrowest: Windows takes 2,560 bytes of UTF-16."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError, PasswordSetError


class OnDisk(KeyringBackend):
    """Keeps its entries in the file that ``KEYRING_ON_DISK`` names; ``locked`` beside it locks."""

    priority = 5  # type: ignore[assignment]
    name = "keyring on disk"

    def _entries(self) -> dict[str, str]:
        path = Path(os.environ["KEYRING_ON_DISK"])
        if path.with_name("locked").exists():
            raise KeyringLocked("locked, says the keyring, and repeats: " + path.read_text())
        return json.loads(path.read_text()) if path.exists() else {}

    def _save(self, entries: dict[str, str]) -> None:
        Path(os.environ["KEYRING_ON_DISK"]).write_text(json.dumps(entries))

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}|{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2_560:
            raise PasswordSetError("too long")
        self._save(self._entries() | {f"{service}|{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self._entries()
        if entries.pop(f"{service}|{username}", None) is None:
            raise PasswordDeleteError("there is none")
        self._save(entries)
