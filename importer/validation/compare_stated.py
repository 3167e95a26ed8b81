"""Compare the amounts that a file states with those that the template works out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from importer.mapping.map_tables import MappedTables
from importer.mapping.stated_amounts import StatedColumn
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.validation.cents_array import CentsArray, sums
from importer.validation.column import ParsedTable

_MOST = 20  # rows of a column that are reported one by one


def compare_stated(
    mapped: MappedTables, lines: ParsedTable, line_bill: np.ndarray, gross: CentsArray
) -> Iterator[Finding]:
    """Findings where a stated amount is neither the line's nor the bill's.

    ``gross`` is each line's. One finding a row, or one for the column where most rows differ.
    """
    if not mapped.stated:
        return
    size = int(line_bill.max(initial=-1)) + 1
    amounts = {}
    for kind, of_lines in (("net", _net(lines, gross)), ("gross", gross)):
        amounts[kind] = (of_lines, sums(of_lines, line_bill, size)[0])
    for stated in mapped.stated:
        yield from _differing(mapped, lines, line_bill, stated, amounts)


def _net(lines: ParsedTable, gross: CentsArray) -> CentsArray:
    """Each line's net; of a line with tax and without net amount its gross less its tax."""
    net, tax = lines["netAmount"].cents(), lines["taxAmount"].cents()
    by_tax = ~net.valid & gross.valid & tax.valid
    cents = np.where(net.valid, net.cents, 0)
    cents = np.where(by_tax, gross.cents - tax.cents, cents)
    return CentsArray(cents, net.valid | by_tax)


def _differing(
    mapped: MappedTables,
    lines: ParsedTable,
    line_bill: np.ndarray,
    stated: StatedColumn,
    amounts: dict[str, tuple[CentsArray, CentsArray]],
) -> Iterator[Finding]:
    in_cents = mapped.template.formats.amounts == "cents"
    wrong, compared = [], 0
    for i, value in enumerate(stated.values):
        bill = int(line_bill[i])
        if value is None or bill < 0:
            continue
        cents = value * (1 if in_cents else int(lines.units[i]))
        candidates = [
            int(of.cents[at])
            for kind in stated.kinds
            for of, at in zip(amounts[kind], (i, bill), strict=True)
            if of.valid[at]
        ]
        if candidates:
            compared += 1
            if all(abs(cents - candidate) >= 1 for candidate in candidates):
                wrong.append((i, candidates[0]))
    if not wrong:
        return
    one_by_one = len(wrong) <= _MOST and 2 * len(wrong) <= compared
    for k, (i, worked_out) in enumerate(wrong):
        if k and not one_by_one:
            return
        rows = [i] if one_by_one else [line for line, _ in wrong]
        table = mapped.tables[stated.table]
        row = int(mapped.lines.row[i])
        source = table.source
        cell = CellRef(source.file, source.sheet, row, stated.header, stated.table, stated.column)
        yield finding(
            "line_items.amount.stated_differs",
            cell,
            str(stated.values[i]),
            lines=tuple(rows),
            column=stated.header,
            calculated=lines.money(i, worked_out),
            rows="1 row" if len(rows) == 1 else f"{len(rows):,} rows",
        )
