"""What was checked and what became of it → a ``Report``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from importer.canonical import BILLS, FIELDS, LINE_ITEMS
from importer.findings import finding
from importer.records import (
    FOUND_AGAIN,
    FOUND_BEFORE,
    IN_LIGHT,
    Amounts,
    BillResult,
    CellRef,
    CurrencyTotal,
    Finding,
    JournalEntry,
    ReadBack,
    Report,
    Role,
    RowResult,
    RunSummary,
    Severity,
    State,
    Status,
    Step,
)
from importer.results.known import line_amounts, net_and_tax
from importer.results.sums import differs, in_light_now
from importer.validation.check import Checked, by_place
from importer.validation.parse import Parsed

NO_CURRENCY = "no currency"  # in place of a code that is missing or none

Became = Mapping[int, tuple[Status, str, JournalEntry]]  # by bill index; see Journal.results
_NOTHING: Mapping[int, Any] = MappingProxyType({})


def build_report(
    checked: Checked,
    became: Became,
    summary: RunSummary,
    read_backs: Mapping[int, ReadBack] = _NOTHING,
    steps: Mapping[int, tuple[Step, ...]] = _NOTHING,
) -> Report:
    """The report of a run. ``summary`` brings what only the caller knows; the figures are filled.

    ``became`` has the bills that the journal knows; the others are valid or invalid. What was read
    back from Light and done after creation comes by bill index too.
    """
    findings = sorted([*checked.findings, *_answers(checked, became)], key=by_place)
    amounts = line_amounts(checked)
    bills, statuses = _bill_results(checked, became, amounts)
    for i in {*read_backs, *steps}:
        bills[i] = _afterwards(bills[i], read_backs.get(i), steps.get(i, ()))
    line_items = _line_results(checked, statuses, bills, became, amounts)
    summary = replace(
        summary,
        bills=_counts(b.result.status for b in bills),
        line_items=_counts(r.status for r in line_items),
        rows=_rows(checked),
        totals=_totals(checked, statuses, bills),
        read_back=Counter(back.seen.value for back in read_backs.values()),
    )
    return Report(
        summary, checked.mapped.tables, bills, line_items, findings, unresolved=checked.unresolved
    )


def _counts(statuses: Iterator[Status]) -> dict[str, int]:
    counted = Counter(statuses)
    return {"total": counted.total()} | {s.value: counted[s] for s in Status if counted[s]}


def _rows(checked: Checked) -> dict[str, int]:
    tables = checked.mapped.tables
    roles = Counter(role for table in tables for role in table.roles)
    headers = sum(table.header_rows for table in tables)
    above = sum(table.header + 1 - table.header_rows for table in tables)
    out = {
        "read": sum(len(table.source.rows) for table in tables),
        "header": headers,
        "above_header": above,
    }
    out |= {role.value: roles[role] for role in Role if roles[role] or role is Role.DATA}
    return out | {"blank": sum(table.source.blank_rows for table in tables)}


def _text(parsed: Parsed, checked: Checked, name: str, i: int) -> str:
    """A bill's value for people: as it was read, else as written."""
    if parsed.values[i] is not None:
        return str(parsed.values[i])
    column = checked.mapped.bills.columns.get(name)
    return "" if column is None else str(column.text.iloc[i])


