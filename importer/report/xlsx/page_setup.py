"""How a sheet behaves on the screen and on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

_A4 = 9
_SMALLEST = 0.55  # of the size on the screen: print of 6 points, as in a bank's small print
_REST = 0.08  # of the pages: a last page with less is spared by smaller print
_SHRUNK = 0.85  # what a sheet may be made smaller by, so that it needs one page only
_PAGE_WIDTH, _PAGE_HEIGHT = 784.0, 509.0  # points between the margins of A4 in landscape


@dataclass(frozen=True)
class SheetPrint:
    """The printed part of a sheet: the ``widths`` of its columns in characters, the ``height`` of
    its rows in points. ``cut`` says in words that columns right of them are not printed."""

    widths: Sequence[int]
    height: float
    cut: str = ""
    estimated: bool = False  # the height


ONE_PAGE = SheetPrint((), 0)


def set_up_page(sheet: Worksheet, run: str | None, printed: SheetPrint) -> None:
    """Landscape, numbered, one page wide, and one page long where that can still be read."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    scale = min(1.0, _PAGE_WIDTH / max(_points(printed.widths), 1))
    shrunk = max(_SMALLEST, _SHRUNK * scale)
    tall = 0 if printed.estimated else _full_pages(printed.height, scale)
    tall = 1 if printed.height <= _PAGE_HEIGHT / shrunk else tall
    sheet.fit_to_pages(1, tall)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    # "&" starts a code in a footer; the whole may have 255 characters.
    name = (f"light-import, run {run}" if run else "light-import").replace("&", "&&")[:120]
    sheet.set_footer(f"&L&8{name}&C&8&A{printed.cut}&R&8Page &P of &N")


def _full_pages(height: float, scale: float) -> int:
    """The pages that rows of so many points fill where the rest of a few rows, shrunk a little,
    fits on them too; 0: as many as there are."""
    pages = height * scale / _PAGE_HEIGHT
    full = int(pages)
    return full if full and pages - full <= _REST * full else 0


def readable(widths: Sequence[int]) -> int:
    """How many of the columns, from the left, one page can hold in readable print."""
    fit = (n for n in range(len(widths), 0, -1) if _points(widths[:n]) * _SMALLEST <= _PAGE_WIDTH)
    return next(fit, 1)


def fits_one_page(widths: Sequence[int], height: float) -> bool:
    """Whether rows of so many points are on one page when the columns fill its width."""
    return height * min(1.0, _PAGE_WIDTH / _points(widths)) <= _PAGE_HEIGHT


def _points(widths: Sequence[int]) -> float:
    """The width of columns of so many characters, which are 7 pixels wide in Calibri 11."""
    return sum(0.75 * (7 * width + 5) for width in widths)


def set_up_table(
    sheet: Worksheet, columns: int, rows: int, *, frozen: int = 0, height: float = 22
) -> None:
    """A header row, ``height`` points high, that stays in sight and is printed on each page, and a
    filter on it; the ``frozen`` first columns stay in sight too.

    Call before writing any cell.
    """
    sheet.set_row(0, height)
    sheet.freeze_panes(1, frozen)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(rows, 1), columns - 1)
    # Leading zeros are kept on purpose; no green triangles for that.
    sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, max(rows, 1), columns - 1)})


def lines_of(text: str, width: int) -> int:
    """How many lines a wrapped text takes in a column of so many characters, or a bit more."""
    return sum(max(1, math.ceil(len(line) / max(width - 2, 1))) for line in text.split("\n"))
