"""What goes to the screen: nothing in it can steer a terminal, and nothing cannot be written.

Names of files, cells and answers of servers may hold control characters; a terminal may have an
encoding that lacks half the letters; the reader of our output may have closed it, or its disk be
full. None of these stops a load.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO, cast

import click

_ESCAPE = "light_import_escape"
# As ``visible``, but for line ends and tabs, which layout needs. A carriage return alone would
# write over the line.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n)"
)


def _escaped(character: str) -> str:
    """``\\uXXXX``, as JSON and people can read it; two of them beyond the first plane."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    odd = error.object[error.start : error.end]
    return "".join(map(_escaped, odd)), error.end


codecs.register_error(_ESCAPE, _escape)


class LosingStream:
    """A stream whose writing never fails: what cannot be written is lost, and so is the rest."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as error:
            self.lost = self.lost or error
            # Python writes what is left when it ends, and would complain then.
            with contextlib.suppress(OSError, ValueError, AttributeError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Screen:
    """A stream for people: what could steer a terminal is written out. ``raw`` is the stream,
    ``colour`` whether anything may be painted."""

    def __init__(self, stream: TextIO, *, colour: bool = True) -> None:
        self.raw, self.colour = LosingStream(stream), colour

    @property
    def encoding(self) -> str:
        """That of the stream. click wraps streams that say "ascii" in one of its own."""
        return "utf-8" if "ascii" in (self.raw.encoding or "").lower() else self.raw.encoding

    @property
    def errors(self) -> str:
        return _ESCAPE

    def write(self, text: str | bytes) -> int:
        if text == b"":  # click asks whether this is a stream of bytes, and would encode its text
            raise TypeError("this stream takes text")
        if isinstance(text, bytes):  # as click does for completion
            text = text.decode("utf-8", "replace")
        self.raw.write(_UNSAFE.sub(lambda match: _escaped(match[0]), text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name in ("buffer", "detach"):  # a way round
            raise AttributeError(name)
        return getattr(self.raw, name)


@contextlib.contextmanager
def screens(*, colour: bool) -> Iterator[None]:
    """Standard output and error are ``Screen``s inside the block."""
    before = sys.stdout, sys.stderr
    for stream in before:
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors=_ESCAPE)  # type: ignore[union-attr]
    try:
        # Either is None where there is no console at all, as under pythonw.
        sys.stdout, sys.stderr = (
            stream
            if stream is None or isinstance(stream, Screen)
            else Screen(stream, colour=colour)
            for stream in before
        )
        yield
    finally:
        sys.stdout, sys.stderr = before


_LABELS = {"Error:": "bad", "Stopped:": "doubtful", "Next:": "label"}
_COLOURS = {"good": "32", "doubtful": "33", "bad": "31", "label": "1"}  # of SGR


def _wants_colour(stream: TextIO | None) -> bool:
    """Whether it is a terminal that shows colour, and nobody asked for none."""
    if not (isinstance(stream, Screen) and stream.colour and stream.isatty()):
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_painted(lines: Iterable[tuple[str, str | None, int]], *, err: bool = False) -> None:
    """Lines of which the first characters have a style; so many are painted, where that is wanted.

    The codes go round the ``Screen``, which lets none of the data through.
    """
    stream = sys.stderr if err else sys.stdout
    if not _wants_colour(stream) or stream is None:
        click.echo("\n".join(text for text, *_ in lines), err=err)
        return
    terminal = raw(stream)
    for text, style, painted in lines:
        if style is not None:
            click.echo(f"\x1b[{_COLOURS[style]}m", terminal, nl=False, color=True)
            stream.write(text[:painted])
            click.echo("\x1b[0m", terminal, nl=False, color=True)
        stream.write(text[painted:] + "\n")
    stream.flush()


def raw(stream: TextIO) -> TextIO:
    """The stream itself, for what must steer the terminal: a progress bar."""
    return cast(TextIO, stream.raw) if isinstance(stream, Screen) else stream


def lost_output() -> OSError | None:
    """Why standard output could not be written; nothing where its reader has closed it, as in
    ``light-import runs | head``."""
    lost = sys.stdout.raw.lost if isinstance(sys.stdout, Screen) else None
    return None if isinstance(lost, BrokenPipeError) else lost


def columns(most: int = 100) -> int:
    """The width of the terminal."""
    import shutil

    return min(shutil.get_terminal_size((80, 24)).columns, most)


def print_line(text: str, label: str = "") -> None:
    """A line for the person, on standard error; in lines that fit where that is a terminal.

    What is to be copied, a path or a command, is not broken in two.
    """
    lines = [label + text]
    if sys.stderr is not None and sys.stderr.isatty():
        from importer.app import paragraph

        lines = paragraph(text, columns(), label, indent=2)
    style = _LABELS.get(label.strip())
    print_painted(
        [(line, None if n else style, 0 if n else len(label)) for n, line in enumerate(lines)],
        err=True,
    )
