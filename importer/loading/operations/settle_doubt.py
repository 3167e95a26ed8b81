"""Settle whether Light has the bills of a run that it does not know of; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from importer.loading.bill_diff import loaded_bill
from importer.loading.engine import Engine
from importer.loading.job import BillJob
from importer.loading.light_id_claims import LightIdClaims
from importer.loading.loaded_bills import Outcomes, Units
from importer.loading.operation import Decision, Finish
from importer.loading.operations.create_bill import CreateBill
from importer.model.journal_states import Discovery, State, Status
from importer.model.light_objects import LightBill


@dataclass(eq=False)
class SettleDoubt(CreateBill):
    """As the creation of a bill that was sent, but it is not sent again."""

    right = "read bills"

    def in_light(self, remote: LightBill, how: Discovery | None) -> Decision:
        if not self.job.entry.alone:
            return super().in_light(remote, how)
        if self.job.match_lines(remote, remote.lines or ()):
            self.job.start_lines(remote)
        change = self.job.change(State.UNKNOWN, Status.UNKNOWN, "it may lack line items")
        return Finish(self, False, (change,))

    def absent(self) -> Decision:
        job, reason = self.job, "Light does not have it"
        if job.entry.is_refused:
            reason, errors = job.entry.message, job.entry.errors
            change = job.change(State.REJECTED, Status.REJECTED, reason, errors=errors)
        else:
            change = job.change(State.PLANNED, Status.NOT_SENT, reason)
        return Finish(self, False, (change,))


def doubtful_jobs(outcomes: Outcomes, units: Units) -> list[BillJob]:
    """The bills of a run that were sent without a known end; those that Light has more than once
    are for a person."""
    return [
        BillJob(outcome.entry, loaded_bill(outcome.entry, units[entry_id]))
        for entry_id, outcome in sorted(outcomes.items())
        if outcome.status is Status.UNKNOWN
        and outcome.entry.state in (State.SENDING, State.UNKNOWN)
        and outcome.entry.light_id is None
        and not outcome.entry.twins
    ]


async def settle_doubts(engine: Engine, jobs: Sequence[BillJob]) -> None:
    """Look them up; see ``Engine.execute``."""
    journal, settings = engine.journal, engine.settings
    claims = LightIdClaims(journal.owned)
    await engine.execute(SettleDoubt(job, settings, claims, journal) for job in jobs)
