"""A column of tax that a template does not read, beside amounts that it takes as with tax."""

from __future__ import annotations

import re
from collections.abc import Iterator

from importer.mapping.bind_table import BoundTable
from importer.mapping.template_model import Template

_TAX = re.compile(r"\b(vat|tax|gst|hst|mwst|ust|tva|iva|btw|moms)\b", re.IGNORECASE)
_NO_AMOUNT = re.compile(r"\b(reg\w*|num\w*|nr|no|id|code|type|rate|status)\b|%", re.IGNORECASE)
_AMOUNT = re.compile(r"[\s£$€(+-]*[0-9][0-9.,' ]*[)\s-]*")


def unread_tax(opened: BoundTable, template: Template) -> Iterator[str]:
    """A sentence for each such column with amounts that are not zero.

    Whether the amounts are with tax is for a person to say: the file does not.
    """
    lines = template.line_items
    if "amount" not in lines or "taxAmount" in lines or "netAmount" in lines:
        return
    used = set(opened.fields.values())
    taken = {header.strip() for c, header in enumerate(opened.table.headers) if c in used}
    for c, header in enumerate(opened.table.headers):
        name = header.strip()
        if c in used or not _TAX.search(name) or _NO_AMOUNT.search(name) or name in taken:
            continue
        if any(_AMOUNT.fullmatch(t) and re.search("[1-9]", t) for t in opened.texts(c).tolist()):
            yield (
                f"The column '{name}' holds amounts and is not read: the amounts of the bills are"
                " taken as with tax. If they are without, use a template that reads both"
            )
