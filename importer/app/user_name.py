"""Who is at the computer."""

from __future__ import annotations

import getpass


def user_name() -> str:
    """The name of the person at the computer, for the history; "" where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
