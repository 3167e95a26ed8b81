"""Answers that hold everybody back: which, and how long until the run stops.

Light, or something in front of it, takes nothing for now: too many requests, a bill that is not
paid, a maintenance window, a log-in page of the network. The same request may go later, so it is
sent again after a pause, by one request at a time; and where that lasts, the run stops.
"""

from __future__ import annotations

from dataclasses import dataclass

from importer.core.counted_nouns import count

# After 503 the request may have been carried out all the same; after the others it was not.
UNTOUCHED = frozenset((402, 407, 425, 429, 451, 511))
HOLDING = UNTOUCHED | {503}

ANNOUNCED_FROM = 5.0  # seconds; a longer wait is announced
LONGEST_WAIT = (
    600.0  # seconds of being held back where Light says how long, or that we are too fast
)
LONGEST_UNSTATED = 60.0  # seconds of being held back otherwise
FEWEST_REFUSALS = 3  # in a row, before it counts as lasting
MOST_REFUSALS = 50  # in a row, whatever the clock says


@dataclass(frozen=True)
class AnnouncedWait:
    """Nothing may be sent for ``seconds``; ``text`` says why, in a sentence for people.

    ``of_limit``: the permitted requests are used; else Light asks for it.
    """

    text: str
    seconds: float
    of_limit: bool


def longest_hold(status: int, *, stated: bool) -> float:
    """Seconds after the first such answer in a row within which the last try may go."""
    return LONGEST_WAIT if stated or status == 429 else LONGEST_UNSTATED


def duration(seconds: float) -> str:
    """For people, rounded up: "1 second", "45 seconds", "3 minutes", "2 hours"."""
    number, unit = max(1, -int(-seconds // 1)), "second"
    for longer, name in ((60, "minute"), (3600, "hour")):
        if seconds >= 2 * longer:
            number, unit = -int(-seconds // longer), name
    return count(number, unit)
