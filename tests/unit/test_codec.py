from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.core.answers import ApiError
from importer.core.errors import WireProblem
from importer.light.codec import (
    bill_from_json,
    bill_to_json,
    line_from_json,
    line_to_json,
    page_from_json,
    timestamp,
)
from importer.light.directory_codec import (
    account_from_json,
    company_from_json,
    entity_from_json,
    property_group_from_json,
    vendor_from_json,
)
from importer.light.error_bodies import (
    errors_beside_content,
    errors_from_json,
    refusal_from_json,
    words_of,
)
from importer.light.json_values import moment_at
from importer.model.bills import Bill, LineItem, Property
from importer.model.light_objects import (
    Account,
    Company,
    Entity,
    LightBill,
    LightLine,
    PropertyGroup,
    Vendor,
)

LINE = LineItem(
    index=0,
    table=0,
    row=2,
    amount=12_000,
    net_amount=10_000,
    tax_amount=2_000,
    description="Paper",
    tax_code_id="tax-1",
    tax_code="VAT20",
    account_id="acc-1",
    account="7000",
    amortization_start_date=date(2025, 1, 1),
    amortization_end_date=date(2025, 12, 31),
    amortization_template_id="amo-1",
    properties=(Property("Team", "Red", "grp-1", value_ids=("val-1", "val-2")),),
)
BILL = Bill(
    index=0,
    table=0,
    row=2,
    currency="EUR",
    amount=9_007_199_254_740_993,  # not a float's number
    include_tax=True,
    lines=(LINE,),
    vendor_id="ven-1",
    vendor="Acme",
    company_entity_id="ent-1",
    company_entity="DE",
    invoice_number="INV-1",
    issued_date=date(2025, 3, 1),
    due_date=date(2025, 3, 31),
    payment_at=datetime(2025, 4, 1, 12, 30, tzinfo=timezone(timedelta(hours=2))),
    description="Office",
    sender_bank_account_id="bank-1",
    local_fx_rate=Decimal("1.0856"),
    group_fx_rate=Decimal("7"),
    properties=(Property("Note", "x", "grp-2", inline_values=("x",)),),
)


def test_bill_body_has_every_sent_field():
    assert bill_to_json(BILL) == {
        "vendorId": "ven-1",
        "companyEntityId": "ent-1",
        "invoiceNumber": "INV-1",
        "amount": 9_007_199_254_740_993,
        "currency": "EUR",
        "processingMode": "DATA_ONLY",
        "description": "Office",
        "issuedDate": "2025-03-01",
        "dueDate": "2025-03-31",
        "paymentAt": "2025-04-01T10:30:00Z",
        "senderBankAccountId": "bank-1",
        "localCurrencyFxRateOverride": 1.0856,
        "groupCurrencyFxRateOverride": 7.0,
        "lineItemsIncludeTax": True,
        "lineItems": [
            {
                "amount": 12_000,
                "taxAmount": 2_000,
                "description": "Paper",
                "taxCodeId": "tax-1",
                "accountId": "acc-1",
                "amortizationStartDate": "2025-01-01",
                "amortizationEndDate": "2025-12-31",
                "amortizationTemplateId": "amo-1",
                "customProperties": [{"groupId": "grp-1", "valueIds": ["val-1", "val-2"]}],
            }
        ],
        "customProperties": [{"groupId": "grp-2", "inlineValues": ["x"]}],
    }


def test_cents_and_rates_keep_their_digits():
    text = json.dumps(bill_to_json(BILL))
    assert '"amount": 9007199254740993' in text
    assert '"localCurrencyFxRateOverride": 1.0856' in text


def test_zero_tax_amount_is_sent_only_with_a_tax_code():
    zero = replace(LINE, tax_amount=0)
    assert line_to_json(zero, include_tax=False)["taxAmount"] == 0
    assert "taxAmount" not in line_to_json(replace(zero, tax_code_id=None), include_tax=False)


def test_tax_exclusive_line_sends_the_net_amount_only():
    line = line_to_json(LINE, include_tax=False)
    assert line["netAmount"] == 10_000
    assert line["taxAmount"] == 2_000
    assert "amount" not in line


def test_none_is_omitted_but_false_and_zero_are_sent():
    bill = Bill(0, 0, 2, "EUR", 0, False, (), vendor_id="ven-1")
    assert bill_to_json(bill) == {
        "vendorId": "ven-1",
        "amount": 0,
        "currency": "EUR",
        "processingMode": "DATA_ONLY",
        "lineItemsIncludeTax": False,
    }


