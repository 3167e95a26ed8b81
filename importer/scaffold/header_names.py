"""The headers by which exports of many systems and languages name a bill's fields."""

from __future__ import annotations

import re

from importer.model.fields import BILLS, LINE_ITEMS, undecorated

# Beside the canonical fields: what a line is multiplied from, and the export's own bill number.
QUANTITY, PRICE, DOCUMENT = "quantity", "price", "document id"

Target = tuple[str, str]
_TOTAL, _GROSS = (BILLS, "amount"), (LINE_ITEMS, "amount")

# The likeliest names first: where a file has several, the first one is taken.
_NAMES: dict[Target, str] = {
    (BILLS, "vendorId"): "vendor id in light, vendor uuid",
    (BILLS, "vendor"): """
        vendor name, supplier name, vendor, supplier, contact name, payee name, payee,
        buy-from vendor name, co./last name, beneficiary name, creditor name, merchant name,
        merchant, creditor, seller, partner, bill from, company name, beneficiary, trading
        partner, Lieferantenname, Lieferant, Kreditorenname, Kreditor, Rechnungssteller,
        Firma, nom du fournisseur, nom fournisseur, fournisseur, tiers, raison sociale,
        nombre del proveedor, nombre proveedor, proveedor, razón social, fornitore, ragione
        sociale, naam leverancier, leverancier, crediteur, relatie, leverandør,
        leverandørnavn, kreditor, leverantör, leverantörsnamn, fornecedor, nome do
        fornecedor, dostawca, kontrahent, nazwa kontrahenta, toimittaja, vendor code,
        supplier code, vendor no, supplier no, vendor number, supplier number, vendor id,
        supplier id, buy-from vendor no, vendor account, supplier account, account reference,
        Kreditorennummer,
        Lieferantennummer, code fournisseur, Gegenkonto (ohne BU-Schlüssel), Kred Nr, Lief
        Nr""",
    (BILLS, "companyEntity"): """
        company entity code, company entity, companyEntityId, legal entity, entity code,
        entity, subsidiary, company code, Buchungskreis, Mandant, société, sociedad""",
    (BILLS, "invoiceNumber"): """
        supplier invoice no, supplier invoice number, supplier invoice #, vendor invoice
        number, vendor invoice no, vendor invoice #, external document no, uw ref, uw
        referentie, invoice number, invoice no, invoice nr, invoice num, inv num, inv no, num,
        invoice #, invoice ref,
        invoice reference, invoice id, bill number, bill no, bill ref, bill reference, bill
        #, invoice, bill, document number, document no, doc no, voucher number, voucher no,
        transaction number, transaction no, transaction id, purchase #, purchase no,
        reference number, reference no,
        reference, ref no, ref, Rechnungsnummer, Rechnungsnr, Rechnung Nr, Rechnungs-Nr,
        RE-Nr, RgNr, Rechnung, Belegfeld 1, Belegnummer, Belegnr, Beleg Nr, numéro de
        facture, numéro facture, n° facture, n° de facture, no facture, num facture,
        facture, n° pièce, pièce, référence, número de factura, nº factura, num factura, n
        factura, factura, numero fattura, n fattura, nr fattura, fattura, numero documento,
        factuurnummer, factuurnr, factuur, boekstuknummer, fakturanummer, fakturanr, faktura
        nr, faktura, bilagsnr, bilag, número da fatura, nº fatura, fatura, numer faktury, nr
        faktury, laskun numero""",
    (BILLS, "issuedDate"): """
        supplier invoice date, issued date, invoice date, bill date, invoice/bill date,
        issue date, issued, issued on, date issued, document date, doc date, date of
        invoice, date, posting date, transaction date, voucher date, Rechnungsdatum,
        Belegdatum, Ausstellungsdatum, Datum, date de facture, date facture, date de la
        facture, date pièce, fecha de factura, fecha factura, fecha de emisión, fecha, data
        fattura, data documento, data emissione, data, factuurdatum, boekdatum, fakturadato,
        bilagsdato, dato, fakturadatum, data da fatura, data de emissão, data faktury, data
        wystawienia, päivämäärä""",
    (BILLS, "dueDate"): """
        due date, date due, due, due on, payment due, payment due date, Fälligkeitsdatum,
        Fälligkeit, fällig am, fällig, zahlbar bis, date d'échéance, date échéance,
        échéance, fecha de vencimiento, fecha vencimiento, vencimiento, data scadenza,
        scadenza, vervaldatum, vervaldag, forfaldsdato, forfald, forfallsdato,
        förfallodatum, förfallodag, data de vencimento, termin płatności, eräpäivä""",
    (BILLS, "currency"): """
        currency, currency code, invoice currency, document currency, curr, ccy, cur, iso
        currency, Währung, Währungscode, WKZ Umsatz, WKZ, devise, code devise, monnaie,
        moneda, divisa, valuta, valutakode, valutakod, moeda, waluta, valuutta""",
    (BILLS, "amount"): """
        invoice total, bill total, grand total, total invoice value, invoice value,
        document total, invoice amount, bill amount,
        total amount, gross total, total gross, total incl vat, total incl tax, total inc
        vat, total including vat, total including tax, amount payable, total,
        Rechnungsbetrag, Gesamtbetrag, Gesamtsumme, Summe brutto, Gesamt brutto, Gesamt,
        total ttc, montant ttc, montant total, net à payer, total factura, importe total,
        total con iva, totale fattura, totale documento, totale, totaalbedrag,
        factuurbedrag, totaal incl btw, totaal, fakturabeløb, fakturabelopp, total inkl
        moms, i alt, totalt, total da fatura, valor total, kwota brutto, razem""",
    (BILLS, "description"): "memo, bill description, invoice description, notes, note, comment",
    (LINE_ITEMS, "description"): """
        line description, item description, description, item name, item text, details,
        detail, narrative, label, item, product, position, purpose, memo, expense type,
        Buchungstext, Positionstext, Beschreibung, Bezeichnung, Artikel, Text,
        Verwendungszweck, libellé, désignation, descripción, concepto, descrizione, causale,
        omschrijving, beskrivelse, tekst, beskrivning, benämning, descrição, opis, nazwa,
        kuvaus""",
    (LINE_ITEMS, "netAmount"): """
        net amount, line net amount, line net, net, net value, item total, line amount excl
        tax, line amount excl vat, line amount excluding vat, amount excluding vat, amount
        excluding tax, ex-tax amount, amount excl vat, amount excl tax, amount ex vat,
        amount before tax, excl vat,
        subtotal, line amount, Nettobetrag, Betrag netto, Netto, Nettowert, montant ht,
        total ht, ht, importe neto, base imponible, neto, base, imponibile, importo netto,
        netto, nettobedrag, bedrag excl btw, excl btw, nettobeløb, beløb ekskl moms,
        nettobelopp, belopp exkl moms, valor líquido, kwota netto, wartość netto, veroton""",
    (LINE_ITEMS, "taxAmount"): """
        tax amount, vat amount, line tax amount, line vat, gst amount, sales tax, vat, tax,
        gst, MwSt-Betrag, MwSt Betrag, USt-Betrag, Steuerbetrag, MwSt, USt, Umsatzsteuer,
        Vorsteuer, Steuer, montant tva, tva, importe iva, cuota iva, cuota, iva, importo
        iva, imposta, btw-bedrag, btw bedrag, btw, momsbeløb, momsbelopp, moms, mva, valor
        iva, kwota vat, alv""",
    (LINE_ITEMS, "amount"): """
        gross amount, line gross, line total, amount incl vat, amount incl tax, amount
        including vat, amount including tax, inc-tax amount, line amount incl vat, gross, gross
        value, amount, ap amount, amount paid, paid amount, payment amount, value, cost,
        Buchungsbetrag, Bruttobetrag, Betrag brutto, Brutto, Umsatz (ohne
        Soll/Haben-Kz), Umsatz, Betrag, montant, importe, importo, bedrag incl btw, bedrag,
        bruttobeløb, beløb, bruttobelopp, belopp, valor, kwota, summa, amount (items)""",
    (LINE_ITEMS, QUANTITY): """
        quantity, qty, accepted qty, units, hours, Menge, Anzahl, Stück, quantité, qté,
        cantidad, cant, quantità, qtà, aantal, antal, antall, quantidade, ilość, määrä""",
    (LINE_ITEMS, PRICE): """
        unit price, unit amount, unit cost, price, rate, price each, Einzelpreis, Preis,
        E-Preis, prix unitaire, pu ht, prix, precio unitario, precio, prezzo unitario,
        prezzo, stukprijs, prijs, stykpris, enhedspris, pris, à-pris, styckpris, preço
        unitário, cena jednostkowa, cena, yksikköhinta""",
    (LINE_ITEMS, "taxCode"): """
        tax code, vat code, line tax code, tax name, tax rate name, tax type, taxes, tax,
        vat rate, tax rate, vat %, tax %, gst %, mwst %, ust %, btw %, moms %, mva %, tva %,
        iva %, gst code, BU-Schlüssel, Steuerschlüssel, Steuercode, Steuersatz,
        code tva, taux tva, código iva, tipo iva, codice iva, aliquota iva, aliquota,
        btw-code, btw code, momskode, momskod, stawka vat""",
    (LINE_ITEMS, "account"): """
        ledger account code, ledger account, gl account, gl code, gl account code, account
        code, g/l account no, account #, nominal a/c ref, nominal code, nominal account,
        nominal, expense account,
        expense head, cost account, account, account number, account no, account name,
        Sachkonto, Aufwandskonto, Kontonummer, Konto, Kostenkonto, Kostenart, compte
        général, compte de charge, n° compte, compte, cuenta contable, cuenta, conto,
        grootboekrekening, grootboek, rekening, kontonr, conta, konto kosztów, tili""",
    (BILLS, DOCUMENT): """
        bill id, bill ref, invoice id, document id, doc id, transaction id, internal id,
        voucher id, id, journal id, entry no, entry number, record id, bill reference, key""",
}  # fmt: skip

