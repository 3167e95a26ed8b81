"""The rows of a result workbook, read again: which they are, and what the person did to them.

Its rows are the input; the columns and sheets that the result added are not. Whatever cannot be
told with certainty is refused in a sentence: a workbook is understood whole, or not at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from importer.core.errors import UsageProblem
from importer.core.money import tidy
from importer.core.safe_text import visible
from importer.mapping.template_model import Header, Template
from importer.model.fields import header_key
from importer.model.tables import SourceTable
from importer.report.phrases import count
from importer.report.xlsx.flat_bills import CHECK, changed_rows
from importer.report.xlsx.result_columns import BILL_ID, MESSAGE, OURS, SOURCE_ROW, STATUS
from importer.report.xlsx.to_resolve_sheet import SHEET
from importer.report.xlsx.vendor_tie_out_sheet import BY_VENDOR
from importer.resume.provenance import ORIGIN, FormerSheet
from importer.resume.result_workbook import Former

_SEARCHED = 30  # rows for the header, below titles that somebody has put above
_OUTPUT = {"Summary", "Problems", "Tie-out", BY_VENDOR, SHEET, ORIGIN}
_BILLS = re.compile(r"Bills( \d+)?\Z")
_LINES = re.compile(r"Line items( \d+)?\Z")
_NAMED = 10  # rows in a sentence

Place = tuple[str, int]  # sheet, row in the workbook as it is now


@dataclass
class Again:
    """The sheets of rows with our columns at their right end, and what was done to the rows.

    ``light_ids`` has, for rows whose bill was in Light, the bill's id; ``unsettled`` are rows of
    bills that could not be settled; ``copies`` those of which the former row is there twice.
    ``deleted`` are (sheet, former row) of rows in Light that are gone.
    """

    tables: list[SourceTable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    light_ids: dict[Place, str] = field(default_factory=dict)
    unsettled: set[Place] = field(default_factory=set)
    copies: set[Place] = field(default_factory=set)
    deleted: list[Place] = field(default_factory=list)


def rows_again(
    tables: Sequence[SourceTable],
    former: Former,
    template: Template,
    told: Collection[str] = (),
) -> Again:
    """The rows of the result workbook; UsageProblem where it cannot be understood.

    Each sheet has the parameters that its run used, but for those that are ``told`` anew.
    """
    if former.sheets is None:
        return _of_older(tables, former)
    again = Again()
    file = tables[0].file
    flat = former.layout == "flat"
    left = [t for t in tables if t.sheet not in _OUTPUT]
    if flat:
        left = _without_derived(left, former)
    for sheet in former.sheets:
        table, header = _sheet_of(sheet, left, former, file, again)
        left = [t for t in left if t is not table]
        taken = _taken(table, header, sheet, former, template, again)
        used = {name: text for name, text in sheet.parameters if name not in told}
        again.tables.append(replace(taken, parameters=used, folder=sheet.folder))
    for table in left:
        if set(_headers(table)) >= {STATUS, MESSAGE}:
            raise UsageProblem(
                f"{file}, sheet {table.sheet}: it looks like a copy of one of the result's sheets,"
                " and which of the two holds cannot be told. Delete one of them."
            )
        again.notes.append(
            f"The sheet {visible(table.sheet or '')} is no part of the result and was not read."
        )
    return again


def as_written(template: Template) -> Template:
    """The template for the rows of a result: its header in the first row, its sheets our own."""
    rows = template.source.header.rows if template.source.header else 1
    header = Header(find=None, row=1, rows=rows)
    source = template.source.model_copy(update={"sheet": "*", "header": header})
    return template.model_copy(update={"source": source})


def looks_like_result(tables: Sequence[SourceTable]) -> str:
    """The sheet that has a result's columns, "" where none has."""
    ours = {STATUS, MESSAGE, SOURCE_ROW}
    return next((t.sheet or t.file for t in tables if set(_headers(t)) >= ours), "")


def _of_older(tables: Sequence[SourceTable], former: Former) -> Again:
    flat = former.layout == "flat"
    rows = [
        t
        for t in tables
        if _LINES.match(t.sheet or "") or (not flat and _BILLS.match(t.sheet or ""))
    ]
    note = (
        "The workbook is of an older version, and does not tell which rows were deleted or added."
    )
    return Again(rows, [note])


