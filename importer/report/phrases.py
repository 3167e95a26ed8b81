"""Phrases that the workbook, the HTML page and the terminal share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from importer.core.counted_nouns import count
from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.bills import document_type
from importer.model.finding import Severity
from importer.model.journal_states import IN_LIGHT, JournalEntry, Status
from importer.model.read_back import Comparison
from importer.model.report_model import CurrencyTotal, LeftOut, RunSummary
from importer.report.ledger_words import ledger_verdict

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
_NAMED = 4  # currencies in the verdict
_TRUE = ("TRUE", "true", "yes", "1")
NO_CURRENCY = "no currency"  # in place of a code that is missing or none


# What to say of bills of a status, one and several, where the verdict does not begin with them.
_VERDICTS = {
    Status.VALID: ("is valid", "are valid"),
    Status.INVALID: ("needs correction", "need correction"),
    Status.REJECTED: ("was rejected by Light", "were rejected by Light"),
    Status.UNKNOWN: (
        "could not be settled and needs a person",
        "could not be settled and need a person",
    ),
    Status.NOT_SENT: ("was not sent", "were not sent"),
    Status.UNDONE: ("was undone", "were undone"),
}


class Tone(StrEnum):
    """The colour of the verdict."""

    GOOD = "good"
    ATTENTION = "attention"
    BAD = "bad"


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


def tone(summary: RunSummary, errors: int, warnings: int) -> Tone:
    bills = summary.documents
    wrong = (Status.INVALID, Status.REJECTED, Status.UNKNOWN)
    if errors or summary.exit_code in (1, 3) or any(bills.get(status, 0) for status in wrong):
        return Tone.BAD
    if warnings or summary.exit_code or bills.get(Status.NOT_SENT, 0) or not bills.get("total", 0):
        return Tone.ATTENTION
    return Tone.GOOD


def verdict(summary: RunSummary, errors: int, warnings: int) -> str:
    """The whole run in one sentence.

    "1,086 of 1,088 bills are valid; 2 need correction."
    """
    bills = summary.documents
    passed_over = summary.bills.get(Status.PASSED_OVER, 0)
    notes_passed_over = summary.credit_notes.get(Status.PASSED_OVER, 0)
    total = bills.get("total", 0) - passed_over - notes_passed_over
    left_out = [
        f"{count(n, noun)} {_be(n)} passed over"
        for n, noun in (
            (passed_over, "bill"),
            (notes_passed_over, "credit note"),
        )
        if n
    ]
    if not total:
        nothing = "No bills could be read" if errors else "There are no bills"
        if left_out:
            nothing = "There are no bills to load"
        return _sentence([nothing, *left_out], errors, 0)
    notes = summary.credit_notes.get("total", 0) - notes_passed_over
    share = partial(_share, noun=document_nouns(total, notes))
    in_light = sum(bills.get(status, 0) for status in IN_LIGHT)
    parts: list[str] = []
    if summary.command == "undo":
        covered = {Status.UNDONE}
        parts.append(share(bills.get(Status.UNDONE, 0), total, "undone"))
    elif not summary.asked or summary.command == "validate" or bills.get(Status.VALID, 0):
        covered = {Status.VALID}
        valid = bills.get(Status.VALID, 0)
        parts.append(share(valid + (0 if summary.asked else in_light), total, "valid"))
        if summary.unlisted:
            verb = "has a name" if summary.unlisted == 1 else "have names"
            parts.append(f"{summary.unlisted:,} {verb} that the saved lists from Light lack")
        elif valid and not errors and (summary.dry_run or summary.command == "validate"):
            parts.append(f"a load would create {valid:,}")
    else:
        covered = set(IN_LIGHT)
        missing = summary.read_back.get(Comparison.MISSING, 0)
        when = "" if missing else _when_created(bills, in_light)
        parts.append(share(in_light - missing, total, "in Light") + when)
    before = 0 if summary.asked else sum(total.loaded for total in summary.totals)
    if before:
        parts.append(f"{before:,} {'was' if before == 1 else 'were'} loaded before")
    elif in_light and not covered & IN_LIGHT:
        parts.append(f"{in_light:,} {_be(in_light)} in Light")
    for status, words in _VERDICTS.items():
        n = bills.get(status, 0)
        if n and status not in covered:
            parts.append(f"{n:,} {words[n != 1]}")
    if _sent_nothing(summary):
        parts.append("nothing was sent")
    if summary.command == "verify" or summary.read_back:
        parts += _read_back(summary.read_back)
    bad = (Status.INVALID, Status.REJECTED, Status.UNKNOWN)
    differing = any(
        n for comparison, n in summary.read_back.items() if comparison != Comparison.SAME
    )
    if not differing:
        parts += _tie_out_parts(summary)
    if summary.ledger is not None:
        parts.append(ledger_verdict(summary.ledger))
    parts += [*_control_parts(summary), *left_out]
    differing |= summary.ledger is not None and bool(summary.ledger.problems)
    if summary.command == "undo" or differing or any(bills.get(status, 0) for status in bad):
        errors = 0  # the bills say so already
    return _sentence(parts, errors, warnings, "to look at" if in_light else "found in the file")


def _sent_nothing(summary: RunSummary) -> bool:
    """Whether it is a load that wanted to send and did not."""
    wanted = summary.command == "load" and not summary.dry_run
    return wanted and summary.run is None and summary.exit_code != 0


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


def _tie_out_parts(summary: RunSummary) -> Iterator[str]:
    """Which currencies tie out, and by how much the others differ; of what was sent."""
    if not (summary.asked and summary.run) or summary.command not in ("load", "report", "verify"):
        return
    differing = [total for total in summary.totals if total.differing or total.difference]
    tied = [visible(total.currency) for total in summary.totals if total not in differing]
    if tied and not differing:
        some = listed(tied) if len(tied) <= _NAMED else f"all {len(tied)} currencies"
        yield f"{some} {'ties' if len(tied) == 1 else 'tie'} out"
    for total in differing[:_NAMED]:
        amount, name = money(abs(total.difference), total.unit), visible(total.currency)
        if total.currency == NO_CURRENCY:
            yield f"bills without a currency differ by {amount}"
        else:
            yield f"{name} differs by {amount}" if total.difference else f"bills in {name} differ"
    if len(differing) > _NAMED:
        yield f"and {len(differing) - _NAMED} more currencies differ"


def _control_parts(summary: RunSummary) -> Iterator[str]:
    """The control totals that the file does not come to."""
    for total in summary.totals:
        if not (total.control is None or total.control_agrees):
            yield f"the control total of {visible(total.currency)} does not agree"
    for code, noun in (("control.bills.differs", "bills"), ("control.lines.differs", "line items")):
        if code in summary.failed_controls:
            yield f"the number of {noun} is not the one expected"


def listed(names: Sequence[str]) -> str:
    """ "GBP", "GBP and EUR", "GBP, EUR and DKK"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _read_back(read_back: Mapping[str, int]) -> list[str]:
    """How the bills that were read back compare with the sheet."""
    changed, missing = (
        read_back.get(comparison, 0) for comparison in (Comparison.CHANGED, Comparison.MISSING)
    )
    parts = []
    if changed:
        parts.append(f"{changed:,} {'was' if changed == 1 else 'were'} changed there")
    if missing:
        parts.append(f"{missing:,} {_be(missing)} missing there")
    same = read_back.get(Comparison.SAME, 0)
    return parts or ([f"{same:,} read back the same"] if same else [])


