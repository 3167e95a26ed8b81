"""What can go wrong as a whole, named by what the caller does next.

A class docstring is the message where none is given. Wrong cells are not errors but findings:
see ``records.Finding``.
"""

from __future__ import annotations


class ImporterError(Exception):
    """Something went wrong."""

    exit_code = 2

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class UsageProblem(ImporterError):
    """The command cannot be carried out as it was written."""


class UnreadableFile(UsageProblem):
    """The file cannot be read as a spreadsheet or CSV."""


class TemplateProblem(UsageProblem):
    """The template is not valid."""


class StoppedEarly(ImporterError):
    """The run stopped before it was done; the same command continues it."""

    exit_code = 4


class LightUnreachable(StoppedEarly):
    """Light cannot be reached."""


class AccessRefused(StoppedEarly):
    """Light refused the key."""


class BudgetSpent(StoppedEarly):
    """The number of requests permitted for today is spent."""


class JournalProblem(StoppedEarly):
    """The journal cannot be written, so nothing may be sent."""
