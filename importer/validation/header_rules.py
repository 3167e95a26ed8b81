"""What headers and titles say of the amounts below them, against what the template takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow.compute as pc

from importer.core.counted_nouns import count
from importer.core.header_claims import (
    cents,
    currencies_of_titles,
    currency_of_header,
    tax_included,
    thousands,
    thousands_in_title,
)
from importer.core.money import DOLLARS
from importer.core.text_column import take
from importer.mapping.canonical_columns import CanonicalColumn
from importer.mapping.map_tables import MappedTables
from importer.mapping.stated_constants import stated_currency, titles_above
from importer.mapping.unit_rows import unit_of
from importer.model.fields import BILLS, LINE_ITEMS, FieldKind, field_of
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import InputTable
from importer.validation.column import ParsedSheets, ParsedTable
from importer.validation.vector_parsers import habitual, with_dollars

_WITH_TAX = {"amount": True, "netAmount": False}  # of line items


def header_findings(sheets: ParsedSheets, include_tax: np.ndarray) -> Iterator[Finding]:
    """A finding for each column of amounts whose header, or title, contradicts what is taken.

    ``include_tax`` is by bill. Canonical sheets have no such headers.
    """
    mapped, bills, _, line_bill = sheets
    if mapped.template.unknown_columns == "warn":
        return
    in_cents = mapped.template.formats.amounts == "cents"
    done: set[tuple[int, int]] = set()
    for sheet in (BILLS, LINE_ITEMS):
        items = mapped.items(sheet)
        for name, column in items.columns.items():
            if field_of(sheet, name).kind is not FieldKind.CENTS:
                continue
            for t, (index, name_in_file) in column.source.items():
                header = _with_unit(mapped, t, index, name_in_file)
                at = np.flatnonzero(items.table == t)
                if (t, index) in done or not len(at):
                    continue
                done.add((t, index))
                of_bill = at if sheet == BILLS else line_bill[at]
                yield from _other_currency(mapped, sheet, (t, index), at, bills, of_bill)
                yield from _dollars(mapped, (t, index), column, at)
                where = _cell(mapped, t, index)
                if words := thousands(header):
                    yield finding(
                        "sheet.column.scaled",
                        where,
                        where=f"The header '{header.strip()}'",
                        words=words,
                    )
                if not in_cents and (words := cents(header)):
                    yield _about(
                        "sheet.column.in_cents",
                        where,
                        sheet,
                        at,
                        header=header.strip(),
                        words=words,
                    )
                if sheet == LINE_ITEMS and name in _WITH_TAX and (of_bill >= 0).all():
                    # A bare "Net" is no more than a name.
                    with_tax = tax_included(header) if _TAX.search(header) else None
                    takes = bool(include_tax[of_bill[0]])
                    if with_tax is not None and with_tax != takes and takes == _WITH_TAX[name]:
                        yield finding(
                            "sheet.column.other_basis",
                            where,
                            header=header.strip(),
                            says="in" if with_tax else "not in",
                            which="with" if takes else "without",
                        )
    for t, table in enumerate(mapped.tables):
        yield from _of_titles(mapped, t, table)


_TAX = re.compile(r"vat|tax|gst|mwst|ust|tva|iva|btw|moms", re.IGNORECASE)


def _of_titles(mapped: MappedTables, t: int, table: InputTable) -> Iterator[Finding]:
    """Titles that say thousands, or another currency than the one that the template states."""
    stated = stated_currency(mapped.template)
    source = table.source
    for row, title in titles_above(source, table.header - table.header_rows + 1):
        cell = CellRef(source.file, source.sheet, row, None, t)
        if words := thousands_in_title(title):
            yield finding("sheet.column.scaled", cell, where=f"The title '{title}'", words=words)
        named = currencies_of_titles([title])
        if stated and named and stated not in named:
            others = " and ".join(sorted(named))
            yield finding("sheet.title.other_currency", cell, title, named=others, taken=stated)


def _other_currency(
    mapped: MappedTables,
    sheet: str,
    place: tuple[int, int],
    at: np.ndarray,
    bills: ParsedTable,
    of_bill: np.ndarray,
) -> Iterator[Finding]:
    t, index = place
    header = _with_unit(mapped, t, index, mapped.tables[t].headers[index])
    named = currency_of_header(header)
    if not named:
        return
    currency = bills["currency"]
    codes = {bill: None if bill < 0 else currency.at(bill) for bill in set(of_bill.tolist())}
    differs = np.asarray(
        [codes[bill] not in (None, named) for bill in of_bill.tolist()], dtype=bool
    )
    if not differs.any():
        return
    rows = at[differs]
    taken = str(codes[int(of_bill[differs][0])])
    cell = _cell(mapped, t, index)
    yield _about(
        "sheet.column.other_currency",
        cell,
        sheet,
        rows,
        header=header.strip(),
        named=named,
        taken=taken,
        rows=count(len(rows), "row"),
    )


def _dollars(
    mapped: MappedTables, place: tuple[int, int], column: CanonicalColumn, at: np.ndarray
) -> Iterator[Finding]:
    """That the amounts of a column have a dollar sign, all or all but a few, and are taken for
    another currency."""
    stated = stated_currency(mapped.template)
    if not stated or stated in DOLLARS:
        return
    header = _with_unit(mapped, *place, mapped.tables[place[0]].headers[place[1]])
    if "$" in header and not currency_of_header(header):
        yield finding(
            "sheet.column.dollars",
            _cell(mapped, *place),
            header=header.strip(),
            rows="The header",
            show="has",
            taken=stated,
        )
        return
    texts, marks = take(column.array, at), column.format_marks
    dollars = with_dollars(texts, None if marks is None else marks[at])
    if not (n := int(np.count_nonzero(dollars))):
        return
    blank = pc.equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False)
    if habitual(dollars, ~(dollars | blank)):
        yield finding(
            "sheet.column.dollars",
            _cell(mapped, *place),
            header=mapped.tables[place[0]].headers[place[1]].strip(),
            rows=count(n, "row"),
            show="shows" if n == 1 else "show",
            taken=stated,
        )


def _with_unit(mapped: MappedTables, t: int, index: int, header: str) -> str:
    """A header with what the row below it states: ``Net (£000)``."""
    unit = unit_of(mapped.tables[t], index)
    return f"{header.strip()} ({unit})" if unit else header


def _cell(mapped: MappedTables, t: int, index: int) -> CellRef:
    table = mapped.tables[t]
    source, header = table.source, table.headers[index]
    return CellRef(source.file, source.sheet, source.rows[table.header], header, t, index)


def _about(code: str, cell: CellRef, sheet: str, at: np.ndarray, **words: Any) -> Finding:
    items = tuple(at.tolist())
    concerned: dict[str, Any] = {"bills" if sheet == BILLS else "lines": items}
    return finding(code, cell, **concerned, **words)
