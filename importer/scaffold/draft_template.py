"""Draft a template from an export: commented YAML, with TODOs for what the file leaves open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from importer.core.money import Numbers
from importer.model.fields import BILLS
from importer.model.tables import SourceTable
from importer.scaffold import layout_inference as at
from importer.scaffold.amount_inference import infer_amounts
from importer.scaffold.bill_grouping import Continuation, Grouping, continuation, infer_grouping
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.draft_fields import (
    CURRENCIES,
    draft_bill_fields,
    draft_leftovers,
    draft_line_fields,
    question_odd_amounts,
)
from importer.scaffold.draft_formats import draft_formats
from importer.scaffold.layout_inference import AMOUNTS, Table, infer_fields
from importer.scaffold.report_sections import (
    FileTotal,
    ReportGroups,
    drop_notes,
    drop_total,
    find_groups,
)
from importer.scaffold.row_kinds import draft_row_kinds
from importer.scaffold.sheet_choice import choose_ledger
from importer.scaffold.sheet_pairs import pair_of
from importer.scaffold.sum_proofs import has_amounts, prove_sums
from importer.scaffold.template_writer import (
    Draft,
    Line,
    column_expression,
    column_name,
    quoted,
)


def draft_of(tables: Sequence[SourceTable], name: str, encoding: str | None = None) -> Draft:
    """The draft of a template named ``name`` for the tables of an export.

    The largest table that looks like a ledger is read as one row a line item, with all whose
    headers are equal; or one is of bills and one of line items where they have a column in common.
    ``encoding`` is the stated one, if any.
    """
    choice = choose_ledger(tables, CURRENCIES)
    pair = pair_of(choice.tables)
    draft = _two_sheets(name, *pair) if pair else _flat(name, choice.tables[0], choice.sheets)
    if encoding:
        draft.source.insert(0, Line("encoding", quoted(encoding)))
    return draft


def name_of(path: Path) -> str:
    """A name for the template of a file."""
    bare = re.sub(r"[^A-Za-z0-9]+", "-", path.stem).strip("-").lower()
    return bare if bare and bare[0].isalnum() else "my-export"


def _flat(name: str, table: Table, sheets: dict[str, int]) -> Draft:
    draft = Draft(name, "flat", _origin(table))
    _sheets(draft, table, sheets)
    groups = find_groups(table)
    notes = drop_notes(table)
    total = drop_total(table)
    if groups:
        _take_groups(table, groups)
    _total_of_lines(table)
    grouping = infer_grouping(table)
    _header(draft, table)
    if groups:
        _groups(draft, table, groups)
    mark = draft_formats(draft, [table])
    grouping = _fill_down(draft, table, grouping, mark)
    _notes(draft, table, notes)
    _struck(draft, table)
    _group_by(draft, table, grouping)
    draft_bill_fields(draft, table)
    draft_row_kinds(draft, table)
    infer_amounts(draft, table, grouping, mark)
    if total:
        _total(draft, table, total)
    draft_line_fields(draft, table)
    question_odd_amounts(draft, table)
    draft_leftovers(draft, [table])
    return draft


def _two_sheets(
    name: str, bills: Table, lines: Table, key: ColumnProfile, line_key: ColumnProfile
) -> Draft:
    draft = Draft(name, "two_sheets", f"{_origin(bills)}; line items: {_origin(lines)}")
    for column in (bills.get(at.GROSS), bills.get(at.NET)):  # on a sheet of bills, the bill's own
        if column and at.TOTAL not in bills.fields and set(AMOUNTS) & set(lines.fields):
            bills.fields[at.TOTAL] = column
    mark = draft_formats(draft, [bills, lines])
    draft.add(
        "bills", "billRef", column_expression(bills.columns, key), "what joins lines to their bill"
    )
    draft.add(
        "line_items",
        "billRef",
        column_expression(lines.columns, line_key),
        f"the same as '{key.header}'",
    )
    numbers = {text: i for i, text in enumerate(key.texts)}
    of_bill = [numbers.get(text, -1) for text in line_key.texts]
    total = bills.get(at.TOTAL)
    joined = Table(lines.source, lines.header, lines.columns, dict(lines.fields))
    if total is not None:  # each line has its bill's total beside it, as a flat export would
        texts = [total.texts[b] if b >= 0 else "" for b in of_bill]
        joined.fields[at.TOTAL] = ColumnProfile(total.index, total.header, texts, None)
        if total.all_numbers:
            joined.fields[at.TOTAL].kinds = [1] * len(texts)
    merged = {t: c for t, c in bills.fields.items() if t[0] == BILLS}
    head = Table(bills.source, bills.header, bills.columns, merged, odd=bills.odd)
    draft_bill_fields(draft, head)
    draft_row_kinds(draft, bills)
    infer_amounts(draft, joined, Grouping((line_key,), of_bill), mark, of_bills=head)
    draft_line_fields(draft, joined, taken=(line_key.index,))
    question_odd_amounts(draft, joined)
    draft_leftovers(draft, [bills, lines])
    return draft


# --- where things are -------------------------------------------------------------------------


def _origin(table: Table) -> str:
    source = table.source
    where = Path(source.file).name + (f", sheet {source.sheet}" if source.sheet else "")
    if table.sheets:
        of = "sheets" if source.sheet else "files"
        where = f"{Path(source.file).name}, {of} {', '.join(table.sheets)}"
    read = f", read as {', '.join(source.notes)}" if source.notes else ""
    rows = f"headers in row {source.rows[table.header]}, {len(table)} rows"
    return f"{where}{read}, {rows}"


def _sheets(draft: Draft, table: Table, sheets: dict[str, int]) -> None:
    """Which sheets are read, and which are not."""
    source = table.source
    if source.sheet is None or len(sheets) < 2:
        return
    names = table.sheets or (source.sheet,)
    others = [f"'{name}' ({rows} rows)" for name, rows in sheets.items() if name not in names]
    unread = f"not read: {', '.join(others[:8])}" if others else ""
    if table.sheets:
        note = f"these have the same headers, and all are read: {', '.join(names)}"
        draft.comments.append(("source", f"{note}. {unread}".rstrip(". ") + "."))
    else:
        exact = re.sub(r"[*?\[]", "?", source.sheet)
        draft.add("source", "sheet", quoted(exact), f"the largest ledger; {unread}".rstrip("; "))


def _total_of_lines(table: Table) -> None:
    """Take the only amount for one of lines, whatever it is called, where it stands in rows that
    have neither vendor nor number: a bill's total stands beside these."""
    total = table.get(at.TOTAL)
    keys = [c for t in (at.VENDOR, at.VENDOR_ID, at.NUMBER, at.DOC) if (c := table.get(t))]
    if total is None or not keys or any(table.get(t) for t in (at.NET, at.GROSS, at.EACH)):
        return
    if any(total.texts[i] and not any(c.texts[i] for c in keys) for i in table.data_rows()):
        table.fields[at.GROSS] = table.fields.pop(at.TOTAL)


