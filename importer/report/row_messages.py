"""What the findings say of each bill and line item, for hundreds of thousands at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import pyarrow as pa

from importer.core.arrow_strings import ArrowStrings, join, replaced, texts_of, whole_numbers
from importer.core.safe_text import visible
from importer.model.finding import Finding, Severity
from importer.validation.finding_batch import FindingBatch, Findings, finding_count
from importer.validation.validate import Checked

_MOST = 5  # sentences of one bill or line item; more are counted
_AT_ONCE = 16_384  # findings that are made at a time
_HERE, _IN_ROW, _OF_LINE = range(3)  # where the finding is, seen from the bill or line item
_PLACES = texts_of(["", "row ", "line item in row "])
_BEFORE_SENTENCE = texts_of([": ", ", "])  # of one that begins with its column


@dataclass(frozen=True)
class RowMessages:
    """What is said of bills: their own findings, and those of their lines with the rows; and what
    is said of line items: their own."""

    bills: ArrowStrings
    lines: ArrowStrings

    @classmethod
    def of(cls, checked: Checked) -> RowMessages:
        flat = _Flat.of(checked.findings)
        of_bills, of_lines = _about(checked, flat)
        return cls(
            ArrowStrings(*_together(flat, *of_bills), checked.bills.size),
            ArrowStrings(*_together(flat, *of_lines), checked.lines.size),
        )


def said(f: Finding) -> str:
    """A finding's sentence after its column: ``amount: …``."""
    column = (f.cell.column or "").strip()
    return f"{column}: {f.message}" if column else f.message


@dataclass(frozen=True)
class _Flat:
    """The findings one after the other as their parts have them: arrays by finding, -1 for none."""

    parts: list[FindingBatch | Finding]
    turn: np.ndarray  # in the order of the files
    table: np.ndarray
    row: np.ndarray
    sentence: np.ndarray  # an index into those that follow
    sentences: pa.LargeStringArray
    with_column: np.ndarray

    @classmethod
    def of(cls, findings: Findings) -> _Flat:
        part, within = (np.asarray(each, dtype=np.int64) for each in findings.order())
        starts = np.cumsum([0, *map(finding_count, findings.parts)])
        turn = np.empty(len(part), dtype=np.int64)
        turn[starts[part] + within] = np.arange(len(part))
        table, row, sentence = (np.full(len(part), -1, dtype=np.int64) for _ in range(3))
        count = 0
        told: list[Iterable[Finding]] = []
        for p, start in zip(findings.parts, starts.tolist(), strict=False):
            own = slice(start, start + finding_count(p))
            if not isinstance(p, Finding):
                table[own], row[own] = p.places.table, p.places.row
                code, first = p.variants()
                sentence[own] = count + code
                told.append(map(p.__getitem__, first))
                count += len(first)
            else:
                table[own] = -1 if p.cell.table is None else p.cell.table
                row[own] = -1 if p.cell.row is None else p.cell.row
                sentence[own] = count
                told.append((p,))
                count += 1
        sentences, columned = _different(chain.from_iterable(told))
        return cls(findings.parts, turn, table, row, sentence, sentences, columned)


def _different(findings: Iterator[Finding]) -> tuple[pa.LargeStringArray, np.ndarray]:
    """What each finding says, and whether that begins with its column."""
    texts, columned = [texts_of([])], [np.empty(0, dtype=bool)]
    while some := list(islice(findings, _AT_ONCE)):
        texts.append(texts_of([visible(said(f)) for f in some]))
        columned.append(np.asarray([bool((f.cell.column or "").strip()) for f in some], dtype=bool))
    return pa.concat_arrays(texts), np.concatenate(columned)


_Items = tuple[np.ndarray, np.ndarray]  # item, finding
_Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]  # item, finding, where that is


