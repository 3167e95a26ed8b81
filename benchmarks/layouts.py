"""CSV files that ask much of a checker, each with as many rows as are wanted, for ``linearity.py``."""

from __future__ import annotations

import csv
import random
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import files

LEAST = 10  # rows of a file for the fixed cost
TEMPLATE = """\
template: own
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
HEADERS = ("Vendor", "Entity", "Number", "Date", "Currency", "Amount", "Account", "Text", "Kind",
           "Hours", "Rate")  # fmt: skip
PLAIN = {"Vendor": "Calder Print", "Date": "2025-01-05", "Currency": "EUR", "Amount": "12.50",
         "Account": "4000", "Text": "paper", "Hours": "1.5", "Rate": "20.10"}  # fmt: skip
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
    (folder / "own.yaml").write_text(text)
    made = ([({**PLAIN, **of_row(i)}).get(name, "") for name in HEADERS]
            for i in range(rows or LEAST))  # fmt: skip
    write_csv(folder / "own.csv", [HEADERS, *made])
    return [*command, "own.csv", "--template", "own.yaml", "--result", result]


def _blank(**cells: str) -> dict[str, str]:
    return dict.fromkeys(PLAIN, "") | cells


def numbered(i: int) -> dict[str, str]:
    return {"Number": f"N{i // 2}"}


def _spelt(i: int) -> str:
    """One of many ways to write the same number, for numbers that nearly agree."""
    digits, mark = f"{i // 6:06d}", ("-", "", "/", " ", ".", "--")[i % 6]
    return f"INV{mark}{digits}"


def _passed_over(i: int) -> dict[str, str]:
    if i % 2:
        return _blank(Amount="3.25", Account="4000")
    return {"Vendor": f"V{i % 50}", "Number": f"N{i}", "Kind": "draft"}


def _grouped(i: int) -> dict[str, str]:
    head = f"Vendor {i // 3}"
    total = _blank(Vendor=f"Total for {head}", Amount="12.50")
    return (_blank(Vendor=head), {"Vendor": "", "Number": f"N{i}"}, total)[i % 3]


def _in_groups(i: int, rows: int) -> dict[str, str]:
    """Groups of which each begins inside the one before it, and all totals at the end."""
    depth = rows // 3
    if i >= 2 * depth:
        return _blank(Vendor=f"Total for Vendor {max(rows - 1 - i, 0)}", Amount="12.50")
    return {"Vendor": "", "Number": f"N{i}"} if i % 2 else _blank(Vendor=f"Vendor {i // 2}")


def _totals(i: int) -> dict[str, str]:
    return _blank(Amount="25.00", Kind="total") if i % 3 == 2 else {"Number": f"N{i // 3}"}


def _all_wrong(i: int) -> dict[str, str]:
    return {"Number": f"N{i}", "Date": f"2025-13-{i}", "Currency": f"E{i}", "Amount": f"12,x{i}",
            "Text": f"control \x07 {i}"}  # fmt: skip


def _disagreeing(i: int) -> dict[str, str]:
    return {"Number": f"N{i // 4}", "Date": f"2025-01-{1 + i % 28:02d}",
            "Currency": ("EUR", "GBP", "USD")[i % 3]}  # fmt: skip


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
    "plain": partial(flat, numbered),
    "plain, as a workbook of results": partial(flat, numbered, result="result.xlsx"),
    "plain, as a page of results": partial(flat, numbered, result="result.html"),
    "plain, as JSON": partial(flat, numbered, result="result.json"),
    "plain, said as JSON": partial(flat, numbered, command=("validate", "--json")),
    "filled down from rows passed over": partial(
        flat, _passed_over, source="{fill_down: [Vendor, Number, Date, Currency],"
        " ignore_rows: [{column: Kind, equals: draft}]}"),
    "filled down": partial(
        flat, lambda i: _blank(Amount="3.25") if i % 5 else {"Number": f"N{i}"},
        source="{fill_down: [Vendor, Number, Date, Currency]}"),
    "filled down from the first row": partial(
        flat, lambda i: _blank(Amount="3.25") if i else {"Number": f"N{i}"},
        source="{fill_down: [Vendor, Number, Date, Currency]}"),
    "groups": partial(flat, _grouped, source="{groups: {column: Vendor, name: Of}}"),
    "groups inside groups": lambda folder, rows: flat(
        lambda i: _in_groups(i, rows or LEAST), folder, rows,
        source="{groups: {column: Vendor, name: Of}}"),
    "a control total for every bill": partial(
        flat, _totals,
        source="{control_total: {amount: Amount, where: {column: Kind, equals: total}}}"),
    "all rows passed over": partial(
        flat, lambda i: {"Number": f"N{i}", "Kind": "draft"},
        source="{ignore_rows: [{column: Kind, equals: draft}]}"),
    "blank rows between": partial(flat, lambda i: _blank() if i % 2 else numbered(i)),
    "every cell wrong in its own way": partial(flat, _all_wrong),
    "every cell wrong, as a workbook": partial(flat, _all_wrong, result="result.xlsx"),
    "every cell wrong, as a page": partial(flat, _all_wrong, result="result.html"),
    "every cell wrong, as JSON": partial(flat, _all_wrong, result="result.json"),
    "every cell wrong, said as JSON": partial(flat, _all_wrong, command=("validate", "--json")),
    "header cells that disagree": partial(flat, _disagreeing),
    "header cells of one bill that disagree": partial(
        flat, lambda i: {"Number": "N1", "Date": f"2025-01-{1 + i % 28:02d}", "Entity": f"E{i}"}),
    "one bill": partial(flat, lambda i: {"Number": "N1"}),
    "numbers nearly alike": partial(flat, lambda i: {"Number": _spelt(i)}),
    "numbers nearly alike, one vendor, all of one": partial(
        flat, lambda i: {"Number": "INV" + "-" * (i % 300) + "1" + " " * (i // 300)}),
    "vendors nearly alike": partial(
        flat, lambda i: {"Number": f"N{i}", "Vendor": f"Calder Print {i}"}),
    "vendors that differ in case": partial(
        flat, lambda i: {"Number": f"N{i % 9}", "Vendor": _cased("calder valley print", i)}),
    "entities, accounts of their own": partial(
        flat, lambda i: {"Number": f"N{i}", "Entity": f"UK{i}", "Account": f"A{i}"}),
    "currencies": partial(
        flat, lambda i: {"Number": f"N{i}", "Currency": "".join(
            chr(65 + i // 26**k % 26) for k in range(3))}),
    "products of factors": partial(
        flat, _factors, amount="{product: [Hours, Rate], round: half_up}"),
    "products too precise": partial(flat, _factors, amount="{product: [Hours, Rate]}"),
    "products of wrong factors": partial(
        flat, lambda i: {"Number": f"N{i}", "Hours": f"x{i}", "Rate": f"{i},,1"},
        amount="{product: [Hours, Rate]}"),
    "house rules all broken": partial(flat, numbered, more=RULES),
    "concatenated, mapped, first of": partial(
        flat, lambda i: {"Number": f"N{i}", "Kind": f"k{i}"},
        amount="{first_of: [{column: Amount}, {column: Rate, negate: true}]}\n"
               "  taxCode: {column: Kind, map: {k1: x}}"),
    "amounts of which each has a currency": partial(
        flat, lambda i: {"Number": f"N{i}", "Amount": ("€12.50", "$3.1", "EUR 4,10")[i % 3]}),
    "numbers either way": partial(
        flat, lambda i: {"Number": f"N{i}", "Amount": f"{i % 9}.{i % 1000:03d}"}),
    "dates either way": partial(
        flat, lambda i: {"Number": f"N{i}", "Date": f"{1 + i % 12:02d}/{1 + i % 11:02d}/2025"}),
    "dates both ways": partial(
        flat, lambda i: {"Number": f"N{i}", "Date": f"{1 + i % 28:02d}/{1 + i % 11:02d}/2025"
                          if i % 2 else f"{1 + i % 11:02d}/{1 + i % 28:02d}/2025"}),
    "a line break in every cell of text": partial(
        flat, lambda i: {"Number": f"N{i}", "Text": f'a "quoted"\nline {i}, and more'}),
    "a quotation mark in every text": partial(
        flat, lambda i: {"Number": f"N{i}", "Text": f'12" tape {i}'}),
}  # fmt: skip


def _cased(text: str, i: int) -> str:
    return "".join(c.upper() if i >> k & 1 else c for k, c in enumerate(text))


# --- two sheets -------------------------------------------------------------------------------


def _two(
    folder: Path,
    rows: int,
    *,
    bill: Callable[[int, list[object]], list[object]] = lambda i, row: row,
    line: Callable[[int, list[object]], list[object]] = lambda i, row: row,
    headers: tuple[str, str] = (files.BILLS, files.LINES),
    command: Sequence[str] = (*TWO, *RESULT),
) -> list[str]:
    """The bills and lines of the other benchmarks, changed as ``bill`` and ``line`` say."""
    both = list(files.bills_and_lines(rows or LEAST, 0.0))
    bills = [bill(i, list(row)) for i, (row, _) in enumerate(both)]
    lines = [line(i, list(row)) for i, row in enumerate(r for _, own in both for r in own)]
    write_csv(folder / "bills.csv", [headers[0].split(","), *bills])
    write_csv(folder / "lines.csv", [headers[1].split(","), *lines])
    return list(command)


def _put(row: list[object], *values: object, at: int) -> list[object]:
    row[at : at + len(values)] = values
    return row


def _named(name: str) -> tuple[str, str]:
    return files.BILLS.replace("vendorId", name), files.LINES


def _random_name(i: int) -> str:
    words = "North South Calder Valley Print Office Works Supply Harbour Bridge Stone".split()
    chance = random.Random(i)
    return " ".join(chance.sample(words, 3)) + f" {chance.randrange(10**6)} Ltd"


def _lookups(folder: Path, rows: int, spelt: Callable[[int, str], str]) -> list[str]:
    names = [_random_name(i) for i in range(rows or LEAST)]
    own = [[name, uuid.UUID(int=k)] for k, name in enumerate(names)]
    write_csv(folder / "lookups/vendor.csv", [["value", "id"], *own])
    return _two(
        folder, rows, headers=_named("vendor"),
        bill=lambda i, row: _put(row, spelt(i, names[i]), at=1),
        command=[*TWO, *RESULT, "--lookups", "lookups"],
    )  # fmt: skip


def _document(folder: Path, rows: int, *, there: bool) -> list[str]:
    for i in range((rows or LEAST) // 5 if there else 0):
        (folder / f"{i}.pdf").write_bytes(b"%PDF-1.4\n")
    return _two(
        folder, rows, bill=lambda i, row: [*row, f"{i}.pdf"],
        headers=(files.BILLS + ",document", files.LINES),
    )  # fmt: skip


def _properties(folder: Path, rows: int) -> list[str]:
    names = "".join(f",property:P{k}" for k in range(20))
    return _two(
        folder, rows, headers=(files.BILLS + names, files.LINES + names),
        bill=lambda i, row: row + [f"{i} {k}" for k in range(20)],
        line=lambda i, row: row + [f"{i} {k}" for k in range(20)],
    )  # fmt: skip


TWO_SHEETS: dict[str, Write] = {
    "all bills one and the same": partial(
        _two, bill=lambda i, row: _put(row, "B1", UUID, "INV-1", at=0)),
    "all bills duplicates": partial(_two, bill=lambda i, row: _put(row, UUID, "INV-1", at=1)),
    "all bills duplicates, as a workbook": partial(
        _two, bill=lambda i, row: _put(row, UUID, "INV-1", at=1),
        command=[*TWO, "--result", "result.xlsx"]),
    "all bills nearly duplicates": partial(
        _two, bill=lambda i, row: _put(row, UUID, _spelt(i), at=1)),
    "all bills the same but the number": partial(
        _two, bill=lambda i, row: _put(row, UUID, f"INV-{i}", "2025-03-01", "2025-03-02", "EUR",
                                       100, at=1)),
    "bills without a number": partial(
        _two, bill=lambda i, row: _put(row, UUID, "", "2025-03-01", "2025-03-02", "EUR", 100,
                                       at=1)),
    "all lines of one bill": partial(_two, line=lambda i, row: _put(row, "B0", at=0)),
    "all lines orphans": partial(_two, line=lambda i, row: _put(row, f"B{i} x", at=0)),
    "all lines orphans of one name": partial(_two, line=lambda i, row: _put(row, "nowhere", at=0)),
    "all lines orphans, nearly alike": partial(
        _two, bill=lambda i, row: _put(row, f"BILL-{i:08d}", at=0),
        line=lambda i, row: _put(row, f"BIL-{i:08d}", at=0)),
    "all lines without a bill's name": partial(_two, line=lambda i, row: _put(row, "", at=0)),
    "all bills without lines": partial(_two, bill=lambda i, row: _put(row, f"Z{i}", at=0)),
    "line numbers all the same": partial(_two, line=lambda i, row: _put(row, 1, at=1)),
    "tax that does not add up": partial(_two, line=lambda i, row: _put(row, i, i + 1, i + 3, at=3)),
    "ids of none": partial(
        _two, bill=lambda i, row: _put(row, f"no id {i}", at=1),
        line=lambda i, row: _put(row, f"t{i}", f"a{i}", at=6)),
    "names in a lookup table": partial(_lookups, spelt=lambda i, name: name),
    "names near those of a lookup table": partial(
        _lookups, spelt=lambda i, name: name.replace("o", "0", 1)),
    "names like none of a lookup table": partial(
        _lookups, spelt=lambda i, name: f"{i * 7919} z{i}"),
    "documents that are there": partial(_document, there=True),
    "documents that are not there": partial(_document, there=False),
    "custom properties": _properties,
}  # fmt: skip
