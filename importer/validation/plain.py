"""What is plainly written, read for a whole column at once.

Each function tells which texts it is certain of; they are what the readers of ``importer.cells``
would make of them. All others are left to those, one by one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.amounts import Numbers, tidy
from importer.canonical import Field, Kind

# RE2, in which \A and \z are the whole text's ends. No text that tidy() would change has such ends.
_EDGE = (
    r"[!-~\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{2030}-\x{205e}\x{2070}-\x{2fff}\x{3001}-\x{fefe}"
    r"\x{ff00}-\x{fffd}\x{10000}-\x{10ffff}]"
)
_INNER = r"[ -~\x{a0}-\x{2027}\x{202a}-\x{fffd}\x{10000}-\x{10ffff}]"  # no control characters
_TIDY = rf"\A(?:{_EDGE}|{_EDGE}.*{_EDGE})?\z"
_WORDS = rf"\A{_EDGE}(?:{_INNER}*{_EDGE})?\z"
_ERROR = r"\A(?:#|Err:)"
_CHANGED_CODE = (
    r"\A=|\A[0-9](?:[.,][0-9]+)?[eE]\+"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{2}\z"
)
_CENTS = r"\A-?[0-9]{1,18}\z"
_DECIMALS = {
    Numbers.POINT: r"\A-?(?:[0-9]{1,15}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,2})?\z",
    Numbers.COMMA: r"\A-?(?:[0-9]{1,15}|[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,4})(?:,[0-9]{1,2})?\z",
}
_PLAIN_DECIMAL = r"\A-?[0-9]{1,15}(?:\.[0-9]{1,2})?\z"  # of a number cell
_ID = r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z"


def matching(texts: pa.LargeStringArray, pattern: str) -> np.ndarray:
    found: np.ndarray = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return found


def tidied(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Each text as ``tidy`` leaves it."""
    odd = ~matching(texts, _TIDY)
    if not odd.any():
        return texts
    mask = pa.array(odd)
    own = [tidy(text) for text in texts.filter(mask).to_pylist()]
    return pc.replace_with_mask(texts, mask, pa.array(own, type=pa.large_string()))


def blank(texts: pa.LargeStringArray) -> np.ndarray:
    """Which texts hold nothing, or only spaces and invisible marks."""
    out: np.ndarray = np.asarray(pc.binary_length(texts)) == 0
    left = np.flatnonzero(~out & ~matching(texts, r"[!-~]"))
    if len(left):
        out[left] = [not tidy(text) for text in texts.take(pa.array(left)).to_pylist()]
    return out


def words(texts: pa.LargeStringArray, field: Field) -> np.ndarray:
    """Which texts are a value of the field, of kind CODE, NAME, TEXT or UUID, as they stand."""
    if field.kind is Kind.UUID:
        return matching(texts, _ID)
    out = matching(texts, _WORDS) & ~matching(texts, _ERROR)
    if field.kind is Kind.CODE:
        out &= ~matching(texts, _CHANGED_CODE)
    lengths = np.asarray(pc.binary_length(texts))  # in bytes: at least as many as characters
    return np.asarray(out & (lengths <= field.max_length), dtype=bool)


def cents(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """(which are whole cents, int64 values with 0 for all others)."""
    return _integers(texts, matching(texts, _CENTS))


def _integers(texts: pa.LargeStringArray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = np.zeros(len(texts), dtype=np.int64)
    if known.any():
        some = texts if known.all() else texts.filter(pa.array(known))
        values[known] = np.asarray(pc.cast(some, pa.int64()))
    return known, values


def amounts(
    texts: pa.LargeStringArray, numbers: Numbers, *, plain: bool
) -> tuple[np.ndarray, np.ndarray]:
    """(which are amounts of at most two decimals, int64 cents); ``plain`` for number cells."""
    known = matching(texts, _PLAIN_DECIMAL if plain else _DECIMALS[numbers])
    values = np.zeros(len(texts), dtype=np.int64)
    if not known.any():
        return known, values
    some = texts if known.all() else texts.filter(pa.array(known))
    if not plain:
        mark = "," if numbers is Numbers.POINT else "."
        some = pc.replace_substring(some, mark, "")
        if numbers is Numbers.COMMA:
            some = pc.replace_substring(some, ",", ".")
    exact = pc.cast(some, pa.decimal128(20, 2))
    whole = pc.cast(pc.multiply(exact, pa.scalar(100, pa.decimal128(3, 0))), pa.int64())
    values[known] = np.asarray(whole)
    return known, values
