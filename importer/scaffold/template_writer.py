"""A draft of a template, and how it is written: YAML with comments for who finishes it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

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


@dataclass
class Draft:
    """A template as far as the file gives it away. ``todos`` are by the section they belong to."""

    name: str
    layout: str
    origin: str
    source: list[Line] = field(default_factory=list)
    formats: list[Line] = field(default_factory=list)
    parameters: list[Line] = field(default_factory=list)
    group_by: list[str] = field(default_factory=list)
    bills: list[Line] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    lookups: list[tuple[str, str, list[str]]] = field(default_factory=list)
    unused: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    todos: list[tuple[str, str]] = field(default_factory=list)

    def todo(self, section: str, what: str) -> None:
        if (section, what) not in self.todos:
            self.todos.append((section, what))

    def missing(self, section: str, name: str, what: str, value: str = "{column: TODO}") -> None:
        """A field that was not found: a line to complete, switched off."""
        lines = self.bills if section == "bills" else self.lines
        lines.append(Line(f"# {name}", value))
        self.todo(section, f"{name} was not recognised: {what}.")

    def lookup(self, name: str, table: str, column: ColumnProfile) -> None:
        self.lookups.append((name, table, column.filled))

    def text(self) -> str:
        """The whole template."""
        return "".join(f"{_one_line(line).rstrip()}\n" for line in _lines(self))


def quoted(text: str) -> str:
    """A text as YAML that is read as that text."""
    if _BARE.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    written = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in written)


def _one_line(text: str) -> str:
    """A line of YAML; the file's own cells may break lines, or hold what YAML cannot."""
    return "".join(c if c.isprintable() else " " for c in text)


def listed(examples: Sequence[str]) -> str:
    """``e.g. 'x', 'y'``, none of them too long."""
    shown = [" ".join(text.split())[:40] for text in examples]
    return "e.g. " + ", ".join(f"'{text}'" for text in shown) if shown else ""


def column_name(columns: Sequence[ColumnProfile], column: ColumnProfile) -> str:
    """How a template names a column: by its header, where that is one, else by its place."""
    key = header_key(column.header)
    if not key:
        return f"${_letters(column.index)}"
    twins = [c.index for c in columns if header_key(c.header) == key]
    if len(twins) > 1:
        return f"{column.header}#{twins.index(column.index) + 1}"
    return column.header


def _letters(index: int) -> str:
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters, index = chr(ord("A") + rest) + letters, index - 1
    return letters


_USES = {
    "vendor": "vendors are looked up in Light by name, identifier or VAT id",
    "account": "ledger accounts are looked up in Light by their code",
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
    if draft.group_by:
        out += ["", *_todos(draft, "group_by")]
        note = draft.notes.get("group_by", "")
        names = ", ".join(map(quoted, draft.group_by))
        out.append(f"group_by: [{names}]" + (f"  # {note}" if note else ""))
    out += _section("bills", draft.bills, _todos(draft, "bills"))
    out += _section("line_items", draft.lines, _todos(draft, "line_items"))
    out += _lookups(draft)
    if draft.unused:
        out += ["", "# Columns that are not used:"]
        out += [f"#   {name}: {examples}" for name, examples in draft.unused]
    return out


def _todos(draft: Draft, *sections: str) -> list[str]:
    return [f"# TODO: {what}" for section, what in draft.todos if section in sections]


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
        if name == "taxCode" or (name == "account" and not all(map(str.isdigit, values)))
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
