"""Which template a file is for, where the person has not said."""

from __future__ import annotations

from collections.abc import Sequence

from importer.core.errors import TemplateProblem
from importer.mapping.headers import HeaderMatch, find_header, kind_of, needed, wanted
from importer.mapping.template_loader import LoadedTemplate, load_template, shipped_templates
from importer.mapping.template_model import Template
from importer.model.fields import BILLS, LINE_ITEMS, header_key
from importer.model.tables import SourceTable, TableKind

_TYPICAL = 3  # so many canonical headers make a sheet a canonical one, even if some are missing


def kinds_of(template: Template) -> tuple[TableKind, ...]:
    return (
        (TableKind.FLAT,) if template.layout == "flat" else (TableKind.BILLS, TableKind.LINE_ITEMS)
    )


def _lacks(found: HeaderMatch, template: Template, kind: TableKind) -> list[str]:
    return [names[0] for names in needed(template, kind) if found.index(names) is None]


def recognise(tables: Sequence[SourceTable]) -> LoadedTemplate:
    """The one shipped template whose columns the file has.

    TemplateProblem where none fits, or several do: it lists the candidates and what each lacks.
    """
    fits: list[LoadedTemplate] = []
    lacking: list[tuple[int, str]] = []
    typical: LoadedTemplate | None = None
    looked_at: list[dict[tuple[int, int], HeaderMatch]] = [{} for _ in tables]
    for name, path in shipped_templates().items():
        loaded = load_template(path)
        best: tuple[int, list[str]] | None = None
        for source, rows in zip(tables, looked_at, strict=True):
            found = find_header(source, loaded.template, kinds_of(loaded.template), rows)
            kind = kind_of(source, found, loaded.template)
            if found is None or kind is None:
                continue
            missing = _lacks(found, loaded.template, kind)
            has = sum(found.index(names) is not None for names in wanted(loaded.template, kind))
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
    """Some headers of a sheet, for a message."""
    fields = template.bills if sheet == BILLS else template.line_items
    other = template.line_items if sheet == BILLS else template.bills
    assert sheet in (BILLS, LINE_ITEMS)
    taken = {header_key(n) for e in other.values() for names, _ in e.columns() for n in names}
    own = [names[0] for e in fields.values() for names, _ in e.columns()]
    return ", ".join([name for name in own if header_key(name) not in taken][:5])
