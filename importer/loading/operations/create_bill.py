"""Create a bill, with its lines in the same request or (separate line mode) without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from importer.core.answers import Answer, Mismatch, OnWire
from importer.core.clock import utc_now
from importer.core.object_ids import normal_id, same_id
from importer.loading.bill_match import (
    Contradiction,
    contradictions,
    words_of_contradictions,
)
from importer.loading.bill_state import is_cancelled
from importer.loading.engine import Engine
from importer.loading.existing_bills import look_for_others
from importer.loading.final_sweep import FinalSweep
from importer.loading.gateway import LightGateway
from importer.loading.job import BillJob
from importer.loading.job_operation import JobOperation
from importer.loading.light_id_claims import LightIdClaims
from importer.loading.listed_bills import twin_of
from importer.loading.load_watch import LoadWatch
from importer.loading.operation import (
    ABSENT_LOOKS,
    MOST_LOST,
    Decision,
    Finish,
    Look,
    Operation,
    Record,
    Send,
    TwinsRecord,
)
from importer.loading.operations.add_line import AddLine
from importer.loading.reconcile import Ownership, Settled, look_up
from importer.loading.sent_bill import (
    ids_in_request,
    is_older,
    lines_that_are_others,
    words_of_age,
)
from importer.model.bills import Bill
from importer.model.journal_states import Discovery, State, Status
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class CreateBill(JobOperation):
    """``claims`` and ``ownership`` say which ids in Light are of other entries."""

    claims: LightIdClaims
    ownership: Ownership

    together = True

    def first(self) -> Decision:
        # When a bill in doubt left is not known: its request may have waited for its turn after it
        # was noted.
        return Look(self, self.settings.settle) if self.job.in_doubt else Send(self)

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        job = self.job
        with_lines = not job.in_parts(self.settings)
        if not job.sent_before and (now := gateway.light_clock):
            job.sent_at = min(now, utc_now())
        return await gateway.create_bill(
            job.bill, on_wire, with_lines=with_lines, request_key=job.request_key
        )

    def foresee(self, answer: Answer) -> None:
        named = answer.body.get("id") if isinstance(answer.body, dict) else None
        if isinstance(named, str):
            self.claims.expect(normal_id(named))

    def read(self, gateway: LightGateway, body: object) -> LightBill | Mismatch | None:
        """The bill, if it is this one: its id is new, and nothing that is stated is otherwise."""
        job = self.job
        remote = gateway.read_bill(body, credit_note=job.bill.credit_note)
        if remote is None:
            return None
        lines = {normal_id(line.id) for line in remote.lines or ()}
        if remote.id in lines | ids_in_request(job.bill):
            return Mismatch(
                f"with {remote.id} as the id of the {job.noun}, which names something else"
            )
        if job.bill.credit_note:
            return self._read_note(remote)
        conflicts = contradictions(self.job.bill, remote, just_created=True)
        if why := self._not_this_request(remote):
            if is_older(job, remote) and not conflicts:
                # Light may date it so early that its list leaves it out: it is looked for by id.
                job.named_early = remote.id
                job.likenesses = (*job.likenesses, twin_of(remote))
            return Mismatch(f"with the bill {remote.id}, which {why}")
        if not conflicts or _altered(self.job.bill, remote, conflicts):
            if not self.claims.claim(remote.id, self.job.entry.id, expected=True):
                return Mismatch(f"with the bill {remote.id}, which belongs to another row")
            if conflicts:
                self.job.light_id = remote.id
        if conflicts:
            if len(conflicts) == 1 and remote.vendor_id and remote.amount is not None:
                self.job.near_answer = remote
            words = words_of_contradictions(conflicts)
            return Mismatch(f"with the bill {remote.id}, of which {words}")
        return remote

    def _not_this_request(self, remote: LightBill) -> str:
        """What shows that a bill was not made by the request that it answers; "" for nothing."""
        job = self.job
        if is_older(job, remote):
            return "was made before it was sent"
        if not job.in_parts(self.settings):
            return lines_that_are_others(job.bill, remote)
        return "has line items, and none were sent" if remote.lines else ""

    def _read_note(self, remote: LightBill) -> LightBill | Mismatch:
        """The credit note, unless Light answered with an older one that has its number."""
        job = self.job
        why = words_of_contradictions(contradictions(job.bill, remote, just_created=True))
        if is_cancelled(remote):
            why = f"it is archived (state {remote.state})"
        why = why or lines_that_are_others(job.bill, remote)
        if not why and not self.claims.claim(remote.id, job.entry.id, expected=True):
            why = "it belongs to another row"
        if not why:
            return remote
        job.other_note = remote.id
        return Mismatch(f"with the credit note {remote.id}: {why}")

    def lost(self, reason: str, *, counts: bool = True) -> Decision:
        decision = super().lost(reason, counts=counts)
        if self.job.light_id is None:
            return decision
        # Light named the bill, and changed it: it is read by its id.
        return replace(decision, operation=self._lines())

    def accepted(self, content: LightBill) -> Decision:
        if self.job.bill.credit_note and is_older(self.job, content):
            # Of this number, and there before our first request that may have created it, as one
            # that another computer has just loaded; of the last second or two it is taken for ours.
            return Finish(self, False, (self.job.existing(content),))
        if self.job.in_parts(self.settings):
            self.job.start_lines(content)
            return self._lines().next_line()
        return self.complete(content)

    @classmethod
    async def look_together(
        cls, some: Sequence[CreateBill], gateway: LightGateway
    ) -> list[Decision]:
        by_job = {id(each.job): each for each in some}
        ownership, settle = some[0].ownership, some[0].settings.settle
        cancelled = [each for each in some if each.job.cancelled]
        sent = [each.job for each in some if not each.job.cancelled]
        settled = await look_up(sent, gateway, ownership, settle) if sent else []
        decisions = [by_job[id(each.job)]._settled(each) for each in settled]
        if cancelled:
            jobs = [each.job for each in cancelled]
            others = await look_for_others(jobs, gateway, ownership, settle)
            decisions += [each._anew(others.get(each.job.entry.id, [])) for each in cancelled]
        return decisions

    def _anew(self, other: Sequence[Record]) -> Decision:
        """What comes next of a bill that was cancelled in Light, where that has it by ``other``."""
        self.job.cancelled = False
        return Finish(self, False, tuple(other)) if other else Send(self, behind=True)

    def _settled(self, settled: Settled) -> Decision:
        job = self.job
        if settled.is_ours and settled.bill is not None:
            return self._with_twins(
                self._in_light(settled.bill, Discovery.AFTER_LOST_ANSWER), settled
            )
        if settled.taken:
            change = job.change(State.REJECTED, Status.REJECTED, settled.reason)
            return Finish(self, True, (change,))
        job.likenesses = settled.shown or job.likenesses
        if not settled.crowded:
            job.absent_looks += 1  # of ours; that of somebody else may be there
            if job.absent_looks < ABSENT_LOOKS:
                return Look(self, self.settings.settle)
        if settled.bill is not None and self._may_be_ours(settled.bill):
            twins = (twin_of(settled.bill), *settled.twins)
            words = (
                f"Light has the {job.noun} {words_of_age(settled.bill)}, before it was sent;"
                " whether a load made it all the same is not known"
            )
            return self._with_twins(self.for_a_person(words), replace(settled, twins=twins))
        if settled.bill is not None and self.claims.claim(settled.bill.id, job.entry.id):
            return self._with_twins(Finish(self, False, (job.existing(settled.bill),)), settled)
        if settled.reason:
            return self._with_twins(self.for_a_person(settled.reason), settled)
        if not settled.copies_cancelled:
            words = f"Light had this {job.noun}, or one like it, and does not show it now"
            return self.for_a_person(words)
        decision = self.still_refused() or self._altered_by_light() or self.absent()
        return self._with_twins(decision, settled)

    def _may_be_ours(self, remote: LightBill) -> bool:
        """Whether an answer to its creation, now or in an earlier run, has named this bill, which
        is as it was sent and older: Light's clocks may be hours apart."""
        ids = [self.job.named_early, *(twin.id for twin in self.job.entry.twins)]
        return not self.job.bill.credit_note and any(same_id(each, remote.id) for each in ids)

    def _with_twins(self, decision: Decision, settled: Settled) -> Decision:
        entry = self.job.entry
        if not settled.twins and not entry.twins:
            return decision
        return replace(decision, records=(*decision.records, TwinsRecord(entry.id, settled.twins)))

    def _in_light(self, remote: LightBill, how: Discovery | None) -> Decision:
        if not self.claims.claim(remote.id, self.job.entry.id):
            words = f"Light's {self.job.noun} {remote.id} belongs to another row"
            return self.for_a_person(words)
        self.job.refusal = None
        return self.in_light(remote, how)

    def in_light(self, remote: LightBill, how: Discovery | None) -> Decision:
        """What comes next of a bill that Light has."""
        job = self.job
        if job.in_parts(self.settings) or job.entry.alone:
            if remote.lines == () and job.bill.lines and not job.lacked_lines:
                # It may be another loader's, who adds the lines at once.
                job.lacked_lines = True
                return Look(self, self.settings.settle)
            job.lost, job.unanswered = 0, False  # that was its creation, and no line of it
            return self._lines().match(remote, how)
        return self.complete(remote, how)

    def _altered_by_light(self) -> Decision | None:
        """What comes next of a bill that Light does not show, and that one of its answers had
        otherwise, in one thing: Light may number bills anew, or have one vendor for two. None
        where no answer had it so, or the one that had is of another row."""
        job, remote = self.job, self.job.near_answer
        if remote is None or not self.claims.claim(remote.id, job.entry.id):
            return None
        words = words_of_contradictions(contradictions(job.bill, remote, just_created=True))
        return Finish(self, True, (job.unsettled(remote, words),))

    def absent(self) -> Decision:
        """What comes next of a bill that Light does not show, time and again."""
        job = self.job
        if job.lost >= MOST_LOST:
            last = f" (the last time: {job.last_reason.rstrip('. ')})" if job.last_reason else ""
            return self.for_a_person(
                f"Light's answer was lost {job.lost} times{last},"
                f" and it does not show the {job.noun}"
            )
        job.resent, job.absent_looks = True, 0
        return Send(self, (job.change(State.UNKNOWN),), behind=True)

    def unreadable(self, reason: str) -> Decision:
        return self.for_a_person(reason)

    def _lines(self) -> AddLine:
        return AddLine(self.job, self.settings, creation=self)


