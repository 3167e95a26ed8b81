"""The promise, checked against the bills that the simulated Light really has.

Each bill is in Light exactly once, or its row says otherwise and is right; no step was taken on a
bill that was not to have it; what is called undone is not live; nothing is lost.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from computer import Claims, Running
from light_record import LightRecord, matches
from light_world import LONG_SHOWN, PERMITTED, SimulatedLight
from scenario import Computer, Scenario
from sheet import (
    EDITED,
    NEW_ROWS,
    NEW_VENDOR,
    REFUSED,
    ROWS,
    Row,
    document,
    version,
)

from importer.loading.job import CHANGED_SINCE
from importer.model.journal_states import IN_LIGHT, Status, StepKind, StepState
from importer.sandbox.lies import ANOTHER

STEPS_OF = {
    "": (),
    "submitted": ("submit-for-approval",),
    "approved": ("submit-for-approval", "approve"),
    "posted": ("post",),
    "paid": ("post", "mark-as-paid"),
}


ACT_OF = {
    StepKind.REFERENCES: "references",
    StepKind.DOCUMENT: "document",
    StepKind.SUBMIT: "submit-for-approval",
    StepKind.APPROVE: "approve",
    StepKind.POST: "post",
    StepKind.PAY: "mark-as-paid",
    StepKind.CLEAR: "clear",
}
LISTED = 5.0  # seconds before the first step of a session, or its end, when its last list was read
FEW = 3  # faults, after which a load gives nothing up yet
LISTS = (
    4  # are read of a bill until it counts as loaded once: two before it is sent again, two after
)
COMMITTED = ("400-after", "404-after", "409-after", "422-after", ANOTHER)  # refusals that are none


@dataclass(frozen=True)
class Violation:
    """``kind`` is which part of the promise; ``text`` what broke it."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def groups(scenario: Scenario) -> dict[Row, list[int]]:
    """The rows that are alike, by what they hold."""
    out: dict[Row, list[int]] = defaultdict(list)
    for i in scenario.rows:
        out[ROWS[i]].append(i)
    return out


def after_session(
    running: Running, claims: Claims, light: SimulatedLight, *, final: bool
) -> Iterator[Violation]:
    """What is wrong at the end of a session, or in the end."""
    if light.unexpected:
        yield Violation("unexpected request", ", ".join(light.unexpected))
    alone = len(running.scenario.computers) == 1  # no other one changes what this one sends on
    for text in light.torn if alone and not _may_double(running) else ():
        yield Violation("torn", text)
    if not running.wire.deceived and not _others_by_word(running):
        for text in light.shown_before.get(running.name, ()):
            yield Violation("created again", text)
        for text in light.lines_again.get(running.name, ()):
            yield Violation("line added again", text)
    for light_id in running.early:
        yield Violation("created early", f"{running.name}: {light_id}, sent twice, not looked for")
    for text in running.wire.other_keys:
        yield Violation("another key", f"{running.name}: {text}")
    if "JournalProblem" in claims.error:
        yield Violation("no journal", claims.error)
    yield from _ids(running, claims, light)
    for row, rows in groups(running.scenario).items():
        yield from _once(running, claims, light, row, rows, final=final)
    yield from _undone(running, light)
    yield from _vendors(running, claims, light, final=final)
    yield from _whose(light, running, claims)
    yield from _steps(running, claims, light)
    yield from _left_alone(claims)
    if final:
        yield from _settled(running, claims)
    if running.scenario.honest and not _updates(running.computer):  # else it takes a load more
        yield from _at_once(running, claims)
        if final:
            yield from _whole_course(claims, light)


