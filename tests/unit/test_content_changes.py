"""How a bill that was loaded before differs from the sheet, in words."""

from __future__ import annotations

import pytest

from importer.loading.bill_diff import describe_content_changes, loaded_bill
from importer.loading.identity import content
from importer.model.bills import Bill, LineItem
from importer.model.journal_states import JournalEntry, State


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


@pytest.mark.parametrize(
    ("code", "words"),
    [("null", ""), ('"s"', "line 1 taxAmount: 0.00 was loaded, the sheet has nothing")],
)
def test_no_tax_without_a_tax_code_is_what_an_export_leaves_blank(code: str, words: str) -> None:
    line = '{"lineItems": [{"netAmount": 1, "taxAmount": %s, "taxCodeId": %s}]}'
    assert describe_content_changes(line % (0, code), line % ("null", code)) == words


def test_a_cleared_reference_is_a_change() -> None:
    before = '{"amount": 1, "norKidReference": "18", "lineItems": []}'
    words = "norKidReference: 18 was loaded, the sheet has nothing"
    assert describe_content_changes(before, '{"amount": 1, "lineItems": []}') == words


def test_the_text_of_a_content_never_changes() -> None:
    """Journals keep it: bills that are loaded again are compared with it character by character."""
    bill = Bill(
        index=0,
        table=0,
        row=2,
        currency="EUR",
        amount=1200,
        include_tax=False,
        vendor_id="v",
        lines=[LineItem(0, 0, 2, net_amount=1200)],
    )
    assert content(bill) == (
        '{"vendorId":"v","companyEntityId":null,"invoiceNumber":null,"issuedDate":null,'
        '"dueDate":null,"paymentAt":null,"currency":"EUR","amount":1200,'
        '"lineItemsIncludeTax":false,"description":null,"senderBankAccountId":null,'
        '"localCurrencyFxRateOverride":null,"groupCurrencyFxRateOverride":null,"properties":[],'
        '"lineItems":[{"amount":null,"netAmount":1200,"taxAmount":null,"description":null,'
        '"taxCodeId":null,"accountId":null,"amortizationStartDate":null,'
        '"amortizationEndDate":null,"amortizationTemplateId":null,"properties":[]}]}'
    )


def test_a_journal_may_be_older_than_a_field() -> None:
    entry = JournalEntry(
        1,
        "[]",
        '{"vendorId": "v", "currency": "EUR", "amount": 5, "lineItemsIncludeTax": true,'
        ' "properties": [], "lineItems": [{"amount": 5, "properties": []}]}',
        State.CREATED,
    )
    bill = loaded_bill(entry)
    assert (bill.amount, bill.due_date, bill.lines[0].account_id) == (5, None, None)