_OF_LINES = re.compile(r"^(?:invoice |bill |order )?lines?/|\((?:items?|lines?)\)$", re.IGNORECASE)
_PARENTHESIS = re.compile(r"[(\[][^)\]]*[)\]]")
_UNIT = re.compile(r"(?<![A-Za-z])(?:[A-Z]{3}|[€£$])(?![A-Za-z])")


def plain(header: str) -> str:
    """A header's letters and digits, so that ``Rechnungs-Nr.`` is ``rechnungsnr``."""
    return "".join(c for c in undecorated(header).casefold() if c.isalnum() or c in "#€£$%")


_KEYS: dict[Target, dict[str, int]] = {
    target: {plain(name): i for i, name in reversed(list(enumerate(names.split(","))))}
    for target, names in _NAMES.items()
}


def readings(header: str) -> list[str]:
    """What a header may be called: as it is, then without what is in brackets and the currency."""
    bare = _OF_LINES.sub("", undecorated(header)).strip()
    without = _PARENTHESIS.sub(" ", bare)
    out = [header, bare, without, _UNIT.sub(" ", without)]
    if "%" in header:  # a rate is no amount, whatever stands before its brackets
        out = [text for text in out if "%" in text]
    return list(dict.fromkeys(key for text in out if (key := plain(text))))


def of_line(header: str) -> bool:
    """Whether the header itself says that the column is of line items."""
    return _OF_LINES.search(undecorated(header)) is not None


def rank(header: str, target: Target) -> int | None:
    """How likely a header names the field, the smaller the likelier; None where it does not."""
    known = _KEYS[target]
    if of_line(header) and target == _TOTAL:  # the total of a line is no total of a bill
        return None
    if of_line(header) and target == _GROSS:
        known = _KEYS[_TOTAL] | known
    for penalty, key in enumerate(readings(header)):
        if key in known:
            return known[key] * 4 + penalty
    return None


def targets(header: str) -> list[Target]:
    """The fields that a header may name."""
    return [target for target in _KEYS if rank(header, target) is not None]
