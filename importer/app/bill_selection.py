"""Which bills of a run a person means: by number, Light id, row or vendor."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from importer.app.finished_run import FinishedRun
from importer.app.match_rows import match_rows
from importer.core.errors import UsageProblem
from importer.core.money import tidy
from importer.core.name_key import name_key
from importer.core.nearest_name import nearest_several
from importer.loading.journal.journal import Journal
from importer.model.journal_states import BillOutcome, JournalEntry
from importer.model.run_rows import BillRows

_MOST_NAMED = 8  # in one sentence

Outcomes = Mapping[int, BillOutcome]  # by entry
Rows = Mapping[int, BillRows]


@dataclass(frozen=True)
class BillSelection:
    """``bills`` as they were typed: numbers, ids of Light or ``row:7``, several with commas between
    them; ``vendors`` by name, identifier or id. Both: the bills that are also of these vendors."""

    bills: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.bills or self.vendors)

    @property
    def words(self) -> str:
        """The options as they are typed, each with a space before it."""
        options = [("--bills", text) for text in self.bills]
        options += [("--vendor", text) for text in self.vendors]
        return "".join(f" {option} {shlex.quote(text)}" for option, text in options)


def outcomes_named(outcomes: Outcomes, rows: Rows, wanted: str) -> list[BillOutcome]:
    """The bills of that invoice number or Light id, or in that row of the sheet."""
    wanted = tidy(wanted)
    if wanted.lower().startswith("row:"):
        row = wanted[4:].strip()
        return [
            outcomes[entry]
            for entry, of in rows.items()
            if of.bill is not None and str(of.bill.row) == row and entry in outcomes
        ]
    return [each for each in outcomes.values() if _is_named(each.entry, wanted)]


def _is_named(entry: JournalEntry, wanted: str) -> bool:
    ids = {entry.light_id, *(twin.id for twin in entry.twins)}
    return wanted == _number(entry) or wanted.lower() in {str(i).lower() for i in ids if i}


def _number(entry: JournalEntry) -> str | None:
    number = json.loads(entry.content).get("invoiceNumber") if entry.content else None
    return None if number is None else str(number)


def selected_outcomes(
    selection: BillSelection, run: FinishedRun, journal: Journal, outcomes: Outcomes
) -> dict[int, BillOutcome]:
    """The selected bills of the run, by entry.

    UsageProblem for a name that no bill has, with the nearest ones, and for one that several have.
    """
    rows = journal.rows(run.record.id)
    chosen = dict(outcomes)
    if selection.vendors:
        names = _vendor_names(run, outcomes, rows)
        chosen = {}
        for text in selection.vendors:
            entries = [e for e in outcomes if name_key(text) in map(name_key, names[e])]
            if not entries:
                every = {name for of_entry in names.values() for name in of_entry[:1]}
                raise _unknown(run, "bill of a vendor", text, every)
            chosen |= {entry: outcomes[entry] for entry in entries}
    if not selection.bills:
        return chosen
    picked: dict[int, BillOutcome] = {}
    for text in _names_in(selection.bills, chosen, rows):
        matching = outcomes_named(chosen, rows, text)
        if not matching:
            numbers = (_number(each.entry) for each in chosen.values())
            raise _unknown(run, "bill", text, filter(None, numbers))
        if len(matching) > 1:
            raise UsageProblem(
                f"Run {run.record.id} has {len(matching)} bills '{text}': "
                f"{_listed(_places(matching, rows))}. Name the row in the sheet instead, as row:7,"
                " the id in Light, or the vendor too."
            )
        picked[matching[0].entry.id] = matching[0]
    if not picked:  # as of a variable that is not set
        raise UsageProblem("--bills names no bill. Leave it out to undo all bills of the run.")
    return picked


def _names_in(texts: Iterable[str], outcomes: Outcomes, rows: Rows) -> Iterable[str]:
    """Each name: a text is one where a bill has all of it as its number, else split at commas."""
    for text in texts:
        if outcomes_named(outcomes, rows, text):
            yield text
        else:
            yield from filter(None, map(tidy, text.split(",")))


def _places(matching: Sequence[BillOutcome], rows: Rows) -> list[str]:
    """Each bill by its row and its id in Light, as far as these are known."""
    out = []
    for outcome in matching:
        entry = outcome.entry
        of = rows.get(entry.id)
        row = f"row {of.bill.row}" if of is not None and of.bill is not None else entry.name
        out.append(f"{row} ({entry.light_id})" if entry.light_id else row)
    return out


def _vendor_names(run: FinishedRun, outcomes: Outcomes, rows: Rows) -> dict[int, list[str]]:
    """What each bill's vendor is called, by entry: in Light, in the sheet; and its id."""
    checked = run.prepared.checked
    in_sheet = checked.bills["vendor"]
    of_bills = match_rows(checked, run.record, outcomes, rows).bills
    names = {}
    for entry, outcome in outcomes.items():
        content = outcome.entry.content
        vendor_id = str(json.loads(content).get("vendorId") or "") if content else ""
        vendor = checked.vendors.get(vendor_id)
        written = in_sheet.at(of_bills[entry]) if entry in of_bills else None
        of_light = (vendor.name, vendor.identifier) if vendor else ()
        texts = (*of_light[:1], written, *of_light[1:], vendor_id)
        names[entry] = [str(text) for text in texts if text]
    return names


def _unknown(run: FinishedRun, noun: str, text: str, names: Iterable[str]) -> UsageProblem:
    every = sorted(set(names))
    near = nearest_several(text, every)
    has = f" It has: {_listed(every)}." if every and not near else ""
    return UsageProblem(f"Run {run.record.id} has no {noun} '{text}'{near}.{has}")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
