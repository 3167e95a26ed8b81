"""Upload the document of a bill: an address is asked for, then the file is put there.

A bill has one document, and the same file put twice is the same document: so a lost answer is met
by doing both again. The file's SHA-256 is in the journal, to tell a file that changed between runs.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from importer.core.answers import Answer, ApiError, OnWire, Outcome
from importer.core.errors import ImporterError, WireProblem
from importer.loading.bill_state import step_detail
from importer.loading.gateway import LightGateway, fetch_bill
from importer.loading.operation import MOST_LOST, Decision, Look, Send
from importer.loading.operations.bill_step import JournaledStep
from importer.model.bills import Document
from importer.model.journal_states import Step, StepKind, StepState
from importer.model.light_objects import UploadTarget
from importer.validation.document_files import DocumentProblem, inspect_document

# The storage's way to say that the address has run out, and not now: a new address may do.
_AGAIN = frozenset((401, 403, 404, 408, 410, 425, 429))


@dataclass(eq=False)
class UploadDocument(JournaledStep):
    kind = StepKind.DOCUMENT
    right = "upload documents"
    noun = "address for the document"
    document: Document | None = None
    _fingerprint: tuple[int, str] = (0, "")
    _stored: Answer | None = None  # the storage's answer
    _shown: bool = False  # Light shows it, where the storage does not say that it keeps it
    _unchanged: bool = False  # the file, while it was sent
    _lost: int = 0

    def first(self) -> Decision:
        if self.document is None:
            return self._refused("its file was not searched for")
        return Look(self)

    async def look(self, gateway: LightGateway) -> Decision:
        """At the file, as it is now."""
        document = self._file
        try:
            self._fingerprint = await asyncio.to_thread(fingerprint, document)
        except (OSError, DocumentProblem):
            reason = f"the file {document.written} was changed or removed in the meantime"
            return self._refused(reason)
        return Send(self)

    @property
    def _file(self) -> Document:
        assert self.document is not None
        return self.document

    def detail(self) -> str:
        size, digest = self._fingerprint
        file = {"name": self._file.name, "type": self._file.content_type}
        return step_detail(self.light_id, {**file, "size": size, "sha256": digest})

    async def send(self, gateway: LightGateway, on_wire: OnWire) -> Answer:
        document, self._stored, self._shown = self._file, None, False
        answer = await gateway.upload_url(
            self.light_id, document.name, document.content_type, on_wire
        )
        target = None
        with suppress(WireProblem):
            target = self.read(gateway, answer.body) if answer.status in range(200, 300) else None
        if isinstance(target, UploadTarget):
            self._stored = await gateway.put_document(target, document.path, self._fingerprint[0])
            status = self._stored.status or 0
            self._tried |= not 300 <= status < 500
            if 200 <= status < 300 and self._stored.reason:
                self._shown = await self._is_shown(gateway)
            self._unchanged = await asyncio.to_thread(_now, document) == self._fingerprint
        return answer

    async def _is_shown(self, gateway: LightGateway) -> bool:
        """Whether Light shows a document of this name."""
        with suppress(ImporterError):
            remote = (await fetch_bill(gateway, self.ref)).content
            return remote is not None and remote.document_name == self._file.name
        return False

    def read(self, gateway: LightGateway, body: object) -> UploadTarget | str:
        return gateway.read_upload_target(body)

    def accepted(self, content: UploadTarget | str) -> Decision:
        stored = self._stored
        if isinstance(content, str) or stored is None:  # nothing may be sent to that address
            return self._refused(str(content))
        status = stored.status or 0
        if 200 <= status < 300 and self._unchanged and (self._shown or not stored.reason):
            return self.finish(StepState.DONE)
        if 200 <= status < 300 and not self._unchanged:
            return self.lost(f"the file {self._file.written} was changed while it was uploaded")
        if 300 <= status < 500 and status not in _AGAIN:
            return self._refused(stored.reason)
        return self.lost(stored.reason)

    def rejected(self, outcome: Outcome[Any]) -> Decision:
        return self._refused(outcome.reason, errors=outcome.errors)

    def _refused(self, reason: str, *, errors: Sequence[ApiError] = ()) -> Decision:
        state = StepState.UNKNOWN if self._tried else StepState.REFUSED
        return self.finish(state, reason, errors=errors)

    def lost(self, reason: str, *, counts: bool = True) -> Decision:
        self._lost += counts
        if self._lost >= MOST_LOST:
            return self.finish(StepState.UNKNOWN, reason)
        delay = self.settings.first_look * 2 ** max(0, self._lost - 1)
        return Look(self, delay, (self.in_doubt(reason),))


def fingerprint(document: Document) -> tuple[int, str]:
    """The file's bytes and SHA-256 now. DocumentProblem where it is not what was checked."""
    if inspect_document(document.folder, document.written, sys.maxsize).path != document.path:
        raise DocumentProblem("outside")
    with document.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _now(document: Document) -> tuple[int, str] | None:
    try:
        return fingerprint(document)
    except (OSError, DocumentProblem):
        return None


def has_changed(document: Document, step: Step) -> bool:
    """Whether the file is not the one of an earlier upload, done or perhaps done."""
    before = step.detail_value("size"), step.detail_value("sha256")
    perhaps = (StepState.DONE, StepState.SENDING, StepState.UNKNOWN)
    if step.state not in perhaps or None in before:
        return False
    return _now(document) not in (None, before)
