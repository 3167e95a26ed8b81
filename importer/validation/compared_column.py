"""A column of a file as others beside it are compared with it: equal texts, days, amounts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from importer.core import dates
from importer.mapping.text_cleanup import tidied

_FEWEST_DATES, _LONGEST = 4, 60  # different ones; characters of a number
_NUMBER = re.compile(r"[^\w]*[0-9][0-9.,' ]*[^0-9\w]*")
_NO_CODE = re.compile(r".*[.,][0-9]{1,4}[^0-9]*|[0-9]{1,2}")  # an amount or a quantity
_DATE = re.compile(
    r"[0-9]{1,2}[-./ ](?:[0-9]{1,2}|[^\W\d_]{3,9}\.?)[-./ ][0-9]{2,4}", re.IGNORECASE
)


class ComparedColumn(NamedTuple):
    """A column's texts in some rows; ``codes`` are equal where these are, -1 where blank."""

    header: str
    texts: Sequence[str]
    codes: np.ndarray
    values: int  # different texts, but blank
    days: np.ndarray | None  # of dates, 0 where blank
    is_amount: bool  # or a quantity


def compared_column(
    header: str, texts: pa.LargeStringArray, code_of: dict[str, int]
) -> ComparedColumn:
    """Some texts of a column; ``code_of`` has the code of each text so far, of all columns."""
    cells = tidied(texts)
    encoded = cells.dictionary_encode()
    distinct: list[str] = encoded.dictionary.to_pylist()
    code_by_index = np.asarray([code_of.setdefault(text, len(code_of)) for text in distinct])
    codes = code_by_index[encoded.indices.to_numpy()]
    distinct = [text for text in distinct if text]
    is_amount = all(map(_is_number, distinct)) and any(map(_NO_CODE.fullmatch, distinct))
    days = None if is_amount else _days(codes, distinct, code_of)
    return ComparedColumn(header, cells.to_pylist(), codes, len(distinct), days, is_amount)


def _is_number(text: str) -> bool:
    return len(text) <= _LONGEST and _NUMBER.fullmatch(text) is not None


def _days(
    codes: np.ndarray, distinct: Sequence[str], code_of: Mapping[str, int]
) -> np.ndarray | None:
    """The days of a column of dates; None of any other."""
    if len(distinct) < _FEWEST_DATES or not all(map(_DATE.search, distinct[:_FEWEST_DATES])):
        return None
    read = dates.reader([], dates.order_of(distinct).order)
    out = np.zeros(len(codes), dtype=np.int64)
    day_by_code = np.zeros(max(code_of.values()) + 1, dtype=np.int64)
    for text in distinct:
        day = read(dates.split_time(text)[0])
        if day is None:
            return None
        day_by_code[code_of[text]] = day.toordinal()
    given = codes >= 0
    out[given] = day_by_code[codes[given]]
    return out
