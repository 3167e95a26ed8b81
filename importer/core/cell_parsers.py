"""Cell parsers: the text of a cell → its value, or the problem with it.

A parser takes the tidied text of a cell that is not blank and returns ``(value, problem)``, where
``problem`` is the ending of a finding's code, "" for none. Each distinct text of a column is parsed
once.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

from importer.core import dates
from importer.core.currencies import EXPONENTS
from importer.core.money import (
    Numbers,
    UnreadableAmount,
    has_residue,
    read_cents,
    read_decimal,
    read_number_cell,
    to_cents,
)

CellParser = Callable[[str], tuple[Any, str]]

_HEX32 = re.compile(r"[0-9a-fA-F]{32}")
_DASHED = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_QUOTED = re.compile(r'="([^"]+)"')  # how a CSV keeps Excel from changing a code
# A code that Excel has changed; in the syntax that Python and RE2 share.
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# A number that went through a program which keeps numbers with a decimal: 2253.0; and 2-3, which
# Excel has taken for a date.
MANGLED_NAME = rf"[1-9][0-9]*\.0|[0-9]{{1,2}}-{_MONTH}"
MANGLED_CODE = (
    rf"{MANGLED_NAME}|[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+"
    # as Excel shows 20/12/11 and 12-11 once it has taken them for dates
    rf"|(?:[0-9]{{1,2}}-)?{_MONTH}-[0-9]{{2}}"
)
DESTROYED = "\ufffd"  # what stands for a letter that a program could not write
_MANGLED = re.compile(MANGLED_CODE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_CONTROL_OR_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_RATE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,20})?")  # Excel's own quotients have 17 digits
# Yes and no as people and spreadsheets write them, in the languages of the known exports.
TRUE_WORDS = frozenset("true yes y 1 x ja wahr oui vrai sí si verdadero sì vero".split())
FALSE_WORDS = frozenset("false no n 0 nein falsch non faux falso".split())
# As Excel shows errors, in English and as stored by the file formats, and in other languages.
ERRORS = frozenset(
    """
    #NULL! #DIV/0! #VALUE! #REF! #NAME? #NUM! #N/A #GETTING_DATA #SPILL! #CALC! #FIELD! #BLOCKED!
    #CONNECT! #UNKNOWN! #EXTERNAL! #BUSY! #PYTHON! #NV #BEZUG! #WERT! #ZAHL! #VALEUR! #NOM?
    #NOMBRE! #N/D #¡REF! #¡VALOR! #¡DIV/0! #¿NOMBRE? #¡NUM! #WAARDE! #VERW! #NAAM? #GETAL!
    """.split()
)
_LIBRE_ERROR = re.compile(r"Err:[0-9]{3}|#{3,}")  # ##### is a column too narrow for its value
_WORD_ERROR = re.compile(r"#[A-Z][A-Z0-9_/]*[!?]")
ERROR_STARTS = ("#", "Err:")  # one of which every error has


def is_error(text: str) -> bool:
    """Whether a text is an error of a spreadsheet."""
    return text in ERRORS or _LIBRE_ERROR.fullmatch(text) is not None


def is_formula_error(text: str) -> bool:
    """Whether the result of a formula is an error: any ``#WORD!``, where a text might mean it."""
    return text in ERRORS or _WORD_ERROR.fullmatch(text) is not None


def parse_uuid(text: str) -> tuple[Any, str]:
    """Any case, braces and ``urn:uuid:`` are accepted; the value is lower case with hyphens."""
    bare = text[9:] if text[:9].lower() == "urn:uuid:" else text
    if bare.startswith("{") and bare.endswith("}"):
        bare = bare[1:-1]
    if not (_DASHED.fullmatch(bare) or _HEX32.fullmatch(bare)):
        return None, "not_uuid"
    return str(uuid.UUID(bare)), ""


def parse_currency(text: str) -> tuple[Any, str]:
    code = text.upper() if text.isascii() else ""
    return (code, "") if code in EXPONENTS else (None, "not_currency")


def parse_boolean(text: str) -> tuple[Any, str]:
    word = unicodedata.normalize("NFC", text).casefold()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS, ""
    return None, "not_boolean"


def parse_rate(text: str) -> tuple[Any, str]:
    if _RATE.fullmatch(text) and Decimal(text) > 0:
        return Decimal(text), ""
    return None, "not_rate"


def parse_integer(text: str) -> tuple[Any, str]:
    return (int(text), "") if re.fullmatch(r"[0-9]{1,9}", text) else (None, "not_integer")


def text_parser(max_length: int, *, code: bool = False, breaks: bool = False) -> CellParser:
    """Texts; ``code`` for those that Excel likes to change, ``breaks`` where lines may break."""

    def parse(text: str) -> tuple[Any, str]:
        text = unquoted(text) if code else text
        if code and is_mangled(text):
            return None, "mangled"
        if len(text) > max_length:
            return None, "too_long"
        if unprintable_in(text, breaks=breaks):
            return None, "control_characters"
        return text, ""

    return parse


def unquoted(text: str) -> str:
    """A code without the quotes, as in ``="00123"``, that keep Excel from changing it."""
    quoted = _QUOTED.fullmatch(text)
    return quoted[1].strip() if quoted else text


def is_mangled(text: str) -> bool:
    """Whether a code is no longer as it was typed: ``1.23E+15``, ``Jan-05``."""
    return _MANGLED.fullmatch(text) is not None


def unprintable_in(text: str, *, breaks: bool) -> str:
    """The first character that cannot be sent to Light, "" for none."""
    match = (_CONTROL if breaks else _CONTROL_OR_BREAK).search(text)
    return match[0] if match else ""


def choice_parser(choices: Collection[str]) -> CellParser:
    by_key = {choice.casefold(): choice for choice in choices}

    def parse(text: str) -> tuple[Any, str]:
        choice = by_key.get(text.casefold())
        return (choice, "") if choice else (None, "not_one_of")

    return parse


def cents_parser(
    decimal: bool, numbers: Numbers, cents_per_unit: int = 100, *, number_cell: bool
) -> CellParser:
    """Integer cents, or decimal major units; ``number_cell``: from number cells of a workbook."""

    def parse(text: str) -> tuple[Any, str]:
        if decimal:
            number = read_number_cell(text) if number_cell else read_decimal(text, numbers)
            value = to_cents(number, cents_per_unit)
        elif number_cell and has_residue(text):
            value = to_cents(read_number_cell(text), cents_per_unit=1)
        else:
            value = read_cents(text)
        if value is UnreadableAmount.TOO_LARGE:
            return None, "out_of_range"
        if isinstance(value, UnreadableAmount):
            return None, "not_amount" if decimal else "not_cents"
        return value, ""

    return parse


def factor_parser(numbers: Numbers, *, number_cell: bool) -> CellParser:
    """Quantities and unit prices: decimals of any precision."""

    def parse(text: str) -> tuple[Any, str]:
        value = read_number_cell(text) if number_cell else read_decimal(text, numbers)
        return (None, "not_number") if isinstance(value, UnreadableAmount) else (value, "")

    return parse


def date_parser(formats: list[str], order: dates.Order | None) -> CellParser:
    read_date = dates.reader(formats, order)

    def parse(text: str) -> tuple[Any, str]:
        value = read_date(text)
        return (None, "not_date") if value is None else (value, "")

    return parse


def date_time_parser(formats: list[str], order: dates.Order | None) -> CellParser:
    read_date = dates.reader(formats, order)

    def parse(text: str) -> tuple[Any, str]:
        value = dates.read_date_time(text, read_date)
        return (None, "not_date_time") if value is None else (value, "")

    return parse
