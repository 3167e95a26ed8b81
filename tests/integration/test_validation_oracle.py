"""Random sheets, judged row by row by a second, plain reading of the rules (``oracle.py``)."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spellings
from bill_sheets import checked
from conftest import in_turn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import BILL_VALUES, LINE_TEXTS, NO_NUMBERS, OF_FILES, Judge, Row, Sheets, compared
from spellings import BLANK, Cell

from importer.mapping.template_loader import LoadedTemplate, find_template, load_template
from importer.model.bills import Bill, LineItem

NO_CENTS = frozenset({"JPY", "KWD"})
ATTRIBUTES = {"vendorId": "vendor_id", "companyEntityId": "company_entity_id",
              "companyEntity": "company_entity", "invoiceNumber": "invoice_number",
              "issuedDate": "issued_date", "dueDate": "due_date", "taxCodeId": "tax_code_id",
              "taxCode": "tax_code", "accountId": "account_id",
              "amortizationStartDate": "amortization_start_date",
              "amortizationEndDate": "amortization_end_date",
              "amortizationTemplateId": "amortization_template_id"}  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How a file is written, and how much of it is odd or wrong."""

    seed: int
    share: float = 0.3  # of rows with a changed cell
    bills: int = 20
    decimal: bool = False
    mark: str = "point"  # of its amounts
    numbers: str = "auto"  # as the template says
    order: str = "day"  # of day and month in its dates; "" for dates without either
    mixed: bool = False  # some amounts and dates in the other way
    formats: tuple[str, ...] = ()
    units: bool = False  # whether the template tells the cents of a yen
    spaces: float = 0.1  # of cells
    fill: bool = False  # in one sheet
    breaks: bool = False  # lines in cells, for which Arrow does not read the file
    every: bool = False  # each spelling of each column once, in a row that is right but for it


