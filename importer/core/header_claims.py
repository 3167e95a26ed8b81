"""What headers and titles say of amounts: tax included or not, thousands, the currency."""

from __future__ import annotations

import re
from collections.abc import Iterable

from importer.core.currencies import EXPONENTS
from importer.core.money import currencies_named, currency_marked

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_/]")
_TAXES = r"(?:vat|tax(?:es)?|gst|hst|mwst|ust|tva|iva|btw|moms|mva|alv)"
_WITH_TAX = re.compile(
    rf"\b(?:incl?|including|inclusive of|inkl|inkl\.|with|mit|avec|con|med)\b\W*{_TAXES}\b"
    rf"|\b{_TAXES}\W*(?:incl(?:uded|usive|uida|uido|usa|uso)?|incluse?|inkludert|inbegrepen)\b"
    r"|\b(?:gross|brutto|brut|bruto|ttc|net à payer|bruttobetrag|bruttobelø[bp]|bruttobelopp)\b",
    re.IGNORECASE,
)
_WITHOUT_TAX = re.compile(
    rf"\b(?:excl?|ex|excluding|exclusive of|exkl|eks(?:kl)?|without|before|less|net of|ohne|zzgl"
    rf"|hors|sin|senza|uden|uten|utan|zonder)\b\W*{_TAXES}\b|\b{_TAXES}\W*(?:excl(?:uded|usive)?|exclus)\b"
    r"|\b(?:net|netto|neto|ht|subtotal|imponibile|nettobetrag|nettobelø[bp]|nettobelopp"
    r"|base imponible)\b",
    re.IGNORECASE,
)
_NET_PAYABLE = re.compile(r"\bnet (?:à payer|payable|pay|due)\b", re.IGNORECASE)

_CODES = "EUR|GBP|USD|CHF|DKK|SEK|NOK|AUD|CAD|PLN"
_THOUSANDS = re.compile(
    r"(?<![0-9.,])(?:[£€$¥]|[A-Z]{3} ?)?['’]?000['’]?s?(?![0-9.,])"
    rf"|[£€$] ?[kK]\b|\b[kKT] ?(?:{_CODES})\b|\b[kKT] ?[£€$]|\b(?:{_CODES}) ?[kK]\b"
    r"|\b(?:[Ii]n|[Xx]|×) ?(?:[A-Z]{3} |[£€$])?1[.,' ’]?000\b(?![.,]?[0-9])|[(\[] ?[kK] ?[)\]]"
    rf"|(?i:\b[kt](?:{_CODES})\b)|(?i:\b[tk]\.? ?kr\b"
    r"|\bthousands?\b|\bthous\b|\bths\b|\btausend\b|\btsd\b"
    r"|\bmilliers\b|\bmigliaia\b|\ben miles\b|\bmiles de\b|\bmilhares\b|\btusinder?\b|\btusind\b"
    r"|\btusental\b|\bduizend(?:en|tallen)?\b|\btys\b|\btis\. ?kč|\bтыс\b|\btūkst\b|\bezer ft\b"
    r"|\bthnd\b|\blakhs?\b)"
    rf"|\b[Tt]h\.? ?(?:{_CODES})\b|\beFt\b"
)
_MILLIONS = re.compile(
    rf"[£€$] ?[mM](?:n|illions?)?\b|\b[mM](?:n|ln|io)?\.? ?(?:{_CODES})\b|\b[mM] ?[£€$]"
    rf"|[£€$] ?MM\b|\b(?:{_CODES}) ?(?:m|mn|M|MM|bn)\b|[£€$] ?bn\b|\bMrd\b"
    r"|(?i:\bmillions?\b|\bmio\b|\bmln\b|\bmillones\b|\bmilioni\b|\bmilhões\b|\bmillionen\b"
    r"|\bmillioner\b|\bmiljoner\b|\bmn?kr\b|\bcrores?\b)"
)
_IN_TITLE = re.compile(
    r"\b(?:in|en|figures|amounts?|angaben|beträge|werte|montants|importi|importes|bedragen|belopp"
    r"|beløb)\b|[(\[]",
    re.IGNORECASE,
)

_CODE_IN_TITLE = re.compile(
    r"(?:\b[Ii]n|[Cc]urrency:?|[Ww]ährung:?|[(\[])\s*([A-Z]{3})(?![A-Za-z])"
)
_WORDS = {
    "EUR": re.compile(r"\beuros?\b", re.IGNORECASE),
    "GBP": re.compile(r"\bpounds? sterling\b|\bsterling\b", re.IGNORECASE),
    "USD": re.compile(r"\bu\.?s\.? dollars?\b", re.IGNORECASE),
}


