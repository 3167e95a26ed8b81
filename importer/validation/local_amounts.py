"""Bills in another currency whose amount in the currency of the books is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from importer.core.counted_nouns import count
from importer.mapping.stated_amounts import LOCAL
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.cents_array import CentsArray
from importer.validation.column import ParsedSheets

_FEWEST, _MOST_ODD = 4, 0.2  # bills of the books' currency; others of the same amount


def local_amounts(
    sheets: ParsedSheets, amounts: CentsArray, gross: CentsArray
) -> Iterator[Finding]:
    """A warning for each column of amounts in the currency of the books that has, for a few bills
    of another currency, what they come to: their currency may be wrong.

    ``amounts`` is each bill's, ``gross`` each line's; signs do not count.
    """
    mapped, bills, _, line_bill = sheets
    currency = bills["currency"]
    if len(currency.dictionary()[0]) < 2 or mapped.template.formats.amounts == "cents":
        return
    given = currency.ok
    for stated in mapped.stated:
        if stated.currency != LOCAL:
            continue
        of_lines = stated.sheet == LINE_ITEMS
        equal = list[int]()  # bills, once for each row
        for i, value in enumerate(stated.values):
            bill = int(line_bill[i]) if of_lines else i
            if not value or bill < 0 or not given[bill]:
                continue
            cents = abs(value * int(bills.units[bill]))
            of_item = gross.at(i) if of_lines else None
            if any(abs(of or 0) == cents for of in (of_item, amounts.at(bill))):
                equal.append(bill)
        codes = Counter(currency.values_at(np.asarray(equal, dtype=np.int64)))
        home, most = next(iter(codes.most_common(1)), ("", 0))
        odd = sorted({bill for bill in equal if currency.at(bill) != home})
        if most < _FEWEST or not odd or len(odd) > _MOST_ODD * len(equal):
            continue
        first = odd[0]
        yield finding(
            "bills.currency.same_amount_local",
            mapped.cell(BILLS, "currency", first),
            str(currency.at(first)),
            bills=tuple(odd),
            column=stated.header,
            amount=bills.money(first, abs(amounts.at(first) or 0)),
            home=home,
            bills_count=count(len(odd), "bill"),
        )
        return
