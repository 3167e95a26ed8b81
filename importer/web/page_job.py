"""Work that takes a while, in a thread: its progress, its question, its end."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from importer.app import consent_words
from importer.app.consent import LoadForecast, UndoForecast
from importer.app.events import Listener, Phase, Work
from importer.app.progress_words import PHASE_WORDS, WORK_WORDS, counted, rounded, waits
from importer.app.result import Result
from importer.app.stop import StopControl
from importer.app.user_name import acting_for
from importer.core.errors import Declined, ImporterError
from importer.model.light_objects import Company

ANSWER_WITHIN = 30 * 60.0  # seconds for consent: meanwhile nobody else can load into the company
_LINES = 200
_STEADY = 5.0  # seconds after which a rate means something
FAULT = "This is a fault of light-import, not of your file ({}: {})."
_AFTER_FAULT = {
    "load": " What was sent is in the journal; the same load resumes.",
    "undo": " What was cancelled is in the journal; the same undo continues.",
}
STOP_NOTES = {
    "load": "A load that is stopped can be resumed: nothing is sent twice.",
    "undo": "An undo that is stopped can be started again: it cancels the rest.",
    "verify": "A verification only reads: it can be stopped and started again.",
}


class Question:
    """What a load or an undo asks, until it is answered."""

    def __init__(self, forecast: LoadForecast | UndoForecast) -> None:
        self.id = secrets.token_hex(8)
        if isinstance(forecast, UndoForecast):
            self.facts, self.text, self.doubt = (
                consent_words.undo_facts(forecast),
                consent_words.undo_question(forecast),
                "",
            )
            self.so_far = "Nothing was cancelled or changed in Light yet."
        else:
            self.facts, self.text = (
                consent_words.load_facts(forecast),
                consent_words.load_question(forecast),
            )
            self.doubt = forecast.doubt
            self.so_far = "Nothing was sent to Light yet."
        self.sure = consent_words.SURE_OF_AMOUNTS
        self.number = forecast.count_to_type
        self.counted = consent_words.counted_nouns(forecast)
        self.type_it = consent_words.type_the_number(self.counted)
        self.answer: bool | None = None

    def accepts(self, typed: str) -> bool:
        return self.number is None or typed.strip() in consent_words.accepted_answers(self.number)


class PageJob(Listener):
    """One use case that runs. Its attributes are written by its thread, and read by the page."""

    def __init__(
        self,
        kind: str,
        owner: str,
        version: int,
        folder: str,
        work: Callable[[PageJob], Result],
    ) -> None:
        self.kind, self.owner = kind, owner
        self.version = version  # of the files that it is about
        self._folder = folder  # of these files, which is not shown: they were dropped
        self.control = StopControl()
        self.lines: deque[str] = deque(maxlen=_LINES)
        self.doing, self.noun, self.failed_word = "", "", ""
        self.done = self.total = self.failed = 0
        self.ends_at: float | None = None
        self.waits_until, self.waits_for = 0.0, ""
        self._question: Question | None = None
        self._refusal = "You answered no."
        self.stop_asked = False
        self.next_page = ""  # where its result is, if not where it was started
        self.problem = ""  # why there is no result, for people
        self._phase_began = time.monotonic()
        self._thread = threading.Thread(target=self._run, args=(work,), name=kind, daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[PageJob], Result]) -> None:
        try:
            with acting_for(self.owner):
                work(self)
        except Declined as declined:
            self.problem = f"{self._refusal} {declined}"
        except ImporterError as error:
            self.problem = str(error)
        except Exception as error:
            self.problem = FAULT.format(type(error).__name__, error)
            self.problem += _AFTER_FAULT.get(self.kind, "")

    @property
    def question(self) -> Question | None:
        """What waits for an answer."""
        question = self._question
        return question if question is not None and question.answer is None else None

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def wait(self) -> None:
        self._thread.join()

    def stop(self) -> None:
        """The first stops cleanly, the second at once."""
        if self.stop_asked or self.kind in ("load", "undo", "verify"):
            self.message("Stopping: waiting for the last answers. Stop again to stop at once.")
        self.stop_asked = True
        if (question := self.question) is not None:
            question.answer = False
        else:
            self.control.stop()

    # --- what the use case reports ------------------------------------------------------------

    def message(self, text: str, *, essential: bool = False) -> None:
        self.lines.append(text.replace(self._folder, "") if self._folder else text)

    def connected(self, company: Company, address: str) -> None:
        for label, text in consent_words.company_facts(company, address):
            self.message(f"{label}: {text}")

    def phase_started(self, phase: Phase, total: int, noun: str) -> None:
        self.doing, self.failed_word = PHASE_WORDS[phase]
        self.noun, self.total, self.done, self.failed = noun, total, 0, 0
        self._phase_began = time.monotonic()

    def advance(self, failed: bool) -> None:
        self.done, self.failed = self.done + 1, self.failed + failed

    def time_left(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds

    def phase_ended(self) -> None:
        self.message(self._counted())
        self.doing, self.ends_at, self.total = "", None, 0

    def waiting(self, wait: Any) -> None:
        self.waits_until = time.monotonic() + wait.seconds
        self.waits_for = "for Light's limit" if wait.of_limit else "for Light"
        self.message(wait.text)

    def work_started(self, work: Work) -> None:
        self.doing, self.noun, self.failed, self.done, self.total = WORK_WORDS[work], "", 0, 0, 0

    def work_advanced(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def work_ended(self) -> None:
        self.doing, self.total = "", 0

    def stopped(self, reason: str) -> None:
        self.message(f"Stopped: {reason}")

    # --- what the page shows ------------------------------------------------------------------

    def _counted(self) -> str:
        return counted(self.doing, self.done, self.total, self.noun, self.failed, self.failed_word)

    def text(self) -> str:
        """ "Loading 312 of 1,000 bills, 2 failed, 290 a minute, 2 min left, waiting 43 s for
        Light's limit"."""
        now, parts = time.monotonic(), [self._counted() or "Working"]
        if self.noun and self.done and now - self._phase_began > _STEADY:
            parts.append(f"{60 * self.done / (now - self._phase_began):,.0f} a minute")
        ends = self.ends_at if self.done < self.total else None
        return ", ".join([*parts, *waits(now, ends, self.waits_until, self.waits_for)])

    def state(self) -> dict[str, object]:
        """For the page's script; ``page`` differs where it has to be loaded again."""
        question = self.question
        return {
            "text": self.text(),
            "done": self.done,
            "total": self.total,
            "lines": list(self.lines)[-20:],
            "next": self.next_page,
            "page": "ended" if not self.running else question.id if question else "running",
        }

    async def consent(self, forecast: LoadForecast | UndoForecast) -> bool:
        """Ask on the page; no answer within half an hour is no."""
        question = self._question = Question(forecast)
        try:
            until = time.monotonic() + ANSWER_WITHIN
            while question.answer is None and time.monotonic() < until:
                await asyncio.sleep(0.1)
        finally:
            self._question = None
        if question.answer is None:
            self._refusal = f"Nobody answered within {rounded(ANSWER_WITHIN)}."
        return bool(question.answer)
