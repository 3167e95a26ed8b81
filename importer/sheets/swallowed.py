"""Quoted cells of a CSV file that hold rows: a stray quotation mark whose partner comes later.

Line breaks inside a quoted cell are usual. What gives a stray mark away is that the lines it
swallows have as many cells as the rows of the file, and digits where those have digits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_BREAK = re.compile(r"\r\n|\r|\n")
_DIGIT = re.compile(r"[0-9]")
_LOOKED_AT = 1000  # rows that say how rows look


def find_swallowed(records: Sequence[Sequence[str]], mark: str) -> Iterator[tuple[int, int, int]]:
    """(record, column, rows that its cell holds beside its own), for cells that hold rows."""
    broken = [
        (i, c)
        for i, record in enumerate(records)
        for c, cell in enumerate(record)
        if "\n" in cell or "\r" in cell
    ]
    if not broken:
        return
    odd = {i for i, _ in broken}
    usual = [r for i, r in enumerate(records[: _LOOKED_AT + len(odd)]) if i not in odd and any(r)]
    widths = Counter(len(record) for record in usual if len(record) > 1)
    if not widths:
        return
    width = max(widths, key=lambda w: (widths[w], w))
    like = [record for record in usual if len(record) == width]
    digits = [c for c in range(width) if _has_digits([record[c] for record in like])]

    def is_row(cells: Sequence[str]) -> bool:
        return len(cells) == width and all(
            not cells[c].strip() or _DIGIT.search(cells[c]) for c in digits
        )

    for i, c in broken:
        record, lines = records[i], _BREAK.split(records[i][c])
        first = [*record[:c], *lines[0].split(mark)]
        last = [*lines[-1].split(mark), *record[c + 1 :]]
        between = [line.split(mark) for line in lines[1:-1]]
        filled = [cells for cells in between if any(map(str.strip, cells))]
        whole = (digits or width > 3) and all(map(is_row, (first, *filled, last)))
        if whole or (digits and any(map(is_row, filled))):
            yield i, c, len(lines) - 1


def _has_digits(cells: Sequence[str]) -> bool:
    """Whether nearly all cells that are not blank have a digit; the header may have none."""
    filled = [cell for cell in cells if cell.strip()]
    found = sum(1 for cell in filled if _DIGIT.search(cell))
    return found > 0 and found >= 0.8 * (len(filled) - 1)
