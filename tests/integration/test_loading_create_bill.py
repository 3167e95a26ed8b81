"""Create bills in a sandbox through any faults and ends in the middle, then the rest."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from conftest import ACCOUNTS, COMPANY, ENTITIES, PASS, VENDORS, Fault, Request, http, proxied
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.errors import LightUnreachable
from importer.light.client import LightClient
from importer.light.codec import bill_to_json
from importer.light.credentials import Credentials, Key
from importer.light.rate_limiter import RateLimiter
from importer.loading.engine import Engine
from importer.loading.identity import content
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import Intent
from importer.loading.operation import EngineSettings
from importer.loading.operations.create_bill import create_bills
from importer.loading.plan import look_in_light, plan_from_journal, record
from importer.model.bills import Bill, LineItem
from importer.model.journal_states import State, Status
from importer.model.run_rows import BillRows
from importer.sandbox import Sandbox, SandboxSettings, running

KEY = Credentials((Key("Basic", SandboxSettings.key),))


class Silent:
    def advance(self, failed: bool) -> None: ...

    def message(self, text: str) -> None: ...


def bill(i: int, number: str | None, *, credit_note: bool = False) -> Bill:
    """Bills without a number are all alike, and so are credit notes."""
    amount = (1000 + i if number else 500) * (-1 if credit_note else 1)
    line = LineItem(i, 0, 2 + i, net_amount=amount, description="Line", account_id=ACCOUNTS[0])
    return Bill(
        i,
        0,
        2 + i,
        "GBP",
        amount,
        False,
        (line,),
        vendor_id=VENDORS[0],
        company_entity_id=ENTITIES[0],
        invoice_number=number,
        issued_date=date(2026, 1, 5),
        credit_note=credit_note,
    )


async def load(
    base_url: str,
    path: Path,
    bills: Sequence[Bill],
    how: EngineSettings,
    cancel_after: float | None = None,
) -> tuple[Engine, int]:
    """One load; the engine and the requests made. ``cancel_after`` ends it at once, in seconds."""
    with Journal(path) as journal, RateLimiter(":memory:", per_minute=100_000) as pacer:
        # A long timeout, so that nothing is abandoned.
        async with LightClient(base_url, KEY, pacer, timeout=60) as client:
            plan = plan_from_journal(bills, journal)
            await look_in_light(plan, client, journal)
            run = journal.start_run({})
            record(plan, journal, run, dict.fromkeys(plan.entries, BillRows()))
            engine = Engine(journal, client, run, how, Silent())
            with contextlib.suppress(asyncio.TimeoutError):
                async with asyncio.timeout(cancel_after):
                    await create_bills(engine, [*plan.unsettled, *plan.send])
            return engine, pacer.requests


@pytest.fixture(scope="module")
def light() -> Iterator[Sandbox]:
    with running(SandboxSettings(reference=COMPANY, requests_per_minute=1_000_000)) as started:
        yield started


FAULTS = [
    PASS,
    PASS,
    PASS,
    Fault(False, None),
    Fault(True, None),
    Fault(True, http(502, b"<html>")),
    Fault(False, http(500)),
    Fault(True, http(200, b"{")),
    Fault(False, http(422, {"name": "N", "type": "T", "errors": [{"message": "No."}]})),
    Fault(True, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
]


@settings(max_examples=10, deadline=None)
@given(
    kinds=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12),
    faults=st.lists(st.sampled_from(FAULTS), max_size=20),
    ends=st.lists(st.floats(0.001, 0.12), max_size=2),
)
def test_each_bill_once_despite_faults_and_crashes(
    light: Sandbox, kinds: list[tuple[bool, bool]], faults: list[Fault], ends: list[float]
) -> None:
    # An attempt ends before Light can still be at work for it, so there is nothing to wait for:
    # the proxy closes a connection only when Light has answered, and ends when it has nothing left.
    how = EngineSettings(concurrency=8, settle=0.01)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        # Vendors are shared by all examples, so the numbers are of this one alone.
        mark = Path(folder).name
        bills = [
            bill(i, f"{mark}-{i}" if numbered else None, credit_note=credit_note)
            for i, (numbered, credit_note) in enumerate(kinds)
        ]
        bills = [replace(b, description=mark) for b in bills]

        coming = iter(faults)

        def fault(request: Request) -> Fault:
            return next(coming, PASS) if request.creates else PASS

        for seconds in ends:
            with proxied(light.base_url, fault) as proxy:
                asyncio.run(load(proxy.url, path, bills, how, seconds))
        for _ in range(2):  # the second one sends what was refused in the first
            asyncio.run(load(light.base_url, path, bills, how))
        documents = [*light.bills(), *light.credit_notes()]
        there = [each["id"] for each in documents if each["description"] == mark]
        assert len(there) == len(bills)
        with Journal(path) as journal:
            plan = plan_from_journal(bills, journal)
            assert {e.state for e in plan.entries.values()} <= {State.CREATED, State.FOUND}
            assert sorted(e.light_id or "" for e in plan.entries.values()) == sorted(there)


def test_one_bill_in_light_is_not_adopted_twice(light: Sandbox, tmp_path: Path) -> None:
    """They differ in the entity alone, which one of them leaves to Light."""
    number = tmp_path.name
    with_entity = bill(1, number)
    without = replace(with_entity, index=0, company_entity_id=None)
    path = tmp_path / "journal.sqlite"
    with Journal(path) as journal:  # a load that ended when both were on their way
        plan = plan_from_journal([without, with_entity], journal)
        intents = [Intent(work.entry.id, content(work.bill)) for work in plan.send]
        journal.step(journal.start_run({}), [], intents)
    answer = httpx.post(
        f"{light.base_url}/v1/invoice-payables",
        json=bill_to_json(with_entity),
        headers={"Authorization": KEY.keys[0].header.decode()},
        verify=False,
    )
    answer.raise_for_status()
    asyncio.run(load(light.base_url, path, [without, with_entity], EngineSettings(settle=0.01)))
    there = [b["id"] for b in light.bills() if b["invoiceNumber"] == number]
    with Journal(path) as journal:
        entries = plan_from_journal([without, with_entity], journal).entries.values()
    assert sorted(e.light_id or "" for e in entries) == sorted(there)
    assert len(there) == 2


def test_proxy_forwards_after_its_client_disconnects() -> None:
    """Else a request could still be on its way when the next load looks for its bill; and asyncio,
    which keeps no hold of such a task, could drop it midway and leave its connections open."""
    with running(SandboxSettings(latency=0.4)) as far:
        with proxied(far.base_url) as proxy:
            with socket.create_connection(("127.0.0.1", urlsplit(proxy.url).port or 0)) as sender:
                sender.sendall(b"GET /v1/companies/current HTTP/1.1\r\nHost: here\r\n\r\n")
                end = time.monotonic() + 30
                while not far.counters.received:
                    assert time.monotonic() < end, "Light was not asked"
                    time.sleep(0.005)
            time.sleep(0.05)
            gc.collect()
        assert far.counters.unauthorized == 1


def test_gives_up_when_light_stays_unreachable(tmp_path: Path) -> None:
    """Nothing was sent, so nothing is in doubt; and one request at a time is enough to see it."""
    bills = [bill(i, f"INV-{i}") for i in range(100)]
    path = tmp_path / "journal.sqlite"

    async def sending() -> tuple[Engine, int]:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            with Journal(path) as journal, RateLimiter(":memory:", per_minute=100_000) as pacer:
                async with LightClient(url, KEY, pacer) as client:
                    plan = plan_from_journal(bills, journal)
                    run = journal.start_run({})
                    record(plan, journal, run, dict.fromkeys(plan.entries, BillRows()))
                    how = EngineSettings(give_up_after=1.0)
                    engine = Engine(journal, client, run, how, Silent())
                    await create_bills(engine, [*plan.unsettled, *plan.send])
                    return engine, pacer.requests

    engine, requests = asyncio.run(sending())
    assert isinstance(engine.stopped, LightUnreachable)
    assert requests < 64 + 8
    with Journal(path) as journal:
        outcomes = journal.outcomes(engine.run).values()
    sent = {(outcome.status, outcome.entry.attempts) for outcome in outcomes}
    assert sent == {(Status.NOT_SENT, 0)}
