"""Cells that say ``(clear)``: an update is to blank their fields in Light."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS, LINE_ITEMS, PROPERTY
from importer.model.finding_catalogue import finding

CLEAR = "(clear)"
# What a bill needs, what tells it from others, and what is worked out cannot be blank.
_BILL_FIELDS = frozenset(
    "issuedDate dueDate paymentAt description senderBankAccountId fiNumber norKidReference"
    " swissPaymentReference purchaseOrderId".split()
)
_LINE_FIELDS = frozenset(
    "description taxCodeId accountId amortizationStartDate amortizationEndDate"
    " amortizationTemplateId".split()
)
_IDS = {"taxCode": "taxCodeId", "account": "accountId"}  # of the fields that are names


def take_clears(mapped: MappedTables, *, update: bool = True) -> None:
    """Blank these cells, and note them in ``mapped.clears``; a finding for each field that cannot
    be blank. Without ``update`` for each of them: Light would get the word as a text."""
    for sheet, clearable in ((BILLS, _BILL_FIELDS), (LINE_ITEMS, _LINE_FIELDS)):
        clears: dict[int, set[str]] = defaultdict(set)
        items = mapped.items(sheet)
        for name, column in items.columns.items():
            some = np.flatnonzero(np.asarray(pc.match_substring(column.array, CLEAR[0])))
            texts = pc.utf8_lower(pc.utf8_trim_whitespace(column.array.take(pa.array(some))))
            at = some[np.asarray(pc.equal(texts, CLEAR), dtype=bool)]
            if not len(at):
                continue
            field = _IDS.get(name, name)
            for i in at.tolist():
                problem = "cells.clear_without_update"
                if update:
                    if field in clearable or field.startswith(PROPERTY):
                        clears[i].add(field)
                        continue
                    problem = "cells.not_clearable"
                about = {"bills" if sheet == BILLS else "lines": (i,)}
                cell = mapped.cell(sheet, name, i)
                mapped.findings.append(finding(problem, cell, CLEAR, **about))
            text = pd.Series(column.text.to_numpy(dtype=object, copy=True), index=column.text.index)
            text.iloc[at] = ""
            items.columns[name] = replace(column, text=text.astype(column.text.dtype))
        mapped.clears[sheet] = {i: frozenset(names) for i, names in clears.items()}
