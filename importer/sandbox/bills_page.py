"""The page for people: the bills that a sandbox holds, newest first, with totals by currency."""

from __future__ import annotations

from html import escape

from importer.core.money import money
from importer.sandbox.answers import JsonObject
from importer.sandbox.company_file import Reference
from importer.sandbox.settings import Counters
from importer.sandbox.store import Store

PER_PAGE = 100
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
  color: #1c2430; background: #fff; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; }
p { margin: .3rem 0; color: #4a5565; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #dde2ea;
  vertical-align: top; overflow-wrap: anywhere; }
th { background: #f4f6f9; font-weight: 600; }
.money { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
details table { margin: .4rem 0; font-size: .9em; }
summary { cursor: pointer; }
.totals { width: auto; }
"""


def _money(cents: object) -> str:
    return money(cents) if isinstance(cents, int) else "–"


def render(store: Store, reference: Reference, number: int, counters: Counters) -> str:
    """Page ``number`` (from 1) as HTML; every text from a bill is escaped."""
    count = store.count_bills()
    bills = store.bills(newest_first=True, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    company = escape(reference.company.name)
    rows = "".join(_bill_row(bill, reference) for bill in bills)
    totals = "".join(
        f"<tr><td>{escape(currency or 'no currency')}</td><td class=money>{bills_in}</td>"
        f"<td class=money>{_money(cents)}</td></tr>"
        for currency, bills_in, cents in store.totals()
    )
    links = []
    if number > 1:
        links.append(f'<a href="/?page={number - 1}">newer</a>')
    if number * PER_PAGE < count:
        links.append(f'<a href="/?page={number + 1}">older</a>')
    injected = [f"{name} {times:,}" for name, times in counters.faults.items()]
    faults = f"<p>Faults injected: {escape(', '.join(injected))}.</p>\n" if injected else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox: {company}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<h1>{company}</h1>
<p>A sandbox on this computer. Nothing here is in Light. Since it started:
{counters.authenticated:,} requests with the key, {counters.throttled:,} refused
because they came too fast (429).</p>
{faults}<table class=totals>
<thead><tr><th>Currency</th><th class=money>Bills</th><th class=money>Total</th></tr></thead>
<tbody>{totals or "<tr><td colspan=3>No bills yet.</td></tr>"}</tbody>
</table>
<p>{count} bill{"" if count == 1 else "s"}, newest first. Cancelled bills are not in the totals.</p>
<table>
<thead><tr><th>Vendor</th><th>Number</th><th>Issued</th><th class=money>Amount</th><th>Currency</th>
<th>State</th><th>Line items</th></tr></thead>
<tbody>{rows}</tbody>
</table>
<p>{" ".join(links)}</p>
</body>
</html>
"""


def _bill_row(bill: JsonObject, reference: Reference) -> str:
    vendor = reference.vendors.get(str(bill["vendorId"]))
    return (
        f"<tr><td>{_text(vendor.name if vendor else bill['vendorId'])}</td>"
        f"<td>{_text(bill['invoiceNumber'])}</td><td>{_text(bill['issuedDate'])}</td>"
        f"<td class=money>{_money(bill['amount'])}</td><td>{_text(bill['currency'])}</td>"
        f"<td>{_text(bill['state'])}</td><td>{_lines(bill, reference)}</td></tr>\n"
    )


def _lines(bill: JsonObject, reference: Reference) -> str:
    lines = bill["lineItems"]
    if not isinstance(lines, list) or not lines:
        return "–"
    rows = []
    for line in lines:
        account = reference.accounts.get(str(line["accountId"]))
        named = f"{account.code} {account.label}" if account else line["accountId"]
        rows.append(
            f"<tr><td>{_text(line['description'])}</td><td>{_text(named)}</td>"
            f"<td class=money>{_money(line['netAmount'])}</td>"
            f"<td class=money>{_money(line['taxAmount'])}</td>"
            f"<td class=money>{_money(line['amount'])}</td></tr>"
        )
    return (
        f"<details><summary>{len(lines)}</summary><table><thead><tr><th>Description</th>"
        "<th>Account</th><th class=money>Net</th><th class=money>Tax</th><th class=money>Gross</th>"
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></details>"
    )


def _text(value: object) -> str:
    return "–" if value is None or value == "" else escape(str(value))
