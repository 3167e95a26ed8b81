"""Where the bills and line items of a run stood in its files, and which they were."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowIdentity:
    """A row of a file as a run read it. ``identity`` is of the bill or line item that it held."""

    file: str
    sheet: str | None
    row: int
    identity: str

    @property
    def place(self) -> tuple[str, str | None, int]:
        return self.file, self.sheet, self.row


@dataclass(frozen=True, slots=True)
class BillRows:
    """The rows of one bill of a run, its lines in the order they were sent.

    Journals before format 5 kept no rows: then ``bill`` is None and ``position`` is the bill's
    position among all bills of the files as that version read them.
    """

    bill: RowIdentity | None = None
    lines: tuple[RowIdentity, ...] = ()
    position: int | None = None
