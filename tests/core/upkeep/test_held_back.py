"""Delivery waits for every transaction of the server that began earlier: the doctor says whose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import psycopg
import pytest

from lifang.events import log
from lifang.services.instance import Instance
from lifang.testing import served, world
from lifang.upkeep import doctor
from lifang.upkeep.doctor import Finding

pytestmark = pytest.mark.served


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes ten minutes at work must not take them here."""
    monkeypatch.setattr(doctor, "LATE", dt.timedelta(seconds=-1))


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Another database of the same server, of somebody else."""
    served.server().drop("neighbour")
    yield served.server().create("neighbour")
    served.server().drop("neighbour")


def held(instance: Instance) -> list[Finding]:
    return [one for one in doctor.examine(instance) if "有事务没有结束" in one.sentence
            or "有一个事务" in one.sentence]  # fmt: skip


def test_a_writer_in_another_database_is_named_with_its_time(
    instance: Instance, elsewhere: str
) -> None:
    """Decision 57."""
    assert held(instance) == []
    with psycopg.connect(elsewhere) as neighbour:
        neighbour.execute("SELECT 1")
        assert held(instance) == [], "who only reads holds nothing back"
        neighbour.execute("SELECT pg_current_xact_id()")
        world.person(instance, "张三")
        end = log.end()
        (found,) = held(instance)
        assert (found.name, found.state) == ("events", "warn")
        assert "neighbour" in found.sentence
        assert "pg_stat_activity" in str(found.remedy)
        assert log.end() == end
        assert log.held_since() is not None
    assert held(instance) == []
    assert log.end() > end, "and then delivery goes on"
    assert log.held_since() is None


def test_a_prepared_transaction_that_nobody_ends_is_found_too(elsewhere: str) -> None:
    """It has no connection, so that nobody sees it."""
    server = served.Server(max_prepared_transactions="2")
    server.start()
    try:
        url = server.create("prepared")
        with psycopg.connect(url, autocommit=True) as one:
            one.execute("CREATE TABLE thing (id integer)")
            one.execute("BEGIN")
            one.execute("INSERT INTO thing VALUES (1)")
            one.execute("PREPARE TRANSACTION 'forgotten'")
        from lifang.store.served import Served

        database = Served(server.create("district"), durability="full")
        with database.connection():
            found = database.oldest_writer()
        database.close()
        assert found is not None
        assert found[0] == "prepared"
    finally:
        server.stop()


def test_a_long_transaction_of_our_own_is_said_to_be_ours(instance: Instance) -> None:
    with psycopg.connect(str(instance.settings.database)) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        (found,) = held(instance)
        assert "本库" in found.sentence
    assert held(instance) == []


def test_where_the_server_does_not_say_since_when_the_first_waiting_event_does(
    instance: Instance, elsewhere: str
) -> None:
    server, name = served.server(), str(instance.settings.database).split("/")[3].split("?")[0]
    server.execute("DROP ROLE IF EXISTS guest")
    server.execute("CREATE ROLE guest LOGIN")
    from lifang.store.served import Served

    database = Served(server.url(name).replace("lifang@", "guest@"), durability="full")
    try:
        with psycopg.connect(elsewhere) as neighbour:
            neighbour.execute("SELECT pg_current_xact_id()")
            with database.connection():
                assert database.oldest_writer() == ("neighbour", None)
    finally:
        database.close()
        server.execute("DROP ROLE guest")
