"""Quoted cells of a CSV file that hold rows: a stray quotation mark whose partner comes later.

Line breaks inside a quoted cell are usual. What gives a stray mark away is that the lines it
swallows have as many cells as the rows of the file, and digits where those have digits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_BREAK = re.compile(r"\r\n|\r|\n")
_DIGIT = re.compile(r"[0-9]")
_LOOKED_AT = 1000  # rows that say how rows look


def find_runaway_quotes(
    records: Sequence[Sequence[str]], mark: str
) -> Iterator[tuple[int, int, int]]:
    """(record, column, rows that its cell holds beside its own), for cells that hold rows."""
    broken = [
        (i, c)
        for i, record in enumerate(records)
        for c, cell in enumerate(record)
        if "\n" in cell or "\r" in cell
    ]
    if broken:
        odd = {i for i, _ in broken}
        usual = [r for i, r in enumerate(records[: _LOOKED_AT + len(odd)]) if i not in odd]
        yield from _cells_holding_rows(usual, records.__getitem__, broken, mark)


def _cells_holding_rows(
    usual: Sequence[Sequence[str]],
    record_of: Callable[[int], Sequence[str]],
    broken: Sequence[tuple[int, int]],
    mark: str,
) -> Iterator[tuple[int, int, int]]:
    """Of the ``broken`` cells, those that hold rows such as the ``usual`` ones."""
    usual = list(filter(any, usual))
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
        record = record_of(i)
        lines = _BREAK.split(record[c])
        first = [*record[:c], *lines[0].split(mark)]
        last = [*lines[-1].split(mark), *record[c + 1 :]]
        between = [line.split(mark) for line in lines[1:-1]]
        filled = [cells for cells in between if any(map(str.strip, cells))]
        whole = (digits or width > 3) and all(map(is_row, (first, *filled, last)))
        if whole or (digits and any(map(is_row, filled))):
            yield i, c, len(lines) - 1


def runaway_quotes_in_columns(
    columns: Sequence[pa.LargeStringArray], lengths: Sequence[int], mark: str
) -> Iterator[tuple[int, int, int]]:
    """The same of long columns; ``lengths`` says how many cells each record has."""
    import pyarrow as pa
    import pyarrow.compute as pc

    broken: list[tuple[int, int]] = []
    odd: set[int] = set()
    for c, column in enumerate(columns):
        has = pc.or_(pc.match_substring(column, "\n"), pc.match_substring(column, "\r"))
        at = pc.indices_nonzero(has).to_numpy().astype("int64")
        odd.update(at.tolist())
        # What holds no mark holds no rows: a row has two cells at least.
        marked = pc.match_substring(column.take(pa.array(at)), mark)
        broken += [(i, c) for i in at[marked.to_numpy(zero_copy_only=False)].tolist()]
    if not broken:
        return
    first = range(min(len(lengths), _LOOKED_AT + len(odd)))
    needed = sorted({*first, *(i for i, _ in broken)})
    cells = zip(*(column.take(pa.array(needed)).to_pylist() for column in columns), strict=True)
    records = {i: row[: lengths[i]] for i, row in zip(needed, cells, strict=True)}
    usual = [records[i] for i in first if i not in odd]
    yield from _cells_holding_rows(usual, records.__getitem__, sorted(broken), mark)


def _has_digits(cells: Sequence[str]) -> bool:
    """Whether nearly all cells that are not blank have a digit; the header may have none."""
    filled = [cell for cell in cells if cell.strip()]
    found = sum(1 for cell in filled if _DIGIT.search(cell))
    return found > 0 and found >= 0.8 * (len(filled) - 1)
