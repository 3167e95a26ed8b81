"""The pace, proved against simulated servers: time is simulated, the SQLite file is real."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulated import SERVERS, START, SlidingWindow, simulate

from importer.core.errors import BudgetSpent, HeldBack, RateLimiterProblem, UsageProblem
from importer.light.key_limits import HOLD
from importer.light.permit_times import earliest, next_midnight
from importer.light.rate_limiter import RateLimiter


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("pace")
    names = iter(range(10**9))
    return (folder / f"{name}.sqlite" for name in names)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(SERVERS),
    limit=st.integers(1, 25),
    workers=st.integers(1, 40),
    processes=st.lists(st.sets(st.sampled_from("abc"), min_size=1), min_size=1, max_size=3),
    slowest=st.floats(0.001, 20),
    killed=st.floats(0, 0.2),
    seed=st.integers(0, 2**32),
)
def test_no_server_window_ever_exceeds_the_limit(
    files, kind, limit, workers, processes, slowest, killed, seed
):
    """Each process has some of the keys; each key is counted by itself."""
    rng = random.Random(seed)
    servers = {key: kind(limit, rng.uniform(0, 60)) for key in "abc"}
    file = next(files)

    async def run(clock: Callable[[], float]) -> None:
        marks = [sorted(keys) for keys in processes]
        pacers = [RateLimiter(file, keys=keys, per_minute=limit, clock=clock) for keys in marks]

        async def worker(limiter: RateLimiter, keys: list[str]) -> None:
            while clock() < START + 300:
                if rng.random() < 0.1:
                    await asyncio.sleep(rng.uniform(0, 30))
                slot = await limiter.acquire(longest=slowest)
                latency = rng.uniform(0, slowest)
                counted = rng.uniform(0, latency)
                await asyncio.sleep(counted)
                assert servers[keys[slot.key]].permits(clock()), f"too many at {clock() - START}"
                await asyncio.sleep(latency - counted)
                if rng.random() >= killed:  # else the process died without a word
                    limiter.finish(slot)

        turns = [i % len(pacers) for i in range(workers)]
        await asyncio.gather(*(worker(pacers[i], marks[i]) for i in turns))
        for limiter in pacers:
            limiter.close()

    simulate(run)


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(("limit", "keys"), [(20, "a"), (300, "a"), (100, "abc")])
def test_permitted_rate_is_reached_within_two_percent(files, kind, limit, keys):
    minutes, latency = 3000 // limit // len(keys), 0.3
    servers = [kind(limit, 17.0 * number) for number, _ in enumerate(keys, 1)]
    done = 0

    async def run(clock: Callable[[], float]) -> None:
        nonlocal done
        limiter = RateLimiter(next(files), keys=keys, per_minute=limit, clock=clock)

        async def worker() -> None:
            nonlocal done
            while True:
                slot = await limiter.acquire()
                await asyncio.sleep(latency / 2)
                assert servers[slot.key].permits(clock())
                await asyncio.sleep(latency / 2)
                limiter.finish(slot)
                done += 1

        workers = [asyncio.create_task(worker()) for _ in range(32)]
        # The very first window is a free extra, so the rate is measured after it.
        await asyncio.sleep(60)
        first = done
        await asyncio.sleep(60 * minutes)
        done -= first
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        limiter.close()

    simulate(run)
    most = limit * len(keys) * minutes
    assert 0.98 * most <= done <= most


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_remaining_zero_does_not_slow_a_full_window(files, workers):
    limit, minutes = 60, 30
    latency = 60 / limit * workers * 0.98  # as good as exactly the permitted rate
    server = SlidingWindow(limit, 0)

    async def run(clock: Callable[[], float]) -> int:
        limiter = RateLimiter(next(files), per_minute=limit, clock=clock)

        async def worker() -> None:
            while clock() < START + 60 * minutes:
                slot = await limiter.acquire()
                await asyncio.sleep(latency / 2)
                assert server.permits(clock())
                headers = {
                    "X-RateLimit-Limit": str(limit),
                    "X-RateLimit-Remaining": str(limit - len(server.seen)),
                    "X-RateLimit-Reset": str(int(clock() + 60)),
                }
                await asyncio.sleep(latency / 2)
                limiter.finish(slot)
                limiter.observe(200, headers)

        await asyncio.gather(*(worker() for _ in range(workers)))
        limiter.close()
        return limiter.requests

    assert simulate(run) >= 0.85 * limit * minutes


def run_with_pacer(files: Iterator[Path], work: Any, **options: Any) -> Any:
    async def run(clock: Callable[[], float]) -> Any:
        with RateLimiter(next(files), clock=clock, **options) as limiter:
            return await work(limiter, clock)

    return simulate(run)


def test_250_of_300_requests_are_granted_at_once(files):
    async def work(limiter, clock):
        await asyncio.gather(*(limiter.acquire() for _ in range(250)))
        assert clock() == START
        assert limiter.requests == 250

    run_with_pacer(files, work)


@pytest.mark.parametrize("requests", [0, 1, 6, 7, 10, 11, 30, 37])
def test_seconds_for_requests_are_those_they_take(files, requests):
    async def work(limiter, clock):
        for _ in range(4):  # a permit that is held, each a second later
            limiter.finish(await limiter.acquire())
            await asyncio.sleep(1)
        forecast, began = limiter.seconds_for(requests), clock()
        for _ in range(requests):
            limiter.finish(await limiter.acquire())
        assert clock() - began == pytest.approx(forecast, abs=0.5)

    run_with_pacer(files, work, per_minute=10)


def test_seconds_for_requests_have_the_pause_and_each_key_its_part(files):
    async def work(limiter, clock):
        assert limiter.seconds_for(20) == 0
        assert limiter.seconds_for(21) == pytest.approx(60, abs=0.5)
        limiter.observe(429, {"Retry-After": "30"}, 1)
        assert limiter.seconds_for(2) == pytest.approx(30)

    run_with_pacer(files, work, per_minute=10, keys="ab")


def test_permits_are_granted_in_order(files):
    order: list[int] = []

    async def ask(limiter, i):
        limiter.finish(await limiter.acquire())
        order.append(i)

    async def work(limiter, clock):
        await asyncio.gather(*(ask(limiter, i) for i in range(20)))

    run_with_pacer(files, work, per_minute=3)
    assert order == list(range(20))


def test_cancelled_waiter_takes_no_permit(files):
    async def work(limiter, clock):
        first = await limiter.acquire()
        limiter.finish(first)
        waiting = [asyncio.create_task(limiter.acquire()) for _ in range(5)]
        await asyncio.sleep(10)
        for task in waiting:
            task.cancel()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(r, asyncio.CancelledError) for r in results)
        await limiter.acquire()
        assert clock() - START == pytest.approx(HOLD, abs=0.01)
        assert limiter.requests == 2

    run_with_pacer(files, work, per_minute=1)


def test_permit_is_held_until_a_minute_after_the_answer(files):
    async def work(limiter, clock):
        slot = await limiter.acquire()
        await asyncio.sleep(20)
        limiter.finish(slot)
        await limiter.acquire()
        assert clock() - START == pytest.approx(20 + HOLD, abs=0.01)

    run_with_pacer(files, work, per_minute=1)


def test_permit_of_a_dead_process_frees_itself(files):
    async def work(limiter, clock):
        await limiter.acquire(longest=35)
        await limiter.acquire()
        assert clock() - START == pytest.approx(35 + HOLD, abs=0.01)

    run_with_pacer(files, work, per_minute=1)


def test_new_rate_limiter_continues_from_the_file(files):
    file = next(files)

    async def run(clock):
        with RateLimiter(file, per_minute=2, clock=clock) as limiter:
            for _ in range(2):
                limiter.finish(await limiter.acquire())
        with RateLimiter(file, per_minute=2, clock=clock) as limiter:
            await limiter.acquire()
            assert clock() - START == pytest.approx(HOLD, abs=0.01)
            assert limiter.requests == 1

    simulate(run)


def test_spent_daily_budget_error_says_when_to_continue(files):
    async def work(limiter, clock):
        for _ in range(5):
            limiter.finish(await limiter.acquire())
        with pytest.raises(BudgetSpent, match="5 requests") as caught:
            await limiter.acquire()
        assert "2025-04-01 00:00 UTC" in str(caught.value)
        assert limiter.requests == 5
        await asyncio.sleep(12 * 3600)  # from noon to midnight
        await limiter.acquire()

    run_with_pacer(files, work, per_day=5)


def test_every_waiter_gets_budget_spent(files):
    async def work(limiter, clock):
        results = await asyncio.gather(
            *(limiter.acquire() for _ in range(9)), return_exceptions=True
        )
        assert [isinstance(r, BudgetSpent) for r in results] == [False] * 4 + [True] * 5

    run_with_pacer(files, work, per_minute=2, per_day=4)


def test_request_across_midnight_counts_on_both_days(files):
    async def work(limiter, clock):
        await asyncio.sleep(12 * 3600 - 1)
        slot = await limiter.acquire()
        await asyncio.sleep(2)
        limiter.finish(slot)
        with pytest.raises(BudgetSpent, match="2025-04-01"):
            await limiter.acquire()

    run_with_pacer(files, work, per_day=1)


def test_429_pauses_all_processes(files):
    file = next(files)

    async def run(clock):
        with RateLimiter(file, clock=clock) as one, RateLimiter(file, clock=clock) as other:
            one.finish(await one.acquire())
            assert one.observe(429, {"Retry-After": "7"}) == 7
            await asyncio.gather(one.acquire(), other.acquire())
            assert clock() - START == pytest.approx(7, abs=0.01)

    simulate(run)


def test_concurrent_refusals_back_off_once(files):
    async def work(limiter, clock):
        assert [limiter.observe(429, {}) for _ in range(5)] == [1, 1, 1, 1, 1]
        waits = []
        for _ in range(8):
            before = clock()
            limiter.finish(await limiter.acquire())
            waits.append(round(clock() - before))
            limiter.observe(429, {})
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
        limiter.finish(await limiter.acquire())
        limiter.observe(200, {})
        assert limiter.observe(429, {}) == 1

    run_with_pacer(files, work)


def test_retry_after_of_hours_ends_the_run(files):
    async def work(limiter, clock):
        limiter.observe(429, {"Retry-After": "7200"})
        with pytest.raises(BudgetSpent, match="2025-03-31 14:00 UTC"):
            await limiter.acquire()
        await asyncio.sleep(7200)
        await limiter.acquire()

    run_with_pacer(files, work)


def test_excessive_retry_after_is_forgotten_after_a_day(files):
    async def work(limiter, clock):
        limiter.observe(429, {"Retry-After": "99999999999"})
        await asyncio.sleep(86_401)
        await limiter.acquire()

    run_with_pacer(files, work)


def test_lower_server_limit_applies_to_later_processes(files):
    file = next(files)

    async def run(clock):
        with RateLimiter(file, clock=clock) as limiter:
            limiter.observe(200, {"x-ratelimit-limit": "2"})
        with RateLimiter(file, clock=clock) as limiter:
            for _ in range(3):
                limiter.finish(await limiter.acquire())
            assert clock() - START == pytest.approx(HOLD, abs=0.01)

    simulate(run)


def test_higher_server_limit_is_ignored(files):
    async def work(limiter, clock):
        limiter.observe(200, {"x-ratelimit-limit": "100000"})
        for _ in range(3):
            limiter.finish(await limiter.acquire())
        assert clock() - START == pytest.approx(HOLD, abs=0.01)

    run_with_pacer(files, work, per_minute=2)


def test_key_used_up_by_others_waits_for_the_reset(files):
    async def work(limiter, clock):
        limiter.finish(await limiter.acquire())
        reset = str(int(START) + 30)
        limiter.observe(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})
        await limiter.acquire()
        assert clock() - START == pytest.approx(30, abs=0.01)

    run_with_pacer(files, work)


@pytest.mark.parametrize("back", [5.0, 3600.0, 86_400.0])
def test_clock_rollback_waits_at_most_one_window(files, back):
    shift = 0.0

    async def run(clock):
        nonlocal shift
        with RateLimiter(next(files), per_minute=2, clock=lambda: clock() - shift) as limiter:
            for _ in range(2):
                limiter.finish(await limiter.acquire())
            limiter.observe(429, {"Retry-After": "20"})
            shift = back
            await limiter.acquire()
            assert clock() - START <= HOLD + 1.1

    simulate(run)


def test_pause_keeps_its_length_after_a_clock_rollback(files):
    shift = 0.0

    async def run(clock):
        nonlocal shift
        with RateLimiter(next(files), clock=lambda: clock() - shift) as limiter:
            await limiter.acquire()
            limiter.observe(429, {"Retry-After": "20"})
            shift = 3600.0
            await limiter.acquire()
            assert 19 <= clock() - START <= 21.1

    simulate(run)


def test_rate_limiter_serves_consecutive_event_loops(files):
    file = next(files)
    limiter = RateLimiter(file, clock=lambda: START)
    for _ in range(2):

        async def burst() -> None:
            await asyncio.gather(*(limiter.acquire() for _ in range(5)))

        asyncio.run(burst())
    assert limiter.requests == 10
    limiter.close()


def test_earliest_is_now_while_permits_are_free():
    assert earliest(100.0, 4, None, 5, HOLD) == 100.0


def test_earliest_with_all_permits_taken():
    assert earliest(100.0, 5, 130.0, 5, HOLD) == 130.0
    assert earliest(100.0, 5, 190.0, 5, HOLD) == 100.0 + HOLD
    assert earliest(100.0, 5, 190.0, 5, 1.05) == 101.05


def test_pause_outlasts_a_free_permit(files):
    async def work(limiter, clock):
        limiter.finish(await limiter.acquire())
        limiter.observe(429, {"Retry-After": "90"})
        await limiter.acquire()
        assert clock() - START == pytest.approx(90, abs=0.01)

    run_with_pacer(files, work, per_minute=1)


def test_next_midnight_is_in_utc():
    assert next_midnight(START).isoformat() == "2025-04-01T00:00:00+00:00"


def test_foreign_file_is_refused_by_name(tmp_path):
    file = tmp_path / "pace.sqlite"
    file.write_bytes(b"this is not a database, this is a letter" * 100)
    with pytest.raises(RateLimiterProblem, match=r"pace\.sqlite"):
        RateLimiter(file)


def test_broken_file_stops_requests_but_loses_no_answer(tmp_path):
    async def run() -> None:
        limiter = RateLimiter(tmp_path / "pace.sqlite")
        slot = await limiter.acquire()
        limiter.close()
        limiter.finish(slot)
        assert limiter.observe(429, {"Retry-After": "3"}) == 3
        with pytest.raises(RateLimiterProblem):
            await limiter.acquire()

    asyncio.run(run())


@pytest.mark.parametrize("limits", [{"per_minute": 0}, {"per_day": 0}, {"per_minute": -5}])
def test_zero_limit_is_a_usage_problem(tmp_path, limits):
    with pytest.raises(UsageProblem):
        RateLimiter(tmp_path / "pace.sqlite", **limits)


def test_shorter_windows_that_light_states_are_kept_and_used_up(files):
    """``10, 10;w=1, 300;w=60``: ten a second and 300 a minute, not ten a minute."""
    stated = {"X-RateLimit-Limit": "10, 10;w=1, 120;w=60"}
    requests: list[float] = []

    async def work(limiter, clock):
        async def ask():
            slot = await limiter.acquire()
            requests.append(clock())
            await asyncio.sleep(0.05)
            limiter.finish(slot)
            limiter.observe(200, stated)

        await ask()
        await asyncio.gather(*(ask() for _ in range(239)))

    run_with_pacer(files, work)
    times = sorted(requests)
    assert all(b - a >= 1 for a, b in zip(times, times[10:], strict=False))
    assert all(b - a >= 60 for a, b in zip(times, times[120:], strict=False))
    assert times[119] - START < 15, "a hundred and twenty at ten a second"
    assert times[-1] - START < 75


def test_wait_for_a_full_window_is_announced(files):
    said: list[str] = []

    async def work(limiter, clock):
        for _ in range(5):
            limiter.finish(await limiter.acquire())

    run_with_pacer(files, work, per_minute=2, on_wait=lambda wait: said.append(wait.text))
    words = "The 2 requests a minute that are permitted are used. Waiting 61 seconds."
    assert said == [words] * 2


def test_one_refusal_of_many_requests_is_one_refusal(files):
    async def work(limiter, clock):
        for _ in range(64):
            limiter.observe(503, {})
        await limiter.acquire()
        assert clock() - START == pytest.approx(0.5, abs=0.01)

    run_with_pacer(files, work)


def test_reads_do_not_end_a_hold_of_changes(files):
    """Else a Light that can be read and takes no bill would be asked for ever."""

    async def work(limiter, clock):
        async def posts_and_reads():
            while True:
                limiter.finish(await limiter.acquire())
                limiter.observe(503, {}, words='503 Service Unavailable ("Closed.")')
                limiter.finish(await limiter.acquire())
                limiter.observe(200, {}, reading=True)

        with pytest.raises(HeldBack, match="for 32 seconds, 7 times in a row") as caught:
            await posts_and_reads()
        assert str(caught.value).startswith('Light answered 503 Service Unavailable ("Closed.")')
        await asyncio.sleep(40)
        limiter.finish(await limiter.acquire())
        limiter.observe(200, {})
        limiter.observe(503, {})
        before = clock()
        await limiter.acquire()
        assert clock() - before == pytest.approx(0.5, abs=0.01), "a change went: it begins anew"

    run_with_pacer(files, work)


def test_key_that_is_held_back_is_passed_over(files):
    async def work(limiter, clock):
        for _ in range(9):
            limiter.observe(503, {}, 0)
            permit = await limiter.acquire()
            assert permit.key == 1
            limiter.observe(200, {}, 1)
        assert clock() == START

    run_with_pacer(files, work, keys="ab")


def steps_of_sqlite(limiter: RateLimiter, requests: int) -> int:
    """The work of the database, in hundreds of its instructions, for some requests at once."""
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    async def ask() -> None:
        for _ in range(requests):
            limiter.finish(await limiter.acquire())

    limiter._db.set_progress_handler(count, 100)
    asyncio.run(ask())
    limiter._db.set_progress_handler(None, 100)
    return steps[0]


def test_request_costs_the_same_however_many_were_sent_in_the_minute(files):
    """Else verifying and undoing many bills takes more than in proportion."""
    with RateLimiter(next(files), per_minute=1_000_000, clock=lambda: START) as limiter:
        first = steps_of_sqlite(limiter, 200)
        steps_of_sqlite(limiter, 3_000)
        assert steps_of_sqlite(limiter, 200) <= 1.3 * first


def test_permits_of_a_file_of_an_older_version_count(files):
    file = next(files)
    with RateLimiter(file, per_minute=3, clock=lambda: START) as limiter:
        limiter._db.executescript("DROP TRIGGER slot_taken; DROP TRIGGER slot_freed")
        limiter._db.execute("DROP TABLE held")
        for i in range(2):  # as it wrote them
            limiter._db.execute(
                "INSERT INTO slot (key, started_at, free_at) VALUES ('key', ?, ?)",
                (START, START + 10 + i),
            )

    async def run(clock):
        with RateLimiter(file, per_minute=3, clock=clock) as limiter:
            await limiter.acquire()
            assert clock() == START
            await limiter.acquire()
            assert clock() - START == pytest.approx(10, abs=0.01)

    simulate(run)
