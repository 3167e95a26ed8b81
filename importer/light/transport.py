"""Send one HTTP request over pooled connections; failures are values, not exceptions."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies

import httpx

from importer import __version__
from importer.core.errors import UsageProblem
from importer.light.credentials import Key, is_loopback
from importer.light.direct_connection import Headers, connect

LARGEST_BODY = 20_000_000  # bytes, unpacked
PIECE = 1_000_000  # bytes unpacked at once
LARGEST_TOKENS = 100_000  # bytes of an answer with tokens
GRACE = 2.5  # seconds beyond the time-out, for answers that arrive drop by drop

# No connection to Light was made, so it cannot have got the request. Everything else is doubtful.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,  # the proxy refused to connect us
    httpx.UnsupportedProtocol,
)
TROUBLE = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, zlib.error)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """``content`` is JSON, ``headers`` are those beside the key's and the content's."""

    method: str
    url: str
    content: bytes | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer. ``headers`` finds names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """No complete answer. ``sent`` is False only where no connection was made."""

    sent: bool
    reason: str


class Exchanger(Protocol):
    """What an ``ApiSession`` needs to reach Light; ``Transport`` is one."""

    @property
    def longest(self) -> float: ...

    async def exchange(self, request: HttpRequest, key: Key) -> Reply | Failure: ...

    async def close(self) -> None: ...


class Transport:
    """Connections to Light, one for each request.

    An answer is the first that comes on its connection. On one that is used again, bytes
    left over, or a second copy of an answer that comes late, would pass for the answer to the next
    request, and a server that closes it just then would leave us in doubt.

    ``timeout`` is seconds: for the connection, and again for each silence of the server; a whole
    attempt never takes longer than ``longest``.
    """

    def __init__(self, base_url: str, timeout: float, max_connections: int) -> None:
        self._timeout = timeout
        self.longest = timeout + GRACE
        self._trusted = trusted_certificates(base_url)
        self._trusted.set_alpn_protocols(["http/1.1"])
        local = is_loopback(urlsplit(base_url).hostname or "")
        self._by_proxy = (
            None
            if local or not any(map(getproxies().get, ("http", "https", "all")))
            else _json_client(base_url, timeout, self._trusted, max_connections)
        )

    async def close(self) -> None:
        if self._by_proxy is not None:
            await self._by_proxy.aclose()

    async def exchange(self, request: HttpRequest, key: Key) -> Reply | Failure:
        """One attempt with the key, never repeated. Raises nothing for HTTP or network trouble.

        At most ``max_connections`` at a time; the caller sees to that.
        """
        host = urlsplit(request.url).hostname or request.url
        begun = False

        def begin() -> None:
            nonlocal begun
            begun = True

        headers = [
            (b"Authorization", key.header),
            *(_JSON_BODY if request.content is not None else []),
        ]
        more = request.headers or {}
        headers += [(name.encode(), value.encode()) for name, value in more.items()]
        exchange = self._exchange_directly if self._by_proxy is None else self._exchange_by_proxy
        try:
            async with asyncio.timeout(self.longest):
                return await exchange(request, headers, host, begin)
        except TimeoutError:
            return Failure(begun, f"{host} did not answer within {self.longest:g} seconds")
        except TROUBLE as error:
            return failure_of(error, host, self._timeout)

    async def _exchange_directly(
        self, request: HttpRequest, headers: Headers, host: str, begin: Callable[[], None]
    ) -> Reply | Failure:
        match = _PLAIN_URL.fullmatch(request.url)
        url = _parsed(match[1] if match else request.url)
        target = match[2].encode() if match else url.raw_path
        connection = await connect(url, self._trusted, self._timeout)
        try:
            begin()
            host_header = (b"Host", url.netloc)
            status, of_answer = await connection.send(
                request.method, target, [host_header, *_OF_EACH, *headers], request.content
            )
            return await _read(status, of_answer, connection.body(), host)
        finally:
            connection.close()

    async def _exchange_by_proxy(
        self, request: HttpRequest, headers: Headers, host: str, begin: Callable[[], None]
    ) -> Reply | Failure:
        async def watch(event: str, info: object) -> None:
            if event == "http11.send_request_headers.started":
                begin()

        assert self._by_proxy is not None
        built = self._by_proxy.build_request(
            request.method,
            request.url,
            content=request.content,
            headers=headers,
            extensions={"trace": watch},
        )
        response = await self._by_proxy.send(built, stream=True)
        try:
            return await _read_response(response, host)
        finally:
            await response.aclose()


async def post_form(
    base_url: str, path: str, form: Mapping[str, str], timeout: float
) -> Reply | Failure:
    """One attempt to send a form, without a key and without following redirects."""
    host = urlsplit(base_url).hostname or base_url
    body = urlencode(form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        async with asyncio.timeout(timeout + GRACE):
            async with (
                _json_client(base_url, timeout, trusted_certificates(base_url), 1) as client,
                client.stream("POST", base_url + path, content=body, headers=headers) as response,
            ):
                return await _read_response(response, host, LARGEST_TOKENS)
    except TimeoutError:
        return Failure(True, f"{host} did not answer within {timeout + GRACE:g} seconds")
    except TROUBLE as error:
        return failure_of(error, host, timeout)


def trusted_certificates(url: str) -> ssl.SSLContext:
    """The certificates to trust: of ``SSL_CERT_FILE`` or ``SSL_CERT_DIR``, else those of certifi.

    Plain http needs none. Raises UsageProblem where such a setting names nothing that can be used.
    """
    if not url.startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    file, folder = (os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    name, path = ("SSL_CERT_FILE", file) if file else ("SSL_CERT_DIR", folder)
    remedy = "Correct the setting, or remove it to trust the usual authorities."
    if path and not (Path(path).is_file() if file else Path(path).is_dir()):
        kind = "file" if file else "folder"
        raise UsageProblem(f"{name} is {path}, and there is no such {kind}. {remedy}")
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # as ssl.SSLError
        if not path:
            raise
        why = error.strerror if not isinstance(error, ssl.SSLError) else ""
        raise UsageProblem(
            f"{name} is {path}, which has no certificates that can be read"
            f"{f' ({why})' if why else ''}. {remedy}"
        ) from None


def _json_client(
    base_url: str, timeout: float, trusted: ssl.SSLContext, max_connections: int
) -> httpx.AsyncClient:
    local = is_loopback(urlsplit(base_url).hostname or "")
    return http_client(_JSON_ANSWER, timeout, trusted, max_connections, local=local)


def http_client(
    headers: Mapping[str, str],
    timeout: float,
    trusted: ssl.SSLContext,
    max_connections: int,
    *,
    local: bool,
) -> httpx.AsyncClient:
    """A client that follows no redirects; ``local``: for a server on this computer.

    Raises UsageProblem where the proxy of the environment cannot be used.
    """
    limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=0)
    # An explicit transport takes no proxy from the environment.
    direct = httpx.AsyncHTTPTransport(verify=trusted, limits=limits) if local else None
    try:
        return httpx.AsyncClient(
            headers={**headers, **_OURS},
            verify=trusted,
            timeout=httpx.Timeout(timeout, pool=None),
            limits=limits,
            follow_redirects=False,
            trust_env=True,
            transport=direct,
        )
    except (ImportError, ValueError, httpx.InvalidURL):
        raise UsageProblem(
            "The proxy of this computer's settings cannot be used. Check HTTPS_PROXY and "
            "ALL_PROXY; http:// and https:// proxies are supported."
        ) from None  # the cause may repeat the proxy's password


_JSON_BODY = [(b"Content-Type", b"application/json;charset=UTF-8")]
_JSON_ANSWER = {"Accept": "application/json", "Accept-Encoding": "gzip"}
_OURS = {"User-Agent": f"light-import/{__version__}", "Connection": "close"}
_OF_EACH = [(name.encode(), value.encode()) for name, value in (_JSON_ANSWER | _OURS).items()]


# Of the characters of which httpx would change none.
_PLAIN_URL = re.compile(
    r"(https?://[a-z0-9.:\[\]-]+)(/(?:[A-Za-z0-9/_?&=-]|%[0-9A-F]{2})*)", re.ASCII
)
_parsed = lru_cache(maxsize=16)(httpx.URL)


async def _read_response(
    response: httpx.Response, host: str, largest: int = LARGEST_BODY
) -> Reply | Failure:
    return await _read(response.status_code, response.headers, response.aiter_raw(), host, largest)


async def _read(
    status: int,
    headers: Mapping[str, str],
    pieces: AsyncIterator[bytes],
    host: str,
    largest: int = LARGEST_BODY,
) -> Reply | Failure:
    """The complete answer, unpacked within limits, which httpx does not have."""
    packing = headers.get("content-encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        return Failure(True, f"{host} packed its answer in a way that was not asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in packing else None
    content = bytearray()
    begun = False
    async for packed in pieces:
        begun = begun or bool(packed)
        for piece in [packed] if unpack is None else _unpacked(unpack, packed):
            content += piece
            if len(content) > largest:
                size = f"{largest / 1_000_000:g} MB"
                return Failure(True, f"the answer of {host} ({status}) is larger than {size}")
    if unpack and begun and (not unpack.eof or unpack.unused_data):
        return Failure(True, f"the answer of {host} cannot be unpacked")
    return Reply(status, headers, bytes(content))


def failure_of(error: Exception, host: str, timeout: float) -> Failure:
    """One of ``TROUBLE`` as a Failure."""
    return Failure(not isinstance(error, _NOT_SENT), _reason(error, host, timeout))


def _unpacked(unpack: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    """What is packed, a piece at a time, so that a thousandfold answer is noticed early."""
    while True:
        yield unpack.decompress(packed, PIECE)
        packed = unpack.unconsumed_tail
        if not packed:
            return


def _reason(error: Exception, host: str, timeout: float) -> str:
    match error:
        case httpx.ConnectTimeout():
            return f"no connection to {host} within {timeout:g} seconds"
        case httpx.ConnectError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return (
                f"the certificate of {host} is not trusted ({error}). Where your company inspects "
                "traffic, set SSL_CERT_FILE to its certificates"
            )
        case httpx.ProxyError():
            return f"the proxy made no connection to {host} ({error})"
        case httpx.ConnectError() | httpx.PoolTimeout() | httpx.UnsupportedProtocol():
            return f"no connection to {host} ({error})"
        case httpx.ReadTimeout():
            return f"{host} did not answer within {timeout:g} seconds"
        case httpx.WriteTimeout():
            return f"{host} did not take the request within {timeout:g} seconds"
        case zlib.error():
            return f"the answer of {host} cannot be unpacked"
        case _:
            detail = str(error) or type(error).__name__
            return f"the connection to {host} broke before the answer was complete ({detail})"
