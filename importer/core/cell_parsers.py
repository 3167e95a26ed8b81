"""What may stand in one cell: text → value, or the problem with it.

Each reader takes the tidied text of a cell that is not blank and gives ``(value, problem)``, where
``problem`` is the ending of a finding's code, "" for none. It is called once for each distinct
text of a column.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from importer.core import dates
from importer.core.currencies import EXPONENTS
from importer.core.money import (
    Numbers,
    UnreadableAmount,
    read_cents,
    read_decimal,
    read_plain,
    tidy,
    to_cents,
)
from importer.model.fields import Field, FieldKind
from importer.model.tables import CellKind

Read = Callable[[str], tuple[Any, str]]

_HEX32 = re.compile(r"[0-9a-fA-F]{32}")
_DASHED = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_QUOTED = re.compile(r'="([^"]+)"')  # how a CSV keeps Excel from changing a code
_MANGLED = re.compile(
    r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+"
    # as Excel shows 20/12/11 and 12-11 once it has taken them for dates
    r"|(?:[0-9]{1,2}-)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{2}"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_CONTROL_IN_CODE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_RATE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,20})?")  # Excel's own quotients have 17 digits
# As people and their spreadsheets say yes and no, in the languages of the exports there are.
_TRUE = frozenset("true yes y 1 x ja wahr oui vrai sí si verdadero sì vero".split())
_FALSE = frozenset("false no n 0 nein falsch non faux falso".split())
# As Excel shows errors, in English and as stored by the file formats, and in other languages.
ERRORS = frozenset(
    """
    #NULL! #DIV/0! #VALUE! #REF! #NAME? #NUM! #N/A #GETTING_DATA #SPILL! #CALC! #FIELD! #BLOCKED!
    #CONNECT! #UNKNOWN! #EXTERNAL! #BUSY! #PYTHON! #NV #BEZUG! #WERT! #ZAHL! #VALEUR! #NOM?
    #NOMBRE! #N/D #¡REF! #¡VALOR! #¡DIV/0! #¿NOMBRE? #¡NUM! #WAARDE! #VERW! #NAAM? #GETAL!
    """.split()
)


def read_uuid(text: str) -> tuple[Any, str]:
    """Any case, braces and ``urn:uuid:`` are accepted; the value is lower case with hyphens."""
    bare = text[9:] if text[:9].lower() == "urn:uuid:" else text
    if bare.startswith("{") and bare.endswith("}"):
        bare = bare[1:-1]
    if not (_DASHED.fullmatch(bare) or _HEX32.fullmatch(bare)):
        return None, "not_uuid"
    return str(uuid.UUID(bare)), ""


def _read_currency(text: str) -> tuple[Any, str]:
    code = text.upper() if text.isascii() else ""
    return (code, "") if code in EXPONENTS else (None, "not_currency")


def _read_boolean(text: str) -> tuple[Any, str]:
    word = unicodedata.normalize("NFC", text).casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE, ""
    return None, "not_boolean"


def _read_rate(text: str) -> tuple[Any, str]:
    if _RATE.fullmatch(text) and Decimal(text) > 0:
        return Decimal(text), ""
    return None, "not_rate"


def _read_integer(text: str) -> tuple[Any, str]:
    return (int(text), "") if re.fullmatch(r"[0-9]{1,9}", text) else (None, "not_integer")


def _read_words(field: Field) -> Read:
    code = field.kind is FieldKind.CODE
    control = _CONTROL_IN_CODE if field.kind is not FieldKind.TEXT else _CONTROL

    def read(text: str) -> tuple[Any, str]:
        if code and (quoted := _QUOTED.fullmatch(text)):
            text = quoted[1].strip()
        if code and _MANGLED.fullmatch(text):
            return None, "mangled"
        if len(text) > field.max_length:
            return None, "too_long"
        if control.search(text):
            return None, "control_characters"
        return text, ""

    return read


def like_mangled(text: str, kind: CellKind) -> bool:
    """Whether Excel has made something else of a code: a date, a boolean, a number that was cut.

    A number cell keeps 15 digits, and no zeros behind the point.
    """
    if kind is CellKind.NUMBER:
        return len(text) > 15 or "." in text or _MANGLED.fullmatch(text) is not None
    if kind is CellKind.TEXT:
        return _MANGLED.fullmatch(tidy(text)) is not None
    return kind in (CellKind.DATE, CellKind.BOOLEAN)


def _read_choice(field: Field) -> Read:
    def read(text: str) -> tuple[Any, str]:
        word = text.casefold()
        return (word, "") if word in field.choices else (None, "not_one_of")

    return read


def cents_reader(
    decimal: bool, numbers: Numbers, cents_per_unit: int = 100, *, plain: bool
) -> Read:
    """Amounts: integer cents, or decimal major units. ``plain`` for number cells of a workbook."""
    if not decimal:
        bad = "not_cents"

        def value_of(text: str) -> int | UnreadableAmount:
            return read_cents(text)
    else:
        bad = "not_amount"

        def value_of(text: str) -> int | UnreadableAmount:
            number = read_plain(text) if plain else read_decimal(text, numbers)
            return to_cents(number, cents_per_unit)

    def read(text: str) -> tuple[Any, str]:
        value = value_of(text)
        if value is UnreadableAmount.TOO_LARGE:
            return None, "out_of_range"
        return (None, bad) if isinstance(value, UnreadableAmount) else (value, "")

    return read


def factor_reader(numbers: Numbers, *, plain: bool) -> Read:
    """Quantities and unit prices: decimals of any precision."""

    def read(text: str) -> tuple[Any, str]:
        value = read_plain(text) if plain else read_decimal(text, numbers)
        return (None, "not_number") if isinstance(value, UnreadableAmount) else (value, "")

    return read


def date_reader(formats: list[str], order: dates.Order | None) -> Read:
    read_date = dates.reader(formats, order)

    def read(text: str) -> tuple[Any, str]:
        value = read_date(text)
        return (None, "not_date") if value is None else (value, "")

    return read


def date_time_reader(formats: list[str], order: dates.Order | None) -> Read:
    read_date = dates.reader(formats, order)

    def read(text: str) -> tuple[Any, str]:
        value = dates.read_date_time(text, read_date)
        return (None, "not_date_time") if value is None else (value, "")

    return read


def simple_reader(field: Field) -> Read:
    """The reader of a field whose cells say all by themselves (not amounts, not dates)."""
    fixed: dict[FieldKind, Read] = {
        FieldKind.UUID: read_uuid,
        FieldKind.CURRENCY: _read_currency,
        FieldKind.BOOLEAN: _read_boolean,
        FieldKind.RATE: _read_rate,
        FieldKind.INTEGER: _read_integer,
    }
    if field.kind in fixed:
        return fixed[field.kind]
    return _read_choice(field) if field.kind is FieldKind.CHOICE else _read_words(field)
