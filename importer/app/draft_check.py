"""Try a template on an export: what it reads is known only once it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.core.errors import UsageProblem
from importer.core.money import money

if TYPE_CHECKING:
    from importer.mapping.template_model import Template
    from importer.model.tables import SourceTable


@dataclass(frozen=True)
class TemplateTrial:
    """What a template made of an export. ``totals``: what the valid bills of a currency come to, as
    ``GBP 1,234.56``.

    ``problem`` is the first error, "" where there is none; names were not looked up. ``parameters``
    of the template had no value.
    """

    bills: int
    valid: int
    totals: tuple[str, ...] = ()
    problem: str = ""
    parameters: tuple[str, ...] = ()

    @property
    def reads_all(self) -> bool:
        return self.bills > 0 and self.valid == self.bills and not self.problem


def try_template(tables: Sequence[SourceTable], template: Template) -> TemplateTrial:
    """Read and check an export by a template, without the names that Light would know."""
    from importer.mapping.map_tables import map_tables
    from importer.mapping.parameters import with_settings
    from importer.model.finding import Severity
    from importer.validation.validate import check

    try:
        mapped = map_tables(tables, with_settings(template, {}))
    except UsageProblem as error:  # a parameter that has to be given
        return TemplateTrial(0, 0, problem=str(error))
    checked = check(mapped)
    totals: Counter[tuple[str, int]] = Counter()
    valid = 0
    for bill in checked.valid_bills():
        valid += 1
        totals[bill.currency, bill.unit] += bill.amount
    first = next(iter(checked.findings.worst_first(1)), None)
    is_error = first is not None and first.severity is Severity.ERROR
    return TemplateTrial(
        checked.bills.size,
        valid,
        tuple(f"{code} {money(cents, unit)}" for (code, unit), cents in sorted(totals.items())),
        f"{first.cell}: {first.message}" if first is not None and is_error else "",
        tuple(name for name, spec in template.parameters.items() if not (spec.value or spec.cell)),
    )
