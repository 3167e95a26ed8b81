"""Nothing that is written can run, and nothing is said by colour alone: in every kind of output."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
from conftest import Ended, bill_row, write_bills

from importer.core.name_key import name_key
from importer.model.fields import LOOKUP_FIELDS
from importer.model.light_objects import PropertyGroup
from importer.references.lookup_tables import Pick, load_table, save_picks
from importer.sandbox import Sandbox
from importer.scaffold.fill_in_workbook import Choice, Choices, write_fill_in

Load = Callable[..., Ended]
NASTY = [
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", "＋1", "－1+1",
    "＠A1",
    "=cmd|'/C calc'!A0", '=HYPERLINK("http://x","y")', "'=1", "http://x.example", "file:///etc/x",
    "mailto:a@b.example", "javascript:x()", "{=1}", "\x1b[2J", "<r>=1</r>", "<script>x</script>",
]  # fmt: skip
VENDOR = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def made(load: Load, command: Load, sandbox: Sandbox, tmp_path: Path) -> Path:
    """A load of what is nasty in every cell, told in every kind of file, and on the screen."""
    rows = [bill_row(900)]
    for i, text in enumerate(NASTY):
        named = {"vendorId": "", "vendor": text, "invoiceNumber": f"{text} {i}"}
        rows.append(bill_row(i, **named, description=text, currency=text if i % 2 else "GBP"))
    rows[0]["vendor"] = ""
    rows = [{**row, "=2+5": "=2", "@x": row["description"]} for row in rows]
    done = load(sandbox.base_url, *write_bills(tmp_path, rows), "--only-valid")
    assert done.json["bills"]["created"] == 1, done.err
    run = done.json["run"]
    Path(done.json["result"]).rename("r.xlsx")
    for kind in ("csv", "html", "json"):
        assert command("report", run, "--result", f"r.{kind}", "--quiet").code == 0
    save_picks(tmp_path / "lookups", [Pick("vendor", t, VENDOR, t, t) for t in NASTY])
    group = PropertyGroup("g", "=1+1\x1b", "@x", "SINGLE_SELECT", "LINE", True, (("x", "=1", "y"),))
    of = [Choice(text, text) for text in NASTY]
    choices = Choices("=1+1", dict.fromkeys(LOOKUP_FIELDS, of), (group,))
    write_fill_in(tmp_path / "fill-in.xlsx", choices)
    return tmp_path


def test_outputs_run_no_formula_and_do_not_rely_on_colour(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    results = made(load, command, sandbox, tmp_path)
    no_formulas_and_no_links_out(results)
    words_beside_every_colour(results)


def no_formulas_and_no_links_out(results: Path) -> None:
    for name in ("r.xlsx", "fill-in.xlsx"):
        book = openpyxl.load_workbook(results / name)
        formulas = {
            (sheet.title, cell.value)
            for sheet in book
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f"
        }
        allowed = {"Tie-out", "Tie-out by vendor"}
        if name == "fill-in.xlsx":
            allowed = {"Bills", "Line items"}
        assert {sheet for sheet, _ in formulas} <= allowed
        for _, formula in formulas:
            assert not re.search(r"HYPERLINK|cmd|WEBSERVICE|\||\[", formula), formula
        with zipfile.ZipFile(results / name) as parts:
            for part in parts.namelist():
                assert not re.search("externalLink|macro|vba|embed|connections", part, re.I)
                for target in re.findall(
                    r'Target="([^"]*)"[^>]*TargetMode="External"', parts.read(part).decode()
                ):
                    assert target.startswith("https://")
            if name == "r.xlsx":
                texts = "".join(parts.read(part).decode() for part in parts.namelist())
                assert texts.count("HYPERLINK(") >= 3  # as texts
                assert "To resolve" in book.sheetnames
    for path in (results / "r.csv", results / "lookups" / "vendor.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 15
        for text in (text for row in rows for text in row):
            number = re.fullmatch(r"[+-]?[0-9.,]+", text)
            assert number or not re.match(r"\s*[=+\-@＝＋－＠]|[\t\r\n]", text), (path, text)
    found = load_table(results / "lookups" / "vendor.csv").values()
    assert {name_key(entry.value) for entry in found} == set(map(name_key, NASTY))
    page = (results / "r.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|img|iframe|link|form|object|embed|svg[^>]*on)\b", page)
    assert set(re.findall(r"<a\b[^>]*>", page)) <= set(re.findall(r'<a href="#[a-z0-9-]+">', page))
    assert "\x1b" not in page
    assert json.loads((results / "r.json").read_text(encoding="utf-8"))["bills"]["created"] == 1


class Coloured(HTMLParser):
    """The text of each element that has a class of a colour, by class."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.found: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "class" in dict(attrs):
            self.open.append((tag, dict(attrs)["class"] or ""))
            self.found.append((self.open[-1][1], ""))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open:
            self.found[-1] = (self.found[-1][0], self.found[-1][1] + data)


def words_beside_every_colour(results: Path) -> None:
    book = openpyxl.load_workbook(results / "r.xlsx")
    coloured = 0
    for sheet in book:
        headers = [cell.value for cell in sheet[1]]
        at = headers.index("import_message") if "import_message" in headers else None
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                fill = cell.fill
                if fill.fill_type is None or fill.fgColor.rgb in ("FFFFFFFF", "00000000"):
                    continue
                coloured += 1
                if at is not None and cell.column < headers.index("import_status") + 1:
                    assert cell.comment or row[at].value, (sheet.title, cell.coordinate)
                    assert row[headers.index("import_status")].value
                else:
                    words = str(cell.value or "") + "".join(str(c.value or "") for c in row)
                    assert words.strip(), (sheet.title, cell.coordinate)
    assert coloured > len(NASTY)
    page = Coloured((results / "r.html").read_text(encoding="utf-8"))
    plain = {"n", "quiet", "note", "total", "cards"}
    of_colour = [(name, text) for name, text in page.found if not set(name.split()) <= plain]
    assert len(of_colour) > len(NASTY)
    assert all(text.strip() for _, text in of_colour), [c for c in of_colour if not c[1].strip()]
