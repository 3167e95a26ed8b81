"""The hidden sheet of the choices that the dropdowns of ``To resolve`` offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs

from importer.core.safe_text import visible
from importer.model.report_model import Suggestion, Unresolved
from importer.model.tables import CHOICES_HEADER, CHOICES_SHEET
from importer.references.lookup_tables import CREATE
from importer.report.xlsx.cell_values import MOST_COLUMNS
from importer.report.xlsx.row_xml import BLOCK_ROWS, RowXmlBlock
from importer.report.xlsx.streaming_sheet import StreamingSheet, style_number

_MOST_CELLS = 200_000  # in the lists that begin with a row's own suggestions
_AT_ONCE = 200_000  # cells that are held as XML, blank ones too


class ChoiceLists:
    """Columns of choices: for each field all labels, and their ids beside them; then a list for
    each row with suggestions, which come first in it.
    """

    def __init__(self, choices: Mapping[str, Sequence[Suggestion]]) -> None:
        self._choices = choices
        self._columns: list[list[str]] = []
        self._of_field: dict[str, int] = {}
        self._cells = 0
        for name, of_field in choices.items():
            self._of_field[name] = len(self._columns)
            labels = [choice.label for choice in of_field]
            create = [CREATE] if name == "vendor" else []  # has no id
            self._columns.append([f"{CHOICES_HEADER}{name}", *create, *map(visible, labels)])
            self._columns.append(["id", *("" for _ in create), *(c.id for c in of_field)])

    def range_of(self, row: Unresolved) -> str | None:
        """The cells that the row's dropdown offers, as a formula names them; None for none.

        Beyond as many cells or columns as a workbook can bear, the suggestions are not repeated.
        """
        every = self._choices.get(row.field, ())
        if not every:
            return None
        column = self._of_field[row.field]
        size = len(row.suggestions) + len(every)
        has_room = self._cells + size <= _MOST_CELLS and len(self._columns) < MOST_COLUMNS
        if row.suggestions and has_room:
            self._cells += size
            create = [CREATE] if row.field == "vendor" else []
            suggested, others = (
                [visible(each.label) for each in labels] for labels in (row.suggestions, every)
            )
            labels = dict.fromkeys((*suggested, *create, *others))
            column = len(self._columns)
            self._columns.append([visible(row.value), *labels])
        cells = xl_range_abs(1, column, len(self._columns[column]) - 1, column)
        return f"='{CHOICES_SHEET}'!{cells}"

    def write(self, sheet: StreamingSheet, style: Format) -> None:
        sheet.hide()
        number, first, columns = style_number(style), 0, self._columns
        while columns:
            size = min(BLOCK_ROWS, _AT_ONCE // len(columns), max(map(len, columns)) - first)
            block = RowXmlBlock(first, size)
            for column in columns:
                texts = [text[:255] for text in column[first : first + size]]
                block.add_texts(texts + [""] * (size - len(texts)), number)
            sheet.append(block)
            first += size
            while columns and len(columns[-1]) <= first:
                columns = columns[:-1]
