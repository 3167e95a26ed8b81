"""The nearest of many names, for a hint."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

_COMPARISONS = 400_000  # a few seconds' worth; past it there are no more hints


class Likeness:
    """Finds the nearest of ``names``; gives up once it has compared for some seconds.

    ``key`` is how names are compared. A sheet whose every name is wrong needs one correction, not
    a hint a row.
    """

    def __init__(
        self, names: Iterable[str], cutoff: float = 0.8, key: Callable[[str], str] = str
    ) -> None:
        self._names = {key(name): name for name in names}
        self._keys = list(self._names)[:20_000]
        self._cutoff, self._key = cutoff, key
        self._known: dict[str, str] = {}
        self._left = _COMPARISONS

    def hint(self, name: str) -> str:
        """``; the nearest is 'x'``, or nothing."""
        if name not in self._known:
            if self._left <= 0:
                return ""
            self._left -= len(self._keys)
            near = difflib.get_close_matches(self._key(name), self._keys, n=1, cutoff=self._cutoff)
            self._known[name] = f"; the nearest is '{self._names[near[0]]}'" if near else ""
        return self._known[name]
