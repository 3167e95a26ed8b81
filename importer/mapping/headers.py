"""Find the header row, and the column of each field, in a source table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from importer.core.column_letters import column_index
from importer.core.money import tidy
from importer.mapping.expressions import Expression
from importer.mapping.template_model import Template
from importer.model.fields import BILLS, LINE_ITEMS, header_key, property_name
from importer.model.tables import SourceTable, TableKind

EXTRA = "+"  # between the name of a field and the number of the extra line it is of
SEARCHED_ROWS = 60  # a header row is searched in these first rows

# The columns that mark a sheet as one of a result workbook, and all that a result adds.
_RESULT_MARKS = frozenset(("import_status", "import_message", "source_row"))
_LINE_ID = "light_line_item_id"
RESULT_COLUMNS = _RESULT_MARKS | {"light_bill_id", _LINE_ID, "light_state", "attempts", "loaded_at"}
RESULT_COLUMNS |= {"gross_money", "net_money", "tax_money", "light_document"}
_REFERENCE, _LEFT_COLUMNS = "bill_reference", 3  # those that a result has left of the file's
_ROW_SEPARATOR = " | "  # between the rows of a header, in a result

_NTH = re.compile(r"(.*\S)\s*#\s*([1-9][0-9]{0,2})")
_LETTERS = re.compile(r"\$([A-Za-z]{1,3})")


@dataclass(frozen=True)
class _ColumnReference:
    """What a template's name of a column means: a header, its n-th column, a column's letters."""

    key: str
    nth: tuple[str, int] | None  # header and number of ``Amount#2``
    index: int | None  # of ``$C``


@lru_cache(maxsize=4096)  # a template's names are compared with each row that may be the header
def _column_reference(name: str) -> _ColumnReference:
    nth, letters = _NTH.fullmatch(name.strip()), _LETTERS.fullmatch(name.strip())
    return _ColumnReference(
        header_key(name),
        (nth[1], int(nth[2])) if nth else None,
        column_index(letters[1]) if letters else None,
    )


@dataclass(frozen=True)
class HeaderMatch:
    """A header of one row or several.

    ``columns``: key of a whole header → indexes of its columns. ``parts``: the same for part of a
    header that has several rows. ``file_columns``: all but those that a result adds;
    the letters of ``$C`` count them.
    """

    last_row: int  # index into source.rows
    headers: tuple[str, ...]
    columns: dict[str, list[int]]
    row_count: int = 1
    texts: tuple[tuple[str, ...], ...] = ()  # each column's cells that are not blank
    parts: dict[str, list[int]] = field(default_factory=dict)
    file_columns: tuple[int, ...] = ()

    def columns_named(self, name: str) -> list[int]:
        """The columns of a name: a header, ``Amount#2`` for its second column, ``$C`` for column C.

        A header written exactly as ``name`` wins.
        """
        reference = _column_reference(name)
        if columns := self.columns.get(reference.key) or self.parts.get(reference.key):
            return columns
        if reference.nth:
            header, number = reference.nth
            return self.columns_named(header)[number - 1 : number]
        index = reference.index
        return [] if index is None else list(self.file_columns[index : index + 1])

    def column_of(self, names: Iterable[str]) -> int | None:
        """The column of the first of ``names`` that the table has."""
        return next(iter(self.columns_of(names)), None)

    def columns_of(self, names: Iterable[str]) -> list[int]:
        """All columns of the first of ``names`` that the table has; several are ambiguous."""
        return next((columns for columns in map(self.columns_named, names) if columns), [])


def header_from_row(source: SourceTable, i: int, rows: int = 1) -> HeaderMatch:
    """The header of ``rows`` rows from the ``i``-th row on; blank rows count."""
    if rows == 1:
        headers = source.row_cells(i)
        file_columns = _file_columns(source, headers)
        return HeaderMatch(
            i,
            headers,
            _by_key(headers),
            1,
            tuple((h,) for h in headers),
            file_columns=file_columns,
        )
    if is_result_sheet(source):  # a result has the header's rows in one
        split, last = [cell.split(_ROW_SEPARATOR) for cell in source.row_cells(i)], i
        # A header of one part belongs under the group header to its left, as it did in the file.
        columns = [cells if len(cells) > 1 else ["", *cells] for cells in split]
    else:
        end = source.rows[i] + rows
        last = max(k for k in range(i, min(i + rows, len(source.rows))) if source.rows[k] < end)
        header_rows = (source.row_cells(k) for k in range(i, last + 1))
        columns = [list(cells) for cells in zip(*header_rows, strict=True)]
    texts = tuple(tuple(_distinct(cells)) for cells in columns)
    headers = tuple(_ROW_SEPARATOR.join(cells) for cells in texts)
    upper, above = [], ""
    for cells in columns:  # a group header covers the columns to its right
        above = tidy(cells[0]) or above
        upper.append(above)
    parts: dict[str, list[int]] = {}
    for names in (
        [" ".join([head, *cells[-1:]]) for head, cells in zip(upper, texts, strict=True)],
        [cells[-1] if cells else "" for cells in texts],
        [tidy(cells[0]) for cells in columns],
    ):
        level = _by_key(names)
        parts |= {key: level[key] for key in level.keys() - parts.keys()}
    by_text = _by_key([" ".join(t) for t in texts])
    file_columns = _file_columns(source, headers)
    return HeaderMatch(last, headers, by_text, last - i + 1, texts, parts, file_columns)


def _file_columns(source: SourceTable, headers: Sequence[str]) -> tuple[int, ...]:
    """The columns without those that a result adds; the file may have a ``bill_reference``, too."""
    if not is_result_sheet(source):
        return tuple(range(len(headers)))
    left = headers[:_LEFT_COLUMNS]
    reference = left.index(_REFERENCE) if _REFERENCE in left else -1
    columns = range(len(headers) - source.ends_in_then)
    return tuple(i for i in columns if headers[i] not in RESULT_COLUMNS and i != reference)


def _by_key(names: Iterable[str]) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        if key := header_key(name):
            columns.setdefault(key, []).append(index)
    return columns


def _distinct(cells: Iterable[str]) -> list[str]:
    """The cells that are neither blank nor the same as the one above."""
    out: list[str] = []
    for cell in map(tidy, cells):
        if cell and (not out or header_key(cell) != header_key(out[-1])):
            out.append(cell)
    return out


def expressions(template: Template, kind: TableKind) -> Iterator[tuple[str, str, Expression]]:
    """(sheet, field, expression) of each field mapped from a table of this kind."""
    if kind is not TableKind.LINE_ITEMS:
        yield from ((BILLS, name, e) for name, e in template.bills.items())
    if kind is not TableKind.BILLS:
        yield from ((LINE_ITEMS, name, e) for name, e in template.line_items.items())
    for i, fields in enumerate(template.extra_lines if kind is not TableKind.LINE_ITEMS else ()):
        yield from ((LINE_ITEMS, f"{name}{EXTRA}{i}", e) for name, e in fields.items())


def accepted_headers(template: Template, name: str) -> list[str]:
    """All headers that the template accepts for a column it names."""
    key = header_key(name)
    for expression in (*template.bills.values(), *template.line_items.values()):
        for names, _ in expression.columns():
            if key in map(header_key, names):
                return names
    return [name]


# Pairs of fields of which a row needs one; the second pair joins line items to their bill.
_EITHER_FIELDS = {
    BILLS: (("vendorId", "vendor"), ("billRef", "invoiceNumber")),
    LINE_ITEMS: (("amount", "netAmount"), ("billRef", "invoiceNumber")),
}

# Light requires these: at least one field of each tuple.
_REQUIRED_FIELDS = {
    BILLS: (("vendor", "vendorId"), ("issuedDate",), ("currency",), ("amount",)),
    LINE_ITEMS: (("amount", "netAmount"),),
}


def unmapped_fields(
    template: Template, kind: TableKind = TableKind.FLAT
) -> list[tuple[str, list[str]]]:
    """(sheet, fields) of which a table of this kind needs one while the template maps none."""
    mapped = {(sheet, name) for sheet, name, _ in expressions(template, kind)}
    of_kind = {
        TableKind.BILLS: (BILLS,),
        TableKind.LINE_ITEMS: (LINE_ITEMS,),
        TableKind.FLAT: (BILLS, LINE_ITEMS),
    }
    return [
        (sheet, list(names))
        for sheet in of_kind[kind]
        for names in _REQUIRED_FIELDS[sheet]
        if not any((sheet, name) in mapped for name in names)
    ]


def _either_columns(template: Template, kind: TableKind) -> Iterator[list[str]]:
    """Columns of optional fields of which a table of this kind must have at least one."""
    of_kind: dict[str, dict[str, Expression]] = {BILLS: {}, LINE_ITEMS: {}}
    for sheet, name, expression in expressions(template, kind):
        of_kind[sheet][name] = expression
    for sheet, given in of_kind.items():
        for pair in _EITHER_FIELDS[sheet][: 1 if kind is TableKind.FLAT else 2]:
            both = [given[name] for name in pair if name in given]
            if both and all(e.column and e.optional and e.default is None for e in both):
                yield [column for e in both for column in e.column or ()]


def required_columns(template: Template, kind: TableKind) -> list[list[str]]:
    """The columns a table must have, each with its accepted headers."""
    columns: list[list[str]] = []
    for _, _, expression in expressions(template, kind):
        columns += [names for names, optional in expression.columns() if not optional]
    columns += _either_columns(template, kind)
    source = template.source
    if kind is TableKind.FLAT:
        names = [*template.key_columns, *source.fill_down, *(t.column for t in source.ignore_rows)]
        names += [source.stop_at.column] if source.stop_at else []
        names += [source.groups.column] if source.groups else []
        if total := source.control_total:
            names += [total.amount, *total.blank, *([total.where.column] if total.where else [])]
        columns += [accepted_headers(template, name) for name in names]
    unique = {tuple(map(header_key, accepted)): accepted for accepted in columns}
    added = {header_key(source.groups.name)} if source.groups else set()
    return [accepted for key, accepted in unique.items() if not added.intersection(key)]


def either_of(names: Iterable[str]) -> str:
    """Accepted headers in words: ``'Number' or 'Invoice no'``."""
    return " or ".join(f"'{name}'" for name in names)


def requested_columns(template: Template, kind: TableKind) -> list[list[str]]:
    """All columns that fields are mapped from, each with its accepted headers."""
    return [names for _, _, e in expressions(template, kind) for names, _ in e.columns()]


def find_header(
    source: SourceTable,
    template: Template,
    kinds: Sequence[TableKind],
    cache: dict[tuple[int, int], HeaderMatch] | None = None,
) -> HeaderMatch | None:
    """The header row that the template states, else the row that has most of the columns.

    The first row with all required columns wins. None where no row names at least two of the
    columns (one, where only one is mapped). ``cache`` keeps the rows tried, for other templates.
    """
    rule = template.source.header
    rows = rule.rows if rule else 1
    has_no_rows = source.previous_outcomes is None and template.layout == "flat"
    if is_result_sheet(source) and has_no_rows and _LINE_ID not in source.row_cells(0):
        return None  # the list of bills, which a result has beside the rows of the file
    if rule and rule.find is None and is_result_sheet(source):
        header = header_from_row(source, 0, rows)
        columns = [names for kind in kinds for names in requested_columns(template, kind)]
        return header if any(_has_header(header, names) for names in columns) else None
    if rule and rule.row is not None:
        stated = range(rule.row, rule.row + rows)
        first = next((i for i, row in enumerate(source.rows) if row in stated), None)
        if first is None:
            return None
        return header_from_row(source, first, stated.stop - source.rows[first])
    searched = range(min(SEARCHED_ROWS, len(source.rows)))
    cache = {} if cache is None else cache
    for i in searched:
        if (i, rows) not in cache:
            cache[i, rows] = header_from_row(source, i, rows)
    candidates = [cache[i, rows] for i in searched]
    if rule and rule.find:
        wanted = [accepted_headers(template, name) for name in rule.find]
        return next((c for c in candidates if all(c.columns_of(n) for n in wanted)), None)
    return _best_candidate(candidates, template, kinds)


def _best_candidate(
    candidates: Sequence[HeaderMatch], template: Template, kinds: Sequence[TableKind]
) -> HeaderMatch | None:
    best: tuple[int, HeaderMatch] | None = None
    columns = {kind: requested_columns(template, kind) for kind in kinds}
    required = {kind: required_columns(template, kind) for kind in kinds}
    keys = {
        key for of_kind in columns.values() for names in of_kind for n in names for key in _keys(n)
    }
    for header in candidates:
        of_values = keys.isdisjoint(header.columns) and keys.isdisjoint(header.parts)
        if of_values and all(columns.values()):  # as most rows are
            continue
        for kind in kinds:
            score = sum(_has_header(header, names) for names in columns[kind])
            if score < min(2, len(columns[kind])):
                continue
            if all(header.columns_of(names) for names in required[kind]):
                return header
            if best is None or score > best[0]:
                best = (score, header)
    return best[1] if best else None


def _keys(name: str) -> list[str]:
    """The keys of the headers that a template's name of a column may mean."""
    reference = _column_reference(name)
    return [reference.key, *(_keys(reference.nth[0]) if reference.nth else ())]