def _altered(bill: Bill, remote: LightBill, conflicts: Sequence[Contradiction]) -> bool:
    """Whether a bill with these contradictions is this one as Light changed it: no other of its
    vendor and number is in flight. Of bills without a number only the entity may differ."""
    if bill.invoice_number and not (remote.invoice_number and remote.vendor_id):
        return False
    fields = {each.field for each in conflicts}
    identifying = (
        {"vendorId", "invoiceNumber"} if bill.invoice_number else fields - {"companyEntityId"}
    )
    return not fields & identifying


async def create_bills(
    engine: Engine, jobs: Sequence[BillJob], in_light: Sequence[BillJob] = ()
) -> None:
    """Create the bills of the jobs, and settle those in doubt; see ``Engine.execute``.

    Meanwhile it is looked now and then whether somebody else brings one of them into Light. At the
    end, once Light has settled, it is looked which of these, and of those ``in_light`` before, are
    there more than once: from a lost attempt that came in late, or by somebody else.
    """
    journal = engine.journal
    claims = LightIdClaims(journal.owned)

    def operation(job: BillJob) -> Operation:
        creation = CreateBill(job, engine.settings, claims, journal)
        if job.light_id is None:
            return creation
        return AddLine(job, engine.settings, creation)

    settings = engine.settings
    watch = LoadWatch(jobs, engine.gateway, journal, settings.settle) if settings.watch else None
    sweep = FinalSweep(engine, jobs, in_light)
    await engine.execute(map(operation, jobs), sweep, watch)
