"""Detect the encoding of a text file, unless it is stated.

UTF-8 and UTF-16 prove themselves. The single-byte encodings of western Windows (cp1252), of old
Macs (Mac Roman) and of DOS (CP850) share no proof: any bytes are text in each. But only one of them
usually makes words: ``M\u00fcller`` in Mac Roman reads ``M\u0178ller`` in cp1252.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from importer.readers.csv.delimiter import row_at
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
    "In Excel save it as 'CSV UTF-8 (Comma delimited)', or say in the template which encoding "
    "it has"
)
_HEAD = 4096  # bytes that tell text from what is none
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a"))
_SINGLE_BYTE = {"cp1252": "cp1252", "mac_roman": "Mac Roman", "cp850": "CP850"}


@dataclass(frozen=True)
class Encoding:
    """``doubt``: where it was only the likeliest, its name and words for a person to judge."""

    codec: str
    name: str
    doubt: str = ""


def decode(path: Path, data: bytes, encoding: str | None) -> tuple[Encoding, str]:
    """(encoding, text without byte order mark); detects the encoding where it is None.

    Raises ``UnreadableFile``, naming the row, where the text does not fit or has a NUL byte.
    """
    detected = declared_encoding(path, data, encoding) or _detected(path, data)
    try:
        text = data.decode(detected.codec)
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
    """The encoding of a text file.

    Raises ``UnreadableFile`` where a few bytes are damaged, and where several encodings would make
    different words of it.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_damaged_utf8(path, data, error)
        return _single_byte(path, data)
    return Encoding("utf-8", "UTF-8")


def _refuse_damaged_utf8(path: Path, data: bytes, error: UnicodeDecodeError) -> None:
    """A few bad bytes among many good characters: reading all as cp1252 would garble the good."""
    # The text before the first bad byte is often ASCII, which has nothing to count.
    start = error.start if data[: error.start].isascii() else 0
    text = data[start:].decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for _ in re.finditer(r"[^\x00-\x7f]", text)) - bad
    if good > bad:
        row = row_at(data[: error.start].decode("utf-8"))
        raise unreadable(
            path, f"Row {row} has bytes that are not UTF-8, while the rest is. {_STATE_ENCODING}"
        )


# --- single bytes -----------------------------------------------------------------------------

_MOST_WORDS = 20_000  # words examined
_LONGEST_WORD = 60  # bytes
# A word from its first byte beyond ASCII on; what stands before it is looked up. Otherwise the time
# would grow with the square of a long word.
_WORD = re.compile(rb"[\x80-\xff][^\x00-\x20\",;|<>]{0,%d}" % _LONGEST_WORD)
_BETWEEN = re.compile(rb"[\x00-\x20\",;|<>]")
_APOSTROPHE = re.compile(
    r".*(?:\b\w{1,2}|aujourd)[’´¿]|.*[’´¿](?:[sStTdDmM]|re|ll|ve)?(?!\w)", re.DOTALL
)
_AFTER_A_DIGIT = frozenset("°²³¹½¼¾×µºª")
_OPENING = frozenset("‚„¿¡")
_JOINING = frozenset("\u00ad·’´\u00a0")
_MARKS = frozenset("–—‘’‚“”„…•·«»‹›°®™©§¶´¨¿¡²³½¼¾±×÷µºª†‡¬¦\u00ad\u00a0")
_SIGNS_OF_MONEY = frozenset("£€¥¢")
_ALONE = frozenset("ÀÁÄÅÈÉÒÓÔÖØÚÙÆàáäåèéòóôöøúùæ")  # words of one letter
_FOREIGN = re.compile(r"[^\W\d_a-zA-Z]{3}")  # so many accents in a row no western word has
# Letters that the western languages use little, where other encodings have common ones.
_RARE = frozenset("¿ŠšŽžŸŒœƒıﬁﬂˆ˜ìÌïÏûÛÙùÎîÿõÕ")
_ELSEWHERE = frozenset("ÐðÞþÝý")  # in these places of cp1252 Turkish has other letters


