"""``--encoding``: of a CSV that does not tell it itself; its result and report need no option."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import openpyxl

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


def run(folder: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "importer", *words],
        cwd=folder,
        env=os.environ | {"LIGHT_IMPORT_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout if "--json" in words else done.stdout + done.stderr


def test_stated_encoding_is_kept_where_the_file_is_named_again(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(TEMPLATE)
    (tmp_path / "l.csv").write_bytes("Number,Net,Text\nA1,10.00,Müller\n".encode("mac_roman"))
    check = ("validate", "l.csv", "--template", "mine.yaml")

    code, output = run(tmp_path, *check, "--json")
    assert code == 2
    assert "--encoding mac_roman" in json.loads(output)["error"]["message"]

    code, output = run(tmp_path, *check, "--encoding", "mac_roman")
    assert code == 0, output
    assert "--encoding mac_roman" in output  # of the command to run next
    sheet = openpyxl.load_workbook(tmp_path / "l-result.xlsx")["Line items"]
    assert "Müller" in [cell.value for cell in sheet[2]]

    code, output = run(tmp_path, "validate", "l-result.xlsx", "--json")
    assert (code, json.loads(output)["findings"]) == (0, [])

    code, output = run(tmp_path, *check, "--encoding", "klingon")
    assert code == 2
    assert "There is no encoding 'klingon'" in " ".join(output.split())
