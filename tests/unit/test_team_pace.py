"""The pace of all computers of a team: one count of each key and company, by one clock."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from postgres_server import Exchanges, counted_exchanges, team_journal

from importer.core.errors import BudgetSpent, RateLimiterProblem
from importer.core.hold_back import AnnouncedWait
from importer.light.rate_limiter import RateLimiter
from importer.light.team_pace import TeamPace, TeamPaceStore
from importer.loading.journal.journal import Journal


@pytest.fixture
def place(database: str) -> TeamPace:
    Journal(team_journal(database)).close()  # creates the tables
    return TeamPace(database, f"https://{uuid.uuid4().hex}.example")


def test_computers_share_the_minute_of_a_key_whatever_their_clocks_say(place: TeamPace) -> None:
    waits: list[AnnouncedWait] = []
    hours = 3_600.0
    clocks = [lambda: time.time() - hours, lambda: time.time() + hours]

    async def sharing() -> None:
        one, other = (
            RateLimiter(place, per_minute=4, clock=clock, on_wait=waits.append) for clock in clocks
        )
        with one, other:
            for limiter in (one, other, one, other):
                limiter.finish(await limiter.acquire())
            for limiter in (one, other):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await limiter.acquire()
            assert abs(one.clock() - other.clock()) < 1.0
        another = TeamPace(place.dsn, "https://sandbox.example/" + uuid.uuid4().hex)
        with RateLimiter(another, per_minute=4) as limiter:
            await limiter.acquire()

    asyncio.run(sharing())
    assert [50 < wait.seconds <= 61 for wait in waits] == [True, True]


def test_keys_of_a_company_share_its_day(place: TeamPace) -> None:
    async def spending() -> None:
        with (
            RateLimiter(place, keys=["one"], per_day=3) as one,
            RateLimiter(place, keys=["other"], per_day=3) as other,
        ):
            await one.acquire()  # before it is known whose key it is
            for limiter in (one, other):
                limiter.belong_to("company")
            await other.acquire()
            await one.acquire()
            with pytest.raises(BudgetSpent):
                await other.acquire()

    asyncio.run(spending())


def test_limit_that_one_computer_heard_counts_for_all(place: TeamPace) -> None:
    async def hearing() -> None:
        with RateLimiter(place) as one, RateLimiter(place) as other:
            one.observe(200, {"X-RateLimit-Limit": "2"})
            one.observe(200, {"X-RateLimit-Limit": "2"})
            for limiter in (one, other):
                await limiter.acquire()
            assert other.seconds_for(1) > 30

    asyncio.run(hearing())


def test_permit_is_granted_on_a_new_connection_when_one_is_lost(place: TeamPace) -> None:
    async def losing() -> None:
        with RateLimiter(place) as limiter:
            permit = await limiter.acquire()
            with psycopg.connect(place.dsn, autocommit=True) as db:
                db.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'light-import'"
                )
            limiter.finish(permit)  # lost: it frees itself
            await limiter.acquire()
            assert limiter.requests == 2

    asyncio.run(losing())


def test_permit_takes_two_exchanges_with_the_database(place: TeamPace) -> None:
    """It may be far away, and all computers of the team wait for one another."""

    async def taking(exchanges: Exchanges) -> None:
        with RateLimiter(TeamPace(exchanges.address, place.base_url)) as limiter:
            before, permits = exchanges.number, 20
            for _ in range(permits):
                limiter.finish(await limiter.acquire())
            assert exchanges.number - before <= 2 * permits + 5  # for the clock, and for chance
            before = exchanges.number
            await asyncio.gather(*(limiter.acquire() for _ in range(permits)))
            assert exchanges.number - before <= 7  # of those who wait together

    with counted_exchanges(place.dsn) as exchanges:
        asyncio.run(taking(exchanges))


def test_permit_reads_few_rows_however_many_were_taken_in_the_minute(place: TeamPace) -> None:
    async def taking(number: int) -> None:
        for _ in range(number):
            with RateLimiter(place, per_minute=1_000_000) as limiter:
                await asyncio.gather(*(limiter.acquire() for _ in range(50)))

    def rows_read() -> int:
        with psycopg.connect(place.dsn, autocommit=True) as db:
            query = (
                "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = %s"
            )
            return int(db.execute(query, ("slot",)).fetchone()[0])

    asyncio.run(taking(10))  # 500 permits
    before = rows_read()
    asyncio.run(taking(10))
    assert rows_read() - before <= 500


@contextlib.contextmanager
def waiting_sessions_lost(place: TeamPace, times: int) -> Iterator[list[float]]:
    """Another computer counts until so many sessions that waited for it were lost, and on.

    Yields a list, which gets the moment at which it has counted.
    """
    counted_at: list[float] = []
    other = TeamPaceStore(place)
    other.begin()
    other.execute("SELECT 1").fetchone()  # once it has the lock

    def lose() -> None:
        lost, until = 0, time.monotonic() + 30
        with psycopg.connect(place.dsn, autocommit=True) as db:
            while lost < times and time.monotonic() < until:
                lost += db.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                ).rowcount
        other.execute("SELECT pg_sleep(0.2)").fetchone()
        counted_at.append(other.clock())
        other.commit()

    thread = threading.Thread(target=lose)
    thread.start()
    try:
        yield counted_at
    finally:
        thread.join()
        other.close()


def test_permit_after_a_lost_connection_counts_from_when_it_is_granted(place: TeamPace) -> None:
    with RateLimiter(place) as limiter, waiting_sessions_lost(place, 1) as counted_at:
        permit = asyncio.run(limiter.acquire())
    assert permit.started_at > counted_at[0] - 0.1


def test_second_lost_connection_refuses_the_permit(place: TeamPace) -> None:
    with (
        RateLimiter(place) as limiter,
        waiting_sessions_lost(place, 2),
        pytest.raises(RateLimiterProblem, match=r"cannot be used .*, so nothing is sent"),
    ):
        asyncio.run(limiter.acquire())
