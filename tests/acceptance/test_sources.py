"""What a command may name as its source: files, folders, patterns, standard input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended, bill_row, ended, start, write_bills

from importer.app.sources import expand_sources
from importer.core.errors import UsageProblem

Command = Callable[..., Ended]


def test_folder_stands_for_its_spreadsheets_without_results(tmp_path: Path) -> None:
    for name in ("b.CSV", "a.xlsx", "a-result.xlsx", "a-result-20260131-093000-a1b2.csv"):
        (tmp_path / name).touch()
    for name in (".hidden.csv", "~$a.xlsx", "notes.docx"):
        (tmp_path / name).touch()
    (tmp_path / "sub.csv").mkdir()
    names = [str(tmp_path / "a.xlsx"), str(tmp_path / "b.CSV")]
    assert expand_sources([str(tmp_path)]) == tuple(names)
    assert expand_sources([str(tmp_path / "*"), "other.csv"]) == (*names, "other.csv")


def test_file_whose_name_has_the_marks_of_a_pattern_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "bills [1].csv"
    path.touch()
    assert expand_sources([str(path)]) == (str(path),)


def test_folder_or_pattern_without_a_spreadsheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="has no file to load"):
        expand_sources([str(tmp_path)])
    with pytest.raises(UsageProblem, match="No file matches"):
        expand_sources([str(tmp_path / "*.csv")])


def test_validate_checks_the_two_files_of_a_folder(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "month"
    folder.mkdir()
    write_bills(folder, [bill_row(0), bill_row(1)])
    assert command("validate", str(folder), "--json").json["bills"] == {"total": 2, "valid": 2}


def test_standard_input_is_checked_and_loaded_like_a_file(tmp_path: Path) -> None:
    bills, lines = write_bills(tmp_path, [bill_row(0), bill_row(1)])
    words = ("load", "--bills", "-", "--lines", lines, "--sandbox", "--yes", "--json")
    with Path(bills).open("rb") as stream:
        done = ended(start(*words, cwd=tmp_path, stdin=stream.fileno()))
    assert (done.code, done.json["bills"]) == (0, {"total": 2, "created": 2}), done.err
    assert Path(done.json["result"]).name == "stdin-result.xlsx"
    assert "-" in done.json["sources"]


def test_empty_standard_input_is_refused(tmp_path: Path) -> None:
    done = ended(start("validate", "-", cwd=tmp_path))
    assert done.code == 2
    assert "Standard input ('-') was empty" in done.err
