"""Demanding CSV layouts with any number of rows, for ``linearity.py``."""

from __future__ import annotations

import csv
import random
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import files

FIXED_ROWS = 10  # of the file that gives the fixed cost
TEMPLATE = """\
template: layout
layout: flat
source: {source}
formats: {{amounts: decimal}}
group_by: [Vendor, Number]
bills:
  vendor: {{column: Vendor}}
  companyEntity: {{column: Entity, optional: true}}
  invoiceNumber: {{column: Number}}
  issuedDate: {{column: Date}}
  currency: {{column: Currency}}
  amount: {{sum_of_lines: gross}}
  lineItemsIncludeTax: {{value: true}}
line_items:
  amount: {amount}
  account: {{column: Account}}
  description: {{column: Text}}
{more}"""
HEADERS = "Vendor Entity Number Date Currency Amount Account Text Kind Hours Rate".split()
CELLS = {
    "Vendor": "Calder Print",
    "Date": "2025-01-05",
    "Currency": "EUR",
    "Amount": "12.50",
    "Account": "4000",
    "Text": "paper",
    "Hours": "1.5",
    "Rate": "20.10",
}
RESULT = ("--result", "result.csv")
TWO = ("validate", "--bills", "bills.csv", "--lines", "lines.csv")
UUID = "7514cbaa-e6e3-58bc-be5b-b65ffc29f39f"
Write = Callable[[Path, int], list[str]]