def _bill_results(
    checked: Checked, became: Became, lines: list[Amounts]
) -> tuple[list[BillResult], list[Status]]:
    blamed = checked.blamed()
    net, tax = net_and_tax(checked, lines)
    messages = _messages(checked)
    read = {
        n: checked.bills[n]
        for n in ("vendor", "vendorId", "invoiceNumber", "issuedDate", "currency")
    }
    bills, statuses = [], []
    for i in range(checked.bills.size):
        table, row = int(checked.mapped.bills.table[i]), int(checked.mapped.bills.row[i])
        if i in became:
            status, message, entry = became[i]
            result = RowResult(
                table,
                row,
                status,
                " ".join(filter(None, (_sentence(message), messages.get(i, "")))),
                entry.light_id if status in IN_LIGHT else None,
                entry.light_state if status in IN_LIGHT else None,
                entry.attempts,
                entry.settled if status in IN_LIGHT else None,
            )
        else:
            status = Status.INVALID if blamed[i] else Status.VALID
            result = RowResult(table, row, status, messages.get(i, ""))
        statuses.append(status)
        in_light: int | None = None
        if status in IN_LIGHT:
            amount = became[i][2].light_amount
            in_light = (checked.amounts[i] or 0) if amount is None else amount
        currency = _text(read["currency"], checked, "currency", i)
        unit = int(checked.bills.units[i])
        result = replace(
            result, amounts=Amounts(checked.amounts[i], net[i], tax[i], currency, unit)
        )
        vendor = _text(read["vendor"], checked, "vendor", i) or _text(
            read["vendorId"], checked, "vendorId", i
        )
        bills.append(
            BillResult(
                result,
                vendor,
                _text(read["invoiceNumber"], checked, "invoiceNumber", i),
                _text(read["issuedDate"], checked, "issuedDate", i),
                currency,
                checked.amounts[i],
                int(checked.counts[i]),
                unit,
                net[i],
                tax[i],
                in_light=in_light,
            )
        )
    return bills, statuses


def _afterwards(bill: BillResult, read: ReadBack | None, steps: tuple[Step, ...]) -> BillResult:
    """The bill with what came after its creation; what is not well there is among the findings."""
    state = (read.light_state if read else "") or bill.result.light_state
    result = replace(bill.result, light_state=state)
    return replace(bill, result=result, read_back=read, steps=steps)


def _messages(checked: Checked) -> dict[int, str]:
    """What is said of each bill: its own findings, and those of its lines with their rows."""
    out: dict[int, list[str]] = defaultdict(list)
    for f in checked.findings:
        for bill in f.bills:
            place = int(checked.mapped.bills.table[bill]), int(checked.mapped.bills.row[bill])
            own = f.cell.row is None or place == (f.cell.table, f.cell.row)
            out[bill].append(_said(f, "" if own else f"row {f.cell.row}"))
        if f.severity is Severity.ERROR:
            for bill in {int(checked.line_bill[line]) for line in f.lines} - {-1} - set(f.bills):
                out[bill].append(_said(f, f"line item in row {f.cell.row}"))
    return {bill: _together(said) for bill, said in out.items()}


def _said(f: Finding, place: str = "") -> str:
    """A finding's sentence after its place and column: ``row 12, amount: …``."""
    where = ", ".join(filter(None, (place, (f.cell.column or "").strip())))
    return f"{where}: {f.message}" if where else f.message


def _together(said: list[str]) -> str:
    return " ".join(said[:5]) + (f" And {len(said) - 5} more." if len(said) > 5 else "")


def _sentence(text: str) -> str:
    return text + "." if text and text[-1] not in ".!?" else text


def _line_results(
    checked: Checked,
    statuses: list[Status],
    bills: list[BillResult],
    became: Became,
    amounts: list[Amounts],
) -> list[RowResult]:
    own: dict[int, list[str]] = defaultdict(list)
    for f in checked.findings:
        for line in f.lines:
            own[line].append(_said(f))
    place: Counter[int] = Counter()
    out = []
    for i in range(checked.lines.size):
        table, row = int(checked.mapped.lines.table[i]), int(checked.mapped.lines.row[i])
        bill = int(checked.line_bill[i])
        message = _together(own[i])
        if bill < 0:
            out.append(RowResult(table, row, Status.INVALID, message, amounts=amounts[i]))
            continue
        of_bill = bills[bill].result
        light_id = None
        if bill in became:
            ids = became[bill][2].line_ids
            light_id = ids[place[bill]] if place[bill] < len(ids) else None
        place[bill] += 1
        if not message and statuses[bill] not in IN_LIGHT and of_bill.message:
            message = f"bill in row {of_bill.row}: {of_bill.message}"
        out.append(
            replace(
                of_bill,
                table=table,
                row=row,
                message=message,
                light_id=light_id,
                bill_id=of_bill.light_id,
                amounts=amounts[i],
            )
        )
    return out


