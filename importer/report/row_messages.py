"""Message of each row, from the findings about it: ``import_message`` in every kind of result.

``RowMessages`` words the findings of all bills and line items at once. A row without such a
message (totals, rows passed over, answers of Light) gets that of ``row_message``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import pyarrow as pa

from importer.core.arrow_strings import (
    SparseStrings,
    concatenate,
    integers,
    replace_at,
    strings,
)
from importer.core.counted_nouns import count
from importer.core.safe_text import visible
from importer.model.finding import Finding, Severity
from importer.model.journal_states import Status
from importer.model.report_model import RowResult
from importer.model.tables import Role
from importer.validation.checked_bills import Checked
from importer.validation.finding_batch import FindingBatch, Findings, finding_count

ANOTHER_ROW = "Another row of this bill has a problem: see the sheet Problems."
_NO_RESULT = "There is no information about this row."
_MOST_SENTENCES = 5  # of one bill or line item; more are counted
_MOST_LISTED = 8  # findings of another row
_CHUNK = 16_384  # findings that are built at a time
_SAME_ROW, _IN_ROW, _OF_LINE = range(3)  # where the finding is, seen from the bill or line item
_PLACES = strings(["", "row ", "line item in row "])
_SEPARATORS = strings([": ", ", "])  # the latter before a sentence that begins with its column


def row_message(
    role: Role, result: RowResult | None, findings: Callable[[], str], reason: str = ""
) -> str:
    """``findings`` words those of the row, for a row whose result has no message; ``reason`` is why
    the row was passed over."""
    if result is not None and result.message:
        return visible(result.message)
    if message := findings():
        return message
    if role is not Role.DATA:
        return reason
    if result is None:
        return _NO_RESULT
    return ANOTHER_ROW if result.status is Status.INVALID else reason


def finding_list(messages: Iterable[str]) -> str:
    """The messages, each once, in one line; of more than eight the rest is counted."""
    each = list(dict.fromkeys(messages))
    more = len(each) - _MOST_LISTED
    if more > 1:
        each = [*each[:_MOST_LISTED], f"and {count(more, 'other')}, see the sheet Problems"]
    return "; ".join(each)


def with_place(finding: Finding) -> str:
    """The message, led by the row it is about: "Lines, row 7: …"."""
    cell = finding.cell
    if cell.row is None:
        return visible(finding.message)
    sheet = f"{visible(cell.sheet)}, " if cell.sheet is not None else ""
    return f"{sheet}row {cell.row}: {visible(finding.message)}"


@dataclass(frozen=True)
class RowMessages:
    """The messages of bills, from their own findings and those of their lines with the rows; and
    those of line items, from their own. A sentence a finding, led by its column: "amount: …"."""

    bills: SparseStrings
    lines: SparseStrings

    @classmethod
    def of(cls, checked: Checked) -> RowMessages:
        flat = _FlatFindings.of(checked.findings)
        bills, lines = _assigned(checked, flat)
        return cls(
            SparseStrings(*_messages(flat, *bills), checked.bills.size),
            SparseStrings(*_messages(flat, *lines), checked.lines.size),
        )


@dataclass(frozen=True)
class _FlatFindings:
    """The findings in the order of their batches, as arrays by finding; -1 for none."""

    parts: list[FindingBatch | Finding]
    rank: np.ndarray  # in the order of the files
    table: np.ndarray
    row: np.ndarray
    sentence: np.ndarray  # an index into those that follow
    sentences: pa.LargeStringArray
    with_column: np.ndarray  # by sentence: whether it begins with its column

    @classmethod
    def of(cls, findings: Findings) -> _FlatFindings:
        part, within = findings.order()
        starts = np.cumsum([0, *map(finding_count, findings.parts)])
        rank = np.empty(len(part), dtype=np.int64)
        rank[starts[part] + within] = np.arange(len(part))
        table, row, sentence = (np.full(len(part), -1, dtype=np.int64) for _ in range(3))
        count = 0
        variants: list[Iterable[Finding]] = []
        for p, start in zip(findings.parts, starts.tolist(), strict=False):
            slots = slice(start, start + finding_count(p))
            if isinstance(p, Finding):
                table[slots] = -1 if p.cell.table is None else p.cell.table
                row[slots] = -1 if p.cell.row is None else p.cell.row
                sentence[slots] = count
                variants.append((p,))
                count += 1
            else:
                table[slots], row[slots] = p.places.table, p.places.row
                code, first = p.variants()
                sentence[slots] = count + code
                variants.append(map(p.__getitem__, first))
                count += len(first)
        sentences, with_column = _worded(chain.from_iterable(variants))
        return cls(findings.parts, rank, table, row, sentence, sentences, with_column)


def _worded(findings: Iterator[Finding]) -> tuple[pa.LargeStringArray, np.ndarray]:
    """The sentence of each finding, and whether it begins with its column."""
    texts, with_column = [strings([])], [np.empty(0, dtype=bool)]
    while chunk := list(islice(findings, _CHUNK)):
        columns = [(f.cell.column or "").strip() for f in chunk]
        sentences = [
            visible(f"{column}: {f.message}" if column else f.message)
            for column, f in zip(columns, chunk, strict=True)
        ]
        texts.append(strings(sentences))
        with_column.append(np.asarray(list(map(bool, columns)), dtype=bool))
    return pa.concat_arrays(texts), np.concatenate(with_column)


_Pairs = tuple[np.ndarray, np.ndarray]  # items, and a finding of each
_Placed = tuple[np.ndarray, np.ndarray, np.ndarray]  # the same, and where the finding is


def _assigned(checked: Checked, flat: _FlatFindings) -> tuple[_Placed, _Placed]:
    """Which findings belong in the messages of which bills, and of which line items."""
    of_bills, of_lines, line_errors = (list[_Pairs]() for _ in range(3))
    single: list[tuple[Finding, int]] = []
    start = 0
    for p in flat.parts:
        if isinstance(p, Finding):
            single.append((p, start))
        else:
            of_bills.append(_batch_pairs(p.bills, start, p))
            of_lines.append(_batch_pairs(p.lines, start, p))
            if p.severity is Severity.ERROR:
                line_errors.append(of_lines[-1])
        start += finding_count(p)
    of_bills.append(_single_pairs([(p.bills, start) for p, start in single]))
    of_lines.append(_single_pairs([(p.lines, start) for p, start in single]))
    errors = [(p.lines, start) for p, start in single if p.severity is Severity.ERROR]
    bills, findings = _joined(of_bills)
    mapped = checked.mapped.bills

    def in_same_row(bills: np.ndarray, findings: np.ndarray) -> np.ndarray:
        rows, tables = flat.row[findings], flat.table[findings]
        return np.asarray(
            (rows < 0) | ((mapped.table[bills] == tables) & (mapped.row[bills] == rows))
        )

    by_line = _to_bills(checked, _joined(line_errors))
    by_column = _to_bills(checked, _single_pairs(errors))
    by_column = _without(by_column, (bills, findings))  # once of each bill
    line_bills, line_findings = _joined([by_line, by_column])
    of_line = np.repeat([_OF_LINE, _IN_ROW], [len(by_line[0]), len(by_column[0])])
    lines, line_item_findings = _joined(of_lines)
    return (
        np.concatenate([bills, line_bills]),
        np.concatenate([findings, line_findings]),
        np.concatenate(
            [
                np.where(in_same_row(bills, findings), _SAME_ROW, _IN_ROW),
                np.where(in_same_row(line_bills, line_findings), _SAME_ROW, of_line),
            ]
        ),
    ), (lines, line_item_findings, np.full(len(lines), _SAME_ROW))


def _batch_pairs(items: np.ndarray, start: int, batch: FindingBatch) -> _Pairs:
    """Some batches have two items to a finding."""
    return items, start + np.arange(len(items)) % max(len(batch), 1)


def _single_pairs(single: Sequence[tuple[tuple[int, ...], int]]) -> _Pairs:
    items = chain.from_iterable(items for items, _ in single)
    findings = np.asarray([finding for _, finding in single], dtype=np.int64)
    return np.fromiter(items, np.int64), np.repeat(findings, [len(items) for items, _ in single])


def _to_bills(checked: Checked, pairs: _Pairs) -> _Pairs:
    """The bills of line items that have one."""
    lines, findings = pairs
    bills = checked.line_bill[lines]
    return bills[bills >= 0], findings[bills >= 0]


def _without(pairs: _Pairs, others: _Pairs) -> _Pairs:
    """The distinct pairs that are not in ``others``."""
    (items, findings), width = pairs, 1 + max(each.max(initial=0) for each in (pairs[0], others[0]))
    keys = np.setdiff1d(findings * width + items, others[1] * width + others[0])
    return keys % width, keys // width


def _joined(pairs: Sequence[_Pairs]) -> _Pairs:
    none = np.empty(0, dtype=np.int64)
    items, findings = zip((none, none), *pairs, strict=True)
    return np.concatenate(items), np.concatenate(findings)


def _messages(
    flat: _FlatFindings, items: np.ndarray, findings: np.ndarray, where: np.ndarray
) -> tuple[np.ndarray, pa.LargeStringArray]:
    """The items with a message, ascending, and the messages."""
    order = np.lexsort((flat.rank[findings], items))
    items, findings, where = items[order], findings[order], where[order]
    different, starts, sizes = np.unique(items, return_index=True, return_counts=True)
    texts = _sentences(flat, findings[starts], where[starts])
    for k in range(1, _MOST_SENTENCES):
        rows = np.flatnonzero(sizes > k)
        if len(rows):
            following = starts[rows] + k
            sentences = _sentences(flat, findings[following], where[following])
            longer = concatenate([texts.take(pa.array(rows)), " ", sentences])
            texts = replace_at(texts, rows, longer)
    rows = np.flatnonzero(sizes > _MOST_SENTENCES)
    if len(rows):
        more = integers(sizes[rows] - _MOST_SENTENCES)
        longer = concatenate([texts.take(pa.array(rows)), " And ", more, " more."])
        texts = replace_at(texts, rows, longer)
    return different, texts


def _sentences(flat: _FlatFindings, findings: np.ndarray, where: np.ndarray) -> pa.LargeStringArray:
    """The sentence of each finding after its place."""
    number = flat.sentence[findings]
    texts = flat.sentences.take(pa.array(number))
    rows = np.flatnonzero((where != _SAME_ROW) & (flat.row[findings] >= 0))
    if not len(rows):
        return texts
    pieces = [
        _PLACES.take(pa.array(where[rows])),
        integers(flat.row[findings[rows]]),
        _SEPARATORS.take(pa.array(flat.with_column[number[rows]].astype(np.int8))),
        texts.take(pa.array(rows)),
    ]
    return replace_at(texts, rows, concatenate(pieces))
