"""A plugin leaves: its data kept, exported or purged, and nothing of it is left that should go."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from lifang.entities.account import Token
from lifang.entities.caller import Caller
from lifang.kit.errors import Conflict, Forbidden, NotFound
from lifang.lifecycle import leavings, removing, states, stored, switching
from lifang.mechanisms import documents
from lifang.mechanisms.documents import DocumentRow
from lifang.plugins.tables import PluginRow
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.lifecycle.used import CANARY, PHONE, Package, package, rows, use

__all__ = ["package"]  # a fixture


def state(instance: Instance) -> str:
    return states.show(world.boss(instance), "keepsake").state


def test_a_purged_plugin_leaves_no_row_anywhere(
    instance: Instance, boss: Caller, package: Package
) -> None:
    world.person(instance, "张伟")
    before = rows(instance)
    memory = use(instance)
    tables = stored.told_of("keepsake")["tables"]
    empty = {one.model.__name__ for one in leavings.leavings("keepsake", tables) if not one.count()}
    # beside some records of the core lies nothing: they are not searched, or have no deadline
    assert empty <= {"JobProblem", "NameGram", "Timer"}
    files = set((instance.settings.data / "files").glob("*"))
    assert len(files) == 2  # the attachment's, and that of a table to be taken in
    with pytest.raises(Conflict, match="lifang plugin uninstall"):
        removing.purge(boss, "keepsake")
    removing.keep(boss, "keepsake")
    gone = removing.purge(boss, "keepsake")
    assert gone.plugin.state == "purged" and Path(str(gone.backup)).exists()
    assert not set((instance.settings.data / "files").glob("*"))
    after = rows(instance)
    fresh = {name: set(after[name]) - set(before.get(name, ())) for name in after}
    told = [row for some in fresh.values() for row in some]
    assert not [row for row in told if "keepsake" in row or "表扬" in row or "老照片" in row]
    ours = {"core_person", "core_affiliation", "core_account", "core_token", "name_gram"}
    assert {name for name in fresh if fresh[name]} <= ours | {"timer"}
    assert [row for row in fresh["timer"] if "core.clock/" not in row] == []
    assert after.keys() == before.keys()
    narrowed, revoked = Token.select().order_by(Token.scope)
    assert narrowed.scope == "core.people:update" and narrowed.revoked_at is None
    assert revoked.revoked_at is not None
    _starts_anew(instance, int(memory.id))


def _starts_anew(instance: Instance, last: int) -> None:
    """What was said of the old records is not said of new ones: they have numbers of their own."""
    with pytest.raises(Conflict):
        removing.look(world.boss(instance), "keepsake")
    switching.install(world.boss(instance), "keepsake")
    assert state(instance) == "installed" and not DocumentRow.select().exists()
    world.enable(instance, "keepsake", at=world.HOME)
    assert _remember(instance).id > last


def _remember(instance: Instance) -> Any:
    import lifang as lf
    from tests.core.lifecycle.keepsake.plugin import memories

    worker = world.caller(instance, "community_worker", at=world.HOME)
    teller = world.person(instance, "王芳")
    told = {"title": "新", "person": int(teller.id), "community": {"code": world.HOME}}
    return lf.write(memories, "create", worker, told)


def test_a_purge_that_breaks_off_leaves_everything_and_is_finished_by_the_next(
    instance: Instance, boss: Caller, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(instance)
    removing.keep(boss, "keepsake")
    before = rows(instance)
    with monkeypatch.context() as patched:
        patched.setattr(instance.database, "drop", lambda _tables: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            removing.purge(boss, "keepsake", keep_backup=False)
    assert rows(instance) == before and state(instance) == "uninstalled"
    package.take_away()  # and its package is no more needed for it
    assert state(instance) == "missing"
    assert removing.purge(boss, "keepsake", keep_backup=False).plugin.state == "purged"
    assert not [name for name in rows(instance) if name.startswith("keepsake")]


@pytest.mark.once
def test_what_was_uninstalled_is_as_it_was_when_it_is_installed_again(
    instance: Instance, boss: Caller, package: Package
) -> None:
    use(instance)
    before = rows(instance)
    seen = removing.look(boss, "keepsake")
    assert rows(instance) == before  # a look changes nothing
    assert ("keepsake_memory", "回忆", 1) in [(x.name, x.label, x.rows) for x in seen.tables]
    assert seen.documents == 1 and {x.label for x in seen.others} >= {"设置", "附件", "同意"}
    removing.keep(boss, "keepsake")
    assert "keepsake" not in instance.plugins.loaded
    assert instance.registry.find("keepsake", "memories") is None
    assert "keepsake.memory.kept" not in instance.plugins.payloads
    with pytest.raises(Conflict):
        removing.keep(boss, "keepsake")
    district = world.caller(instance, "district_admin", at=world.CHENGGUAN)
    with pytest.raises(Forbidden):
        removing.look(district, "keepsake")
    with pytest.raises(NotFound):
        removing.look(boss, "nonsense")
    with pytest.raises(Conflict, match="lifang plugin install"):
        switching.switch(district, "keepsake", at=world.CHENGGUAN, on=True)

    known = switching.install(boss, "keepsake")
    assert known.state == "installed"
    assert [(one.code, one.on) for one in known.switches] == [(world.CHENGGUAN, False)]
    known = switching.switch(boss, "keepsake", at=world.CHENGGUAN, on=True)
    after = rows(instance)
    moved = {name for name in after if after[name] != before[name]}
    assert moved <= {"core_activation", "catchup", "retry", "subscription"}


@pytest.mark.once
def test_everything_can_be_taken_out_also_when_the_package_is_gone(
    instance: Instance, boss: Caller, package: Package, tmp_path: Path
) -> None:
    memory = use(instance)
    folder = tmp_path / "out"
    package.take_away()
    with pytest.raises(Forbidden):
        keeper = world.caller(instance, "platform_administrator")
        removing.export(keeper, "keepsake", folder, purpose="上级检查")
    gone = removing.export(boss, "keepsake", folder)
    assert gone.plugin.state == "missing" and PluginRow.get().state == "uninstalled"
    names = sorted(str(Path(name).relative_to(folder)) for name in gone.files)
    picture = next(name for name in names if name.startswith("attachments/memories/"))
    assert picture.endswith(CANARY) and (folder / picture).read_bytes()[:4] == b"\x89PNG"
    [row] = csv.DictReader((folder / "memories.csv").read_text("utf-8-sig").splitlines())
    assert (row["id"], row["title"], row["community"]) == (str(memory.id), "老照片", world.HOME)
    assert row["phone"] == "138****1234" and PHONE not in (folder / "memories.csv").read_text()
    told = json.loads((folder / "plugin.json").read_text())
    assert told["nouns"][0]["label"] == {"zh": "回忆", "en": "Memory"}
    with pytest.raises(Conflict):
        removing.export(boss, "keepsake", folder)


@pytest.mark.once
def test_all_of_it_is_taken_out_by_who_may_and_says_what_for(
    instance: Instance, boss: Caller, package: Package, tmp_path: Path
) -> None:
    use(instance)
    removing.export(boss, "keepsake", tmp_path / "out", purpose="移交档案馆")
    assert PHONE in (tmp_path / "out" / "memories.csv").read_text()
    code = DocumentRow.get().code
    assert documents.verify(instance, code)["state"] == "valid"
