"""Custom properties: columns headed ``property:<name>`` → groups and values as Light wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from importer.core import dates
from importer.core.cell_parsers import parse_boolean
from importer.core.money import Numbers, UnreadableAmount, numbers_of, read_decimal, read_plain
from importer.mapping.canonical_columns import CanonicalColumn
from importer.mapping.template_model import TemplateFormats
from importer.model.bills import Property
from importer.model.fields import BILLS, LINE_ITEMS, PROPERTY
from importer.model.finding import CellRef
from importer.model.finding_catalogue import finding
from importer.model.light_objects import PropertyGroup
from importer.model.tables import CellKind
from importer.references.name_index import LIKELY, Named, Names
from importer.validation.column import ParsedColumn
from importer.validation.cross_row_rules import same_name
from importer.validation.validate import Checked

_LEVELS = {BILLS: ("HEADER", "bill"), LINE_ITEMS: ("LINE", "line item")}
# An inline value in the form Light wants, else None; of a text and the kind of its cell.
Inline = Callable[[str, int], str | None]


def resolve_properties(checked: Checked, groups: Sequence[PropertyGroup]) -> None:
    """Fill ``checked.properties``; what is wrong, or asked for and not there, is a finding.

    A group is meant by its label, internal name or id; its values by the same, several of them
    separated by ``;``. What means several groups or values is never guessed.
    """
    for sheet in (BILLS, LINE_ITEMS):
        level, noun = _LEVELS[sheet]
        mine = [group for group in groups if group.level == level]
        other = [group for group in groups if group.level != level]
        columns: dict[str, list[str]] = {group.id: [] for group in mine}
        for name in [n for n in checked.mapped.items(sheet).columns if n.startswith(PROPERTY)]:
            group = _group(checked, sheet, name, mine, other)
            if group is not None:
                columns[group.id].append(name)
                _values(checked, sheet, name, group)
        for group in mine:
            _twice(checked, sheet, columns[group.id], group)
            if group.required:
                _required(checked, sheet, columns[group.id], group, noun)


def _parsed(checked: Checked, sheet: str, name: str) -> ParsedColumn:
    return (checked.bills if sheet == BILLS else checked.lines)[name]


def _tell(
    checked: Checked, sheet: str, ending: str, cell: CellRef, value: str,
    items: Sequence[int], **words: Any,
) -> None:  # fmt: skip
    about = {"bills" if sheet == BILLS else "lines": tuple(int(i) for i in items)}
    code = f"{sheet}.property.{ending}"
    checked.findings.append(finding(code, cell, value, **about, **words))


def _header(checked: Checked, sheet: str, name: str, item: int) -> CellRef:
    """The column of a property as a whole."""
    return replace(checked.mapped.cell(sheet, name, item), row=None, column_index=None)


def _group(
    checked: Checked,
    sheet: str,
    name: str,
    mine: Sequence[PropertyGroup],
    other: Sequence[PropertyGroup],
) -> PropertyGroup | None:
    """The one group that the header means; a finding where there is none, or several."""
    bare = name[len(PROPERTY) :]

    def meant(groups: Sequence[PropertyGroup]) -> list[PropertyGroup]:
        key = same_name(bare)
        return [g for g in groups if key in map(same_name, (g.label, g.internal_name, g.id))]

    found = meant(mine)
    if len(found) == 1:
        return found[0]
    items = np.flatnonzero(_parsed(checked, sheet, name).ok).tolist()
    if not items:
        return None  # an empty column asks for nothing
    where = _header(checked, sheet, name, items[0])
    words: dict[str, Any] = {"name": bare, "level": f"{_LEVELS[sheet][1]}s"}
    if found:
        candidates = "; ".join(f"{g.label} ({g.internal_name}, {g.id})" for g in found)
        words |= {"count": len(found), "candidates": candidates}
        _tell(checked, sheet, "several_properties", where, bare, items, **words)
        return None
    if meant(other):
        its = "line items" if sheet == BILLS else "bills"
        words["nearest"] = f": it is a property of {its}, and belongs into a column there"
    else:
        labels = Names([Named(g.id, g.label, (g.label, g.internal_name)) for g in mine])
        words["nearest"] = labels.hint(bare)
    _tell(checked, sheet, "unknown_property", where, bare, items, **words)
    return None


def _twice(checked: Checked, sheet: str, columns: list[str], group: PropertyGroup) -> None:
    """Two columns that mean one group, on the items that have both."""
    for at, name in enumerate(columns):
        for earlier in columns[:at]:
            both = _parsed(checked, sheet, name).ok & _parsed(checked, sheet, earlier).ok
            items = np.flatnonzero(both).tolist()
            if items:
                where = _header(checked, sheet, name, items[0])
                own, other = (checked.mapped.cell(sheet, n, items[0]) for n in (name, earlier))
                words: dict[str, Any] = {"other": other.column or earlier, "name": group.label}
                _tell(checked, sheet, "twice", where, own.column or name, items, **words)


def _required(
    checked: Checked, sheet: str, columns: list[str], group: PropertyGroup, noun: str
) -> None:
    """What Light asks for must be there: one finding a blank cell, or a sheet without a column."""
    table = checked.bills if sheet == BILLS else checked.lines
    items = checked.mapped.items(sheet)
    missing = np.ones(table.size, dtype=bool)
    for name in columns:
        missing &= table[name].blank
    words: dict[str, Any] = {"name": group.label, "level": noun}
    without = missing.copy()
    for name in columns:
        without &= checked.mapped.lacks_column(sheet, name)
    for of_table in np.unique(items.table[without]).tolist():
        some = np.flatnonzero(without & (items.table == of_table)).tolist()
        source = checked.mapped.tables[of_table].source
        where = CellRef(source.file, source.sheet, None, None, of_table)
        _tell(checked, sheet, "required", where, "", some, **words)
    for i in np.flatnonzero(missing & ~without).tolist():
        cell = checked.mapped.cell(sheet, columns[0], i)
        _tell(checked, sheet, "required", cell, "", [i], **words)


def _values(checked: Checked, sheet: str, name: str, group: PropertyGroup) -> None:
    """Each value of the column as Light wants it, or a finding."""
    column = checked.mapped.items(sheet).columns[name]
    parsed, bare = _parsed(checked, sheet, name), name[len(PROPERTY) :]
    given = np.flatnonzero(parsed.ok).tolist()
    if group.input_type.endswith("_SELECT"):
        read = _select_reader(group, bare)
    else:
        read = _inline_reader(group, bare, column, given, checked.mapped.template.formats)
    resolved = checked.properties.setdefault((sheet, name), {})
    known: dict[tuple[str, int], Property | tuple[str, str]] = {}
    for i in given:
        text = str(parsed.values[i])
        kind = CellKind.TEXT if column.kinds is None else int(column.kinds[i])
        if (text, kind) not in known:
            known[text, kind] = read(text, kind)
        found = known[text, kind]
        if isinstance(found, Property) and resolved.setdefault(text, found) == found:
            continue
        if isinstance(found, Property):  # 1,234 as a number and as a text
            found = "not_a_value", "one way of writing numbers in the column"
        cell = checked.mapped.cell(sheet, name, i)
        _tell(checked, sheet, found[0], cell, text, [i], name=bare, nearest=found[1])


def _select_reader(
    group: PropertyGroup, name: str
) -> Callable[[str, int], Property | tuple[str, str]]:
    """A text → the property, or (ending of the code, what to use instead)."""
    values = Names(
        Named(i, label, tuple(filter(None, (label, internal, i))))
        for i, label, internal in group.values
    )
    labels = [label for _, label, _ in group.values]
    internal_names = {i: internal for i, _, internal in group.values}

    def read(text: str, kind: int) -> Property | tuple[str, str]:
        whole = values.exact(text)  # a label may have a semicolon
        parts = [text] if whole else [part for part in text.split(";") if part.strip()]
        ids = []
        for part in parts:
            found = values.exact(part)
            if len(found) > 1:
                names = " or ".join(internal_names[thing.id] or thing.id for thing in found)
                return "not_a_value", f"{names}, as '{part.strip()}' is the name of {len(found)}"
            if not found:
                near = [f"'{thing.label}'" for thing in values.nearest(part, LIKELY)[:3]]
                return "not_a_value", " or ".join(near) or "one of " + ", ".join(labels[:12])
            ids.append(found[0].id)
        if not ids:
            return "not_a_value", "one of " + ", ".join(labels[:12])
        ids = list(dict.fromkeys(ids))
        if len(ids) > 1 and group.input_type == "SINGLE_SELECT":
            return "several_values", ""
        return Property(name, text, group.id, value_ids=tuple(ids))

    return read


_WANTED = {"NUMERIC": "a number", "DATE": "a date, as 2025-03-31", "BOOLEAN": "TRUE or FALSE"}


def _inline_reader(
    group: PropertyGroup,
    name: str,
    column: CanonicalColumn,
    given: Sequence[int],
    formats: TemplateFormats,
) -> Callable[[str, int], Property | tuple[str, str]]:
    texts = {str(column.text.iloc[i]).strip() for i in given if _is_text(column, i)}
    inline = _inline(group.input_type, texts, formats)

    def read(text: str, kind: int) -> Property | tuple[str, str]:
        value = inline(text, kind)
        if value is None:
            return "not_a_value", _WANTED.get(group.input_type, "another value")
        return Property(name, text, group.id, inline_values=(value,))

    return read


def _is_text(column: CanonicalColumn, i: int) -> bool:
    return column.kinds is None or column.kinds[i] == CellKind.TEXT


def _inline(input_type: str, texts: set[str], formats: TemplateFormats) -> Inline:
    """How to read the values of a group. ``texts`` are all of the column, which decide its order
    of day and month and its decimal sign where the template does not."""
    if input_type == "NUMERIC":
        stated = formats.numbers
        numbers = numbers_of(texts)[0] if stated == "auto" else Numbers(stated)

        def number(text: str, kind: int) -> str | None:
            value = read_plain(text)
            if kind != CellKind.NUMBER and ("," in text or "." in text):
                value = UnreadableAmount.NOT_A_NUMBER
                if numbers is not None and any(c.isdigit() for c in text):
                    value = read_decimal(text, numbers)
            return None if isinstance(value, UnreadableAmount) else f"{value:f}"

        return number
    if input_type == "DATE":
        order = dates.order_of(texts).order
        read_date = dates.reader(formats.dates, order)

        def day(text: str, kind: int) -> str | None:
            either = not formats.dates and order is None
            if either and len({dates.numeric_reading(text, o) for o in dates.Order} - {None}) > 1:
                return None
            found = read_date(text)
            return found.isoformat() if found else None

        return day
    if input_type == "BOOLEAN":

        def boolean(text: str, kind: int) -> str | None:
            value, problem = parse_boolean(text.strip())
            return None if problem else str(value).lower()

        return boolean
    return lambda text, kind: text
