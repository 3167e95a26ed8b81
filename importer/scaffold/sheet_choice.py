"""Which sheets of an export are its ledger: equal ones are one table, the largest comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from importer.model.tables import SourceTable
from importer.scaffold import layout_inference as at
from importer.scaffold.header_names import header_letters
from importer.scaffold.layout_inference import Table, infer_fields, new_table


@dataclass(frozen=True)
class LedgerChoice:
    """The tables that may be of bills, the likeliest first, and all sheets by name with their rows.

    Sheets whose headers are equal are one table.
    """

    tables: list[Table]
    sheets: dict[str, int]


def choose_ledger(sources: Sequence[SourceTable], currencies: Sequence[str]) -> LedgerChoice:
    """The tables of an export with their fields: first the largest that looks like a ledger."""
    sheets = {_name(source): len(source.rows) for source in sources}
    filled = [new_table(source) for source in sources if len(source.rows) > 1]
    tables = _joined(filled or [new_table(sources[0])])
    for table in tables:
        infer_fields(table, currencies)
    tables.sort(key=lambda table: (-_is_ledger(table), -len(table), -len(table.fields)))
    return LedgerChoice(tables, sheets)


def _is_ledger(table: Table) -> bool:
    """Whether a table has amounts, and at least two of vendor, number and date."""
    heads = [t for t in (at.VENDOR, at.NUMBER, at.ISSUED) if t in table.fields]
    if at.VENDOR_ID in table.fields and at.VENDOR not in table.fields:
        heads.append(at.VENDOR_ID)
    return len(heads) >= 2 and any(c.numbers and c.filled for c in table.columns)


def _name(source: SourceTable) -> str:
    return source.file if source.sheet is None else source.sheet


def _headers(table: Table) -> tuple[str, ...]:
    names = [header_letters(c.above) + " " + header_letters(c.header) for c in table.columns]
    while names and not names[-1].strip():
        names.pop()
    return tuple(names)


def _joined(tables: Sequence[Table]) -> list[Table]:
    """The tables, those with equal headers joined into one."""
    by_headers: dict[tuple[str, ...], list[Table]] = {}
    for table in tables:
        headers = _headers(table)
        key = headers if len(set(headers)) < len(headers) else tuple(sorted(headers))
        by_headers.setdefault(key, []).append(table)
    return [_join(some) if len(some) > 1 else some[0] for some in by_headers.values()]


def _join(tables: Sequence[Table]) -> Table:
    """One table of all rows: below the first table's titles and header come those of each."""
    first = max(tables, key=len)
    names = _headers(first)
    width = len(names)
    columns: list[list[str]] = [list(c[: first.header + 1]) for c in first.source.columns[:width]]
    kinds = [bytearray(first.header + 1) for _ in range(width)]
    rows, sheet_of = list(first.source.rows[: first.header + 1]), []
    ordered = [first, *(table for table in tables if table is not first)]
    for number, table in enumerate(ordered):
        start = table.header + 1
        headers = _headers(table)
        for k, name in enumerate(names):
            c = k if headers == names else headers.index(name)
            columns[k] += table.source.columns[c][start:]
            if table.source.kinds is None:
                kinds[k] += bytes(len(table))
            else:
                kinds[k] += bytes(table.source.kinds[c][start:])
        rows += list(table.source.rows[start:])
        sheet_of += [number] * len(table)
    marks = {
        c: dict(chain.from_iterable(t.source.format_marks.get(c, {}).items() for t in ordered))
        for c in range(width)
    }
    has_kinds = any(table.source.kinds is not None for table in tables)
    source = replace(
        first.source,
        columns=tuple(columns),
        rows=rows,
        kinds=tuple(map(bytes, kinds)) if has_kinds else None,
        lengths=None,
        format_marks=marks,
    )
    joined = new_table(source)
    joined.sheets, joined.sheet_of = tuple(_name(table.source) for table in ordered), sheet_of
    return joined
