"""A status on reading a bill means the same for whichever operation reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from simulated import simulate
from test_loading_engine import FakeLight, Heard, bill

from importer.core.answers import Answer, ApiError
from importer.core.errors import AccessRefused, StoppedEarly
from importer.loading.bill_state import StepTask
from importer.loading.engine import Engine
from importer.loading.identity import content
from importer.loading.job import BillJob
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_records import Change, Intent
from importer.loading.loaded_bills import bills_created, bills_in_light
from importer.loading.operation import EngineSettings
from importer.loading.operations.cancel_bill import CancelOptions, cancel_bills
from importer.loading.operations.create_bill import create_bills
from importer.loading.operations.verify_bill import plan_verification
from importer.loading.plan import plan_from_journal, record
from importer.loading.step_plan import take_steps
from importer.model.journal_states import State, Status, StepKind
from importer.model.run_rows import BillRows

Ended = tuple[StoppedEarly | None, str]


class Reading(FakeLight):
    """Answers each reading of a bill alike, and does nothing else."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(lambda each: Answer(500))
        self.read_answer = answer

    async def get_bill(
        self, bill_id: str, *, balance: bool = False, credit_note: bool = False
    ) -> Answer:
        await asyncio.sleep(0.01)
        return self.read_answer


ENTRY = 1  # of the one bill in the journal


async def pay(engine: Engine) -> str:
    (outcome,) = engine.journal.outcomes(engine.run).values()
    task = StepTask(bill(0), outcome.entry, [StepKind.PAY], {})
    await take_steps(engine, [task])
    step = engine.journal.steps([outcome.entry.id])[outcome.entry.id][StepKind.PAY]
    return f"{step.state}: {step.message}"


async def cancel(engine: Engine) -> str:
    loaded = bills_created(engine.journal.outcomes(engine.run), {ENTRY: 100})
    ended = await cancel_bills(engine, loaded, CancelOptions("Again."))
    return ": ".join(ended[ENTRY]) if ended else "planned: "


async def verify(engine: Engine) -> str:
    outcomes = engine.journal.outcomes(engine.run)
    loaded = bills_in_light(outcomes, {ENTRY: 100})
    verification = plan_verification(engine.journal, engine.run, loaded, outcomes)
    await verification.verify(engine)
    back = verification.read_backs.get(ENTRY)
    return f"{back.comparison}: {back.message}" if back else "planned: "


async def add_lines(engine: Engine) -> str:
    (outcome,) = engine.journal.outcomes(engine.run).values()
    entry = replace(outcome.entry, state=State.PLANNED)
    await create_bills(engine, [BillJob(entry, bill(0), light_id=entry.light_id)])
    (outcome,) = engine.journal.outcomes(engine.run).values()
    return f"{outcome.status}: {outcome.message}"


Work = Callable[[Engine], Awaitable[str]]


def ends(path: Path, answer: Answer, work: Work) -> Ended:
    """Why the run ended early, and what became of the bill."""

    async def run(_: Callable[[], float]) -> Ended:
        with Journal(path / "journal.sqlite") as journal:
            plan = plan_from_journal([bill(0)], journal)
            run = journal.start_run({})
            record(plan, journal, run, {0: BillRows()})
            entry = plan.entries[0].id
            journal.step(run, [], [Intent(entry, content(bill(0)))])
            created = Change(entry, State.CREATED, Status.CREATED, light_id="b-1")
            journal.step(run, [created], [])
            clock = asyncio.get_running_loop().time
            engine = Engine(journal, Reading(answer), run, EngineSettings(), Heard(), clock)
            became = await work(engine)
            return engine.stopped, became

    result: Ended = simulate(run)
    return result


def no(status: int) -> Answer:
    return Answer(status, reason="No.", errors=(ApiError("No."),))


ALL = [pay, cancel, verify, add_lines]


@pytest.mark.parametrize("work", ALL)
@pytest.mark.parametrize("status", [401, 403, 307])
def test_refused_key_stops_the_run(tmp_path: Path, work: Work, status: int) -> None:
    stopped, became = ends(tmp_path, no(status), work)
    assert isinstance(stopped, AccessRefused)
    if status == 403:
        assert "The key may not read bills: No. Its role decides that" in str(stopped)
    assert became in ("planned: ", "created: ")


@pytest.mark.parametrize(
    ("work", "became"),
    [
        (pay, "refused: Light does not show its bill b-1: No"),
        (cancel, "refused: Light has no bill b-1 any more"),
        (verify, "missing: Light has no bill b-1 any more"),
        (add_lines, "unknown: Light does not show its bill b-1: No."),
    ],
)
@pytest.mark.parametrize("status", [404, 410])
def test_404_and_410_concern_the_bill(tmp_path: Path, work: Work, became: str, status: int) -> None:
    assert ends(tmp_path, no(status), work) == (None, became)


@pytest.mark.parametrize(
    ("work", "became"),
    [
        (pay, "refused: Light's bill b-1 could not be read: No"),
        (cancel, "unknown: it could not be read: bill b-1: No."),
        (verify, "planned: "),
        (add_lines, "unknown: Light's bill b-1 could not be read: No."),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_other_refusals_leave_the_bill_unknown(
    tmp_path: Path, work: Work, became: str, status: int
) -> None:
    stopped, result = ends(tmp_path, no(status), work)
    assert result == became
    assert not isinstance(stopped, AccessRefused)
    assert (stopped is not None) == (work is verify)  # which then did not read all of them