def _ids(running: Running, claims: Claims, light: SimulatedLight) -> Iterator[Violation]:
    """Each id that is named is of a bill of the row; what is in Light is live and named once."""
    owners: dict[str, int] = {}
    wire = running.wire
    for row, outcome in claims.outcomes.items():
        name = f"{running.name}: row {row} is {outcome.status}"
        light_id = outcome.entry.light_id
        record = light.bills.get((light_id or "").lower())
        # A lie may name a bill of ours of which we know nothing yet; what differs is said.
        lied = record is not None and record.id in wire.named
        another = record is not None and not matches(record, ROWS[row])
        if outcome.status is Status.UNKNOWN and another and not lied:
            yield Violation("another bill", f"{name} as {light_id}, which is another: {record}")
        if outcome.status not in IN_LIGHT:
            continue
        if record is None:
            yield Violation("no such bill", f"{name} as {light_id}, which Light never had")
            continue
        if record.id in owners:
            yield Violation("one id twice", f"{name} as {record.id}, as row {owners[record.id]} is")
        owners[record.id] = row
        if not matches(record, ROWS[row]):
            yield Violation("another bill", f"{name} as {record.id}, which is another: {record}")
        mine = [
            b.id for b in light.bills.values() if b.maker == running.name and matches(b, ROWS[row])
        ]
        foreign = outcome.status is Status.ALREADY_IN_LIGHT
        foreign = foreign and all(caller == running.name for caller, _ in record.acts)
        # What Light refused and did, and a list then hid, was believed to be refused.
        foreign = foreign and not (wire.misled and any(wire.used[each] for each in COMMITTED))
        # The other computer's bill was taken for it, and undone before it came in.
        foreign = foreign and not (wire.used["arrives very late"] and _undoes(running.computer))
        # A person said that it was absent, or another one: it may be theirs, and is left alone.
        settled = {entry for entry, _ in _words(running)}
        if foreign and mine == [record.id] and outcome.entry.id not in settled:
            yield Violation("ours", f"{name} as {record.id}, which it created itself")
        cancelled_by = {caller for caller, act in record.acts if act == "cancel"}
        late = wire.used["arrives very late"]  # a cancellation, after the looks of later loads
        by_us = cancelled_by == {running.name} and claims.command != "undo"
        if not record.live and by_us and not late:
            yield Violation("not live", f"{name} as {record.id}, which it cancelled itself")


