"""Sentences for people: Chinese stands in the code, other languages stand in catalogues.

Kept light on purpose – no Babel, no gettext until a sentence really has to be translated – because
every command of the command line pays for importing it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from gettext import NullTranslations
    from pathlib import Path

SOURCE = "zh"
LANGUAGES = (SOURCE, "en")

_chosen: ContextVar[str | None] = ContextVar("lifang_language", default=None)
_folders: list[Path] = []
_catalogues: dict[str, NullTranslations] = {}
_read_before: dict[Path, list[NullTranslations]] = {}
"""What the files of a folder say, for as long as it is known: all are gathered anew for each that
comes or goes."""


def _(message: str, /, **values: object) -> str:
    """Say a sentence in the language of whoever listens; `{name}` is filled from the values."""
    return _filled(message, _translated(message), values)


def _p(context: str, message: str, /, **values: object) -> str:
    """Say a sentence that means something else in a context; without one of its own, the usual.

    A list of records is headed by `_p("plural", label)`: Chinese has one word for one and many.
    """
    return _filled(message, _translated(message, context), values)


def n_(message: str, /) -> str:
    """Mark a sentence that will be translated when it is shown, not where it is written."""
    return message


def language() -> str:
    """Return the language being spoken: the chosen one, else that of the environment."""
    chosen = _chosen.get()
    return chosen if chosen is not None else _language_of_environment()


def half(text: str) -> str:
    """What is said in Chinese and then in English, as packages do of themselves: the half read."""
    chinese, stop, english = text.partition("。")
    said = english.strip() if language() == "en" else chinese + stop
    return said if english.strip() and english.isascii() else text


@contextmanager
def using(name: str) -> Iterator[None]:
    """Speak another language for a while, in this thread or task only."""
    before = _chosen.set(known_language(name))
    try:
        yield
    finally:
        _chosen.reset(before)


def known_language(name: str) -> str:
    """Tell which of our languages a locale name such as `en_GB.UTF-8` asks for.

    What is not English is answered in Chinese: `C`, `POSIX` and an unset locale are what servers
    in China usually have.
    """
    return "en" if name.strip().lower().startswith("en") else SOURCE


def add_catalogue(folder: Path) -> None:
    """Learn a plugin's translations: `folder` holds `en/LC_MESSAGES/*.po` or `*.mo`.

    The core's wording wins where both translate the same sentence, so a plugin cannot reword the
    core; a sentence that means something else in a plugin is said with `_p`.
    """
    if folder not in _folders:
        _folders.append(folder)
        _catalogues.clear()


def drop_catalogue(folder: Path) -> None:
    """Forget a plugin's translations."""
    if folder in _folders:
        _folders.remove(folder)
        _catalogues.clear()
        for spoken in LANGUAGES:
            _read_before.pop(folder / spoken / "LC_MESSAGES", None)


def _language_of_environment() -> str:
    for variable in ("LIFANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        name = os.environ.get(variable)
        if name:
            return known_language(name)
    return SOURCE


def _translated(message: str, context: str | None = None) -> str:
    spoken = language()
    if spoken == SOURCE or not message:  # gettext answers "" with the catalogue's header
        return message
    catalogue = _catalogues.get(spoken)
    if catalogue is None:
        catalogue = _catalogues[spoken] = _load(spoken)
    if context is None:
        return catalogue.gettext(message)
    told = catalogue.pgettext(context, message)
    return told if told != message else catalogue.gettext(message)


def _filled(source: str, told: str, values: dict[str, object]) -> str:
    if not values:
        return told
    try:
        return told.format(**values)
    except (KeyError, IndexError, ValueError):
        # A translator's slip in a placeholder must not turn a refusal into a crash.
        return source.format(**values)


def _load(spoken: str) -> NullTranslations:
    """Gather all catalogues of a language: the core's first, plugins' as its fallbacks."""
    from copy import copy
    from gettext import NullTranslations
    from pathlib import Path

    gathered = NullTranslations()
    core = Path(__file__).parent.parent / "locale"
    for folder in (core, *_folders):
        messages = folder / spoken / "LC_MESSAGES"
        if messages not in _read_before:
            stems = sorted({file.stem for file in messages.glob("*.[pm]o")})
            _read_before[messages] = [one for stem in stems if (one := _read(messages, stem))]
        for one in _read_before[messages]:
            gathered.add_fallback(copy(one))  # each is told the next
    return gathered


def _read(messages: Path, stem: str) -> NullTranslations | None:
    """Read one catalogue; one that cannot be read leaves its sentences Chinese, and says so."""
    from gettext import GNUTranslations

    source, compiled = messages / f"{stem}.po", messages / f"{stem}.mo"
    try:
        if compiled.exists() and not _newer(source, compiled):
            with compiled.open("rb") as file:
                return GNUTranslations(file)
        return _read_source(source)
    except (OSError, ValueError) as error:
        import logging

        logging.getLogger(__name__).warning("%s: %s", messages / stem, error)
        return None


def _newer(source: Path, compiled: Path) -> bool:
    return source.exists() and source.stat().st_mtime > compiled.stat().st_mtime


def _read_source(source: Path) -> NullTranslations:
    """Compile a `.po` in memory: what a developer edits is what is spoken at the next start."""
    from gettext import GNUTranslations
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    compiled = BytesIO()
    try:
        with source.open("rb") as file:
            write_mo(compiled, read_po(file, abort_invalid=True))
    except PoFileError as error:
        raise ValueError(str(error)) from error
    compiled.seek(0)
    return GNUTranslations(compiled)
