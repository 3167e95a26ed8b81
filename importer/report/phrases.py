"""Phrases that the workbook, the HTML page and the terminal share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.core.counted_nouns import count
from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.bills import document_type
from importer.model.finding import Severity
from importer.model.journal_states import JournalEntry, Status
from importer.model.report_model import LeftOut

if TYPE_CHECKING:
    from importer.validation.finding_batch import Findings

STATUS_WORDS: Mapping[str, str] = {
    Status.VALID: "Valid",
    Status.INVALID: "Needs correction",
    Status.CREATED: "Created in Light",
    Status.UPDATED: "Changed in Light",
    Status.ALREADY_IN_LIGHT: "Already in Light",
    Status.ALREADY_LOADED: "Loaded by an earlier run",
    Status.REJECTED: "Rejected by Light",
    Status.UNKNOWN: "Could not be settled",
    Status.NOT_SENT: "Not sent",
    Status.PASSED_OVER: "Passed over",
    Status.UNDONE: "Undone",
}

ROW_WORDS: Mapping[str, str] = {
    "read": "Rows read",
    "data": "Rows of data",
    "above_header": "Rows above the header",
    "header": "Header rows",
    "blank": "Blank rows",
    "ignored": "Ignored, as the template says",
    "control_total": "Totals of the file itself",
    "repeated_header": "Headers repeated",
    "group": "Names of groups",
    "group_total": "Totals of groups",
    "passed_over": "Passed over by type or state",
}

LIGHT_AMOUNTS = "gross as Light answered; net and tax as sent"
_SHOWN_ROWS = 10
_TRUE = ("TRUE", "true", "yes", "1")
NO_CURRENCY = "no currency"  # in place of a code that is missing or none


def documents(bills: int, credit_notes: int) -> str:
    """ "3 bills", "1 credit note", "3 bills and 1 credit note"."""
    counts = ((bills, "bill"), (credit_notes, "credit note"))
    return " and ".join(count(n, noun) for n, noun in counts if n) or "0 bills"


def documents_of(entries: Iterable[JournalEntry]) -> str:
    """What these are, counted in words."""
    notes = [entry.credit_note for entry in entries]
    return documents(len(notes) - sum(notes), sum(notes))


def document_kinds(bills: int, credit_notes: int) -> str:
    """ "bills", "credit notes" or "bills and credit notes"."""
    counts = ((bills, "bills"), (credit_notes, "credit notes"))
    return " and ".join(noun for n, noun in counts if n) or "bills"


def document_nouns(total: int, credit_notes: int) -> str:
    """What so many bills and credit notes are called; ``total`` counts both."""
    if credit_notes in (0, total):
        noun = document_type(credit_note=bool(credit_notes))
        return noun if total == 1 else f"{noun}s"
    return "bills and credit notes"


def some_documents(n: int, total: int, credit_notes: int) -> str:
    """ "1 bill", "2 credit notes", "3 documents": ``n`` out of ``total``."""
    mixed = credit_notes not in (0, total)
    return count(n, "document" if mixed else document_type(credit_note=bool(credit_notes)))


def utc(moment: datetime) -> str:
    """The moment in UTC to the second, as 2025-03-31T14:05:00Z; without a zone it is UTC."""
    return f"{_in_utc(moment):%Y-%m-%dT%H:%M:%SZ}"


def day_and_time(moment: datetime) -> str:
    """The moment for people, as 2025-03-31 14:05 UTC; without a zone it is UTC."""
    return f"{_in_utc(moment):%Y-%m-%d %H:%M} UTC"


def _in_utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def duration(seconds: float) -> str:
    """ "0.4 s", "12 s", "3 min 5 s", "2 h 10 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"


def status_words(status: str) -> str:
    return STATUS_WORDS.get(status, visible(status).replace("_", " ").capitalize())


def note_status_words(status: str) -> str:
    """ "Credit notes: created in Light"."""
    words = status_words(status)
    return f"Credit notes: {words[:1].lower()}{words[1:]}"


def in_order(counts: Mapping[str, int]) -> list[str]:
    """The statuses that occur, in the order of ``Status``, then any others by name."""
    names = [str(name) for name in counts if name != "total"]
    ordered = [status.value for status in Status if status.value in names]
    return ordered + sorted(set(names) - set(ordered))


def severities(findings: Findings) -> tuple[int, int]:
    """How many findings are errors, and how many are warnings."""
    return findings.count_of(Severity.ERROR), findings.count_of(Severity.WARNING)


def constant_words(constants: Iterable[tuple[str, str]]) -> str:
    """What the template states and no column says: "currency GBP, amounts include tax"."""
    return ", ".join(_constant(name, value) for name, value in constants)


def _constant(name: str, value: str) -> str:
    if name == "lineItemsIncludeTax":
        return "amounts include tax" if value in _TRUE else "amounts without tax"
    if name == "numbers":
        return f"decimal {value}"
    if name == "dates":
        return f"dates as {value}"
    return f"{name} {visible(value)}"


def template_words(template: str, constants: Iterable[tuple[str, str]]) -> str:
    """ "uk-spend, which states: currency GBP, amounts include tax"."""
    stated = constant_words(constants)
    return visible(template) + (f", which states: {stated}" if stated else "")


def left_out_words(documents: Iterable[LeftOut]) -> Iterator[str]:
    """What each type or state leaves out, with its total and rows."""
    for each in documents:
        noun = document_type(credit_note=each.credit_notes)
        totals = [in_currency(cents, unit, name) for name, cents, unit in each.totals]
        if each.unreadable:
            totals.append(f"{each.unreadable:,} without a readable amount")
        rows = ", ".join(f"{row}" for row in each.rows[:_SHOWN_ROWS])
        more = " …" if len(each.rows) > _SHOWN_ROWS else ""
        word = "row" if len(each.rows) == 1 else "rows"
        where = each.cell.file + (f", sheet {each.cell.sheet}" if each.cell.sheet else "")
        yield (
            f"{where}: {count(len(each.rows), noun)} passed over, {' and '.join(totals)}:"
            f" {each.reason} ({word} {rows}{more})."
        )


def listed(names: Sequence[str]) -> str:
    """ "GBP", "GBP and EUR", "GBP, EUR and DKK"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def in_currency(cents: int, unit: int, currency: str) -> str:
    """ "1,234.50 GBP"; "10.00 without a currency"."""
    named = "without a currency" if currency == NO_CURRENCY else visible(currency)
    return f"{money(cents, unit)} {named}"
