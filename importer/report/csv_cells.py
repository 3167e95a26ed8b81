"""Columns of texts as they stand in a CSV file, many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.arrow_strings import Cells, join, one, replaced, texts_of, whole_numbers
from importer.report.report_rows import plain_money
from importer.validation.cents_array import CentsArray

Neutral = Callable[[str], str]

# A text that begins with one of these is no formula; what has to be quoted is looked for apart.
_HARMLESS = np.zeros(256, dtype=bool)
_HARMLESS[0x21:0x7F] = True
_HARMLESS[[ord(c) for c in "'=+-@"]] = False
_HARMLESS_WORD = r"\A(?:[\p{L}\p{N}]|[+-]?[0-9][0-9.]*\z)"
_QUOTED = tuple(map(ord, '",\r\n'))
_PARTS = texts_of([f".{part:02d}" for part in range(100)])


def amounts(told: CentsArray, items: np.ndarray, units: np.ndarray) -> Cells:
    """Each item's amount as ``plain_money`` writes it, "" where none is told."""
    cents, known, unit = told.cents[items], told.known[items], units[items]
    if not known.any():
        return ""
    if cents.dtype == object or (unit != 100).any():
        each = zip(cents, known, unit, strict=True)
        return texts_of([plain_money(int(c), int(u)) if k else "" for c, k, u in each])
    whole, part = np.divmod(np.abs(cents).view(np.uint64), 100)  # the least int64 has no positive
    pieces: list[Cells] = [whole_numbers(whole), _PARTS.take(pa.array(part))]
    if (negative := cents < 0).any():
        pieces.insert(0, texts_of(["", "-"]).take(pa.array(negative.astype(np.int8))))
    texts = join(pieces)
    return texts if known.all() else pc.if_else(pa.array(known), texts, one(""))


def written(cells: Cells, neutral: Neutral) -> Cells:
    """Texts as the csv module writes them, ``neutral`` for any spreadsheet."""
    if isinstance(cells, str):
        return _as_written(neutral(cells))
    if not len(cells):
        return cells
    starts, content = _content(cells)
    if not len(content):
        return cells
    first = content[np.minimum(starts[:-1], len(content) - 1)]
    risky = np.flatnonzero(~_HARMLESS[first] & (starts[:-1] < starts[1:]))
    if len(risky):
        some = cells.take(pa.array(risky))
        risky = risky[~np.asarray(pc.match_substring_regex(some, _HARMLESS_WORD))]
    to_quote = _rows_to_quote(starts, content)
    to_quote[risky] = False
    texts, quoted = cells, np.flatnonzero(to_quote)
    if len(quoted):
        texts = replaced(texts, quoted, _quoted(cells.take(pa.array(quoted))))
    if len(risky):
        own = [_as_written(neutral(text)) for text in cells.take(pa.array(risky)).to_pylist()]
        texts = replaced(texts, risky, texts_of(own))
    return texts


def _content(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Where each text starts, and the last ends, in the bytes of all of them."""
    _, starts, content = texts.buffers()
    at = np.frombuffer(starts, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    if content is None:
        return at - at[0], np.empty(0, dtype=np.uint8)
    return at - at[0], np.frombuffer(content, dtype=np.uint8)[at[0] : at[-1]]


def _rows_to_quote(starts: np.ndarray, content: np.ndarray) -> np.ndarray:
    out = np.zeros(len(starts) - 1, dtype=bool)
    for code in _QUOTED:
        found = np.flatnonzero(content == code)
        out[np.searchsorted(starts, found, side="right") - 1] = True
    return out


def _quoted(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    return join(['"', pc.replace_substring(texts, '"', '""'), '"'])


def _as_written(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in '",\r\n') else text


def lines(columns: Sequence[Cells]) -> memoryview:
    """One line a row, in UTF-8, of columns as they are written; one of them has a text a row."""
    parts: list[Cells] = []
    for cells in (*columns[:-1], _ended(columns[-1])):
        if parts and isinstance(cells, str) and isinstance(parts[-1], str):
            parts[-1] += "," + cells
        else:
            parts.append(cells)
    return _content(join(parts, ","))[1].data


def _ended(cells: Cells) -> Cells:
    return cells + "\r\n" if isinstance(cells, str) else join([cells, "\r\n"])
