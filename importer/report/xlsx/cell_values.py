"""Writing one cell so that what is read back is what was in the file."""

from __future__ import annotations

import math
import re

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from importer.core.money import money
from importer.core.safe_text import without_surrogates
from importer.model.tables import CellKind
from importer.report.xlsx.cell_styles import GENERAL, TEXT, WIDE
from importer.report.xlsx.row_xml import number_xml, text_xml
from importer.report.xlsx.streaming_sheet import style_number

LONGEST = 32_767  # UTF-16 units in one cell, Excel's limit
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_CENTS = 10**15  # from here on an amount is written as text
WIDEST = 40  # characters
_WORD = 13  # up to here a column has room for the filter's arrow beside a word of its header
_SHRUNK = 1.25  # how much longer than its column a word may be that is shrunk
HEADER_LINES = 3  # of a column of the file
LONGEST_AS_TEXT = 255  # Excel shows longer cells of the format "Text" as ########
_CUT = "… (cut)"

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
# Between escapes that overlap: the second would be decoded on reading.
_SEAM = re.compile(r"(?<=_x[0-9A-Fa-f]{4})(?=_x[0-9A-Fa-f]{4}_)")


def as_number(text: str) -> int | float | None:
    """The number of a NUMBER cell, or None where a number would not keep its text exactly."""
    if _INTEGER.fullmatch(text):
        return None if text == "-0" else int(text)
    try:
        number = float(text)
    except ValueError:
        return None
    # XlsxWriter writes 16 digits; a few floats need 17.
    if not math.isfinite(number) or repr(number) != text or float(f"{number:.16G}") != number:
        return None
    return number


def number_format(text: str, kind: int, number: int | float | None) -> str:
    """The number format with which the cell shows, and keeps when edited, what the file has.

    Text stays text: who corrects 00123 in the result does not lose the zeros, and a date is not
    turned round by Excel.
    """
    if number is not None:
        return WIDE if isinstance(number, int) and abs(number) >= 10**11 else GENERAL
    if kind == CellKind.NUMBER:
        return GENERAL
    return TEXT if len(text) <= LONGEST_AS_TEXT else GENERAL


def fitting(text: str) -> str:
    """The text as a cell can hold it: lone surrogates, which no file can hold, written out; cut,
    and marked so, where it is longer than a cell can be."""
    text = without_surrogates(text)
    if len(text) > LONGEST // 2 and len(text.encode("utf-16-le")) > 2 * LONGEST:
        room = LONGEST - len(_CUT)
        text = text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore") + _CUT
    return text


def write_text(
    sheet: Worksheet, row: int, column: int, text: str, cell_format: Format, part_format: Format
) -> bool:
    """Write the text as text, never as a formula, link or number. True where ``fitting`` altered
    it. ``part_format`` is used for the parts of awkward text."""
    fit = fitting(text)
    parts = _SEAM.split(fit)
    if parts[0].startswith("<r>"):  # which XlsxWriter takes for its own markup
        parts = [fit[:1], parts[0][1:], *parts[1:]]
    if len(parts) == 1:
        sheet.write_string(row, column, fit, cell_format)
    else:
        # Each part of a rich string is escaped by itself; all parts have one format.
        marked = [item for part in parts for item in (part_format, part)]
        sheet.write_rich_string(row, column, *marked, cell_format)
    return fit != text


def width_of(header: str, longest: int, *, lines: int = 1) -> int:
    """The width of a column in characters, from its longest cell and its header in so many lines,
    with room for the filter's arrow; no word is broken, a header of one word is shrunk a little."""
    words = header.split()
    word = max(map(len, words), default=0)
    of_word = max(min(word + 4, _WORD), math.ceil(word / _SHRUNK) if len(words) == 1 else word + 2)
    return min(max(longest + 2, -(-len(header) // lines) + 5, of_word), WIDEST)


def fits_shrunk(header: str) -> bool:
    """Whether a header is one word, which its column shows in one line when it is shrunk."""
    return len(header.split()) == 1 and len(header.strip()) <= _SHRUNK * WIDEST


def write_money(
    sheet: Worksheet, row: int, column: int, cents: int | None, cell_format: Format, unit: int = 100
) -> None:
    """Cents as money: a number, or text where a spreadsheet's number could not show it exactly;
    blank for None.

    ``unit`` is how many cents a unit of the currency has.
    """
    if cents is None:
        sheet.write_blank(row, column, None, cell_format)
    elif -MOST_CENTS < cents < MOST_CENTS:
        sheet.write_number(row, column, cents / unit, cell_format)
    else:
        sheet.write_string(row, column, money(cents, unit), cell_format)


def money_xml(cents: int | None, cell_format: Format, unit: int) -> str:
    """As ``write_money``, for a row that is written as XML; "" for None."""
    if cents is None:
        return ""
    style = style_number(cell_format)
    if -MOST_CENTS < cents < MOST_CENTS:
        return number_xml(cents / unit, style)
    return text_xml(money(cents, unit), style)


def cents_xml(cents: int | None, cell_format: Format) -> str:
    """Cents as a whole number, or as text beyond the 15 digits that Excel keeps."""
    if cents is None:
        return ""
    style = style_number(cell_format)
    if abs(cents) < MOST_CENTS:
        return number_xml(cents, style)
    return text_xml(str(cents), style)
