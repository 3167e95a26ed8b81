"""The file's own total: its last data row, as the template says or as its sum proves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from importer.core.total_words import is_total
from importer.mapping.classified_rows import ClassifiedRows, ControlTotal
from importer.mapping.column_sums import numbers_in, scaled_numbers, total
from importer.mapping.fill_down import FilledTable
from importer.mapping.headed_table import HeadedTable
from importer.mapping.template_model import ControlTotalRule
from importer.model.finding_catalogue import finding
from importer.model.tables import Role, TableKind


@dataclass(frozen=True)
class IdentifyingColumns:
    """The columns that tell a bill from a total: its number, its date, its vendor.

    ``date_optional`` and ``vendor_optional``: the template has a value where the cell is blank.
    """

    number: frozenset[int]
    date: frozenset[int]
    vendor: frozenset[int]
    all: frozenset[int]
    date_optional: bool
    vendor_optional: bool

    @classmethod
    def of(cls, table: HeadedTable) -> IdentifyingColumns:
        bills = table.template.bills

        def columns(*names: str) -> frozenset[int]:
            mapped = [bills[name] for name in names if name in bills]
            columns = [
                table.header.column_of(headers) for e in mapped for headers, _ in e.columns()
            ]
            return frozenset(column for column in columns if column is not None)

        def optional(*names: str) -> bool:
            return any(bills[name].has_constant for name in names if name in bills)

        number, day = columns("invoiceNumber"), columns("issuedDate")
        vendor = columns("vendor", "vendorId")
        keys = frozenset(
            c for name in table.template.key_columns if (c := table.column(name)) is not None
        )
        return cls(
            number,
            day,
            vendor,
            number | day | vendor | columns("billRef") | keys,
            optional("issuedDate"),
            optional("vendor", "vendorId"),
        )


def amount_columns(table: HeadedTable) -> list[int]:
    """The columns of amounts whose sum over the rows is a total."""
    template = table.template
    fields = template.bills if table.kind is TableKind.BILLS else template.line_items
    mapped = (fields[name] for name in ("amount", "netAmount", "taxAmount") if name in fields)
    # Without the signs that another column gives, a sum means nothing.
    columns = (table.header.column_of(e.column) for e in mapped if e.column and not e.sign_from)
    return list(dict.fromkeys(column for column in columns if column is not None))


def mark_control_total(table: HeadedTable, filled: FilledTable, rows: ClassifiedRows) -> None:
    """Mark the last data row where it is the file's own total.

    Any other row like it is a bill that lacks cells. ``table`` has its blanks, as in the file.
    """
    backwards = range(len(rows.roles) - 1, -1, -1)
    is_data = (k for k in backwards if rows.roles[k] is Role.DATA)
    previous: set[int] = set()
    if table.source.previous_outcomes is None:
        last = next(is_data, -1)
    else:
        data_rows = list(is_data)
        previous = {k for k in data_rows if had_role(table, table.start + k, Role.CONTROL_TOTAL)}
        last = max(previous or data_rows, default=-1)
    if last < 0:
        return
    i, rule = table.start + last, table.template.source.control_total
    amount: int | None
    if rule:
        amount = table.column(rule.amount)
        if amount is None or not _rule_matches(rule, table, i):
            if not rule.optional:
                rows.notes.append(
                    f"the last row is not the file's own total ({rule}), so that no total is"
                    " compared"
                )
            return
        if why := _signs_of_bill(table, filled, rows, rule, i):
            rows.findings.append(finding("sheet.total.doubtful", table.cell(i), rule=rule, why=why))
            return
        reason = f"the file's own total: {rule}"
    elif last in previous:
        amount = next(iter(amount_columns(table)), None)
        reason = "the file's own total, as in the run before"
    else:
        amount = _proven_total(table, rows, last)
        name = "" if amount is None else table.header.headers[amount].strip()
        reason = (
            f"the file's own total: its '{name}' is the sum of all other rows, and it has no"
            " number, no date and no vendor"
        )
    if amount is None or not table.text(amount, i):
        return
    take_control_total(table, rows, last, amount, reason)


def take_control_total(
    table: HeadedTable, rows: ClassifiedRows, k: int, amount: int, reason: str
) -> None:
    """Mark the row as the file's own total, in the column ``amount``."""
    i, source = table.start + k, table.source
    rows.roles[k] = Role.CONTROL_TOTAL
    rows.reasons[table.number(i)] = reason
    rows.totals.append(
        ControlTotal(source.columns[amount][i], source.kind(amount, i), table.cell(i, amount))
    )


