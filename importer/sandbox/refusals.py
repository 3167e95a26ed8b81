"""The two bodies of refusals that Light's documentation and users know.

The application answers ``{name, type, errors: [{type, message, path, context}]}``; the gateway
before it ``{type, message}``. Source: ``ExternalUiClientExceptionV1Model`` of the API description
for the first; the second is observed for 401, 429 and unknown addresses.

400 ``BAD_REQUEST``: the request is not of the described shape (JSON type, format, unknown field).
422 ``UNPROCESSABLE_CONTENT``: the shape is right, the content is not (unknown vendor, wrong total).
A request with fields of both kinds gets 400, with all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Path = tuple[str, ...]

NAMES = {
    400: ("BadRequestException", "BAD_REQUEST"),
    403: ("ForbiddenException", "FORBIDDEN"),
    404: ("NotFoundException", "NOT_FOUND"),
    409: ("ConflictException", "CONFLICT"),
    422: ("UnprocessableContentException", "UNPROCESSABLE_CONTENT"),
}
GATEWAY_TYPES = {
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a request. ``path`` leads to the field; empty means the whole body."""

    type: str
    message: str
    path: Path = ()
    status: int = 400

    def as_json(self) -> dict[str, object]:
        return {
            "type": self.type,
            "message": self.message,
            "path": list(self.path) or None,
            "context": None,
        }


class RefusalError(Exception):
    """The request is answered with ``status`` and ``body`` and changes nothing."""

    def __init__(
        self, status: int, body: dict[str, object], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def exception_body(status: int, problems: Sequence[Problem]) -> dict[str, object]:
    """The application's form of an error."""
    name, kind = NAMES[status]
    return {"name": name, "type": kind, "errors": [problem.as_json() for problem in problems]}


def refusal(problems: Sequence[Problem]) -> RefusalError:
    """All problems of one request as one refusal, with the most basic status among them."""
    status = min(problem.status for problem in problems)
    return RefusalError(status, exception_body(status, problems))


def bad_request(kind: str, message: str, *path: str) -> RefusalError:
    return refusal([Problem(kind, message, path)])


def unprocessable(kind: str, message: str, *path: str) -> RefusalError:
    return refusal([Problem(kind, message, path, 422)])


def not_found(what: str, field: str, value: str) -> RefusalError:
    problem = Problem("NOT_FOUND", f"There is no {what} with the id {value}.", (field,), 404)
    return refusal([problem])


def conflict(message: str, field: str = "state") -> RefusalError:
    return refusal([Problem("INVALID_STATE", message, (field,), 409)])


def gateway_refusal(
    status: int, message: str, headers: Mapping[str, str] | None = None
) -> RefusalError:
    """The gateway's form of an error."""
    return RefusalError(status, {"type": GATEWAY_TYPES[status], "message": message}, headers)
