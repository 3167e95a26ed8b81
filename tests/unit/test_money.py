from __future__ import annotations

import re
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.core.money import (
    INT64_MAX,
    INT64_MIN,
    Numbers,
    UnreadableAmount,
    currencies_named,
    has_residue,
    money,
    numbers_of,
    product_cents,
    read_cents,
    read_decimal,
    read_number_cell,
    tidy,
    to_cents,
    two_readings,
)

CENTS = st.integers(INT64_MIN, INT64_MAX) | st.integers(-200_000, 200_000)
PADDING = st.sampled_from(["", " ", "\u00a0", "\t", "\u202f", "\n", "  "])
GROUPS = {
    Numbers.POINT: ["", ",", " ", "\u00a0", "\u2009", "\u202f", "'", "’"],
    Numbers.COMMA: ["", ".", " ", "\u00a0", "\u2009", "\u202f", "'", "’"],
}
SIGNS = ["£", "€", "$", "¥", "₹", "GBP", "EUR", "kr", "Fr.", "zł", "US$", "Rs."]


def grouped(digits: str, separator: str) -> str:
    head = len(digits) % 3 or 3
    groups = [digits[:head], *(digits[i : i + 3] for i in range(head, len(digits), 3))]
    return separator.join(groups)


def in_lakhs(digits: str) -> str:
    """As India groups: the last three digits, then two by two."""
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(i - 2, 0) : i] for i in range(len(head), 0, -2)]
    return ",".join([*reversed(pairs), tail])


@st.composite
def written(draw: st.DrawFn) -> tuple[int, str, Numbers]:
    """Cents, with a text that a person may write for them, and the column's decimal sign."""
    cents, numbers = draw(CENTS), draw(st.sampled_from(Numbers))
    whole, part = divmod(abs(cents), 100)
    text = grouped(str(whole), draw(st.sampled_from(GROUPS[numbers])))
    if numbers is Numbers.POINT and draw(st.integers(0, 7)) == 0:
        text = in_lakhs(str(whole))
    mark = "." if numbers is Numbers.POINT else ","
    dash = not part and cents >= 0 and draw(st.integers(0, 7)) == 0
    if dash:
        text += mark + draw(st.sampled_from(["-", "--", "–"]))
    elif part or draw(st.booleans()):
        text += mark + f"{part:02d}" + draw(st.sampled_from(["", "0", "000"]))
    sign = draw(st.sampled_from(SIGNS))
    space = draw(st.sampled_from(["", " ", "\u00a0"]))
    place = draw(st.sampled_from(["none", "before", "after"]))
    minus = draw(st.sampled_from(["-", "\u2212", "–"]))
    style = draw(st.sampled_from(["leading", "trailing", "parentheses"]))
    if cents < 0 and style == "parentheses":
        inner = {"none": text, "before": sign + space + text, "after": text + space + sign}
        text = f"({inner[place]})"
        if place == "before" and draw(st.booleans()):
            text = f"{sign}{space}({inner['none']})"
    else:
        lead = minus if cents < 0 and style != "trailing" else ""
        trail = minus if cents < 0 and style == "trailing" else ""
        if place == "before":
            text = draw(st.sampled_from([lead + sign + space, sign + space + lead])) + text + trail
        elif place == "after":
            text = lead + text + draw(st.sampled_from([trail + space + sign, space + sign + trail]))
        else:
            text = lead + text + trail
    return cents, draw(PADDING) + text + draw(PADDING), numbers


@given(written())
def test_any_amount_in_any_notation_is_read_to_the_cent(
    case: tuple[int, str, Numbers],
) -> None:
    cents, text, numbers = case
    assert to_cents(read_decimal(text, numbers)) == cents


@given(written())
def test_wrong_decimal_mark_is_refused_or_doubtful(
    case: tuple[int, str, Numbers],
) -> None:
    cents, text, numbers = case
    other = Numbers.COMMA if numbers is Numbers.POINT else Numbers.POINT
    read = read_decimal(text, other)
    if not isinstance(read, UnreadableAmount) and to_cents(read) != cents:
        assert two_readings(text)
        assert numbers_of([tidy(text)])[0] is None


@given(written())
def test_column_decides_its_decimal_mark_or_none(
    case: tuple[int, str, Numbers],
) -> None:
    cents, text, _ = case
    decided, _, _ = numbers_of([tidy(text)])
    if decided is not None:
        assert to_cents(read_decimal(text, decided)) == cents


