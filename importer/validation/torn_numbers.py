"""Rows of a bill that became a bill of their own: their invoice number or vendor was changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.text_column import byte_sums, offsets_of
from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS
from importer.validation.column import ParsedSheets, ParsedTable
from importer.validation.finding_batch import FindingBatch
from importer.validation.number_warnings import number_warnings
from importer.validation.row_runs import line_columns, row_runs

# A reference of another system: of these a column may have one for each bill.
_REFERENCE = re.compile(r"(?=(?:.*[0-9]){4})[A-Za-z0-9][A-Za-z0-9/_-]*")
_DATE = re.compile(r"[0-9]{1,4}[-/][0-9]{1,2}[-/][0-9]{1,4}")
_CONFUSED = frozenset("0O O0 0o o0 1l l1 1I I1 5S S5 8B B8 2Z Z2".split())
# How far apart the sums of the bytes of two texts are that a slip of ``_mistyping`` tells apart.
_SUMS_APART = sorted({0, *(ord(pair[0]) - ord(pair[1]) for pair in _CONFUSED)})
_FEWEST_BILLS, _MOST_SHARED = 5, 0.02
_DIGIT = re.compile("[0-9]")
_SHORTEST = 3  # characters of a number that two vendors hardly share
_SCATTERED = 1.2  # blocks of rows for a bill, in a file where they do not stand together


def torn_numbers(sheets: ParsedSheets, reported: np.ndarray) -> Iterator[FindingBatch]:
    """A warning for each bill beside another of the same vendor and date, of which something says
    that they are one: its place, its number, or a reference that only they share; and for each one
    below another vendor's of the same number and date.

    ``reported``: bills named as nearly the same already. Of a flat layout only.
    """
    mapped, bills, _, line_bill = sheets
    if mapped.line_bill is None or not len(line_bill):
        return
    lines, starts = row_runs(mapped, line_bill)
    runs = line_bill[lines[starts]]
    number = bills["invoiceNumber"]
    texts = pc.fill_null(number.texts(), "").take(pa.array(np.maximum(runs, 0)))
    torn: dict[int, tuple[int, str]] = {}  # bill → (the one that it may belong to, why)
    # Rows that were pasted again stand apart, too.
    once = not mapped.repeated and mapped.template.source.repeated_lines == "refuse"
    pairs = (
        *(_inside(runs, bills.size) if once else ()),
        *_misspelled(runs, texts),
        *_sharing_reference(mapped, line_bill, runs),
    )
    near = set(reported.tolist())
    for outer, inner, why in pairs:
        if inner not in near and outer >= 0 <= inner and _same_vendor_and_date(bills, outer, inner):
            torn.setdefault(inner, (outer, why))
    words = {
        i: {"first": mapped.place(BILLS, outer, i), "other": number.at(outer), "why": why}
        for i, (outer, why) in torn.items()
    }
    yield number_warnings(mapped, bills, "torn", words)
    words = {
        i: {
            "first": mapped.place(BILLS, one, i),
            "vendor": bills["vendor"].at(one) or bills["vendorId"].at(one),
        }
        for i, one in _of_two_vendors(runs, texts, bills).items()
    }
    yield number_warnings(mapped, bills, "two_vendors", words)


def _of_two_vendors(
    runs: np.ndarray, texts: pa.LargeStringArray, bills: ParsedTable
) -> dict[int, int]:
    """Bills below one of another vendor with their number and date, where one of the vendors is
    that of the next bill, too: the rows of a bill into which the vendor of another reaches."""
    above: dict[int, int] = {}
    same = pc.equal(texts.slice(1), texts.slice(0, len(texts) - 1)).to_numpy(zero_copy_only=False)
    same &= (runs[1:] != runs[:-1]) & (runs[1:] >= 0) & (runs[:-1] >= 0)
    same &= np.diff(offsets_of(texts))[1:] >= _SHORTEST
    for k in np.flatnonzero(same).tolist():
        around = [int(runs[i]) if 0 <= i < len(runs) else -1 for i in range(k - 1, k + 3)]
        days = {bills["issuedDate"].at(i) for i in around[1:3]}
        if len(days) > 1 or None in days or not _DIGIT.search(texts[k].as_py()):
            continue
        before, one, other, behind = (
            tuple(bills[name].at(i) if i >= 0 else None for name in ("vendor", "vendorId"))
            for i in around
        )
        if (
            one != other
            and any(one or ())
            and any(other or ())
            and (before == one or behind == other)
        ):
            above.setdefault(around[2], around[1])
    return above


def _same_vendor_and_date(bills: ParsedTable, one: int, other: int) -> bool:
    """Whether two bills with numbers are of one vendor and date."""
    numbers = (bills["invoiceNumber"].at(i) for i in (one, other))
    return all(numbers) and all(
        bills[name].at(one) == bills[name].at(other)
        for name in ("vendor", "vendorId", "issuedDate")
    )


_Pairs = Iterator[tuple[int, int, str]]


def _inside(runs: np.ndarray, size: int) -> _Pairs:
    """Bills between the rows of another, in a file where the rows of a bill stand together."""
    if not 2 < len(runs) <= _SCATTERED * size + 2:
        return
    counts = np.bincount(runs[runs >= 0], minlength=size)
    between = (runs[:-2] == runs[2:]) & (runs[:-2] >= 0) & (runs[1:-1] >= 0)
    between &= (counts[runs[1:-1]] == 1) & (counts[runs[:-2]] == 2)
    for k in np.flatnonzero(between).tolist():
        yield int(runs[k]), int(runs[k + 1]), "it is between that bill's rows"


def _misspelled(runs: np.ndarray, texts: pa.LargeStringArray) -> _Pairs:
    """Bills side by side whose numbers differ as a mistyped one does from the right one."""
    lengths, sums = np.diff(offsets_of(texts)), byte_sums(texts)
    similar = (lengths[1:] == lengths[:-1]) & (lengths[1:] > 0)
    similar &= np.isin(np.diff(sums), _SUMS_APART)
    for k in np.flatnonzero(similar).tolist():
        if why := _mistyping(texts[k].as_py(), texts[k + 1].as_py()):
            yield int(runs[k]), int(runs[k + 1]), why


def _mistyping(one: str, other: str) -> str:
    if len(one) != len(other) or one == other:
        return ""
    at = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    i, j = at[0], at[-1]
    if len(at) == 2 and j == i + 1 and one[i] == other[j] and one[j] == other[i]:
        return f"'{one[i : j + 1]}' and '{other[i : j + 1]}' are swapped"
    beside = (one[:i] + one[j + 1 :])[-1:]
    if len(at) == 1 and one[i] + other[i] in _CONFUSED and beside.isdigit():
        return f"'{other[i]}' is in the place of '{one[i]}'"
    return ""


def _sharing_reference(mapped: MappedTables, line_bill: np.ndarray, runs: np.ndarray) -> _Pairs:
    """Bills with one reference, in a column of which each other bill has its own: side by side, or
    anywhere in a file whose rows are not in the order of its bills."""
    for each in line_columns(mapped, line_bill):
        if not _has_references(each.texts(1000)):
            continue
        if not (shared := _shared(line_bill[each.lines], each.texts())):
            continue
        is_scattered = len(runs) > _SCATTERED * len(np.unique(runs)) + 2
        beside = set(zip(runs[:-1].tolist(), runs[1:].tolist(), strict=True))
        for one, other, text in shared:
            if is_scattered or (one, other) in beside:
                what = f"both have '{text}' in column '{each.header}'"
                yield one, other, f"{what}, where each other bill has its own"


def _has_references(texts: pa.LargeStringArray) -> bool:
    some = [text for text in pc.unique(texts).to_pylist() if text]
    good = sum(bool(_REFERENCE.fullmatch(t)) and not _DATE.fullmatch(t) for t in some)
    return len(some) >= _FEWEST_BILLS and good >= 0.95 * len(some)


def _shared(bill: np.ndarray, texts: pa.LargeStringArray) -> list[tuple[int, int, str]]:
    """Pairs of bills with one value, where nearly each bill has one and each value is of one."""
    given = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    unequal = pc.not_equal(texts.slice(1), texts.slice(0, len(texts) - 1))
    new_value = np.append(True, unequal.to_numpy(zero_copy_only=False))
    new_bill = np.append(True, bill[1:] != bill[:-1])
    several = bill[new_value & ~new_bill & given & np.append(False, given[:-1])]
    if np.count_nonzero(np.bincount(several)) > _MOST_SHARED * len(texts):
        return []  # a column of the line items, as amounts are
    first = given & (new_value | new_bill)
    encoded = texts.filter(pa.array(first)).dictionary_encode()
    pairs = pd.DataFrame({"value": encoded.indices.to_numpy(), "bill": bill[first]})
    pairs = pairs.drop_duplicates()
    if len(pairs) < _FEWEST_BILLS or pairs["bill"].duplicated().sum() > _MOST_SHARED * len(pairs):
        return []
    shared = pairs[pairs["value"].duplicated(keep=False)]
    if shared.empty or shared["value"].nunique() > max(1, _MOST_SHARED * pairs["value"].nunique()):
        return []
    return [
        (one, other, encoded.dictionary[value].as_py())
        for value, of in shared.groupby("value", sort=False)["bill"]
        for one, other in pairwise(of.tolist())
    ]
