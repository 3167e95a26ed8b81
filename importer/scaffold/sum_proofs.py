"""What the amounts of a file prove: decimal mark, major units or cents, what adds up to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from importer.core.money import Numbers, product_cents
from importer.scaffold import layout_inference as at
from importer.scaffold.bill_grouping import Grouping
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.layout_inference import EACH, GROSS, NET, TAX, TOTAL, UNITS, Table

_MOST_COLUMNS = 14  # of which sums and pairs are tried


@dataclass(frozen=True)
class NumberStyle:
    """``mark`` is None where no amount proves a decimal mark; ``both`` where two are proven."""

    mark: Numbers | None
    both: bool
    decimals: bool  # some amount has a part behind the mark, so that they cannot be cents


def number_style(columns: Sequence[ColumnProfile]) -> NumberStyle:
    """What the columns of amounts say together."""
    marks = {mark for column in columns if (mark := column.mark())}
    return NumberStyle(
        next(iter(marks)) if len(marks) == 1 else None,
        len(marks) > 1,
        any(column.decimals for column in columns),
    )


@dataclass(frozen=True)
class Proof:
    """How many bills' lines add up to the bill's total, and the first row where they do not.

    ``way``: which amounts are added: ``net+tax``, ``product`` …; of columns that no header names as
    such, ``column`` or ``column+column``. ``columns`` are those added, without a product's.
    """

    way: str
    what: str
    total: ColumnProfile
    columns: tuple[ColumnProfile, ...]
    good: int
    bills: int
    first: int | None = None

    @property
    def proven(self) -> bool:
        return self.bills > 0 and self.good == self.bills

    def sentence(self) -> str:
        where = f"the sum of {self.what} is '{self.total.header}'"
        if self.proven and self.bills == 1:
            return f"in the only bill {where}"
        return f"in {'all' if self.proven else f'{self.good} of'} {self.bills} bills {where}"


def has_amounts(column: ColumnProfile) -> bool:
    """Whether any amount is not zero, however its decimal mark is written."""
    return any(digit in text for text in column.filled for digit in "123456789")


def amount_columns(table: Table) -> list[ColumnProfile]:
    """The columns that may be amounts, whatever they are called."""
    taken = {
        column.index
        for target, column in table.fields.items()
        if target not in (TOTAL, NET, TAX, GROSS, at.OPEN)
    }
    return [
        c
        for c in table.columns
        if c.index not in taken and c.filled and c.numbers and not c.dates and not c.counts
    ]


def prove_sums(table: Table, grouping: Grouping, mark: Numbers) -> list[Proof]:
    """For each way that lines may make up the total, how far they do; the first is the best.

    Ways by the names of columns come first; of the others only those without an exception count.
    """
    total = table.get(TOTAL)
    lines_named = any(table.get(t) for t in (NET, GROSS)) or (table.get(UNITS) and table.get(EACH))
    unnamed = [c for c in amount_columns(table) if has_amounts(c)][:_MOST_COLUMNS]
    proofs: list[Proof] = []
    if total is not None:
        proofs = list(_proofs(_named_ways(table, mark), total, grouping, mark))
    if not any(proof.proven for proof in proofs) and (total or not lines_named):
        totals = [total] if total else [c for c in unnamed if _of_bills(c, grouping)]
        for each in totals:
            ways = _unnamed_ways([c for c in unnamed if c is not each], mark)
            tried = _proofs(ways, each, grouping, mark)
            proofs += [proof for proof in tried if proof.proven and proof.bills > 1]
    return sorted(proofs, key=lambda proof: not proof.proven)


_Way = tuple[str, str, tuple[ColumnProfile, ...], list[Decimal | None]]


def _named_ways(table: Table, mark: Numbers) -> Iterator[_Way]:
    """Net and tax, gross, quantity times price …, the likeliest first."""
    net, tax, gross = (table.get(t) for t in (NET, TAX, GROSS))
    units, each = table.get(UNITS), table.get(EACH)
    taxes = tax.values(mark) if tax else None
    if net and tax and taxes:
        values = _plus(net.values(mark), taxes)
        yield "net+tax", f"'{net.header}' + '{tax.header}'", (net, tax), values
    if gross:
        yield "gross", f"'{gross.header}'", (gross,), gross.values(mark)
    if units and each:
        values = products(units, each, mark)
        what = f"'{units.header}' × '{each.header}'"
        if tax and taxes:
            yield "product+tax", f"{what} + '{tax.header}'", (tax,), _plus(values, taxes)
    if net:
        yield "net", f"'{net.header}'", (net,), net.values(mark)
    if units and each:
        yield "product", what, (), values
    if gross and tax and taxes:
        both = _plus(gross.values(mark), taxes)
        yield "gross+tax", f"'{gross.header}' + '{tax.header}'", (gross, tax), both


def _unnamed_ways(columns: Sequence[ColumnProfile], mark: Numbers) -> Iterator[_Way]:
    """Each column alone, then each two together."""
    values = {c.index: c.values(mark) for c in columns}
    for c in columns:
        yield "column", f"'{c.header}'", (c,), values[c.index]
    some = [c for c in columns if any(v for v in values[c.index])]
    for k, c in enumerate(some):
        for other in some[k + 1 :]:
            both = _plus(values[c.index], values[other.index])
            yield "column+column", f"'{c.header}' + '{other.header}'", (c, other), both


def _of_bills(column: ColumnProfile, grouping: Grouping) -> bool:
    """Whether a column has the same on all rows of each bill, as a bill's total has."""
    values: dict[int, set[str]] = defaultdict(set)
    for bill, text in zip(grouping.bill, column.texts, strict=True):
        if bill >= 0 and text:
            values[bill].add(text)
    return bool(values) and all(len(texts) == 1 for texts in values.values())


def products(units: ColumnProfile, each: ColumnProfile, mark: Numbers) -> list[Decimal | None]:
    """Quantity times price of each row, rounded half up to two decimals."""
    out: list[Decimal | None] = []
    for a, b in zip(units.values(mark), each.values(mark), strict=True):
        cents = None if a is None or b is None else product_cents(a, b, "half_up")
        out.append(Decimal(cents).scaleb(-2) if isinstance(cents, int) else None)
    return out


def _plus(left: list[Decimal | None], right: list[Decimal | None]) -> list[Decimal | None]:
    return [None if a is None else a + (b or 0) for a, b in zip(left, right, strict=True)]


def _proofs(
    ways: Iterator[_Way], total: ColumnProfile, grouping: Grouping, mark: Numbers
) -> Iterator[Proof]:
    totals: dict[int, Decimal] = {}
    for bill, value in zip(grouping.bill, total.values(mark), strict=True):
        if value is not None and bill >= 0:
            totals.setdefault(bill, value)
    for way, what, columns, values in ways:
        sums: dict[int, Decimal] = dict.fromkeys(totals, Decimal(0))
        first_row: dict[int, int] = {}
        for i, (bill, value) in enumerate(zip(grouping.bill, values, strict=True)):
            if bill in sums:
                sums[bill] += value or 0
                first_row.setdefault(bill, i)
        wrong = [bill for bill, amount in totals.items() if sums[bill] != amount]
        first = first_row.get(wrong[0]) if wrong else None
        good = len(totals) - len(wrong)
        yield Proof(way, what, total, columns, good, len(totals), first)
