"""Counted nouns, as sentences have them."""

from __future__ import annotations


def count(n: int, noun: str) -> str:
    """ "1 bill", "1,088 bills"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
