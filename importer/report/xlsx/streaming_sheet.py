"""A worksheet that takes rows as finished XML, many at a time; all else is XlsxWriter's.

The only module that touches XlsxWriter's inside, which may change with each of its minor versions.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from types import FunctionType
from typing import Any, Literal
from zipfile import ZipFile

import xlsxwriter
import xlsxwriter.workbook
from xlsxwriter.format import Format
from xlsxwriter.url import Url
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from importer.core.errors import UsageProblem
from importer.report.xlsx.row_xml import RowXmlBlock, column_name, escaped

_INTERNAL = "internal:"
SUPPORTED = "3.3"  # versions of XlsxWriter, as in setup.cfg
# What needs an escape or a mark that blanks be kept; XlsxWriter itself writes such text.
_NEEDS_ESCAPE = re.compile(r'^\s|\s$|[\x00-\x1f&<>"_\ufffe\uffff]')


def check_version(version: str = xlsxwriter.__version__) -> None:
    """UsageProblem where another minor version of XlsxWriter is installed than this is made for."""
    if version.split(".")[:2] != SUPPORTED.split("."):
        raise UsageProblem(
            f"The result workbook needs XlsxWriter {SUPPORTED}, and {version} is installed. Install"
            f' it with: pip install "XlsxWriter~={SUPPORTED}.0", or ask for a CSV result:'
            " --result out.csv"
        )


class _QuickZip(ZipFile):
    """Compresses in a third of the usual time, to a sixth more."""

    def __init__(self, file: Any, mode: Literal["w"], **options: Any) -> None:
        super().__init__(file, mode, compresslevel=2, **options)


class _Workbook(xlsxwriter.Workbook):  # type: ignore[misc]
    """XlsxWriter's, with another ZIP file, for whose level it has no option."""

    _store_workbook = FunctionType(
        xlsxwriter.Workbook._store_workbook.__code__,
        {**vars(xlsxwriter.workbook), "ZipFile": _QuickZip},
    )


def new_workbook(file: Any, private: Path) -> Workbook:
    """A workbook whose sheets are ``StreamingSheet``s. Its temporary files are in ``private``."""
    options = {
        "constant_memory": True,
        "tmpdir": str(private),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "use_zip64": True,
    }
    workbook = _Workbook(file, options)
    workbook.worksheet_class = StreamingSheet
    return workbook


def close_temporary_files(workbook: Workbook) -> None:
    """After a failure they would stay open, and on Windows could not be deleted."""
    for sheet in workbook.worksheets():
        with contextlib.suppress(OSError):
            sheet.row_data_fh.close()


def cell_link(sheet: str, row: int, column: int) -> str:
    """The link to a cell of the workbook itself."""
    return f"{_INTERNAL}'{sheet}'!{column_name(column)}{row + 1}"


def style_number(cell_format: Format) -> int:
    """By which number a cell's XML names the format."""
    number: int = cell_format._get_xf_index()
    return number


class StreamingSheet(Worksheet):  # type: ignore[misc]
    """In XlsxWriter's constant memory mode a sheet's rows are written to a file as they come, and
    the rest of the sheet around them at the end. ``append`` writes to that file too."""

    def __init__(self) -> None:
        super().__init__()
        self._links: list[str | tuple[int, int, str]] = []  # finished XML, or to an address

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        """Ordinary cells at once, as XlsxWriter writes them."""
        kind = cell.__class__.__name__
        if cell.format and kind == "Number":
            value = f"><v>{cell.number:.16G}</v></c>"
        elif cell.format and kind == "String" and not _NEEDS_ESCAPE.search(cell.string):
            value = f' t="inlineStr"><is><t>{cell.string}</t></is></c>'
        else:
            super()._write_cell(row, col, cell)
            return
        style = style_number(cell.format)
        self.fh.write(f'<c r="{column_name(col)}{row + 1}" s="{style}"{value}')

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        """Without the sign before it. XlsxWriter looks a hundred times in each for a function that
        is newer than Excel 2007, and ours have none."""
        return formula.removeprefix("=")

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

    @property
    def link_count(self) -> int:
        return len(self._links)

    def link(self, row: int, column: int, target: str) -> None:
        """A link on a cell that is written by ``append``: an address, or ``internal:'A'!B2``.

        Not to be mixed with ``write_url`` in one sheet.
        """
        if not target.startswith(_INTERNAL):
            self._links.append((row, column, target))
            return
        location = escaped(target.removeprefix(_INTERNAL)).replace('"', "&quot;")
        cell = f"{column_name(column)}{row + 1}"
        self._links.append(f'<hyperlink ref="{cell}" location="{location}"/>')

    def _write_hyperlinks(self) -> None:
        if not self._links:
            super()._write_hyperlinks()
            return
        self.fh.write("<hyperlinks>")
        for link in self._links:
            if isinstance(link, str):
                self.fh.write(link)
                continue
            row, column, target = link
            url = Url(target)
            self.rel_count += 1
            self._write_hyperlink_external(row, column, self.rel_count, url)
            self.external_hyper_links.append(["/hyperlink", url._target(), "External"])
        self.fh.write("</hyperlinks>")
