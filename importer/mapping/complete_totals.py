"""Totals that have a vendor, a number and a date like any bill, recognised by their sums alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from importer.core.total_words import may_be_total_of

_LEAST_CHAINED = 3  # totals that follow one another, and rows that one with a word is the sum of
_LEAST_SUMMED = 5  # rows above a last row that is their sum, where no word says so
_WINDOW = 5_000  # rows in which the next total is looked for
_WORD = re.compile(
    r"\b(?:sub-?|zwischen|gesamt|end)?(?:totals?|totale?s?|totaal|totalt|summen?|summa|somma|suma)\b",
    re.IGNORECASE,
)


def complete_totals(
    amounts: np.ndarray, starts: np.ndarray, texts_of: Callable[[int], list[str]]
) -> Iterator[tuple[int, str]]:
    """(row, what it is the sum of) of the rows that are totals by their amounts.

    They are all rows of a chain of totals that covers the file; the last row, or one with a word
    for a total, that is the sum of all above. ``starts`` are the first rows of each row's bill.
    """
    before = np.append(0, np.cumsum(amounts))[:-1]
    rows = np.arange(len(amounts))
    chain = _chain(amounts)
    yield from ((k, "the rows since the last total") for k in chain)
    if chain:
        return
    of_all = np.flatnonzero(
        (amounts == before) & (amounts != 0) & (rows >= _LEAST_CHAINED) & (starts > 0)
    )
    for k in of_all.tolist():
        is_last = k == len(amounts) - 1 and k >= _LEAST_SUMMED
        if is_last or any(map(_has_word, texts_of(k))):
            yield k, "all rows above it"


def _has_word(text: str) -> bool:
    return bool(_WORD.search(text)) or may_be_total_of(text)


def _chain(amounts: np.ndarray) -> list[int]:
    """The rows of which each is the sum of the rows since the one before, up to the last row."""
    out, start, longest, since = list[int](), 0, 0, 0
    for k, amount in enumerate(amounts.data):
        if amount == since and amount and k > start:
            out.append(k)
            longest = max(longest, k - start)
            start, since = k + 1, 0
        elif k - start >= _WINDOW:
            return []
        else:
            since += amount
    if start == len(amounts) - 1:  # a grand total, of the totals before it
        if int(amounts[start]) != int(amounts[out].sum()):
            return []
        out.append(start)
    elif start < len(amounts):
        return []
    return out if len(out) >= _LEAST_CHAINED and longest > 1 else []