def _header(draft: Draft, table: Table) -> None:
    if not table.header and not table.sheets:
        return
    rows = f", rows: {table.header_rows}" if table.header_rows > 1 else ""
    note = "the header has two rows" if rows else "the rows above it are titles"
    columns = [c for c in table.fields.values() if c.index < len(table.columns)]
    names = [column_name(table.columns, c) for c in columns[: 6 if table.sheets else 2]]
    if len(names) >= 2:
        shown = ", ".join(map(quoted, names))
        draft.add("source", "header", f"{{find: [{shown}]{rows}}}", note if table.header else "")
    else:
        row = int(table.source.rows[table.header - table.header_rows + 1])
        draft.add("source", "header", f"{{row: {row}{rows}}}", note)


def _take_groups(table: Table, groups: ReportGroups) -> None:
    """Infer the fields again without the rows of names and totals; the names are the vendors."""
    table.fields.clear()
    table.odd.clear()
    infer_fields(table, CURRENCIES)
    named = table.get(at.VENDOR)
    if named is None or named is groups.column:
        table.fields[at.VENDOR] = groups.member


def _groups(draft: Draft, table: Table, groups: ReportGroups) -> None:
    where = quoted(column_name(table.columns, groups.column))
    total = ""
    if groups.totals and groups.totals != ("Total for {name}",):
        total = f", total: [{', '.join(map(quoted, groups.totals))}]"
    name = groups.member.header
    draft.add(
        "source",
        "groups",
        f"{{column: {where}, name: {name}{total}}}",
        f"{len(groups.heads)} groups, the first in {table.rows(groups.heads[:1])}",
    )
    if table.get(at.VENDOR) is not groups.member:
        draft.todo(
            "source",
            f"the names of the groups (first: '{groups.column.texts or ''}') are not used; the"
            f" vendor is taken from '{table.fields[at.VENDOR].header}'.",
        )
    elif not groups.of_vendors:
        shown = ", ".join(f"'{text[:40]}'" for text in groups.member.filled[:2])
        draft.todo(
            "source",
            f"the names of the groups ({shown}) are taken for vendors; nothing in the file says"
            " so.",
        )


