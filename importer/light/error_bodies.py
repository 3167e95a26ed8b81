"""Errors in the bodies of Light's answers, and the words of bodies that are not Light's.

Source: OpenAPI model ExternalUiClientExceptionV1Model; the gateway's form is observed.
"""

from __future__ import annotations

import html
import re

from importer.core.answers import ApiError
from importer.light.json_values import printable


def refusal_from_json(body: object) -> tuple[ApiError, ...]:
    """The errors of a refusal in one of Light's two forms; empty for any other body.

    ``{name, type, errors: [{type, message, path}]}``, and the gateway's ``{type, message}``: a
    proxy in front of Light has neither. Never raises.
    """
    if not isinstance(body, dict):
        return ()
    listed = body.get("errors")
    if isinstance(listed, list) and (listed or _words(body.get("name"))):
        typed = _words(body.get("type")) or all(_is_typed(each) for each in listed)
        return errors_from_json(body) if typed else ()
    typed = _words(body.get("type")) and _words(body.get("message"))
    return errors_from_json(body) if typed else ()


def _is_typed(error: object) -> bool:
    if not isinstance(error, dict):
        return False
    return bool(_words(error.get("type")) and _words(error.get("message")))


def errors_beside_content(body: object) -> tuple[ApiError, ...]:
    """The errors that a 2xx lists beside its content: a yes and a no at once. Never raises."""
    if not isinstance(body, dict):
        return ()
    error = body.get("error")
    if body.get("errors"):
        return errors_from_json(body) or (ApiError("it lists errors"),)
    return (ApiError(words_of(error) or "it has an error"),) if error else ()


def words_of(body: object) -> str:
    """What a body says in words, whatever its form; "" where it says nothing. Never raises."""
    if isinstance(body, str):
        return _words(body)[:500]
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("errors"), list) and body["errors"]:
        return "; ".join(error.message for error in errors_from_json(body))[:500]
    texts = (_words(body.get(name)) for name in _SAYING)
    return ": ".join(filter(None, texts))[:500]


_SAYING = ("message", "error", "error_description", "detail", "title")


def errors_from_json(body: object) -> tuple[ApiError, ...]:
    """The errors that a body lists, or the one that it is, tolerantly. Never raises."""
    if not isinstance(body, dict):
        return ()
    errors: list[ApiError] = []
    listed = body.get("errors")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict):
            kind, message = _words(each.get("type")), _words(each.get("message"))
            if kind or message:
                errors.append(ApiError(message or kind, _path(each.get("path")), kind))
    if errors:
        return tuple(errors)
    kind = _words(body.get("type"))
    message = _words(body.get("message")) or _words(body.get("name"))
    return (ApiError(message or kind, (), kind),) if message or kind else ()


def _words(value: object) -> str:
    return printable(value).strip() if isinstance(value, str) else ""


def _path(value: object) -> tuple[str, ...]:
    """``["lineItems", 0, "accountId"]`` and ``"lineItems[0].accountId"`` are the same path."""
    parts = value if isinstance(value, list) else [value]
    texts = [printable(str(p)) for p in parts if isinstance(p, str | int)]
    return tuple(token for text in texts for token in re.split(r"[.\[\]]+", text) if token)


_LONGEST = 300  # characters
_MOST_READ = 20_000  # bytes
_UNSEEN = re.compile(r"<(script|style)\b.*?(</\1\s*>|\Z)|<!--.*?(-->|\Z)", re.S | re.I)
_TAG = re.compile(r"<[^>]*>?")


def text_of_page(content: bytes, beside: str = "") -> str:
    """The words, at most 300 characters of them, without those of ``beside``; "" for what is not
    text."""
    text = content[:_MOST_READ].decode("utf-8", "replace")
    text = html.unescape(_TAG.sub(" ", _UNSEEN.sub(" ", text)))
    if "\0" in text or "\ufffd" in text:
        return ""
    words = "".join(c if c.isprintable() else " " for c in text).split()
    line = " ".join(words)
    if beside:
        line = " ".join(line.replace(beside, " ").split())
    return line[:_LONGEST]
