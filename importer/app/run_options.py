"""The options that shaped a run: its result workbook keeps them, and its reload needs none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app.check_request import CheckRequest, Pairs, ageing_file, team_name
from importer.app.trust import proven

if TYPE_CHECKING:
    from importer.resume.provenance import ResultWorkbook

_HARMLESS = ("amounts", "as-of", "encoding")  # how cells are read; the others need the user's seal
_FOLDERS = ("lookups", "documents")
_FLAGS = ("only-valid", "incomplete-drafts")


@dataclass
class ContinuedOptions:
    """What a result workbook adds beside its request."""

    only_valid: bool = False
    notes: list[str] = field(default_factory=list)


def _exists(name: str, text: str) -> bool:
    """Whether there is what an option names, where that is a file or a folder."""
    if name == "ageing":
        return Path(ageing_file(text).path).is_file()
    return name not in _FOLDERS or bool(team_name(text)) or Path(text).is_dir()


def run_options(request: CheckRequest, *, only_valid: bool = False) -> Pairs:
    """The options by their long names, with absolute paths; a folder of lookup tables each."""
    values = {
        "amounts": request.amounts,
        "as-of": request.as_of,
        "encoding": request.encoding,
        "then": request.then,
        "documents": request.documents and str(Path(request.documents).absolute()),
        "largest-document": request.largest_document and f"{request.largest_document:g}",
        "only-valid": "yes" if only_valid else None,
        "incomplete-drafts": "yes" if request.incomplete_drafts else None,
    }
    pairs = [(name, value) for name, value in values.items() if value]
    return (
        *pairs,
        *(("ageing", file.absolute.words) for file in request.ageing),
        *(
            ("lookups", name if team_name(name) else str(Path(name).absolute()))
            for name in request.lookup_names
        ),
    )


def continue_options(
    request: CheckRequest, former: ResultWorkbook | None
) -> tuple[CheckRequest, ContinuedOptions]:
    """The request with the options of the result workbook, where it has none itself.

    A workbook that this user did not make on this computer cannot say where lookup tables and
    documents are, nor how far the bills go.
    """
    continued = ContinuedOptions()
    if former is None or not former.options:
        return request, continued
    trusted = proven(former)
    used, refused, missing = [], [], []
    values: dict[str, list[str]] = {}
    for name, text in former.options:
        if getattr(request, name.replace("-", "_"), None) not in (None, ()):
            continue
        if name == "amounts" and text not in ("cents", "money"):
            continue
        if not trusted and name not in _HARMLESS:
            refused.append(f"--{name}" if name in _FLAGS else f"--{name} {text}")
        elif not _exists(name, text):
            missing.append(f"--{name} {text}")
        else:
            values.setdefault(name, []).append(text)
            used.append(f"--{name}" if name in _FLAGS else f"--{name} {text}")

    def first(name: str, otherwise: str | None) -> str | None:
        return values[name][0] if name in values else otherwise

    largest = values.get("largest-document")
    continued.only_valid = "only-valid" in values
    request = replace(
        request,
        more_lookups=tuple(values.get("lookups", ())),
        largest_document=float(largest[0]) if largest else request.largest_document,
        amounts=first("amounts", request.amounts),
        as_of=first("as-of", request.as_of),
        ageing=request.ageing or tuple(map(ageing_file, values.get("ageing", ()))),
        encoding=first("encoding", request.encoding),
        then=first("then", request.then),
        documents=first("documents", request.documents),
        incomplete_drafts=request.incomplete_drafts or "incomplete-drafts" in values or None,
    )
    for some, words in (
        (used, "Options of the workbook's run: {}."),
        (
            refused,
            "The workbook names {}, but nothing shows that you made it on this computer: not used.",
        ),
        (missing, "The workbook names {}, which no longer exists; give it again."),
    ):
        if some:
            continued.notes.append(words.format(" ".join(some)))
    return request, continued
