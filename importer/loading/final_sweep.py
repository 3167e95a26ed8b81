"""The look at the end of a load: which of its bills Light has more than once, or has although it
refused them, and what amounts its answers did not state."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from importer.core.clock import utc_now
from importer.loading.engine import Engine
from importer.loading.gateway import list_documents
from importer.loading.identity import ConflictIndex, content
from importer.loading.job import BillJob
from importer.loading.journal.journal_records import Change
from importer.loading.operation import Record, write_records
from importer.loading.reconcile import SKEW, look_up
from importer.loading.twins import (
    BillInLight,
    look_for_twins,
    save_sweep,
    unsettled_for,
    wait_for_sweep,
)
from importer.model.journal_states import ALWAYS, Discovery, State, Status


@dataclass
class FinalSweep:
    """Waits until Light has settled since the last bill was created, and looks once; for the other
    copy of what was sent twice, twice. ``jobs`` are those of the engine, ``in_light`` those that
    were in Light before."""

    engine: Engine
    jobs: Sequence[BillJob]
    in_light: Sequence[BillJob]

    async def __call__(self) -> list[Record]:
        refused = [job for job in self.jobs if job.refused and job.light_id is None]
        began = utc_now()
        if not self._bills(began) and not refused:
            return []
        engine, settle = self.engine, self.engine.settings.settle
        await wait_for_sweep(self._unsettled(), engine.progress.message)
        # First: a copy that is theirs is not one too many of a bill that is alike.
        settled = await self._refused_in_light(refused)
        write_records(engine.journal, engine.run, settled)
        bills = self._bills(
            began, {each.entry for each in settled if each.status is Status.REJECTED}
        )
        sweep = await look_for_twins(bills, engine.gateway, engine.journal, settle)
        sent_twice = {job.entry.id for job in self.jobs if job.is_in_light and job.sent_twice}
        if once := [each for each in bills if each.entry.id in sent_twice - sweep.entries]:
            await wait_for_sweep(settle, engine.progress.message)
            sweep.add(await look_for_twins(once, engine.gateway, engine.journal, settle))
        save_sweep(engine.journal, engine.run, sweep)
        doubtful = {change.entry for change in sweep.moved}
        swept = {each.entry.id for each in bills} & sent_twice - doubtful
        as_sent = (job for job in self.jobs if job.created or job.loaded_once)
        records: list[Record] = [j.complete_once() for j in as_sent if j.entry.id in swept]
        return records + [x for x in await self._stated_amounts() if x.entry not in doubtful]

    async def _refused_in_light(self, refused: Sequence[BillJob]) -> list[Change]:
        """Whether Light has bills that it refused all the same."""
        engine, records = self.engine, list[Change]()
        settle = engine.settings.settle
        settled = await look_up(refused, engine.gateway, engine.journal, settle) if refused else []
        for each in settled:
            job, remote, reason = each.job, each.bill, each.reason
            if remote is not None and not each.is_ours:
                records.append(job.existing(remote))
            elif remote is not None:
                separate = job.in_parts(engine.settings) or job.entry.alone
                why, how = job.objection(remote), Discovery.AFTER_LOST_ANSWER
                if not why and separate:
                    why = job.match_lines(remote, remote.lines or ())
                if not why and job.partial:
                    records.append(job.lacking_lines(remote))
                else:
                    records.append(job.unsettled(remote, why) if why else job.complete(remote, how))
            elif reason and not each.taken and not each.others_only:
                records.append(job.change(State.UNKNOWN, Status.UNKNOWN, reason))
            elif job.refused is not None:
                records.append(job.rejection(job.refused))
        return records

    async def _stated_amounts(self) -> list[Change]:
        """The amounts that Light's answers did not state, as its list has them: one request."""
        silent = {
            job.remote.id: job
            for job in self.jobs
            if job.created and job.remote is not None and job.remote.amount is None
        }
        if not silent:
            return []
        since = min(job.first_sent or ALWAYS for job in silent.values())
        bills = [job.bill for job in silent.values()]
        begin = since - SKEW if since > ALWAYS else None
        listed = await list_documents(self.engine.gateway, bills, begin)
        records: list[Change] = []
        for bill in listed:
            job = silent.get(bill.id)
            if job is not None and job.remote is not None and bill.amount is not None:
                remote = replace(job.remote, amount=bill.amount)
                why = job.objection(remote)
                records.append(job.unsettled(remote, why) if why else job.complete(remote))
        return records

    def _unsettled(self) -> float:
        """Seconds until Light has settled since the last bill of the run, which an earlier run may
        have created."""
        settle = self.engine.settings.settle
        if any(job.is_in_light or job.refused for job in self.jobs):
            return settle
        return unsettled_for((job.entry for job in self.in_light), settle)

    def _bills(self, now: datetime, rejected: Collection[int] = ()) -> list[BillInLight]:
        """The bills that may have got a twin since the look before this one; ``now``, before the
        wait. ``rejected``: entries that Light does not have."""
        since = now - timedelta(seconds=self.engine.settings.settle)
        bills = []
        # A second copy could be of another bill that is alike, and of which no id is known.
        unsettled = (
            job
            for job in self.jobs
            if not (job.is_in_light or job.light_id or job.entry.id in rejected)
        )
        open_bills = ConflictIndex(job.bill for job in unsettled)
        for job in self.jobs:
            light_id = job.remote.id if job.is_in_light and job.remote else job.light_id
            if light_id is not None:  # whatever else is in doubt about it
                entry = replace(
                    job.entry,
                    light_id=light_id,
                    line_ids=job.line_ids,
                    partial=job.partial,
                    content=content(job.bill),
                    first_sent=job.first_sent or job.entry.first_sent,
                    resent=utc_now() if job.resent or job.line_in_doubt else job.entry.resent,
                    alone=job.in_parts(self.engine.settings) or job.entry.alone,
                )
                bills.append(BillInLight(entry, job.bill))
        if bills or any(
            job.entry.settled is not None and job.entry.settled > since for job in self.in_light
        ):
            bills += [BillInLight(job.entry, job.bill) for job in self.in_light]
        return [each for each in bills if not open_bills.has_like(each.bill)]
