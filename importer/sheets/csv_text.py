"""CSV files: which encoding, which delimiter, and the cells exactly as they are written."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from importer.records import SourceTable
from importer.sheets.cells import MAX_COLUMNS
from importer.sheets.detect import refusal

_HEAD = 65_536  # characters that decide the delimiter
_NAMES = {"\t": "tab", ";": "semicolon", "|": "pipe", ",": "comma"}
_WORDS = {word: mark for mark, word in _NAMES.items()} | {"\\t": "\t"}
_SEP_LINE = re.compile(r'"?sep=([^\r\n"])"?[ \t,;]*(\r\n|\r|\n|$)', re.IGNORECASE)
_BOMS = (
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_SAY_ENCODING = (
    "In Excel save it as 'CSV UTF-8 (Comma delimited)', or say in the template which encoding "
    "it has"
)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a"))


def read_csv(path: Path, *, encoding: str | None, delimiter: str | None) -> SourceTable:
    """The one table of a CSV file; row numbers are those of its records, blank ones counted.

    ``encoding`` and ``delimiter`` are found out where None. A first line ``sep=;`` is obeyed and
    left out; spreadsheets do not show it, so it has no row number.
    Cells are neither trimmed nor converted.

    Raises ``UnreadableFile``, naming the row, where the text does not fit the encoding, has a NUL
    byte, or has a quotation mark that is not closed where its cell ends.
    """
    data = path.read_bytes()
    codec, name, text = _decode(path, data, encoding)
    if text.endswith("\x1a") and not codec.startswith(("utf-16", "utf-32")):
        data = data[:-1]  # the end mark of old DOS and mainframe exports is not a cell
    sep_line = _SEP_LINE.match(text)
    if delimiter is None:
        mark = sep_line.group(1) if sep_line else _delimiter(text[:_HEAD], len(text) > _HEAD)
    else:
        mark = _given_delimiter(path, text[:_HEAD], delimiter)
    del text

    with _no_size_limit():
        lines = io.TextIOWrapper(io.BytesIO(data), codec, newline="")
        if sep_line:
            lines.readline()
        records = _records(path, lines, mark)

    notes = (f"CSV, {name}, {_NAMES.get(mark, repr(mark))}-separated",)
    return _table(path, records, notes)


def _records(path: Path, lines: io.TextIOWrapper, mark: str) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        # extend keeps what was read before the error, and so the row of the error.
        records.extend(csv.reader(lines, delimiter=mark, strict=True))
    except csv.Error as error:
        row = 1 + len(records)
        if "unexpected end of data" in str(error):
            what = "a cell begins with a quotation mark that is never closed"
        else:
            what = "a quotation mark stands inside a quoted cell, or closes it too early"
        raise refusal(
            path,
            f'Row {row}: {what}. Double the mark inside a quoted cell ("") or delete it, '
            "or save the file as .xlsx",
        ) from error
    return records


def _table(path: Path, records: list[list[str]], notes: tuple[str, ...]) -> SourceTable:
    numbers: Sequence[int] = range(1, 1 + len(records))
    kept = [record for record in records if any(map(str.strip, record))]
    if not kept:
        raise refusal(path, "It has no rows, only blank lines. Export it again")
    blank_rows = len(records) - len(kept)
    if blank_rows:
        numbers = [
            n for n, record in zip(numbers, records, strict=True) if any(map(str.strip, record))
        ]
    width = max(map(len, kept))
    if width > MAX_COLUMNS:
        row = next(n for n, record in zip(numbers, kept, strict=True) if len(record) == width)
        raise refusal(
            path,
            f"Row {row} has {width:,} cells; a sheet has at most {MAX_COLUMNS:,}. Check the "
            "quotation marks and the line ends before it",
        )
    for record in kept:
        if len(record) < width:
            record.extend([""] * (width - len(record)))
    columns = tuple(zip(*kept, strict=True))
    while not any(columns[-1]):
        columns = columns[:-1]
    return SourceTable(
        file=str(path),
        sheet=None,
        columns=columns,
        rows=numbers,
        blank_rows=blank_rows,
        notes=notes,
    )


@contextmanager
def _no_size_limit() -> Iterator[None]:
    """The csv module refuses cells above 128 KB; the limit is one for the whole process."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


# --- encoding ---------------------------------------------------------------------------------


def _decode(path: Path, data: bytes, encoding: str | None) -> tuple[str, str, str]:
    """(codec, its name for people, the text)."""
    if encoding is None:
        codec, name = _encoding(path, data)
    else:
        codec, name = _given_encoding(path, data, encoding)
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        row = _row_at(data[: error.start].decode(codec, "ignore"))
        found = data[error.start : error.end][:4].hex(" ").upper()
        raise refusal(
            path, f"Row {row}: the bytes {found} are not {name} text. {_SAY_ENCODING}"
        ) from error
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        row = _row_at(text[: text.index("\0")])
        raise refusal(
            path, f"Row {row} has a NUL byte, which text never has. Export the file again"
        )
    return codec, name, text


