"""Files and folders that only this user can read, whatever the umask says."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import filelock

FILE, FOLDER = 0o600, 0o700


def private_folder(path: Path) -> Path:
    """The folder, made where it is missing, with those above it. Raises OSError.

    An existing one, perhaps of an older version, is closed to others, as far as it is
    this user's.
    """
    missing = [path]
    while not missing[-1].parent.exists() and missing[-1] != missing[-1].parent:
        missing.append(missing[-1].parent)
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER, exist_ok=True)
        with contextlib.suppress(PermissionError):
            folder.chmod(FOLDER)
    return path


def private_file_at(path: Path) -> Path:
    """The file, made empty where it is missing, in a folder that is made too. Raises OSError.

    A file that is there stays as it is: somebody may have shared it on purpose.
    """
    if not path.parent.exists():
        private_folder(path.parent)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE)
    except FileExistsError:
        return path
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(number, FILE)  # a umask may take even our own rights away
    finally:
        os.close(number)
    return path


def private_lock(path: Path, timeout: float = -1) -> filelock.FileLock:
    """A lock between processes, in a separate file. Acquiring it raises OSError."""
    import filelock

    with contextlib.suppress(OSError):
        private_file_at(path)
    return filelock.FileLock(path, timeout=timeout, mode=FILE)
