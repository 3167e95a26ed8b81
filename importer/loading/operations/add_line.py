"""Add a line item to a bill that Light has without it (the separate line mode)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from importer.core.answers import Answer, Mismatch, OnWire, Outcome, Verdict
from importer.core.object_ids import normal_id, same_id
from importer.loading.bill_match import line_contradictions
from importer.loading.bill_state import is_cancelled
from importer.loading.gateway import LightGateway, fetch_bill
from importer.loading.job_operation import JobOperation
from importer.loading.operation import (
    ABSENT_LOOKS,
    MOST_LOST,
    Decision,
    Finish,
    Look,
    Operation,
    Record,
    Send,
)
from importer.loading.sent_bill import ids_in_request
from importer.model.bills import DocumentRef
from importer.model.journal_states import Discovery, State
from importer.model.light_objects import LightBill, LightLine


@dataclass(eq=False)
class AddLine(JobOperation):
    """The lines that a bill lacks, one after the other. ``creation``: should the bill be cancelled
    meanwhile, it is created anew."""

    creation: Operation

    noun = "line item"
    completes = True

    def first(self) -> Decision:
        return Look(self, self.settings.settle if self.job.in_doubt else 0.0)

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        job = self.job
        assert job.light_id is not None
        return await gateway.create_line(job.light_id, job.bill, job.next_line, on_wire)

    def read(self, gateway: LightGateway, body: object) -> LightLine | Mismatch | None:
        """The line, if it is the next one of this bill, and none that Light has already."""
        job = self.job
        line = gateway.read_line(body)
        if line.id in map(normal_id, filter(None, job.line_ids)):
            return Mismatch(f"with the line item {line.id}, which it had before")
        if line.id in {job.light_id, *ids_in_request(job.bill)}:
            return Mismatch(f"with the line item {line.id}, whose id names something else")
        if line.bill_id is None:
            return Mismatch(f"with the line item {line.id}, but not of which bill it is")
        if not same_id(line.bill_id, job.light_id):
            return Mismatch(f"with a line item of another bill, {line.bill_id}")
        if words := line_contradictions(job.bill, job.bill.lines[job.next_line], line):
            return Mismatch(f"with the line item {line.id}, of which {words}")
        return line

    def accepted(self, content: LightLine) -> Decision:
        job = self.job
        job.lines[job.next_line] = content
        job.lost = 0
        return self.next_line()

    def rejected(self, outcome: Outcome[Any]) -> Decision:
        # With the line's index in the paths, as if the whole bill had been refused.
        at = ("lineItems", str(self.job.next_line))
        errors = tuple(replace(e, path=(*at, *e.path)) for e in outcome.errors)
        return super().rejected(replace(outcome, errors=errors))

    def put_back(self, reason: str = "", *, attempted: bool = False) -> Record:
        self.job.line_in_doubt |= attempted  # another loader may add it while Light holds us back
        return super().put_back(reason, attempted=attempted)

    async def look(self, gateway: LightGateway) -> Decision:
        bill_id = self.job.light_id
        assert bill_id is not None
        outcome = await fetch_bill(gateway, DocumentRef(bill_id, self.job.bill.credit_note))
        remote = outcome.content
        if outcome.verdict is Verdict.ABSENT:
            self.job.absent_looks += 1
            if self.job.absent_looks < ABSENT_LOOKS:
                return Look(self, self.settings.settle)
            return self.for_a_person(f"Light does not show its bill {bill_id}: {outcome.reason}")
        if remote is not None and remote.lines is not None:
            return self.match(remote)
        reason = f"Light's bill {bill_id} could not be read: {outcome.reason}"
        self.job.lost += 1
        if outcome.verdict is Verdict.REJECTED or self.job.lost >= MOST_LOST:
            return self.for_a_person(reason)
        return Look(self, self.settings.settle)

    def unreadable(self, reason: str) -> Decision:
        return self.for_a_person(f"Light's bill {self.job.light_id} could not be read: {reason}")

    def match(self, remote: LightBill, how: Discovery | None = None) -> Decision:
        """Light has the bill, as it was read now."""
        job = self.job
        if is_cancelled(remote):
            job.reset()
            return Look(self.creation, 0.0, (job.change(State.PLANNED),))
        if (before := job.loaded_before(remote)) is not None:
            return Finish(self, False, (before,))
        if why := job.objection(remote):
            return Finish(self, True, (job.unsettled(remote, why),))
        if remote.lines is None:  # from the list, which leaves them out
            job.start_lines(remote)
            change = self.in_doubt("its line items could not be read")
            return Look(self, self.settings.settle, (change,))
        line = job.next_line
        if strangers := job.match_lines(remote, remote.lines):
            return self.for_a_person(strangers)
        if job.next_line == line and (refused := self.still_refused()):
            return refused
        job.refusal = None
        if job.next_line == line and job.lost >= MOST_LOST:
            return self.for_a_person(f"Light's answer to the next one was lost {job.lost} times")
        if job.next_line == line:
            line_in_doubt = job.in_doubt and job.entry.light_id is not None
            job.resent = job.resent or job.lost > 0 or job.unanswered or line_in_doubt
        else:  # as we sent it, or as another loader did, and then ours may still come
            job.line_in_doubt |= job.unanswered
            job.lost, job.unanswered = 0, False
        return self.next_line(how)

    def next_line(self, how: Discovery | None = None) -> Decision:
        """Light has the bill; its next line goes, unless that was the last."""
        job = self.job
        if job.next_line < len(job.bill.lines) and job.bill.credit_note:
            return self.for_a_person(f"{job.partial}; a credit note goes to Light with all of them")
        if job.next_line < len(job.bill.lines):
            return Send(self, (job.change(State.PLANNED),))
        return self.complete(job.with_lines(), how)
