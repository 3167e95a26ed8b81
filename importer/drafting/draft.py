"""An export → a template for it, as commented YAML with TODOs for what the file does not prove."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from importer.amounts import Numbers, currencies_named
from importer.canonical import BILLS, LINE_ITEMS
from importer.currencies import EXPONENTS
from importer.drafting import layout as at
from importer.drafting.columns import Column, date_style
from importer.drafting.layout import Grouping, Table, day_and_month
from importer.drafting.names import plain
from importer.drafting.sums import AMOUNTS, Proof, adds_up, numeric
from importer.drafting.words import Draft, Line, column_name, listed, quoted
from importer.records import SourceTable

CURRENCIES = tuple(EXPONENTS)
_IDS = {at.VENDOR: "vendorId", at.ENTITY: "companyEntityId", at.ACCOUNT: "accountId",
        at.TAX_CODE: "taxCodeId"}  # fmt: skip


def draft_of(tables: Sequence[SourceTable], name: str, encoding: str | None = None) -> Draft:
    """The draft of a template named ``name`` for the tables of an export.

    One table is read as one row a line item; of several, one is of bills and one of line items
    where they have a column in common. ``encoding`` is the one that was told, if it was.
    """
    told = [at.told_apart(table, CURRENCIES) for table in tables if len(table.rows) > 1]
    told.sort(key=lambda table: (-len(table.fields), -len(table)))
    if not told:
        told = [at.told_apart(tables[0], CURRENCIES)]
    from importer.drafting.pairs import pair_of

    pair = pair_of(told)
    draft = _two_sheets(name, *pair) if pair else _flat(name, told[0], told[1:])
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
        draft.source.append(Line("sheet", quoted(table.source.sheet), "the others are not read"))
    dropped = at.drop_total(table)
    grouping = at.grouping(table)
    _header(draft, table)
    if dropped:
        _total(draft, table, *dropped)
    mark = _formats(draft, [table])
    if grouping is None:
        draft.group_by = ["TODO"]
        draft.todo("group_by", "name the columns that are the same on all rows of one bill and"
                   " differ from bill to bill; none were recognised.")  # fmt: skip
    else:
        _group(draft, table, grouping)
    proofs = adds_up(table, grouping, mark) if grouping else {}
    _bill_fields(draft, table, grouping)
    _amounts(draft, table, grouping, proofs)
    _line_fields(draft, table)
    _leftovers(draft, [table])
    return draft


def _two_sheets(name: str, bills: Table, lines: Table, key: Column, own: Column) -> Draft:
    draft = Draft(name, "two_sheets", f"{_from(bills)}; line items: {_from(lines)}")
    for column in (bills.get(at.GROSS), bills.get(at.NET)):  # on a sheet of bills, the bill's own
        if column and at.TOTAL not in bills.fields and set(AMOUNTS) & set(lines.fields):
            bills.fields[at.TOTAL] = column
    mark = _formats(draft, [bills, lines])
    draft.bills.append(Line("billRef", _column(bills, key), "what joins lines to their bill"))
    draft.lines.append(Line("billRef", _column(lines, own), f"the same as '{key.header}'"))
    merged = {t: c for t, c in bills.fields.items() if t[0] == BILLS}
    numbers = {text: i for i, text in enumerate(key.texts)}
    of_bill = [numbers.get(text, -1) for text in own.texts]
    total = bills.get(at.TOTAL)
    joined = Table(lines.source, lines.header, lines.columns, dict(lines.fields))
    if total is not None:  # each line has its bill's total beside it, as a flat export would
        texts = [total.texts[b] if b >= 0 else "" for b in of_bill]
        joined.fields[at.TOTAL] = Column(total.index, total.header, texts, None)
        if total.all_numbers:
            joined.fields[at.TOTAL].kinds = [1] * len(texts)
    grouping = Grouping((own,), False, of_bill, {})
    proofs = adds_up(joined, grouping, mark)
    head = Table(bills.source, bills.header, bills.columns, merged)
    _bill_fields(draft, head, None)
    _amounts(draft, joined, grouping, proofs, of_bills=head)
    _line_fields(draft, joined, taken=(own.index,))
    _leftovers(draft, [bills, lines])
    return draft


# --- where things are -------------------------------------------------------------------------


def _from(table: Table) -> str:
    source = table.source
    where = Path(source.file).name + (f", sheet {source.sheet}" if source.sheet else "")
    read = f", read as {', '.join(source.notes)}" if source.notes else ""
    return f"{where}{read}, headers in row {source.rows[table.header]}, {len(table)} rows"


def _column(table: Table, column: Column) -> str:
    return f"{{column: {quoted(column_name(table.columns, column))}}}"


def _header(draft: Draft, table: Table) -> None:
    if table.header:
        names = [column_name(table.columns, c) for c in list(table.fields.values())[:2]]
        if len(names) == 2:
            shown = ", ".join(map(quoted, names))
            draft.source.append(
                Line("header", f"{{find: [{shown}]}}", "the rows above it are titles")
            )
        else:
            row = int(table.source.rows[table.header])
            draft.source.append(Line("header", f"{{row: {row}}}", ""))


def _total(draft: Draft, table: Table, last: int, column: Column, label: str) -> None:
    row = table.row(last)
    if column in (table.get(t) for t in AMOUNTS):
        keys = [c for t in (at.VENDOR, at.NUMBER, at.ISSUED) if (c := table.get(t))]
        blank = ", ".join(quoted(column_name(table.columns, c)) for c in keys)
        amount = quoted(column_name(table.columns, column))
        draft.source.append(
            Line("control_total", f"{{amount: {amount}, blank: [{blank}]}}",
                 f"row {row} is the file's own total; it is compared with the bills")
        )  # fmt: skip
        if column is table.get(at.NET):
            draft.todo("source", f"the total in row {row} is without tax: it will not agree with the"
                       " bills; export without it.")  # fmt: skip
        return
    where = quoted(column_name(table.columns, column))
    draft.source.append(
        Line("ignore_rows", f"[{{column: {where}, equals: {quoted(label)}}}]",
             f"row {row} says '{label}': no bill")
    )  # fmt: skip


def _group(draft: Draft, table: Table, grouping: Grouping) -> None:
    names = [column_name(table.columns, c) for c in grouping.keys]
    draft.group_by = names
    rows = sum(b >= 0 for b in grouping.bill)
    draft.notes["group_by"] = f"{rows} rows are {grouping.bills} bills"
    if grouping.fill_down:
        shown = ", ".join(map(quoted, names))
        draft.source.append(
            Line("fill_down", f"[{shown}]", "only a bill's first row has its header cells")
        )
    for header, many in grouping.clashes.items():
        draft.todo(
            "group_by",
            f"{many} of the bills {'has' if many == 1 else 'have'} rows that disagree in '{header}';"
            " perhaps another column is needed.",
        )


# --- how values are written -------------------------------------------------------------------


def _formats(draft: Draft, tables: Sequence[Table]) -> Numbers:
    dated = [c for t in tables for target in (at.ISSUED, at.DUE) if (c := t.get(target))]
    styles = [date_style(c) for c in dated if not day_and_month(c)]
    formats = list(dict.fromkeys(f for style in styles for f in style.formats))
    doubtful = [style for style in styles if style.both]
    if doubtful and not formats:
        style = doubtful[0]
        draft.formats.append(Line("dates", "auto", ""))
        which = (
            "some with the day first and some with the month first"
            if style.mixed
            else ("either way")
        )
        draft.todo("dates", f"the dates can be read {which} ({listed(style.both)}); write"
                   " [DD/MM/YYYY] or [MM/DD/YYYY], with their own signs, in place of auto.")  # fmt: skip
    elif formats:
        proof = next((s.proof for s in styles if s.proof), "")
        draft.formats.append(Line("dates", f"[{', '.join(formats)}]",
                                  f"proven by {quoted(proof)}" if proof else ""))  # fmt: skip
    else:
        draft.formats.append(Line("dates", "auto", ""))
    columns = [c for t in tables for target in (*AMOUNTS, at.UNITS, at.EACH)
               if (c := t.get(target))]  # fmt: skip
    found = numeric(columns)
    money = numeric([c for t in tables for target in (*AMOUNTS, at.EACH) if (c := t.get(target))])
    if found.both:
        draft.formats.append(Line("numbers", "auto", ""))
        draft.todo("numbers", "some columns have a decimal point, others a comma; each is read by"
                   " itself.")  # fmt: skip
    else:
        why = "" if found.mark else "nothing proves the decimal mark; read by itself in each column"
        draft.formats.append(Line("numbers", found.mark.value if found.mark else "auto", why))
    if money.decimals or not columns:
        draft.formats.append(Line("amounts", "decimal", "major units, as 1234.56"))
    else:
        example = next((text for c in columns for text in c.filled), "100000")
        draft.formats.append(Line("amounts", "TODO", ""))
        draft.todo("amounts", f"no amount has decimals: write cents where {example} is that many"
                   " cents, decimal where it is whole pounds, euros …")  # fmt: skip
    return found.mark or Numbers.POINT


# --- the fields -------------------------------------------------------------------------------


def _bill_fields(draft: Draft, table: Table, grouping: Grouping | None) -> None:
    vendor_id, vendor = table.get((BILLS, "vendorId")), table.get(at.VENDOR)
    if vendor_id:
        draft.bills.append(Line("vendorId", _column(table, vendor_id), ""))
    if vendor:
        field = _IDS[at.VENDOR] if vendor.uuids else "vendor"
        draft.bills.append(Line(field, _column(table, vendor), listed(vendor.examples)))
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
            draft.todo("bills", f"'{column.header}' is taken for the invoice number; is it the"
                       " number on the vendor's invoice?")  # fmt: skip
        draft.bills.append(Line("invoiceNumber", _column(table, column), note))
    else:
        draft.missing(BILLS, "invoiceNumber", "the column of the number on the vendor's invoice")
    for target, what in ((at.ISSUED, "the invoice's date"), (at.DUE, "")):
        column = table.get(target)
        if column is None:
            if what:
                draft.missing(BILLS, target[1], f"the column of {what}")
        elif day_and_month(column):
            draft.parameters.append(Line("year", "TODO", "--set year=2025 overrides it"))
            where = quoted(column_name(table.columns, column))
            draft.bills.append(Line(target[1], f"{{date_from: {{column: {where}, format: DDMM,"
                                    " year: {parameter: year}}}", listed(column.examples)))  # fmt: skip
            draft.todo(
                "parameters", f"'{column.header}' has no year: write it, or where it stands."
            )
        else:
            draft.bills.append(Line(target[1], _column(table, column), listed(column.examples)))
    _currency(draft, table)
    for target in (at.ENTITY, at.NOTE):
        if column := table.get(target):
            field = _IDS.get(target, "") if column.uuids else target[1]
            draft.bills.append(Line(field, _column(table, column), listed(column.examples)))


def _currency(draft: Draft, table: Table) -> None:
    column = table.get(at.CURRENCY)
    if column:
        draft.bills.append(Line("currency", _column(table, column), listed(column.examples)))
        return
    money = [c for target in AMOUNTS if (c := table.get(target))]
    cells = frozenset[str]().union(*(currencies_named(text) for c in money for text in c.filled))
    heads = frozenset[str]().union(*(currencies_named(c.header) for c in money))
    named = (cells or heads) & set(CURRENCIES)
    if len(named) == 1:
        (currency,) = named
        draft.bills.append(Line("currency", f"{{value: {currency}}}", "as the amounts say"))
    else:
        draft.missing(BILLS, "currency", "the column of the currency; or, where all bills have one,"
                      " {value: GBP} for example", "{value: TODO}")  # fmt: skip


def _amounts(
    draft: Draft,
    table: Table,
    grouping: Grouping | None,
    proofs: dict[str, Proof],
    of_bills: Table | None = None,
) -> None:
    """Which amounts a line has, whether they include tax, and where the bill's total is."""
    total, net, tax, gross = (table.get(t) for t in (at.TOTAL, at.NET, at.TAX, at.GROSS))
    units, each = table.get(at.UNITS), table.get(at.EACH)
    if total and grouping and total.header in grouping.clashes and not (net or gross):
        gross, total = total, None  # it differs from row to row: an amount of the line
    if total and not (net or gross or (units and each)):
        gross = total  # one row a bill, or nothing but the total
    proven = next((way for way in ("net+tax", "gross", "product+tax", "net", "product", "gross+tax")
                   if way in proofs and proofs[way].proven), "")  # fmt: skip
    best = max(proofs.values(), key=lambda p: p.good, default=None)
    if total:
        holder = of_bills or table
        note = proofs[proven].sentence(total) if proven else best.sentence(total) if best else ""
        draft.bills.append(Line("amount", _column(holder, holder.fields[at.TOTAL]), note))
        if best and not proven:
            where = f" (first: row {table.row(best.first)})" if best.first is not None else ""
            draft.todo("bills", f"{note}{where}; the others are refused as they are.")
    else:
        draft.bills.append(Line("amount", "{sum_of_lines: gross}", "the file has no total"))
    way, column = _way(proven, net, gross, bool(units and each))
    include = way == "gross"
    doubtful = (
        not proven and way == "gross" and (tax or table.get(at.TAX_CODE)) and gross is not total
    )
    flag = "TODO" if doubtful else str(include).lower()
    draft.bills.append(
        Line("lineItemsIncludeTax", f"{{value: {flag}}}", _taxed(include, table, column, proven))
    )
    if doubtful and column:
        draft.todo("bills", f"write true where '{column.header}' includes tax, false where the tax"
                   " comes on top; then line_items.amount is netAmount.")  # fmt: skip
    if way == "product" and units and each:
        names = ", ".join(quoted(column_name(table.columns, c)) for c in (units, each))
        draft.lines.append(Line("netAmount", f"{{product: [{names}], round: half_up}}", ""))
    elif column:
        field = "amount" if include else "netAmount"
        draft.lines.append(Line(field, _signed(draft, table, column), listed(column.examples)))
    elif each:
        draft.lines.append(Line("netAmount", _column(table, each), listed(each.examples)))
        draft.todo("line_items", f"'{each.header}' is taken for the line's amount, since the file has"
                   " no quantities.")  # fmt: skip
    else:
        draft.missing(LINE_ITEMS, "netAmount", "the column of the line's amount without tax (or"
                      " amount, with tax)")  # fmt: skip
    if tax and not table.get(at.TAX_CODE) and not any(tax.values(Numbers.POINT)):
        pass  # nothing but zeros, which need no tax code if they are left out
    elif tax:
        draft.lines.append(Line("taxAmount", _signed(draft, table, tax), listed(tax.examples)))
        if not table.get(at.TAX_CODE):
            draft.missing(LINE_ITEMS, "taxCode", f"Light takes no '{tax.header}' without a tax code."
                          " Name its column or, where all lines have one, {value: Standard} and a"
                          " table (lookups: taxCode: {table: tax-codes.csv}); or load the amounts"
                          " with tax, as line_items.amount, without taxAmount, and"
                          " lineItemsIncludeTax true")  # fmt: skip
    elif table.get(at.TAX_CODE) and not include and not total:
        draft.todo("line_items", "the file has tax codes, but neither tax amounts nor totals: what"
                   " the bills come to cannot be known.")  # fmt: skip


