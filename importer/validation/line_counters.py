"""Columns that count the lines of each bill: a bill that lacks one lost a row, or has another's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.model.tables import InputTable, Role
from importer.validation.column import ParsedSheets
from importer.validation.finding_batch import FindingBatch
from importer.validation.number_warnings import number_warnings
from importer.validation.row_runs import line_columns

_HEADER = re.compile(
    r"\b(?:line|lines|ln|sr|serial|ligne|zeile|l[ií]nea|linje|linie|linha|regel|riga|rad|rivi|row|pos|position"
    r"|posición|posizione|positie|seq|sequence|idx|index|lfd|split|item)\b|#",
    re.IGNORECASE,
)
_FEWEST_BILLS, _MOST_ODD = 4, 0.25  # bills of several lines, and as a share of them
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST = 4  # digits
_SHOWN = 8


def line_gaps(sheets: ParsedSheets) -> Iterator[FindingBatch]:
    """A warning for each bill whose lines are not 1, 2, 3 … in a column where nearly all others
    are; of a flat layout, whose rows are there once."""
    mapped, bills, _, line_bill = sheets
    if mapped.line_bill is None or mapped.repeated:
        return
    gaps: dict[int, dict[str, str]] = {}
    for each in line_columns(mapped, line_bill):
        if not _HEADER.search(_CAMEL.sub(" ", each.header).replace("_", " ")):
            continue
        texts = pc.replace_substring_regex(each.texts(), r"\.0+\z", "")
        if not _is_counter(texts):
            continue
        numbers = pc.cast(texts, pa.int64()).to_numpy()
        for bill, some in _odd_bills(line_bill[each.lines], numbers).items():
            if not _touches_other_rows(each.table, mapped.lines.row[line_bill == bill]):
                shown = ", ".join(map(str, some[:_SHOWN])) + (" …" if some[_SHOWN:] else "")
                gaps.setdefault(bill, {"numbers": shown, "column": each.header})
    yield number_warnings(mapped, bills, "line_gap", gaps)


def _is_counter(texts: pa.LargeStringArray) -> bool:
    pattern = rf"\A[0-9]{{1,{_LONGEST}}}\z"
    return bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())


def _odd_bills(bill: np.ndarray, numbers: np.ndarray) -> dict[int, list[int]]:
    """The bills whose numbers do not count their lines, sorted; none where that is not what the
    column does."""
    order = np.lexsort((numbers, bill))
    bill, numbers = bill[order], numbers[order]
    starts = np.flatnonzero(np.append(True, np.diff(bill) != 0))
    sizes = np.diff(np.append(starts, len(bill)))
    several = starts[sizes > 1]
    if len(several) < _FEWEST_BILLS:
        return {}
    steps = numbers[several + 1] - numbers[several]
    codes, place, counts = np.unique(
        numbers[several] * 10**_LONGEST + steps, return_index=True, return_counts=True
    )
    most_common = codes[np.lexsort((place, -counts))[0]]
    first, step = divmod(int(most_common), 10**_LONGEST)
    if step < 1 or first not in (0, step):
        return {}
    position = np.arange(len(bill)) - np.repeat(starts, sizes)
    odd = np.flatnonzero(np.logical_or.reduceat(numbers != first + step * position, starts))
    if len(odd) > _MOST_ODD * len(several):
        return {}
    return {
        int(bill[start]): numbers[start : start + size].tolist()
        for start, size in zip(starts[odd].tolist(), sizes[odd].tolist(), strict=True)
    }


def _touches_other_rows(table: InputTable, rows: np.ndarray) -> bool:
    """Whether rows that are no lines, as notes, are between or beside these rows."""
    numbers = np.asarray(table.source.rows)[table.header + 1 :]
    low, high = np.searchsorted(numbers, [rows.min(), rows.max()])
    roles = table.roles[max(low - 1, 0) : high + 2]
    return any(role is not Role.DATA for role in roles)
