"""What is wrong with the columns of a sheet: missing, ambiguous or unknown ones."""

from __future__ import annotations

from collections.abc import Iterator

from importer.core.column_letters import column_letters
from importer.core.money import Numbers, UnreadableAmount, read_decimal, tidy
from importer.core.nearest_name import nearest_are, nearest_is, nearest_name
from importer.mapping.headed_table import HeadedTable
from importer.mapping.headers import (
    accepted_headers,
    either_of,
    expressions,
    property_columns,
    required_columns,
    unmapped_fields,
)
from importer.mapping.parameters import values_of
from importer.model.fields import BILLS, FIELDS, LINE_ITEMS, RESPONSE_ONLY, header_key
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import TableKind

_MOST_UNKNOWN = 200  # reported one by one; who has more has not mistyped them


def missing_columns(
    table: HeadedTable,
) -> tuple[frozenset[tuple[str, str]], list[Finding]]:
    """The (sheet, field)s without a column, and a finding for each column that is missing."""
    template, kind = table.template, table.kind
    headers = [header.strip() for header in table.header.headers if header.strip()]
    fields: set[tuple[str, str]] = set()
    findings: list[Finding] = []
    for names in required_columns(template, kind):
        if table.header.columns_of(names):
            continue
        fields |= {
            (sheet, name)
            for sheet, name, e in expressions(template, kind)
            if any(set(accepted) <= set(names) for accepted, _ in e.columns())
        }
        place = template.where(names)
        findings.append(
            finding(
                "sheet.column.missing",
                table.header_cell(),
                either_of(names),
                headers=", ".join(headers),
                nearest=nearest_is(names[0], headers),
                needed_by=f", which the template needs ({place})" if place else "",
            )
        )
    for sheet, names in unmapped_fields(template, kind):
        fields |= {(sheet, name) for name in names}
        code, either = "sheet.field.unmapped", " or ".join(names)
        findings.append(finding(code, table.cell(), either, section=sheet, field=names[0]))
    return frozenset(fields), findings


def data_in_header(table: HeadedTable, used: set[int]) -> Iterator[Finding]:
    """A finding where a header of several rows has a number: one of them is a row of data."""
    header = table.header
    if header.row_count == 1:
        return
    for column in sorted(used):
        text = header.texts[column][-1] if len(header.texts[column]) > 1 else ""
        if any(not isinstance(read_decimal(text, n), UnreadableAmount) for n in Numbers):
            cell = table.header_cell(column)
            yield finding("sheet.header.holds_data", cell, text, rows=header.row_count)
            return


def missing_parameters(table: HeadedTable) -> Iterator[Finding]:
    """Parameters whose cell is blank or does not match."""
    template = table.template
    for name, value in values_of(table.source, table.header.last_row, template).items():
        spec = template.parameters[name]
        if spec.cell and not value and not spec.optional:
            matching = f" that matches '{spec.matches}'" if spec.matches else ""
            yield finding(
                "sheet.parameter.missing", table.cell(), spec.cell, name=name, matching=matching
            )


def ambiguous_headers(table: HeadedTable) -> list[Finding]:
    """A finding for each header that several columns have."""
    template, header = table.template, table.header
    wanted = [
        (name, names)
        for _, name, e in expressions(template, table.kind)
        for names, _ in e.columns()
    ]
    wanted += [(name, accepted_headers(template, name)) for name in template.key_columns]
    wanted += [(name, [header.headers[column]]) for column, name in property_columns(header)]
    out: dict[int, Finding] = {}
    for field, names in wanted:
        columns = header.columns_of(names)
        if len(columns) > 1 and columns[0] not in out:
            name, other = (header.headers[column].strip() for column in columns[:2])
            cell, code = table.header_cell(columns[1]), "sheet.column.twice"
            out[columns[0]] = finding(code, cell, name, other=other, field=field, name=name)
    return [out[column] for column in sorted(out)]


def unknown_columns(table: HeadedTable, used: set[int]) -> list[Finding]:
    """Findings for columns that no field is mapped from."""
    sheet = BILLS if table.kind is TableKind.BILLS else LINE_ITEMS
    response_only = set(map(header_key, RESPONSE_ONLY))
    mapped = [n[0] for _, _, e in expressions(table.template, table.kind) for n, _ in e.columns()]
    headers_by_key = {header_key(name): name for name in mapped or FIELDS[sheet]}
    out: list[Finding] = []
    more: list[CellRef] = []
    shown: list[CellRef] = []
    for column in table.file_columns():
        header = table.header.headers[column]
        key, cell = header_key(header), table.header_cell(column)
        if not key and column not in used:
            if any(map(tidy, table.source.columns[column][table.start :])):
                out.append(finding("sheet.column.unnamed", cell, column_letters(column)))
            continue
        if not key or not used.isdisjoint((column, *table.header.columns_named(header))):
            continue
        if key in response_only:
            shown.append(cell)
        elif len(out) < _MOST_UNKNOWN:
            nearest = nearest_name(key, headers_by_key, cutoff=60)
            hint = nearest_are([] if nearest is None else [headers_by_key[nearest]])
            out.append(finding("sheet.column.unknown", cell, header, nearest=hint))
        else:
            more.append(cell)
    if shown:  # one finding for all: an export of Light's has a dozen
        names = ", ".join(cell.column or "" for cell in shown[1:])
        others = f" (and {names})" if names else ""
        header = shown[0].column or ""
        out.append(finding("sheet.column.response_only", shown[0], header, others=others))
    if more:
        others = (
            f". {len(more) - 1:,} columns after it cannot be imported either" if more[1:] else ""
        )
        header = more[0].column or ""
        out.append(finding("sheet.column.unknown", more[0], header, nearest=others))
    return out
