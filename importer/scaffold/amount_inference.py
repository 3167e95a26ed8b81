"""Infer the amounts of a draft: those of lines, with tax or without, and the bill's total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from importer.core.header_claims import tax_included
from importer.core.money import Numbers, read_decimal
from importer.model.fields import LINE_ITEMS
from importer.scaffold import layout_inference as at
from importer.scaffold.bill_grouping import Grouping
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.layout_inference import Table
from importer.scaffold.row_kinds import rows_of_no_bill
from importer.scaffold.sum_proofs import Proof, amount_columns, has_amounts, prove_sums
from importer.scaffold.tax_basis import TaxBasis, tax_basis
from importer.scaffold.template_writer import Draft, column_expression, column_name, listed, quoted


@dataclass(frozen=True)
class _LineAmounts:
    """Where a line's amount comes from: a column, or quantity times price. ``guess`` says why a
    column was taken that no header names."""

    column: ColumnProfile | None = None
    product: tuple[ColumnProfile, ColumnProfile] | None = None
    tax: ColumnProfile | None = None
    guess: str = ""


def infer_amounts(
    draft: Draft,
    table: Table,
    grouping: Grouping | None,
    mark: Numbers,
    of_bills: Table | None = None,
) -> None:
    """Draft the amounts of lines, whether they include tax, and the bill's total.

    ``of_bills``: where bills and lines are two sheets, that of the bills.
    """
    proofs = prove_sums(table, grouping, mark) if grouping else []
    proof = next((p for p in proofs if p.proven), None)
    total = proof.total if proof is not None else table.get(at.TOTAL)
    net, gross = table.get(at.NET), table.get(at.GROSS)
    if total and not proof and grouping and grouping.clash_in(total) and not (net or gross):
        total = None  # it differs from row to row: an amount of the line
    lines = _line_amounts(table, proof, total)
    if grouping and total is not None and lines.column is total and proof is None:
        _question_repeated_total(draft, table, total, grouping)
    _draft_total(draft, of_bills or table, total, proof, proofs, table)
    basis = tax_basis(table, lines.column, lines.tax or table.get(at.TAX), proof, mark)
    if lines.column is None and lines.product is None:
        _no_amount(draft, table)
        return
    _draft_basis(draft, table, lines, basis, proof)
    _draft_line_amount(draft, table, lines, basis)
    has_tax = lines.tax or table.get(at.TAX_CODE)
    if basis.included is False and lines.column and not (has_tax or total):
        draft.todo(
            "line_items",
            f"'{lines.column.header}' is without tax, and nothing in the file has the tax or the"
            " total: the bills would come to less than the vendors' invoices",
            "taxAmount",
            ". Name the column with the tax; where there was none, delete this line.",
        )
    if lines.tax and not (proof and lines.tax in proof.columns):
        _question_rates(draft, lines.tax, lines.column)
    _draft_tax(draft, table, lines.tax, unknown_sum=basis.included is not True and total is None)
    _draft_open_amount(draft, table, lines, mark)


# --- which columns ----------------------------------------------------------------------------


def _product(table: Table) -> tuple[ColumnProfile, ColumnProfile] | None:
    units, each = table.get(at.UNITS), table.get(at.EACH)
    return (units, each) if units and each else None


def _line_amounts(table: Table, proof: Proof | None, total: ColumnProfile | None) -> _LineAmounts:
    """What is proven, else what the headers name, else the only column of amounts."""
    net, tax, gross = (table.get(t) for t in (at.NET, at.TAX, at.GROSS))
    product = _product(table)
    if proof is not None:
        if proof.way.startswith("product"):
            return _LineAmounts(product=product, tax=tax)
        first, *others = proof.columns
        unnamed = "" if not proof.way.startswith("column") else f"{proof.sentence()}"
        if len(others) == 1 and unnamed and tax_included(first.header) is None:
            small = sum(abs(v) for v in _numbers(others[0])) <= sum(abs(v) for v in _numbers(first))
            first, others = (first, others) if small else (others[0], [first])
        return _LineAmounts(first, tax=others[0] if others else tax, guess=unnamed)
    if net and gross and not tax and total is None:
        net = None  # alone it would leave the tax out
    named = net or gross
    if named is not None:
        return _LineAmounts(named, tax=tax)
    if product is not None:
        return _LineAmounts(product=product, tax=tax)
    if total is not None or (total := table.get(at.TOTAL)) is not None:
        return _LineAmounts(total, tax=tax)  # one row a bill, or nothing but the total
    if (each := table.get(at.EACH)) is not None:
        return _LineAmounts(each, tax=tax, guess="the file has no quantities")
    unnamed_columns = [c for c in amount_columns(table) if c is not table.get(at.OPEN)]
    open_amount = table.get(at.OPEN)
    if len(unnamed_columns) == 1:
        return _LineAmounts(unnamed_columns[0], tax=tax, guess="it is the only column of numbers")
    if open_amount is not None:
        why = "it is what is still to be paid; the file does not have what was billed"
        return _LineAmounts(open_amount, tax=tax, guess=why)
    return _LineAmounts()


def _numbers(column: ColumnProfile) -> list[Decimal]:
    return [value for value in column.values(column.readings()[0]) if value is not None]


def _no_amount(draft: Draft, table: Table) -> None:
    draft.missing(
        LINE_ITEMS,
        "netAmount",
        "the column of the line's amount without tax (or amount, with tax)"
        + _offer(amount_columns(table)),
    )
    draft.add("bills", "# lineItemsIncludeTax", "{value: TODO}")


def _offer(columns: Sequence[ColumnProfile]) -> str:
    if not columns:
        return ". No column of the file has amounts"
    shown = "; ".join(f"'{c.header}' {listed(c.examples)}" for c in columns[:6])
    return f". Columns of numbers are {shown}"


def _question_repeated_total(
    draft: Draft, table: Table, total: ColumnProfile, grouping: Grouping
) -> None:
    """A question where the only amount stands on several rows of a bill."""
    first: dict[int, int] = {}
    for i, bill in enumerate(grouping.bill):
        if bill >= 0 and total.texts[i] and first.setdefault(bill, i) != i:
            draft.todo(
                "bills",
                f"'{total.header}' is the same on all rows of each bill (first: "
                f"{table.rows([first[bill], i])}). Where it is the bill's total, name the column of"
                " the lines' amounts; where each row is a line of that amount, write"
                " {sum_of_lines: gross} for bills.amount. Until then such bills are refused.",
                "total",
            )
            return


# --- what is written --------------------------------------------------------------------------


def _draft_total(
    draft: Draft,
    of_bills: Table,
    total: ColumnProfile | None,
    proof: Proof | None,
    proofs: Sequence[Proof],
    table: Table,
) -> None:
    if total is None:
        draft.add("bills", "amount", "{sum_of_lines: gross}", "the file has no total of each bill")
        return
    best = proof or max(proofs, key=lambda p: p.good, default=None)
    column = of_bills.get(at.TOTAL) or total
    note = best.sentence() if best else ""
    draft.add("bills", "amount", column_expression(of_bills.columns, column), note)
    if table.get(at.TOTAL) is not total and proof is not None:
        draft.todo(
            "bills",
            f"'{total.header}' is taken for the bill's total, since {proof.sentence()}.",
            "total",
        )
    if best and proof is None:
        where = f" (first: {table.rows([best.first])})" if best.first is not None else ""
        others = "".join(f"; {p.sentence()}" for p in proofs if p is not best and p.good)
        draft.todo("bills", f"{note}{where}{others}. The others are refused as they are.", "total")


def _draft_basis(
    draft: Draft, table: Table, lines: _LineAmounts, basis: TaxBasis, proof: Proof | None
) -> None:
    if basis.included is not None:
        draft.add(
            "bills",
            "lineItemsIncludeTax",
            f"{{value: {str(basis.included).lower()}}}",
            basis.reason,
        )
        return
    name = lines.column.header if lines.column else "quantity times price"
    draft.add("bills", "lineItemsIncludeTax", "{value: TODO}")
    tax = lines.tax or table.get(at.TAX_CODE)
    beside = f"; beside it stands '{tax.header}'" if tax else ""
    sums = f"; {proof.sentence()}" if proof else ""
    how = (
        "write true where tax is in it, or there is none; write false where the tax comes on top"
        ", and netAmount for line_items.amount"
        if lines.column
        else "write false where tax comes on top, or there is none; amounts with tax in them need"
        " a column of their own"
    )
    draft.todo(
        "bills",
        f"nothing says whether '{name}' includes tax{beside}{sums}",
        "lineItemsIncludeTax",
        f": {how}.",
    )


def _draft_line_amount(draft: Draft, table: Table, lines: _LineAmounts, basis: TaxBasis) -> None:
    if lines.product is not None:
        names = ", ".join(quoted(column_name(table.columns, c)) for c in lines.product)
        draft.add("line_items", "netAmount", f"{{product: [{names}], round: half_up}}")
        return
    column = lines.column
    assert column is not None
    if lines.guess:
        draft.todo(
            "line_items",
            f"'{column.header}' is taken for the line's amount: {lines.guess}.",
            "line_amount",
        )
    field = "netAmount" if basis.included is False else "amount"
    value = _signed(draft, table, column)
    if "sign_from" not in value and (below := _owed_below_zero(table, column)):
        value = f"{value[:-1]}, negate: true}}"
        draft.todo(
            "line_items",
            f"'{column.header}' is below zero in {len(below):,} of {column.filled_rows:,} rows"
            f" (first: {table.rows(below[:1])}, {column.texts[below[0]]}), as in books that show"
            " what is owed with a minus; negate turns it round. Delete negate where these are"
            " credits.",
            "line_amount",
        )
    draft.add("line_items", field, value, listed(column.examples))


def _owed_below_zero(table: Table, column: ColumnProfile) -> list[int]:
    """The rows below zero, where they are most of them; else none."""
    values = column.values(column.readings()[0])
    below = [i for i in table.data_rows() if (value := values[i]) is not None and value < 0]
    return below if 2 * len(below) > column.filled_rows else []


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
            f"'{has_code.header}' has tax codes, but the file has neither tax amounts nor totals:"
            " what the bills come to cannot be known.",
            "taxAmount",
        )


def _draft_open_amount(draft: Draft, table: Table, lines: _LineAmounts, mark: Numbers) -> None:
    """A question where the file also has what is still to be paid."""
    column, amount = table.get(at.OPEN), table.get(at.TOTAL) or lines.column
    if column is None or amount is None or amount in (column, table.get(at.EACH)):
        return
    pairs = zip(amount.values(mark), column.values(mark), strict=True)
    no_bills = rows_of_no_bill(table)
    less = [
        i for i, (a, b) in enumerate(pairs) if a not in (None, b) and b is not None
        and i not in no_bills
    ]  # fmt: skip
    if not less:
        return
    i = less[0]
    remedy = (
        f"write '{column.header}' to load only what is still to be paid"
        if amount is lines.column
        else "leave out the bills that are paid"
    )
    draft.todo(
        "line_items",
        f"'{column.header}' differs from '{amount.header}' in {table.rows(less)} (first:"
        f" {column.texts[i]} of {amount.texts[i]}), as of bills that are paid or partly paid."
        f" '{amount.header}' is the bill as it was; {remedy}.",
        "line_amount",
    )


def _question_rates(draft: Draft, tax: ColumnProfile, base: ColumnProfile | None) -> None:
    """A question where a few whole numbers stand beside amounts of all kinds."""
    rates = [read_decimal(text.removesuffix("%"), Numbers.POINT) for text in tax.filled]
    few = base is not None and len(tax.filled) <= _MOST_RATES < len(base.filled)
    if few and all(
        isinstance(rate, Decimal) and rate == int(rate) and 0 <= rate <= _HIGHEST_RATE
        for rate in rates
    ):
        draft.todo(
            "line_items",
            f"'{tax.header}' has {listed(tax.examples)}: where these are percentages and no"
            " amounts, delete the line taxAmount.",
            "taxAmount",
        )


_MOST_RATES, _HIGHEST_RATE = 3, 30  # of one country's taxes; no more than Hungary's 27 %
_SIDES = (("S", "H"), ("SOLL", "HABEN"), ("D", "C"), ("DR", "CR"), ("DEBIT", "CREDIT"), ("+", "-"))


def _signed(draft: Draft, table: Table, column: ColumnProfile) -> str:
    """The column of an amount, with the column that says on which side it stands.

    The side that most rows are on is the one of the bills: in a ledger of creditors it is H, in one
    of expenses S.
    """
    for other in table.columns:
        marks = [text.upper() for i in table.data_rows() if (text := other.texts[i])]
        for sides in _SIDES:
            if not marks or not set(marks) <= set(sides):
                continue
            positive, negative = sorted(sides, key=marks.count, reverse=True)
            draft.todo(
                "line_items",
                f"'{other.header}' gives the amounts their sign. {positive}, as in"
                f" {marks.count(positive):,} of {len(marks):,} rows, is taken to add to what is"
                f" owed, and {negative} to take from it: exchange them where that is wrong.",
            )
            amount, side = (quoted(column_name(table.columns, c)) for c in (column, other))
            signs = f"positive: [{quoted(positive)}], negative: [{quoted(negative)}]"
            return f"{{column: {amount}, sign_from: {{column: {side}, {signs}}}}}"
    return column_expression(table.columns, column)
