"""Finding the header row, and the column of each field, in a source table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from importer.core.money import tidy
from importer.mapping.expressions import Expression
from importer.mapping.template_model import Template
from importer.model.fields import BILLS, LINE_ITEMS, PROPERTY, header_key, undecorated
from importer.model.tables import SourceTable, TableKind

SEARCHED_ROWS = 60  # how far down a header row may stand


# The columns by which a sheet is known to be a former result, and all that a result adds.
_OURS = frozenset(("import_status", "import_message", "source_row"))
_LINE_ID = "light_line_item_id"
_ADDED = _OURS | {"light_bill_id", _LINE_ID, "light_state", "attempts", "loaded_at"}
_ADDED |= {"gross_money", "net_money", "tax_money"}
_JOINED = " | "  # between the rows of a header, where it is shown

_NTH = re.compile(r"(.*\S)\s*#\s*([1-9][0-9]{0,2})")
_LETTERS = re.compile(r"\$([A-Za-z]{1,3})")


@dataclass(frozen=True)
class HeaderMatch:
    """A header of one row or several.

    ``columns`` maps the key of a whole header to the indexes of the columns so named; ``parts``
    those of a part of a header, where the header has several rows.
    """

    header: int  # index into source.rows of its last row
    headers: tuple[str, ...]
    columns: dict[str, list[int]]
    rows: int = 1
    texts: tuple[tuple[str, ...], ...] = ()  # of each column, its cells that are not blank
    parts: dict[str, list[int]] = field(default_factory=dict)

    def named(self, name: str) -> list[int]:
        """The columns of a name: its header, ``Amount#2`` the second so headed, ``$C`` column C.

        A header that is written just so comes first.
        """
        key = header_key(name)
        if found := self.columns.get(key) or self.parts.get(key):
            return found
        if nth := _NTH.fullmatch(name.strip()):
            number = int(nth[2])
            return self.named(nth[1])[number - 1 : number]
        if letters := _LETTERS.fullmatch(name.strip()):
            index = column_index(letters[1])
            return [index] if index < len(self.headers) else []
        return []

    def index(self, names: Iterable[str]) -> int | None:
        """The column of the first of ``names`` that the table has."""
        return next((found[0] for found in map(self.named, names) if found), None)

    def chosen(self, names: Iterable[str]) -> list[int]:
        """All columns of the first of ``names`` that the table has; more than one are twins."""
        return next((found for found in map(self.named, names) if found), [])


def column_index(letters: str) -> int:
    """A column's index from its name in Excel: 0 for A, 26 for AA."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def column_letters(index: int) -> str:
    """A column as Excel names it: A for 0, AA for 26."""
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters, index = chr(ord("A") + rest) + letters, index - 1
    return letters


def header_at(source: SourceTable, i: int, rows: int = 1) -> HeaderMatch:
    """The header that begins with the ``i``-th row, of ``rows`` rows, blank ones counted."""
    if rows == 1:
        headers = source.row_cells(i)
        return HeaderMatch(i, headers, _by_key(headers), 1, tuple((h,) for h in headers))
    if is_result(source):  # a former result, which has the rows in one
        split, last = [cell.split(_JOINED) for cell in source.row_cells(i)], i
        # One that has but one row is under what stands over several columns, as it was.
        whole = [cells if len(cells) > 1 else ["", *cells] for cells in split]
    else:
        end = source.rows[i] + rows
        last = max(k for k in range(i, min(i + rows, len(source.rows))) if source.rows[k] < end)
        whole = [
            list(c) for c in zip(*(source.row_cells(k) for k in range(i, last + 1)), strict=True)
        ]
    texts = tuple(tuple(_distinct(cells)) for cells in whole)
    headers = tuple(_JOINED.join(cells) for cells in texts)
    upper, above = [], ""
    for cells in whole:  # one cell of the first row may stand over several columns
        above = tidy(cells[0]) or above
        upper.append(above)
    parts: dict[str, list[int]] = {}
    for names in (
        [" ".join([head, *cells[-1:]]) for head, cells in zip(upper, texts, strict=True)],
        [cells[-1] if cells else "" for cells in texts],
        [tidy(cells[0]) for cells in whole],
    ):
        level = _by_key(names)
        parts |= {key: level[key] for key in level.keys() - parts.keys()}
    return HeaderMatch(
        last, headers, _by_key([" ".join(t) for t in texts]), last - i + 1, texts, parts
    )


def _by_key(names: Iterable[str]) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        if key := header_key(name):
            columns.setdefault(key, []).append(index)
    return columns


def _distinct(cells: Iterable[str]) -> list[str]:
    """The cells that are not blank and do not repeat the one above."""
    out: list[str] = []
    for cell in map(tidy, cells):
        if cell and (not out or header_key(cell) != header_key(out[-1])):
            out.append(cell)
    return out


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


# What nothing can be sent without: of each one field at least.
_ALWAYS = {
    BILLS: (("vendor", "vendorId"), ("issuedDate",), ("currency",), ("amount",)),
    LINE_ITEMS: (("amount", "netAmount"),),
}


