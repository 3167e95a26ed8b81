"""Reads of Light's API that are repeated until Light answers: single records and whole lists."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import TypeVar

from importer.core.answers import Mismatch, Verdict
from importer.core.errors import LightRefused, LightUnreachable, UsageProblem, WireProblem
from importer.core.fetch import fetch, fetch_all
from importer.core.name_key import name_key
from importer.core.object_ids import normal_id, same_id
from importer.light import approval_codec, codec, directory_codec, ledger_codec, note_codec
from importer.light.api_session import ApiSession, Params
from importer.light.page_guard import FIRST, PageGuard
from importer.light.paths import BILL_LIST, DOCUMENTS, VENDORS, document_path
from importer.model.ledger import LedgerLine
from importer.model.light_lists import LEDGER_LINES, LISTS
from importer.model.light_objects import (
    Account,
    BankAccount,
    Company,
    Entity,
    LightBill,
    PropertyGroup,
    PurchaseOrder,
    User,
    Vendor,
)

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


class LightReads(ApiSession):
    """Each raises LightUnreachable, AccessRefused or LightRefused where Light does not answer, and
    WireProblem where its answer cannot be understood."""

    async def company(self) -> Company:
        """The company of all the keys; from now on its requests are counted together.

        Raises UsageProblem where the keys are of different companies.
        """
        keys = self._credentials.keys
        results = [
            await self.read(
                "/v1/companies/current", {}, place, decode=directory_codec.company_from_json
            )
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
        return _unique(await self._list(VENDORS, directory_codec.vendor_from_json))

    async def find_vendors(self, terms: Sequence[str]) -> list[Vendor]:
        """The vendors that have one of the terms as their name, identifier or VAT id."""
        wanted = {name_key(term) for term in terms}
        queries: list[Params] = [{"searchTerm": term} for term in dict.fromkeys(terms)]
        lists = await fetch_all(
            self._list(VENDORS, directory_codec.vendor_from_json, query) for query in queries
        )
        every = _unique(vendor for vendors in lists for vendor in vendors)
        return [
            vendor
            for vendor in every
            if wanted
            & set(map(name_key, filter(None, (vendor.name, vendor.identifier, vendor.vat_id))))
        ]

    async def accounts(self) -> list[Account]:
        return _unique(await self._list("/v1/ledger-accounts", directory_codec.account_from_json))

    async def entities(self) -> list[Entity]:
        return _unique(await self._list("/v1/entities", directory_codec.entity_from_json))

    async def bank_accounts(self) -> list[BankAccount]:
        """One request: Light does not page them."""
        return _unique(
            await self.read("/v1/bank-accounts", {}, decode=directory_codec.bank_accounts_from_json)
        )

    async def purchase_orders(self) -> list[PurchaseOrder]:
        return _unique(
            await self._list("/v1/purchase-orders", directory_codec.purchase_order_from_json)
        )

    async def users(self) -> list[User]:
        """The users of the company, with their groups."""
        query: Params = {"includeGroups": True}
        return _unique(await self._list("/v1/users", approval_codec.user_from_json, query))

    async def property_groups(self) -> list[PropertyGroup]:
        """All custom properties, with their values and what they may be set on."""
        query: Params = {"includeValues": True}
        path, read = "/v1/custom-properties/groups", directory_codec.property_group_from_json
        return _unique(await self._list(path, read, query))

    async def recent_bills(self) -> list[LightBill]:
        """The newest bills of the company, at most 200, without lines: one request."""
        query: Params = {"sort": "createdAt:desc", "limit": PAGE, "cursor": FIRST}
        records, _ = await self.read(BILL_LIST, query, decode=codec.page_from_json)
        return _unique(codec.bill_from_json(r, listed=True) for r in records)

    async def bill(self, bill_id: str) -> LightBill:
        """A bill with its lines. Raises LightRefused where Light does not have it."""
        path = document_path(bill_id)

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


def _identity(record: object) -> object:
    if isinstance(record, dict):
        return record.get("id") or record.get("vendorId")
    return None


def _unique(records: Iterable[T]) -> list[T]:
    """Each id once, where it first appeared, as it was last seen."""
    return list({record.id: record for record in records}.values())
