"""PostgreSQL: writers side by side, order kept, nothing doubled, and a server that goes away."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest

from lifang.builtin.people import people
from lifang.entities.person import Person
from lifang.events import log
from lifang.events.publish import publish
from lifang.events.tables import EventRow
from lifang.kit.errors import Busy, Malformed
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.store import migrations
from lifang.store.opening import open_database
from lifang.store.served import Served
from lifang.testing import served, world
from lifang.upkeep.working import Duty
from tests.core.store.sides import Side, at_once

pytestmark = pytest.mark.served


def begin_writing(instance: Instance) -> None:
    """Take a transaction number, as any first write does."""
    instance.database.engine.execute_sql("SELECT pg_current_xact_id()")


def tell(instance: Instance, about: str, type: str) -> None:
    publish(type, about, {}, caller=world.boss(instance))


def test_an_earlier_transaction_that_commits_later_loses_no_event(
    empty_instance: Instance,
) -> None:
    """Decision 7: by positions alone a reader would have passed the first event over."""
    instance, database = empty_instance, empty_instance.database

    def early(side: Side) -> None:
        with database.transaction():
            begin_writing(instance)
            tell(instance, "core.test/1", "early")
            database.unit.flush()  # its position is taken, its commit is to come
            side.pause()

    start = log.end()
    first = Side(instance, early).wait()
    with database.transaction():
        tell(instance, "core.test/2", "late")
    assert [row.type for row in EventRow.select()] == ["late"]
    assert log.after(start, 10) == [], "what a running transaction may precede is not told yet"
    assert log.end() == start, "and nobody who comes now is placed behind it"
    first.finish()
    told = log.after(start, 10)
    assert [type for _place, type in told] == ["early", "late"]
    assert [place for place, _type in told] == sorted(place for place, _type in told)
    assert log.end() == told[-1][0]
    assert log.after(told[0][0], 10) == told[1:]


def test_within_a_record_events_keep_their_order_whoever_began_first(
    empty_instance: Instance,
) -> None:
    """At READ COMMITTED the older transaction's event would be second, and be told first."""
    instance, database = empty_instance, empty_instance.database
    tries: list[int] = []

    def slow(side: Side) -> None:
        def deed() -> None:
            tries.append(1)
            with database.transaction():
                begin_writing(instance)
                if len(tries) == 1:
                    side.pause()
                tell(instance, "core.test/1", "second")

        database.whole(deed)

    start = log.end()
    older = Side(instance, slow).wait()
    with database.transaction():
        tell(instance, "core.test/1", "first")
    assert older.finish() is None
    assert len(tries) == 2, "its first try saw too little and was overtaken"
    told = log.read([place.position for place, _type in log.after(start, 10)])
    assert [(event.type, event.sequence) for event in told] == [("first", 1), ("second", 2)]


def test_a_cursor_that_moves_between_commits_misses_nothing(empty_instance: Instance) -> None:
    """Four writers with transactions of many lengths, one reader: each event once, in order."""
    instance, database = empty_instance, empty_instance.database
    start = place = log.end()
    seen: list[tuple[str, int]] = []

    def busy(side: Side, name: int) -> None:
        for number in range(40):

            def deed(number: int = number) -> None:
                with database.transaction():
                    begin_writing(instance)
                    tell(instance, f"core.test/{name}", f"{number}")
                    tell(instance, f"core.test/{name * 100 + number}", "once")

            database.whole(deed)

    sides = [Side(instance, lambda side, n=n: busy(side, n)) for n in (1, 2, 3, 4)]
    while any(side.thread.is_alive() for side in sides) or log.after(place, 1):
        if batch := log.after(place, 7):
            place = batch[-1][0]
            events = log.read([at.position for at, _type in batch])
            seen += [(f"{one.noun}/{one.subject}", one.sequence) for one in events]
    assert [side.result for side in sides] == [None] * 4
    assert len(seen) == len(set(seen)) == 4 * 40 * 2
    for name in (1, 2, 3, 4):
        assert [seq for agg, seq in seen if agg == f"core.test/{name}"] == list(range(1, 41))
    assert len(log.after(start, 1_000)) == len(seen)


