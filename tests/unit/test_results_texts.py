"""Texts of many rows at once are those of one row each."""

from __future__ import annotations

from importer.results.texts import all_visible, texts_of
from importer.results.wording import visible


def test_every_character_is_made_visible_as_in_a_single_text() -> None:
    texts = [chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000]
    assert all_visible(texts_of(texts)).to_pylist() == [visible(text) for text in texts]
