"""What others bring into Light while a load goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from importer.core.clock import utc_now
from importer.core.object_ids import same_id
from importer.loading.existing_bills import match_change
from importer.loading.gateway import LightGateway, list_documents
from importer.loading.job import BillJob, not_before
from importer.loading.job_operation import JobOperation
from importer.loading.journal.journal import Journal
from importer.loading.listed_bills import Likeness, ListedBills, confirmed, read_by_id
from importer.loading.lookout import WatchResult
from importer.loading.operation import Decision, Finish, Look, Operation
from importer.model.light_objects import LightBill

MOST_VENDORS = 50  # in one request; of more all new bills are asked for
OVERLAP = 20.0  # seconds that a list may lag behind; the final sweep waits longer


class LoadWatch:
    """One list of what is new since the last look, at most one request for each 200 bills."""

    def __init__(
        self, jobs: Sequence[BillJob], gateway: LightGateway, journal: Journal, settle: float
    ) -> None:
        self._jobs, self._gateway, self._journal = jobs, gateway, journal
        self._settle = settle
        self._entities: dict[str, list[str]] = defaultdict(list)  # by conflict key
        for job in jobs:
            if job.bill.invoice_number:
                self._entities[job.conflict_key].append(job.bill.company_entity_id or "")
        self._overlap = timedelta(seconds=min(settle, OVERLAP))
        self._last = _earlier_clock(gateway.light_time)  # before the look that preceded the load

    async def look(self, unsent: Sequence[Operation]) -> WatchResult:
        """Which of the operations others have done by now."""
        creations = [each for each in unsent if isinstance(each, JobOperation)]
        numbered = [each for each in creations if each.job.bill.invoice_number]
        numbered = [each for each in numbered if each.job.light_id is None]
        if not numbered:
            return WatchResult()
        since, self._last = self._last - self._overlap, _earlier_clock(self._gateway.light_clock)
        bills = (each.job.bill for each in numbered)
        listed = await list_documents(self._gateway, bills, since, MOST_VENDORS)
        ids = [bill.id for bill in listed]
        undone = self._journal.undone(ids)
        ours = self._journal.owned(ids) - undone
        index = ListedBills(bill for bill in listed if bill.id not in ours)
        if not index.bills:
            return WatchResult()
        near = {each: index.candidates(each.job.bill) for each in numbered}
        doubtful = [
            c.bill.ref
            for some in near.values()
            for c in some
            if c.likeness is Likeness.UNCLEAR or c.bill.id in undone
        ]
        read = await read_by_id(doubtful, self._gateway, self._settle)
        ended: list[Decision] = []
        for each, candidates in near.items():
            candidates = confirmed(each.job.bill, candidates, read, undone)
            same = [c.bill for c in candidates if c.likeness is Likeness.SAME]
            same = [bill for bill in same if self._is_of_this(each, bill)]
            if same:
                ended.append(_ended(each, same[0]))
        crowded = any(isinstance(each, Finish) for each in ended) or self._crowded(index)
        return WatchResult(ended, crowded)

    def _is_of_this(self, operation: JobOperation, remote: LightBill) -> bool:
        """Whether what Light shows cannot be another bill of the sheet that has the number: only
        their entities tell those apart."""
        entities = self._entities[operation.conflict_key]
        if len(entities) == 1:
            return True
        entity = operation.job.bill.company_entity_id
        same = sum(not each or same_id(each, entity) for each in entities)
        return same == 1 and same_id(remote.company_entity_id, entity)

    def _crowded(self, index: ListedBills) -> bool:
        """Whether somebody else has created a bill that we have, too."""
        created = (job for job in self._jobs if job.created and job.bill.invoice_number)
        return any(
            c.likeness is Likeness.SAME for job in created for c in index.candidates(job.bill)
        )


def _earlier_clock(light_time: datetime | None) -> datetime:
    """The time by Light's clock or ours, the earlier; a day ago where Light's is not known."""
    return utc_now() - timedelta(days=1) if light_time is None else not_before(light_time)


def _ended(operation: JobOperation, remote: LightBill) -> Decision:
    """What comes next of a bill that is in Light before it was sent."""
    job = operation.job
    if job.sent_before or job.lost or job.entry.resent is not None:
        return Look(operation)  # perhaps it is ours, come in late
    change = match_change(job, remote)
    return Finish(operation, change.light_id is None, (change,))
