"""Read any list of Light page by page, each record as Light has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace

from importer.core.errors import LightRefused, WireProblem
from importer.core.object_ids import same_id
from importer.light import codec, note_codec
from importer.light.api_session import Params
from importer.light.json_values import object_of, required_id_at
from importer.light.light_reads import PAGE, LightReads
from importer.light.list_query import ListQuery, permitted
from importer.light.page_guard import FIRST, PageGuard
from importer.light.paths import document_path, line_path
from importer.model.fields import HEADER_FIELDS, SENT_LINE_FIELDS
from importer.model.light_lists import LightList
from importer.model.light_objects import LightBill, LightLine

Json = Mapping[str, object]


@dataclass(frozen=True)
class Page:
    """``records`` by id, those that ``query`` lets through here; ``cursor`` is that of the next."""

    records: Mapping[str, Json]
    cursor: str | None


@dataclass
class ListReader:
    """Pages of one list. What Light turns out not to filter is filtered here, from the first page
    on: ``query`` changes."""

    client: LightReads
    light_list: LightList
    query: ListQuery
    path: str = field(init=False)

    def __post_init__(self) -> None:
        self.path = self.light_list.paths[0]

    async def pages(
        self, cursor: str = FIRST, query: ListQuery | None = None, limit: int = PAGE
    ) -> AsyncIterator[Page]:
        """The pages from a cursor on; ``limit`` records each at most, unless they are filtered
        here. Raises LightRefused where Light refuses the filter, the order or the cursor, and
        WireProblem where the list has no end."""
        guard, asked = PageGuard(cursor), query or self.query
        while True:
            page, asked = await self._page(cursor, asked, limit)
            if query is None:
                self.query = asked
            yield page
            if page.cursor is None:
                return
            guard.check(self.path, page.cursor, None if asked.local else page.records.keys())
            cursor = page.cursor

    async def _page(self, cursor: str, query: ListQuery, limit: int) -> tuple[Page, ListQuery]:
        """The page, and the query by which Light gave it."""
        while True:
            try:
                return await self._read(cursor, query, limit), query
            except LightRefused as refused:
                if refused.status == 404 and self.path != self.light_list.paths[-1]:
                    self.path = self.light_list.paths[-1]
                elif refused.status in (400, 422) and query.params() and cursor == FIRST:
                    if not self.light_list.filtered_locally:
                        raise LightRefused(
                            f"{refused} {permitted(self.light_list)}", refused.status
                        ) from None
                    if hidden := query.hidden(self.light_list):
                        raise LightRefused(
                            f"{refused} Nor can that be done here: its {self.light_list.plural} do"
                            f" not show {', '.join(hidden)}.",
                            refused.status,
                        ) from None
                    query = query.all_local()
                else:
                    raise

    async def _read(self, cursor: str, query: ListQuery, limit: int) -> Page:
        def decode(body: object) -> Page:
            records, following = codec.page_from_json(body)
            by_id = {}
            for each in records:
                record = object_of(each, self.light_list.noun)
                if query.matches(record):
                    by_id[required_id_at(record, self.light_list.id_name)] = record
            return Page(by_id, following)

        if query.local or query.local_sort:  # most of a page may be of no use
            limit = PAGE
        params: Params = {**query.params(), "limit": limit, "cursor": cursor}
        return await self.client.read(self.path, params, decode=decode)


async def bill_record(client: LightReads, bill_id: str) -> Json:
    """A bill as Light has it, with its lines and what is outstanding. Raises LightRefused where
    Light does not have it."""
    return await _record(client, document_path(bill_id), bill_id, balance=True)


async def line_record(client: LightReads, bill_id: str, line_id: str) -> Json:
    """A line item as Light has it; as ``bill_record``."""
    return await _record(client, line_path(bill_id, line_id), line_id)


async def _record(client: LightReads, path: str, light_id: str, *, balance: bool = False) -> Json:
    def decode(body: object) -> Json:
        record = object_of(body, "record")
        if not same_id(required_id_at(record, "id"), light_id):
            raise WireProblem(f"Light answered with another record, {record.get('id')}.")
        return record

    params: Params = {"includeOutstandingBalance": True} if balance else {}
    return await client.read(path, params, decode=decode)


def bill_of_record(record: Json) -> tuple[LightBill, str]:
    """A bill from its record, with its lines. A value that bills are matched by is left out where
    it cannot be understood; lines are left out together, and which value is to blame is said in
    words."""
    try:
        return codec.bill_from_json(record, listed=False), ""
    except WireProblem:
        bill = codec.bill_from_json(record, listed=True)
    try:
        alone = codec.bill_from_json(_only(record, "lineItems"), listed=False)
    except WireProblem as problem:
        return bill, problem.detail
    return replace(bill, lines=alone.lines), ""


def note_of_record(record: Json, document: Json | None) -> tuple[LightBill, str]:
    """A credit note from its record, and from its accounting document, which has its number; as
    ``bill_of_record``. Raises WireProblem where neither can be understood."""
    shown = None if document is None else note_codec.note_document_from_json(document)
    try:
        note = note_codec.note_from_json(record)
        return replace(note, invoice_number=shown.invoice_number if shown else None), ""
    except WireProblem:
        if shown is None:
            raise
    try:
        alone = note_codec.note_from_json(_only(record, "lines"))
    except WireProblem as problem:
        return shown, problem.detail
    return replace(shown, lines=alone.lines, credit_sign=alone.credit_sign), ""


def _only(record: Json, name: str) -> Json:
    """The record without its values but one."""
    return {"id": record.get("id"), name: record.get(name)}


# Columns of an export: name, where Light's answer has it, attribute of the record.
_Column = tuple[str, str, str]
_OF_BILL: tuple[_Column, ...] = (
    *((f.name, f.answer, f.attribute) for f in HEADER_FIELDS),
    ("state", "state", "state"),
    ("failureReason", "failureReason", "failure_reason"),
    ("outstandingBalance", "outstandingBalance", "outstanding"),
    ("createdAt", "createdAt", "created_at"),
    ("customProperties", "customProperties", "properties"),
)
_OF_NOTE: tuple[_Column, ...] = (
    ("vendorId", "businessPartnerId", "vendor_id"),
    ("companyEntityId", "companyEntityId", "company_entity_id"),
    ("issuedDate", "documentDate", "issued_date"),
    ("currency", "currency", "currency"),
    ("amount", "amount", "amount"),
    ("lineItemsIncludeTax", "areLinesWithTax", "include_tax"),
    ("description", "description", "description"),
    ("localCurrencyFxRateOverride", "localCurrencyFxRate", "local_fx_rate"),
    ("groupCurrencyFxRateOverride", "groupCurrencyFxRate", "group_fx_rate"),
    ("state", "status", "state"),
    ("createdAt", "createdAt", "created_at"),
)
_OF_BILL_LINE: tuple[_Column, ...] = (
    *((f.name, f.answer, f.attribute) for f in SENT_LINE_FIELDS),
    ("shouldAmortize", "shouldAmortize", "should_amortize"),
    ("type", "type", "type"),
    ("amortizationScheduleId", "amortizationScheduleId", "amortization_schedule_id"),
    ("costCenterId", "costCenterId", "cost_center_id"),
    ("createdAt", "createdAt", "created_at"),
    ("updatedAt", "updatedAt", "updated_at"),
    ("customProperties", "customProperties", "properties"),
)
_OF_NOTE_LINE: tuple[_Column, ...] = (
    ("amortizationStartDate", "accrualStartDate", "amortization_start_date"),
    ("amortizationEndDate", "accrualEndDate", "amortization_end_date"),
)


def unread_columns(bill: LightBill, record: Json) -> list[str]:
    """The columns that a bill or credit note leaves blank although its record states a value; those
    of its line items as ``lineItems.taxAmount``."""
    columns = _OF_NOTE if bill.credit_note else _OF_BILL
    of_line = _OF_NOTE_LINE if bill.credit_note else _OF_BILL_LINE
    out = dict.fromkeys(_unread(bill, record, columns))
    lines = record.get("lines" if bill.credit_note else "lineItems")
    if isinstance(lines, list):
        for line, stated in zip(bill.lines or (), lines, strict=False):
            out |= dict.fromkeys(f"lineItems.{name}" for name in _unread(line, stated, of_line))
    return list(out)


def _unread(read: LightBill | LightLine, stated: Json, columns: Iterable[_Column]) -> list[str]:
    return [
        name
        for name, wire, attribute in columns
        if stated.get(wire) not in (None, "", [], {}) and getattr(read, attribute) in (None, "", ())
    ]


def line_of_record(record: Json) -> LightLine:
    """A line item from its record. Raises WireProblem where it cannot be understood."""
    return codec.line_from_json(record)
