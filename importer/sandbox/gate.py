"""The gate that every request passes first: key, then limits. And the answers as HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from email.utils import formatdate

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from importer.sandbox.document_store import UPLOADS
from importer.sandbox.http_request import is_local, key_of
from importer.sandbox.oauth_server import TOKEN, Grants
from importer.sandbox.refusals import RefusalError, gateway_refusal
from importer.sandbox.request_limits import Allowance, Limiter
from importer.sandbox.settings import Counters, SandboxSettings

COMPANY = "/v1/companies/current"
FOREIGN = "foreign"
MOVED = "/moved"  # where redirects lead: the same address behind it


def gate(
    app: ASGIApp, settings: SandboxSettings, counters: Counters, limiter: Limiter, grants: Grants
) -> ASGIApp:
    """Key or token, then limits, then ``app``; half of the latency before it and half after.

    The pages and tokens of logging in need neither. The Date of each answer is by the sandbox's
    clock. Requests with the foreign key carry ``FOREIGN`` in their state.
    """
    pause = settings.latency / 2
    foreign = settings.foreign_key
    foreign_limiter = Limiter(
        settings.requests_per_minute, settings.requests_per_day, settings.window, limiter.clock
    )
    keys = (*settings.keys, *([] if foreign is None else [foreign]))

    async def gated(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request = Request(scope, receive)
        authorization = request.headers.get("authorization")
        key = key_of(authorization, keys) or grants.login_of(authorization)
        counters.received += 1
        allowance: Allowance | None = None

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] >= 500:
                    counters.failed += 1
                elif message["status"] >= 400:
                    counters.refused += 1
                headers = {"Date": formatdate(limiter.clock(), usegmt=True)}
                # A 429 within the limits is a fault, which sets its headers itself.
                on_success = settings.headers_on_success and message["status"] != 429
                if allowance and (on_success or not allowance.allowed):
                    headers |= allowance.headers()
                message["headers"] = [
                    *message["headers"],
                    *((name.lower().encode(), text.encode()) for name, text in headers.items()),
                ]
                if pause:
                    await asyncio.sleep(pause)
            await send(message)

        if pause:
            await asyncio.sleep(pause)
        page = request.url.path == "/" and is_local(request)
        # An upload goes to the storage, not to the API: its address is the permission.
        if page or request.url.path.removeprefix(MOVED).startswith(UPLOADS):
            await app(scope, receive, answer)
        elif (login_answer := await grants.answer(request)) is not None:
            counters.logins += request.url.path == TOKEN and login_answer.status_code == 200
            await login_answer(scope, receive, answer)
        elif key is None:
            counters.unauthorized += 1
            await _refuse(401, "The API key is missing or not valid.")(scope, receive, answer)
        else:
            counters.authenticated += 1
            counters.by_key[key] += 1
            allowance = (foreign_limiter if key == foreign else limiter).take(key)
            if not allowance.allowed:
                counters.throttled += 1
                await _refuse(429, "Too many requests; see Retry-After.")(scope, receive, answer)
            elif key == foreign and request.url.path != COMPANY:
                await _refuse(403, "This key is of another company.")(scope, receive, answer)
            else:
                scope.setdefault("state", {})[FOREIGN] = key == foreign
                await app(scope, receive, answer)

    return gated


async def unknown_address(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    message = f"{request.method} is not possible here." if status == 405 else "No such address."
    headers = error.headers if isinstance(error, HTTPException) else None
    return refusal_answer(gateway_refusal(status, message, headers))


def _refuse(status: int, message: str) -> Response:
    return refusal_answer(gateway_refusal(status, message))


def refusal_answer(refusal: RefusalError) -> Response:
    return json_answer(refusal.body, refusal.status, refusal.headers)


def json_answer(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, headers, "application/json;charset=UTF-8")
