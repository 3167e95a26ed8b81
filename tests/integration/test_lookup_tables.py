"""Crosswalks: read from where they may be, and added to so that nothing is lost."""

from __future__ import annotations

import csv
import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from bill_sheets import TAX, VENDOR, book, csv_file, template
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.errors import TemplateProblem, UsageProblem
from importer.core.name_key import name_key
from importer.mapping.template_loader import LoadedTemplate, find_template
from importer.references.lookup_tables import (
    Pick,
    check_crosswalks,
    load_table,
    read_tables,
    save_picks,
)

OTHER = "33333333-3333-3333-3333-333333333333"


def pick(value: str, light_id: str = VENDOR, field: str = "vendor") -> Pick:
    return Pick(field, value, light_id, "Acme Ltd (V-1)", "r.xlsx, sheet To resolve, row 2")


# --- saving -----------------------------------------------------------------------------------


def test_picks_create_files_that_excel_reads(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "lookups"
    picks = [pick("Smørrebrød"), pick("Acme, Inc"), pick("UK20", TAX, "taxCode")]
    saved = save_picks(folder, picks)
    assert saved == {folder / "vendor.csv": 2, folder / "taxCode.csv": 1}
    raw = (folder / "vendor.csv").read_bytes()
    rows = [f'"Acme, Inc",{VENDOR},Acme Ltd (V-1)', f"Smørrebrød,{VENDOR},Acme Ltd (V-1)"]
    assert raw.decode() == "\n".join(["\ufeffvalue,id,name", *rows, ""])
    assert sorted(p.name for p in folder.iterdir()) == ["taxCode.csv", "vendor.csv"]


def test_no_picks_create_no_folder(tmp_path: Path) -> None:
    assert save_picks(tmp_path / "lookups", []) == {}
    assert not (tmp_path / "lookups").exists()


@pytest.mark.parametrize(
    ("before", "added"),
    [
        (b"value,id\nold,{v}", b"\nnew,{v}\n"),
        (b"value,id\r\nold,{v}\r\n", b"new,{v}\r\n"),
        (b"id;note;value\n{v};mine;old\n", b"{v};;new\n"),
        ("\ufeffvalue\tid\nöld\t{v}\n".encode(), b"new\t{v}\n"),
        ("value,id\nöld,{v}\n".encode("cp1252"), b"new,{v}\n"),
    ],
)
def test_existing_rows_stay_unchanged(tmp_path: Path, before: bytes, added: bytes) -> None:
    path = tmp_path / "vendor.csv"
    before, added = (b.replace(b"{v}", VENDOR.encode()) for b in (before, added))
    path.write_bytes(before)
    path.chmod(0o640)
    assert save_picks(tmp_path, [pick("new")]) == {path: 1}
    assert path.read_bytes() == before + added
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert save_picks(tmp_path, [pick(" NEW "), pick("new")]) == {}  # it is there already
    assert path.read_bytes() == before + added


def test_contradicting_pick_is_refused_and_not_written(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "vendor.csv", [["value", "id"], ["x", VENDOR], ["Old Ltd", OTHER]])
    before = path.read_bytes()
    with pytest.raises(UsageProblem) as raised:
        save_picks(tmp_path, [pick("new"), pick("OLD ltd")])
    assert str(raised.value) == (
        f"{path}, row 3: the vendor 'OLD ltd' is {OTHER} there, and {VENDOR} was picked (r.xlsx,"
        " sheet To resolve, row 2). Correct the one that is wrong."
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ("value,id\n".encode("utf-16"), "is not a CSV that can be added to"),
        ("value,id\nö,{v}\n".encode("cp1252"), "cannot hold every name"),
        (b"name,id\nx,{v}\n", "a lookup table needs the columns 'value' and 'id' .*: name, id"),
        (b"password,hunter2\n", "in its first row; it has neither[.]$"),
        (b"value,id,ID\nx,{v},\n", "needs only one each of the columns"),
    ],
)
def test_file_that_cannot_be_extended_is_left_unchanged(
    tmp_path: Path, before: bytes, says: str
) -> None:
    path = tmp_path / "vendor.csv"
    path.write_bytes(before.replace(b"{v}", VENDOR.encode()))
    kept = path.read_bytes()
    with pytest.raises(UsageProblem, match=says):
        save_picks(tmp_path, [pick("Łódź")])
    assert path.read_bytes() == kept


def test_pick_that_would_be_misread_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "vendor.csv"
    path.write_bytes(kept := b"id\tvalue\n3f2b8c1e-\x9c000-4000-8000")  # of which encoding?
    with pytest.raises(UsageProblem, match="its encoding is unclear"):
        save_picks(tmp_path, [pick("=New one"), pick("Neu ü;,")])
    assert [file.name for file in tmp_path.iterdir()] == ["vendor.csv"]
    assert path.read_bytes() == kept


def test_concurrent_loads_lose_no_picks(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from importer.references.lookup_tables import *\n"
        "for i in range(25):\n"
        "    name = f'{sys.argv[2]} {i}'\n"
        f"    save_picks(Path(sys.argv[1]), [Pick('vendor', name, '{VENDOR}', 'x', 'x')])\n"
    )
    loads = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name])
        for name in ("one", "two")
    ]
    assert [load.wait(60) for load in loads] == [0, 0]
    assert len(load_table(tmp_path / "vendor.csv")) == 50


def test_unwritable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageProblem, match="The picks cannot be saved in"):
        save_picks(tmp_path / "file", [pick("x")])


NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"),
    min_size=1,
    max_size=20,
).filter(lambda name: name_key(name) and name.strip() == name)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(NAMES, min_size=1, max_size=4), min_size=1, max_size=3))
def test_any_saved_name_is_found_again(months: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, every = Path(name), []
        for values in months:
            save_picks(folder, [pick(value) for value in values])
            every += values
        table = load_table(folder / "vendor.csv")
        assert set(table) == {name_key(value) for value in every}
        with (folder / "vendor.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) == 1 + len(table)  # no name twice


# --- finding ----------------------------------------------------------------------------------


def light() -> LoadedTemplate:
    return find_template("light")


def test_crosswalks_are_read_from_csv_and_xlsx(tmp_path: Path) -> None:
    mine, month = tmp_path / "mine", tmp_path / "month"
    for folder in (mine, month):
        folder.mkdir()
    csv_file(mine / "vendor.csv", [["value", "id"], ["a", VENDOR]])
    book(mine / "account.xlsx", {"Codes": [["id", "value"], [OTHER, "4000"]]})
    csv_file(month / "v.csv", [["value", "id"], ["b", OTHER]])
    (tmp_path / "mine.yaml").touch()
    loaded = template(
        tmp_path,
        "template: t\nlayout: two_sheets\nbills: {vendor: {column: v}}\nline_items: {}\n"
        "lookups: {vendor: {table: v.csv}}\n",
    )
    tables = read_tables(loaded, [month], [mine], [pick("c", TAX)])
    found = {name: {e.value: e.id for e in t.entries.values()} for name, t in tables.items()}
    assert found == {"vendor": {"c": TAX, "a": VENDOR, "b": OTHER}, "account": {"4000": OTHER}}
    assert tables["vendor"].files == [str(mine / "vendor.csv"), "v.csv"]


def test_contradicting_tables_are_refused_with_both_places(tmp_path: Path) -> None:
    for name, light_id in (("a", VENDOR), ("b", OTHER)):
        (tmp_path / name).mkdir()
        csv_file(tmp_path / name / "vendor.csv", [["value", "id"], ["Acme", light_id]])
    with pytest.raises(TemplateProblem) as raised:
        read_tables(light(), [], [tmp_path / "a", tmp_path / "b"])
    assert str(raised.value) == (
        f"{tmp_path / 'b' / 'vendor.csv'}, row 2: the vendor 'Acme' is {OTHER} here and {VENDOR} in"
        f" {tmp_path / 'a' / 'vendor.csv'}, row 2. Correct the one that is wrong."
    )


def test_all_wrong_rows_of_a_table_are_reported_at_once(tmp_path: Path) -> None:
    rows = [["value", "id"], ["a", "V-1"], ["b", ""], ["c", VENDOR], ["C", OTHER]]
    with pytest.raises(TemplateProblem) as raised:
        load_table(csv_file(tmp_path / "t.csv", rows))
    assert [line.split(": ")[0][-5:] for line in str(raised.value).splitlines()] == [
        "row 2",
        "row 3",
        "row 5",
    ]
    assert "Copy the id from Light" in str(raised.value)


def test_folder_without_tables_is_reported_with_its_contents(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="There is no folder"):
        check_crosswalks(tmp_path / "nowhere")
    (tmp_path / "vendors.csv").touch()
    with pytest.raises(UsageProblem, match=r"none of the lookup tables vendor.csv.* vendors.csv"):
        check_crosswalks(tmp_path)


def test_name_like_a_formula_is_escaped_and_found_again(
    tmp_path: Path,
) -> None:
    names = ["=cmd|' /C calc'!A0", "+1", "-x", "@SUM(A1)", "'=quoted", "plain"]
    picks = [pick(name) for name in names]
    save_picks(tmp_path, picks)
    text = (tmp_path / "vendor.csv").read_text(encoding="utf-8-sig")
    assert not re.search(r"^[\"]?[=+\-@]", text, re.MULTILINE)
    assert {entry.value for entry in load_table(tmp_path / "vendor.csv").values()} == set(names)
    assert save_picks(tmp_path, picks) == {}  # all are known


# --- where a table may be ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "table", ["/etc/passwd", "//host/share/v.csv", "\\\\/host/v.csv", "C:v.csv", "../v.csv"]
)
def test_table_elsewhere_is_refused_by_its_text(tmp_path: Path, table: str) -> None:
    (tmp_path / "v.csv").write_text(f"value,id\nb,{OTHER}\n")
    with pytest.raises(TemplateProblem, match="a table is beside the template or the sheet"):
        template(tmp_path, TABLED.replace("v.csv", f'"{table}"'))


def test_table_behind_a_link_is_refused_without_its_contents(tmp_path: Path) -> None:
    month = tmp_path / "month"
    month.mkdir()
    (tmp_path / "secret").write_text("hunter2,value,id\n")
    (month / "v.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(TemplateProblem, match="is a link to another folder") as raised:
        read_tables(template(tmp_path, TABLED), [month])
    assert "hunter2" not in str(raised.value)


def test_file_that_is_no_table_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("swordfish,x,0,0\nhunter2,y,1,1\n")
    with pytest.raises(TemplateProblem, match="it has neither") as raised:
        read_tables(template(tmp_path, TABLED), [tmp_path])
    assert "swordfish" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_table_in_a_folder_below_is_read(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "v.csv").write_text(f"value,id\nb,{OTHER}\n")
    tables = read_tables(template(tmp_path, TABLED.replace("v.csv", "tables/v.csv")), [tmp_path])
    assert [entry.id for entry in tables["vendor"].entries.values()] == [OTHER]


TABLED = (
    "template: t\nlayout: two_sheets\nbills: {vendor: {column: v}}\nline_items: {}\n"
    "lookups: {vendor: {table: v.csv}}\n"
)
