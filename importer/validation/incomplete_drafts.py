"""Bills that lack their issue date or line items, and go in as drafts that somebody completes.

Light's documentation creates a bill of nothing but vendor, amount and currency.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from importer.mapping.headers import either_of, required_columns
from importer.mapping.map_tables import MappedTables
from importer.mapping.template_model import Template
from importer.model.bills import TargetStatus
from importer.model.fields import BILLS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import TableKind
from importer.validation.column import ParsedTable
from importer.validation.finding_batch import FindingBatch, Findings

_SHEET = "line_items.sheet.missing"


@dataclass(frozen=True)
class IncompleteDrafts:
    """By bill: whether it lacks its date, and its line items; credit notes need all of theirs."""

    without_date: np.ndarray
    without_lines: np.ndarray
    credit_notes: np.ndarray

    @property
    def mask(self) -> np.ndarray:
        return np.asarray(self.without_date | self.without_lines, dtype=bool)

    def hold(self, target: np.ndarray) -> np.ndarray:
        """Make drafts of them; how far all bills were to go."""
        wanted = target.copy()
        if self.mask.any():
            target[self.mask] = TargetStatus.DRAFT
        return wanted

    def excused(self, findings: Findings, template: Template) -> Findings:
        """The findings without those that say what such a bill may lack."""
        if not self.mask.any():
            return findings
        lacking = {
            "bills.issuedDate.required": self.without_date,
            "bills.lines.missing": self.without_lines,
            "bills.billRef.required": self.without_lines,
        }
        no_lines = bool((self.without_lines | self.credit_notes).all())
        parts: list[FindingBatch | Finding] = []
        for part in findings.parts:
            if no_lines and _is_reference(part, template):
                continue
            if no_lines and part.code == _SHEET and isinstance(part, Finding):
                notes = np.flatnonzero(self.credit_notes)
                if not len(notes):
                    continue
                part = replace(part, bills=tuple(notes.tolist()))
            if part.code in lacking and isinstance(part, FindingBatch):
                part = part.subset(~lacking[part.code][part.at])
            parts.append(part)
        return Findings(parts)

    def findings(self, mapped: MappedTables, wanted: np.ndarray) -> Iterator[Finding]:
        """One warning for each of them."""
        for i in np.flatnonzero(self.mask).tolist():
            lacks = "no issue date and no line items"
            if not (self.without_date[i] and self.without_lines[i]):
                lacks = "no issue date" if self.without_date[i] else "no line items"
            stays = "it is created as a draft"
            if wanted[i] is not TargetStatus.DRAFT:
                stays += f" and is not {wanted[i].value}"
            name = "vendor" if "vendor" in mapped.bills.columns else "vendorId"
            cell = mapped.cell(BILLS, name, i)
            yield finding("bills.draft.incomplete", cell, bills=(i,), lacks=lacks, stays=stays)


def _is_reference(part: FindingBatch | Finding, template: Template) -> bool:
    """Whether it says that no column names the bill to its line items."""
    if part.code != "sheet.column.missing" or not isinstance(part, Finding):
        return False
    expressions = (template.bills.get(name) for name in ("billRef", "invoiceNumber"))
    names = {name for e in expressions if e for accepted, _ in e.columns() for name in accepted}
    required = required_columns(template, TableKind.BILLS)
    return part.value in {
        either_of(accepted) for accepted in required if names.issuperset(accepted)
    }


def incomplete_drafts(
    bills: ParsedTable, counts: np.ndarray, credit_notes: np.ndarray, *, allowed: bool
) -> IncompleteDrafts:
    """``counts`` is how many lines each bill has. None where such bills are not ``allowed``."""
    possible = ~credit_notes & allowed
    without_date = possible & bills["issuedDate"].blank
    return IncompleteDrafts(without_date, possible & (counts == 0), credit_notes)
