"""Tell the single-byte encodings of the west apart by the words that they make.

cp1252, of Windows, is the prior: Excel writes it. Mac Roman and CP850, of DOS, are taken on
positive evidence only: bytes that cp1252 lacks, several words that only they make sense of, the
line ends of old Macs. One odd word never decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

CP1252, MAC_ROMAN, CP850 = "cp1252", "mac_roman", "cp850"
NAMES = {CP1252: "cp1252", MAC_ROMAN: "Mac Roman", CP850: "CP850"}
_MOST_WORDS = 8_000  # words examined
_LONGEST_WORD = 60  # bytes
# A word from its first byte beyond ASCII on; what stands before it is looked up. Otherwise the time
# would grow with the square of a long word.
_WORD = re.compile(rb"[\x80-\xff][^\x00-\x20\",;|<>]{0,%d}" % _LONGEST_WORD)
_BETWEEN = re.compile(rb"[\x00-\x20\",;|<>]")
_APOSTROPHE = re.compile(
    r".*(?:\b\w{1,2}|aujourd)[’´¿]|.*[’´¿](?:[sStTdDmM]|re|ll|ve)?(?!\w)", re.DOTALL
)
_AFTER_A_DIGIT = frozenset("°²³¹½¼¾×µºª")
_OPENING = frozenset("‚„¿¡")
_JOINING = frozenset("\u00ad·’´\u00a0")
_MARKS = frozenset("–—‘’‚“”„…•·«»‹›°®™©§¶´¨¿¡²³½¼¾±×÷µºª†‡¬¦\u00ad\u00a0")
_SIGNS_OF_MONEY = frozenset("£€¥¢")
_ALONE = frozenset("ÀÁÄÅÈÉÒÓÔÖØÚÙÆàáäåèéòóôöøúùæ")  # words of one letter
_FOREIGN = re.compile(r"[^\W\d_a-zA-Z]{3}")  # so many accents in a row no western word has
# Letters that the western languages use little, where other encodings have common ones.
_RARE = frozenset("¿ŠšŽžŸŒœƒıﬁﬂˆ˜ìÌïÏûÛÙùÎîÿõÕ")
_ELSEWHERE = frozenset("ÐðÞþÝý")  # in these places of cp1252 Turkish has other letters


_LETTERED = re.compile(r"[^\W\d_]+")
_VOWELS = frozenset("aeiouyAEIOUYàáâäåèéêëìíîïòóôöøùúûü")
# The places of letters that cp1252 has for a few languages, and others have common letters for.
_LIGATURE = re.compile(r"œ(?:u|i)|\bœ(?:cu|d[èi]|dem|no|so|st[ru])", re.IGNORECASE)
_CARON = re.compile(r"\b[ŠŽ](?![hnrlg])[^\W\d_]|[aeiouyáéíóúě][šž][aeiouyáéíóúě]")
_DASHED = re.compile(r"[^\W\d_]{4}[–—][^\W\d_]{4}")
_BEFORE_MONEY = re.compile(r"(?:^|[^\w])(?:[kKmMT]|bn|Mio|Mrd|US|in)$")
_FEW = 4  # one word in so many may be odd in any file
_SEVERAL = 2
_RARE_HERE = frozenset("ïîûùìõ")  # rare in other places than in cp1252 only
# Signs where people put them: an apostrophe, quotation marks in pairs, a degree behind a number.
_SIGNS_IN_PLACE = re.compile(
    r"\b(?:[cdjlmnstCDJLMNST]|[qQ]u|[uU]n|\w+[qQ]u|aujourd|[dDaA]ll|[sSnN]ell|[dD]ell|[tT]utt)’"
    r"[aeiouyhàâéèêëîïôûüœæAEIOUYHÀÂÉÈÊËÎÏÔÛÜ]\w\w|\b[A-Z]’[A-Z]|n’t\b"
    r"|\b(?:[A-Z]\w{3,}|(?i:it|s?he|let|who|that|what))’[sS]\b|\b(?i:i|you|we|they|s?he|it|who)’(?:m|d|re|ll|ve)\b"
    r"|\b[A-Z]\w+s’(?!\w)|“[^“”]*”|‘[^‘’]*’|„[^„“]*“|‚[^‚‘]*‘|«[^«»]*»"
    r"|[£€]\s?[0-9]|[0-9]\s?[£€]|\b[0-9]*[kKmM][£€](?!\w)|[£€]/|/[£€]|^[£–—’•]$"
    r"|\b[nN][°º]|[0-9]°|[0-9][–][0-9]|[0-9]\s?[mck]?m[²³]|§\s?[0-9]|Ø\s?[0-9]|[0-9]ª|[0-9]\s?µ"
    r"|¡[^\W\d_][^!]*!|^©|\b[A-Z]\w+™$"
)
# A euro alone is Ä on a Mac; beside a number, or behind the word that it is of, it is money.
_EURO = re.compile(rb"[(\[]?\x80[)\].:]?")
_EURO_OF_MONEY = re.compile(
    rb"[0-9][ \xa0]?\x80|\x80[ \xa0]?-?[0-9]|[A-Za-z]{2}[ \xa0]?[(\[/-]?\x80|\x80[)\]/]"
)
_COLUMN_OF_EUROS = re.compile(rb"(?:[,;\t|\n\r\"]\x80[,;\t|\n\r\"].*?){3}", re.DOTALL)
# Letters that are signs, or common letters, of other encodings: Ïuvre, Straáe, Nø12, 20ø.
_ODD_LETTER = re.compile(
    r"ä(?=e)|(?<=[eE]i)á|\b[dmck]?mü\b|„á|\bà(?=\w)|\bå(?=n[cg])|\bÖ(?=[cn])|\b[ÏÎÛÕËÔÒÓÊ](?=[a-z])|\bÁ(?=[hqv])|\bç(?!a)|[ÏÎÛÕ]$|^ø$|(?<![gq]u)(?<=[aeou])á|\b[nN]ø|[^\W\d_a-zA-Z](?=[0-9])|\b\W?[éèËÈÔÛ]$"
)
# Nothing speaks for these where no other word does: É may be …, © may be ®, MÛ may be M€.
_LONELY = re.compile("[^\\x00-\\x7f€£–—]|[A-Z]Û|©.*", re.DOTALL)


@dataclass(frozen=True)
class EncodingVerdict:
    """The encoding that the words speak for, None where they do not decide.

    ``words`` are for a person to judge: of a doubt in the encoding, or those that decide nothing.
    """

    codec: str | None
    words: tuple[bytes, ...] = ()
    lossy: bool = False  # a few bytes are none of the encoding's


def judge(data: bytes) -> EncodingVerdict:
    """The encoding of bytes that are no UTF-8."""
    words = _sample(data)
    sense = {codec: [_sense(_decoded(word, codec), codec) for word in words] for codec in NAMES}
    odd = {
        codec: [w for w, s in zip(words, of, strict=True) if not s] for codec, of in sense.items()
    }
    usual = sense[CP1252]
    if any(map(_EURO.fullmatch, words)) and _is_money(data):
        sense[CP1252] = usual = [
            2 if _EURO.fullmatch(word) else of for word, of in zip(words, usual, strict=True)
        ]
    if not odd[CP1252]:
        foreign = [w for w in words if _ELSEWHERE.intersection(w.decode(CP1252))]
        if any(_may_be(words, sense, codec) for codec in (MAC_ROMAN, CP850)):
            return EncodingVerdict(CP1252, tuple(words))
        lonely = _LONELY.fullmatch(words[0].decode(CP1252)) if len(words) == 1 else None
        if lonely or (max(usual, default=2) < 2 and len(words) == 1):
            return EncodingVerdict(CP1252, tuple(words))
        return EncodingVerdict(CP1252, tuple(foreign))
    lacking = [word for word in odd[CP1252] if _decoded(word, CP1252) is None]
    old_mac = b"\r" in data and b"\n" not in data
    best: str | None = None
    margin, tied = 0.0, False
    for codec in (MAC_ROMAN, CP850):
        pairs = list(zip(usual, sense[codec], strict=True))
        votes = sum(1.0 if not mine and theirs else 0.5 for mine, theirs in pairs if theirs > mine)
        against = sum(mine > 0 and not theirs for mine, theirs in pairs)
        enough = votes >= _SEVERAL or (votes and (lacking or (old_mac and codec == MAC_ROMAN)))
        if not enough or votes < 3 * against or _FEW * len(odd[codec]) > len(words):
            continue
        rare = sum(bool(_RARE.intersection(_decoded(word, codec) or "")) for word in words)
        ahead = votes - against - len(odd[codec]) - rare
        ahead += old_mac and codec == MAC_ROMAN
        if best is None or ahead > margin:
            best, margin, tied = codec, ahead, False
        elif ahead == margin:
            tied = True
    if best and not tied:
        return EncodingVerdict(best, tuple(odd[best] or words))
    if _FEW * len(odd[CP1252]) <= len(words) and best is None:
        return EncodingVerdict(CP1252, tuple(odd[CP1252]), bool(lacking))
    return EncodingVerdict(None, tuple(odd[CP1252]))


def _is_money(data: bytes) -> bool:
    """Whether the euros of a file stand where money is, or fill a column."""
    return bool(_EURO_OF_MONEY.search(data) or _COLUMN_OF_EUROS.search(data))


def _may_be(words: Sequence[bytes], sense: Mapping[str, Sequence[int]], codec: str) -> bool:
    """Whether another encoding makes as much sense of the words that it reads differently."""
    different = [
        (sense[CP1252][k], sense[codec][k])
        for k, word in enumerate(words)
        if _decoded(word, codec) != _decoded(word, CP1252)
    ]
    ordinary = any(mine == 2 for mine, _ in different)
    return not ordinary and 2 * sum(theirs > 0 for _, theirs in different) > len(different)


def readings(word: bytes) -> Mapping[str, str]:
    """What each encoding makes of a word, by name; encodings that read it alike are one."""
    out: dict[str, str] = {}
    for codec, name in NAMES.items():
        text = _decoded(word, codec)
        if text is not None and text not in out.values():
            out[name] = text
    return out


def _sample(data: bytes) -> Sequence[bytes]:
    """The distinct words with bytes beyond ASCII, in the order of their bytes."""
    samples: set[bytes] = set()
    for match in islice(_WORD.finditer(data), 10 * _MOST_WORDS):
        before = data[max(match.start() - _LONGEST_WORD, 0) : match.start()]
        samples.add(_BETWEEN.split(before)[-1] + match[0])
        if len(samples) == _MOST_WORDS:
            break
    return sorted(samples)


def _sense(word: str | None, codec: str) -> int:
    """0 for no word of a western language, 2 for an ordinary one, 1 for one that may be another.

    Of cp1252 a word is ordinary by a letter in its place or a sign in its place: what other
    encodings have as letters are signs in cp1252, as in ``citt\u2026``.
    """
    prior = codec == CP1252
    if word is None or not _plausible(word, prior=prior):
        return 0
    rest = _LIGATURE.sub("", word)
    if not prior:
        return 1 if (_RARE - _RARE_HERE).intersection(rest) else 2
    if _SIGNS_IN_PLACE.search(word):
        return 2
    rest = _ODD_LETTER.sub("", _CARON.sub("a", rest))  # é and ä of Macs are Ž and Š
    letters = [
        c for c in (*rest, *_LIGATURE.findall(word)) if not c[0].isascii() and c[0].isalpha()
    ]
    is_usual = any(c not in _RARE - _RARE_HERE and c not in "ªºµ" for c in letters)
    return 2 if is_usual or _LIGATURE.search(word) else 1


def _decoded(word: bytes, codec: str) -> str | None:
    """The word; None where it has a byte that the encoding lacks, or a control character."""
    try:
        text = word.decode(codec)
    except UnicodeDecodeError:
        return None
    return None if any(unicodedata.category(c) == "Cc" for c in text) else text


def _plausible(word: str, *, prior: bool) -> bool:
    """Whether each character beyond ASCII stands where people put it.

    ``prior``: of the likeliest encoding, in which odd places are believed, too.
    """
    if _FOREIGN.search(word):
        return False
    padded = f" {word} "
    return all(
        c.isascii() or _in_place(padded, i) or ((prior or c in "°º") and _in_odd_place(padded, i))
        for i, c in enumerate(padded[1:-1], start=1)
    )


def _in_odd_place(word: str, i: int) -> bool:
    """Whether a sign stands where it is seldom, but sensible: £ten, k€, N°12, 1ère, Ø20, (é)."""
    before, c, after = word[i - 1], word[i], word[i + 1]
    if c in _SIGNS_OF_MONEY:
        if not before.isalnum():
            return True
        return before.isdigit() or not after.isalnum() or bool(_BEFORE_MONEY.search(word[:i]))
    if c in "°º":
        return not (before.islower() and after.islower())
    if c in "ØÅ" and not before.isalnum():
        return True
    if c == "ß" or (c.isupper() and after == "ß"):
        return True
    if c == "œ" and not before.isalnum() and not after.isalnum():
        return True
    if c in "èéªº" and before.isdigit():
        return after.islower() or not after.isalnum()
    if c in "–—":
        return bool(_DASHED.search(word[max(0, i - 4) : i + 5]))
    if c in "…§" and before.isupper() and after.isupper():
        return False
    if c in "’‘":
        return not (before.isalpha() and after.isalpha())
    return False


def _in_place(word: str, i: int) -> bool:
    before, c, after = word[i - 1], word[i], word[i + 1]
    if c in "’´¿" and before.isalpha():  # databases are known to turn ’ into ¿
        return not after.isalpha() or bool(_APOSTROPHE.match(word[: i + 3]))
    if c in _SIGNS_OF_MONEY:
        if c in "¥¢" and not (before.isdigit() or after.isdigit()):
            return False
        return not before.isalpha() and (not after.isalpha() or after in "kKmM")
    if not c.isalpha() or c in "ªºµ":
        if c not in _MARKS:
            return False
        if c in _JOINING or (c in _AFTER_A_DIGIT and (before.isdigit() or before == "m")):
            return True
        if c in "–—" and not (before + after).islower():
            return True
        return not before.isalnum() if c in _OPENING else not (before.isalnum() and after.isalnum())
    if before.isdigit() or (after.isdigit() and not before.isalpha()):
        return False
    if before == after == " ":
        return c in _ALONE
    if c.isupper():
        return not before.islower() and not (before.isalpha() and after.islower())
    return not (before.isupper() and after.isupper())
