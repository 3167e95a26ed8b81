"""Index of the names of things in Light: exact matches, and the most similar for hints."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from importer.core.name_key import name_key
from importer.core.nearest_name import nearest_are
from importer.core.total_words import is_total
from importer.model.report_model import Suggestion

ACTIVE = "ACTIVE"
# Light's lists of statuses are open: what is in neither of these is unknown, and nothing is sent
# for it. Source: the statuses of vendors, entities, accounts and purchase orders in OpenAPI.
_DOUBTFUL = frozenset(
    "ONBOARDING IN_REVIEW HIDDEN IN_DRAFT RESET_PENDING APPROVED_ACCOUNTING_ENTRY_PENDING".split()
)
_ENDED = frozenset(
    "FAILED INACTIVE ARCHIVED DELETED DISABLED BLOCKED CLOSE CLOSED CANCEL CANCELLED"
    " REJECTED".split()
)

LIKELY = 72.0  # of 100: worth naming in a sentence
POSSIBLE = 58.0  # worth offering in a list of suggestions
MOST = 6  # suggestions
_COMPARISONS = 10_000_000  # some ten seconds' worth

_WORD = re.compile(r"\w+")
# They do not identify a company, and make short names similar.
_LEGAL_FORMS = frozenset(
    "ltd limited plc llp lp inc incorporated corp corporation co company gmbh ag kg ug mbh ohg se"
    " sa sas sarl srl spa bv nv ab as aps oy oyj the and und et".split()
)


@dataclass(frozen=True)
class Named:
    """One thing of Light. ``keys`` are what a sheet may call it; ``also`` only makes it similar.

    ``label`` is how it is shown to people.
    """

    id: str
    label: str
    keys: tuple[str, ...]
    status: str | None = None
    also: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        return (self.status or ACTIVE).upper() == ACTIVE

    @property
    def doubtful(self) -> bool:
        """Whether it is not active, and bills can perhaps be entered for it."""
        return (self.status or ACTIVE).upper() in _DOUBTFUL

    @property
    def usable(self) -> bool:
        """Whether bills can be entered for it, as far as is known."""
        return self.active or self.doubtful

    @property
    def unknown_status(self) -> bool:
        """Whether Light has a status for it that nothing is known of."""
        ended = (self.status or ACTIVE).upper().partition("_")[0] in _ENDED
        return not (self.usable or ended)

    @property
    def label_with_status(self) -> str:
        """The label, with the status where it is not active."""
        return self.label if self.status in (None, ACTIVE) else f"{self.label}, {self.status}"


class NameIndex:
    """Things of Light by name. ``key`` is how two names are compared for being the same.

    Equal labels get their ids, so that all labels differ. After ``comparisons`` for similar names
    there are no more of them, which will do for suggestions; ``math.inf`` where they decide.
    """

    def __init__(
        self,
        things: Iterable[Named],
        key: Callable[[str], str] = name_key,
        *,
        comparisons: float = _COMPARISONS,
    ) -> None:
        every = list(things)
        labels = Counter(thing.label for thing in every)
        self.things = [
            t if labels[t.label] == 1 else replace(t, label=f"{t.label} [{t.id}]") for t in every
        ]
        self._key = key
        self._budget = comparisons
        self._similarity: _Similarity | None = None
        self._near: dict[str, list[tuple[float, Named]]] = {}

    @cached_property
    def _exact(self) -> dict[str, dict[str, Named]]:
        """The things of each key; an index that is asked for labels alone needs none."""
        exact: dict[str, dict[str, Named]] = defaultdict(dict)
        for thing in self.things:
            for name in thing.keys:
                exact[self._key(name)][thing.id] = thing
        return exact

    def exact(self, text: str) -> list[Named]:
        """All things of that name, by label; similarity never picks one."""
        things = self._exact.get(self._key(text), {})
        return sorted(things.values(), key=lambda thing: thing.label)

    def nearest(self, text: str, at_least: float = POSSIBLE) -> list[Named]:
        """The most similar things, the best first, at most six; never one that is not usable."""
        if is_total(text):  # a row that is a total, not a name
            return []
        if text not in self._near:
            if self._similarity is None:
                self._similarity = _Similarity(thing for thing in self.things if thing.usable)
            self._budget -= self._similarity.comparisons
            if self._budget < 0:
                return []
            self._near[text] = self._similarity.nearest(text)
        return [thing for score, thing in self._near[text] if score >= at_least]

    def hint(self, text: str) -> str:
        """``; the nearest is 'x'``, ``; the nearest are 'x' and 'y'``, or nothing."""
        return nearest_are([thing.label for thing in self.nearest(text, LIKELY)[:3]])

    def suggestions(self, text: str) -> tuple[Suggestion, ...]:
        return tuple(Suggestion(thing.id, thing.label) for thing in self.nearest(text))


class _Similarity:
    """Similarity of names, from 0 to 100: the best of the names as they are, their words in
    alphabetical order ("Couriers, Amberley"), and nine tenths where the words of one are all in
    the other ("IBM" in "IBM UK"), legal forms aside.

    Over the invented vendors with typing errors, missing, added and turned words the right one is
    first in 93 % and among the first five in 96 % (by rapidfuzz's WRatio 90 and 95 %), "Zebra Ltd"
    is not 86 % like every other Ltd, and it takes half the time.
    """

    def __init__(self, things: Iterable[Named]) -> None:
        self._owners: list[Named] = []
        self._names: list[str] = []
        for thing in things:
            for name in dict.fromkeys((*thing.keys, *thing.also)):
                self._owners.append(thing)
                self._names.append(name_key(name))
        self._bare = [" ".join(bare_words(name)) for name in self._names]
        self._sorted = [" ".join(sorted(bare_words(name))) for name in self._names]
        self.comparisons = 3 * len(self._names)  # of one name

    def nearest(self, text: str) -> list[tuple[float, Named]]:
        from rapidfuzz import fuzz  # most files have no wrong name

        best: dict[str, tuple[float, float, Named]] = {}
        query = name_key(text)
        for score, at in self._scores(query):
            thing, tie = self._owners[at], fuzz.ratio(query, self._names[at])
            if (score, tie) > best.get(thing.id, (0.0, 0.0))[:2]:
                best[thing.id] = (score, tie, thing)
        ranked = sorted(best.values(), key=lambda b: (-b[0], -b[1], b[2].label))
        return [(score, thing) for score, _, thing in ranked[:MOST]]

    def _scores(self, name: str) -> Iterator[tuple[float, int]]:
        from rapidfuzz import fuzz, process

        words = bare_words(name)
        bare, ordered = " ".join(words), " ".join(sorted(words))
        for query, names, scorer, weight in (
            (name, self._names, fuzz.ratio, 1.0),
            (bare, self._bare, fuzz.ratio, 1.0),
            (ordered, self._sorted, fuzz.ratio, 1.0),
            (bare, self._bare, fuzz.token_set_ratio, 0.9),
        ):
            for _, score, at in process.extract(
                query, names, scorer=scorer, limit=2 * MOST, score_cutoff=POSSIBLE
            ):
                yield score * weight, at


def bare_words(name: str) -> list[str]:
    """The words of a name in the form of ``name_key``, without legal forms."""
    words = _WORD.findall(name)
    return [word for word in words if word not in _LEGAL_FORMS] or words
