"""What loading asks of Light. ``importer.light.LightClient`` is one; nothing here knows HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from importer.core.answers import Answer, Mismatch, OnWire, Outcome
from importer.core.fetch import fetch
from importer.core.object_ids import same_id
from importer.loading.bill_state import is_cancelled
from importer.model.bill_image import LineImage, Properties
from importer.model.bills import Bill, DocumentRef, document_type
from importer.model.light_objects import (
    LightBill,
    LightLine,
    NewVendor,
    NoteLink,
    PropertyGroup,
    UploadTarget,
    User,
    UserApproval,
    Vendor,
)


class LightGateway(Protocol):
    """Each method that returns an ``Answer`` makes exactly one attempt. All raise BudgetSpent
    before anything is sent."""

    @property
    def light_time(self) -> datetime | None:
        """Light's own time (UTC), or earlier; None where its answers do not state it."""

    @property
    def light_clock(self) -> datetime | None:
        """As ``light_time``, and now: earlier by seconds at most."""

    def announce(self, wait: str) -> None:
        """Tell the person what is waited for."""

    async def create_bill(
        self, bill: Bill, on_wire: OnWire, *, with_lines: bool, request_key: str | None = None
    ) -> Answer:
        """``request_key``: of a credit note; Light makes one note of all requests that have it."""

    async def create_line(self, bill_id: str, bill: Bill, line: int, on_wire: OnWire) -> Answer:
        """Add one line, by its index, to a bill that Light has."""

    async def get_bill(
        self, bill_id: str, *, balance: bool = False, credit_note: bool = False
    ) -> Answer:
        """``balance``: of a bill, with what is outstanding."""

    async def get_line_item(self, bill_id: str, line_id: str) -> Answer: ...

    async def patch_bill(
        self,
        bill_id: str,
        values: Mapping[str, object],
        on_wire: OnWire,
        *,
        properties: Properties | None = None,
        credit_note: bool = False,
    ) -> Answer:
        """Set fields of a bill, by their names; None clears. ``properties`` are all it has then; a
        credit note keeps its own."""

    async def put_line(self, bill_id: str, line: LineImage, on_wire: OnWire) -> Answer:
        """Replace a line, or add it where it has no id."""

    async def add_note_line(
        self, note_id: str, line: LineImage, credit_sign: str, on_wire: OnWire
    ) -> Answer:
        """Add a line to a credit note, whose credits are on that side."""

    async def delete_line(
        self, bill_id: str, line_id: str, on_wire: OnWire, *, credit_note: bool = False
    ) -> Answer:
        """Its answer has ``{"deleted": id}``."""

    async def property_groups(self) -> list[PropertyGroup]:
        """The custom properties; retries until it has them."""

    async def submit_bill(self, bill_id: str, on_wire: OnWire) -> Answer: ...

    async def approve_bill(self, bill_id: str, note: str, on_wire: OnWire) -> Answer:
        """As the user of the key, who may be one of some that have to."""

    async def approvals(self, bill_id: str) -> Answer: ...

    async def users(self) -> list[User]:
        """All users with their groups; retries until it has them."""

    async def post_bill(self, ref: DocumentRef, on_wire: OnWire) -> Answer: ...

    async def link_note(self, link: NoteLink, on_wire: OnWire) -> Answer:
        """Clear so much of the bill with the credit note."""

    async def note_links(self, note_id: str) -> Answer: ...

    async def pay_bill(self, bill_id: str, bill: Bill, on_wire: OnWire) -> Answer:
        """The bill's amount, in full, from its bank account on its day."""

    async def cancel_bill(self, ref: DocumentRef, reason: str, on_wire: OnWire) -> Answer: ...

    async def upload_url(
        self, bill_id: str, name: str, content_type: str, on_wire: OnWire
    ) -> Answer: ...

    async def put_document(self, target: UploadTarget, path: Path, size: int) -> Answer:
        """The file where Light wants it, without the key; counts against no limit."""

    async def list_bills(
        self, vendor_ids: Sequence[str] | None, created_since: datetime | None = None
    ) -> list[LightBill]:
        """All bills of these vendors, None for all, without lines; retries until it has them."""

    async def list_credit_notes(
        self, vendor_ids: Sequence[str] | None, created_since: datetime | None = None
    ) -> list[LightBill]:
        """As ``list_bills``, the credit notes of these vendors."""

    async def credit_notes_numbered(self, numbers: Iterable[str]) -> list[LightBill]:
        """The credit notes of any vendor with one of these numbers, archived ones too."""

    async def create_vendor(self, vendor: NewVendor, on_wire: OnWire) -> Answer: ...

    async def find_vendors(self, terms: Sequence[str]) -> list[Vendor]:
        """Those whose name, identifier or VAT id is one of the terms; retries until it has them."""

    def read_vendor(self, body: object) -> Vendor: ...

    def read_bill(self, body: object, *, credit_note: bool = False) -> LightBill | None:
        """The bill or credit note in an answer; None where it has no state. This and those below
        raise WireProblem where it cannot be read."""

    def read_line(self, body: object, *, credit_sign: str = "") -> LightLine:
        """``credit_sign``: of the credit note that it is a line of."""

    def read_approvals(self, body: object) -> tuple[tuple[str, UserApproval], ...]:
        """Each with the id of its bill."""

    def read_note_link(self, body: object) -> NoteLink: ...

    def read_note_links(self, body: object) -> tuple[NoteLink, ...]: ...

    def read_upload_target(self, body: object) -> UploadTarget | str:
        """The address in an answer, or why nothing is sent there."""


