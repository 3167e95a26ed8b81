"""Ageing reports of other systems, of the open balances in ``quickbooks-unpaid-bills``.

Each has the headers of its system. ``other.csv`` is of another month, with vendors that differ, and
``damaged.csv`` cannot be read in full.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from exports_reports import write_report
from workbooks import Sheet, workbook

AS_OF = date(2026, 8, 31)
Ages = dict[str, list[int]]  # cents by vendor: not due, 1-30, 31-60, 61-90, older


def write(folder: Path) -> None:
    """All of them, into ``ageing-reports``."""
    out = folder / "ageing-reports"
    out.mkdir(parents=True, exist_ok=True)
    ages = _ages(folder / "quickbooks-unpaid-bills" / "unpaid-bills.csv")
    write_report(out / "quickbooks.csv", _quickbooks(ages, AS_OF))
    _xero(out / "xero.xlsx", ages)
    write_report(out / "sage.csv", _sage(ages))
    write_report(out / "datev.csv", _datev(ages))
    write_report(out / "other.csv", _quickbooks(_altered(ages), date(2026, 7, 31)))
    write_report(out / "damaged.csv", _damaged(ages))


def _ages(path: Path) -> Ages:
    """The open balances of the report of unpaid bills, by vendor and age."""
    ages: Ages = defaultdict(lambda: [0] * 5)
    vendor = ""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if row[0]:
                vendor = row[0]
            elif row[2] in ("Bill", "Vendor Credit"):
                # A credit counts from its own date.
                day = datetime.strptime(row[4 if row[2] == "Bill" else 1], "%d/%m/%Y")  # noqa: DTZ007
                days = (AS_OF - day.date()).days
                cents = round(float(row[7].replace("£", "").replace(",", "")) * 100)
                ages[vendor][sum(days > last for last in (0, 30, 60, 90))] += cents
    return dict(ages)


def _altered(ages: Ages) -> Ages:
    """One amount in another age, one vendor without its bill, and one under another name."""
    names = sorted(ages)
    altered = {name: list(cents) for name, cents in ages.items()}
    moved = altered[names[0]]
    moved[1], moved[2] = moved[2], moved[1]
    del altered[names[1]]
    altered["Wayfarer Coaches"] = [0, 4_500, 0, 0, 0]
    return altered


def _pounds(cents: int) -> str:
    return f"{cents / 100:,.2f}" if cents else ""


def _total(ages: Ages) -> list[int]:
    return [sum(cents[k] for cents in ages.values()) for k in range(5)]


def _rows(ages: Ages, shown: Callable[[int], object]) -> Iterator[list[object]]:
    for name in sorted(ages):
        yield [name, *map(shown, ages[name]), shown(sum(ages[name]))]


def _quickbooks(ages: Ages, day: date) -> list[Sequence[object]]:
    total = _total(ages)
    return [
        ("A/P Aging Summary",),
        ("Kestrel Trading Ltd",),
        (f"As of {day:%B %-d, %Y}",),
        (),
        ("", "Current", "1 - 30", "31 - 60", "61 - 90", "91 and over", "Total"),
        *_rows(ages, _pounds),
        ("TOTAL", *(f"£{cents / 100:,.2f}" for cents in (*total, sum(total)))),
        (),
        ("Monday, August 31, 2026 09:20 AM GMT+01:00",),
    ]


def _xero(path: Path, ages: Ages) -> None:
    headers = "Contact,Current,< 1 Month,1 Month,2 Months,3 Months,Older,Total".split(",")
    titles = ("Aged Payables Summary", "Kestrel Trading Ltd", "As at 31 August 2026")
    rows: list[list[object]] = [[title] for title in titles[1:]]
    rows += [["Ageing by due date"], [], list(headers)]
    total = _total(ages)
    for name, cents in [*sorted(ages.items()), ("Total", total)]:
        by_month = [*cents[:4], 0, cents[4]]
        rows.append([name, *(each / 100 for each in by_month), sum(cents) / 100])
    share = [f"{100 * each / sum(total):.2f}%" for each in (*total[:4], 0, total[4], sum(total))]
    rows.append(["Percentage of total", *share])
    sheet = Sheet("Aged Payables Summary", (titles[0], *[""] * 7), rows)
    workbook(path, (sheet,))


def _sage(ages: Ages) -> list[Sequence[object]]:
    headers = ("A/C", "Name", "Credit Limit", "Turnover", "Balance", "Future", "Current")
    total = _total(ages)
    rows: list[Sequence[object]] = [
        ("Kestrel Trading Ltd",),
        ("Aged Creditors Analysis (Summary)",),
        ("Report Date: 31/08/2026",),
        ("Date To: 31/08/2026",),
        (*headers, "Period 1", "Period 2", "Period 3", "Older"),
    ]
    for name, cents in [*sorted(ages.items()), ("Total", total)]:
        code = name.upper().replace(" ", "")[:8] if name in ages else ""
        limit = ("0.00", f"{3 * sum(cents) / 100:.2f}") if name in ages else ("", "")
        periods = [*cents[:1], 0, *cents[1:]]
        figures = (f"{each / 100:.2f}" for each in (sum(cents), 0, cents[0], *periods[2:], 0))
        rows.append((code, name, *limit, *figures))
    return rows


def _datev(ages: Ages) -> list[Sequence[object]]:
    def euros(cents: int) -> str:
        return f"{cents / 100:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")

    headers = ("Konto", "Kontobezeichnung", "Währung", "nicht fällig", "1-30 Tage", "31-60 Tage")
    rows: list[Sequence[object]] = [
        ("OPOS-Liste Kreditoren", "Stichtag: 31.08.2026"),
        (*headers, "61-90 Tage", "über 90 Tage", "Saldo"),
    ]
    for n, (name, cents) in enumerate(sorted(ages.items()), start=70001):
        rows.append((n, name, "GBP", *map(euros, cents), euros(sum(cents))))
    total = _total(ages)
    rows.append(("Summe", "", "GBP", *map(euros, total), euros(sum(total))))
    return rows


def _damaged(ages: Ages) -> list[Sequence[object]]:
    """Without the column of the oldest, with an amount in words, and a total that is not one."""
    names = sorted(ages)[:4]
    rows: list[Sequence[object]] = [
        ("Supplier", "Currency", "Not due", "1-30", "31-60", "61-90", "Balance"),
        (names[0], "GBP", "", "", "100.00", "", "150.00"),
        (names[1], "Pounds", "", "", "46.22", "", "46.22"),
        (names[2], "GBP", "", "", "388.58", "", "388.58"),
        ("Total", "", "", "", "500.00", "", "500.00"),
        (names[3], "GBP", "", "", "see note", "", "235.66"),
    ]
    return rows
