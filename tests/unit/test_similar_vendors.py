"""Which similar names of vendors may be one company, and which are two of one trade."""

from __future__ import annotations

import pytest

from importer.references.new_vendors import SimilarVendors

NAMES = """
Wates Construction Ltd; Henstaff Construction Ltd; Galliford Construction; Laing Construction
Leeds City Council; Bradford City Council; Bristol City Council; Westminster City Council
London Borough of Camden; London Borough of Harrow; Southwark London Borough Council
Islington London Borough; OCS Support Services
Atos IT Solutions and Services Ltd; Atos Consulting Ltd; Atos Origin; Modern Courts (Humberside)
HM Revenue and Customs HMRC; Jones Lang LaSalle; Airbus Ltd; Marlow Glassworks; UK Court Services
Eurest Services; IBM UK; Liberata UK
"""
SIMILAR = SimilarVendors(name.strip() for line in NAMES.splitlines() for name in line.split(";"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wates Construction Ltd", "Henstaff Construction Ltd"),
        ("Exeter City Council", "Leeds City Council"),
        ("London Borough of Camden", "London Borough of Harrow"),
        ("Atos IT Services UK Ltd", "UK Court Services"),
    ],
)
def test_names_that_share_only_common_words_are_of_two(one: str, other: str) -> None:
    assert not SIMILAR.may_be_one(one, other)
    assert not SIMILAR.may_be_one(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HMRC", "HM Revenue and Customs HMRC"),
        ("Jones Lang LaSalle Ltd", "JONES LANG LASALLE"),
        ("City of Westminster", "Westminster City Council"),
        ("London Borough of Southwark", "Southwark London Borough Council"),
        ("Atos IT Services UK Ltd", "Atos IT Solutions and Services Ltd"),
        ("Modern Courts (East Anglia)", "Modern Courts (Humberside)"),
        ("Wates Constructions", "Waites Construction Ltd"),
        ("Marlow Glasworks Ltd", "Marlow Glassworks"),
        ("Air Bus", "Airbus Ltd"),
        ("Amberley Couriers Ltd", "Couriers, Amberley"),
    ],
)
def test_names_of_what_may_be_one_company(one: str, other: str) -> None:
    assert SIMILAR.may_be_one(one, other)
    assert SIMILAR.may_be_one(other, one)