async def fetch_bill(
    gateway: LightGateway, ref: DocumentRef, *, balance: bool = False, cancelled: bool = False
) -> Outcome[LightBill]:
    """The bill or credit note as it is in Light now; see ``fetch`` for the verdicts and what is
    raised. One that is shown as cancelled is read again: one answer proves nothing; unless it was
    ``cancelled`` as Light said."""
    noun = document_type(credit_note=ref.credit_note)

    def read(body: object) -> LightBill | Mismatch | None:
        bill = gateway.read_bill(body, credit_note=ref.credit_note)
        if bill is not None and not same_id(bill.id, ref.id):
            return Mismatch(f"with another {noun}, {bill.id}")
        return bill

    for _ in range(2):
        outcome = await fetch(
            lambda: gateway.get_bill(ref.id, balance=balance, credit_note=ref.credit_note),
            read,
            what=f"read {noun}s",
            noun=noun,
        )
        if cancelled or outcome.content is None or not is_cancelled(outcome.content):
            break
    return outcome


async def fetch_note_links(gateway: LightGateway, note_id: str) -> Outcome[tuple[NoteLink, ...]]:
    """Which bills a credit note clears now; as ``fetch_bill``."""

    def read(body: object) -> tuple[NoteLink, ...] | Mismatch | None:
        links = gateway.read_note_links(body)
        if any(not same_id(link.note_id, note_id) for link in links):
            return Mismatch("with the links of another credit note")
        return links

    return await fetch(
        lambda: gateway.note_links(note_id), read, what="read credit notes", noun="list of links"
    )


async def fetch_approvals(gateway: LightGateway, bill_id: str) -> Outcome[tuple[UserApproval, ...]]:
    """What the users say of a bill; as ``fetch_bill``."""

    def read(body: object) -> tuple[UserApproval, ...] | Mismatch | None:
        approvals = gateway.read_approvals(body)
        if any(not same_id(of, bill_id) for of, _ in approvals):
            return Mismatch("with the approvals of another bill")
        return tuple(each for _, each in approvals)

    return await fetch(
        lambda: gateway.approvals(bill_id), read, what="read approvals", noun="list of approvals"
    )


async def list_documents(
    gateway: LightGateway,
    bills: Iterable[Bill],
    since: datetime | None = None,
    most_vendors: int | None = None,
) -> list[LightBill]:
    """What Light lists of the vendors of these bills and credit notes: of each kind that is among
    them. Where there are more than ``most_vendors``, of all vendors."""
    vendors: dict[bool, set[str]] = {}
    for bill in bills:
        if bill.vendor_id:
            vendors.setdefault(bill.credit_note, set()).add(bill.vendor_id)
    out = []
    for credit_note, ids in sorted(vendors.items()):
        ask = gateway.list_credit_notes if credit_note else gateway.list_bills
        few = most_vendors is None or len(ids) <= most_vendors
        out += await ask(sorted(ids) if few else None, since)
    return out


async def fetch_line(gateway: LightGateway, bill_id: str, line_id: str) -> Outcome[LightLine]:
    """As ``fetch_bill``, one of its line items."""

    def read(body: object) -> LightLine | Mismatch | None:
        line = gateway.read_line(body)
        if not same_id(line.id, line_id):
            return Mismatch(f"with another line item, {line.id}")
        if line.bill_id and not same_id(line.bill_id, bill_id):
            return Mismatch(f"with a line item of another bill, {line.bill_id}")
        return line

    return await fetch(
        lambda: gateway.get_line_item(bill_id, line_id),
        read,
        what="read line items",
        noun="line item",
    )