def _notes(draft: Draft, table: Table, notes: Sequence[tuple[int, ColumnProfile, str]]) -> None:
    if not notes:
        return
    tests = ", ".join(
        f"{{column: {quoted(column_name(table.columns, column))}, equals: {quoted(text)}}}"
        for _, column, text in notes
    )
    rows = table.rows([i for i, _, _ in notes])
    draft.add("source", "ignore_rows", f"[{tests}]", f"{rows}: a note below the last line")


def _struck(draft: Draft, table: Table) -> None:
    """A question about rows that have cells struck through, which the check may refuse."""
    looks = table.source.cell_looks.values()
    struck = {row for of_column in looks for row, look in of_column.items() if look.is_struck}
    rows = [i for i in table.data_rows() if struck and table.row(i) in struck]
    if rows and not table.sheets:
        draft.todo(
            "source",
            f"cells are struck through in {table.rows(rows)}: remove the rows that are cancelled,"
            " and the strikethrough of the others.",
        )


def _total(draft: Draft, table: Table, total: FileTotal) -> None:
    """The file's own total, to be compared with the bills where it is what they come to."""
    where = table.rows([total.row])
    label = quoted(column_name(table.columns, total.column))
    tax = table.get(at.TAX)
    taxed = tax is not None and has_amounts(tax)
    payable = [table.get(t) for t in ((at.TOTAL, at.GROSS) if taxed else AMOUNTS)]
    amounts = [
        c
        for c in total.amounts
        if c in payable or (not taxed and any(_reads(table, line, c) for line in draft.line_items))
    ]
    if total.column in total.amounts:
        amounts = [total.column]
        keys = [c for t in (at.VENDOR, at.NUMBER, at.ISSUED) if (c := table.get(t))]
        keys = [c for c in keys if c.index < len(table.columns)]
        blank = ", ".join(quoted(column_name(table.columns, c)) for c in keys)
        rule = f"{{amount: {label}, blank: [{blank}]}}"
        if taxed and total.column is table.get(at.NET):
            draft.todo(
                "source",
                f"the total in {where} is without tax: it will not agree with the bills; export"
                " without it.",
            )
    elif amounts:
        name = quoted(column_name(table.columns, amounts[0]))
        rule = f"{{amount: {name}, where: {{column: {label}, equals: {quoted(total.text)}}}}}"
    else:
        test = f"[{{column: {label}, equals: {quoted(total.text)}}}]"
        draft.add("source", "ignore_rows", test, f"{where} says '{total.text}': no bill")
        return
    note = f"{where} is the file's own total; it is compared with the bills"
    draft.add("source", "control_total", rule, note)
    if amounts[0] not in total.sums:
        draft.todo(
            "source",
            f"{where} is taken for the file's own total, but the other rows of"
            f" '{amounts[0].header}' do not come to it.",
        )


