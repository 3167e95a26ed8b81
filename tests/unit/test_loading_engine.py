"""The engine over a Light of the test's own, in simulated time: back-off, rights, looks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simulated import simulate

from importer.core.answers import Answer, ApiError
from importer.core.clock import clock_in_use, utc_now
from importer.core.errors import AccessRefused, HeldBack, LightUnreachable, StoppedEarly
from importer.core.hold_back import MOST_REFUSALS
from importer.loading.engine import Engine
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_place import JournalPlace
from importer.loading.operation import EngineSettings, StepRecord, write_records
from importer.loading.operations.create_bill import create_bills
from importer.loading.plan import look_in_light, plan_from_journal, record
from importer.model.bills import Bill, LineItem
from importer.model.journal_states import Status, Step, StepKind, StepState
from importer.model.light_objects import LightBill, LightLine
from importer.model.run_rows import BillRows

NOON = datetime(2025, 3, 31, 12, 0, tzinfo=UTC)
UNREACHED = Answer(None, sent=False, reason="no route to host")


class FakeLight:
    """Answers each creation as the test says, and keeps the times."""

    light_time = None
    light_clock = None

    def __init__(self, answer: Callable[[Bill], Answer]) -> None:
        self.answer = answer
        self.posted: list[float] = []
        self.listed: list[float] = []
        self.bills: list[LightBill] = []

    async def create_bill(
        self,
        bill: Bill,
        on_wire: Callable[[], None],
        *,
        with_lines: bool,
        request_key: str | None = None,
    ) -> Answer:
        await asyncio.sleep(0.01)
        self.posted.append(asyncio.get_running_loop().time())
        answer = self.answer(bill)
        if answer.sent:
            on_wire()
        if answer.status == 200:
            remote = self.read_bill(answer.body)
            assert remote is not None
            number = bill.invoice_number
            self.bills.append(replace(remote, vendor_id=bill.vendor_id, invoice_number=number))
        return answer

    async def list_bills(
        self, vendor_ids: Sequence[str], created_since: datetime | None = None
    ) -> list[LightBill]:
        self.listed.append(asyncio.get_running_loop().time())
        return list(self.bills)

    def read_bill(self, body: object, *, credit_note: bool = False) -> LightBill | None:
        return LightBill(str(body), "IN_DRAFT", amount=100) if body else None

    def read_line(self, body: object) -> LightLine | None:
        return None

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the engine asked for {name}")


class Heard:
    """The progress of a run: what was said, and how many ended."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ended: list[bool] = []

    def advance(self, failed: bool) -> None:
        self.ended.append(failed)

    def message(self, text: str) -> None:
        self.said.append(text)


def bill(i: int, number: str | None = "") -> Bill:
    line = LineItem(i, 0, 2 + i, net_amount=100)
    number = f"INV-{i}" if number == "" else number
    return Bill(i, 0, 2 + i, "GBP", 100, False, (line,), vendor_id="v", invoice_number=number)


def load(
    place: JournalPlace, light: FakeLight, bills: Sequence[Bill], settings: EngineSettings
) -> tuple[StoppedEarly | None, list[Status], Heard]:
    """How a load of the bills ends: why early, the status of each, and what was heard."""
    heard = Heard()

    async def run(_: Callable[[], float]) -> tuple[StoppedEarly | None, list[Status], Heard]:
        with Journal(place) as journal:
            plan = plan_from_journal(bills, journal)
            run = journal.start_run({})
            record(plan, journal, run, dict.fromkeys(plan.entries, BillRows()))
            clock = asyncio.get_running_loop().time
            engine = Engine(journal, light, run, settings, heard, clock)
            await create_bills(engine, [*plan.unsettled, *plan.send])
            outcomes = journal.outcomes(run)
            statuses = [outcomes[plan.entries[each.index].id].status for each in bills]
            return engine.stopped, statuses, heard

    result: tuple[StoppedEarly | None, list[Status], Heard] = simulate(run)
    return result


def gaps(times: Sequence[float]) -> list[float]:
    return [round(b - a, 1) for a, b in itertools.pairwise(times)]


def test_backs_off_exponentially_while_light_is_unreachable(place: JournalPlace) -> None:
    light = FakeLight(lambda each: UNREACHED)
    settings = EngineSettings(concurrency=1, give_up_after=60.0)
    stopped, statuses, heard = load(place, light, [bill(0)], settings)
    assert isinstance(stopped, LightUnreachable)
    assert gaps(light.posted) == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    assert statuses == [Status.NOT_SENT]
    assert len(heard.said) == len(light.posted) - 1


def test_backoff_starts_again_after_success(place: JournalPlace) -> None:
    answers = iter([UNREACHED] * 3 + [Answer(200, "a")] + [UNREACHED] * 2 + [Answer(200, "b")])
    light = FakeLight(lambda each: next(answers))
    stopped, statuses, _ = load(place, light, [bill(0), bill(1)], EngineSettings(concurrency=1))
    assert stopped is None
    assert gaps(light.posted) == [0.5, 1.0, 2.0, 0.0, 0.5, 1.0]
    assert statuses == [Status.CREATED] * 2


