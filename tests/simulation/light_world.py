"""A simulated Light: its bills and credit notes, what was done to them and by whom. Nothing is
ever lost here.

Requests come as method, path, query and body, and are answered with a status and JSON, as in the
API's description. ``people`` change bills by hand.
"""

from __future__ import annotations

import re
from asyncio import Event
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from light_record import Answered, Json, LightRecord, error, most_lines, wire_time
from notes_world import DOCUMENTS, NOTES, SimulatedNotes
from sheet import APPROVED_BY_TWO, NEW_IDS, REFUSED, VENDORS

BILLS = "/v1/invoice-payables"
VENDORS_PATH = "/v1/vendors"
APPROVALS = "/v1/invoice-approval"
UPLOAD = "/document/upload-url"  # also where the documents then go
STORED = b"stored"  # the storage's answer
STORAGE = "https://storage.light.example"
REFERENCES = {"fiNumber", "norKidReference", "swissPaymentReference", "purchaseOrderId"}
_BILL = re.compile(rf"{BILLS}/([^/]+)(?:/(.+))?")
LONG_SHOWN = 5.0  # seconds, longer than it takes to look and to act
LOOKED = 20.0  # seconds between two looks at what others bring into Light, and to act on them
_APPROVAL = 4.0  # seconds until a submitted bill waits for approval
EDITABLE = ("IN_DRAFT", "DUPLICATED")
CANCELLABLE = (*EDITABLE, "APPROVAL_REQUESTED", "APPROVAL_PENDING")


