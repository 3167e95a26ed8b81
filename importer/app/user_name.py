"""Who is at which computer."""

from __future__ import annotations

import getpass
import socket


def user_name() -> str:
    """The name of the person at the computer, for the history; "" where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def user_and_host() -> str:
    """The person and the computer: "anna on laptop-7"."""
    return " on ".join(filter(None, (user_name(), host_name())))


def host_name() -> str:
    """The name of the computer."""
    return socket.gethostname()
