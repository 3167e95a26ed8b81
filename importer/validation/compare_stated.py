"""Compare the amounts that a file states with those that the template works out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from importer.core.counted_nouns import count
from importer.mapping.map_tables import MappedTables
from importer.mapping.stated_amounts import FOREIGN, GROSS, LOCAL, StatedColumn
from importer.mapping.stated_constants import stated_currency
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.validation.cents_array import CentsArray, sums
from importer.validation.column import ParsedSheets, ParsedTable

DIFFERS = "line_items.amount.stated_differs"
_MOST = 20  # rows of a column that are reported one by one
_FEWEST, _AGREEING = 4, 0.5  # bills whose amount is the sum of a column; their share


def compare_stated(
    sheets: ParsedSheets, gross: CentsArray, untaxed: np.ndarray
) -> Iterator[Finding]:
    """Findings where a stated amount is neither the line's nor the bill's, or is in a currency that
    makes the same amount impossible.

    ``gross`` is each line's. ``untaxed`` are the bills whose amount is worked out from lines that
    exclude tax. One finding a row, or one for the column where most rows differ.
    """
    mapped, _, lines, line_bill = sheets
    if not mapped.stated:
        return
    size = int(line_bill.max(initial=-1)) + 1
    amounts = {}
    for kind, of_lines in (("net", net_of_lines(lines, gross)), ("gross", gross)):
        amounts[kind] = (of_lines, sums(of_lines, line_bill, size)[0])
    for stated in mapped.stated:
        if stated.part is not None:
            continue
        which = untaxed if stated.with_tax else None
        yield from _differing(sheets, stated, amounts, which)


def compare_line_totals(
    sheets: ParsedSheets, amounts: CentsArray, gross: CentsArray
) -> Iterator[Finding]:
    """A finding for each bill whose amount is not the sum of what its rows state with their tax,
    which Light works out, where that of nearly all others is, to a cent a row.

    ``amounts`` is each bill's, ``gross`` each line's; signs do not count.
    """
    mapped, bills, lines, line_bill = sheets
    for stated in mapped.stated:
        if stated.sheet != LINE_ITEMS or stated.kinds != (GROSS,) or stated.currency or stated.part:
            continue
        valid, cents = np.zeros(lines.size, dtype=bool), np.zeros(lines.size, dtype=object)
        given, of_given = stated_cents(mapped, stated, lines)
        valid[given], cents[given] = True, of_given
        totals, counts = sums(CentsArray(cents, valid), line_bill, bills.size)
        worked_out, _ = sums(gross, line_bill, bills.size)
        at = np.flatnonzero(totals.valid & amounts.valid & ~worked_out.valid & (counts > 0))
        off = np.abs(np.abs(totals.cents[at]) - np.abs(amounts.cents[at]))
        odd = off > counts[at]
        if not odd.any() or (~odd).sum() < max(_FEWEST, _AGREEING * len(at)):
            continue
        for i in at[odd].tolist():
            yield finding(
                "bills.amount.line_totals_differ",
                mapped.cell(BILLS, "amount", i),
                bills.money(i, abs(int(amounts.cents[i]))),
                bills=(i,),
                sum=bills.money(i, abs(int(totals.cents[i]))),
                column=stated.header,
                others=count(int((~odd).sum()), "bill"),
            )


def stated_cents(
    mapped: MappedTables, stated: StatedColumn, of: ParsedTable
) -> tuple[np.ndarray, np.ndarray]:
    """(the rows that have an amount, it in cents, as Python integers)."""
    at = np.flatnonzero([value is not None for value in stated.values])
    in_cents = mapped.template.formats.amounts == "cents"
    units = [1] * len(at) if in_cents else of.units[at].tolist()
    given = [value for value in stated.values if value is not None]
    cents = np.empty(len(at), dtype=object)
    cents[:] = [int(value * unit) for value, unit in zip(given, units, strict=True)]
    return at, cents


def net_of_lines(lines: ParsedTable, gross: CentsArray) -> CentsArray:
    """Each line's net; of a line with tax and without net amount its gross less its tax."""
    net, tax = lines["netAmount"].cents(), lines["taxAmount"].cents()
    by_tax = ~net.valid & gross.valid & tax.valid
    cents = np.where(net.valid, net.cents, 0)
    cents = np.where(by_tax, gross.cents - tax.cents, cents)
    return CentsArray(cents, net.valid | by_tax)


def _differing(
    sheets: ParsedSheets,
    stated: StatedColumn,
    amounts: dict[str, tuple[CentsArray, CentsArray]],
    which: np.ndarray | None,
) -> Iterator[Finding]:
    mapped, bills, lines, line_bill = sheets
    of_lines, in_cents = stated.sheet == LINE_ITEMS, mapped.template.formats.amounts == "cents"
    is_stated = bool(stated_currency(mapped.template))
    if stated.currency == LOCAL and not is_stated:
        return  # each bill has its currency, and the books have theirs
    is_foreign = stated.currency == FOREIGN
    if is_foreign and len(set(bills["currency"].values_at(np.arange(bills.size)))) == 1:
        is_stated = True  # it may be that of the books
    currency, units = bills["currency"], lines.units if of_lines else bills.units
    wrong: list[tuple[int, int]] = []
    repeated: list[tuple[int, int]] = []
    others: list[tuple[int, int]] = []  # in another currency, and other amounts
    compared = 0
    for i, value in enumerate(stated.values):
        bill = int(line_bill[i]) if of_lines else i
        if value is None or bill < 0 or (which is not None and not which[bill]):
            continue
        cents = value * (1 if in_cents else int(units[i]))
        candidates = [
            int(of.cents[at])
            for kind in stated.kinds
            for of, at in zip(amounts[kind], (i, bill), strict=True)
            if at < len(of.valid) and of.valid[at] and (of_lines or of is amounts[kind][1])
        ]
        if not candidates:
            continue
        equal = any(abs(cents - candidate) < 1 for candidate in candidates)
        if is_foreign and (equal or not cents):
            continue  # blank or repeated where the document is in the currency of the books
        if (
            stated.currency in ("", LOCAL)
            or (is_foreign and not is_stated)  # that of the bill
            or currency.at(bill) in (None, stated.currency)
        ):
            compared += 1
            if not equal:
                wrong.append((i, candidates[0]))
        elif cents:
            (repeated if equal else others).append((i, candidates[0]))
    if repeated and not others:
        code, differing = "sheet.column.same_amount", repeated
    elif not (differing := wrong):
        if not others or not is_stated:
            return
        code, differing = "sheet.column.foreign_amount", others
    else:
        code = "sheet.column.other_amount" if stated.currency and stated.kinds[1:] else DIFFERS
    one_by_one = code == DIFFERS and len(wrong) <= _MOST and 2 * len(wrong) <= compared
    items = mapped.items(stated.sheet)
    source = mapped.tables[stated.table].source
    for k, (i, worked_out) in enumerate(differing):
        if k and not one_by_one:
            return
        rows = tuple([i] if one_by_one else [each for each, _ in differing])
        row, bill = int(items.row[i]), int(line_bill[i]) if of_lines else i
        cell = CellRef(source.file, source.sheet, row, stated.header, stated.table, stated.column)
        yield finding(
            code,
            cell,
            str(stated.values[i]),
            bills=() if of_lines else rows,
            lines=rows if of_lines else (),
            column=stated.header,
            named="" if stated.currency == LOCAL else stated.currency,
            taken=currency.at(bill) or "",
            calculated=(lines if of_lines else bills).money(i, worked_out),
            rows=count(len(rows), "row"),
        )
