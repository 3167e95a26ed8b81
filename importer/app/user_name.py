"""Who is at which computer."""

from __future__ import annotations

import contextlib
import getpass
import socket
from collections.abc import Iterator
from contextvars import ContextVar

_ACTING: ContextVar[str] = ContextVar("acting", default="")


def user_name() -> str:
    """The name of the person at the computer, or for whom it acts, for the history; "" where it has
    none."""
    try:
        return _ACTING.get() or getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


@contextlib.contextmanager
def acting_for(name: str) -> Iterator[None]:
    """In the block the person is the one of that name, for whom a server acts."""
    token = _ACTING.set(name)
    try:
        yield
    finally:
        _ACTING.reset(token)


def user_and_host() -> str:
    """The person and the computer: "anna on laptop-7"."""
    return " on ".join(filter(None, (user_name(), host_name())))


def host_name() -> str:
    """The name of the computer."""
    return socket.gethostname()
