"""Custom properties: columns headed ``property:<name>`` → groups and values as Light wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from importer.core import dates
from importer.core.cell_parsers import parse_boolean
from importer.core.money import (
    Numbers,
    UnreadableAmount,
    numbers_of,
    read_decimal,
    read_number_cell,
)
from importer.core.name_key import name_key
from importer.mapping.template_model import TemplateFormats
from importer.model.bills import Property
from importer.model.fields import BILLS, LINE_ITEMS, PROPERTY
from importer.model.finding import CellRef
from importer.model.finding_catalogue import finding
from importer.model.light_objects import PropertyGroup
from importer.model.tables import CellKind
from importer.references.name_index import LIKELY, Named, NameIndex
from importer.validation.checked_bills import Checked

LEVELS = {BILLS: "HEADER", LINE_ITEMS: "LINE"}  # Light's list is open
_SELECTS = ("SINGLE_SELECT", "MULTI_SELECT")
_INLINE_TYPES = ("NUMERIC", "TEXT", "BOOLEAN", "DATE")

# An inline value in the form Light wants, else None; of a text and the kind of its cell.
Inline = Callable[[str, int], str | None]
# The property of a text and the kind of its cell, else (ending of the code, what to use instead).
Parse = Callable[[str, int], Property | tuple[str, str]]


def resolve_properties(checked: Checked, groups: Sequence[PropertyGroup]) -> None:
    """Fill ``checked.properties``; wrong values, and required ones that are missing, are findings.

    A group is named by its label, internal name or id; its values likewise, several of them
    separated by ``;``. A name of several groups or values is never guessed.
    """
    for sheet, level in LEVELS.items():
        of_level = [group for group in groups if group.level == level]
        of_other_level = [group for group in groups if group.level != level]
        properties = _SheetProperties(checked, sheet)
        columns: dict[str, list[str]] = {group.id: [] for group in of_level}
        for name in [n for n in properties.items.columns if n.startswith(PROPERTY)]:
            group = properties.find_group(name, of_level, of_other_level)
            if group is not None:
                columns[group.id].append(name)
                checked.property_groups[sheet, name] = group.id
                properties.resolve_values(name, group)
        for group in of_level:
            properties.report_duplicates(columns[group.id], group)
            if group.required:
                properties.report_missing(columns[group.id], group)


class _SheetProperties:
    """The custom properties of one checked sheet."""

    def __init__(self, checked: Checked, sheet: str) -> None:
        self.checked, self.sheet = checked, sheet
        self.mapped, self.items = checked.mapped, checked.mapped.items(sheet)
        self.table = checked.bills if sheet == BILLS else checked.lines
        self.noun, self.other_noun = "bill", "line item"
        if sheet == LINE_ITEMS:
            self.noun, self.other_noun = self.other_noun, self.noun

    def add_finding(
        self, ending: str, cell: CellRef, value: str, items: Sequence[int], **words: Any
    ) -> None:
        about: dict[str, Any] = {"bills" if self.sheet == BILLS else "lines": tuple(items)}
        code = f"{self.sheet}.property.{ending}"
        self.checked.findings.append(finding(code, cell, value, **about, **words))

    def header(self, name: str, item: int) -> CellRef:
        """The column of a property as a whole."""
        return replace(self.mapped.cell(self.sheet, name, item), row=None, column_index=None)

    def find_group(
        self,
        name: str,
        of_level: Sequence[PropertyGroup],
        of_other_level: Sequence[PropertyGroup],
    ) -> PropertyGroup | None:
        """The one group that the header names; a finding where there is none, or several."""
        bare = name[len(PROPERTY) :]

        matches = groups_named(bare, of_level)
        if len(matches) == 1:
            return matches[0]
        items = np.flatnonzero(self.table[name].ok).tolist()
        if not items:
            return None  # an empty column asks for nothing
        where = self.header(name, items[0])
        words: dict[str, Any] = {"name": bare, "level": f"{self.noun}s"}
        if matches:
            words |= {"count": len(matches), "candidates": labels_of(matches)}
            self.add_finding("several_properties", where, bare, items, **words)
            return None
        if elsewhere := groups_named(bare, of_other_level):
            other = f"{self.other_noun}s"
            words["nearest"] = f": it is a property of {other}, and belongs in a column there"
            if elsewhere[0].level not in LEVELS.values():
                level = elsewhere[0].level or "no level"
                words["nearest"] = (
                    f": Light has it at {level}, which light-import does not recognise"
                )
        else:
            words["nearest"] = nearest_group(bare, of_level)
        self.add_finding("unknown_property", where, bare, items, **words)
        return None

    def report_duplicates(self, columns: list[str], group: PropertyGroup) -> None:
        """Two columns of one group, on the items that have both."""
        for at, name in enumerate(columns):
            for earlier in columns[:at]:
                items = np.flatnonzero(self.table[name].ok & self.table[earlier].ok).tolist()
                if items:
                    where = self.header(name, items[0])
                    cell, other = (
                        self.mapped.cell(self.sheet, n, items[0]) for n in (name, earlier)
                    )
                    words: dict[str, Any] = {"other": other.column or earlier, "name": group.label}
                    self.add_finding("twice", where, cell.column or name, items, **words)

    def report_missing(self, columns: list[str], group: PropertyGroup) -> None:
        """Values that Light requires: one finding a blank cell, or a sheet without the column."""
        missing = np.ones(self.table.size, dtype=bool)
        for name in columns:
            missing &= self.table[name].blank
        words: dict[str, Any] = {"name": group.label, "level": self.noun}
        without = missing.copy()
        for name in columns:
            without &= self.mapped.lacks_column(self.sheet, name)
        for of_table in np.unique(self.items.table[without]).tolist():
            some = np.flatnonzero(without & (self.items.table == of_table)).tolist()
            source = self.mapped.tables[of_table].source
            where = CellRef(source.file, source.sheet, None, None, of_table)
            self.add_finding("required", where, "", some, **words)
        for i in np.flatnonzero(missing & ~without).tolist():
            cell = self.mapped.cell(self.sheet, columns[0], i)
            self.add_finding("required", cell, "", [i], **words)

    def resolve_values(self, name: str, group: PropertyGroup) -> None:
        """Each value of the column as Light wants it, or a finding."""
        column = self.items.columns[name]
        parsed, bare = self.table[name], name[len(PROPERTY) :]
        given = np.flatnonzero(parsed.ok).tolist()
        if not given:
            return
        kinds = column.kinds
        texts = (
            str(column.text.iloc[i]).strip()
            for i in given
            if kinds is None or kinds[i] == CellKind.TEXT
        )
        parse = value_parser(group, bare, texts, self.mapped.template.formats)
        if parse is None:
            words = {"name": group.label, "kind": group.input_type or "none"}
            where = self.header(name, given[0])
            self.add_finding("unknown_type", where, bare, given, **words)
            return
        resolved = self.checked.properties.setdefault((self.sheet, name), {})
        parsed_texts: dict[tuple[str, int], Property | tuple[str, str]] = {}
        for i in given:
            text = str(parsed.values[i])
            kind = CellKind.TEXT if column.kinds is None else int(column.kinds[i])
            if (text, kind) not in parsed_texts:
                parsed_texts[text, kind] = parse(text, kind)
            value = parsed_texts[text, kind]
            if isinstance(value, Property) and resolved.setdefault(text, value) == value:
                continue
            if isinstance(value, Property):  # 1,234 as a number and as a text
                value = "not_a_value", "one way of writing numbers in the column"
            cell = self.mapped.cell(self.sheet, name, i)
            self.add_finding(value[0], cell, text, [i], name=bare, nearest=value[1])


def groups_named(name: str, groups: Iterable[PropertyGroup]) -> list[PropertyGroup]:
    """Those that have this label, internal name or id."""
    key = name_key(name)
    return [g for g in groups if key in map(name_key, (g.label, g.internal_name, g.id))]


def labels_of(groups: Iterable[PropertyGroup]) -> str:
    return "; ".join(f"{g.label} ({g.internal_name}, {g.id})" for g in groups)


def nearest_group(name: str, groups: Iterable[PropertyGroup]) -> str:
    """A hint with the groups of similar names."""
    index = NameIndex([Named(g.id, g.label, (g.label, g.internal_name)) for g in groups])
    return index.hint(name)


def value_parser(
    group: PropertyGroup, name: str, texts: Iterable[str], formats: TemplateFormats
) -> Parse | None:
    """How to read the values of a column of the group; None where Light's type is an unknown one.

    ``texts`` are all of the column's cells that are texts. They decide its order of day and month
    and its decimal sign where the template does not.
    """
    if group.input_type in _SELECTS:
        return _select_parser(group, name)
    if group.input_type in _INLINE_TYPES:
        return _inline_parser(group, name, set(texts), formats)
    return None


def _select_parser(group: PropertyGroup, name: str) -> Parse:
    values = NameIndex(
        Named(i, label, tuple(filter(None, (label, internal, i))))
        for i, label, internal in group.values
    )
    labels = [label for _, label, _ in group.values]
    internal_names = {i: internal for i, _, internal in group.values}

    def parse(text: str, kind: int) -> Property | tuple[str, str]:
        parts = [text]
        if not values.exact(text):  # a label may have a semicolon
            parts = [part for part in text.split(";") if part.strip()]
        ids = []
        for part in parts:
            things = values.exact(part)
            if len(things) > 1:
                names = " or ".join(internal_names[thing.id] or thing.id for thing in things)
                return "not_a_value", f"{names}, as '{part.strip()}' is the name of {len(things)}"
            if not things:
                near = [f"'{thing.label}'" for thing in values.nearest(part, LIKELY)[:3]]
                return "not_a_value", " or ".join(near) or "one of " + ", ".join(labels[:12])
            ids.append(things[0].id)
        if not ids:
            return "not_a_value", "one of " + ", ".join(labels[:12])
        ids = list(dict.fromkeys(ids))
        if len(ids) > 1 and group.input_type == "SINGLE_SELECT":
            return "several_values", ""
        return Property(name, text, group.id, value_ids=tuple(ids))

    return parse


_WANTED = {"NUMERIC": "a number", "DATE": "a date, as 2025-03-31", "BOOLEAN": "TRUE or FALSE"}


def _inline_parser(
    group: PropertyGroup, name: str, texts: set[str], formats: TemplateFormats
) -> Parse:
    inline = _inline(group.input_type, texts, formats)

    def parse(text: str, kind: int) -> Property | tuple[str, str]:
        value = inline(text, kind)
        if value is None:
            return "not_a_value", _WANTED.get(group.input_type, "another value")
        return Property(name, text, group.id, inline_values=(value,))

    return parse


def _inline(input_type: str, texts: set[str], formats: TemplateFormats) -> Inline:
    if input_type == "NUMERIC":
        stated = formats.numbers
        numbers = numbers_of(texts)[0] if stated == "auto" else Numbers(stated)

        def number(text: str, kind: int) -> str | None:
            value = read_number_cell(text)
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
            parsed = read_date(text)
            return parsed.isoformat() if parsed else None

        return day
    if input_type == "BOOLEAN":

        def boolean(text: str, kind: int) -> str | None:
            value, problem = parse_boolean(text.strip())
            return None if problem else str(value).lower()

        return boolean
    return lambda text, kind: text
