"""Send one rate-limited request; never retry."""

from __future__ import annotations

import asyncio
import contextlib
import http
import json as jsonlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from importer.core.answers import Answer, OnWire
from importer.core.errors import BudgetSpent, ImporterError, LightUnreachable
from importer.core.fetch import WAITS, Waits
from importer.core.hold_back import ANNOUNCED_FROM, HOLDING, duration
from importer.light.auth.token_store import LOG_IN_AGAIN
from importer.light.credentials import Credentials, Key, check_base_url, follow
from importer.light.document_upload import Uploads
from importer.light.error_bodies import (
    errors_beside_content,
    refusal_from_json,
    text_of_page,
    words_of,
)
from importer.light.permit_stock import Permit
from importer.light.rate_limit_headers import http_date
from importer.light.rate_limiter import RateLimiter
from importer.light.transport import Exchanger, Failure, HttpRequest, Reply, Transport

MOST_HOPS = 5
LARGEST_REFUSAL = 200_000  # bytes; the words of a larger one are not read
Params = Mapping[str, str | int | bool]
_ENCODER = jsonlib.JSONEncoder(allow_nan=False)


class ApiSession:
    """Requests to Light. An async context manager; ``timeout`` is seconds. ``transport`` carries
    them elsewhere than over HTTP. ``on_wait`` is called with a sentence where an answer takes
    longer than 5 seconds.

    Raises BudgetSpent (or RateLimiterProblem) before sending where nothing may be sent.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        rate_limiter: RateLimiter,
        timeout: float = 30.0,
        max_connections: int = 64,
        waits: Waits = WAITS,
        transport: Exchanger | None = None,
        on_wait: Callable[[str], object] = lambda text: None,
    ) -> None:
        if rate_limiter.keys != len(credentials.keys):
            raise ValueError("the rate limiter must know each key")
        self.base_url = check_base_url(base_url)
        self._credentials = credentials
        self._rate_limiter = rate_limiter
        self._waits = waits
        self._transport = transport or Transport(self.base_url, timeout, max_connections)
        self._uploads = Uploads(self.base_url, timeout, credentials)
        # Taken before a permit, so that no permit waits for a connection.
        self._connections = asyncio.Semaphore(max_connections)
        self._earliest_date: float | None = None  # unix seconds, by Light's clock
        self._ahead = math.inf  # seconds of Light's clock before the event loop's, at least
        self._on_wait = on_wait
        self._announced_slow = -math.inf  # by the event loop's clock

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._uploads.close()
        await self._transport.close()

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        on_wire: OnWire | None = None,
        key: int | None = None,
    ) -> Answer:
        """One attempt, with the redirects it leads to; each takes a permit of the rate limiter.

        ``path`` begins with ``/``, its parts quoted. Never raises for what the network or Light
        does: see ``Answer``. ``on_wire`` is called once, when the permit is granted and the request
        about to leave: a task cancelled before has sent nothing, and what it raises stops the
        request. ``key`` is the place of the key to use; by default the one that may go first.
        """
        url = self.base_url + path
        if params:
            texts = {k: str(v).lower() if isinstance(v, bool) else v for k, v in params.items()}
            url += "?" + urlencode(texts, quote_via=quote)
        content = None if json is None else _ENCODER.encode(json).encode()
        async with self._connections:
            request = HttpRequest(method.upper(), url, content, headers)
            return await self._send(request, on_wire, key)

    async def _send(self, request: HttpRequest, on_wire: OnWire | None, key: int | None) -> Answer:
        status = None
        longest = self._transport.longest + 1 + self._credentials.longest
        renewed = False
        for hop in range(MOST_HOPS + 1):
            try:
                permit = await self._rate_limiter.acquire(longest, key=key, wait=hop == 0)
            except BudgetSpent as spent:
                if hop == 0:
                    raise
                refusal = "did not accept the login" if renewed else "redirects the request"
                return Answer(None, reason=f"Light {refusal}. {spent}")
            reply, used = await self._attempt(request, on_wire, permit)
            retry_after = self._learn(reply, used, permit, reading=request.method == "GET")
            on_wire, key = None, permit.key  # the first hop has left; the others use its key
            if isinstance(reply, Failure):
                # After a redirect some server did get the request, so it is never surely unsent.
                sent = reply.sent or hop > 0
                return Answer(None, sent=sent, reason=self._hide(reply.reason))
            if reply.status == 401 and self._credentials.login is not None and not renewed:
                # A 401 says that Light did nothing: the same request may go with another token.
                try:
                    renewed = await self._credentials.login.refused(used)
                except LightUnreachable as error:
                    return Answer(None, sent=hop > 0, reason=self._hide(str(error)))
                except ImporterError as error:
                    return Answer(401, reason=self._hide(str(error)))
                if renewed:
                    continue
            location = reply.headers.get("location")
            if location is None or not _is_followed(request.method, reply.status):
                return self._answer(reply, retry_after, used)
            target = follow(self.base_url, request.url, location)
            if target is None:
                origin = self._hide(_origin(location))
                reason = f"Light redirects to {origin}, where the key must not go; it was not sent"
                return Answer(reply.status, reason=f"{reason} there")
            request, status = replace(request, url=target), reply.status
        return Answer(status, reason=f"Light redirected more than {MOST_HOPS} times")

    async def _attempt(
        self, request: HttpRequest, on_wire: OnWire | None, permit: Permit
    ) -> tuple[Reply | Failure, Key]:
        key = self._credentials.keys[permit.key]
        try:
            key = await self._credentials.key(permit.key)
            if on_wire is not None:
                on_wire()
            with self._announced_when_slow(request.url):
                reply = await self._transport.exchange(request, key)
        except LightUnreachable as error:  # the login could not be renewed: nothing has left
            reply = Failure(False, str(error))
        finally:
            self._rate_limiter.finish(permit)
        return reply, key

    def _learn(
        self, reply: Reply | Failure, key: Key, permit: Permit, *, reading: bool
    ) -> float | None:
        """What the answer says of time and limits; the seconds that it asks to wait."""
        if isinstance(reply, Failure):
            return None
        date = http_date(reply.headers.get("date"))
        if date is not None and date < (self._earliest_date or math.inf):
            self._earliest_date = date
        if date is not None:
            self._ahead = min(self._ahead, date - asyncio.get_running_loop().time())
        words = ""
        if reply.status in HOLDING or reply.status >= 500:
            words, reason = _phrase(reply.status), self._answer(reply, None, key).reason
            if reason != words:
                words += f' ("{reason}")'
        return self._rate_limiter.observe(
            reply.status, reply.headers, permit.key, words=words, reading=reading
        )

    @contextlib.contextmanager
    def _announced_when_slow(self, url: str, upload: str = "") -> Iterator[None]:
        """Say what is waited for, should an answer take long: once for all that wait for theirs."""
        loop = asyncio.get_running_loop()

        def announce() -> None:
            now = loop.time()
            if now - self._announced_slow > self._transport.longest:
                self._announced_slow = now
                rest = duration(self._transport.longest - ANNOUNCED_FROM)
                text = f"{_host(url)} has not answered yet. Waiting {rest} at most."
                self._on_wait(f"{upload} {_host(url)}." if upload else text)

        timer = loop.call_later(ANNOUNCED_FROM, announce)
        try:
            yield
        finally:
            timer.cancel()

    def announce(self, wait: str) -> None:
        """Tell the person what is waited for."""
        self._on_wait(wait)

    @property
    def light_time(self) -> datetime | None:
        """The earliest ``Date`` of all answers so far (UTC), which is not later than Light's clock.

        None where no answer had one.
        """
        date = self._earliest_date
        return None if date is None else datetime.fromtimestamp(date, UTC)

    @property
    def light_clock(self) -> datetime | None:
        """The time by Light's clock now (UTC), or a little earlier: by a second, and by as long as
        an answer took. None where no answer had a ``Date``."""
        if self._earliest_date is None:
            return None
        return datetime.fromtimestamp(asyncio.get_running_loop().time() + self._ahead, UTC)

    def _answer(self, reply: Reply, retry_after: float | None, key: Key) -> Answer:
        status, content = reply.status, reply.content
        try:
            if status >= 400 and len(content) > LARGEST_REFUSAL:
                content = b""
            body = jsonlib.loads(content) if content.strip() else None
            if status >= 400:  # a refusal may repeat the key, in whatever way it is escaped
                body = self._hidden(body)
            readable = True
        except (ValueError, RecursionError):
            body, readable = None, False
        if 200 <= status < 300:
            errors = errors_beside_content(body)
            reason = self._hide(words_of(body))
            if not readable or (body is None and status != 204):
                reason = "it is empty" if readable else "it is not JSON"
            errors = tuple(replace(e, message=self._hide(e.message)) for e in errors)
        else:
            errors = refusal_from_json(body)
            words = "; ".join(error.message for error in errors) or words_of(body)
            reason = words[:500] or _phrase(status)
            if not readable and (page := self._hide(text_of_page(content, _phrase(status)))):
                reason = f'{_phrase(status)} ("{page}")'
            if status in (401, 403) and len(self._credentials.keys) > 1:
                reason += f" (This was {key.name}.)"
            if status == 401 and self._credentials.login is not None:
                reason += f" {LOG_IN_AGAIN}"
        return Answer(status, body, reason=reason, retry_after=retry_after, errors=errors)

    def _hide(self, text: str) -> str:
        return self._credentials.hide(text)

    def _hidden(self, body: Any) -> Any:
        if isinstance(body, str):
            return self._hide(body)
        if isinstance(body, list):
            return [self._hidden(each) for each in body]
        if isinstance(body, dict):
            return {self._hide(name): self._hidden(each) for name, each in body.items()}
        return body


def _is_followed(method: str, status: int) -> bool:
    # 301 to 303 turn a POST into a GET: that would not create the bill, but look as if it had.
    return status in (307, 308) or (status in (301, 302, 303) and method == "GET")


def _host(location: str) -> str:
    try:
        return urlsplit(location).hostname or "another address"
    except ValueError:
        return "an address that cannot be read"


def _origin(location: str) -> str:
    """Scheme, host and port, of which any may be what the key must not go to."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(location)
        if parts.hostname and parts.scheme and (parts.port or parts.scheme == "http"):
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
    return _host(location)


def _phrase(status: int) -> str:
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
