"""What a load is about to do, shown before it asks for consent."""

from __future__ import annotations

import click

from importer.app.company_check import company_lines
from importer.app.destination import Destination
from importer.app.interrupts import confirm
from importer.core.money import money
from importer.loading.bill_state import StepForecast
from importer.model.bills import Bill
from importer.model.light_objects import Company


async def ask(
    work: list[Bill],
    company: Company,
    target: Destination,
    settled: int,
    requests: int,
    ahead: StepForecast,
) -> None:
    """Ask before anything is written. Raises click.Abort where the answer is no."""
    seconds = max(0, requests - target.per_minute) * 60 / target.per_minute
    lines = [
        *company_lines(company, target),
        f"Bills:    {len(work):,} to create"
        + (f", {settled:,} are in Light already" if settled else ""),
        *(f"Total:    {money(cents, unit)} {name}" for name, cents, unit in totals(work)),
        *([f"Then:     {ahead.words()}"] if ahead.counts else []),
        *(
            f"Payment:  {money(paid.cents, unit)} {name} from bank account {bank}"
            f" ({paid.bills:,} bill{'' if paid.bills == 1 else 's'})"
            for (name, unit, bank), paid in sorted(ahead.payments.items())
        ),
        f"Requests: {requests:,}, at most {target.per_minute:,} a minute: "
        + (f"about {seconds / 60:.0f} minutes" if seconds >= 90 else "about a minute or less"),
    ]
    click.echo("\n".join(lines), err=True)
    await confirm("Create these bills?" if work else "Do this to bills that are in Light already?")


def totals(bills: list[Bill]) -> list[tuple[str, int, int]]:
    """(currency, cents, cents a unit) of some bills, by currency."""
    found: dict[tuple[str, int], int] = {}
    for bill in bills:
        key = bill.currency, bill.unit
        found[key] = found.get(key, 0) + bill.amount
    return [(name, cents, unit) for (name, unit), cents in sorted(found.items())]