def test_bill_without_vendor_or_property_id_is_refused():
    with pytest.raises(ValueError, match="vendor"):
        bill_to_json(replace(BILL, vendor_id=None))
    with pytest.raises(ValueError, match="custom property"):
        bill_to_json(replace(BILL, properties=(Property("Team", "Red"),)))


def test_times_are_sent_in_utc_with_z():
    assert timestamp(datetime(2025, 1, 2, 3, 4, 5)) == "2025-01-02T03:04:05Z"  # noqa: DTZ001
    assert timestamp(datetime(2025, 1, 2, 3, 4, 5, 678_901, UTC)) == "2025-01-02T03:04:05.678Z"


SINGLE = {
    "id": "bill-1",
    "vendorId": "ven-1",
    "companyEntityId": "ent-1",
    "invoiceNumber": "INV-1",
    "amount": 12_000,
    "currency": "EUR",
    "issuedDate": "2025-03-01",
    "dueDate": None,
    "state": "A_STATE_OF_NEXT_YEAR",
    "failureReason": "DUPLICATE_INVOICE",
    "invoiceCreatedAt": "2025-03-02T10:00:00.123456789Z",
    "lineItems": [{"id": "line-1", "amount": 12_000, "netAmount": None, "taxCodeId": "t"}],
    "somethingNew": {"x": [1]},
}


def test_single_bill_is_decoded_with_its_lines():
    assert bill_from_json(SINGLE, listed=False) == LightBill(
        id="bill-1",
        vendor_id="ven-1",
        company_entity_id="ent-1",
        invoice_number="INV-1",
        amount=12_000,
        currency="EUR",
        issued_date=date(2025, 3, 1),
        due_date=None,
        description=None,
        state="A_STATE_OF_NEXT_YEAR",
        failure_reason="DUPLICATE_INVOICE",
        created_at=datetime(2025, 3, 2, 10, 0, 0, 123_456, tzinfo=UTC),
        lines=(LightLine("line-1", amount=12_000, tax_code_id="t"),),
    )


def test_listed_bill_has_a_nested_vendor_and_no_lines():
    bill = bill_from_json(
        {
            "id": "bill-1",
            "vendor": {"vendorId": "ven-1", "vendorName": "Acme"},
            "createdAt": "2025-03-02T12:00:00+02:00",
        },
        listed=True,
    )
    assert bill.vendor_id == "ven-1"
    assert bill.created_at == datetime(2025, 3, 2, 10, tzinfo=UTC)
    assert bill.lines is None
    assert (bill.amount, bill.state) == (None, "")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60.999+00:00", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T00:59:60+01:00", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2025-03-02t10:00:00z", datetime(2025, 3, 2, 10, tzinfo=UTC)),
        ("2025-03-02 10:00:00Z", datetime(2025, 3, 2, 10, tzinfo=UTC)),
        ("2025-03-02T10:00:00.1234567890123Z", datetime(2025, 3, 2, 10, 0, 0, 123_456, UTC)),
        ("2025-03-02T10:00:00.5Z", datetime(2025, 3, 2, 10, 0, 0, 500_000, UTC)),
        ("2025-03-02T10:00:00-05:30", datetime(2025, 3, 2, 15, 30, tzinfo=UTC)),
        ("2025-03-02T10:00:00-00:00", datetime(2025, 3, 2, 10, tzinfo=UTC)),
        ("2025-03-02T10:00", datetime(2025, 3, 2, 10, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_rfc_3339(text, moment):
    assert moment_at({"at": text}, "at") == moment


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "",
        "2025-02-30T10:00:00Z",
        "2025-03-02T24:00:00Z",
        "2025-03-02T10:00:61Z",
        "2025-03-02T10:00:00+24:00",
        "2025-03-02T10:00:00.Z",
        "0001-01-01T00:00:00+14:00",
        "٢٠٢٥-03-02T10:00:00Z",
    ],
)
def test_time_of_no_calendar_raises_wire_problem(text):
    with pytest.raises(WireProblem):
        moment_at({"at": text}, "at")
    assert bill_from_json(SINGLE | {"invoiceCreatedAt": text}, listed=False).created_at is None


