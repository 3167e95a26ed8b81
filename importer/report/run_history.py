"""Finished runs, as a table for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.journal_states import Status
from importer.model.read_back import Comparison
from importer.model.report_model import EarlierCheck
from importer.report.json_summary import earlier_check
from importer.report.phrases import in_order
from importer.report.text_layout import columns_of, left_aligned, right_aligned, wrapped

NARROWEST = 60  # columns
_GAP = 2
_LEAST = 16  # columns for names
_WORDS = {
    Status.INVALID: "to correct",
    Status.ALREADY_IN_LIGHT: "there before",
    Status.ALREADY_LOADED: "loaded before",
}
_ENDS = {"access": "refused", "declined": "declined", "usage": "failed", "file": "failed"}
_COMPARISONS = {
    Comparison.SAME: "the same",
    Comparison.CHANGED: "changed",
    Comparison.MISSING: "missing",
}


@dataclass(frozen=True)
class Totals:
    """A currency's total in cents: of the sheet, and of what was in Light at the end, None where
    that is not known. ``unit`` is how many cents a unit has."""

    currency: str
    sheet: int
    unit: int = 100
    created: int | None = None


@dataclass(frozen=True)
class History:
    """A run of the journal, or an attempt that is in none: nothing was ``sent``, or it is an undo
    of ``undone_run``. Times are UTC; ``bills`` and ``line_items`` are by status, ``read`` are bills
    read back by ``Comparison``."""

    run: str
    started: datetime
    finished: datetime | None
    company: str
    company_id: str
    base_url: str
    environment: str
    template: str
    sources: tuple[str, ...]
    who: str
    continues: str  # the run that this one goes on with
    sandbox: bool
    journal: str
    bills: Mapping[str, int]
    line_items: Mapping[str, int]
    totals: Sequence[Totals]
    read: Mapping[str, int] = field(default_factory=dict)
    read_at: datetime | None = None
    read_lines: bool = False
    figures: Mapping[str, Any] = field(default_factory=dict)  # of its end
    command: str = "load"
    checked_by: EarlierCheck | None = None  # by somebody else, where four eyes were demanded
    dry_run: bool = False
    sent: bool = True
    undone_run: str = ""
    note: str = ""  # what an undo came to
    error: Mapping[str, Any] = field(default_factory=dict)  # why it ended early: a RunError


def history_json(run: History) -> dict[str, object]:
    """Plain dicts and lists; amounts in cents, times in UTC."""
    verified: dict[str, object] = {"at": _iso(run.read_at), "lines": run.read_lines}
    verified |= {comparison.value: run.read.get(comparison, 0) for comparison in Comparison}
    return {
        "run": run.run,
        "command": run.command,
        "outcome": _outcome(run),
        "undone_run": run.undone_run or None,
        "error": dict(run.error) or None,
        "started": _iso(run.started),
        "finished": _iso(run.finished),
        "company": run.company,
        "company_id": run.company_id,
        "base_url": run.base_url,
        "environment": run.environment,
        "sandbox": run.sandbox,
        "template": run.template,
        "sources": list(run.sources),
        "who": run.who,
        "checked_by": earlier_check(run.checked_by),
        "continues": run.continues or None,
        "bills": dict(run.bills) or None,
        "line_items": dict(run.line_items) or None,
        "totals": [
            {"currency": t.currency, "sheet": t.sheet, "created": t.created} for t in run.totals
        ],
        "verified": verified if run.read_at else None,
        "undone": run.bills.get(Status.UNDONE, 0),
        **{name: run.figures.get(name) for name in ("exit_code", "requests", "seconds", "result")},
        "journal": run.journal or None,
    }


def _outcome(run: History) -> str:
    """One word: done, unfinished, dry_run, not_sent, or the kind of error that ended it."""
    if run.finished is None:
        return "unfinished"
    if run.error:
        return str(run.error.get("kind"))
    if run.dry_run:
        return "dry_run"
    return "done" if run.sent or run.command == "undo" else "not_sent"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def history_text(runs: Sequence[History], width: int = 80) -> str:
    """A table, the newest first as given, at most ``width`` columns wide (60 at least) but for
    the paths of results."""
    width = max(width, NARROWEST)
    rows = [history_cells(run) for run in runs]
    heads = (["When"], ["File, template, company"], ["Bills"], ["Total"])
    most = (16, 0, 22, 32)
    sizes = [  # that of the second is what is left
        min(limit, max(columns_of(line) for row in [heads, *rows] for line in row[c]))
        for c, limit in enumerate(most)
    ]
    room = width - 3 * _GAP - _LEAST  # for the other columns: a narrow terminal breaks their words
    for c, least in ((2, 10), (0, 10), (3, 16)):
        over = sizes[0] + sizes[2] + sizes[3] - room
        sizes[c] = max(min(sizes[c], least), sizes[c] - max(over, 0))
    sizes[1] = width - 3 * _GAP - sizes[0] - sizes[2] - sizes[3]
    lines = [*_row(heads, sizes), "-" * width]
    indent = sizes[0] + _GAP
    for run, cells in zip(runs, rows, strict=True):
        lines += _row(cells, sizes)
        for mark in history_marks(run):
            lines += [" " * indent + part for part in wrapped(mark, width - indent)]
        if path := run.figures.get("result"):
            lines += _path_lines(visible(str(path)), indent, width)
        lines.append("")
    return "\n".join(lines).rstrip()


def history_cells(run: History) -> tuple[list[str], list[str], list[str], list[str]]:
    """When and who; the files, template and company; the bills; the totals."""
    when = [*_moment(run.started), *([visible(run.who)] if run.who else [])]
    names = [visible(Path(name).name) for name in run.sources]
    what = [*filter(None, (", ".join(names), visible(run.template), visible(run.company)))]
    bills = [
        f"{run.bills[status]:,} {_WORDS.get(Status(status), status.replace('_', ' '))}"
        for status in in_order(run.bills)
    ]
    totals = [f"{money(t.sheet, t.unit)} {visible(t.currency)}" for t in run.totals]
    return when, what, bills or ["none"], totals or [""]


def history_marks(run: History) -> Iterator[str]:
    """What else there is to say, a sentence a line; the run's id first."""
    name = "Run" if run.sent else "Undo" if run.command == "undo" else "Attempt"
    of_run = f" of run {run.undone_run}" if run.undone_run else ""
    yield f"{name} {run.run}{of_run}, {visible(run.environment)}"
    if run.continues:
        yield f"continues run {visible(run.continues)}"
    if run.checked_by:
        yield f"checked by {visible(run.checked_by.words)}"
    if run.error:
        word = _ENDS.get(str(run.error.get("kind")), "stopped")
        first_line = str(run.error.get("message")).partition("\n")[0].rstrip(":")
        yield f"{word}: {visible(first_line)}"
    elif run.finished is None and run.sent:
        yield f"did not finish, or is still running: light-import report {run.run}"
    elif run.finished is None:
        yield "did not finish, or is still running"
    elif run.note:
        yield visible(run.note)
    elif run.dry_run:
        yield "dry run: nothing was written to Light"
    elif not run.sent:
        yield "nothing was sent"
    if run.read_at is not None:
        counts = [
            f"{run.read[comparison]:,} {_COMPARISONS[comparison]}"
            for comparison in _COMPARISONS
            if run.read.get(comparison)
        ]
        how = " with lines" if run.read_lines else ""
        local, utc = _moment(run.read_at)
        when = f"{local} {utc}" if len(local) == 10 else f"{local} ({utc})"
        yield f"verified {when}{how}: {', '.join(counts)}"


