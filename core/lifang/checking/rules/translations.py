"""Sentences: Chinese in the code, English in a catalogue that compiles and is shipped."""

from __future__ import annotations

import ast
import io
import re
import string
from collections.abc import Iterator
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import PoFileError, read_po

from lifang.checking.modules import Module
from lifang.checking.rule import Hits, Spot, hit, rule
from lifang.checking.source import Source
from lifang.kit.words import _, using

CHINESE = re.compile(r"[⺀-鿿豈-﫿]")
LINE = re.compile(
    r'(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?)\s+)?"(?:[^"\\]|\\.)*")?'
)
"""A line of a catalogue: babel itself takes a text whose quotes do not close."""
MARKS = {"lifang._", "lifang.n_", "lifang._p"}
SHOWN = (
    "Plugin Resource Setting action Indicator place ref Sensitive State Money DayField Card Notice "
    "InstantField PartialDateField Document Purpose Ledger CheckIn Places Format Score Desk.panel"
)
"""What has labels: whatever Chinese stands in one of these, people are shown."""
UNSHOWN = {"default", "presets", "doc", "reason", "text", "template", "search"}
"""Keywords whose texts are values, or for readers of the source."""


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
            declares = name.removeprefix("lifang.") in SHOWN.split() or name.startswith("peewee.")
            named = [one.value for one in call.keywords if one.arg not in UNSHOWN]
            marked = [call.args[-1 if name.endswith("_p") else 0]] if call.args else []
            for given in [*call.args, *named] if declares else marked if name in MARKS else ():
                for node in _texts(given):
                    if CHINESE.search(node.value):
                        yield module, node, node.value


def _texts(node: ast.expr) -> Iterator[Any]:
    """The texts of an expression, those of calls within it left out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    elif isinstance(node, ast.List | ast.Tuple):
        for one in node.elts:
            yield from _texts(one)
    elif isinstance(node, ast.Dict):
        for one in node.values:
            yield from _texts(one)


@rule("LF510", tier=3)
def strings_are_translated(source: Source) -> Hits:
    """Whatever people are shown is said in English too, by the plugin or by the core."""
    known: set[str] = set()
    for _path, catalogue in catalogues(source):
        known |= {_first(one.id) for one in catalogue if one.id and one.string}
    with using("en"):
        for module, node, text in said(source):
            if text not in known and _(text) == text:
                known.add(text)
                yield module.hit(node, text=text if len(text) < 40 else f"{text[:39]}…")


def _first(id: object) -> str:
    return str(id[0] if isinstance(id, list | tuple) else id)


@rule("LF511", tier=3)
def catalogues_compile(source: Source) -> Hits:
    """Every catalogue can be read."""
    for path in source.below(".po", "LC_MESSAGES"):
        for line_number, line in enumerate((source.text(path) or "").splitlines(), start=1):
            if not LINE.fullmatch(line.strip()):
                yield hit(Spot(path, line_number), why=line.strip()[:40])
        try:
            read_po(io.BytesIO(source.files[path]), abort_invalid=True)
        except (PoFileError, ValueError, UnicodeDecodeError) as error:
            yield hit(
                Spot(path, int(getattr(error, "lineno", 0) or 1)), why=str(error).splitlines()[0]
            )


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
