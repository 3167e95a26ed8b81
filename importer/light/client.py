"""Client of Light's API: what changes Light, and reads of one attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from importer.core.answers import Answer, OnWire
from importer.light import approval_codec, codec, directory_codec, note_codec
from importer.light.api_session import Params
from importer.light.light_reads import LightReads
from importer.light.paths import (
    APPROVALS,
    BILLS,
    NOTES,
    VENDORS,
    document_path,
    line_path,
)
from importer.model.bill_image import LineImage, Properties
from importer.model.bills import Bill, DocumentRef
from importer.model.light_objects import (
    LightBill,
    LightLine,
    NewVendor,
    NoteLink,
    UploadTarget,
    UserApproval,
    Vendor,
)


class LightClient(LightReads):
    """Light's API. An async context manager; ``timeout`` is seconds.

    Methods that return an ``Answer`` make one attempt; the caller classifies it. Those that return
    records retry. All raise BudgetSpent (or RateLimiterProblem) before sending where nothing may be
    sent.
    """

    async def create_bill(
        self,
        bill: Bill,
        on_wire: OnWire | None = None,
        *,
        with_lines: bool = True,
        request_key: str | None = None,
    ) -> Answer:
        """``POST`` the bill or credit note, once. Raises ValueError where ids are missing.

        ``request_key``: of a credit note, which goes with its lines; Light makes one note of all
        requests that have it.
        """
        if not bill.credit_note:
            body = codec.bill_to_json(bill, with_lines=with_lines)
            return await self.send("POST", BILLS, json=body, on_wire=on_wire)
        body = note_codec.note_to_json(bill)
        headers = {"X-Idempotency-Key": request_key} if request_key else None
        return await self.send("POST", NOTES, json=body, headers=headers, on_wire=on_wire)

    async def create_line(
        self, bill_id: str, bill: Bill, line: int, on_wire: OnWire | None = None
    ) -> Answer:
        """``POST`` one line (by its index) to a bill that Light has, once."""
        body = codec.line_to_json(bill.lines[line], include_tax=bill.include_tax)
        path = f"{document_path(bill_id)}/line-items"
        return await self.send("POST", path, json=body, on_wire=on_wire)

    def read_bill(self, body: object, *, credit_note: bool = False) -> LightBill | None:
        """The bill or credit note in an answer, with its lines; None where it has no state, which
        every one has. This and those below raise WireProblem where it cannot be decoded."""
        if credit_note:
            bill = note_codec.note_from_json(body)
        else:
            bill = codec.bill_from_json(body, listed=False)
        return bill if bill.state else None

    def read_line(self, body: object, *, credit_sign: str = "") -> LightLine:
        """The line item in an answer. ``credit_sign``: that of the credit note whose line it is."""
        if credit_sign:
            return note_codec.note_line_from_json(body, credit_sign=credit_sign)
        return codec.line_from_json(body)

    async def get_bill(
        self, bill_id: str, *, balance: bool = False, credit_note: bool = False
    ) -> Answer:
        """One attempt to read a bill or credit note with its lines.

        ``balance``: of a bill, with what is outstanding.
        """
        asked: Params | None = None
        if balance and not credit_note:
            asked = {"includeOutstandingBalance": True}
        return await self.send("GET", document_path(bill_id, credit_note), params=asked)

    async def get_line_item(self, bill_id: str, line_id: str) -> Answer:
        """One attempt to read a line; see ``codec.line_from_json``."""
        return await self.send("GET", line_path(bill_id, line_id))

    async def cancel_bill(
        self, ref: DocumentRef, reason: str, on_wire: OnWire | None = None
    ) -> Answer:
        """One attempt to cancel a bill, or to archive a credit note, which takes no reason."""
        if ref.credit_note:
            return await self.send(
                "POST",
                f"{document_path(*ref)}/archive",
                on_wire=on_wire,
            )
        path = f"{document_path(*ref)}/cancel"
        return await self.send("POST", path, json={"reason": reason}, on_wire=on_wire)

    # --- steps after creation, one attempt each ------------------------------------------------

    async def submit_bill(self, bill_id: str, on_wire: OnWire | None = None) -> Answer:
        """``POST …/submit-for-approval``; whether it worked is seen only later, in the bill."""
        return await self._act(bill_id, "submit-for-approval", {}, on_wire)

    async def approve_bill(self, bill_id: str, note: str, on_wire: OnWire | None = None) -> Answer:
        """``POST …/approve``, as the user of the key."""
        return await self._act(bill_id, "approve", {"note": note}, on_wire)

    async def approvals(self, bill_id: str) -> Answer:
        """One attempt to read who has approved a bill, and who has to."""
        return await self.send("GET", APPROVALS, params={"invoicePayableId": bill_id})

    def read_approvals(self, body: object) -> tuple[tuple[str, UserApproval], ...]:
        return approval_codec.approvals_from_json(body)

    async def post_bill(self, ref: DocumentRef, on_wire: OnWire | None = None) -> Answer:
        """``POST …/post``: a draft bill or credit note straight to the ledger."""
        return await self.send("POST", f"{document_path(*ref)}/post", on_wire=on_wire)

    async def link_note(self, link: NoteLink, on_wire: OnWire | None = None) -> Answer:
        """``POST …/invoice-payables/{bill}``: clear so much of the bill with the credit note."""
        path = (
            f"{document_path(link.note_id, True)}/invoice-payables/{quote(link.bill_id, safe='')}"
        )
        return await self.send("POST", path, json={"amount": link.amount}, on_wire=on_wire)

    async def note_links(self, note_id: str) -> Answer:
        """One attempt to read which bills a credit note clears."""
        return await self.send("GET", f"{document_path(note_id, True)}/invoice-payables")

    def read_note_link(self, body: object) -> NoteLink:
        return note_codec.note_link_from_json(body)

    def read_note_links(self, body: object) -> tuple[NoteLink, ...]:
        return note_codec.note_links_from_json(body)

    async def pay_bill(self, bill_id: str, bill: Bill, on_wire: OnWire | None = None) -> Answer:
        """``POST …/mark-as-paid``, in full. Raises ValueError without bank account and date."""
        return await self._act(bill_id, "mark-as-paid", codec.payment_to_json(bill), on_wire)

    async def patch_bill(
        self,
        bill_id: str,
        values: Mapping[str, object],
        on_wire: OnWire | None = None,
        *,
        properties: Properties | None = None,
        credit_note: bool = False,
    ) -> Answer:
        """``PATCH`` fields of a bill by their names; None clears. ``properties``: all of them; of a
        credit note none."""
        if credit_note:
            body = note_codec.note_header_to_json(values)
        else:
            body = codec.header_to_json(values, properties)
        return await self.send(
            "PATCH", document_path(bill_id, credit_note), json=body, on_wire=on_wire
        )

    async def put_line(
        self, bill_id: str, line: LineImage, on_wire: OnWire | None = None
    ) -> Answer:
        """``PUT`` a whole line of a bill, or ``POST`` one that has no id."""
        body = codec.line_image_to_json(line)
        if line.id is None:
            path = f"{document_path(bill_id)}/line-items"
            return await self.send("POST", path, json=body, on_wire=on_wire)
        return await self.send("PUT", line_path(bill_id, line.id), json=body, on_wire=on_wire)

    async def add_note_line(
        self,
        note_id: str,
        line: LineImage,
        credit_sign: str,
        on_wire: OnWire | None = None,
    ) -> Answer:
        """``POST`` a line of a credit note."""
        body = note_codec.note_line_values_to_json(line.values, credit_sign)
        path = f"{document_path(note_id, True)}/lines"
        return await self.send("POST", path, json=body, on_wire=on_wire)

    async def delete_line(
        self,
        bill_id: str,
        line_id: str,
        on_wire: OnWire | None = None,
        *,
        credit_note: bool = False,
    ) -> Answer:
        """``DELETE`` a line. Light answers with nothing, which is made its id."""
        path = line_path(bill_id, line_id, credit_note=credit_note)
        answer = await self.send("DELETE", path, on_wire=on_wire)
        if answer.status in (200, 204) and not answer.errors and answer.body in (None, {}):
            return replace(answer, status=200, body={"deleted": line_id})
        return answer

    async def upload_url(
        self, bill_id: str, name: str, content_type: str, on_wire: OnWire | None = None
    ) -> Answer:
        """``POST …/document/upload-url``; see ``read_upload_target``."""
        body = {"documentName": name, "contentType": content_type}
        return await self._act(bill_id, "document/upload-url", body, on_wire)

    async def put_document(self, target: UploadTarget, path: Path, size: int) -> Answer:
        """One attempt to put a file of ``size`` bytes where Light wants it, without the key.

        It needs no permit: it is not a request to Light's API.
        """
        with self._announced_when_slow(target.url, "The document is on its way to"):
            return await self._uploads.put(target, path, size)

    def read_upload_target(self, body: object) -> UploadTarget | str:
        """The upload address in an answer, or why it is refused."""
        target = codec.upload_target_from_json(body)
        return self._uploads.unsafe(target) or target

    async def _act(self, bill_id: str, name: str, body: object, on_wire: OnWire | None) -> Answer:
        path = f"{BILLS}/{quote(bill_id, safe='')}/{name}"
        return await self.send("POST", path, json=body, on_wire=on_wire)

    async def create_vendor(self, vendor: NewVendor, on_wire: OnWire | None = None) -> Answer:
        body = dict(vendor.values) | codec.property_groups(vendor.properties)
        return await self.send("POST", VENDORS, json=body, on_wire=on_wire)

    def read_vendor(self, body: object) -> Vendor:
        return directory_codec.vendor_from_json(body)
