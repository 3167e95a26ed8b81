"""The other parts of an XLSX file: list of sheets, styles, shared strings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

from importer.model.tables import CellLook
from importer.readers.file_limits import limits, too_large
from importer.readers.number_formats import BLACK, WHITE, cell_look, colour_name, format_mark
from importer.readers.package import Package, Relation

_DATE_IDS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # built into Excel
_DURATION_IDS = {46}
_LONGEST_FORMAT = 255  # characters, Excel's limit
# Literals of a number format: "text", \x, _x, *x, [Red].
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)


@dataclass(frozen=True)
class Styles:
    """Style numbers, as cells carry them, whose number format changes how a value is read."""

    dates: frozenset[str] = frozenset()  # dates, times and durations
    durations: frozenset[str] = frozenset()  # such as [h]:mm
    zeros: dict[str, int] = field(default_factory=dict)  # → number of digits, such as 00000
    marks: dict[str, str] = field(default_factory=dict)  # → format mark: a currency, or %
    looks: dict[str, CellLook] = field(default_factory=dict)
    struck_rules: frozenset[int] = frozenset()  # looks of conditional formats that strike through


@dataclass(frozen=True)
class SheetPart:
    name: str
    part: str  # path inside the zip
    hidden: bool


@dataclass(frozen=True)
class Book:
    sheets: tuple[SheetPart, ...]  # worksheets only, in the workbook's order
    styles: Styles
    strings_part: str | None
    date1904: bool
    never_calculated: bool  # the writing program left all formulas to Excel
    calamine_agrees: bool  # calamine, which goes by fixed places, reads these very parts


_NO_RELATION = Relation("worksheet", "", "")  # so that its sheet is not passed over in silence


def read_book(package: Package) -> Book:
    """The sheets and what is needed to read them.

    Raises ``DamagedError`` for a missing part, ``ElementTree.ParseError`` for a broken one.
    """
    main, _ = package.main_part()
    relations = package.relations(main)
    workbook = ElementTree.fromstring(package.read(main))
    agrees = package.has_one_workbook("xl/workbook.xml") and main == "xl/workbook.xml"
    sheets: list[SheetPart] = []
    most = limits().sheets
    properties: dict[str, str] = {}
    for element in workbook.iter():
        name = _local(element.tag)
        if name in ("workbookPr", "calcPr"):
            properties |= element.attrib
        if name == "sheet":
            relation = next((v for k, v in element.attrib.items() if _local(k) == "id"), "")
            kind, part, target = relations.get(relation, _NO_RELATION)
            if kind == "worksheet":
                agrees &= target == f"/{part}" or (
                    f"xl/{target}" == part and not target.startswith("xl/")
                )
                hidden = element.get("state", "visible") != "visible"
                sheets.append(SheetPart(element.get("name", ""), part, hidden))
                if len(sheets) > most:
                    raise too_large(f"It has more than {most:,} sheets", "sheets", most)
    agrees &= len({sheet.name for sheet in sheets}) == len(sheets)
    parts = {relation.kind: relation.part for relation in relations.values()}
    styles = package.find(parts.get("styles", ""))
    strings = package.find(parts.get("sharedStrings", ""))
    agrees &= package.has_usual_place(styles, "xl/styles.xml")
    agrees &= package.has_usual_place(strings, "xl/sharedStrings.xml")
    return Book(
        sheets=tuple(sheets),
        styles=_styles(package.read(styles)) if styles else Styles(),
        strings_part=strings,
        calamine_agrees=agrees,
        date1904=properties.get("date1904") in ("1", "true"),
        never_calculated=properties.get("fullCalcOnLoad") in ("1", "true"),
    )


def _styles(xml: bytes) -> Styles:
    root = ElementTree.fromstring(xml)
    formats: dict[int, str] = {}
    used: list[int] = []
    struck, letters, behind = [False], [BLACK], [WHITE]  # by font, by font, by fill
    rules: list[bool] = []
    fonts_and_fills: list[tuple[int, int]] = []
    for element in root.iter():
        name = _local(element.tag)
        if name == "numFmt" and "numFmtId" in element.attrib:
            formats[int(element.attrib["numFmtId"])] = element.get("formatCode", "")[
                :_LONGEST_FORMAT
            ]
        elif name == "cellXfs":
            used = [int(xf.get("numFmtId", "0")) for xf in element]
            fonts_and_fills = [
                (int(xf.get("fontId", "0")), int(xf.get("fillId", "0"))) for xf in element
            ]
        elif name == "fonts":
            struck = [_is_on(_child(font, "strike")) for font in element]
            letters = [_colour(_child(font, "color"), BLACK) for font in element]
        elif name == "dxfs":
            fonts = [_child(look, "font") for look in element]
            rules = [font is not None and _is_on(_child(font, "strike")) for font in fonts]
        elif name == "fills":
            behind = [_colour_behind(_child(fill, "patternFill"), fill) for fill in element]
    dates, durations, zeros, marks, looks = set(), set(), {}, {}, {}
    for style, (number, (font, fill)) in enumerate(zip(used, fonts_and_fills, strict=True)):
        colours = (struck[font], letters[font]) if font < len(struck) else (False, "unknown")
        around = behind[fill] if fill < len(behind) else WHITE
        if look := cell_look(number, formats.get(number), *colours, around):
            looks[str(style)] = look
        is_date, is_duration, digits = format_meaning(number, formats.get(number))
        if is_date:
            dates.add(str(style))
        if is_duration:
            durations.add(str(style))
        if digits:
            zeros[str(style)] = digits
        if not is_date and (mark := format_mark(number, formats.get(number))):
            marks[str(style)] = mark
    struck_rules = frozenset(i for i, strikes in enumerate(rules) if strikes)
    return Styles(frozenset(dates), frozenset(durations), zeros, marks, looks, struck_rules)


def _child(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((child for child in element if _local(child.tag) == name), None)


def _is_on(element: ElementTree.Element | None) -> bool:
    return element is not None and element.get("val", "1") not in ("0", "false")


def _colour(colour: ElementTree.Element | None, default: str) -> str:
    if colour is None or colour.get("auto") in ("1", "true"):
        return default
    rgb, theme, index = (colour.get(name, "") for name in ("rgb", "theme", "indexed"))
    return colour_name(rgb=rgb, theme=theme, index=index, tint=float(colour.get("tint") or 0))


def _colour_behind(pattern: ElementTree.Element | None, fill: ElementTree.Element) -> str:
    if pattern is None:
        return "gradient" if len(fill) else WHITE
    kind = pattern.get("patternType", "none")
    if kind == "none":
        return WHITE
    return _colour(_child(pattern, "fgColor"), "automatic") if kind == "solid" else "pattern"


def format_meaning(number: int, code: str | None) -> tuple[bool, bool, int]:
    """(is a date or time, is a duration, number of digits if all zeros) of a number format.

    ``code`` is None for a built-in format, which ``number`` identifies.
    """
    if code is None:
        return number in _DATE_IDS, number in _DURATION_IDS, 0
    pattern = _LITERAL.sub("", code.split(";")[0]).strip().lower()
    if pattern == "general":
        return False, False, 0
    if len(pattern) > 1 and not pattern.strip("0"):
        return False, False, len(pattern)
    is_duration = bool(re.search(r"\[(h+|m+|s+)\]", pattern))
    return is_duration or bool(re.search("[dmyhs]", pattern)), is_duration, 0


def _local(name: str) -> str:
    return name.rpartition("}")[2]
