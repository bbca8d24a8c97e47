"""How wide text stands on a terminal: a Chinese character takes two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_UNSEEN = frozenset({"Mn", "Me", "Cf", "Cc"})
_NEVER_FIRST = frozenset("，。；：？！、）」》】…%")
_NEVER_LAST = frozenset("（「《【")
"""Marks that close what stands before them begin no line, those that open something end none."""


def columns(letter: str) -> int:
    """How many columns one character takes."""
    if letter.isascii():
        return 1
    if unicodedata.category(letter) in _UNSEEN:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def width(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else sum(map(columns, text))


def pad(text: str, wide: int) -> str:
    """Fill a text up with spaces."""
    return text + " " * max(0, wide - width(text))


def cut(text: str, wide: int) -> str:
    """Shorten a text that is wider, ending it with an ellipsis."""
    if width(text) <= wide:
        return text
    kept, taken = [], 0
    for letter in text:
        taken += columns(letter)
        if taken > wide - 1:
            break
        kept.append(letter)
    return "".join(kept) + "…"


def plain(text: str) -> str:
    """One line without control characters: what was stored can neither move nor colour a screen."""
    return "".join(
        letter if unicodedata.category(letter) != "Cc" else " " for letter in text
    ).strip()


def wrap(text: str, wide: int) -> list[str]:
    """Break a text into lines: between words, and anywhere between Chinese characters."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(" ".join(paragraph.split())):
            if line and width(line) + width(piece.rstrip()) > wide and piece not in _NEVER_FIRST:
                lines.append(line.rstrip())
                line = ""
            line += piece.lstrip() if not line else piece
        lines.append(line.rstrip())
    return lines


def _pieces(text: str) -> Iterator[str]:
    """What a line may be broken between: words with the space after them, single wide letters."""
    word = ""
    for letter in text:
        if columns(letter) == 2:
            if word and word not in _NEVER_LAST:
                yield word
                word = ""
            word += letter
            if letter not in _NEVER_LAST:
                yield word
                word = ""
            continue
        word += letter
        if letter == " ":
            yield word
            word = ""
    if word:
        yield word
