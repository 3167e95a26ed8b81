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

    def claim(self, light_id: str, entry: int) -> bool:
        """Whether the bill is this entry's from now on; not where it is, or was, another's."""
        owner = self._claims.get(light_id)
        if owner is None and self.in_journal([light_id]):
            return False
        self._claims.setdefault(light_id, entry)
        return owner in (None, entry)
