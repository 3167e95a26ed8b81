"""The way between a simulated computer and the simulated Light, with its losses and its lies.

It stands where the HTTP transport stands: all above is the real client. A request that has left is
on its way even if the computer crashes.
"""

from __future__ import annotations

import asyncio
import functools
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from light_record import Json, LightRecord, error, moment
from light_world import STATE_AFTER, UPLOAD, VENDORS_PATH, SimulatedLight
from notes_world import DOCUMENTS, NOTES
from scenario import LATE, LOSSES, SETTLE, THEN_REFUSED, TIMEOUT

from importer.light.credentials import Key
from importer.light.transport import Failure, HttpRequest, Reply
from importer.sandbox import lies

Trace = Callable[..., None]
Awaited = asyncio.Future[Reply | Failure]
Alike = tuple[str, str, str, str]
# Faults after which it is not known whether Light did what was asked.
UNANSWERED = frozenset(
    (
        *(fault for fault in LOSSES["act"] if not fault.startswith(("not", "429"))),
        *LATE["act"],
        THEN_REFUSED,
    )
)
_BROKEN = Failure(True, "the connection broke before the answer was complete")
_PAGE = b"<html><h1>Bad Gateway</h1></html>"


@functools.cache
def _date(seconds: int) -> str:
    return format_datetime(moment(seconds), usegmt=True)


def request_kind(method: str, path: str) -> str:
    if path.endswith(UPLOAD):
        return "upload"
    if method == "GET":
        return "list" if path.startswith(("/v1/bff", DOCUMENTS, VENDORS_PATH)) else "get"
    if path == VENDORS_PATH:
        return "vendor"
    if path.endswith(("/line-items", "/lines")):
        return "line"
    return "create" if path in ("/v1/invoice-payables", NOTES) else "act"


