"""The sheets that simulated computers load, each checked by the importer once: that of most
schedules, some with a vendor that Light lacks, and each of them as somebody edited it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import openpyxl

from importer.app.check_files import check_files
from importer.app.check_request import CheckRequest
from importer.app.checked_files import CheckedFiles
from importer.model.bills import Bill

VENDORS = ("11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
NEW_VENDOR, NEW_NAME, NEW_IDS = 2, "Nova Ltd", "cccccccc"  # its place, name, and how its ids begin
ENTITIES = ("e1111111-cccc-4ccc-8ccc-cccccccccccc", "e2222222-dddd-4ddd-8ddd-dddddddddddd")
ACCOUNT = "a1111111-eeee-4eee-8eee-eeeeeeeeeeee"
BANK = "b1111111-ffff-4fff-8fff-ffffffffffff"
APPROVED_BY_TWO = 2100  # cents from which somebody else has to approve a bill, too
REFUSED = "Refuse"  # what Light never takes: a bill of this description


@dataclass(frozen=True)
class Row:
    """One bill or credit note of the sheet. Bills without a number are alike. ``credits``: the
    place of the bill that a note clears."""

    number: str
    vendor: int
    status: str = ""
    lines: tuple[int, ...] = (1000,)  # cents
    entity: int = 0
    text: str = "Hours"
    reference: str = ""  # a KID
    document: bool = False
    note: bool = False
    credits: int | None = None


ROWS = (
    Row("A-1", 0),
    Row("A-2", 0, "posted", (500, 500), reference="18", document=True),
    Row("A-3", 1, "paid", (1200,), reference="26"),
    Row("A-4", 1, "submitted", (500, 500)),
    Row("", 0, "posted", (300, 300), text="Rent"),
    Row("", 0, "posted", (300, 300), text="Rent"),
    Row("A-1", 1, lines=(900,)),
    Row("A-1", 0, lines=(1000,), entity=1),  # the same number under a sister entity
    Row("A-9", 1, text=REFUSED),
    Row("C-1", 1, "posted", (150, 250), text="Returned", note=True, credits=2),
    Row("", 1, "posted", (250,), text="Discount", note=True),
    Row("A-5", 0, "approved", (800,), document=True),
    Row("A-6", 1, "approved", (APPROVED_BY_TWO,)),
    Row("N-1", NEW_VENDOR, reference="34", document=True),
    Row("N-2", NEW_VENDOR, "approved", (450,)),
    Row("C-2", NEW_VENDOR, "posted", (150,), text="Returned", note=True, credits=14),
)
NEW_ROWS = tuple(i for i, row in enumerate(ROWS) if row.vendor == NEW_VENDOR)
OTHER_ROWS = tuple(i for i in range(len(ROWS)) if i not in NEW_ROWS)
WITH_VENDORS = (  # the last has all that a sheet can: references, a document, a note, an approval
    (13,),
    (13, 14),
    (0, 13, 14, 15),
    (0, 2, 9, 11, *NEW_ROWS),
)
EDITED = {  # rows as ``load --update`` finds them
    0: replace(ROWS[0], lines=(700, 400)),
    1: replace(ROWS[1], lines=(500, 600)),
    3: replace(ROWS[3], lines=(450,)),
    6: replace(ROWS[6], lines=(900, 100), text="More hours"),
    7: replace(ROWS[7], lines=(1000, 200), text="More hours"),
    13: replace(ROWS[13], lines=(1000, 50)),
}


def document(row: Row) -> bytes:
    """The file of a row's document."""
    return f"%PDF-1.4 of {row.number}".encode()


def is_vendor(vendor_id: str, row: Row) -> bool:
    """Whether this is Light's id of the row's vendor, or of one created as it."""
    if row.vendor == NEW_VENDOR:
        return vendor_id.startswith(NEW_IDS)
    return vendor_id == VENDORS[row.vendor]


