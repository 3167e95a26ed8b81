"""A worksheet that writes ordinary cells faster: nearly all cells of a result are."""

from __future__ import annotations

import re
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

# What needs an escape or a mark that blanks be kept; XlsxWriter itself writes such text.
_ODD = re.compile(r'^\s|\s$|[\x00-\x1f&<>"_\ufffe\uffff]')


class QuickSheet(Worksheet):  # type: ignore[misc]
    """Numbers and plain text with a format are written at once, as XlsxWriter writes them in its
    constant memory mode. All else is left to it."""

    def __init__(self) -> None:
        super().__init__()
        self._letters: list[str] = []

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
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
