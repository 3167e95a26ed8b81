"""The options of an undo."""

from __future__ import annotations

from dataclasses import dataclass

from importer.app.bill_selection import BillSelection
from importer.app.consent import CONFIRM_ABOVE
from importer.app.destination import DEFAULT_PACE, PaceOptions


@dataclass(frozen=True)
class UndoOptions:
    """``yes``: without asking for consent; ``force``: bills too that were changed in Light since;
    ``reason``: what Light is told; ``journal``: another than the company's own. ``twins``: only
    what Light has more than once, where the run's copy is the later of equal drafts. ``settle``:
    seconds until what Light does not show is asked for again. ``bills`` and ``vendor``: these
    alone, see ``BillSelection``."""

    run: str
    bills: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    journal: str | None = None
    dry_run: bool = False
    yes: bool = False
    force: bool = False
    reason: str | None = None
    twins: bool = False
    settle: float = 30.0
    pace: PaceOptions = DEFAULT_PACE
    confirm_above: float = CONFIRM_ABOVE

    @property
    def selection(self) -> BillSelection:
        return BillSelection(self.bills, self.vendor)
