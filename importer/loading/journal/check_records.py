"""What the last verification of a run found in Light's ledger and of its balances, in the journal.

By Light's ids: those of the journal are others in a copy of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from importer.core.clock import utc_now
from importer.core.object_ids import normal_id
from importer.loading.journal.journal import Journal
from importer.loading.journal.journal_tables import RUN_CHECKS, SAVE_CHECK
from importer.model.ageing import OpenBalance
from importer.model.journal_states import decoding
from importer.model.ledger import AccountTotal, LedgerProblem, LedgerSide, LedgerTieOut

_LEDGER, _BALANCES = "ledger", "balances"
Ids = Mapping[int, str]  # Light's, by entry
_FIGURES = [each.name for each in fields(LedgerTieOut) if isinstance(each.default, int)]


def save_ledger_check(journal: Journal, run: str, ledger: LedgerTieOut, ids: Ids) -> None:
    """Keep a comparison in place of the one before."""
    problems = {
        normal_id(ids[entry]): [[each.code, dict(each.words)] for each in of_entry]
        for entry, of_entry in ledger.problems.items()
    }
    content = {name: getattr(ledger, name) for name in _FIGURES}
    content["accounts"] = [asdict(each) for each in ledger.accounts]
    _save(journal, run, _LEDGER, content | {"problems": problems})


def ledger_check(journal: Journal, run: str, ids: Ids) -> LedgerTieOut | None:
    """The last comparison with its time, and its problems of these ids; None: there was none."""
    moment, content = _read(journal, run, _LEDGER)
    if moment is None:
        return None
    with decoding(f"the comparison of run {run} with the ledger"):
        problems = content["problems"]
        return LedgerTieOut(
            accounts=tuple(
                AccountTotal(**{**each, "side": LedgerSide(each["side"])})
                for each in content["accounts"]
            ),
            problems={
                entry: tuple(LedgerProblem(*each) for each in problems[normal_id(light_id)])
                for entry, light_id in ids.items()
                if normal_id(light_id) in problems
            },
            read_at=moment,
            **{name: content[name] for name in _FIGURES},
        )


def save_balances(journal: Journal, run: str, balances: Mapping[str, OpenBalance]) -> None:
    """Keep what is open, by Light's id, in place of what was before."""
    content = {
        normal_id(light_id): [each.cents, each.due and each.due.isoformat()]
        for light_id, each in balances.items()
    }
    _save(journal, run, _BALANCES, content)


def last_balances(journal: Journal, run: str) -> dict[str, OpenBalance]:
    """What was open when it was last read, by Light's id."""
    moment, content = _read(journal, run, _BALANCES)
    with decoding(f"the balances of run {run}"):
        return {
            light_id: OpenBalance(cents, due and date.fromisoformat(due), moment)
            for light_id, (cents, due) in (content or {}).items()
        }


def _save(journal: Journal, run: str, name: str, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False)
    row = {"run": run, "name": name, "moment": utc_now().isoformat(), "content": text}
    with journal.writing() as db:
        journal.write_rows(db, SAVE_CHECK, [row])


def _read(journal: Journal, run: str, name: str) -> tuple[datetime | None, Any]:
    query = sa.select(RUN_CHECKS).where(RUN_CHECKS.c.run == run, RUN_CHECKS.c.name == name)
    with journal.reading(run) as db:
        row = db.execute(query).mappings().first()
    if row is None:
        return None, None
    with decoding(f"the record {name} of run {run}"):
        return datetime.fromisoformat(row["moment"]), json.loads(row["content"])
