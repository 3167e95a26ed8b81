"""The role of each row below the header, with what is to be reported about rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from importer.model.finding import CellRef, Finding
from importer.model.tables import CellKind, Role


@dataclass(frozen=True)
class ControlTotal:
    """The file's own total, as written, and its place."""

    text: str
    kind: CellKind
    cell: CellRef


@dataclass
class ClassifiedRows:
    """``roles[k]`` and ``groups[k]`` ("" for none) belong to the ``k``-th row below the header.

    ``reasons``: row number → the rule that took the row out. ``notes`` are for people.
    ``doubtful``: ``k`` → why the row may belong to no bill above it, so that it takes no values.
    """

    roles: list[Role]
    groups: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    totals: list[ControlTotal] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    doubtful: dict[int, Finding] = field(default_factory=dict)

    def data(self) -> np.ndarray:
        return data_rows(self.roles)


def data_rows(roles: Sequence[Role]) -> np.ndarray:
    """Which rows are data."""
    if roles.count(Role.DATA) == len(roles):  # mostly; without a loop
        return np.ones(len(roles), dtype=bool)
    return np.asarray([role is Role.DATA for role in roles], dtype=bool)
