"""The faults that a sandbox can inject, and at which requests: by rate, or by script.

A rate is written ``drop-after:0.05`` (``get:503:0.05`` for reading), a line of a script
``3 drop-after``: at the third POST of a bill. ``fault_injection`` carries them out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from importer.core.errors import UsageProblem
from importer.sandbox.lies import ANOTHER, BILL_LIES, DOUBLED, LEDGER_LIES, LIES, LIST_LIES

RequestKind = Literal[
    "bill",
    "line",
    "change",
    "list",
    "read",
    "ledger",
    "get",
    "submit",
    "posting",
    "payment",
    "clearing",
    "document",
    "upload",
    "vendor",
]
ALL, ALL_LIES = "all", "lies"  # names of many faults


@dataclass(frozen=True)
class FaultKind:
    """What a fault does. ``after``: the request is carried out first, exactly once.

    ``common`` faults are those of ``all``; the others stop a client, are Light's own answer, or are
    the ``lies``.
    """

    description: str
    after: bool = False
    common: bool = True


FAULTS: Mapping[str, FaultKind] = {
    "drop-before": FaultKind("The connection closes unanswered; nothing is kept."),
    "drop-after": FaultKind("The bill is kept, then the connection closes unanswered.", True),
    "500-before": FaultKind("500 as JSON; nothing is kept."),
    "500-after": FaultKind("The bill is kept, then 500 as JSON.", True),
    "502-html-before": FaultKind("502 with a page of HTML; nothing is kept."),
    "502-html-after": FaultKind("The bill is kept, then 502 with a page of HTML.", True),
    "503-before": FaultKind("503 as JSON; nothing is kept."),
    "503-after": FaultKind("The bill is kept, then 503 as JSON.", True),
    "truncated-200": FaultKind("The bill is kept, half of the answer is sent.", True),
    "not-json-200": FaultKind("The bill is kept, the answer is a page of HTML with 200.", True),
    "late-before": FaultKind("504 after the time of --late; nothing is kept."),
    "late-after": FaultKind("The bill is kept at once, answered after the time of --late.", True),
    "late-commit": FaultKind("The bill is kept only after the time of --late, then answered."),
    "429": FaultKind("429 with Retry-After: 1, though the limit is not reached."),
    "429-bare": FaultKind("429 that does not say when to come back."),
    "redirect-307": FaultKind("307 to an address of this sandbox where the request works."),
    "redirect-308": FaultKind("308 to the same, the address without a host."),
    "redirect-outside": FaultKind("307 to https://elsewhere.example.", common=False),
    "duplicated": FaultKind("The bill is kept as DUPLICATED.", True, common=False),
    "401": FaultKind("401 although the key is valid; by rate, once at most.", common=False),
    **{
        name: FaultKind(text, not name.endswith("-before"), common=False)
        for name, text in LIES.items()
    },
}
# Where nothing is created, the caller cannot tell before from after.
READING_NAMES = {
    "drop": "drop-before",
    "500": "500-before",
    "502-html": "502-html-before",
    "503": "503-before",
    "late": "late-after",
}
TARGETS: Mapping[str, frozenset[RequestKind]] = {
    "bill": frozenset({"bill"}),
    "line": frozenset({"line"}),
    "post": frozenset({"bill", "line"}),
    "list": frozenset({"list"}),
    "read": frozenset({"read"}),
    "ledger": frozenset({"ledger"}),
    "get": frozenset({"list", "read", "ledger", "get"}),
    "change": frozenset(
        {"change", "vendor", "submit", "posting", "payment", "clearing", "document"}
    ),
    "submit": frozenset({"submit"}),
    "posting": frozenset({"posting"}),
    "payment": frozenset({"payment"}),
    "clearing": frozenset({"clearing"}),
    "document": frozenset({"document"}),
    "vendor": frozenset({"vendor"}),
    "upload": frozenset({"upload"}),
}
TARGET_DESCRIPTIONS = (
    "bill (the POST of a bill or credit note), line (the POST of a line), post (both), list (the "
    "lists of bills and of accounting documents), read (the GET of a bill or credit note), ledger "
    "(the list of the lines of the ledger), get (every GET), change (PATCH, PUT, DELETE, the "
    "actions on a bill or credit note, and vendor), "
    "of these alone submit (for approval), posting, payment, clearing (the link of a credit note "
    "to a bill), document (the request for an upload address) and vendor (the POST of one); and "
    "upload (the PUT of a document to that "
    "address)"
)
LINE_POST = re.compile(r"/v1/(?:invoice-payables/[^/]+/line-items|credit-notes/[^/]+/lines)")
ONE_BILL = re.compile(r"/v1/(?:invoice-payables|credit-notes)/[^/]+")
LINK = re.compile(r"/v1/credit-notes/[^/]+/invoice-payables/[^/]+")
CREATIONS = frozenset(("/v1/invoice-payables", "/v1/credit-notes"))
_READS: Mapping[str, RequestKind] = {
    "/v1/bff/invoice-payables": "list",
    "/v1/accounting-documents/accounting-documents": "list",
    "/v1/credit-notes": "list",
    "/v1/ledger-transaction-lines": "ledger",
    "/v1/ledger-transactions/lines": "ledger",
}
ACTION = re.compile(r"/v1/(?:invoice-payables|credit-notes)/[^/]+/(.+)")
STEPS: Mapping[str, RequestKind] = {
    "submit-for-approval": "submit",
    "post": "posting",
    "mark-as-paid": "payment",
    "document/upload-url": "document",
}
SCRIPT_LINE = re.compile(r"(?:(\w+):)?([0-9]{1,9})(-[0-9]{0,9})?\s+(\S+)", re.ASCII)


@dataclass(frozen=True)
class Fault:
    """A fault by rate: 0.05 is one of twenty requests of ``target``. ``all`` names each kind."""

    name: str
    rate: float
    target: str = "post"

    def __post_init__(self) -> None:
        if self.name not in (ALL, ALL_LIES) or self.target not in TARGETS:
            _check_fault(self.name, self.target)
        if not 0 <= self.rate <= 1:
            raise UsageProblem(f"The rate of {self.name} is {self.rate:g}; it must be 0 to 1.")


@dataclass(frozen=True)
class Scripted:
    """A fault at the requests ``first`` to ``last`` of ``target``, counted from 1."""

    name: str
    first: int
    last: float
    target: str = "bill"

    def __post_init__(self) -> None:
        _check_fault(self.name, self.target)
        if not 1 <= self.first <= self.last:
            raise UsageProblem(f"{self.name} at {self.first}-{self.last}: write 3, 5-9 or 5-.")


def parse_fault(text: str) -> Fault:
    """Parse ``drop-after:0.05`` or ``get:503:0.05``; ``UsageProblem`` that lists the names."""
    *named, rate_text = text.strip().split(":")
    if not 1 <= len(named) <= 2:
        raise UsageProblem(
            f"'{text}' is not a fault and its rate, like drop-after:0.05. {_fault_names()}"
        )
    target = named[0] if len(named) == 2 else "post"
    try:
        rate = float(rate_text)
    except ValueError:
        message = f"'{rate_text}' in '{text}' is not a rate; write 0.05 for one request of twenty."
        raise UsageProblem(f"{message} {_fault_names()}") from None
    return Fault(_full_name(named[-1], target), rate, target)


def parse_script(text: str) -> tuple[Scripted, ...]:
    """Parse ``3 drop-after``, ``5-9 503-before``, ``20- 429``, ``list:2 500``, ``# a remark``.

    Without a target the POSTs of bills are counted, from 1.
    """
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        match = SCRIPT_LINE.fullmatch(content)
        if match is None:
            raise UsageProblem(
                f"Line {number} of the script, '{content}', is not like '3 drop-after',"
                f" '5-9 503-before' or 'list:2 500'. {_fault_names()}"
            )
        target, first, until, name = match.groups(default="")
        last = float(until[1:] or "inf") if until else int(first)
        target = target or "bill"
        try:
            lines.append(Scripted(_full_name(name, target), int(first), last, target))
        except UsageProblem as problem:
            raise UsageProblem(f"Line {number} of the script: {problem}") from None
    return tuple(lines)


def read_script(path: Path) -> tuple[Scripted, ...]:
    """The script in a file; ``UsageProblem`` if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{path} cannot be read as a script of faults: {error}.") from error
    return parse_script(text)


