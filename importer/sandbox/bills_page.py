"""The page for people: the bills that a sandbox holds, newest first, with totals by currency."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from importer.core.money import money
from importer.sandbox.settings import Counters
from importer.sandbox.store import Store

PER_PAGE = 100
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_PAGES = Environment(
    loader=PackageLoader("importer.sandbox", ""), autoescape=True, undefined=StrictUndefined
)
_PAGES.filters["money"] = lambda cents: "–" if cents is None else money(cents)
_PAGES.filters["text"] = lambda value: "–" if value in (None, "") else value


def render(store: Store, number: int, counters: Counters) -> str:
    """Page ``number`` (from 1) as HTML."""
    reference = store.company.reference
    return _PAGES.get_template("bills_page.html.jinja").render(
        bills=store.bills(newest_first=True, limit=PER_PAGE, offset=(number - 1) * PER_PAGE),
        totals=store.totals(),
        count=store.count_bills(),
        company=reference.company,
        vendors=reference.vendors,
        accounts=reference.accounts,
        counters=counters,
        number=number,
        per_page=PER_PAGE,
    )
