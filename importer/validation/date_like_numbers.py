"""Invoice numbers that a spreadsheet may have made a date of, among numbers that are none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from importer.core.dates import serial_date
from importer.mapping.map_tables import MappedTables
from importer.validation import vector_parsers
from importer.validation.column import ParsedTable
from importer.validation.duplicate_bills import party_numbers
from importer.validation.finding_batch import FindingBatch
from importer.validation.number_warnings import number_warnings

# In the syntax that Python and RE2 share.
_DAY, _MONTH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
_FORMS = (
    "|".join(
        f"{_DAY}{mark}{_MONTH}{mark}{{year}}|{_MONTH}{mark}{_DAY}{mark}{{year}}"
        f"|[0-9]{{{{4}}}}{mark}{_MONTH}{mark}{_DAY}"
        for mark in ("-", "/", "[.]")
    )
    .replace("{year}", "(?:[0-9]{4}|[0-9]{2})")
    .replace("{{4}}", "{4}")
)
_DATE = rf"\A(?:{_FORMS})(?:[ T]0?0:00(?::00)?)?\z"
_SERIAL = r"\A[0-9]{5}\z"
_IS_DATE = re.compile(_DATE.removeprefix(r"\A").removesuffix(r"\z"))
_PARTED = re.compile(r"[0-9]{1,4}[-/. ][0-9]{1,4}(?:[-/. ][0-9]{1,4})?")  # what may become a date


def date_like_numbers(mapped: MappedTables, bills: ParsedTable) -> Iterator[FindingBatch]:
    """A warning for each number that is a date, or the day number of one, where other numbers of
    the vendor, or of all vendors where it has no other, are not."""
    number = bills["invoiceNumber"]
    arrays = number.texts()
    dates, serials = (
        set(np.flatnonzero(vector_parsers.matching(arrays, pattern)).tolist())
        for pattern in (_DATE, _SERIAL)
    )
    if not dates and not serials:
        return
    texts = arrays.to_pylist()
    days = {i: day for i in serials if (day := serial_date(texts[i]))}
    of_vendor: dict[int, list[str]] = defaultdict(list)
    vendor = party_numbers(bills["vendorId"], bills["vendor"]).tolist()
    for of, text in zip(vendor, texts, strict=True):
        if text:
            of_vendor[of].append(text)
    every = _Numbers([text for text in texts if text])
    numbers_of = {of: _Numbers(some) for of, some in of_vendor.items() if of and len(some) > 1}
    words: dict[int, dict[str, str]] = {}
    for i in sorted(dates | days.keys()):
        numbers = numbers_of.get(vendor[i], every)
        if other := numbers.unlike_date if i in dates else numbers.unlike_serial:
            reads = "is a date" if i in dates else f"is how Excel stores the date {days[i]}"
            words[i] = {"reads": reads, "other": other}
    yield number_warnings(mapped, bills, "date_like", words)


class _Numbers:
    """The numbers of a vendor, or of all; the others of one that is a date show by
    ``unlike_date`` that it was not typed so, of a day number by ``unlike_serial``: one of them,
    or ""."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    @cached_property
    def unlike_date(self) -> str:
        unlike = [text for text in self._texts if not _IS_DATE.fullmatch(text)]
        return unlike[0] if 2 * len(unlike) > len(self._texts) - 1 else ""

    @cached_property
    def unlike_serial(self) -> str:
        parted = [text for text in self._texts if _PARTED.fullmatch(text)]
        if 2 * len(parted) > len(self._texts) - 1:
            return parted[0]
        others = [text for text in self._texts if not text.isdecimal()]
        alone = len(others) == len(self._texts) - 1  # no other number has digits only
        return others[0] if len(others) > 1 and alone else ""
