"""The buckets of the ageing, and their sums."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from importer.model.ageing import BUCKETS, AgeBucket, Ageing, AgeingRow, age_bucket

DAYS = {
    AgeBucket.NOT_DUE: range(-40_000, 1),
    AgeBucket.UP_TO_30: range(1, 31),
    AgeBucket.UP_TO_60: range(31, 61),
    AgeBucket.UP_TO_90: range(61, 91),
    AgeBucket.OVER_90: range(91, 40_000),
}
_cents = st.dictionaries(st.sampled_from(BUCKETS), st.integers(-(10**15), 10**15))


@given(st.integers(-20_000, 20_000) | st.integers(-2, 95))
def test_each_number_of_days_is_in_its_one_bucket(days: int) -> None:
    as_of = date(2025, 3, 31)
    bucket = age_bucket(as_of - timedelta(days=days), as_of)
    assert [each for each, some in DAYS.items() if days in some] == [bucket]
    assert age_bucket(None, as_of) is AgeBucket.NO_DATE


@given(st.lists(st.tuples(st.sampled_from(["GBP", "EUR"]), _cents, _cents, st.integers(0, 1))))
def test_totals_are_the_sums_of_the_vendors_and_never_compared_in_part(
    rows: list[tuple[str, dict[AgeBucket, int], dict[AgeBucket, int], int]],
) -> None:
    ageing = Ageing(
        date(2025, 3, 31),
        [
            AgeingRow(currency, f"Vendor {n}", 100, sheet, light, 1, unread)
            for n, (currency, sheet, light, unread) in enumerate(rows)
        ],
        asked=True,
    )
    for total in ageing.totals():
        of_currency = [row for row in rows if row[0] == total.currency]
        unread = sum(row[3] for row in of_currency)
        assert (total.documents, total.unread) == (len(of_currency), unread)
        for bucket in BUCKETS:
            sheet = sum(row[1].get(bucket, 0) for row in of_currency)
            light = sum(row[2].get(bucket, 0) for row in of_currency)
            assert (total.sheet.get(bucket, 0), total.light.get(bucket, 0)) == (sheet, light)
            assert total.difference(bucket) == (None if unread else sheet - light)
    same = all(
        row[1].get(bucket, 0) == row[2].get(bucket, 0) and not row[3]
        for row in rows
        for bucket in BUCKETS
    )
    assert ageing.agrees is same
