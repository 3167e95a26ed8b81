"""The look at the end of a load: which of its bills Light has more than once, or has although it
refused them, and what amounts its answers did not state."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from importer.core.clock import utc_now
from importer.core.hold_back import ANNOUNCED_FROM, duration
from importer.loading.engine import Engine
from importer.loading.identity import ConflictIndex, content
from importer.loading.job import BillJob
from importer.loading.operation import Record
from importer.loading.reconcile import SKEW, look_up
from importer.loading.twins import BillInLight, extra_lines, look_for_twins, save_sweep
from importer.model.journal_states import ALWAYS, Discovery, State, Status


@dataclass
class FinalSweep:
    """Waits until Light has settled since the last bill was created, and looks once. ``jobs`` are
    those of the engine, ``in_light`` those that were in Light before."""

    engine: Engine
    jobs: Sequence[BillJob]
    in_light: Sequence[BillJob]

    async def __call__(self) -> list[Record]:
        bills = self._bills()
        refused = [job for job in self.jobs if job.rejected and job.light_id is None]
        if not bills and not refused:
            return []
        engine, settle = self.engine, self.engine.settings.settle
        wait = min(settle, self._unsettled())
        if wait > ANNOUNCED_FROM:
            after = "then checking for bills that are in Light more than once."
            engine.progress.message(f"Waiting {duration(wait)}, {after}")
        if wait > 0:
            await asyncio.sleep(wait)
        if bills:
            sweep = await look_for_twins(bills, engine.gateway, engine.journal, settle)
            save_sweep(engine.journal, engine.run, sweep)
        records = [*await self._refused_in_light(refused), *await self._stated_amounts()]
        return [*records, *await self._extra_lines()]

    async def _refused_in_light(self, refused: Sequence[BillJob]) -> list[Record]:
        """Bills that Light refused and has all the same."""
        engine, records = self.engine, list[Record]()
        settle = engine.settings.settle
        settled = await look_up(refused, engine.gateway, engine.journal, settle) if refused else []
        for each in settled:
            job, remote, reason = each.job, each.bill, each.reason
            if remote is not None:
                separate = engine.settings.separate or job.entry.alone
                why = job.objection(remote) or ("its line items are to follow" if separate else "")
                how = Discovery.AFTER_LOST_ANSWER
                records.append(job.unsettled(remote, why) if why else job.complete(remote, how))
            elif reason:
                records.append(job.change(State.UNKNOWN, Status.UNKNOWN, reason))
        return records

    async def _stated_amounts(self) -> list[Record]:
        """The amounts that Light's answers did not state, as its list has them: one request."""
        silent = {
            job.remote.id: job
            for job in self.jobs
            if job.created and job.remote is not None and job.remote.amount is None
        }
        if not silent:
            return []
        vendors = sorted({job.bill.vendor_id for job in silent.values() if job.bill.vendor_id})
        since = min(job.first_sent or ALWAYS for job in silent.values())
        listed = await self.engine.gateway.list_bills(
            vendors, since - SKEW if since > ALWAYS else None
        )
        records: list[Record] = []
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
        if any(job.created or job.rejected for job in self.jobs):
            return settle
        now = utc_now()
        ages = [now - job.entry.settled for job in self.in_light if job.entry.settled]
        return settle - min(ages, default=timedelta.max).total_seconds()

    def _bills(self) -> list[BillInLight]:
        """The bills that may have got a twin since the look before this one."""
        settle = timedelta(seconds=self.engine.settings.settle)
        since = utc_now() - settle
        bills = []
        # A second copy could be of another bill that is alike, and that was not settled.
        open_bills = ConflictIndex(job.bill for job in self.jobs if not job.created)
        for job in self.jobs:
            if job.created and job.remote is not None:
                entry = replace(job.entry, light_id=job.remote.id, content=content(job.bill))
                if job.first_sent is not None:
                    entry = replace(entry, first_sent=job.first_sent)
                bills.append(BillInLight(entry, job.bill))
        if bills or any(
            job.entry.settled is not None and job.entry.settled > since for job in self.in_light
        ):
            bills += [BillInLight(job.entry, job.bill) for job in self.in_light]
        return [each for each in bills if not open_bills.has_like(each.bill)]

    async def _extra_lines(self) -> list[Record]:
        """Bills with a line too many, which was sent again in a request of its own."""
        resent = [job for job in self.jobs if job.resent and job.created and job.lines]
        extra = await extra_lines(resent, self.engine.gateway)
        return [
            job.creation(Status.UNKNOWN, extra[job.entry.id])
            for job in resent
            if job.entry.id in extra
        ]
