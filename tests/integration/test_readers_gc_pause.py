"""Python's search for cycles is as it was, however the reading of a workbook ends."""

from __future__ import annotations

import gc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from bill_sheets import book

from importer.core.errors import UnreadableFile
from importer.readers import read_file
from importer.readers.gc_pause import gc_paused


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    assert gc.isenabled()
    yield
    gc.enable()


def damaged(path: Path) -> Path:
    """A workbook whose only sheet is cut off in the middle of its rows."""
    whole = book(path.with_name("whole.xlsx"), {"Bills": [["a", "b"]] * 50})
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[: len(data) // 2] if "sheet1" in name else data)
    return path


@pytest.mark.parametrize("was_on", [True, False])
def test_collecting_is_as_it_was_after_a_workbook(tmp_path: Path, was_on: bool) -> None:
    if not was_on:
        gc.disable()
    read_file(book(tmp_path / "b.xlsx", {"Bills": [["a"], ["b"]]}))
    assert gc.isenabled() == was_on
    with pytest.raises(UnreadableFile):
        read_file(damaged(tmp_path / "damaged.xlsx"))
    assert gc.isenabled() == was_on


def test_collecting_is_off_until_the_outermost_ends() -> None:
    with gc_paused():
        with gc_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        with pytest.raises(ValueError), gc_paused():
            raise ValueError
        assert not gc.isenabled()
    assert gc.isenabled()
