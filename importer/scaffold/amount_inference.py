"""How the lines of a draft make up its bills: which amounts they have, with tax or without."""

from __future__ import annotations

from decimal import Decimal

from importer.core.money import Numbers, read_decimal
from importer.model.fields import LINE_ITEMS
from importer.scaffold import layout_inference as at
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.layout_inference import Grouping, Table
from importer.scaffold.sum_proofs import Proof
from importer.scaffold.template_writer import Draft, Line, column_name, listed, quoted


def column_of(table: Table, column: ColumnProfile) -> str:
    """The expression that takes a column."""
    return f"{{column: {quoted(column_name(table.columns, column))}}}"


def amounts(
    draft: Draft,
    table: Table,
    grouping: Grouping | None,
    proofs: dict[str, Proof],
    of_bills: Table | None = None,
) -> None:
    """Which amounts a line has, whether they include tax, and where the bill's total is."""
    total, net, tax, gross = (table.get(t) for t in (at.TOTAL, at.NET, at.TAX, at.GROSS))
    units, each = table.get(at.UNITS), table.get(at.EACH)
    if net and gross and not tax and not total:
        net = None  # alone it would leave the tax out
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
        draft.bills.append(Line("amount", column_of(holder, holder.fields[at.TOTAL]), note))
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
        draft.lines.append(Line("netAmount", column_of(table, each), listed(each.examples)))
        draft.todo("line_items", f"'{each.header}' is taken for the line's amount, since the file"
                   " has no quantities.")  # fmt: skip
    else:
        draft.missing(LINE_ITEMS, "netAmount", "the column of the line's amount without tax (or"
                      " amount, with tax)")  # fmt: skip
    if column and column is net and not (tax or total or table.get(at.TAX_CODE)):
        draft.todo(
            "line_items",
            f"'{column.header}' is without tax, and nothing in the file has the tax or the total:"
            " the bills would come to less than the vendors' invoices. Name the column with the"
            " tax; where there was none, delete this line.",
        )
    if tax and not proven and _like_rates(tax, column):
        draft.todo(
            "line_items",
            f"'{tax.header}' has {listed(tax.examples)}: where these are percentages and no"
            " amounts, delete the line taxAmount.",
        )
    if tax and not table.get(at.TAX_CODE) and not some(tax):
        pass  # nothing but zeros, which need no tax code if they are left out
    elif tax:
        draft.lines.append(Line("taxAmount", _signed(draft, table, tax), listed(tax.examples)))
        if not table.get(at.TAX_CODE):
            draft.missing(LINE_ITEMS, "taxCode", f"Light takes no '{tax.header}' without a code."
                          " Name its column or, where all lines have one, {value: Standard} and a"
                          " table (lookups: taxCode: {table: tax-codes.csv}); or load the amounts"
                          " with tax, as line_items.amount, without taxAmount, and"
                          " lineItemsIncludeTax true")  # fmt: skip
    elif table.get(at.TAX_CODE) and not include and not total:
        draft.todo("line_items", "the file has tax codes, but neither tax amounts nor totals: what"
                   " the bills come to cannot be known.")  # fmt: skip


def some(column: ColumnProfile) -> bool:
    """Whether any amount is not zero, however its decimal mark is written."""
    return any(digit in text for text in column.filled for digit in "123456789")


def _like_rates(tax: ColumnProfile, base: ColumnProfile | None) -> bool:
    """Whether a few whole numbers stand beside amounts of all kinds."""
    rates = [read_decimal(text.removesuffix("%"), Numbers.POINT) for text in tax.filled]
    few = base is not None and len(tax.filled) <= _MOST_RATES < len(base.filled)
    return few and all(
        isinstance(rate, Decimal) and rate == int(rate) and 0 <= rate <= _HIGHEST_RATE
        for rate in rates
    )


_MOST_RATES, _HIGHEST_RATE = 3, 30  # of one country's taxes; no more than Hungary's 27 %
_SIDES = (("S", "H"), ("SOLL", "HABEN"), ("D", "C"), ("DR", "CR"), ("DEBIT", "CREDIT"), ("+", "-"))


def _signed(draft: Draft, table: Table, column: ColumnProfile) -> str:
    """The column of an amount, with the column that says on which side it stands."""
    for other in table.columns:
        found = {text.upper() for text in other.filled}
        for positive, negative in _SIDES:
            if found and found <= {positive, negative}:
                draft.todo(
                    "line_items",
                    f"'{other.header}' gives the amounts their sign: check that {positive} adds to"
                    f" what is owed and {negative} takes from it.",
                )
                own, side = (quoted(column_name(table.columns, c)) for c in (column, other))
                signs = f"positive: [{quoted(positive)}], negative: [{quoted(negative)}]"
                return f"{{column: {own}, sign_from: {{column: {side}, {signs}}}}}"
    return column_of(table, column)


def _way(
    proven: str, net: ColumnProfile | None, gross: ColumnProfile | None, product: bool
) -> tuple[str, ColumnProfile | None]:
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


def _taxed(include: bool, table: Table, column: ColumnProfile | None, proven: str) -> str:
    if proven or column is None:
        return ""
    if not include:
        return f"'{column.header}' is without tax"
    if table.get(at.TAX) or table.get(at.TAX_CODE):
        return ""
    return f"'{column.header}' is what is to be paid; the file says nothing of tax"
