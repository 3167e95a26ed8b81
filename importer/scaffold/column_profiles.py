"""What the cells of a column look like: dates, amounts, ids, currencies, words."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from importer.core import dates
from importer.core.money import (
    Numbers,
    UnreadableAmount,
    numbers_of,
    read_decimal,
    read_number_cell,
    tidy,
)
from importer.model.tables import CellKind, SourceTable

_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_DAY = re.compile(r"[0-9]{1,2}([/.\-])[0-9]{1,2}\1[0-9]{4}(?:[T ].*)?")
_SHORT_DAY = re.compile(r"[0-9]{1,2}([/.\-])[0-9]{1,2}\1[0-9]{2}")
_PART = re.compile(r"[.,](?:[0-9]{1,2}|[0-9]{4,})\D*$|^\D*0?[.,][0-9]")
_ENOUGH = 0.95  # so much of a column must look alike; the rest may be mistakes


@dataclass(eq=False)  # a column is itself, not its texts
class ColumnProfile:
    """A column below the header row. ``texts`` has every row, tidied, "" where blank.

    ``above`` is what an upper row of the header says of it.
    """

    index: int
    header: str
    texts: list[str]
    kinds: Sequence[int] | None
    above: str = ""
    unit: str = ""  # what a row of units below the header says of it
    filled: list[str] = field(init=False)  # each distinct text once, in order

    def __post_init__(self) -> None:
        self.filled = list(dict.fromkeys(text for text in self.texts if text))

    @property
    def header_with_unit(self) -> str:
        return f"{self.header} ({self.unit})" if self.unit else self.header

    @property
    def examples(self) -> list[str]:
        return self.filled[:3]

    def share(self, good: Sequence[bool]) -> bool:
        return bool(good) and sum(good) >= _ENOUGH * len(good)

    def rows_where(self, test: Callable[[str], bool]) -> list[int]:
        """The rows that are filled and of which the test holds."""
        texts = {text for text in self.filled if test(text)}
        return [i for i, text in enumerate(self.texts) if text in texts] if texts else []

    def blank_out(self, rows: Container[int]) -> None:
        """Take the texts of these rows for blank."""
        self.texts = ["" if i in rows else text for i, text in enumerate(self.texts)]
        self.filled = list(dict.fromkeys(filter(None, self.texts)))

    def written_as(self, date_format: str) -> bool:
        """Whether all of it are dates of this format, ``serial`` being Excel's day number."""
        read = dates.reader([date_format], None)
        return bool(self.filled) and all(text.isdigit() and read(text) for text in self.filled)

    @property
    def filled_rows(self) -> int:
        return sum(map(bool, self.texts))

    # --- what it holds ---

    def undated_rows(self) -> list[int]:
        """The rows that hold something other than a date."""
        return self.rows_where(lambda text: not self._date(text))

    def unreadable_rows(self) -> list[int]:
        """The rows that hold something other than a number."""
        return [] if self.all_numbers else self.rows_where(lambda text: not _is_number(text))

    def rows_without_code(self, codes: Container[str]) -> list[int]:
        """The rows that hold something other than such a code."""
        return self.rows_where(lambda text: text.upper() not in codes)

    @property
    def uuids(self) -> bool:
        return self.share([_UUID.fullmatch(text) is not None for text in self.filled])

    def codes_of(self, codes: Container[str]) -> bool:
        """Whether all of it are such codes, as of currencies."""
        return bool(self.filled) and all(text.upper() in codes for text in self.filled)

    @property
    def dates(self) -> bool:
        return self.share([self._date(text) for text in self.filled]) and not self.all_numbers

    @property
    def all_numbers(self) -> bool:
        if self.kinds is None or not self.filled:
            return False
        pairs = zip(self.texts, self.kinds, strict=True)
        return all(k == CellKind.NUMBER for text, k in pairs if text)

    @staticmethod
    def _date(text: str) -> bool:
        if _DAY.fullmatch(text):
            return any(dates.numeric_reading(text[:10].strip(), o) for o in dates.Order)
        return bool(_SHORT_DAY.fullmatch(text)) or dates.reader([], None)(text) is not None

    @property
    def numbers(self) -> bool:
        """Whether it can be read as numbers, whatever the decimal mark."""
        if self.all_numbers:
            return True
        return self.share([_is_number(text) for text in self.filled])

    @property
    def decimals(self) -> bool:
        """Whether some number has a part behind its decimal mark: three digits may be thousands."""
        return any(_PART.search(text) for text in self.filled)

    @property
    def counts(self) -> bool:
        """Whether it numbers the rows: 1, 2, 3 …"""
        return len(self.filled) > 1 and self.filled == [
            str(k) for k in range(_count(self.filled[0]), _count(self.filled[0]) + len(self.filled))
        ]

    def mark(self) -> Numbers | None:
        """The decimal mark that the column proves; None where it proves none."""
        if self.all_numbers:
            return None
        readings, point, comma = numbers_of(self.filled)
        return readings if point or comma else None

    def readings(self) -> tuple[Numbers, ...]:
        """The decimal marks that it may have: both where it proves none."""
        mark = self.mark()
        return (mark,) if mark else tuple(Numbers)

    def values(self, mark: Numbers) -> list[Decimal | None]:
        """Each row as a number, None where blank or not one."""
        out: list[Decimal | None] = []
        for i, text in enumerate(self.texts):
            number = self.kinds is not None and self.kinds[i] == CellKind.NUMBER
            value = read_number_cell(text) if number else read_decimal(text, mark)
            out.append(None if not text or isinstance(value, UnreadableAmount) else value)
        return out


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _is_number(text: str) -> bool:
    return any(not isinstance(read_decimal(text, n), UnreadableAmount) for n in Numbers)


