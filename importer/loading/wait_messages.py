"""Messages while a load makes no progress for long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from importer.core.hold_back import ANNOUNCED_FROM, duration


@dataclass
class WaitMessages:
    """``show`` says them to the person. ``announced_until``: the moment, by the engine's clock,
    until which it is known what is waited for."""

    show: Callable[[str], None]
    announced_until: float = 0.0

    def waiting(self, seconds: float, now: float, bills: int) -> None:
        """Of a wait for looks at some bills of which nothing was said."""
        if seconds > ANNOUNCED_FROM and now + seconds > self.announced_until and bills:
            self.announced_until = now + seconds
            which = "the bill" if bills == 1 else f"{bills:,} bills"
            self.show(f"Waiting {duration(seconds)}, then asking Light again about {which}.")

    def answer_lost(self, settle: float, now: float, bills: int) -> None:
        """Of answers that were lost where nothing else goes on."""
        self.announced_until = now + settle
        which = ("one bill", "it") if bills == 1 else (f"{bills:,} bills", "them")
        self.show(
            f"The answer for {which[0]} was lost; looking {which[1]} up in Light in"
            f" {settle:g} second{'' if settle == 1 else 's'}."
        )
