"""Where a load goes: Light with its keys, or a throw-away sandbox."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app import data_paths
from importer.app.keys import credentials_for
from importer.core.errors import UsageProblem
from importer.light import DEFAULT_BASE_URL, Credentials, check_base_url, credentials
from importer.light.rate_limiter import PER_DAY, PER_MINUTE

if TYPE_CHECKING:
    from importer.loading.journal.journal import RunRecord

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
    verify: bool = False

    def again(self) -> str:
        """The options that the same load needs again, as typed."""
        words = [
            word
            for word, given in (
                ("--sandbox", self.sandbox),
                ("--only-valid", self.only_valid),
                ("--wait", self.wait),
                ("--verify", self.verify),
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
class Destination:
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


@dataclass(frozen=True)
class PaceOptions:
    """How fast Light is asked, for the commands on a run of the past."""

    requests_per_minute: int | None
    requests_per_day: int | None
    timeout: float
    wait: bool


def destination_of_run(record: RunRecord, journal: Path, options: PaceOptions) -> Destination:
    """The Light that a run of the past was loaded into, with the keys of now.

    Raises UsageProblem where it is not there any more, or another one is named in the environment:
    the key is for that one.
    """
    base_url = str(record.facts.get("base_url"))
    if record.facts.get("sandbox"):
        raise UsageProblem(
            f"The run {record.id} was loaded into a throw-away sandbox (--sandbox), which was gone"
            " when the load ended, with all its bills. There is nothing left to read or to cancel."
        )
    named = os.environ.get("LIGHT_BASE_URL")
    if named and check_base_url(named) != base_url:
        raise UsageProblem(
            f"The run {record.id} was loaded into {base_url}, and LIGHT_BASE_URL says {named}. Set"
            " it to where the run was loaded, with a key of that company."
        )
    return Destination(
        check_base_url(base_url),
        credentials_for(check_base_url(base_url)),
        options.requests_per_minute or PER_MINUTE,
        options.requests_per_day or PER_DAY,
        data_paths.pace_path(base_url),
        journal,
        record.id,
        sandbox=False,
    )


@contextlib.contextmanager
def destination_of(options: LoadOptions, run: str) -> Iterator[Destination]:
    """The target, for as long as the block lasts; UsageProblem where there is no key."""
    per_day = options.requests_per_day or PER_DAY
    journal = Path(options.journal).absolute() if options.journal else None
    if not options.sandbox:
        base_url = check_base_url(options.base_url or DEFAULT_BASE_URL)
        keys = credentials_for(base_url)
        per_key = options.requests_per_minute or PER_MINUTE
        pace = data_paths.pace_path(base_url)
        yield Destination(base_url, keys, per_key, per_day, pace, journal, run, sandbox=False)
        return
    from importer.sandbox import SandboxSettings, running

    per_key = options.requests_per_minute or SANDBOX_PER_MINUTE
    settings = SandboxSettings(requests_per_minute=per_key, requests_per_day=per_day)
    folder = data_paths.run_folder(run)
    with running(settings) as sandbox:
        yield Destination(
            sandbox.base_url,
            credentials({"LIGHT_API_KEY": sandbox.key}),
            per_key,
            per_day,
            ":memory:",
            journal or folder / "journal.sqlite",
            run,
            sandbox=True,
        )
