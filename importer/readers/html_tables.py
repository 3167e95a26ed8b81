"""Read tables of web pages, which many systems save as .xls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

from importer.core.cell_parsers import ERRORS
from importer.core.money import Numbers, UnreadableAmount, read_decimal, read_number_cell
from importer.model.tables import CellKind, CellLook, MergedCells, SourceTable
from importer.readers.comments import LONGEST, Note, cell_comments
from importer.readers.csv.encoding import decode
from importer.readers.file_kind import unreadable
from importer.readers.file_limits import TooLargeError, limits, too_large
from importer.readers.grid import MAX_COLUMNS, MAX_ROWS, CellLooks, FormatMarks, grid_of_rows
from importer.readers.number_formats import look_of_runs
from importer.readers.ods_cells import is_without_decimals, mark_beside
from importer.readers.zip_guard import DamagedError

_INVISIBLE = frozenset(
    ("script", "style", "title", "template", "noscript", "textarea", "select", "comment")
)
_STRUCK = frozenset(("s", "strike", "del"))
_BREAKS = frozenset(("br", "p", "div", "li"))
_CLASS = re.compile(r"\.([\w-]+)")
_LONGEST_STYLES = 1_000_000  # characters
_CHARSET = re.compile(rb"<meta[^>]*charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]+)", re.IGNORECASE)
_LONGEST_TAG = 100_000  # characters
_MOST_MERGED = 2_000_000  # columns that merged cells cover
_SPACES = re.compile(r"[ \t\r\n\f]+")


@dataclass
class _Cell:
    column: int
    text: list[str] = field(default_factory=list)
    number: str | None = None  # the value of the text shown
    struck: bool = False
    runs: list[bool | None] = field(default_factory=list)  # as ``look_of_runs`` has them
    open_tags: dict[str, list[bool]] = field(default_factory=dict)  # whether they strike, by name
    striking: int = 0  # how many of them do

    @cached_property
    def shown(self) -> str:
        lines = "".join(self.text).split("\n")
        return "\n".join(_SPACES.sub(" ", line).strip(" ") for line in lines).strip(" \n")

    @cached_property
    def shows_number(self) -> bool:
        """Whether it has a number, and its text is that of one, or nothing."""
        if self.number is None or isinstance(read_number_cell(self.number), UnreadableAmount):
            return False
        readings = (read_decimal(self.shown, numbers) for numbers in Numbers)
        return not self.shown or not all(isinstance(each, UnreadableAmount) for each in readings)


@dataclass
class _Table:
    rows: list[list[_Cell]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    merged: dict[int, int] = field(default_factory=dict)  # column → last row it is merged into
    merges: list[MergedCells] = field(default_factory=list)
    following: int = 0  # the column of the next cell
    in_row: bool = False
    struck_row: bool = False
    notes: list[Note] = field(default_factory=list)
    cell: _Cell | None = None


def read_html(path: Path, *, encoding: str | None) -> list[SourceTable]:
    """The tables of a web page in order; nothing is run or fetched.

    Rows are counted within their table. A merged cell has its text in its first cell; other cells
    keep their visible place. Several tables are named ``Table 1`` and so on.

    Raises ``UnreadableFile`` where there is no table, or one too large for any sheet.
    """
    data = path.read_bytes()
    detected, text = decode(path, data, encoding or _stated_encoding(data))
    page = _Page(len(text))
    page.feed(text)
    page.close()
    tables = [
        table
        for table in page.tables
        if any(_text(c)[0].strip() for row in table.rows for c in row)
    ]
    if not tables:
        raise unreadable(
            path,
            "This is a web page (HTML) without a table, not a spreadsheet. Open it to see what it "
            "says, and export the data again",
        )
    out = []
    for n, table in enumerate(tables, start=1):
        if len(table.rows) > MAX_ROWS or any(
            c.column >= MAX_COLUMNS for row in table.rows for c in row
        ):
            raise unreadable(path, f"Table {n} is larger than any sheet. Export the data as CSV")
        grid = grid_of_rows(_cells(table))
        looks, marks = _looks_and_marks(table)
        out.append(
            SourceTable(
                file=str(path),
                sheet=f"Table {n}" if len(tables) > 1 else None,
                columns=grid.columns,
                rows=grid.rows,
                kinds=grid.kinds,
                blank_rows=grid.blank_rows,
                hidden_rows=tuple(sorted(table.hidden.intersection(grid.rows))),
                notes=(f"Web page (HTML), {detected.name}",),
                encoding_doubt=detected.doubt,
                merges=tuple(table.merges),
                cell_looks=looks,
                format_marks=marks,
                comments=tuple(cell_comments(table.notes)),
            )
        )
    return out


def _stated_encoding(data: bytes) -> str | None:
    """The encoding that the page states, as browsers read it; None for none or an unknown one."""
    stated = _CHARSET.search(data[:4096])
    if stated is None or data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return None
    name = stated[1].decode("ascii").lower()
    if name in ("iso-8859-1", "latin1", "us-ascii", "ascii", "windows-1252"):
        return "cp1252"
    try:
        b"a".decode(name)
    except (LookupError, UnicodeError):
        return None
    return name


def _cells(table: _Table) -> Iterator[tuple[int, list[tuple[int, str, int]]]]:
    for n, row in enumerate(table.rows, start=1):
        cells = ((cell.column, *_text(cell)) for cell in row)
        yield n, [(column, text, kind) for column, text, kind in cells if text]


def _looks_and_marks(table: _Table) -> tuple[CellLooks, FormatMarks]:
    looks: CellLooks = {}
    marks: FormatMarks = {}
    for n, row in enumerate(table.rows, start=1):
        for cell in row:
            look = look_of_runs(CellLook.STRUCK if cell.struck else None, cell.runs)
            if cell.number and cell.shows_number:
                if not cell.shown:
                    look = CellLook.INVISIBLE
                elif look is None and is_without_decimals(cell.shown, cell.number):
                    look = CellLook.UNITS_ONLY
                if mark := mark_beside(cell.shown, cell.number):
                    marks.setdefault(cell.column, {})[n] = mark
            if look:
                looks.setdefault(cell.column, {})[n] = look
    return looks, marks


def _text(cell: _Cell) -> tuple[str, int]:
    if cell.shown in ERRORS:
        return cell.shown, CellKind.ERROR
    # The text shown may be rounded. A date shown stays a date, whatever its value.
    if cell.number and cell.shows_number:
        return cell.number, CellKind.NUMBER
    return cell.shown, CellKind.TEXT


class _Page(HTMLParser):
    """Collect the tables; like browsers, accept rows and cells that are not closed."""

    def __init__(self, length: int) -> None:
        """``length``: characters of the page."""
        super().__init__(convert_charrefs=True)
        self._rescans_left = 2 * (length + 1_000_000)  # characters that may be looked at in vain
        self._merging = _MOST_MERGED
        self._limits = limits()
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._invisible_depth = 0
        self._in_comment = False
        self._styles_left = _LONGEST_STYLES
        self._struck_classes: set[str] = set()

    # HTMLParser searches to the end of the page for each tag that is never closed.

    def parse_starttag(self, i: int) -> int:
        if len(self.rawdata) - i > _LONGEST_TAG and self.rawdata.find(">", i, i + _LONGEST_TAG) < 0:
            raise DamagedError("It has a tag that is never closed, or too long")
        return self._closed(i, super().parse_starttag(i))

    def parse_endtag(self, i: int) -> int:
        return self._closed(i, super().parse_endtag(i))

    def parse_pi(self, i: int) -> int:
        return self._closed(i, super().parse_pi(i))

    def parse_html_declaration(self, i: int) -> int:
        return self._closed(i, super().parse_html_declaration(i))

    def parse_comment(self, i: int, report: bool = True) -> int:
        return self._closed(i, super().parse_comment(i, report))

    def _closed(self, start: int, end: int) -> int:
        if end < 0:
            self._count_rescan(len(self.rawdata) - start)
        return end

    def _count_rescan(self, characters: int) -> None:
        self._rescans_left -= characters
        if self._rescans_left < 0:
            raise DamagedError("It has so many tags that are never closed that it cannot be read")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("table", "tr", "td", "th"):
            self._invisible_depth = 0  # nothing that was never closed may hide a cell
        self._in_comment = tag == "comment"
        if tag in _INVISIBLE:
            self._invisible_depth += 1
        elif tag == "table":
            table = _Table()
            self.tables.append(table)
            if len(self.tables) > 20 * self._limits.sheets:
                raise too_large("It has too many tables", "sheets", self._limits.sheets)
            self._open.append(table)
        elif not self._open:
            return
        elif tag == "tr":
            self._row(dict(attrs))
        elif tag in ("td", "th"):
            self._cell(dict(attrs))
        elif tag in _BREAKS:
            self.handle_break()
        elif cell := self._open[-1].cell:
            strikes = tag in _STRUCK or self._strikes(dict(attrs))
            if strikes or cell.open_tags.get(tag):
                cell.open_tags.setdefault(tag, []).append(strikes)
                cell.striking += strikes

    def handle_endtag(self, tag: str) -> None:
        if tag in _INVISIBLE:
            self._invisible_depth = max(0, self._invisible_depth - 1)
        elif not self._open:
            return
        elif tag == "table":
            self._open.pop()
        elif tag in ("td", "th"):
            self._open[-1].cell = None
        elif tag in ("tr", "thead", "tbody", "tfoot"):
            self._open[-1].cell, self._open[-1].in_row = None, False
        elif tag in _BREAKS and tag != "br":
            self.handle_break()
        elif (cell := self._open[-1].cell) and (strikes := cell.open_tags.get(tag)):
            cell.striking -= strikes.pop()

    def handle_data(self, data: str) -> None:
        if data == "<":
            self._count_rescan(100)
        if self._invisible_depth:
            self._hidden_data(data)
        elif self._open and (cell := self._open[-1].cell):
            cell.text.append(_SPACES.sub(" ", data))
            if data.strip():
                cell.runs.append(cell.striking > 0 or None)

    def _hidden_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            rules = data[: self._styles_left].lower()
            self._styles_left -= len(rules)
            for rule in rules.split("}"):
                selector, _, looks = rule.partition("{")
                if "line-through" in looks:
                    self._struck_classes.update(_CLASS.findall(selector))
        elif self._open and self._in_comment and (cell := self._open[-1].cell):
            table = self._open[-1]
            table.notes.append((len(table.rows), cell.column, data[:LONGEST]))

    def handle_break(self) -> None:
        if cell := self._open[-1].cell:
            cell.text.append("\n")

    def _row(self, attributes: dict[str, str | None]) -> None:
        table = self._open[-1]
        table.rows.append([])
        table.cell, table.in_row, table.following = None, True, 0
        style = (attributes.get("style") or "").replace(" ", "").lower()
        if "display:none" in style or "hidden" in attributes:
            table.hidden.add(len(table.rows))
        table.struck_row = self._strikes(attributes)

    def _cell(self, attributes: dict[str, str | None]) -> None:
        table = self._open[-1]
        if not table.in_row:
            self._row({})
        row, at = table.rows[-1], len(table.rows)
        column = table.following
        while table.merged.get(column, 0) >= at:
            column += 1
        # The limits are those of the HTML standard; Excel's sheets end before.
        wide = min(_span(attributes.get("colspan")), 1_000)
        deep = min(_span(attributes.get("rowspan")), 65_534)
        if column + wide > 4 * MAX_COLUMNS:
            raise TooLargeError("It has a row wider than any sheet. Export the data as CSV")
        if deep > 1:
            self._merging -= wide
            if self._merging < 0:
                raise TooLargeError("It has too many merged cells. Export the data as CSV")
            table.merged |= dict.fromkeys(range(column, column + wide), at + deep - 1)
            table.merges.append(MergedCells(at, at + deep - 1, column, column + wide - 1))
        table.following = column + wide
        struck = table.struck_row or self._strikes(attributes)
        number = attributes.get("x:num") or attributes.get("sdval")  # of Excel, of LibreOffice
        row.append(_Cell(column, number=number, struck=struck))
        table.cell = row[-1]

    def _strikes(self, attributes: dict[str, str | None]) -> bool:
        classes = (attributes.get("class") or "").lower().split() if self._struck_classes else ()
        return "line-through" in (
            attributes.get("style") or ""
        ).lower() or not self._struck_classes.isdisjoint(classes)


def _span(text: str | None) -> int:
    digits = (text or "").strip()
    return max(int(digits), 1) if digits.isdecimal() and len(digits) < 8 else 1
