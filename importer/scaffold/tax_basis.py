"""Whether the amounts of lines include tax, and what in the file says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from importer.core.header_claims import tax_included
from importer.core.money import Numbers
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.layout_inference import Table
from importer.scaffold.sum_proofs import Proof

_CENT = Decimal("0.01")
_LEAST = 20  # of an amount that tells 20 % of the net from a sixth of the gross
_MOST_RATES = 4  # of one country's taxes
# What an invoice comes to has its tax in it, whatever it is made of.
_PAYABLE = re.compile(
    r"\b(?:invoice|bill|grand|document)[ _]?totals?\b|\btotal invoice value\b|\binvoice amount\b"
    r"|\b(?:amount|total) (?:payable|due)\b|\brechnungsbetrag\b|\btotale fattura\b"
    r"|\btotal factura\b|\bfakturabelø[bp]\b|\bfactuurbedrag\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class TaxBasis:
    """``included`` is None where nothing in the file says it."""

    included: bool | None
    reason: str = ""


def tax_basis(
    table: Table,
    line: ColumnProfile | None,
    tax: ColumnProfile | None,
    proof: Proof | None,
    mark: Numbers,
) -> TaxBasis:
    """Whether the ``line`` amounts include tax: by their sums, their header, their tax or a title.

    ``proof`` is what was proven of the bills' totals.
    """
    if proof is not None and tax is not None and tax in proof.columns:
        return TaxBasis(False, f"'{tax.header}' comes on top: {proof.sentence()}")
    claim = tax_included(f"{line.above} {line.header}") if line is not None else None
    if claim is not None and line is not None:
        without = "with" if claim else "without"
        return TaxBasis(claim, f"'{line.header}' says that it is {without} tax")
    if line is not None and tax is not None and (by_rate := _by_rate(line, tax, mark)):
        return by_rate
    if proof is not None:
        of_total = True if _PAYABLE.search(proof.total.header) else None
        included = tax_included(proof.total.header) if of_total is None else of_total
        if included is not None:
            return TaxBasis(included, proof.sentence())
    for title in table.titles():
        claim = tax_included(title)
        if claim is not None and ("tax" in title.casefold() or _names_amounts(title)):
            return TaxBasis(claim, f"the title says: {' '.join(title.split())[:60]}")
    return TaxBasis(None)


def _names_amounts(title: str) -> bool:
    return re.search(r"vat|gst|amount|figures|mwst|ust|tva|iva|btw|moms", title, re.I) is not None


def _by_rate(line: ColumnProfile, tax: ColumnProfile, mark: Numbers) -> TaxBasis | None:
    """By what share of the amount the tax is: 20 % of an amount without it, a sixth of one with."""
    pairs = [
        (amount, part)
        for amount, part in zip(line.values(mark), tax.values(mark), strict=True)
        if amount is not None and part and abs(amount) >= _LEAST
    ]
    if not pairs:
        return None
    on_top = _rates([(amount, part) for amount, part in pairs])
    within = _rates([(amount - part, part) for amount, part in pairs])
    if (on_top is None) == (within is None):
        return None
    rates = ", ".join(f"{rate.normalize():f} %" for rate in sorted(on_top or within or ()))
    if on_top is not None:
        return TaxBasis(False, f"'{tax.header}' is {rates} of '{line.header}', so on top of it")
    return TaxBasis(
        True, f"'{tax.header}' is {rates} of what is left of '{line.header}' without it"
    )


def _rates(pairs: list[tuple[Decimal, Decimal]]) -> set[Decimal] | None:
    """The rates, in halves of a per cent, that make all taxes to the cent; None where none do."""
    rates: set[Decimal] = set()
    for base, part in pairs:
        if not base:
            return None
        rate = (part / base * 200).to_integral_value() / 2
        if not 0 < rate <= 30 or abs(base * rate / 100 - part) > _CENT:
            return None
        rates.add(rate)
    return rates if len(rates) <= _MOST_RATES else None
