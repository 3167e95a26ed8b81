"""Accounts and numbers of which the header does not say whether they are the vendor's.

A list of open items has the vendor's account, where other exports have the ledger's, and the
program's number of each posting beside the number on the vendor's invoice.
"""

from __future__ import annotations

import re

from importer.scaffold import layout_inference as at
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.header_names import names_line
from importer.scaffold.layout_inference import Table

_ANY_ACCOUNT = re.compile(
    r"(?:account|konto|kontonr|kontonummer|compte|cuenta|conto|rekening|conta|tili)"
    r"(?:\W*(?:no|nr|number|num|code|#))?\W*",
    re.IGNORECASE,
)
# Headers that say whose invoice it is, and those of numbers that may be the vendor's.
_INVOICE = re.compile(
    r"inv|bill|rechn|\brg|\bre\b|fa[ck]tu|fattur|fatura|lask|purchase|supplier|vendor|extern"
    r"|uw ref",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"ref|assignm|zuordn|extern|beleg|doc|inv|bill|rechn|fa[ck]tu|fattur|fatura|pièce|piece"
    r"|bilag|kenmerk|\bkid\b|\bocr\b",
    re.IGNORECASE,
)


def may_be_vendor(table: Table, account: ColumnProfile) -> bool:
    """Whether an account may be the vendor's: the file has no other vendor, the header does not say
    whose it is, and no bill has two."""
    if (
        table.get(at.VENDOR)
        or table.get(at.VENDOR_ID)
        or not _ANY_ACCOUNT.fullmatch(account.header)
    ):
        return False
    number = table.get(at.NUMBER) or table.get(at.DOC)
    pairs = {(number.texts[i], account.texts[i]) for i in table.data_rows()} if number else set()
    return len(pairs) == len({of_bill for of_bill, _ in pairs})


def may_be_number(table: Table, number: ColumnProfile, other: ColumnProfile) -> bool:
    """Whether another column has numbers of invoices, too, and the header of the one that was taken
    does not say that it is the vendor's."""
    if _INVOICE.search(number.header) or not _REFERENCE.search(other.header):
        return False
    if other.dates or other.decimals or other.uuids or names_line(other.header):
        return False
    pairs = {(number.texts[i], other.texts[i]) for i in table.data_rows() if other.texts[i]}
    digits = sum(any(c.isdigit() for c in text) for text in other.filled)
    return (
        digits >= 0.8 * len(other.filled)
        and 2 * len(pairs) >= len(number.filled)
        and len(other.filled) >= 0.8 * len(pairs)
    )
