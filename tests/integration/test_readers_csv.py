"""CSV files of every make, written as bytes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.core.errors import UnreadableFile
from importer.model.tables import SourceTable
from importer.readers import read_file


def read(tmp_path: Path, data: bytes | str, **options: str) -> SourceTable:
    path = tmp_path / "bills.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    (table,) = read_file(path, **options)  # type: ignore[arg-type]
    return table


def cells(table: SourceTable) -> list[tuple[str, ...]]:
    return [table.row_cells(i) for i in range(len(table.rows))]


def test_cells_are_exactly_as_written(tmp_path: Path) -> None:
    table = read(
        tmp_path, 'id,amount,name,x\n0000178619," 1,234.00 ",NA, null\n1e5,TRUE,"","""q"""\n'
    )
    assert cells(table) == [
        ("id", "amount", "name", "x"),
        ("0000178619", " 1,234.00 ", "NA", " null"),
        ("1e5", "TRUE", "", '"q"'),
    ]
    assert table.kinds is None
    assert table.sheet is None
    assert table.file == str(tmp_path / "bills.csv")
    assert table.notes == ("CSV, UTF-8, comma-separated",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_have_the_number_that_excel_shows(tmp_path: Path, end: str) -> None:
    rows = ["", "a,b", "", " , ", '"two', 'lines",1', ",,", "c,d", ""]
    table = read(tmp_path, end.join(rows))
    assert list(table.rows) == [2, 5, 7]
    assert cells(table) == [("a", "b"), (f"two{end}lines", "1"), ("c", "d")]
    assert table.blank_rows == 4


def test_ragged_rows_are_padded_and_long_ones_widen_the_table(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b,c\n1\n1,2,3,4\n1,2,3\n")
    assert cells(table)[1:] == [("1", "", "", ""), ("1", "2", "3", "4"), ("1", "2", "3", "")]


def test_only_trailing_empty_columns_are_dropped(tmp_path: Path) -> None:
    assert cells(read(tmp_path, ",a,,b,,\n,1,,2,,\n")) == [("", "a", "", "b"), ("", "1", "", "2")]


def test_a_row_wider_than_any_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"Row 2 has 16,385 cells"):
        read(tmp_path, "a,b\n" + ",".join("x" * 16_385))


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str, name: str) -> None:
    table = read(tmp_path, "vendor;€\r\nMüller & Söhne;1,50\r\n".encode(encoding))
    assert cells(table) == [("vendor", "€"), ("Müller & Söhne", "1,50")]
    assert table.notes == (f"CSV, {name}, semicolon-separated",)


def test_utf_16_with_a_byte_order_mark_of_the_other_end(tmp_path: Path) -> None:
    table = read(tmp_path, b"\xfe\xff" + "a\tb\n1\t2\n".encode("utf-16-be"))
    assert cells(table) == [("a", "b"), ("1", "2")]


WORDS = {
    "French": "Société Générale,À propos,café,Noël,aujourd’hui,œuvre,« oui »,n° 5",
    "German": "Müller & Söhne,Größe,Ärzte,Straße,Öl,„Zitat“,§12",
    "Spanish": "García,Peñalver,¿qué?,Núñez,María",
    "Scandinavian": "Åkesson,Jørgensen,Malmö,Sæby,Östersund",
    "Italian": "perché,città,più,È vero",
    "Portuguese": "São João,Conceição,Água",
    "capitals": "MÜLLER GMBH,SOCIÉTÉ GÉNÉRALE",
    "English": "£12.50,Sainsbury’s,O’Brien,“quoted”,Café – Bar,Zoë",
}


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1252", "cp1252"), ("mac_roman", "Mac Roman"), ("cp850", "CP850")],
)
def test_single_byte_encodings_are_detected_by_words(
    tmp_path: Path, language: str, encoding: str, name: str
) -> None:
    words = "a,b\n" + WORDS[language] + "\n"
    table = read(tmp_path, words.encode(encoding, "ignore"))
    expected = words.encode(encoding, "ignore").decode(encoding)
    assert cells(table)[1] == tuple(expected.splitlines()[1].split(","))
    assert name in table.notes[0]
    # What is not plainly cp1252 is shown to the person.
    assert bool(table.encoding_doubt) == (encoding != "cp1252")
    assert table.encoding_doubt.startswith(f"{name}: '") or not table.encoding_doubt


@pytest.mark.parametrize(
    ("words", "encoding"),
    [("Привет,Минск", "cp1251"), ("Łódź,Kraków", "cp1250"), ("Ελλάδα", "cp1253"),
     ("Čeněk Žluť", "cp1250"), ("東京,大阪", "shift_jis")],
)  # fmt: skip
def test_ambiguous_encoding_is_refused_with_its_readings(
    tmp_path: Path, words: str, encoding: str
) -> None:
    with pytest.raises(UnreadableFile, match=r"Row 2: its encoding is unclear: '.*Mac Roman"):
        read(tmp_path, f'"a",b\n{words}\n'.encode(encoding))
    table = read(tmp_path, f"a,b\n{words}\n".encode(encoding), encoding=encoding)
    assert ",".join(cells(table)[1]).rstrip(",") == words
    assert not table.encoding_doubt


def test_a_few_odd_words_leave_a_doubt(tmp_path: Path) -> None:
    table = read(tmp_path, "a\nMüller\nCafé\nSöhne\nPro£Spend\n".encode("cp1252"))
    assert table.encoding_doubt == "cp1252: 'Pro£Spend'"
    with pytest.raises(UnreadableFile, match="Row 2: its encoding is unclear"):
        read(tmp_path, "a\n5ä\n".encode("cp1252"))


def test_letters_that_turkish_has_others_for_are_a_doubt(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b\nİstanbul,Müller\n".encode("cp1254"))
    assert (table.encoding_doubt, cells(table)[1]) == ("cp1252: 'Ýstanbul'", ("Ýstanbul", "Müller"))


def test_a_few_bad_bytes_do_not_garble_all_other_characters(tmp_path: Path) -> None:
    data = "vendor,amount\nMüller,1\nSöhne,2\n".encode() + b"Caf\xe9,3\n"
    table = read(tmp_path, data)
    assert [row[0] for row in cells(table)] == ["vendor", "Müller", "Söhne", "Caf\ufffd"]
    assert table.encoding_doubt.startswith("UTF-8, in which row 4 has a byte that is none")
    words = "Müller Größe Café Söhne Zürich Köln".split() * 400
    data = "\n".join(f"{word};{i}" for i, word in enumerate(words)).encode("cp1252")
    table = read(tmp_path, data + b"\nA\x81B;5\n")
    assert cells(table)[-1] == ("A\ufffdB", "5")
    assert table.encoding_doubt.startswith("cp1252, in which row 2401 has a byte")


@pytest.mark.parametrize("word", ["£ten", "k€", "N°12", "1ère", "cœur", "Ø20", "naïve", "Škoda"])
def test_one_word_of_windows_is_read_so(tmp_path: Path, word: str) -> None:
    table = read(tmp_path, f"a;b\r\n{word};1\r\n".encode("cp1252"))
    assert cells(table)[1] == (word, "1")


def test_question_names_the_word_and_the_option(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as error:
        read(tmp_path, "a;b\nMüller;1\n".encode("mac_roman"))
    assert "Row 2: its encoding is unclear: 'MŸller' (cp1252) or 'Müller' (Mac Roman)" in str(
        error.value
    )
    assert "--encoding cp1252 or --encoding mac_roman" in str(error.value)


def test_line_ends_of_old_macs_are_evidence(tmp_path: Path) -> None:
    table = read(tmp_path, "a;b\rMüller;1\r".encode("mac_roman"))
    assert cells(table)[1] == ("Müller", "1")


def test_an_encoding_that_does_not_fit_is_refused_with_the_row(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"Row 2: the bytes E9 are not utf-8 text"):
        read(tmp_path, b"a,b\nCaf\xe9,1\n", encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"Row 1: the file begins with the mark of UTF-8"):
        read(tmp_path, "a,b\n1,2\n".encode("utf-8-sig"), encoding="cp1252")
    with pytest.raises(UnreadableFile, match="no encoding 'klingon'"):
        read(tmp_path, "a,b\n", encoding="klingon")
    with pytest.raises(UnreadableFile, match="no encoding 'rot13'"):
        read(tmp_path, "a,b\n", encoding="rot13")


def test_an_encoding_that_is_given_is_used(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "é,b\n".encode("mac-roman"), encoding="mac-roman")) == [("é", "b")]
    assert cells(read(tmp_path, "é,b\n".encode("utf-8-sig"), encoding="utf8")) == [("é", "b")]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a,b,c\n1,2,3\n", ("a", "b", "c")),
        ("a;b\n1,50;2,50\n3,50;4,50\n", ("a", "b")),
        ("a\tb\n1,5\tx;y\n", ("a", "b")),
        ("a|b|c\n1,5|x;y|z\n", ("a", "b", "c")),
        ('"a;x","b"\n"1;2","3"\n', ("a;x", "b")),
        ("1,50;2,50;3,50\n1,50;2,50;3,50\n", ("1,50", "2,50", "3,50")),
        ("Bills, March\n\nnr;date;amount\n1;2;3,50\n4;5;6,70\n", ("Bills, March", "", "")),
        ("nr;name;amount\n1;Smith, John;3,50\n2;Doe, Jane;1,00\n", ("nr", "name", "amount")),
        ("nr;a;b;c;d\n1;2,50\n2;x;3,50\n4;;1;2;9,20\n", ("nr", "a", "b", "c", "d")),
        ("name,note\nx,a;b\ny,c;d\n", ("name", "note")),
        ('a;b\n"x\n1,2\n3,4\n5,6";2\n', ("a", "b")),
        ("one column\nx\n", ("one column",)),
    ],
)
def test_the_delimiter_is_found_out(tmp_path: Path, text: str, first: tuple[str, ...]) -> None:
    assert cells(read(tmp_path, text))[0] == first


@pytest.mark.parametrize("line", ["sep=;\r\n", "SEP=;\n", '"sep=;"\n'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_line_sep_is_obeyed_and_left_out_as_spreadsheets_do(
    tmp_path: Path, line: str, encoding: str
) -> None:
    table = read(tmp_path, f"{line}a,x;b\n1,2;3\n".encode(encoding))
    assert cells(table) == [("a,x", "b"), ("1,2", "3")]
    assert list(table.rows) == [1, 2]
    assert table.blank_rows == 0


def test_a_delimiter_that_is_given_is_used(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "a,b;c\n", delimiter=";")) == [("a,b", "c")]
    assert cells(read(tmp_path, "a,b\tc\n", delimiter="tab")) == [("a,b", "c")]
    assert cells(read(tmp_path, "a^b\n", delimiter="^")) == [("a", "b")]


def test_a_delimiter_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="Row 1: it is not semicolon-separated, it seems"):
        read(tmp_path, "a,b\n1,2\n", delimiter=";")
    with pytest.raises(UnreadableFile, match="'ab' cannot separate cells"):
        read(tmp_path, "a,b\n1,2\n", delimiter="ab")


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('a,b\n1,2\n"3,4\n5,6\n7,8\n', 3),
        ('a,b\n\n"x\ny",2\n"3 inch,4\n5,"6"\n', 4),
        ('a,b\n1,"x"y\n', 2),
        ('sep=,\na,b\n1,"x\n', 2),
    ],
)
def test_a_quotation_mark_left_open_swallows_no_rows(tmp_path: Path, text: str, row: int) -> None:
    with pytest.raises(UnreadableFile, match=rf"bills\.csv: Row {row}: a .*quotation mark"):
        read(tmp_path, text)


def test_quotation_mark_inside_an_unquoted_cell_stays(tmp_path: Path) -> None:
    assert cells(read(tmp_path, 'a,b\n3" pipe,5\n'))[1] == ('3" pipe', "5")


def test_a_nul_byte_is_refused_with_its_row(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"Row 3 has a NUL byte"):
        read(tmp_path, b"a,b\n1,2\n3,\x004\n" + b"5,6\n" * 2000)


def test_the_end_mark_of_old_systems_is_no_cell(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b"a,b\r\n1,2\r\n\x1a")) == [("a", "b"), ("1", "2")]


def test_a_cell_of_a_megabyte_is_read(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    assert cells(read(tmp_path, "a,b\n" + "x" * 1_000_000 + ",2\n"))[1][0] == "x" * 1_000_000
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("text", ["", "\n\n", " \r\n\t\n", ",,\n,,\n", "\ufeff", "\ufeff\n"])
def test_a_file_without_rows_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFile, match=r"bills\.csv: It (is empty|has no rows)"):
        read(tmp_path, text)


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]
LETTERS = "ab1 0.\"'-_=+@äé€ß\t,;|\n\r"


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.data(),
    encoding=st.sampled_from(ENCODINGS),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    width=st.integers(2, 5),
)
def test_any_table_written_as_csv_reads_back_cell_for_cell(
    tmp_path: Path,
    data: st.DataObject,
    encoding: str,
    delimiter: str,
    end: str,
    quoting: int,
    width: int,
) -> None:
    letters = LETTERS
    if quoting == csv.QUOTE_MINIMAL:
        # Other delimiters without quotation marks around them can make two readings true.
        letters = "".join(c for c in LETTERS if c == delimiter or c not in ",;|\t")
    cell = st.text(st.sampled_from(letters), max_size=6)
    body = data.draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=8))
    # Python's own writer leaves a lone CR or LF unquoted where it is not the line end's.
    quoting = csv.QUOTE_ALL if any("\r" in c or "\n" in c for r in body for c in r) else quoting
    rows = [[f"ä{i}" for i in range(width)], *body]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[call-overload]

    # Letters by chance make no words, from which cp1252 could be told.
    stated = {"encoding": encoding} if encoding == "cp1252" else {}
    table = read(tmp_path, text.getvalue().encode(encoding), **stated)

    kept = [(n, row) for n, row in enumerate(rows, start=1) if any(c.strip() for c in row)]
    assert list(table.rows) == [n for n, _ in kept]
    assert cells(table) == [tuple(row) for _, row in kept]
    assert table.blank_rows == len(rows) - len(kept)
