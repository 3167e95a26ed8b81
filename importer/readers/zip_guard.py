"""Check workbooks, which are zips, before and while they are unpacked."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from importer.readers.file_limits import Limits, TooLargeError, limits, too_large

_MB = 1 << 20
_CHUNK = _MB
_SMALL = 20 * _MB  # unpacked; a part below this is no bomb, whatever its ratio
_MOST_OF_XML = 16 * _MB  # of the parts that are held as trees: styles, lists of sheets
# XML parsers rescan what is not closed, in quadratic time.
_MARKS = {b"<": b">", b"<!--": b"-->", b"<?": b"?>"}
_LONGEST_TAG = 512 << 10  # bytes
_ENTRY = 200  # bytes of the zip's directory for each part, at most
_ENDED = struct.Struct("<4s4H2IH")
_ENDED_64 = struct.Struct("<4sQ2H2I4Q")
_ENCODINGS = frozenset((b"utf-8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252"))
_DECLARED = re.compile(rb"<\?xml[^<>]{0,200}?encoding\s*=\s*[\"']([^\"'<>]{1,40})")


class DamagedError(Exception):
    """It is damaged, or made to mislead the programs that read it"""


def part_key(name: str) -> str:
    """The name of a part as Office compares names: any case, ``\\`` as ``/``."""
    return name.replace("\\", "/").lstrip("/").lower()


def check_zip(path: Path) -> None:
    """Refuse a zip by its directory: too many or too large parts, or overlapping ones.

    Raises ``TooLargeError``, ``DamagedError``, and what zipfile raises where it is damaged.
    """
    permitted = limits()
    _check_directory(path, permitted)
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    if len(parts) > permitted.parts:
        raise too_large(f"It has {len(parts):,} parts", "parts", permitted.parts)
    names = [part_key(part.filename) for part in parts]
    if len(set(names)) < len(names):
        raise DamagedError("It has the same part twice, so programs read it differently")
    ends = 0
    for part in sorted(parts, key=lambda part: part.header_offset):
        if part.header_offset < ends:
            raise DamagedError("It has parts that share the same place in the file")
        ends = part.header_offset + 30 + part.compress_size
        if part.file_size > _SMALL and part.file_size > permitted.ratio * part.compress_size:
            times = part.file_size // max(part.compress_size, 1)
            raise too_large(
                f"Its part {part.filename[:100]} would unpack to {times:,} times its size",
                "ratio",
                permitted.ratio,
            )
    unpacked = sum(part.file_size for part in parts)
    if unpacked > permitted.unpacked_mb * _MB:
        raise too_large(
            f"It would unpack to {unpacked // _MB:,} MB", "unpacked_mb", permitted.unpacked_mb
        )


def _check_directory(path: Path, permitted: Limits) -> None:
    """Refuse too large a directory before zipfile reads it."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = file.seek(max(0, size - 66_000))
        tail = file.read()
    ends = []
    at = tail.rfind(b"PK\5\6")
    while at >= 0:
        if len(tail) - at >= _ENDED.size:
            ended = _ENDED.unpack_from(tail, at)
            if start + at + _ENDED.size + ended[7] == size:
                ends.append((at, ended[5]))
        at = tail.rfind(b"PK\5\6", 0, at)
    if len(ends) > 1:
        raise DamagedError("It has two ends, so programs read it differently")
    if not ends:
        return  # zipfile says what is wrong
    at, length = ends[0]
    longer = tail.rfind(b"PK\6\6", 0, at)
    if length == 0xFFFFFFFF and longer >= 0 and len(tail) - longer >= _ENDED_64.size:
        length = _ENDED_64.unpack_from(tail, longer)[8]
    if length > permitted.parts * _ENTRY:
        raise too_large("It has too many parts", "parts", permitted.parts)


class Part:
    """A part of a zip as a stream of bytes, checked against the size that the zip claims.

    Raises ``DamagedError`` where it is larger than claimed, or has a document type (only there to
    define entities), and ``zipfile.BadZipFile`` where the checksum is wrong.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._chunks = _ahead(_unpacked(archive, name))
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes, not more than ``size`` where that is given; b"" at the end."""
        if size < 0:
            return self._rest + b"".join(self._chunks)
        if not self._rest:
            self._rest = next(self._chunks, b"")
        out, self._rest = self._rest[:size], self._rest[size:]
        return out


