"""Rows of one bill that disagree in a column of the bill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.name_key import name_key
from importer.mapping.canonical_columns import ColumnReader
from importer.mapping.text_cleanup import tidied
from importer.model.fields import BILLS, FIELDS
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding


def disagreements(
    reader: ColumnReader, fields: Iterable[str], keys: Sequence[list[int | None]]
) -> list[Finding]:
    """A finding for each of the bill's ``fields`` and each bill whose rows disagree.

    ``keys``: the columns that make one bill, of each table; their variants are reported as such.
    """
    out: list[Finding] = []
    for name in fields:
        expression = reader.template.bills.get(name)
        if expression is None:
            sources = [[t.fields.get((BILLS, name)) for t in reader.tables]]
        else:
            sources = [reader.columns(names) for names, _ in expression.columns()]
        for columns in sources:
            out += _differing(reader, name, columns, is_key=columns in keys)
    for extra in reader.template.extra_lines:
        for names in (names for e in extra.values() for names, _ in e.columns()):
            columns = reader.columns(names)
            if any(column is not None for column in columns):
                out += _differing(reader, "amount", columns, is_key=False)
    return out


def _differing(
    reader: ColumnReader,
    name: str,
    columns: Sequence[int | None],
    *,
    is_key: bool,
) -> Iterator[Finding]:
    """A finding for each bill of which a row has another value, unless blank."""
    line_bill = reader.line_bill
    assert line_bill is not None
    text, chosen = tidied(reader.arrow(columns)), reader.first_filled(columns)
    of_bill = text.take(pa.array(chosen[line_bill]))
    differs = pc.and_(pc.not_equal(text, of_bill), pc.not_equal(text, ""))
    wrong = np.flatnonzero(differs.to_numpy(zero_copy_only=False))
    if is_key:
        pairs = [(text[i].as_py(), of_bill[i].as_py()) for i in wrong.tolist()]
        wrong = wrong[np.asarray([name_key(a) != name_key(b) for a, b in pairs], dtype=bool)]
    _, first = np.unique(line_bill[wrong], return_index=True)
    expression = reader.template.bills.get(name)
    accepted = not is_key and expression is not None and expression.differing_rows == "first"
    code = f"{BILLS}.{name if name in FIELDS[BILLS] else 'property'}.disagrees"
    if accepted:
        code = "bills.rows.differ"
    for i in sorted(wrong[first].tolist()):
        number = int(line_bill[i])
        table = int(reader.table[i])
        place = [t.index for t in reader.tables].index(table)
        index, of_table = columns[place], reader.tables[place].table
        assert index is not None
        source, header = of_table.source, of_table.headers[index]
        cell = CellRef(source.file, source.sheet, int(reader.row[i]), header, table, index)
        words = {"other": of_bill[i].as_py(), "first": int(reader.row[chosen[number]])}
        yield finding(code, cell, text[i].as_py(), bills=(number,), lines=(i,), **words)