def test_a_lost_connection_is_told_plainly_and_the_next_one_works(instance: Instance) -> None:
    boss, database = world.boss(instance), instance.database
    ended = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = '{}' AND pid <> pg_backend_pid()"
    )
    name = database.engine.execute_sql("SELECT current_database()").fetchone()[0]
    served.server().execute(ended.format(name))
    with pytest.raises(Busy):
        reading.find(boss, people, Query())
    with pytest.raises(Busy):
        write(people, "create", boss, {"name": "周迅", "community": {"code": world.HOME}})
    database.mend()
    write(people, "create", boss, {"name": "周迅", "community": {"code": world.HOME}})
    assert Person.select().count() == 1

    def in_the_middle(side: Side) -> None:
        with database.transaction():
            Person.create(name="半个")
            side.pause()

    half = Side(instance, in_the_middle).wait()
    served.server().execute(ended.format(name))
    assert isinstance(half.finish(), Busy)
    done: list[int] = []
    duty = Duty(
        "count", lambda: bool(done.append(Person.select().count())), ready=database.mend, every=0
    )
    duty.turn()
    assert done == [1], "the worker's own connection is replaced before its next turn"


def test_lists_sort_by_the_codes_of_characters_whatever_the_server_speaks(
    instance: Instance,
) -> None:
    names = ["b", "a", "B", "A", "李强", "阿明", "_x", "1", "𠮷", "é"]
    boss = world.boss(instance)
    for name in names:
        write(people, "create", boss, {"name": name, "community": {"code": world.HOME}})
    page = reading.find(boss, people, Query(sort="name"))
    assert [item["name"] for item in page.items] == sorted(names)
    asked = "SELECT count(*) FROM pg_attribute a JOIN pg_collation l ON l.oid = a.attcollation "
    asked += "JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace "
    asked += "AND c.relkind = 'r' AND a.attnum > 0 AND l.collname <> 'C'"
    assert instance.database.engine.execute_sql(asked).fetchone()[0] == 0


def test_moments_are_kept_as_moments_and_told_as_on_the_embedded_database(
    instance: Instance,
) -> None:
    person = world.person(instance, "王小明")
    engine = instance.database.engine
    kind = engine.execute_sql("SELECT pg_typeof(created_at) FROM core_person").fetchone()[0]
    assert str(kind) == "timestamp with time zone"
    moments = [
        dt.datetime(2026, 1, 1, 0, 0, 0, 0, dt.UTC),
        dt.datetime(1900, 2, 28, 23, 59, 59, 999999, dt.timezone(dt.timedelta(hours=8))),
        dt.datetime(9999, 12, 31, 12, 0, 0, 120000, dt.UTC),
    ]
    for moment in moments:
        Person.update(created_at=moment).where(Person.id == person.id).execute()
        assert Person.get_by_id(person.id).created_at == moment
        rows = instance.database.rows(Person.select(Person.created_at))
        wanted = moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert rows[0][0] == wanted.rjust(27, "0")
    with pytest.raises(ValueError, match="time zone"):
        Person.update(created_at=dt.datetime(2026, 1, 1)).execute()  # noqa: DTZ001 – refused


def test_what_the_server_cannot_take_is_a_wrong_request_and_no_failure(instance: Instance) -> None:
    boss = world.boss(instance)
    with pytest.raises(Malformed):
        instance.database.rows(Person.select().where(Person.name == "a\0b"))
    assert reading.find(boss, people, Query()).items == []


def test_numbers_are_never_given_twice_to_writers_side_by_side(empty_instance: Instance) -> None:
    database = empty_instance.database

    def take() -> list[int]:
        taken: list[int] = []
        for _turn in range(20):
            with database.transaction():
                taken += database.allocate(Person, 7)
        return taken

    given = at_once(empty_instance, take, take, take)
    flat = [number for taken in given for number in taken]
    assert len(set(flat)) == len(flat) == 420
    assert all(taken == sorted(taken) for taken in given)


def test_of_two_migrators_one_waits_and_finds_nothing_to_do(tmp_path: Path) -> None:
    server = served.server()
    url = server.create("two_migrators")
    try:
        from lifang.app.instance import MIGRATIONS

        applied: list[list[str]] = []

        def migrate(home: Path) -> None:
            database = open_database(url, home=home, durability="full")
            applied.append(migrations.migrate(database, "core", MIGRATIONS, lock=home / "lock"))
            database.close()

        homes = [tmp_path / "one", tmp_path / "two"]
        for home in homes:
            home.mkdir()
        first = open_database(url, home=tmp_path, durability="full")
        first.bind()
        threads = [threading.Thread(target=migrate, args=(home,)) for home in homes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(map(len, applied)) == [0, len(list(MIGRATIONS.glob("0*.py")))]
        first.close()
    finally:
        server.drop("two_migrators")


def test_a_server_that_is_away_is_named_without_its_secrets(tmp_path: Path) -> None:
    database = Served("postgresql://lifang:geheim@localhost:1/district", durability="full")
    with pytest.raises(Busy, match="localhost:1/district") as refused, database.connection():
        pass
    assert "geheim" not in str(refused.value)
