"""Recognise the template that a file is for."""

from __future__ import annotations

from collections.abc import Sequence

from importer.core.errors import TemplateProblem
from importer.mapping.headers import (
    HeaderMatch,
    find_header,
    requested_columns,
    required_columns,
    table_kind,
)
from importer.mapping.template_loader import LoadedTemplate, load_template, shipped_templates
from importer.mapping.template_model import DISPOSING, Template
from importer.model.fields import LINE_ITEMS, header_key
from importer.model.tables import SourceTable, TableKind

_TYPICAL = 3  # canonical headers that make a sheet a canonical one, even if others are missing


def table_kinds(template: Template) -> tuple[TableKind, ...]:
    return (
        (TableKind.FLAT,) if template.layout == "flat" else (TableKind.BILLS, TableKind.LINE_ITEMS)
    )


def recognise(tables: Sequence[SourceTable]) -> LoadedTemplate:
    """The one shipped template whose columns the file has.

    TemplateProblem where none or several fit; it lists what each template lacks.
    """
    fits: list[LoadedTemplate] = []
    lacking: list[tuple[int, str]] = []
    typical: LoadedTemplate | None = None
    caches: list[dict[tuple[int, int], HeaderMatch]] = [{} for _ in tables]
    for name, path in shipped_templates().items():
        loaded = load_template(path)
        template = loaded.template
        best: tuple[int, list[str]] | None = None
        for source, cache in zip(tables, caches, strict=True):
            header = find_header(source, template, table_kinds(template), cache)
            kind = table_kind(source, header, template)
            if header is None or kind is None:
                continue
            required = required_columns(template, kind)
            missing = [names[0] for names in required if not header.columns_of(names)]
            has = sum(bool(header.columns_of(n)) for n in requested_columns(template, kind))
            if kind is TableKind.LINE_ITEMS:  # line items alone are no bills
                typical = loaded if name == "light" and has >= _TYPICAL else typical
            elif best is None or len(missing) < len(best[1]):
                best = (has, missing)
        if best is None:
            lacking.append((99, f"{name}: none of its columns is there"))
        elif best[1]:
            lacking.append((len(best[1]), f"{name}: lacks {', '.join(best[1])}"))
            if name == "light" and best[0] >= _TYPICAL:
                typical = loaded
        else:
            fits.append(loaded)
    if not fits and typical:
        return typical
    if len(fits) == 1:
        return fits[0]
    files = ", ".join(dict.fromkeys(table.file for table in tables))
    if fits:
        names = ", ".join(loaded.template.template for loaded in fits)
        raise TemplateProblem(
            f"{files}: several templates fit ({names}). Say which with --template."
        )
    first = max(tables, key=lambda t: len(t.columns))
    headers = ", ".join(h.strip()[:60] for h in first.row_cells(0) if h.strip())[:600]
    raise TemplateProblem(
        f"{files}: no shipped template fits these columns. Say which to use with --template, or"
        " draft one: light-import template new --from FILE -o mine.yaml\n"
        + "\n".join(f"  {line}" for _, line in sorted(lacking))
        + f"\nThe first row of the file has: {headers}"
    )


def example_headers(template: Template, sheet: str) -> str:
    """Up to five headers that only this sheet has, for a message."""
    fields = {name: e for name, e in template.bills.items() if name not in DISPOSING}
    others = template.line_items
    if sheet == LINE_ITEMS:
        fields, others = others, fields
    shared = {header_key(n) for e in others.values() for names, _ in e.columns() for n in names}
    headers = [names[0] for e in fields.values() for names, _ in e.columns()]
    return ", ".join([header for header in headers if header_key(header) not in shared][:5])
