"""Find runaway quotes: cells of a CSV file that hold rows, by a stray quotation mark.

Line breaks inside a quoted cell are usual. But if its lines have as many cells as the rows of the
file, and digits where those have digits, the opening mark is stray.
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
_SAMPLE = 1000  # rows that the usual row is inferred from


def find_runaway_quotes(
    records: Sequence[Sequence[str]], delimiter: str
) -> Iterator[tuple[int, int, int]]:
    """(record, column, further rows in the cell) of each cell that holds rows."""
    multiline = [
        (i, c)
        for i, record in enumerate(records)
        for c, cell in enumerate(record)
        if "\n" in cell or "\r" in cell
    ]
    if multiline:
        odd = {i for i, _ in multiline}
        usual = [r for i, r in enumerate(records[: _SAMPLE + len(odd)]) if i not in odd]
        yield from _cells_holding_rows(usual, records.__getitem__, multiline, delimiter)


def _cells_holding_rows(
    usual: Sequence[Sequence[str]],
    record_of: Callable[[int], Sequence[str]],
    multiline: Sequence[tuple[int, int]],
    delimiter: str,
) -> Iterator[tuple[int, int, int]]:
    """Of the ``multiline`` cells, those that hold rows like the ``usual`` ones."""
    usual = list(filter(any, usual))
    widths = Counter(len(record) for record in usual if len(record) > 1)
    if not widths:
        return
    width = max(widths, key=lambda w: (widths[w], w))
    of_width = [record for record in usual if len(record) == width]
    digits = [c for c in range(width) if _has_digits([record[c] for record in of_width])]

    def is_row(cells: Sequence[str]) -> bool:
        return len(cells) == width and all(
            not cells[c].strip() or _DIGIT.search(cells[c]) for c in digits
        )

    for i, c in multiline:
        record = record_of(i)
        lines = _BREAK.split(record[c])
        first = [*record[:c], *lines[0].split(delimiter)]
        last = [*lines[-1].split(delimiter), *record[c + 1 :]]
        between = [line.split(delimiter) for line in lines[1:-1]]
        filled = [cells for cells in between if any(map(str.strip, cells))]
        all_rows = (digits or width > 3) and all(map(is_row, (first, *filled, last)))
        if all_rows or (digits and any(map(is_row, filled))):
            yield i, c, len(lines) - 1


def runaway_quotes_in_columns(
    columns: Sequence[pa.LargeStringArray], lengths: Sequence[int], delimiter: str
) -> Iterator[tuple[int, int, int]]:
    """The same for Arrow columns; ``lengths``: the cells of each record."""
    import pyarrow as pa
    import pyarrow.compute as pc

    multiline: list[tuple[int, int]] = []
    odd: set[int] = set()
    for c, column in enumerate(columns):
        has = pc.or_(pc.match_substring(column, "\n"), pc.match_substring(column, "\r"))
        at = pc.indices_nonzero(has).to_numpy().astype("int64")
        odd.update(at.tolist())
        # Without a delimiter a cell holds no rows.
        has_delimiter = pc.match_substring(column.take(pa.array(at)), delimiter)
        multiline += [(i, c) for i in at[has_delimiter.to_numpy(zero_copy_only=False)].tolist()]
    if not multiline:
        return
    first = range(min(len(lengths), _SAMPLE + len(odd)))
    needed = sorted({*first, *(i for i, _ in multiline)})
    cells = zip(*(column.take(pa.array(needed)).to_pylist() for column in columns), strict=True)
    records = {i: row[: lengths[i]] for i, row in zip(needed, cells, strict=True)}
    usual = [records[i] for i in first if i not in odd]
    yield from _cells_holding_rows(usual, records.__getitem__, sorted(multiline), delimiter)


def _has_digits(cells: Sequence[str]) -> bool:
    """Whether nearly all filled cells have a digit; the header may have none."""
    filled = [cell for cell in cells if cell.strip()]
    with_digit = sum(1 for cell in filled if _DIGIT.search(cell))
    return with_digit > 0 and with_digit >= 0.8 * (len(filled) - 1)
