"""Columns that say whether a bill is paid, by their names in many languages or by their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from importer.core.money import MINUS, tidy

_WORD = re.compile(r"[^\W\d_]+")


def _keys(text: str) -> frozenset[str]:
    return frozenset("".join(_WORD.findall(name)).casefold() for name in text.split(";"))


_FLAGS = _keys(
    "paid;is paid;bill paid;invoice paid;fully paid;paid in full;paid status;settled;is settled;"
    "cleared;is cleared;closed;is closed;bezahlt;ist bezahlt;beglichen;ausgeglichen;"
    "payé;payée;réglé;réglée;soldé;soldée;lettrage;pagado;pagada;pagato;pagata;saldato;saldata;"
    "pago;paga;betaald;voldaan;betalt;betald;maksettu;zapłacono;opłacona;zaplaceno;uhrazeno"
)
_OPEN_FLAGS = _keys(
    "open;is open;unpaid;is unpaid;outstanding;is outstanding;offen;impayé;ouvert;pendiente;"
    "abierto;aperto;aberto;openstaand;åben;åpen;öppen;avoin"
)
_DOCUMENTS = _keys(
    "clearing document;clearing doc;clrng doc;clearing document no;clearing doc no;cheque no"
    ";cheque number;check no;check number;ausgleichsbeleg"
)
_DATES = _keys(
    "payment date;pmt date;pay date;date of last payment;last payment date;last payment;last paid;"
    "date paid;cheque date;check date;paid on;paid date;paid at;date of payment;"
    "clearing date;date cleared;cleared on;cleared date;settled on;date settled;"
    "zahldatum;zahlungsdatum;bezahlt am;gezahlt am;ausgleichsdatum;ausgleich;"
    "date de paiement;date paiement;date de règlement;date règlement;payé le;réglé le;"
    "fecha de pago;fecha pago;pagado el;data pagamento;data di pagamento;pagato il;"
    "data de pagamento;pago em;betaaldatum;betaald op;betaald dd;betalingsdato;betalt dato;"
    "betalt den;betaldatum;betald den;maksupäivä;data zapłaty;data płatności;datum úhrady"
)
# Of these the values may be how it is paid, too.
_MAYBE_FLAGS = _keys("payment;payments;payment made;payment done;zahlung;paiement;betaling")
_YES = _keys(
    "paid;paid in full;fully paid;settled;cleared;closed;bezahlt;beglichen;ausgeglichen;payé;payée;"
    "réglé;réglée;soldé;pagado;pagada;pagato;pagata;saldato;pago;betaald;voldaan;betalt;betald;maksettu;"
    "zapłacono;zapłacona;opłacona"
)
_NO = frozenset(
    "no n not false f none nil zero nein nicht falsch non faux nee niet nej nei ikke ej não nao ei"
    " nie ne falso na tbc".split()
)
_CLEAR_YES = frozenset("yes y true x ja j oui si sí sì sim tak done made".split())
_OPEN = _keys(
    "open;unpaid;not paid;outstanding;due;overdue;pending;awaiting payment;not yet;not settled;"
    "not cleared;offen;nicht bezahlt;unbezahlt;impayé;non payé;à payer;pendiente;no pagado;"
    "da pagare;non pagato;em aberto;openstaand;niet betaald;ubetalt;ikke betalt;obetald;ej betald;"
    "awaiting;awaiting approval;approved;posted;booked;draft"
)
_STILL_OPEN = _keys("open;unpaid;not paid;outstanding;overdue;awaiting payment")
_UNPAID = frozenset("unpaid open outstanding pending awaiting unbezahlt offen impayé".split())
_PARTLY = _keys(
    "partially paid;partly paid;part paid;in payment;teilweise bezahlt;partiellement payé;"
    "parcialmente pagado;parzialmente pagato;deels betaald;delvist betalt;delvis betald"
)
_DATE = re.compile(r"\d{1,4}\s?[-./ ]\s?\w{1,10}\.?[-./, ]\s?\d{2,4}\b|\b(?:\d{8}|[34]\d{4})\b")
_AMOUNT = re.compile(r"(?:[A-Z]{3})?[\s£$€(+-]*[0-9][0-9.,' ]*[)%£$€\s-]*(?:[A-Z]{3})?")
_DASHES = frozenset("-._/ ")


def _word(text: str) -> str:
    return "".join(_WORD.findall(text)).casefold()


def _begins_with(text: str, words: frozenset[str]) -> bool:
    first = _WORD.search(text)
    return first is not None and first[0].casefold() in words


def _is_no(text: str) -> bool:
    return _word(text) in _NO or _begins_with(text, _NO)


def _is_yes(text: str) -> bool:
    bare = tidy(text).translate(MINUS)
    is_open = _is_no(bare) or _word(bare) in _OPEN or _begins_with(bare, _UNPAID)
    if is_open or _DASHES.issuperset(bare):
        return False
    return bare == "1" or _AMOUNT.fullmatch(bare) is None


def _is_clear_yes(text: str) -> bool:
    return _word(text) in _CLEAR_YES or _is_paid(text) or _is_date(text)


def _is_not_open(text: str) -> bool:
    """Whether the text is a no to the question whether a bill is open, or says paid."""
    return _is_paid(text) or (_is_no(text) and _word(text) not in _OPEN)


def _is_document(text: str) -> bool:
    return bool(re.search(r"[1-9]", text))


def _is_date(text: str) -> bool:
    return _DATE.search(text) is not None


def _is_paid(text: str) -> bool:
    return _word(text) in _YES or _word(text) in _PARTLY


def is_payment_date(header: str) -> bool:
    return _word(header) in _DATES


def paid_test(header: str, values: Collection[str]) -> Callable[[str], bool] | None:
    """The test of the values of a column that say that a bill is paid, at least in part; None
    where the column is about something else. ``values``: some of its distinct ones."""
    key = _word(header)
    if key in _FLAGS:
        return _is_yes
    if key in _OPEN_FLAGS:
        return _is_not_open
    if key in _MAYBE_FLAGS:
        return _is_clear_yes
    if key in _DATES:
        return _is_date
    if key in _DOCUMENTS:
        return _is_document
    states = {_word(text) for text in values} - {""}
    if states <= _YES | _PARTLY | _NO | _OPEN and not states.isdisjoint(_YES | _PARTLY):
        return _is_paid
    return None


def is_settlement_column(header: str) -> bool:
    """Whether a column is a flag or a state by its name."""
    key = _word(header)
    return key in _OPEN_FLAGS | _FLAGS or "status" in key or "state" in key


def is_settled(header: str, text: str) -> bool | None:
    """Whether a flag or state says that nothing is open any more; None where it says neither."""
    key, word = _word(header), _word(text)
    if key in _OPEN_FLAGS:
        return word in _NO or text == "0" or (None if word not in _CLEAR_YES else False)
    if key in _FLAGS and word in _NO | _CLEAR_YES:
        return word in _CLEAR_YES
    return word in _YES or (False if word in _STILL_OPEN else None)