class Writer:
    """Makes the rows of a file, right at first, then with changed cells."""

    def __init__(self, style: Style) -> None:
        self.style, self.chance = style, random.Random(style.seed)
        kinds: dict[str, Callable[[], list[Cell]]] = {
            "uuid": lambda: [
                *spellings.uuids(self.chance.choice(spellings.IDS)),
                *spellings.BAD_UUIDS,
            ],
            "code": lambda: [*spellings.ODD_CODES, *spellings.BAD_CODES],
            "name": lambda: [*spellings.ODD_NAMES, *spellings.BAD_NAMES],
            "text": lambda: [*spellings.ODD_TEXTS, *spellings.BAD_TEXTS],
            "currency": lambda: [*spellings.ODD_CURRENCIES, *spellings.BAD_CURRENCIES],
            "flag": lambda: [*spellings.FLAGS, *spellings.BAD_FLAGS],
            "date": lambda: [self.day(), self.day(), *spellings.BAD_DATES],
            "amount": self._other_amounts,
            "integer": lambda: [Cell("007", 7), *spellings.BAD_INTEGERS],
        }
        self.other = kinds
        self.ahead: dict[str, list[tuple[str, Cell]]] = {}

    def another(self, kind: str) -> Cell:
        some = self.other[kind]()
        return self.chance.choice([c for c in some if self.style.breaks or "\n" not in c.text])

    def _other_amounts(self) -> list[Cell]:
        some = [self.money(self.chance.choice([0, 1, -1, -500, 700, 100_000_00])) for _ in range(4)]
        if not self.style.decimal:
            return [*some, *(Cell(str(n), n) for n in spellings.HUGE), *spellings.BAD_CENTS]
        return [*some, *spellings.ODD_AMOUNTS, *spellings.EITHER, *spellings.BAD_AMOUNTS]

    def money(self, n: int) -> Cell:
        if self.style.decimal:
            mark = self.style.mark
            if self.style.mixed and self.chance.random() < 0.1:
                mark = "comma" if mark == "point" else "point"
            return spellings.amount(self.chance, n, mark)
        return spellings.cents(self.chance, n) if self.chance.random() < 0.2 else Cell(str(n), n)

    def day(self, first: date = date(2025, 1, 1)) -> Cell:
        order, day = self.style.order, first + timedelta(self.chance.randrange(60))
        if self.style.mixed and self.chance.random() < 0.1:
            order = {"day": "month", "month": "day", "": ""}[order]
        if self.style.formats and self.chance.random() < 0.8:
            return spellings.numeric(day.day, day.month, day.year)
        return spellings.dated(self.chance, day, order)

    def changed(self, row: Row, kinds: dict[str, str]) -> Row:
        """A row with one or two cells blank, odd or wrong, in this share of rows."""
        out = dict(row)
        if self.style.every:
            all_of = [(n, c) for n, kind in kinds.items() for c in (*self.other[kind](), BLANK)]
            ahead = self.ahead.setdefault(" ".join(kinds), all_of)
            out |= [ahead.pop()] if ahead else []
        elif self.chance.random() < self.style.share:
            for _ in range(self.chance.choice((1, 1, 2))):
                name = self.chance.choice([*kinds, *(n for n, k in kinds.items() if k == "amount")])
                out[name] = BLANK if self.chance.random() < 0.2 else self.another(kinds[name])
        for name, cell in out.items():
            if self.style.spaces and self.chance.random() < self.style.spaces:
                out[name] = spellings.spaced(self.chance, cell)
        return out

    def bill(self, i: int) -> tuple[Row, list[Row]]:
        """A bill with one to four lines that add up to it."""
        pick = self.chance.choice
        inclusive = pick([BLANK, BLANK, *spellings.FLAGS])
        own_id = pick([BLANK, Cell(spellings.IDS[i % 2], spellings.IDS[i % 2])])
        taxed = pick([True, True, False])
        total, lines = 0, []
        for k in range(pick((1, 1, 2, 4))):
            net = self.chance.randrange(1, 5_000_000)
            tax = net // 5 if taxed else 0
            total += net + tax
            template = Cell(spellings.IDS[1], spellings.IDS[1])
            start = self.day() if self.chance.random() < 0.2 else BLANK
            lines.append({
                "billRef": Cell(f"B{i}", f"B{i}"),
                "invoiceNumber": BLANK,
                "lineNumber": Cell(str(k + 1), k + 1),
                "description": Cell(f"item {k}", f"item {k}"),
                "amount": self.money(net + tax) if inclusive.value or pick((0, 1)) else BLANK,
                "netAmount": self.money(net) if not inclusive.value or pick((0, 1)) else BLANK,
                "taxAmount": self.money(tax) if taxed or pick((0, 1)) else BLANK,
                "taxCodeId": BLANK,
                "taxCode": Cell("S", "S") if taxed else BLANK,
                "accountId": Cell(spellings.IDS[2], spellings.IDS[2]),
                "shouldAmortize": pick([BLANK, BLANK, *spellings.FLAGS[:2]]),
                "amortizationStartDate": start,
                "amortizationEndDate": self.day(date(2025, 4, 1)) if not start.blank else BLANK,
                "amortizationTemplateId": pick([*[BLANK] * 4, template]),
                "property:Project": pick([BLANK, Cell("P1", "P1")]),
            })  # fmt: skip
        number = f"INV-{i:03d}"
        if self.chance.random() < self.style.share / 2:  # as another, or nearly
            number = pick(["INV-000", "INV000", "inv-000", "INV-000", "ＩＮＶ000", "--", "_"])
        entity = pick([BLANK, BLANK, Cell("UK", "UK"), Cell(" uk", "uk"), Cell("FR", "FR")])
        bill = {
            "billRef": Cell(f"B{i}", f"B{i}"),
            "vendorId": own_id,
            "vendor": pick(
                [
                    Cell("Acme", "Acme"),
                    Cell("ACME", "ACME"),
                    Cell("Ａcme", "Ａcme"),
                    Cell("Apex  Ltd", "Apex  Ltd"),
                    Cell("Apex Ltd", "Apex Ltd"),
                ]
            ),
            "companyEntityId": BLANK,
            "companyEntity": entity,
            "invoiceNumber": Cell(number, number),
            "issuedDate": self.day(),
            "dueDate": pick([BLANK, self.day(date(2025, 4, 1))]),
            "currency": Cell("GBP", "GBP"),
            "amount": self.money(total),
            "lineItemsIncludeTax": inclusive,
            "description": pick([BLANK, Cell("note", "note")]),
        }
        return bill, lines


