"""Injects faults between the gate, which counts requests, and the routes.

"Before" faults never reach a route. "After" faults let the route finish, exactly once, and spoil
the answer; the answer of a request that the route refuses is not spoiled.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from importer.sandbox.faults import FAULTS, FaultPlan, request_kind
from importer.sandbox.gate import MOVED, json_answer, refusal_answer
from importer.sandbox.http_request import MAX_DRAINED
from importer.sandbox.lies import ANOTHER, DOUBLED, LIES, Answered, lied_answer
from importer.sandbox.refusals import gateway_refusal
from importer.sandbox.request_limits import Allowance
from importer.sandbox.settings import Counters, SandboxSettings

CONNECTION = "sandbox.connection"  # in the scope: the asyncio transport of the request
ELSEWHERE = "https://elsewhere.example"
BAD_GATEWAY = """<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center></body>
</html>
"""
NOT_JSON = "<!doctype html><title>Light</title><p>We will be back soon.</p>\n"


@dataclass
class Injector:
    """An ASGI application around another one. ``clock`` is seconds since 1970."""

    app: ASGIApp
    settings: SandboxSettings
    plan: FaultPlan
    counters: Counters
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._previous: Answered | None = None  # what was answered last, to whatever request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        moved = scope["path"].startswith(f"{MOVED}/")
        if moved:
            scope = _without_redirect_prefix(scope)
        kind = request_kind(scope["method"], scope["path"])
        self.counters.bill_posts += kind == "bill"
        self.counters.line_posts += kind == "line"
        # A followed redirect already had the fault of its request.
        name = None if kind is None or moved else self.plan.next(kind)
        if name is None:
            await self._truly(scope, receive, send)
            return
        # Read in full: the client may have left when the request is carried out.
        messages = await _buffered_request(receive)
        receive = _replayed(messages, receive)
        if FAULTS[name].after:
            await self._after(name, scope, receive, send)
        else:
            self._count(name)
            await self._before(name, scope, receive, send)

    async def _truly(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Without a fault; the answer is kept for the next request, where that may get it."""
        if not self.plan.uses(ANOTHER):
            await self.app(scope, receive, send)
            return
        answer = await _collected(self.app, scope, receive)
        self._previous = _status_and_body(answer)
        await _send_all(answer, send)

    async def _before(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        match name:
            case "drop-before":
                await _drop(scope, receive)
                return
            case "late-commit":
                await asyncio.sleep(self.settings.late)
                await self.app(scope, receive, send)
                return
            case "late-before":
                await asyncio.sleep(self.settings.late)
        await self._instead(name, scope)(scope, receive, send)

    async def _after(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        if name == "duplicated":
            scope.setdefault("state", {})["duplicated"] = True
        answer = await _collected(self.app, scope, receive)
        succeeded = 200 <= answer[0]["status"] < 300
        if succeeded:
            self._count(name)
        if not succeeded or name == "duplicated":
            await _send_all(answer, send)
            return
        if name in LIES:
            await self._lie(name, answer, scope, receive, send)
            return
        match name:
            case "drop-after":
                await _drop(scope, receive)
            case "truncated-200":
                await _send_half(answer, scope, receive, send)
            case "late-after":
                await asyncio.sleep(self.settings.late)
                await _send_all(answer, send)
            case _:
                await self._instead(name, scope)(scope, receive, send)

    async def _lie(
        self, name: str, answer: list[Message], scope: Scope, receive: Receive, send: Send
    ) -> None:
        true = _status_and_body(answer)
        if name == DOUBLED:
            await _send_all(answer, send)
            scope[CONNECTION].write(_raw(answer))
        else:
            instead = self._previous or true if name == ANOTHER else lied_answer(true, name)
            await _lied(instead)(scope, receive, send)
        self._previous = true

    def _instead(self, name: str, scope: Scope) -> Response:
        """The answer that replaces the right one."""
        match name:
            case "500-before" | "500-after":
                return refusal_answer(gateway_refusal(500, "Internal server error."))
            case "502-html-before" | "502-html-after":
                return HTMLResponse(BAD_GATEWAY, 502)
            case "503-before" | "503-after":
                return refusal_answer(gateway_refusal(503, "Service unavailable."))
            case "late-before":
                return refusal_answer(gateway_refusal(504, "Gateway timeout."))
            case _ if name in LIES:
                return _lied(lied_answer((200, None), name))
            case "not-json-200":
                return HTMLResponse(NOT_JSON)
            case "429":
                limit = Allowance(self.settings.requests_per_minute, 0, 1.0, self.clock() + 1)
                return refusal_answer(gateway_refusal(429, "Too many requests.", limit.headers()))
            case "429-bare":
                return refusal_answer(gateway_refusal(429, "Too many requests."))
            case "401":
                return refusal_answer(gateway_refusal(401, "The API key is not valid."))
            case "redirect-307":
                return _redirect(307, f"{_origin(scope)}{MOVED}", scope)
            case "redirect-308":
                return _redirect(308, MOVED, scope)
            case "redirect-outside":
                return _redirect(307, ELSEWHERE, scope)
            case _:
                raise ValueError(f"no answer for the fault {name}")

    def _count(self, name: str) -> None:
        self.counters.faults[name] = self.counters.faults.get(name, 0) + 1


def _lied(answer: Answered) -> Response:
    status, body = answer
    if isinstance(body, bytes):
        return HTMLResponse(body, status)
    return json_answer(body, status)


# --- requests ---------------------------------------------------------------------------------


async def _collected(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    """The messages of an application's answer."""
    messages: list[Message] = []

    async def collect(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, collect)
    return messages


async def _buffered_request(receive: Receive) -> list[Message]:
    messages, size = [], 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body") or size > MAX_DRAINED:
            return messages


def _replayed(messages: list[Message], receive: Receive) -> Receive:
    """The messages again, then whatever follows them."""
    remaining = iter(messages)

    async def replay() -> Message:
        return next(remaining, None) or await receive()

    return replay


def _without_redirect_prefix(scope: Scope) -> Scope:
    raw = bytes(scope["raw_path"]).removeprefix(MOVED.encode())
    return {**scope, "path": scope["path"].removeprefix(MOVED), "raw_path": raw}


# --- answers ----------------------------------------------------------------------------------


def _origin(scope: Scope) -> str:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return f"{scope['scheme']}://{host}"


def _redirect(status: int, target: str, scope: Scope) -> Response:
    path, query = bytes(scope["raw_path"]), bytes(scope["query_string"])
    address = target + (path + b"?" + query if query else path).decode("latin-1")
    return Response(status_code=status, headers={"Location": address})


async def _send_all(messages: list[Message], send: Send) -> None:
    for message in messages:
        await send(message)


def _body(answer: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in answer[1:])


def _status_and_body(answer: list[Message]) -> Answered:
    content = _body(answer)
    try:
        return answer[0]["status"], json.loads(content)
    except ValueError:
        return answer[0]["status"], content


def _raw(answer: list[Message]) -> bytes:
    """The answer as it is on the wire."""
    content = _body(answer)
    headers = [*answer[0]["headers"], (b"content-length", str(len(content)).encode())]
    unique = {name.lower(): value for name, value in headers}
    lines = [b"HTTP/1.1 %d OK" % answer[0]["status"]]
    lines += [name + b": " + value for name, value in unique.items()]
    return b"\r\n".join(lines) + b"\r\n\r\n" + content


async def _send_half(answer: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
    """Promise the whole answer, send half of it, and close."""
    body = _body(answer)
    kind = [header for header in answer[0]["headers"] if header[0] == b"content-type"]
    length = (b"content-length", str(max(2, len(body))).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*kind, length]})
    half = body[: len(body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    scope[CONNECTION].close()
    await _disconnected(receive)


async def _drop(scope: Scope, receive: Receive) -> None:
    scope[CONNECTION].abort()
    await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    """Wait until the connection has ended: before that the server would still try to answer."""
    while (await receive())["type"] != "http.disconnect":
        pass
