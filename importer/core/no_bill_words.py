"""The words by which a text says that it is of no bill to pay, in the syntax that Python and RE2
share."""

from __future__ import annotations

# Void is also what packaging fills: the text ends there, or continues as one about a bill does.
_VOID = (
    r"voided|void\W*$|void\s*[^\w\s].*|void\s+(?:[0-9].*|inv\w*|bills?|docs?|document|entry|entered"
    r"|dup\w*|cancel\w*|credit\w*|error|wrong|incorrect|replaced|reissued|superseded|per|by|as|see|on"
    r"|was|is|this|do|not|due|because|and|please|check|cheque|payment|no|nr|re)"
)
# Words that a text begins with.
_CREDIT_OR_VOID = (
    r"credit ?note|credit ?memo|creditnota|kreditnota|kreditfaktura|gutschrift"
    r"|stornorechnung|rechnungskorrektur|note de crédit|nota de crédito|nota di credito"
    rf"|factura rectificativa|{_VOID}|cancell?ed|storniert|storno|annulée?|annullata?"
    r"|anulad[oa]|geannuleerd|annulleret|makulerad|reversal|reversed|written[ -]off|write[ -]off"
)
# Words anywhere in a text.
_NOT_TO_BE_PAID = (
    r"do ?n[o'’]t (?:pay|process|post|book|import|load)|not to be paid|already paid|paid twice"
    r"|disputed|in dispute|(?:possible |potential )?duplicate (?:of|invoice|bill|entry|posting)"
    r"|nicht (?:be)?zahlen|bereits bezahlt|strittig|ne pas payer|déjà payée?|en litige"
    r"|no pagar|ya pagad[oa]|non pagare|già pagat[oa]|niet betalen|reeds betaald|ikke betales"
    r"|må ikke betales|allerede betalt|betala inte|redan betald|nie płacić|não pagar"
)
# Words that are all of a text, but for when or how it was paid.
_PAID_OR_HELD = (
    r"on hold|hold|blocked|gesperrt"
    r"|(?:fully |part(?:ly|ially)? )?(?:paid|settled|bezahlt|beglichen|payée?|réglée?|pagad[oa]"
    r"|pagat[oa]|betaald|betalt|betald)(?: in full)?"
    r"(?:[ :-]+(?:[0-9]|(?:on|by|via|am|per|le|par|el|il|op|den) ).{0,30})?"
)
NO_BILL = (
    rf"(?i)^\W*(?:{_CREDIT_OR_VOID})(?:\W|$)|(?:^|\W)(?:{_NOT_TO_BE_PAID})(?:\W|$)"
    rf"|^\W*(?:{_PAID_OR_HELD})\W*$"
)
VOID_NAME = r"(?i)^\W*(?:void(?:ed)?|cancell?ed|storniert|storno|annulée?|anulad[oa])\W*$"
# Words that are all of a text, but for numbers and dates.
_BALANCE = (
    r"(?:opening|closing|previous) balance|(?:balance )?(?:brought|carried) forward"
    r"|(?:balance )?[bc]/f(?:wd)?|balance forward|saldovortrag|anfangsbestand|eröffnungssaldo"
    r"|übertrag|solde (?:initial|reporté|antérieur)|report à nouveau|saldo (?:inicial|anterior)"
    r"|saldo (?:iniziale|precedente)|riporto|beginsaldo|openingssaldo|åbningssaldo|primosaldo"
    r"|inngående saldo|ingående balans|saldo otwarcia"
)
_PAYMENT = (
    r"payment(?: received| made)?|(?:bacs|chaps|cheque|check|card|bank|bill) payment|refund"
    r"|remittance(?: advice)?|zahlung|zahlungsausgang|überweisung|paiement|règlement|virement"
    r"|pago|transferencia|pagamento|bonifico|betaling|betalning"
)
_OTHER_DOCUMENT = (
    r"pro ?-?forma(?: invoice)?|proformarechnung|facture pro ?forma|quote|quotation|angebot|devis"
    r"|purchase order|bestellung|bon de commande|delivery note|lieferschein|reminder|mahnung"
    r"|zahlungserinnerung|(?:account |supplier )?statement(?: of account)?|kontoauszug"
    r"|relevé de compte|duplicate|duplikat|doppelt|duplicado"
)
OTHER_THAN_BILL = rf"(?i)^\W*(?:{_BALANCE}|{_PAYMENT}|{_OTHER_DOCUMENT})[\W0-9]*$"
