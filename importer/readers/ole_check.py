"""Check that the container of an old Office file (OLE) has no cycles."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

_ENTRY = struct.Struct("<66xBx3I48x")  # of the directory: kind, left, right, child
_STORAGE = 1  # the kind with children


def has_cycle(data: bytes) -> bool:
    """Whether a chain of sectors or the directory of an OLE container has a cycle.

    xlrd would follow it for ever. Source: Microsoft's compound file format, versions 3 and 4.
    """
    size = 1 << min(int.from_bytes(data[30:32], "little"), 16)
    ended, entries = 0xFFFFFFFA, size // 4  # values from ``ended`` on are marks, not sectors

    def sector(number: int) -> tuple[int, ...]:
        block = data[(number + 1) * size : (number + 2) * size]
        return struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4])

    fat_sectors = [n for n in struct.unpack("<109I", data[76:512].ljust(436, b"\xff")) if n < ended]
    following, visited = struct.unpack("<I", data[68:72].ljust(4, b"\xff"))[0], set[int]()
    while following < ended:  # the list of FAT sectors continues in further sectors
        block = sector(following)
        if following in visited or len(block) < entries:
            return following in visited
        visited.add(following)
        fat_sectors += [n for n in block[:-1] if n < ended]
        following = block[-1]
    fat = [n for number in fat_sectors if number < len(data) // size for n in sector(number)]
    if _circular(fat):
        return True
    parts, small = struct.unpack("<I8xI", data[48:64].ljust(16, b"\xff"))
    listed = _chain(fat, parts, sector)
    return _circular(_chain(fat, small, sector)) or _reached_twice(
        struct.pack(f"<{len(listed)}I", *listed)
    )


def _reached_twice(directory: bytes) -> bool:
    """Whether two ways lead to one entry; each names its left, right and child entry."""
    entries = list(_ENTRY.iter_unpack(directory[: len(directory) // _ENTRY.size * _ENTRY.size]))
    visited = set[int]()
    ahead = [inside for *_, inside in entries[:1]]
    while ahead:
        at = ahead.pop()
        if at < len(entries):
            if at in visited:
                return True
            visited.add(at)
            kind, before, after, inside = entries[at]
            ahead += (before, after, inside) if kind == _STORAGE else (before, after)
    return False


def _chain(fat: Sequence[int], start: int, sector: Callable[[int], tuple[int, ...]]) -> list[int]:
    out: list[int] = []
    while start < len(fat):  # ends: the FAT has no cycle
        out += sector(start)
        start = fat[start]
    return out


def _circular(follows: Sequence[int]) -> bool:
    """Whether a chain has a cycle; each entry names the next."""
    visited_by = [0] * len(follows)  # the first walk that passed
    for walk, start in enumerate(range(len(follows)), start=1):
        at = start
        while at < len(follows) and not visited_by[at]:
            visited_by[at] = walk
            at = follows[at]
        if at < len(follows) and visited_by[at] == walk:
            return True
    return False