def oracle(text: str, mark: str, groups: str) -> Fraction | None:
    """What a careful person reads, by walking over the characters; None for a refusal."""
    for dash in "\u2212–—‒":
        text = text.replace(dash, "-")
    spaces = " \u00a0\u2007\u2009\u202f\t\r\n"
    text = text.strip(spaces)
    brackets = text.startswith("(") and text.endswith(")")
    if brackets:
        text = text[1:-1].strip(spaces)
    signs = r"(?:US|AU?|CA?|NZ|HK|SG?|R)?\$|[£€¥₹₩₽₺₫₴₦₱₪฿]|[A-Z]{3}|(?:kr|zł|Kč|Ft|Fr|Rs)\.?"
    for pattern, form in (
        (rf"([+-]?)[{spaces}]*(?:{signs})(.*)", "before"),
        (rf"(.*?)(?:{signs})[{spaces}]*(-?)", "after"),
    ):
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            if form == "before":
                text = found[1] + found[2].strip(spaces)
            else:
                text = found[1].strip(spaces) + found[2]
            break
    if not brackets and text.startswith("(") and text.endswith(")"):
        brackets, text = True, text[1:-1].strip(spaces)
    if brackets and set(text) & set("+-()"):
        return None
    negative = brackets
    if text == "-":
        return Fraction(0)
    for ending in (mark + "--", mark + "-"):
        if text.endswith(ending):
            text = text[: -len(ending)]
            if mark in text or not text[-1:].isdigit() or text[-1:] not in "0123456789":
                return None
            break
    if text[:1] in ("-", "+"):
        negative, text = negative or text[0] == "-", text[1:].strip(spaces)
    elif text[-1:] == "-":
        negative, text = True, text[:-1].strip(spaces)
    if not text or text.count(mark) > 1 or any(c not in "0123456789" + mark + groups for c in text):
        return None
    whole, _, part = text.partition(mark)
    if not (whole or part) or any(c not in "0123456789" for c in part):
        return None
    pieces = re.split(f"[{re.escape(groups)}]", whole)
    lakhs = mark == "." and len(pieces) > 2 and set(whole) <= set("0123456789,")
    sizes = [len(piece) for piece in pieces[1:]]
    if len(pieces) > 1 and not (
        pieces[0][:1] not in ("", "0")
        and (
            (len(pieces[0]) <= 3 and set(sizes) == {3})
            or (lakhs and len(pieces[0]) <= 2 and sizes == [2] * (len(sizes) - 1) + [3])
        )
    ):
        return None
    digits = "".join(pieces)
    value = Fraction(int((digits + part) or "0"), 10 ** len(part))
    return -value if negative else value


LIKELY = st.text(alphabet="0123456789.,'-+() £€GBPkrFe\u00a0\u2212\u202f", max_size=14)


@given(LIKELY | st.text(max_size=20), st.sampled_from(Numbers))
@example("1£234", Numbers.POINT)
@example("1 234 GBP", Numbers.POINT)
@example("0,123", Numbers.POINT)
@example("(-5)", Numbers.POINT)
@example("١٢٣", Numbers.POINT)
@example("1,234\n", Numbers.POINT)
@example("12,-", Numbers.COMMA)
@example("12.-", Numbers.POINT)
@example("1.234.-", Numbers.POINT)
@example("£(5)", Numbers.POINT)
@example("1,23,456.78", Numbers.POINT)
@example("12,34,567", Numbers.COMMA)
def test_parser_agrees_with_the_reference_reading(text: str, numbers: Numbers) -> None:
    mark, other = (".", ",") if numbers is Numbers.POINT else (",", ".")
    read = read_decimal(text, numbers)
    if not isinstance(read, UnreadableAmount):
        assert Fraction(read) == oracle(text, mark, other + " \u00a0\u2007\u2009\u202f'’")


@given(LIKELY | st.text(max_size=20))
@example("0" * 5000 + "1")
@example("-0")
@example("+7")
@example("²")
def test_cents_are_digits_with_an_optional_sign(text: str) -> None:
    value = read_cents(text)
    bare = re.sub("[\u2212–—‒]", "-", text.strip(" \u00a0\u2007\u2009\u202f\t\r\n"))
    if isinstance(value, int):
        assert re.fullmatch("[+-]?[0-9]+", bare)
        assert value == sum(
            int(d) * 10**i for i, d in enumerate(reversed(bare.lstrip("+-"))) if d != "0"
        ) * (-1 if bare[0] == "-" else 1)
    else:
        assert not re.fullmatch("[+-]?[0-9]{1,18}", bare)


