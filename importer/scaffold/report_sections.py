"""What a report has beside its lines: groups with names and totals, its own total, notes below."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from importer.scaffold import layout_inference as at
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.layout_inference import Table

_TOTAL = re.compile(
    r"(?:grand |sub|report |overall )?totals?(?: (?:amount|payable|due|general|général))?"
    r"|gesamt(?:summe|betrag)?|summe|total general|total général|totale|totaal|suma|i alt|sum|razem"
    r"|somme|summa",
    re.IGNORECASE,
)
_TOTAL_WORD = re.compile(
    r"\b(?:sub)?totals?\b|\bsumme\b|\bsum\b|\btotale\b|\btotaal\b|\bsuma\b|\bsomme\b|\bgesamt\b"
    r"|\bi alt\b|\bsumma\b|\brazem\b",
    re.IGNORECASE,
)
_VENDORS = re.compile(
    r"vendor|supplier|creditor|payable|unpaid bills|bills|kreditor|lieferant|fournisseur|proveedor"
    r"|fornitor|leverancier|leverandør|leverantör|fornecedor|dostawc",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ReportGroups:
    """A report in groups. ``column`` has their names, ``member`` those names beside each row.

    ``totals``: how the groups' totals are labelled, with ``{name}``.
    """

    column: ColumnProfile
    member: ColumnProfile
    heads: tuple[int, ...]
    totals: tuple[str, ...]
    of_vendors: bool  # a title says that they are


def find_groups(table: Table) -> ReportGroups | None:
    """The groups of a report, whose rows of names and totals are dropped; None where it has none.

    A group is a row with nothing but a name, above rows that have none in that column. There are
    two at least, or the total of the only one says its name.
    """
    for column in table.columns:
        heads = _heads(table, column)
        if not heads:
            continue
        names = {column.texts[i] for i in heads}
        totals, labels = _group_totals(column, names)
        inside = [i for i in range(heads[0], len(table)) if i not in totals and i not in set(heads)]
        bare = [i for i in inside if not column.texts[i] and _filled(table, i)]
        if not bare or (len(heads) < 2 and not labels):
            continue
        texts, name, head_rows = [], "", set(heads)
        for i in range(len(table)):
            name = column.texts[i] if i in head_rows else "" if i in totals else name
            texts.append(name if i not in head_rows and _filled(table, i) else "")
        taken = {c.header.casefold() for c in table.columns}
        title = next(t for t in ("Vendor", "Group", "Name of group") if t.casefold() not in taken)
        member = ColumnProfile(len(table.columns), title, texts, None)
        of_vendors = any(_VENDORS.search(text) for text in (*table.titles(), column.header))
        table.drop([*heads, *totals])
        member.blank_out(totals)
        return ReportGroups(column, member, tuple(heads), labels, of_vendors)
    return None


def _filled(table: Table, i: int) -> int:
    return sum(bool(c.texts[i]) for c in table.columns)


def _heads(table: Table, column: ColumnProfile) -> list[int]:
    """The rows that have nothing but a text in the column, and rows with other cells below them."""
    if column.numbers or column.dates:
        return []
    rows = [i for i, text in enumerate(column.texts) if text and _filled(table, i) == 1]
    last = max((i for i in range(len(table)) if _filled(table, i) > 1), default=-1)
    return [i for i in rows if i < last and not _TOTAL.fullmatch(column.texts[i].strip(" :"))]


def _group_totals(column: ColumnProfile, names: set[str]) -> tuple[list[int], tuple[str, ...]]:
    """The rows that are the groups' totals, and their labels with ``{name}``, in order of use."""
    folded = {" ".join(name.split()).casefold(): name for name in names}
    rows: list[int] = []
    labels: Counter[str] = Counter()
    for i, text in enumerate(column.texts):
        if not text or not _TOTAL_WORD.search(text):
            continue
        key = " ".join(text.split())
        inside = [name for name in folded if name in key.casefold() and name != key.casefold()]
        if inside:
            longest = max(inside, key=len)
            start = key.casefold().index(longest)
            labels[f"{key[:start]}{{name}}{key[start + len(longest) :]}"] += 1
            rows.append(i)
    return rows, tuple(label for label, _ in labels.most_common())


@dataclass(frozen=True)
class FileTotal:
    """The file's own total. ``column`` shows it: by its label, or its amount where it has none."""

    row: int
    column: ColumnProfile
    text: str
    amounts: tuple[ColumnProfile, ...]  # the columns that have an amount in it
    sums: tuple[ColumnProfile, ...]  # and of these, the ones whose other rows add up to it


def drop_notes(table: Table) -> list[tuple[int, ColumnProfile, str]]:
    """Drop rows below the last line that have nothing but a text: (row, its column, the text)."""
    out = []
    for i in range(len(table) - 1, 0, -1):
        cells = [c for c in table.columns if c.texts[i]]
        if not cells:
            continue
        text = cells[0].texts[i]
        if len(cells) > 1 or not re.search(r"[^\W\d]{2}", text) or _TOTAL.fullmatch(text):
            break
        out.append((i, cells[0], text))
    table.drop(i for i, _, _ in out)
    return out[::-1]


def drop_total(table: Table) -> FileTotal | None:
    """Drop the last row where it is a total.

    It is called so, or it has none of the cells that a bill is known by, and nothing but amounts or
    an amount that the other rows add up to.
    """
    last = max((i for i in table.data_rows() if _filled(table, i)), default=0)
    label = _total_label(table, last) if last > 0 else None
    if label is None:
        return None
    text = label.texts[last]
    money = [c for c in table.columns if c.texts[last] and c.numbers and not c.dates]
    amounts = [c for c in money if c is not label or c in _amounts(table)]
    sums = tuple(c for c in amounts if _adds_up(table, c, last))
    table.drop([last])
    return FileTotal(last, label, text, tuple(amounts), sums)


def _amounts(table: Table) -> list[ColumnProfile]:
    return [c for t in (at.TOTAL, at.GROSS, at.NET, at.OPEN) if (c := table.get(t))]


def _total_label(table: Table, last: int) -> ColumnProfile | None:
    for column in table.columns:
        if _TOTAL.fullmatch(column.texts[last].strip(" :")):
            others = [c for t in (at.NUMBER, at.ISSUED, at.DUE) if (c := table.get(t))]
            return None if any(c.texts[last] for c in others if c is not column) else column
    targets = (at.VENDOR, at.VENDOR_ID, at.NUMBER, at.ISSUED, at.DOC)
    keys = [c for t in targets if (c := table.get(t))]
    money = [c for c in _amounts(table) if c.texts[last]]
    lines = [c for t in (at.TEXT, at.ACCOUNT) if (c := table.get(t)) and c.texts[last]]
    if not keys or not money or lines or any(c.texts[last] for c in keys):
        return None
    only_amounts = all(c.numbers for c in table.columns if c.texts[last])
    return next((c for c in money if only_amounts or _adds_up(table, c, last)), None)


def _adds_up(table: Table, column: ColumnProfile, last: int) -> bool:
    """Whether the other rows of the column add up to its last one."""
    rows = [i for i in table.data_rows() if i != last]
    for numbers in column.readings():
        values = column.values(numbers)
        if values[last] is not None and sum(values[i] or 0 for i in rows) == values[last]:
            return True
    return False
