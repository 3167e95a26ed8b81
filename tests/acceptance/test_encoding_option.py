"""``--encoding``: of a CSV that does not tell it itself; its result and report need no option."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
from conftest import Ended

TEMPLATE = """
template: mine
layout: flat
formats: {amounts: decimal, numbers: point}
group_by: [Number]
bills:
  vendor: {value: Birchwood Office Supplies Ltd}
  invoiceNumber: {column: Number}
  issuedDate: {value: 2025-01-31}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Net}
  description: {column: Text}
"""


def test_stated_encoding_is_kept_where_the_file_is_named_again(
    command: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(TEMPLATE)
    (tmp_path / "l.csv").write_bytes("Number,Net,Text\nA1,10.00,Müller\n".encode("mac_roman"))
    check = ("validate", "l.csv", "--template", "mine.yaml")

    done = command(*check, "--json")
    assert done.code == 2
    assert "--encoding mac_roman" in done.json["error"]["message"]

    done = command(*check, "--encoding", "mac_roman")
    assert done.code == 0, done.err
    assert "--encoding mac_roman" in done.out + done.err  # of the command to run next
    sheet = openpyxl.load_workbook(tmp_path / "l-result.xlsx")["Line items"]
    assert "Müller" in [cell.value for cell in sheet[2]]

    done = command("validate", "l-result.xlsx", "--json")
    assert (done.code, done.json["findings"]) == (0, [])

    done = command(*check, "--encoding", "klingon")
    assert done.code == 2
    assert "There is no encoding 'klingon'" in " ".join(done.err.split())
