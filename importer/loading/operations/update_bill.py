"""Make a bill that Light has as it should be: its header, then its lines.

The bill is read first. What is still to be done is worked out from how it is then, so that the same
look settles a crash, a lost answer and a refusal. Where Light refuses a part, the bill is made
again what it was. What somebody else has changed is never overwritten.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from importer.core.answers import Answer, ApiError, Mismatch, OnWire, Outcome, Verdict
from importer.core.clock import utc_now
from importer.core.object_ids import same_id
from importer.loading.bill_state import is_updatable, unknown_state
from importer.loading.gateway import LightGateway, fetch_bill
from importer.loading.image_changes import (
    HeaderChange,
    ImageChange,
    LineAddition,
    LineDeletion,
    LineReplacement,
    missing_changes,
    restored,
    unexplained,
)
from importer.loading.journal.update_records import UpdateRecord, sending
from importer.loading.operation import (
    ABSENT_LOOKS,
    MOST_LOST,
    Decision,
    EngineSettings,
    Finish,
    Look,
    Operation,
    Record,
    Send,
)
from importer.model.bill_image import BillImage, image_of
from importer.model.bill_updates import OPEN_UPDATES, SheetBill, Update, UpdateState
from importer.model.bills import DocumentRef
from importer.model.journal_states import Status
from importer.model.light_objects import LightBill, LightLine

_MOST_UNSHOWN = 3  # looks in a row that do not show what Light accepted


@dataclass(frozen=True)
class _Deleted:
    """That Light answered that a line is deleted."""


@dataclass(eq=False)
class UpdateBill(Operation):
    """``light_id`` is the bill's. ``was`` is its status where nothing comes of it. ``selects`` are
    the ids of the custom properties to select from.

    ``dry``: only how it would end, ``result``, is found out.
    """

    update: Update
    light_id: str
    was: Status
    settings: EngineSettings
    selects: Collection[str] = ()
    dry: bool = False
    result: tuple[UpdateState, str] | None = None

    right = "change bills"

    _target: BillImage = field(init=False)
    _resumed: bool = field(init=False)  # an earlier run sent a part, or an undo
    _begun: bool = field(init=False)  # something was sent, now or before, and not taken back
    _rolling_back: bool = False
    _todo: list[ImageChange] = field(default_factory=list)
    _refusal: Outcome[Any] | None = None
    _refused: Outcome[Any] | None = None  # for which it is rolled back
    _accepted: bool = False  # all that was sent since the last look
    _late: bool = False  # what was sent and is not shown may still come
    _added_again: bool = False  # a line item, after an answer was lost
    _lost: int = 0
    _unshown: int = 0
    _absent_looks: int = 0

    def __post_init__(self) -> None:
        update = self.update
        self._target = restored(update.before, update.after) if update.restoring else update.after
        self._resumed = update.state in OPEN_UPDATES or bool(update.tried)
        self._begun = self._resumed

    @property
    def _name(self) -> str:
        return f"Light's {self._ref.noun} {self.light_id}"

    @property
    def _credit_sign(self) -> str:
        """That of a credit note, "" of a bill."""
        return self.update.before.credit_sign

    @property
    def _ref(self) -> DocumentRef:
        return DocumentRef(self.light_id, bool(self._credit_sign))

    def first(self) -> Decision:
        return Look(self, self.settings.settle if self._resumed and not self.dry else 0.0)

    # --- one request --------------------------------------------------------------------------

    def intent(self, light_time: datetime | None) -> Record:
        self.update = replace(sending(self.update), message="", settled=None, errors=())
        return self._record(Status.UNKNOWN)

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        match self._todo[0]:
            case HeaderChange(values, properties):
                return await gateway.patch_bill(
                    self.light_id,
                    values,
                    on_wire,
                    properties=properties,
                    credit_note=self._ref.credit_note,
                )
            case LineReplacement(line):
                return await gateway.put_line(self.light_id, line, on_wire)
            case LineAddition(line) if self._ref.credit_note:
                return await gateway.add_note_line(self.light_id, line, self._credit_sign, on_wire)
            case LineAddition(line):
                return await gateway.put_line(self.light_id, replace(line, id=None), on_wire)
            case LineDeletion(line_id):
                return await gateway.delete_line(
                    self.light_id, line_id, on_wire, credit_note=self._ref.credit_note
                )

    def read(
        self, gateway: LightGateway, body: object
    ) -> LightBill | LightLine | _Deleted | Mismatch | None:
        """What was changed, if the answer is about it."""
        change = self._todo[0]
        if isinstance(change, HeaderChange):
            bill = gateway.read_bill(body, credit_note=self._ref.credit_note)
            if bill is not None and not same_id(bill.id, self.light_id):
                return Mismatch(f"with another {self._ref.noun}, {bill.id}")
            return bill
        if isinstance(change, LineDeletion):
            deleted = isinstance(body, dict) and body.get("deleted") == change.id
            return _Deleted() if deleted else None
        line = gateway.read_line(body, credit_sign=self._credit_sign)
        if line.bill_id is not None and not same_id(line.bill_id, self.light_id):
            return Mismatch(f"with a line item of another bill, {line.bill_id}")
        if isinstance(change, LineReplacement) and not same_id(line.id, change.line.id):
            return Mismatch(f"with another line item, {line.id}")
        if isinstance(change, LineAddition) and line.id in self.update.line_ids:
            return Mismatch(f"with the line item {line.id}, which it had before")
        return line

    # --- after an answer ----------------------------------------------------------------------

    def accepted(self, content: object) -> Decision:
        self._todo.pop(0)
        self._begun = self.completes = True  # type: ignore[misc]
        self._lost, self._accepted = 0, not self._todo
        return Send(self) if self._todo else Look(self)

    def rejected(self, outcome: Outcome[Any]) -> Decision:
        # Perhaps because it was done already, or the bill is a draft no more: the bill tells.
        self._refusal, self._accepted = self._with_line(outcome), False
        after = self.settings.settle if self._begun or outcome.duplicate else 0.0
        return Look(self, after, (self.in_doubt(outcome.reason),))

    def _with_line(self, outcome: Outcome[Any]) -> Outcome[Any]:
        """With the line's place in the paths, as if the whole bill had been refused."""
        change = self._todo[0]
        if isinstance(change, HeaderChange):
            return outcome
        if isinstance(change, LineDeletion):  # it is not in the sheet
            return replace(outcome, errors=tuple(replace(e, path=()) for e in outcome.errors))
        place = next((k for k, x in enumerate(self._target.lines) if x is change.line), 0)
        at = ("lineItems", str(place))
        errors = tuple(replace(e, path=(*at, *e.path)) for e in outcome.errors)
        return replace(outcome, errors=errors)

    def lost(self, reason: str, *, counts: bool = True) -> Decision:
        self._begun, self._accepted = True, False
        self._lost += counts
        return Look(self, self.settings.settle, (self.in_doubt(reason),))

    def put_back(self, reason: str = "", *, attempted: bool = False) -> Record:
        """Nothing was done by this request; those before it stay done."""
        if self._begun:
            return self.in_doubt(reason or "a part of the changes was not sent")
        state = UpdateState.DONE if self.update.restoring else UpdateState.PLANNED
        attempts = self.update.attempts - (not attempted)
        self.update = replace(
            self.update, state=state, attempts=attempts, message=reason or self._words(state)
        )
        return UpdateRecord(replace(self.update, restoring=False), self.was)

    def in_doubt(self, reason: str) -> Record:
        self.update = replace(self.update, state=UpdateState.UNKNOWN, message=reason)
        return self._record(Status.UNKNOWN)

    # --- how the bill is ----------------------------------------------------------------------

    async def look(self, gateway: LightGateway) -> Decision:
        outcome = await fetch_bill(gateway, self._ref)
        if outcome.content is not None and outcome.content.lines is not None:
            return self._at(outcome.content)
        if outcome.verdict is Verdict.ABSENT:
            self._absent_looks += 1
            if self._absent_looks < ABSENT_LOOKS:
                return Look(self, self.settings.settle)
            return self._undetermined(f"Light does not show its bill {self.light_id}", None)
        return self.unreadable(outcome.reason)

    def unreadable(self, reason: str) -> Decision:
        return self._undetermined(f"{self._name} could not be read: {reason}", None)

    def _at(self, remote: LightBill) -> Decision:
        """What comes next of the bill as it is now."""
        now = image_of(remote, self.selects)
        if others := unexplained(now, self.update.images):
            words = f"it was changed in Light meanwhile: {', '.join(others)}"
            return self._undetermined(words, remote)
        todo, ids = missing_changes(now, self._target, self.update.line_ids)
        if not todo:
            return self._as_it_should_be(remote, ids)
        self._late |= self._lost > 0 or self._resumed
        if why := unknown_state(remote):
            return self._undetermined(why, remote)
        if not is_updatable(remote):
            words = f"only a draft can be changed (state {remote.state})"
            done, _ = missing_changes(now, self._origin, self.update.line_ids)
            if done and self._begun:
                return self._undetermined(f"a part of it was changed, and now {words}", remote)
            return self._no_change(words, remote)
        if self._refusal is not None and not any(_same_aim(self._todo[0], x) for x in todo):
            self._refusal = None  # it was done all the same
        if self._refusal is not None:
            return self._after_refusal(now, remote)
        if self.dry:
            return self._finish(UpdateState.PLANNED)
        if self._accepted:
            self._unshown += 1
            if self._unshown >= _MOST_UNSHOWN:
                return self._undetermined("Light accepted the change but does not show it", remote)
            return Look(self, self.settings.settle)
        if self._lost >= MOST_LOST:
            return self._undetermined(f"Light's answer was lost {self._lost} times", remote)
        if self._lost > 0 or self._resumed:
            self._added_again |= any(isinstance(each, LineAddition) for each in todo)
        self._todo = todo
        return Send(self)

    def _as_it_should_be(self, remote: LightBill, ids: tuple[str | None, ...]) -> Decision:
        if self._late and not self.dry:
            self._late = False
            return Look(self, self.settings.settle)
        if self._rolling_back:
            return self._no_change("", remote, ids)
        return self._done(remote, ids)

    @property
    def _origin(self) -> BillImage:
        """How the bill was."""
        update = self.update
        return update.after if update.restoring else restored(update.before, update.after)

    def _after_refusal(self, now: BillImage, remote: LightBill) -> Decision:
        refusal, self._refusal = self._refusal, None
        assert refusal is not None
        if self._rolling_back:
            words = (
                "Light refused a part of the change, and then refused to restore the bill:"
                f" {refusal.reason}"
            )
            return self._undetermined(words, remote)
        self._refused = refusal
        todo, ids = missing_changes(now, self._origin, self.update.line_ids)
        if not todo:
            return self._no_change("", remote, ids)
        self._rolling_back, self._target, self._todo = True, self._origin, todo
        return Send(self)

    # --- the end ------------------------------------------------------------------------------

    def _done(self, remote: LightBill, ids: tuple[str | None, ...]) -> Decision:
        update = self.update
        if update.restoring:
            # The content before is of lines whose order the ids of then tell.
            self.update = replace(update, restoring=False)
            line_ids = _restored_ids(update, ids)
            holds = replace(update.old, line_ids=line_ids)
            return self._finish(UpdateState.RESTORED, "", Status.UNDONE, holds=holds, remote=remote)
        lines = zip(update.after.lines, ids, strict=True)
        after = replace(update.after, lines=tuple(replace(line, id=id) for line, id in lines))
        self.update = replace(update, after=after)
        holds = replace(update.new, line_ids=ids)
        return self._finish(UpdateState.DONE, "", Status.UPDATED, holds=holds, remote=remote)

    def _no_change(
        self, reason: str, remote: LightBill, ids: Sequence[str | None] = ()
    ) -> Decision:
        """Light has the bill as before."""
        refused = self._refused or self._refusal
        errors = refused.errors if refused else ()
        words = reason or (refused.reason if refused else "")
        update, holds = self.update, None
        if update.restoring:
            if ids and tuple(ids) != update.after.line_ids:
                holds = replace(update.new, line_ids=tuple(ids))
            state, status = UpdateState.DONE, self.was
        else:
            if ids and tuple(ids) != update.before.line_ids:  # deleted, and added again
                holds = replace(update.old, line_ids=_restored_ids(update, ids))
            state, status = UpdateState.REFUSED, Status.REJECTED if refused else self.was
        return self._finish(state, words, status, errors=errors, holds=holds, remote=remote)

    def _undetermined(self, reason: str, remote: LightBill | None) -> Decision:
        if self._begun:
            return self._finish(UpdateState.UNKNOWN, reason, Status.UNKNOWN, remote=remote)
        state = UpdateState.DONE if self.update.restoring else UpdateState.REFUSED
        return self._finish(state, reason, self.was)

    def _finish(
        self,
        state: UpdateState,
        message: str = "",
        status: Status | None = None,
        *,
        errors: tuple[ApiError, ...] = (),
        holds: SheetBill | None = None,
        remote: LightBill | None = None,
    ) -> Decision:
        self.result = state, message
        wanted = (UpdateState.DONE, UpdateState.RESTORED)
        failed = state not in wanted or bool(message)
        if self.dry:
            return Finish(self, failed and state is not UpdateState.PLANNED)
        self.update = replace(
            self.update,
            state=state,
            message=message.rstrip(". ") or self._words(state),
            errors=errors,
            settled=utc_now() if state in (*wanted, UpdateState.REFUSED) else None,
        )
        return Finish(self, failed, (UpdateRecord(self.update, status, holds, remote),))

    def _words(self, state: UpdateState) -> str:
        """What the row says of a good end."""
        if state is UpdateState.RESTORED:
            return f"restored by undo on {utc_now():%Y-%m-%d %H:%M} UTC"
        return f"changed: {self.update.words}" if state is UpdateState.DONE else ""

    def _record(self, status: Status | None) -> UpdateRecord:
        return UpdateRecord(self.update, status, again=self._added_again)


def _same_aim(a: ImageChange, b: ImageChange) -> bool:
    """Whether two changes are of the header, or of one line."""
    if isinstance(a, HeaderChange) or isinstance(b, HeaderChange):
        return type(a) is type(b)
    if isinstance(a, LineDeletion) or isinstance(b, LineDeletion):
        return a == b
    return a.line is b.line


def _restored_ids(update: Update, ids: Sequence[str | None]) -> tuple[str | None, ...]:
    """The ids of the lines of the content before, in its order: a line that was deleted and added
    again has another now."""
    now = dict(zip(update.before.line_ids, ids, strict=True))
    return tuple(None if id is None else now.get(id, id) for id in update.old.line_ids)
