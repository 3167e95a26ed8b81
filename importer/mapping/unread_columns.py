"""Columns that no field is mapped from and that matter by their name or values.

A currency, a type or state, a discount, freight, rounding, a tax or an unread credit column
makes the bills wrong without a word. What each means for the bills is judged by validation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.column_letters import column_letters
from importer.core.header_claims import is_text_header
from importer.core.money import MINUS, tidy
from importer.core.no_bill_words import NO_BILL
from importer.core.text_column import check_distinct
from importer.mapping.bind_table import BoundTable
from importer.mapping.canonical_columns import ColumnReader
from importer.mapping.dispositions import USUAL_STATES, bare_word
from importer.mapping.headers import RESULT_COLUMNS, accepted_headers
from importer.mapping.stated_constants import (
    BASIS_HEADERS,
    CURRENCY_HEADERS,
    currency_of,
    includes_tax,
)
from importer.mapping.template_model import DISPOSING, Template
from importer.model.fields import header_key


class UnreadKind(StrEnum):
    """What a column says by its name."""

    CURRENCY = "currency"
    STATE = "state"  # its values say void, draft or credit
    TYPE = "type"  # it is called type or status, and its values are no usual ones
    CREDIT = "credit"  # amounts or marks of credits
    RATE = "rate"  # exchange rates: another currency than that of the books
    DISCOUNT = "discount"
    CHARGE = "charge"  # freight, rounding and the like
    DEDUCTION = "deduction"  # retention, tax withheld, a deposit: less is due than was billed
    TAX = "tax"
    REMARK = "remark"  # says that a row is a credit note, or void
    QUANTITY = "quantity"  # beside a price that is read as the amount
    TAX_BASIS = "tax basis"  # whether amounts include tax


@dataclass(frozen=True)
class UnreadColumn:
    """``items`` are the rows whose value matters, by their place in the reader; with ``texts``."""

    kind: UnreadKind
    table: int
    column: int
    header: str
    items: np.ndarray
    texts: list[str]


def unread_columns(reader: ColumnReader) -> list[UnreadColumn]:
    """Those of all tables, without columns of which the template says that nobody needs them.

    Canonical sheets have none: each of their unknown columns is reported as such.
    """
    if reader.template.unknown_columns == "warn":
        return []
    return [column for t in reader.tables for column in _of_table(reader, t)]


def _of_table(reader: ColumnReader, t: BoundTable) -> Iterator[UnreadColumn]:
    used = _used_columns(t, reader.template)
    headers = t.table.headers
    used_headers = {header_key(headers[c]) for c in used if c < len(headers)}
    reads = [
        name
        for name in DISPOSING
        if (e := reader.template.bills.get(name)) is not None
        and any(t.header.column_of(names) is not None for names, _ in e.columns())
    ]
    start = int(np.flatnonzero(reader.table == t.index)[:1].sum())
    reads_price = any(
        name in ("amount", "netAmount") and _words(headers[c]) & _PRICE_WORDS
        for (_, name), c in t.fields.items()
    )
    for c, header in enumerate(headers):
        key = header_key(header)
        if c in used or (key and key in used_headers):
            continue
        texts = t.arrow(c)
        quantity: _Tests = [(UnreadKind.QUANTITY, _is_other_rate)]
        by_price = reads_price and _words(header) & _QUANTITY_WORDS
        of_values = _tests_of_values(header, texts)
        tests = [*(quantity if by_price else ()), *_tests(header, bool(reads)), *of_values]
        if is_text_header(header):
            tests.append((UnreadKind.REMARK, _is_no_bill_remark))
        for kind, test in tests:
            at = np.flatnonzero(check_distinct(texts, test))
            if kind is UnreadKind.STATE and check_distinct(texts, _is_unfinished).all():
                continue  # a file of nothing but drafts: what is to be loaded
            if len(at):
                values = texts.take(at).to_pylist()
                name = header.strip() or f"column {column_letters(c)}"
                yield UnreadColumn(kind, t.index, c, name, start + at, values)
                break


def _used_columns(t: BoundTable, template: Template) -> set[int]:
    source = template.source
    names = [*template.key_columns, *source.fill_down, *template.ignore_columns]
    names += [test.column for test in source.ignore_rows]
    names += [source.stop_at.column] if source.stop_at else []
    names += [source.groups.column, source.groups.name] if source.groups else []
    if total := source.control_total:
        names += [total.amount, *total.blank, *([total.where.column] if total.where else [])]
    used = set(t.fields.values())
    for name in names:
        used |= set(t.header.columns_of(accepted_headers(template, name)))
    used |= {c for c, header in enumerate(t.table.headers) if header in RESULT_COLUMNS}
    return used


# --- what a header says ---------------------------------------------------------------------------

_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ý])")
_WORD = re.compile(r"[^\W\d_]+")


def _words(header: str) -> set[str]:
    texts = (header, _CAMEL.sub(" ", header))  # TaxAmount is two words, MwSt is one
    return {word.casefold() for text in texts for word in _WORD.findall(text)}


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STATE_WORDS = _set(
    "type status state void voided cancelled canceled deleted reversed kind document doc"
    " typ statut stato estado tipo soort art belegart dokumentart dokumenttype dokumenttyp"
    " bilagstype bilagsart tila tilstand rodzaj situação situacion"
)
# With these it is one of the whole document: Purchase Status, Bill State, Voucher Type.
_OF_DOCUMENTS = _set(
    "purchase invoice bill document doc voucher transaction trans entry record posting rechnung"
    " beleg facture fattura factura factuur faktura dokument"
)
# A type of something else: Expense Type, Supplier Type, Tax Type …
_OF_OTHERS = _set(
    "expense supplier vendor tax vat gst item account cost project expenditure spend spending"
    " product unit contract customer asset procurement merchant category service payee beneficiary"
    " address region country exemption charge reverse currency rate user job line number no date"
    " id ref reference description text name method code organisation body company"
)
_BY_NAME = _set(
    "status state documentstatus docstatus invoicestatus billstatus transactionstatus type"
    " documenttype doctype transactiontype transtype trantype invoicetype billtype vouchertype"
    " entrytype postingkey buchungsschlüssel belegart statut stato estado tipo"
)
_FLAGS = _set(
    "void voided isvoid isvoided cancelled canceled iscancelled iscanceled deleted isdeleted"
    " reversed isreversed creditnote iscreditnote iscredit isreturn isreturndebitnote isdraft"
)
# Of these it is a question whether they are to be loaded.
_DOUBT_FLAGS = _set(
    "duplicate isduplicate duplicated possibleduplicate onhold hold isonhold blocked disputed"
    " indispute isdisputed excluded exclude donotpay gesperrt strittig bloqueado litige"
)
_NO = _set("0 0.0 no n false f - none nein non")
# Of these a file may say No for the documents that are no bills yet.
_DONE_FLAGS = _set(
    "posted isposted approved isapproved booked gebucht freigegeben authorised authorized"
    " confirmed finalised finalized"
)
_NOT = _set("no n false f nein non nej")
_NO_BILL = frozenset(
    map(
        bare_word,
        (
            "void;voided;cancelled;canceled;cancel;deleted;draft;reversed;reversal;rejected;credit;"
            "credits;credit note;credit notes;credit memo;credit memos;vendor credit;"
            "supplier credit;bill credit;ap credit memo;purchase credit note;purchase credit;"
            "refund;refunds;return;returns;returned;written off;crn;"
            "storniert;storno;gutschrift;entwurf;gelöscht;annulé;annulée;avoir;brouillon;"
            "annullato;annullata;nota di credito;bozza;anulado;anulada;cancelado;abono;"
            "nota de crédito;borrador;geannuleerd;creditnota;vervallen;kreditnota;annulleret;"
            "kladde;kreditfaktura;makulerad;makuleret;utkast;annulleret;annulliert;kreditiert;"
            "stornorechnung;rechnungskorrektur;credit invoice;debit note;note de crédit;"
            "facture d'avoir;factura rectificativa;nota de abono;nota credito;korekta;"
            "faktura korygująca;anulowana;anulowano;szkic;hyvityslasku;mitätöity;luonnos;"
            "kreditnot;annullerad;annullert;nota de crédito;rascunho;anulado;creditfactuur;concept"
        ).split(";"),
    )
)
# Types of bills, and of what may stand beside them in a ledger, whatever their column is called.
_BILLS = _set(
    "invoice inv pinv pi bill ap apinv purchase rechnung re facture factura fattura faktura"
)
_OTHER_DOCUMENTS = _set(
    "journal jnl je gj jrnl payment payments pmt pay pp chq cheque check receipt rct"
    " si sinv salesinvoice zahlung za paiement pago pagamento betaling betalning"
)
_VOID = _set(
    "void voided cancelled canceled deleted reversed storniert storno annulé annulée annullato"
    " annullata anulado anulada cancelado geannuleerd vervallen annulleret makulerad makuleret"
    " annulliert annullerad annullert anulowana anulowano mitätöity"
)
# Of these one says it alone, whatever the column is called; but not in a text.
_CREDIT_NOTES = frozenset(
    map(
        bare_word,
        (
            "credit note;credit notes;credit memo;credit memos;ap credit memo;purchase credit note;"
            "vendor credit;supplier credit;bill credit;credit invoice;gutschrift;stornorechnung;"
            "rechnungskorrektur;avoir;facture d'avoir;note de crédit;nota di credito;"
            "nota de crédito;nota de abono;factura rectificativa;creditnota;creditfactuur;"
            "kreditnota;kreditnot;kreditfaktura;hyvityslasku;faktura korygująca"
        ).split(";"),
    )
)
_DRAFTS = _set(
    "draft entwurf brouillon bozza borrador kladde utkast rascunho szkic luonnos concept"
)
_REMARK = re.compile(NO_BILL)
_USUAL = frozenset(
    map(
        bare_word,
        (
            *USUAL_STATES,
            *"bill;bills;invoice;invoices;purchase invoice;ap invoice;supplier invoice".split(";"),
            *"vendor invoice;vendor bill;purchase;inv;rechnung;facture;fattura;factura".split(";"),
            *"standard;item;exported;complete;completed".split(";"),
        ),
    )
)
_CREDIT_KEYS = _set(
    "credit credits creditamount amountcredit creditgbp crediteur creditusd haben crédit haber"
    " avere kredit cr"
)
_MARK_KEYS = _set("drcr crdr debitcredit creditdebit debitorcredit sollhaben shkz dc sollhabenkz")
_CREDIT_MARKS = _set("c cr h k credit haben kredit crédit haber avere")
_CURRENCY_WORDS = _set(
    "currency curr cur ccy waehrung währung devise moneda divisa valuta valuutta waluta moeda měna"
    " pénznem"
)
_MAJOR = _set("EUR GBP USD CHF DKK SEK NOK ISK AUD CAD NZD PLN CZK HUF RON JPY CNY INR SGD HKD ZAR")
# What is given where a document was made void: its date, who did it and why.
_VOIDING = _set("void voided cancelled canceled deleted reversed reversal storno storniert")
_OF_VOIDING = _set("date at on by reason")
_RATE_KEYS = _set(
    "exchangerate fxrate currencyrate conversionrate exchrate wechselkurs umrechnungskurs kurs"
    " tauxdechange tasadecambio tipodecambio tassodicambio wisselkoers valutakurs"
)
_ONE = re.compile(r"\s*(?:1(?:[.,]0*)?|[0.,]*)\s*")
# Marks that only stand together: one of a debit and one of a credit.
_DEBIT_MARKS = dict(
    pair.split("/")
    for pair in "c/d cr/dr h/s k/d credit/debit haben/soll kredit/debet avere/dare haber/debe"
    " crédit/débit -/+".split()
)
_SHORT_TYPES = _set("cn crn scn pcn cm")  # credit notes, where INV or the like is beside
_MOST_MARKS = 12  # distinct values of a column of marks, types or states
_DISCOUNT_WORDS = _set(
    "discount discounts rebate rabatt nachlass remise réduction sconto descuento bonificación"
    " desconto korting rabat afslag"
)
_CHARGE_WORDS = _set(
    "freight shipping carriage postage surcharge surcharges levy rounding roundoff adjustment"
    " adjustments fracht frachtkosten versand versandkosten porto zuschlag mindermengenzuschlag"
    " maut pfand rundung arrondi supplément consigne écoparticipation flete portes recargo redondeo"
    " ajuste bollo rivalsa arrotondamento verzendkosten vrachtkosten toeslag statiegeld afronding"
    " emballage fragt frakt gebyr pant tillæg tillegg tillägg afrunding øreafrunding avrunding"
    " øreavrunding öresavrundning öresutjämning frete arredondamento rahti pyöristys"
)
_CHARGES = re.compile(
    r"\b(?:delivery|handling|fuel|service|admin|booking) (?:charge|fee)s?\b|\bstamp duty\b"
    r"|\bfrais (?:de port|de livraison|d.expédition)\b|\béco.(?:participation|contribution)\b"
    r"|\bgastos de envío\b|\bspese di (?:trasporto|spedizione)\b|\bcontributo cassa\b"
)
_DEDUCTIONS = re.compile(
    r"\b(?:retentions?|retainage|hold ?backs?|withh[eo]ld|withholding|wht|cis|tds|deductions?"
    r"|deducted|deposits?|down ?payments?|pre ?payments?|advances?|payments? on account"
    r"|\w*einbehalt\w*|\w*rücklass|bauabzug\w*|\w*abzugsteuer|quellensteuer|abzug|abzüge"
    r"|anzahlung\w*|vorauszahlung\w*|abschlagszahlung\w*|kaution"
    r"|retenues?|précompte|acomptes?|avances?|arrhes|caution"
    r"|retenci(?:ón|on|ones)|irpf|anticipos?|fianza|retenç(?:ão|ões)|adiantamentos?|caução"
    r"|ritenut[ae]|acconti?o?|anticip[oi]|caparra|cauzione"
    r"|inhouding(?:en)?|voorschot(?:ten)?|aanbetaling(?:en)?|waarborgsom"
    r"|indeholdt|tilbagehold\w*|tilbakehold\w*|forudbetal\w*|forhåndsbetal\w*|a ?conto|depositum"
    r"|kildeskatt?|innestående|forskudd|förskott\w*|innehållen|innehållet|källskatt|deposition"
    r"|zaliczk[ai]|kaucja)\b"
)
# With these a retention is no amount, or one of what it is a part of: CIS labour, CIS materials.
_NO_DEDUCTION = _set(
    "account code date day days term terms type name method address status reference ref no number"
    " num nr id reg registration rate rates percent percentage labour labor material materials"
    " verification utr exempt category schedule basis gl datum konto satz prozent taux compte tipo"
    " cuenta aliquota conto percentuale sats procent prosent section deductible"
)
_PRICE_WORDS = _set(
    "price unitprice unitamount unitcost rate each einzelpreis stückpreis preis prix precio prezzo"
    " preço prijs stykpris enhetspris pris cena hinta"
)
_QUANTITY_WORDS = _set(
    "quantity qty qnty menge anzahl stück quantité qté cantidad quantità quantidade aantal antal"
    " ilość määrä hours stunden heures horas timer"
)
_TAX_WORDS = _set(
    "vat tax gst hst pst qst cgst sgst igst utgst cess mwst ust mehrwertsteuer umsatzsteuer"
    " vorsteuer steuer steuerbetrag tva tps tvq taxe iva igic impuesto impuestos imposta imposto"
    " btw moms momsbeløb momsbelopp mva alv taxes taxamount"
)
# With these it is no amount of the bill: a code, a rate, an account; a discount for early payment.
_NO_AMOUNT = _set(
    "account code date day days term terms type name before after description method address"
    " status reference ref no number num nr id reg registration rate rates percent percentage"
    " settlement early prompt cash inclusive included incl including exempt exemption irrecoverable"
    " ytd paid balance withheld withholding tds deferred category schedule treatment is basis gl"
    " satz schlüssel kennzeichen nummer idnr konto prozent taux compte numéro tipo código clave"
    " cuenta aliquota codice conto tarief percentuale sats kode procent prosent inkl inclus incluse"
    " inclusa incluida inbegrepen"
)
_AT_RATE = re.compile(r"[0-9]\s*%")
_AMOUNT = re.compile(r"[\s£$€(+-]*[0-9][0-9.,' ]*[)%\s-]*")


def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None and re.search("[1-9]", text) is not None


def _is_flag(text: str) -> bool:
    word = tidy(text).casefold()
    return bool(word) and word not in _NO


def _is_not(text: str) -> bool:
    return tidy(text).casefold() in _NOT


def _is_no_bill(text: str) -> bool:
    return bare_word(text) in _NO_BILL


def _is_no_bill_remark(text: str) -> bool:
    return _REMARK.match(text) is not None


def _is_unfinished(text: str) -> bool:
    return bare_word(text) in _DRAFTS or _is_not(text)


def _is_unusual(text: str) -> bool:
    word = bare_word(text)
    return bool(word) and word not in _USUAL


def _is_credit_mark(text: str) -> bool:
    return bare_word(text) in _CREDIT_MARKS


def _is_given(text: str) -> bool:
    return bool(tidy(text))


def _is_other_rate(text: str) -> bool:
    return _is_amount(text) and not _ONE.fullmatch(text)


def _mark(text: str) -> str:
    """A mark of a debit or credit, without its full stop; ``−`` is a minus."""
    return tidy(text).translate(MINUS).rstrip(".").casefold()


def money_kind(header: str, texts: Iterable[str]) -> UnreadKind | None:
    """The kind of an unread column of money: a discount, charge, deduction or tax, with amounts;
    or of rates of which some are not 1."""
    texts = list(texts)
    kinds = (UnreadKind.DISCOUNT, UnreadKind.CHARGE, UnreadKind.DEDUCTION, UnreadKind.TAX,
             UnreadKind.RATE)  # fmt: skip
    return next(
        (kind for kind, test in _tests(header, True) if kind in kinds and any(map(test, texts))),
        None,
    )


def _tests_of_values(header: str, texts: pa.LargeStringArray) -> _Tests:
    """The kind of a column that has nothing but marks of debits and credits, or nothing but types
    or states of which some are no bills; whatever it is called."""
    if len(pc.unique(texts.slice(0, 200))) > _MOST_MARKS:
        return
    values = pc.unique(texts)
    if len(values) > _MOST_MARKS:
        return
    given = [text for text in values.to_pylist() if tidy(text)]
    if given and {tidy(text) for text in given} <= _MAJOR:
        yield UnreadKind.CURRENCY, _is_given
        return
    marks = {_mark(text) for text in given}
    if marks == {"cr"} or any(marks == {credit, debit} for credit, debit in _DEBIT_MARKS.items()):
        yield UnreadKind.CREDIT, lambda text: _mark(text) in _DEBIT_MARKS
        return
    words = {bare_word(text) for text in given}
    no_bill = words & (_NO_BILL | _SHORT_TYPES)
    if words & _BILLS and (others := words & _OTHER_DOCUMENTS):
        yield UnreadKind.TYPE, lambda text: bare_word(text) in others
    remark = words and words <= _VOID and len(given) < len(values)  # in some rows
    if remark and not _words(header) & _OF_OTHERS:
        yield UnreadKind.TYPE, lambda text: bare_word(text) in _VOID
    if no_bill and words > no_bill and words - no_bill <= _USUAL:
        yield UnreadKind.STATE, lambda text: bare_word(text) in no_bill
    elif words & _CREDIT_NOTES and not is_text_header(header):
        yield UnreadKind.STATE, lambda text: bare_word(text) in _CREDIT_NOTES


_Tests = Iterable[tuple[UnreadKind, Callable[[str], bool]]]


def _tests(header: str, reads_type: bool) -> _Tests:
    """The kinds that a header may be of, each with the test of the values that matter.

    ``reads_type``: the template reads another column as the type or state of its documents.
    """
    words, key = _words(header), "".join(_WORD.findall(header)).casefold()
    if key in CURRENCY_HEADERS:
        yield UnreadKind.CURRENCY, _is_given
    elif words & _CURRENCY_WORDS:
        yield UnreadKind.CURRENCY, lambda text: currency_of(text) is not None
    if key in BASIS_HEADERS:
        yield UnreadKind.TAX_BASIS, lambda text: includes_tax(text) is not None
    if key in _FLAGS:
        yield UnreadKind.STATE, _is_flag
    if key in _DOUBT_FLAGS:
        yield UnreadKind.TYPE, _is_flag
    if key in _DONE_FLAGS:
        yield UnreadKind.STATE, _is_not
    if words & _VOIDING and words & _OF_VOIDING and words <= _VOIDING | _OF_VOIDING:
        yield UnreadKind.STATE, _is_flag
    if key in _RATE_KEYS:
        yield UnreadKind.RATE, _is_other_rate
    if words & _STATE_WORDS and not words & _OF_OTHERS:
        yield UnreadKind.STATE, _is_no_bill
        yield UnreadKind.STATE, lambda text: bare_word(text) in _SHORT_TYPES
    of_document = bool(words & _STATE_WORDS) and words <= _STATE_WORDS | _OF_DOCUMENTS
    if (key in _BY_NAME or of_document) and not reads_type:
        yield UnreadKind.TYPE, _is_unusual
    if key in _CREDIT_KEYS:
        yield UnreadKind.CREDIT, _is_amount
    if key in _MARK_KEYS:
        yield UnreadKind.CREDIT, _is_credit_mark
    phrase = _CAMEL.sub(" ", header).replace("_", " ").casefold()
    is_rate = "%" in header and not _AT_RATE.search(header)  # "VAT %", not "VAT 20%"
    if _DEDUCTIONS.search(phrase) and not words & _NO_DEDUCTION and not is_rate:
        yield UnreadKind.DEDUCTION, _is_amount
    if words & _NO_AMOUNT or (is_rate and not words & _DISCOUNT_WORDS):
        return
    if words & _DISCOUNT_WORDS:
        yield UnreadKind.DISCOUNT, _is_amount
    if words & _CHARGE_WORDS or _CHARGES.search(phrase):
        yield UnreadKind.CHARGE, _is_amount
    if words & _TAX_WORDS:
        yield UnreadKind.TAX, _is_amount
