"""Custom properties of new vendors: columns ``property:<name>`` of a sheet ``Vendors``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from importer.mapping.template_model import TemplateFormats
from importer.model.bills import Property
from importer.model.field_values import same_property_value
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.light_objects import VENDOR_OBJECTS, NewVendor, PropertyGroup, Vendor
from importer.model.tables import CellKind
from importer.references.custom_properties import (
    groups_named,
    labels_of,
    nearest_group,
    value_parser,
)
from importer.references.directory import Directory
from importer.references.new_vendors import WantedVendors


@dataclass
class ResolvedProperties:
    """By placeholder: the properties of the ``wanted`` as Light wants them, and what is wrong, in
    words; the ids of the groups that the headers name."""

    wanted: WantedVendors
    groups: dict[str, str] = field(default_factory=dict)
    properties: dict[str, list[Property]] = field(default_factory=lambda: defaultdict(list))
    problems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    findings: list[Finding] = field(default_factory=list)

    def of(self, vendor: NewVendor) -> NewVendor:
        """The vendor with its properties as far as they are known: those that are wrong as they
        are written."""
        resolved = {each.name: each for each in self.properties[vendor.id]}
        properties = (
            resolved.get(each.name) or replace(each, group_id=self.groups.get(each.name))
            for each in vendor.properties
        )
        return replace(vendor, properties=tuple(properties))

    def report(self, ending: str, cell: CellRef, value: str, **words: Any) -> None:
        self.findings.append(finding(f"vendors.property.{ending}", cell, value, **words))

    def find_group(
        self, name: str, groups: Sequence[PropertyGroup], directory: Directory
    ) -> PropertyGroup | None:
        """The one group that the header names; a finding where there is none, or several."""
        header, matches = self.wanted.property_headers[name], groups_named(name, groups)
        if len(matches) == 1:
            return matches[0]
        words: dict[str, Any] = {"name": name, "level": "vendors"}
        if matches:
            words |= {"count": len(matches), "candidates": labels_of(matches)}
            self.report("several_properties", header, name, **words)
            return None
        words["nearest"] = nearest_group(name, groups)
        if groups_named(name, directory.vendor_groups):
            words["nearest"] = ", or activate it in Light: it is not active for vendors"
        elif groups_named(name, directory.groups):
            words["nearest"] = ": it is a property of bills or line items"
        self.report("unknown_property", header, name, **words)
        return None

    def resolve_column(
        self, name: str, group: PropertyGroup, ids: Sequence[str], formats: TemplateFormats
    ) -> bool:
        """Each value as Light wants it, or a finding; False where Light's type is unknown."""
        wanted = self.wanted
        cells = {id: cell for (id, of), cell in wanted.property_cells.items() if of == name}
        texts = (cell.text for cell in cells.values() if cell.kind == CellKind.TEXT)
        parse = value_parser(group, name, texts, formats)
        if parse is None:
            words = {"name": group.label, "kind": group.input_type or "none"}
            self.report("unknown_type", wanted.property_headers[name], name, **words)
            return False
        for id in ids:
            ref, text, kind = cells[id]
            value = parse(text, kind)
            if isinstance(value, Property):
                self.properties[id].append(value)
                continue
            ending, nearest = value
            self.report(ending, ref, text, name=name, nearest=nearest)
            self.problems[id].append(f"'{text}' is not possible for its custom property '{name}'")
        return True

    def report_twice(
        self, name: str, others: Sequence[str], group: PropertyGroup, ids: Sequence[str]
    ) -> None:
        """Another column of the same group, for the vendors that have a value in both."""
        cells, headers = self.wanted.property_cells, self.wanted.property_headers
        for other in others:
            both = [id for id in ids if (id, other) in cells]
            if both:
                cell = headers[name]
                words = {"other": headers[other].column, "name": group.label}
                self.report("twice", cell, cell.column or name, **words)
            for id in both:
                self.problems[id].append(f"two columns are its custom property '{group.label}'")

    def report_missing(
        self, group: PropertyGroup, columns: Sequence[str], vendors: Iterable[str]
    ) -> None:
        for id in vendors:
            if any((id, name) in self.wanted.property_cells for name in columns):
                continue
            if (of_name := self.wanted.cells.get(id)) is not None:
                row = replace(of_name, column=None, column_index=None)
                self.report("required", row, "", name=group.label, level="vendor")
            words = f"Light requires the custom property '{group.label}' of a vendor"
            self.problems[id].append(words)


def resolve_vendor_properties(
    vendors: Mapping[str, NewVendor],
    wanted: WantedVendors,
    directory: Directory,
    formats: TemplateFormats,
) -> ResolvedProperties:
    """The custom properties of those of the ``wanted`` vendors; what is required and missing."""
    out = ResolvedProperties(wanted)
    groups = [g for g in directory.vendor_groups if VENDOR_OBJECTS in g.object_types]
    columns: dict[str, list[str]] = defaultdict(list)  # of each group
    for name in wanted.property_headers:
        ids = [id for id in vendors if (id, name) in wanted.property_cells]
        if not ids:
            continue
        group = out.find_group(name, groups, directory)
        if group is not None:
            out.groups[name] = group.id
        if group is None or not out.resolve_column(name, group, ids, formats):
            for id in ids:
                out.problems[id].append(f"its custom property '{name}' cannot be set")
        if group is not None:
            out.report_twice(name, columns[group.id], group, ids)
            columns[group.id].append(name)
    for group in groups:
        if group.required:
            out.report_missing(group, columns[group.id], vendors)
    return out


# --- beside what Light has --------------------------------------------------------------------


def property_differences(new: NewVendor, light: Vendor, wanted: WantedVendors) -> Iterator[Finding]:
    """The custom properties that a vendor has otherwise in Light than in the sheet."""
    shown = {each.group_id: each.values for each in light.properties}
    for each in new.properties:
        values = shown.get(each.group_id or "", ())
        if not _is_same(each, values):
            words: dict[str, Any] = {
                "vendor": new.name,
                "name": each.name,
                "light": "; ".join(label or name for _, label, name in values) or "no value",
            }
            cell = wanted.property_cells[new.id, each.name]
            yield finding("vendors.property.differs", cell.ref, cell.text, **words)


def _is_same(ours: Property, theirs: Sequence[tuple[str, str, str]]) -> bool:
    if ours.value_ids:
        return set(ours.value_ids) == {id for id, _, _ in theirs}
    texts = [label or name for _, label, name in theirs]
    return len(texts) == len(ours.inline_values) == 1 and same_property_value(
        ours.inline_values[0], texts[0]
    )
