"""Changes that a person made to the rows of a result workbook.

Its rows are the input; the columns and sheets that the result added are not. Whatever is
uncertain is refused: a workbook is understood completely, or not at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from importer.core.counted_nouns import count
from importer.core.errors import UsageProblem
from importer.core.money import tidy
from importer.core.safe_text import visible
from importer.mapping.expressions import Expression
from importer.mapping.template_model import Header, Template
from importer.model.fields import header_key
from importer.model.tables import CHOICES_SHEET, VENDORS_SHEET, SourceTable
from importer.report.result_columns import (
    ACCOUNT_TIE_OUT,
    AGEING,
    BILL_ID,
    FIRST_COLUMNS,
    LINE_ID,
    MESSAGE,
    OLD_AGEING,
    SHEET_COLUMNS,
    SOURCE_ROW,
    STATUS,
    THEN,
)
from importer.report.xlsx.corrections_sheet import CORRECTIONS
from importer.report.xlsx.flat_bills import CHECK, changed_rows
from importer.report.xlsx.lines_in_light_sheet import LINES_IN_LIGHT
from importer.report.xlsx.provenance_sheet import PROVENANCE
from importer.report.xlsx.to_resolve_sheet import TO_RESOLVE
from importer.report.xlsx.vendor_tie_out_sheet import VENDOR_TIE_OUT
from importer.resume.provenance import ResultWorkbook, SourceSheet

_SEARCHED = 30  # rows for the header, below titles that somebody has put above
_OUTPUT = {
    "Summary",
    "Problems",
    "Tie-out",
    VENDOR_TIE_OUT,
    ACCOUNT_TIE_OUT,
    AGEING,
    OLD_AGEING,
    CORRECTIONS,
    TO_RESOLVE,
    LINES_IN_LIGHT,
    VENDORS_SHEET,
    PROVENANCE,
    CHOICES_SHEET,
}
_BILLS = re.compile(r"Bills( \d+)?\Z")
_LINES = re.compile(r"Line items( \d+)?\Z")
_NAMED = 10  # rows in a sentence

SheetRow = tuple[str, int]  # sheet, row in the workbook as it is now


@dataclass
class RowChanges:
    """The sheets of rows without the result columns, and how the rows changed.

    ``light_ids`` has, for rows whose bill was in Light, the bill's id, ``line_ids`` of
    line items theirs; ``unsettled`` are rows of
    bills that could not be settled; ``copies`` those whose source row is in the workbook twice.
    ``deleted`` are (sheet, source row) of rows in Light that are gone.
    """

    tables: list[SourceTable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    light_ids: dict[SheetRow, str] = field(default_factory=dict)
    line_ids: dict[SheetRow, str] = field(default_factory=dict)
    unsettled: set[SheetRow] = field(default_factory=set)
    copies: set[SheetRow] = field(default_factory=set)
    deleted: list[SheetRow] = field(default_factory=list)


def row_changes(
    tables: Sequence[SourceTable],
    workbook: ResultWorkbook,
    template: Template,
    overridden: Collection[str] = (),
) -> RowChanges:
    """The rows of the result workbook; UsageProblem where it cannot be understood.

    Each sheet has the parameters that its run used, except those that are ``overridden``.
    """
    if workbook.sheets is None:
        return _of_older_version(tables, workbook)
    changes = RowChanges()
    file = tables[0].file
    remaining = [t for t in tables if t.sheet not in _OUTPUT]
    if workbook.layout == "flat":
        remaining = _without_derived(remaining, workbook)
    for sheet in workbook.sheets:
        table, header = _sheet_of(sheet, remaining, workbook, file, changes)
        remaining = [t for t in remaining if t is not table]
        source = _source_table(table, header, sheet, workbook, template, changes)
        used = {name: text for name, text in sheet.parameters if name not in overridden}
        changes.tables.append(replace(source, parameters=used, folder=sheet.folder))
    for table in remaining:
        if set(_headers(table)) >= {STATUS, MESSAGE}:
            raise UsageProblem(
                f"{file}, sheet {table.sheet}: it looks like a copy of one of the result's sheets,"
                " and it is unclear which one counts. Delete one of them."
            )
        changes.notes.append(
            f"The sheet {visible(table.sheet or '')} is not part of the result and was not read."
        )
    return changes


def as_written(template: Template, tables: Sequence[SourceTable] = ()) -> Template:
    """The template for the rows of a result: its header in the first row, its sheets our own; what
    the column ``then`` has comes before the status."""
    rows = template.source.header.rows if template.source.header else 1
    header = Header(find=None, row=1, rows=rows)
    source = template.source.model_copy(update={"sheet": "*", "header": header})
    bills = template.bills
    if any(table.ends_in_then for table in tables):
        then, status = (
            Expression.model_validate({"column": THEN, "optional": True}),
            bills.get("status"),
        )
        if status is not None:
            then = Expression.model_validate({"first_of": [then, status]})
        bills = {**bills, "status": then}
    return template.model_copy(update={"source": source, "bills": bills})


def looks_like_result(tables: Sequence[SourceTable]) -> str:
    """The sheet that has a result's columns, "" where none has."""
    ours = {STATUS, MESSAGE, SOURCE_ROW}
    return next((t.sheet or t.file for t in tables if set(_headers(t)) >= ours), "")


