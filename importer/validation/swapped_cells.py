"""Invoice numbers that stand in the column of the vendor or the text, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.model.fields import BILLS, LINE_ITEMS
from importer.validation.column import ParsedColumn, ParsedSheets
from importer.validation.finding_batch import FindingBatch
from importer.validation.number_warnings import number_warnings

_FEWEST_NUMBERS, _MOST_ODD = 3, 0.1
_SHORTEST_DIGITS = 4
_LETTERS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")


def swapped_cells(sheets: ParsedSheets) -> Iterator[FindingBatch]:
    """A warning for each number without a digit, among numbers that have some, beside a vendor or
    a text that is written as those are."""
    mapped, bills, lines, line_bill = sheets
    number = bills["invoiceNumber"]
    texts = pc.fill_null(number.texts(), "")
    given = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    digits = pc.match_substring_regex(texts, "[0-9]").to_numpy(zero_copy_only=False)
    odd = np.flatnonzero(given & ~digits)
    usual = given & digits
    if not len(odd) or usual.sum() < _FEWEST_NUMBERS or len(odd) > _MOST_ODD * given.sum() + 1:
        return
    shapes = set(map(_shape, texts.filter(pa.array(usual)).to_pylist()))
    vendors, descriptions = bills["vendor"], lines["description"]
    of_vendors, of_descriptions = _is_odd(vendors, shapes), _is_odd(descriptions, shapes)
    of_bills, at = np.unique(line_bill, return_index=True)
    first_line = dict(zip(of_bills.tolist(), at.tolist(), strict=True))
    swapped: dict[int, dict[str, str]] = {}
    for i in odd.tolist():
        others = [(BILLS, "vendor", i, vendors.at(i))] if of_vendors else []
        if of_descriptions and (k := first_line.get(i)) is not None:
            others.append((LINE_ITEMS, "description", k, descriptions.at(k)))
        for sheet, name, item, text in others:
            if text and _is_like(text, shapes):
                header = mapped.header(sheet, name, item)
                swapped.setdefault(i, {"other": text, "column": header})
    yield number_warnings(mapped, bills, "swapped", swapped)


def _is_odd(column: ParsedColumn, shapes: set[str]) -> bool:
    """Whether few texts of the column are written as the numbers are; vendors may be codes."""
    texts = pc.fill_null(column.texts(), "")
    counts = pc.value_counts(texts).to_pylist()
    n = sum(each["counts"] for each in counts if _is_like(each["values"], shapes))
    return bool(n <= _MOST_ODD * len(texts) + 1)


def _is_like(text: str, shapes: set[str]) -> bool:
    """Whether a text is written as the numbers are; of digits alone, not a quantity."""
    shape = _shape(text)
    return "9" in shape and shape in shapes and (shape != "9" or len(text) >= _SHORTEST_DIGITS)


def _shape(text: str) -> str:
    """``INV-0042`` is ``A-9``."""
    return _DIGITS.sub("9", _LETTERS.sub("A", text.strip()))
