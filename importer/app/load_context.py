"""What one load works with, and how far it came."""

from __future__ import annotations

from dataclasses import dataclass, field

from importer.app.checked_files import CheckedFiles
from importer.app.consent import LoadConsent
from importer.app.create_vendors import VendorCreation
from importer.app.destination import Destination, LoadOptions
from importer.app.events import Listener
from importer.app.stop import StopControl
from importer.core.errors import ImporterError
from importer.light.client import LightClient
from importer.light.rate_limiter import RateLimiter
from importer.loading.journal.journal import Journal
from importer.loading.update_plan import UpdatePlan
from importer.model.bill_updates import Update
from importer.model.journal_states import BillOutcome, Step
from importer.model.light_objects import Company
from importer.model.read_back import ReadBack
from importer.model.report_model import EarlierCheck
from importer.validation.credit_notes import credits_by_bill

MOST_WATCH = 15.0  # seconds between two looks at what others load


@dataclass
class LoadProgress:
    """How far a load came. Filled as it goes, so that a failure in the middle loses nothing."""

    company: Company | None = None
    run: str | None = None
    outcomes: dict[int, BillOutcome] = field(default_factory=dict)  # by bill index
    steps: dict[int, tuple[Step, ...]] = field(default_factory=dict)  # by bill index
    updates: dict[int, Update] = field(default_factory=dict)  # by bill index
    forecast: str = ""  # in a dry run: what would be done after creation
    update_note: str = ""  # in a dry run: what would be changed
    stopped: ImporterError | None = None
    blocked: bool | None = None  # whether a load sends nothing without --only-valid, once planned
    requests: int = 0
    asked: bool = False  # whether Light was asked about the bills
    checked_by: EarlierCheck | None = None  # where four eyes were demanded
    verifying: bool = False  # the load itself was done
    read_backs: dict[int, ReadBack] = field(default_factory=dict)  # by bill index


@dataclass
class LoadContext:
    """What one load works with."""

    files: CheckedFiles
    run: str  # the id, should anything be sent
    destination: Destination
    options: LoadOptions
    consent: LoadConsent | None
    listener: Listener
    stop: StopControl
    progress: LoadProgress
    vendors: VendorCreation = field(default_factory=VendorCreation)
    updates: UpdatePlan = field(default_factory=UpdatePlan)  # once they are planned
    _credits: dict[int, dict[int, str]] | None = None
    journal: Journal = field(init=False)  # once it is open
    client: LightClient = field(init=False)  # once connected
    limiter: RateLimiter = field(init=False)  # once connected

    @property
    def company(self) -> Company:
        """The company of the key, once connected."""
        assert self.progress.company is not None
        return self.progress.company

    @property
    def credits(self) -> dict[int, dict[int, str]]:
        """By bill, the rows that credit it, in words by their index."""
        if self._credits is None:
            checked = self.files.checked
            self._credits = credits_by_bill(checked.mapped, checked.bills, checked.credit_notes)
        return self._credits

    @property
    def separate(self) -> bool:
        """Whether each line item goes in a request of its own."""
        return self.options.line_mode == "separate"

    @property
    def settle(self) -> float:
        """Seconds until Light shows what was done; nobody else is in a throw-away sandbox."""
        return min(self.options.settle, 0.1) if self.destination.sandbox else self.options.settle

    @property
    def watch(self) -> float:
        """Seconds between two looks at what others load: twice in a settling time, and of fifty
        requests one at most. None where nobody else can be."""
        if self.destination.sandbox:
            return 0.0
        rarest = 50 * 60 / self.destination.per_minute
        return min(MOST_WATCH, max(self.settle / 2, rarest))
