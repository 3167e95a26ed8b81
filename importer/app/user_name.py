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


def names_of_person(role: str) -> frozenset[str]:
    """The names by which the person is told from others: that of the reverse proxy, for whom a
    server acts; else those of the computer and of the database's ``role``."""
    acting = _ACTING.get()
    return frozenset(filter(None, (acting,) if acting else (user_name(), role)))


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
