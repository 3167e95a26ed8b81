"""How an undo ended: its notes, its exit code and the command to run next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from importer.app.create_vendors import vendor_lines
from importer.app.finished_run import FinishedRun, report_of
from importer.app.undo_options import UndoOptions
from importer.app.undo_updates import restoration_code, restoration_note
from importer.core.errors import StoppedEarly
from importer.loading.journal.journal import Journal
from importer.loading.journal.run_figures import created_before
from importer.loading.loaded_bills import LoadedBill, Outcomes
from importer.model.bill_updates import UpdateState
from importer.model.journal_states import JournalEntry, Status, StepState
from importer.model.report_model import RunError, RunSummary
from importer.report.build_report import Report
from importer.report.phrases import documents, documents_of
from importer.validation.finding_batch import Findings

_CODES = ("light.not_cancelled", "light.cancel_unknown")


@dataclass(frozen=True)
class Undone:
    """``ended`` is how each bill ended and why, by entry; ``stopped`` why it ended early;
    ``doubts`` were sent by the run without a known end; ``restored`` is how those ended that the
    run had changed."""

    bills: list[LoadedBill]
    ended: Mapping[int, tuple[StepState, str]]
    requests: int
    options: UndoOptions
    stopped: StoppedEarly | None
    doubts: Sequence[JournalEntry] = ()
    chosen: Outcomes | None = None  # the selected bills, as they were before; None: all
    restored: Mapping[int, tuple[UpdateState, str]] = field(default_factory=dict)
    restored_notes: int = 0  # credit notes among these

    @property
    def dry(self) -> bool:
        return self.options.dry_run


def undo_report(run: FinishedRun, journal: Journal, undone: Undone) -> Report:
    """The outcome of the run's bills, with the notes and the exit code of the undo."""
    report, _ = report_of(run, journal, "undo", ended=undone.ended)
    states = Counter(state for state, _ in undone.ended.values())
    code = max(int(states[StepState.REFUSED] > 0), restoration_code(undone.restored))
    if report.summary.documents.get(Status.UNKNOWN):
        code = 3
    if undone.stopped is not None:
        code = undone.stopped.exit_code
    elif states[StepState.UNKNOWN]:
        code = 4
    undone_before = bool(report.summary.documents.get(Status.UNDONE))
    summary = replace(
        report.summary,
        exit_code=code,
        error=RunError.of(undone.stopped) if undone.stopped else None,
        notes=(
            *_notes(undone, states, report.summary, created_before(journal, run.record.id)),
            *vendor_lines(report.summary.created_vendors),
        ),
        next_step=_next_step(
            run, code, report.findings.codes(), undone, undone_before=undone_before
        ),
    )
    findings = Findings(report.findings.parts, lead_codes=_CODES)
    return replace(report, summary=summary, findings=findings)


def _notes(
    undone: Undone,
    states: Mapping[StepState, int],
    summary: RunSummary,
    earlier_runs: Mapping[str, tuple[int, int]],
) -> Iterator[str]:
    def of_status(*statuses: Status) -> tuple[int, int]:
        counts = summary.bills, summary.credit_notes
        bills, notes = (sum(each.get(status, 0) for status in statuses) for each in counts)
        return bills, notes

    of = documents_of(loaded.entry for loaded in undone.bills)
    if undone.dry and undone.doubts:
        yield (
            f"{documents_of(undone.doubts)} of this run may or may not be in Light: undo looks"
            " them up first."
        )
    if undone.chosen is not None:
        yield from _of_selection(undone, states, of_status(Status.CREATED))
        if any(outcome.status is Status.ALREADY_LOADED for outcome in undone.chosen.values()):
            yield from _of_earlier_runs(earlier_runs)
        return
    undone_before = of_status(Status.UNDONE)
    if not undone.bills and not undone.restored and any(undone_before):
        is_ = "is" if sum(undone_before) == 1 else "are"
        yield f"Nothing to undo: {documents(*undone_before)} of this run {is_} already undone."
    elif not undone.bills and undone.options.twins:
        yield "Nothing to cancel: no copy of this run is the later of two equal drafts in Light."
    elif not undone.bills and not undone.restored:
        yield "Nothing to undo: Light has nothing that this run created."
    elif not undone.bills:
        pass
    elif undone.dry:
        would = states[StepState.PLANNED] + states[StepState.DONE]
        yield f"Dry run: nothing was cancelled. {would:,} of {of} would be."
    else:
        yield f"Cancelled in Light: {states[StepState.DONE]:,} of {of}."
    if note := restoration_note(undone.restored, undone.restored_notes, dry=undone.dry):
        yield note
    others = of_status(Status.ALREADY_IN_LIGHT, Status.ALREADY_LOADED)
    if any(others):
        was = "was" if sum(others) == 1 else "were"
        yield f"{documents(*others)} of the sheet {was} in Light before this run: unchanged."
    yield from _of_earlier_runs(earlier_runs)


def _of_earlier_runs(earlier_runs: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """As of a load that was killed and run again, or of a result workbook."""
    for run, n in earlier_runs.items():
        yield f"{documents(*n)} of the sheet came from run {run}: light-import undo {run}"


def _of_selection(
    undone: Undone, states: Mapping[StepState, int], left: tuple[int, int]
) -> Iterator[str]:
    """What was done to the selected bills, and how many of the run's stay in Light."""
    chosen, of = undone.chosen or {}, documents_of(loaded.entry for loaded in undone.bills)
    if undone.dry:
        would = states[StepState.PLANNED] + states[StepState.DONE]
        yield f"Dry run: nothing was cancelled. {would:,} of {of} would be."
    elif undone.bills:
        yield f"Cancelled in Light: {states[StepState.DONE]:,} of {of}."
    if note := restoration_note(undone.restored, undone.restored_notes, dry=undone.dry):
        yield note
    of_this_run = {*undone.restored, *(each.entry.id for each in undone.bills)}
    statuses: dict[Status, list[str]] = {}
    for entry, outcome in chosen.items():
        if entry not in of_this_run:
            statuses.setdefault(outcome.status, []).append(outcome.entry.name)
    for status, names in statuses.items():
        more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
        words = status.value.replace("_", " ")
        yield f"Nothing to undo for {', '.join(names[:5])}{more}: {words}."
    if any(left):
        yield f"{documents(*left)} of this run {'is' if sum(left) == 1 else 'are'} still in Light."


def _next_step(
    run: FinishedRun, code: int, codes: Collection[str], undone: Undone, *, undone_before: bool
) -> str:
    """The command to run next; "" where there is nothing to undo and nothing was undone."""
    options = undone.options
    command = f"light-import undo {run.id_words}{options.selection.words}"
    command += " --twins" if options.twins else ""
    idle = not (undone.bills or undone.restored or undone.doubts)
    if options.dry_run:
        return "" if idle else command
    if code == 4:
        return f"{command} (cancels the rest)"
    if "light.twice" in codes and not options.twins:
        return f"light-import undo {run.id_words} --twins (what Light has more than once)"
    if code == 3 and UpdateState.UNKNOWN in {state for state, _ in undone.restored.values()}:
        return f"{command} (reads the bills again, and changes back what is left)"
    if code == 3:
        return (
            "look at what is unknown in Light, then record the correct one: light-import"
            f" journal settle {run.id_words} BILL --light-id ID (or --absent)"
        )
    if code == 1:
        return "look at what was not cancelled, in Light and in the workbook"
    if undone.restored:
        return f"light-import load {run.words} --update (changes them again)"
    if idle and not undone_before:
        return ""
    return f"light-import load {run.words} (loads them again)"
