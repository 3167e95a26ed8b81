"""IBANs and VAT ids: what looks like one, and whether its check digits are right.

python-stdnum is imported where a number is checked: most sheets have none.
"""

from __future__ import annotations

import re

from importer.core.payment_references import compact

_IBAN = re.compile("[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}")
_VAT_ID = re.compile("[A-Z]{2}[0-9A-Z]{8,13}")
_FEWEST_DIGITS = 7  # of a VAT id; a word has fewer


def is_iban_like(text: str) -> bool:
    """Whether a compact text can only be meant as an IBAN."""
    return _IBAN.fullmatch(text) is not None and sum(map(str.isdigit, text)) >= 10


def is_wrong_iban(text: str) -> bool:
    """Whether a text is an IBAN but for its length or its check digits."""
    bare = compact(text)
    if not is_iban_like(bare):
        return False
    from stdnum import iban

    return not iban.is_valid(bare)


def is_wrong_vat_id(text: str) -> bool:
    """Whether a text is a VAT id of the EU or the UK but for its length or
    its check digits."""
    bare = re.sub("[ .-]", "", text).upper()
    if not _VAT_ID.fullmatch(bare) or sum(map(str.isdigit, bare)) < _FEWEST_DIGITS:
        return False
    from stdnum.eu import vat
    from stdnum.gb import vat as british

    if bare.startswith("GB"):
        return not british.is_valid(bare)
    return bare[:2].lower() in {*vat.MEMBER_STATES, "el"} and not vat.is_valid(bare)
