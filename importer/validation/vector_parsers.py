"""Vectorised parsers for the usual spellings.

Each returns the mask of the texts it parsed, with the results of ``importer.core.cell_parsers``.
All other texts are left to those parsers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.cell_parsers import DESTROYED, ERROR_STARTS, MANGLED_CODE, MANGLED_NAME
from importer.core.money import SIMPLE_AMOUNTS, SIMPLE_NUMBER, Numbers
from importer.model.fields import Field, FieldKind
from importer.validation.byte_scan import Bytes, between, blocks, by_block

# RE2, in which \A and \z are the text's ends. No text that tidy() would change has such ends.
_EDGE = (
    r"[!-~\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{2030}-\x{205e}\x{2070}-\x{2fff}\x{3001}-\x{fefe}"
    r"\x{ff00}-\x{fffd}\x{10000}-\x{10ffff}]"
)
_SPACE = ord(" ")
_INNER = r"[ -~\x{a0}-\x{2027}\x{202a}-\x{fffd}\x{10000}-\x{10ffff}]"  # no control characters
_WORDS = rf"\A{_EDGE}(?:{_INNER}*{_EDGE})?\z"
_ERROR = rf"\A(?:{'|'.join(ERROR_STARTS)})"
_CHANGED_NAME = rf"\A(?:{MANGLED_NAME})\z"
_CHANGED_CODE = rf"\A=|\A(?:{MANGLED_CODE})\z"
_CENTS = r"\A-?[0-9]{1,18}\z"
_ID = r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z"


def matching(texts: pa.LargeStringArray, pattern: str) -> np.ndarray:
    mask: np.ndarray = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return mask


_MOST_BARE = 0.1


def habitual(signed: np.ndarray, bare: np.ndarray) -> bool:
    """Whether a sign stands at all amounts but a few, as programs write it that mean none by it;
    of the few it was left out by hand."""
    return int(np.count_nonzero(bare)) <= _MOST_BARE * int(np.count_nonzero(signed))


def with_dollars(texts: pa.LargeStringArray, marks: np.ndarray | None) -> np.ndarray:
    """Which amounts have a $ in their text, or a bare one in their number format."""
    out: np.ndarray = pc.match_substring(texts, "$").to_numpy(zero_copy_only=False)
    return out if marks is None else out | np.asarray(marks == "$", dtype=bool)


def _doubted(
    texts: pa.LargeStringArray, sure: np.ndarray, pattern: Callable[[Any], np.ndarray]
) -> np.ndarray:
    """``sure``, with the pattern's answer for the texts that are not sure."""
    if sure.all():
        return sure
    doubtful = np.flatnonzero(~sure)
    if len(doubtful) == len(texts):
        return pattern(texts)
    sure[doubtful] = pattern(texts.take(pa.array(doubtful)))
    return sure


def words(texts: pa.LargeStringArray, field: Field) -> np.ndarray:
    """Which texts are unchanged a value of the field, of kind CODE, NAME, TEXT or UUID."""
    if field.kind is FieldKind.UUID:
        return matching(texts, _ID)
    return by_block(texts, partial(_words, field))


def _words(field: Field, texts: pa.LargeStringArray) -> np.ndarray:
    """Quick test of printable ASCII; texts that Excel may have changed go to the patterns."""
    each = Bytes.of(texts)
    length, first = each.lengths, each.at(each.starts)
    sure = (length > 0) & ~each.outside(" ", "~")
    sure &= (first != _SPACE) & (first != ord("#")) & (first != ord("E"))
    sure &= each.at(each.ends - 1) != _SPACE
    if field.kind is FieldKind.CODE:
        second, month = each.at(each.starts + 1), each.at(each.ends - 3)
        power = between(first, "0", "9") & ~between(second, "0", "9")
        sure &= (first != ord("=")) & ~power & ((month != ord("-")) | (length < 6))
    if field.kind in (FieldKind.CODE, FieldKind.NAME):
        # 2253.0 and 2-Mar
        sure &= (each.at(each.ends - 2) != ord(".")) & (each.at(each.ends - 4) != ord("-"))
    return _doubted(texts, sure, partial(_by_pattern, field)) & (length <= field.max_length)


def _by_pattern(field: Field, texts: pa.LargeStringArray) -> np.ndarray:
    out = matching(texts, _WORDS) & ~matching(texts, _ERROR) & ~matching(texts, DESTROYED)
    if field.kind is FieldKind.NAME:
        out &= ~matching(texts, _CHANGED_NAME)
    if field.kind is FieldKind.CODE:
        out &= ~matching(texts, _CHANGED_CODE)
    return np.asarray(out)


def cents(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """(mask of whole cents, int64 values with 0 for all others)."""
    parsed = np.empty(len(texts), dtype=bool)
    values = np.empty(len(texts), dtype=np.int64)
    for part in blocks(len(texts)):
        some = texts.slice(part.start, part.stop - part.start)
        each = Bytes.of(some)
        sure = (each.lengths > 0) & (each.lengths <= 18) & ~each.outside("0", "9")
        parsed[part] = simple = _doubted(some, sure, lambda few: matching(few, _CENTS))
        if simple.all():
            values[part] = pc.cast(some, pa.int64())
        else:
            values[part] = 0
            values[part][simple] = pc.cast(some.filter(pa.array(simple)), pa.int64())
    return parsed, values


def amounts(
    texts: pa.LargeStringArray, numbers: Numbers, *, number_cell: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(mask of amounts of at most two decimals, int64 cents); ``number_cell``: typed in Excel."""
    parsed = matching(texts, rf"\A{SIMPLE_NUMBER if number_cell else SIMPLE_AMOUNTS[numbers]}\z")
    values = np.zeros(len(texts), dtype=np.int64)
    if not parsed.any():
        return parsed, values
    some = texts if parsed.all() else texts.filter(pa.array(parsed))
    if not number_cell:
        mark = "," if numbers is Numbers.POINT else "."
        some = pc.replace_substring(some, mark, "")
        if numbers is Numbers.COMMA:
            some = pc.replace_substring(some, ",", ".")
    exact = pc.cast(some, pa.decimal128(20, 2))
    all_cents = pc.cast(pc.multiply(exact, pa.scalar(100, pa.decimal128(3, 0))), pa.int64())
    values[parsed] = np.asarray(all_cents)
    return parsed, values
