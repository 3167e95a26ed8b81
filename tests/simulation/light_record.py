"""What the simulated Light keeps of a bill or credit note, and its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sheet import ENTITIES, ROWS, Row, is_vendor, version
from simulated import START

Json = dict[str, Any]
Answered = tuple[int, object]
EPOCH = datetime.fromtimestamp(START, UTC)


def moment(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def wire_time(seconds: float) -> str:
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def error(status: int, message: str, *path: str, kind: str = "INVALID") -> Answered:
    """One of Light's own error bodies."""
    errors = [{"type": kind, "message": message, "path": list(path), "context": {}}]
    return status, {"name": "Refused", "type": kind, "errors": errors}


@dataclass
class LightRecord:
    """A bill or credit note in Light. ``maker`` is a computer or "person"; ``acts`` what was done
    to it by whom, in this order."""

    body: Json
    maker: str
    created: float
    lines: list[Json] = field(default_factory=list)
    acts: list[tuple[str, str]] = field(default_factory=list)
    note: bool = False
    approvals: list[str] = field(default_factory=list)  # the notes that they were given with
    document: bytes = b""
    announced: str = ""  # its name
    lines_ever: int = 0
    adders: dict[str, str] = field(default_factory=dict)  # by line, who added it later

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def number(self) -> str:
        """As it was given; Light gives a note without one its own."""
        number = str(self.body.get("documentNumber" if self.note else "invoiceNumber") or "")
        return "" if number.startswith("CN-") else number

    @property
    def alike(self) -> tuple[str, str, str, str]:
        """As ``Request.alike`` of the request that created it."""
        path = "/v1/credit-notes" if self.note else "/v1/invoice-payables"
        entity = str(self.body["companyEntityId"])
        return (path, self.vendor, entity, self.number)

    @property
    def vendor(self) -> str:
        return str(self.body["businessPartnerId" if self.note else "vendorId"])

    @property
    def state(self) -> str:
        return str(self.body["status" if self.note else "state"])

    @property
    def live(self) -> bool:
        return self.state not in ("CANCELLED", "ARCHIVED")

    def looks_like(self, other: LightRecord) -> bool:
        """Whether another one lives that has its vendor, entity and number."""
        values = (self.note, self.vendor, self.body["companyEntityId"], self.number)
        of_other = (other.note, other.vendor, other.body["companyEntityId"], other.number)
        return other.live and values == of_other

    @property
    def cents(self) -> list[int]:
        """Of its lines."""
        if self.note:
            return [line["netTransactionAmount"]["amount"] for line in self.lines]
        return [line["netAmount"] for line in self.lines]


def matches(record: LightRecord, row: Row) -> bool:
    """Whether a bill in Light is the one of the row."""
    body = record.body
    if record.note != row.note or not is_vendor(record.vendor, row):
        return False
    if body["companyEntityId"] != ENTITIES[row.entity]:
        return False
    if row.number or record.number:
        return record.number == row.number
    return bool(body["amount"] == sum(row.lines) and body["description"] == row.text)


def most_lines(record: LightRecord, cents: int) -> int:
    """How often a version of its row has a line item of so many cents, at most."""
    rows = [i for i, row in enumerate(ROWS) if matches(record, row)]
    versions = (version(i, edited=edited) for i in rows for edited in (False, True))
    return max((each.lines.count(cents) for each in versions), default=0)
