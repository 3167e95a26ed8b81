"""NameIndex found exactly, and the nearest of those that are not."""

from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.name_key import name_key
from importer.references.directory import account_key
from importer.references.name_index import Named, NameIndex


def named(*labels: str) -> NameIndex:
    return NameIndex(Named(f"id-{n}", label, (label,)) for n, label in enumerate(labels))


def labels(of: list[Named]) -> list[str]:
    return [thing.label for thing in of]


COMPANIES = named(
    "Amberley Couriers Ltd",
    "Dunmore Plumbing & Heating",
    "IBM UK LTD",
    "Bergström Papper AB",
    "Wexford Dairy Ltd",
    "Quayside Storage Ltd",
)


def test_word_for_a_total_is_like_no_name() -> None:
    index = named("Total Gas & Power", "Totale Srl")
    assert (labels(index.nearest("Total")), index.hint("Grand total:")) == ([], "")
    assert labels(index.nearest("Total Gas"))[0] == "Total Gas & Power"


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("Amberly Couriers", "Amberley Couriers Ltd"),
        ("COURIERS, AMBERLEY", "Amberley Couriers Ltd"),
        ("Dunmore Plumbing and Heating Limited", "Dunmore Plumbing & Heating"),
        ("Dunmore", "Dunmore Plumbing & Heating"),
        ("IBM", "IBM UK LTD"),
        ("Bergstrom Papper", "Bergström Papper AB"),
    ],
)
def test_hint_uses_the_original_spelling(written: str, nearest: str) -> None:
    assert COMPANIES.exact(written) == []
    assert labels(COMPANIES.nearest(written))[0] == nearest
    assert COMPANIES.hint(written).startswith(f"; the nearest is '{nearest}'")


@pytest.mark.parametrize(("comparisons", "hints"), [(7, 2), (math.inf, 3)])
def test_names_are_compared_as_often_as_is_permitted(comparisons: float, hints: int) -> None:
    index = NameIndex([Named("1", "Amberley", ("Amberley",))], comparisons=comparisons)
    written = ["Amberly", "Amberlei", "Ambarley", "Amberly"]  # the last one is known already
    assert sum(index.hint(each) != "" for each in written[:3]) == hints
    assert index.hint(written[3])


@pytest.mark.parametrize("written", ["Ltd", "Zebra Umbrella Ltd", "???", "", "Q", "Storage"])
def test_legal_form_or_common_word_is_no_similarity(written: str) -> None:
    assert COMPANIES.hint(written) in ("", "; the nearest is 'Quayside Storage Ltd'")


def test_hints_are_ordered_by_similarity() -> None:
    of = named("Acme Ltd", "Acme GmbH", "Other")
    assert of.hint("Acme Limited") == "; the nearest are 'Acme Ltd' and 'Acme GmbH'"


def test_ended_thing_matches_exactly_but_is_not_suggested() -> None:
    of = NameIndex(
        [Named("1", "Acme Ltd", ("Acme Ltd",), "ARCHIVED"), Named("2", "Acne", ("Acne",))]
    )
    assert labels(of.exact("acme ltd")) == ["Acme Ltd"]
    assert labels(of.nearest("Acme")) == ["Acne"]


def test_equal_labels_get_their_ids() -> None:
    of = named("Acme", "Acme", "Bolt")
    assert [s.label for s in of.suggestions("Acmee")] == ["Acme [id-0]", "Acme [id-1]"]


def test_ledger_codes_compare_as_numbers() -> None:
    assert account_key(" 0400 ") == account_key("400") == "400"
    assert account_key("4OO") != "400"
    assert account_key("²") == "2"  # as all names are compared


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(WORDS, max_size=6), WORDS)
def test_exact_finds_only_the_same_name(known: list[str], written: str) -> None:
    of = named(*known)
    expected = {n for n, name in enumerate(known) if name_key(name) == name_key(written)}
    assert {int(thing.id.removeprefix("id-")) for thing in of.exact(written)} == expected
    for thing in of.nearest(written):  # whatever is written, something that is there
        assert thing in of.things


@settings(max_examples=80, deadline=None)
@given(WORDS, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_case_unicode_form_and_spaces_are_ignored(name: str, form: str) -> None:
    of = named(name)
    written = f" \u00a0{unicodedata.normalize(form, name).swapcase()}\t"  # type: ignore[arg-type]
    if name_key(name) == name_key(written):  # swapping the case loses ß and the like
        assert len(of.exact(written)) == 1
    assert len(of.exact(f"  {unicodedata.normalize(form, name)} ")) == 1  # type: ignore[arg-type]
