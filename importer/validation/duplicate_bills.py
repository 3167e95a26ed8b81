"""The same bill twice, or nearly the same: by vendor, entity and invoice number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.name_key import name_key, number_key
from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS
from importer.validation.column import ParsedColumn, ParsedTable
from importer.validation.finding_batch import FindingBatch, cell_findings


def _normalized(numbers: pa.LargeStringArray) -> pa.LargeStringArray:
    """``number_key`` of each number; ASCII vectorised."""
    zero = pc.match_substring_regex(numbers, "(^|[^0-9])0")  # most have no leading zeros
    bare = pc.replace_substring_regex(numbers.filter(zero), "^[^0-9A-Za-z]*0+([0-9A-Za-z_])", r"\1")
    bare = pc.replace_substring_regex(bare, "([^0-9])0+([0-9])", r"\1\2")
    out = pc.replace_with_mask(numbers, zero, bare)
    out = pc.replace_substring(out, "-", "")  # the usual separator; faster than a pattern
    separated = pc.match_substring_regex(out, "[^0-9A-Za-z]")
    bare = pc.replace_substring_regex(out.filter(separated), "[^0-9A-Za-z]+", "")
    out = pc.ascii_lower(pc.replace_with_mask(out, separated, bare))
    others = pc.invert(pc.string_is_ascii(numbers))
    texts = [number_key(text) for text in numbers.filter(others).to_pylist()]
    return pc.replace_with_mask(out, others, pa.array(texts, type=pa.large_string()))


def party_numbers(ids: ParsedColumn, names: ParsedColumn) -> np.ndarray:
    """A number for each party, by its id, else by its name; 0 for none."""
    numbers: dict[str, int] = {"": 0}

    def codes(column: ParsedColumn, normalize: Callable[[str], str]) -> np.ndarray:
        if not column.ok.any():
            return np.zeros(column.size, dtype=np.int64)
        return column.map_distinct(
            lambda text: 0 if text is None else numbers.setdefault(normalize(text), len(numbers)),
            np.int64,
        )

    by_id = codes(ids, str)
    return np.where(by_id > 0, by_id, codes(names, name_key))


def duplicates(
    mapped: MappedTables, bills: ParsedTable, credit_notes: np.ndarray
) -> list[FindingBatch]:
    """The same (entity, vendor, invoice number) twice: an error; nearly the same, or
    the same under a sister entity: a warning."""
    number = bills["invoiceNumber"]
    at = np.flatnonzero(number.ok)
    texts = number.texts().take(pa.array(at))
    normalized = _normalized(texts).dictionary_encode()
    code = normalized.indices.to_numpy()
    shared = np.bincount(code, minlength=1)[code] > 1
    if not shared.any():
        return []
    vendor = party_numbers(bills["vendorId"], bills["vendor"])
    vendor = np.where(vendor > 0, vendor * 2 + credit_notes, 0)  # a bill is no copy of its credit
    entity = party_numbers(bills["companyEntityId"], bills["companyEntity"])
    shared &= vendor[at] > 0
    at, code = at[shared], code[shared]
    exact_number, _ = pd.factorize(texts.filter(pa.array(shared)).to_numpy(zero_copy_only=False))
    has_characters = np.asarray(pc.binary_length(normalized.dictionary))[code] > 0
    vendor, entity = vendor[at], entity[at]
    # Light fills in an entity that is left out, so a blank one may be any.
    vendor_number, _ = _pairs(vendor, exact_number)
    any_entity = np.isin(vendor_number, np.unique(vendor_number[entity == 0]))
    party, _ = _pairs(vendor, np.where(any_entity, 0, entity))

    exact, first_exact = _pairs(party, exact_number)
    _, first = _pairs(party, code)
    every = np.arange(len(at))
    # An exact duplicate is not reported as a near one too.
    near = (first != every) & (first_exact == every) & has_characters & (exact != exact[first])
    earlier = np.arange(bills.size)  # each bill's first exact or near duplicate
    earlier[at] = at[np.where(near, first, first_exact)]
    exact_at, near_at = at[first_exact != every], at[near]
    # Of the same number under several entities each but the first is named beside that.
    _, first_of_number = _pairs(vendor, exact_number)
    sister = (first_exact == every) & (first_of_number != every) & ~any_entity
    sister_of = np.zeros(bills.size, dtype=np.int64)
    sister_of[at] = at[first_of_number]

    def place_args(i: int) -> dict[str, Any]:
        return {"first": mapped.place(BILLS, int(earlier[i]), i)}

    def sister_args(i: int) -> dict[str, Any]:
        return {"first": mapped.place(BILLS, int(sister_of[i]), i)}

    def near_args(i: int) -> dict[str, Any]:
        return place_args(i) | {"other": number.at(int(earlier[i]))}

    return [
        cell_findings(
            mapped,
            BILLS,
            "invoiceNumber",
            f"bills.invoiceNumber.{ending}",
            items,
            value=lambda i: str(number.at(i)),
            template_args=args,
            related_bills=related,
        )
        for ending, items, args, related in (
            ("duplicate", exact_at, place_args, earlier[exact_at]),
            ("near_duplicate", near_at, near_args, None),
            ("sister_entity", at[sister], sister_args, None),
        )
    ]


def _pairs(high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a number for each pair of small numbers, the index of the first equal pair)."""
    codes, unique = pd.factorize(high * (int(low.max(initial=0)) + 1) + low)
    first = np.full(len(unique), len(codes), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    return codes, np.asarray(first[codes])
