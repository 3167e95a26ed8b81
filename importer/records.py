"""The records that cross the borders between stages. Standard library only.

Money is always ``int`` cents. Times are UTC. Rows carry the number that a person sees in Excel; it
is stamped once, by the reader, and never counted again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

# --- sheets -----------------------------------------------------------------------------------


class CellKind(IntEnum):
    """What the file says a cell is. CSV has only TEXT."""

    TEXT = 0
    NUMBER = 1
    DATE = 2  # text is ISO: 2025-03-31 or 2025-03-31T14:05:00
    BOOLEAN = 3  # text is TRUE or FALSE
    ERROR = 4  # text is the error as Excel writes it: #REF!
    UNCALCULATED = 5  # a formula without a stored result; text is the formula, with its "="


@dataclass(frozen=True)
class SourceTable:
    """One sheet of a workbook, or one CSV file, as text cells; title and header rows included.

    ``columns[c][i]`` is the text of column ``c`` in the ``i``-th row that is not blank, ``""``
    where blank; all columns have ``len(rows)`` cells. ``rows[i]`` is that row's number in Excel.
    ``kinds[c][i]`` is its ``CellKind``; ``None`` means that all cells are TEXT.
    """

    file: str
    sheet: str | None  # None for CSV
    columns: tuple[Sequence[str], ...]
    rows: Sequence[int]
    kinds: tuple[Sequence[int], ...] | None = None
    blank_rows: int = 0
    hidden: bool = False  # the whole sheet is hidden in the workbook
    hidden_rows: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()  # how it was read, for people: "cp1252, semicolons"
    lengths: Sequence[int] | None = None  # the cells that each row is written with; CSV only
    doubt: str = ""  # "Mac Roman: 'Müller'", where the encoding was only the likeliest
    swallowed: tuple[tuple[int, int, int], ...] = ()
    """Of cells that hold rows, in a CSV file: row number, column, how many rows."""
    looks: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    """What number formats show beside the number: column → row number → ``€``, ``EUR``, ``%``."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of a result workbook that is read again: the template's parameters that its run used."""
    former: Sequence[tuple[str, str]] | None = None
    """Of a result workbook that is read again: each row's import_status and import_message."""
    folder: str = ""
    """Where the file is; of a result workbook, where that is which the sheet was made from."""
    date1904: bool = False  # a workbook that counts its days from 1904, as those of old Macs do

    def kind(self, column: int, i: int) -> CellKind:
        return CellKind.TEXT if self.kinds is None else CellKind(self.kinds[column][i])

    def row_cells(self, i: int) -> tuple[str, ...]:
        return tuple(column[i] for column in self.columns)


# --- template ---------------------------------------------------------------------------------


class Role(StrEnum):
    """What a row of the file is, below its header row."""

    DATA = "data"
    IGNORED = "ignored"  # the template says to pass over it
    CONTROL_TOTAL = "control_total"  # the file's own total
    GROUP = "group"  # the name of a group of rows
    GROUP_TOTAL = "group_total"  # the total of a group
    REPEATED_HEADER = "repeated_header"


class TableKind(StrEnum):
    BILLS = "bills"
    LINE_ITEMS = "line_items"
    FLAT = "flat"  # one row a line item, header fields repeated


@dataclass(frozen=True)
class InputTable:
    """A source table whose header row is known.

    ``headers`` has one name a column, as written. ``roles[k]`` belongs to the ``k``-th row below
    the header row, which is ``source.rows[header + 1 + k]``. A header of several rows ends in row
    ``header``. ``reasons`` says by row number why a row is not data, where a rule decided it.
    """

    source: SourceTable
    kind: TableKind
    header: int
    headers: tuple[str, ...]
    roles: Sequence[Role]
    header_rows: int = 1
    reasons: Mapping[int, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)  # of the template, as used


