"""What a cell's number format shows beside the number: a currency, or that it is a percentage.

A ``look`` is the currency's sign or code as the format has it (``€``, ``EUR``, ``$``), or ``%``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from importer.readers.zip_guard import Part

Looks = dict[int, dict[int, str]]
"""Column from 0 → row number → look, of the cells that have one."""

PERCENT = "%"
_BUILT_IN = {9: PERCENT, 10: PERCENT, **dict.fromkeys((5, 6, 7, 8, 42, 44), "$")}
# "text", \\x, [$€-407], _x, *x, [Red], then any other character.
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]\-]*)[^\]]*\]|[_*].|\[[^\]]*\]|(.)', re.DOTALL)
_LONGEST_CODE = 1_000  # characters of a number format that are looked at; Excel permits 255
_MOST_NAMED = 20  # style numbers that are looked for by name; workbooks have few of money


@lru_cache(1000)
def look_of(number: int, code: str | None) -> str:
    """The look of a number format, "" for none; ``code`` is None where it is built in."""
    if code is None:
        return _BUILT_IN.get(number, "")
    parts, is_percent = [], False
    for quoted, escaped, currency, bare in _TOKEN.findall(code[:_LONGEST_CODE].split(";")[0]):
        text = quoted or escaped or currency
        if bare and (bare == "$" or not bare.isascii()):
            text = bare
        is_percent = is_percent or PERCENT in (text + bare)
        parts.append(text)
    return PERCENT if is_percent else " ".join("".join(parts).split())


def format_of(look: str) -> str:
    """A number format of that look."""
    return "0.00%" if look == PERCENT else f"[${look}]#,##0.00"


class LookFinder:
    """A sheet's XML as it is read, and the looks of its cells so far: ``found``.

    ``looks`` are those of the style numbers. For XML that ``xlsx_guard`` finds nothing unusual in:
    patterns, not elements, as it is quick.
    """

    def __init__(self, sheet: Part, looks: Mapping[str, str]) -> None:
        self.found: Looks = {}
        self._sheet, self._looks, self._rest = sheet, looks, b""
        named = list(looks) if len(looks) <= _MOST_NAMED else []
        styles = "|".join(map(re.escape, named)).encode() or b"[0-9]{1,9}"
        # No pattern looks beyond its own tag, or a sheet of open tags takes its length squared.
        self._cell = re.compile(
            rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?=[^<>]* s="(' + styles + rb')")[^<>/]*>'
        )
        self._marks = [b's="%s"' % style.encode() for style in named] or [b's="']

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._sheet.read(size)
        if self._looks:
            data = self._rest + chunk
            # The last tag may not be whole yet.
            border = data.rfind(b"<")
            if border < 0 or b">" in data[border:]:
                border = len(data)
            data, self._rest = data[:border], data[border:]
            if any(mark in data for mark in self._marks):
                _add(self._cell.findall(data), self._looks, self.found)
        return chunk


def _add(found: list[tuple[bytes, bytes, bytes]], looks: Mapping[str, str], out: Looks) -> None:
    from importer.readers.xlsx.xlsx_guard import column_number

    columns: dict[bytes, dict[int, str]] = {}
    for letters, row, style in found:
        look = looks.get(style.decode())
        if look is None:
            continue
        if letters not in columns:
            columns[letters] = out.setdefault(column_number(letters.decode()) - 1, {})
        columns[letters][int(row)] = look
