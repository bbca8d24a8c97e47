"""What the tool settings and the lock promise holds for every plugin, on every machine."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
PACKAGES = sorted(f"lifang_{folder.name}" for folder in PLUGINS)
DISTRIBUTIONS = [ROOT / "core", *PLUGINS]

TEXT = {
    ".py",
    ".toml",
    ".md",
    ".sh",
    ".in",
    ".lock",
    ".html",
    ".css",
    ".js",
    ".po",
    ".csv",
    ".cfg",
    "",
}
PLACES = ["core", "plugins", "plugin_template", "docs", "tests", "changes", ".ci"]
LEFT_OUT = {"__pycache__", "_build", "dist"}
SOMEBODYS_FOLDER = re.compile(r"/(?:home|root|work|Users)/[A-Za-z.]")


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


SETTINGS = read(ROOT / "pyproject.toml")["tool"]


def contract(name: str) -> dict[str, Any]:
    found = [one for one in SETTINGS["importlinter"]["contracts"] if one["name"] == name]
    assert len(found) == 1, name
    contract: dict[str, Any] = found[0]
    return contract


def our_files() -> list[Path]:
    """Every text file of the project, without what tools leave behind."""
    below = [path for place in PLACES for path in (ROOT / place).rglob("*")]
    found = [path for path in [*ROOT.iterdir(), *below] if path.is_file()]
    return [
        path
        for path in found
        if path.suffix in TEXT and not LEFT_OUT & set(path.relative_to(ROOT).parts)
    ]


def test_every_import_contract_knows_every_plugin() -> None:
    assert sorted(SETTINGS["importlinter"]["root_packages"]) == ["lifang", *PACKAGES]
    assert sorted(contract("The core knows no plugin")["forbidden_modules"]) == PACKAGES
    assert sorted(contract("Plugins use the front door only")["source_modules"]) == PACKAGES
    assert sorted(contract("Plugins never import one another")["modules"]) == PACKAGES


def test_every_check_covers_every_plugin() -> None:
    folders = [folder.relative_to(ROOT).as_posix() for folder in PLUGINS]
    packages = [f"{folder}/{name}" for folder, name in zip(folders, PACKAGES, strict=True)]
    assert sorted(SETTINGS["mypy"]["mypy_path"]) == ["core", *folders]
    assert sorted(SETTINGS["mypy"]["files"]) == ["core/lifang", *packages]
    assert sorted(SETTINGS["coverage"]["run"]["source_pkgs"]) == ["lifang", *PACKAGES]
    assert set(PACKAGES) <= set(SETTINGS["ruff"]["lint"]["isort"]["known-first-party"])


def test_every_plugin_is_named_like_its_folder() -> None:
    for folder in PLUGINS:
        project = read(folder / "pyproject.toml")["project"]
        package = f"lifang_{folder.name}"
        assert project["name"] == package.replace("_", "-")
        target = f"{package}.plugin:plugin"
        offered = import_module(f"{package}.plugin").plugin.provides
        wanted = {"lifang.plugins": {folder.name: target}}
        wanted |= {"lifang.provides": dict.fromkeys(offered, target)} if offered else {}
        if (folder / package / "sample.py").exists():
            wanted["lifang.sample"] = {folder.name: f"{package}.sample:year"}
        assert project["entry-points"] == wanted
        assert (folder / package / "py.typed").exists()


def test_every_dependency_has_a_lower_bound_and_is_capped() -> None:
    for folder in DISTRIBUTIONS:
        project = read(folder / "pyproject.toml")["project"]
        extras = project.get("optional-dependencies", {}).values()
        for line in [*project["dependencies"], *(line for extra in extras for line in extra)]:
            assert re.fullmatch(r"[a-z0-9-]+(\[[a-z]+\])?>=[0-9.]+,<[0-9]+", line), line


def test_every_distribution_carries_the_licence_and_the_build_hook() -> None:
    for folder in DISTRIBUTIONS:
        for name, original in {"LICENSE": ROOT, "hatch_build.py": ROOT / "core"}.items():
            assert (folder / name).read_bytes() == (original / name).read_bytes(), folder / name


def test_the_lock_names_hashes_and_no_addresses() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in text
    assert "file:" not in text
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all(re.match(r"[a-z0-9._-]+==[^ ]+ ", entry) for entry in entries)
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_lock_holds_whatever_the_core_needs() -> None:
    names = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    project = read(ROOT / "core" / "pyproject.toml")["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    wanted = {re.split(r"\[|>=", line)[0] for line in lines}
    wanted |= set(re.findall(r"^([a-z0-9-]+)$", (ROOT / "requirements.in").read_text(), re.M))
    assert wanted <= names


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    found = [
        path for path in our_files() if SOMEBODYS_FOLDER.search(path.read_text("utf-8", "ignore"))
    ]
    assert found == []


PLACES_OF_A_PLUGIN = {
    "documents", "events", "indicators", "models", "notices", "pages", "plugin", "policies",
    "purposes", "resources", "sample", "schemas", "services", "settings", "sheets",
}  # fmt: skip
"""Where a reader finds each concern; absent where there is none (`design/plugins.md` §5)."""
OWN_WORDS = {"agency_contracts": {"ocds", "ocds_blocks"}}
"""Exchange formats, each named by its standard."""
OUTWARD = {"mail_notices", "nats_bridge", "webhooks"}
"""They speak to other machines and keep no records of a domain: their files are named by what
travels."""


def test_a_reader_of_one_plugin_finds_everything_at_the_same_place_in_the_others() -> None:
    for folder in PLUGINS:
        if folder.name in OUTWARD:
            continue
        package = folder / f"lifang_{folder.name}"
        files = {path.stem for path in package.glob("*.py")} - {"__init__"}
        folders = {path.parent.name for path in package.glob("*/__init__.py")}
        assert files | folders <= PLACES_OF_A_PLUGIN | OWN_WORDS.get(folder.name, set()), folder
        assert not files & folders, folder
        assert {"plugin", "models", "resources", "services", "events"} <= files | folders, folder
        declared = (package / "plugin.py").read_text("utf-8")
        assert declared.rstrip().endswith(")"), folder
        assert "plugin = lf.Plugin(" in declared.split("\n\n")[-1], folder
        assert "def " not in declared, f"{folder}: a table of contents, nothing else"
        every = [*package.rglob("*.py"), *folder.glob("tests/*.py")]
        long = {path.name: n for path in every if (n := len(path.read_text().splitlines())) > 250}
        assert not long, (folder, long)
