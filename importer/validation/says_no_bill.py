"""Bills whose number, vendor or text says that they are no bills to pay."""

from __future__ import annotations

from collections.abc import Iterator

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
_OTHER = "other"  # in the place of a pattern: another document, or a total
_FIELDS = (
    (BILLS, "vendor", VOID_NAME),
    (BILLS, "invoiceNumber", NO_BILL),
    (BILLS, "description", NO_BILL),
    (LINE_ITEMS, "description", NO_BILL),
    (BILLS, "invoiceNumber", _OTHER),
    (BILLS, "description", _OTHER),
    (LINE_ITEMS, "description", _OTHER),
)


def saying_no_bill(sheets: ParsedSheets, excused: np.ndarray) -> Iterator[Finding]:
    """A warning for each bill above zero, unless it is excused, whose texts say so.

    Of a line's text only where all lines of the bill say it; of a number such as ``CN-12``, and of
    other documents and totals, where most are not like that.
    """
    mapped, bills, lines, line_bill = sheets
    cents, valid = bills["amount"].cents()
    owed = valid & np.asarray(cents > 0, dtype=bool) & ~excused
    saying: dict[int, tuple[str, str, int]] = {}  # bill → sheet, field, item
    for sheet, name, pattern in _FIELDS:
        table = bills if sheet == BILLS else lines
        at = _of_others(table, name) if pattern is _OTHER else _matching(table, name, pattern)
        if sheet == BILLS:
            of_bills = {int(i): int(i) for i in at}
        else:
            counts = np.bincount(line_bill[line_bill >= 0], minlength=bills.size)
            lines_saying = np.bincount(line_bill[at][line_bill[at] >= 0], minlength=bills.size)
            of_bills = {int(line_bill[i]): int(i) for i in at.tolist() if line_bill[i] >= 0}
            of_bills = {
                bill: i for bill, i in of_bills.items() if lines_saying[bill] == counts[bill]
            }
        if pattern is _OTHER and 2 * len(of_bills) > bills.size:
            continue
        for bill, item in of_bills.items():
            saying.setdefault(bill, (sheet, name, item))
    notes = _matching(bills, "invoiceNumber", _NUMBER)
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


def _of_others(table: ParsedTable, name: str) -> np.ndarray:
    """Where the text is that of another document, or of a total."""
    others = _matching(table, name, OTHER_THAN_BILL)
    texts: pa.LargeStringArray = table[name].texts()
    if not len(texts):
        return others
    texts = pc.fill_null(texts, "")
    at = cells_starting(texts, may_begin_total)
    return np.union1d(others, at[check_distinct(take(texts, at), is_total)])


def _matching(table: ParsedTable, name: str, pattern: str) -> np.ndarray:
    texts: pa.LargeStringArray = table[name].texts()
    if not len(texts):
        return np.empty(0, dtype=np.int64)
    mask = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    return np.flatnonzero(mask.to_numpy(zero_copy_only=False))
