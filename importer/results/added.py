"""The columns that the result adds to those of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from importer.records import Role, RowResult
from importer.results.formats import PLAIN, TEXT, Formats
from importer.results.output import Output
from importer.results.wording import utc, visible

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

STATUS, MESSAGE, BILL_ID, LINE_ID = (
    "import_status",
    "import_message",
    "light_bill_id",
    "light_line_item_id",
)
STATE, ATTEMPTS, LOADED_AT, SOURCE_ROW = "light_state", "attempts", "loaded_at", "source_row"
LONGEST_ADDRESS = 2_000  # characters; Excel refuses longer links
_WIDTHS = (18, 20, 38, 14, 12, 22, 14)
_WIDEST_MESSAGE = 80
_BLANK_ID = 22


def added_headers(id_header: str) -> tuple[str, ...]:
    return (STATUS, MESSAGE, id_header, STATE, ATTEMPTS, LOADED_AT, SOURCE_ROW)


def kept_columns(headers: Sequence[str]) -> list[int]:
    """The columns of the file itself.

    A file that is a former result has our columns already; this run's take their place.
    """
    for id_header in (BILL_ID, LINE_ID):
        ours = set(added_headers(id_header))
        if ours <= set(headers):
            last = {header: i for i, header in enumerate(headers) if header in ours}
            return [i for i in range(len(headers)) if i not in last.values()]
    return list(range(len(headers)))


def write_added_headers(
    sheet: Worksheet, formats: Formats, first: int, headers: tuple[str, ...]
) -> None:
    for c, (header, width) in enumerate(zip(headers, _WIDTHS, strict=True), start=first):
        sheet.set_column(c, c, width)
        sheet.write_string(0, c, header, formats.our_header)


def write_added(
    sheet: Worksheet,
    output: Output,
    out: int,
    first: int,
    role: Role,
    result: RowResult | None,
    message: str,
    row: int,
    *,
    link: bool,
) -> bool:
    """The added cells of one row, from column ``first``. True where a link was written.

    A row that is not data has its role as its status.
    """
    formats = output.formats
    plain = formats.cell[PLAIN, TEXT]
    status = role.value if role is not Role.DATA else (result.status.value if result else "")
    if status:
        sheet.write_string(out, first, status, formats.status[status])
    if message:
        sheet.write_string(out, first + 1, message, formats.message)
    sheet.write_number(out, first + 6, row, formats.centred)
    if result is None:
        return False
    linked = False
    if result.light_id:
        identifier = visible(result.light_id)
        address = output.links.get(result.light_id, "") if link else ""
        # Only what a browser opens: an address must not become a program to run.
        if address.startswith("https://") and len(address) <= LONGEST_ADDRESS:
            sheet.write_url(out, first + 2, address, formats.link, identifier)
            linked = True
        else:
            sheet.write_string(out, first + 2, identifier, plain)
    if result.light_state:
        sheet.write_string(out, first + 3, visible(result.light_state), plain)
    sheet.write_number(out, first + 4, result.attempts, formats.centred)
    if result.loaded_at is not None:
        sheet.write_string(out, first + 5, utc(result.loaded_at), plain)
    return linked


def fit_added(sheet: Worksheet, first: int, longest: int, *, loaded: bool) -> None:
    """Fit the added columns to what was written: ``longest`` is the length of a message.

    Where nothing was ``loaded`` the columns about Light are blank, and take little room.
    """
    message = min(max(longest + 2, _WIDTHS[1]), _WIDEST_MESSAGE)
    sheet.set_column(first + 1, first + 1, message)
    if not loaded:
        sheet.set_column(first + 2, first + 2, _BLANK_ID)
        sheet.set_column(first + 5, first + 5, _WIDTHS[3])
