"""Bills whose number, vendor or text says that they are no bills to pay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.no_bill_words import NO_BILL, OTHER_THAN_BILL, VOID_NAME
from importer.core.text_column import cells_starting, check_distinct, take
from importer.core.total_words import is_total, may_begin_total
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.column import ParsedSheets, ParsedTable

_NUMBER = r"(?i)^\W*(?:CRN|C/N|CN|PCN|SCN|GS)[-/ #.]*[0-9]"
_TEXTS = ((BILLS, "invoiceNumber"), (BILLS, "description"), (LINE_ITEMS, "description"))
_FIELDS = (((BILLS, "vendor"),), _TEXTS, _TEXTS)
_PATTERNS = (VOID_NAME, NO_BILL, OTHER_THAN_BILL)  # of the last a total is one, too
_FEW = 10_000  # texts that take no longer to search than a pattern to compile


def saying_no_bill(sheets: ParsedSheets, excused: np.ndarray) -> Iterator[Finding]:
    """A warning for each bill above zero, unless it is excused, whose texts say so.

    Of a line's text only where all lines of the bill say it; of a number such as ``CN-12``, and of
    other documents and totals, where most are not like that.
    """
    mapped, bills, lines, line_bill = sheets
    cents, valid = bills["amount"].cents()
    owed = valid & np.asarray(cents > 0, dtype=bool) & ~excused
    saying: dict[int, tuple[str, str, int]] = {}  # bill → sheet, field, item
    for pattern, (sheet, name), at in _matches(bills, lines):
        if sheet == BILLS:
            of_bills = {int(i): int(i) for i in at}
        else:
            counts = np.bincount(line_bill[line_bill >= 0], minlength=bills.size)
            lines_saying = np.bincount(line_bill[at][line_bill[at] >= 0], minlength=bills.size)
            of_bills = {int(line_bill[i]): int(i) for i in at.tolist() if line_bill[i] >= 0}
            of_bills = {
                bill: i for bill, i in of_bills.items() if lines_saying[bill] == counts[bill]
            }
        if pattern is OTHER_THAN_BILL and 2 * len(of_bills) > bills.size:
            continue
        for bill, item in of_bills.items():
            saying.setdefault(bill, (sheet, name, item))
    (notes,) = _matching([bills["invoiceNumber"].texts()], _NUMBER)
    if 2 * len(notes) <= bills.size:
        saying |= {i: (BILLS, "invoiceNumber", i) for i in notes.tolist() if i not in saying}
    for bill in sorted(saying):
        if not owed[bill]:
            continue
        sheet, name, item = saying[bill]
        table = bills if sheet == BILLS else lines
        yield finding(
            "bills.amount.says_no_bill",
            mapped.cell(sheet, name, item),
            str(table[name].at(item)),
            bills=(bill,),
            amount=bills.money(bill, int(cents[bill])),
        )


def _matches(
    bills: ParsedTable, lines: ParsedTable
) -> Iterator[tuple[str, tuple[str, str], np.ndarray]]:
    """For each pattern and field, the items whose text matches."""
    for pattern, fields in zip(_PATTERNS, _FIELDS, strict=True):
        texts = [(bills if sheet == BILLS else lines)[name].texts() for sheet, name in fields]
        for field, column, at in zip(fields, texts, _matching(texts, pattern), strict=True):
            totals = _totals(column) if pattern is OTHER_THAN_BILL else at
            yield pattern, field, np.union1d(at, totals)


def _totals(texts: pa.LargeStringArray) -> np.ndarray:
    """Where the text is that of a total."""
    if not len(texts):
        return np.empty(0, dtype=np.int64)
    texts = pc.fill_null(texts, "")
    at = cells_starting(texts, may_begin_total)
    return np.asarray(at[check_distinct(take(texts, at), is_total)])


def _matching(columns: Sequence[pa.LargeStringArray], pattern: str) -> list[np.ndarray]:
    """Where the texts of each column match. Short columns are searched as one."""
    if len(columns) > 1 and sum(map(len, columns)) > _FEW:
        return [at for column in columns for at in _matching([column], pattern)]
    texts = pa.concat_arrays(columns) if len(columns) > 1 else columns[0]
    mask = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    starts = np.cumsum([len(column) for column in columns])[:-1]
    by_column = np.split(mask.to_numpy(zero_copy_only=False), starts)
    return [np.flatnonzero(of_column) for of_column in by_column]