def _share(n: int, total: int, what: str, noun: str) -> str:
    if total == 1:
        return f"The one {noun} is {what}" if n else f"The one {noun} is not {what}"
    if n == total:
        return f"All {total:,} {noun} are {what}"
    return f"{n:,} of {total:,} {noun} {_be(n)} {what}"


def _be(n: int) -> str:
    return "is" if n == 1 else "are"


def _when_created(bills: Mapping[str, int], in_light: int) -> str:
    created, updated = bills.get(Status.CREATED, 0), bills.get(Status.UPDATED, 0)
    before = in_light - created - updated
    words = ((created, "created now"), (updated, "changed now"), (before, "there before"))
    parts = [f"{n:,} {what}" for n, what in words if n]
    return f" ({', '.join(parts)})" if updated or len(parts) > 1 else ""


def _sentence(
    parts: list[str], errors: int, warnings: int, where: str = "found in the file"
) -> str:
    if errors:
        parts = [*parts, f"{count(errors, 'problem')} {where}"]
    if warnings:
        parts = [*parts, f"{count(warnings, 'warning')} to look at"]
    return "; ".join(parts) + "."


def tie_out_words(total: CurrencyTotal) -> str:
    """What the difference between the sheet and Light means, in a sentence."""
    difference, unit, currency = total.difference, total.unit, total.currency
    undone = total.net(Status.UNDONE)
    amount = in_currency(abs(difference), unit, currency)
    valid = total.net(Status.VALID)
    if not total.asked:
        words = _not_asked_words(total)
    elif total.twice:
        words = _twice_words(total)
    elif difference == 0 and total.differing > total.unreadable:  # of bills, and they cancel out
        verb = "differs" if total.differing == 1 else "differ"
        words = f"The totals agree, but {_part(total, total.differing)} {verb}."
    elif difference == 0 and not total.unreadable:
        words = "Ties out."
    elif difference == 0:
        words = "What can be read ties out."
    elif undone and difference == undone:
        words = f"That is the {amount} that undo has cancelled in Light."
    elif difference > 0 and 0 < undone < difference:
        cancelled, rest = (in_currency(n, unit, currency) for n in (undone, difference - undone))
        words = (
            f"Undo has cancelled {cancelled} of it in Light; the other {rest}"
            " is not known to be in Light."
        )
    elif difference > 0 and difference == valid:
        words = f"{amount} would be created{condition_words(total)}."
    elif difference > valid > 0:
        would, rest = (in_currency(n, unit, currency) for n in (valid, difference - valid))
        words = f"{would} would be created{condition_words(total)}; {rest} would not."
    elif difference > 0:
        of_file = "" if currency == NO_CURRENCY else " of the file"
        words = f"{amount}{of_file} is not known to be in Light."
    elif total.net(Status.INVALID) == difference:
        words = f"Credits of {amount} need correction and were left out."
    else:
        words = f"Light has {amount} more than the file."
    if total.unreadable:
        has = "has" if total.unreadable == 1 else "have"
        words += f" {_part(total, total.unreadable)} {has} no readable amount: not counted."
    return words


