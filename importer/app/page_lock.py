"""One server of the page for one data folder: two would not see each other's corrections."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from importer.app.data_paths import data_folder
from importer.core.errors import UsageProblem
from importer.core.private_files import private_lock


@contextlib.contextmanager
def page_lock() -> Iterator[None]:
    """For as long as the block lasts; UsageProblem where another server has it."""
    import filelock

    lock = private_lock(data_folder() / "web" / "lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UsageProblem(
            "light-import web runs already on this computer. Open the address that it printed, or"
            " stop it with Ctrl-C first."
        ) from None
    try:
        yield
    finally:
        lock.release()
