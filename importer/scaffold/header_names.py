"""The headers by which exports of many systems and languages name a bill's fields.

``header_names.txt`` lists them by field, the likeliest first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

from importer.model.fields import BILLS, LINE_ITEMS, undecorated

# Not canonical fields: the factors of a line's amount, the export's own number of a bill, what is
# still to be paid of it.
QUANTITY, PRICE, DOCUMENT, OPEN_AMOUNT = "quantity", "price", "document id", "open amount"

Target = tuple[str, str]
_TOTAL, _GROSS = (BILLS, "amount"), (LINE_ITEMS, "amount")

_LINE_PREFIX = re.compile(
    r"^(?:invoice |bill |order )?lines?/|\((?:items?|lines?)\)$", re.IGNORECASE
)
_PARENTHESIS = re.compile(r"[(\[][^)\]]*[)\]]")
_QUALIFIER = re.compile(
    r"^(?:supplier |vendor |purchase )?(?:invoice|bill|document|voucher|transaction)s? ",
    re.IGNORECASE,
)
_SHORT = {
    "amt": "amount", "amnt": "amount", "inv": "invoice", "supp": "supplier", "vend": "vendor",
    "val": "value", "desc": "description", "descr": "description", "qnty": "quantity",
    "acct": "account", "dt": "date", "tot": "total", "curr": "currency", "trans": "transaction",
    "trx": "transaction", "txn": "transaction", "doc": "document", "nbr": "number", "num": "number",
    "ref": "reference",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+")
_UNIT = re.compile(r"(?<![A-Za-z])(?:[A-Z]{3}|[€£$])(?![A-Za-z])")


def header_letters(header: str) -> str:
    """A header's letters and digits, so that ``Rechnungs-Nr.`` is ``rechnungsnr``."""
    return "".join(c for c in undecorated(header).casefold() if c.isalnum() or c in "#€£$%")


def _read_ranks() -> dict[Target, dict[str, int]]:
    """Field → letters of a header → its place in the list."""
    text = resources.files("importer.scaffold").joinpath("header_names.txt").read_text("utf-8")
    ranks: dict[Target, dict[str, int]] = {}
    for block in text.split("\n\n"):
        field, _, names = block.partition(":\n")
        sheet, _, name = field.partition(".")
        letters = list(map(header_letters, names.replace("\n", " ").split(",")))
        ranks[sheet, name] = {key: i for i, key in reversed(list(enumerate(letters)))}
    return ranks


_RANKS = _read_ranks()


@lru_cache(1024)  # each field asks again
def header_variants(header: str) -> tuple[str, ...]:
    """The letters of a header as it is, then without brackets, without a currency, with its short
    words written out, and without the word for the document that it is of."""
    bare = _LINE_PREFIX.sub("", undecorated(header)).strip()
    without = _PARENTHESIS.sub(" ", bare)
    unit = _UNIT.sub(" ", without)
    spelled = _WORD.sub(lambda m: _SHORT.get(m[0].lower(), m[0]), unit.replace("_", " "))
    variants = [header, bare, without, unit, spelled, _QUALIFIER.sub("", spelled.strip())]
    if "%" in header:  # a rate is no amount, whatever stands before its brackets
        variants = [text for text in variants if "%" in text]
    return tuple(dict.fromkeys(key for text in variants if (key := header_letters(text))))


def names_line(header: str) -> bool:
    """Whether the header itself says that the column is of line items."""
    return _LINE_PREFIX.search(undecorated(header)) is not None


def rank(header: str, target: Target) -> int | None:
    """How likely a header names the field, the smaller the likelier; None where it does not."""
    ranks = _RANKS[target]
    if target in (_TOTAL, _GROSS) and names_line(header):
        if target == _TOTAL:  # the total of a line is no total of a bill
            return None
        ranks = _RANKS[_TOTAL] | ranks
    for penalty, key in enumerate(header_variants(header)):
        if key in ranks:
            return ranks[key] * 4 + penalty
    return None


def targets(header: str) -> list[Target]:
    """The fields that a header may name."""
    return [target for target in _RANKS if rank(header, target) is not None]
