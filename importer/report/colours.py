"""The palette of the workbook and of the HTML report."""

from __future__ import annotations

from importer.model.finding import Severity
from importer.model.journal_states import Status
from importer.report.verdict import Tone

INK = "#1F2A37"
MUTED = "#6B7280"
LINE = "#D5DAE1"
HEADER = "#24415E"
RESULT_HEADER = "#4B6B63"  # columns that the result adds to those of the file
LINK = "#1B5E9B"
# Of the HTML report on a dark screen.
DARK_PAGE, DARK_INK, DARK_MUTED, DARK_LINK = "#14202E", "#E6EAF0", "#A3AEBD", "#8CBBEA"
TO_DO_TAB = "#2F6FAE"  # the tab of a sheet that waits for a person
ERROR_TAB, WARNING_TAB = "#C0504D", "#D9B44A"

# Each: fill, text.
RED = ("#F8DAD7", "#8A1F17")
AMBER = ("#FFF0C8", "#6B4E00")
GREEN = ("#DDEFE0", "#1E5631")
BLUE = ("#DCE8F5", "#1B4268")
GREY = ("#ECEEF1", "#4B5563")
ORANGE = ("#FBDDC2", "#7A3E00")

STATUS_COLOURS = {
    Status.VALID: GREEN,
    Status.CREATED: GREEN,
    Status.UPDATED: GREEN,
    Status.ALREADY_IN_LIGHT: BLUE,
    Status.ALREADY_LOADED: BLUE,
    Status.INVALID: RED,
    Status.REJECTED: RED,
    Status.UNKNOWN: ORANGE,
    Status.NOT_SENT: AMBER,
    Status.PASSED_OVER: GREY,
    Status.UNDONE: GREY,
}
_BAR_COLOURS: dict[str, str] = {
    Status.VALID: "#7DB58A",
    Status.CREATED: "#4C8C5A",
    Status.UPDATED: "#2F9E9A",
    Status.ALREADY_IN_LIGHT: "#4A7FB0",
    Status.ALREADY_LOADED: "#83ABD0",
    Status.INVALID: "#C0504D",
    Status.REJECTED: "#8F2F2B",
    Status.UNKNOWN: "#D9822B",
    Status.NOT_SENT: "#D9B44A",
    Status.PASSED_OVER: "#C3C9D1",
    Status.UNDONE: "#9AA3AD",
}
AXIS = "#9AA3AD"
NOT_IN_LIGHT_BAR = "#D9B44A"
SHEET_BAR = "#83ABD0"
TONE_COLOURS = {Tone.GOOD: GREEN, Tone.ATTENTION: AMBER, Tone.BAD: RED}
SEVERITY_COLOURS = {Severity.ERROR: RED, Severity.WARNING: AMBER}


def bar_colour(status: str) -> str:
    """The colour of a status in a chart."""
    return _BAR_COLOURS.get(status, "#9AA3AD")