# --- findings ---------------------------------------------------------------------------------


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class CellRef:
    """A place in a file: ``row`` as Excel numbers it, ``column`` the header as written.

    ``table`` and ``column_index`` find the same cell in ``Report.tables``; None where there is no
    one cell (a missing column, a whole file).
    """

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    table: int | None = None
    column_index: int | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.sheet is not None:
            parts.append(f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or doubtful, in the file."""

    code: str
    severity: Severity
    cell: CellRef
    value: str
    message: str
    hint: str
    bills: tuple[int, ...] = ()  # indexes of the bills it makes invalid, or concerns
    lines: tuple[int, ...] = ()  # indexes of the line items it is about


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a name may mean. ``label`` tells it from the other suggestions, for people."""

    id: str
    label: str


@dataclass(frozen=True)
class Unresolved:
    """A name of the sheet without an id in Light: one for all the rows that have it.

    ``field`` is vendor, companyEntity, account or taxCode, ``bills`` the number of bills
    concerned, ``pick`` the id that the person has chosen already.
    """

    field: str
    value: str
    reason: str
    bills: int
    cells: tuple[CellRef, ...]
    suggestions: tuple[Suggestion, ...] = ()
    pick: Suggestion | None = None


# --- bills ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Property:
    """A custom property of a bill or line: as written, and, once resolved, as Light wants it."""

    name: str  # label or internal name, from the header
    value: str  # as written
    group_id: str | None = None
    value_ids: tuple[str, ...] = ()
    inline_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a bill. Amounts in cents; exactly what Light is told, in the sheet's order."""

    index: int  # among all line items of the run
    table: int
    row: int
    amount: int | None = None  # gross
    net_amount: int | None = None
    tax_amount: int | None = None
    description: str | None = None
    tax_code_id: str | None = None
    tax_code: str | None = None
    account_id: str | None = None
    account: str | None = None
    amortization_start: date | None = None
    amortization_end: date | None = None
    amortization_template_id: str | None = None
    properties: tuple[Property, ...] = ()


class Wanted(StrEnum):
    """How far a bill should go in Light."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    POSTED = "posted"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Bill:
    """One bill to be created. ``vendor`` is the name as written until ``vendor_id`` is known."""

    index: int  # among all bills of the run
    table: int
    row: int
    currency: str
    amount: int  # gross, cents
    include_tax: bool
    lines: Sequence[LineItem]
    vendor_id: str | None = None
    vendor: str | None = None
    company_entity_id: str | None = None
    company_entity: str | None = None
    invoice_number: str | None = None
    issued: date | None = None
    due: date | None = None
    payment_at: datetime | None = None
    description: str | None = None
    sender_bank_account_id: str | None = None
    local_fx_rate: Decimal | None = None
    group_fx_rate: Decimal | None = None
    properties: tuple[Property, ...] = ()
    unit: int = 100  # how many cents a unit of the currency has, to show amounts to people
    wanted: Wanted = Wanted.DRAFT
    paid_from: str | None = None  # the id of the bank account
    document: str | None = None  # as written


@dataclass(frozen=True, slots=True)
class Document:
    """The file of a bill, as it was looked at before anything was sent."""

    written: str  # in the sheet
    folder: Path  # that it must be in
    path: Path  # with all links followed
    name: str
    content_type: str
    size: int  # bytes


# --- Light ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request to Light.

    ``status`` is None where no complete answer came. ``body`` is the parsed JSON, None where there
    was none or it could not be read. ``sent`` is False only when it is certain that Light never
    got the request (no connection was made). ``reason`` says in words what went wrong.
    """

    status: int | None
    body: object = None
    sent: bool = True
    reason: str = ""
    retry_after: float | None = None  # seconds, as told by Light


@dataclass(frozen=True, slots=True)
class ApiError:
    """One error of a refusal. ``path`` names the field, as ``("lineItems", "0", "accountId")``."""

    message: str
    path: tuple[str, ...] = ()
    type: str = ""


@dataclass(frozen=True, slots=True)
class LightProperty:
    """A custom property as Light shows it. ``values`` are (id, label, internal name)."""

    group_id: str
    name: str  # the group's internal name
    values: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LightLine:
    id: str
    amount: int | None
    net_amount: int | None
    tax_amount: int | None
    description: str | None
    tax_code_id: str | None
    account_id: str | None
    amortization_start: date | None = None
    amortization_end: date | None = None
    amortization_template_id: str | None = None
    properties: tuple[LightProperty, ...] = ()


@dataclass(frozen=True, slots=True)
class LightBill:
    """A bill as Light shows it; amounts in cents. ``lines`` is None where the list omits them.

    What follows ``lines`` is only read to be compared: None where it cannot be read, too.
    """

    id: str
    vendor_id: str | None
    company_entity_id: str | None
    invoice_number: str | None
    amount: int | None
    currency: str | None
    issued: date | None
    due: date | None
    description: str | None
    state: str
    failure_reason: str | None = None
    created_at: datetime | None = None
    lines: tuple[LightLine, ...] | None = None
    payment_at: datetime | None = None
    include_tax: bool | None = None
    sender_bank_account_id: str | None = None
    local_fx_rate: Decimal | None = None
    group_fx_rate: Decimal | None = None
    properties: tuple[LightProperty, ...] = ()
    failures: tuple[ApiError, ...] = ()  # why Light could not do what it was last asked for
    outstanding: int | None = None  # cents left to pay; None where Light was not asked for it


@dataclass(frozen=True, slots=True)
class Vendor:
    id: str
    name: str
    identifier: str | None = None
    vat_id: str | None = None
    status: str | None = None
    tax_code_id: str | None = None  # what Light proposes for its bills


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    code: str
    label: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    id: str
    code: str
    name: str
    currency: str | None = None
    legal_name: str | None = None  # where it differs from the name that Light displays
    status: str | None = None


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A tax code by where it was seen: Light lists none. ``percent`` is worked out from ``lines``
    of bills, None where they do not say."""

    id: str
    vendors: int = 0  # that have it as their default
    lines: int = 0
    percent: str | None = None
    example: str = ""  # one place where it was seen, for people


@dataclass(frozen=True, slots=True)
class PropertyGroup:
    """A custom property. ``values`` are (id, label, internal name), empty for inline types."""

    id: str
    label: str
    internal_name: str
    input_type: str
    level: str  # HEADER or LINE
    required: bool
    values: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    id: str
    name: str
    currency: str | None = None


class Status(StrEnum):
    """What became of a bill, and of its line items with it (design: statuses)."""

    VALID = "valid"
    INVALID = "invalid"
    CREATED = "created"
    ALREADY_IN_LIGHT = "already_in_light"
    ALREADY_LOADED = "already_loaded"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    UNDONE = "undone"


# How a bill came to its status, where the status alone does not say it.
FOUND_AGAIN = "found in Light after its answer was lost"
FOUND_BEFORE = "Light has this bill already"

IN_LIGHT = frozenset({Status.CREATED, Status.ALREADY_IN_LIGHT, Status.ALREADY_LOADED})


# --- loading ----------------------------------------------------------------------------------


class State(StrEnum):
    """Where an entry of the journal stands.

    PLANNED: certainly not sent, or certainly refused before it did anything. SENDING: an answer is
    outstanding; found at start, it is a crash. UNKNOWN: sent, and the answer was lost. FOUND: it
    was in Light before we sent anything. With a ``light_id``, the first three (and REJECTED) are of
    the bill's next line item: Light has the bill, and not yet all its lines.
    """

    PLANNED = "planned"
    SENDING = "sending"
    CREATED = "created"
    FOUND = "found"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)  # before whatever is in Light


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One bill's life, over all runs. Times are UTC.

    ``first_sent`` is not later than the first attempt by Light's clock, nor by ours: where to begin
    to look for the bill; ``ALWAYS`` where Light's clock was not known.
    """

    id: int
    identity: str
    content: str  # canonical JSON of what was sent, or is to be; "" where it was not asked for
    state: State
    attempts: int = 0
    first_sent: datetime | None = None
    last_sent: datetime | None = None
    settled: datetime | None = None
    light_id: str | None = None
    light_state: str | None = None
    light_amount: int | None = None  # cents, as Light has it
    line_ids: tuple[str | None, ...] = ()  # Light's ids in the order of the bill's lines
    alone: bool = False  # last sent without its lines, which were to follow
    message: str = ""
    errors: tuple[ApiError, ...] = ()

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> JournalEntry:
        """An entry from its row in the journal, the columns in the order of the fields; ValueError
        for an unknown state."""
        (
            id,
            identity,
            content,
            state,
            attempts,
            first_sent,
            last_sent,
            settled,
            light_id,
            light_state,
            light_amount,
            line_ids,
            alone,
            message,
            errors,
        ) = row
        return cls(
            id,
            identity,
            content,
            State(state),
            attempts,
            _moment(first_sent),
            _moment(last_sent),
            _moment(settled),
            light_id,
            light_state,
            light_amount,
            tuple(_listed(line_ids)),
            bool(alone),
            message,
            tuple(ApiError(e["message"], tuple(e["path"]), e["type"]) for e in _listed(errors)),
        )


def _listed(text: str | None) -> list[Any]:
    """A list kept as JSON; most are empty."""
    found: list[Any] = json.loads(text) if text and text != "[]" else []
    return found


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class Verdict(StrEnum):
    """What one answer to a POST means for the bill, and so what to do next."""

    CREATED = "created"
    REJECTED = "rejected"  # Light said no to this bill
    WAIT = "wait"  # too many requests; nothing happened
    RETRY = "retry"  # Light was not reached; nothing happened
    UNKNOWN = "unknown"  # it may or may not have happened
    STOP = "stop"  # Light says no to us


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer classified. ``reason`` is for people."""

    verdict: Verdict
    reason: str = ""
    bill: LightBill | None = None
    line: LightLine | None = None  # where a line item was what was sent
    errors: tuple[ApiError, ...] = ()
    forbidden: bool = False  # for lack of rights (401, 403): nothing was done


# --- after creation ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where Light wants a document, for a short time, and the headers to send with it."""

    url: str = field(repr=False)  # whoever has it may write there
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class StepKind(StrEnum):
    """What is done to a bill after it was created, in this order; CANCEL is its undoing."""

    DOCUMENT = "document"
    SUBMIT = "submit"
    POST = "post"
    PAY = "pay"
    CANCEL = "cancel"


class StepState(StrEnum):
    """SENDING, found at start, is a crash: Light is asked how the bill stands. UNKNOWN likewise."""

    PLANNED = "planned"
    SENDING = "sending"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a bill's life after its creation. ``detail`` is JSON of the step's own."""

    entry: int
    kind: StepKind
    state: StepState
    attempts: int = 0
    sent: datetime | None = None  # UTC
    settled: datetime | None = None
    message: str = ""
    detail: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Step:
        """A step from its row in the journal; ValueError for an unknown kind or state."""
        return cls(
            entry=row["entry"],
            kind=StepKind(row["kind"]),
            state=StepState(row["state"]),
            attempts=row["attempts"],
            sent=_moment(row["sent"]),
            settled=_moment(row["settled"]),
            message=row["message"],
            detail=row["detail"],
        )

    def as_row(self) -> dict[str, Any]:
        return {
            "entry": self.entry,
            "kind": self.kind.value,
            "state": self.state.value,
            "attempts": self.attempts,
            "sent": self.sent and self.sent.isoformat(),
            "settled": self.settled and self.settled.isoformat(),
            "message": self.message,
            "detail": self.detail,
        }

    def told(self, name: str) -> Any:
        """What the step's detail says under a name; None where it says nothing."""
        return json.loads(self.detail or "{}").get(name)


class Seen(StrEnum):
    """How a bill read back from Light compares with the sheet."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that Light shows otherwise. ``line`` is the index among the bill's lines, None for
    the bill itself; ``sheet`` and ``light`` are texts for people, amounts in major units."""

    field: str
    line: int | None
    sheet: str
    light: str


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A bill as ``verify`` read it from Light; amounts in cents, None where Light tells none."""

    seen: Seen
    moment: datetime  # UTC
    light_state: str = ""
    amount: int | None = None  # gross
    net: int | None = None
    tax: int | None = None
    lines: bool = False  # each line was read by itself too
    differences: tuple[Difference, ...] = ()
    message: str = ""


# --- results ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a bill or line comes to, in cents; None where the sheet does not tell."""

    gross: int | None
    net: int | None
    tax: int | None
    currency: str
    unit: int = 100  # cents


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one bill or line item. ``table`` is an index into ``Report.tables``.

    ``light_id`` is of the bill or of the line item, ``bill_id`` of a line item's bill.
    """

    table: int
    row: int
    status: Status
    message: str = ""
    light_id: str | None = None
    light_state: str | None = None
    attempts: int = 0
    loaded_at: datetime | None = None
    bill_id: str | None = None
    amounts: Amounts | None = None


@dataclass(frozen=True, slots=True)
class BillResult:
    """A bill as the sheet has it, with what became of it. ``amount`` is None where unreadable."""

    result: RowResult
    vendor: str
    invoice_number: str
    issued: str
    currency: str
    amount: int | None
    lines: int
    unit: int = 100  # cents
    net: int | None = None  # cents, of the lines; None where they do not tell
    tax: int | None = None
    read_back: ReadBack | None = None
    steps: tuple[Step, ...] = ()
    in_light: int | None = None  # gross in cents, by Light's own amount; None where it is not there


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """The tie-out of one currency, in cents.

    ``sheet`` is the total of all bills of the sheet whose amount can be read, ``created`` what
    Light has of them now (created, already loaded or already there) by Light's own amounts,
    ``difference`` is ``sheet`` less ``created``. ``by_status`` splits ``sheet``. ``control`` is the
    total that the file or the template states, None where neither does. ``unit`` is how many cents
    a unit of the currency has. ``differing`` bills are not in Light just as the sheet has them: the
    totals may agree all the same.
    """

    currency: str
    sheet: int
    created: int
    by_status: Mapping[str, int]
    bills: int
    unreadable: int = 0
    control: int | None = None
    unit: int = 100
    differing: int = 0

    @property
    def difference(self) -> int:
        return self.sheet - self.created


@dataclass(frozen=True)
class RunSummary:
    """The whole of a run in figures; the source of ``--json`` and of the sheet ``Summary``."""

    command: str
    run: str | None
    company: str | None
    base_url: str | None
    template: str
    sources: tuple[str, ...]
    started_at: datetime
    bills: Mapping[str, int]  # "total", then each status that occurs
    line_items: Mapping[str, int]
    rows: Mapping[str, int]  # "read", "data", "blank", "ignored", "control_total", …
    totals: tuple[CurrencyTotal, ...]
    requests: int = 0
    seconds: float = 0.0
    result: str | None = None
    exit_code: int = 0
    next_step: str = ""
    notes: tuple[str, ...] = ()
    template_file: str = ""  # where it is, unless it came with the product
    read_back: Mapping[str, int] = field(default_factory=dict)  # bills, by how they were ``Seen``
    continues: str = ""  # the run whose result workbook was loaded
    company_id: str = ""
    sandbox: bool = False  # what was loaded is gone with it
    expect: tuple[tuple[str, str], ...] = ()  # control totals told outright


@dataclass(frozen=True)
class Report:
    """Everything the result workbook shows."""

    summary: RunSummary
    tables: tuple[InputTable, ...]
    bills: Sequence[BillResult]
    line_items: Sequence[RowResult]
    findings: Sequence[Finding]
    links: Mapping[str, str] = field(default_factory=dict)  # Light bill id → address to open
    unresolved: Sequence[Unresolved] = ()
    seal: Callable[[str], str] | None = None  # proves later that this user wrote a text here
