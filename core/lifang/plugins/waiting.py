"""Migrations of a plugin that are outstanding, found out without importing a line of it."""

from __future__ import annotations

from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lifang.kit.errors import NotReady
from lifang.store.database import Database, proxy
from lifang.store.migrations import pending

if TYPE_CHECKING:
    from lifang.plugins.manager import Found


def folder_of(found: Found) -> Path | None:
    """Where the migrations of a present plugin lie: beside the module that declares it."""
    package, *inner = found.entry.module.split(".")
    spec: Any = PathFinder.find_spec(package)
    if spec is None or (inner and not spec.submodule_search_locations):
        return None
    if not inner:
        top = Path(spec.origin).parent if spec.origin else None
        return top / "migrations" if top else None
    return Path(spec.submodule_search_locations[0]).joinpath(*inner[:-1], "migrations")


def due(found: Found) -> list[str]:
    """The names of migrations that `lifang migrate` would apply; none for a newer database."""
    folder = folder_of(found)
    if folder is None or not folder.is_dir():
        return []
    try:
        return pending(cast(Database, proxy.obj.keeper), found.id, folder)
    except NotReady:  # told where it is loaded, and by the doctor
        return []
