"""Whether a 403 is about one bill or about the key: the answers to the other bills tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from importer.core.answers import Outcome
from importer.loading.operation import Operation

_ENOUGH_REFUSALS = 3  # for lack of a right, and no success, to see that the key does not have it
Refusals = list[tuple[Operation, Outcome[Any]]]


@dataclass
class KeyRights:
    """``forbidden`` are refusals for lack of a right that no other answer has told of yet."""

    forbidden: Refusals = field(default_factory=list)
    _admitted: set[str] = field(default_factory=set)  # rights that the key has

    def is_open(self, outcome: Outcome[Any], right: str) -> bool:
        """Whether a refusal may be of this bill alone, or of all."""
        return outcome.forbidden and right not in self._admitted

    def room(self, most: int) -> int:
        """How many operations may be out at a time."""
        return _ENOUGH_REFUSALS - len(self.forbidden) if self.forbidden else most

    def admit(self, right: str) -> Refusals:
        """The key has this right: what was forbidden until now was so for its bill alone."""
        self._admitted.add(right)
        refused = [each for each in self.forbidden if each[0].right == right]
        self.forbidden = [each for each in self.forbidden if each[0].right != right]
        return refused

    def lacks(self, waiting: Iterable[str]) -> bool | None:
        """Whether the key lacks the right that was refused first, of which Light has said nothing
        else; None where the operations of the rights ``waiting`` will tell.

        One bill cannot be told from the key: then that bill is refused.
        """
        right = self.forbidden[0][0].right
        same = sum(operation.right == right for operation, _ in self.forbidden)
        if same < _ENOUGH_REFUSALS and right in waiting:
            return None
        return same > 1

    def take(self) -> Refusals:
        """All of them; nothing is forbidden any more."""
        taken, self.forbidden = self.forbidden, []
        return taken
