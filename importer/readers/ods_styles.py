"""The styles of an ODS file: which of them strike through, hide, or have letters nobody sees."""

from __future__ import annotations

from dataclasses import dataclass, field

from importer.model.tables import CellLook
from importer.readers.number_formats import WHITE, cell_look

_AUTOMATIC = "automatic"  # letters that differ from what is behind them
_DEEPEST = 20  # styles that inherit from each other


@dataclass
class _Style:
    """What a style says itself; None where its parent says it."""

    parent: str = ""
    strikes: bool | None = None
    letters: str | None = None
    behind: str | None = None


@dataclass
class OdsStyles:
    """The styles of ``styles.xml`` and ``content.xml``, as their elements come."""

    hidden_tables: set[str] = field(default_factory=set)
    conditional: set[str] = field(default_factory=set)  # shown names of those that strike through
    _styles: dict[tuple[str, str], _Style] = field(default_factory=dict)  # by family and name
    _looks: dict[str, CellLook | None] = field(default_factory=dict)
    _read: _Style = field(default_factory=_Style)
    _name: str = ""
    _shown_name: str = ""

    def start(self, element: str, attributes: dict[str, str]) -> None:
        """Read the start of an element."""
        if element == "style:style":
            self._name = attributes.get("style:name", "")
            self._shown_name = attributes.get("style:display-name", self._name)
            self._read = _Style(attributes.get("style:parent-style-name", ""))
            self._styles[attributes.get("style:family", ""), self._name] = self._read
        elif element.endswith("-style"):  # of numbers, lists, or none in particular
            self._read, self._name, self._shown_name = _Style(), "", ""
        elif element == "style:text-properties":
            line = "style:text-line-through-"
            if through := attributes.get(f"{line}style", attributes.get(f"{line}type")):
                self._read.strikes = through != "none"
                if self._read.strikes:
                    self.conditional.add(self._shown_name)
            self._read.letters = _colour(attributes.get("fo:color", ""), self._read.letters)
        elif element == "style:table-cell-properties":
            behind = attributes.get("fo:background-color", "")
            self._read.behind = _colour(behind, self._read.behind)
        elif element == "style:table-properties" and attributes.get("table:display") == "false":
            self.hidden_tables.add(self._name)

    def strikes(self, name: str) -> bool | None:
        """Whether a style of text strikes through; None where it says nothing of it."""
        return self._resolved("text", name).strikes

    def look(self, name: str) -> CellLook | None:
        """The look of a style of cells, by its colours and its strike."""
        if name not in self._looks:
            style = self._resolved("table-cell", name)
            letters, behind = style.letters or _AUTOMATIC, style.behind or WHITE
            self._looks[name] = cell_look(0, None, bool(style.strikes), letters, behind)
        return self._looks[name]

    def _resolved(self, family: str, name: str) -> _Style:
        out = _Style()
        for _ in range(_DEEPEST):
            style = self._styles.get((family, name))
            if style is None:
                break
            out.strikes = style.strikes if out.strikes is None else out.strikes
            out.letters, out.behind = out.letters or style.letters, out.behind or style.behind
            name = style.parent
        return out


def _colour(given: str, before: str | None) -> str | None:
    """As RRGGBB."""
    if given == "transparent":
        return WHITE
    return given.removeprefix("#").upper() or before
