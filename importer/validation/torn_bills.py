"""Bills that may lack a line item: a row beside theirs has an error that hides whose it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from importer.mapping.map_tables import MappedTables
from importer.model.fields import LINE_ITEMS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.finding_batch import Findings
from importer.validation.row_runs import row_runs

# What hides whose row it is: its vendor or number is lost, or its cells have moved.
_HIDING = (
    "bills.vendorId.required",
    "bills.vendor.error_cell",
    "bills.invoiceNumber.error_cell",
    "sheet.row.too_long",
    "sheet.row.shifted",
)

# Between the rows of another bill these hide it, too.
_MISREAD = (
    "bills.invoiceNumber.mangled",
    "bills.issuedDate.not_date",
    "line_items.amount.required",
    "line_items.amount.not_amount",
    "line_items.netAmount.required",
    "line_items.netAmount.not_amount",
)

# Where blanks are filled down, a bill without number and date may have taken lines from the one
# above.
_UNNUMBERED = ("bills.invoiceNumber.missing", "bills.invoiceNumber.placeholder")


def torn_bills(
    mapped: MappedTables, findings: Findings, line_bill: np.ndarray
) -> Iterator[Finding]:
    """A finding for each bill without an error of its own that may lack a row.

    Of a flat layout where the rows of a bill stand together: bills with rows of invalid ones
    between theirs, those beside a row whose bill cannot be known, and those above a bill
    without number and date whose rows may have been filled down from it.
    """
    if not mapped.template.group_by or not len(line_bill):
        return
    size = len(mapped.bills)
    invalid = findings.invalid_bills(size, line_bill)
    if not invalid.any() or invalid.all():
        return
    lines, starts = row_runs(mapped, line_bill)
    of_rows, firsts = line_bill[lines], lines[starts]
    counts = np.bincount(of_rows[of_rows >= 0], minlength=size)
    if counts.max() < 2:
        return
    hidden, misread, unnumbered, undated = (np.zeros(size, dtype=bool) for _ in range(4))
    for codes, mask in (
        (_HIDING, hidden),
        (_MISREAD, misread),
        (_UNNUMBERED, unnumbered),
        (("bills.issuedDate.required",), undated),
    ):
        of_bills, of_lines = findings.items_of(*codes)
        mask[of_bills] = mask[line_bill[of_lines]] = True
    filled = set(mapped.template.key_columns) <= set(mapped.template.source.fill_down)
    broken = unnumbered & undated & filled
    runs, table = of_rows[starts], mapped.lines.table[firsts]
    run_counts = np.bincount(runs[runs >= 0], minlength=size)
    scattered = _scattered(runs, run_counts, invalid)
    reported = set[int]()
    for i in np.flatnonzero((hidden | misread | broken)[runs] & (runs >= 0)).tolist():
        beside = [k for k in (i - 1, i + 1) if 0 <= k < len(runs) and table[k] == table[i]]
        between = len(beside) == 2 and runs[beside[0]] == runs[beside[1]]
        alone = hidden[runs[i]] and counts[runs[i]] == 1
        if not (alone or between or broken[runs[i]]):
            continue
        if between and scattered[runs[beside[0]]]:
            continue
        for k in beside:
            bill = int(runs[k])
            apart = not between and (run_counts[bill] > 1 or counts[bill] < 2)
            if broken[runs[i]]:
                apart = k > i  # its rows may be of the bill above
            if bill >= 0 and not (invalid[bill] or apart or bill in reported):
                reported.add(bill)
                cell = mapped.cell(LINE_ITEMS, "amount", int(firsts[k]))
                row = int(mapped.lines.row[firsts[i]])
                yield finding("bills.lines.in_doubt", cell, bills=(bill,), row=row)


def _scattered(runs: np.ndarray, run_counts: np.ndarray, invalid: np.ndarray) -> np.ndarray:
    """Which bills have rows of other valid bills between theirs."""
    at = np.flatnonzero(runs >= 0)
    first, last = np.full(len(invalid), len(runs)), np.zeros(len(invalid), dtype=np.int64)
    np.minimum.at(first, runs[at], at)
    np.maximum.at(last, runs[at], at)
    valid = np.append(0, np.cumsum((runs >= 0) & ~invalid[runs]))
    between = valid[last] - valid[first]
    return np.asarray(between > np.where(invalid, 0, run_counts - 1))
