"""A wheel carries its translations compiled: people edit .po, Python reads .mo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface):  # type: ignore[type-arg]  # hatchling leaves it open
    """Every catalogue of the distribution is compiled beside its source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before anything is collected: a wheel and an editable install both need it."""
        for source in sorted(Path(self.root).glob("*/locale/*/LC_MESSAGES/*.po")):
            compile_catalogue(source)


def compile_catalogue(source: Path) -> None:
    """Write the compiled twin of one catalogue; fuzzy entries are left out, as gettext does."""
    with source.open("rb") as stream:
        catalogue = read_po(stream, locale=source.parts[-3])
    with source.with_suffix(".mo").open("wb") as stream:
        write_mo(stream, catalogue)
