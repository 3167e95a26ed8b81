"""Errors of the request counts' store, whichever database has it."""

from __future__ import annotations

import sqlite3


class StoreError(sqlite3.Error):
    """The counts cannot be read or written."""


class StoreLost(StoreError):
    """The connection was lost; the next transaction makes a new one."""