def _totals(
    checked: Checked, statuses: list[Status], bills: list[BillResult]
) -> tuple[CurrencyTotal, ...]:
    """The tie-out by currency, in the order of the file; what is in Light by Light's amounts, as
    they were read last."""
    in_light: Counter[str] = Counter()
    by_status: dict[str, Counter[str]] = {}
    unreadable: Counter[str] = Counter()
    count: Counter[str] = Counter()
    differing: Counter[str] = Counter()
    currency = checked.bills["currency"]
    for i, status in enumerate(statuses):
        name = _text(currency, checked, "currency", i) if currency.ok[i] else NO_CURRENCY
        totals = by_status.setdefault(name, Counter())
        count[name] += 1
        differing[name] += differs(bills[i])
        if checked.amounts[i] is None:
            unreadable[name] += 1
        else:
            totals[status.value] += checked.amounts[i]
        if bills[i].in_light is not None:
            in_light[name] += in_light_now(bills[i])
    for name in checked.controls:
        by_status.setdefault(name, Counter())
    return tuple(
        CurrencyTotal(
            currency=name,
            sheet=sum(totals.values()),
            created=in_light[name],
            by_status={s.value: totals[s.value] for s in Status if s.value in totals},
            bills=count[name],
            unreadable=unreadable[name],
            control=checked.controls.get(name),
            unit=checked.mapped.template.formats.cents_per_unit.get(name, 100),
            differing=differing[name],
        )
        for name, totals in by_status.items()
    )


def _answers(checked: Checked, became: Became) -> Iterator[Finding]:
    """Light's refusals on the cells they are about, what could not be settled, what differs."""
    for i, (status, message, entry) in became.items():
        here = checked.mapped.cell(BILLS, "invoiceNumber", i)
        value = str(checked.bills["invoiceNumber"].values[i] or "")
        if status is Status.REJECTED:
            told = False
            for error in entry.errors:
                cell, written = cell_of(checked, i, error.path)
                told = True
                reason = error.message.rstrip(". ")
                yield finding("light.refused", cell or here, written, bills=(i,), reason=reason)
            if not told:
                reason = message.rstrip(". ")
                yield finding("light.refused", here, value, bills=(i,), reason=reason)
            elif entry.light_id is not None:
                reason = message.split(": ")[0]
                yield finding("light.partial", here, value, bills=(i,), reason=reason)
        elif status is Status.UNKNOWN and entry.light_id is not None:
            code = "light.twice" if entry.state is State.CREATED else "light.partial"
            yield finding(code, here, value, bills=(i,), reason=message.rstrip(". "))
        elif status is Status.UNKNOWN:
            reason = message or "the run ended before Light's answer came"
            yield finding("light.unknown", here, value, bills=(i,), reason=reason)
        elif status in IN_LIGHT:
            difference = message.removeprefix(FOUND_AGAIN).removeprefix(FOUND_BEFORE).lstrip("; ")
            if difference and status is not Status.ALREADY_LOADED:
                yield finding("light.differs", here, value, bills=(i,), difference=difference)


def cell_of(checked: Checked, bill: int, path: tuple[str, ...]) -> tuple[CellRef | None, str]:
    """The cell that a path of Light's API names, as ``lineItems/0/accountId``, and its text."""
    sheet, item, name = BILLS, bill, path[0] if path else ""
    if name == "lineItems":
        lines = [int(k) for k in (checked.line_bill == bill).nonzero()[0]]
        if len(path) < 2 or not path[1].isdigit() or int(path[1]) >= len(lines):
            return None, ""
        sheet, item = LINE_ITEMS, lines[int(path[1])]
        name = path[2] if len(path) > 2 else "amount"
    items = checked.mapped.bills if sheet == BILLS else checked.mapped.lines
    by_name = name[:-2] if name.endswith("Id") else name
    for candidate in (name, by_name):
        if candidate in FIELDS[sheet] and candidate in items.columns:
            text = str(items.columns[candidate].text.iloc[item])
            if text:
                return checked.mapped.cell(sheet, candidate, item), text
    return checked.mapped.cell(sheet, name, item), ""
