"""How a sheet behaves on the screen and on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

_A4 = 9
_ACROSS = 60  # percent of the size on the screen, where a sheet takes several pages side by side
_SMALLEST = 0.42  # of the size on the screen: print of 5 points, as in a bank's small print
_SHRUNK = 0.85  # what a sheet may be made smaller by, so that it needs one page only
_LEAST_SHRUNK = 0.48
_PAGE_WIDTH, _PAGE_HEIGHT = 784.0, 509.0  # points between the margins of A4 in landscape


@dataclass(frozen=True)
class SheetPrint:
    """The printed part of a sheet: the ``widths`` of its columns in characters, the ``height`` of
    its rows in points, how many columns are ``frozen``.

    ``first_page`` is the height and the number of the rows that are to stay on one page, whatever
    follows them.
    """

    widths: Sequence[int]
    height: float
    frozen: int = 1
    first_page: tuple[float, int] | None = None


ONE_PAGE = SheetPrint((), 0)


def set_up_page(sheet: Worksheet, run: str | None, printed: SheetPrint) -> None:
    """Landscape, numbered, one page wide, and one page long where that can still be read.

    Columns that could not be read on one page are printed on several side by side, each with the
    frozen ones.
    """
    sheet.set_landscape()
    sheet.set_paper(_A4)
    scale = min(1.0, _PAGE_WIDTH / max(_points(printed.widths), 1))
    if scale >= _SMALLEST:
        smallest = min(scale, max(_LEAST_SHRUNK, _SHRUNK * scale))
        if printed.height <= _PAGE_HEIGHT / smallest:
            sheet.fit_to_pages(1, 1)
        elif printed.first_page is None:
            sheet.fit_to_pages(1, 0)
        else:  # a program that fits the pages leaves out breaks
            height, rows = printed.first_page
            scale = max(_LEAST_SHRUNK, min(0.95 * scale, _PAGE_HEIGHT / height))
            sheet.set_print_scale(int(100 * scale))
            sheet.set_h_pagebreaks([rows])
    else:
        sheet.set_print_scale(_ACROSS)
        sheet.print_across()
        sheet.repeat_columns(0, printed.frozen - 1)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    # "&" starts a code in a footer; the whole may have 255 characters.
    name = (f"light-import, run {run}" if run else "light-import").replace("&", "&&")[:120]
    sheet.set_footer(f"&L&8{name}&C&8&A&R&8Page &P of &N")


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
