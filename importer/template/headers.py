"""Finding the header row, and the column of each field, in a source table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from importer.canonical import BILLS, LINE_ITEMS, PROPERTY, header_key, undecorated
from importer.records import SourceTable, TableKind
from importer.template.expressions import Expression
from importer.template.model import Template

SEARCHED_ROWS = 60  # how far down a header row may stand


@dataclass(frozen=True)
class Found:
    """A header row. ``columns`` maps a header's key to the indexes of the columns so named."""

    header: int  # index into source.rows
    headers: tuple[str, ...]
    columns: dict[str, list[int]]

    def index(self, names: Iterable[str]) -> int | None:
        """The column of the first of ``names`` that the table has."""
        return next((self.columns[k][0] for k in map(header_key, names) if k in self.columns), None)


def header_at(source: SourceTable, i: int) -> Found:
    headers = source.row_cells(i)
    columns: dict[str, list[int]] = {}
    for index, header in enumerate(headers):
        if key := header_key(header):
            columns.setdefault(key, []).append(index)
    return Found(i, headers, columns)


def expressions(template: Template, kind: TableKind) -> Iterator[tuple[str, str, Expression]]:
    """(sheet, field, expression) of what a table of this kind is asked for."""
    if kind is not TableKind.LINE_ITEMS:
        yield from ((BILLS, name, e) for name, e in template.bills.items())
    if kind is not TableKind.BILLS:
        yield from ((LINE_ITEMS, name, e) for name, e in template.line_items.items())


def alternatives(template: Template, name: str) -> list[str]:
    """The other headers that the template accepts for a column it names."""
    key = header_key(name)
    for expression in (*template.bills.values(), *template.line_items.values()):
        for names, _ in expression.columns():
            if key in map(header_key, names):
                return names
    return [name]


# Fields of which a row needs one or the other; the last two join the lines to their bills.
_EITHER = {
    BILLS: (("vendorId", "vendor"), ("billRef", "invoiceNumber")),
    LINE_ITEMS: (("amount", "netAmount"), ("billRef", "invoiceNumber")),
}


def _either(template: Template, kind: TableKind) -> Iterator[list[str]]:
    """The columns of optional fields of which a table of this kind must have one at least."""
    of_kind: dict[str, dict[str, Expression]] = {BILLS: {}, LINE_ITEMS: {}}
    for sheet, name, expression in expressions(template, kind):
        of_kind[sheet][name] = expression
    for sheet, given in of_kind.items():
        for pair in _EITHER[sheet][: 1 if kind is TableKind.FLAT else 2]:
            both = [given[name] for name in pair if name in given]
            if both and all(e.column and e.optional and e.default is None for e in both):
                yield [column for e in both for column in e.column or ()]


def needed(template: Template, kind: TableKind) -> list[list[str]]:
    """The columns a table must have, each with the names it may go by."""
    columns: list[list[str]] = []
    for _, _, expression in expressions(template, kind):
        columns += [names for names, optional in expression.columns() if not optional]
    columns += _either(template, kind)
    source = template.source
    if kind is TableKind.FLAT:
        named = [*template.group_by, *source.fill_down, *(t.column for t in source.ignore_rows)]
        named += [source.stop_at.column] if source.stop_at else []
        columns += [alternatives(template, name) for name in named]
    unique = {tuple(map(header_key, names)): names for names in columns}
    return list(unique.values())


def wanted(template: Template, kind: TableKind) -> list[list[str]]:
    """All columns a table may have."""
    return [names for _, _, e in expressions(template, kind) for names, _ in e.columns()]


def find_header(
    source: SourceTable, template: Template, kinds: Sequence[TableKind]
) -> Found | None:
    """The header row: as the template says, else the row that has most of the columns.

    The first of the rows that have all needed columns wins. None where no row names at least two
    of the columns (one, where only one is asked for).
    """
    rule = template.source.header
    if rule and rule.row is not None:
        below = [i for i, row in enumerate(source.rows) if row == rule.row]
        return header_at(source, below[0]) if below else None
    candidates = [header_at(source, i) for i in range(min(SEARCHED_ROWS, len(source.rows)))]
    if rule and rule.find:
        names = [alternatives(template, name) for name in rule.find]
        return next((c for c in candidates if all(c.index(n) is not None for n in names)), None)
    best: tuple[int, Found] | None = None
    for found in candidates:
        for kind in kinds:
            score = sum(found.index(names) is not None for names in wanted(template, kind))
            if score < min(2, len(wanted(template, kind))):
                continue
            if all(found.index(names) is not None for names in needed(template, kind)):
                return found
            if best is None or score > best[0]:
                best = (score, found)
    return best[1] if best else None


_BILL_NAMES = frozenset(("bills", "bill", "invoices", "payables", "invoicepayables"))
_LINE_NAMES = frozenset(("lineitems", "lineitem", "lines", "billlines", "invoicelines"))


def kind_of(source: SourceTable, found: Found | None, template: Template) -> TableKind | None:
    """Whether a table is of bills or of line items: by the sheet's name, else by its headers."""
    if template.layout == "flat":
        return TableKind.FLAT if found else None
    name = header_key(source.sheet or "")
    if name in _BILL_NAMES:
        return TableKind.BILLS
    if name in _LINE_NAMES:
        return TableKind.LINE_ITEMS
    if found is None:
        return None
    of_bills, of_lines = (
        {header_key(n) for e in fields.values() for names, _ in e.columns() for n in names}
        for fields in (template.bills, template.line_items)
    )
    present = set(found.columns)
    only_bills, only_lines = (
        len(present & (of_bills - of_lines)),
        len(present & (of_lines - of_bills)),
    )
    if only_bills == only_lines == 0 and len(present & of_lines) < 2:
        return None
    return TableKind.BILLS if only_bills > only_lines else TableKind.LINE_ITEMS


def property_columns(found: Found) -> Iterator[tuple[int, str]]:
    """The columns headed ``property:<name>``, as (index, canonical field name)."""
    for index, header in enumerate(found.headers):
        bare = undecorated(header)
        if bare.lower().startswith(PROPERTY) and bare[len(PROPERTY) :].strip():
            yield index, PROPERTY + bare[len(PROPERTY) :].strip()
