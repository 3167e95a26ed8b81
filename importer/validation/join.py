"""Which bill each line item belongs to, by reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from importer.amounts import tidy
from importer.canonical import BILLS, LINE_ITEMS
from importer.findings import finding
from importer.records import Finding, TableKind
from importer.template.columns import CanonicalTable
from importer.template.mapping import Mapped
from importer.validation.likeness import Likeness


def _tidied(items: CanonicalTable, name: str) -> np.ndarray:
    column = items.columns.get(name)
    if column is None:
        return np.full(len(items), "", dtype=object)
    return column.text.map(tidy).to_numpy(dtype=object)


def _groups(mapped: Mapped) -> np.ndarray | None:
    """A number for each table, equal where lines and bills belong together; None: all do.

    Workbooks that each have their own bills and lines may use the same references.
    """
    files: dict[str, set[TableKind]] = {}
    for table in mapped.tables:
        files.setdefault(table.source.file, set()).add(table.kind)
    if len(files) < 2 or any(len(kinds) < 2 for kinds in files.values()):
        return None
    number = {file: i for i, file in enumerate(files)}
    return np.asarray([number[table.source.file] for table in mapped.tables], dtype=np.int64)


def _keyed(refs: np.ndarray, items: CanonicalTable, groups: np.ndarray | None) -> np.ndarray:
    if groups is None:
        return refs
    prefix = groups[items.table].astype(str).astype(object) + "\x1f"
    return np.where(refs == "", "", prefix + refs)


def join(mapped: Mapped) -> tuple[np.ndarray, list[Finding]]:
    """Each line's bill (-1 for none), and the findings: orphans, references used twice or missing.

    Lines are joined by ``billRef`` where both sheets carry it, else by ``invoiceNumber``; a line
    whose ``billRef`` is blank may name its bill by invoice number.
    """
    if mapped.line_bill is not None:
        return mapped.line_bill, []
    bills, lines = mapped.bills, mapped.lines
    if not len(bills) or not len(lines):
        return np.full(len(lines), -1, dtype=np.int64), []
    findings: list[Finding] = []
    groups = _groups(mapped)
    bill_refs, bill_numbers = _tidied(bills, "billRef"), _tidied(bills, "invoiceNumber")
    line_refs, line_numbers = _tidied(lines, "billRef"), _tidied(lines, "invoiceNumber")
    by_ref = bool((line_refs != "").any() and (bill_refs != "").any())
    if not by_ref and not (line_numbers != "").any():
        line_numbers = line_refs  # the lines call the invoice number billRef

    of_bill = np.where(bill_refs != "", bill_refs, bill_numbers) if by_ref else bill_numbers
    name = "billRef" if by_ref else "invoiceNumber"
    without = (of_bill == "") & ~mapped.told_missing(BILLS, "billRef", "invoiceNumber")
    for i in np.flatnonzero(without).tolist():
        cell = mapped.cell(BILLS, name, i)
        findings.append(finding("bills.billRef.required", cell, bills=(i,)))

    keys, number_keys = (_keyed(refs, bills, groups) for refs in (of_bill, bill_numbers))
    line_keys = _keyed(line_refs if by_ref else line_numbers, lines, groups)
    out, first_of = _looked_up(keys, line_keys)
    twice = [(name, keys, first_of, set(line_keys.tolist()))]
    if by_ref:
        by_number = _keyed(np.where(line_refs == "", line_numbers, ""), lines, groups)
        found, first_of_number = _looked_up(number_keys, by_number)
        out = np.where(line_refs == "", found, out)
        twice.append(("invoiceNumber", number_keys, first_of_number, set(by_number.tolist())))
    for field, some, first, used in twice:
        again = pd.Series(some).duplicated().to_numpy() & (some != "")
        for i in np.flatnonzero(again).tolist():
            if some[i] in used:
                other = first[some[i]]
                words: dict[str, Any] = {"first": mapped.place(BILLS, other, i)}
                cell = mapped.cell(BILLS, field, i)
                ref = str(some[i]).rpartition("\x1f")[2]
                findings.append(
                    finding("bills.billRef.duplicate", cell, ref, bills=(other, i), **words)
                )
    likeness = Likeness(ref for ref in dict.fromkeys(of_bill.tolist()) if ref)
    told = mapped.told_missing(LINE_ITEMS, "billRef", "invoiceNumber")
    for i in np.flatnonzero((out < 0) & ~told).tolist():
        by_number_only = not by_ref and "invoiceNumber" in lines.columns
        field = "invoiceNumber" if by_number_only and not line_refs[i] else "billRef"
        ref = str(line_refs[i] or line_numbers[i])
        cell = mapped.cell(LINE_ITEMS, field, i)
        if not ref:
            findings.append(finding("line_items.billRef.required", cell, lines=(i,)))
            continue
        near = likeness.hint(ref)
        findings.append(finding("line_items.billRef.orphan", cell, ref, lines=(i,), nearest=near))
    return out, findings


def _looked_up(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, dict[str, int]]:
    """The first index of ``keys`` for each wanted one, -1 for none; blanks are never found."""
    first: dict[str, int] = {}
    for i, key in enumerate(keys.tolist()):
        if key:
            first.setdefault(key, i)
    found = np.asarray([first.get(key, -1) for key in wanted.tolist()], dtype=np.int64)
    return found, first
