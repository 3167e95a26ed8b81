"""Detect the encoding of a text file, unless it is stated.

UTF-8 and UTF-16 prove themselves. The single-byte encodings of western Windows (cp1252), of old
Macs (Mac Roman) and of DOS (CP850) share no proof: ``western_words`` weighs the words they make.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from importer.readers.csv.delimiter import row_at
from importer.readers.csv.western_words import NAMES, judge, readings
from importer.readers.file_kind import unreadable

_BOMS = (
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_STATE_ENCODING = (
    "Give the correct encoding with --encoding, for example cp1252, or in the template; or save"
    " the file in"
    " Excel as 'CSV UTF-8 (Comma delimited)'"
)
_HEAD = 4096  # bytes that tell text from what is none
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a"))


@dataclass(frozen=True)
class Encoding:
    """``doubt``: where it was only the likeliest, its name and words for a person to judge."""

    codec: str
    name: str
    doubt: str = ""
    errors: str = "strict"  # or "replace": a few bytes are read as U+FFFD


def decode(path: Path, data: bytes, encoding: str | None) -> tuple[Encoding, str]:
    """(encoding, text without byte order mark); detects the encoding where it is None.

    Raises ``UnreadableFile``, naming the row, where the text does not fit or has a NUL byte.
    """
    detected = declared_encoding(path, data, encoding) or _detected(path, data)
    try:
        text = data.decode(detected.codec, detected.errors)
    except UnicodeDecodeError as error:
        row = row_at(data[: error.start].decode(detected.codec, "ignore"))
        odd = data[error.start : error.end][:4].hex(" ").upper()
        raise unreadable(
            path, f"Row {row}: the bytes {odd} are not {detected.name} text. {_STATE_ENCODING}"
        ) from error
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        row = row_at(text[: text.index("\0")])
        raise unreadable(
            path, f"Row {row} has a NUL byte, which text never has. Export the file again"
        )
    return detected, text


def declared_encoding(path: Path, data: bytes, encoding: str | None) -> Encoding | None:
    """The requested encoding, or the one that the first bytes prove; None where neither.

    Raises ``UnreadableFile`` for what is no text.
    """
    return _of_head(path, data[:_HEAD]) if encoding is None else _given(path, data, encoding)


def _given(path: Path, data: bytes, encoding: str) -> Encoding:
    """The encoding that the template states; UnreadableFile where the file's mark contradicts."""
    try:
        codec = codecs.lookup(encoding).name
        "a".encode(codec)  # some codecs are not for text
    except LookupError:
        raise unreadable(
            path,
            f"There is no encoding '{encoding}'. Write for example utf-8, utf-16, cp1252, cp850 "
            "or mac_roman",
        ) from None
    for bom, marked, name in _BOMS:
        if data.startswith(bom):
            if not codec.startswith(name.lower()):
                raise unreadable(
                    path, f"Row 1: the file begins with the mark of {name}, it is not {encoding}"
                )
            return Encoding(marked, name)
    return Encoding(codec, encoding)


def _of_head(path: Path, head: bytes) -> Encoding | None:
    for bom, codec, name in _BOMS:
        if head.startswith(bom):
            return Encoding(codec, name)
    if b"\0" in head:
        # Nearly every second byte of UTF-16 is NUL in the text of western languages.
        pairs = max(len(head) // 2, 1)
        if head[1::2].count(0) > 0.4 * pairs > 4 * head[0::2].count(0):
            return Encoding("utf-16-le", "UTF-16")
        if head[0::2].count(0) > 0.4 * pairs > 4 * head[1::2].count(0):
            return Encoding("utf-16-be", "UTF-16")
    if len(head) - len(head.translate(None, _CONTROL)) > 0.05 * len(head):
        raise unreadable(
            path,
            "This is neither a spreadsheet nor text. Export the data as Excel (.xlsx) or CSV",
        )
    return None


def _detected(path: Path, data: bytes) -> Encoding:
    """The encoding of a text file; a few damaged bytes in it are read as U+FFFD.

    Raises ``UnreadableFile`` where several encodings would make different words of it.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _damaged_utf8(data, error) or _single_byte(path, data)
    return Encoding("utf-8", "UTF-8")


def _damaged_utf8(data: bytes, error: UnicodeDecodeError) -> Encoding | None:
    """UTF-8 where few bytes are bad among many good characters: cp1252 would garble the good."""
    # The text before the first bad byte is often ASCII, which has nothing to count.
    start = error.start if data[: error.start].isascii() else 0
    text = data[start:].decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for _ in re.finditer(r"[^\x00-\x7f]", text)) - bad
    return _lossy("utf-8", "UTF-8", data, bad) if good > bad else None


def _lossy(codec: str, name: str, data: bytes, bad: int) -> Encoding:
    """An encoding of all but ``bad`` bytes, with a doubt that names the row of the first."""
    before = data.decode(codec, "replace").partition("\ufffd")[0]
    bytes_ = "a byte that is" if bad == 1 else f"{bad} bytes that are"
    doubt = f"{name}, in which row {row_at(before)} has {bytes_} none of its letters (\ufffd)"
    return Encoding(codec, name, doubt, "replace")


def _single_byte(path: Path, data: bytes) -> Encoding:
    """The encoding that the words of the file speak for; UnreadableFile where they do not."""
    verdict = judge(data)
    if verdict.codec is not None:
        name = NAMES[verdict.codec]
        if verdict.lossy:
            bad = data.decode(verdict.codec, "replace").count("\ufffd")
            return _lossy(verdict.codec, name, data, bad)
        words = ", ".join(f"'{word.decode(verdict.codec)}'" for word in verdict.words[:3])
        return Encoding(verdict.codec, name, f"{name}: {words}" if words else "")
    word = verdict.words[0]
    shown = " or ".join(f"'{text}' ({name})" for name, text in readings(word).items())
    row = row_at(data[: data.index(word)].decode("latin-1"))
    codecs_of = " or ".join(f"--encoding {c}" for c, n in NAMES.items() if n in readings(word))
    raise unreadable(
        path,
        f"Row {row}: its encoding is unclear: {shown}. Give the correct one: {codecs_of} (or the"
        " template's source: encoding), or save the file in Excel as 'CSV UTF-8 (Comma delimited)'",
    )