@dataclass
class SimulatedLight:
    """``clock`` is seconds since the start; a list shows a bill ``lag`` seconds late. ``bills`` are
    the credit notes, too."""

    clock: Callable[[], float]
    lag: float = 0.0
    page: int = 200
    strict: bool = False
    bills: dict[str, LightRecord] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)  # requests that it does not know
    vendors: list[Json] = field(default_factory=list)  # with their maker, and when
    torn: list[str] = field(default_factory=list)  # bills that went on without all their lines
    shown_before: dict[str, list[str]] = field(default_factory=dict)
    """By computer, bills that it created while Light had shown one of the number for long."""
    lines_again: dict[str, list[str]] = field(default_factory=dict)
    """By computer, bills to which it added a line item once more than any sheet has it."""
    again: set[str] = field(default_factory=set)  # who created a vendor that was shown for long
    notes: SimulatedNotes = field(init=False)
    _awaited: list[tuple[Callable[[LightRecord], bool], Event]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notes = SimulatedNotes(self.clock, self.bills, self._made)
        for vendor_id in VENDORS:
            self.vendors.append({"vendorId": vendor_id, "name": vendor_id[:8], "status": "ACTIVE"})

    def add_vendor(self, body: Json, caller: str) -> Json:
        """A new vendor; Light permits two of one name."""
        shown = self.clock() - self.lag - LONG_SHOWN
        if any(each["name"] == body["name"] and each["created"] <= shown for each in self.new):
            self.again.add(caller)
        vendor_id = f"{NEW_IDS}-0000-4000-8000-{len(self.vendors):012}"
        vendor = {**body, "vendorId": vendor_id, "status": "ACTIVE", "maker": caller}
        self.vendors.append(vendor | {"created": self.clock()})
        return vendor

    @property
    def new(self) -> list[Json]:
        """The vendors that it did not have at the start."""
        return [vendor for vendor in self.vendors if "maker" in vendor]

    def _vendors(self, query: Mapping[str, str]) -> Answered:
        term = query.get("searchTerm", "").casefold()
        shown = [each for each in self.vendors if term in each["name"].casefold()]
        shown = [
            each for each in shown if each.get("created", -self.lag) + self.lag <= self.clock()
        ]
        return self._page(shown, query)

    def handle(
        self, method: str, path: str, query: str, body: Any, caller: str, key: str = ""
    ) -> Answered:
        """Carry a request out, and its answer. ``key`` is its idempotency key."""
        self._approve()
        if method == "GET" and path == DOCUMENTS:
            return self._list({k: v[0] for k, v in parse_qs(query).items()}, notes=True)
        if method == "GET" and path == APPROVALS:
            return self._approvals(parse_qs(query)["invoicePayableId"][0].lower())
        if method == "GET" and path == "/v1/users":
            return 200, {"records": [], "hasMore": False, "nextCursor": None}
        if path == VENDORS_PATH and method == "GET":
            return self._vendors({k: v[0] for k, v in parse_qs(query).items()})
        if path == VENDORS_PATH and method == "POST":
            return 200, dict(self.add_vendor(body, caller))
        if path.startswith(NOTES):
            answered = self.notes.handle(method, path, body, caller, key)
            if answered is None:
                self.unexpected.append(f"{method} {path}")
            return answered or error(404, f"No route {method} {path}", kind="NOT_FOUND")
        if method == "POST" and path == BILLS:
            return self._create(body, caller)
        if method == "GET" and path == "/v1/bff/invoice-payables":
            return self._list({k: v[0] for k, v in parse_qs(query).items()})
        match = _BILL.fullmatch(path)
        record = self.bills.get(match[1].lower()) if match else None
        if match is None:
            self.unexpected.append(f"{method} {path}")
            return error(404, f"No route {method} {path}", kind="NOT_FOUND")
        if record is None:
            return error(404, "There is no such invoice payable.", kind="NOT_FOUND")
        if method == "GET" and match[2] is None:
            return 200, self.shown(record, balance="includeOutstandingBalance=true" in query)
        if method == "POST" and match[2] == UPLOAD[1:]:
            record.announced = body["documentName"]
            return 200, {"uploadUrl": f"{STORAGE}{path}", "headers": {}}
        if method == "PUT" and match[2] == UPLOAD[1:]:
            record.document = body
            record.body["documentName"] = record.announced
            record.acts.append((caller, "document"))
            return 200, STORED
        if method == "PATCH" and match[2] is None:
            return self._patch(record, body, caller)
        if method == "POST" and match[2] == "line-items":
            return self._add_line(record, body, caller)
        if method == "GET" and match[2] and match[2].startswith("line-items/"):
            lines = [line for line in record.lines if line["id"] == match[2].split("/")[1]]
            return (200, lines[0]) if lines else error(404, "No such line.", kind="NOT_FOUND")
        if method in ("PUT", "DELETE") and match[2].startswith("line-items/"):
            return self._change_line(record, match[2].split("/")[1], body, caller)
        if method == "POST" and match[2] == "approve":
            return self._approve_bill(record, str(body.get("note")), caller)
        if method == "POST" and match[2] in _ACTIONS:
            return self._act(record, match[2], body, caller)
        self.unexpected.append(f"{method} {path}")
        return error(404, f"No route {method} {path}", kind="NOT_FOUND")

    def shown(self, record: LightRecord, *, balance: bool = False) -> Json:
        """A bill or credit note as it is read by its id."""
        if record.note:
            return self.notes.shown(record)
        outstanding = record.body["amount"] - self.notes.cleared(record.id)
        outstanding = 0 if record.state == "PAID" else outstanding
        return {
            **record.body,
            "lineItems": [dict(line) for line in record.lines],
            "invoiceCreatedAt": wire_time(record.created),
            "outstandingBalance": outstanding if balance else None,
        }

    def add(self, body: Json, caller: str) -> LightRecord:
        """A new bill."""
        number = sum(not record.note for record in self.bills.values()) + 1
        lines = body.pop("lineItems", None) or []
        values = {"failureReason": None, **body, "id": f"b{number:07}-0000-4000-8000-000000000000"}
        record = LightRecord(values | {"state": "IN_DRAFT"}, caller, self.clock())
        if self.strict and record.number and any(map(record.looks_like, self.bills.values())):
            record.body |= {"state": "DUPLICATED", "failureReason": "DUPLICATE_INVOICE"}
        for line in lines:
            self._line(record, line)
        self.bills[record.id] = record
        self._made(record)
        return record

    async def first_of(self, wanted: Callable[[LightRecord], bool]) -> None:
        """Until Light has such a bill, or never will."""
        if not any(map(wanted, self.bills.values())):
            self._awaited.append((wanted, event := Event()))
            await event.wait()

    def _made(self, record: LightRecord) -> None:
        for wanted, event in self._awaited:
            if wanted(record):
                event.set()

    def close(self) -> None:
        """Nothing comes any more."""
        for _, event in self._awaited:
            event.set()

    # --- what is asked of it ------------------------------------------------------------------

    def _create(self, body: Json, caller: str) -> Answered:
        for i, line in enumerate(body.get("lineItems") or ()):
            if line.get("description") == REFUSED:
                return error(422, "No.", "lineItems", str(i), "description")
        if body.get("description") == REFUSED:
            return error(422, "No.", "description")
        record = self.add(dict(body), caller)
        shown = self.clock() - self.lag - LOOKED
        alike = filter(record.looks_like, self.bills.values())
        others = [each.id for each in alike if each is not record and each.created <= shown]
        if record.number and others:
            self.shown_before.setdefault(caller, []).append(f"{record.id} beside {others}")
        return 200, self.shown(record)

    def _add_line(self, record: LightRecord, body: Json, caller: str) -> Answered:
        if record.state not in EDITABLE:
            return error(409, f"A bill in state {record.state} cannot be changed.", kind="STATE")
        record.acts.append((caller, "line"))
        line = self._line(record, body)
        record.adders[line["id"]] = caller
        same = [each for each in record.lines if record.adders.get(each["id"]) == caller]
        same = [each for each in same if each["netAmount"] == body["netAmount"]]
        if len(same) > most_lines(record, body["netAmount"]):
            self.lines_again.setdefault(caller, []).append(f"{record.id} has {record.cents}")
        return 200, line

    def _patch(self, record: LightRecord, body: Json, caller: str) -> Answered:
        if record.state not in EDITABLE:
            return error(409, f"A bill in state {record.state} cannot be changed.", kind="STATE")
        record.body |= body
        kinds = ("references", REFERENCES & body.keys()), ("change", body.keys() - REFERENCES)
        record.acts += [(caller, kind) for kind, fields in kinds if fields]
        return 200, self.shown(record)

    def _change_line(self, record: LightRecord, line_id: str, body: Any, caller: str) -> Answered:
        """Replace a line, or delete it where there is no ``body``."""
        at = next((i for i, x in enumerate(record.lines) if x["id"] == line_id), None)
        if at is None:
            return error(404, "No such line.", kind="NOT_FOUND")
        if record.state not in EDITABLE:
            return error(409, f"A bill in state {record.state} cannot be changed.", kind="STATE")
        record.acts.append((caller, "change"))
        if body is None:
            del record.lines[at]
            return 204, None
        record.lines[at] |= body
        return 200, dict(record.lines[at])

    def _line(self, record: LightRecord, body: Json) -> Json:
        record.lines_ever += 1
        number = f"{record.id[1:8]}{record.lines_ever}"
        line = {**body, "id": f"{number:0>8}-1111-4000-8000-000000000000"}
        line["invoicePayableId"] = record.id
        record.lines.append(line)
        return line

    def _list(self, query: Mapping[str, str], *, notes: bool = False) -> Answered:
        vendors: list[str] | None = None
        numbers: list[str] | None = None
        since = ""
        for term in query.get("filter", "").split(","):
            name, operator, value = term.split(":", 2)
            if term == "documentType:eq:CN":
                continue
            if name in ("vendorId", "businessPartnerId") and operator in ("in", "eq"):
                vendors = value.lower().split("|")
            elif (name, operator) == ("documentNumber", "in"):
                numbers = value.split("|")
            elif (name, operator) == ("createdAt", "gte"):
                since = value.removesuffix("Z")
            else:
                self.unexpected.append(f"filter {term}")
        shown = [
            self.notes.listed(record) if notes else self._listed(record)
            for record in self.bills.values()
            if record.note == notes
            and record.created + self.lag <= self.clock()
            and (vendors is None or record.vendor.lower() in vendors)
            and (numbers is None or record.body["documentNumber"] in numbers)
            and wire_time(record.created) >= since
        ]
        return self._page(shown, query)

    def _page(self, shown: list[Json], query: Mapping[str, str]) -> Answered:
        start = int(query.get("cursor", "0"))
        end = start + min(self.page, int(query.get("limit", "50")))
        more = end < len(shown)
        page = {"records": shown[start:end], "hasMore": more}
        return 200, page | {"nextCursor": str(end) if more else None}

    def _listed(self, record: LightRecord) -> Json:
        body = {k: v for k, v in record.body.items() if k != "vendorId"}
        vendor = {"vendorId": record.body["vendorId"]}
        return body | {"vendor": vendor, "createdAt": wire_time(record.created)}

    def _act(self, record: LightRecord, action: str, body: Any, caller: str) -> Answered:
        permitted, state = _ACTIONS[action]
        if record.state not in permitted:
            message = f"A bill in state {record.state} is not for {action}."
            return error(409, message, kind="STATE")
        if (
            record.maker != "person"
            and action != "cancel"
            and sum(record.cents) != record.body["amount"]
        ):
            self.torn.append(f"{caller} took {action} on {record.id}, whose lines do not add up")
        if action == "submit-for-approval":
            record.body["submitted"] = self.clock()
        record.body["state"] = state
        record.acts.append((caller, action))
        return 200, self.shown(record)

    def _approve_bill(self, record: LightRecord, note: str, caller: str) -> Answered:
        """As a user of whom Light does not look whether he has approved it already."""
        if record.state != "APPROVAL_PENDING":
            return error(409, f"A bill in state {record.state} is not for approval.", kind="STATE")
        record.acts.append((caller, "approve"))
        record.approvals.append(note)
        by = {"person" if who == "person" else "" for who, act in record.acts if act == "approve"}
        if record.body["amount"] < APPROVED_BY_TWO or len(by) == 2:
            record.body["state"] = "UNPAID"
        return 200, self.shown(record)

    def approve_by_hand(self, record: LightRecord) -> None:
        self._approve()
        self._approve_bill(record, "", "person")

    def _approvals(self, bill_id: str) -> Answered:
        record = self.bills.get(bill_id)
        if record is None or "submitted" not in record.body:
            return 200, []
        given = [{"status": "APPROVED", "userId": None, "note": each} for each in record.approvals]
        open_ = [] if record.state != "APPROVAL_PENDING" else [{"status": "IN_REVIEW"}]
        approval = {"invoicePayableId": record.id, "status": "IN_PROGRESS"}
        return 200, [approval | {"userApprovals": [*given, *open_]}]

    def _approve(self) -> None:
        for record in self.bills.values():
            submitted = record.body.get("submitted", self.clock())
            if record.state == "APPROVAL_REQUESTED" and submitted + _APPROVAL <= self.clock():
                record.body["state"] = "APPROVAL_PENDING"


_ACTIONS = {
    "submit-for-approval": (("IN_DRAFT",), "APPROVAL_REQUESTED"),
    "post": (("IN_DRAFT",), "UNPAID"),
    "mark-as-paid": (("UNPAID", "READY_FOR_PAYMENT_RELEASE"), "PAID"),
    "cancel": (CANCELLABLE, "CANCELLED"),
}
STATE_AFTER = {action: state for action, (_, state) in _ACTIONS.items()} | {"approve": "UNPAID"}
PERMITTED = {action: states for action, (states, _) in _ACTIONS.items()} | {"references": EDITABLE}
