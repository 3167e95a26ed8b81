"""The document of a bill: an address asked for, then the file put there.

A bill has one document, and the same file put twice is the same document: so a lost answer is met
by doing both again. The file's SHA-256 is in the journal, to tell a file that changed between runs.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from importer.loading.bill_state import StepTask, detail
from importer.model.bills import Document
from importer.model.journal_states import Outcome, Step, StepKind, StepState, Verdict
from importer.model.light_objects import UploadTarget
from importer.validation.document_files import DocumentProblem, look_at

if TYPE_CHECKING:
    from importer.loading.step_runner import StepRunner

_MOST_ROUNDS = 5
# The storage's way to say that the address has run out, and not now: a new address may do.
_AGAIN = frozenset((401, 403, 404, 408, 410, 425, 429))


async def upload(runner: StepRunner, errand: StepTask, kind: StepKind) -> bool:
    """Upload the bill's document; whether Light has it now."""
    document, reason = errand.document, ""
    if document is None:
        return runner.settle(errand, kind, StepState.REFUSED, "its file was not looked for")
    for attempt in range(_MOST_ROUNDS):
        try:
            size, digest = await asyncio.to_thread(fingerprint, document)
        except (OSError, DocumentProblem):
            reason = f"the file {document.written} was changed or removed meanwhile"
            return runner.settle(errand, kind, StepState.REFUSED, reason)
        told = {"name": document.name, "type": document.content_type}
        kept = detail(errand.light_id, {**told, "size": size, "sha256": digest})
        errand.steps[kind] = replace(errand.steps[kind], detail=kept)
        target = await _address(runner, errand, kind, document)
        if target is None:
            return False
        if isinstance(target, UploadTarget):
            answer = await runner.gateway.put_document(target, document.path, size)
            status, reason = answer.status or 0, answer.reason
            if 200 <= status < 300:
                if (size, digest) == await asyncio.to_thread(_again, document):
                    return runner.settle(errand, kind, StepState.DONE)
                reason = f"the file {document.written} was changed while it was uploaded"
            elif 300 <= status < 500 and status not in _AGAIN:
                return runner.settle(errand, kind, StepState.REFUSED, reason)
        else:
            reason = target
        await runner.pause(runner.settings.first_look * 2**attempt)
    return runner.settle(errand, kind, StepState.UNKNOWN, reason)


async def _address(
    runner: StepRunner, errand: StepTask, kind: StepKind, document: Document
) -> UploadTarget | str | None:
    """Where to put the document; why that is not known, or None where Light refused."""
    light_id, gateway, outcome = errand.light_id, runner.gateway, Outcome(Verdict.RETRY)
    body: object = None
    while outcome.verdict is Verdict.RETRY:
        outcome, body = await runner.attempt(
            errand,
            kind,
            lambda leave: gateway.upload_url(light_id, document.name, document.content_type, leave),
        )
    if outcome.verdict is Verdict.REJECTED:
        errors = outcome.errors
        runner.settle(errand, kind, StepState.REFUSED, outcome.reason, errors=errors)
        return None
    if outcome.verdict is Verdict.UNKNOWN:
        return outcome.reason
    target = gateway.read_upload_target(body)
    if isinstance(target, str):
        runner.settle(errand, kind, StepState.REFUSED, target)
        return None
    return target or "Light's answer has no address for the document"


def fingerprint(document: Document) -> tuple[int, str]:
    """The file's bytes and SHA-256 now. DocumentProblem where it is not what was looked at."""
    if look_at(document.folder, document.written, sys.maxsize).path != document.path:
        raise DocumentProblem("outside")
    with document.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _again(document: Document) -> tuple[int, str] | None:
    try:
        return fingerprint(document)
    except (OSError, DocumentProblem):
        return None


def has_changed(document: Document, step: Step) -> bool:
    """Whether the file is not the one of an earlier upload, done or perhaps done."""
    before = step.told("size"), step.told("sha256")
    perhaps = (StepState.DONE, StepState.SENDING, StepState.UNKNOWN)
    if step.state not in perhaps or None in before:
        return False
    return _again(document) not in (None, before)