_SIDES = (("S", "H"), ("SOLL", "HABEN"), ("D", "C"), ("DR", "CR"), ("DEBIT", "CREDIT"), ("+", "-"))


def _signed(draft: Draft, table: Table, column: Column) -> str:
    """The column of an amount, with the column that says on which side it stands."""
    for other in table.columns:
        found = {text.upper() for text in other.filled}
        for positive, negative in _SIDES:
            if found and found <= {positive, negative}:
                draft.todo("line_items", f"'{other.header}' gives the amounts their sign: check that"
                           f" {positive} adds to what is owed and {negative} takes from it.")  # fmt: skip
                own, side = (quoted(column_name(table.columns, c)) for c in (column, other))
                return (f"{{column: {own}, sign_from: {{column: {side}, positive: [{quoted(positive)}],"
                        f" negative: [{quoted(negative)}]}}}}")  # fmt: skip
    return _column(table, column)


def _way(
    proven: str, net: Column | None, gross: Column | None, product: bool
) -> tuple[str, Column | None]:
    """(net, gross or product; its column): what is proven, else the likeliest."""
    if proven in ("net+tax", "net"):
        # where lines alone come to the total, what is called net has no tax on it
        return "net", net
    if proven == "gross":
        return "gross", gross
    if proven == "gross+tax":
        return "net", gross
    if proven.startswith("product"):
        return "product", None
    if net is not None:
        return "net", net
    if gross is not None:
        return "gross", gross
    return ("product", None) if product else ("net", None)


