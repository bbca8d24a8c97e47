"""Sentences: Chinese in the code, English in a catalogue that compiles and is shipped."""

from __future__ import annotations

import ast
import gettext
import io
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import PoFileError, read_po

import lifang.kit.words as words
from lifang.checking.modules import Module
from lifang.checking.rule import Hits, Spot, hit, rule
from lifang.checking.source import Source

CHINESE = re.compile(r"[⺀-鿿豈-﫿]")
LINE = re.compile(
    r'(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?)\s+)?"(?:[^"\\]|\\.)*")?'
)
"""A line of a catalogue: babel itself takes a text whose quotes do not close."""
MARKS = {"lifang._", "lifang.n_", "lifang._p"}
LABELS = {"Plugin": 1, "Resource": None, "Setting": 2, "action": 0, "Indicator": 1, "place": 0,
          "ref": 1, "Sensitive": 0, "State": 0}  # fmt: skip
"""What has a label, and at which place it is said; None: by its keyword only."""


@cache
def _of_the_core() -> frozenset[str]:
    """The sentences that the core has in English."""
    folder = Path(words.__file__).parent.parent / "locale" / "en" / "LC_MESSAGES"
    found: set[str] = set()
    for file in folder.glob("*.mo"):
        with file.open("rb") as stream:
            found |= {str(key) for key in gettext.GNUTranslations(stream)._catalog}  # type: ignore[attr-defined]  # its messages
    for file in folder.glob("*.po"):
        with file.open("rb") as stream:
            found |= {str(one.id) for one in read_po(stream, locale="en") if one.id}
    return frozenset(found)


def catalogues(source: Source) -> Iterator[tuple[str, Catalog]]:
    """Its catalogues that can be read, source or, in a wheel, compiled."""
    for path in source.below(".po", "LC_MESSAGES") or source.below(".mo", "LC_MESSAGES"):
        stream = io.BytesIO(source.files[path])
        try:
            read = read_po(stream, abort_invalid=True) if path.endswith(".po") else read_mo(stream)
        except (PoFileError, ValueError, OSError, UnicodeDecodeError):
            continue
        yield path, read


def said(source: Source) -> Iterator[tuple[Module, ast.expr, str]]:
    """Every Chinese sentence that people are shown: marked ones, and the labels of declarations."""
    for module in source.modules:
        for name, call in module.called:
            if name in MARKS and call.args:
                yield from _chinese(module, call.args[-1 if name.endswith("_p") else 0])
    for name, place in LABELS.items():
        for use in source.uses(name):
            told = use.said("label", place)
            for one in (told, use.said("help"), use.said("unit"), use.said("verbose_name")):
                yield from _chinese(use.module, one)
            if name == "State":
                for keyword in use.call.keywords:
                    yield from _chinese(use.module, keyword.value)
    for module in source.modules:
        for name, call in module.called:
            if name.startswith("peewee.") or name.startswith("lifang."):
                for keyword in call.keywords:
                    if keyword.arg == "verbose_name":
                        yield from _chinese(module, keyword.value)


def _chinese(module: Module, node: ast.expr | None) -> Iterator[tuple[Module, ast.expr, str]]:
    told = module.value(node) if isinstance(node, ast.Constant | ast.BinOp) else None
    if node is not None and isinstance(told, str) and CHINESE.search(told):
        yield module, node, told


@rule("LF510", tier=3)
def strings_are_translated(source: Source) -> Hits:
    """Whatever people are shown is said in English too."""
    known = set(_of_the_core())
    for _path, catalogue in catalogues(source):
        known |= {_first(one.id) for one in catalogue if one.id and one.string}
    told: set[str] = set()
    for module, node, text in said(source):
        if text not in known | told:
            told.add(text)
            yield hit(module.spot(node), text=text if len(text) < 40 else f"{text[:39]}…")


def _first(id: object) -> str:
    return str(id[0] if isinstance(id, list | tuple) else id)


@rule("LF511", tier=3)
def catalogues_compile(source: Source) -> Hits:
    """Every catalogue can be read."""
    for path in source.below(".po", "LC_MESSAGES"):
        for number, line in enumerate((source.text(path) or "").splitlines(), start=1):
            if not LINE.fullmatch(line.strip()):
                yield hit(Spot(path, number), why=line.strip()[:40])
        try:
            read_po(io.BytesIO(source.files[path]), abort_invalid=True)
        except (PoFileError, ValueError, UnicodeDecodeError) as error:
            line = getattr(error, "lineno", None) or 1
            yield hit(Spot(path, int(line)), why=str(error).splitlines()[0])


@rule("LF512", tier=3)
def translations_have_the_places(source: Source) -> Hits:
    """A translation is settled, and has the places of its sentence."""
    for path, catalogue in catalogues(source):
        for one in catalogue:
            id, told = _first(one.id), _first(one.string)
            if id and told and (one.fuzzy or _places(id) != _places(told)):
                yield hit(Spot(path, one.lineno or 1), text=id)


def _places(sentence: str) -> list[tuple[str, str]]:
    try:
        parts = list(string.Formatter().parse(sentence))
    except ValueError:
        return []
    return sorted((name, form or "") for _text, name, form, _as in parts if name is not None)


@rule("LF513", tier=3)
def a_wheel_carries_its_translations(source: Source) -> Hits:
    """A wheel whose code speaks has compiled catalogues."""
    if source.wheel and any(said(source)) and not source.below(".mo", "LC_MESSAGES"):
        yield hit(Spot(source.manifest_path))
