"""Records of Light's lists as an export writes them, and which of their values nobody can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from importer.light.list_pages import bill_of_record, note_of_record, unread_columns
from importer.light.list_query import is_unread, values_at
from importer.model.light_lists import BILLS, LightList, RecordField, ValueType
from importer.report.export_columns import ExportedDocument, Value, text_of

Json = Mapping[str, object]
_CHANGED = RecordField("updatedAt", ValueType.MOMENT, "updatedAt")
_VENDOR = RecordField("vendorName", ValueType.TEXT, "vendor.vendorName")


def record_properties(record: Json) -> dict[str, str]:
    """The custom properties of a record by their internal names, several values joined."""
    groups = record.get("customProperties")
    out = {}
    for group in groups if isinstance(groups, list) else ():
        if isinstance(group, Mapping) and isinstance(group.get("values"), list):
            values = [value for value in group["values"] if isinstance(value, Mapping)]
            labels = [
                str(value.get("label") or value.get("internalName") or "") for value in values
            ]
            out[str(group.get("groupInternalName"))] = "; ".join(filter(None, labels))
    return out


@dataclass
class UnreadValues:
    """What records state in a form that nobody can read; by their ids."""

    without_lines: dict[str, str] = field(default_factory=dict)  # and the value that is to blame
    blank: dict[str, list[str]] = field(default_factory=dict)  # and the columns

    def document(self, kind: str, record: Json, detail: Json | None) -> ExportedDocument:
        """A bill or credit note to be exported."""
        out, why = _bill(record, detail or {}) if kind == BILLS else _note(record, detail)
        answer = detail if kind == BILLS and detail is not None else record
        if out.bill.lines is None:
            self.without_lines[out.bill.id] = why
        changed = [_CHANGED.name] if is_unread(answer, _CHANGED) else []
        self._add(out.bill.id, [*unread_columns(out.bill, answer), *changed])
        return out

    def cells(self, light_list: LightList, record: Json) -> list[Value]:
        """The cells of a record of another list."""
        columns = light_list.columns.values()
        unread = [each.name for each in columns if is_unread(record, each)]
        self._add(str(record.get(light_list.id_name)), unread)
        return [_cell(record, each) for each in columns]

    def _add(self, light_id: str, names: list[str]) -> None:
        if names:
            self.blank[light_id] = names

    def notes(self, light_list: LightList) -> list[str]:
        """What a person must be told of it."""
        out = []
        if some := self.without_lines:
            which = light_list.count(len(some))
            out.append(
                f"Light does not show {which} with line items in a form that can be understood; the"
                f" line items are left out: {_each(some)}"
            )
        if self.blank:
            which = light_list.count(len(self.blank))
            out.append(
                f"Light's answer cannot be understood in full for {which}; these cells are blank:"
                f" {_each({key: ', '.join(names) for key, names in self.blank.items()})}"
            )
        return out


def _each(some: Mapping[str, str]) -> str:
    words = [f"{key} ({some[key]})" if some[key] else key for key in sorted(some)]
    return ", ".join(words[:10]) + (" …" if len(words) > 10 else "")


def _bill(record: Json, detail: Json) -> tuple[ExportedDocument, str]:
    bill, why = bill_of_record(detail)
    out = ExportedDocument(
        bill,
        vendor=str(_cell(record, _VENDOR) or ""),
        entity=str(record.get("companyEntityName") or ""),
        document_name=str(detail.get("documentName") or ""),
        updated_at=_moment(detail),
    )
    return out, why


def _note(record: Json, detail: Json | None) -> tuple[ExportedDocument, str]:
    note, why = note_of_record(record, detail)
    out = ExportedDocument(
        note,
        vendor=str(record.get("businessPartnerName") or ""),
        document_name=str(record.get("documentName") or ""),
        updated_at=_moment(record),
    )
    return out, why


def _moment(record: Json) -> datetime | None:
    value = next(iter(values_at(record, _CHANGED)), None)
    return value if isinstance(value, datetime) else None


def _cell(record: Json, record_field: RecordField) -> Value:
    """A field of a record; several values joined."""
    values = [value for value in values_at(record, record_field) if value is not None]
    return "; ".join(map(text_of, values)) if len(values) > 1 else next(iter(values), None)
