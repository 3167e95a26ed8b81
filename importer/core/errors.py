"""Errors that end a command, classified by what the caller does next.

A class docstring is the message where none is given. ``kind`` names the class in ``--json``, and
``remedy`` is what helps where the message does not say it. Wrong cells are not errors but findings:
see ``model.finding.Finding``.
"""

from __future__ import annotations

import errno


class ImporterError(Exception):
    """Something went wrong."""

    exit_code = 2
    kind = "error"
    remedy = ""  # of every class below

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class UsageProblem(ImporterError):
    """The command cannot be carried out as it was written."""

    kind = "usage"
    remedy = "Change what the message names, and run the command again. --help lists its options."


class KeyMissing(UsageProblem):
    """No key for Light is set, and nobody is logged in."""

    remedy = "Set LIGHT_API_KEY, or run: light-import auth login"


class RunMissing(UsageProblem):
    """No run of that name sent anything to Light."""

    remedy = "Use a run that 'light-import runs' lists."


class UnreadableFile(UsageProblem):
    """The file cannot be read as a spreadsheet or CSV."""

    kind = "file"
    remedy = (
        "Do with the file what the message says, or save it as an Excel workbook (.xlsx) or as CSV"
        " UTF-8; then run the same command again."
    )


class TemplateProblem(UsageProblem):
    """The template is not valid."""

    kind = "template"
    remedy = (
        "Change the template, or choose another with --template; 'light-import template check PATH'"
        " checks it."
    )


class StoppedEarly(ImporterError):
    """The run stopped before it was done; the same command continues it."""

    exit_code = 4
    kind = "stopped"
    remedy = "Run the same command again: it continues, and nothing is sent twice."


class InternalFault(StoppedEarly):
    """A fault of light-import."""

    kind = "fault"
    remedy = "Run the command with --verbose and report what it prints."


class Declined(StoppedEarly):
    """The answer to the question was no. ``next_step`` is the command that asks again."""

    kind = "declined"
    remedy = "Run the command again and answer yes, or add --yes."

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


class LightUnreachable(StoppedEarly):
    """Light cannot be reached."""

    kind = "unreachable"


class AccessRefused(StoppedEarly):
    """Light refused access."""


class KeyRefused(AccessRefused):
    """Light refused the key, or its role; the same command continues with one that may."""

    exit_code = 2

    kind = "access"
    remedy = "Check the key and its role in Light: Settings > API Keys."


class HeldBack(StoppedEarly):
    """Light takes no requests for now."""


class BudgetSpent(StoppedEarly):
    """The number of requests permitted for today is spent."""

    kind = "budget"
    remedy = "Run the same command again then: it continues, and nothing is sent twice."


NOT_UNDERSTOOD = "Light's answer cannot be understood: "


class WireProblem(StoppedEarly):
    """Light answered in a form that cannot be understood."""

    kind = "answer"

    @property
    def detail(self) -> str:
        """What cannot be understood, to stand within a sentence: ``amount is "1000"``."""
        return str(self).removeprefix(NOT_UNDERSTOOD).rstrip(".")


class LightRefused(StoppedEarly):
    """Light refused a request that the run cannot do without."""

    kind = "refused"

    def __init__(self, message: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status  # of the answer


class RateLimiterProblem(StoppedEarly):
    """The file that keeps the pace cannot be written, so nothing may be sent."""

    kind = "pace"


class JournalProblem(StoppedEarly):
    """The journal cannot be written, so nothing may be sent."""

    kind = "journal"


_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


def unwritable(error: OSError, otherwise: str = "name another place") -> str:
    """Why a file cannot be written, and the remedy: "No space left on device. Free some space, or
    name another place". ``otherwise`` is what helps where space does not."""
    why = error.strerror or str(error)
    match error.errno:
        case code if code in _FULL:
            remedy = f"free some space, or {otherwise}"
        case errno.ENAMETOOLONG:
            remedy = "give it a shorter name"
        case errno.EACCES | errno.EPERM:
            remedy = f"if it is open in another program, close it there; else {otherwise}"
        case _:
            remedy = otherwise
    return f"{why}. {remedy[0].upper()}{remedy[1:]}"
