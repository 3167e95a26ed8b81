"""Seals of result workbooks: signatures with this user's key, and with those of the user's teams.

The user's key never leaves the computer; that of a team is in its database, with a copy in each
member's data folder. Both are readable by the user alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from importer.app.data_paths import data_folder
from importer.core.private_files import private_file_at, private_lock

_BYTES = 32
_LONGEST_WAIT = 10.0  # seconds


def seal(text: str) -> str:
    """The seal of a text; "" where no key can be saved, which is no reason to fail."""
    try:
        keys = [_key(_path()) or _new_key(), *_team_keys()]
    except OSError:  # as filelock's Timeout
        return ""
    return " ".join(_signature(key, text) for key in keys)


def is_sealed(text: str, signature: str) -> bool:
    """Whether ``signature`` is the seal that this user got for the text on this computer, or a
    member of the user's team on any."""
    try:
        keys = [key for key in (_key(_path()), *_team_keys()) if key]
    except OSError:
        return False
    parts = [part.encode() for part in signature.split(" ")]
    mine = [_signature(key, text).encode() for key in keys]
    return any(hmac.compare_digest(one, other) for one in mine for other in parts)


def store_team_key(team: str, key: bytes) -> None:
    """Keep a team's key on this computer. Raises OSError."""
    path = _team_folder() / f"{hashlib.sha256(team.encode()).hexdigest()[:16]}.key"
    if _key(path) != key:
        _write(path, key)


def _team_folder() -> Path:
    return data_folder() / "team-keys"


def _team_keys() -> list[bytes]:
    return [key for path in sorted(_team_folder().glob("*.key")) if (key := _key(path))]


def _signature(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def _path() -> Path:
    return data_folder() / "seal.key"


def _key(path: Path) -> bytes | None:
    """None where there is none, or where others may know it."""
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                return None
            key = file.read(_BYTES)
    except FileNotFoundError:
        return None
    return key if len(key) == _BYTES else None


def _new_key() -> bytes:
    path = _path()
    with private_lock(Path(f"{path}.lock"), timeout=_LONGEST_WAIT):
        if existing := _key(path):  # another process was faster
            return existing
        key = secrets.token_bytes(_BYTES)
        _write(path, key)
    return key


def _write(path: Path, key: bytes) -> None:
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    private_file_at(part).write_bytes(key)
    part.replace(path)
