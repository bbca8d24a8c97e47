"""A person's data is handed to them whole, and erased so that nothing of it is left."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from lifang.app.instance import opened
from lifang.app.main import hands
from lifang.builtin.people import people
from lifang.entities.audit import AuditEntry
from lifang.services.gateway import write
from lifang.testing import world
from lifang.upkeep import privacy
from tests.core.app.populated import attach, report, visit
from tests.core.cli.conftest import Said, say

SECRET = {"phone": "13912345678", "citizen_id": "620102198001010033", "address": "金丝雀小区3号楼"}
NAME = "夏侯金丝"


@pytest.fixture
def home(planted: Path) -> Path:
    """An instance with one person of whom much is known, closed."""
    with opened(planted) as instance:
        world.enable(instance, "dual_reporting", at=world.CITY)
        person = world.person(instance, NAME, **SECRET)
        other = world.person(instance, "陆别人", phone="13812345678")
        write(people, "update", world.boss(instance), {"name": NAME, "phone": "13912345679"},
              id=person.id, version=1)  # fmt: skip
        report(instance, person.id)
        report(instance, other.id)
        attach(instance)
        visit(instance, person.id)
    return planted


def privately(*words: str) -> Said:
    return say(hands, "privacy", *words)


def test_the_export_holds_all_of_one_person_and_nobody_else(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "one.zip"
    assert privately("export", "1", "-o", str(file)).code == 2  # no reason
    made = privately("export", "1", "--reason", "本人申请", "-o", str(file))
    assert (made.code, file.stat().st_mode & 0o777) == (0, 0o600), made.err
    with zipfile.ZipFile(file) as pack:
        told = json.loads(pack.read("data.json"))
        page = pack.read("index.html").decode()
        files = [name for name in pack.namelist() if name.startswith("files/")]
        assert pack.read(files[0]).startswith(b"%PDF")
    assert told["core.people"][0]["citizen_id"] == SECRET["citizen_id"]
    assert told["core.people"][0]["phone"] == "13912345679"
    assert [one["person"]["name"] for one in told["dual_reporting.reports"]] == [NAME]
    assert told["events"] == ["13812345678"]  # what the visit told
    assert {"create", "update"} <= {one["verb"] for one in told["trail"]}
    assert SECRET["citizen_id"] in page
    assert "陆别人" not in page + json.dumps(told, ensure_ascii=False)
    with opened(home):
        entry = AuditEntry.select().where(AuditEntry.verb == "export_all").get()
        assert (entry.record, entry.reason, entry.actor_name) == (1, "本人申请", "boss")


def test_erased_means_gone_from_every_file_and_again_after_a_restore(
    home: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "before.lifang"
    assert say(hands, "backup", "create", str(kept)).code == 0
    looked = privately("erase", "1", "--reason", "本人要求", "--dry-run")
    assert (looked.code, "报到" in looked.out) == (0, True), looked.err
    assert "通知和 1 个附件会删除" in looked.out
    [file] = (home / "data" / "files").glob("*")
    assert privately("erase", "1", "--reason", "本人要求").code == 2  # nobody was asked
    assert NAME in say(hands, "people", "list").out

    done = privately("erase", "1", "--reason", "本人要求", "--yes", "--json")
    assert (done.json["erased"]["1"] > 5, done.json["files"], file.exists()) == (
        True, {"1": 1}, False,
    )  # fmt: skip
    assert NAME not in say(hands, "people", "list").out
    assert "陆别人" in say(hands, "people", "list").out
    assert say(hands, "audit", "verify").code == 0
    with opened(home) as instance:
        everything = "".join(
            repr(instance.database.engine.execute_sql(f'SELECT * FROM "{table}"').fetchall())  # noqa: S608 – the database's own names
            for table in instance.database.engine.get_tables()
        )
        for word in (NAME, "夏侯", "139****5678", "139****5679", "620102***********3"):
            assert word not in everything, word
        assert privacy.returned(instance.settings) == []

    assert say(hands, "backup", "restore", str(kept), "--replace").code == 0
    assert NAME in say(hands, "people", "list").out
    checks = say(hands, "doctor", "--json").json["checks"]
    [found] = [one for one in checks if one["name"] == "erased"]
    assert (found["state"], "--again" in found["remedy"]) == ("bad", True)
    again = privately("erase", "--again", "--reason", "恢复之后", "--yes")
    assert (again.code, "1 个附件" in again.out, file.exists()) == (0, True, False), again.err
    assert NAME not in say(hands, "people", "list").out
    assert privately("erase", "--again", "--reason", "x", "--yes").out == "没有要删除的\n"


def test_only_a_platform_administrator_may(home: Path, tmp_path: Path) -> None:
    made = say(hands, "accounts", "create", "wang", "--role", "district_admin", "--at", world.CITY)
    assert made.code == 0, made.err
    told = ("--reason", "看看", "--as", "wang")
    refused = privately("export", "1", *told, "-o", str(tmp_path / "x.zip"))
    assert refused.code == 3
    assert privately("erase", "1", "--yes", *told).code == 3
    assert not (tmp_path / "x.zip").exists()
    assert privately("erase", "99", "--yes", "--reason", "x").code == 4
