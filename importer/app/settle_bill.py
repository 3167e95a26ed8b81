"""A person's word on a bill in doubt: which bill in Light it is, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from importer.app.bill_selection import outcomes_named
from importer.app.company_check import check_company_of_run, locked
from importer.app.destination import DEFAULT_PACE, PaceOptions, destination_of_run
from importer.app.events import SILENT, Listener
from importer.app.run_index import find_run
from importer.app.stop import StopControl, run_to_end
from importer.app.user_name import user_name
from importer.core.async_tasks import announced_wait
from importer.core.cell_parsers import parse_uuid
from importer.core.clock import utc_now
from importer.core.errors import UsageProblem
from importer.core.money import tidy
from importer.core.object_ids import normal_id, same_id
from importer.light.client import LightClient
from importer.loading.bill_diff import lines_differences, loaded_bill
from importer.loading.bill_match import (
    contradictions,
    line_ids,
    words_of_contradictions,
)
from importer.loading.bill_state import is_cancelled
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import Change
from importer.loading.journal.settlement_records import save_settlement
from importer.loading.journal.twin_records import entries_of_light_ids
from importer.loading.listed_bills import Likeness, contradicts, read_by_id
from importer.loading.operation import ABSENT_LOOKS
from importer.loading.sent_bill import difference_words, differences_from, lacks_lines_only
from importer.loading.twins import candidates_in_light
from importer.model.bills import Bill, DocumentRef
from importer.model.journal_states import BillOutcome, Discovery, JournalEntry, State, Status
from importer.model.light_objects import LightBill

_OTHER_ID = "Name another with --light-id, or --absent if Light does not have it."


@dataclass(frozen=True)
class SettleOptions:
    """``bill``: its invoice number, one of its ids in Light, or ``row:7``. Either ``light_id``, the
    bill in Light that it is, or ``absent``: Light does not have it."""

    run: str
    bill: str
    light_id: str | None = None
    absent: bool = False
    journal: str | None = None
    settle: float = 30.0
    pace: PaceOptions = DEFAULT_PACE


@dataclass(frozen=True)
class SettledBill:
    """What the journal says from now on."""

    run: str
    name: str
    light_id: str | None
    others: tuple[str, ...]
    who: str
    moment: datetime
    difference: str = ""
    lacking: str = ""  # what Light has of a bill that lacks line items
    left_alone: bool = False  # it is not as it was sent, and no load does anything to it

    @property
    def words(self) -> str:
        when = f"{self.moment:%Y-%m-%d %H:%M} UTC"
        by = f"by {self.who} on {when}" if self.who else f"on {when}"
        if self.light_id is None:
            return f"{self.name} is not in Light: recorded {by}. The next load sends it."
        words = f"{self.name} is {self.light_id} in Light: recorded {by}."
        if self.others:
            words += f" Not this one: {', '.join(self.others)}."
        if self.lacking:
            return f"{words} {self.lacking}: load the sheet again, which adds the others."
        words += f" It differs: {self.difference}." if self.difference else ""
        if self.left_alone:
            words += (
                " It is left as it is in Light: no load submits, posts or pays it, and no undo"
                " cancels it. If it should be as in the sheet, correct it in Light."
            )
        return words

    def as_json(self) -> Mapping[str, object]:
        return {
            "run": self.run,
            "bill": self.name,
            "light_id": self.light_id,
            "others": list(self.others),
            "who": self.who,
            "moment": self.moment.isoformat(),
            "difference": self.lacking or self.difference,
        }


def settle(
    options: SettleOptions, *, listener: Listener = SILENT, stop: StopControl | None = None
) -> SettledBill:
    """Check the word against Light, and record it.

    Light is asked: the id must be of a live bill of the vendor that no other entry has; a bill that
    is said to be absent must not be among those that Light lists. Raises UsageProblem where the
    word cannot be right, or the bill is not in doubt.
    """
    if options.absent == (options.light_id is not None):
        raise UsageProblem("Give either --light-id ID, the bill in Light, or --absent.")
    path, record = find_run(options.run, options.journal)
    destination = destination_of_run(record, path, options.pace)
    control = stop or StopControl()

    async def work() -> SettledBill:
        async with destination.connect(options.pace, listener) as (client, _):
            with control.cancels_task():
                check_company_of_run(record, await client.company())
            with Journal(path) as journal:
                async with locked(journal, listener, control):
                    with control.cancels_task():
                        return await settle_in(journal, client, options)

    return run_to_end(work(), "Stopped; nothing was recorded.")


async def settle_in(journal: Journal, client: LightClient, options: SettleOptions) -> SettledBill:
    """As ``settle``, in this journal and by what this client shows."""
    outcome = _find(options, journal)
    entry = outcome.entry
    bill = loaded_bill(entry)
    copies = [i for i in dict.fromkeys((entry.light_id, *(t.id for t in entry.twins))) if i]
    if options.light_id is None:
        await _check_absent(entry, bill, copies, options, journal, client)
        difference, left_alone, change = "", False, Change(entry.id, State.PLANNED)
    else:
        remote = await _read(options.light_id, client, credit_note=bill.credit_note)
        _check_bill(entry, bill, remote, journal)
        difference = _difference(entry, bill, remote)
        copies = [light_id for light_id in copies if not same_id(light_id, remote.id)]
        change = _change(entry, bill, remote, difference)
        left_alone = bool(difference) and change.state is State.FOUND
    settled = SettledBill(
        options.run,
        entry.name,
        change.light_id,
        tuple(copies),
        user_name(),
        datetime.now(UTC),
        "" if change.partial else difference,
        change.partial,
        left_alone,
    )
    word = settled.words.partition(":")[2].strip().partition(". ")[0].rstrip(".")
    change = replace(change, message="; ".join(filter(None, (word, settled.difference))))
    save_settlement(journal, options.run, entry, change, who=settled.who, others=copies)
    return settled


def _find(options: SettleOptions, journal: Journal) -> BillOutcome:
    """The bill that is meant; UsageProblem where it is not one, or not in doubt."""
    outcomes, wanted = journal.outcomes(options.run), tidy(options.bill)
    matching = outcomes_named(outcomes, journal.rows(options.run), wanted)
    doubtful = [each for each in matching if _in_doubt(each)]
    if len(doubtful) == 1:
        return doubtful[0]
    if len(doubtful) > 1:
        raise UsageProblem(
            f"Run {options.run} has {len(doubtful)} bills '{wanted}' in doubt. Name the row in the"
            " sheet instead, as row:7."
        )
    if matching:
        raise UsageProblem(
            f"The {matching[0].entry.name} of run {options.run} is not in doubt: it is"
            f" {matching[0].status.value.replace('_', ' ')}."
        )
    open_bills = [each.entry.name for each in outcomes.values() if _in_doubt(each)]
    has = f"In doubt are: {', '.join(open_bills[:8])}." if open_bills else "None is in doubt."
    raise UsageProblem(f"Run {options.run} has no bill or credit note '{wanted}'. {has}")


def _in_doubt(outcome: BillOutcome) -> bool:
    return outcome.status is Status.UNKNOWN or outcome.entry.state in (
        State.SENDING,
        State.UNKNOWN,
    )


async def _read(light_id: str, client: LightClient, *, credit_note: bool) -> LightBill:
    value, problem = parse_uuid(light_id.strip())
    if problem:
        raise UsageProblem(f"'{light_id}' is not a Light id. Copy the id from Light.")
    read = await read_by_id([DocumentRef(value, credit_note)], client, 0.0)
    remote = read[value]
    if remote is None:
        raise UsageProblem(f"Light does not show {value}. Copy the id from Light.")
    return remote


def _check_bill(entry: JournalEntry, bill: Bill, remote: LightBill, journal: Journal) -> None:
    if is_cancelled(remote):
        raise UsageProblem(
            f"{remote.id} is cancelled in Light: it cannot be this {entry.noun}. {_OTHER_ID}"
        )
    if contradicts(remote.vendor_id, bill.vendor_id):
        raise UsageProblem(f"{remote.id} is of another vendor in Light. {_OTHER_ID}")
    owner = entries_of_light_ids(journal, [remote.id]).get(normal_id(remote.id))
    if owner not in (None, entry.id):
        raise UsageProblem(f"{remote.id} is another {entry.noun} of this journal. {_OTHER_ID}")


async def _check_absent(
    entry: JournalEntry,
    bill: Bill,
    copies: Sequence[str],
    options: SettleOptions,
    journal: Journal,
    client: LightClient,
) -> None:
    """UsageProblem where Light shows the bill, by its list or by an id that is known."""
    refs = [DocumentRef(light_id, bill.credit_note) for light_id in copies]
    read = await read_by_id(refs, client, options.settle)
    live_ids = [i for i, b in read.items() if b is not None and not is_cancelled(b)]
    live_ids += await _listed_ids(entry, bill, options, journal, client)
    if not live_ids and (seconds := _on_its_way_for(entry, options.settle)) > 0:
        why = f"The {entry.noun} was sent just now."
        await announced_wait(
            seconds, client.announce, lambda wait: f"{why} Asking Light once more in {wait}."
        )
        live_ids = await _listed_ids(entry, bill, options, journal, client)
    if live_ids:
        ids = ", ".join(dict.fromkeys(live_ids))
        raise UsageProblem(
            f"Light has {ids}, which may be this {entry.noun}: name the right one with --light-id,"
            " or cancel it in Light first."
        )


async def _listed_ids(
    entry: JournalEntry, bill: Bill, options: SettleOptions, journal: Journal, client: LightClient
) -> list[str]:
    """What Light lists that may be the bill, by id."""
    listed = await candidates_in_light(bill, entry, client, journal, options.settle)
    return [c.bill.id for c in listed if c.likeness is not Likeness.RETYPED]


def _on_its_way_for(entry: JournalEntry, settle: float) -> float:
    """Seconds until a load would take the bill for absent: its request may come in until then."""
    if entry.last_sent is None:
        return 0.0
    wait = ABSENT_LOOKS * settle
    return min(wait, wait - (utc_now() - entry.last_sent).total_seconds())


def _difference(entry: JournalEntry, bill: Bill, remote: LightBill) -> str:
    """What Light has otherwise than the bill that was sent, in words. Where its id is known from
    Light's answer, somebody may have changed its dates or texts since."""
    if bill.lines and remote.lines is None:
        raise UsageProblem(f"Light does not show the line items of {remote.id} now. Try again.")
    if not same_id(entry.light_id, remote.id):
        return difference_words(differences_from(bill, remote))
    conflicts = words_of_contradictions(contradictions(bill, remote))
    others = difference_words(lines_differences(bill, remote.lines or (), ()))
    return "; ".join(filter(None, (conflicts, others)))


