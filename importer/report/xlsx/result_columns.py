"""The columns that the result adds to those of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from importer.core.safe_text import visible
from importer.model.report_model import RowResult
from importer.model.tables import Role, TableKind
from importer.report.phrases import utc
from importer.report.xlsx.cell_styles import PLAIN, TEXT, CellStyles
from importer.report.xlsx.cell_values import MOST_LINKS, fitting, money_tail
from importer.report.xlsx.row_xml import RowXmlBlock, number_tail, text_tail
from importer.report.xlsx.workbook_context import WorkbookContext

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from importer.report.xlsx.streaming_sheet import QuickSheet

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


def added_headers(
    kind: TableKind, told: tuple[bool, bool, bool] = (False, False, False)
) -> tuple[str, ...]:
    """The columns of a table; ``told`` says whether any row has a gross, net and tax amount."""
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
    sheet: Worksheet, formats: CellStyles, first: int, headers: tuple[str, ...]
) -> None:
    for c, header in enumerate(headers, start=first):
        sheet.set_column(c, c, _WIDTHS[header])
        look = formats.our_header_right if header in MONEY else formats.our_header
        sheet.write_string(0, c, header, look)


class AddedColumns:
    """The added columns of a sheet, a block of rows at a time, right of all others."""

    def __init__(self, sheet: QuickSheet, output: WorkbookContext, headers: Sequence[str]) -> None:
        self._sheet, self._output, self._headers = sheet, output, headers
        self._links = self._longest = 0
        self._loaded = False
        style = {name: look._get_xf_index() for name, look in output.formats.status.items()}
        self._status = {name: text_tail(name, number) for name, number in style.items()}

    def add(
        self,
        block: RowXmlBlock,
        rows: Sequence[int],
        statuses: Sequence[str],
        results: Sequence[RowResult | None],
        messages: Sequence[str],
        problems: Sequence[str | None],
    ) -> None:
        """The cells of the block's rows. ``rows`` are their numbers in the file, ``problems`` where
        the first problem of each stands in this workbook."""
        formats, tails = self._output.formats, self._status
        text, centred = (
            each._get_xf_index() for each in (formats.cell[PLAIN, TEXT], formats.centred)
        )
        for header in self._headers:
            if header in MONEY:
                block.add(_money(formats, header, results))
            elif header == STATUS:
                block.add([tails[status] if status else "" for status in statuses])
            elif header == MESSAGE:
                block.add(self._messages(block, messages, problems))
            elif header in (BILL_ID, LINE_ID):
                block.add(self._ids(block, header, results))
            elif header == STATE:
                states = [visible(r.light_state) if r and r.light_state else "" for r in results]
                block.add_texts(states, text)
            elif header == ATTEMPTS:
                known = [number_tail(r.attempts, centred) if r else "" for r in results]
                block.add(known)
            elif header == LOADED_AT:
                moments = [utc(r.loaded_at) if r and r.loaded_at else "" for r in results]
                block.add_texts(moments, text)
            else:
                block.add([number_tail(row, centred) for row in rows])
        self._longest = max(self._longest, max(map(len, messages), default=0))
        self._loaded = self._loaded or any(r is not None and bool(r.light_id) for r in results)

    def _messages(
        self, block: RowXmlBlock, messages: Sequence[str], problems: Sequence[str | None]
    ) -> list[str]:
        formats = self._output.formats
        plain, linked = formats.message._get_xf_index(), formats.message_link._get_xf_index()
        out = []
        for k, (message, problem) in enumerate(zip(messages, problems, strict=True)):
            if not message:
                out.append("")
                continue
            with_link = problem is not None and self._link(block, k, problem)
            out.append(text_tail(fitting(message), linked if with_link else plain))
        return out

    def _ids(
        self, block: RowXmlBlock, header: str, results: Sequence[RowResult | None]
    ) -> list[str]:
        """Ids, with a link to where Light shows the bill."""
        formats, links = self._output.formats, self._output.links
        plain, linked = formats.cell[PLAIN, TEXT]._get_xf_index(), formats.link._get_xf_index()
        own = header == LINE_ID or LINE_ID not in self._headers  # a row of the sheet Bills
        out = []
        for k, result in enumerate(results):
            light_id = result and (result.light_id if own else result.bill_id)
            if not light_id:
                out.append("")
                continue
            address = links.get(light_id, "")
            # Only what a browser opens: an address must not become a program to run.
            safe = address.startswith("https://") and len(address) <= LONGEST_ADDRESS
            with_link = safe and self._link(block, k, address)
            out.append(text_tail(visible(light_id), linked if with_link else plain))
        return out

    def _link(self, block: RowXmlBlock, k: int, target: str) -> bool:
        if self._links >= MOST_LINKS:
            self._output.written.links_left_out[self._sheet.get_name()] += 1
            return False
        self._links += 1
        self._sheet.link(block.first + k, block.width, target)
        return True

    def fit(self, first: int) -> list[int]:
        """Fit the columns, the first of them ``first``, to what was written.

        Where nothing was loaded the columns about Light are blank, and take little room. Gives
        their widths in characters.
        """
        widths = {header: _WIDTHS[header] for header in self._headers}
        widths[MESSAGE] = min(max(self._longest + 2, _WIDTHS[MESSAGE]), _WIDEST_MESSAGE)
        if not self._loaded:
            blank = {each: _BLANK_ID for each in (BILL_ID, LINE_ID) if each in widths}
            widths |= {**blank, LOADED_AT: _WIDTHS[STATE]}
        for c, header in enumerate(self._headers, start=first):
            self._sheet.set_column(c, c, widths[header])
        return list(widths.values())


def status_of(role: Role, result: RowResult | None) -> str:
    """A row that is not data has its role as its status."""
    if role is not Role.DATA:
        return role.value
    return result.status.value if result else ""


def _money(formats: CellStyles, header: str, results: Sequence[RowResult | None]) -> list[str]:
    part = {GROSS: "gross", NET: "net", TAX: "tax"}[header]
    out = []
    for result in results:
        amounts = result.amounts if result else None
        cents = getattr(amounts, part) if amounts else None
        if amounts is None or cents is None:
            out.append("")
        else:
            out.append(money_tail(cents, formats.money_of(amounts.unit), amounts.unit))
    return out
