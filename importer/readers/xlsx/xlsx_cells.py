"""Exact reading of a sheet's XML, cell by cell: the slow path where calamine is not enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from math import isfinite
from xml.etree.ElementTree import Element, iterparse

from importer.core.column_letters import column_index
from importer.model.tables import CellKind
from importer.readers.file_limits import TooLargeError, limits, too_large
from importer.readers.grid import (
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    CellLooks,
    FormatMarks,
    Grid,
    date_text,
    duration_text,
    grid_of_rows,
    number_text,
)
from importer.readers.iso_times import iso_cell
from importer.readers.number_formats import look_of_runs
from importer.readers.xlsx.xlsx_guard import Stream
from importer.readers.xlsx.xlsx_parts import Styles

_OFF = ("0", "false")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
_DIGITS = "0123456789"
_END_OF_TIME = 2_958_466  # days: 10000-01-01
_DEEPEST = 100  # elements in each other, and attributes of one
_MOST_HELD = 400_000  # elements in one row, or one list of the sheet
_MOST_TRANSLATED = 100_000  # characters of shared formulas


Row = list[tuple[int, str, int]]  # column from 0, text, kind
Runs = tuple[bool | None, ...]  # of a text, as ``look_of_runs`` has them


class NotASheetError(ValueError):
    """The XML is not that of a sheet."""


@dataclass(frozen=True)
class CellContext:
    """What the cells of a sheet refer to.

    ``never_calculated``: the writing program left the calculation to Excel, so a formula's 0 is a
    place-holder.
    """

    strings: Sequence[str]
    styles: Styles
    date1904: bool
    never_calculated: bool
    string_runs: Mapping[int, Runs] = field(default_factory=dict)


def unescape(text: str) -> str:
    """Excel writes control characters as ``_x000D_``."""
    return _ESCAPE.sub(lambda m: chr(int(m.group(1), 16)), text) if "_x" in text else text


def text_of(item: Element) -> str:
    """Text of a shared or inline string, without formatting and phonetic hints (rPh).

    Surrounding blanks count only with ``xml:space="preserve"``, as in Excel and in calamine.
    """
    parts = []
    for child in item:
        name = child.tag.rpartition("}")[2]
        if name == "r":
            parts.append(text_of(child))
        elif name == "t" and child.text:
            keep = child.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"
            parts.append(unescape(child.text if keep else child.text.strip(" \t\r\n")))
    return "".join(parts)


def read_strings(stream: Stream) -> list[str]:
    """The shared strings of a workbook."""
    strings = []
    for item in elements(stream, "si"):
        strings.append(text_of(item))
        item.clear()
    return strings


def runs_of(item: Element) -> Runs:
    """The runs of a shared or inline string; none where it has no font but its cell's."""
    runs = tuple(
        any(
            child.tag.rpartition("}")[2] == "strike" and child.get("val", "1") not in _OFF
            for child in properties
        )
        if (properties := _child(run, "rPr")) is not None
        else None
        for run in item
        if run.tag.rpartition("}")[2] == "r" and text_of(run).strip()
    )
    return runs if any(run is not None for run in runs) else ()


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if child.tag.rpartition("}")[2] == name), None)


def runs_of_strings(stream: Stream) -> dict[int, Runs]:
    """The runs of the shared strings that have some, by number; none where none is struck."""
    out = {}
    for i, item in enumerate(elements(stream, "si")):
        if runs := runs_of(item):
            out[i] = runs
        item.clear()
    return out if any(True in runs for runs in out.values()) else {}


def elements(stream: Stream, name: str) -> Iterator[Element]:
    """The elements of that name as they end; all others are freed.

    Raises TooLargeError for nesting that no workbook has, or too many elements inside one.
    """
    depth = held = 0
    root: Element | None = None
    for event, element in iterparse(stream, ("start", "end")):
        if event == "start":
            depth += 1
            if depth > _DEEPEST or len(element.attrib) > _DEEPEST:
                raise TooLargeError(
                    "Its parts are nested too deeply. Copy the cells to a new workbook"
                )
            root = element if root is None else root
            continue
        depth, held = depth - 1, held + 1
        if element.tag[-len(name) :] == name:
            yield element
            held = 0
        elif depth == 1 and root is not None:
            root.clear()
            held = 0
        if held > _MOST_HELD:
            raise TooLargeError(
                f"One of its parts has more than {_MOST_HELD:,} things in it. Copy the cells to a"
                " new workbook"
            )


