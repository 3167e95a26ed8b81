"""Warn of a tax column that the template does not read while it takes amounts as with tax."""

from __future__ import annotations

import re
from collections.abc import Iterator

from importer.mapping.bind_table import BoundTable
from importer.mapping.template_model import Template

_TAX = re.compile(r"\b(vat|tax|gst|hst|mwst|ust|tva|iva|btw|moms)\b", re.IGNORECASE)
_NO_AMOUNT = re.compile(r"\b(reg\w*|num\w*|nr|no|id|code|type|rate|status)\b|%", re.IGNORECASE)
_AMOUNT = re.compile(r"[\s£$€(+-]*[0-9][0-9.,' ]*[)\s-]*")


def unread_tax(bound: BoundTable, template: Template) -> Iterator[str]:
    """A sentence for each such column with amounts that are not zero, for a person to decide."""
    lines = template.line_items
    if "amount" not in lines or "taxAmount" in lines or "netAmount" in lines:
        return
    used = set(bound.fields.values())
    used_names = {header.strip() for c, header in enumerate(bound.table.headers) if c in used}
    for c, header in enumerate(bound.table.headers):
        name = header.strip()
        if c in used or not _TAX.search(name) or _NO_AMOUNT.search(name) or name in used_names:
            continue
        if any(_AMOUNT.fullmatch(t) and re.search("[1-9]", t) for t in bound.texts(c).tolist()):
            yield (
                f"The column '{name}' holds amounts and is not read: the amounts of the bills are"
                " taken as with tax. If they are without, use a template that reads both"
            )
