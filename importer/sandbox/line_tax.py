"""The tax and the totals of line items, in cents.

Rounding is half up on the cent, away from zero, so that a credit mirrors its bill. Source of the
two ways: ``lineItemsIncludeTax`` in the API description (gross ``amount`` when true, ``netAmount``
when false; the tax derived from the tax code where it is left out).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from importer.sandbox.field_checks import INT64
from importer.sandbox.refusals import Path, Problem


@dataclass(frozen=True)
class LineMoney:
    """``tax`` is None where there is neither a tax amount nor a tax code."""

    gross: int
    net: int
    tax: int | None


def divided(numerator: int, denominator: int) -> int:
    """The quotient to the nearest whole number, half away from zero; denominator > 0."""
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -quotient if numerator < 0 else quotient


def line_money(
    line: Mapping[str, object],
    include_tax: bool,
    basis_points: int | None,
    path: Path,
    problems: list[Problem],
) -> LineMoney | None:
    """What a line comes to; None, and a problem, where it cannot be told.

    ``line`` holds clean fields; ``basis_points`` is the rate of its tax code, None without one.
    """
    base_name = "amount" if include_tax else "netAmount"
    base, given, tax = line.get(base_name), line.get("amount"), line.get("taxAmount")
    if not isinstance(base, int):
        message = f"{base_name} is needed when lineItemsIncludeTax is {str(include_tax).lower()}."
        problems.append(Problem("REQUIRED", message, (*path, base_name), 422))
        return None
    if not isinstance(tax, int):
        tax = None if basis_points is None else derived_tax(base, basis_points, include_tax)
    if include_tax:
        money = LineMoney(base, base - (tax or 0), tax)
        given, wanted, name = line.get("netAmount"), money.net, "netAmount"
    else:
        money = LineMoney(base + (tax or 0), base, tax)
        given, wanted, name = line.get("amount"), money.gross, "amount"
    if money.gross not in INT64 or money.net not in INT64:
        message = "The line's amounts do not fit into 64 bits."
        problems.append(Problem("OUT_OF_RANGE", message, (*path, base_name), 422))
        return None
    if given is not None and given != wanted:
        message = f"{name} is {given}, but {base_name} and tax make it {wanted}."
        problems.append(Problem("AMOUNTS_INCONSISTENT", message, (*path, name), 422))
        return None
    return money


def derived_tax(base: int, basis_points: int, include_tax: bool) -> int:
    """The tax on a net base, or the tax within a gross one."""
    if include_tax:
        return base - divided(base * 10_000, 10_000 + basis_points)
    return divided(base * basis_points, 10_000)