def _once(
    running: Running,
    claims: Claims,
    light: SimulatedLight,
    row: Row,
    rows: Sequence[int],
    *,
    final: bool,
) -> Iterator[Violation]:
    statuses = [claims.outcomes[i].status for i in rows if i in claims.outcomes]
    live = [b for b in light.bills.values() if b.live and matches(b, row)]
    mine = [bill for bill in live if bill.maker == running.name]
    sure = sum(status in IN_LIGHT for status in statuses)
    loaded = sum(map(statuses.count, (Status.CREATED, Status.UPDATED, Status.ALREADY_LOADED)))
    unsure = statuses.count(Status.UNKNOWN)
    wire = running.wire
    if not final:  # a row may say that the second copy was not looked for yet
        of_rows = [claims.outcomes[i] for i in rows if i in claims.outcomes]
        unsure += sum(
            outcome.status is Status.UNKNOWN and "sent twice" in outcome.message
            for outcome in of_rows
        )
    # What Light refused is looked for at the end; a list that lies then is believed.
    if wire.misled and any(wire.used[each] for each in COMMITTED) and not final:
        unsure += statuses.count(Status.REJECTED)
    name = f"{running.name}: {row.number or 'the bills without a number'}"
    # The key of a credit note makes it once, however late a request comes in; one that was refused
    # gets a key of its own when it is sent again.
    refused = wire.misled and any(wire.used[each] for each in COMMITTED)
    if len(mine) > len(rows) and not (refused if row.note else _may_double(running)):
        ids = [bill.id for bill in mine]
        yield Violation("doubled", f"{name}: {ids} for {len(rows)} rows, without a cause")
    others = _others_by_word(running)
    live, mine = ([bill for bill in some if bill.id not in others] for some in (live, mine))
    shown = _looked(running, claims, light) - running.scenario.lag - LISTED
    mine = [bill for bill in mine if bill.created <= shown]
    # What an undo leaves is for the next load to look at.
    ended = claims.command not in ("undo", "settle")
    hidden = wire.used["arrives very late"] and wire.half_lists > 1  # after the two before it
    ended = ended and (final or (wire.misled_lists < LISTS and not hidden))
    if not final and rows[0] in claims.outcomes:
        # It is said; what comes later is for the next load, as is all that a crash cut off.
        ended = ended and len(claims.outcomes[rows[0]].entry.twins) < 2
        ended = ended and not (claims.crashed and set(statuses) == {Status.UNKNOWN})
    if ended and statuses and len(mine) > sure + unsure and not _named(mine, claims):
        ids = [bill.id for bill in mine]
        yield Violation("too many", f"{name}: {ids} are live, the rows say {statuses}")
    if not final:
        return
    if not row.number:  # a person may have typed one that looks the same, as may somebody else
        live = [bill for bill in live if bill.maker != "person"] if mine and loaded else mine
    if row.vendor == NEW_VENDOR:
        live = mine  # of each vendor that was created, one
    if sure and len(live) > len(rows) and not _named(live, claims):
        ids = [bill.id for bill in live]
        yield Violation("twins", f"{name}: {ids} are live for {len(rows)} rows, unnamed")
    for bill in live:
        if any(act == "change" and who not in (running.name, "person") for who, act in bill.acts):
            continue  # another computer is at work on it, and says so
        mine_alone = bill.maker == running.name and loaded == len(rows)
        # A line item that came in long after all looks is told as a change of somebody else's.
        told = wire.used["arrives very late"] and any(rows[0] in f.bills for f in claims.findings)
        mine_alone = mine_alone and not told
        if mine_alone and not any(_is_whole(bill, each) for each in _versions(running, rows[0])):
            has = f"{bill.cents}, {bill.body['amount']} and {bill.body['description']}"
            yield Violation("lines", f"{name}: {bill.id} has {has}")
    yield from _updated(running, claims, mine, rows[0])


def _looked(running: Running, claims: Claims, light: SimulatedLight) -> float:
    """When the look for copies was over, of which the person is told: the steps follow it, and a
    crash loses what no commit has kept."""
    now = light.clock()
    step = running.wire.first_step
    return min(now if step is None else step, running.committed if claims.crashed else now)


def _others_by_word(running: Running) -> set[str]:
    """The ids of which a person has said that they are not the bill of the row."""
    return {light_id.lower() for _, text in _words(running) for light_id in json.loads(text)}


def _words(running: Running) -> list[tuple[int, str]]:
    """The entries of bills that a person has settled, with the other ids."""
    if all(session.command != "settle" for session in running.computer.sessions):
        return []
    with running.journal.reading() as db:
        rows: list[tuple[int, str]] = db.exec_driver_sql(
            "SELECT entry, others FROM settlements"
        ).all()
        return rows


def _versions(running: Running, row: int) -> Iterator[Row]:
    yield ROWS[row]
    if any(map(_updates, running.scenario.computers)):
        yield version(row, edited=True)


def _updates(computer: Computer) -> bool:
    return any(session.command == "update" for session in computer.sessions)


def _undoes(computer: Computer) -> bool:
    return any(session.command == "undo" for session in computer.sessions)


def _is_whole(bill: LightRecord, row: Row) -> bool:
    """Whether it is as this version of its row, and not partly as another."""
    same = sorted(bill.cents) == sorted(row.lines) and bill.body["description"] == row.text
    return same and bill.body["amount"] == sum(row.lines)


def _updated(
    running: Running, claims: Claims, mine: Sequence[LightRecord], row: int
) -> Iterator[Violation]:
    """What is called changed, or as the sheet, is."""
    outcome, edited = claims.outcomes.get(row), version(row, edited=True)
    if claims.command != "update" or row not in EDITED or outcome is None:
        return
    told = any(row in f.bills for f in claims.findings) or CHANGED_SINCE in outcome.message
    as_the_sheet = outcome.status is Status.UPDATED or (outcome.status in IN_LIGHT and not told)
    for bill in mine:
        if as_the_sheet and bill.id == outcome.entry.light_id and not _is_whole(bill, edited):
            has = f"{bill.cents}, {bill.body['amount']} and {bill.body['description']}"
            yield Violation("not as told", f"{running.name}: row {row} is {outcome.status}: {has}")


