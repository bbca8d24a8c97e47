"""The glossary holds: a term has one English word in every label, and its word in code is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "glossary.md"
FOLDERS = (ROOT / "core" / "lifang", *sorted(ROOT.glob("plugins/*/lifang_*")))
COMING = "后续插件用词"


@dataclass(frozen=True)
class Term:
    """A line of the glossary: as many English words as Chinese ones, each perhaps with a verb."""

    chinese: tuple[str, ...]
    english: tuple[tuple[str, ...], ...]
    codes: tuple[str, ...]
    section: str


@cache
def terms() -> tuple[Term, ...]:
    return tuple(_read())


def _read() -> Iterator[Term]:
    section = ""
    for line in PAGE.read_text("utf-8").splitlines():
        section = line.removeprefix("## ") if line.startswith("## ") else section
        cells = [one.strip() for one in line.strip().strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "中文":
            chinese, english, code = cells[:3]
            words = [tuple(re.split(r";\s*", one)) for one in english.split(", ")]
            codes = tuple(re.findall(r"`(\w+)`", code))
            yield Term(tuple(chinese.split("、")), tuple(words), codes, section)


@cache
def said() -> dict[tuple[str | None, str], dict[str, list[str]]]:
    """What each distribution says in English, by context and Chinese."""
    told: dict[tuple[str | None, str], dict[str, list[str]]] = {}
    for folder in FOLDERS:
        (file,) = folder.glob("locale/en/LC_MESSAGES/*.po")
        with file.open("rb") as stream:
            for one in read_po(stream, locale="en"):
                if one.id:
                    english = told.setdefault((one.context, str(one.id)), {})
                    english.setdefault(str(one.string), []).append(folder.name)
    return told


def plurals(word: str) -> set[str]:
    """A word and what it is called where there are many."""
    return {
        word,
        f"{word}s",
        f"{word}es",
        re.sub("y$", "ies", word),
        re.sub("person$", "people", word),
    }


def test_every_term_is_explained_once_with_one_word_for_each() -> None:
    told = [one for term in terms() for one in term.chinese]
    assert len(told) > 100
    assert {one for one in told if told.count(one) > 1} == set()
    unequal = [term.chinese for term in terms() if len(term.chinese) != len(term.english)]
    assert unequal == []


def test_labels_use_the_english_of_the_glossary() -> None:
    wrong: list[str] = []
    for term in terms():
        for chinese, words in zip(term.chinese, term.english, strict=True):
            right = {one for word in words for one in plurals(word.casefold())}
            for (_context, label), english in said().items():
                for one, where in english.items() if label == chinese else ():
                    if one.casefold() not in right:
                        wrong.append(f"{chinese}: {one!r} in {where}, not {words}")
    assert wrong == []


def test_the_words_in_code_are_found_in_the_code() -> None:
    files = [file for folder in FOLDERS for file in folder.rglob("*.py")]
    words = {one for file in files for one in re.findall(r"[a-z]\w*", file.read_text("utf-8"))}
    parts = words | {part for word in words for part in word.split("_")}
    missing = [
        code
        for term in terms()
        if COMING not in term.section
        for code in term.codes
        if code not in parts
    ]
    assert missing == []
