"""The catalogue: a folder that works from a stick; it agrees with the plugins, and it denies."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lifang.app.instance import open_instance
from lifang.entities.caller import Caller
from lifang.kit.errors import Conflict, Invalid, NotFound, NotReady
from lifang.kit.words import _, add_catalogue, using
from lifang.lifecycle import bundles, catalogue, installing, publishing
from lifang.plugins.manager import discover
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import SettingRow
from lifang.services.instance import Instance
from lifang.testing.world import CHENGGUAN
from tests.core.lifecycle import shelf
from tests.core.lifecycle.machine import sha256

ROOT = Path(__file__).parents[3]
OURS = ROOT / "plugins" / "catalogue"
SHELF = """
id = "shelf"
distribution = "lifang-shelf"
label = { zh = "书架", en = "Bookshelf" }
summary = { zh = "社区的书。", en = "Books of a community, <i>lent</i>." }
tier = 2
core = ">=0.1,<1"
licence = "Apache-2.0"
maintainer = "nobody"
personal_data = { zh = "不保存", en = "none" }
capabilities = ["tables", "pages"]
"""
VERSIONS = '\n[[versions]]\nversion = "1.0"\n\n[[versions]]\nversion = "0.9"\n'


def plugins() -> list[Plugin]:
    found = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))
    return [importlib.import_module(f"lifang_{id}.plugin").plugin for id in found]


def capabilities(plugin: Plugin) -> set[str]:
    has = {
        "tables": plugin.migrations.exists(),
        "pages": bool(plugin.resources),
        "outside": any(handler.mode != "tx" for handler in plugin.handlers),
        "duties": bool(plugin.duties),
    }
    return {name for name, held in has.items() if held}


def write(folder: Path, text: str, name: str = "shelf.toml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


class Page(HTMLParser):
    """What a page fetches and where it leads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.leads: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.leads |= {str(value) for name, value in attrs if name in ("href", "src")}


@pytest.mark.once
def test_our_catalogue_agrees_with_our_plugins() -> None:
    ours = catalogue.read(OURS)
    assert set(ours.entries) == {one.id for one in plugins()}
    for plugin in plugins():
        entry = ours.entries[plugin.id]
        add_catalogue(plugin.folder / "locale")
        with using("en"):
            assert dict(entry.label) == {"zh": plugin.label, "en": _(plugin.label)}
        manifest = plugin.folder.parent / "pyproject.toml"
        told = tomllib.loads(manifest.read_text("utf-8"))["project"]
        assert (entry.distribution, entry.licence) == (told["name"], told["license"])
        assert told["dependencies"][0] == f"lifang{entry.core}"
        assert entry.latest and entry.latest.version == told["version"]
        chinese, english = (entry.summary[one].rstrip(".")[-8:] for one in ("zh", "en"))
        assert chinese in told["description"]
        assert english in told["description"]
        assert set(entry.capabilities) == capabilities(plugin), plugin.id
        assert set(entry.provides) == set(plugin.provides)
        assert set(entry.needs) == {need.name for need in plugin.needs}
    for bundle in ours.bundles.values():
        assert set(bundle.plugins) <= set(ours.entries)
        assert bundle.label.keys() == {"zh", "en"}


@pytest.mark.once
def test_it_is_built_into_pages_that_need_no_network_and_an_index_that_says_the_same(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path / "catalogue", SHELF + VERSIONS)
    write(folder, '[[deny]]\nid = "bad"\nreason = "泄露 & 电话"\nsince = 2026-11-30\n', "deny.toml")
    shutil.copy(OURS / "bundles.toml", folder)
    made = shelf.first(tmp_path / "wheels")
    built = publishing.build(folder, tmp_path / "wheels")
    release = built.entries["shelf"].latest
    assert release is not None
    assert (release.version, release.sha256) == ("1.0", sha256(made))
    assert built.wheel(release) == folder / "wheels" / made.name
    stick = tmp_path / "stick"
    shutil.move(folder, stick)
    for path in stick.glob("*.toml"):
        path.unlink()
    again = catalogue.read(stick)
    assert (again.entries, again.denied) == (built.entries, built.denied)
    assert [one.id for one in again.search(["BOOKS", "lent"])] == ["shelf"]
    assert again.search(["nothing"]) == []
    pages = {path.name: Page(path) for path in stick.glob("*.html")}
    assert set(pages) == {"index.html", "index.en.html", "shelf.html", "shelf.en.html"}
    for page in pages.values():
        assert not page.tags & {"script", "img", "iframe", "form", "i"}
        assert all((stick / lead).is_file() for lead in page.leads), page.leads
    text = (stick / "index.html").read_text("utf-8")
    assert "泄露 &amp; 电话" in text
    assert not re.search(r"https?:", text)
    assert json.loads((stick / "index.json").read_text("utf-8"))["format"] == 1


