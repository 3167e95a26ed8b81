"""What a list that lags behind, leaves out, cuts or re-cases says of a bill: it does not tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from simulated import simulate

from importer.core.answers import Answer, ApiError
from importer.light.codec import bill_from_json
from importer.loading.identity import content, identities
from importer.loading.job import BillJob
from importer.loading.listed_bills import Likeness, ListedBills, likeness
from importer.loading.reconcile import Settled, look_up
from importer.model.bills import Bill, LineItem
from importer.model.journal_states import JournalEntry, State
from importer.model.light_objects import LightBill, LightLine

ABSENT = ApiError("No such bill.")
SENT = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
BILL = Bill(
    0, 0, 2, "GBP", 1000, False, (LineItem(0, 0, 2, net_amount=1000),),
    vendor_id="v", invoice_number="INV-00017", issued_date=date(2026, 1, 5),
)  # fmt: skip
LISTED = LightBill(
    "x", "IN_DRAFT", 1000, "GBP", vendor_id="v", invoice_number="INV-00017",
    issued_date=date(2026, 1, 5),
)  # fmt: skip

LINES = (LightLine(id="l", net_amount=1000),)


class ByIdLight:
    """Lists what the test says, and shows each bill by its id as it is."""

    light_time = SENT

    def __init__(self, listed: Sequence[LightBill], bills: Sequence[LightBill]) -> None:
        self._listed, self._bills = listed, {bill.id: bill for bill in bills}
        self.read: list[str] = []
        self.announced: list[str] = []

    def announce(self, wait: str) -> None:
        self.announced.append(wait)

    async def list_bills(self, vendors: object, since: datetime | None = None) -> list[LightBill]:
        return list(self._listed)

    async def get_bill(
        self, bill_id: str, *, balance: bool = False, credit_note: bool = False
    ) -> Answer:
        self.read.append(bill_id)
        bill = self._bills.get(bill_id)
        if bill is not None and bill.lines is None:
            bill = replace(bill, lines=LINES)
        return Answer(404, errors=(ABSENT,)) if bill is None else Answer(200, bill)

    def read_bill(self, body: object, *, credit_note: bool = False) -> LightBill | None:
        return body if isinstance(body, LightBill) else None

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"it was asked for {name}")


class NoOwner:
    def owned(self, ids: object) -> set[str]:
        return set()

    def undone(self, ids: object) -> set[str]:
        return set()


def settled(light: ByIdLight, bill: Bill = BILL) -> Settled:
    [(_, identity)] = identities([bill])
    entry = JournalEntry(1, identity, content(bill), State.UNKNOWN, 1, first_sent=SENT)

    async def work(_: Callable[[], float]) -> list[Settled]:
        return await look_up([BillJob(entry, bill)], light, NoOwner(), 30.0)  # type: ignore[arg-type]

    [result] = simulate(work)
    assert isinstance(result, Settled)
    return result


WEAKENED = {
    "null": {"invoice_number": None},
    "cut": {"invoice_number": "INV-00…"},
    "cut without a mark": {"invoice_number": "INV-000"},
    "re-cased": {"invoice_number": "inv-00017"},
    "without its vendor": {"vendor_id": None},
    "without an amount": {"invoice_number": "", "amount": None, "issued_date": None},
}


@pytest.mark.parametrize("fields", WEAKENED.values(), ids=WEAKENED)
def test_what_the_list_does_not_tell_is_read_by_its_id(fields: dict[str, Any]) -> None:
    listed = replace(LISTED, **fields)
    assert likeness(BILL, listed) is Likeness.UNCLEAR
    light = ByIdLight([listed], [LISTED])
    result = settled(light)
    assert result.bill is not None
    assert (result.bill.id, light.read) == ("x", ["x"])


@pytest.mark.parametrize("fields", WEAKENED.values(), ids=WEAKENED)
def test_another_bill_that_the_list_does_not_tell_apart_is_not_taken(
    fields: dict[str, Any],
) -> None:
    theirs = replace(LISTED, invoice_number="INV-00099")
    result = settled(ByIdLight([replace(LISTED, **fields)], [theirs]))
    assert (result.bill, result.reason, result.twins) == (None, "", ())


@pytest.mark.parametrize("fields", WEAKENED.values(), ids=WEAKENED)
def test_what_cannot_be_read_by_its_id_is_for_a_person(fields: dict[str, Any]) -> None:
    light = ByIdLight([replace(LISTED, **fields)], [])
    result = settled(light)
    assert result.bill is None
    assert result.reason.endswith("could be this one: x (No such bill)")
    assert light.read == ["x", "x"], "one 404 proves nothing"
    [words] = light.announced
    assert words == "Light could not show x: No such bill. Asking once more in 30 seconds."


def test_value_that_cannot_be_understood_is_named() -> None:
    class Garbled(ByIdLight):
        def read_bill(self, body: object, *, credit_note: bool = False) -> LightBill | None:
            return bill_from_json({"id": "x", "state": "IN_DRAFT", "amount": "1000"}, listed=False)

    result = settled(Garbled([LISTED], [LISTED]))
    assert result.reason.endswith('with a bill that can be understood: amount is "1000")')


@pytest.mark.parametrize(
    "fields",
    [
        {"vendor_id": "w"},
        {"invoice_number": "INV-00018"},
        {"invoice_number": "INV-000171"},
        {"invoice_number": None, "amount": 1001},
        {"invoice_number": "INV-0", "issued_date": date(2026, 1, 6)},
        {"invoice_number": None, "currency": "EUR"},
        {"state": "CANCELLED"},
    ],
)
def test_what_is_certainly_another_bill_is_not_read(fields: dict[str, Any]) -> None:
    light = ByIdLight([replace(LISTED, **fields)], [])
    result = settled(light)
    assert (result.bill, result.reason, light.read) == (None, "", [])


def test_two_matches_are_twins_with_both_ids() -> None:
    both = [LISTED, replace(LISTED, id="y")]
    result = settled(ByIdLight(both, both))
    assert result.bill is None
    assert {twin.id for twin in result.twins} == {"x", "y"}


def test_two_cut_numbers_of_two_bills_are_no_twins() -> None:
    cut = [replace(LISTED, id=i, invoice_number="INV-0001") for i in ("x", "y")]
    bills = [LISTED, replace(LISTED, id="y", invoice_number="INV-00018")]
    result = settled(ByIdLight(cut, bills))
    assert result.bill is not None
    assert result.bill.id == "x"


def test_near_numbers_are_found_by_what_was_typed() -> None:
    index = ListedBills([replace(LISTED, id=n, invoice_number=n) for n in ("inv 17", "INV-18")])
    assert [each.id for each in index.near(BILL)] == ["inv 17"]
    assert not index.near(replace(BILL, invoice_number="-"))


def test_cancelled_bills_are_in_no_list() -> None:
    assert not ListedBills([replace(LISTED, state="CANCELLED")]).candidates(BILL)
