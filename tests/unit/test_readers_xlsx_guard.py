"""The quick look at a sheet's XML never misses what the close one finds."""

from __future__ import annotations

import io
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.readers.file_limits import TooLargeError
from importer.readers.xlsx.xlsx_guard import reason_in, slow_path_reason, text_lengths

HEAD = b'<worksheet><sheetData><row r="1">'
CELL = b'<c r="A1"><v>1</v></c>'
PIECES = [
    *(b'<c r="A1"', b'<c r="A1" t="s"', b"<c ", b"<c", b'r="', b"r=", b"r", b'<row r="1">'),
    *(b"<row ", b'<row r="12" hidden="1">', b' hidden="true"', b"<row>", b"<c>", b"<v>", b"<v "),
    *(b"-", b"</v>", b"1234567890123456", b"1", b"</c>", b"</row>", b"<f>", b"</f>", b"<f/>"),
    *(b"<f ", b'"', b"'", b"=", b" ", b">", b"\n", b"\t", b"\r", b' t="e"', b' t="d"', b' s="7"'),
    *(
        b"<!",
        b"<strike",
        b'<c r="B99"',
        b'<c r="B1048576"',
        b'<c r="XFD1"',
        b"<v",
        b"<f",
        b"<row",
        b"\xff",
    ),
]


def check(some: bytes) -> None:
    first, last = HEAD + CELL + some, CELL
    if slow_path_reason(io.BytesIO(first + last), ["7"], never_calculated=False) is None:
        # as it is cut there: before the last cell
        for part in (first, last):
            assert reason_in(part, ['s="7"'], 1, never_calculated=False) is None, some


def test_no_reason_for_care_in_two_pieces_is_missed() -> None:
    for one, other in product(PIECES, PIECES):
        check(one + other)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_no_reason_for_care_is_missed(some: bytes) -> None:
    check(some)


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (b'<c r="B1" t="str"><v>' + b"x" * 18_000_000, "A cell near row 1 is too long"),
        (
            b'<c r="B1" t="str"><v>' + b"x" * 17_200_000 + b"</v></c></row></sheetData>",
            "A cell near row 1 is too long",
        ),
        (
            b"</row></sheetData>" + b'<cfRule type="cellIs" priority="1"/>' * 600_000,
            r"What follows its rows \(conditional formats, say\) is too long",
        ),
    ],
    ids=["long cell", "long last cell", "conditional formats"],
)
def test_the_error_names_the_part_that_is_too_long(part: bytes, sentence: str) -> None:
    sheet = io.BytesIO(HEAD + CELL + part)
    with pytest.raises(TooLargeError, match=sentence):
        slow_path_reason(sheet, [], never_calculated=False)


@pytest.mark.parametrize("piece", range(7, 40))
def test_shared_strings_are_measured_alike_however_they_are_cut(piece: int) -> None:
    plain = b"".join(b"<si><t>%s</t></si>" % (b"x" * i) for i in range(30))
    struck = b"<si><r><rPr><strike/></rPr><t>a</t></r></si>"
    lengths, has_struck = text_lengths(Pieces(plain + struck, piece))
    assert (len(lengths), has_struck) == (31, True)
    assert lengths == text_lengths(io.BytesIO(plain + struck))[0]
    assert not text_lengths(Pieces(plain + b"<si><t>strike pay</t></si>", piece))[1]


class Pieces(io.BytesIO):
    """A stream that gives at most so many bytes at once."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self.most = most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.most)
