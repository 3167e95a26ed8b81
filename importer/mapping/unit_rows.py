"""The row below the header that states the units of its columns: ``GBP``, ``£000``, ``dd/mm``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from importer.core.currencies import EXPONENTS
from importer.core.header_claims import cents, tax_included, thousands
from importer.core.money import tidy
from importer.mapping.control_total import amount_columns
from importer.mapping.headed_table import HeadedTable
from importer.model.tables import InputTable, Role

UNITS = "it states the units of its columns"
_SIGN = re.compile(r"[(\[]?\s*(?:[£€¥₹$]|US\$)\s*[)\]]?")
_OTHER = re.compile(
    r"%|qty|units?|hrs?|hours|pcs|stk\.?|text|yes/no|[dmyj]{1,4}([-./ ])[dmyj]{1,4}\1[dmyj]{1,4}",
    re.IGNORECASE,
)


def is_unit_row(table: HeadedTable, i: int) -> bool:
    """Whether all cells of a row are units, some of them in columns of amounts."""
    texts = {c: text for c in table.file_columns() if (text := table.text(c, i))}
    return are_units(texts, amount_columns(table))


def are_units(texts: Mapping[int, str], amounts: Iterable[int]) -> bool:
    """Whether the cells of a row, by column, are units, some of them in columns of amounts."""
    stated = {c for c, text in texts.items() if _is_unit_of_amounts(text)}
    others = (text for c, text in texts.items() if c not in stated)
    return not stated.isdisjoint(amounts) and all(map(_OTHER.fullmatch, others))


def _is_unit_of_amounts(text: str) -> bool:
    bare = text.strip("()[] ")
    if bare in EXPONENTS or _SIGN.fullmatch(text):
        return True
    if not text[:1].isdigit() and thousands(f"({bare})"):
        return len(text) <= 12
    return len(text) <= 12 and (bool(cents(f"({bare})")) or tax_included(f"({bare})") is not None)


def unit_of(table: InputTable, column: int) -> str:
    """The unit that the row below the header states for a column; "" for none."""
    source, i = table.source, table.header + 1
    if not table.roles or table.roles[0] is not Role.IGNORED:
        return ""
    if table.reasons.get(int(source.rows[i])) != UNITS or column >= len(source.columns):
        return ""
    return tidy(source.columns[column][i]).strip("()[] ")