def _of_older_version(tables: Sequence[SourceTable], workbook: ResultWorkbook) -> RowChanges:
    kinds = (_LINES,) if workbook.layout == "flat" else (_LINES, _BILLS)
    rows = [t for t in tables if any(kind.match(t.sheet or "") for kind in kinds)]
    note = (
        "The workbook is from an older version, so it is unclear which rows were deleted or added."
    )
    return RowChanges(rows, [note])


def _headers(table: SourceTable) -> tuple[str, ...]:
    """The row with our columns, else the first."""
    for i in range(min(_SEARCHED, len(table.rows))):
        cells = tuple(tidy(cell) for cell in table.row_cells(i))
        if {STATUS, MESSAGE} <= set(cells):
            return cells
    return table.row_cells(0) if len(table.rows) else ()


# --- which sheet is which ---------------------------------------------------------------------


def _sheet_of(
    sheet: SourceSheet,
    remaining: Sequence[SourceTable],
    workbook: ResultWorkbook,
    file: str,
    changes: RowChanges,
) -> tuple[SourceTable, int]:
    """The table that was this sheet, and the index of its header row."""
    for table in remaining:
        if table.sheet == sheet.name:
            header = _header_of(table, sheet)
            if header is None:
                raise UsageProblem(_missing_header(table, sheet))
            return table, header
    names = {each.name for each in workbook.sheets or ()}
    others = [
        (table, header)
        for table in remaining
        if table.sheet not in names and (header := _header_of(table, sheet)) is not None
    ]
    if len(others) == 1:
        renamed = visible(others[0][0].sheet or "")
        changes.notes.append(f"The sheet {renamed} was taken for {sheet.name}, renamed.")
        return others[0]
    why = "none of the others has its columns" if not others else "several sheets have its columns"
    raise UsageProblem(
        f"{file}: the sheet '{sheet.name}' of the result is missing, and {why}. Give it its name"
        " back, or make the workbook again."
    )


def _keys(headers: Sequence[str]) -> Counter[str]:
    return Counter(key for header in headers if (key := header_key(header)))


def _header_of(table: SourceTable, sheet: SourceSheet) -> int | None:
    """The row that has all the sheet's headers; titles may have been put above it."""
    wanted = _keys(sheet.headers)
    for i in range(min(_SEARCHED, len(table.rows))):
        if not wanted - _keys(table.row_cells(i)):
            return i
    return None


def _missing_header(table: SourceTable, sheet: SourceSheet) -> str:
    best = min(
        (_keys(sheet.headers) - _keys(table.row_cells(i)) for i in range(min(5, len(table.rows)))),
        key=lambda missing: missing.total(),
    )
    names = [h for h in sheet.headers if best[header_key(h)]]
    return (
        f"{table.file}, sheet {table.sheet}: the column '{visible(names[0])}' is gone or was given"
        f" another header{f' ({len(names) - 1} more too)' if len(names) > 1 else ''}. Put its"
        " header back as it was; to leave a value out, blank its cell."
    )


def _without_derived(tables: list[SourceTable], workbook: ResultWorkbook) -> list[SourceTable]:
    """Without the sheet ``Bills``, which was derived from ``Line items``; refused where edited."""
    out = []
    for table in tables:
        headers = tuple(tidy(cell) for cell in table.row_cells(0)) if len(table.rows) else ()
        if table.sheet != "Bills" and CHECK not in headers:
            out.append(table)
            continue
        rows = [(int(table.rows[i]), table.row_cells(i)) for i in range(1, len(table.rows))]
        missing = workbook.flat_bills - len(rows)
        what = ""
        try:
            if changed := changed_rows(headers, rows):
                what = f"{_rows(changed)} changed"
            elif missing:
                were = "was" if abs(missing) == 1 else "were"
                added = "deleted" if missing > 0 else "added"
                what = f"{count(abs(missing), 'row')} {were} {added}"
        except KeyError as gone:
            what = f"the column {gone} is gone, so it is unclear whether it was changed"
        if what:
            raise UsageProblem(
                f"{table.file}, sheet {table.sheet}: {what}. This sheet is made from the sheet Line"
                " items and is not read: make the change there, in the rows of the bill, and delete"
                f" the sheet {table.sheet}."
            )
    return out


# --- what was done to its rows ----------------------------------------------------------------