def test_unreadable_field_of_a_listed_bill_is_named_not_raised():
    record = {
        "id": "b",
        "amount": "12.5",
        "issuedDate": "31/03/2025",
        "createdAt": 1743422400,
        "vendor": "Acme",
        "invoiceNumber": ["INV-1"],
        "currency": "GBP",
        "outstandingBalance": "0",
        "state": 7,
    }
    bill = bill_from_json(record, listed=True)
    assert set(bill.unreadable) == {"amount", "issued_date", "vendor_id", "invoice_number"}
    assert (bill.currency, bill.amount, bill.created_at, bill.state) == ("GBP", None, None, "")


def test_ids_are_read_in_one_case():
    upper = "8D0F6C7E-3F0E-4C44-9A3F-0D1A5C2B7E11"
    line = {"id": upper, "invoicePayableId": upper, "accountId": upper, "taxCodeId": upper}
    bill = bill_from_json(
        {"id": upper, "vendor": {"vendorId": upper}, "companyEntityId": upper, "lineItems": [line]},
        listed=False,
    )
    (light_line,) = bill.lines or ()
    ids = (bill.id, bill.vendor_id, bill.company_entity_id, light_line.id, light_line.bill_id)
    assert {*ids, light_line.account_id, light_line.tax_code_id} == {upper.lower()}
    assert vendor_from_json({"vendorId": upper}).id == upper.lower()
    assert bill_from_json({"id": "Bill-1"}, listed=True).id == "Bill-1"  # not a UUID


def test_no_lines_differ_from_unknown_lines():
    assert bill_from_json({"id": "b", "lineItems": []}, listed=False).lines == ()
    assert bill_from_json({"id": "b", "lineItems": None}, listed=False).lines is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": None},
        {"id": 7},
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"amount": "12000"},
        {"amount": 120.5},
        {"amount": True},
        {"amount": float("nan")},
        {"issuedDate": "31/03/2025"},
        {"issuedDate": 20250331},
        {"vendor": "Acme"},
        {"lineItems": {}},
        {"lineItems": [None]},
        {"lineItems": [{}]},
        {"invoiceNumber": {"a": 1}},
    ],
)
def test_wrong_type_raises_wire_problem(wrong):
    with pytest.raises(WireProblem):
        bill_from_json(SINGLE | wrong, listed=False)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (None, "vendor is null."),
        ([1, "x"], "vendor is a list."),
        (True, "vendor is true."),
        ("Müller", 'vendor is "Müller".'),
    ],
)
def test_wire_problem_quotes_the_json_value(wrong, told):
    with pytest.raises(WireProblem, match=f"understood: {told}$"):
        vendor_from_json(wrong)
    with pytest.raises(WireProblem, match=r"understood: lineItems is an object\.$"):
        bill_from_json(SINGLE | {"lineItems": {"a": 1}}, listed=False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
READERS = [
    lambda obj: bill_from_json(obj, listed=True),
    lambda obj: bill_from_json(obj, listed=False),
    line_from_json,
    vendor_from_json,
    account_from_json,
    entity_from_json,
    company_from_json,
    property_group_from_json,
    page_from_json,
]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(READERS), JSON, st.sampled_from([*SINGLE, "code", "values", "records"]))
def test_decoders_raise_only_wire_problem(reader, value, name):
    for obj in (value, SINGLE | {"vendorId": "v", name: value}):
        with contextlib.suppress(WireProblem):
            reader(obj)


def test_lone_surrogate_is_replaced():
    assert vendor_from_json({"vendorId": "v", "name": "Acm\ud800é"}).name == "Acm?é"


def test_error_path_is_read_in_either_notation():
    for path in (
        ["lineItems", "0", "accountId"],
        ["lineItems[0]", "accountId"],
        ["lineItems", 0, "accountId"],
        "lineItems[0].accountId",
    ):
        body = {
            "name": "BadRequest",
            "type": "BAD_REQUEST",
            "errors": [{"type": "not_found", "message": "No such account", "path": path}],
        }
        assert errors_from_json(body) == (
            ApiError("No such account", ("lineItems", "0", "accountId"), "not_found"),
        )


def test_gateway_error_has_a_message_only():
    body = {"type": "UNAUTHORIZED", "message": "Invalid key"}
    assert errors_from_json(body) == (ApiError("Invalid key", (), "UNAUTHORIZED"),)


def test_error_without_details_has_its_name_and_type():
    assert errors_from_json({"name": "Oops", "type": "X", "errors": []}) == (
        ApiError("Oops", (), "X"),
    )
    assert errors_from_json({"errors": [{"type": "X", "path": None}]}) == (ApiError("X", (), "X"),)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON | st.fixed_dictionaries({"errors": JSON, "type": JSON, "message": JSON}))
