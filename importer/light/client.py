"""Client of Light's API: a method for each request."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from importer.core.answers import Answer, Mismatch, Verdict
from importer.core.errors import LightRefused, LightUnreachable, UsageProblem, WireProblem
from importer.core.fetch import fetch, fetch_all
from importer.core.name_key import name_key
from importer.core.object_ids import normal_id, same_id
from importer.light import approval_codec, codec, ledger_codec, note_codec
from importer.light.api_session import ApiSession, Params
from importer.light.page_guard import FIRST, PageGuard
from importer.model.bill_image import LineImage, Properties
from importer.model.bills import Bill, DocumentRef
from importer.model.ledger import LedgerLine
from importer.model.light_lists import LEDGER_LINES, LISTS
from importer.model.light_objects import (
    Account,
    BankAccount,
    Company,
    Entity,
    LightBill,
    LightLine,
    NewVendor,
    NoteLink,
    PropertyGroup,
    PurchaseOrder,
    UploadTarget,
    User,
    UserApproval,
    Vendor,
)

BILLS = "/v1/invoice-payables"
BILL_LIST = "/v1/bff/invoice-payables"
NOTES = "/v1/credit-notes"
VENDORS = "/v1/vendors"
APPROVALS = "/v1/invoice-approval"
DOCUMENTS = "/v1/accounting-documents/accounting-documents"
PAGE = 200  # records; Light's maximum
NUMBERS_A_REQUEST = 10  # of 255 characters at most each
VENDORS_A_REQUEST = 50  # keeps the address below 2,500 characters; documents likewise

T = TypeVar(
    "T",
    LightBill,
    Vendor,
    Account,
    Entity,
    BankAccount,
    PurchaseOrder,
    PropertyGroup,
    User,
    LedgerLine,
)
R = TypeVar("R")


class LightClient(ApiSession):
    """Light's API. An async context manager; ``timeout`` is seconds.

    Methods that return an ``Answer`` make one attempt; the caller classifies it. Those that return
    records retry. All raise BudgetSpent (or RateLimiterProblem) before sending where nothing may be
    sent.
    """

    # --- one attempt --------------------------------------------------------------------------

    async def create_bill(
        self,
        bill: Bill,
        on_wire: Callable[[], None] | None = None,
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
        self, bill_id: str, bill: Bill, line: int, on_wire: Callable[[], None] | None = None
    ) -> Answer:
        """``POST`` one line (by its index) to a bill that Light has, once."""
        body = codec.line_to_json(bill.lines[line], include_tax=bill.include_tax)
        path = f"{_address(bill_id, False)}/line-items"
        return await self.send("POST", path, json=body, on_wire=on_wire)

    def read_bill(self, body: object, *, credit_note: bool = False) -> LightBill | None:
        """The bill or credit note in an answer, with its lines; None where it cannot be decoded, or
        has no state, which every one has."""
        decode = partial(codec.bill_from_json, listed=False)
        bill = _decoded(note_codec.note_from_json if credit_note else decode, body)
        return bill if bill is not None and bill.state else None

    def read_line(self, body: object, *, credit_sign: str = "") -> LightLine | None:
        """The line item in an answer; None where it cannot be decoded. ``credit_sign``: that of
        the credit note whose line it is."""
        if credit_sign:
            decode = partial(note_codec.note_line_from_json, credit_sign=credit_sign)
            return _decoded(decode, body)
        return _decoded(codec.line_from_json, body)

    async def get_bill(
        self, bill_id: str, *, balance: bool = False, credit_note: bool = False
    ) -> Answer:
        """One attempt to read a bill or credit note with its lines.

        ``balance``: of a bill, with what is outstanding.
        """
        asked: Params | None = None
        if balance and not credit_note:
            asked = {"includeOutstandingBalance": True}
        return await self.send("GET", _address(bill_id, credit_note), params=asked)

    async def get_line_item(self, bill_id: str, line_id: str) -> Answer:
        """One attempt to read a line; see ``codec.line_from_json``."""
        return await self.send("GET", _line_address(bill_id, line_id))

    async def cancel_bill(
        self, ref: DocumentRef, reason: str, on_wire: Callable[[], None] | None = None
    ) -> Answer:
        """One attempt to cancel a bill, or to archive a credit note, which takes no reason."""
        if ref.credit_note:
            return await self.send("POST", f"{_address(*ref)}/archive", on_wire=on_wire)
        path = f"{_address(*ref)}/cancel"
        return await self.send("POST", path, json={"reason": reason}, on_wire=on_wire)

    # --- steps after creation, one attempt each ------------------------------------------------

    async def submit_bill(self, bill_id: str, on_wire: Callable[[], None] | None = None) -> Answer:
        """``POST …/submit-for-approval``; whether it worked is seen only later, in the bill."""
        return await self._act(bill_id, "submit-for-approval", {}, on_wire)

    async def approve_bill(
        self, bill_id: str, note: str, on_wire: Callable[[], None] | None = None
    ) -> Answer:
        """``POST …/approve``, as the user of the key."""
        return await self._act(bill_id, "approve", {"note": note}, on_wire)

    async def approvals(self, bill_id: str) -> Answer:
        """One attempt to read who has approved a bill, and who has to."""
        return await self.send("GET", APPROVALS, params={"invoicePayableId": bill_id})

    def read_approvals(self, body: object) -> tuple[tuple[str, UserApproval], ...] | None:
        return _decoded(approval_codec.approvals_from_json, body)

    async def post_bill(
        self, ref: DocumentRef, on_wire: Callable[[], None] | None = None
    ) -> Answer:
        """``POST …/post``: a draft bill or credit note straight to the ledger."""
        return await self.send("POST", f"{_address(*ref)}/post", on_wire=on_wire)

    async def link_note(self, link: NoteLink, on_wire: Callable[[], None] | None = None) -> Answer:
        """``POST …/invoice-payables/{bill}``: clear so much of the bill with the credit note."""
        path = f"{_address(link.note_id, True)}/invoice-payables/{quote(link.bill_id, safe='')}"
        return await self.send("POST", path, json={"amount": link.amount}, on_wire=on_wire)

    async def note_links(self, note_id: str) -> Answer:
        """One attempt to read which bills a credit note clears."""
        return await self.send("GET", f"{_address(note_id, True)}/invoice-payables")

    def read_note_link(self, body: object) -> NoteLink | None:
        return _decoded(note_codec.note_link_from_json, body)

    def read_note_links(self, body: object) -> tuple[NoteLink, ...] | None:
        return _decoded(note_codec.note_links_from_json, body)

    async def pay_bill(
        self, bill_id: str, bill: Bill, on_wire: Callable[[], None] | None = None
    ) -> Answer:
        """``POST …/mark-as-paid``, in full. Raises ValueError without bank account and date."""
        return await self._act(bill_id, "mark-as-paid", codec.payment_to_json(bill), on_wire)

    async def patch_bill(
        self,
        bill_id: str,
        values: Mapping[str, object],
        on_wire: Callable[[], None] | None = None,
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
        return await self.send("PATCH", _address(bill_id, credit_note), json=body, on_wire=on_wire)

    async def put_line(
        self, bill_id: str, line: LineImage, on_wire: Callable[[], None] | None = None
    ) -> Answer:
        """``PUT`` a whole line of a bill, or ``POST`` one that has no id."""
        body = codec.line_image_to_json(line)
        if line.id is None:
            path = f"{_address(bill_id, False)}/line-items"
            return await self.send("POST", path, json=body, on_wire=on_wire)
        return await self.send("PUT", _line_address(bill_id, line.id), json=body, on_wire=on_wire)

    async def add_note_line(
        self,
        note_id: str,
        line: LineImage,
        credit_sign: str,
        on_wire: Callable[[], None] | None = None,
    ) -> Answer:
        """``POST`` a line of a credit note."""
        body = note_codec.note_line_values_to_json(line.values, credit_sign)
        path = f"{_address(note_id, True)}/lines"
        return await self.send("POST", path, json=body, on_wire=on_wire)

    async def delete_line(
        self,
        bill_id: str,
        line_id: str,
        on_wire: Callable[[], None] | None = None,
        *,
        credit_note: bool = False,
    ) -> Answer:
        """``DELETE`` a line. Light answers with nothing, which is made its id."""
        path = _line_address(bill_id, line_id, credit_note=credit_note)
        answer = await self.send("DELETE", path, on_wire=on_wire)
        if answer.status in (200, 204) and not answer.errors and answer.body in (None, {}):
            return replace(answer, status=200, body={"deleted": line_id})
        return answer

    async def upload_url(
        self, bill_id: str, name: str, content_type: str, on_wire: Callable[[], None] | None = None
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

    def read_upload_target(self, body: object) -> UploadTarget | str | None:
        """The upload address in an answer, or why it is refused; None where it has none."""
        target = _decoded(codec.upload_target_from_json, body)
        return target and (self._uploads.unsafe(target) or target)

    async def _act(
        self, bill_id: str, name: str, body: object, on_wire: Callable[[], None] | None
    ) -> Answer:
        path = f"{BILLS}/{quote(bill_id, safe='')}/{name}"
        return await self.send("POST", path, json=body, on_wire=on_wire)

    async def create_vendor(
        self, vendor: NewVendor, on_wire: Callable[[], None] | None = None
    ) -> Answer:
        return await self.send("POST", VENDORS, json=dict(vendor.values), on_wire=on_wire)

    def read_vendor(self, body: object) -> Vendor | None:
        return _decoded(codec.vendor_from_json, body)

    # --- reads with retries -------------------------------------------------------------------

    async def company(self) -> Company:
        """The company of all the keys; from now on its requests are counted together.

        Raises UsageProblem where the keys are of different companies.
        """
        keys = self._credentials.keys
        results = [
            await self.read("/v1/companies/current", {}, place, decode=codec.company_from_json)
            for place in range(len(keys))
        ]
        whose = [
            f"{key.name} is of {company.name} ({company.id})"
            for key, company in zip(keys, results, strict=True)
        ]
        others = [text for text, c in zip(whose, results, strict=True) if c.id != results[0].id]
        if others:
            companies = f"{whose[0]}, but {', '.join(others)}"
            raise UsageProblem(
                f"The keys are of different companies: {self._hide(companies)}. Keep the keys of "
                "one company, so that it is certain where the bills are created."
            )
        self._rate_limiter.belong_to(results[0].id)
        return results[0]

    async def vendors(self) -> list[Vendor]:
        return _unique(await self._list(VENDORS, codec.vendor_from_json))

    async def find_vendors(self, terms: Sequence[str]) -> list[Vendor]:
        """The vendors that have one of the terms as their name, identifier or VAT id."""
        wanted = {name_key(term) for term in terms}
        queries: list[Params] = [{"searchTerm": term} for term in dict.fromkeys(terms)]
        lists = await fetch_all(
            self._list(VENDORS, codec.vendor_from_json, query) for query in queries
        )
        every = _unique(vendor for vendors in lists for vendor in vendors)
        return [
            vendor
            for vendor in every
            if wanted
            & set(map(name_key, filter(None, (vendor.name, vendor.identifier, vendor.vat_id))))
        ]

    async def accounts(self) -> list[Account]:
        return _unique(await self._list("/v1/ledger-accounts", codec.account_from_json))

    async def entities(self) -> list[Entity]:
        return _unique(await self._list("/v1/entities", codec.entity_from_json))

    async def bank_accounts(self) -> list[BankAccount]:
        """One request: Light does not page them."""
        return _unique(
            await self.read("/v1/bank-accounts", {}, decode=codec.bank_accounts_from_json)
        )

    async def purchase_orders(self) -> list[PurchaseOrder]:
        return _unique(await self._list("/v1/purchase-orders", codec.purchase_order_from_json))

    async def users(self) -> list[User]:
        """The users of the company, with their groups."""
        query: Params = {"includeGroups": True}
        return _unique(await self._list("/v1/users", approval_codec.user_from_json, query))

    async def property_groups(self) -> list[PropertyGroup]:
        """The custom properties that bills and their lines can have, with their values."""

        def read(record: object) -> PropertyGroup | None:
            return codec.property_group_from_json(record) if codec.is_for_bills(record) else None

        query: Params = {"includeValues": True}
        results = await self._list("/v1/custom-properties/groups", read, query)
        return _unique(group for group in results if group is not None)

    async def recent_bills(self) -> list[LightBill]:
        """The newest bills of the company, at most 200, without lines: one request."""
        query: Params = {"sort": "createdAt:desc", "limit": PAGE, "cursor": FIRST}
        records, _ = await self.read(BILL_LIST, query, decode=codec.page_from_json)
        return _unique(codec.bill_from_json(r, listed=True) for r in records)

    async def bill(self, bill_id: str) -> LightBill:
        """A bill with its lines. Raises LightRefused where Light does not have it."""
        path = f"{BILLS}/{quote(bill_id, safe='')}"

        def decode(body: object) -> LightBill:
            bill = codec.bill_from_json(body, listed=False)
            if not same_id(bill.id, bill_id):
                raise WireProblem(f"Light answered with another bill, {bill.id}.")
            return bill

        return await self.read(path, {}, decode=decode)

    async def list_bills(
        self, vendor_ids: Sequence[str] | None, created_since: datetime | None = None
    ) -> list[LightBill]:
        """All bills of these vendors, each once, without lines, oldest first for each 50 vendors;
        None: of all vendors.

        Raises WireProblem rather than return a part of the list: what is missing from it may be
        sent again.
        """
        queries, wanted = _by_vendor("vendorId", vendor_ids, created_since)

        def read(record: object) -> LightBill:
            bill = codec.bill_from_json(record, listed=True)
            if wanted and bill.vendor_id and bill.vendor_id not in wanted:
                raise WireProblem("Light's list has bills of vendors that were not asked for.")
            return bill

        lists = await fetch_all(self._list(BILL_LIST, read, query) for query in queries)
        return _unique(bill for bills in lists for bill in bills)

    async def list_credit_notes(
        self, vendor_ids: Sequence[str] | None, created_since: datetime | None = None
    ) -> list[LightBill]:
        """As ``list_bills``, all credit notes of these vendors, with their numbers, by the list of
        accounting documents."""
        queries, wanted = _by_vendor(
            "businessPartnerId", vendor_ids, created_since, "documentType:eq:CN"
        )

        def read(record: object) -> LightBill | None:
            note = note_codec.note_document_from_json(record)
            if note and wanted and note.vendor_id and note.vendor_id not in wanted:
                raise WireProblem("Light's list has credit notes of vendors not asked for.")
            return note

        lists = await fetch_all(self._list(DOCUMENTS, read, query) for query in queries)
        return _unique(note for notes in lists for note in notes if note is not None)

    async def credit_notes_numbered(self, numbers: Iterable[str]) -> list[LightBill]:
        """The credit notes of any vendor that have one of these numbers, archived ones too."""
        read = note_codec.note_document_from_json
        return await self._documents_numbered("CN", read, set(numbers))

    async def bill_documents(self, numbers: Iterable[str]) -> list[LightBill]:
        """The accounting documents of bills that have one of these numbers, whichever vendor's."""
        read = note_codec.bill_document_from_json
        return await self._documents_numbered("AP", read, set(numbers))

    async def _documents_numbered(
        self, kind: str, read: Callable[[object], LightBill | None], wanted: set[str]
    ) -> list[LightBill]:
        filters = [f"documentType:eq:{kind}"]
        if not any(c in number for number in wanted for c in ",|:"):  # else all are asked for
            each, most = sorted(wanted), NUMBERS_A_REQUEST
            batches = [each[i : i + most] for i in range(0, len(each), most)]
            filters = [f"{filters[0]},documentNumber:in:{'|'.join(batch)}" for batch in batches]
        queries: list[Params] = [{"filter": text} for text in filters]
        lists = await fetch_all(self._list(DOCUMENTS, read, query) for query in queries)
        documents = (document for some in lists for document in some if document is not None)
        return _unique(each for each in documents if each.invoice_number in wanted)

    async def ledger_lines(self, document_ids: Sequence[str]) -> list[LedgerLine]:
        """The lines of the ledger of these documents, each once.

        Light's pages have two addresses of the list: on 404 the other is asked. Where Light does
        not filter by document, all lines are read.
        """
        wanted, most = list(dict.fromkeys(map(normal_id, document_ids))), VENDORS_A_REQUEST
        batches = [wanted[i : i + most] for i in range(0, len(wanted), most)]
        queries: list[Params] = [{"filter": f"accDocId:in:{'|'.join(ids)}"} for ids in batches]
        ids_asked, filtered = set(wanted), True

        def read(record: object) -> LedgerLine:
            line = ledger_codec.ledger_line_from_json(record)
            if filtered and line.document_id not in ids_asked:
                raise WireProblem("Light's ledger has lines of documents that were not asked for.")
            return line

        path, *others = LISTS[LEDGER_LINES].paths
        lists: list[list[LedgerLine]] = []
        while queries and not lists:
            try:
                lists.append(await self._list(path, read, queries[0]))
            except LightRefused as refused:
                if refused.status == 404 and others:
                    path = others.pop()
                elif refused.status in (400, 422) and filtered:
                    filtered, queries = False, [{}]
                else:
                    raise
        lists += await fetch_all(self._list(path, read, query) for query in queries[1:])
        return [each for each in _unique(chain(*lists)) if each.document_id in ids_asked]

    async def _list(
        self, path: str, read: Callable[[object], R], params: Params | None = None
    ) -> list[R]:
        """All records of all pages, each page read as it comes; repeated ones are still in it."""
        records: list[R] = []
        cursor = FIRST
        guard = PageGuard(cursor)

        def decode(body: object) -> tuple[list[tuple[str, R]], str | None]:
            page, following = codec.page_from_json(body)
            return [(jsonlib.dumps(_identity(each)), read(each)) for each in page], following

        while True:
            query = {**(params or {}), "limit": PAGE, "cursor": cursor}
            page, following = await self.read(path, query, decode=decode)
            records += (record for _, record in page)
            if following is None:
                return records
            guard.check(path, following, {identity for identity, _ in page})
            cursor = following

    async def read(
        self,
        path: str,
        params: Params,
        key: int | None = None,
        *,
        decode: Callable[[object], R],
    ) -> R:
        """What ``decode`` makes of the body of a GET, with retries, also where it raises
        WireProblem: the answer may be that of another request.

        Raises LightUnreachable and AccessRefused as ``fetch``, LightRefused for other refusals, and
        the last WireProblem.
        """
        problem: WireProblem | None = None

        def read(body: object) -> R | Mismatch | None:
            nonlocal problem
            problem = None
            if body is None:  # it is not JSON
                return None
            try:
                return decode(body)
            except WireProblem as error:
                problem = error
                return Mismatch(str(error))

        outcome = await fetch(
            lambda: self.send("GET", path, params=params, key=key),
            read,
            what=f"read {path}",
            noun="body",
            where=f" at {self.base_url}",
            waits=self._waits,
        )
        if outcome.verdict is Verdict.ACCEPTED and outcome.content is not None:
            return outcome.content
        if problem is not None:
            raise problem
        if outcome.verdict is Verdict.UNKNOWN:
            raise LightUnreachable(
                f"Light cannot be reached at {self.base_url}: {outcome.reason}. Check the address"
                " of Light's API: --base-url or LIGHT_BASE_URL"
            )
        status, reason = outcome.status, outcome.reason
        raise LightRefused(f"Light refused {path} ({status}): {reason}", status)