def _source_table(
    table: SourceTable,
    header: int,
    sheet: SourceSheet,
    workbook: ResultWorkbook,
    template: Template,
    changes: RowChanges,
) -> SourceTable:
    """The table from its header row on, without the result columns; its ``previous_outcomes``
    are their status and message."""
    headers = list(map(tidy, table.row_cells(header)))
    of_file = Counter(name for name in map(tidy, sheet.headers) if name in SHEET_COLUMNS)
    added = Counter(headers) - of_file
    columns_of: dict[str, list[int]] = {}
    for c, name in enumerate(headers):
        if name in SHEET_COLUMNS and added[name]:
            columns_of.setdefault(name, []).append(c)
    # The file itself may have columns of these names, between the first and last of ours.
    first = FIRST_COLUMNS if workbook.format != "2" else ()
    at = {name: each[0 if name in first else -1] for name, each in columns_of.items()}
    columns = [c for c in range(len(headers)) if c not in at.values()]
    _compare(table, header, at, sheet, workbook, template, changes)
    columns += [at[THEN]] if THEN in at else []
    status, message = (
        table.columns[at[name]][header:] if name in at else [""] * (len(table.rows) - header)
        for name in (STATUS, MESSAGE)
    )
    return replace(
        table,
        columns=tuple(table.columns[c][header:] for c in columns),
        kinds=None if table.kinds is None else tuple(table.kinds[c][header:] for c in columns),
        rows=table.rows[header:],
        previous_outcomes=list(zip(status, message, strict=True)),
        ends_in_then=THEN in at,
        file_columns=tuple(columns),
        format_marks={columns.index(c): m for c, m in table.format_marks.items() if c in columns},
        cell_looks={columns.index(c): m for c, m in table.cell_looks.items() if c in columns},
    )


def _compare(
    table: SourceTable,
    header: int,
    at: dict[str, int],
    sheet: SourceSheet,
    workbook: ResultWorkbook,
    template: Template,
    changes: RowChanges,
) -> None:
    """Note in ``changes`` which rows are new, gone or in Light already; ``at`` are the columns of
    the result."""
    rows = [int(row) for row in table.rows[header + 1 :]]
    in_light = bool(sheet.in_light or sheet.unsettled) and not workbook.sandbox
    has_bills = workbook.layout == "flat" or not _LINES.match(sheet.name)
    needed = (SOURCE_ROW, BILL_ID) if sheet.in_light and has_bills else (SOURCE_ROW,)
    missing = [name for name in needed if name not in at]
    if missing and in_light:
        raise UsageProblem(
            f"{table.file}, sheet {table.sheet}: the column {missing[0]} is gone, by which it"
            " is known which bills are in Light. Put it back, or make the workbook again with"
            f" light-import report {workbook.last_run}."
        )
    if SOURCE_ROW in missing:
        if len(rows) != len(sheet.rows):
            changes.notes.append(
                f"The sheet {table.sheet} has {len(rows):,} rows, and had {len(sheet.rows):,};"
                f" without its column {SOURCE_ROW} it is unclear which were deleted or added."
            )
        return
    texts = map(tidy, table.columns[at[SOURCE_ROW]][header + 1 :])
    sources = [int(text) if text.isascii() and text.isdigit() else 0 for text in texts]
    times = Counter(sources)
    if template.source.groups:  # what a row means depends on the rows above it
        _check_order(table, [source for source in sources if source in sheet.rows])
    deleted = sorted(sheet.rows.difference(sources))
    added = len(rows) - len(sheet.rows.intersection(sources))
    changes.notes += _notes(sheet, added, deleted)
    if workbook.sandbox:
        return
    ids, line_ids = (
        table.columns[at[name]][header + 1 :] if name in at else [""] * len(rows)
        for name in (BILL_ID, LINE_ID)
    )
    for row, source, light_id, line_id in zip(rows, sources, ids, line_ids, strict=True):
        place = (table.sheet or "", row)
        if source not in sheet.rows:
            continue
        if times[source] > 1:
            changes.copies.add(place)
        if tidy(light_id):
            changes.light_ids[place] = tidy(light_id)
        if tidy(line_id):
            changes.line_ids[place] = tidy(line_id)
        if source in sheet.unsettled:
            changes.unsettled.add(place)
    changes.deleted += [(sheet.name, row) for row in deleted if row in sheet.in_light]


def _check_order(table: SourceTable, sources: Sequence[int]) -> None:
    if any(a > b for a, b in pairwise(sources)):
        raise UsageProblem(
            f"{table.file}, sheet {table.sheet}: its rows were sorted, and what a row means depends"
            f" on the rows above it. Sort them by {SOURCE_ROW} first."
        )


def _notes(sheet: SourceSheet, added: int, deleted: Sequence[int]) -> list[str]:
    notes = []
    if added:
        notes.append(f"{count(added, 'row')} added to {sheet.name} since the former result.")
    if deleted:
        notes.append(
            f"{count(len(deleted), 'row')} deleted from {sheet.name} since the former result"
            f" ({SOURCE_ROW} {_numbers(deleted)})."
        )
    return notes


def _rows(rows: Sequence[int]) -> str:
    noun, verb = ("row", "was") if len(rows) == 1 else ("rows", "were")
    return f"{noun} {_numbers(rows)} {verb}"


def _numbers(rows: Sequence[int]) -> str:
    """ "2, 5, 9"; of many the first ten."""
    named = ", ".join(f"{row:,}" for row in rows[:_NAMED])
    return named + (f" and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else "")
