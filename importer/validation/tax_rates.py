"""Taxes that are not what their tax code comes to on other lines, or says itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from importer.core.counted_nouns import count
from importer.mapping.map_tables import MappedTables
from importer.model.fields import LINE_ITEMS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.column import ParsedTable

_STATED = re.compile(r"(?<![0-9.,])([0-9]{1,2}(?:[.,][0-9]{1,3})?) ?%")
# Codes of taxes that the buyer accounts for: the vendor's invoice has none.
_REVERSED = re.compile(
    r"revers|\brc(?![a-z])|\be[cu](?![a-z])|acqui|erwerb|import|postponed|13b|innergem|omvendt|omvänd|verlegd"
    r"|autoliq|inversion|intra|exempt|zero|\bex\b",
    re.IGNORECASE,
)
_MOST_OFF = 2  # cents by which programs round the tax of a line differently
_FEWEST, _LEAST_BASE = 4, 500  # lines of a code, and cents of one, that show its rate
_USUAL, _CLEARLY_USUAL, _FEWEST_CLEAR = 0.5, 0.9, 10
_LEAST_RATE = 0.005  # no tax on purchases is below that
_EACH_WAY, _NEAR = 0.15, 0.95  # of taxes of rounded amounts: too high, as too low; about right
_SMALL = 0.2  # of the lines of a code: enough with such a tax
_LARGE, _SPREAD, _RATES = 2000, 3.0, 4  # cents; of rates that differ for all lines of a code
# Codes that have a tax by their name, where they do not state its rate: T1, S20, Standard.
# Of others, as T8 or V10, the number is no rate.
_BEARING = re.compile(
    r"T1|S|SR|(?:S|UK|GB|VAT|GST|MWST|UST|VST|TVA|BTW|IVA|MOMS)[ -]?(?:5|7|8|1[0-9]|2[0-7])"
    r"|.*\b(?:standard|std)\b.*",
    re.IGNORECASE,
)
_LOST_POINTS = (0.001, 0.01, 0.1, 10.0, 100.0, 1000.0)


def tax_rates(
    mapped: MappedTables, lines: ParsedTable, include_tax: np.ndarray
) -> Iterator[Finding]:
    """A warning for each tax code of a file with lines whose tax is not the code's.

    ``include_tax``: 1 where a line's amount includes its tax. Of a code that does not state its
    rate, the rate of most of its lines; a line is reported where its tax is that of another code or
    of another decimal point, or where nearly all other lines agree.
    """
    name = "taxCode" if not lines["taxCode"].blank.all() else "taxCodeId"
    code, tax, net = lines[name], lines["taxAmount"].cents(), lines["netAmount"].cents()
    gross = lines["amount"].cents()
    computable = tax.valid & code.ok & (net.valid | (gross.valid & (include_tax == 1)))
    if not computable.any():
        return
    taxes = tax.cents.astype(np.float64)
    base = np.where(net.valid, net.cents, gross.cents - tax.cents).astype(np.float64)
    values, of_code = code.dictionary()
    for t in range(len(mapped.tables)):
        of_file = computable & (mapped.lines.table == t)
        at = np.flatnonzero(of_file & ((base != 0) | (tax.cents != 0)))
        if len(at) < _FEWEST:
            continue
        for value, which, what in _doubtful_codes(values, of_code[at], taxes[at], base[at]):
            code_name, cell = str(values[value]), mapped.cell(LINE_ITEMS, "taxAmount", at[which[0]])
            yield finding(
                "line_items.taxAmount.doubtful_rate",
                cell,
                code_name,
                lines=tuple(at[which].tolist()),
                what=what,
                lines_count=count(len(which), "line item"),
            )
        for value, which, rate in _odd_lines(values, of_code[at], taxes[at], base[at]):
            yield _finding(mapped, lines, name, str(values[value]), at[which], rate)


def _doubtful_codes(
    values: np.ndarray, of_code: np.ndarray, tax: np.ndarray, base: np.ndarray
) -> Iterator[tuple[int, np.ndarray, str]]:
    """(index of a code, its lines, what is odd about the tax of them all)."""
    for value in np.unique(of_code).tolist():
        name, at = str(values[value]), np.flatnonzero(of_code == value)
        if _STATED.search(name) or _REVERSED.search(name):
            continue
        large = at[np.abs(base[at]) >= _LARGE]
        taxed = large[tax[large] != 0]
        rates = np.abs(tax[taxed] / base[taxed])
        if not tax[at].any():
            if len(large) >= _FEWEST and _BEARING.fullmatch(name):
                yield value, at, "all taxes are 0, though the code has one by its name"
        elif len(taxed) < max(_FEWEST, len(large) / 2):
            continue
        elif len(small := taxed[rates < _LEAST_RATE]) >= max(_FEWEST - 1, _SMALL * len(taxed)):
            usual = float(np.median(rates[rates < _LEAST_RATE]))
            yield value, small, f"the taxes are about {100 * usual:.2g} % of the amounts"
        elif len(taxed) >= _FEWEST_CLEAR and _rounded(tax[taxed], base[taxed]):
            yield (
                value,
                taxed,
                "the amounts have no cents, and the taxes are those of amounts with cents",
            )
        elif len(taxed) >= _FEWEST_CLEAR:
            _, counts = np.unique(np.round(rates, 3), return_counts=True)
            low, high = np.percentile(rates, (10, 90))
            if np.sort(counts)[-_RATES:].sum() < len(taxed) / 2 and high > _SPREAD * low:
                span = f"between {100 * low:.2g} and {100 * high:.2g} %"
                yield value, taxed, f"most taxes are {span} of the amounts, and hardly two alike"


def _odd_lines(
    values: np.ndarray, of_code: np.ndarray, tax: np.ndarray, base: np.ndarray
) -> list[tuple[int, np.ndarray, float]]:
    """(index of a code, its lines with another tax, its rate)."""
    rates, stated = dict[int, float](), set[int]()  # by code; the codes that state theirs
    lines_of: dict[int, np.ndarray] = {}
    for value in np.unique(of_code).tolist():
        lines_of[value] = at = np.flatnonzero(of_code == value)
        percents = set(_STATED.findall(str(values[value])))
        if len(percents) == 1 and not _REVERSED.search(str(values[value])):
            rates[value] = float(percents.pop().replace(",", ".")) / 100
            stated.add(value)
            continue
        large = at[np.abs(base[at]) >= _LEAST_BASE]
        if len(large) >= _FEWEST:
            rates[value] = float(np.round(np.median(tax[large] / base[large]), 3))
    out = []
    for value, rate in rates.items():
        at = lines_of[value]
        fits = _fits(tax[at], base[at], rate)
        share, odd = fits.mean(), at[~fits]
        if value not in stated and share < _USUAL:
            continue
        if value not in stated and not (share >= _CLEARLY_USUAL and len(at) >= _FEWEST_CLEAR):
            explained = np.zeros(len(odd), dtype=bool)
            for other in {0.0, *rates.values()} - {rate}:
                explained |= _fits(tax[odd], base[odd], other)
            for point in _LOST_POINTS:
                explained |= _fits(tax[odd], base[odd], rate * point) & (tax[odd] != 0)
            explained |= base[odd] == 0
            odd = odd[explained]
        if len(odd):
            out.append((value, odd, rate))
    return out


def _rounded(tax: np.ndarray, base: np.ndarray) -> bool:
    """Whether all amounts are whole, and most taxes those of amounts up to half a unit more or
    less; those of cash discounts are all less."""
    rate = float(np.median(tax / base))
    off = tax - base * round(rate, 3)
    more, less = (off > 1).mean(), (off < -1).mean()
    return bool(
        (base % 100 == 0).all()
        and min(more, less) >= _EACH_WAY
        and (np.abs(off) <= 50 * abs(rate) + 1).mean() >= _NEAR
    )


def _fits(tax: np.ndarray, base: np.ndarray, rate: float) -> np.ndarray:
    """Which taxes are a rate of their amounts, or of them rounded otherwise."""
    return np.asarray(np.abs(tax - base * rate) <= _MOST_OFF + 0.0005 * np.abs(base))


def _finding(
    mapped: MappedTables, lines: ParsedTable, name: str, code: str, at: np.ndarray, rate: float
) -> Finding:
    first = int(at[0])
    net, gross = lines["netAmount"].at(first), lines["amount"].at(first)
    tax = lines["taxAmount"].at(first)
    base = net if net is not None else gross - tax
    return finding(
        "line_items.taxAmount.other_rate",
        mapped.cell(LINE_ITEMS, "taxAmount", first),
        lines.money(first, tax),
        lines=tuple(at.tolist()),
        tax_code=code,
        header=mapped.header(LINE_ITEMS, name, first),
        base=lines.money(first, base),
        rate=f"{100 * rate:g} %",
        lines_count=count(len(at), "line item"),
    )
