"""Hide secrets in text that a server has sent, in whatever way it writes them.

A secret is found by any run of eight of its characters, whatever their case, as it is, escaped
(HTML, percent, ``\\u0073``, also one inside another), in base64 or in hexadecimal.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import unquote_to_bytes

RUN = 8  # characters of a secret in a row that are hidden
SHORTEST = 6  # characters; a shorter key (of a local server) would match ordinary words
MASK = "***"

_ESCAPED = re.compile(
    r"(?:%[0-9a-f]{2})+|&#(?:x[0-9a-f]{1,6}|[0-9]{1,7});?|&[0-9a-z]{1,10};|\\(?:u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\}|x[0-9a-f]{2}|[/\"\\])",
    re.IGNORECASE,
)
_MOST_LEVELS = 4  # of escapes inside escapes


def hide(text: str, secrets: Iterable[str]) -> str:
    """``text`` with ``***`` where it has a part of one of the secrets."""
    if not text:
        return text
    sizes = _runs(frozenset(secret for secret in secrets if len(secret) >= SHORTEST))
    characters, places = _unescaped(text)
    hidden = bytearray(len(text))
    for size, runs in sizes:
        for i in range(len(characters) - size + 1):
            if characters[i : i + size] in runs:
                start, end = places[i][0], places[i + size - 1][1]
                hidden[start:end] = b"\1" * (end - start)
    if not any(hidden):
        return text
    shown = (MASK if part[0][0] else part[1] for part in _parts(text, hidden))
    return "".join(shown)


def _parts(text: str, hidden: bytearray) -> Iterable[tuple[bytearray, str]]:
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or hidden[end] != hidden[start]:
            yield hidden[start:end], text[start:end]
            start = end


@lru_cache(maxsize=8)
def _runs(secrets: frozenset[str]) -> tuple[tuple[int, frozenset[str]], ...]:
    """The runs of characters that give a secret away, in lower case, by their length."""
    sizes: dict[int, set[str]] = {}
    for secret in secrets:
        _add(sizes, secret, min(RUN, len(secret)))
        data = secret.encode("latin-1", "replace")
        _add(sizes, data.hex(), 2 * min(RUN, len(data)))
        for before in range(3):  # where a group of three bytes begins
            encoded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
            # The characters at both ends depend on what is around the secret.
            middle = encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
            _add(sizes, middle, min(RUN, len(middle)))
    return tuple((size, frozenset(runs)) for size, runs in sizes.items())


def _add(sizes: dict[int, set[str]], text: str, size: int) -> None:
    lower = _lower(text)
    sizes.setdefault(size, set()).update(lower[i : i + size] for i in range(len(lower) - size + 1))


def _lower(text: str) -> str:
    """In lower case, each character one character."""
    return "".join(_LOWER.get(c) or (c.lower() if len(c.lower()) == 1 else c) for c in text)


_LOWER = {"-": "+", "_": "/"}  # base64 for addresses, as the usual one


def _unescaped(text: str) -> tuple[str, Sequence[tuple[int, int]]]:
    """The characters that are meant, in lower case, and the position of each in ``text``."""
    characters = text
    places = [(i, i + 1) for i in range(len(text))]
    for _ in range(_MOST_LEVELS):
        out: list[str] = []
        where: list[tuple[int, int]] = []
        end = 0
        for match in _ESCAPED.finditer(characters):
            out.append(characters[end : match.start()])
            where += places[end : match.start()]
            decoded = _decoded_escape(match[0])
            out.append(decoded)
            where += [(places[match.start()][0], places[match.end() - 1][1])] * len(decoded)
            end = match.end()
        if not end:
            break
        characters = "".join(out) + characters[end:]
        places = where + places[end:]
    return _lower(characters), places


def _decoded_escape(escaped: str) -> str:
    if escaped[0] == "%":
        return unquote_to_bytes(escaped).decode("latin-1")
    if escaped[0] == "&":
        return html.unescape(escaped)
    code = escaped[1:].strip("uUxX{}")
    return escaped[1] if not code or escaped[1] in '/"\\' else chr(min(int(code, 16), 0x10FFFF))