def condition_words(total: CurrencyTotal) -> str:
    """What a load needs to send what is valid."""
    return " with --only-valid" if total.blocked else ""


def _part(total: CurrencyTotal, n: int) -> str:
    """So many of the currency's documents, in words."""
    return some_documents(n, total.bills + total.notes, total.notes)


def _not_asked_words(total: CurrencyTotal) -> str:
    """What is known where Light was not asked: what earlier runs loaded, and what is new."""
    words = ["Light was not asked."]
    if total.loaded:
        bills = f"Earlier runs loaded {_part(total, total.loaded)}"
        if total.has_light_amount:
            bills += f", {in_currency(total.created, total.unit, total.currency)}"
        if total.unstated:
            bills += f"; the amount of {total.unstated:,} is not known here"
        words.append(f"{bills}.")
    if valid := total.net(Status.VALID):
        amount = in_currency(valid, total.unit, total.currency)
        words.append(
            f"A load{condition_words(total)} would create {amount}, as far as is known here."
        )
    return " ".join(words)


def light_words(total: CurrencyTotal) -> str:
    """The figures of Light beside those of the file: ", in Light 9.00, difference 1.00"; only what
    was read."""
    words = ""
    if total.has_light_amount:
        where = "in Light" if total.asked else "loaded before"
        words += f", {where} {money(total.created, total.unit)}"
    if total.has_difference:
        words += f", difference {money(total.difference, total.unit)}"
    return words


def _twice_words(total: CurrencyTotal) -> str:
    """That it does not tie out while Light has a bill more than once."""
    amount = in_currency(abs(total.twice_cents), total.unit, total.currency)
    words = f"{_part(total, total.twice)} ({amount}) {_be(total.twice)} in Light more than once"
    rest = total.difference - total.twice_cents
    if rest > 0:
        words += f"; {in_currency(rest, total.unit, total.currency)} is not known to be in Light"
    return f"{words}."


def in_currency(cents: int, unit: int, currency: str) -> str:
    """ "1,234.50 GBP"; "10.00 without a currency"."""
    named = "without a currency" if currency == NO_CURRENCY else visible(currency)
    return f"{money(cents, unit)} {named}"


def control_words(total: CurrencyTotal) -> str:
    """How the file's own total compares with its bills; "" where it states none."""
    if total.control is None:
        return ""
    over = total.control - total.sheet
    if over == 0:
        return "Agrees with the bills."
    if total.control_agrees:
        return "Agrees with the bills and what is passed over."
    amount = in_currency(abs(over), total.unit, total.currency)
    return f"{amount} {'more' if over > 0 else 'less'} than the bills add up to."