BILL_KINDS = {"billRef": "code", "vendorId": "uuid", "vendor": "name", "companyEntityId": "uuid",
              "companyEntity": "name", "invoiceNumber": "code", "issuedDate": "date",
              "dueDate": "date", "currency": "currency", "amount": "amount",
              "lineItemsIncludeTax": "flag", "description": "text"}  # fmt: skip
LINE_KINDS = {"billRef": "code", "invoiceNumber": "code", "lineNumber": "integer",
              "description": "text", "amount": "amount", "netAmount": "amount",
              "taxAmount": "amount", "taxCodeId": "uuid", "taxCode": "name", "accountId": "uuid",
              "shouldAmortize": "flag", "amortizationStartDate": "date",
              "amortizationEndDate": "date", "amortizationTemplateId": "uuid",
              "property:Project": "text"}  # fmt: skip


def write(path: Path, headers: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headers, *rows])


def two_sheets(folder: Path, style: Style) -> tuple[Sheets, list[Path]]:
    """Bills and lines in files of their own; some lines name another bill, or none."""
    writer = Writer(style)
    pick, chance = writer.chance.choice, writer.chance
    bills, lines = [], []
    by_number = pick([False, False, True])  # the lines name the number of the invoice
    for i in range(style.bills):
        bill, own = writer.bill(i)
        for line in own:
            if by_number:
                line["billRef"], line["invoiceNumber"] = BLANK, bill["invoiceNumber"]
            if chance.random() < style.share / 4:
                line["billRef"] = pick(
                    [BLANK, Cell("X9", "X9"), Cell(" B1", "B1"), bill["billRef"]]
                )
                line["invoiceNumber"] = pick([BLANK, bill["invoiceNumber"], Cell("N", "N")])
            if chance.random() < style.share / 20:
                chance.shuffle(own)
        if chance.random() < style.share / 8:
            bill["billRef"] = pick([BLANK, Cell("B0", "B0")])
        bills.append(writer.changed(bill, BILL_KINDS))
        lines += [writer.changed(line, LINE_KINDS) for line in own
                  if chance.random() > style.share / 20]  # fmt: skip
    if chance.random() < style.share:
        chance.shuffle(lines)
    files = {"bills": folder / "bills.csv", "line_items": folder / "lines.csv"}
    for path, rows, kinds in (
        (files["bills"], bills, BILL_KINDS),
        (files["line_items"], lines, LINE_KINDS),
    ):
        write(path, list(kinds), [[row[name].text for name in kinds] for row in rows])
    sheets = Sheets(
        bills, lines,
        [dict.fromkeys(BILL_KINDS, 2 + i) for i in range(len(bills))],
        [2 + k for k in range(len(lines))],
        {sheet: str(path) for sheet, path in files.items()},
    )  # fmt: skip
    return sheets, list(files.values())


FLAT = {"vendor": "Vendor", "invoiceNumber": "Number", "issuedDate": "Issued", "dueDate": "Due",
        "currency": "Currency", "amount": "Total", "lineItemsIncludeTax": "Incl.",
        "description": "Note"}  # fmt: skip
FLAT_LINE = {"description": "Text", "amount": "Gross", "netAmount": "Net", "taxAmount": "Tax",
             "taxCode": "Code", "accountId": "Account", "amortizationStartDate": "From",
             "amortizationEndDate": "To"}  # fmt: skip


DATED = ("vendor", "invoiceNumber", "issuedDate", "dueDate", "amount")  # of a bill's first row


