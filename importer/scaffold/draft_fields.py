"""Draft the fields of bills and line items: their columns, and what speaks against them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from importer.core.currencies import EXPONENTS
from importer.core.header_claims import currencies_of_amount, currencies_of_titles
from importer.mapping.stated_constants import CURRENCY_HEADERS
from importer.mapping.unread_columns import UnreadKind, money_kind
from importer.model.fields import BILLS, LINE_ITEMS, header_key
from importer.scaffold import layout_inference as at
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.header_names import Target
from importer.scaffold.layout_inference import Table, day_and_month
from importer.scaffold.open_item_columns import may_be_number, may_be_vendor
from importer.scaffold.row_kinds import rows_of_no_bill
from importer.scaffold.template_writer import (
    Draft,
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
_MONEY = (*at.AMOUNTS, at.OPEN, at.EACH)


def draft_bill_fields(draft: Draft, table: Table) -> None:
    """The bill's fields but for its amount."""
    _vendor(draft, table)
    _number(draft, table)
    for target in (at.ISSUED, at.DUE):
        _date(draft, table, target)
    _currency(draft, table)
    _two_sides(draft, table)
    for target in (at.ENTITY, at.NOTE):
        if column := table.get(target):
            field = _IDS.get(target, "") if column.uuids else target[1]
            draft.add_column("bills", field, table.columns, column)


def draft_line_fields(draft: Draft, table: Table, taken: Sequence[int] = ()) -> None:
    """The line item's tax code, account and description."""
    for target, file in (
        (at.TAX_CODE, "tax-codes.csv"),
        (at.ACCOUNT, "accounts.csv"),
        (at.TEXT, ""),
    ):
        column = table.get(target)
        if column is None or column.index in taken:
            continue
        field = _IDS.get(target, target[1]) if column.uuids else target[1]
        if target == at.ACCOUNT and may_be_vendor(table, column):
            what = (
                f"'{column.header}' ({listed(column.examples)}) may be the ledger account or the"
                " vendor's, as in a list of open items: no other column is the vendor's, and each"
                " bill has one of it"
            )
            draft.missing(LINE_ITEMS, field, what)
            continue
        draft.add_column("line_items", field, table.columns, column)
        if file and not column.uuids:
            draft.lookup(target[1], file, column)


def _vendor(draft: Draft, table: Table) -> None:
    vendor_id, vendor = table.get(at.VENDOR_ID), table.get(at.VENDOR)
    if vendor_id:
        draft.add("bills", "vendorId", column_expression(table.columns, vendor_id))
    if vendor:
        field = _IDS[at.VENDOR] if vendor.uuids else "vendor"
        draft.add_column("bills", field, table.columns, vendor)
        if field == "vendor":
            draft.lookup("vendor", "vendors.csv", vendor)
    if not (vendor or vendor_id):
        texts = [c for c in _unused(table) if not (c.numbers or c.dates) and len(c.filled) > 1]
        account = table.get(at.ACCOUNT)
        what = "the column of the vendor's name"
        if account and len(account.filled) > 1 and may_be_vendor(table, account):
            what += f" or number. '{account.header}' ({listed(account.examples)}) may be that"
        draft.missing(BILLS, "vendor", what + _offer(texts, "texts"))


def _number(draft: Draft, table: Table) -> None:
    number, document = table.get(at.NUMBER), table.get(at.DOC)
    column = number or document
    if column is None:
        what = "the column of the number on the vendor's invoice"
        several = [
            c for c in _unused(table) if len(c.filled) > 1 and not c.dates and not c.decimals
        ]
        draft.missing(BILLS, "invoiceNumber", what + _offer(several, "different values"))
        return
    no_bills = rows_of_no_bill(table)
    blanks = [i for i in table.data_rows() if i not in no_bills and _lacks(table, column, i)]
    others = [c for c in _unused(table) if may_be_number(table, column, c)]
    if others:
        draft.todo(
            "bills",
            f"'{column.header}' ({listed(column.examples)}) is taken for the invoice number; the"
            " vendor's may be in "
            + " or ".join(f"'{c.header}' ({listed(c.examples)})" for c in others[:3])
            + f", where '{column.header}' is the program's number of the posting.",
            "invoiceNumber",
        )
    elif number is None or _VOUCHER.search(column.header):
        draft.todo(
            "bills",
            f"'{column.header}' is taken for the invoice number; is it the number on the vendor's"
            " invoice?",
            "invoiceNumber",
        )
    elif blanks:
        draft.todo(
            "bills",
            f"'{column.header}' is blank in {table.rows(blanks)}: such a bill is known by its"
            " vendor, date and amount only.",
            "invoiceNumber",
        )
    draft.add(
        "bills", "invoiceNumber", column_expression(table.columns, column), listed(column.examples)
    )


