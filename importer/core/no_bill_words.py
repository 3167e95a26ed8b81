"""The words by which a text says that it is of a credit note, or of what is void."""

from __future__ import annotations

# In the syntax that Python and RE2 share. Words that a text begins with.
NO_BILL = (
    r"(?i)^\W*(?:credit ?note|credit ?memo|creditnota|kreditnota|kreditfaktura|gutschrift"
    r"|stornorechnung|rechnungskorrektur|note de crédit|nota de crédito|nota di credito"
    r"|factura rectificativa|void(?:ed)?|cancell?ed|storniert|storno|annulée?|annullata?"
    r"|anulad[oa]|geannuleerd|annulleret|makulerad)(?:\W|$)"
)
VOID_NAME = r"(?i)^\W*(?:void(?:ed)?|cancell?ed|storniert|storno|annulée?|anulad[oa])\W*$"
