"""A connection to Light for the commands on a run of the past."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from importer.app.destination import Destination, PaceOptions
from importer.app.interrupts import signals, this_task
from importer.cli.options import OutputOptions
from importer.light.client import LightClient
from importer.light.rate_limiter import RateLimiter
from importer.model.light_objects import Company


@contextlib.asynccontextmanager
async def connect(
    target: Destination, pace: PaceOptions, output: OutputOptions
) -> AsyncIterator[tuple[LightClient, RateLimiter, Company]]:
    """The client, its pacer, and the company of the key."""
    pacer = RateLimiter(
        target.pace,
        keys=[key.mark for key in target.credentials.keys],
        per_minute=target.per_key,
        per_day=target.per_day,
        on_wait=output.say if pace.wait else None,
    )
    try:
        client = LightClient(target.base_url, target.credentials, pacer, timeout=pace.timeout)
        async with client:
            with signals(this_task().cancel):
                company = await client.company()
            yield client, pacer, company
    finally:
        pacer.close()
