"""Detect the delimiter of a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.readers.file_kind import unreadable
from importer.readers.file_limits import limits

HEAD = 65_536  # characters that decide the delimiter
NAMES = {"\t": "tab", ";": "semicolon", "|": "pipe", ",": "comma"}
_WORDS = {word: mark for mark, word in NAMES.items()} | {"\\t": "\t"}


def given_delimiter(path: Path, head: str, delimiter: str) -> str:
    """The delimiter by its character or name; UnreadableFile where ``head`` contradicts it."""
    mark = _WORDS.get(delimiter.lower(), delimiter)
    if len(mark) != 1 or mark in '\r\n"\0':
        raise unreadable(
            path, f"'{delimiter}' cannot separate cells. Write one of {', '.join(_WORDS)}"
        )
    other = find_delimiter(head, True)
    if other != mark and mark not in head and other in head:
        raise unreadable(
            path,
            f"Row 1: it is not {NAMES.get(mark, repr(mark))}-separated, it seems to be "
            f"{NAMES[other]}-separated. Correct the delimiter in the template",
        )
    return mark


def find_delimiter(head: str, cut: bool) -> str:
    """The delimiter that splits the rows of ``head`` most evenly; a comma where none does.

    ``cut``: the last row may be incomplete.
    """
    scores: dict[str, float] = {}
    first_split_row: dict[str, int] = {}
    shares: dict[str, float] = {}
    for mark in ("\t", ";", "|", ","):
        widths = _widths(head, mark, cut)
        split = Counter(width for width in widths if width > 1)
        if split:
            width, rows = max(split.items(), key=lambda item: (item[1], item[0]))
            shares[mark] = rows / len(widths)
            # more cells are less likely by chance
            scores[mark] = shares[mark] * (1 - 1 / width)
            first_split_row[mark] = next(i for i, width in enumerate(widths) if width > 1)
    if "," in scores and _commas_are_decimal(head) and max(shares.values()) >= 0.9:
        others = [mark for mark in scores if mark != "," and shares[mark] >= 0.9]
        if others:
            del scores[","]
    if not scores:
        return ","
    # Headers are split, too, so the delimiter that splits an earlier row is likelier.
    earliest = min(first_split_row[mark] for mark in scores)
    return max(scores, key=lambda mark: scores[mark] + 0.1 * (first_split_row[mark] == earliest))


def _widths(head: str, mark: str, cut: bool) -> list[int]:
    """The number of cells of each row that is not blank."""
    with no_size_limit():
        rows = list(csv.reader(io.StringIO(head, newline=""), delimiter=mark))
    if cut and len(rows) > 1:
        rows.pop()
    return [len(row) for row in rows if any(map(str.strip, row))]


def _commas_are_decimal(head: str) -> bool:
    """True where nearly all commas stand between digits, as in 1,50."""
    count = sum(1 for _ in re.finditer(r"(?<=\d),(?=\d)", head))
    return count >= 0.9 * head.count(",")


def row_at(before: str) -> int:
    """The number of the row in which the text ``before`` ends."""
    with no_size_limit():
        mark = find_delimiter(before[:HEAD], True)
        lines = io.StringIO(before + "x", newline="")
        return sum(1 for _ in csv.reader(lines, delimiter=mark))


@contextmanager
def no_size_limit() -> Iterator[None]:
    """Raise the csv module's limit of 128 KB for a cell, which is global."""
    before = csv.field_size_limit(limits().cell_length)
    try:
        yield
    finally:
        csv.field_size_limit(before)
