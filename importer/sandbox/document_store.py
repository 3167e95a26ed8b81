"""Documents of bills: the short-lived address that one is uploaded to, and what came there.

As with the storages that hand out signed addresses: the address itself is the permission, so that a
request with an ``Authorization`` header is refused (two permissions contradict), the headers that
were named must be sent as they are, and the length must be told before. Source of the two routes:
the API description; of the storage's habits: the documentation of such storages.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from importer.sandbox import field_checks
from importer.sandbox.answers import JsonObject
from importer.sandbox.request_bodies import read_action

UPLOADS = "/uploads/"
LARGEST = 100 * 1024 * 1024  # bytes
MARK = "x-document-of"  # a header that must be sent with the file


@dataclass(frozen=True)
class ExpectedDocument:
    """An upload that was announced; ``until`` is the sandbox's time in seconds."""

    bill_id: str
    name: str
    content_type: str
    until: float


@dataclass(frozen=True)
class StoredDocument:
    """A document that came in."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: bytes = field(repr=False)


@dataclass
class Documents:
    """All documents of one sandbox, in memory. ``clock`` is seconds since 1970.

    ``puts`` are the headers of each request that came to an address, whatever became of it.
    """

    clock: Callable[[], float]
    seconds: float  # how long an address is valid
    kept: dict[str, StoredDocument] = field(default_factory=dict)  # by bill
    received: int = 0
    puts: list[dict[str, str]] = field(default_factory=list)
    _expected: dict[str, ExpectedDocument] = field(default_factory=dict)

    def announce(self, bill_id: str, body: object, origin: str) -> JsonObject:
        """The answer with the address for one document."""
        known = {"documentName": field_checks.filled_text, "contentType": field_checks.filled_text}
        told = read_action(body, known, required=("documentName", "contentType"))
        token = secrets.token_urlsafe(24)
        name, content_type = str(told["documentName"]), str(told["contentType"])
        self._expected[token] = ExpectedDocument(
            bill_id, name, content_type, self.clock() + self.seconds
        )
        headers = {"Content-Type": content_type, MARK: bill_id}
        return {"uploadUrl": f"{origin}{UPLOADS}{token}", "headers": headers}

    async def receive(self, request: Request) -> tuple[Response, ExpectedDocument | None]:
        """The storage's answer, and what was announced where the document is kept now."""
        headers = request.headers
        self.puts.append(dict(headers))
        expected = self._expected.get(request.path_params["token"])
        if "authorization" in headers:
            return _no(400, "InvalidArgument", "Only one way of access is allowed."), None
        if expected is None:
            return _no(403, "AccessDenied", "The signature is not valid."), None
        if self.clock() > expected.until:
            return _no(403, "AccessDenied", "Request has expired."), None
        asked = {"content-type": expected.content_type, MARK: expected.bill_id}
        wrong = [name for name, value in asked.items() if headers.get(name) != value]
        if wrong:
            text = f"The header {wrong[0]} is not the one that was signed."
            return _no(403, "SignatureDoesNotMatch", text), None
        length = headers.get("content-length", "")
        if not length.isdigit():
            return _no(411, "MissingContentLength", "Say how long the document is."), None
        if int(length) > LARGEST:
            return _no(400, "EntityTooLarge", "The document is too large."), None
        content = b"".join([piece async for piece in request.stream()])
        if not content:
            return _no(400, "EntityTooSmall", "The document is empty."), None
        digest = hashlib.sha256(content).hexdigest()
        self.kept[expected.bill_id] = StoredDocument(
            expected.name, expected.content_type, len(content), digest, content
        )
        self.received += 1
        return Response(status_code=200), expected


def _no(status: int, code: str, message: str) -> Response:
    text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(text, status, media_type="application/xml")
