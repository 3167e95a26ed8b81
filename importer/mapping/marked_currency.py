"""The currency that amounts are marked with, by sign or code, in the cell or its number format."""

from __future__ import annotations

import numpy as np

from importer.core.money import currency_marked


def marked_currencies(texts: np.ndarray, format_marks: np.ndarray) -> np.ndarray:
    """The code of each amount's currency; "" where it has no sign, or one of several currencies."""
    pairs = list(zip(texts.tolist(), format_marks.tolist(), strict=True))
    codes = {
        (text, mark): currency_marked(text) or currency_marked(mark) for text, mark in set(pairs)
    }
    return np.asarray([codes[pair] for pair in pairs], dtype=object)
