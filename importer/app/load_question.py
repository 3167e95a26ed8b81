"""The question before anything is sent: what will be created and changed, what is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from importer.app.company_check import address_of
from importer.app.consent import LoadForecast, Payment, Total, agreed, totals_by_currency
from importer.app.create_vendors import REQUESTS as VENDOR_REQUESTS
from importer.app.load_context import LoadContext
from importer.app.next_step import load_command
from importer.core.errors import Declined
from importer.loading.bill_state import StepForecast
from importer.loading.plan import LoadPlan
from importer.loading.update_words import counts_words
from importer.mapping.constants import constants_of
from importer.model.bills import Bill
from importer.model.light_objects import NewVendor
from importer.report.phrases import (
    NO_CURRENCY,
    constant_words,
    documents,
    documents_of,
    in_currency,
    left_out_words,
)
from importer.validation.checked_bills import Checked


async def ask(
    bills: list[Bill],
    to_create: list[Bill],
    plan: LoadPlan,
    steps: StepForecast,
    context: LoadContext,
    vendors: Sequence[NewVendor] = (),
) -> bool:
    """Whether there was a question. Raises Declined where the answer is no; with ``yes`` only the
    company is reported."""
    options, destination = context.options, context.destination
    address = address_of(destination)
    if options.yes or context.consent is None:
        context.listener.connected(context.company, address)
        return False
    requests = len(to_create) + steps.requests + VENDOR_REQUESTS * len(vendors)
    updates = context.updates.updates.values()
    requests += sum(each.requests for each in updates)
    if context.separate:
        alone = [bill for bill in to_create if not bill.credit_note]
        requests += sum(len(bill.lines) + 1 for bill in alone)  # and each is read at the end
    if options.verify:
        requests += sum(1 + len(bill.lines) for bill in bills)
    notes = [bill for bill in to_create if bill.credit_note]
    forecast = LoadForecast(
        company=context.company,
        address=address,
        template=context.files.loaded.template.template,
        constants=constant_words(constants_of(context.files.checked.mapped)),
        left_out=tuple(_left_out(plan, context.files.checked)),
        bills=len(to_create) - len(notes),
        vendors=tuple(vendor.name for vendor in vendors),
        credit_notes=len(notes),
        credit_totals=tuple(replace(total, cents=-total.cents) for total in totals_of(notes)),
        already_in_light=sum(outcome.in_light for outcome in plan.settled.values()) - len(updates),
        updates=tuple(context.updates.words()),
        updated_notes=context.updates.credit_notes,
        update_counts=counts_words(context.updates.changes),
        update_totals=totals_of([each.bill for each in updates]),
        totals=totals_of([bill for bill in to_create if not bill.credit_note]),
        steps=steps.words() if steps.counts else "",
        warning=steps.warning,
        further_requests=steps.further_requests,
        payments=tuple(
            Payment(Total(currency, paid.cents, unit), account, paid.bills)
            for (currency, unit, account), paid in sorted(steps.payments.items())
        ),
        requests=requests,
        per_minute=destination.per_minute,
        doubt=context.files.doubt if to_create else "",
        confirm_above=options.confirm_above,
    )
    if not await agreed(context.consent(forecast)):
        again = load_command(context.files.request, options)
        raise Declined("Nothing was sent to Light.", f"{again} (asks again)")
    if forecast.doubt:  # the answer counts for the result workbook too
        request = replace(context.files.request, amounts="cents")
        context.files = replace(context.files, request=request)
    return True


def _left_out(plan: LoadPlan, checked: Checked) -> Iterator[str]:
    """What of the files is not created and not in Light, with its amounts."""
    planned = {*plan.entries, *plan.withheld}
    invalid = [i for i in np.flatnonzero(checked.invalid_bills()).tolist() if i not in planned]
    currency, units = checked.bills["currency"], checked.bills.units
    for some, why in (
        (invalid, "with problems"),
        (plan.withheld, "that Light has under another number or vendor"),
    ):
        amounts = [
            (str(currency.at(i) or NO_CURRENCY), checked.amounts.at(i) or 0, int(units[i]))
            for i in some
        ]
        if some:
            sums = totals_by_currency(amounts)
            words = " and ".join(in_currency(t.cents, t.unit, t.currency) for t in sums)
            notes = int(checked.credit_notes[some].sum())
            yield f"{documents(len(some) - notes, notes)} {why}, {words}"
    if others := [each.entry for each in plan.settled.values() if not each.in_light]:
        yield f"{documents_of(others)} that Light has otherwise, or may have"
    yield from left_out_words(checked.left_out)


def totals_of(bills: list[Bill]) -> tuple[Total, ...]:
    return totals_by_currency((bill.currency, bill.amount, bill.unit) for bill in bills)
