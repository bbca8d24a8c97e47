"""A plugin as it lies in a folder or a wheel: read, parsed, and never imported."""

from __future__ import annotations

import ast
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from email import message_from_string
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from lifang.checking.modules import Function, Module
from lifang.checking.rule import Hit, Spot
from lifang.kit.errors import NotFound
from lifang.kit.words import _

GROUP = "lifang.plugins"
LEFT_OUT = {"__pycache__", "dist", "build", "node_modules", "htmlcov", "venv"}
READ = {".py", ".toml", ".md", ".txt", ".html", ".po", ".mo", ".js", ".css", ".svg", ".typed", ""}
LARGEST = 4 << 20


@dataclass(frozen=True)
class Use:
    """A call of something that the front door offers, and the module it stands in."""

    module: Module
    call: ast.Call

    def hit(self, node: ast.AST | None = None, **values: Any) -> Hit:
        """Say that it breaks a rule, perhaps by a part of it."""
        return self.module.hit(node or self.call, **values)

    def said(self, name: str, place: int | None = None) -> ast.expr | None:
        """What is said for a keyword, or at a place."""
        given = next((one.value for one in self.call.keywords if one.arg == name), None)
        if given is None and place is not None and len(self.call.args) > place:
            return self.call.args[place]
        return given

    def written(self, name: str, place: int | None = None) -> str:
        """The same as it stands in the source; nothing where it is not said."""
        told = self.said(name, place)
        return ast.unparse(told) if told is not None else ""

    def value(self, name: str, place: int | None = None) -> Any:
        """The same as a value, or None where it is not written out."""
        return self.module.value(self.said(name, place))


N = TypeVar("N", bound=ast.AST)


