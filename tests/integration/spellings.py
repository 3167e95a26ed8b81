"""Cells in many spellings, each with what it means: a table by hand, which reads nothing itself."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

# Around a cell these are nothing, whatever their width; a cell of nothing else is blank.
SPACES = (" ", "\u00a0", "\t", "\u2009", "\u3000", "\u2028", "\x1f", "\x85", "\ufeff", "\u200b",
          " \u2060 ", "\u200b ", " \ufeff")  # fmt: skip


def bare(text: str) -> str:
    return text.strip().strip("\ufeff\u200b\u2060").strip()


@dataclass(frozen=True)
class Cell:
    """``text`` as written; ``value`` is None and ``problem`` "" where blank.

    Of a number ``point`` and ``comma`` are its readings with either decimal mark, of a date ``day``
    and ``month`` those with either first; None where there is none. ``names`` are the currencies
    that an amount may name.
    """

    text: str
    value: Any = None
    problem: str = ""
    point: Decimal | None = None
    comma: Decimal | None = None
    day: date | None = None
    month: date | None = None
    form: str = ""  # of a date
    names: frozenset[str] = frozenset()

    @property
    def bare(self) -> str:
        return bare(self.text)

    @property
    def blank(self) -> bool:
        return not bare(self.text)

    @property
    def ok(self) -> bool:
        return not self.blank and not self.problem


def spaced(chance: random.Random, cell: Cell) -> Cell:
    return replace(cell, text=chance.choice(SPACES) + cell.text + chance.choice(("", *SPACES)))


BLANK = Cell("")
ERROR_CELLS = [Cell(t, problem="error_cell") for t in ("#REF!", "#N/A", "#DIV/0!", "Err:502", "###",
                                                       "#BEZUG!")]  # fmt: skip


def good(*pairs: tuple[str, Any] | str) -> list[Cell]:
    return [Cell(p, p) if isinstance(p, str) else Cell(*p) for p in pairs]


def bad(problem: str, *texts: str) -> list[Cell]:
    return [Cell(text, None, problem) for text in texts]


# --- ids, codes, names, texts -----------------------------------------------------------------

IDS = [f"{k}a8b9c0d-1e2f-4a3b-8c4d-{k}e6f7a8b9c0d" for k in "1234"]


def uuids(text: str) -> list[Cell]:
    """The same id in its spellings."""
    plain = text.replace("-", "")
    forms = (text.upper(), plain, plain.upper(), f"{{{text}}}", f"urn:uuid:{text}",
             f"URN:UUID:{{{text.upper()}}}", text[:9] + text[9:].upper())  # fmt: skip
    return [Cell(form, text) for form in forms]


BAD_UUIDS = bad(
    "not_uuid", "V1", IDS[0][:-1], IDS[0] + "0", IDS[0].replace("-", " "), IDS[0][:-1] + "g",
    IDS[0].replace("-", "", 1), "{" + IDS[0], IDS[0].replace("a", "а"), "#1",
)  # fmt: skip
ODD_CODES = good(
    ('="00123"', "00123"), ('="007 "', "007"), "=A1", "=SUM(A1:A2)", "é-1", "№ 12",
    "Nov-2025", "1.5E15", "1E5", "E+5", "#1", "Err:1", "Err:nope", "####x", "A\u200bB", "A\u00a0B",
    ("x" * 255, "x" * 255), ("é" * 255, "é" * 255), "😀-9", "00012", "\u0661\u0662",
)  # fmt: skip
BAD_CODES = [
    *bad("mangled", "2253.0", "12-Nov", "1.5E+15", "1,23E+10", "1E+05", "12-Nov-20", "Jan-25",
         "2e+3"),
    *bad("destroyed_letters", "A\ufffd1"),
    *bad("too_long", "x" * 256, "é" * 256),
    *bad("control_characters", "A\x07B", "A\nB", "A\tB", "A\x85B", "A\u2028B",
         "A\ufffeB", "A\x7fB"),
    *ERROR_CELLS,
]  # fmt: skip
ODD_NAMES = good("#1 Plumbing", "Err:nope", "=x", "1E+05", "Jan-25", "Müller & Söhne", "株式会社",
                 "x" * 255, "é" * 255)  # fmt: skip
BAD_NAMES = [
    *bad("mangled", "4000.0", "2-Mar"),
    *bad("destroyed_letters", "M\ufffdller", "\ufffd"),
    *bad("too_long", "x" * 256),
    *bad("control_characters", "A\x07B", "A\nB", "A\u2029B", "A\x9fB"),
    *ERROR_CELLS,
]
# What stands in the header row, too, is a text like any other.
ODD_TEXTS = good("amount", "Bill Ref", "line\nbreak", "a\ttab", "a\u2028b", "x" * 2000, "é" * 2000,
                 "😀" * 1000, 'say "no"', "a,b;c", "#1", "1E+05", "=1+1")  # fmt: skip
BAD_TEXTS = [
    *bad("destroyed_letters", "M\ufffdller"),
    *bad("too_long", "x" * 2001, "é" * 2001),
    *bad("control_characters", "A\x07B", "A\x0bB", "A\x85B", "A\uffffB"),
    *ERROR_CELLS,
]
ODD_CURRENCIES = good(("gbp", "GBP"), ("Gbp", "GBP"), ("eur", "EUR"), "JPY", "KWD")
BAD_CURRENCIES = [*bad("not_currency", "???", "GB", "GBPX", "ＧＢＰ", "£", "ßD"), *ERROR_CELLS]
FLAGS = good(("TRUE", True), ("yes", True), ("Ja", True), ("si\u0301", True), ("1", True),
             ("no", False), ("FALSE", False), ("0", False), ("Nein", False))  # fmt: skip
BAD_FLAGS = [*bad("not_boolean", "maybe", "2", "-1"), *ERROR_CELLS]
BAD_INTEGERS = [*bad("not_integer", "1.0", "-1", "one", "1234567890", "１"), *ERROR_CELLS]

# --- amounts ----------------------------------------------------------------------------------


def cents(chance: random.Random, n: int) -> Cell:
    """Whole cents in one of their spellings."""
    sign, digits = ("-" if n < 0 else ""), str(abs(n))
    forms = [sign + digits, sign + "00" + digits, sign + digits.zfill(25)]
    forms += ["−" + digits, "–" + digits] if n < 0 else ["+" + digits]
    return Cell(chance.choice(forms), n)


BAD_CENTS = [
    *bad("not_cents", "12,x", "1.5", "100.0", "1,000", "1e3", "£100", "100 GBP", "1 000", "１００",
         "--1", "1-", "abc", "(100)", "0x10", "1_000", "٣"),
    *bad("out_of_range", "9223372036854775808", "-9223372036854775809", "1" * 30, "1" * 5000),
    *ERROR_CELLS,
]  # fmt: skip
HUGE = [2**63 - 1, -(2**63), 10**18, 10**18 - 1, 2**62, 999_999_999_999_999_999]
_SWAP = str.maketrans(".,", ",.")


_NAMING = {"£": "GBP FKP GIP SHP EGP LBP SDG SSP SYP", "€": "EUR", "$": "", "GBP ": "GBP",
           "EUR": "EUR", "JPY ": "JPY"}  # fmt: skip


def amount(chance: random.Random, n: int, mark: str) -> Cell:
    """So many hundredths, written with the decimal ``mark``.

    It is built with a point and then turned round; India's groups have no counterpart.
    """
    whole, part = divmod(abs(n), 100)
    two = f"{part:02d}"
    forms = [f"{whole}.{two}"] * 3 + [f"{whole:,}.{two}", f"{whole}.{two}000", f"000{whole}.{two}"]
    forms += [f"{whole:,}.{two}".replace(",", space) for space in " '\u00a0\u202f"]
    if not whole:
        forms.append(f".{two}")
    if whole >= 100_000 and mark == "point":
        thousands, rest = divmod(whole, 1000)
        forms.append(f"{thousands // 100},{thousands % 100:02d},{rest:03d}.{two}")
    if not part % 10:
        forms.append(f"{whole}.{part // 10}")
    if not part:
        forms += [str(whole)] * 2 + [f"{whole}.", f"{whole}.-"]
    text = chance.choice(forms)
    either = "." not in text and "," not in text  # the same with either mark
    names: frozenset[str] = frozenset()
    if n < 0:
        signed = [f"-{text}", f"−{text}"]
        if text[-1].isdigit():
            signed += [f"({text})", f"{text}-", f"£({text})"]
        text = chance.choice(signed)
        names = frozenset(_NAMING["£"].split()) if "£" in text else names
    elif chance.random() < 0.2:
        sign = chance.choice(list(_NAMING))
        names = frozenset(_NAMING[sign].split())
        text = chance.choice([sign + text, f"{text} {sign}"])
    value = Decimal(n).scaleb(-2)
    other = value if either else None
    if mark == "comma":
        return Cell(text.translate(_SWAP), point=other, comma=value, names=names)
    return Cell(text, point=value, comma=other, names=names)


EITHER = [  # an amount with a point, and another with a comma
    Cell("1,234", point=Decimal(1234), comma=Decimal("1.234")),
    Cell("1.234", point=Decimal("1.234"), comma=Decimal(1234)),
    Cell("12,345", point=Decimal(12345), comma=Decimal("12.345")),
    Cell("-5.000", point=Decimal("-5.000"), comma=Decimal(-5000)),
]
ODD_AMOUNTS = [
    Cell("-", point=Decimal(0), comma=Decimal(0)),
    Cell("£ -", point=Decimal(0), comma=Decimal(0),
         names=frozenset("GBP FKP GIP SHP EGP LBP SDG SSP SYP".split())),
    Cell("0", point=Decimal(0), comma=Decimal(0)),
    Cell("-0", point=Decimal(0), comma=Decimal(0)),
    Cell("92233720368547758", point=Decimal(92233720368547758), comma=Decimal(92233720368547758)),
    Cell("92233720368547759", point=Decimal(92233720368547759), comma=Decimal(92233720368547759)),
    Cell("999999999999999", point=Decimal(999999999999999), comma=Decimal(999999999999999)),
    Cell("1234567890123456", point=Decimal(1234567890123456), comma=Decimal(1234567890123456)),
]  # fmt: skip
BAD_AMOUNTS = [
    *(Cell(text) for text in ("12..3", "1e3", "12,x", "abc", "--5", "1,23,4", "£", "(-5)", "5 5",
                              "１２", "1.2.3", "+-1", "1;5")),
    *ERROR_CELLS,
]  # fmt: skip

# --- dates ------------------------------------------------------------------------------------

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def numeric(a: int, b: int, year: int, mark: str = "/", tail: str = "") -> Cell:
    """``03/04/2025`` with what it is either way."""

    def on(day: int, month: int) -> date | None:
        try:
            return date(year, month, day)
        except ValueError:
            return None

    text = f"{a:02d}{mark}{b:02d}{mark}{year}{tail}"
    return Cell(text, day=on(a, b), month=on(b, a), form=f"numeric{mark}")


def dated(chance: random.Random, day: date, order: str) -> Cell:
    """A day in one of its spellings; ``order`` is day, month, or none of both for others only."""
    iso, named = day.isoformat(), _MONTHS[day.month - 1]
    forms = [("iso", iso), ("iso", f"{iso}T00:00:00"), ("iso", f"{iso} 00:00"),
             ("iso", f"{iso} 9:05"),
             ("other", iso.replace("-", "/")), ("other", iso.replace("-", ".")),
             ("other", f"{day.day} {named} {day.year}"), ("other", f"{day.day}-{named}-{day:%y}"),
             ("other", f"{named} {day.day}, {day.year}"),
             ("other", f"{day.day:02d}/{named}/{day.year}")]  # fmt: skip
    if order and chance.random() < 0.7:
        a, b = (day.day, day.month) if order == "day" else (day.month, day.day)
        return numeric(
            a,
            b,
            day.year,
            chance.choice("//.-"),
            chance.choice(["", "", " 00:00:00", " 0:00", " 2:20 PM"]),
        )
    form, text = chance.choice(forms)
    return Cell(text, day=day, month=day, form=form)


BAD_DATES = [
    *(Cell(text) for text in ("2025-02-30", "soon", "2025-13-01", "45747", "31/04/2025", "20250131",
                              "1949-12-31", "2101-01-01", "2025-01-31T10:00:00Z",
                              "1/2/25", "2025-1",
                              "31 Foo 2025", "٣١/٠١/٢٠٢٥")),
    *ERROR_CELLS,
]  # fmt: skip