# What programs number themselves: postings, not the invoices of vendors.
_VOUCHER = re.compile(
    r"\b(?:voucher|bilag|boekstuk|verifikat|verifikation|pièce|asiento|buchungsn)", re.IGNORECASE
)
_DEBIT_ACCOUNT, _CREDIT_ACCOUNT = (
    re.compile(
        rf"(?:{side}).{{0,3}}(?:konto|account|compte|cuenta|conto|rekening|a/c)"
        rf"|(?:konto|account|compte|cuenta|conto|rekening|a/c).{{0,3}}(?:{side})",
        re.IGNORECASE,
    )
    for side in ("soll|d[eé]bit|debet|dare|debe", "haben|cr[eé]dit|kredit|avere|haber")
)


def _two_sides(draft: Draft, table: Table) -> None:
    """A question where each row has an account to debit and one to credit: one is the vendor's."""
    taken = {c.index for c in table.fields.values()}
    debit, credit = (
        [c for c in table.columns if c.filled and not c.dates and pattern.search(c.header)]
        for pattern in (_DEBIT_ACCOUNT, _CREDIT_ACCOUNT)
    )
    sides = [*debit[:1], *credit[:1]]
    if len(debit) == len(credit) == 1 and debit != credit and not taken & {c.index for c in sides}:
        names = [f"'{c.header}' ({listed(c.examples)})" for c in sides]
        draft.todo(
            "bills",
            f"no field reads {names[0]} and {names[1]}. Of a bill the vendor's account is in"
            f" '{credit[0].header}' and the expense in '{debit[0].header}': bills.vendor, and"
            " line_items.account. Rows with the vendor on the other side are payments or credits,"
            " and no bills",
            "two_sides",
            ".",
        )


def _lacks(table: Table, column: ColumnProfile, i: int) -> bool:
    """Whether a row with a vendor has a blank in the column."""
    vendor = table.get(at.VENDOR) or table.get(at.VENDOR_ID)
    return not column.texts[i] and vendor is not None and bool(vendor.texts[i])


def _date(draft: Draft, table: Table, target: Target) -> None:
    column, name = table.get(target), target[1]
    if column is None:
        if target == at.ISSUED:
            dated = [c for c in _unused(table) if c.dates]
            what = "the column of the invoice's date" + _offer(dated, "dates")
            draft.missing(BILLS, name, what)
        return
    if day_and_month(column):
        draft.add("parameters", "year", "TODO", "--set year=2025 overrides it")
        where = quoted(column_name(table.columns, column))
        value = f"{{date_from: {{column: {where}, format: DDMM, year: {{parameter: year}}}}}}"
        draft.add("bills", name, value, listed(column.examples))
        draft.todo(
            "parameters",
            f"'{column.header}' has no year: write it, or the cell above the header that has it"
            " (see date_from and parameters in docs/templates.md).",
            "year",
        )
        return
    draft.add_column("bills", name, table.columns, column)
    _odd(draft, table, "bills", target, "is no date")


def question_odd_amounts(draft: Draft, table: Table) -> None:
    """A question for each column of amounts in which some cells are none."""
    for target in at.AMOUNTS:
        section = "bills" if target == at.TOTAL else "line_items"
        _odd(draft, table, section, target, "is no amount")


def _odd(draft: Draft, table: Table, section: str, target: Target, what: str) -> None:
    column = table.get(target)
    rows = [i for i in table.odd.get(target, []) if i not in table.dropped]
    if column is None or not rows:
        return
    text = " ".join(column.texts[rows[0]].split())[:40]
    has = "has" if len(rows) == 1 else "have other things, the first"
    draft.todo(
        section,
        f"'{column.header}' is called that, but {table.rows(rows)} {has} '{text}', which {what}.",
        target[1],
    )


def _unused(table: Table) -> list[ColumnProfile]:
    taken = {c.index for c in table.fields.values()}
    return [c for c in table.columns if c.index not in taken and c.filled]


def _offer(columns: Sequence[ColumnProfile], what: str) -> str:
    if not columns:
        return ""
    shown = "; ".join(
        f"'{c.header or column_name(columns, c)}' {listed(c.examples)}" for c in columns[:6]
    )
    return f". Columns of {what} are {shown}"


# --- currency ---------------------------------------------------------------------------------


def _currency(draft: Draft, table: Table) -> None:
    column = table.get(at.CURRENCY)
    if column:
        _currency_column(draft, table, column)
        return
    for named, why in _named_currencies(table):
        if len(named) == 1:
            (currency,) = named
            draft.add("bills", "currency", f"{{value: {currency}}}", why)
            return
        if named:
            several = ", ".join(sorted(named)[:4])
            draft.missing(
                BILLS, "currency", f"{why}, which may be {several}; write which", "{value: TODO}"
            )
            return
    empty = [c for c in table.columns if not c.filled and header_key(c.header) in CURRENCY_HEADERS]
    draft.missing(
        BILLS,
        "currency",
        f"'{empty[0].header}' is blank in all rows, as of the books' own currency"
        if empty
        else "no column, sign or title states it",
        "{value: TODO}",
        ". Name its column or, where all bills have one, write {value: GBP}, for example",
    )


