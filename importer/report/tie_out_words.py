"""What the tie-out of a currency means, in words."""

from __future__ import annotations

from importer.core.money import money
from importer.model.journal_states import Status
from importer.model.report_model import CurrencyTotal
from importer.report.phrases import NO_CURRENCY, in_currency, some_documents


def tie_out_words(total: CurrencyTotal) -> str:
    """What the difference between the sheet and Light means, in a sentence."""
    difference, unit, currency = total.difference, total.unit, total.currency
    undone = total.net(Status.UNDONE)
    amount = in_currency(abs(difference), unit, currency)
    valid = total.net(Status.VALID)
    if not total.asked:
        words = _not_asked_words(total)
    elif total.twice:
        words = _twice_words(total)
    elif difference == 0 and total.differing > total.unreadable:  # of bills, and they cancel out
        verb = "differs" if total.differing == 1 else "differ"
        words = f"The totals agree, but {_part(total, total.differing)} {verb}."
    elif difference == 0 and not total.unreadable:
        words = "Ties out."
    elif difference == 0:
        words = "What can be read ties out."
    elif undone and difference == undone:
        words = f"That is the {amount} that undo has cancelled in Light."
    elif difference > 0 and 0 < undone < difference:
        cancelled, rest = (in_currency(n, unit, currency) for n in (undone, difference - undone))
        words = (
            f"Undo has cancelled {cancelled} of it in Light; the other {rest}"
            " is not known to be in Light."
        )
    elif difference > 0 and difference == valid:
        words = f"{amount} would be created{condition_words(total)}."
    elif difference > valid > 0:
        would, rest = (in_currency(n, unit, currency) for n in (valid, difference - valid))
        words = f"{would} would be created{condition_words(total)}; {rest} would not."
    elif difference > 0:
        of_file = "" if currency == NO_CURRENCY else " of the file"
        words = f"{amount}{of_file} is not known to be in Light."
    elif total.net(Status.INVALID) == difference:
        words = f"Credits of {amount} need correction and were left out."
    else:
        words = f"Light has {amount} more than the file."
    if total.unreadable:
        has = "has" if total.unreadable == 1 else "have"
        words += f" {_part(total, total.unreadable)} {has} no readable amount: not counted."
    return words


def condition_words(total: CurrencyTotal) -> str:
    """What a load needs to send what is valid."""
    return " with --only-valid" if total.blocked else ""


def _part(total: CurrencyTotal, n: int) -> str:
    """So many of the currency's documents, in words."""
    return some_documents(n, total.bills + total.notes, total.notes)


def _not_asked_words(total: CurrencyTotal) -> str:
    """What is known where Light was not asked: what earlier runs loaded, and what is new."""
    words = ["Light was not asked."]
    if total.loaded:
        bills = f"Earlier runs loaded {_part(total, total.loaded)}"
        if total.has_light_amount:
            bills += f", {in_currency(total.created, total.unit, total.currency)}"
        if total.unstated:
            bills += f"; the amount of {total.unstated:,} is not known here"
        words.append(f"{bills}.")
    if valid := total.net(Status.VALID):
        amount = in_currency(valid, total.unit, total.currency)
        words.append(
            f"A load{condition_words(total)} would create {amount}, as far as is known here."
        )
    return " ".join(words)


def light_words(total: CurrencyTotal) -> str:
    """The figures of Light beside those of the file: ", in Light 9.00, difference 1.00"; only what
    was read."""
    words = ""
    if total.has_light_amount:
        where = "in Light" if total.asked else "loaded before"
        words += f", {where} {money(total.created, total.unit)}"
    if total.has_difference:
        words += f", difference {money(total.difference, total.unit)}"
    return words


def _twice_words(total: CurrencyTotal) -> str:
    """That it does not tie out while Light has a bill more than once."""
    amount = in_currency(abs(total.twice_cents), total.unit, total.currency)
    verb = "is" if total.twice == 1 else "are"
    words = f"{_part(total, total.twice)} ({amount}) {verb} in Light more than once"
    rest = total.difference - total.twice_cents
    if rest > 0:
        words += f"; {in_currency(rest, total.unit, total.currency)} is not known to be in Light"
    return f"{words}."


def control_words(total: CurrencyTotal) -> str:
    """How the file's own total compares with its bills; "" where it states none."""
    if total.control is None:
        return ""
    over = total.control - total.sheet
    if over == 0:
        return "Agrees with the bills."
    if total.control_agrees:
        return "Agrees with the bills and what is passed over."
    amount = in_currency(abs(over), total.unit, total.currency)
    return f"{amount} {'more' if over > 0 else 'less'} than the bills add up to."
