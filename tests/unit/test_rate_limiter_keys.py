"""Several keys of one company, and waiting for a new day; time is simulated, the file is real."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from simulated import START, simulate

from importer.core.errors import BudgetSpent
from importer.light import RateLimiter
from importer.light.rate_limiter import HOLD

NOON_TO_MIDNIGHT = 12 * 3600.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pace.sqlite"


async def spend(pacer: RateLimiter, requests: int) -> Counter[int]:
    """How often each key was taken."""
    taken: Counter[int] = Counter()
    for _ in range(requests):
        slot = await pacer.acquire()
        pacer.finish(slot)
        taken[slot.key] += 1
    return taken


# --- a minute of each key ---------------------------------------------------------------------


def test_every_key_has_a_minutes_limit_of_its_own_and_they_are_used_evenly(file):
    async def run(clock):
        with RateLimiter(file, keys="abc", per_minute=10, clock=clock) as pacer:
            assert await spend(pacer, 15) == {0: 5, 1: 5, 2: 5}
            assert await spend(pacer, 15) == {0: 5, 1: 5, 2: 5}
            assert clock() == START
            await pacer.acquire()
            assert clock() - START == pytest.approx(HOLD, abs=0.01)

    simulate(run)


def test_a_key_that_another_process_uses_is_left_to_it_until_the_others_are_as_full(file):
    async def run(clock):
        with RateLimiter(file, keys="a", per_minute=10, clock=clock) as alone:
            await spend(alone, 8)
        with RateLimiter(file, keys="ba", per_minute=10, clock=clock) as both:
            assert await spend(both, 12) == {0: 10, 1: 2}
            assert clock() == START

    simulate(run)


def test_a_named_key_is_waited_for_even_where_another_is_free(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", per_minute=1, clock=clock) as pacer:
            pacer.finish(await pacer.acquire(key=1))
            assert (await pacer.acquire(key=1)).key == 1
            assert clock() - START == pytest.approx(HOLD, abs=0.01)

    simulate(run)


def test_a_429_holds_back_the_key_that_got_it_and_no_other(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", clock=clock) as pacer:
            assert pacer.observe(429, {"Retry-After": "30"}, 0) == 30
            assert await spend(pacer, 20) == {1: 20}
            assert clock() == START
            pacer.observe(429, {"Retry-After": "50"}, 1)
            assert (await pacer.acquire()).key == 0
            assert clock() - START == pytest.approx(30, abs=0.01)

    simulate(run)


def test_refusals_in_a_row_are_counted_for_each_key(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", clock=clock) as pacer:
            assert pacer.observe(429, {}, 0) == 1
            await asyncio.sleep(1)
            assert pacer.observe(429, {}, 0) == 2
            assert pacer.observe(429, {}, 1) == 1

    simulate(run)


def test_a_lower_limit_and_a_used_up_window_concern_the_key_that_was_told(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", per_minute=10, clock=clock) as pacer:
            pacer.observe(200, {"X-RateLimit-Limit": "2"}, 0)
            assert await spend(pacer, 12) == {0: 2, 1: 10}
            assert clock() == START
        with RateLimiter(file, keys="cd", per_minute=10, clock=clock) as pacer:
            reset = str(int(START) + 30)
            pacer.observe(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}, 0)
            assert await spend(pacer, 10) == {1: 10}
            assert clock() == START

    simulate(run)


def test_only_when_every_key_must_rest_for_hours_the_run_ends(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", clock=clock) as pacer:
            pacer.observe(429, {"Retry-After": "7200"}, 0)
            assert await spend(pacer, 3) == {1: 3}
            pacer.observe(429, {"Retry-After": "3600"}, 1)
            with pytest.raises(BudgetSpent, match="2025-03-31 13:00 UTC"):
                await pacer.acquire()

    simulate(run)


# --- a day of the company ---------------------------------------------------------------------


def test_the_days_budget_is_one_for_all_keys(file):
    async def run(clock):
        with RateLimiter(file, keys="ab", per_day=5, clock=clock) as pacer:
            await spend(pacer, 5)
            with pytest.raises(BudgetSpent, match="5 were sent"):
                await pacer.acquire()

    simulate(run)


def test_once_the_company_is_known_all_its_keys_share_a_count_across_processes_and_runs(file):
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


def test_a_key_of_unknown_company_beside_a_known_one_does_not_get_around_the_spent_day(file):
    async def run(clock):
        with RateLimiter(file, keys="a", per_day=4, clock=clock) as pacer:
            pacer.belong_to("kestrel")
            await spend(pacer, 4)
        with RateLimiter(file, keys="xa", per_day=4, clock=clock) as pacer:
            with pytest.raises(BudgetSpent):
                await pacer.acquire(key=0)

    simulate(run)


def test_another_company_in_the_same_file_has_its_own_day_and_its_own_minute(file):
    async def run(clock):
        for key, company in (("a", "kestrel"), ("z", "osprey")):
            with RateLimiter(file, keys=key, per_minute=4, per_day=4, clock=clock) as pacer:
                pacer.belong_to(company)
                await spend(pacer, 4)
                assert clock() == START

    simulate(run)


def test_a_key_that_came_to_another_company_counts_there_from_then_on(file):
    async def run(clock):
        with RateLimiter(file, per_day=4, clock=clock) as pacer:
            pacer.belong_to("kestrel")
            await spend(pacer, 4)
            pacer.belong_to("osprey")
            await spend(pacer, 4)
            with pytest.raises(BudgetSpent):
                await pacer.acquire()

    simulate(run)


def test_learning_the_company_raises_nothing_where_the_file_broke(file):
    pacer = RateLimiter(file)
    pacer.close()
    pacer.belong_to("kestrel")


@pytest.mark.parametrize("keys", [[], ["a", "a"]])
def test_marks_that_cannot_be_told_apart_are_a_fault(file, keys):
    with pytest.raises(ValueError, match="differ"):
        RateLimiter(file, keys=keys)


# --- waiting for a new day --------------------------------------------------------------------


def test_with_wait_it_says_once_until_when_and_goes_on_at_midnight(file):
    said: list[str] = []

    async def run(clock):
        with RateLimiter(file, per_day=5, on_wait=said.append, clock=clock) as pacer:
            await asyncio.gather(*(spend(pacer, 1) for _ in range(9)))
            assert clock() - START == pytest.approx(NOON_TO_MIDNIGHT, abs=0.01)
            assert pacer.requests == 9
            await spend(pacer, 2)
            assert clock() - START == pytest.approx(NOON_TO_MIDNIGHT * 3, abs=0.01)

    simulate(run)
    assert said == [
        f"The 5 requests permitted for {day} (UTC) are spent: 5 were sent. Waiting until {until}"
        " 00:00 UTC; Ctrl-C stops."
        for day, until in (("2025-03-31", "2025-04-01"), ("2025-04-01", "2025-04-02"))
    ]


def test_with_wait_it_waits_as_long_as_light_says(file):
    said: list[str] = []

    async def run(clock):
        with RateLimiter(file, keys="ab", on_wait=said.append, clock=clock) as pacer:
            pacer.observe(429, {"Retry-After": "7200"}, 0)
            pacer.observe(429, {"Retry-After": "9000"}, 1)
            assert await spend(pacer, 1) == {0: 1}
            assert clock() - START == pytest.approx(7200, abs=0.01)

    simulate(run)
    (only,) = said
    assert "Waiting until 2025-03-31 14:00 UTC" in only


def test_refusals_that_name_moments_a_little_apart_are_said_once(file):
    said: list[str] = []

    async def run(clock):
        with RateLimiter(file, on_wait=said.append, clock=clock) as pacer:
            pacer.observe(429, {"Retry-After": "7200"})
            waiting = asyncio.create_task(spend(pacer, 1))
            for seconds in ("7203", "7206"):
                await asyncio.sleep(1)
                pacer.observe(429, {"Retry-After": seconds})
            await waiting
            assert clock() - START == pytest.approx(7208, abs=0.01)

    simulate(run)
    assert len(said) == 1


def test_it_wakes_up_often_for_timers_stand_still_while_a_computer_sleeps(file):
    """The computer is suspended from one second after the wait began until past midnight."""
    slept = 0.0

    async def run(clock):
        with RateLimiter(
            file, per_day=1, on_wait=[].append, clock=lambda: clock() + slept
        ) as pacer:
            await spend(pacer, 1)
            waiting = asyncio.create_task(spend(pacer, 1))
            await asyncio.sleep(1)
            suspend()
            await waiting
            assert clock() - START < 60

    def suspend() -> None:
        nonlocal slept
        slept = NOON_TO_MIDNIGHT

    simulate(run)


@pytest.mark.parametrize("back", [600.0, 3 * 3600.0])
def test_a_clock_that_is_set_back_while_it_waits_does_not_prolong_what_light_told(file, back):
    shift = 0.0

    async def run(clock):
        with RateLimiter(file, on_wait=[].append, clock=lambda: clock() - shift) as pacer:
            await spend(pacer, 1)
            pacer.observe(429, {"Retry-After": "7200"})
            waiting = asyncio.create_task(spend(pacer, 1))
            await asyncio.sleep(600)
            set_back()
            await waiting
            assert clock() - START == pytest.approx(7800, abs=60)

    def set_back() -> None:
        nonlocal shift
        shift = back

    simulate(run)


def test_who_is_cancelled_while_waiting_for_the_day_took_no_slot_and_counts_nowhere(file):
    async def run(clock):
        with RateLimiter(file, per_day=2, on_wait=[].append, clock=clock) as pacer:
            await spend(pacer, 2)
            waiting = [asyncio.create_task(pacer.acquire()) for _ in range(5)]
            await asyncio.sleep(600)
            for task in waiting[:4]:
                task.cancel()
            await asyncio.wait(waiting[:4])
            assert pacer.requests == 2
            pacer.finish(await waiting[4])
            assert pacer.requests == 3
        database = sqlite3.connect(file)
        counts = database.execute("SELECT utc_date, requests FROM day ORDER BY 1").fetchall()
        database.close()
        assert counts == [("2025-03-31", 2), ("2025-04-01", 1)]

    simulate(run)


def test_what_must_not_wait_for_hours_is_told_at_once(file):
    async def run(clock):
        with RateLimiter(file, per_day=1, on_wait=[].append, clock=clock) as pacer:
            await spend(pacer, 1)
            with pytest.raises(BudgetSpent):
                await pacer.acquire(wait=False)
            assert clock() == START

    simulate(run)