def _address(document_id: str, credit_note: bool) -> str:
    return f"{NOTES if credit_note else BILLS}/{quote(document_id, safe='')}"


def _line_address(bill_id: str, line_id: str, *, credit_note: bool = False) -> str:
    lines = "lines" if credit_note else "line-items"
    return f"{_address(bill_id, credit_note)}/{lines}/{quote(line_id, safe='')}"


def _by_vendor(
    field: str, vendor_ids: Sequence[str] | None, created_since: datetime | None, *more: str
) -> tuple[list[Params], set[str]]:
    """The queries of a list of the documents of these vendors, and their ids as compared."""
    ids = list(dict.fromkeys(vendor_ids or ()))
    if not all(ids) or any(c in vendor_id for vendor_id in ids for c in ",|:"):
        raise ValueError("a vendor id must not be empty or have a comma, bar or colon")
    terms = list(more)
    if created_since is not None:
        # Whole seconds, rounded down: rather a bill too many than one too few.
        terms.append(f"createdAt:gte:{codec.timestamp(created_since.replace(microsecond=0))}")
    batches = [ids[i : i + VENDORS_A_REQUEST] for i in range(0, len(ids), VENDORS_A_REQUEST)]
    filters = [[f"{field}:in:{'|'.join(batch)}", *terms] for batch in batches]
    queries: list[Params] = [
        {"filter": ",".join(each), "sort": "createdAt:asc"}
        for each in (filters if vendor_ids is not None else [terms])
    ]
    return queries, set(map(normal_id, ids))


def _decoded(decode: Callable[[object], R], body: object) -> R | None:
    try:
        return decode(body)
    except WireProblem:
        return None


def _identity(record: object) -> object:
    if isinstance(record, dict):
        return record.get("id") or record.get("vendorId")
    return None


def _unique(records: Iterable[T]) -> list[T]:
    """Each id once, where it first appeared, as it was last seen."""
    return list({record.id: record for record in records}.values())