class Source:
    """The files of a plugin by their path below its folder, and what they say."""

    def __init__(self, files: dict[str, bytes], *, folder: Path | None, wheel: Path | None) -> None:
        """Keep the files; nothing is parsed before it is asked for."""
        self.files, self.folder, self.wheel = files, folder, wheel
        self.against: Path | None = None
        """A wheel that was released, whose migrations these must begin with."""

    @classmethod
    def read(cls, path: Path) -> Source:
        """Read a folder with a `pyproject.toml`, or a wheel; raises NotFound for anything else."""
        if path.is_dir():
            return cls(dict(_below(path)), folder=path, wheel=None)
        if path.suffix == ".whl" and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as wheel:
                told = [one for one in wheel.infolist() if one.file_size <= LARGEST]
                files = {one.filename: wheel.read(one) for one in told if not one.is_dir()}
            return cls(files, folder=None, wheel=path)
        raise NotFound(_("{path} 不是插件的源码文件夹，也不是 wheel 文件", path=path))

    def text(self, path: str) -> str | None:
        """A file as text, or None where there is none."""
        found = self.files.get(path)
        return None if found is None else found.decode("utf-8", "replace")

    def below(self, suffix: str, part: str = "") -> list[str]:
        """The files of the package that end so, perhaps below a folder of some name."""
        return [
            path
            for path in sorted(self.files)
            if path.endswith(suffix)
            and path.startswith(f"{self.root}{self.package}/")
            and (not part or part in path.split("/")[:-1])
        ]

    @cached_property
    def manifest_path(self) -> str:
        """The file that says what the distribution is: pyproject.toml, or a wheel's METADATA."""
        found = [path for path in self.files if path.endswith(".dist-info/METADATA")]
        return found[0] if self.wheel and found else "pyproject.toml"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The whole pyproject.toml; of a wheel what its metadata says in the same words."""
        if self.wheel is None:
            return tomllib.loads(self.text("pyproject.toml") or "")
        return {"project": _of_metadata(self, self.manifest_path)}

    @cached_property
    def project(self) -> dict[str, Any]:
        """The table `project`; empty where it cannot be read, which a rule of its own says."""
        try:
            told = self.manifest.get("project", {})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            return {}
        return told if isinstance(told, dict) else {}

    @cached_property
    def entries(self) -> dict[str, str]:
        """What stands in the group `lifang.plugins`: name → `module:attribute`."""
        groups = self.project.get("entry-points", {})
        told = groups.get(GROUP, {}) if isinstance(groups, dict) else {}
        return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}

    @cached_property
    def package(self) -> str:
        """The folder of the package that the entry point names, else the only one there is."""
        for value in self.entries.values():
            return value.partition(":")[0].partition(".")[0].strip()
        found = {path.split("/")[0] for path in self.files if path.endswith("/plugin.py")}
        return min(found, default="")

    @property
    def root(self) -> str:
        """Where packages lie: beside the manifest, or in `src/`."""
        return "src/" if any(path.startswith(f"src/{self.package}") for path in self.files) else ""

    @property
    def name(self) -> str:
        """What it is called: by its entry point, else by its folder."""
        place = self.folder.resolve().name if self.folder else self.wheel.name if self.wheel else ""
        return next(iter(self.entries), place)

    @cached_property
    def id(self) -> str:
        """The id that its declaration says, else that of its entry point."""
        for use in self.uses("Plugin"):
            if isinstance(told := use.value("id", 0), str):
                return told
        return self.name

    @cached_property
    def modules(self) -> list[Module]:
        """Every module that is imported when the plugin runs; migrations and tests are none."""
        return [one for one in self.parsed if not one.migration and one.tree is not None]

    @cached_property
    def parsed(self) -> list[Module]:
        """Every Python file of the package; one that does not parse has no tree."""
        single = f"{self.root}{self.package}.py"  # a plugin of one file
        paths = [*self.below(".py"), *([single] if single in self.files else [])]
        found = [Module(path, self.text(path) or "", self.root) for path in paths]
        return [one for one in found if "tests" not in one.path.split("/")]

    @cached_property
    def migrations(self) -> list[Module]:
        """Its migrations, in the order of their numbers."""
        found = [one for one in self.parsed if one.migration]
        return [one for one in found if not one.path.endswith("/__init__.py")]

    def nodes(self, kind: type[N]) -> Iterator[tuple[Module, N]]:
        """Every node of a kind, in all modules but migrations."""
        for module in self.modules:
            for node in module.nodes:
                if isinstance(node, kind):
                    yield module, node

    def functions(self) -> Iterator[tuple[Module, Function]]:
        """Every function of the plugin, with the module it stands in."""
        return ((module, one) for module in self.modules for one in module.functions)

    def calls(self, *among: str) -> Iterator[tuple[Module, str, ast.Call]]:
        """Every call of what is named, or begins so where the name ends with a dot or a star."""
        heads = tuple(one.rstrip("*") for one in among if one.endswith((".", "*")))
        for module in self.modules:
            for name, call in module.called:
                if name in among or (heads and name.startswith(heads)):
                    yield module, name, call

    def uses(self, *names: str) -> list[Use]:
        """Every call of something from the front door, as `uses("Resource")`."""
        wanted = {f"lifang.{name}" for name in names}
        return [
            Use(module, call)
            for module in self.modules
            for name, call in module.called
            if name in wanted
        ]

    @cached_property
    def spot(self) -> Spot:
        """Where the plugin is declared, for what is said of it as a whole."""
        found = self.uses("Plugin")
        return found[0].hit().spot if found else Spot(self.manifest_path)

    def manifest_spot(self, text: str) -> Spot:
        """The line of the manifest that holds some text."""
        lines = (self.text(self.manifest_path) or "").splitlines()
        found = (number for number, line in enumerate(lines, 1) if text in line)
        return Spot(self.manifest_path, next(found, 1))

    @cached_property
    def tag(self) -> str | None:
        """The newest tag of git that names a released version of it, or None."""
        if self.folder is None:
            return None
        name = self.project.get("name", "")
        told = _git(self.folder, "tag", "--list", f"{name}-*", "--sort=-v:refname")
        return next(iter((told or "").split()), None)

    def released(self) -> Iterator[tuple[str, bytes]]:
        """The migrations of the wheel to compare with, or of the newest tag, by their path."""
        if self.against is not None:
            for path, content in Source.read(self.against).files.items():
                if "/migrations/" in path and path.endswith(".py"):
                    yield path, content
        elif self.tag is not None and self.folder is not None:
            listed = _git(self.folder, "ls-tree", "-r", "--name-only", self.tag, ".") or ""
            for path in listed.split():
                if "/migrations/" in path and path.endswith(".py"):
                    told = _git(self.folder, "show", f"{self.tag}:./{path}")
                    yield path, (told or "").encode()


def _below(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(one in LEFT_OUT or one.startswith(".") for one in parts)
        foreign = any(one.endswith((".egg-info", ".dist-info")) for one in parts)
        small = path.suffix in READ and path.is_file() and path.stat().st_size <= LARGEST
        if small and not hidden and not foreign:
            yield "/".join(parts), path.read_bytes()


def _of_metadata(source: Source, path: str) -> dict[str, Any]:
    """What a wheel's metadata says, in the words of `project`."""
    told = message_from_string(source.text(path) or "")
    urls = [str(one).partition(",") for one in told.get_all("Project-URL", [])]
    people = [told.get(one) for one in ("Author", "Author-email", "Maintainer", "Maintainer-email")]
    groups = ConfigParser(delimiters=("=",))
    groups.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    groups.read_string(source.text(path.replace("METADATA", "entry_points.txt")) or "")
    return {
        "name": told.get("Name"),
        "version": told.get("Version"),
        "license": told.get("License-Expression"),
        "readme": str(told.get_payload()),
        "dependencies": [one for one in told.get_all("Requires-Dist", []) if "extra ==" not in one],
        "authors": [{"name": one} for one in people if one],
        "urls": {name.strip(): url.strip() for name, _comma, url in urls},
        "entry-points": {name: dict(groups[name]) for name in groups.sections()},
    }


def _git(folder: Path, *words: str) -> str | None:
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 – the plugin's own history, read only
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
