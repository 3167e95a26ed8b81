"""What the amounts of a file prove: decimal mark, major units or cents, what adds up to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from importer.core.money import Numbers, product_cents
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.layout_inference import EACH, GROSS, NET, TAX, TOTAL, UNITS, Grouping, Table

AMOUNTS = (TOTAL, NET, TAX, GROSS)


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
    """How many bills' lines add up to the bill's total, and the first row where they do not."""

    what: str
    good: int
    bills: int
    first: int | None = None

    @property
    def proven(self) -> bool:
        return self.bills > 0 and self.good == self.bills

    def sentence(self, total: ColumnProfile) -> str:
        if self.proven:
            return f"in all {self.bills} bills the sum of {self.what} is '{total.header}'"
        return f"in {self.good} of {self.bills} bills the sum of {self.what} is '{total.header}'"


def prove_sums(table: Table, grouping: Grouping, mark: Numbers) -> dict[str, Proof]:
    """For each way that lines may make up the total (``net+tax``, ``gross`` …), how far they do."""
    total = table.get(TOTAL)
    if total is None:
        return {}
    totals: dict[int, Decimal] = {}
    for bill, value in zip(grouping.bill, total.values(mark), strict=True):
        if value is not None and bill >= 0:
            totals.setdefault(bill, value)
    net, tax, gross = (table.get(t) for t in (NET, TAX, GROSS))
    units, each = table.get(UNITS), table.get(EACH)
    ways: dict[str, tuple[str, list[Decimal | None]]] = {}
    taxes = tax.values(mark) if tax else None
    for name, column in (("net", net), ("gross", gross)):
        if column is None:
            continue
        values = column.values(mark)
        ways[name] = (f"'{column.header}'", values)
        if tax and taxes:
            ways[f"{name}+tax"] = (f"'{column.header}' + '{tax.header}'", _plus(values, taxes))
    if units and each:
        values = products(units, each, mark)
        ways["product"] = (f"'{units.header}' × '{each.header}'", values)
        if tax and taxes:
            what = f"'{units.header}' × '{each.header}' + '{tax.header}'"
            ways["product+tax"] = (what, _plus(values, taxes))
    return {name: _proof(what, values, grouping, totals) for name, (what, values) in ways.items()}


def products(units: ColumnProfile, each: ColumnProfile, mark: Numbers) -> list[Decimal | None]:
    """Quantity times price of each row, rounded half up to two decimals."""
    out: list[Decimal | None] = []
    for a, b in zip(units.values(mark), each.values(mark), strict=True):
        cents = None if a is None or b is None else product_cents(a, b, "half_up")
        out.append(Decimal(cents).scaleb(-2) if isinstance(cents, int) else None)
    return out


def _plus(left: list[Decimal | None], right: list[Decimal | None]) -> list[Decimal | None]:
    return [None if a is None else a + (b or 0) for a, b in zip(left, right, strict=True)]


def _proof(
    what: str, values: list[Decimal | None], grouping: Grouping, totals: dict[int, Decimal]
) -> Proof:
    sums: dict[int, Decimal] = dict.fromkeys(totals, Decimal(0))
    first_row: dict[int, int] = {}
    for i, (bill, value) in enumerate(zip(grouping.bill, values, strict=True)):
        if bill in sums:
            sums[bill] += value or 0
            first_row.setdefault(bill, i)
    wrong = [bill for bill, total in totals.items() if sums[bill] != total]
    first = first_row.get(wrong[0]) if wrong else None
    return Proof(what, len(totals) - len(wrong), len(totals), first)