@pytest.mark.once
def test_what_is_wrong_in_a_file_is_told_with_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    with pytest.raises(NotReady, match="没有插件目录"):
        catalogue.read(folder)
    for wrong, told in (
        (SHELF + "nonsense = 1\n", "nonsense"),
        (SHELF.replace("tier = 2", "tier = 9"), "tier.*9"),
        (SHELF.replace('core = ">=0.1,<1"', 'core = "about 1"'), "about 1"),
        (SHELF.replace('id = "shelf"', 'id = "other"'), "id"),
        (SHELF.replace('"tables"', '"magic"'), "capabilities"),
        (SHELF + "= 1", "shelf.toml"),
    ):
        with pytest.raises(Invalid, match=told) as caught:
            catalogue.read(write(folder, wrong))
        assert "shelf.toml" in caught.value.sentence
    write(folder, SHELF + VERSIONS.replace('"1.0"', f'"1.0"\nsha256 = "{"0" * 64}"'))
    shelf.first(tmp_path / "wheels")
    with pytest.raises(Conflict, match="lifang_shelf-1.0"):
        publishing.build(folder, tmp_path / "wheels")
    assert not (folder / "index.json").exists()


def test_a_denied_plugin_is_not_loaded_and_says_why(
    instance: Instance, boss: Caller, enable: Callable[..., None], tmp_path: Path
) -> None:
    enable("dual_reporting", at=CHENGGUAN)
    home = instance.settings.home
    listed = write(tmp_path / "c", '[[deny]]\nid = "webhooks"\nversions = "<9"\n', "deny.toml")
    line = "dual_reporting <1 2026-11-30 泄露 电话"
    for said in ({"LIFANG_DENY": line}, {"LIFANG_DENY": "dual_reporting >=1 不是这个版本"}):
        told = said | {"LIFANG_CATALOGUE": str(listed)}
        again = open_instance(home, environ=told)
        denied = said["LIFANG_DENY"] == line
        assert ("dual_reporting" in again.plugins.loaded) != denied
        caller = Caller(again, again.plugins.refresh(), "boss", "cli", standings=boss.standings)
        with again.database.connection():
            reasons = "".join(map(str, again.plugins.why_not(discover()["dual_reporting"])))
            assert ("泄露 电话（2026-11-30 起）" in reasons) == denied
            with pytest.raises(NotReady, match="没有写明原因"):
                installing.install(caller, "webhooks")
        again.close()
    instance.database.bind()


def test_a_bundle_is_planned_then_installed_switched_on_and_set(
    instance: Instance, boss: Caller, tmp_path: Path
) -> None:
    text = '[small]\nlabel = { zh = "小" }\nplugins = ["agency_contracts", "dual_reporting"]\n'
    text += '[small.settings.agency_contracts]\npreset = "three-stage"\n'
    text += '[bad]\nlabel = { zh = "坏" }\nplugins = ["not_there"]\n'
    write(tmp_path, text, "bundles.toml")
    object.__setattr__(instance.settings, "catalogue", tmp_path)
    with pytest.raises(NotFound, match="small、bad"):
        bundles.plan(boss, "other", at=CHENGGUAN)
    with pytest.raises(NotFound, match="not_there"):
        bundles.plan(boss, "bad", at=CHENGGUAN)
    bundle, steps = bundles.plan(boss, "small", at=CHENGGUAN)
    assert [(one.plugin, one.fetch, one.enable) for one in steps] == [
        ("agency_contracts", False, True),
        ("dual_reporting", False, True),
    ]
    bundles.apply(boss, bundle, steps, at=CHENGGUAN)
    snapshot = instance.plugins.refresh()
    assert all(snapshot.where(one) for one in bundle.plugins)
    assert {row.basis for row in SettingRow.select()} == {"小"}
    _bundle, again = bundles.plan(boss, "small", at=CHENGGUAN)
    assert [one.enable for one in again] == [False, False]
