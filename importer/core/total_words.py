"""The words by which a row says that it is a total, in the languages of the known exports."""

from __future__ import annotations

import re
from functools import cache

from importer.core.name_key import name_key

_WORDS = (
    r"(?:grand|sub|sub-|report|overall|final|running|page|invoice|bill|file|net|gross)? ?-?totals?"
    r"|sum|sums|subtotal|balance (?:carried|brought) forward|(?:carried|brought) forward|[bc]/f"
    r"|(?:gesamt|zwischen|end|teil|rechnungs|gruppen)?-?summen?|gesamt|gesamtbetrag|zwischensaldo"
    r"|übertrag|insgesamt"
    r"|total (?:général|general|ttc|ht|geral|generale|generaal|facture|fournisseur|proveedor)"
    r"|sous[- ]total|totaux|somme|montant total|à reporter|report à nouveau"
    r"|totale?|subtotale?|totale complessivo|somma|suma|suma total|importe total|subtotales|totales"
    r"|totaal|subtotaal|eindtotaal|totalt|delsumma|delsum|summa|sammanlagt|i alt|sluttotal"
    r"|razem|ogółem|łącznie|suma częściowa"
)
_AFTER = (
    r"(?: ?(?:amounts?|payable|due|net|gross|vat|excl\.?|incl\.?|tax|eur|gbp|usd|chf|sek|dkk|nok"
    r"|pln|[£€$]|betrag|brutto|netto|ttc|ht|iva|btw|moms))*"
)
_LETTERS = re.compile("[a-z]*")

# How the words begin that begin with a letter of ASCII.
_STEMS = (
    "total totaal totaux sub grand report overall final running page invoice bill file net gross"
    " sum balance carried brought gesamt zwischen end teil rechnungs gruppen insgesamt sous"
    " somme somma montant suma importe eindtotaal delsum summa sammanlagt sluttotal razem ogółem"
).split()


@cache  # compiled when a text begins like a total: few files have any
def _total() -> re.Pattern[str]:
    return re.compile(rf"\W*(?:{_WORDS}){_AFTER}\W*")


@cache
def _total_of() -> re.Pattern[str]:
    return re.compile(rf"\W*(?:{_WORDS})\b.*", re.DOTALL)


def is_total(text: str) -> bool:
    """Whether a text is nothing but the word for a total, as ``Total``, ``Zwischensumme:``."""
    if len(text) > 60 or not may_begin_total(text):
        return False
    return _total().fullmatch(name_key(text)) is not None


def may_be_total_of(text: str) -> bool:
    """Whether a text begins with the word for a total, as ``Total for Acme`` and ``Total Gas``."""
    return may_begin_total(text) and _total_of().fullmatch(name_key(text[:120])) is not None


def may_begin_total(first: str) -> bool:
    """Whether a text that begins so may be the word for a total; rules out nearly all."""
    bare = first.lower()
    if not bare.isascii() or not bare[:1].isalnum():
        return bool(bare)
    if bare[:1] in "bci" and not bare[1:2].isalnum():  # as in b/f, c/f and i alt
        return True
    word = _LETTERS.match(bare)[0]  # type: ignore[index]  # matches any text
    if len(word) < len(bare):  # the word ends here
        return bool(word) and any(word.startswith(stem) for stem in _STEMS)
    return any(stem.startswith(word) or word.startswith(stem) for stem in _STEMS)
