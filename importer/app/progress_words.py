"""The words of progress, the same on the terminal and on the page."""

from __future__ import annotations

from importer.app.events import Phase, Work

PHASE_WORDS = {  # doing, failed
    Phase.VENDORS: ("Creating", "failed"),
    Phase.CREATION: ("Loading", "failed"),
    Phase.UPDATE: ("Changing", "failed"),
    Phase.STEPS: ("Taking", "failed"),
    Phase.READ_BACK: ("Reading back", "different"),
    Phase.CANCELLATION: ("Undoing", "not cancelled"),
    Phase.RESTORATION: ("Changing back", "not changed"),
    Phase.EXPORT: ("Reading", "not there any more"),
    Phase.CANCELLATION_DRY_RUN: ("Looking at", "not cancelled"),
}
WORK_WORDS = {
    Work.READING: "Reading the files",
    Work.CHECKING: "Checking the rows",
    Work.WRITING: "Writing the result",
    Work.LISTS: "Fetching the company's lists",
    Work.PAGES: "Reading Light's list",
    Work.LOOKING: "Looking for bills in Light",
    Work.LEDGER: "Reading the ledger",
}


def rounded(seconds: float) -> str:
    """ "43 s", "2 min 20 s"."""
    from importer.report.phrases import duration

    return f"{seconds:.0f} s" if seconds < 59.5 else duration(seconds)


def waits(now: float, ends: float | None, until: float, what: str) -> list[str]:
    """ "2 min left", where it is known when it ``ends``; "waiting 43 s for Light's limit", where
    that is waited for ``until`` later than ``now``. Moments are seconds of one clock."""
    parts = [] if ends is None else [f"{rounded(max(ends - now, 1))} left"]
    if until > now:
        parts.append(f"waiting {rounded(max(until - now, 1))} {what}")
    return parts


def counted(doing: str, done: int, total: int, noun: str, failed: int, failed_word: str) -> str:
    """ "Loading 312 of 1,000 bills, 2 failed"."""
    words = f"{doing} {done:,} of {total:,} {noun}" if noun and total else doing
    return f"{words}, {failed:,} {failed_word}" if failed else words
