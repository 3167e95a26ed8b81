"""Create a bill, with its lines in the same request or (separate line mode) without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from importer.core.answers import Answer, Mismatch
from importer.core.errors import ImporterError
from importer.core.object_ids import is_nil
from importer.loading.bill_match import Contradiction, contradictions, words_of_contradictions
from importer.loading.engine import Engine
from importer.loading.gateway import LightGateway, OnWire
from importer.loading.job import BillJob, JobOperation
from importer.loading.light_id_claims import LightIdClaims
from importer.loading.operation import (
    MOST_LOST,
    Decision,
    Look,
    Operation,
    Record,
    Send,
)
from importer.loading.operations.add_line import AddLine
from importer.loading.reconcile import Settled, find_twins, look_up
from importer.model.bills import Bill
from importer.model.journal_states import State, Status
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class CreateBill(JobOperation):
    """``claims`` says which ids in Light are of other entries."""

    claims: LightIdClaims

    together = True

    def first(self) -> Decision:
        # When a bill in doubt left is not known: its request may have waited for its turn after it
        # was noted.
        return Look(self, self.settings.settle) if self.job.in_doubt else Send(self)

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        with_lines = not self.settings.separate
        return await gateway.create_bill(self.job.bill, on_wire, with_lines=with_lines)

    def read(self, gateway: LightGateway, body: object) -> LightBill | Mismatch | None:
        """The bill, if it is this one: its id is new, and nothing that is stated is otherwise."""
        remote = gateway.read_bill(body)
        if remote is None:
            return None
        if is_nil(remote.id):
            return Mismatch("with a bill that has no id")
        conflicts = contradictions(self.job.bill, remote, just_created=True)
        if not conflicts or _altered(self.job.bill, conflicts):
            if not self.claims.claim(remote.id, self.job.entry.id):
                return Mismatch(f"with the bill {remote.id}, which belongs to another row")
            if conflicts:
                self.job.light_id = remote.id
        if conflicts:
            words = words_of_contradictions(conflicts)
            return Mismatch(f"with the bill {remote.id}, of which {words}")
        return remote

    def lost(self, reason: str, *, counts: bool = True) -> Decision:
        decision = super().lost(reason, counts=counts)
        if self.job.light_id is None:
            return decision
        # Light named the bill, and changed it: it is read by its id.
        return replace(decision, operation=self._lines())

    def accepted(self, content: LightBill) -> Decision:
        if self.settings.separate:
            self.job.start_lines(content)
            return self._lines().next_line()
        return self.complete(content)

    @classmethod
    async def look_together(
        cls, some: Sequence[CreateBill], gateway: LightGateway
    ) -> list[Decision]:
        by_job = {id(each.job): each for each in some}
        settled = await look_up([each.job for each in some], gateway, some[0].claims.in_journal)
        return [by_job[id(each.job)]._settled(each) for each in settled]

    def _settled(self, settled: Settled) -> Decision:
        job = self.job
        if settled.bill is not None:
            if not self.claims.claim(settled.bill.id, job.entry.id):
                reason = f"Light's bill {settled.bill.id} belongs to another row"
                return self.for_a_person(reason)
            job.refusal = None
            if self.settings.separate or job.entry.alone:
                return self._lines().match(settled.bill, settled.how)
            return self.complete(settled.bill, settled.how)
        if settled.reason:
            return self.for_a_person(settled.reason)
        if refused := self.still_refused():
            return refused
        if job.lost >= MOST_LOST:
            last = f" (the last time: {job.last_reason.rstrip('. ')})" if job.last_reason else ""
            return self.for_a_person(
                f"Light's answer was lost {job.lost} times{last}, and it does not show the bill"
            )
        job.resent = True
        return Send(self, (job.change(State.PLANNED),), behind=True)

    def unreadable(self, reason: str) -> Decision:
        return self.for_a_person(reason)

    def _lines(self) -> AddLine:
        return AddLine(self.job, self.settings, creation=self)


def _altered(bill: Bill, conflicts: Sequence[Contradiction]) -> bool:
    """Whether a bill with these contradictions is this one as Light changed it: no other of its
    vendor and number is in flight. Of bills without a number only the entity may differ."""
    fields = {each.field for each in conflicts}
    identifying = (
        {"vendorId", "invoiceNumber"} if bill.invoice_number else fields - {"companyEntityId"}
    )
    return not fields & identifying


async def create_bills(engine: Engine, jobs: Sequence[BillJob]) -> None:
    """Create the bills of the jobs, and settle those in doubt; see ``Engine.execute``.

    At the end it is looked whether a bill or line that was sent again came in from the lost attempt
    after all. That is possible only where Light takes longer than the settling time; then it is
    for a person, with the ids.
    """
    owned = engine.journal.owned
    claims = LightIdClaims(owned)

    def operation(job: BillJob) -> Operation:
        creation = CreateBill(job, engine.settings, claims)
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
