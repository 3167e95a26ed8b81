"""The formats of the workbook, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from importer.model.tables import Role
from importer.report import colours
from importer.report.verdict import Tone

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

# How a cell of the file is written. WIDE is a whole number that "General" would show as 1.2E+14.
TEXT, GENERAL, WIDE = "@", "General", "0"
# The shades of a cell, beside the severities: as usual, and of rows that are not data.
NO_SHADE, QUIET = "", "quiet"
STRUCK = " struck"  # at the end of a shade: struck through, as in the file

_Properties = dict[str, Any]

_BASE: _Properties = {"font_name": "Calibri", "font_size": 11, "font_color": colours.INK}
_RIGHT: _Properties = {"align": "right"}
_COUNT: _Properties = {"num_format": "#,##0", **_RIGHT}
_RULED: _Properties = {"bottom": 1, "bottom_color": colours.LINE, "valign": "vcenter", "indent": 1}
_STRONG: _Properties = {**_RULED, "bold": True}
_TOTAL: _Properties = {
    **_STRONG,
    "top": 1,
    "top_color": colours.INK,
    "bottom": 6,
    "bottom_color": colours.INK,
}
_HEADER: _Properties = {
    "bg_color": colours.HEADER,
    "bold": True,
    "font_color": "#FFFFFF",
    "valign": "vcenter",
    "text_wrap": True,
}
_HEADER_WORD: _Properties = {**_HEADER, "text_wrap": False, "shrink": True}  # not broken
_HEADER_TOP: _Properties = {**_HEADER, "valign": "top"}
_WRAPPED: _Properties = {"text_wrap": True, "valign": "top"}
_LINK: _Properties = {"font_color": colours.LINK, "underline": 1, "valign": "top"}


def _filled(colours: tuple[str, str]) -> _Properties:
    return {"bg_color": colours[0], "font_color": colours[1], "valign": "top"}


STYLES: dict[str, _Properties] = {
    "title": {"font_size": 20, "bold": True, "font_color": colours.HEADER, "valign": "vcenter"},
    "subtitle": {"font_color": colours.MUTED, "valign": "top"},
    "section": {"font_size": 13, "bold": True, "font_color": colours.HEADER, "valign": "vcenter"},
    "label": {"font_color": colours.MUTED, "valign": "top", "indent": 1},
    "value": {"valign": "top"},
    "paragraph": {"text_wrap": True, "valign": "vcenter", "indent": 1},
    "header": _HEADER,
    "header_word": _HEADER_WORD,
    "header_inset": {**_HEADER, "indent": 1},
    "header_right": {**_HEADER, **_RIGHT, "indent": 1},
    "header_top": _HEADER_TOP,
    "header_words": {**_HEADER_TOP, "align": "left", "indent": 1},
    "header_figure": {**_HEADER_TOP, **_RIGHT},  # above figures, with the filter's arrow
    "quiet_header": {**_HEADER, "bg_color": colours.GREY[0], "font_color": colours.GREY[1]},
    "result_header": {**_HEADER_WORD, "bg_color": colours.RESULT_HEADER},
    "result_header_right": {**_HEADER_WORD, "bg_color": colours.RESULT_HEADER, **_RIGHT},
    "row_label": _RULED,
    "row_count": {**_RULED, **_COUNT},
    "row_link": {**_RULED, **_COUNT, "font_color": colours.LINK, "underline": 1},
    "row_words": {**_RULED, "text_wrap": True},
    "strong_label": _STRONG,
    "strong_count": {**_STRONG, **_COUNT},
    "strong_words": {**_STRONG, "text_wrap": True},
    "total_label": _TOTAL,
    "total_count": {**_TOTAL, **_COUNT},
    "total_words": {**_TOTAL, "text_wrap": True},
    "message": {"num_format": TEXT, **_WRAPPED},
    "words": {"num_format": TEXT, "indent": 1},  # beside figures
    "signature": {"top": 1, "top_color": colours.INK, "font_color": colours.MUTED, "font_size": 9},
    "whole": {"num_format": "0", **_RIGHT, "indent": 1, "valign": "top"},
    "centred": {"num_format": "0", "align": "center", "valign": "top"},
    "link": _LINK,
    "link_number": {**_LINK, "align": "left"},
    "wrapped": _WRAPPED,
    "wrapped_text": {**_WRAPPED, "num_format": TEXT},
    "code": {"valign": "top", "font_color": colours.MUTED, "font_size": 9},
    "top": {"valign": "top"},
    "top_number": {"valign": "top", "align": "left"},
    "fine_print": {"font_color": colours.MUTED, "italic": True, "font_size": 9},
    # A whole column of the file, for cells that somebody fills in later.
    "text_column": {"num_format": TEXT},
    "general_column": {"num_format": GENERAL},
}
_MONEY: dict[str, _Properties] = {
    "row": _RULED,
    "strong": _STRONG,
    "total": _TOTAL,
    "cell": {"indent": 1, "valign": "top"},
    "difference": {"indent": 1, "valign": "top", "bold": True, "bg_color": colours.RED[0]},
}
_VERDICT = {"font_size": 13, "bold": True, "text_wrap": True, "valign": "vcenter", "indent": 1}
_SHADES: dict[str, _Properties] = {
    NO_SHADE: {"valign": "top"},
    QUIET: {"font_color": colours.MUTED, "italic": True, "valign": "top"},
    **{severity.value: _filled(pair) for severity, pair in colours.SEVERITY_COLOURS.items()},
}
STATUS_STYLES: dict[str, _Properties] = {
    **{status.value: _filled(pair) for status, pair in colours.STATUS_COLOURS.items()},
    **{
        role.value: {**_filled(colours.GREY), "italic": True}
        for role in Role
        if role is not Role.DATA
    },
}
_Key = TypeVar("_Key")


def _shading(shade: str) -> _Properties:
    properties = _SHADES[shade.removesuffix(STRUCK)]
    return {**properties, "font_strikeout": True} if shade.endswith(STRUCK) else properties


class _Formats(dict[_Key, "Format"], Generic[_Key]):
    """Formats that are added to the workbook on first use: few files need all of them."""

    def __init__(self, workbook: Workbook, properties: Callable[[_Key], _Properties]) -> None:
        super().__init__()
        self._add, self._properties = workbook.add_format, properties

    def __missing__(self, key: _Key) -> Format:
        self[key] = self._add({**_BASE, **self._properties(key)})
        return self[key]


class CellStyles:
    """Every format of one workbook.

    ``styles[name]`` is one of ``STYLES``. ``cell`` and ``figure`` (numbers, apart from the text
    beside them) are those of the file's cells by (shade, number format), ``status_row`` those of
    the table of statuses; ``status`` has the roles of rows that are not data too.
    """

    def __init__(self, workbook: Workbook) -> None:
        self._named = _Formats[str](workbook, STYLES.__getitem__)
        self._money = _Formats[tuple[str, int]](
            workbook, lambda key: {"num_format": money_format(key[1]), **_RIGHT, **_MONEY[key[0]]}
        )
        self.status = _Formats[str](workbook, STATUS_STYLES.__getitem__)
        self.status_link = _Formats[str](
            workbook, lambda status: {**STATUS_STYLES[status], "underline": 1}
        )
        self.status_row = _Formats[str](
            workbook, lambda status: {**STATUS_STYLES[status], "bold": True, **_RULED}
        )
        self.severity = _Formats[str](workbook, lambda name: {**_SHADES[name], "valign": "top"})
        self.verdict = _Formats[Tone](
            workbook, lambda tone: {**_filled(colours.TONE_COLOURS[tone]), **_VERDICT}
        )
        self.cell = _Formats[tuple[str, str]](
            workbook, lambda key: {"num_format": key[1], **_shading(key[0])}
        )
        self.figure = _Formats[tuple[str, str]](
            workbook,
            lambda key: {"num_format": key[1], **_shading(key[0]), **_RIGHT, "indent": 1},
        )

    def __getitem__(self, name: str) -> Format:
        return self._named[name]

    def money(self, name: str, unit: int) -> Format:
        """``name`` is row, strong, total, cell or difference; ``unit`` the cents in a unit of the
        currency."""
        return self._money[name, unit]


def decimals(unit: int) -> int:
    """How many decimals an amount has: two for 100 cents in a unit."""
    return len(str(unit)) - 1


def money_format(unit: int) -> str:
    """The number format of money with as many decimals as the currency has."""
    return "#,##0" + ("." + "0" * decimals(unit) if unit > 1 else "")