def _ahead(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks; from the second on, the next is unpacked in a thread."""
    yield from islice(chunks, 1)
    with ThreadPoolExecutor(1) as other:
        coming = other.submit(next, chunks, b"")
        while chunk := coming.result():
            coming = other.submit(next, chunks, b"")
            yield chunk


def read_xml(archive: zipfile.ZipFile, name: str) -> bytes:
    """A whole part, checked as by ``Part``; TooLargeError above 16 MB."""
    if archive.getinfo(name).file_size > _MOST_OF_XML:
        raise TooLargeError(
            f"Its part {name[:100]} is larger than 16 MB. Copy the cells you need to a new workbook"
        )
    return Part(archive, name).read()


def _unpacked(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    info = archive.getinfo(name)
    is_xml = name.lower().endswith((".xml", ".rels"))
    crc = done = 0
    before, wide = b"", False
    open_since = dict.fromkeys(_MARKS, 0)
    for chunk in _inflated(archive, info):
        crc, done = zlib.crc32(chunk, crc), done + len(chunk)
        if done > info.file_size:
            raise DamagedError(f"Its part {name[:100]} would unpack to more than the file claims")
        if is_xml:
            if not before:
                wide = b"\0" in chunk[:4]
                _check_declaration(chunk[:1024])
            window = before + chunk
            # UTF-16 has a NUL beside each of these letters.
            ascii_window = window.replace(b"\0", b"") if wide else window
            marked = b"!" in ascii_window and b"<!" in ascii_window  # one byte is found in no time
            if marked and b"<!DOCTYPE" in ascii_window:
                raise DamagedError(
                    f"Its part {name[:100]} defines a document type, which no spreadsheet program"
                    " writes"
                )
            before = chunk[-32:]
            for opens, closes in _MARKS.items():
                opening = chunk.rfind(opens) if opens[1:2] in chunk else -1
                since = len(chunk) - opening if opening >= 0 else 0
                if opening < 0 or chunk.rfind(closes) > opening:
                    still = open_since[opens] and closes not in chunk
                    since = open_since[opens] + len(chunk) if still else 0
                open_since[opens] = since
                if since > _LONGEST_TAG:
                    raise DamagedError(f"Its part {name[:100]} has a tag that is never closed")
        yield chunk
    if done != info.file_size or crc != info.CRC:
        raise zipfile.BadZipFile(f"Bad CRC-32 for file {name!r}")


def _check_declaration(start: bytes) -> None:
    declared = _DECLARED.search(start.replace(b"\0", b""))
    if declared and declared[1].lower() not in _ENCODINGS:
        raise DamagedError(
            f"It is written in {declared[1].decode('latin-1')}, which no program does"
        )


def _inflated(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.flag_bits & 1:
        raise RuntimeError("encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DamagedError("It is packed in a way that spreadsheet programs do not use")
    deflated = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
    with open(str(archive.filename), "rb") as file:
        file.seek(info.header_offset)
        head = file.read(30)
        if len(head) < 30 or head[:4] != b"PK\3\4":
            raise zipfile.BadZipFile("a part is not where it should be")
        file.seek(info.header_offset + 30 + sum(struct.unpack_from("<2H", head, 26)))
        remaining = info.compress_size
        while remaining > 0 and (packed := file.read(min(remaining, 1 << 16))):
            remaining -= len(packed)
            if deflated is None:
                yield packed
                continue
            try:
                while packed:
                    if chunk := deflated.decompress(packed, _CHUNK):
                        yield chunk
                    packed = deflated.unconsumed_tail
                if deflated.eof:
                    return
            except zlib.error as error:
                raise zipfile.BadZipFile(str(error)) from error
        if deflated is not None:
            while chunk := deflated.decompress(deflated.unconsumed_tail, _CHUNK):
                yield chunk