def columns_below(source: SourceTable, header: int, rows: int = 1) -> list[ColumnProfile]:
    """The columns of a table below its header, which ends in the row ``header``.

    Of a header of several rows a column has the lowest cell that is not blank.
    """
    start = header + 1
    out = []
    for index, cells in enumerate(source.columns):
        names = [name for k in range(rows) if (name := tidy(cells[header - k]))]
        kinds = None if source.kinds is None else source.kinds[index][start:]
        texts = [tidy(text) for text in cells[start:]]
        out.append(ColumnProfile(index, "".join(names[:1]), texts, kinds, "".join(names[1:2])))
    return out


@dataclass(frozen=True)
class DateStyle:
    """How a column writes dates. ``formats`` is empty where the order is not proven."""

    formats: tuple[str, ...]
    proof: str = ""  # a cell that only one order can read
    both: tuple[str, ...] = ()  # cells that have two readings, where nothing proves the order
    mixed: bool = False  # some cells prove one order and some the other


def date_style(column: ColumnProfile) -> DateStyle:
    """The formats that a column of dates needs, as far as it proves them."""
    formats: list[str] = []
    numeric = [text for text in column.filled if _DAY.fullmatch(text)]
    order = dates.order_of(numeric)
    for text in numeric:
        mark = text[len(re.match("[0-9]+", text)[0])]  # type: ignore[index]
        first, second = ("MM", "DD") if order.order is dates.Order.MONTH_FIRST else ("DD", "MM")
        formats.append(f"{first}{mark}{second}{mark}YYYY")
    if numeric and order.order is None:
        mixed = bool(order.day_first and order.month_first)
        shown = (*order.day_first[:1], *order.month_first[:1]) if mixed else order.either[:2]
        return DateStyle((), both=tuple(shown), mixed=mixed)
    short = [text for text in column.filled if _SHORT_DAY.fullmatch(text)]
    if short:
        return DateStyle((), both=tuple(short[:2]))
    proof = (*order.day_first, *order.month_first)
    return DateStyle(tuple(dict.fromkeys(formats)), proof[0] if proof else "")
