"""Draft a template from an export: commented YAML, with TODOs for what the file leaves open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from importer.core.currencies import EXPONENTS
from importer.core.money import Numbers, currencies_named
from importer.model.fields import BILLS
from importer.model.tables import SourceTable
from importer.scaffold import layout_inference as at
from importer.scaffold.amount_inference import has_amounts, infer_amounts
from importer.scaffold.column_profiles import ColumnProfile, date_style
from importer.scaffold.header_names import header_letters
from importer.scaffold.layout_inference import Grouping, Table, day_and_month
from importer.scaffold.sheet_pairs import pair_of
from importer.scaffold.sum_proofs import AMOUNTS, number_style, prove_sums
from importer.scaffold.template_writer import (
    Draft,
    Line,
    column_expression,
    column_name,
    listed,
    quoted,
)

CURRENCIES = tuple(EXPONENTS)
_IDS = {
    at.VENDOR: "vendorId",
    at.ENTITY: "companyEntityId",
    at.ACCOUNT: "accountId",
    at.TAX_CODE: "taxCodeId",
}


def draft_of(tables: Sequence[SourceTable], name: str, encoding: str | None = None) -> Draft:
    """The draft of a template named ``name`` for the tables of an export.

    One table is read as one row a line item; of several, one is of bills and one of line items
    where they have a column in common. ``encoding`` is the stated one, if any.
    """
    inferred = [at.infer_fields(table, CURRENCIES) for table in tables if len(table.rows) > 1]
    inferred.sort(key=lambda table: (-len(table.fields), -len(table)))
    if not inferred:
        inferred = [at.infer_fields(tables[0], CURRENCIES)]
    pair = pair_of(inferred)
    draft = _two_sheets(name, *pair) if pair else _flat(name, inferred[0], inferred[1:])
    if encoding:
        draft.source.insert(0, Line("encoding", quoted(encoding)))
    return draft


def name_of(path: Path) -> str:
    """A name for the template of a file."""
    bare = re.sub(r"[^A-Za-z0-9]+", "-", path.stem).strip("-").lower()
    return bare if bare and bare[0].isalnum() else "my-export"


def _flat(name: str, table: Table, others: Sequence[Table]) -> Draft:
    draft = Draft(name, "flat", _from(table))
    if others and others[0].source.sheet is not None and table.source.sheet is not None:
        draft.add("source", "sheet", quoted(table.source.sheet), "the others are not read")
    groups = at.report_groups(table)
    dropped = None if groups else at.drop_total(table)
    grouping = at.infer_grouping(table)
    _header(draft, table)
    if groups:
        column, label = groups
        where = quoted(column_name(table.columns, column))
        draft.todo(
            "source",
            f"this is a report in groups ('{label}'): read 'groups' in docs/templates.md, and write"
            f" groups: {{column: {where}, name: Vendor}} under source, and {{column: Vendor}} for"
            " bills.vendor.",
        )
    if dropped:
        _total(draft, table, *dropped)
    mark = _formats(draft, [table])
    if grouping is None:
        draft.group_by = ["TODO"]
        draft.todo(
            "group_by",
            "name the columns that are the same on all rows of one bill and"
            " differ from bill to bill; none were recognised.",
        )
    else:
        _group(draft, table, grouping)
    proofs = prove_sums(table, grouping, mark) if grouping else {}
    _bill_fields(draft, table, grouping)
    infer_amounts(draft, table, grouping, proofs)
    _line_fields(draft, table)
    _leftovers(draft, [table])
    return draft


def _two_sheets(
    name: str, bills: Table, lines: Table, key: ColumnProfile, line_key: ColumnProfile
) -> Draft:
    draft = Draft(name, "two_sheets", f"{_from(bills)}; line items: {_from(lines)}")
    for column in (bills.get(at.GROSS), bills.get(at.NET)):  # on a sheet of bills, the bill's own
        if column and at.TOTAL not in bills.fields and set(AMOUNTS) & set(lines.fields):
            bills.fields[at.TOTAL] = column
    mark = _formats(draft, [bills, lines])
    draft.add(
        "bills", "billRef", column_expression(bills.columns, key), "what joins lines to their bill"
    )
    draft.add(
        "line_items",
        "billRef",
        column_expression(lines.columns, line_key),
        f"the same as '{key.header}'",
    )
    merged = {t: c for t, c in bills.fields.items() if t[0] == BILLS}
    numbers = {text: i for i, text in enumerate(key.texts)}
    of_bill = [numbers.get(text, -1) for text in line_key.texts]
    total = bills.get(at.TOTAL)
    joined = Table(lines.source, lines.header, lines.columns, dict(lines.fields))
    if total is not None:  # each line has its bill's total beside it, as a flat export would
        texts = [total.texts[b] if b >= 0 else "" for b in of_bill]
        joined.fields[at.TOTAL] = ColumnProfile(total.index, total.header, texts, None)
        if total.all_numbers:
            joined.fields[at.TOTAL].kinds = [1] * len(texts)
    grouping = Grouping((line_key,), False, of_bill, {})
    proofs = prove_sums(joined, grouping, mark)
    head = Table(bills.source, bills.header, bills.columns, merged)
    _bill_fields(draft, head, None)
    infer_amounts(draft, joined, grouping, proofs, of_bills=head)
    _line_fields(draft, joined, taken=(line_key.index,))
    _leftovers(draft, [bills, lines])
    return draft


# --- where things are -------------------------------------------------------------------------


def _from(table: Table) -> str:
    source = table.source
    where = Path(source.file).name + (f", sheet {source.sheet}" if source.sheet else "")
    read = f", read as {', '.join(source.notes)}" if source.notes else ""
    return f"{where}{read}, headers in row {source.rows[table.header]}, {len(table)} rows"


def _header(draft: Draft, table: Table) -> None:
    if table.header:
        rows = f", rows: {table.header_rows}" if table.header_rows > 1 else ""
        note = "the header has two rows" if rows else "the rows above it are titles"
        names = [column_name(table.columns, c) for c in list(table.fields.values())[:2]]
        if len(names) == 2:
            shown = ", ".join(map(quoted, names))
            draft.add("source", "header", f"{{find: [{shown}]{rows}}}", note)
        else:
            row = int(table.source.rows[table.header - table.header_rows + 1])
            draft.add("source", "header", f"{{row: {row}{rows}}}", note)


def _total(draft: Draft, table: Table, last: int, column: ColumnProfile, label: str) -> None:
    row = table.row(last)
    if column in (table.get(t) for t in AMOUNTS):
        keys = [c for t in (at.VENDOR, at.NUMBER, at.ISSUED) if (c := table.get(t))]
        blank = ", ".join(quoted(column_name(table.columns, c)) for c in keys)
        amount = quoted(column_name(table.columns, column))
        draft.add(
            "source",
            "control_total",
            f"{{amount: {amount}, blank: [{blank}]}}",
            f"row {row} is the file's own total; it is compared with the bills",
        )
        if column is table.get(at.NET):
            draft.todo(
                "source",
                f"the total in row {row} is without tax: it will not agree with"
                " the bills; export without it.",
            )
        return
    where = quoted(column_name(table.columns, column))
    taxed = (tax := table.get(at.TAX)) is not None and has_amounts(tax)
    for target in (at.TOTAL, at.GROSS) if taxed else (at.TOTAL, at.GROSS, at.NET):
        summed = table.get(target)
        if summed and table.source.columns[summed.index][table.header + 1 + last].strip():
            name = quoted(column_name(table.columns, summed))
            test = f"{{column: {where}, equals: {quoted(label)}}}"
            draft.add(
                "source",
                "control_total",
                f"{{amount: {name}, where: {test}}}",
                f"row {row} is the file's own total; it is compared with the bills",
            )
            return
    draft.add(
        "source",
        "ignore_rows",
        f"[{{column: {where}, equals: {quoted(label)}}}]",
        f"row {row} says '{label}': no bill",
    )


def _group(draft: Draft, table: Table, grouping: Grouping) -> None:
    names = [column_name(table.columns, c) for c in grouping.keys]
    draft.group_by = names
    rows = sum(b >= 0 for b in grouping.bill)
    draft.notes["group_by"] = f"{rows} rows are {grouping.bills} bills"
    if grouping.fill_down:
        shown = ", ".join(map(quoted, names))
        draft.add(
            "source", "fill_down", f"[{shown}]", "only a bill's first row has its header cells"
        )
    for header, count in grouping.clashes.items():
        draft.todo(
            "group_by",
            f"{count} of the bills {'has' if count == 1 else 'have'} rows that disagree in"
            f" '{header}'; perhaps another column is needed.",
        )


# --- how values are written -------------------------------------------------------------------


def _formats(draft: Draft, tables: Sequence[Table]) -> Numbers:
    dated = [c for t in tables for target in (at.ISSUED, at.DUE) if (c := t.get(target))]
    styles = [date_style(c) for c in dated if not day_and_month(c)]
    formats = list(dict.fromkeys(f for style in styles for f in style.formats))
    doubtful = [style for style in styles if style.both]
    if doubtful and not formats:
        style = doubtful[0]
        draft.add("formats", "dates", "auto")
        which = (
            "some with the day first and some with the month first" if style.mixed else "either way"
        )
        draft.todo(
            "dates",
            f"the dates can be read {which} ({listed(style.both)}); write [DD/MM/YYYY] or"
            " [MM/DD/YYYY], with their own signs, in place of auto.",
        )
    elif formats:
        proof = next((s.proof for s in styles if s.proof), "")
        draft.add(
            "formats",
            "dates",
            f"[{', '.join(formats)}]",
            f"proven by {quoted(proof)}" if proof else "",
        )
    else:
        draft.add("formats", "dates", "auto")
    columns = [
        c for t in tables for target in (*AMOUNTS, at.UNITS, at.EACH) if (c := t.get(target))
    ]
    numbers = number_style(columns)
    money = number_style(
        [c for t in tables for target in (*AMOUNTS, at.EACH) if (c := t.get(target))]
    )
    if numbers.both:
        draft.add("formats", "numbers", "auto")
        draft.todo(
            "numbers", "some columns have a decimal point, others a comma; each is read by itself."
        )
    else:
        why = (
            "" if numbers.mark else "nothing proves the decimal mark; read by itself in each column"
        )
        draft.add("formats", "numbers", numbers.mark.value if numbers.mark else "auto", why)
    if money.decimals or not columns:
        draft.add("formats", "amounts", "decimal", "major units, as 1234.56")
    else:
        example = next((text for c in columns for text in c.filled), "100000")
        draft.add("formats", "amounts", "TODO")
        draft.todo(
            "amounts",
            f"no amount has decimals: write cents where {example} is that many"
            " cents, decimal where it is whole pounds, euros …",
        )
    return numbers.mark or Numbers.POINT


# --- the fields -------------------------------------------------------------------------------


def _bill_fields(draft: Draft, table: Table, grouping: Grouping | None) -> None:
    vendor_id, vendor = table.get((BILLS, "vendorId")), table.get(at.VENDOR)
    if vendor_id:
        draft.add("bills", "vendorId", column_expression(table.columns, vendor_id))
    if vendor:
        field = _IDS[at.VENDOR] if vendor.uuids else "vendor"
        draft.add_column("bills", field, table.columns, vendor)
        if field == "vendor":
            draft.lookup("vendor", "vendors.csv", vendor)
    if not (vendor or vendor_id):
        draft.missing(BILLS, "vendor", "the column of the vendor's name")
    number, document = table.get(at.NUMBER), table.get(at.DOC)
    if number or document:
        column = number or document
        assert column is not None
        note = listed(column.examples)
        if number is None:
            draft.todo(
                "bills",
                f"'{column.header}' is taken for the invoice number; is it the"
                " number on the vendor's invoice?",
            )
        draft.add("bills", "invoiceNumber", column_expression(table.columns, column), note)
    else:
        draft.missing(BILLS, "invoiceNumber", "the column of the number on the vendor's invoice")
    for target, what in ((at.ISSUED, "the invoice's date"), (at.DUE, "")):
        column = table.get(target)
        if column is None:
            if what:
                draft.missing(BILLS, target[1], f"the column of {what}")
        elif day_and_month(column):
            draft.add("parameters", "year", "TODO", "--set year=2025 overrides it")
            where = quoted(column_name(table.columns, column))
            value = f"{{date_from: {{column: {where}, format: DDMM, year: {{parameter: year}}}}}}"
            draft.add("bills", target[1], value, listed(column.examples))
            draft.todo(
                "parameters",
                f"'{column.header}' has no year: write it, or the cell above the header that has it"
                " (see date_from and parameters in docs/templates.md).",
            )
        else:
            draft.add_column("bills", target[1], table.columns, column)
    _currency(draft, table)
    for target in (at.ENTITY, at.NOTE):
        if column := table.get(target):
            field = _IDS.get(target, "") if column.uuids else target[1]
            draft.add_column("bills", field, table.columns, column)


def _currency(draft: Draft, table: Table) -> None:
    column = table.get(at.CURRENCY)
    if column:
        draft.add_column("bills", "currency", table.columns, column)
        return
    money = [c for target in AMOUNTS if (c := table.get(target))]
    cells = frozenset[str]().union(*(currencies_named(text) for c in money for text in c.filled))
    heads = frozenset[str]().union(*(currencies_named(c.header) for c in money))
    named = (cells or heads) & set(CURRENCIES)
    if len(named) == 1:
        (currency,) = named
        draft.add("bills", "currency", f"{{value: {currency}}}", "as the amounts say")
    else:
        draft.missing(
            BILLS,
            "currency",
            "the column of the currency; or, where all bills have one, {value: GBP} for example",
            "{value: TODO}",
        )


def _line_fields(draft: Draft, table: Table, taken: Sequence[int] = ()) -> None:
    for target, file in (
        (at.TAX_CODE, "tax-codes.csv"),
        (at.ACCOUNT, "accounts.csv"),
        (at.TEXT, ""),
    ):
        column = table.get(target)
        if column is None or column.index in taken:
            continue
        field = _IDS.get(target, target[1]) if column.uuids else target[1]
        draft.add_column("line_items", field, table.columns, column)
        if file and not column.uuids:
            draft.lookup(target[1], file, column)


_KINDS = frozenset(
    "type documenttype doctype transactiontype vouchertype status billstatus invoicestatus state"
    " art belegart statut estado tipo stato".split()
)


def _leftovers(draft: Draft, tables: Sequence[Table]) -> None:
    used = "\n".join(line.value for line in (*draft.bills, *draft.line_items, *draft.source))
    used += f" [{', '.join(map(quoted, draft.group_by))}]"
    for table in tables:
        for column in table.columns:
            name = column_name(table.columns, column)
            is_used = re.search(rf"(?:: |\[|, ){re.escape(quoted(name))}(?=[,\]}}])", used)
            if not is_used:
                draft.unused.append((name, listed(column.examples) if column.filled else "empty"))
                if header_letters(column.header) in _KINDS and len(column.filled) <= 12:
                    shown = ", ".join(f"'{' '.join(text.split())[:30]}'" for text in column.filled)
                    draft.todo(
                        "source",
                        f"'{name}' has {shown}: where some of these are no bills to load (credit"
                        " notes, void ones), leave their rows out: ignore_rows:"
                        f" [{{column: {quoted(name)}, equals: …}}]",
                    )