def _currency_column(draft: Draft, table: Table, column: ColumnProfile) -> None:
    _odd(draft, table, "bills", at.CURRENCY, "is no currency's code")
    blanks = [
        i
        for i in table.data_rows()
        if not column.texts[i] and any(c.texts[i] for t in at.AMOUNTS if (c := table.get(t)))
    ]
    name = quoted(column_name(table.columns, column))
    if not blanks or any(line.key == "fill_down" for line in draft.source):
        draft.add_column("bills", "currency", table.columns, column)
        return
    codes = [text for text in column.filled if text.upper() in CURRENCIES]
    default = codes[0].upper() if len(codes) == 1 else "TODO"
    draft.add("bills", "currency", f"{{column: {name}, default: {default}}}", listed(codes))
    draft.todo(
        "bills",
        f"'{column.header}' is blank in {table.rows(blanks)}: check that these are in the currency"
        f" that stands for default"
        + (f" ({default}, the only one in the column)." if len(codes) == 1 else "."),
        "currency_default",
    )


def _named_currencies(table: Table) -> list[tuple[frozenset[str], str]]:
    """The currencies that amounts, number formats, headers and titles name, with the place."""
    money = [c for target in _MONEY if (c := table.get(target))]
    money = money or [c for c in table.columns if c.numbers and c.filled]
    cells = [named for c in money for text in c.filled if (named := currencies_of_amount(text))]
    marks = [
        named
        for c in money
        for mark in set(table.source.format_marks.get(c.index, {}).values())
        if (named := currencies_of_amount(mark))
    ]
    heads = [named for c in money if (named := currencies_of_amount(c.header_with_unit))]
    titles = currencies_of_titles(table.titles())
    places = (
        (cells, "the amounts say so"),
        (marks, "the number format of the amounts says so"),
        (heads, "the header says so"),
        ([titles] if titles else [], "the title says so"),
    )
    return [(frozenset().union(*some), why) for some, why in places if some]


# --- columns that are not used ----------------------------------------------------------------


def _question_money(draft: Draft, table: Table, column: ColumnProfile, name: str) -> None:
    """A question for a column of money that no field reads: the bills would come to less or more.

    A file whose own totals were proven without it has answered that.
    """
    kind = money_kind(column.header, column.filled)
    rows = [i for i, text in enumerate(column.texts) if any(c in "123456789" for c in text)]
    if kind is UnreadKind.RATE:
        _question_rate(draft, table, column, name)
        return
    if kind is None or not rows or any("the sum of" in line.note for line in draft.bills):
        return
    basis = next((line.value for line in draft.bills if line.key == "lineItemsIncludeTax"), "")
    field = "netAmount" if "false" in basis else "amount"
    remedies = {
        UnreadKind.CHARGE: f"extra_lines: [{{{field}: {{column: {name}}}}}] makes a line of it",
        UnreadKind.DEDUCTION: f"extra_lines: [{{{field}: {{column: {name}, negate: true}}}}]"
        " takes it off the bill",
        UnreadKind.DISCOUNT: "take it from the amounts, or name the column that has it taken off",
        UnreadKind.TAX: f"line_items.taxAmount: {{column: {name}}} adds it to the amounts",
    }
    draft.todo(
        "line_items",
        f"'{column.header}' has amounts in {table.rows(rows)} (first: {column.texts[rows[0]]}) that"
        " no field reads",
        f"unread:{column_name(table.columns, column)}",
        f": {remedies[kind]}; where the bills do not need it, or have it in their amounts already,"
        f" write ignore_columns: [{name}].",
    )


def _question_rate(draft: Draft, table: Table, column: ColumnProfile, name: str) -> None:
    """A question where rates say that amounts are in another currency than that of all bills."""
    foreign = {text for text in column.filled if money_kind(column.header, [text])}
    rows = [i for i in table.data_rows() if column.texts[i] in foreign]
    if table.get(at.CURRENCY) is not None or not rows:
        return
    draft.todo(
        "bills",
        f"'{column.header}' is a rate other than 1 in {table.rows(rows)} (first:"
        f" {column.texts[rows[0]]}): these amounts may be in another currency, and no column says"
        f" which. Leave those rows out and load them with their currency; or, where all amounts are"
        f" in the currency of the books, write ignore_columns: [{name}].",
    )


def draft_leftovers(draft: Draft, tables: Sequence[Table]) -> None:
    """List the columns, and those that no field reads."""
    for section, table in zip((BILLS, LINE_ITEMS), (*tables, *tables), strict=False):
        names = {column_name(table.columns, c): listed(c.examples) for c in table.columns}
        draft.columns[section] = names
    used = "\n".join(line.value for line in (*draft.bills, *draft.line_items, *draft.source))
    used += f" [{', '.join(map(quoted, draft.group_by))}]"
    for table in tables:
        for column in table.columns:
            name = column_name(table.columns, column)
            if re.search(rf"(?:: |\[|, ){re.escape(quoted(name))}(?=[,\]}}])", used):
                continue
            draft.unused.append((name, listed(column.examples) if column.filled else "empty"))
            _question_money(draft, table, column, quoted(name))
