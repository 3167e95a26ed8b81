"""The control totals of the ageing: ``--expect ageing.31-60.GBP=1200.00``."""

from __future__ import annotations

from datetime import date

from importer.app.check_request import Pairs
from importer.core.currencies import EXPONENTS
from importer.core.errors import UsageProblem
from importer.core.money import Numbers, UnreadableAmount, read_decimal, to_cents
from importer.mapping.template_model import Template
from importer.model.ageing import BUCKETS, AgeBucket
from importer.validation.open_items import AgeingTotals

PREFIX = "ageing."


def ageing_totals(expect: Pairs, template: Template, as_of: str | None) -> AgeingTotals:
    """Those among the control totals, in cents by currency and bucket. UsageProblem for one that is
    not understood, or without the day that it is of."""
    totals: dict[tuple[str, AgeBucket], int] = {}
    for name, text in expect:
        if not name.startswith(PREFIX):
            continue
        shown = f"--expect {name}={text}"
        bucket, _, currency = name.removeprefix(PREFIX).partition(".")
        currency = currency.upper()
        if bucket not in set(BUCKETS) or currency not in EXPONENTS:
            raise UsageProblem(
                f"{shown}: write ageing, its days and a currency, as in ageing.31-60.GBP=1200.00;"
                f" the days are {', '.join(BUCKETS)}."
            )
        if as_of is None:
            raise UsageProblem(f"{shown}: give its day, as in --as-of 2025-03-31.")
        unit = template.formats.cents_per_unit.get(currency, 100)
        cents = to_cents(read_decimal(text, Numbers.POINT), unit)
        if isinstance(cents, UnreadableAmount):
            raise UsageProblem(f"{shown}: '{text}' is not an amount: {cents}.")
        totals[currency, AgeBucket(bucket)] = cents
    return totals


def ageing_day(as_of: str | None) -> date | None:
    """The day of ``as_of``; UsageProblem where it is none."""
    try:
        return None if as_of is None else date.fromisoformat(as_of)
    except ValueError:
        raise UsageProblem(f"--as-of {as_of}: write a day as 2025-03-31.") from None
