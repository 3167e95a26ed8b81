"""Approve a submitted bill, once, as the user of the key; and who else has to approve it.

The bill is read first. While others have to approve too, Light still shows it as in review; then
its approvals tell whether ours is among them, by the note that it was sent with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from importer.core.answers import Answer, OnWire, Outcome, Verdict
from importer.core.errors import AccessRefused, LightRefused, WireProblem
from importer.loading.bill_state import IN_REVIEW, Transition, step_detail
from importer.loading.gateway import LightGateway, fetch_approvals
from importer.loading.operation import Decision, Finish, Look, Send
from importer.loading.operations.bill_step import BillStep
from importer.model.journal_states import StepKind, StepState
from importer.model.light_objects import LightBill, UserApproval

APPROVED = "APPROVED"
_CANNOT_TELL = "Light shows an approval and not whose it is"


def approval_note(run: str) -> str:
    """What Light keeps of our approval; no other run has the same."""
    return f"Approved with light-import: run {run}"


@dataclass
class ApproverNames:
    """The names of Light's users and groups, read once, when somebody asks."""

    _names: Mapping[str, str] | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, approvals: Iterable[UserApproval], gateway: LightGateway) -> list[str]:
        """Each once; by id where the key may not read the users."""
        async with self._lock:
            if self._names is None:
                self._names = await _user_names(gateway)
        names = self._names
        out = []
        for each in approvals:
            if each.user_id:
                out.append(names.get(each.user_id) or f"the user {each.user_id}")
            elif each.group_id:
                out.append(f"the group {names.get(each.group_id) or each.group_id}")
            else:
                out.append("somebody")
        return list(dict.fromkeys(out))


async def _user_names(gateway: LightGateway) -> dict[str, str]:
    try:
        users = await gateway.users()
    except (AccessRefused, LightRefused, WireProblem):
        return {}
    groups = {id: name for user in users for id, name in user.groups}
    return groups | {user.id: user.name for user in users}


@dataclass(eq=False)
class ApproveBill(BillStep):
    """``note`` is sent with it. The names of those who have to approve it too go into the step's
    detail, as ``waiting``."""

    kind = StepKind.APPROVE
    right = "approve bills"
    already: ClassVar[str] = "it was approved in Light already (state {state})"

    note: str = ""
    names: ApproverNames = field(default_factory=ApproverNames)
    _approvals: Sequence[UserApproval] | None = None  # as last read, None where they were not
    _unreadable: str = ""  # why they could not be read
    _waiting: Sequence[str] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self._tried:
            self.note = self.step.detail_value("note") or self.note

    def detail(self) -> str:
        return step_detail(self.light_id, {"note": self.note})

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        return await gateway.approve_bill(self.light_id, self.note, on_wire)

    def rejected(self, outcome: Outcome[Any]) -> Decision:
        decision = super().rejected(outcome)
        if not isinstance(decision, Finish):
            return decision
        self._refusal = outcome  # for the lack of a right: it is read who has it
        return Look(self, records=(self.put_back(outcome.reason, attempted=True),))

    async def look_further(self, gateway: LightGateway, remote: LightBill) -> None:
        if remote.state != IN_REVIEW or not (self._tried or self._refusal):
            self._approvals = None
            return
        try:
            outcome = await fetch_approvals(gateway, self.light_id)
        except AccessRefused as error:
            self._approvals, self._unreadable = None, str(error)
            return
        self._approvals = outcome.content
        self._unreadable = "" if outcome.verdict is Verdict.ACCEPTED else outcome.reason
        others = [each for each in self._approvals or () if each.status != APPROVED]
        self._waiting = await self.names.of(others, gateway) if others else ()

    async def look(self, gateway: LightGateway) -> Decision:
        decision = await super().look(gateway)
        if isinstance(decision, Send) and self._tried and self._undecidable:
            return self.finish(StepState.UNKNOWN, self._undecidable)
        return decision

    def transition(self, remote: LightBill) -> tuple[Transition, str]:
        if remote.state == IN_REVIEW and self._is_shown:
            return Transition.DONE, ""
        return super().transition(remote)

    @property
    def _is_shown(self) -> bool:
        """Whether Light shows our approval among those that are still to come."""
        if self._approvals is None:  # Light's yes has to do
            return self._accepted and bool(self._unreadable)
        given = [each for each in self._approvals if each.status == APPROVED]
        ours = any(each.note == self.note for each in given)
        return ours or (self._accepted and any(not each.note for each in given))

    @property
    def _undecidable(self) -> str:
        """Why the approvals do not show whether ours is among them; "" where they do."""
        if self._approvals is None:
            return f"it could not be read who has approved it: {self._unreadable}"
        blank = any(each.status == APPROVED and not each.note for each in self._approvals)
        return _CANNOT_TELL if blank else ""

    def finish(self, state: StepState, message: str = "", **more: Any) -> Finish:
        remote: LightBill | None = more.get("remote")
        if self._waiting and remote is not None and remote.state == IN_REVIEW:
            detail = {"note": self.note, "waiting": list(self._waiting)}
            self.step = replace(self.step, detail=step_detail(self.light_id, detail))
        return super().finish(state, message, **more)
