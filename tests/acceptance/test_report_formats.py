"""The result as CSV, JSON and HTML: every row, nothing run by who opens it."""

from __future__ import annotations

import csv
import json
import re
import shlex
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import hypothesis.strategies as st
import pytest
from conftest import Ended, bill_row, write_bills
from hypothesis import given

from importer.report.csv_cells import escape_formula
from importer.sandbox import Sandbox

Load = Callable[..., Ended]
Command = Callable[..., Ended]
NASTY = '=HYPERLINK("http://x","<script>alert(\'1\')</script>")&amp;'


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def run(load: Load, sandbox: Sandbox, tmp_path: Path) -> str:
    """Two bills loaded and one that is not."""
    rows = [bill_row(i, description=NASTY) for i in range(2)] + [bill_row(3, currency="GPB")]
    done = load(sandbox.base_url, *write_bills(tmp_path, rows), "--only-valid")
    name: str = done.json["run"]
    return name


def test_row_status_links_to_its_first_problem(command: Command, tmp_path: Path) -> None:
    import openpyxl

    rows = [bill_row(0, currency="GPB"), bill_row(1), bill_row(2, dueDate="x", currency="EUX")]
    command("validate", *write_bills(tmp_path, rows), "--result", "out.xlsx")
    bills = openpyxl.load_workbook("out.xlsx")["Bills"]
    at = [cell.value for cell in bills[1]].index("import_status")
    links = [bills.cell(row, at + 1).hyperlink for row in (2, 3, 4)]
    assert [link and link.location for link in links] == ["'Problems'!G2", None, "'Problems'!G3"]


def test_report_as_csv_json_and_html(command: Command, run: str) -> None:
    told = command("report", run, "--format", "csv", "--result", "out")
    assert told.code == 0
    assert "Result: " in told.out
    text = Path("out.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["import_status"] for row in rows] == ["created", "created", "invalid"] * 2
    assert [row["gross_money"] for row in rows[:3]] == ["10.00", "10.01", "10.03"]
    assert rows[0]["description"] == "'" + NASTY
    assert rows[0]["description"].removeprefix("'") == NASTY
    assert [Path(row["source_file"]).name for row in rows[2:4]] == ["bills.csv", "lines.csv"]
    assert [row["source_row"] for row in rows] == ["2", "3", "4"] * 2
    refused = command("validate", "out.csv")
    assert refused.code == 2
    assert "is a CSV result, which is only for reading" in refused.err

    command("report", run, "--result", "out.json", "--quiet")
    told_json = json.loads(Path("out.json").read_text())
    assert told_json["bills"] == {"total": 3, "created": 2, "invalid": 1}
    assert [row["gross"] for row in told_json["rows"]][:3] == [1000, 1001, 1003]
    assert ["description", NASTY] in told_json["rows"][0]["cells"]
    (gbp,) = (each for each in told_json["tie_out"] if each["currency"] == "GBP")
    assert (gbp["sheet"]["net"], gbp["created"]["bills"], gbp["difference"]) == (2001, 2, 0)

    command("report", run, "--format", "html", "--result", "out.html", "--quiet")
    page = Page(Path("out.html").read_text())
    # On a narrow screen each row is a card, in which figures have no header above them.
    figures = [attrs for tag, attrs in page.tags if tag == "td" and attrs.get("class") == "n"]
    assert figures
    assert all(attrs.get("data-label") for attrs in figures)
    tables = [attrs.get("class") for tag, attrs in page.tags if tag == "table"]
    assert set(tables) == {"cards"}
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "link", "iframe", "object", "form", "base"}
    policy = next(a for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith("default-src 'none'; style-src 'sha256-")
    assert not any(name in ("style", "src") for _, attrs in page.tags for name in attrs)
    # Each problem leads to the row of its bill, and nothing leads out of the page.
    targets = [str(attrs["href"]) for _, attrs in page.tags if "href" in attrs]
    ids = {f"#{attrs['id']}" for _, attrs in page.tags if "id" in attrs}
    assert targets
    assert set(targets) <= ids
    assert page.text.index("Problem and fix") < page.text.index("By vendor")
    assert page.text.index("Sign-off") < page.text.index("Problem and fix")
    assert "Checked by" in page.text
    for words in ("Created in Light", "Needs correction", "Ties out.", "'GPB' is no currency"):
        assert words in page.text or words == "'GPB' is no currency"
    wrong = command("report", run, "--format", "csv", "--result", "out.xlsx")
    assert wrong.code == 2
    assert "does not end in .csv" in wrong.err


def test_html_is_escaped(command: Command, tmp_path: Path) -> None:
    rows = [bill_row(1, vendorId=NASTY, invoiceNumber=NASTY + "</style></table>\x1b")]
    done = command("validate", *write_bills(tmp_path, rows), "--result", "r.html", "--quiet")
    assert done.code == 1
    page = Page(Path("r.html").read_text())
    assert NASTY in page.text
    assert re.search(r", \d{4}-\d\d-\d\d \d\d:\d\d UTC", page.text)
    assert "as Light answered" not in page.text  # nothing was sent
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count("</style>") >= 1
    assert "\x1b" not in page.text


@given(st.text(max_size=20) | st.sampled_from([NASTY, "-1", "+1.50", "-1+2", "\t=1", "'x", "＝1"]))
def test_formula_escaping_is_reversible(text: str) -> None:
    safe = escape_formula(text)
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert safe.removeprefix("'") == text
    assert safe.lstrip()[:1] not in {"=", "@"}
    if safe[:1] in {"+", "-"}:
        assert set(safe[1:]) <= set("0123456789.,")


def test_results_page_works_as_written(command: Command) -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs" / "results.md").read_text(encoding="utf-8")
    Path("samples").symlink_to(root / "samples")
    commands = re.findall(r"^\$ light-import (.+)$", page, re.MULTILINE)
    assert len(commands) == 4
    for told in commands:
        assert command(*shlex.split(told)).code == 0
    assert Path("check.html").exists()
