"""Transactions, the write lane, ids, and the forms in which values are stored for ever."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import threading
import time
from pathlib import Path
from typing import Any

import peewee as pw
import pytest

from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.events.publish import publish
from lifang.events.tables import EventRow
from lifang.kit.errors import Busy, Conflict, Invalid, NotReady
from lifang.services.instance import Instance
from lifang.store import lane
from lifang.store.fields import DayField, InstantField, PartialDateField
from lifang.store.lane import Lane
from lifang.store.opening import open_database
from lifang.store.sensitive import Sealed
from lifang.testing import world


def tell(instance: Instance, type: str) -> None:
    publish(type, "core.test/1", {}, caller=world.boss(instance))


def types() -> list[str]:
    return [row.type for row in EventRow.select().order_by(EventRow.pos)]


def test_events_of_a_rolled_back_savepoint_are_dropped_and_the_others_kept(
    empty_instance: Instance,
) -> None:
    database = empty_instance.database
    with database.transaction():
        tell(empty_instance, "one")
        with pytest.raises(ZeroDivisionError), database.transaction():
            tell(empty_instance, "two")
            _ = 1 / 0
        tell(empty_instance, "three")
    assert types() == ["one", "three"]
    assert [row.seq for row in EventRow.select().order_by(EventRow.pos)] == [1, 2]


def test_a_transaction_that_fails_leaves_no_event_and_wakes_nobody(
    empty_instance: Instance,
) -> None:
    woken: list[str] = []
    with pytest.raises(ZeroDivisionError), empty_instance.database.transaction() as unit:
        unit.after.append(lambda: woken.append("x"))
        tell(empty_instance, "one")
        _ = 1 / 0
    assert (types(), woken) == ([], [])
    with empty_instance.database.transaction() as unit:
        unit.after.append(lambda: woken.append("x"))
        tell(empty_instance, "two")
    assert (types(), woken) == (["two"], ["x"])


def test_nothing_is_published_outside_a_transaction(empty_instance: Instance) -> None:
    with pytest.raises(RuntimeError):
        tell(empty_instance, "one")


def test_an_id_is_never_used_twice_not_even_after_its_row_is_gone(
    empty_instance: Instance,
) -> None:
    database = empty_instance.database
    with database.transaction():
        assert list(database.allocate(Community, 3)) == [1, 2, 3]
        Community.create(id=3, code="x", name="x", kind="city")
    Community.delete().execute()
    with database.transaction():
        assert list(database.allocate(Community)) == [4]


def test_a_unique_index_refuses_with_a_sentence(empty_instance: Instance) -> None:
    from lifang.entities.account import Account

    with empty_instance.database.transaction():
        Account.create(name="甲")
    with pytest.raises(Conflict), empty_instance.database.transaction():
        Account.create(name="甲")
    with pytest.raises(pw.IntegrityError), empty_instance.database.transaction():
        Person.create(name=None)


def _hold(path: str, ready: Any, done: Any) -> None:
    with Lane(Path(path), timeout=5).hold():
        ready.set()
        done.wait(10)


def test_the_lane_keeps_other_processes_and_threads_out_until_its_deadline(tmp_path: Path) -> None:
    path = tmp_path / "write.lock"
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Event(), spawn.Event()
    holder = spawn.Process(target=_hold, args=(str(path), ready, done))
    holder.start()
    assert ready.wait(20)
    waiting = Lane(path, timeout=0.2)
    started = time.monotonic()
    with pytest.raises(Busy), waiting.hold():
        pass
    assert 0.15 < time.monotonic() - started < 2
    done.set()
    holder.join(10)
    with waiting.hold():
        refused: list[type[Exception]] = []

        def try_it() -> None:
            try:
                with waiting.hold():
                    pass
            except Busy as error:
                refused.append(type(error))

        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert refused == [Busy]
    assert lane.FIRST_WAIT < lane.LONGEST_WAIT


def test_writers_of_many_threads_all_get_their_turn(empty_instance: Instance) -> None:
    def write(number: int) -> None:
        for step in range(10):
            with empty_instance.database.transaction():
                Community.create(code=f"{number}-{step}", name="x", kind="city")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Community.select().count() == 80


@pytest.mark.parametrize(
    "zone", [dt.UTC, dt.timezone(dt.timedelta(hours=8)), dt.timezone(dt.timedelta(hours=-5))]
)
def test_an_instant_sorts_as_text_whatever_zone_it_came_in(zone: dt.tzinfo) -> None:
    field = InstantField()
    moment = dt.datetime(2026, 11, 23, 23, 59, 59, 7, tzinfo=zone)
    stored = field.db_value(moment)
    assert len(stored) == 27
    assert field.python_value(stored) == moment
    later = field.db_value(moment + dt.timedelta(microseconds=1))
    assert stored < later
    early = field.db_value(moment.replace(year=473))
    assert (len(early), field.python_value(early)) == (27, moment.replace(year=473))
    with pytest.raises(ValueError, match="time zone"):
        field.db_value(moment.replace(tzinfo=None))


def test_days_and_partial_dates_keep_what_is_known() -> None:
    assert DayField().db_value(dt.date(2026, 2, 1)) == "2026-02-01"
    assert DayField().python_value("2026-02-01") == dt.date(2026, 2, 1)
    for known in ("1980", "1980-05", "1980-05-31", None):
        assert PartialDateField().db_value(known) == known
    for unknown in ("80", "1980-13", "1980-05-32", "1980-5", "about 1980"):
        with pytest.raises(ValueError, match="partial date"):
            PartialDateField().db_value(unknown)


def test_a_plain_value_is_never_stored_in_a_sensitive_column(instance: Instance) -> None:
    with pytest.raises(TypeError):
        Person.create(name="甲", phone="13812345678")
    assert str(Sealed(b"secret")) == "***"


def test_a_sealed_value_opens_only_in_its_own_cell(instance: Instance) -> None:
    keys = instance.keys
    sealed = keys.seal("13812345678", table="core_person", column="phone", row=1)
    assert keys.open(sealed, table="core_person", column="phone", row=1) == "13812345678"
    from lifang.kit.errors import NotReady

    for cell in (
        {"table": "core_person", "column": "phone", "row": 2},
        {"table": "core_person", "column": "citizen_id", "row": 1},
        {"table": "core_other", "column": "phone", "row": 1},
    ):
        with pytest.raises(NotReady):
            keys.open(sealed, **cell)
    again = keys.seal("13812345678", table="core_person", column="phone", row=1)
    assert again.blob != sealed.blob  # equal values look different
    assert keys.index("620102198001010033", kind="citizen_id") == keys.index(
        " ６20102198001010033", kind="citizen_id"
    )
    assert keys.index("1", kind="citizen_id") != keys.index("1", kind="phone")


def test_a_database_nobody_can_open_yet_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="postgresql"):
        open_database("mysql://x/y", home=tmp_path, durability="full")
    opened = open_database(f"sqlite:///{tmp_path}/x.db", home=tmp_path, durability="normal")
    assert opened.path == tmp_path / "x.db"


@pytest.mark.embedded
def test_a_full_disk_is_told_nothing_is_half_written_and_it_goes_on_when_there_is_room(
    instance: Instance,
) -> None:
    database: Any = instance.database
    before = Person.select().count()
    [(pages,)] = database.engine.execute_sql("PRAGMA page_count").fetchall()
    database.engine.execute_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(NotReady, match="磁盘满了，这一次没有写入") as refused:
        for number in range(500):
            world.person(instance, f"张{number}")
    assert (refused.value.status, refused.value.extra) == (503, {"reason": "full"})
    kept = Person.select().count()
    assert EventRow.select().where(EventRow.type == "core.person.created").count() == kept - before
    database.engine.execute_sql("PRAGMA max_page_count = 1073741823")
    world.person(instance, "李强")
    assert Person.select().count() == kept + 1
