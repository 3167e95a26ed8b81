"""Writing exports: text files as other systems write them, and lookup tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from purchases import Bought, Purchase, ids

Row = Mapping[str, object]


def text_file(
    path: Path,
    headers: Sequence[str],
    rows: Iterable[Row],
    *,
    before: Sequence[Sequence[str]] = (),
    delimiter: str = ",",
    encoding: str = "utf-8",
    quote_all: bool = False,
) -> None:
    """A CSV file with the line ends of Windows; ``before`` are rows above the headers."""
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n", quoting=quoting)
    writer.writerows(before)
    writer.writerow(headers)
    for row in rows:
        assert set(row) <= set(headers), set(row) - set(headers)
        writer.writerow([row.get(header, "") for header in headers])
    path.write_bytes(out.getvalue().encode(encoding))


def lookup_table(path: Path, pairs: Mapping[str, str]) -> None:
    """A lookup table."""
    text_file(path, ("value", "id"), [{"value": value, "id": id_} for value, id_ in pairs.items()])


def plain(number: object) -> str:
    """A quantity or price without zeros that say nothing."""
    text = str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text


def lines_of(rows: Iterable[Purchase]) -> Iterable[tuple[Purchase, int, Bought]]:
    for bill in rows:
        for k, line in enumerate(bill.lines):
            yield bill, k, line


TAX = ids("tax_codes.csv", "code")
ACCOUNTS = ids("accounts.csv", "code")
VENDORS = ids("vendors.csv", "name")

# The company's ledger accounts, as its old systems name them.
ACCOUNT_NAMES = {
    "1610": "Computer Equipment",
    "5000": "Cost of Goods Sold:Goods for Resale",
    "5020": "Cost of Goods Sold:Packaging",
    "5100": "Cost of Goods Sold:Freight In",
    "6000": "Distribution:Carriage",
    "6010": "Distribution:Warehouse",
    "6100": "Marketing:Advertising",
    "6110": "Marketing:Events",
    "7020": "Staff Costs:Training",
    "7100": "Premises:Rent",
    "7120": "Premises:Utilities",
    "7130": "Premises:Repairs & Cleaning",
    "7200": "IT:Software",
    "7210": "IT:Telephone",
    "7220": "Office Supplies",
    "7300": "Travel",
    "7400": "Professional Fees:Legal",
    "7420": "Professional Fees:Consultants",
    "7500": "Insurance",
}
