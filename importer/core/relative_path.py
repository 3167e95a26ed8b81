"""Paths that somebody else wrote: whether they stay in their folder.

They are judged by their text before the file system is asked: merely to look whether
``//host/share`` is there sends this user's name, and a proof of the password, to that host.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_DRIVE = re.compile(r"\s*[A-Za-z]:")
_SEPARATORS = re.compile(r"[\\/]")
_DEVICE = re.compile(
    r"\s*(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.I
)


def leads_outside(text: str, *, windows: bool = os.name == "nt") -> bool:
    """Whether the path is absolute, of a drive, on another computer, or above its folder.

    Both separators count on every system. ``windows``: so do what only Windows takes for something
    else than a file of that name, its devices and streams.
    """
    if _DRIVE.match(text) or "\0" in text:
        return True
    parts = _SEPARATORS.split(text)
    if len(parts) > 1 and not parts[0].strip():
        return True
    if windows and any(":" in part or _DEVICE.fullmatch(part) for part in parts):
        return True
    depth = 0
    for part in parts:
        name = part.strip()
        if name.startswith("..") and not name.strip(". "):  # Windows drops dots and spaces
            depth -= 1
        elif name not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False


def stays_inside(folder: Path, path: Path) -> bool:
    """Whether the path, with all links followed, is the folder or below it. Raises OSError,
    RuntimeError and ValueError where it cannot be followed."""
    home, real = folder.resolve(), path.resolve()
    return home == real or home in real.parents
