"""Money as people write it, read exactly. Never a float.

Pure functions on text. A function that cannot read a value with certainty says why instead of
guessing. Standard library only.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
_DIGITS = 60  # before and after the decimal sign; the product of two such numbers is exact

_SPACES = "\u0020\u00a0\u2007\u2009\u202f\t\r\n"
MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2014": "-", "\u2012": "-"})
_PLAIN_INTEGER = re.compile(r"[+-]?[0-9]+")
_PLAIN_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
# Currency signs, with the currencies that they may mean. The bare dollar sign means none: many
# countries have one, and exports put it before any currency.
_SIGNS = {
    "£": "GBP FKP GIP SHP EGP LBP SDG SSP SYP",
    "€": "EUR",
    "¥": "JPY CNY",
    "₹": "INR",
    "₩": "KRW KPW",
    "₽": "RUB",
    "₺": "TRY",
    "₫": "VND",
    "₴": "UAH",
    "₦": "NGN",
    "₱": "PHP",
    "₪": "ILS",
    "฿": "THB",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "HK$": "HKD",
    "NZ$": "NZD",
    "S$": "SGD",
    "SG$": "SGD",
    "R$": "BRL",
    "kr": "DKK ISK NOK SEK",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "Fr": "CHF XAF XOF XPF",
    "Rs": "INR LKR MUR NPR PKR SCR",
}
_DOLLARS = "|".join(sign[:-1] for sign in _SIGNS if sign.endswith("$"))
_SHORT = "|".join(sign for sign in _SIGNS if sign.isalpha())
_CURRENCY = (
    rf"(?:(?:{_DOLLARS})?[$]|[£€¥₹₩₽₺₫₴₦₱₪฿]|[A-Z]{{3}}(?![A-Za-z])|(?:{_SHORT})(?![A-Za-z])\.?)"
)
_CURRENCY_BEFORE = re.compile(rf"(?P<sign>[+-]?)[{_SPACES}]*{_CURRENCY}(?P<rest>.*)", re.DOTALL)
_CURRENCY_AFTER = re.compile(
    rf"(?P<rest>.*?(?<![A-Za-z])){_CURRENCY}[{_SPACES}]*(?P<sign>-?)", re.DOTALL
)
# The letters of an amount are those of one currency.
_LIKE_AN_AMOUNT = re.compile(rf"[^A-Za-z]*(?:{_CURRENCY})?[^A-Za-z]*")
_LONGEST = 1_000  # characters of an amount: patterns take long on what is none
_GROUP = r"[ \u00a0\u2007\u2009\u202f'’]"
_GROUPED = re.compile(
    rf"[+-]?[0-9]{{1,3}}(?:[.,]|{_GROUP})[0-9]{{3}}(?:(?:[.,]|{_GROUP})[0-9]{{3}})*"
)
_WITH_DECIMALS = re.compile(rf"[+-]?(?:[0-9]|[.,]|{_GROUP})*[0-9][.,][0-9]*")
_NO_DIGIT = re.compile("[^0-9]")
_BY_MARK = {
    mark: re.compile(
        rf"(?P<whole>[0-9]+|[1-9][0-9]{{0,2}}(?:{other}[0-9]{{3}})+"
        rf"|[1-9][0-9]{{0,2}}(?:{_GROUP}[0-9]{{3}})+{lakhs})?"
        rf"(?:{re.escape(mark)}(?P<part>[0-9]*))?"
    )
    # India groups by two digits above the thousands: 1,23,45,678.90
    for mark, other, lakhs in (
        (".", ",", "|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"),
        (",", r"\.", ""),
    )
}
_DASH_FOR_CENTS = re.compile(r"(?P<whole>.*[0-9])(?P<mark>[.,])-{1,2}", re.DOTALL)


class Numbers(StrEnum):
    """Which sign separates the decimals."""

    POINT = "point"
    COMMA = "comma"


_MARKS = tuple(Numbers)  # quicker to loop over than an enumeration

# Amounts of whole cents that can be read in one way only; for Python and for RE2.
SIMPLE_NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?"  # a number cell of a workbook
SIMPLE_AMOUNTS = {
    numbers: rf"-?(?:[0-9]{{1,15}}|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}}){{1,4}})"
    rf"(?:{mark}[0-9]{{1,2}})?"
    for numbers, mark, group in ((Numbers.POINT, r"\.", ","), (Numbers.COMMA, ",", r"\."))
}
_SIMPLE = {
    numbers: re.compile(rf"(-?[0-9]{{1,15}})(?:{mark}([0-9]{{1,15}}))?")
    for numbers, mark in ((Numbers.POINT, r"\."), (Numbers.COMMA, ","))
}


class UnreadableAmount(StrEnum):
    """Why an amount cannot be read with certainty."""

    NOT_A_NUMBER = "it is not a number"
    DECIMALS = "it has decimals"
    EXPONENT = "it is written with an exponent"
    SEPARATORS = "it has thousands separators"
    CURRENCY_SIGN = "it has a currency sign"
    TOO_PRECISE = "it has more decimals than the currency"
    TOO_LARGE = "it is too large"


def tidy(text: str) -> str:
    """The text without spaces around it, of whatever width, and without invisible marks."""
    return text.strip().strip("\ufeff\u200b\u2060").strip()


def _ascii_minus(text: str) -> str:
    """With the minus sign of ASCII for others; of what is too long for an amount only the first."""
    if text.isascii():
        return text
    if len(text) > _LONGEST:
        return text[:1].translate(MINUS) + text[1:]
    return text.translate(MINUS)


def read_cents(text: str) -> int | UnreadableAmount:
    """Integer cents, as ``100000``; everything else is refused with its reason.

    Source: Light's amounts are int64 cents.
    """
    bare = _ascii_minus(tidy(text))
    if _PLAIN_INTEGER.fullmatch(bare):
        # int() refuses thousands of digits; no int64 has more than 19
        digits = bare.lstrip("+-0") or "0"
        value = int(digits) if len(digits) <= 19 else INT64_MAX + 2
        value = -value if bare[0] == "-" else value
        return value if INT64_MIN <= value <= INT64_MAX else UnreadableAmount.TOO_LARGE
    if len(bare) > _LONGEST:
        return UnreadableAmount.NOT_A_NUMBER
    if _EXPONENT.fullmatch(bare):
        return UnreadableAmount.EXPONENT
    if _CURRENCY_BEFORE.fullmatch(bare) or _CURRENCY_AFTER.fullmatch(bare):
        return (
            UnreadableAmount.CURRENCY_SIGN
            if re.search("[0-9]", bare)
            else UnreadableAmount.NOT_A_NUMBER
        )
    if _GROUPED.fullmatch(bare):
        return UnreadableAmount.SEPARATORS
    if _WITH_DECIMALS.fullmatch(bare):
        return UnreadableAmount.DECIMALS
    return UnreadableAmount.NOT_A_NUMBER


def read_decimal(text: str, numbers: Numbers) -> Decimal | UnreadableAmount:
    """A number as people write it: ``-1,101,643.43``, ``(1 234.50)``, ``£12``, ``12.50-``, ``-``.

    A lone dash, with or without a currency sign, is the accountant's zero, and ``12,-`` is twelve
    without cents. Groups must be of three digits (or India's), so that ``1,00`` is never read as a
    hundred.
    """
    simple = _SIMPLE[numbers].fullmatch(text)
    if simple:  # most of a long column
        return Decimal(f"{simple[1]}.{simple[2] or 0}")
    bare = _ascii_minus(tidy(text))
    if len(bare) > _LONGEST:
        digits = bare.lstrip("+-")
        return UnreadableAmount.TOO_LARGE if digits.isdecimal() else UnreadableAmount.NOT_A_NUMBER
    if _EXPONENT.fullmatch(bare):
        return UnreadableAmount.EXPONENT
    if not _LIKE_AN_AMOUNT.fullmatch(bare):  # rules out most texts that are none
        return UnreadableAmount.NOT_A_NUMBER
    bracketed, bare = _without_brackets(bare)
    for currency in (_CURRENCY_BEFORE, _CURRENCY_AFTER):
        if match := currency.fullmatch(bare):
            rest = tidy(match["rest"])
            bare = match["sign"] + rest if currency is _CURRENCY_BEFORE else rest + match["sign"]
            break
    if not bracketed:  # £(12.50) as well as (£12.50)
        bracketed, bare = _without_brackets(bare)
    negative = bracketed
    if bracketed and ("-" in bare or "+" in bare):
        return UnreadableAmount.NOT_A_NUMBER
    if bare == "-":
        return Decimal(0)
    mark = "." if numbers is Numbers.POINT else ","
    if match := _DASH_FOR_CENTS.fullmatch(bare):
        if match["mark"] != mark or mark in match["whole"]:
            return UnreadableAmount.NOT_A_NUMBER
        bare = match["whole"]
    if bare.startswith(("-", "+")):
        negative, bare = negative or bare[0] == "-", tidy(bare[1:])
    elif bare.endswith("-"):
        negative, bare = True, tidy(bare[:-1])
    match = _BY_MARK[mark].fullmatch(bare)
    if not match or not (match["whole"] or match["part"]):
        return UnreadableAmount.NOT_A_NUMBER
    units, fraction = _NO_DIGIT.sub("", match["whole"] or "0"), match["part"] or "0"
    if len(units) > _DIGITS or len(fraction) > _DIGITS:
        return UnreadableAmount.TOO_LARGE
    value = Decimal(f"{units}.{fraction}")
    return value.copy_negate() if negative else value


def _without_brackets(bare: str) -> tuple[bool, str]:
    """Whether the text is in brackets, as accountants write a minus, and its contents."""
    if bare.startswith("(") and bare.endswith(")"):
        return True, tidy(bare[1:-1])
    return False, bare


_NAMED = re.compile(rf"(?:{_DOLLARS})[$]|[£€¥₹₩₽₺₫₴₦₱₪฿]|[A-Z]{{3}}|{_SHORT}")


def currencies_named(text: str) -> frozenset[str]:
    """The currencies that an amount's sign or letters may mean; none where it has none."""
    match = _NAMED.search(text[:_LONGEST])
    return frozenset(_SIGNS.get(match[0], match[0]).split()) if match else frozenset()


# Whose amounts a bare $ may stand before.
DOLLARS = frozenset(
    "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU BRL JMD BBD TTD BSD BZD BMD FJD GYD KYD LRD"
    " NAD SBD SRD XCD BND DOP NIO CUP CVE MOP TOP".split()
)
_MAIN = {currencies_named("£"): "GBP"}  # the others that have it write their own name, too


def currency_marked(text: str) -> str:
    """The one currency that an amount's sign or letters stand for; "" where there are several, or
    none. The pound sign is taken for sterling."""
    named = currencies_named(text)
    return next(iter(named)) if len(named) == 1 else _MAIN.get(named, "")


def read_number_cell(text: str) -> Decimal | UnreadableAmount:
    """A number cell of a workbook: digits, at most one point, whatever the country.

    Without the residue of binary fractions: ``28492.100000000002`` is 28492.1, as Excel shows it.
    """
    bare = tidy(text)
    if _PLAIN_DECIMAL.fullmatch(bare):
        return (
            _without_residue(Decimal(bare)) if len(bare) <= _DIGITS else UnreadableAmount.TOO_LARGE
        )
    return UnreadableAmount.EXPONENT if _EXPONENT.fullmatch(bare) else UnreadableAmount.NOT_A_NUMBER


_SHOWN = decimal.Context(prec=15, rounding=ROUND_HALF_UP)  # the digits that Excel shows
_MOST_RESIDUE = Decimal("0.0005")
_MOST_DECIMALS = 4  # of what is left without the residue: prices have as many


def _without_residue(value: Decimal) -> Decimal:
    """The number at Excel's 15 digits, where that has few decimals and is as good as the same."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or exponent >= -2 or len(digits) <= 15:
        return value
    shown = _SHOWN.plus(value)
    if abs(shown - value) > _MOST_RESIDUE:
        return value
    few = shown.quantize(Decimal(1).scaleb(-_MOST_DECIMALS))
    return few if few == shown else value


def has_residue(text: str) -> bool:
    """Whether a number cell is read without the residue of binary fractions in it."""
    bare = tidy(text)
    read = read_number_cell(bare)
    return not isinstance(read, UnreadableAmount) and read != Decimal(bare)


def to_cents(
    value: Decimal | UnreadableAmount, cents_per_unit: int = 100
) -> int | UnreadableAmount:
    """Major units as exact cents; more decimals than cents can hold are refused."""
    if isinstance(value, UnreadableAmount):
        return value
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return UnreadableAmount.NOT_A_NUMBER
    scaled = int("".join(map(str, digits))) * cents_per_unit
    cents, rest = divmod(scaled, 10**-exponent) if exponent < 0 else (scaled * 10**exponent, 0)
    if rest:
        return UnreadableAmount.TOO_PRECISE
    cents = -cents if sign else cents
    return cents if INT64_MIN <= cents <= INT64_MAX else UnreadableAmount.TOO_LARGE


ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}


def product_cents(
    left: Decimal, right: Decimal, rounding: str | None, cents_per_unit: int = 100
) -> int | UnreadableAmount:
    """``left × right`` major units in whole cents, rounded as ``ROUNDINGS`` says.

    Without a rounding a product that is not whole cents is TOO_PRECISE.
    """
    ((cents, exact),) = products_cents([(left, right, cents_per_unit)], rounding)
    return cents if exact or rounding else UnreadableAmount.TOO_PRECISE


def products_cents(
    factors: Iterable[tuple[Decimal, Decimal, int]], rounding: str | None
) -> list[tuple[int | UnreadableAmount, bool]]:
    """Of each (left, right, cents per unit) the whole cents, and whether they are exact."""
    out: list[tuple[int | UnreadableAmount, bool]] = []
    how, one = ROUNDINGS[rounding or "down"], Decimal(1)
    with decimal.localcontext() as context:
        context.prec = 500
        for left, right, unit in factors:
            exact = left * right * unit
            rounded = exact.quantize(one, how)
            cents = int(rounded)
            fits = INT64_MIN <= cents <= INT64_MAX
            out.append((cents if fits else UnreadableAmount.TOO_LARGE, rounded == exact))
    return out


def numbers_of(texts: Iterable[str]) -> tuple[Numbers | None, list[str], list[str]]:
    """Which decimal mark a whole column uses, with the texts that prove the point and the comma.

    A text proves a mark where it can be read with that mark only; one that cannot be read at all
    proves nothing. None where both are proven, or where only values such as ``1.234`` occur, which
    are a thousand and more in one country and one and a bit in another. A column of whole numbers
    is POINT.
    """
    point: list[str] = []
    comma: list[str] = []
    doubtful, simple = False, re.compile(SIMPLE_NUMBER)
    for text in texts:
        if "." not in text and "," not in text:
            continue
        if "." in text and simple.fullmatch(text):
            point.append(text)
            continue
        readings = [read_decimal(text, numbers) for numbers in _MARKS]
        by_point, by_comma = (not isinstance(reading, UnreadableAmount) for reading in readings)
        if by_point and by_comma:
            doubtful = doubtful or readings[0] != readings[1]
        elif by_point:
            point.append(text)
        elif by_comma:
            comma.append(text)
    if point and comma:
        return None, point, comma
    if point or comma:
        return (Numbers.POINT if point else Numbers.COMMA), point, comma
    return (None if doubtful else Numbers.POINT), [], []


def readings_of(text: str) -> set[Decimal]:
    """What the text may mean, with a decimal point and with a decimal comma; none, one or two."""
    readings = (read_decimal(text, numbers) for numbers in _MARKS)
    return {reading for reading in readings if isinstance(reading, Decimal)}


def two_readings(text: str) -> bool:
    """Whether the text is one amount with a decimal point and another with a decimal comma."""
    return len(readings_of(text)) == 2


def money(cents: int, cents_per_unit: int = 100) -> str:
    """``-1,234.56`` for -123456, exactly; ``-123,456`` where a unit is one cent, as yen may be."""
    units, fraction = divmod(abs(cents), cents_per_unit)
    digits = len(str(cents_per_unit)) - 1  # it is a power of ten
    return f"{'-' if cents < 0 else ''}{units:,}" + (f".{fraction:0{digits}d}" if digits else "")
