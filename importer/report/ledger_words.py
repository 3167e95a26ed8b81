"""What the comparison with the ledger came to, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from importer.core.counted_nouns import count
from importer.core.safe_text import visible
from importer.report.phrases import day_and_time

if TYPE_CHECKING:
    from importer.model.ledger import LedgerTieOut


def ledger_verdict(ledger: LedgerTieOut) -> str:
    """For the sentence on the whole run: "the ledger ties out by account"."""
    if ledger.refused:
        return "the ledger was not compared"
    if n := len(ledger.problems):
        return f"{count(n, 'document')} {'differs' if n == 1 else 'differ'} in the ledger"
    if not ledger.documents:
        return "nothing is posted to the ledger"
    if ledger.unstated:
        return "the ledger agrees as far as the sheet states net and tax"
    if ledger.read_at is not None:
        return f"the ledger tied out by account at {day_and_time(ledger.read_at)}"
    return "the ledger ties out by account"


def ledger_words(ledger: LedgerTieOut) -> Iterator[str]:
    """Sentences for the notes."""
    if ledger.refused:
        yield f"The ledger was not compared: {visible(ledger.refused)}"
        return
    if ledger.read_at is not None:
        moment = day_and_time(ledger.read_at)
        yield f"The ledger is that of {moment}, when verify --ledger last read it."
    if ledger.documents:
        done = "tie out by account, tax code and payables" if ledger.agrees else "were compared"
        if ledger.agrees and ledger.unstated:
            done = "agree in payables and in what the sheet states"
        lines = count(ledger.lines, "line")
        yield f"Ledger: {count(ledger.documents, 'document')} with {lines} {done}."
    if ledger.waiting:
        verb = "is" if ledger.waiting == 1 else "are"
        waiting = count(ledger.waiting, "document")
        yield f"Not compared with the ledger: {waiting} that {verb} not posted."
    if ledger.unstated:
        one = ledger.unstated == 1
        yield (
            f"{ledger.unstated:,} of the accounts and tax codes cannot be compared by"
            f" {'itself' if one else 'themselves'}: the sheet leaves net or tax to Light. Payables"
            " were compared."
        )
    if ledger.without_local:
        yield (
            f"Whether {count(ledger.without_local, 'document')} balance in the currency of the"
            " entity was not checked: the ledger does not show each amount in it."
        )
    if ledger.other_lines:
        verb = "is" if ledger.other_lines == 1 else "are"
        yield (
            f"{count(ledger.other_lines, 'line')} of the ledger for amortisation, exchange"
            f" differences or clearing {verb} not in the comparison: the sheet has no such amounts."
        )
