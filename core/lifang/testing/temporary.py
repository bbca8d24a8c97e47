"""Plugins that are declared in a test, and found by their metadata like installed ones."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from lifang.plugins.plugin import Plugin
from lifang.services.instance import Instance


@contextmanager
def packages(folder: Path) -> Iterator[Path]:
    """A folder in which packages written meanwhile are found; forgotten with it at the end."""
    folder.mkdir(exist_ok=True)
    sys.path.insert(0, str(folder))
    try:
        yield folder
    finally:
        sys.path.remove(str(folder))
        for name, module in [*sys.modules.items()]:
            if str(getattr(module, "__file__", None) or "").startswith(f"{folder}/"):
                del sys.modules[name]
        importlib.invalidate_caches()


def present(folder: Path, plugin: Plugin, *, version: str = "1.0") -> None:
    """Let a declaration be found as if its package were installed in a folder of `packages`."""
    module = ModuleType(f"lifang_{plugin.id}")
    module.__file__ = str(folder / f"{module.__name__}.py")
    module.__dict__["plugin"] = plugin
    sys.modules[module.__name__] = module
    told = [f"Summary: {plugin.label}", "Requires-Dist: lifang>=0.1,<1"]
    tell_of(folder, module.__name__, plugin.id, f"{module.__name__}:plugin", version, told)


def tell_of(
    folder: Path,
    package: str,
    plugin: str,
    entry: str,
    version: str = "1.0",
    told: Sequence[str] = (),
) -> Path:
    """Write what an installer would tell of a package in a folder: that it holds a plugin.

    `told` are further lines of its metadata. Gives the folder that says it.
    """
    info = folder / f"{package}-{version}.dist-info"
    info.mkdir(parents=True)
    name = f"Name: {package.replace('_', '-')}"
    lines = ["Metadata-Version: 2.1", name, f"Version: {version}", *told]
    (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[lifang.plugins]\n{plugin} = {entry}\n", "utf-8")
    importlib.invalidate_caches()
    return info


def make_tables(instance: Instance, plugin: Plugin) -> None:
    """Make the tables of a declaration that has no migrations."""
    if not plugin.migrations.is_dir():
        instance.database.engine.create_tables([one.model for one in plugin.resources])