def request_kind(method: str, path: str) -> RequestKind | None:
    """The kind of a request; None outside the API, where no faults are injected."""
    if path.startswith("/uploads/"):
        return "upload" if method == "PUT" else None
    if not path.startswith("/v1/"):
        return None
    match method:
        case "POST" if path in CREATIONS:
            return "bill"
        case "POST" if path == "/v1/vendors":
            return "vendor"
        case "POST" if LINE_POST.fullmatch(path):
            return "line"
        case "POST" if LINK.fullmatch(path):
            return "clearing"
        case "GET":
            return _READS.get(path) or ("read" if ONE_BILL.fullmatch(path) else "get")
        case "POST" if (action := ACTION.fullmatch(path)) and action[1] in STEPS:
            return STEPS[action[1]]
        case "POST" | "PATCH" | "PUT" | "DELETE":
            return "change"
        case _:
            return None


class FaultPlan:
    """The fault of each request; the same plan gives the n-th request of a kind the same fault.

    A line of the script precedes the rates; of two lines, the first counts. While it is not
    ``active`` no request has a fault, and none is counted.
    """

    active = True

    def __init__(self, faults: Iterable[Fault], script: Sequence[Scripted], seed: int) -> None:
        self.script = script
        self.rates: dict[RequestKind, list[tuple[str, float]]] = {}
        for fault in faults:
            for kind in TARGETS[fault.target]:
                common = [name for name, each in FAULTS.items() if each.common]
                names = {ALL: common, ALL_LIES: lies_about(kind)}.get(fault.name, [fault.name])
                self.rates.setdefault(kind, []).extend(
                    (name, fault.rate) for name in names if name != "duplicated" or kind == "bill"
                )
        for kind, rates in self.rates.items():
            total = sum(rate for _, rate in rates)
            if total > 1 + 1e-9:
                raise UsageProblem(
                    f"The rates of all faults together are {total:g} for the requests of kind"
                    f" {kind}; they may be 1 at most."
                )
        # One generator per kind: the order of the kinds must not change a request's fault.
        self.generators = {kind: random.Random(f"{seed} {kind}") for kind in self.rates}
        self.counts = dict.fromkeys(TARGETS, 0)
        self.unauthorized_injected = False

    def uses(self, name: str) -> bool:
        """Whether the fault may come at all, now or later."""
        named = {of_kind for rates in self.rates.values() for of_kind, _ in rates}
        return name in named | {line.name for line in self.script}

    def next(self, kind: RequestKind) -> str | None:
        """The fault of the next request of a kind, or None."""
        if not self.active:
            return None
        for target, kinds in TARGETS.items():
            self.counts[target] += kind in kinds
        by_rate = self._draw(kind)
        for line in self.script:
            if kind in TARGETS[line.target] and line.first <= self.counts[line.target] <= line.last:
                return line.name
        if by_rate == "401":
            if self.unauthorized_injected:
                return None
            self.unauthorized_injected = True
        return by_rate

    def _draw(self, kind: RequestKind) -> str | None:
        if kind not in self.rates:
            return None
        chance = self.generators[kind].random()
        for name, rate in self.rates[kind]:
            if chance < rate:
                return name
            chance -= rate
        return None