def one_sheet(folder: Path, style: Style) -> tuple[Sheets, list[Path]]:
    """A row a line, the bill's own cells on each of its rows or on the first only."""
    writer = Writer(style)
    pick, chance = writer.chance.choice, writer.chance
    rows: list[tuple[Row, Row]] = []
    for i in range(style.bills):
        whole, lines = writer.bill(i)
        bill = {name: whole[name] for name in FLAT}
        # Rows without vendor or number may be others' lines where blanks are filled down.
        named = ("vendor", "invoiceNumber") if style.fill else ()
        bill = writer.changed(
            bill, {n: k for n, k in BILL_KINDS.items() if n in FLAT and n not in named}
        )
        for k, line in enumerate(lines):
            again = bill
            if k:
                keys = ("vendor", "invoiceNumber")
                again = {n: BLANK if chance.random() < 0.3 and n not in keys else c
                         for n, c in bill.items()}  # fmt: skip
                if style.fill and chance.random() < 0.6:
                    again |= dict.fromkeys(keys, pick([BLANK, Cell(" ")]))
                    again |= dict.fromkeys(("issuedDate", "dueDate", "amount"), BLANK)
                if chance.random() < style.share / 3:
                    name = pick([n for n in FLAT if not (style.fill and n in DATED)])
                    again[name] = writer.another(BILL_KINDS[name])
            own = writer.changed(
                {n: line[n] for n in FLAT_LINE},
                {n: LINE_KINDS[n] for n in FLAT_LINE if n != "accountId"},  # without: a note
            )
            rows.append((again, own))
    if chance.random() < style.share / 2 and not style.fill:
        chance.shuffle(rows)  # the rows of a bill need not stand together
    path = folder / "flat.csv"
    write(path, [*FLAT.values(), *FLAT_LINE.values()],
          [[c.text for c in (*bill.values(), *line.values())] for bill, line in rows])  # fmt: skip
    return of_flat(str(path), [bill for bill, _ in rows], [line for _, line in rows], style), [path]


def of_flat(file: str, heads: list[Row], lines: list[Row], style: Style) -> Sheets:
    """The bills of such rows: by vendor and number, filled down where the template says so."""
    owner: list[int] = []
    known: dict[Any, int] = {}
    vendor, number = BLANK, BLANK
    for k, head in enumerate(heads):
        goes_on = style.fill and head["vendor"].blank and head["invoiceNumber"].blank and k > 0
        if style.fill:
            # A vendor begins anew: the number above it is of another one.
            number = number if head["vendor"].blank else BLANK
            number = number if head["invoiceNumber"].blank else head["invoiceNumber"]
            vendor = vendor if head["vendor"].blank else head["vendor"]
            head["vendor"], head["invoiceNumber"] = vendor, number
        key: Any = tuple(compared(head[name].bare) for name in ("vendor", "invoiceNumber"))
        key = key if all(key) and key[1] not in NO_NUMBERS else k
        owner.append(owner[-1] if goes_on else known.setdefault(key, len(known)))
    variants: dict[tuple[str, str, str], int] = {}
    for name in ("vendor", "invoiceNumber"):
        for k, i in enumerate(owner):
            text, first = heads[k][name].bare, heads[owner.index(i)][name].bare
            if text != first and compared(text) == compared(first):
                variants.setdefault((name, first, text), k)
    bills: list[Row] = [{} for _ in known]
    rows: list[dict[str, int]] = [{} for _ in known]
    disagreements = []
    for name in FLAT:
        there: dict[int, int] = {}
        for k, i in enumerate(owner):
            if i not in there or (bills[i][name].blank and not heads[k][name].blank):
                there[i], bills[i][name], rows[i][name] = k, heads[k][name], 2 + k
        reported: set[int] = set()
        for k, i in enumerate(owner):
            text, of_bill = heads[k][name].bare, bills[i][name].bare
            if name in ("vendor", "invoiceNumber") and compared(text) == compared(of_bill):
                continue
            if text and text != of_bill and i not in reported:
                reported.add(i)
                disagreements.append((i, k, name, text))
    for bill, places in zip(bills, rows, strict=True):
        for name in BILL_KINDS.keys() - FLAT.keys():
            bill[name], places[name] = BLANK, 0
    for line in lines:
        line |= dict.fromkeys(LINE_KINDS.keys() - FLAT_LINE.keys(), BLANK)
    headers = {("bills", n): h for n, h in FLAT.items()}
    headers |= {("line_items", n): h for n, h in FLAT_LINE.items()}
    return Sheets(bills, lines, rows, [2 + k for k in range(len(lines))],
                  {"bills": file, "line_items": file}, headers, owner, disagreements,
                  [(k, name, text) for (name, _, text), k in variants.items()])  # fmt: skip


