"""Files of which twice the rows must not cost more than twice the work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bill_sheets import csv_file, mapped, template
from conftest import Ended, calls

from importer.mapping.map_tables import map_tables
from importer.mapping.template_loader import load_template
from importer.readers import read_file

TEMPLATE = """\
template: own
layout: flat
source: {source}
formats: {{amounts: decimal}}
group_by: [Vendor, Number]
bills:
  vendor: {{column: Vendor}}
  invoiceNumber: {{column: Number}}
  issuedDate: {{column: Date}}
  currency: {{value: EUR}}
  amount: {{sum_of_lines: gross}}
  lineItemsIncludeTax: {{value: true}}
line_items:
  amount: {{column: Amount}}
  description: {{column: Text}}
"""
HEADERS = ["Vendor", "Number", "Date", "Amount", "Text", "Kind"]


def flat(folder: Path, rows: Sequence[Sequence[object]], source: str = "{}") -> list[str]:
    template(folder, TEMPLATE.format(source=source))
    csv_file(folder / "own.csv", [HEADERS, *rows])
    return ["own.csv", "--template", "mine.yaml"]


def assert_in_proportion(work: Callable[[int], int], rows: int) -> None:
    """Each row more is as much work as those before it; what is done once a file is left out."""
    work(rows // 5)  # what is done but once in a process
    few, more, most = map(work, (rows, 2 * rows, 4 * rows))
    assert most - more <= 2.2 * (more - few)


def test_rows_continue_after_an_ignored_row(command: Callable[..., Ended], tmp_path: Path) -> None:
    source = "{fill_down: [Vendor, Number], ignore_rows: [{column: Kind, equals: draft}]}"
    first, second = ["2025-01-05", "12.50", "one", "draft"], ["", "", "", "3.25", "two", ""]

    def work(rows: int) -> int:
        own = [second if i % 2 else [f"V{i % 9}", f"N{i}", *first] for i in range(rows)]
        arguments = *flat(tmp_path, own, source), "--result", "own-result.csv", "--quiet"
        (tmp_path / "own-result.csv").unlink(missing_ok=True)
        with calls() as count:
            command("validate", *arguments)
        assert (tmp_path / "own-result.csv").is_file()
        return count[0]

    assert_in_proportion(work, 50)


def test_nested_groups(tmp_path: Path) -> None:
    """Each begins inside the one before it; all totals stand at the end, and all are wrong."""

    def work(rows: int) -> int:
        own = []
        for k in range(rows):
            own += [[f"V{k}", "", "", "", "", ""], ["", f"N{k}", "2025-01-05", "12.50", "one", ""]]
        own += [[f"Total for V{k}", "", "", "1.00", "", ""] for k in reversed(range(rows))]
        flat(tmp_path, own, "{groups: {column: Vendor, name: Of}}")
        with calls() as count:
            of = mapped([tmp_path / "own.csv"], load_template(tmp_path / "mine.yaml"))
        assert Counter(f.code for f in of.findings) == {"sheet.group.total_differs": rows}
        return count[0]

    assert_in_proportion(work, 60)


class Counted(list[int]):
    """Row numbers that count how often they are looked through."""

    looked = 0

    def __iter__(self) -> Iterator[int]:
        self.looked += 1
        return super().__iter__()


def test_cells_that_hold_rows(tmp_path: Path) -> None:
    looked = set()
    for rows in (20, 40):
        row = ["V", "N", "2025-01-05", "12.50", "one", ""]
        held = "one,\nV,N,2025-01-05,12.50,two"
        flat(tmp_path, [row, *([[*row[:4], held, ""]] * rows)])
        (source,) = read_file(tmp_path / "own.csv")
        numbers = Counted(source.rows)
        own = load_template(tmp_path / "mine.yaml").template
        of = map_tables([replace(source, rows=numbers)], own)
        assert Counter(f.code for f in of.findings) == {"sheet.row.swallowed": rows}
        looked.add(numbers.looked)
    assert len(looked) == 1  # however many there are
