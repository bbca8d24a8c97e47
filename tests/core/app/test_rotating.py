"""A new data key seals everything anew: killed halfway it goes on, nothing is lost or changed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lifang.app import moving, restoring
from lifang.app.instance import opened
from lifang.app.rotating import rotate
from lifang.entities.attachment import Attachment
from lifang.entities.audit import AuditChange
from lifang.entities.person import Person
from lifang.events.tables import Erasable
from lifang.kit import settings
from lifang.kit.errors import Conflict, Forbidden
from lifang.mechanisms import attachments
from lifang.services.instance import Instance
from lifang.store import copying
from lifang.store.keys import Key, load_keys
from lifang.testing import world
from lifang.upkeep import backup
from tests.core.app.populated import SECRET, goes_on
from tests.core.upkeep.dumped import quiet

KILLED = """
import os, signal
from lifang.app.instance import opened
from lifang.app.rotating import rotate
from lifang.testing import world
seen = []
def step(*told):
    seen.append(told)
    if told[1] == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
with opened() as instance:
    rotate(world.boss(instance), step)
"""


def sealed_under(instance: Instance) -> dict[int, int]:
    """How many values of whatever table are sealed under which key."""
    found: dict[int, int] = {}
    for table in copying.tables(instance.database):
        for one in instance.database.engine.get_columns(table.name):
            if table.name != "core_key" and one.data_type.upper() in ("BLOB", "BYTEA"):
                asked = f'SELECT "{one.name}" FROM "{table.name}"'  # noqa: S608 – the database's own names
                for (blob,) in instance.database.engine.execute_sql(asked).fetchall():
                    if blob and bytes(blob)[:1] == b"\x01":
                        number = int.from_bytes(bytes(blob)[1:5], "big")
                        found[number] = found.get(number, 0) + 1
    for path in (instance.settings.data / "files").glob("*"):
        number = int.from_bytes(path.read_bytes()[1:5], "big")
        found[number] = found.get(number, 0) + 1
    return found


def test_killed_halfway_it_goes_on_and_everything_opens_also_in_old_backups(
    place: Path, password: str, empty: Callable[[], str], tmp_path: Path
) -> None:
    url = empty()
    if url.startswith("postgresql"):
        moving.move(url, quiet, plan=False)
    with opened() as instance:
        row = Attachment.get()
        told = {k: getattr(row, k) for k in attachments.BINDING}
        row.name = instance.keys.lock("证明.pdf".encode(), attachments._bound(told))
        row.save()
        old = instance.keys.current["field"]
        before = sealed_under(instance)
        version = Person.get_by_id(1).version
        kept, _manifest = backup.make(instance, tmp_path / "old.lifang", quiet)
    assert set(before) == {old}

    died = subprocess.run([sys.executable, "-c", KILLED.format(at=5)], check=False)
    assert died.returncode == -signal.SIGKILL
    with opened() as instance:
        assert instance.keys.current["field"] != old
        assert sealed_under(instance)[old] > 0
        done = rotate(world.boss(instance), quiet)
        assert (done.resumed, done.files, done.lost) == (True, 1, [])
        assert sealed_under(instance) == {done.key: sum(before.values())}
        person = Person.get_by_id(1)
        assert (person.version, Key.get_by_id(old).retired_at is not None) == (version, True)
        assert person.phone_index == instance.keys.index(SECRET["phone"], kind="phone")
        assert attachments.name_of(world.boss(instance), Attachment.get()) == "证明.pdf"
    goes_on(place, password)

    restoring.restore(kept, None, quiet, replace=True)
    with opened() as instance:
        assert set(sealed_under(instance)) == {old}
        assert not rotate(world.boss(instance), quiet).resumed


def test_who_runs_beside_it_reads_what_is_sealed_anew(instance: Instance) -> None:
    boss = world.boss(instance)
    person = world.person(instance, "李强", phone=SECRET["phone"])
    beside = load_keys(instance.settings.key_file)
    done = rotate(boss, quiet)
    blob = Person.get_by_id(person.id).phone
    assert int.from_bytes(blob.blob[1:5], "big") == done.key
    assert done.key not in beside.keys["field"]
    plain = beside.open(blob, table="core_person", column="phone", row=person.id)
    assert (plain, beside.current["field"]) == (SECRET["phone"], done.key)


def test_what_was_altered_stays_and_is_named(instance: Instance) -> None:
    boss = world.boss(instance)
    person, other = (world.person(instance, name, phone=SECRET["phone"]) for name in ("甲", "乙"))
    with instance.database.transaction():
        Person.update(phone=Person.get_by_id(person.id).phone).where(
            Person.id == other.id
        ).execute()
        Erasable.create(subject="core.person/1", key="k", value="AQAAAAE" + "A" * 60 + "=")
    done = rotate(boss, quiet)
    assert set(done.lost) == {f"core_person.phone #{other.id}", "erasable.value #k"}
    assert AuditChange.select().where(AuditChange.after == SECRET["phone"]).count() == 0


@pytest.mark.once
def test_only_a_platform_administrator_rotates_and_one_at_a_time(
    instance: Instance, tmp_path: Path
) -> None:
    boss = world.boss(instance)
    worker = world.caller(instance, "community_worker", at=world.HOME)
    with pytest.raises(Forbidden, match="平台管理员"):
        rotate(worker, quiet)
    with (
        backup.workplace(instance.settings.run / "rotation"),
        pytest.raises(Conflict, match="正在进行"),
    ):
        rotate(boss, quiet)
    assert Key.select().where(Key.purpose == "field").count() == 1
    assert settings.load(instance.settings.home).key_file.exists()
    assert rotate(boss, quiet).key
