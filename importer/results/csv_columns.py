"""The rows of a CSV result made a column at a time, for the very large.

Row by row they are the same as ``every_row`` and ``added`` give them; only rows of which there is
more to say than their status are asked for one by one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.records import Finding, InputTable, Report, Role, Status, TableKind
from importer.results.added import (
    ATTEMPTS,
    GROSS,
    MESSAGE,
    NET,
    SOURCE_ROW,
    STATUS,
    TAX,
    kept_columns,
)
from importer.results.became import STATUSES, BillResults, LineResults
from importer.results.every_row import Row, added, plain_money
from importer.results.found import ANOTHER_ROW, joined, place
from importer.results.known import Told
from importer.results.wording import visible
from importer.sheets.text_column import arrow_texts
from importer.validation.plain import matching

AT_ONCE = 65_536
_STATUSES = pa.array([status.value for status in STATUSES], type=pa.large_string())
# Begins with what starts no formula and has nothing to quote; or a number.
_PLAIN = r"\A(?:[0-9A-Za-z#$%&(*./:;<>?_\[][^\",\r\n]*|[+-]?[0-9][0-9.]*)?\z"
_TO_QUOTE = re.compile('[",\r\n]')
SAFE = frozenset((STATUS, ATTEMPTS, SOURCE_ROW, GROSS, NET, TAX))  # words and numbers of our own
_NO_TEXT = pa.scalar("", pa.large_string())
Told_ = Mapping[str, pa.LargeStringArray]


def rows_of(report: Report, t: int) -> Iterator[tuple[list[pa.LargeStringArray], Told_]]:
    """Parts of a table's rows: the cells of its kept columns, and the columns that are added.

    Texts are as they are in the file; what is added and not there is blank.
    """
    table = report.tables[t]
    results = report.bills if table.kind is TableKind.BILLS else report.line_items
    assert isinstance(results, BillResults | LineResults)
    start = table.header + 1
    columns = [
        arrow_texts(table.source.columns[c]).slice(start) for c in kept_columns(table.headers)
    ]
    items = np.full(len(table.roles), -1, dtype=np.int64)
    items[_data_rows(table)] = np.flatnonzero(results.table == t)
    rows = np.asarray(table.source.rows[start:], dtype=np.int64)
    plain = results.plain()
    said = _said_at(report, t)
    said_rows = np.asarray(list(said), dtype=np.int64)
    for first in range(0, len(items), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        own = items[part]
        told = _plainly(results, own, rows[part])
        odd = np.flatnonzero((own < 0) | ~plain[own] | np.isin(rows[part], said_rows))
        if results.only_checked:
            odd = _say_messages(told, odd, results, own)
        _say(told, odd, table, results, own, rows[part], table.roles[part], said)
        yield [column.slice(first, AT_ONCE) for column in columns], told


def _data_rows(table: InputTable) -> np.ndarray:
    roles = list(table.roles)
    if roles.count(Role.DATA) == len(roles):
        return np.arange(len(roles))
    return np.flatnonzero([role is Role.DATA for role in roles])


def _said_at(report: Report, t: int) -> dict[int, list[Finding]]:
    out: dict[int, list[Finding]] = defaultdict(list)
    for f in report.findings:
        there = place(f)
        if there is not None and there[0] == t:
            out[there[1]].append(f)
    return out


def _plainly(
    results: BillResults | LineResults, items: np.ndarray, rows: np.ndarray
) -> dict[str, pa.LargeStringArray]:
    """What is added where a row has a status and nothing else."""
    codes = results.codes[items]
    gross, net, tax = results.told
    invalid = pa.array(codes == STATUSES.index(Status.INVALID))
    return {
        STATUS: _STATUSES.take(pa.array(codes)),
        MESSAGE: pc.if_else(invalid, pa.scalar(ANOTHER_ROW, pa.large_string()), _NO_TEXT),
        ATTEMPTS: _repeated("0", len(items)),
        SOURCE_ROW: pa.array(rows).cast(pa.large_string()),
        GROSS: _money(gross, items, results.units),
        NET: _money(net, items, results.units),
        TAX: _money(tax, items, results.units),
    }


def _repeated(text: str, size: int) -> pa.LargeStringArray:
    return pa.array([text], pa.large_string()).take(pa.array(np.zeros(size, dtype=np.int64)))


def _money(told: Told, items: np.ndarray, units: np.ndarray) -> pa.LargeStringArray:
    cents, known, unit = told.cents[items], told.known[items], units[items]
    if cents.dtype == object or (unit != 100).any():
        texts = [
            plain_money(int(c), int(u)) if k else ""
            for c, k, u in zip(cents, known, unit, strict=True)
        ]
        return pa.array(texts, type=pa.large_string())
    # A decimal of two places is its cents; the upper half of its 128 bits repeats the sign.
    halves = np.empty((len(cents), 2), dtype=np.int64)
    halves[:, 0], halves[:, 1] = cents, cents >> 63
    exact: Any = pa.Array.from_buffers(
        pa.decimal128(20, 2), len(cents), [None, pa.py_buffer(halves.tobytes())]
    )
    return pc.if_else(pa.array(known), exact.cast(pa.large_string()), _NO_TEXT)


def _say_messages(
    told: dict[str, pa.LargeStringArray],
    odd: np.ndarray,
    results: BillResults | LineResults,
    items: np.ndarray,
) -> np.ndarray:
    """The messages of rows of which there is nothing else to say; the other rows of ``odd``."""
    at, messages, others = [], [], []
    for k, item in zip(odd.tolist(), items[odd].tolist(), strict=True):
        message = visible(results.message(item)) if item >= 0 else ""
        if message:
            at.append(k)
            messages.append(message)
        else:
            others.append(k)
    if at:
        mask = np.zeros(len(items), dtype=bool)
        mask[at] = True
        own = pa.array(messages, type=pa.large_string())
        told[MESSAGE] = pc.replace_with_mask(told[MESSAGE], pa.array(mask), own)
    return np.asarray(others, dtype=np.int64)


def _say(
    told: dict[str, pa.LargeStringArray],
    odd: np.ndarray,
    table: InputTable,
    results: BillResults | LineResults,
    items: np.ndarray,
    rows: np.ndarray,
    roles: Sequence[Role],
    said: Mapping[int, list[Finding]],
) -> None:
    """What is added to the rows ``odd``, put in its place."""
    if not len(odd):
        return
    each: list[dict[str, str]] = []
    for k in odd.tolist():
        row, role, item = int(rows[k]), roles[k], int(items[k])
        result = results.bare(item) if item >= 0 else None
        message = visible(result.message) if result is not None else ""
        message = message or joined(visible(f.message) for f in said.get(row, ()))
        if not message and result is not None and result.status is Status.INVALID:
            message = ANOTHER_ROW
        message = message or table.reasons.get(row, "")
        each.append(added(Row(table, [], (), role, row, result, message)))
    mask = np.zeros(len(items), dtype=bool)
    mask[odd] = True
    without = items[odd] < 0
    for name in {name for one in each for name in one} | set(told):
        base = told.get(name)
        base = _repeated("", len(items)) if base is None else base
        if name in (GROSS, NET, TAX):  # as for any row; but a row that is no item has none
            texts = base.take(pa.array(odd))
            own = pc.if_else(pa.array(without), _NO_TEXT, texts)
        else:
            own = pa.array([one.get(name, "") for one in each], type=pa.large_string())
        told[name] = pc.replace_with_mask(base, pa.array(mask), own)


# --- to text ----------------------------------------------------------------------------------


def written(texts: pa.LargeStringArray, neutral: Callable[[str], str]) -> pa.LargeStringArray:
    """Texts as the csv module writes them, ``neutral`` for any spreadsheet."""
    odd = ~matching(texts, _PLAIN)
    if not odd.any():
        return texts
    mask = pa.array(odd)
    own = [_quoted(neutral(text)) for text in texts.filter(mask).to_pylist()]
    return pc.replace_with_mask(texts, mask, pa.array(own, type=pa.large_string()))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _TO_QUOTE.search(text) else text


def lines(columns: Sequence[Any]) -> memoryview:
    """One line a row, in UTF-8; a column may be one text for all rows."""
    joined_ = pc.binary_join_element_wise(*columns, pa.scalar(",", pa.large_string()))
    ended = pc.binary_join_element_wise(joined_, pa.scalar("\r\n", pa.large_string()), _NO_TEXT)
    offsets = np.frombuffer(ended.buffers()[1], dtype=np.int64)
    first, last = offsets[ended.offset], offsets[ended.offset + len(ended)]
    return memoryview(ended.buffers()[2])[first:last]
