"""What a bill in Light lacks to be as it should: the changes, one request each. Pure.

A change is worked out from how the bill is now, so that the same look tells after a crash, a lost
answer or a refusal what is still to be done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from importer.core.object_ids import normal_id
from importer.loading.bill_diff import pair_lines
from importer.model.bill_image import (
    AMOUNT,
    NET_AMOUNT,
    RATES,
    BillImage,
    LineImage,
    Properties,
    PropertyValues,
    image_of,
)
from importer.model.bills import Bill, LineItem, Property, bill_values, line_values
from importer.model.field_values import is_blank, same_property_value, same_value
from importer.model.fields import HEADER_FIELDS, SENT_LINE_FIELDS, Field
from importer.model.light_objects import LightBill

_HEADER = {field.name: field for field in HEADER_FIELDS}
_LINE = {field.name: field for field in SENT_LINE_FIELDS}
_TAX, _TAX_CODE = "taxAmount", "taxCodeId"
LINE_ITEM, PROPERTIES = "line item", "custom properties"  # of a FieldChange
_NO_VALUES = PropertyValues(False, ())


@dataclass(frozen=True)
class HeaderChange:
    """The fields to set, None to clear; ``properties`` are all that the bill is to have, and blank
    ones to clear; None where they stay."""

    values: Mapping[str, Any]
    properties: Properties | None = None


@dataclass(frozen=True)
class LineReplacement:
    line: LineImage


@dataclass(frozen=True)
class LineAddition:
    line: LineImage


@dataclass(frozen=True)
class LineDeletion:
    id: str


ImageChange = HeaderChange | LineReplacement | LineAddition | LineDeletion


# --- how a bill should be ---------------------------------------------------------------------


def target_of(
    bill: Bill,
    remote: LightBill,
    line_ids: Sequence[str | None],
    selects: Collection[str] = (),
) -> BillImage:
    """How the bill of the sheet should be in Light, given how it is.

    A blank leaves what Light has, what is in ``clears`` is blanked. ``line_ids`` are Light's ids of
    the lines in the order of the sheet, as far as they are known.
    """
    now = image_of(remote, selects)
    values = {
        name: value
        for name, value in _merged(bill_values(bill), bill.clears, now.values, _HEADER).items()
        if name in now.values and (name not in RATES or not is_blank(bill_values(bill)[name]))
    }
    matched, _ = pair_lines(bill, remote.lines or (), line_ids, by_description=True)
    by_id = {line.id: line for line in now.lines}
    lines = [
        _line_target(line, bill.include_tax, by_id.get(old.id) if old else None)
        for line, old in zip(bill.lines, matched, strict=True)
    ]
    if now.credit_sign:  # Light does not say what becomes of its other amounts: a new line
        lines = [x if _is_as(x, by_id) else replace(x, id=None, properties={}) for x in lines]
        return BillImage(values, now.properties, tuple(lines), now.credit_sign)
    properties = _merged_properties(bill.properties, bill.clears, now.properties)
    return BillImage(values, properties, tuple(lines))


def _is_as(line: LineImage, by_id: Mapping[str | None, LineImage]) -> bool:
    """Whether Light's line is as it should be; of credit notes no properties are shown."""
    return line.id in by_id and same_line(replace(line, properties={}), by_id[line.id])


def _line_target(line: LineItem, include_tax: bool, old: LineImage | None) -> LineImage:
    before: Mapping[str, Any] = old.values if old else {}
    given = line_values(line, include_tax)
    base, derived = (AMOUNT, NET_AMOUNT) if include_tax else (NET_AMOUNT, AMOUNT)
    values = _merged(given, line.clears, before, _LINE)
    del values[derived]
    same_base = all(
        _same(_LINE, name, values[name], before.get(name)) for name in (base, _TAX_CODE)
    )
    if is_blank(given[_TAX]) and not (old and same_base):
        del values[_TAX]  # Light works it out
    properties = _merged_properties(line.properties, line.clears, old.properties if old else {})
    return LineImage(old.id if old else None, values, properties)


def _merged(
    given: Mapping[str, Any],
    clears: Collection[str],
    before: Mapping[str, Any],
    fields: Iterable[str],
) -> dict[str, Any]:
    return {
        name: None if name in clears else before.get(name) if is_blank(given[name]) else given[name]
        for name in fields
    }


def _merged_properties(
    given: Iterable[Property], clears: Collection[str], before: Properties
) -> Properties:
    out = {group: each for group, each in before.items() if group not in clears}
    for each in given:
        if each.group_id is not None:
            values = tuple(each.value_ids or each.inline_values)
            out[normal_id(each.group_id)] = PropertyValues(bool(each.value_ids), values)
    return out


def restored(before: BillImage, after: BillImage) -> BillImage:
    """``before`` as a target, after a change to ``after``: without what Light works out."""
    derived = NET_AMOUNT if before.include_tax else AMOUNT
    values = {
        name: value
        for name, value in before.values.items()
        if name not in RATES or name in after.values
    }
    lines = tuple(
        replace(line, values={n: v for n, v in line.values.items() if n != derived})
        for line in before.lines
    )
    return replace(before, values=values, lines=lines)


# --- what it lacks ----------------------------------------------------------------------------


