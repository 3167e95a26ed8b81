"""The look of the workbook: one palette, and every format made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from importer.model.finding import Severity
from importer.model.journal_states import Status
from importer.model.tables import Role
from importer.report.phrases import Tone

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

INK = "#1F2A37"
MUTED = "#6B7280"
LINE = "#D5DAE1"
HEADER = "#24415E"
OUR_HEADER = "#4B6B63"  # columns that we add, told apart from the columns of the file
LINK = "#1B5E9B"
TO_DO = "#2F6FAE"  # the tab of a sheet that waits for a person

RED, AMBER, GREEN, BLUE, GREY, ORANGE = (
    ("#F8DAD7", "#8A1F17"),
    ("#FFF0C8", "#6B4E00"),
    ("#DDEFE0", "#1E5631"),
    ("#DCE8F5", "#1B4268"),
    ("#ECEEF1", "#4B5563"),
    ("#FBDDC2", "#7A3E00"),
)  # each: fill, text

STATUS_COLOURS = {
    Status.VALID: GREEN,
    Status.CREATED: GREEN,
    Status.ALREADY_IN_LIGHT: BLUE,
    Status.ALREADY_LOADED: BLUE,
    Status.INVALID: RED,
    Status.REJECTED: RED,
    Status.UNKNOWN: ORANGE,
    Status.NOT_SENT: AMBER,
    Status.UNDONE: GREY,
}

BAR_COLOURS = {
    Status.VALID: "#7DB58A",
    Status.CREATED: "#4C8C5A",
    Status.ALREADY_IN_LIGHT: "#4A7FB0",
    Status.ALREADY_LOADED: "#83ABD0",
    Status.INVALID: "#C0504D",
    Status.REJECTED: "#8F2F2B",
    Status.UNKNOWN: "#D9822B",
    Status.NOT_SENT: "#D9B44A",
    Status.UNDONE: "#9AA3AD",
}
OTHER_BAR = "#9AA3AD"
IN_LIGHT_BAR, NOT_THERE_BAR = BAR_COLOURS[Status.CREATED], "#D9B44A"

TONE_COLOURS = {Tone.GOOD: GREEN, Tone.ATTENTION: AMBER, Tone.BAD: RED}
_SEVERITY_COLOURS = {Severity.ERROR: RED, Severity.WARNING: AMBER}

# How a cell of the file is written. WIDE is a whole number that "General" would show as 1.2E+14.
TEXT, GENERAL, WIDE = "@", "General", "0"
QUIET = "quiet"  # the shade of rows that are not data
PLAIN = ""


@dataclass(frozen=True)
class CellStyles:
    """Every format of the workbook, by name."""

    title: Format
    subtitle: Format
    verdict: dict[Tone, Format]
    section: Format
    label: Format
    value: Format
    paragraph: Format
    header: Format
    header_inset: Format
    header_right: Format
    header_top: Format  # beside those
    header_words: Format  # right of those
    header_figure: Format  # above a column of figures, with the filter's arrow
    our_header: Format
    our_header_right: Format
    row_label: Format
    row_count: Format
    row_money: dict[int, Format]  # these by cents in a unit of the currency
    row_link: Format
    row_words: Format
    strong_label: Format
    strong_count: Format
    strong_money: dict[int, Format]
    strong_words: Format
    total_label: Format
    total_count: Format
    total_money: dict[int, Format]
    total_words: Format
    status: dict[str, Format]
    status_row: dict[str, Format]  # of the table of statuses
    severity: dict[Severity, Format]
    cell: dict[tuple[str, str], Format]  # (shade, number format)
    figure: dict[tuple[str, str], Format]  # the same for numbers: apart from the text beside
    source: dict[str, Format]  # number format of a whole column of the file
    message: Format
    message_link: Format
    words: Format  # beside figures
    money: dict[int, Format]  # by cents in a unit of the currency
    difference: tuple[dict[int, Format], dict[int, Format]]  # none; some
    signature: Format
    whole: Format
    centred: Format
    link: Format
    link_number: Format
    wrapped: Format
    wrapped_text: Format
    code: Format
    top: Format
    top_number: Format
    fine_print: Format

    def money_of(self, unit: int) -> Format:
        return self.money.get(unit) or self.money[100]


def decimals(unit: int) -> int:
    """How many decimals an amount has: two for 100 cents in a unit."""
    return len(str(unit)) - 1


def money_code(unit: int) -> str:
    """The number format of money with as many decimals as the currency has."""
    return "#,##0" + ("." + "0" * decimals(unit) if unit > 1 else "")


class _Cells(dict[tuple[str, str], "Format"]):
    """Formats of cells; that of a number format which few files have is made when it is needed."""

    def __init__(
        self, made: dict[tuple[str, str], Format], make: Callable[[str, str], Format]
    ) -> None:
        super().__init__(made)
        self._make = make

    def __missing__(self, key: tuple[str, str]) -> Format:
        self[key] = self._make(*key)
        return self[key]


def make_cell_styles(workbook: Workbook) -> CellStyles:
    def make(**properties: Any) -> Format:
        base = {"font_name": "Calibri", "font_size": 11, "font_color": INK}
        return workbook.add_format({**base, **properties})

    def filled(colours: tuple[str, str], **properties: Any) -> Format:
        return make(bg_color=colours[0], font_color=colours[1], **properties)

    def monies(**properties: Any) -> dict[int, Format]:
        return {
            10**n: make(num_format=money_code(10**n), align="right", **properties) for n in range(5)
        }

    ruled: dict[str, Any] = {"bottom": 1, "bottom_color": LINE, "valign": "vcenter", "indent": 1}
    summed: dict[str, Any] = {
        "bold": True,
        "top": 1,
        "top_color": INK,
        "bottom": 6,
        "bottom_color": INK,
        "valign": "vcenter",
        "indent": 1,
    }
    strong: dict[str, Any] = {**ruled, "bold": True}
    right = {"align": "right"}
    whole = {"num_format": "#,##0", **right}
    head: dict[str, Any] = {"bold": True, "font_color": "#FFFFFF", "valign": "vcenter"}
    shades: dict[str, tuple[str, str] | None] = {
        PLAIN: None,
        Severity.ERROR.value: RED,
        Severity.WARNING.value: AMBER,
    }
    cells = {
        (shade, number): (
            filled(colours, num_format=number) if colours else make(num_format=number)
        )
        for shade, colours in shades.items()
        for number in (TEXT, GENERAL, WIDE)
    } | {
        (QUIET, number): make(num_format=number, font_color=MUTED, italic=True)
        for number in (TEXT, GENERAL, WIDE)
    }
    cells = _Cells(cells, lambda shade, number: (
        filled(colours, num_format=number)
        if (colours := shades.get(shade)) else make(num_format=number)
    ))  # fmt: skip
    quiet = {"font_color": MUTED, "italic": True}
    figures = _Cells({}, lambda shade, number: (
        filled(colours, num_format=number, **right, indent=1)
        if (colours := shades.get(shade))
        else make(num_format=number, **right, indent=1, **(quiet if shade == QUIET else {}))
    ))  # fmt: skip
    statuses = {status.value: filled(colours) for status, colours in STATUS_COLOURS.items()}
    statuses |= {role.value: filled(GREY, italic=True) for role in Role if role is not Role.DATA}
    return CellStyles(
        title=make(font_size=20, bold=True, font_color=HEADER, valign="vcenter"),
        subtitle=make(font_color=MUTED),
        verdict={
            tone: filled(
                colours, font_size=13, bold=True, text_wrap=True, valign="vcenter", indent=1
            )
            for tone, colours in TONE_COLOURS.items()
        },
        section=make(font_size=13, bold=True, font_color=HEADER, valign="vcenter"),
        label=make(font_color=MUTED, valign="top", indent=1),
        value=make(valign="top"),
        paragraph=make(text_wrap=True, valign="vcenter", indent=1),
        header=make(bg_color=HEADER, **head),
        header_inset=make(bg_color=HEADER, **head, indent=1),
        header_top=make(bg_color=HEADER, **{**head, "valign": "top"}, text_wrap=True),
        header_words=make(
            bg_color=HEADER, **{**head, "valign": "top"}, text_wrap=True, align="left", indent=1
        ),
        header_figure=make(bg_color=HEADER, **{**head, "valign": "top"}, **right, text_wrap=True),
        header_right=make(bg_color=HEADER, **head, **right, indent=1),
        our_header=make(bg_color=OUR_HEADER, **head),
        our_header_right=make(bg_color=OUR_HEADER, **head, **right, indent=1),
        row_label=make(**ruled),
        row_count=make(**ruled, **whole),
        row_money=monies(**ruled),
        row_link=make(**ruled, **whole, font_color=LINK, underline=1),
        row_words=make(**ruled, text_wrap=True),
        strong_label=make(**strong),
        strong_count=make(**strong, **whole),
        strong_money=monies(**strong),
        strong_words=make(**strong, text_wrap=True),
        total_label=make(**summed),
        total_count=make(**summed, **whole),
        total_money=monies(**summed),
        total_words=make(**summed, text_wrap=True),
        status=statuses,
        status_row={
            status.value: filled(colours, bold=True, **ruled)
            for status, colours in STATUS_COLOURS.items()
        },
        severity={
            severity: filled(colours, valign="top")
            for severity, colours in _SEVERITY_COLOURS.items()
        },
        cell=cells,
        figure=figures,
        source={number: make(num_format=number) for number in (TEXT, GENERAL)},
        message=make(num_format=TEXT),
        message_link=make(num_format=TEXT, font_color=LINK),
        words=make(num_format=TEXT, indent=1),
        money=monies(indent=1),
        difference=(
            monies(indent=1),
            monies(indent=1, bold=True, bg_color=RED[0]),
        ),
        signature=make(top=1, top_color=INK, font_color=MUTED, font_size=9),
        whole=make(num_format="0", **right, indent=1),
        centred=make(num_format="0", align="center"),
        link=make(font_color=LINK, underline=1, valign="top"),
        link_number=make(font_color=LINK, underline=1, valign="top", align="left"),
        wrapped=make(text_wrap=True, valign="top"),
        wrapped_text=make(text_wrap=True, valign="top", num_format=TEXT),
        code=make(valign="top", font_color=MUTED, font_size=9),
        top=make(valign="top"),
        top_number=make(valign="top", align="left"),
        fine_print=make(font_color=MUTED, italic=True, font_size=9),
    )
