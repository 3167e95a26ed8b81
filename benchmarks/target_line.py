"""A row of the table of ``speed.py``: what was measured, and whether it meets its target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from measure import Measurement


@dataclass(frozen=True)
class Line:
    """A row of the table; its limits are for the ratio to ``reference``, else for the seconds."""

    what: str
    measurement: Measurement
    ratio: float | None = None
    reference: str = ""
    maximum: float | None = None
    minimum: float | None = None
    max_megabytes: float | None = None

    @property
    def target(self) -> str:
        words = []
        if self.maximum is not None:
            words.append(f"≤ {self.maximum:g}" + (" ×" if self.reference else " s"))
        if self.minimum is not None:
            words.append(f"≥ {self.minimum:g} ×")
        if self.max_megabytes is not None:
            words.append(f"≤ {self.max_megabytes:,.0f} MB")
        return ", ".join(words)

    @property
    def missed(self) -> bool:
        figure = self.measurement.seconds if self.ratio is None else self.ratio
        return (
            (self.maximum is not None and figure > self.maximum)
            or (self.minimum is not None and figure < self.minimum)
            or (self.max_megabytes is not None and self.measurement.megabytes > self.max_megabytes)
        )

    def row(self) -> str:
        seconds, cpu = self.measurement.seconds, self.measurement.cpu
        megabytes = self.measurement.megabytes
        ratio_text = "" if self.ratio is None else f"{self.ratio:.2f} × {self.reference}"
        verdict = "" if not self.target else "**missed**" if self.missed else "met"
        return (
            f"| {self.what} | {seconds:.2f} | {cpu:.2f} | {megabytes:,.0f} |"
            f" {ratio_text} | {self.target} | {verdict} |"
        )


HEAD = """\
| what | seconds | CPU s | peak MB | ratio | target | |
|---|---:|---:|---:|---:|---|---|"""

Lines = Iterator[Line]
