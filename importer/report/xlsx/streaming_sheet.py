"""A worksheet that takes rows as finished XML, many at a time; all else is XlsxWriter's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from xlsxwriter.url import Url
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from importer.report.xlsx.row_xml import RowXmlBlock, escaped

INTERNAL = "internal:"
# What needs an escape or a mark that blanks be kept; XlsxWriter itself writes such text.
_ODD = re.compile(r'^\s|\s$|[\x00-\x1f&<>"_\ufffe\uffff]')


class QuickSheet(Worksheet):  # type: ignore[misc]
    """In XlsxWriter's constant memory mode a sheet's rows are written to a file as they come, and
    the rest of the sheet around them at the end. ``append`` writes to that file too."""

    def __init__(self) -> None:
        super().__init__()
        self._links: list[tuple[int, int, str]] = []
        self._letters: list[str] = []

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        """Ordinary cells at once, as XlsxWriter writes them."""
        kind = cell.__class__.__name__
        if cell.format and kind == "Number":
            value = f"><v>{cell.number:.16G}</v></c>"
        elif cell.format and kind == "String" and not _ODD.search(cell.string):
            value = f' t="inlineStr"><is><t>{cell.string}</t></is></c>'
        else:
            super()._write_cell(row, col, cell)
            return
        while len(self._letters) <= col:
            self._letters.append(xl_col_to_name(len(self._letters)))
        style = cell.format._get_xf_index()
        self.fh.write(f'<c r="{self._letters[col]}{row + 1}" s="{style}"{value}')

    def append(self, block: RowXmlBlock, heights: Sequence[int] | None = None) -> None:
        """The next rows, below all that was written; comments on them must be written before."""
        if not block.size:
            return
        if self.table:  # the row that XlsxWriter still holds
            self._write_single_row(block.first)
        self._check_dimensions(block.first, 0)
        self._check_dimensions(block.first + block.size - 1, block.width - 1)
        self.row_data_fh.write(block.xml(heights))
        self.previous_row = block.first + block.size

    def link(self, row: int, column: int, target: str) -> None:
        """A link on a cell that is written by ``append``: an address, or ``internal:'A'!B2``.

        Not to be mixed with ``write_url`` in one sheet.
        """
        self._links.append((row, column, target))

    def _write_hyperlinks(self) -> None:
        if not self._links:
            super()._write_hyperlinks()
            return
        self.fh.write("<hyperlinks>")
        for row, column, target in self._links:
            if target.startswith(INTERNAL):
                place = escaped(target.removeprefix(INTERNAL)).replace('"', "&quot;")
                cell = xl_rowcol_to_cell(row, column)
                self.fh.write(f'<hyperlink ref="{cell}" location="{place}"/>')
                continue
            url = Url(target)
            self.rel_count += 1
            self._write_hyperlink_external(row, column, self.rel_count, url)
            self.external_hyper_links.append(["/hyperlink", url._target(), "External"])
        self.fh.write("</hyperlinks>")
