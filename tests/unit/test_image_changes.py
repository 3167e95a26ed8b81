"""What a bill lacks, worked out from how it is: done in part, twice or late, it comes out right."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conftest import EXAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.loading.image_changes import (
    HeaderChange,
    ImageChange,
    LineAddition,
    LineDeletion,
    LineReplacement,
    missing_changes,
    restored,
    same_line,
    unexplained,
)
from importer.model.bill_image import BillImage, LineImage, image_from_json, image_to_json
from importer.model.fields import HEADER_FIELDS

AMOUNTS, TEXTS = st.integers(1, 3), st.sampled_from(["Ink", "Paper"])  # many are alike
BLANK = {field.name: None for field in HEADER_FIELDS} | {"lineItemsIncludeTax": False}


def line(id: str | None, cents: int, text: str) -> LineImage:
    values: dict[str, Any] = {"netAmount": cents, "taxAmount": None, "description": text}
    return LineImage(id, values)


@st.composite
def updates(draw: st.DrawFn) -> tuple[BillImage, BillImage]:
    """A bill in Light, and how it should be."""
    olds = draw(st.lists(st.tuples(AMOUNTS, TEXTS), min_size=1, max_size=4))
    before = [line(f"L{i}", *each) for i, each in enumerate(olds)]
    ids = draw(st.permutations([each.id for each in before]))
    news = draw(st.lists(st.tuples(AMOUNTS, TEXTS), min_size=1, max_size=5))
    after = [line(id, *each) for id, each in zip([*ids, *[None] * 5], news, strict=False)]
    due = draw(st.sampled_from([None, "2026-01-01", "2026-02-02"]))
    return (
        BillImage(BLANK, lines=tuple(before)),
        BillImage(BLANK | {"description": due}, lines=tuple(after)),
    )


class Light:
    """A bill as requests change it."""

    def __init__(self, image: BillImage) -> None:
        self.image, self.count = image, 0

    def apply(self, change: ImageChange) -> None:
        image, lines = self.image, list(self.image.lines)
        match change:
            case HeaderChange(values, _):
                image = replace(image, values={**image.values, **values})
            case LineReplacement(new):
                lines = [new if each.id == new.id else each for each in lines]
            case LineAddition(new):
                self.count += 1
                lines.append(replace(new, id=f"N{self.count}"))
            case LineDeletion(id):
                lines = [each for each in lines if each.id != id]
        self.image = replace(image, lines=tuple(lines))


def carried_out(light: Light, target: BillImage, images: Sequence[BillImage], seed: int) -> None:
    """With answers lost: a change is done twice, not at all, or the rest is not sent."""
    chance = random.Random(seed)
    ids = {id for image in images for id in image.line_ids if id is not None}
    for _ in range(50):
        assert unexplained(light.image, images) == []
        changes, _ = missing_changes(light.image, target, ids)
        if not changes:
            return
        for change in changes:
            for _ in range(chance.choice([0, 1, 1, 2])):
                light.apply(change)
            if chance.random() < 0.3:
                break
    raise AssertionError("it does not come to an end")


def assert_equal(now: BillImage, target: BillImage) -> None:
    assert {name: now.values[name] for name in target.values} == target.values
    rest = list(now.lines)
    for each in target.lines:
        rest.remove(next(other for other in rest if same_line(each, other)))
    assert rest == []


@settings(max_examples=150, **EXAMPLES)
@given(updates(), st.integers(0, 1000))
def test_an_update_comes_out_right_and_is_undone(
    update: tuple[BillImage, BillImage], seed: int
) -> None:
    before, after = (image_from_json(image_to_json(image)) for image in update)
    assert (before, after) == update
    light = Light(before)
    carried_out(light, after, (before, after), seed)
    assert_equal(light.image, after)
    carried_out(light, restored(before, after), (before, after), seed)
    assert_equal(light.image, before)


@settings(max_examples=100, **EXAMPLES)
@given(updates(), st.integers(0, 1000))
def test_what_somebody_else_does_is_seen(update: tuple[BillImage, BillImage], seed: int) -> None:
    before, after = update
    light = Light(before)
    carried_out(light, after, (before, after), seed)
    theirs = [
        replace(light.image, values={**light.image.values, "dueDate": "2027-01-01"}),
        replace(light.image, lines=(*light.image.lines, line("X", 99, "Theirs"))),
        replace(light.image, lines=(line(light.image.lines[0].id, 98, "Theirs"),)),
    ]
    for image in theirs:
        assert unexplained(image, (before, after)) != []
