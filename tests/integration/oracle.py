"""A second, plain reading of the rules, row by row, as the measure of the vectorised one.

It is slow and simple on purpose, and shares no code with what it judges: what a cell means comes
with the cell (``spellings.py``), what holds for rows is written here once more.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from spellings import Cell

Row = dict[str, Cell]
FindingKey = tuple[str, str, int, str, str]  # code, file, row, header, value
WARNINGS = {
    "bills.issuedDate.in_future",
    "bills.dueDate.years_ahead",
    "bills.invoiceNumber.missing",
    "bills.invoiceNumber.near_duplicate",
    "bills.invoiceNumber.sister_entity",
    "bills.invoiceNumber.placeholder",
    "line_items.taxAmount.worked_out_by_light",
    "line_items.taxAmount.above_amount",
}
# What the rows of a file prove together, and generated ones by chance.
OF_FILES = (
    ".lost_mark",
    ".slipped",
    ".two_vendors",
    ".other_rate",
    ".doubtful_rate",
    ".doubtful_tax",
    ".same_amount_local",
    ".unpaired",
    ".filled",
    ".weekdays",
    ".sorted",
    ".other_order",
    ".years_apart",
    ".other_years",
)
DATES = ("issuedDate", "dueDate", "amortizationStartDate", "amortizationEndDate")
AMOUNTS = ("amount", "netAmount", "taxAmount")
DOLLARS = frozenset(("USD", "CAD", "AUD", "NZD", "SGD", "HKD"))  # of the generated currencies
NO_NUMBERS = frozenset(("--", "_"))  # what the writer makes of placeholders
INT64 = range(-(2**63), 2**63)


def compared(text: str) -> str:
    """A name or number as it is compared."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\u200b", "").split()).casefold()


@dataclass
class Sheets:
    """Bills and lines with their row numbers; ``owner`` is each line's bill in a flat layout."""

    bills: list[Row]
    lines: list[Row]
    bill_rows: list[dict[str, int]]  # by field: of one bill the cells may stand in several rows
    line_rows: list[int]
    files: dict[str, str]
    headers: dict[tuple[str, str], str] = field(default_factory=dict)
    owner: list[int] | None = None
    disagreements: list[tuple[int, int, str, str]] = field(default_factory=list)
    """(bill, line, field, value) where a line has another value than its bill."""
    variants: list[tuple[int, str, str]] = field(default_factory=list)
    """(line, field, value) where a key is written in another way than on its bill's first row."""
    decimal: bool = False
    numbers: str = "auto"
    formats: tuple[str, ...] = ()
    units: dict[str, int] = field(default_factory=dict)
    no_cents: frozenset[str] = frozenset()  # currencies that have no hundredths


class Ways(NamedTuple):
    """The cells of a column that prove one way of writing, the other way, or are either."""

    one: list[int]
    other: list[int]
    either: list[int]


