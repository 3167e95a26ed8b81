"""Columns of texts as they are written in a CSV file, many rows at once.

Text that a spreadsheet would evaluate as a formula gets an apostrophe before it, and so does text
that begins with an apostrophe: without one leading apostrophe it is the text as it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.arrow_strings import (
    Texts,
    concatenate,
    integers,
    replace_at,
    scalar,
    strings,
)
from importer.core.money import money
from importer.core.safe_text import without_surrogates
from importer.validation.cents_array import CentsArray

_FORMULA = re.compile(r"[\s\x00-\x1f]*['=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*")
# A text that begins with one of these is no formula; what has to be quoted is looked for apart.
_SAFE_START = np.zeros(256, dtype=bool)
_SAFE_START[0x21:0x7F] = True
_SAFE_START[[ord(c) for c in "'=+-@"]] = False
_SAFE_WORD = r"\A(?:[\p{L}\p{N}]|[+-]?[0-9][0-9.]*\z)"
_QUOTED = tuple(map(ord, '",\r\n'))
_FRACTIONS = strings([f".{part:02d}" for part in range(100)])


def escape_formula(text: str) -> str:
    """The text as no spreadsheet takes it for a formula; numbers stay as they are."""
    text = without_surrogates(text)
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def decimal_amounts(cents: CentsArray, items: np.ndarray, units: np.ndarray) -> Texts:
    """Each item's amount as ``-1234.56``, "" where it is not known."""
    values, has_value, unit = cents.cents[items], cents.valid[items], units[items]
    if not has_value.any():
        return ""
    if values.dtype == object or (unit != 100).any():
        each = zip(values, has_value, unit, strict=True)
        texts = [money(int(c), int(u)).replace(",", "") if k else "" for c, k, u in each]
        return strings(texts)
    # The least int64 has no positive.
    units_part, cents_part = np.divmod(np.abs(values).view(np.uint64), 100)
    pieces: list[Texts] = [integers(units_part), _FRACTIONS.take(pa.array(cents_part))]
    if (negative := values < 0).any():
        pieces.insert(0, strings(["", "-"]).take(pa.array(negative.astype(np.int8))))
    texts = concatenate(pieces)
    return texts if has_value.all() else pc.if_else(pa.array(has_value), texts, scalar(""))


def csv_cells(texts: Texts) -> Texts:
    """Texts as the csv module writes them, after ``escape_formula``."""
    if isinstance(texts, str):
        return _csv_cell(texts)
    if not len(texts):
        return texts
    starts, content = _content(texts)
    if not len(content):
        return texts
    first = content[np.minimum(starts[:-1], len(content) - 1)]
    risky = np.flatnonzero(~_SAFE_START[first] & (starts[:-1] < starts[1:]))
    if len(risky):
        some = texts.take(pa.array(risky))
        risky = risky[~np.asarray(pc.match_substring_regex(some, _SAFE_WORD))]
    to_quote = np.zeros(len(texts), dtype=bool)
    for code in _QUOTED:
        at = np.flatnonzero(content == code)
        to_quote[np.searchsorted(starts, at, side="right") - 1] = True
    to_quote[risky] = False
    out, quoted = texts, np.flatnonzero(to_quote)
    if len(quoted):
        doubled = pc.replace_substring(texts.take(pa.array(quoted)), '"', '""')
        out = replace_at(out, quoted, concatenate(['"', doubled, '"']))
    if len(risky):
        some = texts.take(pa.array(risky)).dictionary_encode()  # a dash may stand in every row
        cells = strings([_csv_cell(text) for text in some.dictionary.to_pylist()])
        out = replace_at(out, risky, cells.take(some.indices))
    return out


def _csv_cell(text: str) -> str:
    text = escape_formula(text)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in '",\r\n') else text


def csv_lines(columns: Sequence[Texts]) -> memoryview:
    """One line a row, in UTF-8, of ``csv_cells``; at least one column has a text a row."""
    parts: list[Texts] = []
    last = columns[-1]
    ended = last + "\r\n" if isinstance(last, str) else concatenate([last, "\r\n"])
    for cells in (*columns[:-1], ended):
        if parts and isinstance(cells, str) and isinstance(parts[-1], str):
            parts[-1] += "," + cells
        else:
            parts.append(cells)
    return _content(concatenate(parts, ","))[1].data


def _content(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Where each text starts, and the last ends, in the bytes of all of them."""
    _, starts, content = texts.buffers()
    at = np.frombuffer(starts, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    if content is None:
        return at - at[0], np.empty(0, dtype=np.uint8)
    return at - at[0], np.frombuffer(content, dtype=np.uint8)[at[0] : at[-1]]
