"""Random small sheets, judged row by row by a second, plain reading of the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sheets_of_bills import checked, csv_file, grid, told

ID = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
WARNINGS = {
    "bills.invoiceNumber.missing",
    "bills.invoiceNumber.near_duplicate",
    "line_items.taxAmount.worked_out_by_light",
}

DAYS = st.sampled_from(["2025-01-31", "2025-02-01", "2025-02-30", "soon", "", "#REF!"])
CENTS = st.sampled_from(["100", "200", "20", "-100", "0", "", "1.5", "#N/A", "120", "1e3"])
SURE = st.sampled_from(["100", "200", "20", "120", ""])
FLAG = st.sampled_from(["", "", "TRUE", "no", "maybe"])
BILL = st.fixed_dictionaries(
    {
        "billRef": st.sampled_from(["B1", "B2", "B3", "", " B1 "]),
        "vendorId": st.sampled_from([ID, ID.replace("-", ""), OTHER, "", "V1"]),
        "vendor": st.sampled_from(["", "Acme", "ACME ", "Apex", "#REF!"]),
        "invoiceNumber": st.sampled_from(["N1", "N-1", "n1", "N2", "", "1.5E+15", " N1"]),
        "issuedDate": DAYS,
        "dueDate": DAYS,
        "currency": st.sampled_from(["GBP", "eur", "", "???"]),
        "amount": CENTS | SURE,
        "lineItemsIncludeTax": FLAG,
        "description": st.just("d"),
    }
)
GOOD = st.fixed_dictionaries(
    {
        "billRef": st.sampled_from(["B1", "B2", "B3"]),
        "vendorId": st.just(ID),
        "vendor": st.just(""),
        "invoiceNumber": st.sampled_from(["N1", "N2", "N3"]),
        "issuedDate": st.just("2025-01-31"),
        "dueDate": st.sampled_from(["", "2025-02-01"]),
        "currency": st.just("GBP"),
        "amount": st.sampled_from(["100", "120", "200"]),
        "lineItemsIncludeTax": st.sampled_from(["", "TRUE"]),
        "description": st.just("d"),
    }
)
LINE = st.fixed_dictionaries(
    {
        "billRef": st.sampled_from(["B1", "B2", "B3", "N1", "X9", "", "B2 "]),
        "amount": CENTS | SURE,
        "netAmount": CENTS | SURE,
        "taxAmount": CENTS | st.sampled_from(["", "20"]),
        "taxCode": st.sampled_from(["", "S"]),
        "shouldAmortize": FLAG,
        "amortizationStartDate": DAYS,
        "amortizationEndDate": DAYS,
        "description": st.just("d"),
    }
)
GOOD_LINE = st.fixed_dictionaries(
    {
        "billRef": st.sampled_from(["B1", "B2", "B3"]),
        "amount": st.sampled_from(["120", "", "100"]),
        "netAmount": st.sampled_from(["100", "100", ""]),
        "taxAmount": st.sampled_from(["20", "", "0"]),
        "taxCode": st.sampled_from(["S", ""]),
        "shouldAmortize": st.just(""),
        "amortizationStartDate": st.just(""),
        "amortizationEndDate": st.just(""),
        "description": st.just("d"),
    }
)

Told = tuple[str, int, str]


class Judge:
    """One sheet of bills and one of lines, judged by the rules as the design states them."""

    def __init__(self, bills: list[dict[str, str]], lines: list[dict[str, str]]) -> None:
        self.bills = [{k: v.strip() for k, v in bill.items()} for bill in bills]
        self.lines = [{k: v.strip() for k, v in line.items()} for line in lines]
        self.told: set[Told] = set()
        self.invalid: set[int] = set()
        self.unclear: set[int] = set()
        self.owner = self.join()
        for i in range(len(bills)):
            self.bill(i)
        for k in range(len(lines)):
            self.line(k)
        self.sums()
        self.duplicates()

    def say(self, sheet: str, code: str, item: int, column: str, *also: int) -> None:
        self.told.add((f"{sheet}.{code}", item + 2, column))
        if f"{sheet}.{code}" in WARNINGS:
            return
        if sheet == "bills":
            self.invalid |= {item, *also}
        elif self.owner[item] is not None:
            self.invalid.add(self.owner[item])

    def join(self) -> dict[int, Any]:
        by_ref = any(b["billRef"] for b in self.bills) and any(n["billRef"] for n in self.lines)
        used = {n["billRef"] for n in self.lines}
        self.owner = dict.fromkeys(range(len(self.lines)))
        first: dict[str, int] = {}
        for i, bill in enumerate(self.bills):
            key = (bill["billRef"] if by_ref else "") or bill["invoiceNumber"]
            column = "billRef" if by_ref else "invoiceNumber"
            if not key:
                self.say("bills", "billRef.required", i, column)
                self.unclear.add(i)
            elif key in first and key in used:
                self.say("bills", "billRef.duplicate", i, column, first[key])
                self.unclear |= {i, first[key]}
            first.setdefault(key, i)
        for k, line in enumerate(self.lines):
            if not line["billRef"]:
                self.say("line_items", "billRef.required", k, "billRef")
            elif line["billRef"] not in first:
                self.say("line_items", "billRef.orphan", k, "billRef")
            else:
                self.owner[k] = first[line["billRef"]]
        return self.owner

    def cents(self, sheet: str, i: int, row: dict[str, str], name: str) -> int | None:
        text = row[name]
        if text.startswith("#"):
            self.say(sheet, f"{name}.error_cell", i, name)
        elif text and not re.fullmatch("-?[0-9]+", text):
            self.say(sheet, f"{name}.not_cents", i, name)
        elif text:
            return int(text)
        return None

    def day(self, sheet: str, i: int, row: dict[str, str], name: str) -> date | None:
        text = row[name]
        if text.startswith("#"):
            self.say(sheet, f"{name}.error_cell", i, name)
            return None
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.say(sheet, f"{name}.not_date", i, name)
            return None

    def flag(self, sheet: str, i: int, row: dict[str, str], name: str) -> bool | str | None:
        text = row[name]
        if text == "maybe":
            self.say(sheet, f"{name}.not_boolean", i, name)
            return "wrong"
        return {"": None, "TRUE": True, "no": False}[text]

    def bill(self, i: int) -> None:
        bill = self.bills[i]
        if bill["vendorId"] == "V1":
            self.say("bills", "vendorId.not_uuid", i, "vendorId")
        if bill["vendor"] == "#REF!":
            self.say("bills", "vendor.error_cell", i, "vendor")
        if not bill["vendorId"] and not bill["vendor"]:
            self.say("bills", "vendorId.required", i, "vendor")
        if not bill["invoiceNumber"]:
            self.say("bills", "invoiceNumber.missing", i, "invoiceNumber")
        if bill["invoiceNumber"] == "1.5E+15":
            self.say("bills", "invoiceNumber.mangled", i, "invoiceNumber")
        for name in ("issuedDate", "currency", "amount"):
            if not bill[name]:
                self.say("bills", f"{name}.required", i, name)
        issued, due = (self.day("bills", i, bill, name) for name in ("issuedDate", "dueDate"))
        if issued and due and due < issued:
            self.say("bills", "dueDate.before_issued", i, "dueDate")
        if bill["currency"] == "???":
            self.say("bills", "currency.not_currency", i, "currency")
        amount = self.cents("bills", i, bill, "amount")
        if amount == 0:
            self.say("bills", "amount.zero", i, "amount")
        if amount is not None and amount < 0:
            self.say("bills", "amount.negative", i, "amount")
        self.flag("bills", i, bill, "lineItemsIncludeTax")
        if i not in self.owner.values() and i not in self.unclear:
            self.say("bills", "lines.missing", i, "billRef")

    def inclusive(self, k: int) -> bool | None:
        """Whether the line's bill includes tax; None where that is not known."""
        if self.owner[k] is None:
            return None
        text = self.bills[self.owner[k]]["lineItemsIncludeTax"]
        return {"": False, "TRUE": True, "no": False}.get(text)

    def line(self, k: int) -> None:
        line = self.lines[k]
        gross, net, tax = (
            self.cents("line_items", k, line, name) for name in ("amount", "netAmount", "taxAmount")
        )
        inclusive = self.inclusive(k)
        if inclusive is True and not line["amount"]:
            self.say("line_items", "amount.required", k, "amount")
        if inclusive is False and not line["netAmount"]:
            self.say("line_items", "netAmount.required", k, "netAmount")
        if None not in (gross, net, tax) and net + tax != gross:  # type: ignore[operator]
            self.say("line_items", "amount.not_net_plus_tax", k, "amount")
        untaxed = not line["taxAmount"] and not line["taxCode"]
        if untaxed and None not in (gross, net) and net != gross:
            self.say("line_items", "amount.not_net_plus_tax", k, "amount")
        base = net if net is not None else gross
        if tax and base and (tax > 0) != (base > 0):
            self.say("line_items", "taxAmount.sign", k, "taxAmount")
        if tax and not line["taxCode"]:
            self.say("line_items", "taxAmount.without_code", k, "taxAmount")
        if inclusive is False and net is not None and not line["taxAmount"] and line["taxCode"]:
            self.say("line_items", "taxAmount.worked_out_by_light", k, "taxAmount")
        names = ("amortizationStartDate", "amortizationEndDate")
        start, end = (self.day("line_items", k, line, name) for name in names)
        given = [bool(line[name]) for name in names]
        if given[0] != given[1]:
            self.say("line_items", "amortizationStartDate.incomplete", k, names[0])
        if start and end and end < start:
            self.say("line_items", "amortizationEndDate.before_start", k, names[1])
        should = self.flag("line_items", k, line, "shouldAmortize")
        if should is True and not any(given):
            self.say("line_items", "shouldAmortize.without_dates", k, "shouldAmortize")
        if should is False and any(given):
            self.say("line_items", "shouldAmortize.contradicts_dates", k, "shouldAmortize")

    def gross(self, k: int) -> int | None:
        line = self.lines[k]
        read = {n: int(line[n]) if re.fullmatch("-?[0-9]+", line[n]) else None
                for n in ("amount", "netAmount", "taxAmount")}  # fmt: skip
        gross, net, tax = read.values()
        if self.inclusive(k) is True:
            return gross
        if net is None:
            return None
        if line["taxAmount"]:
            return None if tax is None else net + tax
        return gross if line["taxCode"] else net

    def sums(self) -> None:
        for i, bill in enumerate(self.bills):
            own = [k for k, owner in self.owner.items() if owner == i]
            parts = [self.gross(k) for k in own]
            known = re.fullmatch("-?[0-9]+", bill["amount"]) and own and None not in parts
            total = sum(part or 0 for part in parts)
            if known and i not in self.unclear and total != int(bill["amount"]):
                self.say("bills", "amount.lines_differ", i, "amount")

    def numbered(self) -> Iterator[tuple[int, str, str]]:
        for i, bill in enumerate(self.bills):
            party = "" if bill["vendorId"] == "V1" else bill["vendorId"].replace("-", "")
            name = "" if bill["vendor"] == "#REF!" else bill["vendor"].lower()
            if (party or name) and bill["invoiceNumber"] not in ("", "1.5E+15"):
                yield i, party or name, bill["invoiceNumber"]

    def duplicates(self) -> None:
        exact: dict[tuple[str, str], int] = {}
        near: dict[tuple[str, str], int] = {}
        for i, party, number in self.numbered():
            loose = (party, number.replace("-", "").lower())
            if (party, number) in exact:
                self.say("bills", "invoiceNumber.duplicate", i, "invoiceNumber",
                         exact[party, number])  # fmt: skip
            elif loose in near:
                self.say("bills", "invoiceNumber.near_duplicate", i, "invoiceNumber")
            exact.setdefault((party, number), i)
            near.setdefault(loose, i)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oracle")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bills=st.lists(BILL | GOOD, min_size=1, max_size=8),
    lines=st.lists(LINE | GOOD_LINE | GOOD_LINE, min_size=1, max_size=12),
)
def test_the_findings_and_the_valid_bills_are_those_of_a_plain_reading_row_by_row(
    folder: Path, bills: list[dict[str, str]], lines: list[dict[str, str]]
) -> None:
    judge = Judge(bills, lines)
    of = checked(
        [csv_file(folder / "bills.csv", grid(bills)), csv_file(folder / "lines.csv", grid(lines))]
    )
    found = told(of)
    assert sorted(found) == sorted(judge.told), "each cause once"
    expected = [i for i in range(len(bills)) if i not in judge.invalid]
    sent = list(of.valid_bills())
    assert [bill.index for bill in sent] == expected
    for bill in sent:
        assert [n.index for n in bill.lines] == [
            k for k, i in judge.owner.items() if i == bill.index
        ]
        assert bill.amount == int(bills[bill.index]["amount"])
