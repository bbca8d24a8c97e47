"""Names as people write them, and the keys under which they are found again."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from lifang.kit.words import _

# Characters nobody sees. Bidi controls can make a name read differently from what it is; zero-width
# ones make two different names look the same.
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ZERO_WIDTH = "\u00ad\u034f\u180e\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f"
_JOINERS = "\u200c\u200d"  # meaningful inside Uyghur, Mongolian and Indic words
_VARIANTS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # another drawing of the same character

_CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff"  # with lone surrogates

_FORBIDDEN = re.compile(f"[{_CONTROLS}{_BIDI}{_ZERO_WIDTH}]")
_UNSEEN = re.compile(f"[{_BIDI}{_ZERO_WIDTH}{_JOINERS}{_VARIANTS}]")
_PASTED_EDGES = "\u200b\u2060\ufeff"  # what spreadsheets and web pages leave around a copied word
_GAPS = re.compile(r"[\s·•‧∙⋅・]+")  # 中点 is typed in half a dozen ways

LONG = 8  # letters: of longer names every part may be a word, and asking for each takes longer

# Surnames whose reading as a surname begins with another letter than the usual reading.
_SURNAME_INITIALS = {
    "乐": "y",
    "仇": "q",
    "佴": "n",
    "召": "s",
    "区": "o",
    "单": "s",
    "句": "g",
    "尉": "y",
    "折": "s",
    "曾": "z",
    "查": "z",
    "澹": "t",
    "祭": "z",
    "种": "c",
    "秘": "b",
    "翟": "z",
    "覃": "q",
    "解": "x",
    "谌": "s",
    "郇": "x",
    "隗": "w",
    "万俟": "mq",
}


class Refused(ValueError):
    """A text that cannot be what it is meant to be: a sentence for people, a code for programs."""

    def __init__(self, sentence: str, code: str) -> None:
        """Keep both; the sentence is in the user's language and never repeats the text itself."""
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


def clean_name(text: str) -> str:
    """Return a name as it is stored: every character a person wrote, and none that nobody can see.

    Rare characters, 中点 and inner spaces stay; the composed form (NFC) is kept so that equal names
    are equal. Raises Refused for an empty name and for control, bidi and zero-width characters.
    """
    name = text.strip().strip(_PASTED_EDGES).strip()
    _demand_visible(name)
    if not without_unseen(name):
        raise Refused(_("名称不能为空"), "blank")
    return unicodedata.normalize("NFC", name)


def clean_paragraph(text: str) -> str:
    """Return a longer text as it is stored: lines end in one newline character, none at the end.

    Empty lines and tabs stay; raises Refused for what `clean_name` refuses in a line.
    """
    lines = [line.rstrip() for line in re.split("\r\n?|\n", text)]
    for line in lines:
        _demand_visible(line.replace("\t", " "))
    return unicodedata.normalize("NFC", "\n".join(lines).strip("\n"))


def without_unseen(text: str) -> str:
    """Return a text without the marks nobody sees: bidi controls, zero-width, variants."""
    return _UNSEEN.sub("", text)


def fold(text: str) -> str:
    """Return the key under which a text is compared: width, case and invisible marks ignored."""
    folded = unicodedata.normalize("NFKC", without_unseen(text)).casefold()
    return without_unseen(unicodedata.normalize("NFKC", folded)).strip()


@lru_cache(maxsize=8_192)
def grams(name: str) -> frozenset[str]:
    """Return every piece of one to three characters, and of pinyin initials, a name is found by."""
    letters = _letters(name)
    pieces = _windows(letters)
    for initials in _initials(letters):
        for run in initials.split(" "):
            pieces |= _windows(run)
    return frozenset(pieces)


def query_grams(query: str) -> list[str]:
    """Return the pieces a name must all have to match what was typed; none if nothing was typed.

    Longer queries become their threes in order, so a match is a candidate, not yet a proof.
    """
    letters = _letters(query)
    if "\0" in letters:  # no name holds one, and not every database takes the question
        return []
    if len(letters) <= 3:
        return [letters] if letters else []
    return list(dict.fromkeys(letters[start : start + 3] for start in range(len(letters) - 2)))


def _demand_visible(line: str) -> None:
    found = _FORBIDDEN.search(line)
    if found is not None:
        told = {"position": found.start() + 1, "code_point": f"U+{ord(found.group()):04X}"}
        sentence = _(
            "第 {position} 个字是看不见的控制字符（{code_point}），请删除后重新输入", **told
        )
        raise Refused(sentence, "characters")


def _letters(text: str) -> str:
    return _GAPS.sub("", fold(text))


def _windows(letters: str) -> set[str]:
    return {
        letters[start : start + size]
        for size in (1, 2, 3)
        for start in range(len(letters) - size + 1)
    }


def _initials(letters: str) -> list[str]:
    """Spell the initials; a character without a known reading is a gap no piece reaches across."""
    spelt = _spelt(letters)
    usual = "".join(letter if letter.isascii() else " " for letter in spelt)
    readings = [usual]
    for length in (1, 2):
        surname = _SURNAME_INITIALS.get(letters[:length])
        if surname is not None:
            readings.append(surname + usual[length:])
    return readings


def _spelt(letters: str) -> str:
    """Spell by words where some letters make one; else letter by letter, which is quick."""
    from pypinyin.constants import PHRASES_DICT

    length = len(letters)
    ends = ((start, end) for start in range(length) for end in range(start + 2, length + 1))
    if length > LONG or any(letters[start:end] in PHRASES_DICT for start, end in ends):
        return "".join(map(_first_letter, _words(letters)))
    return "".join(map(_first_letter, letters))


def _words(letters: str) -> list[str]:
    """The words a name is made of; half a country's names end in the same few."""
    from pypinyin.core import Pinyin

    words: list[str] = Pinyin().seg(letters)
    return words


def _first_letters(letters: str) -> str:
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(letters, style=Style.FIRST_LETTER))  # unread ones stay themselves


_first_letter = lru_cache(maxsize=32_768)(_first_letters)
