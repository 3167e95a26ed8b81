"""The columns that the result adds to those of the file."""

from __future__ import annotations

from importer.model.bills import document_type
from importer.model.fields import header_key
from importer.model.report_model import RowResult
from importer.model.tables import InputTable, Role, TableKind
from importer.report.phrases import utc

STATUS, MESSAGE = "import_status", "import_message"
DOCUMENT = "light_document"  # whether it is a bill or a credit note
BILL_ID, LINE_ID = "light_bill_id", "light_line_item_id"
STATE, ATTEMPTS, LOADED_AT, SOURCE_ROW = "light_state", "attempts", "loaded_at", "source_row"
GROSS, NET, TAX = MONEY = ("gross_money", "net_money", "tax_money")  # in units of the currency
THEN = "then"  # how far a person wants the bill of the row to go; read when it is loaded again
REFERENCE = "bill_reference"  # a copy of the column that says which bill a row is of
RESULT_COLUMNS = (
    *MONEY,
    STATUS,
    MESSAGE,
    DOCUMENT,
    BILL_ID,
    LINE_ID,
    STATE,
    ATTEMPTS,
    LOADED_AT,
    SOURCE_ROW,
)


FIRST_COLUMNS = (STATUS, MESSAGE, REFERENCE)  # of a sheet, left of those of the file
SHEET_COLUMNS = frozenset((*RESULT_COLUMNS, REFERENCE, THEN))


def last_columns(
    kind: TableKind, amounts: tuple[bool, bool, bool], *, then: bool = False
) -> tuple[str, ...]:
    """The result columns of a sheet that are right of those of the file.

    ``amounts`` is whether any row has a gross, net and tax amount; ``then``: with that column.
    """
    money = (name for name, has in zip(MONEY, amounts, strict=True) if has)
    ids = {  # of a file with one row a line item each row names its bill too
        TableKind.BILLS: (BILL_ID,),
        TableKind.FLAT: (BILL_ID, LINE_ID),
        TableKind.LINE_ITEMS: (LINE_ID,),
    }[kind]
    last = (THEN,) if then else ()
    return (*money, DOCUMENT, *ids, STATE, ATTEMPTS, LOADED_AT, SOURCE_ROW, *last)


def has_then(table: InputTable) -> bool:
    """Whether its sheet gets the column ``then``: not where the file has one of that name."""
    file_headers = (table.headers[c] for c in source_columns(table))
    return table.kind is not TableKind.LINE_ITEMS and THEN not in map(header_key, file_headers)


def source_columns(table: InputTable) -> list[int]:
    """The columns of the file itself.

    The result of an early version has the result columns already, right of its own; this run's
    take their place.
    """
    headers = table.headers[:-1] if table.source.ends_in_then else table.headers
    if not {STATUS, MESSAGE, SOURCE_ROW} <= set(headers):
        return list(range(len(headers)))
    last = {header: i for i, header in enumerate(headers) if header in RESULT_COLUMNS}
    return [i for i in range(len(headers)) if last.get(headers[i]) != i]


def status_of(role: Role, result: RowResult | None) -> str:
    """A row that is not data has its role as its status."""
    if role is not Role.DATA:
        return role.value
    return result.status.value if result else ""


def cell_texts(
    kind: TableKind, row: int, role: Role, result: RowResult | None, message: str
) -> dict[str, str]:
    """The result columns of one row as text: amounts as 1234.56, moments in UTC."""
    out = {STATUS: status_of(role, result), MESSAGE: message, SOURCE_ROW: str(row)}
    if result is None:
        return out
    of_bill = kind is TableKind.BILLS
    out[DOCUMENT] = document_type(credit_note=result.credit_note)
    out[BILL_ID] = (result.light_id if of_bill else result.bill_id) or ""
    out[LINE_ID] = "" if of_bill else result.light_id or ""
    out[STATE] = result.light_state or ""
    out[ATTEMPTS] = str(result.attempts)
    out[LOADED_AT] = utc(result.loaded_at) if result.loaded_at else ""
    return out


# Sheets of the workbook that are there where they were asked for.
ACCOUNT_TIE_OUT, AGEING, OLD_AGEING = (
    "Tie-out by account",
    "AP ageing",
    "AP ageing, old system",
)
