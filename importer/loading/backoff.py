"""Exponential back-off while Light is unreachable."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST, _LONGEST = 0.5, 15.0  # seconds to hold back


@dataclass
class Backoff:
    """Times are of the caller's clock, in seconds."""

    held_until: float = 0.0  # nothing is sent before
    lost_since: float | None = None
    _delay: float = _FIRST

    def reset(self) -> None:
        """Light was reached."""
        self.lost_since, self._delay = None, _FIRST

    def lost(self, now: float) -> float:
        """Light was not reached; for how many seconds that has been so."""
        if self.lost_since is None:
            self.lost_since = now
        return now - self.lost_since

    def hold(self, now: float) -> bool:
        """Hold back, twice as long each time; False where that is so already."""
        if now < self.held_until:
            return False
        self.held_until = now + self._delay
        self._delay = min(self._delay * 2, _LONGEST)
        return True
