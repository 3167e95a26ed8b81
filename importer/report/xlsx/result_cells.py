"""The result columns of a sheet, right of all others."""

from __future__ import annotations

from collections.abc import Sequence

from importer.core.safe_text import visible
from importer.model.report_model import RowResult
from importer.report.phrases import utc
from importer.report.result_columns import (
    ATTEMPTS,
    BILL_ID,
    GROSS,
    LINE_ID,
    LOADED_AT,
    MESSAGE,
    MONEY,
    NET,
    SOURCE_ROW,
    STATE,
    STATUS,
    TAX,
)
from importer.report.xlsx.cell_styles import NO_SHADE, STATUS_STYLES, TEXT
from importer.report.xlsx.cell_values import fitting, money_xml
from importer.report.xlsx.row_xml import RowXmlBlock, number_xml, text_xml
from importer.report.xlsx.streaming_sheet import StreamingSheet, style_number
from importer.report.xlsx.workbook_context import WorkbookContext

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
_WIDEST_MESSAGE = 80
_BLANK_ID = 22
_LONGEST_ADDRESS = 2_000  # characters; Excel refuses longer links


class ResultCells:
    """Writes the result columns ``headers`` of a sheet, a block of rows at a time."""

    def __init__(
        self, sheet: StreamingSheet, context: WorkbookContext, headers: Sequence[str]
    ) -> None:
        self._sheet, self._context, self._headers = sheet, context, headers
        self._longest = 0
        self._loaded = False
        self._status = {
            status: text_xml(status, style_number(context.styles.status[status]))
            for status in STATUS_STYLES
        }

    def write_headers(self, first: int) -> None:
        """``first`` is the column of the first one."""
        styles = self._context.styles
        for c, header in enumerate(self._headers, start=first):
            self._sheet.set_column(c, c, _WIDTHS[header])
            style = styles["result_header_right" if header in MONEY else "result_header"]
            self._sheet.write_string(0, c, header, style)

    def add(
        self,
        block: RowXmlBlock,
        rows: Sequence[int],
        statuses: Sequence[str],
        results: Sequence[RowResult | None],
        messages: Sequence[str],
        problems: Sequence[str | None],
    ) -> None:
        """The cells of the block's rows. ``rows`` are their numbers in the file, ``problems`` the
        cells of this workbook where the first problem of each is listed."""
        styles = self._context.styles
        text, centred = style_number(styles.cell[NO_SHADE, TEXT]), style_number(styles["centred"])
        for header in self._headers:
            if header in MONEY:
                block.add_cells(self._money(header, results))
            elif header == STATUS:
                block.add_cells([self._status[status] if status else "" for status in statuses])
            elif header == MESSAGE:
                block.add_cells(self._messages(block, messages, problems))
            elif header in (BILL_ID, LINE_ID):
                block.add_cells(self._ids(block, header, results))
            elif header == STATE:
                states = [visible(r.light_state) if r and r.light_state else "" for r in results]
                block.add_texts(states, text)
            elif header == ATTEMPTS:
                block.add_cells([number_xml(r.attempts, centred) if r else "" for r in results])
            elif header == LOADED_AT:
                moments = [utc(r.loaded_at) if r and r.loaded_at else "" for r in results]
                block.add_texts(moments, text)
            else:
                block.add_cells([number_xml(row, centred) for row in rows])
        self._longest = max(self._longest, max(map(len, messages), default=0))
        self._loaded = self._loaded or any(r is not None and bool(r.light_id) for r in results)

    def _money(self, header: str, results: Sequence[RowResult | None]) -> list[str]:
        part = {GROSS: "gross", NET: "net", TAX: "tax"}[header]
        amounts = [result.amounts if result else None for result in results]
        styles = self._context.styles
        return [
            money_xml(getattr(each, part), styles.money("cell", each.unit), each.unit)
            if each
            else ""
            for each in amounts
        ]

    def _messages(
        self, block: RowXmlBlock, messages: Sequence[str], problems: Sequence[str | None]
    ) -> list[str]:
        styles = self._context.styles
        unlinked, linked = style_number(styles["message"]), style_number(styles["message_link"])
        out = []
        for k, (message, problem) in enumerate(zip(messages, problems, strict=True)):
            if not message:
                out.append("")
                continue
            with_link = problem is not None and self._link(block, k, problem)
            out.append(text_xml(fitting(message), linked if with_link else unlinked))
        return out

    def _ids(
        self, block: RowXmlBlock, header: str, results: Sequence[RowResult | None]
    ) -> list[str]:
        """Ids, with a link to where Light shows the bill."""
        styles = self._context.styles
        text, linked = style_number(styles.cell[NO_SHADE, TEXT]), style_number(styles["link"])
        row_is_item = header == LINE_ID or LINE_ID not in self._headers
        out = []
        for k, result in enumerate(results):
            light_id = result and (result.light_id if row_is_item else result.bill_id)
            if not light_id:
                out.append("")
                continue
            address = self._context.links.get(light_id, "")
            # Only what a browser opens: an address must not become a program to run.
            safe = address.startswith("https://") and len(address) <= _LONGEST_ADDRESS
            with_link = safe and self._link(block, k, address)
            out.append(text_xml(visible(light_id), linked if with_link else text))
        return out

    def _link(self, block: RowXmlBlock, k: int, target: str) -> bool:
        return self._context.link(self._sheet, block.first + k, block.width, target)

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