def _given_encoding(path: Path, data: bytes, encoding: str) -> tuple[str, str]:
    try:
        codec = codecs.lookup(encoding).name
        b"a".decode(codec)  # some codecs are not for text
    except LookupError:
        raise refusal(
            path, f"There is no encoding '{encoding}'. Write for example utf-8, utf-16 or cp1252"
        ) from None
    for bom, marked, name in _BOMS:
        if data.startswith(bom):
            if not codec.startswith(name.lower()):
                raise refusal(
                    path, f"Row 1: the file begins with the mark of {name}, it is not {encoding}"
                )
            return marked, name
    return codec, encoding


def _encoding(path: Path, data: bytes) -> tuple[str, str]:
    for bom, codec, name in _BOMS:
        if data.startswith(bom):
            return codec, name
    head = data[:4096]
    if b"\0" in head:
        # Nearly every second byte of UTF-16 is NUL in the text of western languages.
        pairs = max(len(head) // 2, 1)
        if head[1::2].count(0) > 0.4 * pairs > 4 * head[0::2].count(0):
            return "utf-16-le", "UTF-16"
        if head[0::2].count(0) > 0.4 * pairs > 4 * head[1::2].count(0):
            return "utf-16-be", "UTF-16"
    if len(head) - len(head.translate(None, _CONTROL)) > 0.05 * len(head):
        raise refusal(
            path,
            "This is neither a spreadsheet nor text. Export the data as Excel (.xlsx) or CSV",
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_damaged_utf8(path, data, error)
        return "cp1252", "cp1252"
    return "utf-8", "UTF-8"


def _refuse_damaged_utf8(path: Path, data: bytes, error: UnicodeDecodeError) -> None:
    """A few bad bytes among many good characters: reading all as cp1252 would garble the good."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for _ in re.finditer(r"[^\x00-\x7f]", text)) - bad
    if good > bad:
        row = _row_at(data[: error.start].decode("utf-8"))
        raise refusal(
            path, f"Row {row} has bytes that are not UTF-8, while the rest is. {_SAY_ENCODING}"
        )


def _row_at(before: str) -> int:
    """The row of the place that ``before`` leads up to."""
    with _no_size_limit():
        mark = _delimiter(before[:_HEAD], True)
        lines = io.StringIO(before + "x", newline="")
        return sum(1 for _ in csv.reader(lines, delimiter=mark))


# --- delimiter --------------------------------------------------------------------------------


def _given_delimiter(path: Path, head: str, delimiter: str) -> str:
    mark = _WORDS.get(delimiter.lower(), delimiter)
    if len(mark) != 1 or mark in '\r\n"\0':
        raise refusal(
            path, f"'{delimiter}' cannot separate cells. Write one of {', '.join(_WORDS)}"
        )
    other = _delimiter(head, True)
    if other != mark and mark not in head and other in head:
        raise refusal(
            path,
            f"Row 1: it is not {_NAMES.get(mark, repr(mark))}-separated, it seems to be "
            f"{_NAMES[other]}-separated. Correct the delimiter in the template",
        )
    return mark


def _delimiter(head: str, cut: bool) -> str:
    """The mark that splits the rows of ``head`` most evenly; a comma where none does.

    ``cut`` says that the last row may be incomplete.
    """
    scores: dict[str, float] = {}
    first_split: dict[str, int] = {}
    shares: dict[str, float] = {}
    for mark in ("\t", ";", "|", ","):
        widths = _widths(head, mark, cut)
        split = Counter(width for width in widths if width > 1)
        if split:
            width, rows = max(split.items(), key=lambda item: (item[1], item[0]))
            shares[mark] = rows / len(widths)
            # The more cells, the less it is chance.
            scores[mark] = shares[mark] * (1 - 1 / width)
            first_split[mark] = next(i for i, width in enumerate(widths) if width > 1)
    if "," in scores and _commas_are_decimal(head) and max(shares.values()) >= 0.9:
        others = [mark for mark in scores if mark != "," and shares[mark] >= 0.9]
        if others:
            del scores[","]
    if not scores:
        return ","
    # Headers are split, too: the mark that first splits a row is more likely the one.
    earliest = min(first_split[mark] for mark in scores)
    return max(scores, key=lambda mark: scores[mark] + 0.1 * (first_split[mark] == earliest))


def _widths(head: str, mark: str, cut: bool) -> list[int]:
    """The number of cells of each row that is not blank."""
    with _no_size_limit():
        rows = list(csv.reader(io.StringIO(head, newline=""), delimiter=mark))
    if cut and len(rows) > 1:
        rows.pop()
    return [len(row) for row in rows if any(map(str.strip, row))]


def _commas_are_decimal(head: str) -> bool:
    """True where nearly all commas stand between digits, as in 1,50."""
    between = sum(1 for _ in re.finditer(r"(?<=\d),(?=\d)", head))
    return between >= 0.9 * head.count(",")