class Judge:
    """The expected ``findings`` of the sheets, and the ``invalid`` bills."""

    def __init__(self, sheets: Sheets) -> None:
        self.of = sheets
        self.items = {"bills": sheets.bills, "line_items": sheets.lines}
        self.findings: list[FindingKey] = []
        self.invalid: set[int] = set()
        self.unclear: set[int] = set()
        self.nameless: set[int] = set()
        self.placeholders: dict[int, str] = {}
        for rows in (sheets.bills, sheets.lines):
            for i, row in enumerate(rows):
                for name in ("billRef", "invoiceNumber"):
                    if row[name].bare in NO_NUMBERS:
                        if rows is sheets.bills and name == "invoiceNumber":
                            self.placeholders[i] = row[name].text
                        row[name] = Cell("")
        self.owner = self.join() if sheets.owner is None else dict(enumerate(sheets.owner))
        self.read()
        for i in range(len(sheets.bills)):
            self.bill(i)
        for k in range(len(sheets.lines)):
            self.line(k)
        self.orphans()
        self.sums()
        self.duplicates()
        for i, k, name, value in sheets.disagreements:
            if not sheets.bills[i][name].problem:
                row, header = sheets.line_rows[k], sheets.headers["bills", name]
                file = sheets.files["bills"]
                self.findings.append((f"bills.{name}.disagrees", file, row, header, value))
                self.invalid.add(i)
        for k, name, value in sheets.variants:
            row, header = sheets.line_rows[k], sheets.headers["bills", name]
            self.findings.append(("bills.key.variants", sheets.files["bills"], row, header, value))

    def say(
        self, sheet: str, code: str, item: int, column: str, value: str | None = None, *also: int
    ) -> None:
        of_bill = sheet == "bills"
        row = self.of.bill_rows[item][column] if of_bill else self.of.line_rows[item]
        header = self.of.headers.get((sheet, column), column)
        value = self.items[sheet][item][column].text if value is None else value
        self.findings.append((f"{sheet}.{code}", self.of.files[sheet], row, header, value))
        if f"{sheet}.{code}" not in WARNINGS:
            self.blame(sheet, item, *also)

    def blame(self, sheet: str, *items: int) -> None:
        for item in items:
            if sheet == "bills":
                self.invalid.add(item)
            elif self.owner[item] is not None:
                self.invalid.add(self.owner[item])

    # --- which line belongs to which bill -----------------------------------------------------

    def join(self) -> dict[int, Any]:
        bills, lines = self.of.bills, self.of.lines
        refs = [bill["billRef"].bare for bill in bills]
        numbers = [bill["invoiceNumber"].bare for bill in bills]
        of_lines = [(n["billRef"].bare, n["invoiceNumber"].bare) for n in lines]
        by_ref = any(refs) and any(ref for ref, _ in of_lines)
        if not by_ref and not any(number for _, number in of_lines):
            of_lines = [(ref, ref) for ref, _ in of_lines]
        keys = [(ref or number) if by_ref else number
                for ref, number in zip(refs, numbers, strict=True)]  # fmt: skip
        column = "billRef" if by_ref else "invoiceNumber"
        self.owner = dict.fromkeys(range(len(lines)))
        for i, key in enumerate(keys):
            if not key:
                self.say("bills", "billRef.required", i, column, "")
                self.unclear.add(i)
                self.nameless.add(i)
        named = {ref if by_ref else number for ref, number in of_lines}
        by_number = {number for ref, number in of_lines if by_ref and not ref}
        ways = [(column, keys, named)]
        if by_ref and not all(ref for ref, _ in of_lines):
            ways.append(("invoiceNumber", numbers, by_number))
        firsts = []
        for name, some, used in ways:
            first: dict[str, int] = {}
            for i, key in enumerate(some):
                if key and key in first and key in used:
                    self.say("bills", "billRef.duplicate", i, name, key, first[key])
                    self.unclear |= {i, first[key]}
                first.setdefault(key, i)
            firsts.append(first)
        for k, (ref, number) in enumerate(of_lines):
            if by_ref and not ref:
                self.owner[k] = firsts[1].get(number) if number else None
            elif key := ref if by_ref else number:
                self.owner[k] = firsts[0].get(key)
        self.by_ref = by_ref
        return self.owner

    def orphans(self) -> None:
        if self.of.owner is not None:
            return
        for k, line in enumerate(self.of.lines):
            if self.owner[k] is not None:
                continue
            ref, number = line["billRef"].bare, line["invoiceNumber"].bare
            name = "invoiceNumber" if not self.by_ref and not ref else "billRef"
            if not (ref or number):
                self.say("line_items", "billRef.required", k, name, "")
            elif not line["billRef"].problem and not line["invoiceNumber"].problem:
                self.say("line_items", "billRef.orphan", k, name, ref or number)
        for i, bill in enumerate(self.of.bills):
            faulty = bill["billRef"].problem or i in self.nameless
            if i not in self.owner.values() and i not in self.unclear and not faulty:
                self.say("bills", "lines.missing", i, "billRef", bill["billRef"].bare)

    # --- columns ------------------------------------------------------------------------------

    def read(self) -> None:
        """The values of dates and decimal amounts, which all columns of a file decide."""
        of_dates = [("bills" if n in ("issuedDate", "dueDate") else "line_items", n) for n in DATES]
        days = {at: self.ways(at, "day", "month", "numeric") for at in of_dates}
        for sheet, name in of_dates:
            self.dates(sheet, name, days)
        if self.of.decimal:
            of_amounts = [("bills", AMOUNTS[0]), *(("line_items", name) for name in AMOUNTS)]
            marks = {at: self.ways(at, "point", "comma", "") for at in of_amounts}
            for sheet, name in of_amounts:
                self.decimals(sheet, name, marks)

    def ways(self, at: tuple[str, str], one: str, other: str, form: str) -> Ways:
        """The cells of a column that have one reading, the other reading, and two of them."""
        out = Ways([], [], [])
        for i, row in enumerate(self.items[at[0]]):
            cell = row[at[1]]
            marked = cell.form.startswith(form) if form else set(".,") & set(cell.bare)
            if not marked or cell.problem:
                continue
            first, second = getattr(cell, one), getattr(cell, other)
            if first is not None and second is not None:
                out.either.extend([i] if first != second else [])
            elif first is not None:
                out.one.append(i)
            elif second is not None:
                out.other.append(i)
        return out

    def decided(self, at: tuple[str, str], columns: dict[tuple[str, str], Ways]) -> bool | None:
        """Whether a column of cells that can be read either way is of the other way."""
        file = self.of.files[at[0]]
        beside = [c for p, c in columns.items() if p != at and self.of.files[p[0]] == file]
        one, other = any(c.one for c in beside), any(c.other for c in beside)
        return other if one != other else None

    def contradicted(self, at: tuple[str, str], columns: dict[tuple[str, str], Ways]) -> list[int]:
        """The cells of a column, sure of its way, that other columns of the file contradict."""
        file, own = self.of.files[at[0]], columns[at]
        beside = [c for p, c in columns.items() if p != at and self.of.files[p[0]] == file]
        if bool(own.one) == bool(own.other):
            return []
        mine = own.one or own.other
        same = sum(len(c.one if own.one else c.other) for c in beside)
        against = sum(len(c.other if own.one else c.one) for c in beside)
        if not against:
            return []
        return sorted([*own.either, *(mine if len(mine) + same <= against else [])])

    def settle(self, sheet: str, name: str, at: list[int], problem: str) -> None:
        """One finding for the cells of a column that have two readings."""
        for i in at:
            cell = self.items[sheet][i][name]
            self.items[sheet][i][name] = replace(cell, value=None, problem="reported already")
        self.say(sheet, f"{name}.{problem}", at[0], name)
        self.blame(sheet, *at)

    def dates(self, sheet: str, name: str, columns: dict[tuple[str, str], Ways]) -> None:
        rows = self.items[sheet]
        numeric: dict[str, Cell] = {}
        for row in rows:
            if row[name].form.startswith("numeric"):
                numeric[row[name].bare] = row[name]
        day = {t for t, c in numeric.items() if c.day and not c.month}
        month = {t for t, c in numeric.items() if c.month and not c.day}
        either = {t for t, c in numeric.items() if c.day and c.month and c.day != c.month}
        month_first = bool(month) and (not day or len(month) > len(day))
        by_others = None if day or month else self.decided((sheet, name), columns)
        if either and by_others is not None:
            month_first = by_others
        for row in rows:
            cell = row[name]
            if cell.blank or cell.problem:
                continue
            value: date | None = cell.month if month_first else cell.day
            if self.of.formats:
                value = cell.day if cell.form in ("iso", "numeric/") else None
            row[name] = replace(cell, value=value, problem="" if value else "not_date")
        if self.of.formats or (either and by_others is not None):
            return
        if not (day and month) and (day or month or not either):
            if at := self.contradicted((sheet, name), columns):
                self.settle(sheet, name, at, "contradicts_columns")
            return
        minority = (day if month_first else month) if day else set()
        at = [i for i, row in enumerate(rows) if row[name].bare in minority | either]
        self.settle(sheet, name, at, "mixed_order" if day else "ambiguous")

    def decimals(self, sheet: str, name: str, columns: dict[tuple[str, str], Ways]) -> None:
        rows = self.items[sheet]
        marked = {row[name].bare: row[name] for row in rows if set(".,") & set(row[name].bare)}
        marked = {t: c for t, c in marked.items() if not c.problem}
        point = {t for t, c in marked.items() if c.point is not None and c.comma is None}
        comma = {t for t, c in marked.items() if c.comma is not None and c.point is None}
        either = {t for t, c in marked.items()
                  if None not in (c.point, c.comma) and c.point != c.comma}  # fmt: skip
        open_ = self.of.numbers == "auto" and (
            bool(point and comma) or (not point and not comma and bool(either))
        )
        with_point = self.of.numbers == "point"
        of_column, auto = columns[sheet, name], self.of.numbers == "auto"
        if auto:
            with_point = len(of_column.one) >= len(of_column.other)
        by_others = self.decided((sheet, name), columns)
        if open_ and not point and by_others is not None:
            open_, with_point = False, not by_others
        dollars: list[int] = []  # no problem where all amounts but a few have the sign
        all_dollars = bare_amounts = 0
        for i, row in enumerate(rows):
            cell = row[name]
            if cell.blank or cell.problem:
                continue
            bill = i if sheet == "bills" else self.owner[i]
            currency = None if bill is None else self.of.bills[bill]["currency"].value
            unit = self.of.units.get(currency or "", 100)
            number = cell.point if with_point else cell.comma
            problem = "not_amount"
            if number is not None and number * unit == int(number * unit):
                problem = "" if int(number * unit) in INT64 else "out_of_range"
            all_dollars += "$" in cell.text
            if not problem and "$" not in cell.text:
                bare_amounts += 1
            elif not problem and currency and currency not in DOLLARS:
                dollars.append(i)
            if not problem and currency and cell.names and currency not in cell.names:
                problem = "other_currency"
            value = None if problem or number is None else int(number * unit)
            row[name] = replace(cell, value=value, problem=problem)
        for i in dollars if bare_amounts > all_dollars / 10 else ():
            rows[i][name] = replace(rows[i][name], value=None, problem="other_currency")
        if open_:
            marked = point | comma | either
            at = [i for i, row in enumerate(rows) if row[name].bare in marked]
            self.settle(sheet, name, at, "mixed_numbers" if point else "ambiguous")
        elif auto and (at := self.contradicted((sheet, name), columns)):
            self.settle(sheet, name, at, "contradicts_columns")

    def cells(self, sheet: str, item: int) -> None:
        for name, cell in self.items[sheet][item].items():
            if cell.problem and cell.problem != "reported already" and not cell.blank:
                field_name = "property" if name.startswith("property") else name
                self.say(sheet, f"{field_name}.{cell.problem}", item, name)

    # --- rows ---------------------------------------------------------------------------------

    def bill(self, i: int) -> None:
        bill = self.of.bills[i]
        self.cells("bills", i)
        if bill["vendorId"].blank and bill["vendor"].blank:
            self.say("bills", "vendorId.required", i, "vendor")
        if i in self.placeholders:
            text = self.placeholders[i]
            self.say("bills", "invoiceNumber.placeholder", i, "invoiceNumber", text)
        elif bill["invoiceNumber"].blank:
            self.say("bills", "invoiceNumber.missing", i, "invoiceNumber")
        for name in ("issuedDate", "currency", "amount"):
            if bill[name].blank:
                self.say("bills", f"{name}.required", i, name)
        issued, due = bill["issuedDate"].value, bill["dueDate"].value
        if issued and (issued - datetime.now(UTC).date()).days > 731:
            self.say("bills", "issuedDate.in_future", i, "issuedDate")
        if issued and due and due < issued:
            self.say("bills", "dueDate.before_issued", i, "dueDate")
        if issued and due and (due - issued).days > 366:
            self.say("bills", "dueDate.years_ahead", i, "dueDate")
        amount, currency = bill["amount"].value, bill["currency"].value
        if amount == 0:
            self.say("bills", "amount.zero", i, "amount")
        if amount is not None and amount < 0:
            self.say("bills", "amount.negative", i, "amount")
        if self.of.decimal and currency in self.of.no_cents - self.of.units.keys():
            self.say("bills", "currency.not_in_cents", i, "currency")

    def inclusive(self, k: int) -> bool | None:
        """Whether the line's bill includes tax; None where that is not known."""
        if self.owner[k] is None:
            return None
        flag = self.of.bills[self.owner[k]]["lineItemsIncludeTax"]
        return None if flag.problem else bool(flag.value)

    def line(self, k: int) -> None:
        line = self.of.lines[k]
        self.cells("line_items", k)
        gross, net, tax = (line[name].value for name in AMOUNTS)
        inclusive = self.inclusive(k)
        no_code = line["taxCodeId"].blank and line["taxCode"].blank
        tax_blank = line["taxAmount"].blank
        if inclusive is True and line["amount"].blank:
            self.say("line_items", "amount.required", k, "amount")
        if inclusive is False and line["netAmount"].blank:
            self.say("line_items", "netAmount.required", k, "netAmount")
        if gross is not None and net is not None:
            parts = net + tax if tax is not None else net if tax_blank and no_code else None
            if parts not in (None, gross):
                self.say("line_items", "amount.not_net_plus_tax", k, "amount")
        base = net if net is not None else gross
        if tax and base and (tax > 0) != (base > 0):
            self.say("line_items", "taxAmount.sign", k, "taxAmount")
        if tax and base and abs(tax) > abs(base):
            self.say("line_items", "taxAmount.above_amount", k, "taxAmount")
        if tax and no_code:
            self.say("line_items", "taxAmount.without_code", k, "taxAmount")
        if inclusive is False and net is not None and tax_blank and not no_code:
            self.say("line_items", "taxAmount.worked_out_by_light", k, "taxAmount")
        names = ("amortizationStartDate", "amortizationEndDate")
        start, end = (line[name].value for name in names)
        given = [not line[name].blank for name in names]
        if given[0] != given[1]:
            self.say("line_items", "amortizationStartDate.incomplete", k, names[0])
        if start and end and end < start:
            self.say("line_items", "amortizationEndDate.before_start", k, names[1])
        should = line["shouldAmortize"].value
        given.append(not line["amortizationTemplateId"].blank)
        if should is True and not any(given):
            self.say("line_items", "shouldAmortize.incomplete", k, "shouldAmortize")
        if should is False and any(given):
            self.say("line_items", "shouldAmortize.contradicted", k, "shouldAmortize")

    def gross(self, k: int) -> int | None:
        """A line's gross, None where it is not known before Light works it out."""
        line = self.of.lines[k]
        gross, net, tax = (line[name].value for name in AMOUNTS)
        no_code = line["taxCodeId"].blank and line["taxCode"].blank
        if self.inclusive(k) is True:
            return gross
        if net is None:
            return None
        if not line["taxAmount"].blank:
            return None if tax is None else net + tax
        return net if no_code else gross

    def sums(self) -> None:
        parts: dict[int, list[int | None]] = defaultdict(list)
        for k, i in self.owner.items():
            if i is not None:
                parts[i].append(self.gross(k))
        for i, of_bill in parts.items():
            amount = self.of.bills[i]["amount"].value
            if amount is None or None in of_bill or i in self.unclear:
                continue
            if sum(part or 0 for part in of_bill) != amount:
                self.say("bills", "amount.lines_differ", i, "amount")

    # --- bills that are there twice -----------------------------------------------------------

    def party(self, bill: Row, by_id: str, by_name: str) -> str:
        """Who it is, by id, else by name; "" where neither can be read."""
        if bill[by_id].value:
            return f"id {bill[by_id].value}"
        return compared(bill[by_name].value or "")

    def numbered(self) -> Iterator[tuple[int, str, str, str]]:
        of_number: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for i, bill in enumerate(self.of.bills):
            vendor = self.party(bill, "vendorId", "vendor")
            entity = self.party(bill, "companyEntityId", "companyEntity")
            if vendor and bill["invoiceNumber"].value:
                of_number[vendor, bill["invoiceNumber"].value].append((i, entity))
        out = []
        for (vendor, number), there in of_number.items():
            # Light fills in an entity that is left out, so that a blank one may be any.
            any_entity = any(not entity for _, entity in there)
            out += [(i, vendor, "" if any_entity else entity, number) for i, entity in there]
        yield from sorted(out)

    def duplicates(self) -> None:
        exact: dict[tuple[str, str, str], int] = {}
        near: dict[tuple[str, str, str], int] = {}
        of_vendor: set[tuple[str, str]] = set()
        numbers = {}
        for i, vendor, entity, number in self.numbered():
            numbers[i] = number
            folded = unicodedata.normalize("NFKC", number)
            groups = [
                part.lstrip("0") or "0" if part.isdecimal() else part
                for part in re.split(r"([0-9]+)", re.sub(r"^[\W_]*0+(?=\w)", "", folded))
            ]
            loose = (vendor, entity, re.sub(r"[\W_]+", "", "".join(groups)).casefold())
            same = (vendor, entity, number)
            if same in exact:
                self.say("bills", "invoiceNumber.duplicate", i, "invoiceNumber", number,
                         exact[same])  # fmt: skip
            elif loose[2] and loose in near and numbers[near[loose]] != number:
                self.say("bills", "invoiceNumber.near_duplicate", i, "invoiceNumber", number)
            if same not in exact and (vendor, number) in of_vendor:
                self.say("bills", "invoiceNumber.sister_entity", i, "invoiceNumber", number)
            of_vendor.add((vendor, number))
            exact.setdefault(same, i)
            near.setdefault(loose, i)

    # --- what may be sent ---------------------------------------------------------------------

    def bills_to_send(self) -> Iterator[tuple[Any, ...]]:
        """The bills without an error, each with its lines in the sheet's order."""
        lines: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for k, i in self.owner.items():
            if i is not None:
                line = self.of.lines[k]
                amounts = (line[name].value for name in AMOUNTS)
                rest = (line[name].value or None for name in LINE_TEXTS)
                lines[i].append((k, *amounts, *rest))
        for i, bill in enumerate(self.of.bills):
            if i not in self.invalid:
                flag = bool(bill["lineItemsIncludeTax"].value)
                values = (bill[name].value for name in BILL_VALUES)
                yield (i, bill["amount"].value, flag, *values, tuple(lines[i]))


BILL_VALUES = ("vendorId", "vendor", "companyEntityId", "companyEntity", "invoiceNumber",
               "issuedDate", "dueDate", "currency", "description")  # fmt: skip
LINE_TEXTS = ("description", "taxCodeId", "taxCode", "accountId", "amortizationStartDate",
              "amortizationEndDate", "amortizationTemplateId")  # fmt: skip
