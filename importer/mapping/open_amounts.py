"""Columns of what is still to be paid, or was paid, by their names in many languages."""

from __future__ import annotations

import re
from enum import StrEnum

_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ý])|[_/.]")
_LETTERS = re.compile(r"[^\W\d_]+")


class BillPart(StrEnum):
    """The part of a bill that a column states."""

    OPEN = "open"
    PAID = "paid"
    BILLED = "billed"  # all of it, beside an open amount that the template reads
    OTHER = "other"  # an amount, beside the one that the template reads
    CHOICE = "contrary"  # an amount that a parameter of the template could have chosen


# These alone say it, or with the words below.
_OPEN = frozenset(
    """
    outstanding unpaid remaining remainder residual owed owing payable balance restant restbetrag
    offen offener offene offenerbetrag saldo solde residuo pendiente openstaand openstaande
    restbeløb restbeløp restbelopp udestående utestående restsaldo avoinna avoin maksamatta
    zahlbetrag restschuld offenstehend
    """.split()
)
_PAID = frozenset(
    """
    paid payment payments bezahlt gezahlt payé payés payée réglé réglée pagado pagada pagato pagata
    betaald betalt betalat betald pago zapłacono zapłacona maksettu
    """.split()
)
_PHRASES = {
    BillPart.OPEN: re.compile(
        r"(?:amount|total|balance|net|gross|invoice|bill)? ?\b(?:still )?due(?: amount| balance)?"
        r"|(?:left|still|remaining) to (?:be )?pa(?:y|id)|amount open"
        r"|open(?: (?:amount|balance|item|value)s?)?"
        r"|(?:noch )?zu zahlen|(?:net|montant|reste)? ?(?:à|a) payer|(?:restant|solde|montant) dû"
        r"|por pagar|da pagare|saldo aperto|te betalen|(?:kvar )?(?:att|at|å) betal[ae]"
        r"|(?:valor )?em aberto|a pagar|(?:pozostało )?do zapłaty"
    ),
    BillPart.PAID: re.compile(
        r"paid to date|(?:credit|payment)s? applied|(?:already|bereits|déjà|già|al|allerede|redan)"
        r" (?:paid|bezahlt|gezahlt|payé|réglé|pagato|betaald|betalt|betald)"
    ),
}
_BESIDE = frozenset(
    """
    amount amounts amt total invoice bill document doc in the to of vendor supplier open due still
    left net gross original currency local lcy home base company gbp eur usd value sum so far
    betrag summe rechnung noch rest montant restant facture dû importe total importo fattura valor
    bedrag totaal factuur beløb beløp belopp faktura kwota
    """.split()
)


_OF_CURRENCY = frozenset(
    "gbp eur usd invoice bill lcy lc local home base company currency in".split()
)


def part_of(header: str) -> BillPart | None:
    """The part of a bill that a header of amounts says to state; None where it says none."""
    words = _LETTERS.findall(_CAMEL.sub(" ", header).casefold())
    phrase = " ".join(words)
    for part, alone in ((BillPart.OPEN, _OPEN), (BillPart.PAID, _PAID)):
        named = alone.intersection(words)
        if named and _BESIDE.union(named).issuperset(words):
            return part
        bare = " ".join(w for w in words if w not in _OF_CURRENCY)
        if any(_PHRASES[part].fullmatch(text.strip()) for text in (phrase, bare)):
            return part
    return None
