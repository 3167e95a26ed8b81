"""Cancel bills in a sandbox through any faults and ends in the middle, then the rest."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import COMPANY, PASS, Fault, Request, http, proxied
from hypothesis import given, settings
from hypothesis import strategies as st
from test_loading_create_bill import KEY, Silent, bill, load

from importer.light.client import LightClient
from importer.light.rate_limiter import RateLimiter
from importer.loading.engine import Engine
from importer.loading.journal.journal import Journal
from importer.loading.loaded_bills import bills_created
from importer.loading.operation import EngineSettings
from importer.loading.operations.cancel_bill import CancelOptions, cancel_bills
from importer.model.bills import Bill
from importer.model.journal_states import Status
from importer.sandbox import Sandbox, SandboxSettings, running

HOW = EngineSettings(concurrency=8, settle=0.01)
FAULTS = [
    PASS,
    PASS,
    Fault(False, None),
    Fault(True, None),
    Fault(True, http(502, b"<html>")),
    Fault(False, http(500)),
    Fault(True, http(200, b"{")),
    Fault(True, http(409, {"name": "N", "type": "T", "errors": [{"message": "It is cancelled."}]})),
]


@pytest.fixture(scope="module")
def light() -> Iterator[Sandbox]:
    with running(SandboxSettings(reference=COMPANY, requests_per_minute=1_000_000)) as started:
        yield started


async def undo(url: str, path: Path, run: str, cancel_after: float | None = None) -> None:
    with Journal(path) as journal, RateLimiter(":memory:", per_minute=100_000) as pacer:
        async with LightClient(url, KEY, pacer, timeout=60) as client:
            outcomes = journal.outcomes(run)
            bills = bills_created(outcomes, dict.fromkeys(outcomes, 100))
            engine = Engine(journal, client, run, HOW, Silent())
            with contextlib.suppress(asyncio.TimeoutError):
                async with asyncio.timeout(cancel_after):
                    await cancel_bills(engine, bills, CancelOptions("Again."))


def live(light: Sandbox, mark: str) -> list[str]:
    mine = [b for b in light.bills() if b["description"] == mark]
    return sorted(str(b["id"]) for b in mine if b["state"] != "CANCELLED")


@settings(max_examples=8, deadline=None)
@given(
    numbered=st.lists(st.booleans(), min_size=1, max_size=10),
    faults=st.lists(st.sampled_from(FAULTS), max_size=16),
    ends=st.lists(st.floats(0.001, 0.08), max_size=2),
)
def test_undo_cancels_all_despite_faults_and_allows_reloading(
    light: Sandbox, numbered: list[bool], faults: list[Fault], ends: list[float]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, mark = Path(folder) / "journal.sqlite", Path(folder).name
        bills: Sequence[Bill] = [
            replace(bill(i, f"{mark}-{i}" if with_ else None), description=mark)
            for i, with_ in enumerate(numbered)
        ]
        engine, _ = asyncio.run(load(light.base_url, path, bills, HOW))
        before = live(light, mark)
        coming = iter(faults)

        def fault(request: Request) -> Fault:
            return next(coming, PASS) if request.path.endswith("/cancel") else PASS

        for seconds in ends:
            with proxied(light.base_url, fault) as proxy:
                asyncio.run(undo(proxy.url, path, engine.run, seconds))
        asyncio.run(undo(light.base_url, path, engine.run))
        assert live(light, mark) == []
        with Journal(path) as journal:
            outcomes = journal.outcomes(engine.run).values()
            assert {outcome.status for outcome in outcomes} == {Status.UNDONE}
            assert all(outcome.entry.light_id is None for outcome in outcomes)
            assert journal.owned(before) == set(before)  # never to be taken again
        asyncio.run(load(light.base_url, path, bills, HOW))
        with Journal(path) as journal:
            there = [each.entry.light_id for each in journal.outcomes(engine.run).values()]
        assert sorted(map(str, there)) == live(light, mark)
        assert len(set(there)) == len(bills)