def test_error_decoding_never_raises(body):
    assert isinstance(errors_from_json(body), tuple)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "BadRequest", "type": "BAD_REQUEST", "errors": [{"message": "No", "path": ["a"]}]},
        {"name": "BadRequest", "type": "BAD_REQUEST", "errors": []},
        {"type": "NOT_FOUND", "message": "No such vendor"},
    ],
)
def test_refusal_in_a_form_of_lights(body):
    assert refusal_from_json(body)


@pytest.mark.parametrize(
    "body",
    [
        None,
        "Forbidden",
        [],
        {},
        {"message": "Forbidden"},
        {"errors": [{"message": "No"}]},
        {"error": "No"},
        {"type": "about:blank", "title": "Bad Request", "status": 400},
        {"type": "x", "errors": {"amount": ["wrong"]}},
        {"type": 7, "message": "No"},
        {"type": "", "message": "No"},
        {"id": "b", "type": "VENDOR_INVOICE"},
    ],
)
def test_refusal_in_another_form_is_not_lights(body):
    assert refusal_from_json(body) == ()


def test_errors_beside_content_are_seen():
    assert errors_beside_content(SINGLE) == ()
    assert errors_beside_content(SINGLE | {"errors": []}) == ()
    (error,) = errors_beside_content(SINGLE | {"errors": [{"message": "Vendor closed"}]})
    assert error.message == "Vendor closed"
    assert errors_beside_content(SINGLE | {"errors": ["Vendor closed"]})
    assert errors_beside_content(SINGLE | {"error": {"message": "Vendor closed"}})


def test_words_of_a_body_are_kept():
    assert words_of({"message": "Closed period", "type": "X"}) == "Closed period"
    assert words_of({"title": "Bad Request", "detail": "No JSON"}) == "No JSON: Bad Request"
    assert words_of("Forbidden") == "Forbidden"
    for body in (None, [], {}, {"id": "b", "type": "VENDOR_INVOICE"}, 7):
        assert words_of(body) == ""


def test_other_bodies_have_no_errors():
    for body in (None, "Bad gateway", [], {}, {"errors": "x"}, {"records": []}):
        assert errors_from_json(body) == ()


def test_reference_objects_are_decoded():
    assert vendor_from_json(
        {"vendorId": "v", "name": "Acme", "identifier": "A1", "vatId": "DE1", "status": "ACTIVE"}
    ) == Vendor("v", "Acme", "A1", "DE1", "ACTIVE")
    assert account_from_json({"id": "a", "code": 7000, "label": "Paper", "status": "NEW"}) == (
        Account("a", "7000", "Paper", "NEW")
    )
    assert account_from_json({"id": "a", "code": "0700"}).code == "0700"
    assert entity_from_json(
        {"id": "e", "code": "DE", "displayName": "Acme GmbH", "localCurrency": "EUR"}
    ) == Entity("e", "DE", "Acme GmbH", "EUR")
    assert company_from_json({"id": "c", "name": "Acme", "baseCurrency": "EUR"}) == (
        Company("c", "Acme", "EUR")
    )
    assert property_group_from_json(
        {
            "id": "g",
            "label": "Team",
            "internalName": "team",
            "inputType": "SINGLE_SELECT",
            "objectLevel": "LINE",
            "required": True,
            "values": [{"id": "x", "label": "Red", "internalName": "red"}],
        }
    ) == PropertyGroup("g", "Team", "team", "SINGLE_SELECT", "LINE", True, (("x", "Red", "red"),))


def test_page_has_the_next_cursor():
    assert page_from_json({"records": [1], "hasMore": True, "nextCursor": "c"}) == ([1], "c")
    assert page_from_json({"records": [1], "hasMore": True, "nextCursor": 7}) == ([1], "7")
    assert page_from_json({"records": [], "hasMore": False, "nextCursor": "c"}) == ([], None)
    assert page_from_json({"records": [], "nextCursor": "c"}) == ([], "c")
    assert page_from_json({"records": []}) == ([], None)


@pytest.mark.parametrize(
    "page",
    [{}, {"records": None}, {"records": [], "hasMore": True}, {"records": [], "hasMore": "yes"}],
)
def test_incomplete_list_raises_wire_problem(page):
    with pytest.raises(WireProblem):
        page_from_json(page)
