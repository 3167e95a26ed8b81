"""The columns that the result adds to those of the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from importer.records import Role, RowResult, TableKind
from importer.results.cells import write_money
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
GROSS, NET, TAX = "gross_money", "net_money", "tax_money"
MONEY = (GROSS, NET, TAX)  # in units of the currency, those that any row tells
LONGEST_ADDRESS = 2_000  # characters; Excel refuses longer links
_WIDTHS = {
    GROSS: 16,
    NET: 16,
    TAX: 14,
    STATUS: 18,
    MESSAGE: 20,
    BILL_ID: 38,
    LINE_ID: 38,
    STATE: 14,
    ATTEMPTS: 12,
    LOADED_AT: 22,
    SOURCE_ROW: 14,
}
OURS = tuple(_WIDTHS)
_WIDEST_MESSAGE = 80
_BLANK_ID = 22


def id_headers(kind: TableKind) -> tuple[str, ...]:
    """Of a file with one row a line item each row tells its bill too."""
    if kind is TableKind.BILLS:
        return (BILL_ID,)
    return (BILL_ID, LINE_ID) if kind is TableKind.FLAT else (LINE_ID,)


def added_headers(kind: TableKind, results: Iterable[RowResult] = ()) -> tuple[str, ...]:
    """The columns of a table, those for money where one of the rows has something for them."""
    told = [False, False, False]
    for result in results:
        if (amounts := result.amounts) is not None:
            told[0] = told[0] or amounts.gross is not None
            told[1] = told[1] or amounts.net is not None
            told[2] = told[2] or amounts.tax is not None
            if all(told):
                break
    money = (name for name, has in zip(MONEY, told, strict=True) if has)
    return (*money, STATUS, MESSAGE, *id_headers(kind), STATE, ATTEMPTS, LOADED_AT, SOURCE_ROW)


def kept_columns(headers: Sequence[str]) -> list[int]:
    """The columns of the file itself.

    A file that is a former result has our columns already, right of its own; this run's take their
    place.
    """
    if not {STATUS, MESSAGE, SOURCE_ROW} <= set(headers):
        return list(range(len(headers)))
    ours = {header: i for i, header in enumerate(headers) if header in _WIDTHS}
    return [i for i in range(len(headers)) if ours.get(headers[i]) != i]


def write_added_headers(
    sheet: Worksheet, formats: Formats, first: int, headers: tuple[str, ...]
) -> None:
    for c, header in enumerate(headers, start=first):
        sheet.set_column(c, c, _WIDTHS[header])
        look = formats.our_header_right if header in MONEY else formats.our_header
        sheet.write_string(0, c, header, look)


def write_added(
    sheet: Worksheet,
    output: Output,
    out: int,
    at: dict[str, int],
    role: Role,
    result: RowResult | None,
    message: str,
    row: int,
    *,
    links: int,
    problem: str | None = None,
) -> int:
    """The added cells of one row, ``at`` their columns; gives how many links were written.

    A row that is not data has its role as its status. ``links`` is how many more may be written,
    ``problem`` where the first of the row's problems stands in this workbook.
    """
    formats = output.formats
    plain = formats.cell[PLAIN, TEXT]
    status = role.value if role is not Role.DATA else (result.status.value if result else "")
    written = 0
    if result is not None and result.amounts is not None:
        _write_amounts(sheet, formats, out, at, result)
    if status:
        sheet.write_string(out, at[STATUS], status, formats.status[status])
    if message and problem is not None and links > 0:
        sheet.write_url(out, at[MESSAGE], problem, formats.message_link, message)
        written += 1
    elif message:
        sheet.write_string(out, at[MESSAGE], message, formats.message)
    if result is not None:
        for header, light_id in ((BILL_ID, result.bill_id), (LINE_ID, result.light_id)):
            if LINE_ID not in at:
                light_id = result.light_id
            if not light_id or header not in at:
                continue
            identifier = visible(light_id)
            address = output.links.get(light_id, "") if links > written else ""
            # Only what a browser opens: an address must not become a program to run.
            if address.startswith("https://") and len(address) <= LONGEST_ADDRESS:
                sheet.write_url(out, at[header], address, formats.link, identifier)
                written += 1
            else:
                sheet.write_string(out, at[header], identifier, plain)
        if result.light_state:
            sheet.write_string(out, at[STATE], visible(result.light_state), plain)
        sheet.write_number(out, at[ATTEMPTS], result.attempts, formats.centred)
        if result.loaded_at is not None:
            sheet.write_string(out, at[LOADED_AT], utc(result.loaded_at), plain)
    sheet.write_number(out, at[SOURCE_ROW], row, formats.centred)
    return written


def _write_amounts(
    sheet: Worksheet, formats: Formats, out: int, at: dict[str, int], result: RowResult
) -> None:
    amounts = result.amounts
    assert amounts is not None
    look = formats.money_of(amounts.unit)
    for header, cents in ((GROSS, amounts.gross), (NET, amounts.net), (TAX, amounts.tax)):
        if cents is not None and header in at:
            write_money(sheet, out, at[header], cents, look, amounts.unit)


def fit_added(sheet: Worksheet, at: dict[str, int], longest: int, *, loaded: bool) -> int:
    """Fit the added columns to what was written: ``longest`` is the length of a message.

    Where nothing was ``loaded`` the columns about Light are blank, and take little room. Gives
    their width in characters.
    """
    widths = {header: _WIDTHS[header] for header in at}
    widths[MESSAGE] = min(max(longest + 2, _WIDTHS[MESSAGE]), _WIDEST_MESSAGE)
    if not loaded:
        blank = {header: _BLANK_ID for header in (BILL_ID, LINE_ID) if header in at}
        widths |= {**blank, LOADED_AT: _WIDTHS[STATE]}
    for header, width in widths.items():
        sheet.set_column(at[header], at[header], width)
    return sum(widths.values())
