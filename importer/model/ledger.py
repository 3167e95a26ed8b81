"""Lines of Light's ledger, and how they tie out with what was loaded. Money is ``int`` cents: debit
above zero, credit below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line of the ledger. ``cents`` are in ``currency``, that of the document, and apart from
    them ``local_cents`` in that of the entity; None where Light does not state them.

    ``kind`` is DEFAULT for what the document itself books, AMORTIZATION, FX … for what follows.
    """

    id: str
    document_id: str
    account_id: str
    account_code: str
    account_label: str
    account_type: str
    entity_id: str
    entity_name: str
    cents: int | None
    currency: str | None
    local_cents: int | None = None
    local_currency: str | None = None
    tax_id: str | None = None
    tax_code: str | None = None
    kind: str = "DEFAULT"
    ledger: str = "PRIMARY"


class LedgerSide(StrEnum):
    """What a row of the tie-out is about."""

    ACCOUNT = "account"  # net amounts of line items
    TAX = "tax"
    PAYABLES = "payables"


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """One account, tax code or the payables of one entity and currency.

    ``sheet`` is None where the sheet does not state each amount, ``ledger`` where the ledger does
    not. ``local`` are the ledger's amounts in the currencies of the entity, for themselves.
    """

    entity: str  # its name
    currency: str
    side: LedgerSide
    code: str
    label: str
    sheet: int | None
    ledger: int | None
    documents: int
    unit: int = 100
    local: Mapping[str, int] = field(default_factory=dict)

    @property
    def difference(self) -> int | None:
        """None where one of the two is not stated: that is not equal."""
        return None if self.sheet is None or self.ledger is None else self.sheet - self.ledger


@dataclass(frozen=True, slots=True)
class LedgerProblem:
    """What is wrong with a document in the ledger: the ``code`` of a finding and its words."""

    code: str
    words: Mapping[str, str]


@dataclass(frozen=True)
class LedgerTieOut:
    """The documents of a run against the ledger. ``problems`` are by the journal's entry.

    ``refused``: why the ledger was not read; then all else is empty. ``waiting`` documents are not
    posted; ``missing`` ones are, and not in the ledger. ``other_lines`` are of amortisation,
    exchange differences and the like, which no sheet has; ``without_local`` documents have a line
    without an amount in the currency of the entity. ``read_at``: when an earlier command
    read it (UTC); None: this one.
    """

    refused: str = ""
    documents: int = 0
    lines: int = 0
    waiting: int = 0
    missing: int = 0
    unbalanced: int = 0
    other_lines: int = 0
    without_local: int = 0
    accounts: tuple[AccountTotal, ...] = ()
    problems: Mapping[int, tuple[LedgerProblem, ...]] = field(default_factory=dict)
    read_at: datetime | None = None

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, as far as both sides state amounts."""
        return not self.refused and not self.problems

    @property
    def unstated(self) -> int:
        """How many of the accounts cannot be compared, since the sheet lacks amounts."""
        return sum(each.sheet is None for each in self.accounts)
