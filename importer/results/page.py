"""How a sheet behaves on the screen and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_A4 = 9
_READABLE = 300  # characters across a page: the print is about 5 points high


def set_up_page(sheet: Worksheet, run: str | None, *, width: int = 0, pages: int = 0) -> None:
    """Landscape, numbered, ``pages`` long (0: as many as it takes).

    One page wide, or more where the ``width`` in characters could not be read on one; then the
    first column is printed on each.
    """
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(max(1, -(-width // _READABLE)), pages)
    if width > _READABLE:
        sheet.repeat_columns(0)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    # "&" starts a code in a footer; the whole may have 255 characters.
    name = (f"light-import, run {run}" if run else "light-import").replace("&", "&&")[:120]
    sheet.set_footer(f"&L&8{name}&C&8&A&R&8Page &P of &N")


def set_up_table(sheet: Worksheet, columns: int, rows: int) -> None:
    """A header row that stays in sight and is printed on each page, and a filter on it.

    To be called before the first cell is written.
    """
    from xlsxwriter.utility import xl_range

    sheet.set_row(0, 22)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(rows, 1), columns - 1)
    # Leading zeros are kept on purpose; no green triangles for that.
    sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, max(rows, 1), columns - 1)})