@dataclass
class Wire:
    """``alive`` says whether the computer still runs; ``honest``: nothing goes wrong any more."""

    light: SimulatedLight
    computer: str
    faults: Mapping[tuple[str, int], str]
    rng: random.Random
    trace: Trace
    honest: bool = False
    alive: Callable[[], bool] = lambda: True
    longest: float = TIMEOUT + 2.5
    numbers: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)  # faults
    misled: int = 0  # reads that were answered with a lie
    misled_lists: int = 0  # of them, lists
    half_lists: int = 0  # of them, those that may show a bill and hide its copy
    named: set[str] = field(default_factory=set)  # ids in untrue answers to creations
    doubted: set[str] = field(default_factory=set)  # numbers of bills with an answer in doubt
    first_step: float | None = None  # when it was sent, after the last creation of the session
    repeated: set[Alike] = field(default_factory=set)
    """Numbered bills, sent again after an answer in doubt, while no list was read since."""
    refused: dict[str, float] = field(default_factory=dict)
    """By path, when Light refused a step of which an answer had been in doubt, while its bill was
    not read since, once that had settled."""
    other_keys: list[str] = field(default_factory=list)
    """Credit notes that were sent again with another key while an answer was in doubt."""
    _keys: dict[Alike, str] = field(default_factory=dict)
    _refuses: set[Alike | str] = field(default_factory=set)  # when it is sent again
    _in_doubt: set[Alike | str] = field(default_factory=set)  # such bills, and paths of steps
    _open: set[str] = field(default_factory=set)  # and of those without an answer
    previous: tuple[int, Any] | None = None  # what Light answered last, to whatever

    def begin(self) -> None:
        """A new session, which knows of the last one what the journal has."""
        self.first_step = None
        self.repeated.clear()
        self.refused.clear()
        self._in_doubt.clear()

    async def exchange(self, sent: HttpRequest, key: Key) -> Reply | Failure:
        loop = asyncio.get_running_loop()
        if not self.alive():  # a dead computer waits for ever
            await loop.create_future()
        method, content, parts = sent.method, sent.content, urlsplit(sent.url)
        kind = request_kind(method, parts.path)
        self.numbers[kind] += 1
        number = self.numbers[kind]
        fault = "" if self.honest else self.faults.get((kind, number), "")
        self.misled += kind in ("get", "list") and fault in lies.LIES
        self.misled_lists += kind == "list" and fault in lies.LIES
        self.half_lists += kind == "list" and fault == "short-list"
        body = content if method == "PUT" and kind == "upload" else json.loads(content or b"null")
        idempotency = (sent.headers or {}).get("X-Idempotency-Key", "")
        request = Request(kind, number, method, parts.path, parts.query, body, idempotency)
        same = request.alike if kind == "create" else parts.path
        if not fault and not self.honest and same in self._refuses:
            fault = "422 before"
        self._refuses.discard(same)
        if fault == THEN_REFUSED:
            self._refuses.add(same)
        self.used[fault] += 1
        self.trace(self.computer, "sends", request, fault)
        if kind in ("act", "upload") and self.first_step is None:
            self.first_step = loop.time()
        if kind == "create":
            if request.invoice and same in self._in_doubt:
                self.repeated.add(request.alike)
            if same in self._in_doubt and self._keys.get(request.alike, idempotency) != idempotency:
                self.other_keys.append(f"{request} with {idempotency}")
            self._keys[request.alike] = idempotency
            self.first_step = None
            (self.doubted if fault else self._open).add(request.invoice)
        if fault in UNANSWERED and kind not in ("get", "list"):
            self._in_doubt.add(same)
        answer: Awaited = loop.create_future()
        way = self.rng.uniform(0.01, 0.9)
        match fault:
            case "not connected before":
                return Failure(False, "no connection")
            case "arrives late":
                way = self.rng.uniform(TIMEOUT + 3, TIMEOUT + SETTLE * 0.8)
            case "arrives very late":
                way = self.rng.uniform(TIMEOUT + SETTLE, TIMEOUT + 4 * SETTLE)
        if fault.endswith("before"):
            loop.call_later(way, self._answer, answer, request, self._spoiled(request, None, fault))
        else:
            loop.call_later(way, self._arrive, answer, request, fault)
        try:
            async with asyncio.timeout(self.longest):
                return await answer
        except TimeoutError:
            return Failure(True, "no answer in time")

    def _arrive(
        self, answer: asyncio.Future[Reply | Failure], request: Request, fault: str
    ) -> None:
        light = self.light
        answered = light.handle(
            request.method, request.path, request.query, request.body, self.computer, request.key
        )
        status, shown = answered
        named = shown.get("id") if isinstance(shown, dict) else None
        self.trace("Light", "does", request, status, named)
        reply = self._spoiled(request, answered, fault)
        self.previous = answered
        back = self.rng.uniform(0.01, 0.9)
        if fault == "answered too late":
            back = TIMEOUT + 5
        asyncio.get_running_loop().call_later(back, self._answer, answer, request, reply)

    def _answer(self, answer: Awaited, request: Request, reply: Reply | Failure) -> None:
        if answer.done() or not self.alive():
            return
        shown = reply.content[:160].decode() if isinstance(reply, Reply) else reply.reason
        status = reply.status if isinstance(reply, Reply) else "-"
        self.trace(self.computer, "gets", request, status, shown)
        if request.kind == "create":
            self._open.discard(request.invoice)
        self._watch(request, reply)
        answer.set_result(reply)

    def _watch(self, request: Request, reply: Reply | Failure) -> None:
        """Keep what is not to be claimed yet."""
        now = self.light.clock()
        match request.kind:
            case "list":
                self.repeated.clear()
            case "get":
                for path, when in [*self.refused.items()]:
                    if f"{path}/".startswith(f"{request.path}/") and now - when >= SETTLE:
                        del self.refused[path]
            case "act" if isinstance(reply, Reply) and 400 <= reply.status < 500:
                if request.path in self._in_doubt:
                    self.refused[request.path] = now

    def _reply(self, status: int, body: object, **headers: str) -> Reply:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Reply(status, {"date": _date(int(self.light.clock())), **headers}, content)

    def _spoiled(
        self, request: Request, answered: tuple[int, Any] | None, fault: str
    ) -> Reply | Failure:
        """What comes back instead of Light's answer; ``answered`` None: Light was not asked."""
        refused = answered is not None and answered[0] >= 300
        match fault.removesuffix(" before").removesuffix(" after"):
            case "lost" | "lost and refused when sent again,":
                return _BROKEN
            case "500" | "503" as status:
                body = {"type": "INTERNAL", "message": "It is not available."}
                return self._reply(int(status), body)
            case "502 page":
                return self._reply(502, _PAGE)
            case "429":
                body = {"type": "TOO_MANY_REQUESTS", "message": "Slowly."}
                return self._reply(429, body, **{"retry-after": "2"})
            case "401":
                return self._reply(401, {"type": "UNAUTHORIZED", "message": "Log in."})
            case "422":
                return self._reply(*error(422, "Not this one.", "description"))
            case "another bill":
                another = self._another(request)
                return self._reply(200, another) if another else _BROKEN
            case "said to be done":
                return self._reply(200, self._as_if_done(request))
            case "nil id":
                done = self._as_if_done(request) | {"id": lies.NIL, "vendorId": lies.NIL}
                if request.kind != "vendor":
                    done["vendorId"] = (request.body or {}).get("vendorId")
                if request.links:
                    done["creditNote"] = {"id": lies.NIL}
                return self._reply(200, done)
            case "page with 200" if not refused:
                return self._reply(200, _PAGE)
            case "empty 200" if not refused:
                return self._reply(200, b"")
        match fault:
            case lies.ANOTHER:
                return self._reply(*self.previous) if self.previous else _BROKEN
            case lie if lie in lies.LIES:
                return self._reply(*lies.lied_answer(answered or (200, None), lie))
        assert answered is not None, fault
        return self._reply(*answered)

    def _as_if_done(self, request: Request) -> Json:
        """What the answer to a request would be."""
        if request.kind != "act":
            return dict(request.body)
        if request.links:
            return self._link("", request)
        light_id, action = request.path.split("/")[-2:]
        if light_id in ("line-items", "lines"):
            return {**(request.body or {}), "id": action}
        if request.method == "PATCH":
            return self.light.shown(self.light.bills[action]) | request.body
        record = self.light.bills[light_id]
        name = "status" if record.note else "state"
        return {**self.light.shown(record), name: self._state_after(record, action)}

    def _another(self, request: Request) -> Json | None:
        """The newest bill, credit note or line item in Light that is not the one of the request, as
        if it were done to that."""
        if request.kind == "vendor":
            return dict(self.light.vendors[0])
        others = [each for each in self.light.bills.values() if each.note == request.of_note]
        if request.kind == "line":
            of_others = [x for each in others if each.id not in request.path for x in each.lines]
            alike = [x for x in of_others if request.body.items() <= x.items()]
            return dict((alike or of_others)[-1]) if of_others else None
        others = [each for each in others if each.id not in request.path]
        if not others:
            return None
        if "/line-items/" in request.path or "/lines/" in request.path:
            return dict(others[-1].lines[-1]) if others[-1].lines else None
        if request.links:
            return self._link(others[-1].id, request)
        shown = self.light.shown(others[-1])
        if request.kind == "create":
            self.named.add(others[-1].id)
        if request.method == "PATCH":
            return shown | request.body
        if request.kind == "act":
            state = self._state_after(others[-1], request.path.rsplit("/", 1)[1])
            shown["status" if others[-1].note else "state"] = state
        return shown

    def _state_after(self, record: LightRecord, action: str) -> str:
        if record.note:
            return {"post": "POSTED", "archive": "ARCHIVED"}[action]
        return STATE_AFTER[action]

    def _link(self, note_id: str, request: Request) -> Json:
        bill_id = request.path.rsplit("/", 1)[1]
        return self.light.notes.link(note_id, bill_id) | {"amount": request.body["amount"]}

    @property
    def deceived(self) -> bool:
        """Whether a read was answered with a lie, or a request came in after it was given up."""
        return bool(self.misled or self.used["arrives late"] or self.used["arrives very late"])

    def may_own(self, number: str) -> bool:
        """Whether a bill of this number may be the computer's, though another made it."""
        return number in self.doubted | self._open

    async def close(self) -> None:
        return None


@dataclass(frozen=True)
class Request:
    """``number`` counts those of its kind and computer, from 1."""

    kind: str
    number: int
    method: str
    path: str
    query: str
    body: Any
    key: str = ""  # of idempotency

    @property
    def invoice(self) -> str:
        """The number of the bill or credit note that is to be created."""
        return str(self.body.get("invoiceNumber") or self.body.get("documentNumber") or "")

    @property
    def alike(self) -> Alike:
        """What tells the bill that is to be created from others."""
        entity = str(self.body.get("companyEntityId"))
        vendor = str(self.body.get("vendorId") or self.body.get("businessPartnerId"))
        return (self.path, vendor, entity, self.invoice)

    @property
    def of_note(self) -> bool:
        return self.path.startswith(NOTES)

    @property
    def links(self) -> bool:
        """Whether a credit note is to clear a bill."""
        return self.of_note and "/invoice-payables/" in self.path

    def __str__(self) -> str:
        what = self.path.removeprefix("/v1/invoice-payables").removeprefix("/v1/")
        if self.kind == "create":
            what = self.invoice or "without a number"
        elif self.kind == "list":
            what = "since" if "createdAt" in self.query else "all"
        return f"{self.kind} {self.number} {what}"
