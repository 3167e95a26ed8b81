"""A pace without a limit of its own, which waits as long as Light asks: the limits have tests of
their own, and cost a tenth of the time here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from importer.light.permit_stock import Permit


@dataclass
class OpenPace:
    """Stands for a ``RateLimiter`` of one key."""

    requests: int = 0
    keys: int = 1
    _until: float = 0.0  # by the loop's clock

    async def acquire(
        self, longest: float = 0.0, *, key: int | None = None, wait: bool = True
    ) -> Permit:
        loop = asyncio.get_running_loop()
        while (seconds := self._until - loop.time()) > 0:
            await asyncio.sleep(seconds)
        self.requests += 1
        return Permit(0, loop.time())

    def finish(self, permit: Permit) -> None:
        """Nothing is counted."""

    def seconds_for(self, requests: int) -> float:
        return 0.0

    def observe(
        self, status: int, headers: Mapping[str, str], key: int = 0, **words: object
    ) -> float | None:
        """The seconds that Light asks to wait, which all then do."""
        if "retry-after" not in headers:
            return None
        seconds = float(headers["retry-after"])
        self._until = asyncio.get_running_loop().time() + seconds
        return seconds
