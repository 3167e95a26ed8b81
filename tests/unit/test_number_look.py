"""What number formats show beside the digits."""

from __future__ import annotations

import pytest

from importer.core.number_look import currencies_shown, is_code, look_of, mark_of_code


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        ("General", ""),
        ("#,##0.00_);(#,##0.00)", ""),
        ("0.00;[Red]0.00", ""),  # one of Excel's own
        ("#,##0.00;[Red]-#,##0.00", ""),
        ('_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', ""),
        ("@", ""),
        ("[$$-409]#,##0.00", "$"),
        ("[$€-2] 0.00", "€"),
        ("[$USD] 0.00", "USD"),
        ('0.00" EUR"', "EUR"),
        ('"US$"0.00', "US$"),
        ("_-[$£-809]* #,##0.00_-", "£"),
        ('_-"R"* #,##0.00', "R"),
        ("#,##0.00 [$kr-406]", "kr"),
        ('_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$"),
        ("0.00%", "%"),
        ('0%" VAT"', "%"),
    ],
)
def test_mark_of_an_ordinary_format(code: str, mark: str) -> None:
    assert mark_of_code(code) == mark
    assert not is_code(mark)


@pytest.mark.parametrize(
    ("code", "number", "shown", "changes_value"),
    [
        ("0.00;0.00", "-12.5", "12.50", True),  # the minus is hidden
        ('"("0.00")"', "40", "(40.00)", True),
        ("[Red](0.00)", "10", "(10.00)", True),
        ("-0.00", "90", "-90.00", True),
        ('0.00"-"', "10", "10.00-", True),
        ("#,##0,", "5000", "5", True),
        ('0.00,,"m"', "2500000", "2.50m", True),
        ('0.0,,"M"', "2500000", "2.5M", True),
        ('0.00" CR"', "60", "60.00 CR", True),
        ('""0.00" Dr"', "500", "500.00 Dr", True),
        ('"Cr "0.00', "10", "Cr 10.00", True),
        ('"x"', "5", "x", True),
        ('"EUR"', "5", "EUR", True),
        ("0.00E+00", "12.5", "", False),
        ("# ?/?", "12.5", "", False),
        ('00"/"000', "12345", "12/345", False),
        ('[>1000]0.0,"k";0.00', "1250", "", True),
        ('"TRUE";"TRUE";"FALSE"', "1", "TRUE", True),
        ('0" k"', "12", "12 k", False),
        ('General" pcs"', "5", "5 pcs", False),
        ('"INV-"0000', "42", "INV-0042", False),
        ('"INV-"0000', "12345", "INV-12345", False),
        ("00-000", "12345", "12-345", False),
        ("000-00-0000", "123456789", "123-45-6789", False),
    ],
)
def test_format_that_shows_more_than_an_amount_is_kept(
    code: str, number: str, shown: str, changes_value: bool
) -> None:
    mark = mark_of_code(code)
    assert (mark, is_code(mark)) == (code, True)
    look = look_of(mark, number)
    assert (look.shown, look.unadorned, look.changes_value) == (shown, False, changes_value)


def test_format_is_judged_by_the_section_of_the_number() -> None:
    assert look_of("0.00;0.00", "12.5").unadorned
    assert look_of('0.00" CR"', "0").unadorned  # nothing is nothing, whoever owes it


@pytest.mark.parametrize(
    ("mark", "currencies"),
    [("R", {"ZAR"}), ("€", {"EUR"}), ("$", set()), ("kg", set()), ('0.00" EUR "', set())],
)
def test_currency_of_a_mark(mark: str, currencies: set[str]) -> None:
    assert currencies_shown(mark) == currencies
