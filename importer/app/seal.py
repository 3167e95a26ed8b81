"""Seals of result workbooks: a signature with a key that never leaves the computer.

The key is in the user's data folder, readable by the user alone.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from importer.app.data_paths import data_folder
from importer.core.private_files import private_file_at, private_lock

_BYTES = 32
_LONGEST_WAIT = 10.0  # seconds


def seal(text: str) -> str:
    """The seal of a text; "" where no key can be kept, which is no reason to fail."""
    try:
        key = _key() or _new_key()
    except OSError:  # as filelock's Timeout
        return ""
    return _signature(key, text)


def is_sealed(text: str, signature: str) -> bool:
    """Whether ``signature`` is the seal that this user got for the text on this computer."""
    try:
        key = _key()
    except OSError:
        return False
    return key is not None and hmac.compare_digest(
        _signature(key, text).encode(), signature.encode()
    )


def _signature(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def _path() -> Path:
    return data_folder() / "seal.key"


def _key() -> bytes | None:
    """None where there is none, or where others may know it."""
    try:
        with _path().open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                return None
            key = file.read(_BYTES)
    except FileNotFoundError:
        return None
    return key if len(key) == _BYTES else None


def _new_key() -> bytes:
    path = _path()
    with private_lock(Path(f"{path}.lock"), timeout=_LONGEST_WAIT):
        if existing := _key():  # another process was faster
            return existing
        key, part = secrets.token_bytes(_BYTES), path.with_suffix(".part")
        part.unlink(missing_ok=True)
        private_file_at(part).write_bytes(key)
        part.replace(path)
    return key
