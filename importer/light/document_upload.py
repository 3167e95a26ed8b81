"""Upload documents to the addresses that Light names, which must never see the key.

An address is on storage of Light's choice and valid for a short time; whoever has it may write
there. So a document goes by https, to exactly that host, and the address is never logged.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx

from importer.core.answers import Answer
from importer.light.credentials import Credentials, is_loopback
from importer.light.transport import TROUBLE, failure_of, http_client, trusted_certificates
from importer.model.light_objects import UploadTarget

PIECE = 256 * 1024  # bytes read at a time
AT_A_TIME = 8  # files
SLOWEST = 20_000  # bytes a second; a slower upload is given up
_LONGEST_ANSWER = 64 * 1024  # bytes read of the storage's answer
_NOT_TO_SEND = frozenset(("authorization", "proxy-authorization", "cookie", "host"))
_OURS = frozenset(("content-length", "transfer-encoding", "connection"))
_MESSAGE = re.compile(r"<Message>([^<]{1,300})</Message>")


class Uploads:
    """Connections to where documents go. ``timeout`` is seconds of silence."""

    def __init__(self, base_url: str, timeout: float, credentials: Credentials) -> None:
        self._local = is_loopback(urlsplit(base_url).hostname or "")
        self._timeout = timeout
        self._credentials = credentials
        self._uploads = asyncio.Semaphore(AT_A_TIME)
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def put(self, target: UploadTarget, path: Path, size: int) -> Answer:
        """One attempt. Raises nothing for what the network, the storage or the file does.

        ValueError where the address is ``unsafe``.
        """
        if self.unsafe(target):
            raise ValueError("the address of the document is not safe")
        async with self._uploads:
            return await self._put(target, path, size)

    def unsafe(self, target: UploadTarget) -> str:
        """Why nothing may be sent to the target; "" where it may."""
        try:
            parts = urlsplit(target.url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            host, parts = "", urlsplit("")
        if not host or "@" in parts.netloc or any(ord(c) <= 0x20 for c in target.url):
            return "Light named an address for the document that cannot be used"
        at_home = is_loopback(host)
        if at_home != self._local or not (parts.scheme == "https" or at_home):
            return f"Light wants the document at {parts.scheme}://{host}, which is not safe"
        for name, value in target.headers:
            if name.lower() in _NOT_TO_SEND or self._credentials.hide(value) != value:
                return f"Light asks for the header {name} with the document, which is not sent"
        return ""

    async def _put(self, target: UploadTarget, path: Path, size: int) -> Answer:
        host = urlsplit(target.url).hostname or ""
        headers = [(n, v) for n, v in target.headers if n.lower() not in _OURS]
        try:
            async with asyncio.timeout(self._timeout + size / SLOWEST):
                client = self._client = self._client or http_client(
                    {"Accept": "*/*", "Accept-Encoding": "identity"},
                    self._timeout,
                    trusted_certificates(target.url),
                    AT_A_TIME,
                    local=self._local,
                )
                # Not opened in a thread: a task cancelled meanwhile would leave it open.
                with path.open("rb") as file:
                    request = client.build_request(
                        "PUT",
                        target.url,
                        headers=[*headers, ("Content-Length", str(size))],
                        content=_pieces(file, size),
                    )
                    response = await client.send(request, stream=True)
                try:
                    text = await _first_bytes(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            return Answer(None, reason=f"{host} did not take the document in time")
        except _Changed:
            return Answer(None, reason="the document was changed while it was sent")
        except TROUBLE as error:
            failure = failure_of(error, host, self._timeout)
            return Answer(None, sent=failure.sent, reason=self._credentials.hide(failure.reason))
        status = response.status_code
        if status in (200, 201) and response.headers.get("ETag"):  # of what it keeps now
            return Answer(status)
        if 200 <= status < 300:  # perhaps of something in between, which did not hand it on
            return Answer(
                status, reason=f"{host} does not say that it keeps the document ({status})"
            )
        if 300 <= status < 400:
            return Answer(status, reason=f"{host} sends the document elsewhere ({status})")
        message = _MESSAGE.search(text)
        detail = f": {message[1]}" if message else ""
        reason = f"{host} did not take the document ({status}{detail})"
        return Answer(status, reason=self._credentials.hide(reason))


class _Changed(Exception):
    """The file does not have as many bytes as were announced."""


async def _pieces(file: BinaryIO, size: int) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, PIECE):
        size -= len(piece)
        if size < 0:
            raise _Changed
        yield piece
    if size:
        raise _Changed


async def _first_bytes(response: httpx.Response) -> str:
    """The beginning of the storage's answer, not unpacked, which could take any memory."""
    content = bytearray()
    async for piece in response.aiter_raw():
        content += piece
        if len(content) > _LONGEST_ANSWER:
            break
    return bytes(content).decode("utf-8", "replace")
