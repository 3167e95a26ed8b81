"""Rows of a sheet as XML, built a column at a time: a result has millions of ordinary cells.

Texts stand in their cells ("inline"), as XlsxWriter writes them when it holds no sheet in memory.
A cell's XML is given from the end of its reference on; ``RowXmlBlock`` adds the reference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from xlsxwriter.utility import xl_col_to_name

BLOCK_ROWS = 512  # rows that are held as XML

# A character that XML cannot hold is written as _x0007_; so an underscore that would be read as
# the start of such an escape is written as one itself.
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}(?:_|[\x00-\x08\x0b-\x1f\ufffe\uffff]))")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SPACE = " \t\n"
column_name = cache(xl_col_to_name)


def escaped(text: str) -> str:
    """A text as XML has it; it must not have lone surrogates."""
    if text.isprintable() and not any(odd in text for odd in ("&", "<", ">", "_x")):
        return text
    if "_" in text:
        text = _ESCAPE.sub("_x005F_", text)
    text = _CONTROL.sub(lambda c: f"_x{ord(c.group()):04X}_", text)
    return text.translate(_MARKUP)


def need_no_escape(texts: Sequence[str]) -> bool:
    """Whether no text has a character to escape or blanks to keep; in doubt it says no."""
    joined = "|".join(texts)
    return (
        joined.isprintable()
        and not any(odd in joined for odd in ("&", "<", ">", "_x", "| ", " |"))
        and joined[:1] != " "
        and joined[-1:] != " "
    )


def text_xml(text: str, style: int) -> str:
    space = ' xml:space="preserve"' if text[0] in _SPACE or text[-1] in _SPACE else ""
    return f'" s="{style}" t="inlineStr"><is><t{space}>{escaped(text)}</t></is></c>'


def number_xml(number: float, style: int) -> str:
    few = type(number) is int and abs(number) < 10**15  # the digits that Excel keeps
    return f'" s="{style}"><v>{number if few else f"{number:.16G}"}</v></c>'


def formula_xml(formula: str, number: float, style: int) -> str:
    """A formula without the sign before it, and what it comes to."""
    return f'" s="{style}"><f>{formula}</f><v>{number:.16G}</v></c>'


def blank_xml(style: int) -> str:
    return f'" s="{style}"/>'


class RowXmlBlock:
    """Some rows of a sheet, the first of them ``first`` (from 0). Columns come left to right."""

    def __init__(self, first: int, size: int) -> None:
        self.first, self.size = first, size
        self._numbers = [str(n) for n in range(first + 1, first + size + 1)]
        self._columns: list[list[str]] = []

    @property
    def width(self) -> int:
        return len(self._columns)

    def reserve(self, columns: int) -> None:
        """The next columns, blank: they are set when those to their right are known."""
        self._columns += [[""] * self.size] * columns

    def add_cells(self, cells: Sequence[str]) -> None:
        """The next column from the XML of its cells, "" for none."""
        self._columns.append([])
        self.set_cells(self.width - 1, cells)

    def set_cells(self, column: int, cells: Sequence[str]) -> None:
        """A column that was reserved, as ``add_cells``."""
        start = f'<c r="{column_name(column)}'
        pairs = zip(self._numbers, cells, strict=True)
        self._columns[column] = [f"{start}{n}{cell}" if cell else "" for n, cell in pairs]

    def add_unescaped(self, texts: Sequence[str], style: int) -> None:
        """The next column of texts that ``need_no_escape``, in one style."""
        start = f'<c r="{column_name(len(self._columns))}'
        middle, end = f'" s="{style}" t="inlineStr"><is><t>', "</t></is></c>"
        pairs = zip(self._numbers, texts, strict=True)
        self._columns.append(
            [f"{start}{n}{middle}{text}{end}" if text else "" for n, text in pairs]
        )

    def add_texts(self, texts: Sequence[str], style: int) -> None:
        """The next column of texts that fit into cells, in one style."""
        if need_no_escape(texts):
            self.add_unescaped(texts, style)
        else:
            self.add_cells([text_xml(text, style) if text else "" for text in texts])

    def add_words(self, words: Sequence[str], styles: dict[str, int]) -> None:
        """The next column of words of which there are few, each with its own style."""
        cells = {word: text_xml(word, style) for word, style in styles.items() if word}
        self.add_cells([cells[word] if word else "" for word in words])

    def replace_cell(self, k: int, column: int, cell: str) -> None:
        """Another cell in row ``k`` of these."""
        self._columns[column][k] = f'<c r="{column_name(column)}{self._numbers[k]}{cell}'

    def xml(self, heights: Sequence[int] | None = None) -> str:
        """All rows; ``heights`` in points, 0 for the usual one."""
        rows = map("".join, zip(*self._columns, strict=True))
        if heights is None:
            pairs = zip(self._numbers, rows, strict=True)
            return "".join([f'<row r="{n}">{cells}</row>' for n, cells in pairs])
        tall = [f' ht="{height}" customHeight="1"' if height else "" for height in heights]
        triples = zip(self._numbers, tall, rows, strict=True)
        return "".join([f'<row r="{n}"{height}>{cells}</row>' for n, height, cells in triples])
