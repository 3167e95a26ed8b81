"""The result as one page that can be mailed: no scripts, nothing loaded from anywhere.

All text is escaped; a policy in the page forbids everything but its own style sheet, which is
named by its hash. Statuses are named, not only coloured.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from importer.core.atomic_write import atomic_write
from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.finding import Finding
from importer.model.journal_states import IN_LIGHT, Status
from importer.model.report_model import BillResult, Report, RunSummary
from importer.report.phrases import (
    LIGHT_SAYS,
    control_words,
    count,
    day_and_time,
    difference_words,
    duration,
    in_order,
    severities,
    status_words,
    tone,
    verdict,
    worst_first,
)
from importer.report.tie_out import CurrencyTieOut, Sums, TieOut, compute_tie_out, in_light_now
from importer.report.xlsx.cell_styles import (
    AMBER,
    BAR_COLOURS,
    HEADER,
    INK,
    LINE,
    MUTED,
    OTHER_BAR,
    STATUS_COLOURS,
    TONE_COLOURS,
)

MOST_BILLS, MOST_PROBLEMS, MOST_VENDORS = 1_000, 500, 300  # so that it can be mailed

_STYLE = f"""
body {{ font: 14px/1.45 Calibri, Carlito, "Segoe UI", sans-serif; color: {INK}; margin: 2rem auto;
  max-width: 72rem; padding: 0 1rem; }}
