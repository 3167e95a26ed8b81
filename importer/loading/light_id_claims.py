"""Which entry a bill of Light belongs to: one at most, from the answer that names it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

Owned = Callable[[Collection[str]], set[str]]  # see Journal.owned


@dataclass
class LightIdClaims:
    """Ids of bills in Light, of the journal (``in_journal``) and of the answers of this run, which
    the journal may not have yet."""

    in_journal: Owned
    _claims: dict[str, int] = field(default_factory=dict)  # entry by id
    _expected: set[str] = field(default_factory=set)
    _of_nobody: set[str] = field(default_factory=set)  # when the last of these were asked for

    def expect(self, light_id: str) -> None:
        """It is claimed in a moment, as others: the journal is asked for all of them at once."""
        self._expected.add(light_id)

    def claim(self, light_id: str, entry: int, *, expected: bool = False) -> bool:
        """Whether the bill is this entry's from now on; not where it is, or was, another's."""
        owner = self._claims.get(light_id)
        ask = self._expected_in_journal if expected else self._in_journal
        if owner is None and ask(light_id):
            return False
        self._claims.setdefault(light_id, entry)
        return owner in (None, entry)

    def _in_journal(self, light_id: str) -> bool:
        return bool(self.in_journal([light_id]))

    def _expected_in_journal(self, light_id: str) -> bool:
        if light_id in self._expected:
            self._of_nobody = self._expected - self.in_journal(self._expected)
            self._expected = set()
        if light_id not in self._of_nobody:
            return self._in_journal(light_id)
        self._of_nobody.remove(light_id)
        return False
