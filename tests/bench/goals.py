"""The goals of `docs/reference/benchmarks.md` that this release measures: L1, L3, C1, W1."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import flask
import orjson

from lifang.app.http import create_app
from lifang.builtin.people import people
from lifang.entities.audit import AuditChange, AuditEntry
from lifang.entities.community import Community
from lifang.entities.gram import NameGram
from lifang.entities.person import Affiliation, Person
from lifang.events.tables import EventRow, EventScope
from lifang.kit import clock
from lifang.kit.text import grams
from lifang.sample.people import sample_people
from lifang.services import accounts, reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.order import make_cursor
from lifang.services.query import Query
from lifang.testing import world
from tests.bench.rounds import Result, compare, cpu_of, cpu_of_command, wall_of
from tests.bench.world import bare, settle, small_city


def list_of_fifty(folder: Path) -> list[Result]:
    """L1: a list of 50 people as JSON, the whole stack against raw sqlite3 + orjson in Flask."""
    with small_city(folder / "l1") as instance:
        settle(instance, 5_000)
        ours, base = _clients(instance)
        mine, theirs, ratio = compare(lambda: cpu_of(ours, 60), lambda: cpu_of(base, 60))
    return [
        Result(
            "L1",
            "list of 50 rows, CPU: base ÷ ours",
            mine * 1000,
            theirs * 1000,
            "ms",
            1 / ratio,
            0.6,
            0.8,
            "higher",
        )
    ]


def _clients(instance: Instance) -> tuple[Any, Any]:
    accounts.create_account(world.boss(instance), "w", role="community_worker", at=world.CHENGGUAN)
    token = accounts.create_token(world.boss(instance), "w", days=1)
    full = create_app(instance).test_client()
    headers = {"Authorization": f"Bearer {token}"}
    lone = flask.Flask("base")
    connection = bare(instance)
    names = "id version created_at updated_at name sex status birth_date_mask citizen_id_mask"
    names += " phone_mask address_mask"

    @lone.get("/people")
    def rows() -> flask.Response:
        cursor = connection.execute(
            f"SELECT {', '.join(names.split())} FROM core_person "  # noqa: S608 – names above
            "WHERE removed_at IS NULL ORDER BY id LIMIT 51"
        )
        items = [dict(zip(names.split(), row, strict=True)) for row in cursor.fetchall()]
        return flask.Response(orjson.dumps({"items": items}), mimetype="application/json")

    plain = lone.test_client()

    def ours() -> None:
        answer = full.get("/api/v1/people?limit=50", headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)

    def base() -> None:
        assert plain.get("/people").status_code == 200

    return ours, base


def last_page(folder: Path, *, sizes: tuple[int, ...]) -> list[Result]:
    """L3: the last keyset page against the first, by number of rows."""
    results = []
    for size in sizes:
        with small_city(folder / f"l3-{size}") as instance:
            settle(instance, size)
            boss = world.boss(instance)
            last = Person.select(Person.id).order_by(Person.id.desc()).first().id
            cursor = make_cursor(last - 51, last - 51)

            def page(at: str | None, who: Any = boss) -> None:
                assert len(reading.find(who, people, Query(cursor=at)).items) == 50

            mine, theirs, ratio = compare(
                lambda go=page, at=cursor: cpu_of(lambda: go(at), 40),
                lambda go=page: cpu_of(lambda: go(None), 40),
            )
        what = f"last page ÷ first, {size:,} rows"
        results.append(
            Result("L3", what, mine * 1000, theirs * 1000, "ms", ratio, 1.3, 1.1, "lower")
        )
    return results


def command_start(folder: Path) -> list[Result]:
    """C1: CPU of `lifang --help` against importing click and peewee."""
    lifang = str(Path(sys.executable).parent / "lifang")
    mine, theirs, ratio = compare(
        lambda: cpu_of_command([lifang, "--help"]),
        lambda: cpu_of_command([sys.executable, "-c", "import click, peewee"]),
        rounds=11,
    )
    what = "`lifang --help` ÷ `import click, peewee`, CPU"
    return [Result("C1", what, mine * 1000, theirs * 1000, "ms", ratio, 1.3, 1.1, "lower")]


def same_rows(person: dict[str, str], home: Community) -> None:
    """The rows one create through the gateway writes, each by peewee's own `create`."""
    made = Person.create(
        name=person["name"],
        phone_mask="138****0000",
        phone_index="0" * 64,
        citizen_id_mask="620102***********3",
        citizen_id_index=person["citizen_id"],
    )
    link = Affiliation.create(
        person=made, community=home, kind="resides", primary=True, from_date=clock.today()
    )
    for noun, record, fields in (("people", made, 3), ("affiliations", link, 4)):
        entry = AuditEntry.create(
            at=clock.now(),
            actor_name="w",
            source="api",
            plugin="core",
            noun=noun,
            record=record.id,
            verb="create",
            outcome="done",
            mac="0" * 64,
        )
        for _n in range(fields):
            AuditChange.create(entry=entry, field="name", after="x")
        event = EventRow.create(
            type=f"core.{noun}.created", agg=f"{noun}/{record.id}", seq=1, at=clock.now(), data="{}"
        )
        EventScope.create(pos=event.pos, community_id=home.id)
    for piece in grams(person["name"]):
        NameGram.create(noun="bench", gram=piece, record=made.id)


def creates(folder: Path) -> list[Result]:
    """W1: creates per second through the gateway against the same rows by plain peewee."""
    with small_city(folder / "w1") as instance:
        worker = world.caller(instance, "community_worker", at=world.CHENGGUAN)
        home = Community.get(Community.code == world.HOME)
        told = sample_people(random.Random(1), 20_000, ["620102"])

        def ours() -> None:
            person = next(told)
            data = {key: person[key] for key in ("name", "citizen_id", "phone")}
            write(people, "create", worker, {**data, "community": int(home.id)})

        def base() -> None:
            person = next(told)
            with instance.database.engine.atomic("IMMEDIATE"):
                same_rows(person, home)

        mine, theirs, ratio = compare(lambda: wall_of(ours, 100), lambda: wall_of(base, 100))
    what = "creates per second: gateway (2 sensitive fields, event, audit) ÷ plain peewee"
    return [Result("W1", what, 1 / mine, 1 / theirs, "/s", 1 / ratio, 0.5, 0.8, "higher")]
