"""The quick look at a sheet's XML never misses what the close one finds."""

from __future__ import annotations

import io
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from importer.readers.xlsx.xlsx_guard import _reason, reason_for_care

HEAD = b'<worksheet><sheetData><row r="1">'
CELL = b'<c r="A1"><v>1</v></c>'
PIECES = [
    *(b'<c r="A1"', b'<c r="A1" t="s"', b"<c ", b"<c", b'r="', b"r=", b"r", b'<row r="1">'),
    *(b"<row ", b'<row r="12" hidden="1">', b' hidden="true"', b"<row>", b"<c>", b"<v>", b"<v "),
    *(b"-", b"</v>", b"1234567890123456", b"1", b"</c>", b"</row>", b"<f>", b"</f>", b"<f/>"),
    *(b"<f ", b'"', b"'", b"=", b" ", b">", b"\n", b"\t", b"\r", b' t="e"', b' t="d"', b' s="7"'),
    *(b"<!", b'<c r="B99"', b'<c r="B1048576"', b'<c r="XFD1"', b"<v", b"<f", b"<row", b"\xff"),
]


def check(some: bytes) -> None:
    first, last = HEAD + CELL + some, CELL
    if reason_for_care(io.BytesIO(first + last), ["7"], never_calculated=False) is None:
        # as it is cut there: before the last cell
        for part in (first, last):
            assert _reason(part, ['s="7"'], 1, never_calculated=False) is None, some


def test_no_reason_for_care_in_two_pieces_is_missed() -> None:
    for one, other in product(PIECES, PIECES):
        check(one + other)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_no_reason_for_care_is_missed(some: bytes) -> None:
    check(some)
