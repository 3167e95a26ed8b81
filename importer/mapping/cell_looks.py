"""What the looks of cells say of the rows: struck through, not visible, hidden, commented on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from importer.core.counted_nouns import count
from importer.core.money import tidy
from importer.mapping.headed_table import HeadedTable
from importer.mapping.row_columns import RowColumns
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind, CellLook, Role

_BEYOND_CENTS = 1e15  # no cell of a larger number has cents
_SHOWN, _SHOWN_COMMENTS, _SHOWN_RULES, _LONGEST = 10, 3, 3, 60


def look_findings(
    table: HeadedTable, roles: Sequence[Role], fields: Collection[int], money: Collection[int]
) -> Iterator[Finding]:
    """Findings of a table's data rows. ``fields``: the columns that the template reads, ``money``:
    those of amounts.

    A row is struck out if all its cells are, or one that says whose bill it is or what it costs.
    """
    source = table.source
    data: dict[int, int] = {}  # row → its index; of a million rows that nobody has marked, none
    if source.cell_looks or source.comments:
        data = {table.number(table.start + k): table.start + k
                for k, role in enumerate(roles) if role is Role.DATA}  # fmt: skip
    yield from _struck(table, data)
    if table.is_result:  # whose looks are the importer's
        return
    read = sorted(fields)
    numbers = sorted(
        {
            row
            for c in read
            for row, look in source.cell_looks.get(c, {}).items()
            if look is CellLook.INVISIBLE and row in data and table.text(c, data[row])
        }
    )
    if numbers:
        cell = replace(table.cell(), row=numbers[0])
        yield finding("sheet.cells.invisible", cell, rows=_listed(numbers), count=len(numbers))
    if table.template.formats.amounts != "cents":
        yield from _without_decimals(table, data, sorted(money))
    if rules := source.struck_by_rules:
        cells = ", ".join(rules[:_SHOWN_RULES]) + (" …" if len(rules) > _SHOWN_RULES else "")
        yield finding("sheet.cells.struck_by_rules", table.cell(), cells=_cut(cells))
    if hidden := [c for c in read if c in source.hidden_columns]:
        names = ", ".join(f"'{table.header.headers[c].strip()}'" for c in hidden)
        cell = table.header_cell(hidden[0])
        yield finding("sheet.columns.hidden", cell, columns=names)
    yield from _comments(table, data)


def _struck(table: HeadedTable, data: dict[int, int]) -> Iterator[Finding]:
    looks = {
        c: rows for c, of_rows in table.source.cell_looks.items()
        if (rows := {row for row, look in of_rows.items() if look.is_struck})
    }  # fmt: skip
    if not looks:
        return
    columns = RowColumns.of(table)
    decisive = columns.identity | columns.of_bill | {*columns.amounts}
    for row in sorted(set().union(*looks.values()) & data.keys()):
        i = data[row]
        filled = [c for c in table.file_columns() if table.text(c, i)]
        struck = [c for c in filled if row in looks.get(c, ())]
        of_bill = [c for c in struck if c in decisive]
        if struck and len(struck) == len(filled):
            yield finding("sheet.row.struck", table.cell(i), what="The row")
        elif of_bill:
            cell, name = table.cell(i, of_bill[0]), table.header.headers[of_bill[0]].strip()
            text = table.text(of_bill[0], i)
            part = table.source.cell_looks[of_bill[0]][row] is CellLook.PARTLY_STRUCK
            what = f"{'Part of ' if part else ''}'{text}' ({name})"
            yield finding("sheet.row.struck", cell, text, what=what)


def _without_decimals(
    table: HeadedTable, data: dict[int, int], money: Sequence[int]
) -> Iterator[Finding]:
    """A warning for each column of amounts that are displayed as whole ones and are none."""
    for c in money:
        looks = table.source.cell_looks.get(c, {})
        rows = [r for r, look in looks.items() if look is CellLook.UNITS_ONLY and r in data]
        odd = [(data[r], table.text(c, data[r])) for r in rows]
        odd = [(i, text) for i, text in odd if _has_cents(text, table.source.kind(c, i))]
        if odd:
            first, text = odd[0]
            yield finding(
                "sheet.column.without_decimals",
                table.cell(first, c),
                text,
                column=table.header.headers[c].strip(),
                shown=f"{Decimal(text).quantize(Decimal(1), ROUND_HALF_UP):f}",
                amounts=count(len(odd), "amount"),
                are="is" if len(odd) == 1 else "are",
            )


def _has_cents(text: str, kind: CellKind) -> bool:
    if kind is not CellKind.NUMBER or "." not in text or abs(float(text)) >= _BEYOND_CENTS:
        return False
    return bool(round(Decimal(text), 2) % 1)


def _comments(table: HeadedTable, data: dict[int, int]) -> Iterator[Finding]:
    comments = [c for c in table.source.comments if c.row in data]
    if not comments:
        return
    headers = dict(enumerate(table.header.headers))  # a comment may be beside the table
    shown = [
        f"row {c.row}, {headers.get(c.column, '').strip() or 'no header'}:"
        f" '{_cut(tidy(' '.join(c.text.split())))}'"
        for c in comments[:_SHOWN_COMMENTS]
    ]
    more = len(comments) - len(shown)
    first = comments[0]
    yield finding(
        "sheet.cells.comments",
        table.cell(data[first.row], first.column if first.column in headers else None),
        comments=count(len(comments), "comment"),
        shown="; ".join(shown) + (f"; and {more:,} more" if more else ""),
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"


def _listed(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:_SHOWN])) + (" …" if len(rows) > _SHOWN else "")
