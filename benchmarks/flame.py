"""Where the processor time of a command goes, as a flame graph.

    python benchmarks/flame.py OUT.svg load bills.csv lines.csv --yes …

The command runs in this process; after every other millisecond of processor time its stack is
noted, or as often as the system's clock ticks.
A box is a function, as wide as the time in it and in what it calls, which stands above it. A graph
is for reading in a browser, which names a box that is pointed at. What has less than ``LEAST`` of
the time is left out, and so are click and what is in an import.
"""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path
from types import CodeType, FrameType

import click

EVERY = 0.002  # seconds of processor time
WIDTH, HEIGHT, LEAST = 1200, 16, 0.005
_LEFT_OUT = (__file__, "<frozen importlib", click.__path__[0])
Stack = tuple[CodeType, ...]


class Sampler:
    """Stacks of the main thread, the outermost function first, and how often each was seen."""

    def __init__(self) -> None:
        self.stacks: Counter[Stack] = Counter()

    def _note(self, number: int, frame: FrameType | None) -> None:
        stack: list[CodeType] = []
        while frame is not None:
            code, frame = frame.f_code, frame.f_back
            if code.co_filename.startswith(_LEFT_OUT):
                continue
            if code.co_name == "<module>":
                stack.clear()  # what an import does is one box
            stack.append(code)
        if stack:
            self.stacks[tuple(reversed(stack))] += 1

    def __enter__(self) -> Sampler:
        signal.signal(signal.SIGPROF, self._note)
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
        return self

    def __exit__(self, *exc: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)


def place(code: CodeType) -> str:
    """The file below its package's folder, without the folder of the packages."""
    path = code.co_filename
    for part in ("site-packages/", "/importer/", "/lib/"):
        if part in path:
            return path.partition(part)[2] if part == "site-packages/" else path.rpartition(part)[2]
    return path


def package(code: CodeType) -> str:
    name = place(code)
    ours = "/importer/" in code.co_filename and "site-packages" not in code.co_filename
    return f"importer/{name.split('/')[0]}" if ours else name.split("/")[0].removesuffix(".py")


def boxes(
    stacks: Counter[Stack], depth: int, left: int, least: float
) -> Iterator[tuple[int, int, int, CodeType]]:
    """(depth, first sample, samples, function) of each function that is wide enough."""
    callees: dict[CodeType, Counter[Stack]] = {}
    for stack, number in stacks.items():
        if len(stack) > depth:
            callees.setdefault(stack[depth], Counter())[stack] += number
    for code, some in sorted(callees.items(), key=lambda each: each[0].co_qualname):
        number = some.total()
        if number >= least:
            yield depth, left, number, code
            yield from boxes(some, depth + 1, left, least)
        left += number


def svg(stacks: Counter[Stack], title: str) -> str:
    total = stacks.total()
    drawn = list(boxes(stacks, 0, 0, total * LEAST))
    height = (max(each[0] for each in drawn) + 3) * HEIGHT
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="4" y="13">{escape(title)}</text>',
    ]
    names = sorted({package(code) for *_, code in drawn})
    for depth, first, number, code in drawn:
        x, width = first / total * WIDTH, number / total * WIDTH
        y, hue = height - (depth + 1) * HEIGHT, names.index(package(code)) * 360 // len(names)
        words = f"{code.co_qualname} ({place(code)})"
        shown = words[: int(width / 6)] if width > 24 else ""
        out.append(
            f'<g><title>{escape(words)}: {number / total:.1%}</title><rect x="{x:.1f}" y="{y}"'
            f' width="{width:.1f}" height="{HEIGHT - 1}" fill="hsl({hue},60%,80%)"/>'
            f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(shown)}</text></g>'
        )
    return "\n".join([*out, "</svg>\n"])


def main() -> int:
    path, *words = sys.argv[1:]
    from importer.cli.main import run

    began = time.process_time()
    with Sampler() as sampler:
        exit_code = run(words)
    seconds = time.process_time() - began
    title = f"{' '.join(words[:3])} …: {seconds:.1f} s of processor time"
    Path(path).write_text(svg(sampler.stacks, title))
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
