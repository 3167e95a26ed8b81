"""Constants of a template against the columns of a file: currency, and what a file leaves open."""

from __future__ import annotations

import re
from collections.abc import Sequence

from importer.core.currencies import EXPONENTS
from importer.core.money import tidy
from importer.mapping.headers import HeaderMatch
from importer.mapping.template_model import Template
from importer.model.fields import header_key
from importer.model.tables import SourceTable

# Headers of a column of currencies, as ``header_key`` leaves them.
CURRENCY_HEADERS = frozenset(
    "currency currencycode currencyiso isocurrency curr cur ccy currencyname"
    " invoicecurrency invoicecurrencycode"
    " documentcurrency doccurrency billcurrency transactioncurrency waehrung währung wkz"
    " währungscode devise codedevise moneda divisa valuta valutakode valutakod".split()
)
_NAMES = {
    "£": "GBP",
    "sterling": "GBP",
    "pound": "GBP",
    "pounds": "GBP",
    "poundsterling": "GBP",
    "poundssterling": "GBP",
    "britishpound": "GBP",
    "ukpoundsterling": "GBP",
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "usdollar": "USD",
    "usdollars": "USD",
    "us$": "USD",
}
_TAX = re.compile(
    r"(vat|tax|gst|hst|mwst|ust|tva|iva|btw|moms|net|netto|gross|brutto|incl|excl|including|excluding"
    r"|ht|ttc)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_DATE_HEADER = re.compile(r"date|datum|fecha|data|dato", re.IGNORECASE)
_DAY_MONTH = re.compile(r"\s*([0-9]{1,2})[/.-]([0-9]{1,2})[/.-](?:[0-9]{2}|[0-9]{4})\b")
_MARKED_AMOUNT = re.compile(r"([£€]|[A-Z]{3})?\s?[(-]?[0-9][0-9.,' ]*[)-]?\s?([£€]|[A-Z]{3})?")
_SAMPLE = 5_000  # rows that decide


def currency_of(text: str) -> str | None:
    """The ISO 4217 code that a cell of a currency column states, None where it is not known."""
    bare = tidy(text)
    if bare.upper() in EXPONENTS:
        return bare.upper()
    return _NAMES.get(re.sub(r"[\s._-]", "", bare).casefold())


def currency_columns(headers: Sequence[str]) -> list[int]:
    return [c for c, header in enumerate(headers) if header_key(header) in CURRENCY_HEADERS]


def stated_currency(template: Template) -> str:
    """The currency that the template states for all rows, "" where a column may say it."""
    expression = template.bills.get("currency")
    return "" if expression is None else expression.value or ""


def contradiction(source: SourceTable, header: HeaderMatch, template: Template) -> str:
    """The first cell that contradicts the template's currency, in words; "" for none."""
    stated = stated_currency(template)
    for column in currency_columns(header.headers) if stated else ():
        for i in range(header.last_row + 1, len(source.rows)):
            text = tidy(source.columns[column][i])
            if text and currency_of(text) != stated:
                return (
                    f"states the currency {stated}, and row {source.rows[i]} has '{text}' in the"
                    f" column '{header.headers[column].strip()}'"
                )
    return ""


def undecided(source: SourceTable, header: HeaderMatch) -> str:
    """What no column of the file decides: the currency, the tax basis, the order of its dates."""
    headers, start = header.headers, header.last_row + 1
    end = min(len(source.rows), start + _SAMPLE)
    out = []
    marked = any("£" in h or "€" in h or set(_WORD.findall(h)) & EXPONENTS.keys() for h in headers)
    cells = {text for column in source.columns for text in column[start:end]}
    if not currency_columns(headers) and not marked and not any(map(_has_currency, cells)):
        out.append("its currency")
    words = {word for h in headers for word in _WORD.findall(h)}
    if not any(_TAX.fullmatch(word) for word in words):
        out.append("whether amounts include tax")
    if any(
        _is_ambiguous(source.columns[c][start:end])
        for c, h in enumerate(headers)
        if _DATE_HEADER.search(h)
    ):
        out.append("whether its dates have the day or the month first")
    return ", ".join(out[:-1]) + (" and " if out[1:] else "") + out[-1] if out else ""


def _has_currency(text: str) -> bool:
    """Whether a cell is an amount with the sign or code of one currency; a dollar may be many."""
    match = _MARKED_AMOUNT.fullmatch(tidy(text))
    if match is None:
        return False
    mark = match[1] or match[2]
    return mark in ("£", "€") or mark in EXPONENTS


def _is_ambiguous(texts: Sequence[str]) -> bool:
    """Whether the column has dates as 03/04/2025, and none that shows which is the day."""
    pairs = [(int(m[1]), int(m[2])) for m in map(_DAY_MONTH.match, texts) if m]
    return any(a != b for a, b in pairs) and not any(max(pair) > 12 for pair in pairs)
