"""The result columns of a sheet: the first ones, and those right of the file's columns."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import xl_col_to_name

from importer.core.safe_text import visible
from importer.model.bills import TargetStatus, document_type
from importer.model.report_model import RowResult
from importer.report.phrases import utc
from importer.report.result_columns import (
    ATTEMPTS,
    BILL_ID,
    DOCUMENT,
    GROSS,
    LINE_ID,
    LOADED_AT,
    MESSAGE,
    MONEY,
    NET,
    REFERENCE,
    SOURCE_ROW,
    STATE,
    STATUS,
    TAX,
    THEN,
)
from importer.report.xlsx.cell_styles import NO_SHADE, STATUS_STYLES, TEXT
from importer.report.xlsx.cell_values import fitting, money_xml
from importer.report.xlsx.page_setup import SheetPrint, lines_of, readable
from importer.report.xlsx.row_xml import RowXmlBlock, number_xml, text_xml
from importer.report.xlsx.streaming_sheet import StreamingSheet, style_number
from importer.report.xlsx.workbook_context import WorkbookContext

ID_WIDTH = 13  # characters: the first group of an id tells one from another
_WIDTHS = {
    STATUS: 14,
    MESSAGE: 15,
    REFERENCE: 16,
    GROSS: 13,
    NET: 13,
    TAX: 12,
    THEN: 11,
    DOCUMENT: 14,
    BILL_ID: ID_WIDTH,
    LINE_ID: 16,
    STATE: 12,
    ATTEMPTS: 12,
    LOADED_AT: 21,
    SOURCE_ROW: 14,
}
_WIDEST_MESSAGE = 44  # so that the frozen columns leave room for others
_WIDEST_REFERENCE = 24
_MOST_LINES = 5  # of a message that are shown; the cell has all of it
_UNPRINTED = frozenset((THEN, ATTEMPTS, LOADED_AT, SOURCE_ROW))
_LONGEST_ADDRESS = 2_000  # characters; Excel refuses longer links


class ResultCells:
    """Writes the result columns of a sheet, a block of rows at a time.

    ``first`` are those left of the columns of the file, ``last`` those right of them, which begin
    in column ``at``.
    """

    def __init__(
        self,
        sheet: StreamingSheet,
        context: WorkbookContext,
        first: Sequence[str],
        last: Sequence[str],
        at: int,
    ) -> None:
        self._sheet, self._context = sheet, context
        self._first, self._last = first, last
        self._columns = {**dict(enumerate(first)), **dict(enumerate(last, start=at))}
        self._longest = self._longest_reference = self._longest_status = self._longest_state = 0
        self._status = {
            (status, linked): text_xml(status, style_number(styles[status]))
            for linked, styles in enumerate((context.styles.status, context.styles.status_link))
            for status in STATUS_STYLES
        }

    def write_headers(self) -> None:
        styles = self._context.styles
        for c, header in self._columns.items():
            style = styles["result_header_right" if header in MONEY else "result_header"]
            self._sheet.write_string(0, c, header, style)

    def reserve(self, block: RowXmlBlock) -> None:
        """Room for the first columns, before those of the file are added."""
        block.reserve(len(self._first))

    def add(
        self,
        block: RowXmlBlock,
        rows: Sequence[int],
        statuses: Sequence[str],
        results: Sequence[RowResult | None],
        messages: Sequence[str],
        problems: Sequence[str | None],
        references: Sequence[str] = (),
        then: Sequence[str] = (),
        amounts: tuple[Sequence[Sequence[int | None]], Sequence[int]] = ((), ()),
    ) -> list[int]:
        """The cells of the block's rows, after those of the file; gives the rows' heights.

        ``rows`` are their numbers in the file, ``problems`` the cells of this workbook where the
        first problem of each is listed, ``amounts`` those of ``RowIndex.amounts``.
        """
        styles = self._context.styles
        text, centred = style_number(styles.cell[NO_SHADE, TEXT]), style_number(styles["centred"])
        block.set_cells(0, self._statuses(block, statuses, problems))
        message = style_number(styles["message"])
        block.set_cells(1, [text_xml(fitting(m), message) if m else "" for m in messages])
        if REFERENCE in self._first:
            fit = [text_xml(fitting(each), text) if each else "" for each in references]
            block.set_cells(self._first.index(REFERENCE), fit)
            longest = max(map(len, references), default=0)
            self._longest_reference = max(self._longest_reference, longest)
        for header in self._last:
            if header in MONEY:
                block.add_cells(self._money(amounts[0][MONEY.index(header)], amounts[1]))
            elif header in (BILL_ID, LINE_ID):
                block.add_cells(self._ids(block, header, results))
            elif header == STATE:
                states = [visible(r.light_state) if r and r.light_state else "" for r in results]
                block.add_texts(states, text)
                self._longest_state = max(self._longest_state, max(map(len, states), default=0))
            elif header == DOCUMENT:
                names = [document_type(credit_note=r.credit_note) if r else "" for r in results]
                block.add_texts(names, text)
            elif header == THEN:
                block.add_texts([fitting(each) for each in then] or [""] * len(rows), text)
            elif header == ATTEMPTS:
                block.add_cells([number_xml(r.attempts, centred) if r else "" for r in results])
            elif header == LOADED_AT:
                moments = [utc(r.loaded_at) if r and r.loaded_at else "" for r in results]
                block.add_texts(moments, text)
            else:
                block.add_cells([number_xml(row, centred) for row in rows])
        self._longest = max(self._longest, max(map(len, messages), default=0))
        self._longest_status = max(self._longest_status, max(map(len, set(statuses)), default=0))
        if not self._longest:
            return [0] * len(messages)
        lines = [min(lines_of(message, _WIDEST_MESSAGE), _MOST_LINES) for message in messages]
        return [15 * n if n > 1 else 0 for n in lines]

    def _money(self, amounts: Sequence[int | None], units: Sequence[int]) -> list[str]:
        formats = {unit: self._context.styles.money("cell", unit) for unit in set(units)}
        return [
            money_xml(cents, formats[unit], unit)
            for cents, unit in zip(amounts, units, strict=True)
        ]

    def _statuses(
        self, block: RowXmlBlock, statuses: Sequence[str], problems: Sequence[str | None]
    ) -> list[str]:
        """Statuses, with a link to the first problem: LibreOffice wraps no text that is a link."""
        out = []
        for k, (status, problem) in enumerate(zip(statuses, problems, strict=True)):
            with_link = bool(status) and problem is not None and self._link(block, k, 0, problem)
            out.append(self._status[status, with_link] if status else "")
        return out

    def _ids(
        self, block: RowXmlBlock, header: str, results: Sequence[RowResult | None]
    ) -> list[str]:
        """Ids, with a link to where Light shows the bill."""
        styles = self._context.styles
        text, linked = style_number(styles.cell[NO_SHADE, TEXT]), style_number(styles["link"])
        row_is_item = header == LINE_ID or LINE_ID not in self._last
        out = []
        for k, result in enumerate(results):
            light_id = result and (result.light_id if row_is_item else result.bill_id)
            if not light_id:
                out.append("")
                continue
            address = self._context.links.get(light_id, "")
            # Only what a browser opens: an address must not become a program to run.
            safe = address.startswith("https://") and len(address) <= _LONGEST_ADDRESS
            with_link = safe and self._link(block, k, block.width, address)
            out.append(text_xml(visible(light_id), linked if with_link else text))
        return out

    def _link(self, block: RowXmlBlock, k: int, column: int, target: str) -> bool:
        return self._context.link(self._sheet, block.first + k, column, target)

    def offer_then(self, rows: int) -> None:
        """Offer what a bill may be loaded to next, in the column ``then``."""
        for c, header in self._columns.items():
            if header == THEN and rows:
                options = {"validate": "list", "source": [each.value for each in TargetStatus]}
                self._sheet.data_validation(1, c, rows, c, options)

    def fit(self, of_file: Sequence[int], rows: int, height: float) -> None:
        """Fit the columns to what was written, and note how the sheet is printed.

        ``of_file`` are the widths of the file's columns in characters, ``rows`` and ``height`` how
        many rows there are, and how high they are together in points. Neither what only helps a
        program is printed, nor columns for which the print would be too small to read.
        """
        widths = dict(_WIDTHS)
        widths[STATUS] = max(self._longest_status + 2, _WIDTHS[STATUS])
        widths[MESSAGE] = min(max(self._longest + 2, _WIDTHS[MESSAGE]), _WIDEST_MESSAGE)
        reference = min(self._longest_reference + 2, _WIDEST_REFERENCE)
        widths[REFERENCE] = max(reference, _WIDTHS[REFERENCE])
        widths[STATE] = max(self._longest_state + 2, _WIDTHS[STATE])
        for c, header in self._columns.items():
            self._sheet.set_column(c, c, widths[header])
        printed = [header for header in self._last if header not in _UNPRINTED]
        sizes = [*(widths[h] for h in self._first), *of_file, *(widths[h] for h in printed)]
        columns = readable(sizes)
        last = xl_col_to_name(columns - 1)
        cut = f", columns A to {last}; the others are on the screen" if columns < len(sizes) else ""
        self._sheet.print_area(0, 0, max(rows, 1), columns - 1)
        self._context.prints[self._sheet.get_name()] = SheetPrint(sizes[:columns], height, cut)
