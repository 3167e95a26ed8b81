"""The whole run in one sentence, and its colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import partial

from importer.core.counted_nouns import count
from importer.core.money import money
from importer.core.safe_text import visible
from importer.model.journal_states import IN_LIGHT, Status
from importer.model.read_back import Comparison
from importer.model.report_model import RunSummary
from importer.report.ledger_words import ledger_verdict
from importer.report.phrases import NO_CURRENCY, document_nouns, listed

_NAMED = 4  # currencies in the verdict
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
    place = "the sandbox" if summary.sandbox else "Light"
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
        parts.append(share(in_light - missing, total, f"in {place}") + when)
    before = 0 if summary.asked else sum(total.loaded for total in summary.totals)
    if before:
        parts.append(f"{before:,} {'was' if before == 1 else 'were'} loaded before")
    elif in_light and not covered & IN_LIGHT:
        parts.append(f"{in_light:,} {_be(in_light)} in {place}")
    for status, words in _VERDICTS.items():
        n = bills.get(status, 0)
        if n and status not in covered:
            parts.append(f"{n:,} {words[n != 1].replace('Light', place)}")
    if _sent_nothing(summary):
        parts.append("nothing was sent")
    if summary.command == "verify" or summary.read_back:
        parts += _read_back(summary.read_back)
        unread = in_light - sum(summary.read_back.values())
        if summary.command == "verify" and unread > 0:  # it was stopped
            parts.append(f"{unread:,} {'was' if unread == 1 else 'were'} not read")
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