def _partial(bill: Bill, remote: LightBill) -> str:
    """What Light has of the bill, in words, where a load can add the line items that it lacks; ""
    where it lacks none, or is otherwise not the bill that was sent."""
    if not lacks_lines_only(bill, remote):
        return ""
    count = len(remote.lines or ())
    return (
        f"Light has the {remote.ref.noun} {remote.id} with {count} of {len(bill.lines)} line items"
    )


def _change(entry: JournalEntry, bill: Bill, remote: LightBill, difference: str) -> Change:
    """Ours is what we sent and nobody else could have made; undo leaves the others alone. One that
    is not as it was sent is left as it is, unless a load can add what it lacks."""
    ours = same_id(entry.light_id, remote.id) and entry.state is not State.FOUND
    sent = entry.light_id is None and not entry.twins and entry.attempts > 0
    partial = _partial(bill, remote) if difference and (ours or sent) else ""
    state = State.CREATED if (ours or sent) and not difference else State.FOUND
    return Change(
        entry.id,
        State.UNKNOWN if partial else state,
        None,
        line_ids=line_ids(bill, remote.lines or ()) if partial or not difference else (),
        message=difference,
        how=Discovery.AFTER_LOST_ANSWER if sent and state is State.CREATED else None,
        partial=partial,
    ).with_copy(remote)