def _may_double(running: Running) -> bool:
    """Whether Light misled the computer so long that it had to take a bill for absent: it came in
    after all looks, or two looks did not show it."""
    used, committed = running.wire.used, any(running.wire.used[each] for each in COMMITTED)
    late = bool(used["arrives late"]) and running.scenario.late
    return bool(used["arrives very late"] or late or running.wire.misled + committed > 1)


def _steps(running: Running, claims: Claims, light: SimulatedLight) -> Iterator[Violation]:
    """A step that is called done was taken, and one that is called refused was not."""
    for row, steps in claims.steps.items():
        outcome = claims.outcomes.get(row)
        record = light.bills.get(((outcome and outcome.entry.light_id) or "").lower())
        if record is None:
            continue
        taken = {act for _, act in record.acts}
        for step in steps:
            act = ACT_OF.get(step.kind)
            name = f"{running.name}: {step.kind} of row {row} ({record.id}) is {step.state}"
            if step.state is StepState.DONE and act and act not in taken:
                yield Violation("not taken", f"{name}, and was not taken")
            given = record.body.get("norKidReference")
            if (
                act == "references"
                and step.state is StepState.DONE
                and given != ROWS[row].reference
            ):
                yield Violation("not taken", f"{name}, and Light has {given}")
            path = f"/v1/invoice-payables/{record.id}"
            path += "" if act == "references" else f"/{act}"
            open_yet = record.state in PERMITTED.get(act or "", ()) and not claims.crashed
            if open_yet and step.state is StepState.REFUSED and path in running.wire.refused:
                yield Violation("refused early", f"{name}, and it is not known yet")
            refused = step.state is StepState.REFUSED and (running.name, act) in record.acts
            if refused and not running.wire.misled:
                yield Violation("not refused", f"{name}, and was taken")


def _left_alone(claims: Claims) -> Iterator[Violation]:
    """Of a bill that somebody else brought into Light it is said which of its steps are not
    taken."""
    told = {row for f in claims.findings if f.code == "light.not_ours" for row in f.bills}
    unfinished = claims.command not in ("load", "update") or claims.crashed or claims.stopped
    for row, outcome in () if unfinished or claims.error else claims.outcomes.items():
        left_alone = outcome.status is Status.ALREADY_IN_LIGHT and row not in told
        if left_alone and (STEPS_OF[ROWS[row].status] or ROWS[row].document):
            yield Violation("not told", f"nothing is said of the steps of row {row}")


def _named(bills: Sequence[LightRecord], claims: Claims) -> bool:
    """Whether the ids of these bills are all told to the person."""
    texts = [outcome.message for outcome in claims.outcomes.values()]
    texts += [outcome.entry.light_id or "" for outcome in claims.outcomes.values()]
    texts += [finding.message for finding in claims.findings]
    return all(any(bill.id in text for text in texts) for bill in bills)


def _undone(running: Running, light: SimulatedLight) -> Iterator[Violation]:
    with running.journal.reading() as db:
        ids = db.exec_driver_sql("SELECT light_id FROM undone").scalars()
    for light_id in ids:
        record = light.bills.get(light_id.lower())
        if record is not None and record.live:
            yield Violation("not undone", f"{running.name}: {light_id} is live ({record.state})")