def _headers(table: SourceTable) -> tuple[str, ...]:
    """The row with our columns, else the first."""
    for i in range(min(_SEARCHED, len(table.rows))):
        cells = tuple(tidy(cell) for cell in table.row_cells(i))
        if {STATUS, MESSAGE} <= set(cells):
            return cells
    return table.row_cells(0) if len(table.rows) else ()


# --- which sheet is which ---------------------------------------------------------------------


def _sheet_of(
    sheet: FormerSheet, left: Sequence[SourceTable], former: Former, file: str, again: Again
) -> tuple[SourceTable, int]:
    """The table that was this sheet, and the index of its header row."""
    named = [t for t in left if t.sheet == sheet.name]
    others = [
        t
        for t in left
        if t.sheet not in {s.name for s in former.sheets or ()} and _header_of(t, sheet) is not None
    ]
    if named:
        header = _header_of(named[0], sheet)
        if header is None:
            raise UsageProblem(_header_gone(named[0], sheet))
        return named[0], header
    if len(others) == 1:
        header = _header_of(others[0], sheet)
        assert header is not None
        again.notes.append(
            f"The sheet {visible(others[0].sheet or '')} was taken for {sheet.name}, renamed."
        )
        return others[0], header
    why = "none of the others has its columns" if not others else "several sheets have its columns"
    raise UsageProblem(
        f"{file}: the sheet '{sheet.name}' of the result is not there, and {why}. Give it its name"
        " back, or make the workbook again."
    )


def _keys(headers: Sequence[str]) -> Counter[str]:
    return Counter(key for header in headers if (key := header_key(header)))


def _header_of(table: SourceTable, sheet: FormerSheet) -> int | None:
    """The row that has all the sheet's headers; titles may have been put above it."""
    wanted = _keys(sheet.headers)
    for i in range(min(_SEARCHED, len(table.rows))):
        if not wanted - _keys(table.row_cells(i)):
            return i
    return None


def _header_gone(table: SourceTable, sheet: FormerSheet) -> str:
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


def _without_derived(tables: list[SourceTable], former: Former) -> list[SourceTable]:
    """Without the sheet ``Bills``, which was made from ``Line items``; refused where changed."""
    out = []
    for table in tables:
        headers = tuple(tidy(cell) for cell in table.row_cells(0)) if len(table.rows) else ()
        if table.sheet != "Bills" and CHECK not in headers:
            out.append(table)
            continue
        advice = (
            " This sheet is made from the sheet Line items and is not read: make the change there,"
            f" in the rows of the bill, and delete the sheet {table.sheet}."
        )
        rows = [(int(table.rows[i]), table.row_cells(i)) for i in range(1, len(table.rows))]
        try:
            changed = changed_rows(headers, rows)
        except KeyError as gone:
            raise UsageProblem(
                f"{table.file}, sheet {table.sheet}: the column {gone} is gone, so that it cannot"
                f" be told whether it was changed.{advice}"
            ) from None
        if changed:
            raise UsageProblem(
                f"{table.file}, sheet {table.sheet}: {_rows(changed)} changed.{advice}"
            )
        if len(rows) != former.flat_bills:
            gone_or_new = former.flat_bills - len(rows)
            what = "deleted" if gone_or_new > 0 else "added"
            raise UsageProblem(
                f"{table.file}, sheet {table.sheet}: {count(abs(gone_or_new), 'row')}"
                f" {'was' if abs(gone_or_new) == 1 else 'were'} {what}.{advice}"
            )
    return out


