"""How a sheet behaves on the screen and on paper."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

_A4 = 9
_SMALLEST = 60  # percent of the size on the screen: the print is 6.6 points high
_PAGE_WIDTH = 265  # characters that can still be read on one page
_LABEL_WIDTH = 60  # characters of the first columns, by which a row is known on each page
_NARROW = 24  # characters: a wider column next to the first, as one of ids, is not repeated


def set_up_page(
    sheet: Worksheet, run: str | None, *, widths: Sequence[int] = (), pages: int = 0
) -> None:
    """Landscape, numbered, ``pages`` long (0: as many as it takes).

    One page wide, or as many as it takes where columns of these ``widths``, in characters, could
    not be read on one; then the first columns are printed on each.
    """
    sheet.set_landscape()
    sheet.set_paper(_A4)
    if sum(widths) <= _PAGE_WIDTH:
        sheet.fit_to_pages(1, pages)
    else:
        sheet.set_print_scale(_SMALLEST)
        sheet.print_across()
        sheet.repeat_columns(0, _label_columns(widths) - 1)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    # "&" starts a code in a footer; the whole may have 255 characters.
    name = (f"light-import, run {run}" if run else "light-import").replace("&", "&&")[:120]
    sheet.set_footer(f"&L&8{name}&C&8&A&R&8Page &P of &N")


def _label_columns(widths: Sequence[int]) -> int:
    """How many columns, from the left, identify a row."""
    for n in (3, 2):
        if sum(widths[:n]) <= _LABEL_WIDTH and max(widths[1:n]) <= _NARROW:
            return n
    return 1


def set_up_table(sheet: Worksheet, columns: int, rows: int) -> None:
    """A header row that stays in sight and is printed on each page, and a filter on it.

    Call before writing any cell.
    """
    sheet.set_row(0, 22)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(rows, 1), columns - 1)
    # Leading zeros are kept on purpose; no green triangles for that.
    sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, max(rows, 1), columns - 1)})
