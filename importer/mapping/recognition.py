"""Recognise the template that a file is for, by headers that only its system writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from importer.core.errors import TemplateProblem
from importer.mapping.headers import (
    HeaderMatch,
    find_header,
    requested_columns,
    required_columns,
    table_kind,
)
from importer.mapping.stated_constants import contradiction, undecided
from importer.mapping.template_loader import LoadedTemplate, load_template, shipped_templates
from importer.mapping.template_model import DISPOSING, Template
from importer.model.fields import LINE_ITEMS, header_key
from importer.model.tables import SourceTable, TableKind

_TYPICAL = 3  # canonical headers that make a sheet a canonical one, even if others are missing
_SHOWN_HEADERS, _LONGEST_HEADERS = 60, 600  # characters
_NEAREST = 2  # templates that the advice names


def table_kinds(template: Template) -> tuple[TableKind, ...]:
    return (
        (TableKind.FLAT,) if template.layout == "flat" else (TableKind.BILLS, TableKind.LINE_ITEMS)
    )


@dataclass(frozen=True)
class _Candidate:
    """How far the best table of a file fits a template of bills.

    ``missing`` are columns that it needs, ``present`` how many of all its columns are there.
    ``marked``: whether the headers are there that only its system writes.
    """

    loaded: LoadedTemplate
    source: SourceTable
    header: HeaderMatch
    missing: tuple[str, ...]
    present: int
    marked: bool
    kind: TableKind

    @cached_property
    def against(self) -> str:
        """What in the file contradicts a constant of the template, in words; "" for nothing."""
        return contradiction(self.source, self.header, self.loaded.template, self.kind)

    @property
    def name(self) -> str:
        return self.loaded.template.template

    @property
    def fits(self) -> bool:
        return self.marked and not self.missing and not self.against


def recognise(tables: Sequence[SourceTable]) -> LoadedTemplate:
    """The one shipped template that the file is for; see ``matching_templates``.

    TemplateProblem where there is none or several; it names the nearest, with what each lacks.
    """
    fits, candidates = matching_templates(tables)
    if len(fits) == 1:
        return fits[0]
    files = ", ".join(dict.fromkeys(table.file for table in tables))
    if fits:
        names = ", ".join(loaded.template.template for loaded in fits)
        raise TemplateProblem(
            f"{files}: several templates fit ({names}). Choose one with --template."
        )
    raise TemplateProblem(
        "\n".join([f"{files}: no shipped template fits.", *_advice(tables, candidates)])
    )


def matching_templates(
    tables: Sequence[SourceTable],
) -> tuple[list[LoadedTemplate], list[_Candidate]]:
    """The shipped templates whose columns the file has, and the candidates for advice.

    A template that says in ``recognised_by`` what only its system writes is taken by that alone. A
    canonical sheet that lacks some columns is still one.
    """
    candidates: list[_Candidate] = []
    typical: LoadedTemplate | None = None
    caches: list[dict[tuple[int, int], HeaderMatch]] = [{} for _ in tables]
    for path in shipped_templates().values():
        loaded = load_template(path)
        template = loaded.template
        best: _Candidate | None = None
        for source, cache in zip(tables, caches, strict=True):
            header = find_header(source, template, table_kinds(template), cache)
            kind = table_kind(source, header, template)
            if header is None or kind is None:
                continue
            marked = _is_marked(header, template)
            required = required_columns(template, kind)
            missing = tuple(names[0] for names in required if not header.columns_of(names))
            has = sum(bool(header.columns_of(n)) for n in requested_columns(template, kind))
            if template.template == "light" and marked and has >= _TYPICAL:
                typical = loaded
            if kind is TableKind.LINE_ITEMS:  # line items alone are no bills
                continue
            candidate = _Candidate(loaded, source, header, missing, has, marked, kind)
            if best is None or len(missing) < len(best.missing):
                best = candidate
        if best is not None:
            candidates.append(best)
    fits = [each.loaded for each in candidates if each.fits]
    if not fits and typical:
        fits = [typical]
    return fits, candidates


def _is_marked(header: HeaderMatch, template: Template) -> bool:
    marks = template.recognised_by
    return not marks or any(
        all(header.columns_named(name) for name in together) for together in marks
    )


# --- advice -------------------------------------------------------------------------------------


def _advice(tables: Sequence[SourceTable], candidates: Sequence[_Candidate]) -> Iterator[str]:
    """What to do where nothing fits: the nearest templates, and what the file leaves open."""
    near = _nearest([c for c in candidates if c.present > len(c.missing)])
    for candidate in near:
        yield f"  {candidate.name}: {_lack(candidate)}"
    first = max(tables, key=lambda t: len(t.columns))
    best = near[0] if near else None
    source = best.source if best else first
    row = best.header.last_row if best else 0
    if best and (still_open := undecided(source, best.header)):
        yield f"The file does not state {still_open}: a template must."
    file = source.file
    yield (
        f"Draft a template for it: light-import template new --from '{file}' -o mine.yaml"
        + ("; or name one with --template." if near else "")
    )
    headers = [h.strip()[:_SHOWN_HEADERS] for h in source.row_cells(row) if h.strip()]
    yield f"Its headers are: {', '.join(headers)[:_LONGEST_HEADERS]}"


def _nearest(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    return sorted(candidates, key=lambda c: (len(c.missing), not c.marked, -c.present))[:_NEAREST]


def alternatives(tables: Sequence[SourceTable], template: Template) -> list[str]:
    """The shipped templates that are nearest beside one, each with what the file lacks for it."""
    _, candidates = matching_templates(tables)
    others = [c for c in candidates if c.name != template.template and c.present]
    return [f"{c.name} ({_lack(c)})" for c in _nearest(others)]


def _lack(candidate: _Candidate) -> str:
    template = candidate.loaded.template
    if candidate.missing:
        more = len(candidate.missing) - 1
        also = f" and {more} more column{'s' if more > 1 else ''}" if more else ""
        return f"has no column '{candidate.missing[0]}'{also}"
    if candidate.against:
        return candidate.against
    marks = " or ".join(f"'{together[0]}'" for together in template.recognised_by)
    if candidate.marked:
        return "fits by its headers, too"
    return f"only its own files have {marks}, and this one has not"


def example_headers(template: Template, sheet: str) -> str:
    """Up to five headers that only this sheet has, for a message."""
    fields = {name: e for name, e in template.bills.items() if name not in DISPOSING}
    others = template.line_items
    if sheet == LINE_ITEMS:
        fields, others = others, fields
    shared = {header_key(n) for e in others.values() for names, _ in e.columns() for n in names}
    headers = [names[0] for e in fields.values() for names, _ in e.columns()]
    return ", ".join([header for header in headers if header_key(header) not in shared][:5])
