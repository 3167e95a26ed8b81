"""Headers of an ageing report of another system: which name an age, a total, the vendor.

Days that a header states are taken from it. Months and periods are not days: the days of such a
column are not known. An amount may be two columns, debit and credit (Soll, Haben), or have its side
in a column of its own (S/H): what is owed to the vendor is on the credit side.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from importer.core.money import MINUS, tidy
from importer.model.ageing import BUCKET_DAYS, EVER, AgeBucket, AgeColumn

NOT_DUE = BUCKET_DAYS[AgeBucket.NOT_DUE]


def _terms(text: str) -> frozenset[str]:
    return frozenset(" ".join(text.split()).split("; "))


_NOT_DUE = _terms(
    """
    current; not due; not yet due; not overdue; not due yet; future; at date; nicht fällig; noch
    nicht fällig; nicht überfällig; non échu; à échoir; no vencido; por vencer; niet vervallen; ikke
    forfalden; non scaduto; ej förfallet
    """
)
_TOTALS = _terms(
    """
    total; total due; total outstanding; total balance; total payable; total amount; balance;
    balance due; outstanding; outstanding balance; amount due; open balance; grand total; saldo;
    gesamt; gesamtsumme; gesamtsaldo; summe; total général; solde; totale; totaal; i alt; totalt
    """
)
_NAMES = _terms(
    """
    vendor; vendor name; vendors; vendor full name; supplier; supplier name; suppliers; contact;
    contact name; name; creditor; creditor name; payee; company; company name; partner; business
    partner; kreditor; lieferant; bezeichnung; kontobezeichnung; fournisseur; nom; proveedor;
    leverancier; fornitore
    """
)
_NUMBERS = _terms(
    """
    a/c; account; account no; account no.; account number; account code; no.; number; code; vendor
    no; vendor no.; vendor number; vendor id; vendor code; vendor account; supplier no.; supplier
    number; supplier code; supplier id; konto; kontonummer; konto-nr.; kontonr.; kreditorennummer;
    compte; ref
    """
)
_CURRENCIES = _terms("currency; currency code; ccy; währung; devise; moneda")
_MARKS = _terms(
    """
    s/h; h/s; sh; s h; s-h; soll/haben; soll / haben; soll/haben-kennzeichen; s/h-kennzeichen;
    s/h kz; s/h-kz; s/h-kz.; soll/haben-kz; dr/cr; cr/dr; d/c; c/d; debit/credit; debit / credit
    """
)
_SIDES = {"soll": -1, "s": -1, "debit": -1, "dr": -1, "d": -1}
_SIDES |= {"haben": 1, "h": 1, "credit": 1, "cr": 1, "c": 1}
_OF_SIDE = re.compile(r"(.*?)[ (/:,-]*\b(soll|haben|debit|credit|dr|cr)\b[.)]*")
_OLDER = _terms("older; älter; ältere; plus ancien; ouder; äldre")
TOTAL_ROWS = _TOTALS | _terms("totals; report total; grand totals; endsumme; total aged payables")

_DAYS = re.compile(r"\b(?:days?|tagen?|tage|jours?|dagen|dagar|dage|d[ií]as|giorni|dni)\b\.?")
_OVERDUE = re.compile(
    r"\b(?:past due|overdue|due|seit|überfällig|fällig|échus?|en retard|vencid[oa]s?)\b"
)
_RANGE = re.compile(r"(\d{1,4}) ?(?:-|to|bis|à|a|until|t/m) ?(\d{1,4})")
_OVER = re.compile(
    r"(?:>|over|more than|older than|above|greater than|über|ueber|mehr als|älter als|plus de"
    r"|más de|oltre|meer dan) ?(\d{1,4})(?: ?\+)?"
)
_FROM = re.compile(
    r"(?:>= ?|ab )(\d{1,4})|(\d{1,4}) ?(?:\+|plus|(?:&|and) (?:over|above|older)|or (?:more|over)"
    r"|und mehr|et plus)"
)
_BELOW = re.compile(r"(?:<|less than|under|unter|moins de) ?(\d{1,4})")
_UP_TO = re.compile(r"(?:<=|up to|bis zu|bis|jusqu'à|within|tot) ?(\d{1,4})")
_MONTH = r"(?:months?|monate?n?|mois)"
_NO_DAYS = re.compile(
    rf"(?:[<>]=? ?|over |more than |this |last |up to )?(?:\d+|one|two|three|four|five)? ?\+?"
    rf"(?: ?(?:-|to) ?\d+)? ?{_MONTH} ?\+?(?: ago| and over)?"
    r"|(?:period|periode|range|bucket) ?\d+"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?: \d{4})?"
)


@dataclass(frozen=True)
class AgeingLayout:
    """The header row by its index, and what the columns are, by theirs.

    ``debits``: by the column of an amount, that of the debit to be taken off it; ``sides``: that
    which says on which side it is.
    """

    row: int
    ages: dict[int, AgeColumn]
    total: int | None
    name: int | None
    number: int | None
    currency: int | None
    debits: dict[int, int] = field(default_factory=dict)
    sides: dict[int, int] = field(default_factory=dict)


def side_of(mark: str) -> int | None:
    """1 for credit, -1 for debit, None for any other mark."""
    return _SIDES.get(mark.casefold().strip(" ."))


def age_of(
    header: str, previous: tuple[int, int] | None = None, *, not_due: bool = True
) -> AgeColumn | None:
    """The column that a header names; None where it names no age. ``previous``: the days of the
    column before it. ``not_due``: whether another column has what is not overdue."""
    text = _normal(header)
    if text in _NOT_DUE or text.startswith("not due on "):
        return AgeColumn(header, NOT_DUE)
    in_days = _DAYS.search(text) is not None
    bare = " ".join(_OVERDUE.sub(" ", _DAYS.sub(" ", text)).split())
    days: tuple[int, int] | None = None
    if bare in _OLDER:
        return AgeColumn(header, (previous[1] + 1, EVER) if previous else None)
    if match := _RANGE.fullmatch(bare):
        days = int(match[1]), int(match[2])
    elif match := _OVER.fullmatch(bare):
        days = int(match[1]) + 1, EVER
    elif match := _FROM.fullmatch(bare):
        start = int(match[1] or match[2])
        # Beside 61 - 90 what is called 90+ begins with 91.
        days = start + (previous is not None and previous[1] == start), EVER
    elif match := _BELOW.fullmatch(bare):
        days = 1 if not_due else -EVER, int(match[1]) - 1
    elif match := _UP_TO.fullmatch(bare):
        days = 1 if not_due else -EVER, int(match[1])
    if days is not None:
        return AgeColumn(header, days) if days[0] <= days[1] else None
    if _NO_DAYS.fullmatch(bare) or (in_days and bare.isdecimal()):
        return AgeColumn(header, None)
    return None


def layout_of(row: int, headers: Sequence[str], with_text: Sequence[bool]) -> AgeingLayout | None:
    """What the headers of a row are; None where they are not those of an ageing report: two ages at
    least, and the vendor. ``with_text``: which columns have any text below."""
    texts = [_normal(header) for header in headers]
    marks = [c for c, text in enumerate(texts) if text in _MARKS]
    debits = _debit_columns(texts)
    not_due = any(text in _NOT_DUE for text in texts)
    ages: dict[int, AgeColumn] = {}
    previous: tuple[int, int] | None = None
    for c, text in enumerate(texts):
        age = age_of(text, previous, not_due=not_due) if text not in {"", *_TOTALS} else None
        if age is not None and c not in marks:
            ages[c], previous = replace(age, header=headers[c]), age.days
    if len(ages) < 2:
        return None
    name, number = _first(texts, _NAMES), _first(texts, _NUMBERS)
    if name is None:  # QuickBooks leaves the header of the vendors blank
        blank = (c for c in range(min(ages)) if not _normal(headers[c]) and with_text[c])
        name = next(blank, None)
    if name is None and number is None:
        return None
    total = _first(texts, _TOTALS)
    amounts = [*ages, *([] if total is None else [total])]
    return AgeingLayout(
        row,
        ages,
        total,
        name,
        number,
        _first(texts, _CURRENCIES),
        {c: debit for c, debit in debits.items() if c in amounts},
        _side_columns(amounts, marks),
    )


def _debit_columns(texts: list[str]) -> dict[int, int]:
    """The columns of debits by those of their credits, which are called by what they are of: an
    age, or the balance where nothing else is its column."""
    by_name: dict[str, dict[str, int]] = {}
    for c, text in enumerate(texts):
        if (match := _OF_SIDE.fullmatch(text)) is not None:
            by_name.setdefault(match[1], {})[str(_SIDES[match[2]])] = c
    debits = {}
    for name, columns in by_name.items():
        if len(columns) < 2 or (not name and any(text in _TOTALS for text in texts)):
            continue
        credit, debit = columns["1"], columns["-1"]
        texts[credit], texts[debit] = name or "balance", ""
        debits[credit] = debit
    return debits


def _side_columns(amounts: Sequence[int], marks: Sequence[int]) -> dict[int, int]:
    """The column of the side of each amount: the one there is, or the one behind the amount."""
    if len(marks) == 1:
        return dict.fromkeys(amounts, marks[0])
    before = {mark: [c for c in amounts if c < mark] for mark in marks}
    return {max(columns): mark for mark, columns in before.items() if columns}


def _first(texts: Sequence[str], terms: frozenset[str]) -> int | None:
    return next((c for c, text in enumerate(texts) if text in terms), None)


def _normal(header: str) -> str:
    return " ".join(tidy(header).casefold().translate(MINUS).split())
