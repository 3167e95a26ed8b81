"""Write a workbook to fill in: the canonical sheets with notes, typed columns and dropdowns.

Amounts are money, in units of their currency; the template ``light-money`` reads them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from importer.core.atomic_write import atomic_write
from importer.core.name_key import name_key
from importer.core.safe_text import visible
from importer.model.fields import (
    BILLS,
    FIELDS,
    LINE_ITEMS,
    LOOKUP_FIELDS,
    PROPERTY,
    TYPE_COLUMN,
    Field,
    FieldKind,
)
from importer.model.light_objects import PropertyGroup
from importer.model.tables import CHOICES_HEADER
from importer.model.tables import CHOICES_SHEET as LISTS
from importer.validation.schema import CELL_CHECKS

ROWS = 2000  # rows with dropdowns; more can be written without
HEADER_ROW = 3  # below a legend and the totals
_FIRST, _LAST = HEADER_ROW + 1, HEADER_ROW + ROWS
_BOTTOM = 1_048_576  # the last row of a sheet
MONEY_MARK = " (money)"  # after the header of an amount
_MONEY = "#,##0.00"
_LEGEND = (
    "Dark blue: needed. Grey: may be left blank. Rest the pointer on a header to see what to write."
    " Amounts are money, as 1,234.56, in the bill's currency."
)
_WIDEST = 24  # characters of a column; a longer header is wrapped
_PAGE_WIDTH = 210  # characters of the columns on a printed page, in letters of 7 points
_NO_TOTAL = "several currencies"
_NOT_PRINTED = (
    f"The sheet {LISTS} is not printed: it has thousands of rows in a large company. To print it,"
    " clear its print area."
)


@dataclass(frozen=True)
class Choice:
    """``value`` is written to the cell, ``what`` explains it to a person."""

    value: str
    what: str = ""


@dataclass(frozen=True)
class Choices:
    """What a company offers: ``names`` by field; ``properties`` are its custom properties."""

    company: str
    names: Mapping[str, Sequence[Choice]]
    properties: Sequence[PropertyGroup] = field(default_factory=tuple)


@dataclass(frozen=True)
class _Column:
    header: str
    kind: FieldKind
    note: str
    choices: Sequence[Choice] = ()
    required: bool = False
    strict: bool = True  # nothing but the choices is accepted


_EXAMPLES: Mapping[str, str] = {
    "billRef": "B-001",
    "vendor": "Amberley Couriers Ltd",
    "companyEntity": "UK01",
    "invoiceNumber": "AC 55210",
    "issuedDate": "2025-03-31",
    "dueDate": "2025-04-30",
    "paymentAt": "2025-04-28",
    "currency": "GBP",
    "amount": "1,234.56",
    "netAmount": "1,028.80",
    "taxAmount": "205.76",
    "lineItemsIncludeTax": "FALSE",
    "shouldAmortize": "TRUE",
    "description": "Deliveries in March",
    "localCurrencyFxRateOverride": "0.8342",
    "groupCurrencyFxRateOverride": "0.8342",
    "senderBankAccount": "Operating account",
    "purchaseOrder": "PO-7001",
    "status": "draft",
    "type": "credit note",
    "creditsBill": "AC 55210",
    "processingMode": "DATA_ONLY",
    "document": "invoices/AC-55210.pdf",
    "lineNumber": "1",
    "account": "6000",
    "taxCode": "needs a lookup table; taxCodeId does not",
    "amortizationStartDate": "2025-01-01",
    "amortizationEndDate": "2025-12-31",
}
_UUID = "7514cbaa-e6e3-58bc-be5b-b65ffc29f39f"

_REQUIRED: Mapping[str, Mapping[str, str]] = {
    BILLS: {
        "billRef": "Required, unless the line items have the invoice number.",
        "vendor": "Required, unless vendorId is given.",
        "vendorId": "Required, unless vendor is given.",
        "issuedDate": "Required.",
        "currency": "Required.",
        "amount": "Required.",
        "invoiceNumber": "May be left blank, but then the bill is harder to tell from others.",
    },
    LINE_ITEMS: {
        "billRef": "Required, unless invoiceNumber is given.",
        "invoiceNumber": "Required, unless billRef is given.",
        "netAmount": "Required where lineItemsIncludeTax is FALSE or blank.",
        "amount": "Required where lineItemsIncludeTax is TRUE.",
    },
}
# The order of the columns, where it is not the one of the fields: names before ids.
_LATE = tuple(lookup.id_name for lookup in LOOKUP_FIELDS.values())
_FORMATS = {
    FieldKind.CENTS: _MONEY,
    FieldKind.INTEGER: "0",
    FieldKind.DATE: "yyyy-mm-dd",
    FieldKind.DATE_TIME: "yyyy-mm-dd",
    FieldKind.RATE: "0.######",
    FieldKind.FACTOR: "General",
    FieldKind.BOOLEAN: "General",
}
# By the type of a data validation: lowest and highest value, and what Excel says otherwise.
_LIMITS = {
    "whole": ("-999999999999999", "999999999999999", "A whole number: 1,234.56 is written 123456."),
    "money": ("-9999999999999", "9999999999999", "An amount of money, as 1,234.56."),
    "date": ("18264", "109574", "A date, as 2025-03-31."),
    "decimal": ("-999999999999", "999999999999", "A number."),
}
_BOOLEANS = (Choice("TRUE"), Choice("FALSE"))
# openpyxl writes a font's properties in an order that the Office schema does not permit.
Font.__elements__ = tuple(
    "b i strike condense extend outline shadow u vertAlign sz color name family charset"
    " scheme".split()
)
_BOLD = Font(name="Calibri", size=11, bold=True)
_WRAPPED = Alignment(wrap_text=True, vertical="center")
_WHITE = Font(name="Calibri", size=11, bold=True, color="FFFFFF")
_REQUIRED_FILL = PatternFill("solid", fgColor="1F4E78")
_OPTIONAL_FILL = PatternFill("solid", fgColor="7F7F7F")


def write_fill_in(path: Path, company: Choices | None) -> list[str]:
    """Write the workbook; returns a sentence for each choice that could not be offered.

    ``company`` is None where nothing is known of it. Raises UsageProblem where the file
    cannot be written.
    """
    book = openpyxl.Workbook()
    lists = _Lists()
    notes: list[str] = []
    first = book.active
    assert first is not None
    for sheet, title in ((BILLS, "Bills"), (LINE_ITEMS, "Line items")):
        page = first if sheet == BILLS else book.create_sheet()
        page.title = title
        columns = _columns(sheet, company, notes)
        _write_sheet(page, columns, lists)
    lists.write(book.create_sheet(LISTS))
    buffer = io.BytesIO()  # a zip file that a full disk cuts off prints a traceback of its own
    book.save(buffer)
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(buffer.getvalue())
    return notes


def _columns(sheet: str, company: Choices | None, notes: list[str]) -> list[_Column]:
    names = [name for name in FIELDS[sheet] if name not in _LATE]
    names += [name for name in FIELDS[sheet] if name in _LATE]
    columns = [_column(sheet, FIELDS[sheet][name], company) for name in names]
    if sheet == BILLS:
        columns.insert(names.index("creditsBill"), _column(sheet, TYPE_COLUMN, company))
    level = "HEADER" if sheet == BILLS else "LINE"
    groups = [g for g in (company.properties if company else ()) if g.level == level]
    for group in groups:
        twins = [g for g in groups if name_key(g.label) == name_key(group.label)]
        name = group.label if len(twins) == 1 else group.internal_name
        columns.append(_of_property(group, name))
        if len(twins) > 1:
            notes.append(
                f"Several custom properties are called '{group.label}'; the column is"
                f" property:{name}."
            )
    return columns


def _column(sheet: str, wanted: Field, company: Choices | None) -> _Column:
    required = _REQUIRED[sheet].get(wanted.name, "May be left blank.")
    example = _EXAMPLES.get(wanted.name, _UUID if wanted.kind is FieldKind.UUID else "")
    what = wanted.description[0].upper() + wanted.description[1:]
    if wanted.kind is FieldKind.CENTS:
        what += ", as money in units of the currency"
    note = f"{what}. {required}" + (f" For example: {example}" if example else "")
    choices: Sequence[Choice] = ()
    if wanted.kind is FieldKind.BOOLEAN:
        choices = _BOOLEANS
    elif wanted.kind is FieldKind.CHOICE:
        choices = [Choice(choice) for choice in wanted.choices]
    elif wanted.kind is FieldKind.CURRENCY:
        choices = [Choice(code) for code in _currencies()]
    elif company and (choices := company.names.get(wanted.name, ())):
        note += f" Choose from the list; the sheet {LISTS} says what is what."
    # a company may have got a new vendor since its lists were fetched
    strict = wanted.name not in LOOKUP_FIELDS
    header = wanted.name + (MONEY_MARK if wanted.kind is FieldKind.CENTS else "")
    return _Column(header, wanted.kind, note, choices, required.startswith("Required"), strict)


def _currencies() -> list[str]:
    from importer.core.currencies import EXPONENTS

    return sorted(EXPONENTS)


def _of_property(group: PropertyGroup, name: str) -> _Column:
    kinds = {"NUMERIC": FieldKind.FACTOR, "DATE": FieldKind.DATE, "BOOLEAN": FieldKind.BOOLEAN}
    kind = kinds.get(group.input_type, FieldKind.TEXT)
    is_multiple = group.input_type == "MULTI_SELECT"
    labels = [name_key(label) for _, label, _ in group.values]
    choices: list[Choice] = [
        Choice(label if labels.count(name_key(label)) == 1 else internal, label)
        for _, label, internal in group.values
    ]
    if kind is FieldKind.BOOLEAN:
        choices = list(_BOOLEANS)
    note = f"Custom property '{group.label}'. May be left blank."
    if is_multiple:
        note += " Several values are separated by a semicolon."
    return _Column(PROPERTY + name, kind, note, choices, strict=not is_multiple)


class _Lists:
    """The sheet that the dropdowns take their choices from, a list a pair of columns."""

    def __init__(self) -> None:
        self._lists: dict[str, Sequence[Choice]] = {}

    def formula(self, name: str, choices: Sequence[Choice]) -> str:
        """What a data validation refers to."""
        while self._lists.setdefault(name, choices) != choices:
            name += " of line items"
        at = list(self._lists).index(name) * 2 + 1
        letter = get_column_letter(at)
        return f"{quote_sheetname(LISTS)}!${letter}$2:${letter}${len(choices) + 1}"

    def write(self, page: Worksheet) -> None:
        for i, (name, choices) in enumerate(self._lists.items()):
            page.cell(1, 2 * i + 1, visible(f"{CHOICES_HEADER}{name}")).font = _BOLD
            page.column_dimensions[get_column_letter(2 * i + 1)].width = 34
            for row, choice in enumerate(choices, start=2):
                _text(page, row, 2 * i + 1, choice.value)
                if choice.what and choice.what != choice.value:
                    _text(page, row, 2 * i + 2, choice.what)
        page.freeze_panes = "A2"
        _set_up_page(page, across=1)
        note = page.cell(1, 2 * len(self._lists) + 2, _NOT_PRINTED)
        page.column_dimensions[note.column_letter].width = len(_NOT_PRINTED)
        page.print_area = note.coordinate


def _set_up_page(page: Worksheet, *, across: int) -> None:
    """Landscape, so many pages wide: the print stays readable."""
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = across, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _text(page: Worksheet, row: int, column: int, text: str) -> None:
    """A cell that is text whatever it looks like: no formula, no number."""
    cell = page.cell(row, column)
    cell.value = visible(text)
    cell.data_type = "s"
    cell.number_format = "@"


def _write_sheet(page: Worksheet, columns: Sequence[_Column], lists: _Lists) -> None:
    page.freeze_panes = f"A{HEADER_ROW + 1}"
    widths = [max(12, min(_WIDEST, len(column.header) + 4)) for column in columns]
    _set_up_page(page, across=-(-sum(widths) // _PAGE_WIDTH))
    page.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    page.print_title_cols = "A:A"
    page.row_dimensions[HEADER_ROW].height = 32  # two lines
    page.cell(1, 1).value = _LEGEND
    page.cell(HEADER_ROW - 1, 1).value = "Total"
    page.cell(HEADER_ROW - 1, 1).font = _BOLD
    for at, column in enumerate(columns, start=1):
        letter = get_column_letter(at)
        if column.kind is FieldKind.CENTS:
            _write_total(page.cell(HEADER_ROW - 1, at), letter)
        cell = page.cell(HEADER_ROW, at)
        cell.value = visible(column.header)
        cell.data_type = "s"
        cell.alignment = _WRAPPED
        cell.font, cell.fill = _WHITE, _REQUIRED_FILL if column.required else _OPTIONAL_FILL
        note = Comment(visible(column.note), "light-import")
        note.width, note.height = 320, 120
        cell.comment = note
        dimension = page.column_dimensions[letter]
        dimension.width = widths[at - 1]
        dimension.number_format = _FORMATS.get(column.kind, "@")
        rule = _validation(column, lists)
        if rule:
            page.add_data_validation(rule)
            rule.add(f"{letter}{_FIRST}:{letter}{_LAST}")


def _write_total(cell: Cell | MergedCell, letter: str) -> None:
    """The sum of a column of money, where all bills are in one currency."""
    names = [name for name in FIELDS[BILLS] if name not in _LATE]
    currency = get_column_letter(names.index("currency") + 1)
    codes = f"Bills!${currency}${_FIRST}:${currency}${_BOTTOM}"
    one = f"COUNTA({codes})=COUNTIF({codes},Bills!${currency}${_FIRST})"
    total = f"SUM({letter}{_FIRST}:{letter}{_BOTTOM})"
    cell.value = f'=IF({one},{total},"{_NO_TOTAL}")'
    cell.number_format = _MONEY
    cell.font = _BOLD


def _validation(column: _Column, lists: _Lists) -> DataValidation | None:
    if column.choices:
        name = column.header
        if column.choices is _BOOLEANS:
            name = "yes or no"
        rule = DataValidation("list", formula1=lists.formula(name, column.choices))
        rule.showErrorMessage = column.strict
        rule.error = "Choose one from the list."
    else:
        types = (check.excel for check in CELL_CHECKS[column.kind] if check.excel)
        excel = next(types, None)
        if excel is None:
            return None
        if column.kind is FieldKind.CENTS:
            excel = "money"
        lowest, highest, error = _LIMITS[excel]
        excel = "decimal" if excel == "money" else excel
        rule = DataValidation(excel, operator="between", formula1=lowest, formula2=highest)
        rule.showErrorMessage = True
        rule.error = error
    rule.allow_blank = True
    return rule
