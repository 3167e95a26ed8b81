"""The container of old Office files (OLE): its directory and its streams.

Source: Microsoft's compound file format (MS-CFB), versions 3 and 4. Lenient where Office is, about
sectors that two chains share or that nobody uses; a cycle or a stream that was cut off is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from importer.readers.zip_guard import DamagedError

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY = struct.Struct("<64sHBx3I36xIQ")  # name, its bytes, kind, left, right, child, start, size
_STORAGE, _STREAM = 1, 2  # kinds
_ENDED = 0xFFFFFFFA  # values from here on are marks, not sectors
_SMALL_SECTOR = 64


class _Entry(NamedTuple):
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class OleContainer:
    """The streams at the top of a container, by their names in any case.

    Raises ``DamagedError`` where a chain of sectors or the directory has a cycle, which would be
    followed for ever.
    """

    def __init__(self, data: bytes) -> None:
        header = data[:512].ljust(512, b"\xff")
        directory, self._least, small, more = struct.unpack("<I4xII4xI", header[48:72])
        self._data = data
        shift = int.from_bytes(header[30:32], "little")
        self._size = 1 << (shift if 7 <= shift <= 16 else 9)
        self._fat = self._read_fat(header, more)
        _refuse_cycle(self._fat)
        listed = self._chain(directory)
        self._entries = [
            _Entry(_name(raw, length), *rest)
            for raw, length, *rest in _ENTRY.iter_unpack(
                listed[: len(listed) // _ENTRY.size * _ENTRY.size]
            )
        ]
        self._small_fat = _integers(self._chain(small))
        _refuse_cycle(self._small_fat)
        self.streams = {entry.name.lower(): entry for entry in self._top() if entry.kind == _STREAM}

    def stream(self, name: str) -> bytes | None:
        """The bytes of a stream at the top; DamagedError where some are missing."""
        entry = self.streams.get(name.lower())
        if entry is None:
            return None
        size = entry.size & 0xFFFFFFFF if self._size == 512 else entry.size
        if size >= self._least:
            data = self._chain(entry.start, size)
        else:
            small = self._chain(self._entries[0].start)
            numbers = _followed(self._small_fat, entry.start)
            data = b"".join(
                small[number * _SMALL_SECTOR : (number + 1) * _SMALL_SECTOR] for number in numbers
            )
        if len(data) < size:
            raise DamagedError("It cannot be read: it was cut off on its way. Export it again")
        return data[:size]

    def _sector(self, number: int) -> bytes:
        return self._data[(number + 1) * self._size : (number + 2) * self._size]

    def _chain(self, start: int, size: int | None = None) -> bytes:
        numbers = _followed(self._fat, start)
        if size is not None:  # a chain may continue; that part is not read
            numbers = numbers[: -(-size // self._size)]
        return b"".join(map(self._sector, numbers))

    def _read_fat(self, header: bytes, more: int) -> Sequence[int]:
        sectors = [n for n in struct.unpack("<109I", header[76:512]) if n < _ENDED]
        visited = set[int]()
        while more < _ENDED:  # the list of the FAT's sectors continues in further sectors
            block = _integers(self._sector(more))
            if more in visited:
                raise _circle()
            if len(block) < self._size // 4:
                break
            visited.add(more)
            sectors += [n for n in block[:-1] if n < _ENDED]
            more = block[-1]
        most = len(self._data) // self._size
        return _integers(b"".join(self._sector(n) for n in sectors[: most + 1] if n < most))

    def _top(self) -> list[_Entry]:
        """The entries at the top of the tree: each names its left, right and child entry."""
        top: list[_Entry] = []
        visited = set[int]()
        ahead = [(entry.child, True) for entry in self._entries[:1]]
        while ahead:
            at, is_top = ahead.pop()
            if at >= len(self._entries):
                continue
            if at in visited:
                raise _circle()
            visited.add(at)
            entry = self._entries[at]
            if is_top:
                top.append(entry)
            ahead += [(entry.left, is_top), (entry.right, is_top)]
            if entry.kind == _STORAGE:
                ahead.append((entry.child, False))
        return top


def _name(raw: bytes, length: int) -> str:
    return raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")


def _integers(data: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _followed(fat: Sequence[int], start: int) -> list[int]:
    numbers: list[int] = []
    while start < len(fat):  # ends: the FAT has no cycle
        numbers.append(start)
        start = fat[start]
    return numbers


def _circle() -> DamagedError:
    return DamagedError(
        "It is damaged: its parts refer to each other in a circle. Download or export it again"
    )


def _refuse_cycle(follows: Sequence[int]) -> None:
    """Raise where a chain has a cycle; each entry names the next."""
    visited_by = [0] * len(follows)  # the first walk that passed
    for walk, start in enumerate(range(len(follows)), start=1):
        at = start
        while at < len(follows) and not visited_by[at]:
            visited_by[at] = walk
            at = follows[at]
        if at < len(follows) and visited_by[at] == walk:
            raise _circle()


_FREE, _END_OF_CHAIN, _OF_TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _PLACES = 4096, 109  # of version 4; the sectors of the table that the header can name


def ole_file(name: str, stream: bytes) -> bytes:
    """A container with one stream. Raises DamagedError above 450 MB."""
    sectors = max(1, -(-len(stream) // _SECTOR))
    tables = 1
    while tables * (_SECTOR // 4) < tables + 2 + sectors:
        tables += 1
    if tables > _PLACES:
        raise DamagedError("It is damaged, and too large for another way of reading it")
    # The directory, the small streams (none, but calamine wants a place for them), the stream.
    table = [_OF_TABLE] * tables + [_END_OF_CHAIN] * 2
    table += [*range(tables + 3, tables + 2 + sectors), _END_OF_CHAIN]
    table += [_FREE] * (-len(table) % (_SECTOR // 4))
    header = SIGNATURE + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 4, 0xFFFE, 12, 6)
    header += struct.pack("<4I", 1, tables, tables, 0)
    header += struct.pack("<5I", 4096, _END_OF_CHAIN, 0, _END_OF_CHAIN, 0)
    header += struct.pack(f"<{_PLACES}I", *range(tables), *[_FREE] * (_PLACES - tables))
    size = max(len(stream), 4096)  # less would be a small stream
    entries = [_directory_entry("Root Entry", 5, 1, tables + 1, 0)]
    entries.append(_directory_entry(name, _STREAM, _FREE, tables + 2, size))
    chains = struct.pack(f"<{len(table)}I", *table)
    parts = (header, chains, b"".join(entries), bytes(_SECTOR), stream)
    return b"".join(part.ljust(-(-len(part) // _SECTOR) * _SECTOR, b"\0") for part in parts)


def _directory_entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return raw.ljust(64, b"\0") + struct.pack(
        "<HBB3I36xIQ", len(raw), kind, 1, _FREE, _FREE, child, start, size
    )
