"""Break the importer on purpose, in a copy of the tree, and see the simulation catch it.

    python benchmarks/breaks.py [--count 1000] [--only NAME]

For each break it says after how many schedules the promise was first broken, and how. The exit code
is 1 where one is not caught within ``--count`` schedules. See ``tests/simulation``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("importer", "templates", "tests/simulation", "tests/unit/simulated.py", "benchmarks")


@dataclass(frozen=True)
class Break:
    """A text of a module, which is in it once, and what stands there instead; ``also``: another
    module, text and what stands instead, where two guard against the same."""

    name: str
    module: str
    text: str
    instead: str
    also: tuple[str, str, str] | None = None


BREAKS = (
    Break(
        "a bill of the vendor and number is taken for ours whatever it has",
        "loading/sent_bill.py",
        "    if remote.lines is None:\n        return Origin.UNREAD\n",
        "    return Origin.OURS\n",
    ),
    Break(
        "any id in an answer is believed",
        "loading/operations/create_bill.py",
        "        conflicts = contradictions(self.job.bill, remote, just_created=True)\n",
        "        return remote\n",
    ),
    Break(
        "a bill is sent again after the first look that does not show it",
        "loading/operation.py",
        "ABSENT_LOOKS = 2",
        "ABSENT_LOOKS = 1",
    ),
    Break(
        "any refusal is final",
        "loading/job_operation.py",
        "        doubtful = job.sent_before or outcome.duplicate\n",
        "        return Finish(self, True, (job.rejection(outcome),))\n",
    ),
    Break(
        "a refusal of a step is final",
        "loading/operations/bill_step.py",
        "        doubtful = self._tried or outcome.duplicate\n",
        "        return self.finish(StepState.REFUSED, outcome.reason)\n",
    ),
    Break(
        "a step's answer without an id is accepted",
        "loading/operations/bill_step.py",
        "        if not same_id(remote.id, self.light_id):\n",
        "        if remote.id[0] != '0' and not same_id(remote.id, self.light_id):\n",
        also=("light/json_values.py", "    if is_nil(value):\n", "    if False:\n"),
    ),
    Break(
        "a step's answer of another bill is accepted",
        "loading/operations/bill_step.py",
        "        if not same_id(remote.id, self.light_id):\n",
        "        if False:\n",
    ),
    Break(
        "a line item's answer of another bill is accepted",
        "loading/operations/add_line.py",
        "        if not same_id(line.bill_id, job.light_id):\n",
        "        if False:\n",
    ),
    Break(
        "a bill is sent before that is in the journal",
        "loading/engine.py",
        "[*self._records, *intents]",
        "self._records",
    ),
    Break(
        "a bill whose answer was lost is sent again at once",
        "loading/job_operation.py",
        "        return Look(self, self.settings.settle, (self.in_doubt(reason),))\n",
        "        from importer.loading.operation import Send\n\n        return Send(self)\n",
    ),
    Break(
        "what a crash left is sent again at once",
        "loading/operations/create_bill.py",
        "Look(self, self.settings.settle) if self.job.in_doubt else Send(self)",
        "Send(self)",
    ),
    Break(
        "nobody looks for bills that are in Light twice",
        "loading/twins.py",
        "        if near or each.entry.twins:\n",
        "        if False:\n",
    ),
    Break(
        "nobody looks for line items that came in late",
        "model/journal_states.py",
        "        return self.resent is not None and self.has_got_lines\n",
        "        return False\n",
        also=(
            "loading/twins.py",
            "        return entry.has_got_lines and recent\n",
            "        return False\n",
        ),
    ),
    Break(
        "a cancellation whose answer was lost is taken for done",
        "loading/operations/bill_step.py",
        "        self._lost += counts\n",
        "        return self.finish(StepState.DONE)\n",
    ),
    Break(
        "what was cancelled in Light is created again without a look",
        "loading/operations/add_line.py",
        "            return Look(self.creation, 0.0, (job.change(State.PLANNED),))\n",
        "            job.cancelled = False\n"
        "            return Send(self.creation, (job.change(State.PLANNED),), behind=True)\n",
    ),
    Break(
        "a bill that was corrected while its answer was lost stays in doubt",
        "loading/operations/add_line.py",
        "        if (before := job.loaded_before(remote)) is not None:\n",
        "        if (before := None) is not None:\n",
    ),
    Break(
        "an update whose answer was lost is taken for done",
        "loading/operations/update_bill.py",
        "        return Look(self, self.settings.settle, (self.in_doubt(reason),))\n\n"
        "    def put_back",
        '        return self._finish(UpdateState.DONE, "", Status.UPDATED)\n\n    def put_back',
    ),
    Break(
        "a line whose addition was lost is added again at once",
        "loading/operations/update_bill.py",
        "        self._lost += counts\n",
        "        self._lost += counts\n        return Send(self)\n",
    ),
    Break(
        "what a person changed in Light is overwritten by an update",
        "loading/update_plan.py",
        "    if others and not force:\n",
        "    if False:\n",
    ),
    Break(
        "an approval whose answer was lost is given again",
        "loading/operations/approve_bill.py",
        "        return ours or (",
        "        return False and (",
    ),
    Break(
        "a vendor whose answer was lost is created again at once",
        "loading/operations/create_vendor.py",
        "        return Look(self, self.settings.settle, (self.in_doubt(reason),))\n\n"
        "    def put_back",
        "        return Send(self)\n\n    def put_back",
    ),
    Break(
        "a vendor is created that Light has by now",
        "loading/operations/create_vendor.py",
        "        return Look(self, self.settings.settle if self._tried else 0.0)\n",
        "        return Send(self)\n",
    ),
    Break(
        "nobody looks for vendors that are in Light twice",
        "app/create_vendors.py",
        "        if record.state in IN_LIGHT and len(same) > 1:\n",
        "        if False:\n",
    ),
    Break(
        "one bill in Light is taken for two rows",
        "loading/light_id_claims.py",
        "        owner = self._claims.get(light_id)\n",
        "        return True\n        owner = self._claims.get(light_id)\n",
        also=(
            "loading/reconcile.py",
            "    ours = journal.owned(ids) - undone\n",
            "    ours = set()\n",
        ),
    ),
    Break(
        "nobody looks again after the question",
        "app/create_bills.py",
        "        if asked and plan.send:\n",
        "        if False:\n",
    ),
    Break(
        "a bill is paid in full before a note clears a part of it",
        "loading/step_plan.py",
        'why = "; ".join(f"{words} {UNCLEARED}" for words in open_notes)',
        'why = ""',
    ),
    Break(
        "what was sent twice is called created before it was looked for",
        "loading/job.py",
        "        if self.sent_twice:\n            return replace(self.creation(",
        "        if False:\n            return replace(self.creation(",
    ),
    Break(
        "a refusal of a step that is in doubt is final after one look",
        "loading/operations/bill_step.py",
        "            if transition in (Transition.OPEN, Transition.WORKING)"
        " and not self._confirmed:\n",
        "            if False:\n",
    ),
    Break(
        "a bill of ours that comes in late is taken for somebody else's",
        "loading/load_watch.py",
        "    if job.sent_before or job.lost or job.entry.resent is not None:\n",
        "    if False:\n",
    ),
    Break(
        "a credit note is sent again with another key",
        "loading/job.py",
        "        if self.bill.credit_note and not is_line and self.request_key is None:\n"
        "            self.request_key = self.entry.request_key or str(uuid.uuid4())\n",
        "        if self.bill.credit_note and not is_line:\n"
        "            self.request_key = str(uuid.uuid4())\n",
    ),
    Break(
        "a person's word that a bill is absent is believed while it is on its way",
        "app/settle_bill.py",
        "    if not live_ids and (seconds := _on_its_way_for(entry, options.settle)) > 0:\n",
        "    if not live_ids and (seconds := 0.0):\n",
    ),
    Break(
        "a list that lacks a bill of ours is believed to lack its copy",
        "loading/twins.py",
        "    if unlisted := _unlisted(bills, listed):\n",
        "    if unlisted := []:\n",
    ),
    Break(
        "a document is done that the storage does not say it keeps",
        "loading/operations/upload_document.py",
        "self._unchanged and (self._shown or not stored.reason):",
        "self._unchanged:",
    ),
)


def apply(broken: Break, importer: Path) -> None:
    """Change the modules of a copy of the package."""
    edits = [(broken.module, broken.text, broken.instead)]
    for name, old, new in [*edits, broken.also] if broken.also else edits:
        module = importer / name
        text = module.read_text(encoding="utf-8")
        if text.count(old) != 1:
            sys.exit(f"{name} has not once: {old}")
        module.write_text(text.replace(old, new), encoding="utf-8")


def caught(number: int, count: int) -> str:
    """When and how the simulation catches a break, in its own process; "" where it does not."""
    broken = BREAKS[number]
    with tempfile.TemporaryDirectory(prefix="breaks-") as name:
        copy = Path(name)
        for part in PARTS:
            if (ROOT / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / part, copy / part, ignore=ignored)
            else:
                (copy / part).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / part, copy / part)
        apply(broken, copy / "importer")
        done = subprocess.run(
            [sys.executable, str(copy / "benchmarks" / "simulation.py"), "--look", str(count)],
            env=os.environ | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
        )
    if done.returncode not in (0, 1) or done.stderr:
        sys.exit(done.stderr)
    return done.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000, help="schedules at most")
    parser.add_argument("--only", default="", help="breaks with these words in their name")
    args = parser.parse_args()
    missed = False
    for number, broken in enumerate(BREAKS):
        if args.only in broken.name:
            how = caught(number, args.count)
            missed = missed or not how
            print(f"{broken.name}: {how or 'NOT CAUGHT'}", flush=True)
    sys.exit(missed)


if __name__ == "__main__":
    main()
