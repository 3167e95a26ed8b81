"""Exports of Sage, ERPNext, Odoo and DATEV; see ``exports``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

from export_files import (
    ACCOUNT_NAMES,
    ACCOUNTS,
    TAX,
    VENDORS,
    lines_of,
    lookup_table,
    plain,
    text_file,
)
from purchases import BRITISH, FOREIGN, GERMAN, Bought, Purchase, money, purchases


def write(folder: Path) -> None:
    """All of them, each into the folder of its template."""
    _sage(folder / "sage50-purchase-invoices")
    _erpnext(folder / "erpnext-purchase-invoices")
    _odoo(folder / "odoo-bills")
    _datev(folder / "datev-buchungsstapel")


# --- Sage 50 ----------------------------------------------------------------------------------

_SAGE = (
    "Type,Account Reference,Nominal A/C Ref,Department Code,Date,Reference,Details,Net Amount,"
    "Tax Code,Tax Amount,Exchange Rate,Extra Reference,User Name,Project Refn,Cost Code Refn"
).split(",")
_SAGE_TAX = {20: "T1", 5: "T5", 0: "T0", None: "T2"}


def _reference(vendor: str) -> str:
    """A supplier's account in Sage: eight letters of its name."""
    return "".join(c for c in vendor.upper() if "A" <= c <= "Z")[:8]


def _sage(folder: Path) -> None:
    def row(bill: Purchase, k: int, line: Bought, kind: str = "PI") -> dict[str, object]:
        padded = " " if k % 2 else ""
        return {
            "Type": kind,
            "Account Reference": f"{_reference(bill.vendor):<8}",
            "Nominal A/C Ref": f"{line.account}{padded}",
            "Department Code": (k * 3) % 4,
            "Date": f"{bill.issued:%d/%m/%Y}",
            "Reference": f"{bill.number}{padded * 3}",
            "Details": f"{padded}{line.description}",
            "Net Amount": f"{money(line.net):>10}",
            "Tax Code": _SAGE_TAX[line.percent],
            "Tax Amount": f"{money(line.tax):>9}",
            "Exchange Rate": "1.000000" if k % 3 else "",
            "User Name": "MANAGER",
        }

    bills = purchases(BRITISH, 40, date(2025, 9, 1), 4)
    rows = [row(bill, k, line) for bill, k, line in lines_of(bills)]
    text_file(folder / "purchases.csv", _SAGE, rows)
    # With the columns in another order, two credit notes, and a bill in a foreign currency.
    few = purchases(BRITISH, 8, date(2025, 10, 10), 6)
    rows = [row(bill, k, line) for bill, k, line in lines_of(few)]
    # One credit note has a number of its own, one that of the invoice it is for.
    rows.append(row(few[0], 0, few[0].lines[0], "PC") | {"Reference": "CN-00118"})
    rows.append(row(few[1], 0, few[1].lines[0], "PC"))
    rows[-3]["Exchange Rate"] = "1.185400"
    order = [_SAGE[i] for i in (0, 1, 4, 5, 6, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14)]
    text_file(folder / "with-credits.csv", order, rows)
    sellers = {_reference(seller.name): VENDORS[seller.name] for seller in BRITISH}
    assert len(sellers) == len(BRITISH)
    lookup_table(folder / "vendors.csv", sellers)
    uk = {"T1": "UK20", "T5": "UK5", "T0": "UK0", "T2": "UK0"}
    lookup_table(folder / "tax-codes.csv", {name: TAX[code] for name, code in uk.items()})


# --- ERPNext ----------------------------------------------------------------------------------

_ERPNEXT = (
    "ID,Series,Supplier,Date,Credit To,Grand Total,Currency,Due Date,Supplier Invoice No,"
    "Supplier Invoice Date,ID (Items),Accepted Qty (Items),Accepted Qty in Stock UOM (Items),"
    "Amount (Items),Amount (Company Currency) (Items),Expense Head (Items),Item Name (Items),"
    "Rate (Items),Rate (Company Currency) (Items),UOM (Items),UOM Conversion Factor (Items)"
).split(",")


def _expense_head(account: int) -> str:
    name = ACCOUNT_NAMES[str(account)].split(":")[-1]
    return f"{account} - {name} - KT"


