"""A drafted template, and writing it as YAML with comments for the person who completes it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from importer.core.column_letters import column_letters
from importer.model.fields import header_key
from importer.scaffold.column_profiles import ColumnProfile

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


@dataclass(frozen=True)
class Line:
    """``key: value  # note``."""

    key: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Todo:
    """What a person has to decide or look at. ``field`` is what it is about, as a form names it;
    ``remedy`` is how to write the answer into the YAML, which a form does by itself."""

    section: str
    sentence: str
    field: str = ""
    remedy: str = ""


@dataclass
class Draft:
    """A template as far as it can be inferred. ``comments``: (section, sentence).

    ``columns`` are those of bills and of line items, as a template names them, with examples.
    """

    name: str
    layout: str
    origin: str
    source: list[Line] = field(default_factory=list)
    formats: list[Line] = field(default_factory=list)
    parameters: list[Line] = field(default_factory=list)
    group_by: list[str] = field(default_factory=list)
    bills: list[Line] = field(default_factory=list)
    line_items: list[Line] = field(default_factory=list)
    lookups: list[tuple[str, str, list[str]]] = field(default_factory=list)
    needs_tables: bool = True  # where Light has no such names; on the page they are picked
    unused: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    date_orders: list[tuple[str, str]] = field(default_factory=list)  # (format, what it means)
    rows_are_bills: bool = False  # in place of ``group_by``
    extra_lines: list[str] = field(default_factory=list)
    ignore_columns: list[str] = field(default_factory=list)
    todos: list[Todo] = field(default_factory=list)
    comments: list[tuple[str, str]] = field(default_factory=list)

    def add(self, section: str, key: str, value: str, note: str = "") -> None:
        lines: list[Line] = getattr(self, section)
        lines.append(Line(key, value, note))

    def add_column(
        self, section: str, key: str, columns: Sequence[ColumnProfile], column: ColumnProfile
    ) -> None:
        """A field that is one of the ``columns``, with examples of its texts."""
        self.add(section, key, column_expression(columns, column), listed(column.examples))

    def todo(self, section: str, what: str, field: str = "", remedy: str = "") -> None:
        if (section, what) not in [(each.section, each.sentence) for each in self.todos]:
            self.todos.append(Todo(section, what, field, remedy))

    def missing(
        self, section: str, name: str, what: str, value: str = "{column: TODO}", remedy: str = ""
    ) -> None:
        """Add a commented-out line for a field that was not recognised."""
        self.add(section, f"# {name}", value)
        self.todo(section, f"{name} was not recognised: {what}", name, f"{remedy}.")

    def lookup(self, name: str, table: str, column: ColumnProfile) -> None:
        self.lookups.append((name, table, column.filled))

    def text(self) -> str:
        """The whole template."""
        return "".join(f"{_one_line(line).rstrip()}\n" for line in _lines(self))


def quoted(text: str) -> str:
    """A text as a YAML scalar."""
    if _BARE.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    written = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in written)


def _one_line(text: str) -> str:
    """A line of YAML without line breaks and characters that YAML cannot hold."""
    return "".join(c if c.isprintable() else " " for c in text)


def listed(examples: Sequence[str]) -> str:
    """``e.g. 'x', 'y'``, none of them too long."""
    shown = [" ".join(text.split())[:40] for text in examples]
    return "e.g. " + ", ".join(f"'{text}'" for text in shown) if shown else ""


def column_name(columns: Sequence[ColumnProfile], column: ColumnProfile) -> str:
    """How a template names a column: by its header, else by its letters."""
    key = header_key(column.header)
    if not key:
        return f"${column_letters(column.index)}"
    twins = [c.index for c in columns if header_key(c.header) == key]
    if len(twins) > 1:
        return f"{column.header}#{twins.index(column.index) + 1}"
    return column.header


def column_expression(columns: Sequence[ColumnProfile], column: ColumnProfile) -> str:
    return f"{{column: {quoted(column_name(columns, column))}}}"


_USES = {
    "vendor": "vendors are looked up in Light by name, identifier or VAT id",
    "account": "ledger accounts are looked up in Light by their code",
    "taxCode": "tax codes are picked under 'To resolve'",
}


def _lines(draft: Draft) -> list[str]:
    out = [
        f"# A draft, made from {draft.origin}.",
        "# Complete what says TODO, then: light-import template check THIS-FILE",
        "# and: light-import validate EXPORT --template THIS-FILE",
        f"template: {draft.name}",
        "version: 1",
        f"description: {quoted('Bills as in ' + draft.origin.split(',')[0])}",
        f"layout: {draft.layout}" + ("  # one row a line item" if draft.layout == "flat" else ""),
    ]
    out += _section("source", draft.source, _todos(draft, "source"))
    out += _section("formats", draft.formats, _todos(draft, "dates", "numbers", "amounts"))
    out += _section("parameters", draft.parameters, _todos(draft, "parameters"))
    if draft.rows_are_bills:
        out += ["", "group_by: row"]
    elif draft.group_by:
        out += ["", *_todos(draft, "group_by")]
        note = draft.notes.get("group_by", "")
        names = ", ".join(map(quoted, draft.group_by))
        out.append(f"group_by: [{names}]" + (f"  # {note}" if note else ""))
    out += _section("bills", draft.bills, _todos(draft, "bills"))
    out += _section("line_items", draft.line_items, _todos(draft, "line_items"))
    if draft.extra_lines:
        out += ["", "extra_lines:", *(f"  - {line}" for line in draft.extra_lines)]
    if draft.ignore_columns:
        out += ["", f"ignore_columns: [{', '.join(map(quoted, draft.ignore_columns))}]"]
    out += _lookups(draft)
    if draft.unused:
        out += ["", "# Columns that are not used:"]
        out += [f"#   {name}: {examples}" for name, examples in draft.unused]
    return out


def _todos(draft: Draft, *sections: str) -> list[str]:
    todos = [todo for todo in draft.todos if todo.section in sections]
    return [f"# TODO: {todo.sentence}{todo.remedy}" for todo in todos] + [
        f"# {what}" for section, what in draft.comments if section in sections
    ]


def _section(name: str, lines: Sequence[Line], todos: Sequence[str]) -> list[str]:
    if not lines:
        return list(todos)
    body = [
        f"  {line.key}: {line.value}" + (f"  # {line.note}" if line.note else "") for line in lines
    ]
    if all(line.key.startswith("#") for line in lines):
        return ["", *todos, f"{name}: {{}}", *body]
    return ["", *todos, f"{name}:", *body]


def _lookups(draft: Draft) -> list[str]:
    if not draft.lookups:
        return []
    # Light has no names of tax codes, and knows ledger accounts by their codes only.
    needed = [
        (name, table, values)
        for name, table, values in draft.lookups
        if draft.needs_tables
        and (name == "taxCode" or (name == "account" and not all(map(str.isdigit, values))))
    ]
    out = [
        "",
        "# Where the export's names are not those of Light, a table (CSV or XLSX) beside this",
        "# file has the columns value (the name in the export) and id (the id in Light).",
    ]
    for _, table, values in needed:
        shown = ", ".join(f"'{' '.join(value.split())[:40]}'" for value in values[:12])
        out.append(f"# TODO: {table} needs: {shown}" + (" …" if len(values) > 12 else ""))
    out.append("lookups:" if needed else "# lookups:")
    out += [f"  {name}: {{table: {table}}}" for name, table, _ in needed]
    out += [
        f"#  {name}: {{table: {table}}}  # without it, {_USES[name]}"
        for name, table, _ in draft.lookups
        if name not in {name for name, _, _ in needed}
    ]
    return out
