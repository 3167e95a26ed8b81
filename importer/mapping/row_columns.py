"""The columns of a table by what they say of a row: whose bill it is of, what it costs, why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from importer.mapping.headed_table import HeadedTable
from importer.mapping.headers import expressions
from importer.model.fields import BILLS, LINE_ITEMS, FieldKind, field_of

_DATED = (FieldKind.DATE, FieldKind.DATE_TIME)


@dataclass(frozen=True)
class RowColumns:
    """Indexes of columns, by the fields that are mapped from them.

    ``identity``: vendor, number, reference, keys and issue date. ``of_bill``: dates and amounts of
    bills. ``amounts``: of lines, with quantities and prices. ``texts``: all other fields
    of lines.
    """

    vendor: frozenset[int]
    keys: frozenset[int]
    identity: frozenset[int]
    of_bill: frozenset[int]
    amounts: tuple[int, ...]
    accounts: frozenset[int]
    texts: frozenset[int]

    @classmethod
    def of(cls, table: HeadedTable) -> RowColumns:
        template = table.template

        def columns(sheet: str, *names: str) -> Iterator[int]:
            for of, name, e in expressions(template, table.kind):
                if of == sheet and name in names:
                    mapped = (table.header.column_of(headers) for headers, _ in e.columns())
                    yield from (column for column in mapped if column is not None)

        fields = {s: [n for of, n, _ in expressions(template, table.kind) if of == s]
                  for s in (BILLS, LINE_ITEMS)}  # fmt: skip
        kinds = {s: {n: field_of(s, n).kind for n in names} for s, names in fields.items()}
        keys = frozenset(c for n in template.group_by if (c := table.column(n)) is not None)
        vendor = frozenset(columns(BILLS, "vendor", "vendorId")) - keys_of_numbers(table)
        identity = vendor | keys | {*columns(BILLS, "invoiceNumber", "billRef", "issuedDate")}
        amounts = tuple(dict.fromkeys(columns(LINE_ITEMS, "netAmount", "amount")))
        tax = set(columns(LINE_ITEMS, "taxAmount"))
        accounts = frozenset(columns(LINE_ITEMS, "account", "accountId"))
        dated = [n for n, k in kinds[BILLS].items() if k in _DATED or n == "amount"]
        texts = set(columns(LINE_ITEMS, *fields[LINE_ITEMS])) - {*amounts, *tax} - accounts
        of_bill = set(columns(BILLS, *dated)) - identity - {*amounts}
        of_bill |= set(columns(BILLS, "issuedDate"))
        return cls(
            vendor,
            keys,
            frozenset(identity),
            frozenset(of_bill),
            amounts,
            accounts,
            frozenset(texts - identity),
        )


def keys_of_numbers(table: HeadedTable) -> frozenset[int]:
    """The columns of the invoice number; one that is the vendor's too says no vendor."""
    e = table.template.bills.get("invoiceNumber")
    mapped = [] if e is None else [table.header.column_of(names) for names, _ in e.columns()]
    return frozenset(column for column in mapped if column is not None)
