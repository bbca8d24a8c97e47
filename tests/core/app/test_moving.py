"""An instance moves into another database and back: nothing is lost, doubled, or half there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lifang.app import moving
from lifang.app.instance import create, opened
from lifang.app.main import hands
from lifang.app.moving import Moved
from lifang.app.serve import alone
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.person import Person
from lifang.events.tables import EventRow, Retry, Subscription
from lifang.kit import settings
from lifang.kit.errors import Conflict, Invalid, LifangError, NotReady
from lifang.services import delivery
from lifang.store import copying
from lifang.store.database import Database
from lifang.store.opening import open_database
from lifang.testing import world
from tests.core.app.populated import SUBSCRIPTION, goes_on, move_away, sent_back
from tests.core.cli.conftest import say
from tests.core.upkeep.dumped import Dump, content, quiet

MOVED = ("database", "move")


@pytest.fixture
def home(place: Path) -> Path:
    """Where the instance lies, on the embedded database."""
    return place


def at(url: str | None, home: Path) -> Database:
    return open_database(url, home=home, durability="full")


def held(url: str | None, home: Path, *, without: tuple[str, str] | None = MOVED) -> Dump:
    database = at(url, home)
    try:
        return content(database, without=without)
    finally:
        database.close()


def move(url: str, *, plan: bool = False, progress: Any = quiet) -> Moved:
    return moving.move(url, progress, plan=plan)


def test_there_and_back_everything_is_the_same_and_goes_on(
    home: Path, password: str, empty: Callable[[], str]
) -> None:
    before = held(None, home, without=None)
    url = empty()
    there = move(url)
    assert there.aside is not None
    assert there.rows == {name: len(rows) for name, rows in before.items() if name != "counters"}
    assert there.aside.name.startswith("lifang.db.moved-")
    assert not (home / "data" / "lifang.db").exists()
    assert settings.load(home, env={}).database == url
    assert held(url, home) == before

    back = move("embedded")
    assert (back.source, back.target) == (there.target, there.source)
    assert {**back.rows, "audit_entry": 0, "audit_change": 0} == {
        **there.rows, "audit_entry": 0, "audit_change": 0
    }  # fmt: skip
    assert settings.load(home, env={}).database is None
    assert held(None, home) == before
    goes_on(home, password)
    with opened(home):
        noted = AuditEntry.select().where(AuditEntry.verb == "move", AuditEntry.noun == "database")
        changes = AuditChange.select(AuditChange.field, AuditChange.after)
        told = [dict(changes.where(AuditChange.entry == one.id).tuples()) for one in noted]
        assert told == [
            {"from": there.source, "to": there.target},
            {"from": there.target, "to": there.source},
        ]


def test_in_the_new_database_everything_goes_on(
    home: Path, password: str, empty: Callable[[], str]
) -> None:
    counted = held(None, home)["counters"]
    move(empty())
    goes_on(home, password)
    with opened(home) as instance:
        now = instance.database.counters()
        for told in counted:
            name, last = told.split()
            assert now[name] >= int(last), "no id is ever given twice"


def test_a_dry_run_says_what_would_be_moved_and_changes_nothing(
    home: Path, password: str, empty: Callable[[], str]
) -> None:
    before, url = held(None, home), empty()
    planned = move(url, plan=True)
    assert planned.rows["core_person"] == 4
    assert planned.aside is None
    assert held(None, home) == before
    assert not move(url).rows.keys() - planned.rows.keys(), "and the target was still empty"


def test_a_move_needs_the_instance_to_itself(
    home: Path, password: str, empty: Callable[[], str]
) -> None:
    url = empty()
    with opened(home), pytest.raises(Conflict, match="正在被使用"):
        move(url)
    with alone(settings.load()), pytest.raises(Conflict, match="已有一个服务在运行"):
        move(url)
    refused: list[str] = []

    def watch(*_told: object) -> None:
        with pytest.raises(LifangError) as told, opened(home):
            pass
        refused.append(told.value.sentence)

    move(url, progress=watch)
    assert refused
    with opened(home):
        pass


def test_only_an_empty_database_is_moved_into(
    home: Path, password: str, empty: Callable[[], str], tmp_path: Path
) -> None:
    before = held(None, home)
    full = empty()
    database = at(full, home)
    with database.connection():
        database.engine.execute_sql("CREATE TABLE somebodys (id INTEGER)")
    database.close()
    with pytest.raises(Conflict, match="空的数据库"):
        move(full)
    with pytest.raises(Conflict, match="数据已经在"):
        move("embedded")
    for wrong in ("mysql://here/x", "nonsense", ""):
        with pytest.raises(Invalid, match="embedded"):
            move(wrong)
    assert held(None, home) == before
    assert settings.load(home, env={}).database is None


def test_another_instances_unfinished_move_is_not_taken_up(
    home: Path, password: str, empty: Callable[[], str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    url = empty()
    give_up_after(4, url)
    other = tmp_path / "other"
    create(other, environ={}).close()
    monkeypatch.setenv("LIFANG_HOME", str(other))
    with pytest.raises(Conflict, match="另一个实例"):
        move(url)
    monkeypatch.setenv("LIFANG_DATABASE", url)
    with pytest.raises(NotReady, match="没有搬完"), opened(other):
        pass
    monkeypatch.delenv("LIFANG_DATABASE")
    monkeypatch.setenv("LIFANG_HOME", str(home))
    move(url)
    goes_on(home, password)


class GivenUp(Exception):
    """Somebody pressed a key."""


def give_up_after(calls: int, url: str) -> None:
    """Begin a move and end it in the middle."""
    left = calls

    def watch(*_told: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise GivenUp

    with pytest.raises(GivenUp):
        move(url, progress=watch)


def test_what_changes_between_two_tries_is_in_the_move(
    home: Path, password: str, empty: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PIECE", 3)
    url = empty()
    for calls in (5, 40, 160):
        give_up_after(calls, url)
        with opened(home) as instance:  # the old one is in use, whatever was copied
            Person.update(name=f"改名{calls}").where(Person.id == 2).execute()
            world.person(instance, "又一个")
    before = held(None, home)
    assert sum("改名160" in row for row in before["core_person"]) == 1
    move(url)
    assert held(url, home) == before


def test_a_value_that_the_new_database_cannot_keep_is_named_and_nothing_is_lost(
    home: Path, password: str, empty: Callable[[], str]
) -> None:
    url = empty()
    if url.startswith("sqlite"):
        return  # the same engine keeps whatever it has
    with closing(sqlite3.connect(home / "data" / "lifang.db")) as database, database:
        database.execute("INSERT INTO erasable VALUES ('core.person/1', 'x', 'geheim' || char(0))")
    with pytest.raises(NotReady, match="erasable") as refused:
        move(url)
    assert "geheim" not in str(refused.value)
    with opened(home):
        assert Person.select().count() == 4
    with closing(sqlite3.connect(home / "data" / "lifang.db")) as database, database:
        database.execute("DELETE FROM erasable WHERE key = 'x'")
    move(url)
    goes_on(home, password)


def test_a_reference_that_leads_nowhere_is_found_before_anything_changes_hands(
    home: Path, password: str, empty: Callable[[], str]
) -> None:
    with closing(sqlite3.connect(home / "data" / "lifang.db")) as database, database:
        database.execute("INSERT INTO core_job_problem VALUES (1, 77, 1, 'x', 'x', 'x')")
    url = empty()
    with pytest.raises(NotReady, match="引用"):
        move(url)
    assert settings.load(home, env={}).database is None
    with closing(sqlite3.connect(home / "data" / "lifang.db")) as database, database:
        database.execute("DELETE FROM core_job_problem")
    move(url)
    goes_on(home, password)


def test_tables_of_a_plugin_that_is_gone_are_not_left_behind(
    home: Path, password: str, empty: Callable[[], str]
) -> None:
    with closing(sqlite3.connect(home / "data" / "lifang.db")) as database, database:
        database.execute("CREATE TABLE gone_thing (id INTEGER PRIMARY KEY)")
    with pytest.raises(NotReady, match="gone_thing"):
        move(empty())
    with closing(sqlite3.connect(home / "data" / "lifang.db")) as database, database:
        database.execute("CREATE TABLE gone_migration (id INTEGER PRIMARY KEY, name, applied)")
        database.execute("INSERT INTO gone_migration VALUES (1, '0001_initial', '2026-11-23')")
    with pytest.raises(NotReady, match="gone.*pip"):
        move(empty())
    with opened(home):
        assert Person.select().count() == 4


def test_the_command_shows_every_table_and_says_what_outranks_the_file(
    home: Path, password: str, empty: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = empty()
    planned = say(hands, "db", "move", url, "--dry-run")
    assert (planned.code, "core_person" in planned.out, "--dry-run" in planned.out) == (
        0,
        True,
        True,
    )
    told = say(hands, "db", "move", url)
    assert (told.code, told.err) == (0, "")
    (aside,) = (home / "data").glob("lifang.db.moved-*")
    assert str(aside) in told.out
    assert "SHA-256" in told.out
    again = say(hands, "db", "move", url)
    assert (again.code, "数据已经在" in again.err) == (5, True)
    monkeypatch.setenv("LIFANG_DATABASE", url)
    back = say(hands, "db", "move", "embedded", "--json")
    assert (back.code, back.json["moved"], back.json["aside"]) == (0, True, None)
    assert back.json["rows"].keys() == back.json["digests"].keys()
    monkeypatch.setenv("LIFANG_DATABASE", f"sqlite:///{home / 'data' / 'lifang.db'}")
    third = say(hands, "db", "move", empty())
    assert "LIFANG_DATABASE" in third.out
    assert say(hands, "db", "move", "mysql://x").code == 2


def test_where_a_later_position_was_told_first_the_earlier_ones_are_told_once(
    home: Path, password: str, empty: Callable[[], str]
) -> None:
    """On PostgreSQL events are told by transaction, then position; elsewhere by position alone."""
    url = empty()
    if url.startswith("sqlite"):
        return
    move(url)
    with opened(home) as instance:
        move_away(instance, 4)
        asked = EventRow.select().where(EventRow.type == "core.person.moved").order_by(EventRow.pos)
        *_told, second, third, fourth = asked
        assert (second.xid, third.xid) == (0, 0)
        for event, xid in ((fourth, 5), (third, 6), (second, 7)):
            EventRow.update(xid=xid).where(EventRow.pos == event.pos).execute()
        Subscription.update(xid=5, pos=fourth.pos).execute()  # the fourth was told, they were not
        EventRow.update(xid=4).where(EventRow.xid == 0).execute()
    move("embedded")
    with opened(home) as instance:
        waiting = Retry.select(Retry.pos, Retry.tries).where(Retry.state == "waiting")
        assert list(waiting.order_by(Retry.pos).tuples()) == [(second.pos, 0), (third.pos, 0)]
        assert Subscription.get(Subscription.name == SUBSCRIPTION).pos == fourth.pos
        assert delivery.drain(instance)
        assert sent_back(instance) == [f"dual_reporting.report/{n}" for n in (1, 2, 3)]
        assert not Retry.select().where(Retry.state == "waiting").exists()


def test_events_out_of_another_servers_future_stop_the_start_and_a_move_mends_them(
    home: Path, password: str, empty: Callable[[], str]
) -> None:
    """Decision 24: after a logical restore old events were invisible and new ones passed over."""
    url = empty()
    if url.startswith("sqlite"):
        return
    move(url)
    with opened(home):
        future = EventRow.select(EventRow.pos).order_by(EventRow.pos.desc()).limit(3)
        EventRow.update(xid=2**40 + EventRow.pos).where(EventRow.pos.in_(future)).execute()
    with pytest.raises(NotReady, match="lifang db move"), opened(home):
        pass
    mended = empty()
    move(mended)
    with opened(home):
        assert not EventRow.select().where(EventRow.xid > 0).exists()
    goes_on(home, password)


def test_an_instance_is_not_made_in_a_database_that_holds_one(
    home: Path, password: str, empty: Callable[[], str], tmp_path: Path
) -> None:
    url = empty()
    move(url)
    with pytest.raises(Conflict, match="空的数据库"):
        create(tmp_path / "another", environ={"LIFANG_DATABASE": url})
    with opened(home):
        assert Person.select().count() == 4
    create(tmp_path / "another", environ={"LIFANG_DATABASE": empty()}).close()
