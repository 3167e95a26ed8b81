"""Documents of bills: short-lived upload addresses, and the documents uploaded to them.

As with storages that sign addresses: the address itself is the permission, so a request with an
``Authorization`` header is refused (two permissions contradict), the signed headers must be sent as
they are, and the length must be stated. Source of the two routes: the API description; of the
storage's behaviour: the documentation of such storages.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from importer.sandbox.request_bodies import DocumentBody, read_body
from importer.sandbox.wire_types import JsonObject

UPLOADS = "/uploads/"
LARGEST = 100 * 1024 * 1024  # bytes
MARK = "x-document-of"  # a header that must be sent with the file


@dataclass(frozen=True)
class ExpectedDocument:
    """An announced upload; ``until`` is the sandbox's time in seconds."""

    bill_id: str
    name: str
    content_type: str
    until: float


@dataclass(frozen=True)
class StoredDocument:
    """An uploaded document."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: bytes = field(repr=False)


@dataclass
class Documents:
    """All documents of one sandbox, in memory. ``clock`` is seconds since 1970.

    ``puts`` are the headers of each upload request, accepted or not.
    """

    clock: Callable[[], float]
    valid_seconds: float  # of an address
    by_bill: dict[str, StoredDocument] = field(default_factory=dict)
    received: int = 0
    puts: list[dict[str, str]] = field(default_factory=list)
    _expected: dict[str, ExpectedDocument] = field(default_factory=dict)

    def announce(self, bill_id: str, body: object, origin: str) -> JsonObject:
        """The answer with the address for one document."""
        document = read_body(DocumentBody, body)
        name, content_type = document["documentName"], document["contentType"]
        token = secrets.token_urlsafe(24)
        until = self.clock() + self.valid_seconds
        self._expected[token] = ExpectedDocument(bill_id, name, content_type, until)
        headers = {"Content-Type": content_type, MARK: bill_id}
        return {"uploadUrl": f"{origin}{UPLOADS}{token}", "headers": headers}

    async def receive(self, request: Request) -> tuple[Response, ExpectedDocument | None]:
        """The storage's answer, and the announcement of the document where it was stored."""
        headers = request.headers
        self.puts.append(dict(headers))
        expected = self._expected.get(request.path_params["token"])
        if "authorization" in headers:
            return _error(400, "InvalidArgument", "Only one way of access is allowed."), None
        if expected is None:
            return _error(403, "AccessDenied", "The signature is not valid."), None
        if self.clock() > expected.until:
            return _error(403, "AccessDenied", "Request has expired."), None
        signed = {"content-type": expected.content_type, MARK: expected.bill_id}
        for name, value in signed.items():
            if headers.get(name) != value:
                text = f"The header {name} is not the one that was signed."
                return _error(403, "SignatureDoesNotMatch", text), None
        length = headers.get("content-length", "")
        if not length.isdigit():
            return _error(411, "MissingContentLength", "Say how long the document is."), None
        if int(length) > LARGEST:
            return _error(400, "EntityTooLarge", "The document is too large."), None
        content = b"".join([piece async for piece in request.stream()])
        if not content:
            return _error(400, "EntityTooSmall", "The document is empty."), None
        digest = hashlib.sha256(content).hexdigest()
        self.by_bill[expected.bill_id] = StoredDocument(
            expected.name, expected.content_type, len(content), digest, content
        )
        self.received += 1
        return Response(status_code=200, headers={"ETag": f'"{digest[:32]}"'}), expected


def _error(status: int, code: str, message: str) -> Response:
    text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(text, status, media_type="application/xml")
