"""Whether two vendors may be one company, whose name was written in two ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from importer.core.name_key import name_key
from importer.references.name_index import bare_words

_SAME_WORD = 75.0  # of 100: a word with a slip of the pen
_SAME_NAME = 88.0
# A word does not tell one company from another where so many names of different first words have
# it, or so many names: as Construction, and London of the boroughs; Atos in three of a group does.
_FIRST_WORDS, _NAMES = 3, 10
_CONNECTING = frozenset("of for in on at de des la le du del der die das y e i".split())


class SimilarVendors:
    """``names`` are all that Light has and that are to be created: words that many of them have, as
    Construction or City Council, do not identify one."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names_with: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for name in names:
            words = tuple(_words(name))
            for word in words:
                self._names_with[word].add(words)

    def may_be_one(self, one: str, other: str) -> bool:
        """For names that are similar: False for two that have nothing but common words in common,
        and each a word of its own, as Wates Construction and Henstaff Construction."""
        from rapidfuzz import fuzz

        words, others = _words(one), _words(other)
        if fuzz.ratio(" ".join(words), " ".join(others)) >= _SAME_NAME:
            return True
        if fuzz.ratio("".join(words), "".join(others)) >= _SAME_NAME:  # Air Bus, Airbus
            return True
        pairs = [(a, b) for a in words for b in others if fuzz.ratio(a, b) >= _SAME_WORD]
        if {a for a, _ in pairs} == set(words) or {b for _, b in pairs} == set(others):
            return True
        return any(self._identifies(a) and self._identifies(b) for a, b in pairs)

    def _identifies(self, word: str) -> bool:
        names = self._names_with[word]
        return len(names) < _NAMES and len({first for first, *_ in names}) < _FIRST_WORDS


def _words(name: str) -> list[str]:
    """Those that may identify a company; the whole name where it has no others."""
    key = name_key(name)
    return [word for word in bare_words(key) if word not in _CONNECTING] or [key]
