"""The changes of an update in words: old and new values, and how many by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from importer.core.money import money
from importer.loading.bill_diff import field_words
from importer.loading.image_changes import LINE_ITEM, FieldChange
from importer.model.bill_image import AMOUNT, NET_AMOUNT, LineImage
from importer.model.field_values import shown
from importer.model.read_back import Difference

_MOST_CHANGES = 12  # of one bill that are named


def change_words(change: FieldChange, unit: int) -> str:
    """ "due date: 2025-01-31 → 2025-02-28", "line 2 added: 5.00, Freight"."""
    if change.field == LINE_ITEM:
        if isinstance(change.new, LineImage):
            place = "a line" if change.line is None else f"line {change.line + 1}"
            return f"{place} added: {_line_text(change.new, unit)}"
        assert isinstance(change.old, LineImage)
        return f"a line deleted: {_line_text(change.old, unit)}"
    line = "" if change.line is None else f"line {change.line + 1} "
    old, new = (shown(value, unit) for value in (change.old, change.new))
    return f"{line}{_name(change)}: {old} → {new}"


def _name(change: FieldChange) -> str:
    return field_words(Difference(change.field, change.line, "", ""))


def _line_text(line: LineImage, unit: int) -> str:
    cents = next((line.values[n] for n in (NET_AMOUNT, AMOUNT) if line.values.get(n)), 0)
    return ", ".join(filter(None, (money(cents, unit), line.values.get("description"))))


def changes_words(changes: Sequence[FieldChange], unit: int) -> str:
    """All changes of a bill; of very many the first."""
    words = [change_words(each, unit) for each in changes[:_MOST_CHANGES]]
    more = len(changes) - len(words)
    return "; ".join([*words, *([f"and {more} more"] if more else [])])


def counts_words(changes: Iterable[FieldChange]) -> str:
    """ "due date 3, line item added 1": how many values change, by field."""
    counts = Counter(_kinds(changes))
    return ", ".join(f"{name} {n:,}" for name, n in counts.most_common())


def _kinds(changes: Iterable[FieldChange]) -> Iterator[str]:
    for change in changes:
        if change.field == LINE_ITEM:
            yield "line item added" if isinstance(change.new, LineImage) else "line item deleted"
        else:
            yield _name(change) if change.line is None else f"line item {_name(change)}"
