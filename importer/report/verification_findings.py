"""What was found in Light after the load, as findings on the cells it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from importer.core.cell_parsers import parse_uuid
from importer.loading.bill_diff import LINE, field_words, quoted
from importer.model.fields import BILLS, LINE_ITEMS, PROPERTY
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.journal_states import StepState
from importer.model.read_back import Comparison, Difference, ReadBack
from importer.report.build_report import cell_of
from importer.validation.validate import Checked


def read_back_findings(checked: Checked, read_backs: Mapping[int, ReadBack]) -> Iterator[Finding]:
    """Every bill that is missing, every field that Light shows otherwise."""
    for i, back in sorted(read_backs.items()):
        if back.seen is Comparison.MISSING:
            cell, written = _bill_cell(checked, i)
            yield finding("light.missing", cell, written, bills=(i,), reason=back.message)
        for difference in back.differences:
            yield _changed(checked, i, difference)


def _changed(checked: Checked, bill: int, difference: Difference) -> Finding:
    cell, written = _place(checked, bill, difference)
    sheet, light = quoted(difference)
    if written and difference.field.endswith("Id") and parse_uuid(written)[0] is None:
        sheet = f"'{written}' ({difference.sheet})"
    elif written and difference.field.startswith(PROPERTY):
        sheet = f"'{written}'"  # not the id of the value
    return finding(
        "light.changed",
        cell,
        written,
        bills=(bill,),
        lines=() if difference.line is None else _line(checked, bill, difference.line),
        name=field_words(difference),
        light=light,
        sheet=sheet,
    )


def _line(checked: Checked, bill: int, line: int) -> tuple[int, ...]:
    lines = (checked.line_bill == bill).nonzero()[0]
    return (int(lines[line]),) if line < len(lines) else ()


def _place(checked: Checked, bill: int, difference: Difference) -> tuple[CellRef, str]:
    """The cell of a difference, and what is written in it."""
    name = difference.field
    if difference.line is None and name == LINE:
        return _bill_cell(checked, bill)
    sheet, item = BILLS, bill
    path: tuple[str, ...] = (name,)
    if difference.line is not None:
        place = _line(checked, bill, difference.line)
        if not place:
            return _bill_cell(checked, bill)
        sheet, item = LINE_ITEMS, place[0]
        path = ("lineItems", str(difference.line), "amount" if name == LINE else name)
    if name.startswith(PROPERTY):
        items = checked.mapped.items(sheet)
        wanted = _bare(name.removeprefix(PROPERTY))
        texts = {
            column: str(items.columns[column].text.iloc[item])
            for column in items.columns
            if column.startswith(PROPERTY)
        }
        # The header may have the label, which is not what Light calls it in a bill.
        named = [c for c in texts if _bare(c.removeprefix(PROPERTY)) == wanted]
        for column in [*named, *(c for c, text in texts.items() if text == difference.sheet)][:1]:
            return checked.mapped.cell(sheet, column, item), texts[column]
        return checked.mapped.cell(sheet, name, item), ""
    cell, written = cell_of(checked, bill, path)
    return (cell, written) if cell is not None else _bill_cell(checked, bill)


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _bill_cell(checked: Checked, bill: int) -> tuple[CellRef, str]:
    number = checked.bills["invoiceNumber"].values[bill]
    return checked.mapped.cell(BILLS, "invoiceNumber", bill), str(number or "")


def cancel_findings(
    checked: Checked, ended: Mapping[int, tuple[StepState, str]]
) -> Iterable[Finding]:
    """What was not cancelled by an undo, by bill index, and why."""
    for i, (state, reason) in sorted(ended.items()):
        cell, written = _bill_cell(checked, i)
        if state is StepState.REFUSED:
            why = reason.rstrip(". ") or "Light refused"
            yield finding("light.not_cancelled", cell, written, bills=(i,), reason=why)
        elif state in (StepState.UNKNOWN, StepState.SENDING):
            why = reason.rstrip(". ") or "the undo ended before Light's answer came"
            yield finding("light.cancel_unknown", cell, written, bills=(i,), reason=why)
