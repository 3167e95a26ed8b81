"""Several keys of one company against a real server, and a load that waits for the next day."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import PASS, Fault, Request, http, proxied
from test_loading_create_bill import Silent, bill

from importer.core.errors import AccessRefused, BudgetSpent, UsageProblem
from importer.light.client import LightClient
from importer.light.credentials import Key, credentials
from importer.light.rate_limiter import RateLimiter
from importer.loading.engine import Engine
from importer.loading.journal.journal import Journal
from importer.loading.operation import EngineSettings
from importer.loading.operations.create_bill import create_bills
from importer.loading.plan import look_in_light, plan_from_journal, record
from importer.model.journal_states import State
from importer.model.run_rows import BillRows
from importer.sandbox import SandboxSettings, running

ONE, TWO, FOREIGN = "key-one-4711", "key-two-0815", "key-of-others-9"
Work = Callable[[LightClient, RateLimiter], Awaitable[Any]]


def with_keys(url: str, keys: str, work: Work, pace: Path | str = ":memory:", **limits: Any) -> Any:
    """What ``work`` makes of a client with the keys."""

    async def run() -> Any:
        found = credentials({"LIGHT_API_KEYS": keys})
        with RateLimiter(pace, keys=[key.mark for key in found.keys], **limits) as limiter:
            async with LightClient(url, found, limiter) as client, asyncio.timeout(60):
                return await work(client, limiter)

    return asyncio.run(run())


def light(**settings: Any) -> Any:
    return running(SandboxSettings(key=ONE, more_keys=(TWO,), foreign_key=FOREIGN, **settings))


async def read(client: LightClient, times: int) -> None:
    answers = await asyncio.gather(*(client.send("GET", "/v1/entities") for _ in range(times)))
    assert {answer.status for answer in answers} == {200}


def test_two_keys_double_the_rate_without_refusals() -> None:
    async def work(client: LightClient, limiter: RateLimiter) -> None:
        await read(client, 40)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.send("GET", "/v1/entities"), 0.3)

    with light(requests_per_minute=20) as sandbox:
        with_keys(sandbox.base_url, f"{ONE},{TWO}", work, per_minute=20)
        assert sandbox.counters.by_key == {ONE: 20, TWO: 20}
        assert (sandbox.counters.received, sandbox.counters.throttled) == (40, 0)


def test_day_is_counted_per_company(tmp_path: Path) -> None:
    file = tmp_path / "pace.sqlite"

    async def some(client: LightClient, limiter: RateLimiter) -> None:
        await client.company()
        await read(client, 3)

    async def spent(client: LightClient, limiter: RateLimiter) -> None:
        with pytest.raises(BudgetSpent, match="9 were sent"):
            await client.company()

    with light() as sandbox:
        with_keys(sandbox.base_url, ONE, some, file, per_day=9)
        with_keys(sandbox.base_url, f"{ONE},{TWO}", some, file, per_day=9)
        for keys in (ONE, TWO, f"{TWO},{ONE}"):
            with_keys(sandbox.base_url, keys, spent, file, per_day=9)
        assert sandbox.counters.received == 9


def test_429_pauses_only_its_key() -> None:
    def fault(request: Request) -> Fault:
        refused = request.headers["authorization"].endswith(TWO)
        answer = http(429, Retry_After="300", Connection="close")
        return Fault(False, answer) if refused else PASS

    async def work(client: LightClient, limiter: RateLimiter) -> list[int | None]:
        return [(await client.send("GET", "/v1/entities")).status for _ in range(12)]

    with light() as sandbox, proxied(sandbox.base_url, fault) as proxy:
        assert sorted(with_keys(proxy.url, f"{ONE},{TWO}", work)) == [200] * 11 + [429]


def test_key_of_another_company_is_refused(
    tmp_path: Path,
) -> None:
    file = tmp_path / "pace.sqlite"

    async def work(client: LightClient, limiter: RateLimiter) -> str:
        with pytest.raises(UsageProblem) as caught:
            await client.company()
        return str(caught.value)

    with light() as sandbox:
        with_keys(sandbox.base_url, TWO, lambda client, limiter: read(client, 5), file)
        message = with_keys(sandbox.base_url, f"{ONE},{TWO},{FOREIGN}", work, file)
        assert sandbox.counters.by_key == {ONE: 1, TWO: 6, FOREIGN: 1}
    assert "the 3rd key of LIGHT_API_KEYS is of Another company" in message
    assert "2nd" not in message
    assert not any(key in message for key in (ONE, TWO, FOREIGN))


def test_unknown_key_is_named_by_position() -> None:
    async def at_the_start(client: LightClient, limiter: RateLimiter) -> str:
        with pytest.raises(AccessRefused) as caught:
            await client.company()
        return str(caught.value)

    async def later(client: LightClient, limiter: RateLimiter) -> str:
        return (await client.send("POST", "/v1/invoice-payables", json={}, key=1)).reason

    with light() as sandbox:
        for work in (at_the_start, later):
            message = with_keys(sandbox.base_url, f"{ONE},,key-withdrawn", work)
            assert "(This was the 2nd key of LIGHT_API_KEYS.)" in message
            assert "withdrawn" not in message
        alone = with_keys(sandbox.base_url, "key-withdrawn", at_the_start)
        assert "LIGHT_API_KEYS" not in alone


def test_no_key_is_in_a_reason_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    echo = http(401, {"type": "T", "message": f"Neither {ONE} nor {TWO}"})

    async def work(client: LightClient, limiter: RateLimiter) -> str:
        refused = await client.send("GET", "/v1/entities")
        return f"{refused} {client!r} {limiter!r}"

    with light() as sandbox, proxied(sandbox.base_url, lambda r: Fault(False, echo)) as proxy:
        with caplog.at_level(logging.DEBUG):
            said = with_keys(proxy.url, f"{ONE},{TWO}", work) + caplog.text
    assert "Neither *** nor ***" in said
    assert ONE not in said
    assert TWO not in said


def redirected(request: Request) -> Fault:
    """Every bill has to be sent to another address first."""
    if request.creates:
        answer = http(307, Location="/moved/v1/invoice-payables", Connection="close")
        return Fault(False, answer)
    return PASS


def test_redirect_is_followed_with_the_same_key() -> None:
    async def work(client: LightClient, limiter: RateLimiter) -> None:
        for _ in range(4):
            await client.send("POST", "/v1/invoice-payables", json={})

    with light() as sandbox, proxied(sandbox.base_url, redirected) as proxy:
        with_keys(proxy.url, f"{ONE},{TWO}", work)
        sent = [request.headers["authorization"] for request in proxy.requests]
    assert len(sent) == 8
    assert sent[::2] == sent[1::2]
    assert len(set(sent)) == 2


@pytest.mark.parametrize("wait", [True, False])
def test_redirect_without_budget_is_a_lost_answer(wait: bool) -> None:
    async def work(client: LightClient, limiter: RateLimiter) -> Any:
        answer = await client.send("POST", "/v1/invoice-payables", json={})
        return answer.status, answer.sent, answer.reason

    with light() as sandbox, proxied(sandbox.base_url, redirected) as proxy:
        limits = {"per_day": 1, "past_budget": wait}
        status, sent, reason = with_keys(proxy.url, ONE, work, **limits)
    assert (status, sent) == (None, True)
    assert "redirects" in reason
    assert "Continue after" in reason


def test_rate_limiter_must_know_every_key() -> None:
    found = credentials({"LIGHT_API_KEYS": f"{ONE},{TWO}"})
    assert all(isinstance(key, Key) for key in found.keys)
    with RateLimiter(":memory:") as limiter, pytest.raises(ValueError, match="each key"):
        LightClient("http://127.0.0.1:9", found, limiter)


# --- waiting for the next day -----------------------------------------------------------------


def test_waiting_load_continues_on_following_days(tmp_path: Path) -> None:
    """The limiter's clock is simulated: 60 bills and a few look-ups, 25 requests a day."""
    now = 1_750_000_000.0
    said: list[str] = []
    bills = [bill(i, f"INV-{i}") for i in range(60)]

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        await asyncio.sleep(0)

    async def work(client: LightClient, limiter: RateLimiter) -> set[State]:
        with Journal(tmp_path / "journal.sqlite") as journal:
            plan = plan_from_journal(bills, journal)
            await look_in_light(plan, client, journal)
            run = journal.start_run({})
            record(plan, journal, run, dict.fromkeys(plan.entries, BillRows()))
            engine = Engine(journal, client, run, EngineSettings(settle=0.3), Silent())
            await create_bills(engine, [*plan.unsettled, *plan.send])
            assert engine.stopped is None
            return {outcome.entry.state for outcome in journal.outcomes(run).values()}

    with light(requests_per_minute=1_000) as sandbox:
        pace: dict[str, Any] = {"per_minute": 1_000, "per_day": 25}
        pace |= {
            "past_budget": True,
            "on_wait": lambda wait: said.append(wait.text),
            "clock": lambda: now,
            "sleep": sleep,
        }
        assert with_keys(sandbox.base_url, f"{ONE},{TWO}", work, **pace) == {State.CREATED}
        assert len(sandbox.bills()) == len({b["invoiceNumber"] for b in sandbox.bills()}) == 60
        assert sandbox.counters.throttled == 0
    days = [text.split("permitted for ")[1][:10] for text in said]
    assert days[0] == "2025-06-15"
    assert len(days) >= 2
    assert days == sorted(set(days)), "it is said once a day"
