"""Vectorised clean-up of text columns: surrounding spaces, blanks, zeros."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.money import Numbers, read_decimal, tidy
from importer.core.text_column import check_distinct, offsets_of

_SIMPLE_NUMBER = r"\A-?[0-9]{1,15}(?:\.[0-9]{1,15})?\z"  # RE2, in which \A and \z are the very ends


def _candidates(array: pa.LargeStringArray) -> np.ndarray:
    """Indexes of texts that may have spaces around them: few, by their first and last bytes."""
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
    at = _candidates(array)
    if not len(at):
        return array
    mask = np.zeros(len(array), dtype=bool)
    mask[at] = True
    texts = [tidy(text) for text in array.take(pa.array(at)).to_pylist()]
    return pc.replace_with_mask(array, pa.array(mask), pa.array(texts, type=pa.large_string()))


def blank(array: pa.LargeStringArray) -> np.ndarray:
    """Which texts are empty, or only spaces and invisible marks."""
    offsets = offsets_of(array)
    out = np.asarray(offsets[1:] == offsets[:-1], dtype=bool)
    at = _candidates(array)
    if len(at):
        out[at] = [not tidy(text) for text in array.take(pa.array(at)).to_pylist()]
    return out


def is_zero(text: str) -> bool:
    return any(read_decimal(text, numbers) == 0 for numbers in Numbers)


def zero(array: pa.LargeStringArray) -> np.ndarray:
    """Which texts are zero, with any decimal mark."""
    simple = _matching(array, _SIMPLE_NUMBER)
    out = simple & ~_matching(array, "[1-9]")
    others = np.flatnonzero(~simple)
    if len(others):
        out[others] = check_distinct(array.take(pa.array(others)), is_zero)
    return np.asarray(out, dtype=bool)


def _matching(array: pa.LargeStringArray, pattern: str) -> np.ndarray:
    mask: np.ndarray = pc.match_substring_regex(array, pattern).to_numpy(zero_copy_only=False)
    return mask
