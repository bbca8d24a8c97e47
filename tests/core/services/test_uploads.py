"""Files sent over the network: sealed while they are kept, done once, then thrown away."""

from __future__ import annotations

import datetime as dt
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine

from lifang.builtin.people import people
from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.job import Job
from lifang.entities.person import Person
from lifang.events.tables import EventRow
from lifang.kit import clock
from lifang.kit.errors import Conflict, Forbidden, NotFound
from lifang.kit.words import using
from lifang.resources.resource import Resource
from lifang.services import depot, jobs, uploads
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.jobs import Jobs
from lifang.testing import world

SECRETS = ("13800009876", "欧阳小燕", "620102198001010033")
HEADER = "姓名,性别,手机号,居住社区"
Send = Callable[..., Job]


@pytest.fixture
def sender(instance: Instance) -> Caller:
    """A worker with an account of their own."""
    return someone(instance, "wang")


def someone(instance: Instance, name: str) -> Caller:
    told = world.caller(instance, "community_worker", at=world.HOME)
    with instance.database.transaction():
        account = Account.create(name=name)
        place = Community.get(Community.code == world.HOME)
        Grant.create(account=account, role="community_worker", community=place)
    return replace(told, account=int(account.id), name=name)


def table(*rows: str, header: str = HEADER) -> io.BytesIO:
    return io.BytesIO("\n".join([header, *rows]).encode())


def crowd(number: int) -> io.BytesIO:
    return table(*[f"人{one},女,,{world.HOME}" for one in range(number)])


def finish(instance: Instance) -> None:
    worker = Jobs(instance)
    while worker.step():
        pass


def test_a_kept_file_says_nothing_and_only_its_owner_on_the_machine_may_open_it(
    instance: Instance, sender: Caller
) -> None:
    header = "姓名,身份证件号码,手机号,居住社区"
    row = f"{SECRETS[1]},{SECRETS[2]},{SECRETS[0]},{world.HOME}"
    source = table(*[row] * 5_000, header=header)
    job = uploads.receive(sender, people, source, name="名册.csv")
    (path,) = (instance.settings.data / "files").iterdir()
    raw = path.read_bytes()
    assert len(raw) > len(source.getvalue())
    for secret in (*SECRETS, "姓名", "名册"):
        assert secret.encode() not in raw and secret not in path.name
    for whole in instance.settings.data.rglob("*"):
        if whole.is_file():
            assert SECRETS[0].encode() not in whole.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with depot.opened(instance, str(job.place)) as stream:
        assert stream.read() == source.getvalue()
        stream.seek(-7, io.SEEK_END)
        assert stream.read() == source.getvalue()[-7:]
        stream.seek(100_000)
        assert stream.read(70_000) == source.getvalue()[100_000:170_000]


def test_a_kept_file_that_was_changed_or_swapped_is_refused(
    instance: Instance, sender: Caller
) -> None:
    first, second = (
        uploads.receive(sender, people, crowd(n), name="a.csv") for n in (3_000, 4_000)
    )
    folder = instance.settings.data / "files"
    one, other = folder / str(first.place), folder / str(second.place)
    one.write_bytes(other.read_bytes())
    with pytest.raises(NotFound), depot.opened(instance, str(first.place)) as stream:
        stream.read()


def test_an_import_belongs_to_whoever_sent_it(instance: Instance, sender: Caller) -> None:
    job = uploads.receive(sender, people, table(f"王五,男,13x,{world.HOME}"), name="a.csv")
    uploads.go_on(sender, people, job)
    assert uploads.import_of(sender, people, job.id).id == job.id
    assert b"13x" in b"".join(uploads.failing(sender, job))
    overseer = replace(world.boss(instance), account=sender.account + 77 if sender.account else 1)
    for other in (someone(instance, "li"), overseer):
        for number in (int(job.id), 999_999):
            with pytest.raises(NotFound, match="没有找到"):
                uploads.import_of(other, people, number)
        with pytest.raises(Forbidden):
            uploads.failing(other, job)


def test_what_waits_is_confirmed_once(instance: Instance, sender: Caller) -> None:
    job = uploads.receive(sender, people, table(f"王五,男,,{world.HOME}"), name="a.csv")
    checked = uploads.go_on(sender, people, job)
    assert (checked.state, checked.created, Person.select().count()) == ("waiting", 1, 0)
    done = uploads.go_on(sender, people, checked, check=False)
    assert (done.state, done.created, Person.select().count()) == ("finished", 1, 1)
    with pytest.raises(Conflict):
        uploads.go_on(sender, people, checked, check=False)
    created = EventRow.select().where(EventRow.type == "core.person.created").count()
    assert created == Person.select().count() == 1


def test_a_header_that_is_wrong_keeps_the_file_out_even_where_rows_are_skipped(
    instance: Instance, sender: Caller
) -> None:
    source = table(f"王五,什么,{world.HOME}", header="姓名,不知道,居住社区")
    job = uploads.receive(sender, people, source, name="a.csv", check=False, skip_invalid=True)
    assert uploads.go_on(sender, people, job).state == "failed"
    assert Person.select().count() == 0


