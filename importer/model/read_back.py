"""A bill read back from Light, compared with the sheet. Money is ``int`` cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from importer.model.ageing import OpenBalance


class Comparison(StrEnum):
    """How a bill read back from Light compares with the sheet."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that Light shows otherwise. ``line`` is the index among the bill's lines, None for
    the bill itself; ``sheet`` and ``light`` are texts for people, amounts in major units."""

    field: str
    line: int | None
    sheet: str
    light: str


@dataclass(frozen=True, slots=True)
class LineReadBack:
    """What Light made of a line item; ``line`` is its index among the bill's lines, None where the
    bill has no such line. ``metadata`` is JSON. None is what Light does not say."""

    line: int | None
    light_id: str
    type: str | None = None
    metadata: str | None = None
    should_amortize: bool | None = None
    amortization_schedule_id: str | None = None
    cost_center_id: str | None = None
    suggestions: tuple[tuple[str, tuple[str, ...], str], ...] = ()  # field, values, reasoning
    created_at: datetime | None = None  # UTC
    updated_at: datetime | None = None

    def suggested(self, word: str) -> tuple[str, ...]:
        """The values that Light suggests for a field whose name has the word, as "account"."""
        fields = (each for each in self.suggestions if word in each[0].casefold())
        return tuple(value for _, values, _ in fields for value in values)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A bill as ``verify`` read it from Light; amounts in cents, None where Light states none."""

    comparison: Comparison
    moment: datetime  # UTC
    light_state: str = ""
    amount: int | None = None  # gross
    net: int | None = None
    tax: int | None = None
    lines: bool = False  # each line was read by itself too
    differences: tuple[Difference, ...] = ()
    message: str = ""
    line_items: tuple[LineReadBack, ...] = ()  # where ``lines``
    balance: OpenBalance | None = None  # where it was asked for