def template_of(folder: Path, style: Style, *, flat: bool) -> LoadedTemplate:
    """The template for a style."""
    text = find_template("light").path.read_text(encoding="utf-8")
    if flat:
        fields = "".join(
            f"{sheet}:\n" + "".join(f"  {n}: {{column: {h!r}}}\n" for n, h in columns.items())
            for sheet, columns in (("bills", FLAT), ("line_items", FLAT_LINE))
        )
        text = "template: light\nversion: 1\ndescription: any\nlayout: flat\n"
        text += "group_by: [Vendor, Number]\nformats:\n  dates: auto\n  amounts: cents\n" + fields
        if style.fill:
            text += "source: {fill_down: [Vendor, Number]}\n"
    if style.decimal:
        text = text.replace("amounts: cents", f"amounts: decimal\n  numbers: {style.numbers}")
        if style.units:
            text = text.replace("formats:\n", "formats:\n  cents_per_unit: {JPY: 1, KWD: 1000}\n")
    if style.formats:
        text = text.replace("dates: auto", f"dates: [{', '.join(style.formats)}]")
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_template(path)


def sent(bill: Bill) -> tuple[Any, ...]:
    """A bill as the oracle gives it."""

    def values(of: Bill | LineItem, names: tuple[str, ...]) -> Iterator[Any]:
        yield from (getattr(of, ATTRIBUTES.get(name, name)) for name in names)

    lines = tuple(
        (line.index, line.amount, line.net_amount, line.tax_amount, *values(line, LINE_TEXTS))
        for line in bill.lines
    )
    return bill.index, bill.amount, bill.include_tax, *values(bill, BILL_VALUES), lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oracle")


def compare(folder: Path, style: Style, *, flat: bool) -> Judge:
    """The whole list of findings, and the bills that come out, are the oracle's."""
    sheets, files = (one_sheet if flat else two_sheets)(folder, style)
    sheets = replace(
        sheets, decimal=style.decimal, numbers=style.numbers, formats=style.formats,
        units={"JPY": 1, "KWD": 1000} if style.units else {}, no_cents=NO_CENTS,
    )  # fmt: skip
    judge = Judge(sheets)
    of = checked(files, template_of(folder, style, flat=flat))
    found = [
        (f.code, f.cell.file, f.cell.row, f.cell.column, f.value)
        for f in of.findings
        if not f.code.endswith(OF_FILES)
    ]
    assert sorted(found, key=str) == sorted(judge.findings, key=str), "each cause once"
    places = [(f.cell.table, f.cell.row, f.cell.column_index) for f in of.findings]
    assert places == sorted(places), "in the order of the files"
    assert [sent(bill) for bill in of.valid_bills()] == list(judge.bills_to_send())
    return judge


# What the whole of a column decides, and what is read in another way, in one file each at least.
CENTS = (Style(1, share=0.0), Style(2, share=0.05, bills=40), Style(3, breaks=True),
         Style(4, share=0.7, order="month", mixed=True), Style(5, share=1.0, spaces=0.4),
         Style(6, order="", spaces=0.0))  # fmt: skip
DECIMAL = (Style(7, decimal=True, units=True), Style(8, decimal=True, mark="comma", bills=40),
           Style(9, decimal=True, numbers="point", formats=("DD/MM/YYYY",)),
           Style(10, decimal=True, numbers="comma", mark="comma", share=0.7, units=True),
           Style(11, decimal=True, mixed=True, share=0.5, bills=40))  # fmt: skip


@pytest.mark.parametrize("style", [*CENTS, *DECIMAL], ids=str)
def test_two_sheets_match_the_oracle(folder: Path, style: Style) -> None:
    compare(folder, style, flat=False)


