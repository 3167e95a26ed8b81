"""Where a load goes: Light with its keys, or a throw-away sandbox."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from importer.cli import paths
from importer.cli.keys import credentials_for
from importer.light import DEFAULT_BASE_URL, Credentials, check_base_url, credentials
from importer.light.pacing import PER_DAY, PER_MINUTE

SANDBOX_PER_MINUTE = 6_000  # a sandbox of one's own need not keep anybody waiting


@dataclass(frozen=True)
class LoadOptions:
    sandbox: bool
    base_url: str | None
    dry_run: bool
    only_valid: bool
    yes: bool
    requests_per_minute: int | None
    requests_per_day: int | None
    timeout: float
    settle: float
    journal: str | None
    line_mode: str
    wait: bool

    def again(self) -> str:
        """The options that the same load needs again, as typed."""
        words = [
            word
            for word, given in (
                ("--sandbox", self.sandbox),
                ("--only-valid", self.only_valid),
                ("--wait", self.wait),
            )
            if given
        ]
        if self.line_mode != "inline":
            words.append(f"--line-mode {self.line_mode}")
        for name in ("base_url", "requests_per_minute", "requests_per_day", "journal"):
            value = getattr(self, name)
            if value is not None and not (
                name == "base_url" and value == os.environ.get("LIGHT_BASE_URL")
            ):
                words.append(f"--{name.replace('_', '-')} {shlex.quote(str(value))}")
        return "".join(f" {word}" for word in words)


@dataclass
class Target:
    """Where the load goes. ``per_key`` is a minute's requests of each key."""

    base_url: str
    credentials: Credentials
    per_key: int
    per_day: int
    pace: Path | str
    journal: Path | None  # None: the company's own
    run: str
    sandbox: bool

    @property
    def per_minute(self) -> int:
        """A minute's requests of all keys together."""
        return self.per_key * len(self.credentials.keys)


@contextlib.contextmanager
def target_of(options: LoadOptions, run: str) -> Iterator[Target]:
    """The target, for as long as the block lasts; UsageProblem where there is no key."""
    per_day = options.requests_per_day or PER_DAY
    journal = Path(options.journal).absolute() if options.journal else None
    if not options.sandbox:
        base_url = check_base_url(options.base_url or DEFAULT_BASE_URL)
        keys = credentials_for(base_url)
        per_key = options.requests_per_minute or PER_MINUTE
        pace = paths.pace_path(base_url)
        yield Target(base_url, keys, per_key, per_day, pace, journal, run, sandbox=False)
        return
    from importer.sandbox import SandboxSettings, running

    per_key = options.requests_per_minute or SANDBOX_PER_MINUTE
    settings = SandboxSettings(requests_per_minute=per_key, requests_per_day=per_day)
    folder = paths.run_folder(run)
    with running(settings) as sandbox:
        yield Target(
            sandbox.base_url,
            credentials({"LIGHT_API_KEY": sandbox.key}),
            per_key,
            per_day,
            ":memory:",
            journal or folder / "journal.sqlite",
            run,
            sandbox=True,
        )