h1 {{ font-size: 1.7rem; color: {HEADER}; margin: 0 0 .2rem; }}
h2 {{ font-size: 1.15rem; color: {HEADER}; margin: 2rem 0 .5rem; }}
.quiet, .note {{ color: {MUTED}; }}
.note {{ font-size: .85rem; }}
.verdict {{ padding: .6rem .9rem; font-size: 1.1rem; font-weight: bold; }}
table {{ border-collapse: collapse; width: 100%; }}
th {{ background: {HEADER}; color: #fff; text-align: left; }}
th, td {{ padding: .25rem .6rem; vertical-align: top; border-bottom: 1px solid {LINE}; }}
td {{ overflow-wrap: anywhere; }}
.n {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }}
.total td {{ font-weight: bold; border-top: 1px solid {INK}; border-bottom: 3px double {INK}; }}
.status {{ font-weight: bold; white-space: nowrap; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }}
dt {{ color: {MUTED}; }} dd {{ margin: 0; }}
.warning {{ background: {AMBER[0]}; color: {AMBER[1]}; }}
@media print {{
  @page {{ size: A4 landscape; margin: 12mm; }}
  body {{ margin: 0; max-width: none; font-size: 10px; }}
  thead {{ display: table-header-group; }} tr {{ break-inside: avoid; }}
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
}}
""" + "".join(
    f".{name} {{ background: {fill}; color: {ink}; }}\n"
    for name, (fill, ink) in {
        **{status.value: colours for status, colours in STATUS_COLOURS.items()},
        **{each.value: colours for each, colours in TONE_COLOURS.items()},
        "error": STATUS_COLOURS["invalid"],  # type: ignore[index]
    }.items()
)


def write_html(report: Report, path: Path) -> None:
    """Write the page; what does not fit is counted, and is in the workbook."""
    with (
        atomic_write(path) as unfinished,
        unfinished.open("w", encoding="utf-8", newline="\n") as file,
    ):
        for part in _page(report):
            file.write(part + "\n")


def _page(report: Report) -> Iterator[str]:
    summary = report.summary
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    names = ", ".join(Path(name).name for name in summary.sources)
    yield f"<title>{_safe(f'light-import: {names}')}</title>\n<style>{_STYLE}</style>"
    yield f"</head>\n<body>\n<h1>{_safe(_title(summary))}</h1>"
    where = f" for {summary.company}" if summary.company else ""
    yield f'<p class="quiet">{_safe(f"{names}{where}, {day_and_time(summary.started_at)}")}</p>'
    found = severities(report.findings)
    yield f'<p class="verdict {tone(summary, *found).value}">{_safe(verdict(summary, *found))}</p>'
    if summary.next_step:
        yield f"<p>Next: {_safe(summary.next_step)}</p>"
    yield from _statuses(summary)
    yield from _tie_out(report)
    yield from _problems(report.findings)
    yield from _bills(report.bills)
    yield from _facts(summary)
    yield "</body>\n</html>"


def _safe(text: str) -> str:
    return escape(visible(text), quote=True)


def _title(summary: RunSummary) -> str:
    return "Check of bills" if summary.command == "validate" else "Import of bills"


def _table(headers: Sequence[str], numbers: int, rows: Iterable[str]) -> Iterator[str]:
    """``numbers`` is a bit for each column of figures, the first column the lowest."""
    cells = (
        f'<th scope="col"{_n(numbers >> i & 1)}>{_safe(text)}</th>'
        for i, text in enumerate(headers)
    )
    yield f"<table>\n<thead><tr>{''.join(cells)}</tr></thead>\n<tbody>"
    yield from rows
    yield "</tbody>\n</table>"


def _n(number: int) -> str:
    return ' class="n"' if number else ""


def _cell(text: str, *, number: bool = False) -> str:
    return f"<td{_n(number)}>{_safe(text)}</td>"


def _status(status: str) -> str:
    known = status if status in STATUS_COLOURS else ""
    return f'<td class="status {known}">{_safe(status_words(status))}</td>'


def _statuses(summary: RunSummary) -> Iterator[str]:
    totals = summary.totals[:6]
    most = max((summary.bills.get(s, 0) for s in in_order(summary.bills)), default=0) or 1

    def rows() -> Iterator[str]:
        for status in in_order(summary.bills):
            n = summary.bills[status]
            colour = next((c for s, c in BAR_COLOURS.items() if s == status), OTHER_BAR)
            bar = (
                '<td><svg width="160" height="14" role="img" aria-label="">'
                f'<rect width="{160 * n / most:.1f}" height="14" fill="{colour}"/></svg></td>'
            )
            figures = [f"{n:,}", f"{summary.line_items.get(status, 0):,}"]
            figures += [money(t.by_status.get(status, 0), t.unit) for t in totals]
            cells = "".join(_cell(text, number=True) for text in figures)
            yield f"<tr>{_status(status)}{bar}{cells}</tr>"
        figures = [f"{counts.get('total', 0):,}" for counts in (summary.bills, summary.line_items)]
        figures += [money(t.sheet, t.unit) for t in totals]
        cells = "".join(_cell(text, number=True) for text in figures)
        yield f'<tr class="total"><td>Total</td><td></td>{cells}</tr>'

    yield "<h2>What became of the bills</h2>"
    headers = ["Status", "", "Bills", "Line items", *(t.currency for t in totals)]
    yield from _table(headers, ~0b11, rows())


_FIGURES = ("Bills", "Gross", "Net", "Tax")


def _tie_out(report: Report) -> Iterator[str]:
    currencies = compute_tie_out(report)
    controls = {total.currency: total for total in report.summary.totals}
    for each in currencies:
        yield f"<h2>Tie-out {_safe(each.name)}</h2>"
        rows = [_sums("In the sheet", each.sheet, each.unit)]
        rows.append(_sums("In Light", each.created, each.unit))
        if each.looked:
            rows.append(_sums("Read back from Light", each.read, each.unit))
        total = controls.get(each.name)
        words = difference_words(
            each.difference,
            each.name,
            each.unit,
            each.sheet.unreadable,
            report.summary.command,
            each.differing,
            total.by_status.get(Status.UNDONE, 0) if total else 0,
        )
        amount = _cell(money(each.difference, each.unit), number=True)
        rows.append(
            f'<tr class="total"><td>Difference: sheet less Light</td><td></td>{amount}'
            f'<td colspan="2">{_safe(words)}</td></tr>'
        )
        if total is not None and total.control is not None:
            amount = _cell(money(total.control, each.unit), number=True)
            rows.append(
                f"<tr><td>Total stated by the file or the template</td><td></td>{amount}"
                f'<td colspan="2">{_safe(control_words(total))}</td></tr>'
            )
        yield from _table(("", *_FIGURES), ~1, rows)
        yield from _vendors(each)
    answered = any(each.created.bills for each in currencies)
    sent = f" In Light: {LIGHT_SAYS}." if answered else ""
    if currencies:
        yield (
            '<p class="note">Net and tax are the sums of the line items; blank where the sheet does'
            f" not tell them for every bill.{sent}</p>"
        )


def _sums(label: str, sums: Sums, unit: int) -> str:
    figures = ("" if c is None else money(c, unit) for c in (sums.gross, sums.net, sums.tax))
    cells = "".join(_cell(text, number=True) for text in (f"{sums.bills:,}", *figures))
    return f"<tr>{_cell(label)}{cells}</tr>"


def _vendors(currency: CurrencyTieOut) -> Iterator[str]:
    """Those that differ first, then the largest."""
    ordered = sorted(currency.vendors, key=lambda v: (not v.differing, -abs(v.sheet.gross)))

    def row(vendor: TieOut) -> str:
        figures = [f"{vendor.sheet.bills:,}", money(vendor.sheet.gross, currency.unit)]
        there = vendor.created.bills - vendor.missing
        figures += [f"{there:,}", money(vendor.light, currency.unit)]
        figures.append(money(vendor.difference, currency.unit))
        cells = "".join(_cell(text, number=True) for text in figures)
        return f"<tr>{_cell(vendor.name)}{cells}</tr>"

    yield f"<h3>By vendor, {_safe(currency.name)}</h3>"
    headers = ("Vendor", "Bills", "Sheet", "Bills in Light", "Light", "Difference")
    yield from _table(headers, ~1, map(row, ordered[:MOST_VENDORS]))
    yield from _more(len(ordered) - MOST_VENDORS, "vendor")


def _more(n: int, noun: str) -> Iterator[str]:
    if n > 0:
        yield f'<p class="note">and {_safe(count(n, noun))} more, in the workbook</p>'


def _problems(findings: Sequence[Finding]) -> Iterator[str]:
    yield "<h2>Problems</h2>"
    if not findings:
        yield "<p>No problems found.</p>"
        return

    def row(each: Finding) -> str:
        cell = each.cell
        place = [Path(cell.file).name, cell.sheet or "", f"row {cell.row}" if cell.row else ""]
        hint = f'<br><span class="quiet">{_safe(each.hint)}</span>' if each.hint else ""
        return (
            f'<tr><td class="status {each.severity.value}">{each.severity.value}</td>'
            f"{_cell(', '.join(filter(None, place)))}{_cell(cell.column or '')}"
            f"{_cell(each.value)}<td>{_safe(each.message)}{hint}</td></tr>"
        )

    headers = ("Severity", "Where", "Column", "Value", "What and what to do")
    yield from _table(headers, 0, map(row, worst_first(findings, MOST_PROBLEMS)))
    yield from _more(len(findings) - MOST_PROBLEMS, "problem")


def _bills(bills: Sequence[BillResult]) -> Iterator[str]:
    """Those that need a person first."""
    yield "<h2>Bills</h2>"
    ordered = sorted(bills, key=lambda bill: bill.result.status in IN_LIGHT)

    def row(bill: BillResult) -> str:
        result = bill.result
        amount = "unreadable" if bill.amount is None else money(bill.amount, bill.unit)
        light = money(in_light_now(bill), bill.unit) if bill.in_light is not None else ""
        return (
            f"<tr>{_cell(str(result.row), number=True)}{_status(result.status.value)}"
            f"{_cell(bill.vendor)}{_cell(bill.invoice_number)}{_cell(bill.issued)}"
            f"{_cell(bill.currency)}{_cell(amount, number=True)}{_cell(light, number=True)}"
            f"{_cell(result.message)}</tr>"
        )

    headers = ("Row", "Status", "Vendor", "Invoice", "Date", "Currency", "Sheet", "Light", "")
    yield from _table(headers, 0b11000001, map(row, ordered[:MOST_BILLS]))
    yield from _more(len(ordered) - MOST_BILLS, "bill")


def _facts(summary: RunSummary) -> Iterator[str]:
    yield "<h2>This run</h2>\n<dl>"
    for label, value in (
        ("Company", summary.company or ""),
        ("Light", summary.base_url or ""),
        ("Template", summary.template),
        ("Files", ", ".join(summary.sources)),
        ("Run", summary.run or ""),
        ("Continues run", summary.continues),
        ("Duration", duration(summary.seconds)),
        ("Requests to Light", f"{summary.requests:,}"),
        *(("Note", note) for note in summary.notes),
    ):
        if value:
            yield f"<dt>{_safe(label)}</dt><dd>{_safe(value)}</dd>"
    yield "</dl>"
