"""Constants of a template against the columns of a file: currency, and what a file leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from importer.core.currencies import EXPONENTS
from importer.core.dates import Order, order_of, stated_order
from importer.core.header_claims import thousands, thousands_in_title
from importer.core.money import tidy
from importer.mapping.headers import HeaderMatch, expressions
from importer.mapping.template_model import Template
from importer.model.fields import FIELDS, FieldKind, header_key
from importer.model.tables import SourceTable, TableKind

# Headers of a column of currencies, as ``header_key`` leaves them.
CURRENCY_HEADERS = frozenset(
    "currency currencycode currencyiso isocurrency curr cur ccy currencyname"
    " invoicecurrency invoicecurrencycode"
    " documentcurrency doccurrency billcurrency transactioncurrency waehrung währung wkz"
    " währungscode devise codedevise moneda divisa valuta valutakode valutakod".split()
)
# Headers of a column that says whether amounts include tax, and the values that say so.
BASIS_HEADERS = frozenset(
    "inclusive taxinclusive istaxinclusive isinclusivetax inclusivetax inclusiveoftax"
    " amountsinclusive pricesincludetax priceincludestax amountsincludetax includestax"
    " lineamounttypes lineamountstypes amountsare globaltaxcalculation pricesincludevat"
    " pricesincludegst priceincludesvat amountsincludevat includesvat vatincluded vatinclusive"
    " taxincluded taxincl inclvat incvat inctax incltax taxbasis vatbasis amountbasis pricebasis"
    " grossnet netgross bruttonetto nettobrutto inklmwst mwstinklusive steuerinklusive ttcht htttc"
    " ivaincluido ivaincluida ivainclusa inclusiefbtw btwinclusief inklmoms inklusivemoms".split()
)
_INCLUSIVE = frozenset(
    "inclusive taxinclusive inclusiveoftax true yes y x 1 incl included inkl inklusive inclusief ja"
    " oui sí si gross brutto bruto ttc vrai wahr".split()
)
_EXCLUSIVE = frozenset(
    "exclusive taxexclusive taxexcluded exclusiveoftax false no n 0 excl excluded exkl exklusive"
    " exclusief nein non nej net netto ht faux falsch".split()
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


def includes_tax(text: str) -> bool | None:
    """Whether a cell of a column of tax bases says that tax is in the amounts; None for neither."""
    word = re.sub(r"[\s._-]", "", tidy(text)).casefold()
    return True if word in _INCLUSIVE else False if word in _EXCLUSIVE else None


def stated_tax_basis(template: Template) -> bool | None:
    """Whether amounts include tax, where the template states it for all rows."""
    expression = template.bills.get("lineItemsIncludeTax")
    return None if expression is None else includes_tax(expression.value or "")


def contradiction(
    source: SourceTable, header: HeaderMatch, template: Template, kind: TableKind = TableKind.FLAT
) -> str:
    """The first cell that contradicts a constant of the template, in words; "" for none.

    Constants are the currency, whether amounts include tax, the order of day and month, and that
    amounts are not thousands.
    """
    columns = (
        (c, h.strip())
        for c, h in enumerate(header.headers)
        if header_key(h) not in map(header_key, template.ignore_columns)
    )
    currency, with_tax = stated_currency(template), stated_tax_basis(template)
    order = stated_order(template.formats.dates)
    start, mapped = header.last_row + 1, _mapped_columns(header, template, kind)
    for column, name in columns:
        key = header_key(name)
        texts = source.columns[column][start:]
        stated, wrong = "", set[str]()
        if currency and key in CURRENCY_HEADERS:
            stated = f"the currency {currency}"
            wrong = {t for t in set(texts) if tidy(t) and currency_of(t) != currency}
        elif with_tax is not None and key in BASIS_HEADERS:
            stated = f"amounts {'with' if with_tax else 'without'} tax"
            wrong = {t for t in set(texts) if includes_tax(t) is (not with_tax)}
        elif order is not None and (mapped.get(column) in _DATES or _DATE_HEADER.search(name)):
            stated = f"dates as {template.formats.dates[0]}"
            of = order_of(set(map(tidy, texts)))
            by_day = order is Order.DAY_FIRST
            if not (of.day_first if by_day else of.month_first):
                wrong = set(of.month_first if by_day else of.day_first)
        at = (
            next((i for i, t in enumerate(texts) if t in wrong or tidy(t) in wrong), None)
            if wrong
            else None
        )
        if at is not None:
            return (
                f"states {stated}, and row {source.rows[start + at]} has '{tidy(texts[at])}' in the"
                f" column '{name}'"
            )
    return _scaled(source, header, mapped)


_DATES = (FieldKind.DATE, FieldKind.DATE_TIME)


def _mapped_columns(
    header: HeaderMatch, template: Template, kind: TableKind
) -> dict[int, FieldKind]:
    """The kind of the field of each column that the template reads."""
    return {
        column: FIELDS[sheet][name].kind
        for sheet, name, expression in expressions(template, kind)
        if name in FIELDS[sheet]
        for names, _ in expression.columns()
        for column in header.columns_of(names)
    }


def _scaled(source: SourceTable, header: HeaderMatch, mapped: dict[int, FieldKind]) -> str:
    for column, kind in mapped.items():
        words = thousands(header.headers[column]) if kind is FieldKind.CENTS else ""
        if words:
            return f"takes amounts in full, and '{header.headers[column].strip()}' says '{words}'"
    return next(
        (
            f"takes amounts in full, and row {row} says '{title}'"
            for row, title in titles_above(source, header.last_row - header.row_count + 1)
            if thousands_in_title(title)
        ),
        "",
    )


_TITLES = 20  # rows


def titles_above(source: SourceTable, header: int) -> Iterator[tuple[int, str]]:
    """(row, text) of each cell above the header, whose first row is at the index ``header``."""
    for i in range(min(header, _TITLES)):
        for text in map(tidy, source.row_cells(i)):
            if text:
                yield source.rows[i], text


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