@pytest.mark.parametrize(
    ("style", "fill"),
    in_turn([*CENTS[2::3], *DECIMAL[1::3], DECIMAL[2]], [False, True]),
    ids=str,
)
def test_one_sheet_matches_the_oracle(folder: Path, style: Style, fill: bool) -> None:
    compare(folder, replace(style, fill=fill, bills=20), flat=True)


@pytest.mark.parametrize("decimal", [False, True], ids=["cents", "decimal"])
def test_spellings_match_the_oracle(folder: Path, decimal: bool) -> None:
    style = Style(1, share=0.0, bills=320, decimal=decimal, every=True, breaks=decimal, spaces=0.0)
    judge = compare(folder, style, flat=False)
    assert len({finding[0] for finding in judge.findings}) > 60


def test_long_file_matches_the_oracle(folder: Path) -> None:
    """Longer than what is looked at first, or taken at once, of a column."""
    writer, copies = Writer(Style(1, share=0.03, spaces=0.01)), 72
    keys = ("billRef", "invoiceNumber")
    safe = [{n: k for n, k in of.items() if n not in keys} for of in (BILL_KINDS, LINE_KINDS)]
    bills, lines = [], []
    for i in range(500):
        bill, own = writer.bill(i)
        bill["invoiceNumber"] = Cell(f"N{i}", f"N{i}")
        bills.append(writer.changed(bill, safe[0]) | {n: bill[n] for n in keys})
        lines += [writer.changed(n, safe[1]) | {"billRef": bill["billRef"]} for n in own]
    files = [folder / "bills.csv", folder / "lines.csv"]
    for path, rows, kinds in zip(files, (bills, lines), (BILL_KINDS, LINE_KINDS), strict=True):
        texts = [[row[name].text for name in kinds] for row in rows]
        where = [list(kinds).index(name) for name in keys]
        write(path, list(kinds), [
            [f"{text}x{c}" if k in where and text else text for k, text in enumerate(row)]
            for c in range(copies) for row in texts
        ])  # fmt: skip
    sizes = {str(files[0]): len(bills), str(files[1]): len(lines)}
    assert sizes[str(files[1])] * copies > 1 << 16
    judge = Judge(Sheets(
        bills, lines, [dict.fromkeys(BILL_KINDS, 2 + i) for i in range(len(bills))],
        [2 + k for k in range(len(lines))], dict(zip(("bills", "line_items"), sizes, strict=True)),
    ))  # fmt: skip
    of = checked(files)
    found = Counter(
        (f.code, f.cell.file, 2 + (f.cell.row - 2) % sizes[f.cell.file], f.cell.column, f.value)
        for f in of.findings
        if f.cell.row and not f.code.endswith(OF_FILES)
    )
    assert found == Counter(judge.findings * copies)
    assert np.array_equal(
        of.invalid_bills(), np.tile([i in judge.invalid for i in range(500)], copies)
    )
    owner = [judge.owner[k] for k in range(len(lines))]
    assert of.line_bill.tolist() == [500 * c + i for c in range(copies) for i in owner]


# An example that fails says all with its seed: there is nothing to be made smaller.
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck),
          phases=(Phase.explicit, Phase.generate))  # fmt: skip
@given(
    st.builds(
        Style,
        seed=st.integers(0, 2**32),
        share=st.sampled_from([0.0, 0.05, 0.3, 0.7, 1.0]),
        bills=st.integers(1, 25),
        decimal=st.booleans(),
        mark=st.sampled_from(["point", "comma"]),
        numbers=st.sampled_from(["auto", "point", "comma"]),
        order=st.sampled_from(["day", "month", ""]),
        mixed=st.booleans(),
        formats=st.sampled_from([(), ("DD/MM/YYYY",)]),
        units=st.booleans(),
        spaces=st.sampled_from([0.0, 0.1, 0.4]),
        fill=st.booleans(),
        breaks=st.booleans(),
    ),
    st.booleans(),
)
def test_generated_files_match_the_oracle(folder: Path, style: Style, flat: bool) -> None:
    """Look for more with ``--hypothesis-profile=explore``."""
    compare(folder, style, flat=flat)
