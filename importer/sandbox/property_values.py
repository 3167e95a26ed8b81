"""Custom properties of bills, lines and vendors: what a request may set, and what answers show.

Select groups take value ids, all others inline values; a group belongs to headers or to lines.
Source: ``SetCustomPropertyRequestV1Model`` and the input types in the API description.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import Field, ValidationError

from importer.sandbox.company_file import SELECTS, CompanyReference, PropertyGroupRow
from importer.sandbox.refusals import Path, Problem
from importer.sandbox.wire_types import DAY_VALUE, JsonObject, RequestBody, Text, Uuid, shortened

INLINE_NAMESPACE = uuid.UUID("6f1f7a52-8a39-5d0c-9c33-2f6a4be0f1d7")


class PropertyBody(RequestBody):
    group_id: Uuid
    value_ids: list[Uuid] = Field(default_factory=list)
    inline_values: list[Text | None] | None = None


def read_properties(
    items: Sequence[Mapping[str, Any]] | None,
    level: str,
    company: CompanyReference,
    path: Path,
    problems: list[Problem],
    object_type: str = "BILL",
) -> list[JsonObject]:
    """The custom properties of a request as answers show them; groups without values left out."""
    properties: list[JsonObject] = []
    group_ids: set[str] = set()
    for index, item in enumerate(items or ()):
        place = (*path, "customProperties", str(index))
        group_id = item["groupId"]
        ids = item.get("valueIds", [])
        texts = [text for text in item.get("inlineValues") or () if text is not None]
        group = company.reference.groups.get(group_id)
        if group is None:
            message = f"There is no custom property group with the id {group_id}."
            problems.append(Problem("UNKNOWN_GROUP", message, (*place, "groupId"), 422))
            continue
        if group.statuses.get(object_type) != "ACTIVE":
            message = f"'{group.label}' is not a property of {object_type} objects."
            problems.append(Problem("WRONG_OBJECT_TYPE", message, (*place, "groupId"), 422))
        if group.level != level:
            message = f"'{group.label}' is a {group.level} property, not one of the {level}."
            problems.append(Problem("WRONG_LEVEL", message, (*place, "groupId"), 422))
        if group_id in group_ids:
            message = f"'{group.label}' is set twice."
            problems.append(Problem("DUPLICATE_GROUP", message, (*place, "groupId"), 422))
        group_ids.add(group_id)
        value_problems = _value_problems(group, ids, texts, place)
        problems += value_problems
        if (ids or texts) and not value_problems:
            properties.append(_property_json(group, ids, texts, company))
    return properties


def _value_problems(
    group: PropertyGroupRow, ids: Sequence[str], texts: Sequence[str], path: Path
) -> list[Problem]:
    select = group.input_type in SELECTS
    values, name = (ids, "valueIds") if select else (texts, "inlineValues")
    others, other_name = (texts, "inlineValues") if select else (ids, "valueIds")
    problems = []
    if others:
        message = f"'{group.label}' is {group.input_type} and takes {name}."
        problems.append(Problem("WRONG_INPUT_TYPE", message, (*path, other_name), 422))
    if len(values) > 1 and group.input_type != "MULTI_SELECT":
        message = f"'{group.label}' takes one value."
        problems.append(Problem("TOO_MANY_VALUES", message, (*path, name), 422))
    for index, value in enumerate(values):
        if not _acceptable(group, value):
            message = f"'{shortened(value)}' is not a {group.input_type} of '{group.label}'."
            problems.append(Problem("INVALID_VALUE", message, (*path, name, str(index)), 422))
    return problems


def _acceptable(group: PropertyGroupRow, value: str) -> bool:
    if group.input_type in SELECTS:
        return value in group.values
    if group.input_type == "BOOLEAN":
        return value in ("true", "false")
    try:
        if group.input_type == "NUMERIC":
            return value.isascii() and Decimal(value).is_finite()
        if group.input_type == "DATE":
            DAY_VALUE.validate_python(value)
    except (InvalidOperation, ValidationError):
        return False
    return True


def _property_json(
    group: PropertyGroupRow, ids: Sequence[str], texts: Sequence[str], company: CompanyReference
) -> JsonObject:
    names = [(i, group.values[i].internal_name, group.values[i].label) for i in ids]
    names += [(str(uuid.uuid5(INLINE_NAMESPACE, f"{group.id} {t}")), t, t) for t in texts]
    values = [value_json(group, *name, company.id, company.created) for name in names]
    return {"groupId": group.id, "groupInternalName": group.internal_name, "values": values}


def value_json(
    group: PropertyGroupRow, value_id: str, internal_name: str, label: str, company: str, now: str
) -> JsonObject:
    """A value as ``ExternalCustomPropertyValueV1Model``."""
    return {
        "id": value_id,
        "groupId": group.id,
        "groupInternalName": group.internal_name,
        "companyId": company,
        "internalName": internal_name,
        "label": label,
        "createdAt": now,
        "updatedAt": now,
    }
