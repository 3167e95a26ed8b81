"""The words that tell cp1252, Mac Roman and CP850 apart, over a corpus of western words."""

from __future__ import annotations

import random

import pytest

from importer.readers.csv.western_words import judge

LANGUAGES = {
    "German": "Müller Größe Ärzte Straße Öl Übung für Käse schön Bär Mädchen süß Fuß öffnen über"
    " Prüfung Gebühr Rücklage Bürobedarf MÜLLER GRÖßE Häuser Zürich Köln Düsseldorf 12,50€ k€ §12",
    "French": "Société Générale café élève hôtel été être forêt garçon français où là naïve Noël"
    " cœur œuvre sœur œil bœuf 1ère 2ème n° N°12 École Énergie d’œuvre l’été aujourd’hui qu’il"
    " c’est préfabriqué reçu août sûr île dîner ça «oui» 50€",
    "Spanish": "García Peñalver ¿qué? Núñez María año niño España mañana señor compañía Muñoz"
    " Construcción nº5 1ª Perú único último inglés jamás ¡hola! avión facturación número según",
    "Italian": "città perché più caffè Società Elettricità attività università così virtù libertà",
    "Nordic": "Åkesson Jørgensen Malmö Sæby Östersund Ærø Ålborg Skåne smörgås Göteborg København"
    " Tromsø Ås år på Øst Ødegård blå Ø20 Søren",
    "British": "£12.50 £1,250.00 (£5) Sainsbury’s O’Brien “quoted” Café–Bar Zoë 5–10 20° 25°C 3m²"
    " ½ ‘quoted’ it’s don’t naïve résumé façade £ € £/unit Škoda",
}
SIGNS = "£ten £net Amount£ €k ten€ – ’ º5 °C Ø".split()


def judged(words: list[str], encoding: str) -> tuple[str, bool]:
    """Whether a file of the words is read ``right`` or ``wrong``, or asked about; and doubted."""
    texts = []
    for word in words:
        try:
            texts.append(word.encode(encoding))
        except UnicodeEncodeError:
            continue
    verdict = judge(b"Supplier;Text\r\n" + b"\r\n".join(b"A;" + text for text in texts))
    if verdict.codec is None:
        return "asked", True
    right = all(t.decode(verdict.codec, "replace") == t.decode(encoding) for t in texts)
    return ("right" if right else "wrong"), bool(verdict.words)


def test_single_words_of_windows_are_read_without_a_question() -> None:
    words = [word for text in LANGUAGES.values() for word in text.split()] + SIGNS
    outcomes = [judged([word], "cp1252")[0] for word in words]
    assert outcomes.count("wrong") == 0
    assert outcomes.count("right") >= 0.99 * len(words)


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_files_are_never_read_wrong_in_silence(encoding: str, count: int) -> None:
    chance = random.Random(count)
    outcomes = []
    for language, text in sorted(LANGUAGES.items()) * 25:
        words = chance.sample(text.split(), min(count, len(text.split())))
        outcome = judged(words, encoding)
        assert outcome != ("wrong", False), (language, words)
        outcomes.append(outcome)
    right = sum(outcome == "right" for outcome, _ in outcomes)
    if encoding == "cp1252":
        assert right >= 0.99 * len(outcomes)
        assert sum(doubt for _, doubt in outcomes) <= 0.05 * len(outcomes)
    elif count >= 20:
        assert right >= 0.95 * len(outcomes)


def test_one_odd_word_never_decides() -> None:
    words = "Müller Größe Café Söhne".split()
    data = "\n".join(words).encode("cp1252") + b"\n" + "Düsseldorf".encode("mac_roman")
    verdict = judge(data)
    assert verdict.codec == "cp1252"
    assert verdict.words == ("Düsseldorf".encode("mac_roman"),)


@pytest.mark.parametrize(
    ("word", "encoding"),
    [("M€", "mac_roman"), ("…", "mac_roman"), ("¥", "mac_roman"), ("®Brand", "cp850"),
     ("ß", "cp850"), ("Æ", "cp850"), ("Ä", "mac_roman"), ("Ç", "cp850"), ("édifices", "mac_roman"),
     ("ärlig", "mac_roman"), ("Ächtung", "cp850"), ("híspido", "mac_roman"), ("anís", "mac_roman"),
     ("heißer", "cp850"), ("cm³", "cp850"), ("missões", "cp850"), ("múcura", "cp850")],
)  # fmt: skip
def test_a_word_alone_that_windows_reads_as_another_is_in_doubt(word: str, encoding: str) -> None:
    verdict = judge(f"Supplier,Net\n{word},10\n".encode(encoding))
    assert verdict.codec is None or verdict.words


@pytest.mark.parametrize(
    "text",
    ["€ 12", "12 €", "€12", "-12,50 €", "k€", "Net €", "Net (€)", "€/Stk", "€\nB;€\nC;€"],
)
def test_a_euro_where_money_is_is_no_doubt(text: str) -> None:
    verdict = judge(f"Supplier;Net\nA;{text}\n".encode("cp1252"))
    assert (verdict.codec, verdict.words) == ("cp1252", ())


@pytest.mark.parametrize("word", ["Sainsbury’s", "it’s", "O’Brien", "d’accord", "don’t", "l’été"])
def test_an_apostrophe_where_people_put_it_is_no_doubt(word: str) -> None:
    verdict = judge(f"Supplier;Net\n{word};10\n".encode("cp1252"))
    assert (verdict.codec, verdict.words) == ("cp1252", ())