@given(CENTS, PADDING, PADDING)
def test_cents_are_read_despite_surrounding_spaces(cents: int, before: str, after: str) -> None:
    assert read_cents(f"{before}{cents}{after}") == cents


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1000.50", UnreadableAmount.DECIMALS),
        ("100000.0", UnreadableAmount.DECIMALS),
        ("1000,50", UnreadableAmount.DECIMALS),
        ("1e5", UnreadableAmount.EXPONENT),
        ("1.5E+10", UnreadableAmount.EXPONENT),
        ("1,000", UnreadableAmount.SEPARATORS),
        ("1 000", UnreadableAmount.SEPARATORS),
        ("1'000'000", UnreadableAmount.SEPARATORS),
        ("€1000", UnreadableAmount.CURRENCY_SIGN),
        ("1000 GBP", UnreadableAmount.CURRENCY_SIGN),
        ("(1000)", UnreadableAmount.NOT_A_NUMBER),
        ("n/a", UnreadableAmount.NOT_A_NUMBER),
        ("GBP", UnreadableAmount.NOT_A_NUMBER),
        ("--5", UnreadableAmount.NOT_A_NUMBER),
        ("", UnreadableAmount.NOT_A_NUMBER),
        ("9" * 5000, UnreadableAmount.TOO_LARGE),
    ],
)
def test_non_cents_are_refused_with_a_reason(text: str, reason: UnreadableAmount) -> None:
    assert read_cents(text) is reason


@pytest.mark.parametrize(("value", "beyond"), [(INT64_MAX, 1), (INT64_MIN, -1)])
def test_int64_limits(value: int, beyond: int) -> None:
    assert read_cents(str(value)) == value
    assert read_cents(str(value + beyond)) is UnreadableAmount.TOO_LARGE
    assert to_cents(Decimal(value).scaleb(-2)) == value
    exact = Context(prec=50)
    assert (
        to_cents(exact.divide(Decimal(value + beyond), Decimal(100))) is UnreadableAmount.TOO_LARGE
    )


def test_negative_amount_with_too_many_decimals_is_refused() -> None:
    text = "100000000000000000.0000000000000001"
    for written_as in (text, f"-{text}", f"({text})"):
        assert to_cents(read_decimal(written_as, Numbers.POINT)) is UnreadableAmount.TOO_PRECISE


@pytest.mark.parametrize("text", ["-", " - ", "£-", "€ -", "–", "- GBP"])
def test_lone_dash_is_zero(text: str) -> None:
    assert read_decimal(text, Numbers.POINT) == 0


@pytest.mark.parametrize(
    "text",
    [
        "1£234",
        "1€50",
        "£5€",
        "--5",
        "-5-",
        "(-5)",
        "(+5)",
        "-(5)",
        "5+",
        "1,00",
        "1,2,345",
        ".",
        "123,45,678",
        "12,-",
        "1.5-.-",
        "1.234.-",
        "(12.-)",
        "-£(5)",
        "((5))",
        "£(-)",
        "1.2.3",
        "1 23",
        "0,123",
        "000,123",
        "()",
        "£",
        "",
        "1e5",
        "12.50 CR",
        "½",
        "0x10",
        "nan",
        "Infinity",
        "1_000",
        "5%",
    ],
)
def test_ambiguous_amounts_are_refused(text: str) -> None:
    assert isinstance(read_decimal(text, Numbers.POINT), UnreadableAmount)


@pytest.mark.parametrize(
    ("text", "value"),
    [("100000", 100000), ("1234.5", Decimal("1234.5")), ("-0.07", Decimal("-0.07")), ("5.", 5)],
)
def test_number_cell_is_read(text: str, value: Decimal) -> None:
    assert read_number_cell(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("28492.100000000002", "28492.1"),
        ("0.30000000000000004", "0.3"),
        ("-17.549999999999997", "-17.55"),
        ("1234567890123.4502", "1234567890123.45"),
        ("12345678901234.56", "12345678901234.56"),  # 16 digits of which none is residue
        ("12345678901234.567", "12345678901234.567"),
        ("1234.5600000001", "1234.5600000001"),  # Excel shows it
        ("0.3333333333333333", "0.3333333333333333"),
        ("12345678901234567", "12345678901234567"),
    ],
)
def test_number_cell_is_read_as_excel_shows_it_at_15_digits(text: str, value: str) -> None:
    assert read_number_cell(text) == Decimal(value)
    assert has_residue(text) == (text != value)


