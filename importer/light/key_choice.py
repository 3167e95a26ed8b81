"""Which key the next requests go with, where there are several; and why none does."""

from __future__ import annotations

from collections.abc import Sequence

from importer.light.key_limits import KeyAvailability, LimitedKey, why_full, why_held


def choose(
    available: Sequence[KeyAvailability], now: float, most: int
) -> list[tuple[LimitedKey, int]]:
    """How many requests go at once with which key, at least one: each with the key that has the
    largest part of its limit left then."""
    chosen: dict[int, int] = {}
    free = [each for each in available if each.at <= now]
    for _ in range(max(most, 1)):
        best = min(range(len(free)), key=lambda i: free[i].taken)
        if chosen and free[best].room < 1:
            break
        chosen[best] = chosen.get(best, 0) + 1
        free[best].taken += 1 / free[best].limit
        free[best].room -= 1
        if free[best].room < 1:
            free[best].key.full_at = now
    return [(free[i].key, number) for i, number in chosen.items()]


def why_not(first: KeyAvailability) -> str:
    """Why nothing may be sent with the key that may go first."""
    if first.paused:
        return why_held(first.key.hold)
    return why_full(first.limit, first.window)
