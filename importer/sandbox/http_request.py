"""The checks of every request: key, origin, query, size, JSON."""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Mapping, Sequence
from typing import NoReturn

from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request

from importer.sandbox.refusals import bad_request, gateway_refusal, refusal
from importer.sandbox.wire_types import UUID_VALUE, problems_of, shortened

MAX_BODY = 5 * 1024 * 1024
MAX_DRAINED = 64 * 1024 * 1024


def key_of(header: str | None, keys: Sequence[str]) -> str | None:
    """Which of the keys an ``Authorization`` header carries, as ``Basic`` or as ``Bearer``.

    The key is not encoded: Light's Basic is not base64 of user and password.
    """
    scheme, _, text = (header or "").partition(" ")
    secret = text.strip().encode("latin-1", "replace")
    matching = [key for key in keys if hmac.compare_digest(secret, key.encode())]
    return matching[0] if matching and scheme.lower() in ("basic", "bearer") else None


def is_local(request: Request) -> bool:
    """Whether the request comes from this computer and names it as its Host.

    The Host counts so that a foreign site cannot let its name resolve to this computer.
    """
    if request.client is None:
        return False
    try:
        loopback = ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
    return loopback and request.url.hostname in ("127.0.0.1", "localhost", "::1")


def id_in_path(request: Request, name: str) -> str:
    """The id that the address names; 400 where it is none."""
    try:
        return UUID_VALUE.validate_python(request.path_params[name])
    except ValidationError as error:
        raise refusal(problems_of(error, (name,))) from error


def read_query(query: QueryParams, allowed: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The query parameters; unknown and repeated ones, and unknown values, are refused."""
    values: dict[str, str] = {}
    for name, value in query.multi_items():
        if name not in allowed:
            message = f"There is no query parameter '{name}' here; there are: {', '.join(allowed)}."
            raise bad_request("UNKNOWN_PARAMETER", message, name)
        if name in values:
            raise bad_request("INVALID_PARAMETER", f"'{name}' is given twice.", name)
        if allowed[name] and value not in allowed[name]:
            message = f"'{value}' is not one of {', '.join(allowed[name])}."
            raise bad_request("INVALID_PARAMETER", message, name)
        values[name] = value
    return values


async def json_body(request: Request, optional: bool = False) -> object:
    """The parsed body; if ``optional``, an empty one is ``{}``.

    413 if it is too large, 415 if it is not declared as JSON, 400 if it is not JSON.
    """
    data = await _limited_body(request)
    if optional and not data:
        return {}
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('" ')
    if kind.strip() != "application/json" or charset not in ("", "utf-8"):
        raise gateway_refusal(415, "Send application/json in UTF-8.")
    try:
        return json.loads(data.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        message = f"The body is not valid JSON: {shortened(str(error))}"
        raise bad_request("INVALID_JSON", message) from error


async def _limited_body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY:
            chunks.append(chunk)
        # Read on, within reason: a client that is still sending would not see the answer.
        elif size > MAX_DRAINED:
            break
    if size > MAX_BODY:
        raise gateway_refusal(413, f"A body may have {MAX_BODY} bytes at most.")
    return b"".join(chunks)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
