"""The Light that a command works with, with its keys: the real one, or a throw-away sandbox."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app import data_paths
from importer.app.consent import CONFIRM_ABOVE
from importer.app.events import Listener
from importer.app.journal_places import (
    TeamAddress,
    chosen_journal,
    open_team,
    team_of_environment,
)
from importer.app.keys import credentials_for
from importer.core.errors import UsageProblem
from importer.light.credentials import DEFAULT_BASE_URL, Credentials, check_base_url, credentials
from importer.light.rate_limiter import PER_DAY, PER_MINUTE, RateLimiter
from importer.light.team_pace import TeamPace
from importer.loading.journal.journal_place import JournalPlace, TeamJournal

if TYPE_CHECKING:
    from importer.light.client import LightClient
    from importer.loading.journal.journal_records import RunRecord

SANDBOX_PER_MINUTE = 6_000  # nobody else is waiting for it


@dataclass(frozen=True)
class PaceOptions:
    """How fast Light is asked. ``wait``: when the requests of the day are spent, wait for the next
    day's instead of stopping. ``timeout`` is in seconds, of one answer."""

    requests_per_minute: int | None = None  # of each key; None: 300
    requests_per_day: int | None = None  # of all keys; None: 100,000
    timeout: float = 30.0
    wait: bool = False


DEFAULT_PACE = PaceOptions()


@dataclass(frozen=True)
class LoadOptions:
    """How a load goes. ``yes``: without asking for consent; ``journal``: another than the
    company's own. ``settle``: seconds after which a bill that Light does not show is absent."""

    sandbox: bool = False
    base_url: str | None = None
    dry_run: bool = False
    only_valid: bool = False
    yes: bool = False
    pace: PaceOptions = DEFAULT_PACE
    settle: float = 30.0
    journal: str | None = None
    line_mode: str = "inline"  # or "separate"
    verify: bool = False
    archive: str | None = None  # the folder that files go to whose bills are all in Light
    company: str | None = None  # its name or id: a key of another is refused
    confirm_above: float = CONFIRM_ABOVE
    update: bool = False  # change in Light what differs from the sheet
    update_only: bool = False  # and create nothing
    four_eyes: bool = False  # only what somebody else has checked
    force: bool = False  # also what somebody else has changed in Light


@dataclass
class Destination:
    """One Light, and how to talk to it. ``per_key`` is a minute's requests of each key."""

    base_url: str
    credentials: Credentials
    per_key: int
    per_day: int
    pace: Path | str | TeamPace  # where the requests of all processes are counted
    journal: JournalPlace | None = None  # None: the company's own
    sandbox: bool = False
    team: TeamAddress | None = None  # whose database has the company's own journal

    def journal_of(self, company_id: str) -> JournalPlace:
        """The journal of the company that the key is of."""
        if self.journal is not None:
            return self.journal
        if self.team is not None:
            return self.team.journal(self.base_url, company_id)
        return data_paths.journal_path(self.base_url, company_id)

    @property
    def per_minute(self) -> int:
        """A minute's requests of all keys together."""
        return self.per_key * len(self.credentials.keys)

    @contextlib.asynccontextmanager
    async def connect(
        self, pace: PaceOptions, listener: Listener
    ) -> AsyncIterator[tuple[LightClient, RateLimiter]]:
        """The client and its rate limiter, which counts the requests."""
        from importer.light.client import LightClient

        limiter = RateLimiter(
            self.pace,
            keys=[key.mark for key in self.credentials.keys],
            per_minute=self.per_key,
            per_day=self.per_day,
            on_wait=listener.waiting,
            past_budget=pace.wait,
        )
        try:
            async with LightClient(
                self.base_url,
                self.credentials,
                limiter,
                timeout=pace.timeout,
                on_wait=listener.message,
            ) as client:
                yield client, limiter
        finally:
            limiter.close()


def destination_of_run(
    record: RunRecord, journal: JournalPlace, options: PaceOptions
) -> Destination:
    """The Light that a run was loaded into, with the keys of now.

    Raises UsageProblem where it was a sandbox, or where the environment names another Light: the
    key is for that one.
    """
    base_url = str(record.facts.get("base_url"))
    if record.facts.get("sandbox"):
        raise UsageProblem(
            f"The run {record.id} was loaded into a temporary sandbox (--sandbox), which ended with"
            " the load, with all its bills. There is nothing to read or cancel."
        )
    current = os.environ.get("LIGHT_BASE_URL")
    if current and check_base_url(current) != base_url:
        raise UsageProblem(
            f"The run {record.id} was loaded into {base_url}, and LIGHT_BASE_URL says {current}."
            " Set it to where the run was loaded, with a key of that company."
        )
    return light_at(base_url, options, journal)


def light_at(
    base_url: str,
    pace: PaceOptions,
    journal: JournalPlace | None = None,
    team: TeamAddress | None = None,
) -> Destination:
    """Light at that address, with the keys of now; UsageProblem without a key.

    A team counts requests in its database; the one that the environment names is used where the
    command works with no journal.
    """
    base_url = check_base_url(base_url)
    team = team or (team_of_environment() if journal is None else None)
    dsn = journal.dsn if isinstance(journal, TeamJournal) else team.dsn if team else None
    return Destination(
        base_url,
        credentials_for(base_url),
        pace.requests_per_minute or PER_MINUTE,
        pace.requests_per_day or PER_DAY,
        data_paths.pace_path(base_url) if dsn is None else TeamPace(dsn, base_url),
        journal,
        team=team,
    )


@contextlib.contextmanager
def destination_of(options: LoadOptions, run: str) -> Iterator[Destination]:
    """The destination of a load, for as long as the block lasts; UsageProblem without a key."""
    pace, chosen = options.pace, chosen_journal(options.journal)
    if not options.sandbox:
        base_url = options.base_url or DEFAULT_BASE_URL
        if isinstance(chosen, TeamAddress):
            yield light_at(base_url, pace, team=open_team(chosen))
        else:
            yield light_at(base_url, pace, chosen)
        return
    journal = chosen if isinstance(chosen, Path) else None  # a team's has no throw-away bills
    from importer.sandbox import SandboxSettings, running

    per_key = pace.requests_per_minute or SANDBOX_PER_MINUTE
    per_day = pace.requests_per_day or PER_DAY
    settings = SandboxSettings(requests_per_minute=per_key, requests_per_day=per_day)
    with running(settings) as sandbox:
        yield Destination(
            sandbox.base_url,
            credentials({"LIGHT_API_KEY": sandbox.key}),
            per_key,
            per_day,
            ":memory:",
            journal or data_paths.run_folder(run) / "journal.sqlite",
            sandbox=True,
        )
