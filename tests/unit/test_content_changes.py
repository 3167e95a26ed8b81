"""How a bill that was loaded before differs from the sheet, in words."""

from __future__ import annotations

import pytest

from importer.loading.bill_diff import describe_content_changes


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        (
            100,
            "amount: 12.00 was loaded, the sheet has 13.50; line 1 netAmount: 1.00 was loaded,"
            " the sheet has 1.01",
        ),
        (
            1,
            "amount: 1,200 was loaded, the sheet has 1,350; line 1 netAmount: 100 was loaded,"
            " the sheet has 101",
        ),
    ],
)
def test_amounts_are_shown_in_units_of_the_currency(unit: int, words: str) -> None:
    before = '{"amount": 1200, "lineItems": [{"netAmount": 100}]}'
    after = '{"amount": 1350, "lineItems": [{"netAmount": 101}]}'
    assert describe_content_changes(before, after, unit) == words