def _single_byte(path: Path, data: bytes) -> Encoding:
    """The encoding in which all words are plausible, cp1252 first; else the likeliest.

    Anything but unambiguous cp1252 gets a ``doubt``.
    """
    samples: set[bytes] = set()
    for match in islice(_WORD.finditer(data), 10 * _MOST_WORDS):
        before = data[max(match.start() - _LONGEST_WORD, 0) : match.start()]
        samples.add(_BETWEEN.split(before)[-1] + match[0])
        if len(samples) == _MOST_WORDS:
            break
    words = sorted(samples)
    readings = {codec: [_decoded(word, codec) for word in words] for codec in _SINGLE_BYTE}
    odd = {codec: [w for w in of if not _plausible(w)] for codec, of in readings.items()}
    clean = [codec for codec, of in odd.items() if not of]
    usual = [
        codec for codec in clean if not any(_RARE.intersection(w or "") for w in readings[codec])
    ]
    rare_only = all(_RARE.intersection(w or "") for w in readings["cp1252"])
    if "cp1252" in clean and not (rare_only and usual):
        foreign = [w for w in readings["cp1252"] if w and _ELSEWHERE.intersection(w)]
        return _likely("cp1252", foreign)
    if "cp1252" not in clean and len(likeliest := usual or clean) == 1:
        return _likely(likeliest[0], readings[likeliest[0]])
    if not clean:
        # A few odd words occur in any file.
        best = min(odd, key=lambda codec: len(odd[codec]))
        if None not in readings[best] and 4 * len(odd[best]) <= len(words):
            return _likely(best, odd[best])
    k = next((k for k in range(len(words)) if _differ(readings, k)), 0)
    shown = " or ".join(
        f"'{of[k]}' ({_SINGLE_BYTE[codec]})" for codec, of in readings.items() if of[k] is not None
    )
    row = row_at(data[: data.index(words[k])].decode("latin-1"))
    raise unreadable(path, f"Row {row}: its encoding cannot be told: {shown}. {_STATE_ENCODING}")


def _likely(codec: str, doubtful: Sequence[str | None]) -> Encoding:
    name, words = _SINGLE_BYTE[codec], ", ".join(f"'{w}'" for w in doubtful[:3])
    return Encoding(codec, name, f"{name}: {words}" if words else "")


def _differ(readings: dict[str, list[str | None]], k: int) -> bool:
    return len({of[k] for of in readings.values()}) > 1


def _decoded(word: bytes, codec: str) -> str | None:
    """The word; None where it has a byte that the encoding lacks, or a control character."""
    try:
        text = word.decode(codec)
    except UnicodeDecodeError:
        return None
    return None if any(unicodedata.category(c) == "Cc" for c in text) else text


def _plausible(word: str | None) -> bool:
    """Whether each character beyond ASCII stands where people put it."""
    if word is None or _FOREIGN.search(word):
        return False
    padded = f" {word} "
    return all(c.isascii() or _in_place(padded, i) for i, c in enumerate(padded[1:-1], start=1))


def _in_place(word: str, i: int) -> bool:
    before, c, after = word[i - 1], word[i], word[i + 1]
    if c in "’´¿" and before.isalpha():  # databases are known to turn ’ into ¿
        return not after.isalpha() or bool(_APOSTROPHE.match(word[: i + 3]))
    if c in _SIGNS_OF_MONEY:
        if c in "¥¢" and not (before.isdigit() or after.isdigit()):
            return False
        return not before.isalpha() and (not after.isalpha() or after in "kKmM")
    if not c.isalpha() or c in "ªºµ":
        if c not in _MARKS:
            return False
        if c in _JOINING or (c in _AFTER_A_DIGIT and (before.isdigit() or before == "m")):
            return True
        if c in "–—" and not (before + after).islower():
            return True
        return not before.isalnum() if c in _OPENING else not (before.isalnum() and after.isalnum())
    if before.isdigit() or (after.isdigit() and not before.isalpha()):
        return False
    if before == after == " ":
        return c in _ALONE
    if c.isupper():
        return not before.islower() and not (before.isalpha() and after.islower())
    return not (before.isupper() and after.isupper())
