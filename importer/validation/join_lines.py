"""Which bill each line item belongs to, by reference."""

from __future__ import annotations

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

_BETWEEN = "\x1f"  # a group and a reference


def _tidied(items: CanonicalTable, name: str) -> pa.LargeStringArray:
    column = items.columns.get(name)
    return _blanks(len(items)) if column is None else tidied(column.array)


def _blanks(size: int) -> pa.LargeStringArray:
    return pa.array([""], type=pa.large_string()).take(pa.array(np.zeros(size, dtype=np.int64)))


def _given(refs: pa.LargeStringArray) -> np.ndarray:
    found: np.ndarray = pc.not_equal(refs, "").to_numpy(zero_copy_only=False)
    return found


def _either(
    which: np.ndarray, refs: pa.LargeStringArray, others: pa.LargeStringArray
) -> pa.LargeStringArray:
    """The references where ``which`` holds, elsewhere the others."""
    return pc.if_else(pa.array(which), refs, others)


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
    keyed = pc.binary_join_element_wise(prefix, refs, pa.scalar(_BETWEEN, pa.large_string()))
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
    findings: list[FindingBatch] = []
    groups = _groups(mapped)
    bill_refs, bill_numbers = _tidied(bills, "billRef"), _tidied(bills, "invoiceNumber")
    line_refs, line_numbers = _tidied(lines, "billRef"), _tidied(lines, "invoiceNumber")
    by_ref = bool(_given(line_refs).any() and _given(bill_refs).any())
    if not by_ref and not _given(line_numbers).any():
        line_numbers = line_refs  # the lines call the invoice number billRef

    of_bill = _either(_given(bill_refs), bill_refs, bill_numbers) if by_ref else bill_numbers
    name = "billRef" if by_ref else "invoiceNumber"
    without = ~_given(of_bill) & ~mapped.column_reported_missing(BILLS, "billRef", "invoiceNumber")
    at = np.flatnonzero(without)
    findings.append(cell_findings(mapped, BILLS, name, "bills.billRef.required", at, value=""))

    keys, number_keys = (_keyed(refs, bills, groups) for refs in (of_bill, bill_numbers))
    line_keys = _keyed(line_refs if by_ref else line_numbers, lines, groups)
    of_keys = _Keys.of(keys)
    out = of_keys.look_up(line_keys)
    twice = [(name, keys, of_keys, line_keys)]
    if by_ref and not _given(line_refs).all():
        blank = ~_given(line_refs)
        by_number = _keyed(_either(blank, line_numbers, _blanks(len(lines))), lines, groups)
        of_numbers = _Keys.of(number_keys)
        out = np.where(blank, of_numbers.look_up(by_number), out)
        twice.append(("invoiceNumber", number_keys, of_numbers, by_number))
    for field, some, known, used in twice:
        again = known.again()
        if len(again):
            own = some.take(pa.array(again))
            is_used = pc.is_in(own, value_set=used).to_numpy(zero_copy_only=False)
            again = again[is_used & _given(own)]
        first = known.first[known.at]
        place = partial(_place_of_first, mapped, first)
        ref = partial(_bare, some)
        findings.append(
            cell_findings(
                mapped,
                BILLS,
                field,
                "bills.billRef.duplicate",
                again,
                value=ref,
                template_args=place,
                related_bills=first[again],
            )
        )
    reported = mapped.column_reported_missing(LINE_ITEMS, "billRef", "invoiceNumber")
    lost = np.flatnonzero((out < 0) & ~reported)
    if not len(lost):
        return out, findings
    by_number_only = not by_ref and "invoiceNumber" in lines.columns
    refs = _either(_given(line_refs), line_refs, line_numbers)
    called = np.asarray(pc.equal(refs, "").to_numpy(zero_copy_only=False))[lost]
    of_number = ~_given(line_refs)[lost] if by_number_only else np.zeros(len(lost), dtype=bool)
    likeness = NearestName(ref for ref in distinct(of_bill) if ref)
    # In the order of the rows: past some seconds is_used are no more hints.
    near = {ref: likeness.hint(ref) for ref in distinct(refs.take(pa.array(lost[~called])))}
    nearest = partial(_nearest, refs, near)
    for field, which in (("invoiceNumber", of_number), ("billRef", ~of_number)):
        blank, orphan = lost[which & called], lost[which & ~called]
        code = "line_items.billRef.required"
        findings.append(cell_findings(mapped, LINE_ITEMS, field, code, blank, value=""))
        code = "line_items.billRef.orphan"
        findings.append(
            cell_findings(
                mapped,
                LINE_ITEMS,
                field,
                code,
                orphan,
                value=refs,
                template_args=nearest,
                constant_by=(),
            )
        )
    return out, findings


def _place_of_first(mapped: MappedTables, first: np.ndarray, i: int) -> dict[str, Any]:
    return {"first": mapped.place(BILLS, int(first[i]), i)}


def _bare(keys: pa.LargeStringArray, i: int) -> str:
    return str(keys[i].as_py().rpartition(_BETWEEN)[2])


def _nearest(refs: pa.LargeStringArray, near: dict[str, str], i: int) -> dict[str, Any]:
    return {"nearest": near[refs[i].as_py()]}


@dataclass(frozen=True)
class _Keys:
    """References of bills: those that differ, and for each of them the first bill that has it."""

    dictionary: pa.LargeStringArray
    first: np.ndarray
    at: np.ndarray  # which of them each bill has

    @classmethod
    def of(cls, keys: pa.LargeStringArray) -> _Keys:
        encoded = keys.dictionary_encode()
        at = encoded.indices.to_numpy()
        first = np.empty(len(encoded.dictionary), dtype=np.int64)
        first[at[::-1]] = np.arange(len(at))[::-1]  # the first of a key is written last
        return cls(encoded.dictionary, first, at)

    def again(self) -> np.ndarray:
        """The bills of which an earlier one has the reference."""
        if len(self.dictionary) == len(self.at):
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.first[self.at] != np.arange(len(self.at)))

    def look_up(self, wanted: pa.LargeStringArray) -> np.ndarray:
        """The first bill of each wanted reference, -1 for none; blanks are never found.

        Lines of one bill mostly stand together: of equal ones in a row one is looked up.
        """
        size = len(wanted)
        changes = pc.not_equal(wanted.slice(1), wanted.slice(0, size - 1))
        starts = np.flatnonzero(np.append(True, changes.to_numpy(zero_copy_only=False)))
        some = wanted if len(starts) == size else wanted.take(pa.array(starts))
        found = pc.index_in(some, value_set=self.dictionary).fill_null(-1).to_numpy()
        out = np.where((found >= 0) & _given(some), np.append(self.first, -1)[found], -1)
        return np.repeat(out, np.diff(np.append(starts, size)))
