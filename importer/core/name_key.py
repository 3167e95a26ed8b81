"""Names and numbers as they are compared: case, spaces, Unicode form and invisible marks aside."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # heavy: quick commands compare a few names only
    import numpy as np
    import pyarrow as pa

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))

# What people write where they have no number, in the languages of the known exports.
_PLACEHOLDERS = frozenset(
    """
    n/a|n.a.|n.a|na|n/v|n/k|none|nil|null|nan|nothing|no number|no no|no no.|no invoice|no ref
    no reference|no invoice number|no invoice no|not available|not applicable|not known|not given
    not provided|not received|unknown|missing|blank|empty|tbc|tba|tbd|t.b.c.|t.b.a.|t.b.d.
    to be confirmed|to be advised|to be announced|to follow|pending|awaited|awaiting
    awaiting invoice|see attached|as attached|various|several|multiple|misc|misc.
    miscellaneous|sundry|k.a.|k. a.|k.a|keine|keine nummer|keine angabe|ohne|ohne nummer|ohne re-nr.
    ohne nr.|o. nr.|o.nr.|unbekannt|diverse|div.|fehlt|folgt|entfällt|leer|aucun|aucune
    sans numéro|s.n.|s/n|s.o.
    sans objet|néant|inconnu|divers|à venir|ninguno|ninguna|sin número|sin numero
    desconocido|pendiente|varios
    nessuno|nessuna|senza numero|sconosciuto|vari|geen|geen nummer|onbekend|volgt|nvt|n.v.t.
    ingen|inget|okänd|ukendt|ikke oplyst|brak|nie dotyczy|n.d.|sem número|não aplicável
    """.replace("\n    ", "|").split("|")
)
_NO_SIGN = re.compile(r"[\W_]{1,12}|0{2,20}|[?x]{1,12}")
_NUMBERED = "[1-9]"  # what a placeholder does not have; in the syntax of RE2


def name_key(text: str) -> str:
    """The text as names are compared."""
    visible = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    return " ".join(visible.split()).casefold()


def name_keys(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """``name_key`` of each tidied text; of ASCII without odd spaces vectorised."""
    import pyarrow as pa
    import pyarrow.compute as pc

    out = pc.ascii_lower(texts)
    odd = pc.invert(pc.string_is_ascii(texts))
    for spaces in ("  ", "\t", "\n"):
        odd = pc.or_(odd, pc.match_substring(texts, spaces))
    if not pc.any(odd).as_py():
        return out
    keys = [name_key(text) for text in texts.filter(odd).to_pylist()]
    return pc.replace_with_mask(out, odd, pa.array(keys, type=pa.large_string()))


def is_placeholder(text: str) -> bool:
    """Whether a text stands for no number, as ``N/A``, ``TBC``, ``-`` and ``000`` do."""
    key = name_key(text)
    if not key or key.startswith("#"):  # an error of the spreadsheet is reported as one
        return False
    return _NO_SIGN.fullmatch(key) is not None or key in _PLACEHOLDERS


def placeholders(texts: pa.LargeStringArray) -> np.ndarray:
    """Which of the texts are placeholders."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from importer.core.text_column import check_distinct

    numbered = pc.match_substring_regex(texts, _NUMBERED).to_numpy(zero_copy_only=False)
    out: np.ndarray = ~numbered
    at = np.flatnonzero(out)
    out[at] = check_distinct(texts.take(pa.array(at)), is_placeholder)
    return out


_SEPARATORS = re.compile(r"[\W_]+")
_LEADING_ZEROS = re.compile(r"^[\W_]*0+(?=\w)|(?<![0-9])0+(?=[0-9])")


def number_key(number: str) -> str:
    """Equal for numbers that differ in case, spaces, dashes and leading zeros alone."""
    text = unicodedata.normalize("NFKC", number)
    return _SEPARATORS.sub("", _LEADING_ZEROS.sub("", text)).casefold()
