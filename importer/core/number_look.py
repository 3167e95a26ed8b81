"""What a number format of a spreadsheet shows beside the digits of a number.

A format mark is what the readers keep of a cell's number format: ``%``, a currency (``€``, ``EUR``,
``$``), or the code of the format where it shows anything else: ``"INV-"0000``, ``0.00" Cr"``,
``0.0,,"m"``. Standard library only.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from importer.core.currencies import EXPONENTS
from importer.core.money import currencies_named

PERCENT = "%"
LONGEST_CODE = 255  # characters of a number format, Excel's limit
# "text", \\x, [$€-407], _x and *x (space and fill), [Red], then any other character.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]\-]*)[^\]]*\]|[_*].'
    r"|\[(?P<bracket>[^\]]*)\]|(?P<general>General)|(?P<bare>.)",
    re.DOTALL | re.IGNORECASE,
)
_PLACE = "0#?"
_COLOURS = re.compile("red|color", re.IGNORECASE)
# Currencies whose signs are letters, which no ISO code or sign of ``core.money`` is.
_LETTERS = {
    "R": "ZAR",
    "kr": "DKK ISK NOK SEK",
    "kr.": "DKK ISK NOK SEK",
    "Ft": "HUF",
    "Fr": "CHF XAF XOF XPF",
    "Rs": "INR LKR MUR NPR PKR SCR",
    "Kr": "DKK ISK NOK SEK",
    "Rs.": "INR LKR MUR NPR PKR SCR",
    "Fr.": "CHF XAF XOF XPF",
    "SFr": "CHF",
    "SFr.": "CHF",
    "lei": "RON MDL",
    "Lei": "RON MDL",
    "din.": "RSD",
    "KM": "BAM",
    "RM": "MYR",
    "Rp": "IDR",
    "S/": "PEN",
    "S/.": "PEN",
    "Bs": "BOB VES",
    "Bs.": "BOB VES",
    "NT$": "TWD",
    "MX$": "MXN",
    "лв": "BGN",
    "лв.": "BGN",
    "р.": "RUB BYN",
    "руб.": "RUB",
    "TL": "TRY",
    "KSh": "KES",
}
# Debit and credit, which give a number the sign that it does not have.
_SIGN_WORDS = frozenset("cr dr cr. dr. c d h s k- credit debit db kr. soll haben".split()) - {"kr."}


@dataclass(frozen=True)
class NumberLook:
    """How a number is shown. ``shown`` is the text, "" where that is unknown.

    ``unadorned``: nothing but the number, or its currency; ``changes_value``: what is shown is
    another number: of another sign, or scaled.
    """

    shown: str
    unadorned: bool
    changes_value: bool


def is_currency(text: str) -> bool:
    """Whether a literal of a number format is a currency's sign or code."""
    bare = text.strip()
    if not bare:
        return False
    if bare in _LETTERS or all(unicodedata.category(c) == "Sc" for c in bare):
        return True
    if len(bare) == 3 and bare.isascii() and bare.isalpha():
        return bare.upper() in EXPONENTS
    return bool(re.fullmatch(r"[A-Z]{1,3}\$", bare)) or bool(
        currencies_named(bare) and len(bare) <= 3 and not bare.isascii()
    )


def currencies_shown(mark: str) -> frozenset[str]:
    """The currencies that a format mark may mean; none where it shows none, or a bare ``$``."""
    if is_code(mark):
        return frozenset()
    letters = _LETTERS.get(mark.strip())
    return frozenset(letters.split()) if letters else currencies_named(mark) & EXPONENTS.keys()


@dataclass(frozen=True)
class _FormatSection:
    """A section of a format: literals and places, in their order."""

    parts: tuple[tuple[bool, str], ...]  # whether literal; the text
    is_red: bool
    percent: bool
    is_rendered: bool  # False: a fraction, a power of ten or a condition

    @property
    def literals(self) -> str:
        return "".join(text for literal, text in self.parts if literal)

    @property
    def places(self) -> str:
        return "".join(text for literal, text in self.parts if not literal)

    @property
    def scale(self) -> int:
        """How many times the number is divided by a thousand."""
        unit_places = (
            self.places.rstrip("0#?") if "." not in self.places else self.places.split(".")[0]
        )
        trailing = len(unit_places) - len(unit_places.rstrip(",")) if "." in self.places else 0
        return trailing + len(self.places) - len(self.places.rstrip(","))


@lru_cache(1000)
def _sections(code: str) -> tuple[_FormatSection, ...]:
    sections: list[_FormatSection] = []
    parts: list[tuple[bool, str]] = []
    red = percent = power = False
    rendered = True
    for match in [*_TOKEN.finditer(code[:LONGEST_CODE]), None]:
        bare = match["bare"] if match else ";"
        if match is None or bare == ";":
            sections.append(_FormatSection(tuple(parts), red, percent, rendered))
            parts, red, percent, rendered = [], False, False, True
            continue
        literal = match["quoted"] or match["escaped"] or match["currency"]
        if bare == "/" or (power and bare in ("+", "-")):
            rendered = False
        power = bare in ("E", "e")
        if match["bracket"]:
            red = red or bool(_COLOURS.match(match["bracket"]))
            if match["bracket"][0] in "<>=":
                parts.append((True, f"[{match['bracket']}]"))  # a condition: not understood
                rendered = False
        elif match["general"]:
            parts.append((False, "0"))
        elif literal:
            percent = percent or PERCENT in literal
            parts.append((True, literal))
        elif bare and (bare in _PLACE or bare in ".,"):
            parts.append((False, bare))
        elif bare:
            percent = percent or bare == PERCENT
            parts.append((True, bare))
    return tuple(sections)


