"""Whether a bill that Light shows is the one that was sent, where no answer has named it.

Its vendor and number do not tell: a colleague may have typed the same bill while our answer was
lost. So it is read by its id, and compared with all that was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import filterfalse

from importer.core.object_ids import normal_id
from importer.loading.bill_diff import (
    PATCHED,
    bill_differences,
    field_words,
    lines_differences,
    loaded_bill,
    pair_lines,
    quoted,
)
from importer.loading.bill_match import (
    contradictions,
    line_contradictions,
    match_lines,
    may_be_text,
)
from importer.loading.bill_state import DRAFT
from importer.loading.identity import content
from importer.loading.job import BillJob
from importer.model.bills import Bill
from importer.model.field_values import NOTHING
from importer.model.fields import HEADER_FIELDS, SENT_LINE_FIELDS, FieldKind
from importer.model.light_objects import LightBill
from importer.model.read_back import Difference

_MOST_WORDS = 3  # differences that a sentence names
# Light has these of each bill: where an answer leaves one out, it does not tell.
_ALWAYS_THERE = frozenset(("amount", "currency", "lineItemsIncludeTax"))
# Light may round these, move them or work them out itself: they do not make another bill.
_OF_LIGHT = frozenset(
    "paymentAt localCurrencyFxRateOverride groupCurrencyFxRateOverride taxAmount".split()
)

_HEADER_IDS = [f.attribute for f in HEADER_FIELDS if f.kind is FieldKind.UUID]
_LINE_IDS = [f.attribute for f in SENT_LINE_FIELDS if f.kind is FieldKind.UUID]


class Origin(StrEnum):
    """Whose a bill in Light is."""

    OURS = "ours"  # as far as can be told: as it was sent, and not made before
    EQUAL = "equal"  # as it was sent, by somebody else
    OTHER = "other"  # not as it was sent
    UNREAD = "unread"  # its line items are not known


def origin(job: BillJob, remote: LightBill) -> Origin:
    """Whose bill it is, of those that could be the one of the job."""
    if remote.lines is None:
        return Origin.UNREAD
    equal = any(not differences_from(bill, remote) for bill in _sent_versions(job))
    if is_older(job, remote):
        return Origin.EQUAL if equal or _is_equal_without_lines(job, remote) else Origin.OTHER
    if equal and (job.sent_with_lines or not job.bill.lines):
        return Origin.OURS
    if _is_equal_without_lines(job, remote):
        return Origin.OURS
    return Origin.EQUAL if equal else Origin.OTHER


def words_of_other(job: BillJob, remote: LightBill) -> str:
    """What a bill that is not ours has otherwise than what was sent, or that it was made before."""
    differences = min((differences_from(bill, remote) for bill in _sent_versions(job)), key=len)
    why = difference_words(differences) or "it was made before this load sent its own"
    return f"{words_of_age(remote)}, and it is not what was sent: {why}"


def words_of_age(remote: LightBill) -> str:
    """Its id, and when Light says that it was made."""
    age = f" (made {remote.created_at:%Y-%m-%d %H:%M:%S} UTC)" if remote.created_at else ""
    return f"{remote.id}{age}"


def lines_that_are_others(bill: Bill, remote: LightBill) -> str:
    """That an answer to a creation has other line items than were sent, in words; "" where not.

    It is the answer to this very request: so their number, amounts, tax codes and accounts tell,
    and what Light leaves out or has of their texts does not.
    """
    if remote.lines is None:
        return ""
    matched, unmatched = pair_lines(bill, remote.lines, ())
    if unmatched or None in matched:
        return f"has {len(remote.lines)} line items, and {len(bill.lines)} were sent"
    pairs = zip(bill.lines, matched, strict=True)
    others = (line_contradictions(bill, ours, theirs) for ours, theirs in pairs if theirs)
    return next((f"has another line item: {words}" for words in others if words), "")


def ids_in_request(bill: Bill) -> set[str]:
    """What the request that creates a bill names, as its vendor and accounts: no answer can have
    one of these ids for what was created."""
    ids = [getattr(bill, attribute) for attribute in _HEADER_IDS]
    ids += [getattr(line, attribute) for line in bill.lines for attribute in _LINE_IDS]
    return set(map(normal_id, filter(None, ids)))


def difference_words(differences: Sequence[Difference]) -> str:
    """The first few of them, in words; "" for none."""
    words = [_words(each) for each in differences[:_MOST_WORDS]]
    more = len(differences) - _MOST_WORDS
    return "; ".join([*words, f"and {more} more"] if more > 0 else words)


def differences_from(bill: Bill, remote: LightBill) -> list[Difference]:
    """What Light has otherwise than a bill that was sent, and did not make of it itself."""
    lines = lines_differences(bill, remote.lines or (), ())
    return [*_header_differences(bill, remote), *filterfalse(_is_of_light, lines)]


def lacks_lines_only(bill: Bill, remote: LightBill) -> bool:
    """Whether Light's draft is the bill that was sent but for line items that it lacks."""
    if bill.credit_note or remote.state != DRAFT or remote.lines is None:
        return False
    matched, others = match_lines(bill, remote.lines, {})
    begun = replace(bill, lines=tuple(b for b, m in zip(bill.lines, matched, strict=True) if m))
    lacks = None in matched and not others
    return lacks and not contradictions(bill, remote) and not differences_from(begun, remote)


def _header_differences(bill: Bill, remote: LightBill) -> list[Difference]:
    return [
        each
        for each in filterfalse(_is_of_light, bill_differences(bill, remote))
        if each.field not in PATCHED and not (each.field in _ALWAYS_THERE and each.light == NOTHING)
    ]


def _is_of_light(difference: Difference) -> bool:
    is_text = difference.field == "description" and difference.light != NOTHING
    return difference.field in _OF_LIGHT or (
        is_text and may_be_text(difference.sheet, difference.light)
    )


def _sent_versions(job: BillJob) -> Iterator[Bill]:
    """What may have been sent: by this run, and by an earlier one that the sheet has changed
    since."""
    yield job.bill
    before = job.entry.content
    if job.in_doubt and before and before != content(job.bill):
        yield loaded_bill(job.entry, job.bill.unit)


def _is_equal_without_lines(job: BillJob, remote: LightBill) -> bool:
    """Whether it is as the bill that was sent without its lines, and nobody has added one."""
    if not job.sent_without_lines or remote.lines:
        return False
    return any(not _header_differences(bill, remote) for bill in _sent_versions(job))


def is_older(job: BillJob, remote: LightBill) -> bool:
    """Whether it was there before our first request that may have created it."""
    since = job.sent_since
    return since is not None and remote.created_at is not None and remote.created_at < since


def _words(difference: Difference) -> str:
    line = "" if difference.line is None else f" of line {difference.line + 1}"
    sent, light = quoted(difference)
    return f"the {field_words(difference)}{line} is {light} in Light, and {sent} was sent"
