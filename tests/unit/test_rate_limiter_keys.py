"""Several keys of one company, and waiting for a new day; time is simulated, the file is real."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from simulated import START, simulate

from importer.core.errors import BudgetSpent
from importer.light.key_limits import HOLD
from importer.light.rate_limiter import RateLimiter

NOON_TO_MIDNIGHT = 12 * 3600.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pace.sqlite"


async def spend(limiter: RateLimiter, requests: int) -> Counter[int]:
    """How often each key was taken."""
    taken: Counter[int] = Counter()
    for _ in range(requests):
        slot = await limiter.acquire()
        limiter.finish(slot)
        taken[slot.key] += 1
    return taken


# --- a minute of each key ---------------------------------------------------------------------


def test_each_key_has_its_limit_and_they_are_used_evenly(file):
    async def run(clock):
        with RateLimiter(file, keys="abc", per_minute=10, clock=clock) as limiter:
            assert await spend(limiter, 15) == {0: 5, 1: 5, 2: 5}
            assert await spend(limiter, 15) == {0: 5, 1: 5, 2: 5}
            assert clock() == START
            await limiter.acquire()
            assert clock() - START == pytest.approx(HOLD, abs=0.01)

    simulate(run)


def test_key_used_by_another_process_is_used_last(file):
    async def run(clock):
        with RateLimiter(file, keys="a", per_minute=10, clock=clock) as alone:
            await spend(alone, 8)
        with RateLimiter(file, keys="ba", per_minute=10, clock=clock) as both:
            assert await spend(both, 12) == {0: 10, 1: 2}
            assert clock() == START

    simulate(run)


def test_named_key_is_waited_for(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", per_minute=1, clock=clock) as limiter:
            limiter.finish(await limiter.acquire(key=1))
            assert (await limiter.acquire(key=1)).key == 1
            assert clock() - START == pytest.approx(HOLD, abs=0.01)

    simulate(run)


def test_429_pauses_only_its_key(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", clock=clock) as limiter:
            assert limiter.observe(429, {"Retry-After": "30"}, 0) == 30
            assert await spend(limiter, 20) == {1: 20}
            assert clock() == START
            limiter.observe(429, {"Retry-After": "50"}, 1)
            assert (await limiter.acquire()).key == 0
            assert clock() - START == pytest.approx(30, abs=0.01)

    simulate(run)


def test_refusals_are_counted_per_key(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", clock=clock) as limiter:
            assert limiter.observe(429, {}, 0) == 1
            await asyncio.sleep(1)
            assert limiter.observe(429, {}, 0) == 2
            assert limiter.observe(429, {}, 1) == 1

    simulate(run)


def test_server_limits_concern_their_key_only(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", per_minute=10, clock=clock) as limiter:
            limiter.observe(200, {"X-RateLimit-Limit": "2"}, 0)
            assert await spend(limiter, 12) == {0: 2, 1: 10}
            assert clock() == START
        with RateLimiter(file, keys="cd", per_minute=10, clock=clock) as limiter:
            reset = str(int(START) + 30)
            limiter.observe(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}, 0)
            assert await spend(limiter, 10) == {1: 10}
            assert clock() == START

    simulate(run)


def test_run_ends_only_when_every_key_is_paused_for_hours(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", clock=clock) as limiter:
            limiter.observe(429, {"Retry-After": "7200"}, 0)
            assert await spend(limiter, 3) == {1: 3}
            limiter.observe(429, {"Retry-After": "3600"}, 1)
            with pytest.raises(BudgetSpent, match="2025-03-31 13:00 UTC"):
                await limiter.acquire()

    simulate(run)


# --- a day of the company ---------------------------------------------------------------------


def test_daily_budget_is_shared_by_all_keys(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", per_day=5, clock=clock) as limiter:
            await spend(limiter, 5)
            with pytest.raises(BudgetSpent, match="5 were sent"):
                await limiter.acquire()

    simulate(run)


def test_keys_of_a_company_share_a_count_across_processes(file):
    async def run(clock):
        with RateLimiter(file, keys="a", per_day=10, clock=clock) as first:
            await spend(first, 3)
            first.belong_to("kestrel")
            await spend(first, 1)
        with RateLimiter(file, keys="b", per_day=10, clock=clock) as second:
            await spend(second, 1)  # its company is not known yet
            second.belong_to("kestrel")
            second.belong_to("kestrel")
            await spend(second, 3)
        for keys in ("a", "b", "ab", "ba"):
            with RateLimiter(file, keys=keys, per_day=8, clock=clock) as later:
                with pytest.raises(BudgetSpent, match="8 were sent"):
                    await later.acquire()
        with RateLimiter(file, keys="ab", per_day=9, clock=clock) as later:
            await spend(later, 1)

    simulate(run)


def test_unknown_key_cannot_bypass_the_spent_budget(file):
    async def run(clock):
        with RateLimiter(file, keys="a", per_day=4, clock=clock) as limiter:
            limiter.belong_to("kestrel")
            await spend(limiter, 4)
        with RateLimiter(file, keys="xa", per_day=4, clock=clock) as limiter:
            with pytest.raises(BudgetSpent):
                await limiter.acquire(key=0)

    simulate(run)


def test_companies_in_one_file_are_counted_separately(file):
    async def run(clock):
        for key, company in (("a", "kestrel"), ("z", "osprey")):
            with RateLimiter(file, keys=key, per_minute=4, per_day=4, clock=clock) as limiter:
                limiter.belong_to(company)
                await spend(limiter, 4)
                assert clock() == START

    simulate(run)


def test_key_that_changes_company_counts_there(file):
    async def run(clock):
        with RateLimiter(file, per_day=4, clock=clock) as limiter:
            limiter.belong_to("kestrel")
            await spend(limiter, 4)
            limiter.belong_to("osprey")
            await spend(limiter, 4)
            with pytest.raises(BudgetSpent):
                await limiter.acquire()

    simulate(run)


def test_belong_to_never_raises(file):
    limiter = RateLimiter(file)
    limiter.close()
    limiter.belong_to("kestrel")


@pytest.mark.parametrize("keys", [[], ["a", "a"]])
def test_equal_marks_are_refused(file, keys):
    with pytest.raises(ValueError, match="differ"):
        RateLimiter(file, keys=keys)


# --- waiting for a new day --------------------------------------------------------------------


def test_on_wait_is_called_once_until_midnight(file):
    said: list[str] = []

    async def run(clock):
        with RateLimiter(
            file,
            per_day=5,
            on_wait=lambda wait: said.append(wait.text),
            past_budget=True,
            clock=clock,
        ) as limiter:
            await asyncio.gather(*(spend(limiter, 1) for _ in range(9)))
            assert clock() - START == pytest.approx(NOON_TO_MIDNIGHT, abs=0.01)
            assert limiter.requests == 9
            await spend(limiter, 2)
            assert clock() - START == pytest.approx(NOON_TO_MIDNIGHT * 3, abs=0.01)

    simulate(run)
    assert said == [
        f"The 5 requests permitted for {day} (UTC) are spent: 5 were sent. Waiting until {until}"
        " 00:00 UTC; Ctrl-C stops."
        for day, until in (("2025-03-31", "2025-04-01"), ("2025-04-01", "2025-04-02"))
    ]


def test_on_wait_waits_as_long_as_light_states(file):
    said: list[str] = []

    async def run(clock):
        with RateLimiter(
            file,
            keys="ab",
            on_wait=lambda wait: said.append(wait.text),
            past_budget=True,
            clock=clock,
        ) as limiter:
            limiter.observe(429, {"Retry-After": "7200"}, 0)
            limiter.observe(429, {"Retry-After": "9000"}, 1)
            assert await spend(limiter, 1) == {0: 1}
            assert clock() - START == pytest.approx(7200, abs=0.01)

    simulate(run)
    (only,) = said
    assert "Waiting until 2025-03-31 14:00 UTC" in only


def test_waits_with_close_ends_are_announced_once(file):
    said: list[str] = []

    async def run(clock):
        with RateLimiter(
            file, on_wait=lambda wait: said.append(wait.text), past_budget=True, clock=clock
        ) as limiter:
            limiter.observe(429, {"Retry-After": "7200"})
            waiting = asyncio.create_task(spend(limiter, 1))
            for seconds in ("7203", "7206"):
                await asyncio.sleep(1)
                limiter.observe(429, {"Retry-After": seconds})
            await waiting
            assert clock() - START == pytest.approx(7208, abs=0.01)

    simulate(run)
    assert len(said) == 1


def test_long_wait_sleeps_in_short_steps(file):
    """The computer is suspended from one second after the wait began until past midnight."""
    slept = 0.0

    async def run(clock):
        with RateLimiter(
            file, per_day=1, past_budget=True, clock=lambda: clock() + slept
        ) as limiter:
            await spend(limiter, 1)
            waiting = asyncio.create_task(spend(limiter, 1))
            await asyncio.sleep(1)
            suspend()
            await waiting
            assert clock() - START < 60

    def suspend() -> None:
        nonlocal slept
        slept = NOON_TO_MIDNIGHT

    simulate(run)


@pytest.mark.parametrize("back", [600.0, 3 * 3600.0])
def test_clock_rollback_does_not_prolong_a_wait(file, back):
    shift = 0.0

    async def run(clock):
        with RateLimiter(file, past_budget=True, clock=lambda: clock() - shift) as limiter:
            await spend(limiter, 1)
            limiter.observe(429, {"Retry-After": "7200"})
            waiting = asyncio.create_task(spend(limiter, 1))
            await asyncio.sleep(600)
            set_back()
            await waiting
            assert clock() - START == pytest.approx(7800, abs=60)

    def set_back() -> None:
        nonlocal shift
        shift = back

    simulate(run)


def test_waiter_cancelled_before_midnight_counts_nowhere(file):
    async def run(clock):
        with RateLimiter(file, per_day=2, past_budget=True, clock=clock) as limiter:
            await spend(limiter, 2)
            waiting = [asyncio.create_task(limiter.acquire()) for _ in range(5)]
            await asyncio.sleep(600)
            for task in waiting[:4]:
                task.cancel()
            await asyncio.wait(waiting[:4])
            assert limiter.requests == 2
            limiter.finish(await waiting[4])
            assert limiter.requests == 3
        database = sqlite3.connect(file)
        counts = database.execute("SELECT utc_date, requests FROM day ORDER BY 1").fetchall()
        database.close()
        assert counts == [("2025-03-31", 2), ("2025-04-01", 1)]

    simulate(run)


def test_permits_taken_for_those_behind_count_only_for_who_uses_them(file):
    async def run(clock):
        with RateLimiter(file, per_minute=5, clock=clock) as limiter:
            others = []

            async def first():
                await limiter.acquire()
                for task in others:  # they are next
                    task.cancel()

            leaving = asyncio.create_task(first())
            others += [asyncio.create_task(limiter.acquire()) for _ in range(4)]
            await asyncio.wait([leaving, *others])
            assert limiter.requests == 1
            await spend(limiter, 4)
            assert clock() == START
        database = sqlite3.connect(file)
        assert database.execute("SELECT requests FROM day").fetchall() == [(5,)]
        database.close()

    simulate(run)


def test_those_behind_heed_a_pause_that_comes_between(file):
    moments: list[float] = []

    async def run(clock):
        with RateLimiter(file, clock=clock) as limiter:

            async def ask():
                permit = await limiter.acquire()
                if not moments:
                    limiter.observe(429, {"Retry-After": "30"})
                moments.append(clock() - START)
                limiter.finish(permit)

            await asyncio.gather(*(ask() for _ in range(4)))

    simulate(run)
    assert moments == [0, *[pytest.approx(30, abs=1.5)] * 3]


def test_acquire_without_wait_raises_at_once(file):
    async def run(clock):
        with RateLimiter(file, per_day=1, past_budget=True, clock=clock) as limiter:
            await spend(limiter, 1)
            with pytest.raises(BudgetSpent):
                await limiter.acquire(wait=False)
            assert clock() == START

    simulate(run)
