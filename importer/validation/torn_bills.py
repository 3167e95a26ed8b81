"""Bills that may lack a line item: a row beside theirs has an error that hides whose it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from importer.mapping.map_tables import MappedTables
from importer.model.fields import LINE_ITEMS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.finding_batch import Findings

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


def torn_bills(
    mapped: MappedTables, findings: Findings, line_bill: np.ndarray, counts: np.ndarray
) -> Iterator[Finding]:
    """A finding for each bill without an error of its own that may lack a row.

    Of a flat layout where the rows of a bill stand together: bills with rows of invalid ones
    between theirs, and those beside a row whose bill cannot be known.
    """
    if not mapped.template.group_by or not len(line_bill) or counts.max() < 2:
        return
    invalid = findings.invalid_bills(len(counts), line_bill)
    if not invalid.any() or invalid.all():
        return
    hidden, misread = (np.zeros(len(counts), dtype=bool) for _ in range(2))
    for codes, mask in ((_HIDING, hidden), (_MISREAD, misread)):
        bills, lines = findings.items_of(*codes)
        mask[bills] = mask[line_bill[lines]] = True
    starts = np.flatnonzero(np.append(True, np.diff(line_bill) != 0))
    runs, table = line_bill[starts], mapped.lines.table[starts]
    run_counts = np.bincount(runs[runs >= 0], minlength=len(counts))
    reported = set[int]()
    for i in np.flatnonzero((hidden | misread)[runs] & (runs >= 0)).tolist():
        beside = [k for k in (i - 1, i + 1) if 0 <= k < len(runs) and table[k] == table[i]]
        between = len(beside) == 2 and runs[beside[0]] == runs[beside[1]]
        scattered = between and _others_between(runs, invalid, int(runs[beside[0]]))
        if scattered or not (between or (hidden[runs[i]] and counts[runs[i]] == 1)):
            continue
        for k in beside:
            bill = int(runs[k])
            apart = not between and (run_counts[bill] > 1 or counts[bill] < 2)
            if bill >= 0 and not (invalid[bill] or apart or bill in reported):
                reported.add(bill)
                cell = mapped.cell(LINE_ITEMS, "amount", int(starts[k]))
                row = int(mapped.lines.row[starts[i]])
                yield finding("bills.lines.in_doubt", cell, bills=(bill,), row=row)


def _others_between(runs: np.ndarray, invalid: np.ndarray, bill: int) -> bool:
    """Whether rows of valid bills, too, are between the rows of the bill."""
    at = np.flatnonzero(runs == bill)
    between = runs[at[0] : at[-1]]
    return bool((~invalid[between] & (between != bill)).any())
