"""The cells of ODS files, from their attributes and paragraphs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from importer.core.cell_parsers import is_formula_error
from importer.core.number_look import PERCENT, is_code, mark_of_code
from importer.model.tables import CellKind
from importer.readers.grid import Cell, float_cell
from importer.readers.iso_times import iso_cell

# What elements in a paragraph stand for, kept from the collapsing of blanks.
_KEPT = {"text:s": "\x01", "text:tab": "\x02", "text:line-break": "\x03"}
_DIGITS_SHOWN = re.compile(r"(?:(?<!\w)[.,](?=\d))?\d(?:[\d.,'\u2019\u00a0\u202f ]*\d)?")
_IN_GROUPS = re.compile(r"\d+|\d{1,3}(?:\D\d{2,3})*\D\d{3}")
_DECIMALS = re.compile(r"([^\s]*|.*\d{3})[.,](\d+)")
_LONG = re.compile(r"-?\d{16,}")


def shown_mark(cell: dict[str, str], shown: str) -> str:
    """What the cell's number format shows beside the number, judged by what the cell displays."""
    kind = cell.get("office:value-type")
    if kind == "percentage":
        return PERCENT
    if kind not in ("float", "currency"):
        return ""
    mark = mark_beside(shown, cell.get("office:value", ""))
    if kind == "currency" and not is_code(mark):
        return cell.get("office:currency", "$")
    return mark


def mark_beside(shown: str, value: str) -> str:
    """The format mark of a number of this value that is displayed so."""
    code = _code_of(shown, value)
    return mark_of_code(code) if code else ""


def _code_of(shown: str, value: str) -> str:
    """The code of a number format that displays a number so; "" for the number alone."""
    digits = _DIGITS_SHOWN.search(shown)
    negative = value.startswith("-")
    if not digits:
        return ""
    before, after = shown[: digits.start()].lstrip(), shown[digits.end() :].rstrip()
    number = digits[0]
    if negative and (before.startswith(("-", "−")) or (before[:1] == "(" and after[-1:] == ")")):
        before, after = before.lstrip("-−("), after.removesuffix(")")
        negative = False
    if not _is_rounded(number, value):  # scaled, a fraction, a power, digits among letters
        section = '"{}"'.format(shown.replace('"', "").strip())
        return f"{section};{section}"
    if not before.strip() and not after.strip() and not negative:
        return ""
    places = "0" * len(number) if number.startswith("0") and number.isdecimal() else "0"
    if not number.isdecimal():
        places = "0.00" if re.fullmatch(r".*[.,]\d\d", number) else "#,##0"
    section = "".join(
        (f'"{before}"' if before else "", places, f'"{after}"' if after else "")
    ).replace('""', "")
    return f"{section};{section}" if negative else section


def _is_rounded(number: str, value: str) -> bool:
    """Whether the digits shown are those of the value, or it rounded to as many decimals."""
    try:
        magnitude = abs(Decimal(value))
    except InvalidOperation:
        return True  # no number
    readings = [(number, "")] if _IN_GROUPS.fullmatch(number) else []
    if decimal := _DECIMALS.fullmatch(number):
        readings.append((decimal[1], decimal[2]))
    return any(
        abs(magnitude - Decimal(f"0{re.sub(r'[^0-9]', '', units)}.{decimals}")) * 2
        <= Decimal(1).scaleb(-len(decimals))
        for units, decimals in readings
    )


def is_without_decimals(shown: str, value: str) -> bool:
    """Whether a number that has decimals is displayed without."""
    digits = re.sub(r"[^0-9]", "", shown)
    return "." in value and bool(digits) and _is_rounded(digits, value)


def special_cell(cell: dict[str, str], paragraphs: list[str]) -> Cell | None:
    """The cell, where calamine would not give it as it is."""
    shown = "".join(paragraphs)
    kind = cell.get("office:value-type")
    formula = cell.get("table:formula")
    if cell.get("calcext:value-type") == "error":
        return shown or "#ERROR!", CellKind.ERROR
    # Programs other than LibreOffice show an error only in what they display.
    if is_formula_error(shown) and (formula is not None or kind != "string"):
        return shown, CellKind.ERROR
    if formula is not None and kind is None and not shown:
        return "=" + formula.partition("=")[2], CellKind.UNCALCULATED
    if kind == "time":
        return iso_cell(cell.get("office:time-value", ""))
    if kind in ("float", "currency"):
        value = cell.get("office:value", "")
        if value and value[-1].isalpha():  # NaN, INF
            return float_cell(float(value))
        if _LONG.fullmatch(value):
            return value, CellKind.NUMBER
        if shown in ("TRUE", "FALSE"):  # as LibreOffice writes what Excel had
            return shown, CellKind.BOOLEAN
        if shown.startswith("0") and shown.isdecimal() and shown.lstrip("0") == value:
            return shown, CellKind.NUMBER  # 00123 by its number format
    return None


def blank_mark(element: str, count: str) -> str:
    """What an element of a paragraph stands for, in a form that ``exact_cell`` understands."""
    repeat = int(count) if count.isdecimal() and len(count) < 5 else 1
    return _KEPT.get(element, "") * repeat


def exact_cell(cell: Mapping[str, str], paragraphs: Sequence[str]) -> Cell:
    """The cell as LibreOffice reads it; blanks of an indented file are no part of its text."""
    shown = [_paragraph(text) for text in paragraphs]
    if special := special_cell(dict(cell), shown):
        return special
    kind = cell.get("office:value-type")
    if kind in ("float", "currency", "percentage"):
        return float_cell(float(cell.get("office:value", "")))
    if kind == "date":
        return iso_cell(cell.get("office:date-value", ""))
    if kind == "boolean":
        return cell.get("office:boolean-value", "").upper(), CellKind.BOOLEAN
    return "\n".join(shown) or cell.get("office:string-value", ""), CellKind.TEXT


def _paragraph(text: str) -> str:
    out = re.sub(r"[ \t\r\n]+", " ", text).strip(" ")
    return out.replace("\x01", " ").replace("\x02", "\t").replace("\x03", "\n")
