"""The nearest of several names, for hints: "did you mean 'x'?". Similarity is rapidfuzz's ratio."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_COMPARISONS = 400_000  # of one ``NearestName``; past it there are no more hints
_MOST_NAMES = 20_000


def nearest_name(name: str, names: Iterable[str], cutoff: float) -> str | None:
    """The most similar of the names; None where none reaches ``cutoff`` (0 to 100).

    Of several alike the last in alphabetical order.
    """
    from rapidfuzz import fuzz, process  # costs the start of the program

    ordered = sorted(names, reverse=True)
    match = process.extractOne(name, ordered, scorer=fuzz.ratio, score_cutoff=cutoff)
    return None if match is None else str(match[0])


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """``; did you mean 'x'?``, or nothing: for the end of a message."""
    nearest = _likely_name(name, names)
    return "" if nearest is None else f"; did you mean '{nearest}'?"


def nearest_is(name: str, names: Iterable[str]) -> str:
    """``; the nearest is 'x'``, or nothing: for the middle of a hint."""
    nearest = _likely_name(name, names)
    return nearest_are([] if nearest is None else [nearest])


def _likely_name(name: str, names: Iterable[str]) -> str | None:
    possible = [other for other in names if len(name) <= 3 * len(other)]  # the name may be endless
    return nearest_name(name, possible, cutoff=60)


def nearest_are(labels: Sequence[str]) -> str:
    """``; the nearest is 'x'``, ``; the nearest are 'x' and 'y'``, or nothing."""
    *others, last = [f"'{label}'" for label in labels] or [""]
    if others:
        return f"; the nearest are {', '.join(others)} and {last}"
    return f"; the nearest is {last}" if last else ""


def nearest_several(name: str, names: Iterable[str], most: int = 4) -> str:
    """As ``nearest_are``, of the most similar names."""
    from rapidfuzz import fuzz, process

    near = process.extract(name, sorted(names), scorer=fuzz.ratio, limit=most, score_cutoff=60)
    return nearest_are([str(each) for each, _, _ in near])


class NearestName:
    """Hints for many wrong names among the same ``names``; no more after 400,000 comparisons.

    A sheet whose every name is wrong needs one correction, not a hint a row.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(dict.fromkeys(names))[:_MOST_NAMES]
        self._hints: dict[str, str] = {}
        self._budget = _COMPARISONS

    def hint(self, name: str) -> str:
        """``; the nearest is 'x'``, or nothing."""
        if name not in self._hints:
            if self._budget <= 0:
                return ""
            self._budget -= len(self._names)
            nearest = nearest_name(name, self._names, cutoff=80)
            self._hints[name] = nearest_are([] if nearest is None else [nearest])
        return self._hints[name]
