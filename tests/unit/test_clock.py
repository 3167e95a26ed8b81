"""The clock that everything asks for the time of day."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from importer.core.clock import clock_in_use, utc_now

NOON = datetime(2025, 3, 31, 12, 0, tzinfo=UTC)


def test_the_time_of_day_is_utc() -> None:
    before = datetime.now(UTC)
    assert before <= utc_now() <= datetime.now(UTC)


def test_each_task_has_the_clock_it_was_started_with() -> None:
    async def moment() -> datetime:
        await asyncio.sleep(0)
        return utc_now()

    async def two_computers() -> list[datetime]:
        tasks = []
        for ahead in (0, 5):
            with clock_in_use(lambda ahead=ahead: NOON + timedelta(minutes=ahead)):
                tasks.append(asyncio.create_task(moment()))
        return list(await asyncio.gather(*tasks))

    assert asyncio.run(two_computers()) == [NOON, NOON + timedelta(minutes=5)]
    assert utc_now() != NOON