def lies_about(kind: RequestKind) -> list[str]:
    """The lies that change the answer to a request of this kind."""
    if kind == "list":
        return [ANOTHER, *LIST_LIES, *BILL_LIES]
    if kind == "ledger":
        return [ANOTHER, "404-after", "404-html-after", *LIST_LIES, *LEDGER_LIES]
    if kind in ("read", "get"):
        return [ANOTHER, DOUBLED, "404-after", "404-html-after", *BILL_LIES]
    return [name for name in LIES if name not in (*LIST_LIES, *LEDGER_LIES)]


def _fault_names() -> str:
    return (
        f"The faults are {', '.join(FAULTS)}; all stands for each common one, and lies for each"
        " well-formed answer that is not true."
    )


def _full_name(name: str, target: str) -> str:
    return READING_NAMES.get(name, name) if target in ("get", "read", "list", "ledger") else name


def _check_fault(name: str, target: str) -> None:
    if target not in TARGETS:
        raise UsageProblem(
            f"'{target}' is no kind of request. The kinds are {TARGET_DESCRIPTIONS}."
        )
    if name not in FAULTS:
        both = f"{name}-before" in FAULTS
        hint = f"Say {name}-before or {name}-after. " if both else ""
        raise UsageProblem(f"'{name}' is not a fault. {hint}{_fault_names()}")
    if name == "duplicated" and "bill" not in TARGETS[target]:
        raise UsageProblem("Only a bill can be duplicated.")
