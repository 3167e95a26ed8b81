"""The local server that behaves like Light, in the foreground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from importer.sandbox import SandboxSettings, parse_fault, serve
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