def _moment(moment: datetime) -> list[str]:
    """ "2026-01-31 10:30" by the clock here, "09:30 UTC"; where the clock is UTC, day and time."""
    local = moment.astimezone()
    if not local.utcoffset():
        return [f"{local:%Y-%m-%d}", f"{local:%H:%M} UTC"]
    day = "" if local.date() == moment.astimezone(UTC).date() else "%m-%d "
    return [f"{local:%Y-%m-%d %H:%M}", f"{moment.astimezone(UTC):{day}%H:%M} UTC"]


def _path_lines(path: str, indent: int, width: int) -> list[str]:
    """The path where it fits beside the label, else on a line of its own, whole where possible."""
    for room in (indent, 0):
        line = f"{' ' * room}Result: {path}"
        if columns_of(line) <= width:
            return [line]
    return [f"{' ' * indent}Result:", path]


def _row(cells: Sequence[Sequence[str]], sizes: Sequence[int]) -> list[str]:
    """The lines of a row of the table; amounts are on the right."""
    columns = [
        [part for text in cell for part in wrapped(text, size)]
        for cell, size in zip(cells, sizes, strict=True)
    ]
    lines = []
    for *parts, amount in zip_longest(*columns, fillvalue=""):
        padded = [*map(left_aligned, parts, sizes), right_aligned(amount, sizes[-1])]
        lines.append((" " * _GAP).join(padded).rstrip())
    return lines