def version(row: int, *, edited: bool) -> Row:
    return EDITED.get(row, ROWS[row]) if edited else ROWS[row]


@dataclass(frozen=True)
class Sheet:
    """The checked files, and the bills of the ``rows``, in their order; no ``bills`` yet where a
    vendor is to be created."""

    files: CheckedFiles
    rows: tuple[int, ...]
    bills: tuple[Bill, ...] = ()


@dataclass
class Sheets:
    """They are written into the folder."""

    folder: Path
    _checked: dict[tuple[tuple[int, ...], bool], Sheet] = field(default_factory=dict)

    def of(self, rows: tuple[int, ...], *, edited: bool) -> Sheet:
        """The sheet with these rows of a schedule: that of all, unless they have a new vendor."""
        rows = rows if rows in WITH_VENDORS else OTHER_ROWS
        if (rows, edited) not in self._checked:
            folder = self.folder / f"sheet {len(self._checked)}"
            self._checked[rows, edited] = _checked(rows, folder, edited=edited)
        return self._checked[rows, edited]


def _checked(rows: tuple[int, ...], folder: Path, *, edited: bool) -> Sheet:
    bills, lines = _tables(rows, edited=edited)
    folder.mkdir()
    for row in (ROWS[i] for i in rows if ROWS[i].document):
        (folder / f"{row.number}.pdf").write_bytes(document(row))
    if rows in WITH_VENDORS:
        vendors = [{"name": NEW_NAME}]
        tables = {"Bills": bills, "Line items": lines, "Vendors": vendors}
        path = _workbook(folder / "bills.xlsx", tables)
        return Sheet(check_files(CheckRequest((str(path),), create_vendors=True)), rows)
    paths = [folder / "bills.csv", folder / "lines.csv"]
    for path, table in zip(paths, (bills, lines), strict=True):
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
    files = check_files(CheckRequest(tuple(map(str, paths))))
    checked = tuple(files.checked.valid_bills())
    assert len(checked) == len(rows), [f.code for f in files.checked.findings]
    return Sheet(files, rows, checked)


def _workbook(path: Path, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> Path:
    book = openpyxl.Workbook()
    for name, table in tables.items():
        sheet = book.create_sheet(name)
        sheet.append(list(table[0]))
        for row in table:
            sheet.append([row[header] for header in table[0]])
    del book["Sheet"]
    book.save(path)
    return path


def _tables(
    rows: Sequence[int], *, edited: bool
) -> tuple[list[Mapping[str, object]], list[Mapping[str, object]]]:
    """The bills of the rows, and their line items."""
    bills: list[Mapping[str, object]] = []
    lines: list[Mapping[str, object]] = []
    for i in rows:
        row = version(i, edited=edited)
        paid = row.status == "paid"
        bills.append(
            {
                "billRef": f"B{i}",
                "type": "credit note" if row.note else "bill",
                "creditsBill": "" if row.credits is None else ROWS[row.credits].number,
                "vendorId": "" if row.vendor == NEW_VENDOR else VENDORS[row.vendor],
                "vendor": NEW_NAME if row.vendor == NEW_VENDOR else "",
                "companyEntityId": ENTITIES[row.entity],
                "invoiceNumber": row.number,
                "issuedDate": "2025-03-03",
                "dueDate": "2025-04-02",
                "currency": "GBP",
                "amount": sum(row.lines),
                "lineItemsIncludeTax": "false",
                "description": row.text,
                "norKidReference": row.reference,
                "document": f"{row.number}.pdf" if row.document else "",
                "status": row.status,
                "paidFromBankAccountId": BANK if paid else "",
                "paymentAt": "2025-03-20" if paid else "",
            }
        )
        for cents in row.lines:
            line = {"billRef": f"B{i}", "description": row.text, "netAmount": cents}
            lines.append(line | {"accountId": ACCOUNT})
    return bills, lines
