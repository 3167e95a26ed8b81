"""Paths that somebody else wrote are judged by their text."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.core.relative_path import leads_outside, stays_inside


@pytest.mark.parametrize(
    "text",
    [
        "one.pdf", "scans/one.pdf", "scans\\one.pdf", "./one.pdf", "scans/../one.pdf",
        "a/b/../../one.pdf", "Invoice 12.05.pdf", "a..b/c...pdf", ".hidden", "…/one.pdf",
        "console.pdf", "Rechnung Ä.pdf", "com.pdf", " one.pdf ", "nullable", "a//b.pdf",
    ],
)  # fmt: skip
@pytest.mark.parametrize("windows", [True, False])
def test_paths_in_the_folder_stay_inside(text: str, windows: bool) -> None:
    assert not leads_outside(text, windows=windows)


@pytest.mark.parametrize(
    "text",
    [
        "//host/share/x", "\\\\host\\share\\x", "\\/host/share", "/\\host/share", "/etc/passwd",
        "\\etc\\passwd", "\\\\?\\C:\\x", "\\\\.\\pipe\\x", "//?/UNC/host/x", "\\??\\C:\\x", "C:\\x",
        "c:/x", "C:x", "C:", " C:\\x", " //host/x", "..", "../x", "..\\x", "a/../../x",
        "a\\..\\..\\x", ".. /x", "... /x", ".../x", "a/.. ./../x", "x\0.pdf",
    ],
)  # fmt: skip
@pytest.mark.parametrize("windows", [True, False])
def test_paths_to_elsewhere_lead_outside_on_every_system(text: str, windows: bool) -> None:
    assert leads_outside(text, windows=windows)


@pytest.mark.parametrize(
    "text", ["NUL", "con.pdf", "a/aux", "COM1.txt", "lpt9", "one.pdf:stream", "a/CONIN$", "con .x"]
)
def test_devices_and_streams_lead_outside_on_windows_alone(text: str) -> None:
    assert leads_outside(text, windows=True)
    assert not leads_outside(text, windows=False)


@given(st.lists(st.sampled_from([*"abC:. ?\\//", ".."]), max_size=12).map("".join))
def test_what_stays_inside_does_so_by_windows_rules_too(text: str) -> None:
    if leads_outside(text, windows=True):
        return
    joined = PureWindowsPath("Z:\\home") / text
    assert joined.drive == "Z:"
    assert joined.parts[:2] == ("Z:\\", "home")
    assert not leads_outside(text, windows=False)


def test_link_to_elsewhere_leaves_the_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "link").symlink_to(tmp_path)
    assert stays_inside(home, home / "one.pdf")
    assert not stays_inside(home, home / "link" / "one.pdf")
