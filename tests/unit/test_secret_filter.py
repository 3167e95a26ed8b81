"""Secrets in a server's words, in whatever way it writes them."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.light.secret_filter import MASK, hide

KEY = "sk-4711/very+Secret&<key>=="
Writing = Callable[[str], str]

WRITINGS: dict[str, Writing] = {
    "as it is": str,
    "upper case": str.upper,
    "swapped case": str.swapcase,
    "HTML": html.escape,
    "decimal entities": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "hexadecimal entities": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "percent": lambda s: quote(s, safe=""),
    "percent, every character": lambda s: "".join(f"%{ord(c):02x}" for c in s),
    "percent twice": lambda s: quote(quote(s, safe=""), safe=""),
    "percent in HTML": lambda s: html.escape("".join(f"%{ord(c):02x}" for c in s)),
    "JSON": lambda s: "".join(f"\\u{ord(c):04x}" for c in s),
    "JSON twice": lambda s: json.dumps(json.dumps("".join(f"\\u{ord(c):04x}" for c in s))),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 for addresses": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 behind one byte": lambda s: base64.b64encode(b":" + s.encode()).decode(),
    "base64 of the header": lambda s: base64.b64encode(b"Basic " + s.encode()).decode(),
    "base64, percent": lambda s: quote(base64.b64encode(s.encode()).decode(), safe=""),
    "hexadecimal": lambda s: s.encode().hex(),
    "hexadecimal, upper case": lambda s: s.encode().hex().upper(),
}


@pytest.mark.parametrize("writing", WRITINGS.values(), ids=WRITINGS.keys())
def test_secret_is_hidden_however_it_is_written(writing: Writing) -> None:
    text = f"The key '{writing(KEY)}' is unknown."
    shown = hide(text, [KEY])
    assert shown.startswith("The key '")
    assert shown.endswith(" is unknown.")
    inner = shown.removeprefix("The key '").removesuffix(" is unknown.").rstrip("'\"\\=")
    # What a group of three bytes shares with its surroundings, and escapes round it.
    assert len(inner.replace(MASK, "")) <= 12
    assert MASK in inner


@pytest.mark.parametrize("start", range(len(KEY) - 8))
@pytest.mark.parametrize("name", ["as it is", "upper case", "decimal entities", "percent twice"])
def test_any_eight_characters_of_a_secret_are_hidden(start: int, name: str) -> None:
    part = WRITINGS[name](KEY[start : start + 8])
    assert hide(f"It begins with [{part}] …", [KEY]) == f"It begins with [{MASK}] …"


def test_seven_characters_are_shown() -> None:
    text = f"The key {KEY[:7]}… is unknown."
    assert hide(text, [KEY]) == text


@given(
    st.text("abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789-_.~+/=&%<>'\"", min_size=8, max_size=40),
    st.sampled_from(list(WRITINGS.values())),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_no_run_of_a_secret_survives(secret: str, write: Writing, before: str, after: str) -> None:
    shown = hide(before + write(secret) + after, [secret]).lower()
    runs = {secret[i : i + 8].lower() for i in range(len(secret) - 7)}
    assert not any(run in shown for run in runs if run not in MASK)
    assert write(secret).lower() not in shown


@given(st.text(max_size=60))
def test_other_words_stay_as_they_are(text: str) -> None:
    assert hide(text, ["qqqqqqqq~zzzzzzz"]) == text


def test_secrets_that_begin_alike_leave_no_end_over() -> None:
    assert hide(f"{KEY}-longer {KEY}", [KEY, f"{KEY}-longer"]) == f"{MASK} {MASK}"


def test_short_key_of_a_local_server_is_hidden_as_a_whole_or_not_at_all() -> None:
    assert hide("The key sand-1 is unknown", ["sand-1"]) == f"The key {MASK} is unknown"
    assert hide("The key is known", ["key"]) == "The key is known"