def had_role(table: HeadedTable, i: int, role: Role) -> bool:
    """Whether the row had this role in the result that is read again."""
    outcomes = table.source.previous_outcomes
    return outcomes is not None and outcomes[i][0].strip() == role.value


def _rule_matches(rule: ControlTotalRule, table: HeadedTable, i: int) -> bool:
    if rule.where:
        return i in table.matching_rows(rule.where)
    blanks = [table.column(name) for name in rule.blank]
    return all(column is not None and not table.text(column, i) for column in blanks)


def _is_sum_above(table: HeadedTable, rows: ClassifiedRows, rule: ControlTotalRule, k: int) -> bool:
    """Whether the row has the sum of all data rows above it."""
    column = table.column(rule.amount)
    if column is None:
        return False
    values, ok = scaled_numbers(table, column)
    data = rows.data()[:k]
    return bool(ok[k] and values[k] == np.where(data & ok[:k], values[:k], 0).sum())


def _signs_of_bill(
    table: HeadedTable,
    filled: FilledTable,
    rows: ClassifiedRows,
    rule: ControlTotalRule,
    i: int,
) -> str:
    """Why a row that the rule matches may be a bill, in words; "" where it is none."""
    columns = IdentifyingColumns.of(table)
    label = table.column(rule.where.column) if rule.where else None
    given = {
        column: text
        for column in sorted(columns.all)
        if (text := table.text(column, i)) and not (column in columns.vendor and is_total(text))
    }
    if rule.where and not (columns.date_optional or columns.date & given.keys()):
        return ""  # a bill has a date
    if rule.where and not (columns.vendor_optional or columns.vendor & given.keys()):
        return ""
    for column, text in given.items():
        if column != label:
            return f"it has '{text}' in '{table.header.headers[column].strip()}', as a bill has"
    if rule.where:
        return ""
    k = i - table.start
    if filled.first_row(k) != k and not _is_sum_above(table, rows, rule, k):
        return "it continues the bill above it, as blank cells are filled down"
    optional = columns.date_optional and columns.vendor_optional
    return "a bill of this file may have just as little" if optional else ""


def _proven_total(table: HeadedTable, rows: ClassifiedRows, last: int) -> int | None:
    """The amount column in which the last data row is the sum of all others; None where none is.

    The row must have no number, no date, and no vendor except the word "Total"; otherwise it may be
    a bill and is never taken for a total.
    """
    amounts = amount_columns(table)
    if table.kind is TableKind.LINE_ITEMS or not amounts or rows.roles.count(Role.DATA) < 3:
        return None
    i, columns = table.start + last, IdentifyingColumns.of(table)
    filled = {table.column(name) for name in table.template.source.fill_down}
    if columns.date_optional and columns.vendor_optional:
        return None
    # A blank that is filled from above is a bill's further line.
    if not columns.number or not columns.date or columns.all & filled:
        return None
    given = {c: text for c in columns.all if (text := table.text(c, i))}
    if any(c not in columns.vendor or not is_total(text) for c, text in given.items()):
        return None
    if rows.groups[last]:  # the group is the vendor
        return None
    numbers = numbers_in(table, amounts[0])
    if not numbers or not numbers.get(i):
        return None
    others = [table.start + k for k in range(last) if rows.roles[k] is Role.DATA]
    unread = any(j not in numbers and table.text(amounts[0], j) for j in others)
    return amounts[0] if not unread and total(numbers, others) == numbers[i] else None
