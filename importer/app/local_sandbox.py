"""The local server that behaves like Light, in the foreground."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from importer.app.data_paths import data_folder
from importer.core.errors import UsageProblem
from importer.core.private_files import private_file_at
from importer.sandbox import SandboxSettings, parse_fault, running, serve
from importer.sandbox.faults import FAULTS, TARGET_DESCRIPTIONS, read_script
from importer.sandbox.lies import LIES

Ready = Callable[[str, tuple[str, ...]], None]  # the base URL, and the keys that it accepts


def serve_sandbox(
    ready: Ready,
    *,
    port: int,
    keys: Sequence[str],
    faults: Sequence[str] = (),
    fault_script: str | None = None,
    database: str | None = None,
    reference: str | None = None,
    **settings: Any,
) -> None:
    """Serve until SIGINT or SIGTERM. ``settings`` are those of ``SandboxSettings``.

    ``faults`` are written as ``drop-after:0.05``; ``fault_script`` is a file of them. Raises
    UsageProblem for wrong settings, or a port that is taken.
    """
    key, *more_keys = keys
    sandbox = SandboxSettings(
        key=key,
        more_keys=tuple(more_keys),
        faults=tuple(parse_fault(text) for text in faults),
        script=read_script(Path(fault_script)) if fault_script else (),
        database=None if database is None else Path(database),
        reference=None if reference is None else Path(reference),
        **settings,
    )
    serve(sandbox, port, lambda base_url: ready(base_url, sandbox.keys))


@contextlib.contextmanager
def sandbox_for_page() -> Iterator[str]:
    """A sandbox whose bills are kept, on the port of last time where that is free; its address.

    In the block this process works with the sandbox, and with no key of Light.
    """
    folder = data_folder() / "web"
    port_file = private_file_at(folder / "sandbox-port")
    last = port_file.read_text().strip()
    settings = SandboxSettings(
        requests_per_minute=6_000, database=private_file_at(folder / "sandbox.sqlite")
    )
    with contextlib.ExitStack() as stack:
        try:
            sandbox = stack.enter_context(running(settings, int(last) if last.isdigit() else 0))
        except UsageProblem:  # the port is taken
            sandbox = stack.enter_context(running(settings))
        port_file.write_text(sandbox.base_url.rpartition(":")[2])
        for name in [name for name in os.environ if name in _OF_LIGHT]:
            del os.environ[name]
        os.environ |= {"LIGHT_API_KEY": sandbox.key, "LIGHT_BASE_URL": sandbox.base_url}
        yield sandbox.base_url


_OF_LIGHT = ("LIGHT_API_KEYS", "LIGHT_ACCESS_TOKEN", "LIGHT_IMPORT_JOURNAL")


def fault_kinds(*, lies: bool) -> list[tuple[str, str, bool]]:
    """Each fault with what it does, and whether ``all`` includes it; or each of the lies."""
    return [
        (name, kind.description, kind.common)
        for name, kind in FAULTS.items()
        if (name in LIES) is lies
    ]


def fault_targets() -> str:
    """The kinds of requests that a fault may be for, in words."""
    return TARGET_DESCRIPTIONS
