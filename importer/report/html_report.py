"""The result as one page that can be mailed: no scripts, nothing loaded from anywhere.

All text is escaped; a policy in the page forbids everything but its own style sheet, which is
named by its hash. Statuses are named, not only coloured. The templates are in ``html/``.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from importer.core.atomic_write import atomic_write
from importer.core.counted_nouns import count
from importer.core.html_templates import html_environment
from importer.core.money import money
from importer.model.finding import CellRef
from importer.model.journal_states import Status
from importer.model.report_model import RunSummary
from importer.report import colours, phrases
from importer.report.build_report import Report
from importer.report.figure_tables import figure_tables
from importer.report.tie_out import CurrencyTieOut, TieOut, compute_tie_out, in_light_now
from importer.report.tie_out_words import control_words, tie_out_words
from importer.report.verdict import tone, verdict

MOST_BILLS, MOST_PROBLEMS, MOST_VENDORS = 1_000, 500, 300  # so that it can be mailed
_MOST_CURRENCIES = 6  # as columns
_BILL_HEADERS = (
    ("Row", "n"),
    ("Status", ""),
    ("Vendor", ""),
    ("Invoice", ""),
    ("Date", ""),
    ("Currency", ""),
    ("Sheet", "n"),
    ("Light", "n"),
    ("", ""),
)


def write_html(report: Report, path: Path) -> None:
    """Write the page; what does not fit is counted, and is in the workbook."""
    style = html_style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = (
        _environment()
        .get_template("report.html.jinja")
        .generate(
            style=Markup(style),
            style_digest=digest,
            on_page=False,
            figures_only=False,
            **_values(report),
        )
    )
    with (
        atomic_write(path) as unfinished,
        unfinished.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(page)


def html_style() -> str:
    """The style sheet of the report."""
    return _environment().get_template("report.css.jinja").render(colours=colours)


def html_body(report: Report, *, figures_only: bool) -> str:
    """The report as a part of another page, without commands to type; ``figures_only``: without the
    lists of problems, vendors and bills."""
    template = _environment().get_template("report_body.html.jinja")
    values = _values(report) | {"facts": _facts(report.summary, folders=False)}
    return template.render(on_page=True, figures_only=figures_only, **values)


@cache
def _environment() -> jinja2.Environment:
    environment = html_environment("importer.report")
    environment.filters |= {
        "money": lambda cents, unit: "" if cents is None else money(cents, unit),
        "place": _place,
        "status_words": phrases.status_words,
    }
    return environment


def _values(report: Report) -> dict[str, Any]:
    """What the template shows."""
    summary, bills = report.summary, report.bills
    currencies = compute_tie_out(bills, summary.totals)
    counts = phrases.severities(report.findings)
    # Those that need a person first.
    in_light = bills.in_light
    shown = np.argsort(in_light, kind="stable")[:MOST_BILLS].tolist()
    statuses = phrases.in_order(summary.bills)
    return {
        "summary": summary,
        "files": ", ".join(Path(name).name for name in summary.sources),
        "started": phrases.day_and_time(summary.started_at),
        "tone": tone(summary, *counts).value,
        "verdict": verdict(summary, *counts),
        "statuses": set(Status),
        "ordered_statuses": statuses,
        "note_statuses": phrases.in_order(summary.credit_notes),
        "most_bills": max((summary.bills[status] for status in statuses), default=0) or 1,
        "totals": summary.totals[:_MOST_CURRENCIES],
        "tie_out": list(zip(currencies, summary.totals, strict=True)),
        "answered": any(each.asked and each.created.bills for each in currencies),
        "findings": report.findings.worst_first(MOST_PROBLEMS),
        "finding_count": len(report.findings),
        "bills": [(i, bills[i]) for i in shown],
        "shown_bills": frozenset(shown),
        "bill_count": len(bills),
        "bill_headers": _BILL_HEADERS,
        "most_vendors": MOST_VENDORS,
        "facts": _facts(summary),
        "figure_tables": list(figure_tables(summary)),
        "bar_colour": colours.bar_colour,
        "control_words": control_words,
        "count": count,
        "in_light_now": in_light_now,
        "light_amounts": phrases.LIGHT_AMOUNTS,
        "note_status_words": phrases.note_status_words,
        "ordered_vendors": _ordered_vendors,
        "tie_out_words": tie_out_words,
    }


def _ordered_vendors(currency: CurrencyTieOut) -> list[TieOut]:
    """Those that differ first, then the largest."""
    return sorted(currency.vendors, key=lambda v: (not v.differing, -abs(v.sheet.gross)))


def _place(cell: CellRef) -> str:
    row = f"row {cell.row}" if cell.row else ""
    return ", ".join(filter(None, [Path(cell.file).name, cell.sheet or "", row]))


def _facts(summary: RunSummary, *, folders: bool = True) -> list[tuple[str, str]]:
    """``folders``: with those of the files; on the page they are in a folder of its own."""
    return [
        ("Company", summary.company or ""),
        ("Light", summary.base_url or ""),
        ("Template", phrases.template_words(summary.template, summary.constants)),
        *(
            ("File", f"{name} (SHA-256 {digest})" if digest else name)
            for source in summary.sources
            for name in [source if folders else Path(source).name]
            for digest in [summary.digests.get(source)]
        ),
        ("Run", summary.run or ""),
        ("Checked by", summary.checked_by.words if summary.checked_by else ""),
        ("Loaded by" if summary.checked_by else "Run by", summary.by),
        ("Version", f"light-import {summary.version}" if summary.version else ""),
        ("Continues run", summary.continues),
        ("Duration", phrases.duration(summary.seconds)),
        ("Requests to Light", f"{summary.requests:,}"),
        *(("Note", note) for note in summary.notes),
    ]
