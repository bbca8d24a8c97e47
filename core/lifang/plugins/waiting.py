"""Migrations of a plugin that are outstanding, found out without importing a line of it."""

from __future__ import annotations

from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifang.kit.errors import NotReady
from lifang.store.database import proxy
from lifang.store.migrations import pending

if TYPE_CHECKING:
    from lifang.plugins.manager import Found


def folder_of(found: Found) -> Path | None:
    """Where the migrations of a present plugin lie, if there are any: beside what declares it."""
    package, *inner = found.entry.module.split(".")
    spec: Any = PathFinder.find_spec(package)
    if spec is None:
        return None
    tops = spec.submodule_search_locations if inner else spec.origin and [Path(spec.origin).parent]
    return Path(tops[0]).joinpath(*inner[:-1], "migrations") if tops else None


def due(found: Found) -> list[str]:
    """The names of migrations that `lifang migrate` would apply; none for a newer database."""
    folder = folder_of(found)
    try:
        return pending(proxy.obj.keeper, found.id, folder) if folder else []
    except NotReady:  # told where it is loaded, and by the doctor
        return []
