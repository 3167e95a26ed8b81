"""The tax and the totals of line items, in cents.

Rounding is half up on the cent, away from zero, so that a credit mirrors its bill. Source of the
two ways: ``lineItemsIncludeTax`` in the API description (gross ``amount`` when true, ``netAmount``
when false; the tax derived from the tax code where it is left out).
"""

from __future__ import annotations

from collections.abc import Mapping

from importer.sandbox.refusals import Path, Problem
from importer.sandbox.wire_types import INT64


def line_money(
    line: Mapping[str, int | None],
    include_tax: bool,
    basis_points: int | None,
    path: Path,
    problems: list[Problem],
) -> dict[str, int | None]:
    """``amount``, ``netAmount`` and ``taxAmount`` of a line; none, and a problem, if they fail.

    ``basis_points`` is the rate of its tax code, None without one. The tax is None where there is
    neither a tax amount nor a tax code.
    """
    base_name, other_name = ("amount", "netAmount") if include_tax else ("netAmount", "amount")
    base, tax = line.get(base_name), line.get("taxAmount")

    def refuse(kind: str, message: str, name: str) -> dict[str, int | None]:
        problems.append(Problem(kind, message, (*path, name), 422))
        return {}

    if tax is not None and basis_points is None:
        refuse("TAX_CODE_MISSING", "A tax amount needs a tax code.", "taxAmount")
    if base is None:
        when = f"needed when lineItemsIncludeTax is {str(include_tax).lower()}."
        return refuse("REQUIRED", f"{base_name} is {when}", base_name)
    if tax is None and basis_points is not None:
        tax = derived_tax(base, basis_points, include_tax)
    other = base - (tax or 0) if include_tax else base + (tax or 0)
    if other not in INT64:
        return refuse("OUT_OF_RANGE", "The line's amounts do not fit into 64 bits.", base_name)
    stated = line.get(other_name)
    if stated is not None and stated != other:
        message = f"{other_name} is {stated}, but {base_name} and tax make it {other}."
        return refuse("AMOUNTS_INCONSISTENT", message, other_name)
    return {base_name: base, other_name: other, "taxAmount": tax}


def derived_tax(base: int, basis_points: int, include_tax: bool) -> int:
    """The tax on a net base, or the tax within a gross one."""
    if include_tax:
        return base - _divided(base * 10_000, 10_000 + basis_points)
    return _divided(base * basis_points, 10_000)


def _divided(numerator: int, denominator: int) -> int:
    """The quotient to the nearest whole number, half away from zero; denominator > 0."""
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -quotient if numerator < 0 else quotient
