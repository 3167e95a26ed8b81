"""One column of a canonical sheet while it is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from importer.core.money import tidy
from importer.mapping.canonical_columns import CanonicalColumn
from importer.mapping.evaluate import PROBLEMS
from importer.mapping.map_tables import MappedTables
from importer.model.fields import Field, FieldKind, field_of
from importer.model.tables import CellKind
from importer.validation.cells import Cells
from importer.validation.column_evidence import FileEvidence


def code_of(sheet: str, name: str, problem: str) -> str:
    """The code of a finding in a canonical column."""
    if problem in PROBLEMS:
        return f"{sheet}.expression.{problem}"
    return f"{sheet}.{field_of(sheet, name).name}.{problem}"


@dataclass
class SheetColumn:
    """What the checks of one column know beside its texts: how they are written, and their rows.

    ``units`` are the cents per unit of each item's currency; ``currencies`` gives the currency of
    the bills of some items, None where unknown, ``evidence`` how all columns are written.
    ``decide_format`` sets ``parse``.
    """

    mapped: MappedTables
    sheet: str
    name: str
    units: np.ndarray
    currencies: Callable[[np.ndarray], list[str | None]]
    evidence: FileEvidence
    formats: np.ndarray | None = None  # the decimal mark or the date order of each cell
    undecided: list[tuple[np.ndarray, str]] = field(default_factory=list)
    """Cells that cannot be read because the whole column can be read in several ways, and why."""
    parse: Callable[[pa.LargeStringArray], Cells] = field(init=False)
    _parsed: tuple[Any, Cells] | None = None  # Arrow's data of a Series, and what it is read as

    @property
    def place(self) -> tuple[str, str]:
        return self.sheet, self.name

    @property
    def field(self) -> Field:
        return field_of(self.sheet, self.name)

    @property
    def canonical(self) -> CanonicalColumn:
        return self.mapped.items(self.sheet).columns[self.name]

    @property
    def texts(self) -> pa.LargeStringArray:
        return self.canonical.array

    def cells_of(self, values: pd.Series) -> Cells:
        """What the texts of a Series are read as: parsed by the first check, for all that follow.

        The Series has one text for each row of the sheet, in Arrow's memory.
        """
        data = values.array.__arrow_array__()
        if self._parsed is None or self._parsed[0] is not data:
            self._parsed = data, self.parse(data.chunk(0))
        return self._parsed[1]

    @property
    def in_cents(self) -> bool:
        """Whether cells hold whole cents, not major units."""
        amounts = self.mapped.template.formats.amounts
        return self.field.kind is FieldKind.CENTS and amounts == "cents"

    @cached_property
    def is_number(self) -> np.ndarray:
        """Which cells are number cells of a workbook."""
        return self.of_kind(CellKind.NUMBER)

    def of_kind(self, kind: CellKind) -> np.ndarray:
        """Which cells are of this kind."""
        kinds = self.canonical.kinds
        if kinds is None:
            return np.zeros(len(self.texts), dtype=bool)
        return np.asarray(kinds == kind, dtype=bool)

    def text(self, i: int) -> str:
        """The text of one cell, tidied."""
        return tidy(self.canonical.text_at(i))

    def format_of(self, i: int) -> str:
        return "" if self.formats is None else str(self.formats[i])
