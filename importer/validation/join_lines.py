"""Which bill each line item belongs to, by reference."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.nearest_name import NearestName
from importer.mapping.canonical_columns import CanonicalTable
from importer.mapping.map_tables import MappedTables
from importer.mapping.text_cleanup import tidied
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.tables import TableKind
from importer.validation.cells import distinct
from importer.validation.finding_batch import FindingBatch, cell_findings

_SEPARATOR = "\x1f"  # between a group and a reference


def _tidied(items: CanonicalTable, name: str) -> pa.LargeStringArray:
    column = items.columns.get(name)
    return _blanks(len(items)) if column is None else tidied(column.array)


def _blanks(size: int) -> pa.LargeStringArray:
    return pa.array([""], type=pa.large_string()).take(pa.array(np.zeros(size, dtype=np.int64)))


def _references(mapped: MappedTables) -> tuple[pa.LargeStringArray, pa.LargeStringArray]:
    """``billRef`` of bills and lines. A placeholder is one, too, where a single bill has it (000
    may be the first of a count), or where the lines have no numbers that stand in for it."""
    typed = [_placeholders(items) for items in (mapped.bills, mapped.lines)]
    most = 1 if "invoiceNumber" in mapped.lines.columns else len(mapped.bills)
    counts = Counter(filter(None, typed[0].to_pylist()))
    once = pa.array([text for text, n in counts.items() if n <= most], type=pa.large_string())
    bill_refs, line_refs = (
        _either(pc.is_in(texts, value_set=once), texts, _tidied(items, "billRef"))
        for texts, items in zip(typed, (mapped.bills, mapped.lines), strict=True)
    )
    return bill_refs, line_refs


def _placeholders(items: CanonicalTable) -> pa.LargeStringArray:
    """The placeholders that stand in place of references; blank where there is none."""
    column = items.columns.get("billRef")
    if column is None or column.placeholder is None:
        return _blanks(len(items))
    return tidied(pa.array(column.placeholder.tolist(), type=pa.large_string()))


def typed_reference(items: CanonicalTable, name: str) -> pa.LargeStringArray:
    """What the cells of a reference say, placeholders too."""
    texts = _tidied(items, name)
    return texts if name != "billRef" else _either(_given(texts), texts, _placeholders(items))


def _given(refs: pa.LargeStringArray) -> np.ndarray:
    mask: np.ndarray = pc.not_equal(refs, "").to_numpy(zero_copy_only=False)
    return mask


def _either(
    which: np.ndarray | pa.BooleanArray, refs: pa.LargeStringArray, others: pa.LargeStringArray
) -> pa.LargeStringArray:
    """The references where ``which`` holds, elsewhere the others."""
    return pc.if_else(which if isinstance(which, pa.Array) else pa.array(which), refs, others)


def _groups(mapped: MappedTables) -> np.ndarray | None:
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


def _keyed(
    refs: pa.LargeStringArray, items: CanonicalTable, groups: np.ndarray | None
) -> pa.LargeStringArray:
    if groups is None:
        return refs
    prefix = pa.array(groups[items.table]).cast(pa.large_string())
    keyed = pc.binary_join_element_wise(prefix, refs, pa.scalar(_SEPARATOR, pa.large_string()))
    return _either(_given(refs), keyed, refs)


def join(mapped: MappedTables) -> tuple[np.ndarray, list[FindingBatch]]:
    """Each line's bill (-1 for none), and the findings: orphans, references used twice or missing.

    Lines are joined by ``billRef`` where both sheets carry it, else by ``invoiceNumber``; a line
    whose ``billRef`` is blank may name its bill by invoice number.
    """
    if mapped.line_bill is not None:
        return mapped.line_bill, []
    bills, lines = mapped.bills, mapped.lines
    if not len(bills) or not len(lines):
        return np.full(len(lines), -1, dtype=np.int64), []
    groups = _groups(mapped)
    bill_refs, line_refs = _references(mapped)
    bill_numbers, line_numbers = (_tidied(each, "invoiceNumber") for each in (bills, lines))
    by_ref = bool(_given(line_refs).any() and _given(bill_refs).any())
    if not by_ref and not _given(line_numbers).any():
        line_numbers = line_refs  # the lines call the invoice number billRef
    joined_by = "billRef" if by_ref else "invoiceNumber"
    refs = _either(_given(bill_refs), bill_refs, bill_numbers) if by_ref else bill_numbers
    lacking = ~_given(refs) & ~mapped.column_reported_missing(BILLS, "billRef", "invoiceNumber")
    at, code = np.flatnonzero(lacking), "bills.billRef.required"
    typed = typed_reference(bills, joined_by)
    findings = [cell_findings(mapped, BILLS, joined_by, code, at, value=typed)]

    keys = _Keys.of(_keyed(refs, bills, groups))
    line_keys = _keyed(line_refs if by_ref else line_numbers, lines, groups)
    out = keys.first_bills(line_keys)
    findings.append(_duplicates(mapped, joined_by, keys, line_keys))
    if by_ref and not _given(line_refs).all():
        blank = ~_given(line_refs)
        line_keys = _keyed(_either(blank, line_numbers, _blanks(len(lines))), lines, groups)
        keys = _Keys.of(_keyed(bill_numbers, bills, groups))
        out = np.where(blank, keys.first_bills(line_keys), out)
        findings.append(_duplicates(mapped, "invoiceNumber", keys, line_keys))
    reported = mapped.column_reported_missing(LINE_ITEMS, "billRef", "invoiceNumber")
    lost = np.flatnonzero((out < 0) & ~reported)
    if not len(lost):
        return out, findings
    of_number = np.zeros(len(lost), dtype=bool)
    if not by_ref and "invoiceNumber" in lines.columns:
        of_number = ~_given(line_refs)[lost]
    line_refs = _either(_given(line_refs), line_refs, line_numbers)
    blank = ~_given(line_refs)[lost]
    names = NearestName(ref for ref in distinct(refs) if ref)
    # In the order of the rows: hints stop after some seconds.
    hints = {ref: names.hint(ref) for ref in distinct(line_refs.take(pa.array(lost[~blank])))}
    args = partial(_nearest, line_refs, hints)
    for name, which in (("invoiceNumber", of_number), ("billRef", ~of_number)):
        at, code = lost[which & blank], "line_items.billRef.required"
        typed = typed_reference(lines, name)
        findings.append(cell_findings(mapped, LINE_ITEMS, name, code, at, value=typed))
        at, code = lost[which & ~blank], "line_items.billRef.orphan"
        findings.append(
            cell_findings(
                mapped,
                LINE_ITEMS,
                name,
                code,
                at,
                value=line_refs,
                template_args=args,
                constant_by=(),
            )
        )
    return out, findings


def _duplicates(
    mapped: MappedTables, name: str, keys: _Keys, line_keys: pa.LargeStringArray
) -> FindingBatch:
    """Bills whose reference an earlier bill has, where a line item uses it."""
    at, first = keys.repeated(), keys.first[keys.at]
    if len(at):
        repeated = keys.distinct.take(pa.array(keys.at[at]))
        is_used = pc.is_in(repeated, value_set=line_keys).to_numpy(zero_copy_only=False)
        at = at[is_used & _given(repeated)]

    def reference(i: int) -> str:
        return str(keys.distinct[int(keys.at[i])].as_py().rpartition(_SEPARATOR)[2])

    return cell_findings(
        mapped,
        BILLS,
        name,
        "bills.billRef.duplicate",
        at,
        value=reference,
        template_args=lambda i: {"first": mapped.place(BILLS, int(first[i]), i)},
        related_bills=first[at],
    )


def _nearest(refs: pa.LargeStringArray, hints: dict[str, str], i: int) -> dict[str, Any]:
    return {"nearest": hints[refs[i].as_py()]}


@dataclass(frozen=True)
class _Keys:
    """The references of bills."""

    distinct: pa.LargeStringArray
    first: np.ndarray  # the first bill of each distinct reference
    at: np.ndarray  # the index of each bill's reference

    @classmethod
    def of(cls, keys: pa.LargeStringArray) -> _Keys:
        encoded = keys.dictionary_encode()
        at = encoded.indices.to_numpy()
        first = np.empty(len(encoded.dictionary), dtype=np.int64)
        first[at[::-1]] = np.arange(len(at))[::-1]  # the first of a key is written last
        return cls(encoded.dictionary, first, at)

    def repeated(self) -> np.ndarray:
        """The bills whose reference an earlier bill has."""
        if len(self.distinct) == len(self.at):
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.first[self.at] != np.arange(len(self.at)))

    def first_bills(self, keys: pa.LargeStringArray) -> np.ndarray:
        """The first bill of each key, -1 where no bill has it or it is blank.

        Lines of one bill are mostly adjacent: of equal adjacent keys one is looked up.
        """
        size = len(keys)
        changes = pc.not_equal(keys.slice(1), keys.slice(0, size - 1))
        starts = np.flatnonzero(np.append(True, changes.to_numpy(zero_copy_only=False)))
        keys = keys if len(starts) == size else keys.take(pa.array(starts))
        index = pc.index_in(keys, value_set=self.distinct).fill_null(-1).to_numpy()
        out = np.where((index >= 0) & _given(keys), np.append(self.first, -1)[index], -1)
        return np.repeat(out, np.diff(np.append(starts, size)))