def _erpnext(folder: Path) -> None:
    def rows(bills: Sequence[Purchase], first: int, taxed: bool) -> list[dict[str, object]]:
        out = []
        for i, bill in enumerate(bills):
            total = bill.gross if taxed else bill.net
            for k, line in enumerate(bill.lines):
                head = {
                    "ID": f"ACC-PINV-2025-{first + i:05d}",
                    "Series": "ACC-PINV-.YYYY.-",
                    "Supplier": bill.vendor,
                    "Date": (bill.issued + timedelta(days=i % 4)).isoformat(),
                    "Credit To": "Creditors - KT",
                    "Grand Total": plain(money(total)),
                    "Currency": bill.currency,
                    "Due Date": bill.due.isoformat(),
                    # an invoice whose own date nobody has typed in has the date of the booking
                    "Supplier Invoice No": bill.number,
                    "Supplier Invoice Date": bill.issued.isoformat() if i % 4 == 0 else "",
                }
                out.append(
                    {
                        **(head if k == 0 else {}),
                        "ID (Items)": f"{(first + i) * 7919 + k * 101:010x}",
                        "Accepted Qty (Items)": plain(line.quantity),
                        "Accepted Qty in Stock UOM (Items)": plain(line.quantity),
                        "Amount (Items)": plain(money(line.net)),
                        "Amount (Company Currency) (Items)": "",
                        "Expense Head (Items)": _expense_head(line.account),
                        "Item Name (Items)": line.description,
                        "Rate (Items)": plain(line.price),
                        "UOM (Items)": "Nos",
                        "UOM Conversion Factor (Items)": "1",
                    }
                )
        return out

    bills = purchases(FOREIGN, 26, date(2025, 10, 1), 0)
    text_file(folder / "purchase-invoices.csv", _ERPNEXT, rows(bills, 120, False), quote_all=True)
    # Taxes are a table of their own in ERPNext: these lines do not come to the grand total.
    taxed = purchases(BRITISH, 6, date(2025, 11, 3), 7)
    text_file(folder / "taxed-invoices.csv", _ERPNEXT, rows(taxed, 160, True), quote_all=True)
    lookup_table(
        folder / "accounts.csv",
        {_expense_head(int(c)): ACCOUNTS[c] for c in ACCOUNT_NAMES},
    )


# --- Odoo -------------------------------------------------------------------------------------

_ODOO = (
    "Partner,Vendor ID,Reference,Invoice/Bill Date,Payment Reference,Due Date,Invoice lines/Label,"
    "Invoice lines/Account,Invoice lines/Analytic Distribution,Invoice lines/Unit Price,"
    "Invoice lines/Taxes"
).split(",")
_ODOO_TAX = {20: "20% S", 5: "5% R", 0: "0% Z", None: ""}


def _odoo_account(account: int) -> str:
    return f"{account}00 {ACCOUNT_NAMES[str(account)].split(':')[-1]}"


def _odoo(folder: Path) -> None:
    def rows(bills: Iterable[Purchase], full: bool) -> list[dict[str, object]]:
        out: list[dict[str, object]] = []
        for bill, k, line in lines_of(bills):
            head: dict[str, object] = {
                "Partner": bill.vendor,
                "Vendor ID": f"SUP/{1000 + len(bill.vendor):05d}",
                "Reference": bill.number,
                "Invoice/Bill Date": bill.issued.isoformat(),
                "Payment Reference": bill.number,
                "Due Date": bill.due.isoformat(),
            }
            of_line: dict[str, object] = {
                "Invoice lines/Label": line.description,
                "Invoice lines/Account": _odoo_account(line.account),
                "Invoice lines/Unit Price": money(line.net),
                "Invoice lines/Taxes": _ODOO_TAX[line.percent],
            }
            if full:
                head |= {"Currency": bill.currency, "Total": money(bill.gross)}
                of_line |= {
                    "Invoice lines/Quantity": plain(line.quantity),
                    "Invoice lines/Unit Price": plain(line.price),
                    "Invoice lines/Subtotal": money(line.net),
                    "Invoice lines/Total": money(line.net + line.tax),
                }
            out.append({**(head if k == 0 else {}), **of_line})
        return out

    lines = [f"Invoice lines/{name}" for name in ("Quantity", "Subtotal", "Total")]
    bills = purchases(BRITISH, 30, date(2025, 11, 3), 8)
    text_file(folder / "bills.csv", [*_ODOO, *lines, "Currency", "Total"], rows(bills, True))
    # The columns of Odoo's own import file: neither currency nor total, one unit a line.
    bare = [b for b in purchases(FOREIGN, 30, date(2025, 12, 1), 1) if b.currency == "EUR"]
    text_file(folder / "import-file.csv", _ODOO, rows(bare, False))
    lookup_table(
        folder / "accounts.csv", {_odoo_account(int(c)): ACCOUNTS[c] for c in ACCOUNT_NAMES}
    )
    uk = {"20% S": "UK20", "5% R": "UK5", "0% Z": "UK0"}
    lookup_table(folder / "tax-codes.csv", {name: TAX[code] for name, code in uk.items()})


