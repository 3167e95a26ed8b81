"""Bills and line items found by file, sheet and row, and findings stored by these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from importer.mapping.canonical_columns import CanonicalTable
from importer.mapping.map_tables import MappedTables
from importer.model.finding import CellRef, Finding, Severity

Place = tuple[str, str | None, int]  # file, sheet, row


class SheetRows:
    """Where the bills and line items of some files are now."""

    def __init__(self, mapped: MappedTables) -> None:
        self.mapped = mapped
        self.sheets = [(table.source.file, table.source.sheet) for table in mapped.tables]
        self.table_of = {sheet: i for i, sheet in enumerate(self.sheets)}
        self.bills = self._by_place(mapped.bills)
        self.lines = self._by_place(mapped.lines)

    def _by_place(self, items: CanonicalTable) -> dict[Place, int]:
        rows = zip(items.table.tolist(), items.row.tolist(), strict=True)
        return {(*self.sheets[table], row): i for i, (table, row) in enumerate(rows)}

    def place(self, items: CanonicalTable, i: int) -> Place:
        return (*self.sheets[int(items.table[i])], int(items.row[i]))

    def cell(self, cell: CellRef) -> CellRef:
        """A stored cell with the table and column that it is in now."""
        table = self.table_of.get((cell.file, cell.sheet))
        headers = () if table is None else self.mapped.tables[table].headers
        index = cell.column_index
        if index is None or index >= len(headers) or headers[index] != cell.column:
            index = headers.index(cell.column) if cell.column in headers else None
        return replace(cell, table=table, column_index=index)

    # --- findings -----------------------------------------------------------------------------

    def stored(self, f: Finding) -> dict[str, Any]:
        """A finding as JSON. Its bills and line items are rows by the number of their sheet."""
        cell = f.cell
        return {
            "code": f.code,
            "severity": f.severity.value,
            "cell": [cell.file, cell.sheet, cell.row, cell.column, None, cell.column_index],
            "value": f.value,
            "message": f.message,
            "hint": f.hint,
            "bills": _rows_by_table(self.mapped.bills, f.bills),
            "lines": _rows_by_table(self.mapped.lines, f.lines),
        }

    def restored(
        self, stored: Mapping[str, Any], sheets: list[tuple[str, str | None]] | None
    ) -> Finding:
        """The finding about the rows of now. ``sheets`` are those that ``stored`` counts; None
        in a run.json of format 1, which has positions instead of rows."""
        cell = self.cell(CellRef(*stored["cell"]))
        if sheets is None:
            code, severity, value, message, hint = stored["said"]
            bills, lines = self._by_position(cell, stored["bills"], stored["lines"])
        else:
            code, severity = stored["code"], stored["severity"]
            value, message, hint = stored["value"], stored["message"], stored["hint"]
            bills = _at(self.bills, stored["bills"], sheets)
            lines = _at(self.lines, stored["lines"], sheets)
        return Finding(code, Severity(severity), cell, value, message, hint, bills, lines)

    def _by_position(
        self, cell: CellRef, bills: list[int], lines: list[int]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The bills and lines of these positions; a single one is checked by the finding's row."""
        place = cell.file, cell.sheet, cell.row or 0
        if len(bills) == 1 and self.bills.get(place, bills[0]) != bills[0]:
            bills = [self.bills[place]]
        if len(lines) == 1 and self.lines.get(place, lines[0]) != lines[0]:
            lines = [self.lines[place]]
        sizes = len(self.mapped.bills), len(self.mapped.lines)
        return tuple(i for i in bills if i < sizes[0]), tuple(i for i in lines if i < sizes[1])


def _rows_by_table(items: CanonicalTable, which: Iterable[int]) -> dict[int, list[int]]:
    out: dict[int, list[int]] = {}
    for i in which:
        out.setdefault(int(items.table[i]), []).append(int(items.row[i]))
    return out


def _at(
    places: Mapping[Place, int],
    rows: Mapping[str, list[int]],
    sheets: list[tuple[str, str | None]],
) -> tuple[int, ...]:
    wanted = ((*sheets[int(table)], row) for table, of in rows.items() for row in of)
    return tuple(places[place] for place in wanted if place in places)
