"""Create a vendor, once: Light takes no idempotency key and permits two vendors of one name.

Light is asked for the vendor's name, identifier and VAT id before each attempt and after it. After
a lost answer two looks, a settling time apart, have to show none before it is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from importer.core.answers import Answer, Mismatch, OnWire, Outcome
from importer.core.clock import utc_now
from importer.core.name_key import name_key
from importer.loading.gateway import LightGateway
from importer.loading.journal.vendor_records import VendorRecord, VendorState
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
from importer.model.fields import PROPERTY
from importer.model.light_objects import NewVendor, Vendor

_IN_DOUBT = (VendorState.SENDING, VendorState.UNKNOWN)


@dataclass(eq=False)
class CreateVendor(Operation):
    """``record`` is as the journal has it, and in the end how it came out.

    ``former_ids`` are the ids of vendors that Light had before; none of them is this one.
    ``shown`` is the vendor as Light showed it last.
    """

    right = "create vendors"
    noun = "vendor"

    vendor: NewVendor
    record: VendorRecord
    settings: EngineSettings
    run: str
    former_ids: frozenset[str] = frozenset()
    shown: Vendor | None = field(init=False, default=None)
    _tried: bool = field(init=False)  # sent, now or before, without a definite no
    _accepted: str | None = None  # Light's id, by its yes
    _refusal: Outcome[Any] | None = None
    _absent_looks: int = 0
    _lost: int = 0
    _last_reason: str = ""

    def __post_init__(self) -> None:
        self._tried = self.record.state in _IN_DOUBT and self.record.attempts > 0

    def first(self) -> Decision:
        return Look(self, self.settings.settle if self._tried else 0.0)

    def intent(self, light_time: datetime | None) -> Record:
        properties = {f"{PROPERTY}{each.name}": each.value for each in self.vendor.properties}
        return self._record(
            VendorState.SENDING,
            attempts=self.record.attempts + 1,
            sent=utc_now(),
            values={**self.vendor.values, **properties},
            run=self.run,
        )

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        return await gateway.create_vendor(self.vendor, on_wire)

    def read(self, gateway: LightGateway, body: object) -> Vendor | Mismatch | None:
        """The vendor, if it is a new one of this name and these numbers."""
        vendor = gateway.read_vendor(body)
        if vendor.id in self.former_ids:
            return Mismatch(f"with the vendor {vendor.id}, which Light had before")
        if not self._is_ours(vendor):
            return Mismatch(f"with another vendor, '{vendor.name}' ({vendor.id})")
        return vendor

    def _is_ours(self, vendor: Vendor) -> bool:
        """Whether it has this name, and no other identifier or VAT id where it states one."""
        values = self.vendor.values
        return name_key(vendor.name) == name_key(self.vendor.name) and all(
            not (ours and light) or name_key(ours) == name_key(light)
            for ours, light in (
                (values.get("identifier"), vendor.identifier),
                (values.get("vatId"), vendor.vat_id),
            )
        )

    # --- after an answer ----------------------------------------------------------------------

    def accepted(self, content: Vendor) -> Decision:
        self._tried, self._accepted, self.shown = True, content.id, content
        record = self._record(VendorState.CREATED, light_id=content.id)
        return Look(self, records=(record,))

    def rejected(self, outcome: Outcome[Any]) -> Decision:
        if outcome.forbidden and not self._tried:
            return self._finish(VendorState.REJECTED, outcome.reason)
        # Perhaps it was done all the same: the list tells.
        self._refusal, self._absent_looks = outcome, 0
        return Look(self, self.settings.settle, (self.in_doubt(outcome.reason),))

    def lost(self, reason: str, *, counts: bool = True) -> Decision:
        self._tried, self._last_reason, self._absent_looks = True, reason, 0
        self._lost += counts
        return Look(self, self.settings.settle, (self.in_doubt(reason),))

    def put_back(self, reason: str = "", *, attempted: bool = False) -> Record:
        attempts = self.record.attempts - (not attempted)
        state = VendorState.UNKNOWN if self._tried else VendorState.PLANNED
        return self._record(state, message=reason, attempts=attempts)

    def in_doubt(self, reason: str) -> Record:
        return self._record(VendorState.UNKNOWN, message=reason)

    # --- how it is in Light -------------------------------------------------------------------

    async def look(self, gateway: LightGateway) -> Decision:
        values = self.vendor.values
        numbers = [values[name] for name in ("identifier", "vatId") if values.get(name)]
        listed = await gateway.find_vendors([self.vendor.name, *numbers])
        return self._by_list([each for each in listed if each.id not in self.former_ids])

    def _by_list(self, listed: Sequence[Vendor]) -> Decision:
        """What comes next, by the vendors of its name or numbers that Light did not have before."""
        ids = {each.id for each in listed if name_key(each.name) == name_key(self.vendor.name)}
        if self._accepted is not None:
            ids.add(self._accepted)
        if len(ids) > 1:
            both = " and ".join(sorted(ids))
            return self._finish(VendorState.UNKNOWN, f"Light has it {len(ids)} times: {both}")
        if ids:
            self.shown = next((each for each in listed if each.id in ids), self.shown)
            sent = self._tried or self._refusal is not None
            state = VendorState.CREATED if sent else VendorState.ADOPTED
            return self._finish(state, light_id=ids.pop())
        if listed:
            names = " and ".join(f"'{each.name}' ({each.id})" for each in listed)
            reason = f"Light has its identifier or VAT id under another name now: {names}"
            state = VendorState.UNKNOWN if self._tried else VendorState.REJECTED
            return self._finish(state, reason)
        if not self._tried and self._refusal is None:
            return Send(self)
        self._absent_looks += 1
        if self._absent_looks < ABSENT_LOOKS:
            return Look(self, self.settings.settle)
        if self._refusal is not None:
            return self._finish(VendorState.REJECTED, self._refusal.reason)
        if self._lost >= MOST_LOST:
            words = f"Light's answer was lost {self._lost} times ({self._last_reason})"
            return self._finish(VendorState.UNKNOWN, f"{words}, and it does not show the vendor")
        self._absent_looks = 0
        return Send(self)

    def unreadable(self, reason: str) -> Decision:
        if self._accepted is not None:
            return self._finish(VendorState.CREATED, light_id=self._accepted)
        state = VendorState.UNKNOWN if self._tried else VendorState.PLANNED
        return self._finish(state, f"Light could not be asked for it: {reason}")

    def _finish(
        self, state: VendorState, message: str = "", light_id: str | None = None
    ) -> Decision:
        record = self._record(state, message=message.rstrip(". "), light_id=light_id)
        failed = state not in (VendorState.CREATED, VendorState.ADOPTED)
        return Finish(self, failed, (record,))

    def _record(self, state: VendorState, **changes: Any) -> VendorRecord:
        self.record = replace(self.record, **{"message": "", **changes, "state": state})
        return self.record
