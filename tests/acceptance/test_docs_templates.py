"""docs/templates.md says what is so: each of its examples is read as it says."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.cell_parsers import FALSE_WORDS, TRUE_WORDS
from importer.core.dates import order_of, reader
from importer.core.money import numbers_of, read_decimal, tidy, to_cents
from importer.mapping.map_tables import map_tables
from importer.mapping.template_loader import load_template
from importer.readers import read_file
from importer.validation.checked_bills import Checked
from importer.validation.validate import check

PAGE = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
LEAST: dict[str, Any] = {
    "template": "mine",
    "layout": "flat",
    "group_by": ["Number"],
    "formats": {"dates": "auto", "amounts": "decimal"},
    "bills": {
        "vendor": {"column": "Vendor"},
        "invoiceNumber": {"column": "Number"},
        "issuedDate": {"column": "Date"},
        "amount": {"sum_of_lines": "net"},
        "currency": {"column": "Currency"},
    },
    "line_items": {"netAmount": {"column": "Net"}, "account": {"column": "Account"}},
}


def table(heading: str) -> list[list[str]]:
    """The rows of the first table with this column, as written."""
    found = re.search(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found
    return [[cell.strip(" ") for cell in row.split("|")[1:-1]] for row in found[1].splitlines()]


def read(folder: Path, formats: dict[str, Any], cells: list[dict[str, str]]) -> Checked:
    """A ledger of a row a bill with these cells, checked by a template of these formats."""
    made = {**LEAST, "formats": {"amounts": "decimal", **formats}}
    made_path = folder / "mine.yaml"
    made_path.write_text(yaml.safe_dump(made), encoding="utf-8")
    rows = ["Vendor;Number;Date;Currency;Net;Account"]
    for number, row in enumerate(cells):
        full = {"Date": "2025-01-31", "Currency": "", "Net": "1.00"} | row
        rows.append(f"V;{number};{full['Date']};{full['Currency']};{full['Net']};1")
    (folder / "l.csv").write_text("\n".join(rows), encoding="utf-8")
    return check(map_tables(read_file(folder / "l.csv"), load_template(made_path).template))


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_a_valid_template(text: str, tmp_path: Path) -> None:
    own = yaml.safe_load(text)
    whole = {**LEAST, **own}
    if "template" not in own:
        for sheet in ("bills", "line_items"):
            whole[sheet] = {**LEAST[sheet], **own.get(sheet, {})}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    load_template(path)


@pytest.mark.parametrize(("formats", "written", "meant"), table("dates"))
def test_date_table_matches_the_parser(
    formats: str, written: str, meant: str, tmp_path: Path
) -> None:
    dates = formats if formats == "auto" else [formats]
    of = read(tmp_path, {"dates": dates}, [{"Date": written}])
    [value] = of.bills["issuedDate"].values
    assert value == (None if meant == "refused" else date.fromisoformat(meant))
    told = [f.cell.column for f in of.findings if f.code.startswith("bills.issuedDate.")]
    assert told == (["Date"] if meant == "refused" else [])


@pytest.mark.parametrize(("numbers", "written", "meant"), table("numbers"))
def test_amount_table_matches_the_parser(
    numbers: str, written: str, meant: str, tmp_path: Path
) -> None:
    of = read(tmp_path, {"numbers": numbers}, [{"Net": written}])
    [value] = of.lines["netAmount"].values
    assert value == (None if meant == "refused" else int(meant))
    told = [f.cell.column for f in of.findings if f.code.startswith("line_items.netAmount.")]
    assert told == (["Net"] if meant == "refused" else [])


def test_page_lists_every_boolean_word() -> None:
    said = PAGE.partition("### Yes and no")[2].partition("## House")[0]
    words = {word.casefold() for word in re.findall(r"`([^`]+)`", said)}
    assert words == TRUE_WORDS | FALSE_WORDS


# --- every way of writing, in every locale of the tables ---------------------------------------

SPACES = [" ", "\u00a0", "\u2009", "\u202f"]
LOCALES = [  # decimal mark, group marks
    (".", ["", ","]), (",", ["", "."]), (",", ["", *SPACES]), (".", ["", "'", "’"]),
    (".", ["", *SPACES]),
]  # fmt: skip
PUT = [
    "{}", "£{}", "€ {}", "{} €", "EUR {}", "{} EUR", "$\u00a0{}", "{} kr", "CHF {}", "₹{}", " {} ",
]  # fmt: skip
MINUS = ["-{}", "({})", "{}-", "\u2212{}", "- {}"]


def digits(whole: int, group: str, *, lakhs: bool) -> str:
    text = f"{whole}"
    head, tail = text[:-3], text[-3:]
    size = 2 if lakhs else 3
    parts = [head[max(i - size, 0) : i] for i in range(len(head), 0, -size)]
    return group.join([*reversed(parts), tail]) if group else text


@st.composite
def columns(draw: st.DrawFn) -> tuple[list[int], list[str]]:
    """Cents, and a column of them as one program writes it."""
    mark, groups = draw(st.sampled_from(LOCALES))
    group, put, minus = (draw(st.sampled_from(some)) for some in (groups, PUT, MINUS))
    lakhs = group == "," and draw(st.booleans())
    places = draw(st.sampled_from([0, 1, 2, 3]))
    cents, texts = draw(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6)), []
    cents = [c // 10 ** (2 - min(places, 2)) * 10 ** (2 - min(places, 2)) for c in cents]
    for c in cents:
        whole, part = divmod(abs(c), 100)
        text = digits(whole, group, lakhs=lakhs)
        if places:
            text += mark + f"{part:02d}0"[:places]
        elif draw(st.integers(0, 3)) == 0:
            text += mark + "-" if c >= 0 else ""
        inside = draw(st.booleans())
        text = put.format(minus.format(text) if inside and c < 0 else text)
        texts.append(minus.format(text.strip()) if not inside and c < 0 else text)
    return cents, texts


@given(columns())
def test_number_format_is_inferred_correctly_or_not_at_all(
    column: tuple[list[int], list[str]],
) -> None:
    cents, texts = column
    decided, _, _ = numbers_of([tidy(text) for text in texts])
    if decided is not None:
        assert [to_cents(read_decimal(text, decided)) for text in texts] == cents


@settings(max_examples=8)
@given(columns())
def test_amounts_are_exact_or_reported(
    tmp_path_factory: pytest.TempPathFactory, column: tuple[list[int], list[str]]
) -> None:
    cents, texts = column
    of = read(tmp_path_factory.mktemp("c"), {}, [{"Net": text} for text in texts])
    values = of.lines["netAmount"].values
    assert all(v in (None, c) for v, c in zip(values, cents, strict=True))
    told = {i for f in of.findings for i in f.lines if f.code.startswith("line_items.netAmount.")}
    assert {i for i, v in enumerate(values) if v is None} <= told


DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
WAYS = ["%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%Y", "%d-%b-%y",
        "%d-%b-%Y", "%d %B %Y", "%b %d, %Y"]  # fmt: skip


@given(st.lists(DAYS, min_size=1, max_size=6), st.sampled_from(WAYS))
def test_date_order_is_inferred_correctly_or_not_at_all(days: list[date], way: str) -> None:
    texts = [day.strftime(way) for day in days]
    order = order_of(texts)
    provable = any(day.day > 12 for day in days) or all(day.day == day.month for day in days)
    if provable or not re.match(r"%[dm].%[dm]", way):
        assert [reader([], order.order)(text) for text in texts] == days
    else:
        assert order.order is None


@settings(max_examples=8)
@given(st.lists(DAYS, min_size=1, max_size=6), st.sampled_from(WAYS))
def test_dates_are_exact_or_reported(
    tmp_path_factory: pytest.TempPathFactory, days: list[date], way: str
) -> None:
    cells = [{"Date": day.strftime(way)} for day in days]
    of = read(tmp_path_factory.mktemp("d"), {}, cells)
    values = of.bills["issuedDate"].values
    assert all(v in (None, day) for v, day in zip(values, days, strict=True))
    codes = {"bills.issuedDate.in_future"}  # of a date that was read
    told = {
        i
        for f in of.findings
        for i in f.bills
        if f.code.startswith("bills.issuedDate.") and f.code not in codes
    }
    assert {i for i, v in enumerate(values) if v is None} == told
