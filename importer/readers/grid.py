"""A sheet's cells as text with their kind, column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import compress, repeat
from math import isfinite, isnan
from operator import is_
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.text_column import TextColumn
from importer.model.tables import CellComment, CellKind, CellLook, MergedCells
from importer.readers.file_limits import check_area

Cell = tuple[str, CellKind]
FormatMarks = dict[int, dict[int, str]]
"""Column from 0 → row number → what the number format shows: ``€``, ``EUR``, ``%``."""
CellLooks = dict[int, dict[int, CellLook]]

MAX_COLUMNS = 16_384  # of any spreadsheet program in use
MAX_ROWS = 1_048_576


def number_text(value: float) -> str:
    """``100000.0`` → "100000"; other floats with all their digits, as ``repr`` gives them."""
    if isinstance(value, int):
        return str(value)
    # From 1e16 on repr has an exponent, which tells the person that digits were lost.
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)


def float_cell(value: float) -> Cell:
    """A number; NaN and the infinite ones, which no program shows as numbers, as ERROR."""
    if isfinite(value):
        return number_text(value), CellKind.NUMBER
    text = "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return text, CellKind.ERROR


def date_text(value: date) -> str:
    """ISO: the date alone at midnight, else ``YYYY-MM-DDTHH:MM:SS`` to the nearest second."""
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.microsecond:
        value = value.replace(microsecond=0) + timedelta(seconds=value.microsecond >= 500_000)
    if value.hour or value.minute or value.second:
        return value.replace(tzinfo=None).isoformat()
    return value.date().isoformat()


def duration_text(value: timedelta) -> str:
    """Hours, minutes and seconds, as a cell of format ``[h]:mm:ss`` shows them: "30:15:00"."""
    seconds = round(value.total_seconds())
    sign = "-" if seconds < 0 else ""
    minutes, seconds = divmod(abs(seconds), 60)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


def _time_cell(value: time) -> Cell:
    since_midnight = timedelta(
        hours=value.hour,
        minutes=value.minute,
        seconds=value.second,
        microseconds=value.microsecond,
    )
    return duration_text(since_midnight), CellKind.TEXT


_CONVERT: dict[type, Callable[..., Cell]] = {
    str: lambda value: (value, CellKind.TEXT),
    float: float_cell,
    int: lambda value: (number_text(value), CellKind.NUMBER),
    bool: lambda value: ("TRUE" if value else "FALSE", CellKind.BOOLEAN),
    date: lambda value: (date_text(value), CellKind.DATE),
    datetime: lambda value: (date_text(value), CellKind.DATE),
    time: _time_cell,
    timedelta: lambda value: (duration_text(value), CellKind.TEXT),
    tuple: lambda value: value,  # a Cell already
}


@dataclass
class Grid:
    """The cells of one sheet; the fields are those of ``SourceTable``."""

    columns: tuple[Sequence[str], ...] = ()
    rows: Sequence[int] = ()
    kinds: tuple[Sequence[int], ...] | None = None
    blank_rows: int = 0
    hidden_rows: set[int] = field(default_factory=set)  # blank ones included
    format_marks: FormatMarks = field(default_factory=dict)
    date1904: bool = False
    formats_unread: bool = False
    merges: list[MergedCells] = field(default_factory=list)
    cell_looks: CellLooks = field(default_factory=dict)
    comments: list[CellComment] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    struck_by_rules: list[str] = field(default_factory=list)


def grid_of_values(values: Sequence[Sequence[object]]) -> Grid:
    """Grid of equally long rows of Python values or ``Cell`` tuples; the first is row 1."""
    return grid_of_columns(list(zip(*values, strict=True)))


def grid_of_columns(
    values: Sequence[Sequence[Any]], types_of: Iterable[set[type]] | None = None
) -> Grid:
    """Grid of columns. ``types_of``: the types of the values of each column, where known."""
    columns: list[Sequence[str]] = []
    kinds: list[bytes] = []
    filled: list[bytes] = []  # 1 where a cell is certainly not blank
    for column, types in zip(values, types_of or map(_types, values), strict=True):
        if types == {str}:
            columns.append(column)
            kinds.append(bytes(len(column)))
        elif types <= {str, float}:
            is_number = bytes(map(is_, map(type, column), repeat(float)))
            floats: list[Any] = list(compress(column, is_number))
            numbers = np.asarray(floats, dtype=np.float64)
            columns.append(_texts_of_numbers(column, np.frombuffer(is_number, dtype=bool), numbers))
            kinds.append(is_number if np.isfinite(numbers).all() else _kinds(column))
        elif types <= {str, date, datetime}:
            texts = {day: date_text(day) for day in set(column) if type(day) is not str}
            columns.append([v if type(v) is str else texts[v] for v in column])
            kinds.append(bytes([0 if type(v) is str else CellKind.DATE for v in column]))
        else:
            cells = [_CONVERT[type(v)](v) for v in column]
            columns.append([text for text, _ in cells])
            kinds.append(bytes([kind for _, kind in cells]))
            filled.append(bytes([text != "" and not text.isspace() for text, _ in cells]))
            continue
        filled.append(kinds[-1])  # only text can be blank
    keep = _not_blank(columns, filled)
    rows = (np.flatnonzero(keep) + 1).tolist()
    if len(rows) < len(keep):
        columns = [list(compress(column, keep)) for column in columns]
        kinds = [bytes(compress(kind, keep)) for kind in kinds]
    return _grid(columns, rows, kinds)


def _kinds(column: Sequence[Any]) -> bytes:
    return bytes(0 if type(value) is str else float_cell(value)[1] for value in column)


def _types(column: Sequence[object]) -> set[type]:
    return set(map(type, column))


def _not_blank(columns: Sequence[Sequence[str]], filled: Sequence[bytes]) -> np.ndarray:
    """Mask of the rows that are not blank; texts are read only where ``filled`` is 0."""
    keep = np.zeros(len(filled[0]) if filled else 0, dtype=bool)
    for column in filled:
        keep |= np.frombuffer(column, dtype=np.uint8) > 0
    for texts in columns:
        undecided = np.flatnonzero(~keep).tolist()
        keep[[i for i in undecided if texts[i].strip()]] = True
    return keep


def _texts_of_numbers(
    column: Sequence[str | float], is_number: np.ndarray, numbers: np.ndarray
) -> TextColumn:
    """The texts of ``float_cell`` of the numbers, vectorised; texts as they are."""
    if (np.isfinite(numbers) & (numbers == np.trunc(numbers)) & (np.abs(numbers) < 1e16)).all():
        texts = pc.cast(pa.array(numbers.astype(np.int64)), pa.large_string())
    else:
        shown = (float_cell(number)[0] for number in numbers.tolist())
        texts = pa.array(shown, type=pa.large_string())
    if len(numbers) < len(column):
        # the numbers in their places, and any text between them, which is then replaced
        at = np.maximum(np.cumsum(is_number) - 1, 0)
        others = pa.array(compress(column, ~is_number), type=pa.large_string())
        texts = pc.replace_with_mask(texts.take(pa.array(at)), pa.array(~is_number), others)
    return TextColumn(texts)


def grid_of_rows(rows: Iterable[tuple[int, Sequence[tuple[int, str, int]]]]) -> Grid:
    """Grid of sparse rows: (row number, cells), a cell being (column from 0, text, kind).

    Row numbers ascend. Memory is proportional to the filled cells: columns without cells share one
    list of blanks. Raises TooLargeError where nearly all cells would be blank.
    """
    columns: dict[int, list[str]] = {}
    kinds: dict[int, bytearray] = {}
    numbers: list[int] = []
    cell_count = 0
    for number, cells in rows:
        if not any(text.strip() for _, text, _ in cells):
            continue
        filled = len(numbers)
        numbers.append(number)
        cell_count += len(cells)
        if not filled % 1024:
            check_area(filled + 1, len(columns), cell_count)
        for column, text, kind in cells:
            if column not in columns:
                columns[column], kinds[column] = [], bytearray()
            texts = columns[column]
            missing = filled - len(texts)
            if missing < 0:  # the same cell again
                texts[-1], kinds[column][-1] = text, kind
                continue
            if missing:
                texts.extend([""] * missing)
                kinds[column].extend(bytes(missing))
            texts.append(text)
            kinds[column].append(kind)
    check_area(len(numbers), len(columns), cell_count)
    for column, texts in columns.items():
        missing = len(numbers) - len(texts)
        texts.extend([""] * missing)
        kinds[column].extend(bytes(missing))
    no_text, no_kind = [""] * len(numbers), bytearray(len(numbers))
    width = range(max(columns, default=-1) + 1)
    return _grid(
        [columns.get(c, no_text) for c in width], numbers, [kinds.get(c, no_kind) for c in width]
    )


def _grid(
    columns: list[Sequence[str]], numbers: Sequence[int], kinds: Sequence[Sequence[int]]
) -> Grid:
    width = len(columns)
    while width and not any(columns[width - 1]):
        width -= 1
    typed = any(any(kind) for kind in kinds[:width])
    return Grid(
        columns=tuple(columns[:width]),
        rows=numbers,
        kinds=tuple(kinds[:width]) if typed else None,
        blank_rows=numbers[-1] - len(numbers) if numbers else 0,
    )
