"""Time and memory of ``validate`` by number of rows: a table, a verdict and a plot."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from files import one_sheet, two_sheets
from measure import Measurement

SMALLEST = 100  # line items of the smallest file, which gives the fixed cost
MAX_RATIO = 1.3  # cost of a row in the largest file to that in the next smaller one
COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1")
MOST_IN_WORKBOOK = 100_000  # line items; more take long
TWO = ("--bills", "bills.csv", "--lines", "lines.csv")
FLAT = ("flat.csv", "--template", "flat.yaml")


@dataclass(frozen=True)
class Curve:
    name: str
    fixed: Measurement
    points: tuple[tuple[int, Measurement], ...]

    @property
    def all_points(self) -> tuple[tuple[int, Measurement], ...]:
        return ((SMALLEST, self.fixed), *self.points)

    def _per_row(self, figure: Callable[[Measurement], float]) -> list[float]:
        """Cost of one row beyond the fixed cost."""
        return [
            max(figure(measurement) - figure(self.fixed), 1e-9) / n
            for n, measurement in self.points
        ]

    def cost_ratio(self, figure: Callable[[Measurement], float]) -> float:
        """Cost of a row in the largest file, divided by that in the next smaller one."""
        costs = self._per_row(figure)
        return costs[-1] / costs[-2] if len(costs) > 1 else 1.0

    @property
    def linear(self) -> bool:
        return self.cost_ratio(seconds) <= MAX_RATIO and self.cost_ratio(megabytes) <= MAX_RATIO


def seconds(measurement: Measurement) -> float:
    return measurement.seconds


def megabytes(measurement: Measurement) -> float:
    return measurement.megabytes


def measure(folder: Path, rows: Sequence[int], validate: Callable[..., Measurement]) -> list[Curve]:
    """Curves of two sheets with 0.5 % and 20 % bad rows, and of one sheet of twenty columns with a
    CSV and a workbook as its result."""
    out = []
    for name, write, bad, files, result in (
        ("two sheets, 0.5 % bad", two_sheets, 0.005, TWO, "out.csv"),
        ("two sheets, 20 % bad", two_sheets, 0.2, TWO, "out.csv"),
        ("one sheet, 0.5 % bad", one_sheet, 0.005, FLAT, "out.csv"),
        ("one sheet, as a workbook", one_sheet, 0.005, FLAT, "out.xlsx"),
    ):
        points = []
        for n in (SMALLEST, *sorted(rows)):
            if result == "out.xlsx" and n > MOST_IN_WORKBOOK:
                continue
            sub_folder = folder / f"{n}-{bad}{'-flat' if write is one_sheet else ''}"
            write(sub_folder, n, bad)
            times = 3 if n > 200_000 or result == "out.xlsx" else 5
            points.append((n, validate(sub_folder, *files, times=times, result=result)))
        out.append(Curve(name, points[0][1], tuple(points[1:])))
    return out


def table(curves: Sequence[Curve]) -> list[str]:
    picture = "![seconds and megabytes by line items](growth.svg)"
    out = [
        "",
        "## As the rows become more",
        "",
        picture,
        "",
        "| validate --result | line items | seconds | CPU s | peak MB |",
        "|---|---:|---:|---:|---:|",
    ]
    for curve in curves:
        for n, measurement in curve.all_points:
            out.append(
                f"| {curve.name} | {n:,} | {measurement.seconds:.2f} | {measurement.cpu:.2f} |"
                f" {measurement.megabytes:,.0f} |"
            )
    out += [
        "",
        f"Linear is a row of the largest file that takes at most {MAX_RATIO} times what one of"
        " the next smaller takes, beyond the fixed cost (that of the smallest).",
    ]
    for curve in curves:
        verdict = "linear" if curve.linear else "**not linear**"
        out.append(
            f"- {curve.name}: {verdict}; seconds × {curve.cost_ratio(seconds):.2f},"
            f" memory × {curve.cost_ratio(megabytes):.2f}."
        )
    return out


# --- the plot ---------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP = 380, 260, 60, 50


def plot(curves: Sequence[Curve]) -> str:
    """An SVG of two panels with logarithmic axes, from the smallest file on."""
    parts = ['<rect width="100%" height="100%" fill="white"/>']
    for k, (title, figure) in enumerate((("seconds", seconds), ("peak MB", megabytes))):
        parts += _panel(curves, title, figure, LEFT + k * (WIDTH + 2 * LEFT))
    for k, curve in enumerate(curves):
        x = LEFT + k * 230
        parts.append(f'<rect x="{x}" y="10" width="14" height="4" fill="{COLOURS[k]}"/>')
        parts.append(f'<text x="{x + 20}" y="17">{curve.name}</text>')
    size = f'width="{2 * WIDTH + 4 * LEFT}" height="{HEIGHT + 2 * TOP}"'
    style = 'font-family="sans-serif" font-size="12"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{body}\n</svg>\n'


def _panel(
    curves: Sequence[Curve], title: str, figure: Callable[[Measurement], float], left: int
) -> list[str]:
    all_points = [(n, figure(each)) for curve in curves for n, each in curve.all_points]
    low, high = (f(math.log10(y) for _, y in all_points) for f in (min, max))
    low, high = math.floor(low), max(math.ceil(high), math.floor(low) + 1)
    first, last = (f(math.log10(n) for n, _ in all_points) for f in (min, max))

    def at(n: float, y: float) -> tuple[float, float]:
        across = (math.log10(n) - first) / ((last - first) or 1)
        up = (math.log10(y) - low) / (high - low)
        return left + across * WIDTH, TOP + HEIGHT * (1 - up)

    out = [f'<text x="{left}" y="{TOP - 8}" font-weight="bold">{title}</text>']
    for power in range(low, high + 1):
        _, y = at(10**first, 10.0**power)
        out.append(f'<path d="M{left},{y:.1f}h{WIDTH}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for n in sorted({n for n, _ in all_points}):
        x, _ = at(n, 10.0**low)
        out.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{n:,}</text>')
    for k, curve in enumerate(curves):
        where = [at(n, figure(measurement)) for n, measurement in curve.all_points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in where)
        out.append(
            f'<polyline points="{line}" fill="none" stroke="{COLOURS[k]}" stroke-width="2"/>'
        )
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[k]}"/>' for x, y in where]
    return out
