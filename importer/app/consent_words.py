"""What a person reads before consenting, the same on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from importer.core.counted_nouns import count
from importer.core.money import money
from importer.core.safe_text import visible
from importer.report.phrases import document_kinds, documents

if TYPE_CHECKING:
    from importer.app.consent import LoadForecast, Total, UndoForecast
    from importer.model.light_objects import Company

Fact = tuple[str, str]  # a label, "" where the text belongs to the one above; the text
_MOST_UPDATES = 20  # bills whose changes are listed
SURE_OF_AMOUNTS = "Are the amounts as shown above, to the cent?"


def load_facts(load: LoadForecast) -> list[Fact]:
    """What a load is about to write."""
    already = load.already_in_light
    return [
        *company_facts(load.company, load.address),
        (
            "Bills",
            f"{load.bills:,} to create"
            + (f", {already:,} are in Light already" if already else ""),
        ),
        *_vendors(load.vendors),
        *_totals(load.totals),
        *_updates(load),
        *([("Credits", f"{load.credit_notes:,} to create")] if load.credit_notes else []),
        *(("", f"less {_amount(total)}") for total in load.credit_totals),
        (
            "Template",
            visible(load.template)
            + (f", which states: {load.constants}" if load.constants else ""),
        ),
        *(("Left out", visible(words)) for words in load.left_out),
        *([("Then", load.steps)] if load.steps else []),
        *([("Warning", load.warning)] if load.warning else []),
        *(
            (
                "Payment",
                f"{_amount(paid.total)} from bank account {paid.bank_account}"
                f" ({count(paid.bills, 'bill')})",
            )
            for paid in load.payments
        ),
        _requests(load),
    ]


def load_question(load: LoadForecast) -> str:
    """ "Create these bills?" """
    new_vendors = " and their new vendors" if load.vendors else ""
    if load.bills or load.credit_notes:
        nouns = document_kinds(load.bills, load.credit_notes)
        others = ", and change the others in Light" if load.updates else ""
        return f"Create these {nouns}{new_vendors}{others}?"
    if load.updates:
        notes = load.updated_notes
        return f"Change these {document_kinds(len(load.updates) - notes, notes)} in Light?"
    return "Do this to bills that are in Light already?"


def undo_facts(undo: UndoForecast) -> list[Fact]:
    """What an undo is about to cancel."""
    files = ", ".join(visible(Path(name).name) for name in undo.files)
    left = f", {undo.left:,} others of the run stay in Light" if undo.left else ""
    return [
        *company_facts(undo.company, undo.address),
        ("Run", f"{undo.run}, {undo.started:%Y-%m-%d %H:%M} UTC, {files}"),
        ("Bills", f"{undo.bills:,} to cancel{left}"),
        *([("Credits", f"{undo.credit_notes:,} to cancel")] if undo.credit_notes else []),
        *(
            [("Changed", f"{undo.restored:,} to be restored to what they were before")]
            if undo.restored
            else []
        ),
        *_totals(undo.totals),
        _requests(undo),
    ]


def undo_question(undo: UndoForecast) -> str:
    """ "Cancel these bills in Light?" """
    nouns = document_kinds(undo.bills, undo.credit_notes)
    if undo.restored:
        return "Do this in Light?" if nouns else "Change these bills back in Light?"
    return f"Cancel these {nouns} in Light?"


def counted_nouns(forecast: LoadForecast | UndoForecast) -> str:
    """What the number to type counts: "bills", "bills and credit notes together"."""
    kinds = zip(("bills", "credit notes"), forecast.counted, strict=True)
    nouns = [noun for noun, n in kinds if n] or ["bills"]
    return " and ".join(nouns) + (" together" if len(nouns) > 1 else "")


def type_the_number(nouns: str) -> str:
    """``nouns`` are what is counted."""
    return f"This is a large amount: type the number of {nouns}"


def company_facts(company: Company, address: str) -> list[Fact]:
    """The company and where it is, before anything is written to it."""
    return [("Company", company.name), ("Light", address)]


def accepted_answers(number: int | None) -> tuple[str, ...]:
    """The answers that mean yes; where there is a ``number`` of bills, it is the answer."""
    return ("y", "yes") if number is None else (f"{number}", f"{number:,}")


def _updates(load: LoadForecast) -> list[Fact]:
    if not load.updates:
        return []
    n, more = len(load.updates), len(load.updates) - _MOST_UPDATES
    notes = load.updated_notes
    return [
        ("Changes", f"{documents(n - notes, notes)} in Light: {load.update_counts}"),
        *(("", visible(words)) for words in load.updates[:_MOST_UPDATES]),
        *([("", f"and {more:,} more, which --dry-run lists")] if more > 0 else []),
    ]


def _vendors(names: Sequence[str]) -> list[Fact]:
    if not names:
        return []
    return [
        ("Vendors", f"{len(names):,} to create, which undo does not remove:"),
        *(("", visible(name)) for name in names),
    ]


def _amount(total: Total) -> str:
    return f"{money(total.cents, total.unit)} {total.currency}"


def _totals(totals: Sequence[Total]) -> list[Fact]:
    return [("Total", _amount(total)) for total in totals]


def _requests(forecast: LoadForecast | UndoForecast) -> Fact:
    seconds = forecast.seconds
    time = f"about {seconds / 60:.0f} minutes" if seconds >= 90 else "about a minute or less"
    most = forecast.requests + forecast.further_requests
    more = f" (up to {most:,} if others have to approve)" if most > forecast.requests else ""
    return (
        "Requests",
        f"{forecast.requests:,}{more}, at most {forecast.per_minute:,} a minute: {time}",
    )