def _taxed(include: bool, table: Table, column: Column | None, proven: str) -> str:
    if proven or column is None:
        return ""
    if not include:
        return f"'{column.header}' is without tax"
    if table.get(at.TAX) or table.get(at.TAX_CODE):
        return ""
    return f"'{column.header}' is what is to be paid; the file says nothing of tax"


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
        draft.lines.append(Line(field, _column(table, column), listed(column.examples)))
        if file and not column.uuids:
            draft.lookup(target[1], file, column)


_KINDS = frozenset(
    "type documenttype doctype transactiontype vouchertype status billstatus invoicestatus state"
    " art belegart statut estado tipo stato".split()
)


def _leftovers(draft: Draft, tables: Sequence[Table]) -> None:
    used = "\n".join(line.value for line in (*draft.bills, *draft.lines, *draft.source))
    used += f" [{', '.join(map(quoted, draft.group_by))}]"
    for table in tables:
        for column in table.columns:
            name = column_name(table.columns, column)
            there = re.search(rf"(?:: |\[|, ){re.escape(quoted(name))}(?=[,\]}}])", used)
            if not there and column.filled:
                draft.unused.append((name, listed(column.examples)))
                if plain(column.header) in _KINDS and len(column.filled) <= 12:
                    shown = ", ".join(f"'{' '.join(text.split())[:30]}'" for text in column.filled)
                    draft.todo("source", f"'{name}' has {shown}: where some of these are no bills to"
                               " load (credit notes, void ones), leave their rows out:"
                               f" ignore_rows: [{{column: {quoted(name)}, equals: …}}]")  # fmt: skip
