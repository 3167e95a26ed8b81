"""A connection to Light at the permitted pace."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from importer.app.destination import Destination, PaceOptions
from importer.app.events import Listener, Message
from importer.light.client import LightClient
from importer.light.rate_limiter import RateLimiter


@contextlib.asynccontextmanager
async def connect(
    destination: Destination, pace: PaceOptions, listener: Listener
) -> AsyncIterator[tuple[LightClient, RateLimiter]]:
    """The client and its rate limiter, which counts the requests."""
    limiter = RateLimiter(
        destination.pace_file,
        keys=[key.mark for key in destination.credentials.keys],
        per_minute=destination.per_key,
        per_day=destination.per_day,
        on_wait=(lambda text: listener(Message(text))) if pace.wait else None,
    )
    try:
        client = LightClient(
            destination.base_url, destination.credentials, limiter, timeout=pace.timeout
        )
        async with client:
            yield client, limiter
    finally:
        limiter.close()