def is_result_sheet(source: SourceTable) -> bool:
    """Whether the sheet is of a result workbook; its first row is then the header."""
    if source.previous_outcomes is not None:
        return True
    return bool(source.rows) and set(source.row_cells(0)) >= _RESULT_MARKS


def _has_header(header: HeaderMatch, names: Iterable[str]) -> bool:
    """Whether a column has one of the names as its header; ``$C`` would match any row."""
    return any(header.columns_named(n) for n in names if _column_reference(n).index is None)


_BILL_NAMES = frozenset(("bills", "bill", "invoices", "payables", "invoicepayables"))
_LINE_NAMES = frozenset(("lineitems", "lineitem", "lines", "billlines", "invoicelines"))


def table_kind(
    source: SourceTable, header: HeaderMatch | None, template: Template
) -> TableKind | None:
    """The kind of a table: by the sheet's name, else by its headers; None where neither decides."""
    if template.layout == "flat":
        return TableKind.FLAT if header else None
    name = header_key(source.sheet or "")
    if name in _BILL_NAMES:
        return TableKind.BILLS
    if name in _LINE_NAMES:
        return TableKind.LINE_ITEMS
    if header is None:
        return None
    of_bills, of_lines = (
        {header_key(n) for e in fields.values() for names, _ in e.columns() for n in names}
        for fields in (template.bills, template.line_items)
    )
    present = {*header.columns, *header.parts}
    only_bills = len(present & (of_bills - of_lines))
    only_lines = len(present & (of_lines - of_bills))
    if only_bills == only_lines == 0 and len(present & of_lines) < 2:
        return None
    return TableKind.BILLS if only_bills > only_lines else TableKind.LINE_ITEMS


def property_columns(header: HeaderMatch) -> Iterator[tuple[int, str]]:
    """The columns headed ``property:<name>``, as (index, canonical field name)."""
    for index, text in enumerate(header.headers):
        if name := property_name(text):
            yield index, name