def _reads(table: Table, line: Line, column: ColumnProfile) -> bool:
    return line.value.startswith(column_expression(table.columns, column)[:-1])


# --- which rows are one bill ------------------------------------------------------------------


def _fill_down(
    draft: Draft, table: Table, grouping: Grouping | None, mark: Numbers
) -> Grouping | None:
    """The grouping with blanks filled down, where the bills' totals prove it; else a question."""
    rows = continuation(table, grouping.keys) if grouping else None
    if grouping is None or rows is None:
        return grouping
    names = ", ".join(quoted(column_name(table.columns, c)) for c in grouping.keys)
    filled = infer_grouping(table, filled_down=True)
    if filled and filled.keys == grouping.keys and rows.line_rows and not rows.bill_rows:
        proofs = prove_sums(table, filled, mark)
        proof = next((p for p in proofs if p.proven and p.bills > 1), None)
        if proof:
            note = f"{table.rows(rows.line_rows)} continue the bill above: {proof.sentence()}"
            draft.add("source", "fill_down", f"[{names}]", note)
            return filled
    if rows.line_rows:  # without an answer a bill could lose its further lines
        draft.add("source", "fill_down", "TODO", f"[{names}], or delete this line")
    else:
        draft.add("source", "# fill_down", f"[{names}]")
    draft.todo("source", _evidence(table, rows, names), "fill_down")
    return grouping


def _evidence(table: Table, rows: Continuation, names: str) -> str:
    """What speaks for and against rows without keys going on with the bill above."""
    keys = " and no ".join(f"'{c.header}'" for c in rows.columns)
    every = sorted([*rows.line_rows, *(i for i, _ in rows.bill_rows)])
    parts = [f"no {keys} in {table.rows(every)}"]
    if rows.line_rows:
        parts.append(
            f"For fill_down: nothing but a line's cells in {table.rows(rows.line_rows)}, as further"
            " lines of the bill above would have"
        )
    if rows.bill_rows:
        i, column = rows.bill_rows[0]
        places = table.rows([i for i, _ in rows.bill_rows])
        parts.append(
            f"Against it: a date or another cell of a bill in {places} (first: '{column.header}'"
            f" {column.texts[i][:30]}), as bills have whose vendor was taken out; filled down,"
            " their money would go to another vendor"
        )
    take = f"Write [{names}] for TODO" if rows.line_rows else "Take the # before fill_down away"
    parts.append(
        f"{take} only if all these rows are further lines of the bill above; without fill_down each"
        " is a separate bill without a vendor, which is an error"
    )
    return ". ".join(parts) + "."


def _group_by(draft: Draft, table: Table, grouping: Grouping | None) -> None:
    if grouping is None:
        draft.group_by = ["TODO"]
        draft.todo(
            "group_by",
            "no column numbers the bills. Name the columns that are the same on all rows of one"
            " bill and differ from bill to bill",
            "group_by",
            "; or write row, without brackets, where each row is a separate bill.",
        )
        return
    draft.group_by = [column_name(table.columns, c) for c in grouping.keys]
    rows = sum(b >= 0 for b in grouping.bill)
    draft.notes["group_by"] = f"{rows} rows are {grouping.bills} bills"
    for clash in grouping.clashes:
        count = f"{clash.bills} of the bills {'has' if clash.bills == 1 else 'have'}"
        draft.todo(
            "group_by",
            f"{count} rows that disagree in '{clash.header}' (first: {table.rows(clash.rows)} have"
            f" '{clash.texts[0][:30]}' and '{clash.texts[1][:30]}'): perhaps another column is"
            " needed.",
            "group_by",
        )
    if grouping.clashes or table.get(at.NUMBER) not in grouping.keys:
        for other in grouping.others:
            wrong = other.clashing + other.splits
            blank = f", {len(other.blank_keys)} rows without it" if other.blank_keys else ""
            draft.comments.append(
                (
                    "group_by",
                    f"by {other.names}: {other.bills} bills, {wrong} of them doubtful{blank}",
                )
            )