def _settled(running: Running, claims: Claims) -> Iterator[Violation]:
    """After an honest load nothing is left that nobody was told to look at."""
    if claims.stopped or claims.error:
        yield Violation("not settled", f"{running.name}: an honest load ended with {claims.error}")
        return
    for row in running.scenario.rows:
        outcome = claims.outcomes.get(row)
        status = outcome.status if outcome else None
        refused = ROWS[row].text == REFUSED
        good: set[Status | None] = {*IN_LIGHT, Status.REJECTED} if refused else set(IN_LIGHT)
        if running.scenario.separate and _updates(running.computer) and row in EDITED:
            good.add(Status.UNKNOWN)  # a part of what the sheet was: for a person
        if not running.scenario.honest:
            good.add(Status.UNKNOWN)
            if running.scenario.vendors:
                good.add(None)  # the vendor is in doubt
            if ROWS[row].note:  # Light answers a key that was used with its note, archived or not
                good.add(Status.REJECTED)
        if status not in good:
            message = outcome.message if outcome else ""
            yield Violation("not settled", f"{running.name}: row {row} is {status} ({message})")


def _at_once(running: Running, claims: Claims) -> Iterator[Violation]:
    """A few lost answers and crashes are settled by the load itself."""
    loaded = claims.command in ("load", "update")
    ended = loaded and not (claims.crashed or claims.stopped or claims.error)
    faults = sum(n for fault, n in running.wire.used.items() if fault)
    if not ended or faults > FEW or "401 before" in running.wire.used:
        return
    for row, outcome in claims.outcomes.items():
        if outcome.status is Status.UNKNOWN:
            text = f"{running.name}: row {row} is unknown ({outcome.message})"
            yield Violation("not settled at once", text)


def _whole_course(claims: Claims, light: SimulatedLight) -> Iterator[Violation]:
    """In the end each bill has had all its steps, where nothing but losses happened."""
    for i, outcome in claims.outcomes.items():
        record, row = light.bills.get((outcome.entry.light_id or "").lower()), ROWS[i]
        if record is None or outcome.status not in IN_LIGHT:
            continue
        wanted = {*STEPS_OF[row.status]} | ({"references"} if row.reference else set())
        wanted |= {"document"} if row.document else set()
        wanted |= {"clear"} if row.credits is not None and row.credits in claims.outcomes else set()
        if any(each.credits == i for each in ROWS):  # not paid in full by then
            wanted -= {"mark-as-paid"}
        if missing := wanted - {act for _, act in record.acts}:
            yield Violation("steps missing", f"row {i}, {record.id}: {missing}")


def _vendors(
    running: Running, claims: Claims, light: SimulatedLight, *, final: bool
) -> Iterator[Violation]:
    """A vendor that Light lacks is created once; two of one name are named."""
    every, now = light.new, light.clock()
    mine = [each for each in every if each["maker"] == running.name]
    if len(mine) > 1 and not _may_double(running):
        ids = [each["vendorId"] for each in mine]
        yield Violation("vendor doubled", f"{running.name}: {ids}, without a cause")
    if running.name in light.again and not any(running.wire.used.keys() - {""}):
        yield Violation("vendor doubled", f"{running.name}: one that Light had shown for long")
    loaded = [i for i in NEW_ROWS if i in claims.outcomes]
    texts = [f"{finding.message} {finding.hint}" for finding in claims.findings]
    named = all(any(each["vendorId"] in text for text in texts) for each in every)
    ended = not (claims.crashed or claims.stopped or claims.error or running.wire.misled)
    created = ended and any(each["created"] > running.began for each in mine)
    shown = [each for each in every if each["created"] + light.lag + LONG_SHOWN <= now]
    told = final or (created and len(shown) == len(every))
    if told and len(every) > 1 and loaded and not named:
        yield Violation("vendors unnamed", f"{running.name}: {len(every)}, rows {loaded}")


NOTES_APART = 4.0  # seconds after which two computers cannot both take a note for theirs