def unmapped(template: Template, kind: TableKind = TableKind.FLAT) -> list[tuple[str, list[str]]]:
    """(sheet, fields) of which a table of this kind needs one, and the template maps none."""
    mapped = {(sheet, name) for sheet, name, _ in expressions(template, kind)}
    of_kind = {
        TableKind.BILLS: (BILLS,),
        TableKind.LINE_ITEMS: (LINE_ITEMS,),
        TableKind.FLAT: (BILLS, LINE_ITEMS),
    }
    return [
        (sheet, list(names))
        for sheet in of_kind[kind]
        for names in _ALWAYS[sheet]
        if not any((sheet, name) in mapped for name in names)
    ]


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
        named += [source.groups.column] if source.groups else []
        if total := source.control_total:
            named += [total.amount, *total.blank, *([total.where.column] if total.where else [])]
        columns += [alternatives(template, name) for name in named]
    unique = {tuple(map(header_key, names)): names for names in columns}
    made = {header_key(source.groups.name)} if source.groups else set()
    return [names for key, names in unique.items() if not made.intersection(key)]


def wanted(template: Template, kind: TableKind) -> list[list[str]]:
    """All columns a table may have."""
    return [names for _, _, e in expressions(template, kind) for names, _ in e.columns()]


def find_header(
    source: SourceTable,
    template: Template,
    kinds: Sequence[TableKind],
    looked_at: dict[tuple[int, int], HeaderMatch] | None = None,
) -> HeaderMatch | None:
    """The header row: as the template says, else the row that has most of the columns.

    The first of the rows that have all needed columns wins. None where no row names at least two
    of the columns (one, where only one is asked for). ``looked_at`` keeps the rows that were looked
    at, for the next template.
    """
    rule = template.source.header
    rows = rule.rows if rule else 1
    listed = source.previous_outcomes is None and is_result(source) and template.layout == "flat"
    if listed and _LINE_ID not in source.row_cells(0):
        return None  # the list of bills that a result has beside the rows of the file
    if rule and rule.find is None and is_result(source):
        found = header_at(source, 0, rows)
        has = any(_headed(found, names) for kind in kinds for names in wanted(template, kind))
        return found if has else None
    if rule and rule.row is not None:
        there = range(rule.row, rule.row + rows)
        first = next((i for i, row in enumerate(source.rows) if row in there), None)
        if first is None:
            return None
        return header_at(source, first, there.stop - source.rows[first])
    searched = range(min(SEARCHED_ROWS, len(source.rows)))
    looked_at = {} if looked_at is None else looked_at
    for i in searched:
        if (i, rows) not in looked_at:
            looked_at[i, rows] = header_at(source, i, rows)
    candidates = [looked_at[i, rows] for i in searched]
    if rule and rule.find:
        names = [alternatives(template, name) for name in rule.find]
        return next((c for c in candidates if all(c.index(n) is not None for n in names)), None)
    best: tuple[int, HeaderMatch] | None = None
    for found in candidates:
        for kind in kinds:
            score = sum(_headed(found, names) for names in wanted(template, kind))
            if score < min(2, len(wanted(template, kind))):
                continue
            if all(found.index(names) is not None for names in needed(template, kind)):
                return found
            if best is None or score > best[0]:
                best = (score, found)
    return best[1] if best else None


def is_result(source: SourceTable) -> bool:
    """Whether the sheet is a former result: its first row is the header, whatever stood above."""
    if source.previous_outcomes is not None:
        return True
    return bool(source.rows) and set(source.row_cells(0)) >= _OURS


def columns_of_file(source: SourceTable, found: HeaderMatch) -> list[int]:
    """The columns that are the file's own, not added by a former result."""
    added = _ADDED if is_result(source) else frozenset[str]()
    return [c for c, header in enumerate(found.headers) if header not in added]


def _headed(found: HeaderMatch, names: Iterable[str]) -> bool:
    """Whether a column has one of the names as its header: a position tells no header from data."""
    return any(found.named(n) for n in names if not _LETTERS.fullmatch(n.strip()))


_BILL_NAMES = frozenset(("bills", "bill", "invoices", "payables", "invoicepayables"))
_LINE_NAMES = frozenset(("lineitems", "lineitem", "lines", "billlines", "invoicelines"))


def kind_of(source: SourceTable, found: HeaderMatch | None, template: Template) -> TableKind | None:
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
    present = {*found.columns, *found.parts}
    only_bills, only_lines = (
        len(present & (of_bills - of_lines)),
        len(present & (of_lines - of_bills)),
    )
    if only_bills == only_lines == 0 and len(present & of_lines) < 2:
        return None
    return TableKind.BILLS if only_bills > only_lines else TableKind.LINE_ITEMS


def property_columns(found: HeaderMatch) -> Iterator[tuple[int, str]]:
    """The columns headed ``property:<name>``, as (index, canonical field name)."""
    for index, header in enumerate(found.headers):
        bare = undecorated(header)
        if bare.lower().startswith(PROPERTY) and bare[len(PROPERTY) :].strip():
            yield index, PROPERTY + bare[len(PROPERTY) :].strip()