# --- DATEV ------------------------------------------------------------------------------------

_DATEV = (
    "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;"
    "WKZ Basis-Umsatz;Konto;Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;"
    "Belegfeld 2;Skonto;Buchungstext;Postensperre;Diverse Adressnummer;Geschäftspartnerbank;"
    "Sachverhalt;Zinssperre;Beleglink;KOST1 - Kostenstelle;KOST2 - Kostenstelle"
).split(";")
_SKR03 = {6000: "4730", 6010: "4985", 6110: "4650", 7120: "4240"}


def _creditor(vendor: str) -> str:
    return str(70001 + [seller.name for seller in GERMAN].index(vendor))


def _datev(folder: Path) -> None:
    def meta(start: date, end: date) -> list[str]:
        row = [
            "EXTF",
            "700",
            "21",
            "Buchungsstapel",
            "13",
            f"{end:%Y%m%d}093000000",
            "",
            "RE",
            "",
            "",
            "29098",
            "55003",
            f"{start:%Y}0101",
            "4",
            f"{start:%Y%m%d}",
            f"{end:%Y%m%d}",
            "Eingangsrechnungen",
            "WD",
            "1",
            "0",
            "0",
            "EUR",
            "",
            "",
            "",
            "",
            "03",
            "",
            "",
            "",
            "",
        ]
        return row

    def row(bill: Purchase, line: Bought, side: str = "S") -> dict[str, object]:
        return {
            _DATEV[0]: money(line.net + line.tax).replace(".", ","),
            _DATEV[1]: side,
            _DATEV[2]: bill.currency,
            "Konto": _SKR03[line.account],
            _DATEV[7]: _creditor(bill.vendor),
            _DATEV[8]: {19: "9", 7: "8"}.get(line.percent or 0, ""),
            "Belegdatum": f"{bill.issued:%d%m}",
            "Belegfeld 1": bill.number,
            "Belegfeld 2": f"{bill.due:%d%m%y}",
            "Buchungstext": f"{bill.vendor.split()[0]}, {line.description}"[:60],
        }

    start, end = date(2025, 1, 2), date(2025, 1, 31)
    bills = purchases(GERMAN, 28, start, 9)
    rows = [row(bill, line) for bill, _, line in lines_of(bills)]
    first = [meta(start.replace(day=1), end)]
    text_file(
        folder / "EXTF_Buchungsstapel.csv",
        _DATEV,
        rows,
        before=first,
        delimiter=";",
        encoding="cp1252",
    )
    # A credit note, a payment, and a bill that was posted the other way round.
    few = purchases(GERMAN, 5, date(2025, 2, 3), 2)
    rows = [row(bill, line) for bill, _, line in lines_of(few)]
    rows.append(row(few[0], few[0].lines[0], "H") | {"Belegfeld 1": "GS-2025-0007"})
    rows.append(row(few[1], few[1].lines[0]) | {"Konto": "70002", _DATEV[7]: "1200", _DATEV[8]: ""})
    rows.append(
        row(few[2], few[2].lines[0], "H")
        | {"Konto": "70003", _DATEV[7]: "4650", "Belegfeld 1": "L09917"}
    )
    text_file(
        folder / "mixed-postings.csv",
        _DATEV,
        rows,
        before=[meta(date(2025, 2, 1), date(2025, 2, 28))],
        delimiter=";",
        encoding="cp1252",
    )
    accounts = {skr: ACCOUNTS[str(code)] for code, skr in _SKR03.items()}
    lookup_table(folder / "accounts.csv", accounts)
    lookup_table(folder / "vendors.csv", {_creditor(s.name): VENDORS[s.name] for s in GERMAN})
    lookup_table(folder / "tax-codes.csv", {"9": TAX["DE19"], "8": TAX["DE7"]})