def _whose(light: SimulatedLight, running: Running, claims: Claims) -> Iterator[Violation]:
    """A credit note that somebody else created is not called created, unless an answer of ours was
    lost, or our clock is behind."""
    nothing = ("", "429 before", "not connected before")
    lost = running.computer.ahead < 0 or any(
        n for x, n in running.wire.used.items() if x not in nothing
    )
    for row, outcome in claims.outcomes.items():
        note = light.bills.get((outcome.entry.light_id or "").lower())
        if note is None or not note.note or outcome.status is not Status.CREATED:
            continue
        answered = light.notes.answered.get((note.id, running.name), note.created)
        late = answered - note.created > NOTES_APART
        if note.maker != running.name and late and not lost:
            name = f"{running.name}: row {row} is created, as {note.id}"
            yield Violation("not its note", f"{name}, which {note.maker} created before")


def acts(light: SimulatedLight, computers: Sequence[Running]) -> Iterator[Violation]:
    """Every step that a computer took was on a bill of a row that wants it."""
    by_name = {running.name: running for running in computers}
    for record in light.bills.values():
        rows = [row for row in ROWS if matches(record, row)]
        if len(computers) == 1 and ("person", "change") in record.acts:
            yield from _overwritten(record, computers[0])
        wanted = {act for row in rows for act in STEPS_OF[row.status]}
        wanted |= {"references" for row in rows if row.reference}
        wanted |= {"document" for row in rows if row.document}
        if record.document and record.document not in map(document, rows):
            yield Violation("another document", f"{record.id} has {record.document!r}")
        wanted |= {"clear" for row in rows if row.credits is not None}
        for caller, act in record.acts:
            if caller == "person":
                continue
            running = by_name[caller]
            text = f"{caller} took {act} on {record.id} of {record.maker}"
            # Light answers a create with the live note that has the number, whoever made it.
            typed = record.maker == "person"  # never with the line items of the sheet
            own = record.maker == caller or (not typed and running.wire.may_own(record.number))
            own = own or record.id in running.wire.named  # with all that was sent, just before
            updating = _updates(running.computer) and act in ("change", "line", "references")
            if not own and not (record.note and record.number and not typed) and not updating:
                yield Violation("not its bill", text)
            elif updating:
                continue
            elif act == "approve" and record.acts.count((caller, act)) > 1:
                if not _may_double(running):
                    yield Violation("approved twice", text)
            elif act == "cancel":
                if not any(session.command == "undo" for session in running.computer.sessions):
                    yield Violation("not asked for", text)
            elif act != "line" and act not in wanted:
                yield Violation("not asked for", text)
            elif act in ("post", "mark-as-paid", "clear") and all(
                record.body["amount"] != sum(each.lines)
                for row in rows
                for each in _versions(running, ROWS.index(row))
            ):
                yield Violation("other money", text)
        yield from _cleared(light, record, rows, computers)


def _overwritten(record: LightRecord, running: Running) -> Iterator[Violation]:
    """What a person changed in Light stays."""
    due = record.body.get("dueDate") or ""
    if record.maker == running.name and not record.note and due.startswith("2025-04-02"):
        yield Violation("overwritten", f"{running.name}: the due date of {record.id}")


def _cleared(
    light: SimulatedLight, record: LightRecord, rows: Sequence[Row], computers: Sequence[Running]
) -> Iterator[Violation]:
    """A note clears its bill, once and whole; a bill is paid after what clears it."""
    for (note, bill), cents in light.notes.links.items():
        if note == record.id and cents != record.body["amount"]:
            yield Violation("other money", f"{cents} of {note} are cleared")
        credited = {ROWS[row.credits].number for row in rows if row.credits is not None}
        if note == record.id and light.bills[bill].number not in credited:
            yield Violation("not asked for", f"{note} clears {bill}")
    notes = [
        i for i, row in enumerate(ROWS) if row.credits is not None and ROWS[row.credits] in rows
    ]
    for caller, act in record.acts:
        running = next((each for each in computers if each.name == caller), None)
        if act == "mark-as-paid" and running is not None:
            of_sheet = set(notes) & set(running.scenario.rows)
            if of_sheet and not light.notes.cleared(record.id):
                yield Violation("paid before", f"{caller} paid {record.id}, which a note credits")
