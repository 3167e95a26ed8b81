"""Invoice numbers that a spreadsheet may have made a date of, among numbers that are none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from importer.core.dates import serial_date
from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS
from importer.validation import vector_parsers
from importer.validation.column import ParsedTable
from importer.validation.cross_row_rules import party_numbers
from importer.validation.finding_batch import FindingBatch, cell_findings

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
    all_given = [i for i, text in enumerate(texts) if text]
    of_vendor: dict[int, list[int]] = defaultdict(list)
    vendor = party_numbers(bills["vendorId"], bills["vendor"]).tolist()
    for i in all_given:
        of_vendor[vendor[i]].append(i)
    others: dict[int, str] = {}
    for i in sorted(dates | days.keys()):
        siblings = of_vendor[vendor[i]] if vendor[i] else []
        group = [texts[k] for k in (siblings if len(siblings) > 1 else all_given) if k != i]
        if other := _of_another_kind(group, is_date=i in dates):
            others[i] = other

    def args(i: int) -> dict[str, Any]:
        reads = "is a date" if i in dates else f"is how Excel stores the date {days[i]}"
        return {"reads": reads, "other": others[i]}

    yield cell_findings(
        mapped,
        BILLS,
        "invoiceNumber",
        "bills.invoiceNumber.date_like",
        np.asarray(sorted(others), dtype=np.int64),
        value=lambda i: texts[i],
        template_args=args,
    )


def _of_another_kind(group: list[str], *, is_date: bool) -> str:
    """One of the other numbers, where they show that a date is not what was typed; else ""."""
    if is_date:
        unlike = [text for text in group if not _IS_DATE.fullmatch(text)]
        return unlike[0] if 2 * len(unlike) > len(group) else ""
    parted = [text for text in group if _PARTED.fullmatch(text)]
    if 2 * len(parted) > len(group):
        return parted[0]
    numeric = any(text.isdecimal() for text in group)
    return group[0] if len(group) > 1 and not numeric else ""