def missing_changes(
    now: BillImage, target: BillImage, before_ids: Collection[str]
) -> tuple[list[ImageChange], tuple[str | None, ...]]:
    """The changes that make ``now`` the ``target``, and the ids of the target's lines that Light
    has, None where it lacks them. Each may be done twice without harm, but for LineAddition.

    ``before_ids`` are lines that were in Light before; any other that is as one that is to be added
    is that one.
    """
    out: list[ImageChange] = []
    values = {
        name: value
        for name, value in target.values.items()
        if not _same(_HEADER, name, value, now.values.get(name))
    }
    properties = None
    if not _same_properties(target.properties, now.properties):
        blanks = {g: PropertyValues(e.select, ()) for g, e in now.properties.items()}
        properties = blanks | dict(target.properties)
    if values or properties is not None:
        out.append(HeaderChange(values, properties))
    by_id = {line.id: line for line in now.lines}
    placed = {line.id for line in target.lines if line.id in by_id}
    others = [x for x in now.lines if x.id not in placed and x.id not in before_ids]
    ids: list[str | None] = []
    added: list[ImageChange] = []
    for line in target.lines:
        at = by_id.get(line.id) if line.id is not None else None
        if at is None:
            at = next((x for x in others if same_line(line, x)), None)
            if at is None:
                added.append(LineAddition(line))
                ids.append(None)
                continue
            others.remove(at)
            placed.add(at.id)
        elif not same_line(line, at):
            out.append(LineReplacement(line))
        ids.append(at.id)
    out += added
    out += [LineDeletion(x.id) for x in now.lines if x.id is not None and x.id not in placed]
    return out, tuple(ids)


def same_line(target: LineImage, now: LineImage) -> bool:
    """Whether Light's line is as it should be, in all that the target says."""
    return all(
        _same(_LINE, name, value, now.values.get(name)) for name, value in target.values.items()
    ) and _same_properties(target.properties, now.properties)


def _same(fields: Mapping[str, Field], name: str, ours: object, theirs: object) -> bool:
    if name == _TAX:
        return (ours or 0) == (theirs or 0)
    if is_blank(ours) or is_blank(theirs):
        return is_blank(ours) and is_blank(theirs)
    return same_value(fields[name], ours, theirs)


def _same_properties(ours: Properties, theirs: Properties) -> bool:
    groups = {group for some in (ours, theirs) for group, each in some.items() if each.values}
    return all(
        _same_texts(ours.get(g, _NO_VALUES).values, theirs.get(g, _NO_VALUES).values)
        for g in groups
    )


def _same_texts(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    rest = list(theirs)
    for text in ours:
        match = next((x for x in rest if same_property_value(text, x)), None)
        if match is None:
            return False
        rest.remove(match)
    return not rest


# --- what nobody of us did --------------------------------------------------------------------


def unexplained(now: BillImage, images: Sequence[BillImage]) -> list[str]:
    """What of the bill is as in none of the images, by the names of fields, "line item" for a line:
    somebody else changed it. The first image is how the bill was."""
    out = [
        name
        for name, value in now.values.items()
        if name not in RATES
        and not (name == AMOUNT and value == _gross(now))  # Light may add up the lines
        and not any(
            _same(_HEADER, name, image.values[name], value)
            for image in images
            if name in image.values
        )
    ]
    if not any(_same_properties(image.properties, now.properties) for image in images):
        out.append(PROPERTIES)
    first, *later = images
    images_of: dict[str | None, list[LineImage]] = {}
    every = [line for image in images for line in image.lines]
    for line in every:
        images_of.setdefault(line.id, []).append(line)
    new = images_of.get(None, [])
    for line in now.lines:
        its = [*images_of[line.id], *new] if line.id in images_of else every
        if not any(same_line(each, line) for each in its):
            out.append(LINE_ITEM)
    ids = {line.id for line in now.lines}
    for line in first.lines:
        deleted = any(line.id not in image.line_ids for image in later)
        if line.id not in ids and not deleted:
            out.append(LINE_ITEM)
    return list(dict.fromkeys(out))


def _gross(image: BillImage) -> int:
    return sum(line.values.get(AMOUNT) or 0 for line in image.lines)


# --- in words ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class FieldChange:
    """One value that changes. ``line`` is the place of the line in the sheet, None for the bill;
    ``field`` is "line item" for a line that is added or deleted."""

    field: str
    line: int | None
    old: object
    new: object


def field_changes(now: BillImage, target: BillImage) -> list[FieldChange]:
    """All that changes from ``now`` to the ``target``."""
    changes, _ = missing_changes(now, target, [x for x in now.line_ids if x is not None])
    by_id = {line.id: line for line in now.lines}
    out: list[FieldChange] = []
    places = {id(line): k for k, line in enumerate(target.lines)}
    for change in changes:
        match change:
            case HeaderChange(values, properties):
                pairs = values.items()
                out += [FieldChange(n, None, now.values.get(n), value) for n, value in pairs]
                if properties is not None:
                    old, new = (_words(x.properties) for x in (now, target))
                    out.append(FieldChange(PROPERTIES, None, old, new))
            case LineReplacement(line):
                out += _line_changes(places[id(line)], by_id[line.id], line)
            case LineAddition(line):
                out.append(FieldChange(LINE_ITEM, places[id(line)], None, line))
            case LineDeletion(line_id):
                out.append(FieldChange(LINE_ITEM, None, by_id[line_id], None))
    return out


def _line_changes(place: int, now: LineImage, target: LineImage) -> Iterable[FieldChange]:
    for name, value in target.values.items():
        if not _same(_LINE, name, value, now.values.get(name)):
            yield FieldChange(name, place, now.values.get(name), value)
    if not _same_properties(target.properties, now.properties):
        yield FieldChange(PROPERTIES, place, _words(now.properties), _words(target.properties))


def _words(properties: Properties) -> str:
    return ", ".join(text for each in properties.values() for text in each.values)
