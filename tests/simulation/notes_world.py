"""Credit notes in the simulated Light: one for each idempotency key and each number, posted, and
cleared against bills."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from light_record import Answered, Json, LightRecord, error, wire_time

NOTES = "/v1/credit-notes"
DOCUMENTS = "/v1/accounting-documents/accounting-documents"
_NOTE = re.compile(rf"{NOTES}/([^/]+)(?:/(.+))?")
_LINKS = "invoice-payables"


@dataclass
class SimulatedNotes:
    """``records`` are those of Light, bills and credit notes by id; ``links`` cents by the ids of a
    note and a bill."""

    clock: Callable[[], float]
    records: dict[str, LightRecord]
    made: Callable[[LightRecord], None]
    links: dict[tuple[str, str], int] = field(default_factory=dict)
    answered: dict[tuple[str, str], float] = field(default_factory=dict)
    """When Light answered a creation last, by note and computer."""
    _by_key: dict[str, str] = field(default_factory=dict)

    def handle(self, method: str, path: str, body: Any, caller: str, key: str) -> Answered | None:
        """Carry a request out, and its answer; None where there is no such route."""
        if (method, path) == ("POST", NOTES):
            note = self._created(body, caller, key)
            self.answered[note.id, caller] = self.clock()
            return 200, self.shown(note)
        match = _NOTE.fullmatch(path)
        if match is None:
            return None
        note, (action, _, other) = (
            self.records.get(match[1].lower()),
            (match[2] or "").partition("/"),
        )
        if note is None:
            return error(404, "There is no such credit note.", kind="NOT_FOUND")
        match method, action, bool(other):
            case "GET", "", False:
                return 200, self.shown(note)
            case "GET", "invoice-payables", False:
                return 200, [self.link(*each) for each in self.links if each[0] == note.id]
            case (
                ("PATCH", "", False)
                | ("PATCH" | "DELETE", "lines", True)
                | ("POST", "lines", False)
            ):
                return self._change(note, method, other, body, caller)
            case "POST", "post", False:
                return self._act(note, "post", "POSTED", caller)
            case "POST", "archive", False:
                if any(each[0] == note.id for each in self.links):
                    return error(409, "It is linked to a bill.", kind="STATE")
                return self._act(note, "cancel", "ARCHIVED", caller)
            case "POST", "invoice-payables", True:
                return self._clear(note, other.lower(), body, caller)
        return None

    def add(self, body: Json, caller: str) -> LightRecord:
        number = sum(record.note for record in self.records.values()) + 1
        lines = body.pop("lines", None) or []
        values = {**body, "id": f"d{number:07}-0000-4000-8000-000000000000"}
        values["documentNumber"] = body.get("documentNumber") or f"CN-{number:06}"
        note = LightRecord(values | {"status": "DRAFT"}, caller, self.clock(), note=True)
        for line in lines:
            self._line(note, line)
        self.records[note.id] = note
        self.made(note)
        return note

    def shown(self, note: LightRecord) -> Json:
        """A note as it is read by its id, which does not show its number."""
        values = {k: v for k, v in note.body.items() if k != "documentNumber"}
        lines = [dict(line) for line in note.lines]
        return values | {"lines": lines, "createdAt": wire_time(note.created)}

    def listed(self, note: LightRecord) -> Json:
        names = "id documentNumber status currency companyEntityId businessPartnerId documentDate"
        return {name: note.body.get(name) for name in (*names.split(), "description")} | {
            "documentType": "CN",
            "totalTransactionAmount": {"amount": note.body["amount"], "dcSign": "D"},
            "createdAt": wire_time(note.created),
        }

    def link(self, note_id: str, bill_id: str) -> Json:
        amount = self.links.get((note_id, bill_id), 0)
        return {
            "creditNote": {"id": note_id},
            "invoicePayable": {"id": bill_id},
            "amount": amount,
        }

    def cleared(self, bill_id: str) -> int:
        """How many cents of a bill credit notes clear."""
        return sum(cents for (_, bill), cents in self.links.items() if bill == bill_id)

    def _created(self, body: Json, caller: str, key: str) -> LightRecord:
        number = body.get("documentNumber")
        same = [n for n in self.records.values() if n.note and n.live and n.number == number]
        if key in self._by_key:
            return self.records[self._by_key[key]]
        note = same[0] if number and same else self.add(dict(body), caller)
        if key:
            self._by_key[key] = note.id
        return note

    def _change(
        self, note: LightRecord, method: str, line_id: str, body: Any, caller: str
    ) -> Answered:
        """Its header, or a line: added without a ``line_id``."""
        at = next((i for i, x in enumerate(note.lines) if x["id"] == line_id), None)
        if note.state != "DRAFT":
            return error(409, f"It is {note.state}.", kind="STATE")
        if line_id and at is None:
            return error(404, "No such line.", kind="NOT_FOUND")
        note.acts.append((caller, "change"))
        if method == "POST":
            return 200, dict(self._line(note, body))
        if at is None:
            note.body |= body
            return 200, self.shown(note)
        if method == "DELETE":
            del note.lines[at]
            return 204, None
        note.lines[at] |= body
        return 200, dict(note.lines[at])

    def _line(self, note: LightRecord, body: Json) -> Json:
        note.lines_ever += 1
        number = f"{note.id[1:8]}{note.lines_ever}"
        line = {**body, "id": f"{number:0>8}-2222-4000-8000-000000000000"}
        line["creditNoteId"] = note.id
        note.lines.append(line)
        return line

    def _act(self, note: LightRecord, act: str, state: str, caller: str) -> Answered:
        if note.state != "DRAFT" and not (act == "cancel" and note.state == "POSTED"):
            return error(409, f"It is {note.state}.", kind="STATE")
        note.body["status"] = state
        note.acts.append((caller, act))
        return 200, self.shown(note)

    def _clear(self, note: LightRecord, bill_id: str, body: Json, caller: str) -> Answered:
        bill = self.records.get(bill_id)
        if bill is None or bill.note or not bill.live:
            return error(404, "There is no such invoice payable.", kind="NOT_FOUND")
        if (note.id, bill_id) in self.links:
            return error(409, "It is linked to this bill already.", kind="STATE")
        left = bill.body["amount"] - self.cleared(bill_id)
        if note.state != "POSTED" or bill.state == "PAID" or body["amount"] > left:
            return error(409, f"It is {note.state}, the bill {bill.state}.", kind="STATE")
        self.links[note.id, bill_id] = body["amount"]
        note.body["status"] = "CLEARED"
        note.acts.append((caller, "clear"))
        return 200, self.link(note.id, bill_id)