def tax_included(text: str) -> bool | None:
    """Whether a header or title says that tax is in its amounts; None where it says neither."""
    spaced = _CAMEL.sub(" ", text)
    included = bool(_WITH_TAX.search(spaced)) or bool(_NET_PAYABLE.search(spaced))
    excluded = bool(_WITHOUT_TAX.search(_NET_PAYABLE.sub(" ", spaced)))
    return None if included == excluded else included


def thousands(header: str) -> str:
    """What in a header says that its amounts are thousands or millions; "" where nothing does."""
    match = _THOUSANDS.search(header) or _MILLIONS.search(header)
    return match[0].strip() if match else ""


def thousands_in_title(text: str) -> str:
    """The same of a title, where a threshold such as "over £1 million" says nothing."""
    return thousands(text) if _IN_TITLE.search(text) else ""


_CENTS = re.compile(
    r"\b(?:pence|pennies|cents|centimes|céntimos|centesimi|øre|öre|rappen|grosze)\b"
    r"|[(\[](?:p|ct|cts|rp|gr)\.?[)\]]|\bin ct\b",
    re.IGNORECASE,
)


def cents(header: str) -> str:
    """What in a header says that its amounts are hundredths of a unit; "" where nothing does."""
    match = _CENTS.search(_CAMEL.sub(" ", header))
    return match[0] if match else ""


_CODE = re.compile(r"(?<![A-Z])[A-Z]{3}(?![A-Za-z])")
_SMALL_CODE = re.compile(rf"(?<![a-z])(?:{_CODES.lower()})(?![a-z])")
_WORDS_AS_CODES = frozenset("ALL TOP TRY CUP MOP PEN COP SOS MAD GEL BAM".split())


def currency_of_header(header: str) -> str:
    """The one currency that a header of amounts names by sign or code; "" for none."""
    codes = set(_CODE.findall(header)) & EXPONENTS.keys()
    codes |= {code.upper() for code in _SMALL_CODE.findall(header)}
    codes -= _WORDS_AS_CODES - {m[1] for m in re.finditer(r"[(\[]\s*([A-Z]{3})\s*[)\]]", header)}
    codes |= {c for sign in re.findall(r"US\$|[£€₹]", header) for c in currencies_of_amount(sign)}
    return codes.pop() if len(codes) == 1 else ""


def currencies_of_amount(text: str) -> frozenset[str]:
    """The currencies that an amount or its header may be in; £ is taken for sterling."""
    marked = currency_marked(text)
    named = frozenset({marked}) if marked else currencies_named(text)
    return frozenset(named & EXPONENTS.keys())


def currencies_of_titles(titles: Iterable[str]) -> frozenset[str]:
    """The currencies that titles name: in words, with a code in brackets or after "in", by sign."""
    codes: set[str] = set()
    for text in titles:
        codes |= {m[1] for m in _CODE_IN_TITLE.finditer(text)} & EXPONENTS.keys()
        codes |= {code for code, words in _WORDS.items() if words.search(text)}
        for sign in re.findall(r"[£€]", text):
            codes |= currencies_of_amount(sign)
    return frozenset(codes)


_TEXT = re.compile(
    r"\b(?:descriptions?|text|memos?|notes?|comments?|remarks?|narrative|details?|items?|products?"
    r"|category|subject|beschreibung|bezeichnung|\w*text|bemerkung|notiz|artikel|libellé"
    r"|désignation|article|concepto|descripción|descrizione|causale|articolo|omschrijving|artikel"
    r"|anmerkung(?:en)?|kommentare?|commentaires?|remarques?|comentarios?|observaciones"
    r"|commenti?|annotazioni|opmerking(?:en)?|kommentar|bemærkning(?:er)?|anmärkning(?:ar)?"
    r"|uwagi|poznámka|huomautus|observações"
    r"|tekst|beskrivelse|vare|beskrivning|benämning|opis|nazwa|selite|kuvaus|descrição)\b"
)


def is_text_header(header: str) -> bool:
    """Whether a header says that its column has words, of what was bought or about it."""
    return _TEXT.search(_CAMEL.sub(" ", header).casefold()) is not None