def test_one_request_probes_whether_light_is_back(place: JournalPlace) -> None:
    light = FakeLight(lambda each: UNREACHED)
    settings = EngineSettings(concurrency=8, give_up_after=10.0)
    load(place, light, [bill(i) for i in range(20)], settings)
    assert gaps(light.posted)[7:] == [0.5, 1.0, 2.0, 4.0, 8.0]


# --- held back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [402, 407, 425, 429, 451, 503, 511])
def test_gateway_that_never_ends_a_hold_is_left_with_its_words(
    place: JournalPlace, status: int
) -> None:
    light = FakeLight(lambda each: Answer(status, reason="Closed."))
    settings = EngineSettings(concurrency=8, settle=1.0)
    stopped, statuses, heard = load(place, light, [bill(i) for i in range(20)], settings)
    assert isinstance(stopped, HeldBack)
    assert "Closed." in str(stopped)
    assert len(light.posted) == 8 + MOST_REFUSALS - 1, "eight at once, then one at a time"
    assert set(statuses) <= {Status.NOT_SENT, Status.UNKNOWN}
    if status != 503:
        assert set(statuses) == {Status.NOT_SENT}
        assert light.listed == []
    assert heard.ended == []


def test_503_is_looked_up_before_it_is_sent_again(place: JournalPlace) -> None:
    answers = iter([Answer(503, reason="Closed.")] * 7 + [Answer(200, "a")])
    light = FakeLight(lambda each: next(answers))
    stopped, statuses, _ = load(place, light, [bill(0)], EngineSettings(settle=30.0))
    assert (stopped, statuses) == (None, [Status.CREATED]), "more often than answers may be lost"
    assert gaps(light.posted) == [60.0] * 7  # two looks each time
    assert len(light.listed) == 2 * 7 + 2, "two before each, and two for twins at the end"


def test_bills_go_together_again_after_a_hold(place: JournalPlace) -> None:
    answers = iter([Answer(429)] * 6 + [Answer(200, f"id-{i}") for i in range(20)])
    light = FakeLight(lambda each: next(answers))
    settings = EngineSettings(concurrency=4)
    _, statuses, _ = load(place, light, [bill(i) for i in range(20)], settings)
    assert statuses == [Status.CREATED] * 20
    at_once = [len(list(group)) for _, group in itertools.groupby(light.posted)]
    assert at_once == [4, 1, 1, 1, 4, 4, 4, 4, 3]


def test_wait_for_a_bill_in_doubt_is_announced(place: JournalPlace) -> None:
    lost = FakeLight(lambda each: Answer(503, reason="Closed."))
    load(place, lost, [bill(0)], EngineSettings(settle=0.1))
    light = FakeLight(lambda each: Answer(200, "a"))
    _, statuses, heard = load(place, light, [bill(0)], EngineSettings(settle=45.0))
    assert statuses == [Status.CREATED]
    assert heard.said == [
        "Waiting 45 seconds, then asking Light again about the bill.",
        "Waiting 45 seconds, then asking Light again about the bill.",
        *["Waiting 45 seconds, then checking for bills that are in Light more than once."] * 2,
    ]


# --- rights ------------------------------------------------------------------------------------

NO = Answer(403, reason="Not with this key.", errors=(ApiError("Not with this key."),))


def test_missing_permission_stops_the_run_with_the_remedy(place: JournalPlace) -> None:
    light = FakeLight(lambda each: NO)
    stopped, statuses, _ = load(
        place, light, [bill(i) for i in range(9)], EngineSettings(concurrency=1)
    )
    assert isinstance(stopped, AccessRefused)
    assert "The key may not create bills: Not with this key. Its role" in str(stopped)
    assert "Settings > API Keys" in str(stopped)
    assert set(statuses) == {Status.NOT_SENT}
    assert len(light.posted) == 3


@pytest.mark.parametrize("forbidden", [0, 1, 5])
def test_single_forbidden_bill_is_refused_alone(place: JournalPlace, forbidden: int) -> None:
    light = FakeLight(lambda each: NO if each.index == forbidden else Answer(200, each.index + 1))
    for concurrency in (1, 8):
        stopped, statuses, _ = load(
            place,
            light,
            [bill(i) for i in range(6)],
            EngineSettings(concurrency=concurrency),
        )
        assert stopped is None
        assert statuses.count(Status.REJECTED) == 1
        assert statuses[forbidden] is Status.REJECTED


def test_duplicate_forbidden_bills_are_all_settled(place: JournalPlace) -> None:
    light = FakeLight(lambda each: NO)
    alike = [bill(i, None) for i in range(2)]
    stopped, statuses, heard = load(place, light, alike, EngineSettings())
    assert stopped is None
    assert statuses == [Status.REJECTED] * 2
    assert heard.ended == [True, True]


def test_lost_answers_are_looked_up_after_the_settling_time(place: JournalPlace) -> None:
    lost = {0, 3}

    def answer(each: Bill) -> Answer:
        if each.index in lost:
            lost.discard(each.index)
            return Answer(None, reason="it broke")
        return Answer(200, each.index + 1)

    light = FakeLight(answer)
    settings = EngineSettings(concurrency=2, settle=5.0)
    stopped, statuses, _ = load(place, light, [bill(i) for i in range(6)], settings)
    assert stopped is None
    assert statuses == [Status.CREATED] * 6
    assert [round(time) for time in light.listed[:1]] == [5]
    assert len(light.listed) <= 6  # two looks at each of two times, and two searches for twins


