"""OAuth 2.0 as Light documents it: the address that a person opens, and the tokens for its answer.

Source: Light's documentation: ``GET /oauth/authorize?client_id&redirect_uri&state``, then a form to
``POST /oauth/token``. It knows of no PKCE and no ``response_type``, so neither is sent.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import math
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

from importer.core.errors import AccessRefused, LightUnreachable, UsageProblem, WireProblem
from importer.light.auth.token_store import LOG_IN_AGAIN, LONGEST_TOKEN, Login, Tokens
from importer.light.transport import Failure, Reply, post_form

AUTHORIZE = "/oauth/authorize"
TOKEN = "/oauth/token"
TRIES = 3
SECONDS = 15.0  # for one request for tokens
LONGEST_LIFETIME = 10 * 366 * 86_400.0  # seconds


class ForeignAnswer(UsageProblem):
    """An answer that does not belong to this login."""


def authorize_url(base_url: str, client_id: str, redirect_uri: str, state: str) -> str:
    """The address at which a person authorises light-import."""
    asked = {"client_id": client_id, "redirect_uri": redirect_uri, "state": state}
    return f"{base_url}{AUTHORIZE}?{urlencode(asked)}"


def code_in(address: str, state: str) -> str:
    """The code in the address that Light sent the browser to.

    Raises ForeignAnswer where it has no code or another ``state``, AccessRefused for a refusal.
    """
    try:
        fields = parse_qs(urlsplit(address).query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise ForeignAnswer("That is not the address of Light's answer.") from None
    if any(len(fields.get(name, [])) > 1 for name in ("code", "state", "error")):
        raise ForeignAnswer("That address repeats a parameter, so it is not used.")
    values = {name: texts[0] for name, texts in fields.items()}
    if not {"code", "error"} & values.keys():
        raise ForeignAnswer(
            "That is not the address of Light's answer: it has no code. Copy the whole address that"
            " the browser shows at the end."
        )
    if not hmac.compare_digest(values.get("state", "").encode(errors="replace"), state.encode()):
        raise ForeignAnswer(
            "That answer is not the one to this login (its state is another), so it is not used."
        )
    if values.get("error"):
        raise AccessRefused(f"Light did not allow light-import: {_reason(values)}")
    code = values.get("code", "")
    if not code or len(code) > LONGEST_TOKEN:
        raise ForeignAnswer("The code in that address is empty or too long.")
    return code


async def by_code(
    base_url: str, client_id: str, client_secret: str, code: str, redirect_uri: str
) -> Tokens:
    """Exchange a code for tokens. One attempt, since a code works once.

    Raises AccessRefused, LightUnreachable or WireProblem.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    reply = await _ask(base_url, client_id, client_secret, form)
    if isinstance(reply, Failure):
        raise LightUnreachable(f"Light gave no tokens: {reply.reason}. {LOG_IN_AGAIN}")
    return replace(tokens_from_reply(reply), client_secret=client_secret)


async def by_refresh(login: Login, tokens: Tokens) -> Tokens:
    """New tokens; from now on the old refresh token is worth nothing.

    Raises AccessRefused where the login has ended, LightUnreachable after some attempts.
    """
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh or ""}
    reason = ""
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(0.1 * 2**attempt)
        reply = await _ask(login.base_url, login.client_id, tokens.client_secret, form)
        if isinstance(reply, Reply) and reply.status < 500 and reply.status != 429:
            new = tokens_from_reply(reply)
            refresh = new.refresh or tokens.refresh  # a server that gives no new one keeps the old
            return replace(new, refresh=refresh, client_secret=tokens.client_secret)
        reason = reply.reason if isinstance(reply, Failure) else f"status {reply.status}"
    raise LightUnreachable(f"The login could not be renewed: {reason}")


async def _ask(
    base_url: str, client_id: str, client_secret: str, form: dict[str, str]
) -> Reply | Failure:
    form = form | {"client_id": client_id}
    if client_secret:
        form["client_secret"] = client_secret
    return await post_form(base_url, TOKEN, form, SECONDS)


def tokens_from_reply(reply: Reply) -> Tokens:
    try:
        body = json.loads(reply.content)
    except (ValueError, RecursionError):
        body = None
    fields = body if isinstance(body, dict) else {}
    if 300 <= reply.status < 400:
        host = _host_in(reply.headers.get("location", "")) or "another address"
        raise AccessRefused(
            f"Light redirects the request for tokens to {host!r}; they were not sent there."
        )
    if reply.status == 429 or reply.status >= 500:
        raise LightUnreachable(f"Light gave no tokens (status {reply.status}). {LOG_IN_AGAIN}")
    if reply.status >= 400 or fields.get("error"):
        raise AccessRefused(_refusal(reply.status, fields))
    access, refresh = fields.get("access_token"), fields.get("refresh_token")
    kind = fields.get("token_type") or "Bearer"
    if not _is_token(access) or not (refresh is None or _is_token(refresh)):
        raise WireProblem("Light's answer has no tokens that could be used.")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise WireProblem("Light gave a token of a kind that light-import does not know.")
    lifetime = _seconds(fields.get("expires_in"))
    expires_at = None if lifetime is None else time.time() + lifetime
    return Tokens(str(access), refresh, expires_at, lifetime)


def _host_in(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _refusal(status: int, fields: dict[str, object]) -> str:
    reason = _reason(fields) if fields else f"status {status}"
    if fields.get("error") in ("invalid_client", "unauthorized_client"):
        return (
            f"Light does not accept the client id or its secret ({reason}). Check LIGHT_CLIENT_ID"
            f" and LIGHT_CLIENT_SECRET. {LOG_IN_AGAIN}"
        )
    return (
        f"Light does not accept the login any more ({reason}): it was withdrawn, lasted too long,"
        f" or light-import was stopped just while it was renewed. {LOG_IN_AGAIN}"
    )


def _reason(fields: dict[str, object] | dict[str, str]) -> str:
    """Light's error as one short line."""
    words = [fields.get("error"), fields.get("error_description") or fields.get("message")]
    text = ": ".join(word for word in words if isinstance(word, str) and word)
    line = "".join(c if c.isprintable() else " " for c in text)
    return line[:200] or "it gave no reason"


def _is_token(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_TOKEN
        and all(0x20 < ord(c) < 0x7F for c in value)
    )


def _seconds(value: object) -> float | None:
    """A lifetime; None where it is missing or makes no sense: then a 401 ends it."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value[:18])
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(float(value), LONGEST_LIFETIME) if value > 0 else None