def _rows(rows: Sequence[int]) -> str:
    named = ", ".join(f"{row:,}" for row in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else ""
    return f"row {named} was" if len(rows) == 1 else f"rows {named}{more} were"


# --- what was done to its rows ----------------------------------------------------------------


def _taken(
    table: SourceTable,
    header: int,
    sheet: FormerSheet,
    former: Former,
    template: Template,
    again: Again,
) -> SourceTable:
    """The table from its header row on, without our columns; ``former`` has what they said."""
    headers = table.row_cells(header)
    spare = Counter(map(tidy, headers)) - Counter(
        name for name in map(tidy, sheet.headers) if name in OURS
    )
    at = {tidy(h): c for c, h in enumerate(headers) if tidy(h) in OURS and spare[tidy(h)]}
    own = [c for c in range(len(headers)) if c not in at.values()]
    size = len(table.rows) - header
    _compare(table, header, at, sheet, former, template, again)
    status, message = (
        table.columns[at[name]][header:] if name in at else [""] * size
        for name in (STATUS, MESSAGE)
    )
    return replace(
        table,
        columns=tuple(table.columns[c][header:] for c in own),
        kinds=None if table.kinds is None else tuple(table.kinds[c][header:] for c in own),
        rows=table.rows[header:],
        previous_outcomes=list(zip(status, message, strict=True)),
        format_marks={own.index(c): m for c, m in table.format_marks.items() if c in own},
    )


def _compare(
    table: SourceTable,
    header: int,
    at: dict[str, int],
    sheet: FormerSheet,
    former: Former,
    template: Template,
    again: Again,
) -> None:
    """Which rows are there, new, gone and in Light already; told in ``again``."""
    now = [int(row) for row in table.rows[header + 1 :]]
    known_light = bool(sheet.in_light or sheet.unsettled) and not former.sandbox
    needed = (SOURCE_ROW, *((BILL_ID,) if sheet.in_light and _has_bills(former, sheet) else ()))
    if missing := [name for name in needed if name not in at]:
        if known_light:
            raise UsageProblem(
                f"{table.file}, sheet {table.sheet}: the column {missing[0]} is gone, by which it"
                " is known which bills are in Light. Put it back, or make the workbook again with"
                f" light-import report {former.of_run}."
            )
        if SOURCE_ROW in missing:
            if len(now) != len(sheet.rows):
                again.notes.append(
                    f"The sheet {table.sheet} has {len(now):,} rows, and had {len(sheet.rows):,};"
                    f" which were deleted or added cannot be told without its column {SOURCE_ROW}."
                )
            return
    texts = table.columns[at[SOURCE_ROW]][header + 1 :]
    sources = [int(t) if (t := tidy(text)).isascii() and t.isdigit() else 0 for text in texts]
    times = Counter(sources)
    if _positional(template):
        _in_order(table, [source for source in sources if source in sheet.rows])
    gone = sorted(sheet.rows.difference(sources))
    again_there = len(set(sources) & sheet.rows)
    again.notes += _told(sheet, len(now) - again_there, gone)
    if former.sandbox:
        return
    ids = table.columns[at[BILL_ID]][header + 1 :] if BILL_ID in at else [""] * len(now)
    for row, source, light_id in zip(now, sources, ids, strict=True):
        place = (table.sheet or "", row)
        if source not in sheet.rows:
            continue
        if times[source] > 1:
            again.copies.add(place)
        if tidy(light_id):
            again.light_ids[place] = tidy(light_id)
        if source in sheet.unsettled:
            again.unsettled.add(place)
    again.deleted += [(sheet.name, row) for row in gone if row in sheet.in_light]


def _has_bills(former: Former, sheet: FormerSheet) -> bool:
    return former.layout == "flat" or not _LINES.match(sheet.name)


def _positional(template: Template) -> bool:
    """Whether what a row means depends on the rows above it."""
    return bool(template.source.groups)


def _in_order(table: SourceTable, sources: Sequence[int]) -> None:
    if any(a > b for a, b in pairwise(sources)):
        raise UsageProblem(
            f"{table.file}, sheet {table.sheet}: its rows were sorted, and what a row means depends"
            f" on the rows above it. Sort them by {SOURCE_ROW} first."
        )


def _told(sheet: FormerSheet, added: int, gone: Sequence[int]) -> list[str]:
    notes = []
    if added:
        notes.append(f"{count(added, 'row')} added to {sheet.name} since the former result.")
    if gone:
        named = ", ".join(f"{row:,}" for row in gone[:_NAMED])
        more = f" and {len(gone) - _NAMED:,} more" if len(gone) > _NAMED else ""
        notes.append(
            f"{count(len(gone), 'row')} deleted from {sheet.name} since the former result"
            f" ({SOURCE_ROW} {named}{more})."
        )
    return notes
