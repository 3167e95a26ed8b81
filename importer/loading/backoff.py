"""Whether Light can be reached, and how long to hold back where it cannot."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST, _LONGEST = 0.5, 15.0  # seconds to hold back


@dataclass
class Backoff:
    """Times are of the caller's clock, in seconds."""

    held_until: float = 0.0  # nothing is sent before
    lost_since: float | None = None
    _backoff: float = _FIRST

    def reached(self) -> None:
        self.lost_since, self._backoff = None, _FIRST

    def lost(self, now: float) -> float:
        """Light was not reached; how long that has been so by now."""
        if self.lost_since is None:
            self.lost_since = now
        return now - self.lost_since

    def hold(self, now: float) -> bool:
        """Hold back for a while, longer each time; False where that is so already."""
        if now < self.held_until:
            return False
        self.held_until = now + self._backoff
        self._backoff = min(self._backoff * 2, _LONGEST)
        return True