@pytest.mark.parametrize("text", ["1,234", "1e-05", "1.5E+20", "£5", "", "1" * 99, "nan", "inf"])
def test_number_cell_refuses_grouping_signs_and_exponents(text: str) -> None:
    assert isinstance(read_number_cell(text), UnreadableAmount)


@given(
    st.integers(-(10**9), 10**9),
    st.integers(0, 6),
    st.integers(-(10**9), 10**9),
    st.integers(0, 6),
    st.sampled_from(["half_up", "half_even", "down"]),
)
def test_product_is_rounded_once_from_its_exact_value(
    left: int, left_places: int, right: int, right_places: int, rounding: str
) -> None:
    a, b = Decimal(left).scaleb(-left_places), Decimal(right).scaleb(-right_places)
    exact = abs(Fraction(left, 10**left_places) * Fraction(right, 10**right_places) * 100)
    whole, rest = divmod(exact, 1)
    up = {
        "half_up": rest >= Fraction(1, 2),
        "half_even": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1),
        "down": False,
    }[rounding]
    cents = (int(whole) + up) * (-1 if (left < 0) != (right < 0) else 1)
    expected = cents if INT64_MIN <= cents <= INT64_MAX else UnreadableAmount.TOO_LARGE
    assert product_cents(a, b, rounding) == expected


@pytest.mark.parametrize(
    ("rounding", "cents"),
    [
        ("half_up", (1, 2, 3, -1, -2, -3)),
        ("half_even", (0, 2, 2, 0, -2, -2)),
        ("down", (0, 1, 2, 0, -1, -2)),
    ],
)
def test_half_a_cent_is_rounded_as_the_template_says(rounding: str, cents: tuple[int, ...]) -> None:
    prices = [Decimal(f"{sign}0.0{n}5") for sign in ("", "-") for n in (0, 1, 2)]
    assert tuple(product_cents(Decimal(1), p, rounding) for p in prices) == cents


@pytest.mark.parametrize(
    ("texts", "decided"),
    [
        (["1.50", "1,234.00", "1,234"], Numbers.POINT),
        (["1,50", "1.234,00", "1.234"], Numbers.COMMA),
        (["1.234.567", "1.234"], Numbers.COMMA),
        (["1,234,567"], Numbers.POINT),
        (["1", "200", "-"], Numbers.POINT),
        (["0.123"], Numbers.POINT),
        (["1.234", "5"], None),
        (["1,234"], None),
        (["1.50", "1,50"], None),
        (["1,50", "n.a.", "see p. 4"], Numbers.COMMA),
        (["1,50", "1e5.5", "12.34.56"], Numbers.COMMA),
        (["£1.50", "Fr. 1.234"], Numbers.POINT),
    ],
)
def test_decimal_mark_is_decided_by_the_column(texts: list[str], decided: Numbers | None) -> None:
    assert numbers_of(texts)[0] is decided


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.-", "12"),
        ("Fr. 1'234.--", "1234"),
        ("-12.–", "-12"),
        ("£(1,234.50)", "-1234.50"),
        (" £-   ", "0"),
        ("$ -", "0"),
        ("1,23,456.78", "123456.78"),
        ("₹ 12,34,567", "1234567"),
        ("Rs. 1,00,000.00", "100000"),
        ("US$ 5.00", "5"),
        ("($0.01)", "-0.01"),
        ("$5,531,458.39 ", "5531458.39"),
    ],
)
def test_international_notations_are_read(text: str, value: str) -> None:
    assert read_decimal(text, Numbers.POINT) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "currencies"),
    [
        ("¥ 5", {"JPY", "CNY"}),
        ("$5", set()),
        ("US$5", {"USD"}),
        ("R$ 5", {"BRL"}),
        ("5 EUR", {"EUR"}),
        ("5 kr", {"DKK", "ISK", "NOK", "SEK"}),
        ("5", set()),
    ],
)
def test_currencies_named_by_a_sign(text: str, currencies: set[str]) -> None:
    assert currencies_named(text) == currencies


@given(st.integers(-(10**20), 10**20), st.sampled_from([1, 10, 100, 1000, 10_000]))
def test_money_is_formatted_exactly(cents: int, unit: int) -> None:
    assert Fraction(money(cents, unit).replace(",", "")) == Fraction(cents, unit)
    assert len(money(cents, unit).partition(".")[2]) == len(str(unit)) - 1
