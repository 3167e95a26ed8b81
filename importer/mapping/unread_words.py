"""The words by which unread columns say that they matter, in many languages."""

from __future__ import annotations

import re

from importer.core.no_bill_words import NO_BILL
from importer.mapping.dispositions import USUAL_STATES, bare_word

CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ý])")
WORD = re.compile(r"[^\W\d_]+")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


STATE_WORDS = _set(
    "type status state void voided cancelled canceled deleted reversed kind document doc"
    " typ statut stato estado tipo soort art belegart dokumentart dokumenttype dokumenttyp"
    " bilagstype bilagsart tila tilstand rodzaj situação situacion stav"
)
# Of these a template that reads the state of its documents says nothing.
TYPE_WORDS = _set(
    "type kind typ tipo soort art belegart dokumentart dokumenttype dokumenttyp bilagstype"
    " bilagsart rodzaj doc document"
)
# With these it is one of the whole document: Purchase Status, Bill State, Voucher Type.
OF_DOCUMENTS = _set(
    "purchase invoice bill document doc voucher transaction trans entry record posting rechnung"
    " beleg facture fattura factura factuur faktura dokument"
)
CODE_WORDS = _set("code lookup name text")
# A type of something else: Expense Type, Supplier Type, Tax Type …
OF_OTHERS = _set(
    "expense supplier vendor tax vat gst item account cost project expenditure spend spending"
    " product unit contract customer asset procurement merchant category service payee beneficiary"
    " address region country exemption charge reverse currency rate user job line number no date"
    " id ref reference description text name method code organisation body company"
)
BY_NAME = _set(
    "status state documentstatus docstatus invoicestatus billstatus transactionstatus type"
    " documenttype doctype transactiontype transtype trantype invoicetype billtype vouchertype"
    " entrytype buchungsschlüssel belegart statut stato estado tipo"
)
FLAGS = _set(
    "void voided isvoid isvoided cancelled canceled iscancelled iscanceled deleted isdeleted"
    " reversed isreversed creditnote iscreditnote iscredit isreturn isreturndebitnote isdraft"
)
# A word that begins so says it as well, with others of flags: Stornobeleg, "Reversed with".
VOID_STEM = re.compile(
    r"void|cancel|delet|revers(?:ed|al)|storn|gelöscht|annul|anul|eliminad|geannul|makul|mitätö"
    r"|zruš"
)
OF_FLAGS = _set(
    "is has was in on by at with of for flag ind indicator mark kennzeichen kz document doc number"
    " no nr num id date datum reason grund code key user invoice bill voucher entry beleg rechnung"
)
# Of these it is a question whether they are to be loaded.
DOUBT_FLAGS = _set(
    "pbk pmtblk donotpay donotload isproforma prepayment isprepayment istest test iscopy copy"
)
DOUBT_WORDS = _set(
    "duplicate duplicated possibleduplicate hold held blocked disputed dispute query queried"
    " excluded exclude inactive archived proforma doppelt duplikat doublon duplicado gesperrt"
    " sperre sperrkennzeichen zahlsperre zahlungssperre strittig bloqueado bloqueo bloqué blocage"
    " bloccato geblokkeerd spærret sperret spärrad litige litigio betwist omtvistet"
)
BLOCK_WORDS = _set("block blk blocking sperre")
OF_BLOCKS = _set("payment pmt pmnt pay possible potential") | OF_FLAGS
NO = _set("0 0.0 no n false f - none nein non nee nej nei não ei nie # n/a")
# A column of these that says No of a row.
LIVE_FLAGS = _set("active isactive enabled aktiv actif activo attivo ativo actief")
# Of these a file may say No for the documents that are no bills yet.
DONE_FLAGS = _set(
    "posted isposted approved isapproved booked gebucht freigegeben authorised authorized"
    " confirmed finalised finalized genehmigt approuvé validé aprobado aprovado approvato"
    " goedgekeurd godkjent godkendt godkänd bokført bogført bokförd contabilizado"
)
YES = _set("y yes j ja x true t oui sí si sì sim tak kyllä")
NOT = _set("no n false f nein non nej nee nei não ei nie")
APPROVALS = _set("approval approvals freigabe genehmigung approbation aprobación workflow")
NO_BILL_VALUES = frozenset(
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
            "kreditnot;annullerad;annullert;nota de crédito;rascunho;anulado;creditfactuur;concept;"
            "denied;declined;refused;abgelehnt;refusé;refusée;rechazado;rechazada;rifiutato;"
            "rifiutata;afgewezen;avvist;nekad;zrušeno;zrušená;stornováno;sztornó;dobropis"
        ).split(";"),
    )
)
# Types of bills, and of what may stand beside them in a ledger, whatever their column is called.
BILLS = _set(
    "invoice inv pinv pi bill ap apinv purchase rechnung re kr facture factura fattura faktura"
)
OTHER_DOCUMENTS = _set(
    "journal jnl je gj jrnl payment payments pmt pay pp chq cheque check receipt rct"
    " si sinv salesinvoice zahlung za kz zp zv paiement pago pagamento betaling betalning"
    " billpayment billpaymentcheck billpaymentcheque billpaymentcreditcard billpmtcheck"
    " billpmtccard vendorpayment supplierpayment paymentonaccount prepayment downpayment"
    " advancepayment anzahlung vorauszahlung acompte anticipo acconto aanbetaling"
)
VOID = _set(
    "void voided cancelled canceled deleted reversed storniert storno annulé annulée annullato"
    " annullata anulado anulada cancelado geannuleerd vervallen annulleret makulerad makuleret"
    " annulliert annullerad annullert anulowana anulowano mitätöity"
)
# Of these one says it alone, whatever the column is called; but not in a text.
CREDIT_NOTES = frozenset(
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
DRAFTS = _set("draft entwurf brouillon bozza borrador kladde utkast rascunho szkic luonnos concept")
REMARK = re.compile(NO_BILL)
USUAL = frozenset(
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
CREDIT_KEYS = _set(
    "credit credits creditamount amountcredit creditgbp crediteur creditusd haben crédit haber"
    " avere kredit cr"
)
MARK_KEYS = _set(
    "drcr crdr dbcr crdb debitcredit creditdebit debitorcredit debitcreditindicator"
    " debitcreditcode drcrindicator dcindicator sollhaben shkz sh dc sollhabenkz"
    " sollhabenkennzeichen shkennzeichen"
)
CREDIT_MARKS = _set("c cr h k credit haben kredit crédit haber avere")
CURRENCY_WORDS = _set(
    "currency curr cur ccy waehrung währung devise moneda divisa valuta valuutta waluta moeda měna"
    " pénznem"
)
MAJOR = _set("EUR GBP USD CHF DKK SEK NOK ISK AUD CAD NZD PLN CZK HUF RON JPY CNY INR SGD HKD ZAR")
RATE_KEYS = _set(
    "exchangerate fxrate currencyrate conversionrate exchrate wechselkurs umrechnungskurs kurs"
    " tauxdechange tasadecambio tipodecambio tassodicambio wisselkoers valutakurs"
)
ONE = re.compile(r"\s*(?:1(?:[.,]0*)?|[0.,]*)\s*")
# Marks that only stand together: one of a debit and one of a credit.
DEBIT_MARKS = dict(
    pair.split("/")
    for pair in "c/d cr/dr h/s k/d credit/debit haben/soll kredit/debet avere/dare haber/debe"
    " crédit/débit -/+".split()
)
SHORT_TYPES = _set("cn crn scn pcn cm")  # credit notes, where INV or the like is beside
# Document types of vendors in SAP.
SAP_BILLS, SAP_CREDITS, SAP_PAYMENTS = _set("kr re"), _set("kg"), _set("kz zp zv")
# Posting keys of vendors in SAP: 31 is an invoice, what begins with 2 takes from what is owed.
POSTING_KEYS = _set("postingkey pstky pk bschl bs buchungsschlüssel")
POSTING_KEY = re.compile(r"[23][0-9]|40|50")
SIGN_KEYS = _set("sign vorzeichen vz signe signo segno teken fortegn tecken plusminus")
MOST_MARKS = 12  # distinct values of a column of marks, types or states
DISCOUNT_WORDS = _set(
    "discount discounts rebate rabatt nachlass remise réduction sconto descuento bonificación"
    " desconto korting rabat afslag disc dto"
)
CHARGE_WORDS = _set(
    "freight shipping carriage postage surcharge surcharges levy rounding roundoff adjustment"
    " adjustments fracht frachtkosten versand versandkosten porto zuschlag mindermengenzuschlag"
    " maut pfand rundung arrondi supplément consigne écoparticipation flete portes recargo redondeo"
    " ajuste bollo rivalsa arrotondamento verzendkosten vrachtkosten toeslag statiegeld afronding"
    " emballage fragt frakt gebyr pant tillæg tillegg tillägg afrunding øreafrunding avrunding"
    " øreavrunding öresavrundning öresutjämning frete arredondamento rahti pyöristys"
)
CHARGES = re.compile(
    r"\b(?:delivery|handling|fuel|service|admin|booking) (?:charge|fee)s?\b|\bstamp duty\b"
    r"|\bfrais (?:de port|de livraison|d.expédition)\b|\béco.(?:participation|contribution)\b"
    r"|\bgastos de envío\b|\bspese di (?:trasporto|spedizione)\b|\bcontributo cassa\b"
)
# These are the whole name of their column, and what is in it has decimals or a sign of money.
CHARGE_KEYS = _set(
    "delivery pandp postageandpacking insurancecharge insurancefee duty importduty customs"
    " customsduty zoll zollkosten tip gratuity bankcharge bankcharges penalty penalties latefee"
    " latefees interest zinsen verzugszinsen mahngebühr mahngebühren korrektur correction"
    " chargeback ecotax"
)
DECIMALS = re.compile(r"[.,][0-9]{2}(?![0-9])|[£$€]")
DEDUCTIONS = re.compile(
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
NO_DEDUCTION = _set(
    "account code date day days term terms type name method address status reference ref no number"
    " num nr id reg registration rate rates percent percentage labour labor material materials"
    " verification utr exempt category schedule basis gl datum konto satz prozent taux compte tipo"
    " cuenta aliquota conto percentuale sats procent prosent section deductible"
)
PRICE_WORDS = _set(
    "price unitprice unitamount unitcost rate each einzelpreis stückpreis preis prix precio prezzo"
    " preço prijs stykpris enhetspris pris cena hinta"
)
QUANTITY_WORDS = _set(
    "quantity qty qnty menge anzahl stück quantité qté cantidad quantità quantidade aantal antal"
    " ilość määrä hours stunden heures horas timer"
)
TAX_WORDS = _set(
    "vat tax gst hst pst qst cgst sgst igst utgst cess mwst ust mehrwertsteuer umsatzsteuer"
    " vorsteuer steuer steuerbetrag tva tps tvq taxe iva igic impuesto impuestos imposta imposto"
    " btw moms momsbeløb momsbelopp mva mvabeløp alv taxes taxamount"
)
# With these it is no amount of the bill: a code, a rate, an account; a discount for early payment.
NO_AMOUNT = _set(
    "account code date day days term terms type name before after description method address"
    " status reference ref no number num nr id reg registration rate rates percent percentage"
    " settlement early prompt cash inclusive included incl including exempt exemption irrecoverable"
    " ytd paid balance withheld withholding tds deferred category schedule treatment is basis gl"
    " satz schlüssel kennzeichen nummer idnr konto prozent taux compte numéro tipo código clave"
    " cuenta aliquota codice conto tarief percentuale sats kode procent prosent inkl inclus incluse"
    " inclusa incluida inbegrepen"
)
AT_RATE = re.compile(r"[0-9]\s*%")
AMOUNT = re.compile(r"[\s£$€(+-]*[0-9][0-9.,' ]*[)%\s-]*")