def read_cells(sheet: Callable[[], Stream], context: CellContext) -> Grid:
    """Grid of a sheet, hidden rows included, from its XML.

    Raises ``NotASheetError`` or ``ElementTree.ParseError`` for XML that is no sheet.
    """
    hidden: set[int] = set()
    marks: FormatMarks = {}
    looks: CellLooks = {}
    try:
        grid = grid_of_rows(_ascending(_rows(sheet(), context, hidden, marks, looks)))
    except _OutOfOrderError:
        # Legal but rare: only such sheets pay for holding their rows twice.
        rows: dict[int, Row] = {}
        for number, cells in _rows(sheet(), context, hidden, marks, looks):
            rows.setdefault(number, []).extend(cells)
        grid = grid_of_rows(sorted(rows.items()))
    grid.hidden_rows, grid.format_marks, grid.cell_looks = hidden, marks, looks
    return grid


class _OutOfOrderError(Exception):
    pass


def _ascending(rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    before = 0
    for number, cells in rows:
        if number <= before:
            raise _OutOfOrderError
        before = number
        yield number, cells


def _rows(
    sheet: Stream, context: CellContext, hidden: set[int], marks: FormatMarks, looks: CellLooks
) -> Iterator[tuple[int, Row]]:
    """(row number, its cells) of each row that is not blank; fills ``hidden``, ``marks`` and
    ``looks``."""
    shared = _SharedFormulas({}, limits().cell_length)
    number = 0
    for row in elements(sheet, "row"):
        number = int(row.get("r") or number + 1)
        if not 0 < number <= MAX_ROWS:
            raise NotASheetError(f"a row has the number {number}")
        if row.get("hidden") in ("1", "true"):
            hidden.add(number)
        if cells := _cells(row, number, context, shared, marks, looks):
            _add_looks(row, number, context, looks)
            yield number, cells
        row.clear()


def _cells(
    row: Element,
    number: int,
    context: CellContext,
    shared: _SharedFormulas,
    marks: FormatMarks,
    looks: CellLooks,
) -> Row:
    """The cells of a row that are not blank: (column from 0, text, kind); see ``_rows``."""
    cells: Row = []
    column, longest = 0, shared.longest
    space = row.tag[:-3]
    value_tag, formula_tag, inline_tag = space + "v", space + "f", space + "is"
    for cell in row:
        reference = cell.get("r")
        column = _column(reference) if reference else column + 1
        if not len(cell):
            continue
        value = formula = inline = None
        for child in cell:
            tag = child.tag
            if tag == value_tag:
                value = child.text or ""
            elif tag == formula_tag:
                formula = child
            elif tag == inline_tag:
                inline = child
        kind = cell.get("t", "n")
        if formula is not None:
            written = _formula(formula, reference or "", shared)
            if (
                (value is None and (inline is None or kind != "inlineStr"))
                or (not value and kind not in ("str", "inlineStr"))
                or (context.never_calculated and value == "0")
            ):
                cells.append((column - 1, written, CellKind.UNCALCULATED))
                continue
        if inline is not None and kind == "inlineStr":
            text, cell_kind = text_of(inline), CellKind.TEXT
            if look := look_of_runs(context.styles.looks.get(cell.get("s", "")), runs_of(inline)):
                looks.setdefault(column - 1, {})[number] = look
        else:
            text, cell_kind = _cell(kind, value or "", cell.get("s", "0"), context)
        if text:
            if len(text) > longest:
                what = f"Cell {reference or ''} has more than {longest:,} characters"
                raise too_large(what, "cell_length", longest)
            cells.append((column - 1, text, cell_kind))
            if mark := context.styles.marks.get(cell.get("s", "")):
                marks.setdefault(column - 1, {})[number] = mark
    return cells


def _add_looks(row: Element, number: int, context: CellContext, looks: CellLooks) -> None:
    of_styles, of_strings = context.styles.looks, context.string_runs
    if not of_styles and not of_strings:
        return
    column = 0
    for cell in row:
        reference = cell.get("r")
        column = _column(reference) if reference else column + 1
        kind = cell.get("t")
        if not len(cell) or kind == "inlineStr":
            continue
        look = of_styles.get(cell.get("s", ""))
        if kind == "s" and of_strings:
            value = _child(cell, "v")
            if value is not None and value.text:
                look = look_of_runs(look, of_strings.get(int(value.text), ()))
        if look:
            looks.setdefault(column - 1, {})[number] = look


@cache
def _column_of_letters(letters: str) -> int:
    column = column_index(letters) + 1 if letters.isascii() and letters.isalpha() else 0
    if not 0 < column <= MAX_COLUMNS:
        raise NotASheetError(f"a cell is in the column {letters}")
    return column


def _column(reference: str) -> int:
    return _column_of_letters(reference.rstrip(_DIGITS))


def _cell(kind: str, value: str, style: str, context: CellContext) -> Cell:
    if kind == "s":
        return (context.strings[int(value)] if value else ""), CellKind.TEXT
    if kind == "str":
        return unescape(value), CellKind.TEXT
    value = value.strip()
    if not value:
        return "", CellKind.TEXT
    if kind == "e":
        return value, CellKind.ERROR
    if kind == "b":
        return ("TRUE" if value in ("1", "true") else "FALSE"), CellKind.BOOLEAN
    if kind == "d":
        return iso_cell(value)
    return number_cell(value, style, context.styles, context.date1904)


def _formula(element: Element, cell: str, shared: _SharedFormulas) -> str:
    """The formula with its "="; a shared formula is translated to this cell."""
    formula = element.text or ""
    if element.get("t") == "shared":
        index = element.get("si", "")
        if formula:
            shared.formulas[index] = (formula, cell)
        elif index in shared.formulas:
            return shared.translated(index, cell)
    return "=" + formula.removeprefix("=")


@dataclass
class _SharedFormulas:
    """Shared formulas: index → (formula, its cell); and the limit of a cell's length."""

    formulas: dict[str, tuple[str, str]]
    longest: int
    characters: int = 0  # of translated formulas

    def translated(self, index: str, cell: str) -> str:
        """The formula translated to another cell; untranslated above a total of characters."""
        from openpyxl.formula.translate import Translator

        formula, origin = self.formulas[index]
        self.characters += len(formula)
        if self.characters > _MOST_TRANSLATED:
            return f"=… (shared with {origin})"
        return str(Translator("=" + formula, origin).translate_formula(cell))


def number_cell(written: str, style: str, styles: Styles, date1904: bool) -> Cell:
    """A number as its digits, or as the date or the zeros that its style shows."""
    if not _NUMBER.fullmatch(written):
        return written, CellKind.ERROR if _NOT_FINITE.fullmatch(written) else CellKind.TEXT
    if not isfinite(number := float(written)):
        return written, CellKind.ERROR
    if style in styles.dates and 0 <= number < _END_OF_TIME:
        return date_cell(number, is_duration=style in styles.durations, date1904=date1904)
    if _INTEGER.fullmatch(written):
        integer = int(written)  # exact, where a float has 15 digits
        zeros = styles.zeros.get(style, 0)
        if zeros:
            sign = "-" if integer < 0 else ""
            return sign + str(abs(integer)).zfill(zeros), CellKind.NUMBER
        return str(integer), CellKind.NUMBER
    text = number_text(number)
    if style in styles.zeros and text.isdigit():
        text = text.zfill(styles.zeros[style])
    return text, CellKind.NUMBER


def date_cell(serial: float, *, is_duration: bool, date1904: bool) -> Cell:
    """A day number of Excel, its fraction the time of day. Below one day it is a time: TEXT."""
    if is_duration or serial < 1:
        return duration_text(timedelta(days=serial)), CellKind.TEXT
    if date1904:
        epoch = datetime(1904, 1, 1)  # noqa: DTZ001  a cell has no time zone
    elif int(serial) == 60:
        # Lotus took 1900 for a leap year; there is no such day, and whoever checks dates says so.
        return "1900-02-29", CellKind.DATE
    else:
        epoch = datetime(1899, 12, 31 if serial < 60 else 30)  # noqa: DTZ001
    try:
        return date_text(epoch + timedelta(days=serial)), CellKind.DATE
    except OverflowError:
        return number_text(serial), CellKind.NUMBER