def write_csv(path: Path, rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


# --- one sheet --------------------------------------------------------------------------------


def flat(
    of_row: Callable[[int], Mapping[str, str]],
    folder: Path,
    rows: int,
    *,
    source: str = "{}",
    amount: str = "{column: Amount}",
    more: str = "",
    result: str = "result.csv",
    command: Sequence[str] = ("validate",),
) -> list[str]:
    text = TEMPLATE.format(source=source, amount=amount, more=more)
    (folder / "layout.yaml").write_text(text)
    cells = (
        [({**CELLS, **of_row(i)}).get(name, "") for name in HEADERS]
        for i in range(rows or FIXED_ROWS)
    )
    write_csv(folder / "layout.csv", [HEADERS, *cells])
    return [*command, "layout.csv", "--template", "layout.yaml", "--result", result]


def _blank(**cells: str) -> dict[str, str]:
    return dict.fromkeys(CELLS, "") | cells


def numbered(i: int) -> dict[str, str]:
    return {"Number": f"N{i // 2}"}


def _spelling(i: int) -> str:
    """One of several spellings of the same number."""
    digits, mark = f"{i // 6:06d}", ("-", "", "/", " ", ".", "--")[i % 6]
    return f"INV{mark}{digits}"


def _ignored(i: int) -> dict[str, str]:
    if i % 2:
        return _blank(Amount="3.25", Account="4000")
    return {"Vendor": f"V{i % 50}", "Number": f"N{i}", "Kind": "draft"}


def _grouped(i: int) -> dict[str, str]:
    head = f"Vendor {i // 3}"
    total = _blank(Vendor=f"Total for {head}", Amount="12.50")
    return (_blank(Vendor=head), {"Vendor": "", "Number": f"N{i}"}, total)[i % 3]


def _in_groups(i: int, rows: int) -> dict[str, str]:
    """Nested groups: each begins inside the one before it, and all totals are at the end."""
    depth = rows // 3
    if i >= 2 * depth:
        return _blank(Vendor=f"Total for Vendor {max(rows - 1 - i, 0)}", Amount="12.50")
    return {"Vendor": "", "Number": f"N{i}"} if i % 2 else _blank(Vendor=f"Vendor {i // 2}")


def _totals(i: int) -> dict[str, str]:
    return _blank(Amount="25.00", Kind="total") if i % 3 == 2 else {"Number": f"N{i // 3}"}


def _all_wrong(i: int) -> dict[str, str]:
    return {
        "Number": f"N{i}",
        "Date": f"2025-13-{i}",
        "Currency": f"E{i}",
        "Amount": f"12,x{i}",
        "Text": f"control \x07 {i}",
    }


def _disagreeing(i: int) -> dict[str, str]:
    return {
        "Number": f"N{i // 4}",
        "Date": f"2025-01-{1 + i % 28:02d}",
        "Currency": ("EUR", "GBP", "USD")[i % 3],
    }


def _factors(i: int) -> dict[str, str]:
    return {"Number": f"N{i // 2}", "Hours": f"{i % 977}.{i % 89:02d}5", "Rate": f"{i % 661}.333"}


RULES = """\
rules:
  bills.vendor: {unique: true}
  bills.invoiceNumber: {required: true, matches: "N[0-9]+", max_length: 4}
  bills.issuedDate: {not_before: 2025-02-01, not_after: 2025-12-31}
  bills.currency: {one_of: [GBP, USD]}
  line_items.amount: {min: "100.00", max: "200.00"}
  line_items.description: {unique: true, matches: "[A-Z].*"}
"""
FLAT: dict[str, Callable[..., list[str]]] = {
    "numbered bills": partial(flat, numbered),
    "numbered bills, workbook result": partial(flat, numbered, result="result.xlsx"),
    "numbered bills, HTML result": partial(flat, numbered, result="result.html"),
    "numbered bills, JSON result": partial(flat, numbered, result="result.json"),
    "numbered bills, JSON output": partial(flat, numbered, command=("validate", "--json")),
    "filled down from ignored rows": partial(
        flat,
        _ignored,
        source="{fill_down: [Vendor, Number, Date, Currency],"
        " ignore_rows: [{column: Kind, equals: draft}]}",
    ),
    "filled down": partial(
        flat,
        lambda i: _blank(Amount="3.25") if i % 5 else {"Number": f"N{i}"},
        source="{fill_down: [Vendor, Number, Date, Currency]}",
    ),
    "filled down from the first row": partial(
        flat,
        lambda i: _blank(Amount="3.25") if i else {"Number": f"N{i}"},
        source="{fill_down: [Vendor, Number, Date, Currency]}",
    ),
    "groups": partial(flat, _grouped, source="{groups: {column: Vendor, name: Of}}"),
    "nested groups": lambda folder, rows: flat(
        lambda i: _in_groups(i, rows or FIXED_ROWS),
        folder,
        rows,
        source="{groups: {column: Vendor, name: Of}}",
    ),
    "a control total for every bill": partial(
        flat,
        _totals,
        source="{control_total: {amount: Amount, where: {column: Kind, equals: total}}}",
    ),
    "all rows ignored": partial(
        flat,
        lambda i: {"Number": f"N{i}", "Kind": "draft"},
        source="{ignore_rows: [{column: Kind, equals: draft}]}",
    ),
    "blank rows between": partial(flat, lambda i: _blank() if i % 2 else numbered(i)),
    "every cell wrong differently": partial(flat, _all_wrong),
    "every cell wrong, workbook result": partial(flat, _all_wrong, result="result.xlsx"),
    "every cell wrong, HTML result": partial(flat, _all_wrong, result="result.html"),
    "every cell wrong, JSON result": partial(flat, _all_wrong, result="result.json"),
    "every cell wrong, JSON output": partial(flat, _all_wrong, command=("validate", "--json")),
    "header cells that disagree": partial(flat, _disagreeing),
    "header cells of one bill that disagree": partial(
        flat, lambda i: {"Number": "N1", "Date": f"2025-01-{1 + i % 28:02d}", "Entity": f"E{i}"}
    ),
    "one bill": partial(flat, lambda i: {"Number": "N1"}),
    "similar numbers": partial(flat, lambda i: {"Number": _spelling(i)}),
    "similar numbers, one vendor": partial(
        flat, lambda i: {"Number": "INV" + "-" * (i % 300) + "1" + " " * (i // 300)}
    ),
    "similar vendors": partial(flat, lambda i: {"Number": f"N{i}", "Vendor": f"Calder Print {i}"}),
    "vendors that differ in case": partial(
        flat, lambda i: {"Number": f"N{i % 9}", "Vendor": _cased("calder valley print", i)}
    ),
    "a different entity and account in every row": partial(
        flat, lambda i: {"Number": f"N{i}", "Entity": f"UK{i}", "Account": f"A{i}"}
    ),
    "many currencies": partial(
        flat,
        lambda i: {
            "Number": f"N{i}",
            "Currency": "".join(chr(65 + i // 26**k % 26) for k in range(3)),
        },
    ),
    "products of factors": partial(
        flat, _factors, amount="{product: [Hours, Rate], round: half_up}"
    ),
    "products too precise": partial(flat, _factors, amount="{product: [Hours, Rate]}"),
    "products of wrong factors": partial(
        flat,
        lambda i: {"Number": f"N{i}", "Hours": f"x{i}", "Rate": f"{i},,1"},
        amount="{product: [Hours, Rate]}",
    ),
    "house rules all broken": partial(flat, numbered, more=RULES),
    "concatenated, mapped, first of": partial(
        flat,
        lambda i: {"Number": f"N{i}", "Kind": f"k{i}"},
        amount="{first_of: [{column: Amount}, {column: Rate, negate: true}]}\n"
        "  taxCode: {column: Kind, map: {k1: x}}",
    ),
    "amounts with currencies": partial(
        flat, lambda i: {"Number": f"N{i}", "Amount": ("€12.50", "$3.1", "EUR 4,10")[i % 3]}
    ),
    "ambiguous numbers": partial(
        flat, lambda i: {"Number": f"N{i}", "Amount": f"{i % 9}.{i % 1000:03d}"}
    ),
    "ambiguous dates": partial(
        flat, lambda i: {"Number": f"N{i}", "Date": f"{1 + i % 12:02d}/{1 + i % 11:02d}/2025"}
    ),
    "contradictory dates": partial(
        flat,
        lambda i: {
            "Number": f"N{i}",
            "Date": f"{1 + i % 28:02d}/{1 + i % 11:02d}/2025"
            if i % 2
            else f"{1 + i % 11:02d}/{1 + i % 28:02d}/2025",
        },
    ),
    "a line break in every text": partial(
        flat, lambda i: {"Number": f"N{i}", "Text": f'a "quoted"\nline {i}, and more'}
    ),
    "a quotation mark in every text": partial(
        flat, lambda i: {"Number": f"N{i}", "Text": f'12" tape {i}'}
    ),
}


def _cased(text: str, i: int) -> str:
    return "".join(c.upper() if i >> k & 1 else c for k, c in enumerate(text))


# --- two sheets -------------------------------------------------------------------------------


def _two_sheets(
    folder: Path,
    rows: int,
    *,
    bill: Callable[[int, list[object]], list[object]] = lambda i, row: row,
    line: Callable[[int, list[object]], list[object]] = lambda i, row: row,
    headers: tuple[str, str] = (files.BILLS, files.LINES),
    command: Sequence[str] = (*TWO, *RESULT),
) -> list[str]:
    """The bills and lines of ``files.py``, changed by ``bill`` and ``line``."""
    both = list(files.bills_and_lines(rows or FIXED_ROWS, 0.0))
    bills = [bill(i, list(row)) for i, (row, _) in enumerate(both)]
    lines = [
        line(i, list(row)) for i, row in enumerate(r for _, bill_lines in both for r in bill_lines)
    ]
    write_csv(folder / "bills.csv", [headers[0].split(","), *bills])
    write_csv(folder / "lines.csv", [headers[1].split(","), *lines])
    return list(command)


def _replaced(row: list[object], *values: object, at: int) -> list[object]:
    row[at : at + len(values)] = values
    return row


def _headers_with(name: str) -> tuple[str, str]:
    return files.BILLS.replace("vendorId", name), files.LINES


def _random_name(i: int) -> str:
    words = "North South Calder Valley Print Office Works Supply Harbour Bridge Stone".split()
    rng = random.Random(i)
    return " ".join(rng.sample(words, 3)) + f" {rng.randrange(10**6)} Ltd"


def _lookups(folder: Path, rows: int, spelling: Callable[[int, str], str]) -> list[str]:
    names = [_random_name(i) for i in range(rows or FIXED_ROWS)]
    entries = [[name, uuid.UUID(int=k)] for k, name in enumerate(names)]
    write_csv(folder / "lookups/vendor.csv", [["value", "id"], *entries])
    return _two_sheets(
        folder,
        rows,
        headers=_headers_with("vendor"),
        bill=lambda i, row: _replaced(row, spelling(i, names[i]), at=1),
        command=[*TWO, *RESULT, "--lookups", "lookups"],
    )


def _document(folder: Path, rows: int, *, exists: bool) -> list[str]:
    for i in range((rows or FIXED_ROWS) // 5 if exists else 0):
        (folder / f"{i}.pdf").write_bytes(b"%PDF-1.4\n")
    return _two_sheets(
        folder,
        rows,
        bill=lambda i, row: [*row, f"{i}.pdf"],
        headers=(files.BILLS + ",document", files.LINES),
    )


def _properties(folder: Path, rows: int) -> list[str]:
    names = "".join(f",property:P{k}" for k in range(20))
    return _two_sheets(
        folder,
        rows,
        headers=(files.BILLS + names, files.LINES + names),
        bill=lambda i, row: row + [f"{i} {k}" for k in range(20)],
        line=lambda i, row: row + [f"{i} {k}" for k in range(20)],
    )


TWO_SHEETS: dict[str, Write] = {
    "all bills the same": partial(
        _two_sheets, bill=lambda i, row: _replaced(row, "B1", UUID, "INV-1", at=0)
    ),
    "all bills duplicates": partial(
        _two_sheets, bill=lambda i, row: _replaced(row, UUID, "INV-1", at=1)
    ),
    "all bills duplicates, as a workbook": partial(
        _two_sheets,
        bill=lambda i, row: _replaced(row, UUID, "INV-1", at=1),
        command=[*TWO, "--result", "result.xlsx"],
    ),
    "all bills near-duplicates": partial(
        _two_sheets, bill=lambda i, row: _replaced(row, UUID, _spelling(i), at=1)
    ),
    "all bills the same but the number": partial(
        _two_sheets,
        bill=lambda i, row: _replaced(
            row, UUID, f"INV-{i}", "2025-03-01", "2025-03-02", "EUR", 100, at=1
        ),
    ),
    "bills without a number": partial(
        _two_sheets,
        bill=lambda i, row: _replaced(row, UUID, "", "2025-03-01", "2025-03-02", "EUR", 100, at=1),
    ),
    "all lines of one bill": partial(_two_sheets, line=lambda i, row: _replaced(row, "B0", at=0)),
    "all lines orphans": partial(_two_sheets, line=lambda i, row: _replaced(row, f"B{i} x", at=0)),
    "all lines orphans of one reference": partial(
        _two_sheets, line=lambda i, row: _replaced(row, "nowhere", at=0)
    ),
    "all lines orphans with similar references": partial(
        _two_sheets,
        bill=lambda i, row: _replaced(row, f"BILL-{i:08d}", at=0),
        line=lambda i, row: _replaced(row, f"BIL-{i:08d}", at=0),
    ),
    "all lines without a reference": partial(
        _two_sheets, line=lambda i, row: _replaced(row, "", at=0)
    ),
    "all bills without lines": partial(
        _two_sheets, bill=lambda i, row: _replaced(row, f"Z{i}", at=0)
    ),
    "line numbers all the same": partial(_two_sheets, line=lambda i, row: _replaced(row, 1, at=1)),
    "tax that does not add up": partial(
        _two_sheets, line=lambda i, row: _replaced(row, i, i + 1, i + 3, at=3)
    ),
    "invalid ids": partial(
        _two_sheets,
        bill=lambda i, row: _replaced(row, f"no id {i}", at=1),
        line=lambda i, row: _replaced(row, f"t{i}", f"a{i}", at=6),
    ),
    "names in a lookup table": partial(_lookups, spelling=lambda i, name: name),
    "names similar to a lookup table": partial(
        _lookups, spelling=lambda i, name: name.replace("o", "0", 1)
    ),
    "names unlike a lookup table": partial(_lookups, spelling=lambda i, name: f"{i * 7919} z{i}"),
    "documents that exist": partial(_document, exists=True),
    "missing documents": partial(_document, exists=False),
    "custom properties": _properties,
}
