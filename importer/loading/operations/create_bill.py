"""Create a bill, with its lines in the same request or (separate line mode) without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from importer.core.answers import Answer
from importer.core.errors import ImporterError
from importer.loading.engine import Engine
from importer.loading.gateway import LightGateway, OnWire
from importer.loading.job import BillJob, JobOperation
from importer.loading.operation import (
    MOST_LOST,
    Decision,
    Finish,
    Look,
    Operation,
    Record,
    Send,
)
from importer.loading.operations.add_line import AddLine
from importer.loading.reconcile import Owned, Settled, find_twins, look_up
from importer.model.journal_states import State, Status
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class CreateBill(JobOperation):
    """``owned`` says which ids in Light are of other entries."""

    owned: Owned

    together = True

    def first(self) -> Decision:
        # When a bill in doubt left is not known: its request may have waited for its turn after it
        # was noted.
        return Look(self, self.settings.settle) if self.job.in_doubt else Send(self)

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        with_lines = not self.settings.separate
        return await gateway.create_bill(self.job.bill, on_wire, with_lines=with_lines)

    def read(self, gateway: LightGateway, body: object) -> object | None:
        return gateway.read_bill(body)

    def accepted(self, content: LightBill) -> Decision:
        if self.settings.separate:
            self.job.start_lines(content)
            return self._lines().next_line()
        return Finish(self, False, (self.job.complete(content),))

    @classmethod
    async def look_together(
        cls, some: Sequence[CreateBill], gateway: LightGateway
    ) -> list[Decision]:
        by_job = {id(each.job): each for each in some}
        settled = await look_up([each.job for each in some], gateway, some[0].owned)
        return [by_job[id(each.job)]._settled(each) for each in settled]

    def _settled(self, settled: Settled) -> Decision:
        job = self.job
        if settled.bill is not None:
            if self.settings.separate or job.entry.alone:
                return self._lines().match(settled.bill, settled.how)
            return Finish(self, False, (job.complete(settled.bill, settled.how),))
        if settled.reason:
            return self.for_a_person(settled.reason)
        if job.lost >= MOST_LOST:
            return self.for_a_person(
                f"Light's answer was lost {job.lost} times, and it does not show the bill"
            )
        job.resent = True
        return Send(self, (job.change(State.PLANNED),), behind=True)

    def unreadable(self, reason: str) -> Decision:
        return self.for_a_person(reason)

    def _lines(self) -> AddLine:
        return AddLine(self.job, self.settings, creation=self)


async def create_bills(engine: Engine, jobs: Sequence[BillJob]) -> None:
    """Create the bills of the jobs, and settle those in doubt; see ``Engine.execute``.

    At the end it is looked whether a bill or line that was sent again came in from the lost attempt
    after all. That is possible only where Light takes longer than the settling time; then it is
    for a person, with the ids.
    """
    owned = engine.journal.owned

    def operation(job: BillJob) -> Operation:
        creation = CreateBill(job, engine.settings, owned)
        if job.light_id is None:
            return creation
        return AddLine(job, engine.settings, creation)

    async def sweep() -> list[Record]:
        resent = [job for job in jobs if job.resent and job.created]
        if not resent:
            return []
        try:
            twins = await find_twins(resent, engine.gateway, owned)
        except ImporterError as error:
            text = f"It could not be seen whether a bill is in Light twice: {error}"
            engine.progress.message(text)
            return []
        return [job.creation(Status.UNKNOWN, message) for job, message in twins]

    await engine.execute(map(operation, jobs), sweep)