def _words(section: _FormatSection) -> str:
    """The literals without what only separates them from the digits."""
    return " ".join(section.literals.split())


@lru_cache(4096)
def mark_of_code(code: str) -> str:
    """The format mark of a code, "" where it shows the number and nothing else."""
    sections = _sections(code)
    first = sections[0]
    if not any(not literal for literal, _ in first.parts) and "@" in first.literals:
        return ""  # text
    if first.percent:
        return PERCENT
    words = _words(first)
    hides_minus = len(sections) > 1 and not sections[1].is_red and not _has_minus(sections[1])
    adds = words and not (first.places and is_currency(words))
    if _has_inner(first) or first.scale or hides_minus or adds:
        return code[:LONGEST_CODE]
    return words


def _any_before(parts: tuple[tuple[bool, str], ...]) -> list[bool]:
    """For each part whether a place stands before it."""
    out, place = [], False
    for literal, _ in parts:
        out.append(place)
        place = place or not literal
    return out


def _has_minus(section: _FormatSection) -> bool:
    literals = section.literals
    return any(sign in literals for sign in "-−–(") or not section.places


def shows_nothing(code: str) -> bool:
    """Whether a code, as ``;;;`` or ``""``, displays no number above zero at all."""
    if code and not code.replace('"', "").strip():
        return True
    sections = _sections(code)
    return len(sections) > 1 and not sections[0].places and not sections[0].literals.strip()


def shows_units_only(code: str) -> bool:
    """Whether a code, as ``0`` or ``#,##0 €``, displays a number without its decimals."""
    first = _sections(code)[0]
    is_number = bool(first.places) and first.is_rendered and "general" not in code.casefold()
    return is_number and "." not in first.places and not first.percent and not first.scale


def is_code(mark: str) -> bool:
    """Whether a format mark is the code of a format, not a currency or a percent sign."""
    return any(place in mark for place in "0#?") or '"' in mark


@lru_cache(4096)
def look_of(mark: str, text: str) -> NumberLook:
    """How a format mark that is a code shows a number, given by its digits."""
    sections = _sections(mark)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return NumberLook("", False, True)
    negative = number < 0
    section = sections[1] if negative and len(sections) > 1 else sections[0]
    if not number:
        return NumberLook(text, True, False)
    minus = negative and len(sections) == 1
    words = _words(section)
    shown = _rendered(section, abs(number), minus=minus) if section.is_rendered else ""
    signs = [c for c in words if c in "-−–()+"]
    signed = _sign_shown(section, words)
    other_sign = signed != negative if not minus else signed
    if negative and len(sections) > 1 and section.is_red:
        other_sign = False
    bare = words.strip("-−–()+ ")
    changes = bool(
        section.scale
        or section.percent
        or other_sign
        or "[" in words
        or not section.places
        or bare.casefold() in _SIGN_WORDS
    )
    inner = _has_inner(section)
    unadorned = (
        not changes and not inner and (not bare or is_currency(bare)) and (negative or not signs)
    )
    return NumberLook(shown, unadorned, changes)


def _has_inner(section: _FormatSection) -> bool:
    """Whether literals stand between the digits, as in 00-000."""
    before, after = _any_before(section.parts), _any_before(section.parts[::-1])[::-1]
    return any(
        literal and text.strip() and is_after and is_before
        for (literal, text), is_after, is_before in zip(section.parts, before, after, strict=True)
    )


def _sign_shown(section: _FormatSection, words: str) -> bool:
    """Whether a section shows a minus around the number: a dash or brackets."""
    first = next((i for i, (literal, _) in enumerate(section.parts) if not literal), 0)
    last = max((i for i, (literal, _) in enumerate(section.parts) if not literal), default=0)
    around = "".join(text for i, (literal, text) in enumerate(section.parts)
                     if literal and not first < i < last)  # fmt: skip
    dashes = around.strip().startswith(("-", "−", "–")) or around.strip().endswith(("-", "−"))
    if any(c.isalpha() for c in words) and not around.strip().startswith(("-", "−", "(")):
        dashes = False  # the dash of INV-
    return dashes or ("(" in around and ")" in around)


def _rendered(section: _FormatSection, number: Decimal, *, minus: bool) -> str:
    """The number as the section shows it."""
    places = section.places.replace(",", "")
    unit_places, _, fraction = places.partition(".")
    number = number.scaleb(-3 * section.scale) * (100 if section.percent else 1)
    digits = f"{number:.{len(fraction)}f}" if fraction or section.scale else f"{number:f}"
    units, _, rest = digits.partition(".")
    units = units.zfill(unit_places.count("0"))
    if rest and not fraction:
        units, rest = f"{units}.{rest}", ""
    if "," in section.places.strip(",") and not section.scale:
        units = f"{int(units):,}" if units.isdecimal() else units
    out, left, unit_places_count = list[str](), units, len(unit_places)
    place_number = 0
    in_fraction = False
    for literal, text in section.parts:
        if literal:
            out.append(text)
        elif text == ".":
            out.append(f".{rest}")
            in_fraction = True
        elif text == "," or in_fraction:
            continue
        else:
            place_number += 1
            remaining = unit_places_count - place_number
            take = len(left) - remaining
            if take > 0:
                out.append(left[:take])
                left = left[take:]
    return ("-" if minus else "") + "".join(out).strip()
