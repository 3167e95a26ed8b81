"""Infer the amounts of a draft: those of lines, with tax or without, and the bill's total."""

from __future__ import annotations

from decimal import Decimal

from importer.core.money import Numbers, read_decimal
from importer.model.fields import LINE_ITEMS
from importer.scaffold import layout_inference as at
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.layout_inference import Grouping, Table
from importer.scaffold.sum_proofs import Proof
from importer.scaffold.template_writer import Draft, column_expression, column_name, listed, quoted

# The ways that lines can make up a bill's total; the first one proven is taken.
_WAYS = ("net+tax", "gross", "product+tax", "net", "product", "gross+tax")


def infer_amounts(
    draft: Draft,
    table: Table,
    grouping: Grouping | None,
    proofs: dict[str, Proof],
    of_bills: Table | None = None,
) -> None:
    """Draft the amounts of lines, whether they include tax, and the bill's total."""
    total, net, tax, gross = (table.get(t) for t in (at.TOTAL, at.NET, at.TAX, at.GROSS))
    units, each = table.get(at.UNITS), table.get(at.EACH)
    if net and gross and not tax and not total:
        net = None  # alone it would leave the tax out
    if total and grouping and total.header in grouping.clashes and not (net or gross):
        gross, total = total, None  # it differs from row to row: an amount of the line
    if total and not (net or gross or (units and each)):
        gross = total  # one row a bill, or nothing but the total
    proven = next((way for way in _WAYS if way in proofs and proofs[way].proven), "")
    _draft_total(draft, table, of_bills or table, proofs, proven, total)
    way, column = _way(proven, net, gross, bool(units and each))
    include = way == "gross"
    has_tax = tax or table.get(at.TAX_CODE)
    doubtful = not proven and include and has_tax and gross is not total
    flag = "TODO" if doubtful else str(include).lower()
    note = _tax_note(include, table, column, proven)
    draft.add("bills", "lineItemsIncludeTax", f"{{value: {flag}}}", note)
    if doubtful and column:
        draft.todo(
            "bills",
            f"write true where '{column.header}' includes tax, false where the tax comes on top;"
            " then line_items.amount is netAmount.",
        )
    _draft_line_amount(draft, table, way, column)
    if column and column is net and not (has_tax or total):
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
    _draft_tax(draft, table, tax, unknown_sum=not include and not total)


def _draft_total(
    draft: Draft,
    table: Table,
    of_bills: Table,
    proofs: dict[str, Proof],
    proven: str,
    total: ColumnProfile | None,
) -> None:
    if total is None:
        draft.add("bills", "amount", "{sum_of_lines: gross}", "the file has no total")
        return
    best = max(proofs.values(), key=lambda p: p.good, default=None)
    proof = proofs[proven] if proven else best
    note = proof.sentence(total) if proof else ""
    value = column_expression(of_bills.columns, of_bills.fields[at.TOTAL])
    draft.add("bills", "amount", value, note)
    if best and not proven:
        where = f" (first: row {table.row(best.first)})" if best.first is not None else ""
        draft.todo("bills", f"{note}{where}; the others are refused as they are.")


def _draft_line_amount(draft: Draft, table: Table, way: str, column: ColumnProfile | None) -> None:
    units, each = table.get(at.UNITS), table.get(at.EACH)
    if way == "product" and units and each:
        names = ", ".join(quoted(column_name(table.columns, c)) for c in (units, each))
        draft.add("line_items", "netAmount", f"{{product: [{names}], round: half_up}}")
    elif column:
        field = "amount" if way == "gross" else "netAmount"
        draft.add("line_items", field, _signed(draft, table, column), listed(column.examples))
    elif each:
        draft.add_column("line_items", "netAmount", table.columns, each)
        what = "is taken for the line's amount, since the file has no quantities."
        draft.todo("line_items", f"'{each.header}' {what}")
    else:
        what = "the column of the line's amount without tax (or amount, with tax)"
        draft.missing(LINE_ITEMS, "netAmount", what)


def _draft_tax(draft: Draft, table: Table, tax: ColumnProfile | None, *, unknown_sum: bool) -> None:
    has_code = table.get(at.TAX_CODE)
    if tax and (has_code or has_amounts(tax)):  # zeros need no tax code if they are left out
        draft.add("line_items", "taxAmount", _signed(draft, table, tax), listed(tax.examples))
        if not has_code:
            draft.missing(
                LINE_ITEMS,
                "taxCode",
                f"Light takes no '{tax.header}' without a code. Name its column or, where all lines"
                " have one, {value: Standard} and a table (lookups: taxCode: {table:"
                " tax-codes.csv}); or load the amounts with tax, as line_items.amount, without"
                " taxAmount, and lineItemsIncludeTax true",
            )
    elif not tax and has_code and unknown_sum:
        draft.todo(
            "line_items",
            "the file has tax codes, but neither tax amounts nor totals: what the bills come to"
            " cannot be known.",
        )


def has_amounts(column: ColumnProfile) -> bool:
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
        marks = {text.upper() for text in other.filled}
        for positive, negative in _SIDES:
            if marks and marks <= {positive, negative}:
                draft.todo(
                    "line_items",
                    f"'{other.header}' gives the amounts their sign: check that {positive} adds to"
                    f" what is owed and {negative} takes from it.",
                )
                amount, side = (quoted(column_name(table.columns, c)) for c in (column, other))
                signs = f"positive: [{quoted(positive)}], negative: [{quoted(negative)}]"
                return f"{{column: {amount}, sign_from: {{column: {side}, {signs}}}}}"
    return column_expression(table.columns, column)


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


def _tax_note(include: bool, table: Table, column: ColumnProfile | None, proven: str) -> str:
    if proven or column is None:
        return ""
    if not include:
        return f"'{column.header}' is without tax"
    if table.get(at.TAX) or table.get(at.TAX_CODE):
        return ""
    return f"'{column.header}' is what is to be paid; the file says nothing of tax"
