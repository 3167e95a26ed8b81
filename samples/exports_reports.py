"""Reports and lists for people who move to Light: QuickBooks, MYOB, Business Central."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

from export_files import ACCOUNTS, TAX, VENDORS, lookup_table, text_file
from purchases import BRITISH, Bought, Purchase, purchases
from workbooks import Sheet, Shown, workbook


def write(folder: Path) -> None:
    """All of them, each into the folder of its template."""
    _unpaid_bills(folder / "quickbooks-unpaid-bills")
    _transactions(folder / "quickbooks-transactions")
    _myob(folder / "myob-bills")
    _business_central(folder / "business-central-vendor-ledger")


def _pounds(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}£{abs(cents) / 100:,.2f}"


def write_report(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """A CSV of rows that are no table: titles, groups and totals among them."""
    rows = list(rows)
    width = max(map(len, rows))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([*row, *[""] * (width - len(row))] for row in rows)
    path.write_bytes(out.getvalue().encode("utf-8"))


def _by_vendor(bills: Iterable[Purchase]) -> Iterable[tuple[str, list[Purchase]]]:
    ordered = sorted(bills, key=lambda bill: (bill.vendor.casefold(), bill.issued))
    for vendor, some in groupby(ordered, key=lambda bill: bill.vendor):
        yield vendor, list(some)


# --- QuickBooks Online ------------------------------------------------------------------------

_UNPAID = (
    "", "Date", "Transaction type", "Num", "Due date", "Past due", "Amount", "Open balance",
)  # fmt: skip


def _unpaid_bills(folder: Path) -> None:
    as_of = date(2026, 8, 31)
    rows: list[Sequence[object]] = [
        ("Kestrel Trading Ltd",),
        ("Unpaid Bills Report",),
        (f"As of {as_of:%-d %B %Y}",),
        (),
        _UNPAID,
    ]
    total = [0, 0]
    for k, (vendor, bills) in enumerate(_by_vendor(purchases(BRITISH, 30, date(2026, 6, 1), 7))):
        rows.append((vendor,))
        sums = [0, 0]
        for i, bill in enumerate(bills):
            paid = bill.gross // 3 if (k + i) % 4 == 1 else 0  # some are paid in part
            kind, number, amount, rest = "Bill", bill.number, bill.gross, bill.gross - paid
            if k == 5 and i == 0:
                kind, number, amount = "Vendor Credit", f"CR-{bill.number}", -(bill.gross // 10)
                rest = amount
            rows.append(
                (
                    "",
                    f"{bill.issued:%d/%m/%Y}",
                    kind,
                    number,
                    f"{bill.due:%d/%m/%Y}",
                    max((as_of - bill.due).days, 0),
                    _pounds(amount),
                    _pounds(rest),
                )
            )
            sums = [sums[0] + amount, sums[1] + rest]
        rows.append((f"Total for {vendor}", "", "", "", "", "", *map(_pounds, sums)))
        total = [total[0] + sums[0], total[1] + sums[1]]
    rows.append(("TOTAL", "", "", "", "", "", *map(_pounds, total)))
    rows += [(), ("Monday, 31 August 2026 09:14 am GMT+01:00",)]
    write_report(folder / "unpaid-bills.csv", rows)


_TRANSACTIONS = (
    "", "Date", "Transaction type", "Num", "Posting", "Memo/Description", "Account full name",
    "Split", "Amount",
)  # fmt: skip


def _transactions(folder: Path) -> None:
    rows: list[Sequence[object]] = [
        ("Transaction List by Vendor",),
        ("Kestrel Trading Ltd",),
        ("June 2026",),
        (),
        _TRANSACTIONS,
    ]
    payable = "Accounts Payable (A/P)"
    for k, (vendor, bills) in enumerate(_by_vendor(purchases(BRITISH, 28, date(2026, 6, 1), 8))):
        rows.append((vendor,))
        total = 0
        for i, bill in enumerate(bills):
            memo = bill.lines[0].description
            split = "-Split-" if len(bill.lines) > 1 else "Cost of Goods Sold"
            day = f"{bill.issued:%d/%m/%Y}"
            some: list[tuple[str, str, str, str, int]] = [
                ("Bill", bill.number, payable, split, bill.gross)
            ]
            if (k + i) % 2 == 0:
                paid = ("Bill Payment (Cheque)", f"{4000 + k}", "Current", payable, -bill.gross)
                some.append(paid)
            if k == 3:
                some.append(("Vendor Credit", f"VC-{k + 1}", payable, split, -(bill.gross // 20)))
            if k == 4:
                some.append(("Expense", "", "Mastercard", "Office Supplies", -1399))
            for kind, number, account, other, cents in some:
                rows.append(
                    ("", day, kind, number, "Yes", memo, account, other, f"{cents / 100:,.2f}")
                )
                total += cents
        rows.append((f"Total for {vendor}", *[""] * 7, _pounds(total)))
    write_report(folder / "transactions.csv", rows)


# --- MYOB -------------------------------------------------------------------------------------

_MYOB = (
    "Co./Last Name,First Name,Addr 1 - Line 1,Inclusive,Purchase #,Date,Supplier Invoice #,"
    "Ship Via,Delivery Status,Description,Account #,Amount,Inc-Tax Amount,Job,Comment,Journal Memo,"
    "Shipping Date,Tax Code,Non-GST Amount,GST Amount,Import Duty Amount,Freight Amount,"
    "Inc-Tax Freight Amount,Freight Tax Code,Freight Non-GST Amount,Freight GST Amount,"
    "Freight Import Duty Amount,Purchase Status,Currency Code,Exchange Rate,"
    "Terms - Payment is Due,           - Discount Days,           - Balance Due Days,"
    "           - % Discount,Amount Paid,Category,Card ID,Record ID"
).split(",")
_MYOB_TAX = {20: "S20", 5: "R5", 0: "Z", None: "N-T"}


def _myob_account(account: int) -> str:
    return f"6-{account}"


def _myob(folder: Path) -> None:
    def dollars(cents: int) -> str:
        return f"{'-' if cents < 0 else ''}${abs(cents) / 100:,.2f}"

    def row(bill: Purchase, number: int, line: Bought, status: str) -> dict[str, object]:
        last = bill.vendor
        return {
            "Co./Last Name": last,
            "Inclusive": "",
            "Purchase #": f"{number:08d}",
            "Date": f"{bill.issued:%d/%m/%Y}",
            "Supplier Invoice #": bill.number,
            "Delivery Status": "P",
            "Description": line.description,
            "Account #": _myob_account(line.account),
            "Amount": dollars(line.net),
            "Inc-Tax Amount": dollars(line.net + line.tax),
            "Journal Memo": f"Purchase; {last}",
            "Tax Code": _MYOB_TAX[line.percent],
            "Non-GST Amount": "$0.00",
            "GST Amount": dollars(line.tax),
            "Import Duty Amount": "$0.00",
            "Freight Amount": "$0.00",
            "Inc-Tax Freight Amount": "$0.00",
            "Freight GST Amount": "$0.00",
            "Purchase Status": status,
            "Currency Code": bill.currency,
            "Exchange Rate": "1",
            "Terms - Payment is Due": "2",
            "           - Balance Due Days": (bill.due - bill.issued).days,
            "Amount Paid": "$0.00",
            "Card ID": "*None",
            "Record ID": f"{number % 97 + 1}",
        }

    rows: list[dict[str, object]] = []
    for i, bill in enumerate(purchases(BRITISH, 32, date(2026, 3, 2), 3)):
        status = {7: "O", 19: "Q"}.get(i, "B")  # an order and a quote are no bills
        freight = {"Freight Amount": dollars(1250), "Inc-Tax Freight Amount": dollars(1500),
                   "Freight GST Amount": dollars(250), "Freight Tax Code": "S20"}  # fmt: skip
        extra = freight if i == 4 else {}
        rows += [row(bill, 4100 + i, line, status) | extra for line in bill.lines]
        rows.append({})  # a blank line ends each purchase
    text_file(folder / "bills.txt", _MYOB, rows, before=[["{}"]], delimiter="\t")
    uk = {"S20": "UK20", "R5": "UK5", "Z": "UK0", "N-T": "UK0"}
    lookup_table(folder / "tax-codes.csv", {name: TAX[code] for name, code in uk.items()})
    lookup_table(
        folder / "accounts.csv", {_myob_account(int(code)): id_ for code, id_ in ACCOUNTS.items()}
    )


# --- Business Central -------------------------------------------------------------------------

_CENTRAL = (
    "Posting Date,Document Date,Document Type,Document No.,External Document No.,Vendor No.,"
    "Vendor Name,Description,Currency Code,Original Amount,Amount,Remaining Amount,"
    "Remaining Amt. (LCY),Due Date,Open,On Hold,Entry No."
).split(",")


def _business_central(folder: Path) -> None:
    money = "#,##0.00"
    rows: list[dict[str, object]] = []
    for i, bill in enumerate(purchases(BRITISH, 26, date(2026, 4, 1), 5)):
        kind, cents = "Invoice", -bill.gross
        if i == 9:
            kind, cents = "Credit Memo", bill.gross // 8
        paid = i % 5 == 2
        part = cents // 4 if i % 5 == 4 else 0
        rest = 0 if paid else cents - part
        rows.append(
            {
                "Posting Date": bill.issued + timedelta(days=i % 3),
                "Document Date": bill.issued,
                "Document Type": kind,
                "Document No.": f"{'PPI' if kind == 'Invoice' else 'PPCM'}{108000 + i}",
                "External Document No.": bill.number,
                "Vendor No.": _number(bill.vendor),
                "Vendor Name": bill.vendor,
                "Description": bill.lines[0].description,
                "Currency Code": "" if bill.currency == "GBP" else bill.currency,
                "Original Amount": Shown(cents / 100, money),
                "Amount": Shown(cents / 100, money),
                "Remaining Amount": Shown(rest / 100, money),
                "Remaining Amt. (LCY)": Shown(rest / 100, money),
                "Due Date": bill.due,
                "Open": "No" if paid else "Yes",
                "Entry No.": Shown(5200 + 3 * i, "0"),
            }
        )
        if paid:
            rows.append(
                {
                    **rows[-1],
                    "Document Type": "Payment",
                    "Document No.": f"BACS{900 + i}",
                    "External Document No.": "",
                    "Description": f"Payment, {bill.number}",
                    "Original Amount": Shown(-cents / 100, money),
                    "Amount": Shown(-cents / 100, money),
                    "Entry No.": Shown(5201 + 3 * i, "0"),
                }
            )
    workbook(
        folder / "vendor-ledger-entries.xlsx", (Sheet("Vendor Ledger Entries", _CENTRAL, rows),)
    )
    lookup_table(
        folder / "vendors.csv", {_number(seller.name): VENDORS[seller.name] for seller in BRITISH}
    )


def _number(vendor: str) -> str:
    """A vendor's number in Business Central."""
    return f"V{10000 + 10 * [seller.name for seller in BRITISH].index(vendor)}"