def test_journal_stores_the_last_record_of_a_step(place: JournalPlace) -> None:
    with Journal(place) as journal:
        first, second = (plan_from_journal([bill(i)], journal).entries[i].id for i in range(2))
        done, doubtful = StepState.DONE, StepState.UNKNOWN
        write_records(
            journal,
            journal.start_run({}),
            [
                StepRecord(Step(first, StepKind.POST, done), "UNPAID"),
                StepRecord(Step(second, StepKind.POST, doubtful)),
                StepRecord(Step(second, StepKind.POST, done), "UNPAID"),
            ],
        )
        steps = journal.steps([first, second])
        assert {each[StepKind.POST].state for each in steps.values()} == {done}


# --- what others do meanwhile --------------------------------------------------------------------


class CrowdedLight(FakeLight):
    """A colleague brings the last bill into it after so many seconds."""

    def __init__(self, last: Bill, after: float) -> None:
        super().__init__(lambda each: Answer(200, f"ours-{each.index}"))
        self.last, self.after = last, after
        self.since: list[datetime | None] = []
        self.light_time = NOON - timedelta(seconds=60)  # type: ignore[assignment]

    @property
    def light_clock(self) -> datetime:  # type: ignore[override]
        return NOON + timedelta(seconds=asyncio.get_running_loop().time())

    async def create_bill(
        self,
        bill: Bill,
        on_wire: Callable[[], None],
        *,
        with_lines: bool,
        request_key: str | None = None,
    ) -> Answer:
        await asyncio.sleep(1.0)
        return await super().create_bill(bill, on_wire, with_lines=with_lines)

    async def list_bills(
        self, vendor_ids: Sequence[str] | None, created_since: datetime | None = None
    ) -> list[LightBill]:
        await super().list_bills(vendor_ids or (), created_since)
        self.since.append(created_since)
        number = self.last.invoice_number
        theirs = LightBill("theirs", "IN_DRAFT", 100, "GBP", vendor_id="v", invoice_number=number)
        return [theirs] if asyncio.get_running_loop().time() >= self.after else []


def test_bill_that_somebody_else_brings_into_light_is_not_sent(place: JournalPlace) -> None:
    bills = [bill(i) for i in range(40)]
    light = CrowdedLight(bills[-1], 10.0)
    settings = EngineSettings(concurrency=1, settle=5.0, watch=15.0)
    stopped, statuses, _ = load(place, light, bills, settings)
    assert stopped is None
    assert statuses == [Status.CREATED] * 39 + [Status.ALREADY_IN_LIGHT]
    assert len(light.posted) == 39
    assert [round(time) for time in light.listed[:3]] == [3, 18, 33]
    asked_since = [since and round((since - NOON).total_seconds()) for since in light.since[:3]]
    assert asked_since == [-65, -2, 13], "what is new since the look before, and may show late"


def test_bill_that_waits_for_its_turn_to_leave_is_held_back(place: JournalPlace) -> None:
    """It was taken off the queue, and its request has not left."""
    light = CrowdedLight(bill(1), 2.0)
    send, leave = light.create_bill, asyncio.Event()

    async def create_bill(
        each: Bill, on_wire: Callable[[], None], *, with_lines: bool, request_key: str | None = None
    ) -> Answer:
        if each.index == 1:
            await leave.wait()
        return await send(each, on_wire, with_lines=with_lines)

    light.create_bill = create_bill  # type: ignore[method-assign]
    settings = EngineSettings(concurrency=2, settle=5.0, watch=15.0)
    stopped, statuses, _ = load(place, light, [bill(i) for i in range(8)], settings)
    assert stopped is None
    assert statuses[1] is Status.ALREADY_IN_LIGHT
    assert statuses.count(Status.CREATED) == 7
    assert len(light.posted) == 7


@pytest.mark.parametrize(("hours", "marked"), [(0.5, True), (2.0, False)])
def test_bill_that_was_sent_again_is_marked_until_long_after(
    place: JournalPlace, hours: float, marked: bool
) -> None:
    lost = [Answer(None, reason="it broke")]
    light = FakeLight(lambda each: lost.pop() if lost else Answer(200, "a"))
    assert load(place, light, [bill(0)], EngineSettings(settle=1.0))[1] == [Status.CREATED]

    async def again(_: Callable[[], float]) -> None:
        with Journal(place) as journal:
            plan = plan_from_journal([bill(0)], journal)
            await look_in_light(plan, light, journal)
            record(plan, journal, journal.start_run({}), dict.fromkeys(plan.entries, BillRows()))

    later = utc_now() + timedelta(hours=hours)
    with clock_in_use(lambda: later):
        simulate(again)
    with Journal(place) as journal:
        entry = plan_from_journal([bill(0)], journal).entries[0]
    assert (entry.resent is not None) is marked
