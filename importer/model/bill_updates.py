"""The update of a bill in Light by a run, as the journal has it. Times are UTC."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from importer.core.answers import ApiError
from importer.model.bill_image import BillImage, image_from_json, image_to_json
from importer.model.journal_states import as_time, decoding


class UpdateState(StrEnum):
    """PLANNED: nothing was sent, or Light refused it and has the bill as before. SENDING, found at
    start, is a crash; UNKNOWN: a part may be done. CONTINUED: a later run took it over. RESTORED:
    an undo made the bill what it was before."""

    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CONTINUED = "continued"
    RESTORED = "restored"


OPEN_UPDATES = (UpdateState.SENDING, UpdateState.UNKNOWN)


@dataclass(frozen=True)
class SheetBill:
    """What an entry holds of a bill: its identity, and its content as the sheet has it."""

    identity: str
    content: str
    line_ids: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Update:
    """``before`` is the bill as Light had it, ``after`` as it should be; ``tried`` are other aims
    of runs before that were begun. ``old`` and ``new`` are of the entry. ``words``: what changes.
    """

    run: str
    entry: int
    state: UpdateState
    before: BillImage
    after: BillImage
    old: SheetBill
    new: SheetBill
    tried: tuple[BillImage, ...] = ()
    attempts: int = 0
    sent: datetime | None = None
    settled: datetime | None = None
    message: str = ""
    errors: tuple[ApiError, ...] = field(default=())
    restoring: bool = False  # an undo is making the bill what it was
    words: str = ""

    @property
    def images(self) -> tuple[BillImage, ...]:
        """How the bill may be by our doing, as it was first."""
        return self.before, self.after, *self.tried

    @property
    def line_ids(self) -> set[str]:
        """The lines that Light had, or was seen to have."""
        return {id for image in self.images for id in image.line_ids if id is not None}

    def as_row(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "entry": self.entry,
            "state": self.state.value,
            "attempts": self.attempts,
            "sent": self.sent and self.sent.isoformat(),
            "settled": self.settled and self.settled.isoformat(),
            "message": self.message,
            "restoring": self.restoring,
            "detail": json.dumps(
                {
                    "before": image_to_json(self.before),
                    "after": image_to_json(self.after),
                    "tried": [image_to_json(image) for image in self.tried],
                    "old": _as_list(self.old),
                    "new": _as_list(self.new),
                    "words": self.words,
                    "errors": [[e.message, e.path, e.type] for e in self.errors],
                }
            ),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Update:
        """An update from its row in the journal; DamagedRecord where it cannot be read."""
        with decoding(f"the update of entry {row['entry']} by run {row['run']}"):
            detail = json.loads(row["detail"])
            return cls(
                run=row["run"],
                entry=row["entry"],
                state=UpdateState(row["state"]),
                before=image_from_json(detail["before"]),
                after=image_from_json(detail["after"]),
                old=_from_list(detail["old"]),
                new=_from_list(detail["new"]),
                tried=tuple(map(image_from_json, detail["tried"])),
                attempts=row["attempts"],
                sent=as_time(row["sent"]),
                settled=as_time(row["settled"]),
                message=row["message"],
                errors=tuple(ApiError(m, tuple(path), kind) for m, path, kind in detail["errors"]),
                restoring=bool(row["restoring"]),
                words=str(detail["words"]),
            )


def _as_list(bill: SheetBill) -> list[Any]:
    return [bill.identity, bill.content, list(bill.line_ids)]


def _from_list(values: Sequence[Any]) -> SheetBill:
    identity, content, line_ids = values
    return SheetBill(identity, content, tuple(line_ids))
