"""The settings of a sandbox, and its counters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from importer.sandbox.company_file import Reference
from importer.sandbox.faults import Fault, Scripted

Window = Literal["sliding", "fixed", "bucket"]


@dataclass(frozen=True)
class SandboxSettings:
    """The settings of one sandbox; times are in seconds.

    ``more_keys`` are of the same company as ``key``: each has its own limit by the minute, and all
    share that of the day. ``foreign_key`` is of another company and may read its name only.
    Logging in as ``client_id`` gives access tokens valid for ``token_seconds``. Without a
    ``database`` everything is in memory; with one, the bills and the company's id survive a
    restart. ``reference`` is the folder of a company, or what was read of it; None is the one that
    ships with the importer. The default limits are those of Light's documentation, which does not
    say which ``window`` Light uses.
    ``requests_today`` of the day's limit are spent before the first request. The sandbox's clock
    is ``clock_offset`` ahead of the computer's.

    ``no_ledger``: the keys have no right to read the lines of the ledger.

    ``approvers`` are those who have to approve each bill after the user of the keys, in order.

    ``faults`` are injected by rate, ``script`` at the requests it names; ``fault_seed`` makes a
    run repeatable. ``late`` is the delay of late answers and should exceed the client's time-out:
    no client can tell a bill stored after it has looked for it from a lost one. Upload addresses
    are valid for ``upload_seconds``; documents are in memory only.
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
    no_ledger: bool = False
    approvers: tuple[str, ...] = ()
    requests_today: int = 0
    clock_offset: float = 0.0
    faults: tuple[Fault, ...] = ()
    script: tuple[Scripted, ...] = ()
    fault_seed: int = 0
    late: float = 35.0
    upload_seconds: float = 300.0
    database: Path | None = None
    reference: Path | Reference | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the company."""
        return (self.key, *self.more_keys)


@dataclass
class Counters:
    """Requests and answers since the sandbox started.

    ``received`` is every request, ``authenticated`` those with a valid key (counted against the
    limits, and in ``by_key``), ``throttled`` the 429s of the limits, ``logins`` the tokens issued.
    ``bill_posts`` and ``line_posts`` are POSTs that passed key and limit. ``by_route`` counts the
    requests that passed the faults too, as ``"GET /v1/vendors"``, with ``{…}`` for ids. ``faults``
    counts the injected faults by name.
    """

    received: int = 0
    authenticated: int = 0
    unauthorized: int = 0
    throttled: int = 0
    logins: int = 0
    bill_posts: int = 0
    bills_created: int = 0
    notes_created: int = 0
    vendors_created: int = 0
    line_posts: int = 0
    lists: int = 0
    refused: int = 0
    failed: int = 0
    by_route: dict[str, int] = field(default_factory=dict)
    by_key: Counter[str] = field(default_factory=Counter)
    faults: dict[str, int] = field(default_factory=dict)
