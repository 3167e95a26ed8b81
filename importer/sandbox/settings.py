"""How a sandbox behaves: its keys, its limits, its habits. And what it has counted so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from importer.sandbox.faults import Fault, Scripted

Window = Literal["sliding", "fixed", "bucket"]


@dataclass(frozen=True)
class SandboxSettings:
    """The knobs of one sandbox.

    ``more_keys`` are of the same company as ``key``: each has a minute's limit of its own, and all
    share the day's. ``foreign_key`` is of another company, of which it can read the name only.
    Whoever logs in as ``client_id`` gets access tokens that last ``token_seconds``.
    ``latency`` and ``list_lag`` are seconds. ``database`` None keeps everything in memory, gone
    when the sandbox stops; a path keeps the bills, and the company's id, from one start to the
    next. ``reference`` None is the company that ships with the importer. The defaults of the
    limits are those of Light's documentation; which window Light uses is not documented, so all
    three usual ones can be had. ``requests_today`` of the day's limit are spent before the first
    request. The sandbox's clock is ``clock_offset`` seconds ahead of the computer's.

    ``faults`` come by rate, ``script`` at the requests it names; ``fault_seed`` makes a run
    repeatable. ``late`` is how many seconds late answers take; it should be more than the client's
    time-out. No client can tell a bill that is kept later than it looks for it from a lost one.
    The address for a document is valid for ``upload_seconds``; documents are kept in memory only.
    """

    key: str = "sandbox"
    more_keys: tuple[str, ...] = ()
    foreign_key: str | None = None
    client_id: str = "sandbox"
    client_secret: str = "sandbox-secret"
    token_seconds: float = 3600.0
    requests_per_minute: int = 300
    requests_per_day: int = 100_000
    latency: float = 0.0
    window: Window = "sliding"
    headers_on_success: bool = True
    list_lag: float = 0.0
    duplicate_state: bool = False
    requests_today: int = 0
    clock_offset: float = 0.0
    faults: tuple[Fault, ...] = ()
    script: tuple[Scripted, ...] = ()
    fault_seed: int = 0
    late: float = 35.0
    upload_seconds: float = 300.0
    database: Path | None = None
    reference: Path | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the company."""
        return (self.key, *self.more_keys)


@dataclass
class Counters:
    """What came in and how it was answered, since the sandbox started.

    ``received`` is every request, ``authenticated`` those with a right key, which is counted in
    ``by_key`` too (they count against the limits), ``throttled`` the 429s of the limits,
    ``logins`` how often tokens were given out.
    ``bill_posts`` and ``line_posts`` are POSTs that got past key and limit, whatever became of
    them. ``by_route`` counts the requests that got past the faults too, as ``"GET /v1/vendors"``,
    with ``{…}`` for ids. ``faults`` is how often each fault was injected, by name.
    """

    received: int = 0
    authenticated: int = 0
    unauthorized: int = 0
    throttled: int = 0
    logins: int = 0
    bill_posts: int = 0
    bills_created: int = 0
    line_posts: int = 0
    lists: int = 0
    refused: int = 0
    failed: int = 0
    by_route: dict[str, int] = field(default_factory=dict)
    by_key: Counter[str] = field(default_factory=Counter)
    faults: dict[str, int] = field(default_factory=dict)
