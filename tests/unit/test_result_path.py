from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from importer.core.errors import UsageProblem
from importer.report.result_path import result_path


def test_result_is_named_after_the_first_source(tmp_path: Path) -> None:
    sources = ["in/bills.march.csv", "lines.csv"]
    assert result_path(sources, None, tmp_path) == tmp_path / "bills.march-result.xlsx"


RUN = "20260131-093000-a1b2"


def test_taken_default_name_gets_the_run_appended_then_the_time(tmp_path: Path) -> None:
    (tmp_path / "bills-result.xlsx").touch()
    first = result_path(["bills.csv"], None, tmp_path, mark=RUN)
    assert first.name == f"bills-result-{RUN}.xlsx"
    first.touch()
    second = result_path(["bills.csv"], None, tmp_path, mark=RUN)
    assert re.fullmatch(r"bills-result-\d{8}-\d{6}\.xlsx", second.name)
    second.touch()
    assert result_path([second.name], None, tmp_path / "..", mark=RUN).name == "bills-result.xlsx"


def test_stated_result_that_exists_is_refused_unless_overwritten(tmp_path: Path) -> None:
    wanted = str(tmp_path / "out.xlsx")
    (tmp_path / "out.xlsx").touch()
    with pytest.raises(UsageProblem, match=r"already exists: name another .* or add --overwrite"):
        result_path(["bills.csv"], wanted, tmp_path)
    assert result_path(["bills.csv"], wanted, tmp_path, overwrite=True) == tmp_path / "out.xlsx"


def test_source_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "bills.xlsx"
    source.touch()
    (tmp_path / "link.xlsx").symlink_to(source)
    for name in ("bills.xlsx", "link.xlsx"):
        with pytest.raises(UsageProblem, match="is what is read"):
            result_path([str(source)], str(tmp_path / name), tmp_path, overwrite=True)


def test_dangling_link_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "bills-result.xlsx").symlink_to(tmp_path / "gone")
    assert result_path(["bills.csv"], None, tmp_path).name != "bills-result.xlsx"
    with pytest.raises(UsageProblem, match="already exists"):
        result_path(["bills.csv"], str(tmp_path / "bills-result.xlsx"), tmp_path)


@pytest.mark.parametrize("name", ["bills-result", "bills-result-2", f"bills-result-{RUN}"])
def test_result_of_a_result_is_named_after_the_first_source(tmp_path: Path, name: str) -> None:
    (tmp_path / "bills-result.xlsx").touch()
    again = result_path([str(tmp_path / f"{name}.xlsx")], None, tmp_path, mark="20260201-101010-c3")
    assert again.name == "bills-result-20260201-101010-c3.xlsx"


def test_folder_or_bare_name_is_accepted(tmp_path: Path) -> None:
    assert result_path(["a.csv"], str(tmp_path), Path("/")) == tmp_path / "a-result.xlsx"
    assert result_path(["a.csv"], str(tmp_path / "out"), Path("/")) == tmp_path / "out.xlsx"


def test_extension_decides_the_format(tmp_path: Path) -> None:
    for name in ("out.xlsx", "out.csv", "out.json", "out.HTML"):
        assert result_path(["a.csv"], str(tmp_path / name), tmp_path).name == name
    assert result_path(["a.csv"], None, tmp_path, "html").name == "a-result.html"
    assert result_path(["a.csv"], str(tmp_path / "out"), tmp_path, "json").name == "out.json"
    with pytest.raises(UsageProblem, match=r"must end in \.xlsx \(a workbook\), \.csv, \.json"):
        result_path(["a.csv"], str(tmp_path / "out.pdf"), tmp_path)
    with pytest.raises(UsageProblem, match=r"does not end in \.csv, which --format asks for"):
        result_path(["a.csv"], str(tmp_path / "out.xlsx"), tmp_path, "csv")
    with pytest.raises(UsageProblem, match="is empty"):
        result_path(["a.csv"], "", tmp_path)


def test_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="does not exist"):
        result_path(["a.csv"], str(tmp_path / "no" / "out.xlsx"), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UsageProblem, match="not a folder"):
        result_path(["a.csv"], None, tmp_path / "file")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable_folder_is_a_usage_problem(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageProblem, match="may not write"):
        result_path(["a.csv"], None, tmp_path)
