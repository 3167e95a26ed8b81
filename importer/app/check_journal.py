"""Whether the journals on this computer are consistent, and what they do not know for certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from importer.app.run_index import journals
from importer.core.counted_nouns import count
from importer.core.errors import JournalProblem
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_check import JournalCheck, check_journal
from importer.report.phrases import documents


@dataclass(frozen=True)
class CheckedJournal:
    """``problem`` is why it cannot be read at all."""

    path: str
    check: JournalCheck = field(default_factory=JournalCheck)
    problem: str = ""

    @property
    def problems(self) -> list[str]:
        return [self.problem] if self.problem else self.check.problems

    def lines(self) -> Iterator[str]:
        """What there is to say, for people."""
        check = self.check
        entries = documents(check.entries - check.credit_notes, check.credit_notes)
        yield f"{self.path}: {entries}, {count(check.runs, 'run')}"
        yield from (f"  Problem: {text}" for text in self.problems)
        yield from (f"  In doubt: {text}" for text in check.doubts)
        yield from (f"  Each load looks for: {text}" for text in check.watched)
        if not self.problems and not check.doubts:
            yield "  Consistent; nothing is in doubt."

    def as_json(self) -> Mapping[str, object]:
        check = self.check
        return {
            "journal": self.path,
            "bills": check.entries,
            "runs": check.runs,
            "problems": self.problems,
            "doubts": check.doubts,
            "watched": check.watched,
            "settlements": [
                {
                    "run": each.run,
                    "who": each.who,
                    "moment": each.moment.isoformat(),
                    "light_id": each.light_id,
                    "others": list(each.others),
                }
                for each in check.settlements
            ],
        }


def check_journals(path: str | None = None) -> tuple[list[CheckedJournal], int]:
    """The journal of that path, or all there are; and the exit code: 1 where one is damaged or
    contradicts itself, 3 where bills are in doubt."""
    checked = []
    for each in journals(path):
        try:
            with Journal(each) as journal:
                checked.append(CheckedJournal(str(each), check_journal(journal)))
        except JournalProblem as problem:
            checked.append(CheckedJournal(str(each), problem=str(problem)))
    if any(each.problems for each in checked):
        return checked, 1
    return checked, 3 if any(each.check.doubts for each in checked) else 0