def test_a_cancelled_import_stops_at_the_next_piece(instance: Instance, sender: Caller) -> None:
    job = uploads.receive(
        sender, people, crowd(5_200), name="a.csv", check=False, skip_invalid=True
    )
    uploads.go_on(sender, people, job)
    worker = Jobs(instance)
    for _turn in range(3):
        assert worker.step()
    before = Person.select().count()
    write(instance.registry.of(Job), "cancel", sender, {}, int(job.id))
    while worker.step():
        pass
    assert 0 < before == Person.select().count() < 5_200
    assert Job.get_by_id(job.id).state == "cancelled"


KILLED = """
import os, signal, sys
from lifang.app.instance import opened
import lifang.upkeep.working
from lifang.services.jobs import Jobs
with opened(sys.argv[1]) as instance, instance.database.connection():
    worker = Jobs(instance)
    for _turn in range(4):
        worker.step()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_another_worker_goes_on_where_one_was_killed(instance: Instance, sender: Caller) -> None:
    job = uploads.receive(
        sender, people, crowd(5_200), name="a.csv", check=False, skip_invalid=True
    )
    uploads.go_on(sender, people, job)
    home: Path = instance.settings.home
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(home)], env={**os.environ, "LIFANG_HOME": str(home)},
        check=False, capture_output=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = Job.get_by_id(job.id)
    assert left.state == "running" and 0 < left.done < 5_200
    assert Person.select().count() == left.created
    finish(instance)
    whole = Job.get_by_id(job.id)
    assert (whole.state, whole.created) == ("finished", 5_200)
    assert len({person.name for person in Person.select()}) == Person.select().count() == 5_200


def test_a_job_in_living_hands_is_left_to_them(instance: Instance, sender: Caller) -> None:
    job = uploads.receive(sender, people, crowd(5_001), name="a.csv")
    uploads.go_on(sender, people, job)
    hand = "elsewhere/1/1"
    Job.update(lease_owner=hand, lease_until=clock.now() + jobs.LEASE, state="running").execute()
    assert not Jobs(instance).step()
    Job.update(lease_until=clock.now() - jobs.LEASE).execute()
    assert Jobs(instance).step()


def test_a_worker_acts_with_the_rights_of_today(instance: Instance, sender: Caller) -> None:
    with using("en"):
        job = uploads.receive(sender, people, crowd(5_001), name="a.csv", check=False)
    uploads.go_on(sender, people, job)
    Grant.update(until=dt.date(2020, 1, 1)).where(Grant.account == sender.account).execute()
    finish(instance)
    assert (Job.get_by_id(job.id).state, Person.select().count()) == ("failed", 0)
    Account.update(disabled=True).where(Account.id == sender.account).execute()
    Job.update(state="queued", lease_owner=None).execute()
    finish(instance)
    told = Job.get_by_id(job.id)
    assert (told.state, told.note) == ("failed", "The account that began it is disabled")


def test_files_are_thrown_away_after_a_week(instance: Instance, sender: Caller) -> None:
    waiting = uploads.receive(sender, people, crowd(1), name="a.csv")
    done = uploads.receive(sender, people, crowd(2), name="b.csv", check=False)
    uploads.go_on(sender, people, done)
    folder = instance.settings.data / "files"
    with time_machine.travel(clock.now() + jobs.KEPT - dt.timedelta(minutes=1), tick=False):
        finish(instance)
        assert len(list(folder.iterdir())) == 2
    with time_machine.travel(clock.now() + jobs.KEPT + dt.timedelta(minutes=1), tick=False):
        finish(instance)
    assert list(folder.iterdir()) == []
    states = {job.id: (job.state, job.place) for job in Job.select()}
    assert states == {waiting.id: ("cancelled", None), done.id: ("finished", None)}
    with pytest.raises(NotFound, match="不再保存"):
        uploads.failing(sender, Job.get_by_id(done.id))


def test_a_noun_of_another_plugin_does_not_find_it(instance: Instance, sender: Caller) -> None:
    job = uploads.receive(sender, people, crowd(1), name="a.csv")
    other: Resource[Community] = instance.registry.of(Community)
    with pytest.raises(NotFound):
        uploads.import_of(sender, other, int(job.id))


def test_a_worker_of_another_machine_leaves_a_file_to_the_one_that_has_it(
    instance: Instance, sender: Caller, tmp_path: Path
) -> None:
    """Machines share a database, and each has a folder of its own."""
    there = replace(instance, settings=replace(instance.settings, home=tmp_path / "elsewhere"))
    job = uploads.receive(sender, people, crowd(3), name="a.csv", check=False)
    jobs.queue(sender, job)
    assert not Jobs(there).step()
    assert Job.get_by_id(job.id).state == "queued"
    finish(instance)
    assert Person.select().count() == 3
    lost = uploads.receive(sender, people, crowd(4), name="b.csv", check=False)
    jobs.queue(sender, lost)
    depot.drop(instance, str(lost.place))
    assert not Jobs(instance).step()
    with time_machine.travel(clock.now() + dt.timedelta(days=1, minutes=1), tick=False):
        finish(instance)
    assert Job.get_by_id(lost.id).state == "failed"
    assert "不再保存" in Job.get_by_id(lost.id).note
    with time_machine.travel(clock.now() + jobs.KEPT + dt.timedelta(minutes=1), tick=False):
        finish(there)
        assert Job.select().where(~Job.place.is_null()).count() == 0
        assert depot.here(instance, str(job.place)), "it could not be thrown away from there"
        finish(instance)
    assert list((instance.settings.data / "files").iterdir()) == []
