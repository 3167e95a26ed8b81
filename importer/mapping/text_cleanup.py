"""Whole columns of texts at once: spaces around them, blanks, zeros. Most cells need no look."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.money import Numbers, read_decimal, tidy
from importer.core.text_column import offsets_of

_PLAIN_NUMBER = r"\A-?[0-9]{1,15}(?:\.[0-9]{1,15})?\z"  # RE2, in which \A and \z are the very ends


def _to_look_at(array: pa.LargeStringArray) -> np.ndarray:
    """The texts that may have spaces around them: all that begin or end with no sign of ASCII."""
    offsets = offsets_of(array)
    filled = np.flatnonzero(offsets[1:] > offsets[:-1])
    if not len(filled):
        return filled
    data = np.frombuffer(array.buffers()[2], dtype=np.uint8)
    begins, ends = data[offsets[:-1][filled]], data[offsets[1:][filled] - 1]
    odd = (begins <= 32) | (begins >= 127) | (ends <= 32) | (ends >= 127)
    return np.asarray(filled[odd])


def tidied(array: pa.LargeStringArray) -> pa.LargeStringArray:
    """Each text as ``tidy`` leaves it."""
    at = _to_look_at(array)
    if not len(at):
        return array
    mask = np.zeros(len(array), dtype=bool)
    mask[at] = True
    own = [tidy(text) for text in array.take(pa.array(at)).to_pylist()]
    return pc.replace_with_mask(array, pa.array(mask), pa.array(own, type=pa.large_string()))


def blank(array: pa.LargeStringArray) -> np.ndarray:
    """Which texts hold nothing, or only spaces and invisible marks."""
    offsets = offsets_of(array)
    out = np.asarray(offsets[1:] == offsets[:-1], dtype=bool)
    at = _to_look_at(array)
    if len(at):
        out[at] = [not tidy(text) for text in array.take(pa.array(at)).to_pylist()]
    return out


def each_once(array: pa.LargeStringArray, of: Callable[[str], bool]) -> np.ndarray:
    """What ``of`` says of each text; it is asked once for each different one."""
    codes = array.dictionary_encode()
    said = np.asarray([of(text) for text in codes.dictionary.to_pylist()], dtype=bool)
    return said[codes.indices.to_numpy()] if len(said) else np.zeros(len(array), dtype=bool)


def is_zero(text: str) -> bool:
    return any(read_decimal(text, numbers) == 0 for numbers in Numbers)


def zero(array: pa.LargeStringArray) -> np.ndarray:
    """Which texts are zero, however numbers are written."""
    plain = _matching(array, _PLAIN_NUMBER)
    out = plain & ~_matching(array, "[1-9]")
    left = np.flatnonzero(~plain)
    if len(left):
        out[left] = each_once(array.take(pa.array(left)), is_zero)
    return np.asarray(out, dtype=bool)


def _matching(array: pa.LargeStringArray, pattern: str) -> np.ndarray:
    found: np.ndarray = pc.match_substring_regex(array, pattern).to_numpy(zero_copy_only=False)
    return found
