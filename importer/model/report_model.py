"""The report of a run: the outcome of each row, totals, names to resolve. Money is cents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from importer.core.errors import ImporterError
from importer.model.journal_states import IN_LIGHT, Status, Step

if TYPE_CHECKING:
    from importer.model.ageing import Ageing
    from importer.model.finding import CellRef
    from importer.model.ledger import LedgerTieOut
    from importer.model.light_objects import Vendor
    from importer.model.read_back import LineReadBack, ReadBack

TableRow = tuple[int, int]  # index of a table of the report, row as Excel numbers it


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a name may mean. ``label`` is unique among the suggestions, for people."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
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
    optional: bool = False  # Light suggests something; the cell may stay blank


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a bill or line comes to, in cents; None where the sheet does not state them."""

    gross: int | None
    net: int | None
    tax: int | None
    currency: str
    unit: int = 100  # cents


@dataclass(frozen=True, slots=True)
class RowResult:
    """Outcome of one bill or line item. ``table`` is an index into ``Report.tables``.

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
    credit_note: bool = False  # it is one, or a line of one
    loaded_before: bool = False  # whatever the status of the row now

    @property
    def in_light(self) -> bool:
        """Whether Light has the bill, as far as is known."""
        return self.loaded_before or self.status in IN_LIGHT


@dataclass(frozen=True, slots=True)
class BillResult:
    """A bill as the sheet has it, with its outcome. ``vendor`` is what was typed; ``amount`` is
    None where unreadable."""

    result: RowResult
    vendor: str
    invoice_number: str
    issued: str
    currency: str
    amount: int | None
    lines: int
    unit: int = 100  # cents
    net: int | None = None  # cents, of the lines; None where unknown
    tax: int | None = None
    read_back: ReadBack | None = None
    steps: tuple[Step, ...] = ()
    in_light: int | None = None  # gross in cents, as Light stated it; None where it did not
    light_vendor: Vendor | None = None  # whatever was typed; None where its list was not read


@dataclass(frozen=True, slots=True)
class LineInLight:
    """What Light made of a line item, and its row in the file, None where it has none."""

    cell: CellRef
    bill: str  # its number, as written
    credit_note: bool
    read: LineReadBack
    item: int | None = None  # its index among the line items of the sheets


@dataclass(frozen=True)
class LeftOut:
    """Documents of one sheet that their type or state leaves out, for one reason.

    ``rows`` are the first row of each document, ``totals`` (currency, cents, cents in a unit); of
    credit notes without their sign. ``unreadable`` documents have no amount that can be read.
    """

    credit_notes: bool
    reason: str  # "Status is 'Voided'"
    cell: CellRef  # of the first document's row
    rows: tuple[int, ...]
    line_items: int
    totals: tuple[tuple[str, int, int], ...]
    unreadable: int = 0


def agreeing_totals(bills: int, passed_over: int, credit_notes: int) -> frozenset[int]:
    """The totals a file may state whose bills less credit notes come to ``bills``, in cents: it
    may count what is left out or not, and credit notes with either sign or not at all."""
    return frozenset(
        bills + passed + times * credit_notes for passed in (0, passed_over) for times in (0, 1, 2)
    )


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """The tie-out of one currency, in cents.

    ``sheet`` is the total of all bills of the sheet whose amount can be read, without those passed
    over; ``created`` what Light has of them now (created, already loaded or already there) by
    Light's own amounts, ``difference`` is ``sheet`` less ``created``; both are bills less credit
    notes. Where Light was not ``asked``, these are what earlier runs know, of ``loaded`` bills.
    ``by_status`` has the bills alone, those passed over too; ``credit_notes`` likewise, without
    their sign, of which ``notes_created`` are in Light. ``control`` is
    the total that the file or the template states, None where neither does. ``unit`` is how many
    cents
    a unit of the currency has. ``differing`` bills are not in Light just as the sheet has them: the
    totals may agree all the same. ``altered`` of them Light has, otherwise.
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
    altered: int = 0
    unmatched: int = 0  # of these, bills of the run that no row holds any more
    twice: int = 0  # bills that Light has more than once
    twice_cents: int = 0  # what these come to in the sheet
    asked: bool = True
    loaded: int = 0
    unstated: int = 0  # of these, bills whose amount in Light nobody has read
    credit_notes: Mapping[str, int] = field(default_factory=dict)
    notes: int = 0  # credit notes, beside the ``bills``
    notes_created: int = 0
    blocked: bool = False  # a load sends nothing: something needs correction, no --only-valid

    def net(self, status: Status) -> int:
        """Bills less credit notes of a status."""
        return self.by_status.get(status, 0) - self.credit_notes.get(status, 0)

    @property
    def bills_sheet(self) -> int:
        return self.every_bill - self.passed_over

    @property
    def bills_created(self) -> int:
        return self.created + self.notes_created

    @property
    def notes_sheet(self) -> int:
        return sum(self.credit_notes.values()) - self.notes_passed_over

    @property
    def notes_passed_over(self) -> int:
        return self.credit_notes.get(Status.PASSED_OVER, 0)

    @property
    def every_bill(self) -> int:
        """The total of all bills, those passed over included."""
        return sum(self.by_status.values())

    @property
    def passed_over(self) -> int:
        return self.by_status.get(Status.PASSED_OVER, 0)

    @property
    def control_agrees(self) -> bool:
        """Whether the stated total is that of the bills, or also of what is left out."""
        passed_over = self.passed_over + self.notes_passed_over
        return self.control in agreeing_totals(self.sheet, passed_over, self.notes_sheet)

    @property
    def difference(self) -> int:
        return self.sheet - self.created

    @property
    def has_light_amount(self) -> bool:
        """Whether ``created`` was read: it is no figure where nobody asked."""
        return self.asked or self.loaded > self.unstated

    @property
    def has_difference(self) -> bool:
        every_one = 0 < self.loaded == self.bills + self.notes and not self.unstated
        return self.asked or every_one


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a command ended early, for programs. ``kind`` names the class of the error."""

    kind: str
    message: str
    remedy: str

    @classmethod
    def of(cls, error: ImporterError) -> RunError:
        return cls(error.kind, str(error), error.remedy)


@dataclass(frozen=True, slots=True)
class Correction:
    """A cell that a person corrected before the check, ``at`` a time in UTC; texts as in the cell.

    ``file`` is the corrected copy that was read; ``column`` the header, or the column's letters.
    """

    file: str
    sheet: str | None
    row: int
    column: str
    before: str
    after: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class EarlierCheck:
    """Who checked what was loaded, and when (UTC, ISO 8601), where four eyes were demanded."""

    who: str
    at: str

    @property
    def words(self) -> str:
        return f"{self.who}, {self.at[:16].replace('T', ' ')} UTC"

    @classmethod
    def of(cls, facts: object) -> EarlierCheck | None:
        """As a run's record has it: a mapping, or the words of an earlier version."""
        if isinstance(facts, dict):
            return cls(str(facts["who"]), str(facts["at"]))
        who, _, at = str(facts or "").removesuffix(" UTC").rpartition(", ")
        return cls(who, f"{at.replace(' ', 'T')}:00+00:00") if who else None


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
    # "total", then each status that occurs
    bills: Mapping[str, int] = field(default_factory=dict)
    credit_notes: Mapping[str, int] = field(default_factory=dict)
    line_items: Mapping[str, int] = field(default_factory=dict)
    note_line_items: Mapping[str, int] = field(default_factory=dict)  # of credit notes, among these
    # "read", "data", "blank", "ignored", "control_total", …
    rows: Mapping[str, int] = field(default_factory=dict)
    totals: tuple[CurrencyTotal, ...] = ()
    requests: int = 0
    seconds: float = 0.0
    result: str | None = None
    exit_code: int = 0
    next_step: str = ""
    notes: tuple[str, ...] = ()
    template_file: str = ""  # where it is, unless it came with the product
    read_back: Mapping[str, int] = field(default_factory=dict)  # bills, by ``Comparison``
    ledger: LedgerTieOut | None = None  # where it was asked for
    ageing: Ageing | None = None  # where it was asked for
    continues: str = ""  # the run whose result workbook was loaded
    company_id: str = ""
    sandbox: bool = False  # what was loaded is gone with it
    expect: tuple[tuple[str, str], ...] = ()  # stated control totals
    options: tuple[tuple[str, str], ...] = ()  # that shaped the run, by their long names
    steps: Mapping[str, int] = field(default_factory=dict)  # done after creation, by participle
    error: RunError | None = None  # why it ended early
    by: str = ""  # the name of the person at the computer
    version: str = ""  # of light-import that made the run; "" where it is not recorded
    digests: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of each file, by its name
    left_out: tuple[LeftOut, ...] = ()
    constants: tuple[tuple[str, str], ...] = ()  # what the template states and no column says
    asked: bool = True  # whether Light was asked about the bills
    dry_run: bool = False
    blocked: bool | None = None  # whether the load would send nothing; None: by the findings
    created_vendors: tuple[tuple[str, str], ...] = ()  # name and Light's id
    unlisted: int = 0  # valid bills that name what the saved lists of Light do not have
    failed_controls: frozenset[str] = frozenset()  # codes of findings about control totals
    corrections: tuple[Correction, ...] = ()  # of cells, on the page in the browser
    checked_by: EarlierCheck | None = None  # by somebody else than who loaded
    content_mark: str = ""  # of all that would be sent, where it was asked for

    def bill_line_items(self, status: str) -> int:
        """The line items of bills, without those of credit notes."""
        return self.line_items.get(status, 0) - self.note_line_items.get(status, 0)

    @property
    def documents(self) -> Mapping[str, int]:
        """Bills and credit notes together: "total", then each status that occurs."""
        both = Counter(self.bills)
        both.update(self.credit_notes)
        return both