def _about(checked: Checked, flat: _Flat) -> tuple[_Pairs, _Pairs]:
    """Which findings are to be told of which bills, and of which line items."""
    own, of_lines, by_line = (list[_Items]() for _ in range(3))
    single: list[tuple[Finding, int]] = []
    start = 0
    for p in flat.parts:
        if isinstance(p, Finding):
            single.append((p, start))
        else:
            own.append(_each(p.bills, start, p))
            of_lines.append(_each(p.lines, start, p))
            if p.severity is Severity.ERROR:
                by_line.append(of_lines[-1])
        start += finding_count(p)
    own.append(_each_of([(p.bills, start) for p, start in single]))
    of_lines.append(_each_of([(p.lines, start) for p, start in single]))
    errors = [(p.lines, start) for p, start in single if p.severity is Severity.ERROR]
    bills, findings = _joined(own)
    rows, tables = flat.row[findings], flat.table[findings]
    mapped = checked.mapped.bills
    here = (rows < 0) | ((mapped.table[bills] == tables) & (mapped.row[bills] == rows))
    of_line, of_line_findings = _joined([
        _of_bills(checked, *_joined(by_line)),
        _but(_of_bills(checked, *_each_of(errors)), (bills, findings)),  # once of each bill
    ])  # fmt: skip
    lines, of_own_lines = _joined(of_lines)
    return (
        np.concatenate([bills, of_line]),
        np.concatenate([findings, of_line_findings]),
        np.concatenate([np.where(here, _HERE, _IN_ROW), np.full(len(of_line), _OF_LINE)]),
    ), (lines, of_own_lines, np.full(len(lines), _HERE))


def _each(items: np.ndarray, start: int, part: FindingBatch) -> _Items:
    """The items of a group, and which finding each is of; of some there are two to a finding."""
    return items, start + np.arange(len(items)) % max(len(part), 1)


def _each_of(single: Sequence[tuple[tuple[int, ...], int]]) -> _Items:
    """The items of findings that are in no group, and which finding each is of."""
    pairs = [(item, finding) for items, finding in single for item in items]
    items, findings = np.asarray(pairs, dtype=np.int64).reshape(-1, 2).T
    return items, findings


def _of_bills(checked: Checked, lines: np.ndarray, findings: np.ndarray) -> _Items:
    """The bills of line items that have one."""
    bills = checked.line_bill[lines]
    return bills[bills >= 0], findings[bills >= 0]


def _but(some: _Items, others: _Items) -> _Items:
    """Each pair once that is not among the others."""
    (items, findings), width = some, 1 + max(each.max(initial=0) for each in (some[0], others[0]))
    keys = np.setdiff1d(findings * width + items, others[1] * width + others[0])
    return keys % width, keys // width


def _joined(pairs: Sequence[_Items]) -> _Items:
    none = np.empty(0, dtype=np.int64)
    return (
        np.concatenate([none, *(items for items, _ in pairs)]),
        np.concatenate([none, *(findings for _, findings in pairs)]),
    )


def _together(
    flat: _Flat, items: np.ndarray, findings: np.ndarray, where: np.ndarray
) -> tuple[np.ndarray, pa.LargeStringArray]:
    """The items of which something is said, and what: a sentence a finding, in their order."""
    order = np.lexsort((flat.turn[findings], items))
    items, findings, where = items[order], findings[order], where[order]
    different, starts, sizes = np.unique(items, return_index=True, return_counts=True)
    texts = _sentences(flat, findings[starts], where[starts])
    for k in range(1, _MOST):
        at = np.flatnonzero(sizes > k)
        if len(at):
            further = starts[at] + k
            own = [
                texts.take(pa.array(at)),
                " ",
                _sentences(flat, findings[further], where[further]),
            ]
            texts = replaced(texts, at, join(own))
    more = np.flatnonzero(sizes > _MOST)
    if len(more):
        left = whole_numbers(sizes[more] - _MOST)
        texts = replaced(texts, more, join([texts.take(pa.array(more)), " And ", left, " more."]))
    return different, texts


def _sentences(flat: _Flat, findings: np.ndarray, where: np.ndarray) -> pa.LargeStringArray:
    """The sentence of each finding after its place."""
    number = flat.sentence[findings]
    texts = flat.sentences.take(pa.array(number))
    at = np.flatnonzero((where != _HERE) & (flat.row[findings] >= 0))
    if not len(at):
        return texts
    pieces = [
        _PLACES.take(pa.array(where[at])),
        whole_numbers(flat.row[findings[at]]),
        _BEFORE_SENTENCE.take(pa.array(flat.with_column[number[at]].astype(np.int8))),
        texts.take(pa.array(at)),
    ]
    return replaced(texts, at, join(pieces))
