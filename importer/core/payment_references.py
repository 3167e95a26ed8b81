"""Payment references: what is wrong with the form and the check digits of one.

Source of the forms: Finance Finland, *Reference number*; Bits, *KID*; SIX, *Swiss implementation
guidelines QR-bill*; Danish payment slips (Fælles Indbetalingskort), kinds 04, 15, 71 and 75;
ISO 11649.

python-stdnum is imported where a reference is checked: most sheets have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_DANISH = re.compile(
    r"\+?(?P<kind>04|15|71|75)[<(+](?P<reference>[0-9]+)\+(?P<creditor>[0-9]{8})<?"
)
_DIGITS_OF_KIND = {"71": 15, "04": 16, "15": 16, "75": 16}


@dataclass(frozen=True)
class ReferenceForm:
    """``name`` as it is put in a sentence; ``problem`` says in words why a text is none, "" where
    it is one."""

    name: str
    problem: Callable[[str], str]


def compact(text: str) -> str:
    """A reference without the spaces that group its digits, in upper case."""
    return "".join(text.split()).upper()


def reference_problem(forms: Sequence[ReferenceForm], text: str) -> str:
    """Why a compact text has none of the forms, in words; "" where it has one."""
    problems = [form.problem(text) for form in forms]
    if not all(problems):
        return ""
    if len(forms) == 1:
        return problems[0]
    pairs = zip(forms, problems, strict=True)
    return "; ".join(f"as {form.name}, {problem}" for form, problem in pairs)


def _of_digits(text: str, fewest: int, most: int) -> str:
    """Why a text is not of so many digits."""
    if not (text.isascii() and text.isdigit()):
        return "it has other characters than digits"
    if fewest <= len(text) <= most:
        return ""
    wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    lost = "; zeros at its front may be lost" if len(text) < fewest else ""
    return f"it has {len(text)} digits where {wanted} are expected{lost}"


def _last_digit(text: str, expected: str) -> str:
    return "" if text[-1] == expected else f"its last digit would be {expected}"


def _finnish(text: str) -> str:
    if problem := _of_digits(text, 4, 20):
        return problem
    products = (int(digit) * (7, 3, 1)[i % 3] for i, digit in enumerate(reversed(text[:-1])))
    return _last_digit(text, str(-sum(products) % 10))


def _danish(text: str) -> str:
    from stdnum import luhn

    reference, wanted = text, (15, 16)
    if match := _DANISH.fullmatch(text):
        reference, digits = match["reference"], _DIGITS_OF_KIND[match["kind"]]
        wanted = digits, digits
    return _of_digits(reference, *wanted) or _last_digit(
        reference, luhn.calc_check_digit(reference[:-1])
    )


def _kid(text: str) -> str:
    from stdnum import luhn

    body, last = text[:-1], text[-1:]
    if problem := _of_digits(body + ("0" if last == "-" else last), 2, 25):
        return problem
    mod_10, mod_11 = luhn.calc_check_digit(body), _mod_11(body)
    if last in (mod_10, mod_11):
        return ""
    if mod_10 == mod_11:
        return f"its last digit would be {mod_10}"
    return f"its last digit would be {mod_10} (modulus 10) or {mod_11} (modulus 11)"


def _mod_11(body: str) -> str:
    products = (int(digit) * (2 + i % 6) for i, digit in enumerate(reversed(body)))
    rest = -sum(products) % 11
    return "-" if rest == 10 else str(rest)


def _qr(text: str) -> str:
    from stdnum.ch import esr

    return _of_digits(text, 27, 27) or _last_digit(text, esr.calc_check_digit(text[:-1]))


def _creditor_reference(text: str) -> str:
    from stdnum import iso11649

    if not re.fullmatch("RF[0-9]{2}[0-9A-Z]{1,21}", text):
        return "it is not RF, two check digits and 1 to 21 letters or digits"
    return "" if iso11649.is_valid(text) else "its two check digits are wrong"


CREDITOR_REFERENCE = ReferenceForm("an ISO 11649 reference (RF…)", _creditor_reference)
FINNISH = ReferenceForm("a Finnish reference", _finnish)
DANISH_FI = ReferenceForm("a Danish FI number", _danish)
KID = ReferenceForm("a KID", _kid)
QR_REFERENCE = ReferenceForm("a QR reference", _qr)
