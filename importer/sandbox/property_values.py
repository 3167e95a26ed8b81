"""Custom properties of bills and lines: what a request may set, and how the answer shows it.

Select groups take value ids, all others inline values; a group belongs to headers or to lines.
Source: ``SetCustomPropertyRequestV1Model`` and the input types in the API description.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from importer.sandbox import field_checks
from importer.sandbox.company_file import SELECTS, PropertyGroupRow
from importer.sandbox.refusals import Path, Problem

JsonObject = dict[str, object]

FIELDS: Mapping[str, field_checks.Check] = {
    "groupId": field_checks.uuid,
    "valueIds": field_checks.array,
    "inlineValues": field_checks.array,
}
INLINE_NAMESPACE = uuid.UUID("6f1f7a52-8a39-5d0c-9c33-2f6a4be0f1d7")


def read_properties(
    items: object,
    level: str,
    groups: Mapping[str, PropertyGroupRow],
    path: Path,
    problems: list[Problem],
) -> list[JsonObject]:
    """The properties to keep, as ``{groupId, valueIds, inlineValues}``; empty groups left out.

    ``items`` is the array of the request, or None.
    """
    kept: list[JsonObject] = []
    seen: set[str] = set()
    for index, item in enumerate(items if isinstance(items, list) else ()):
        here = (*path, "customProperties", str(index))
        fields = field_checks.read_fields(item, FIELDS, here, problems, required=("groupId",))
        ids = _strings(fields.get("valueIds"), field_checks.uuid, (*here, "valueIds"), problems)
        inline = _strings(
            fields.get("inlineValues"), field_checks.text, (*here, "inlineValues"), problems
        )
        group_id = fields.get("groupId")
        if not isinstance(group_id, str):
            continue
        group = groups.get(group_id)
        if group is None:
            message = f"There is no custom property group with the id {group_id}."
            problems.append(Problem("UNKNOWN_GROUP", message, (*here, "groupId"), 422))
            continue
        if group.level != level:
            message = f"'{group.label}' is a {group.level} property, not one of the {level}."
            problems.append(Problem("WRONG_LEVEL", message, (*here, "groupId"), 422))
        if group_id in seen:
            message = f"'{group.label}' is set twice."
            problems.append(Problem("DUPLICATE_GROUP", message, (*here, "groupId"), 422))
        seen.add(group_id)
        _check_values(group, ids, inline, here, problems)
        if ids or inline:
            kept.append({"groupId": group_id, "valueIds": ids, "inlineValues": inline})
    return kept


def _strings(
    value: object, check: field_checks.Check, path: Path, problems: list[Problem]
) -> list[str]:
    found = []
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if item is None:
            continue  # the description lets inline values be null
        try:
            found.append(str(check(item)))
        except field_checks.CheckError as error:
            problems.append(Problem(error.type, str(error), (*path, str(index))))
    return found


def _check_values(
    group: PropertyGroupRow,
    ids: Sequence[str],
    inline: Sequence[str],
    path: Path,
    problems: list[Problem],
) -> None:
    select = group.input_type in SELECTS
    given, other = ("valueIds", inline) if select else ("inlineValues", ids)
    if other:
        message = f"'{group.label}' is {group.input_type} and takes {given}."
        wrong = "inlineValues" if select else "valueIds"
        problems.append(Problem("WRONG_INPUT_TYPE", message, (*path, wrong), 422))
    values = ids if select else inline
    if len(values) > 1 and group.input_type != "MULTI_SELECT":
        message = f"'{group.label}' takes one value."
        problems.append(Problem("TOO_MANY_VALUES", message, (*path, given), 422))
    for index, value in enumerate(values):
        if not _acceptable(group, value):
            message = (
                f"'{field_checks.shortened(value)}' is not a {group.input_type} of '{group.label}'."
            )
            problems.append(Problem("INVALID_VALUE", message, (*path, given, str(index)), 422))


def _acceptable(group: PropertyGroupRow, value: str) -> bool:
    if group.input_type in SELECTS:
        return value in group.values
    if group.input_type == "BOOLEAN":
        return value in ("true", "false")
    try:
        if group.input_type == "NUMERIC":
            return value.isascii() and Decimal(value).is_finite()
        if group.input_type == "DATE":
            field_checks.day(value)
    except (InvalidOperation, field_checks.CheckError):
        return False
    return True


def shown_properties(
    kept: Sequence[Mapping[str, object]],
    groups: Mapping[str, PropertyGroupRow],
    company_id: str,
    now: str,
) -> list[JsonObject]:
    """The properties as ``ExternalCustomPropertyV1Model``."""
    shown: list[JsonObject] = []
    for item in kept:
        group = groups[str(item["groupId"])]
        values = []
        for value_id in _listed(item["valueIds"]):
            value = group.values[value_id]
            names = (value.internal_name, value.label)
            values.append(value_json(group, value_id, *names, company_id, now))
        for text in _listed(item["inlineValues"]):
            made = str(uuid.uuid5(INLINE_NAMESPACE, f"{group.id} {text}"))
            values.append(value_json(group, made, text, text, company_id, now))
        shown.append(
            {"groupId": group.id, "groupInternalName": group.internal_name, "values": values}
        )
    return shown


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


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
        "context": None,
        "createdAt": now,
        "updatedAt": now,
    }
