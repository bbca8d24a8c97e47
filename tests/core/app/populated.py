"""An instance that is full of everything a move has to carry, and how one sees it is all there."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import marshmallow as ma

from lifang.access import sign_in
from lifang.app.instance import create, opened
from lifang.builtin.households import household_members, households
from lifang.builtin.people import people
from lifang.entities.attachment import Attachment
from lifang.entities.person import Person
from lifang.events.payloads import payload
from lifang.events.publish import publish
from lifang.events.tables import EventRow, Retry, Subscription
from lifang.kit import clock
from lifang.resources.resource import Resource
from lifang.services import accounts, delivery, depot, jobs
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.upkeep import papers, sealing

VISIT = "core.person.visited"
SUBSCRIPTION = "dual_reporting.suggest_transfer"
SECRET = {"phone": "13812345678", "citizen_id": "620102198001010033", "birth_date": "1980-01-01"}


def populate(home: Path, *, crowd: int = 0) -> str:
    """Make the instance, closed again; gives the first administrator's password."""
    instance = create(home, environ={})
    password = accounts.first_administrator(
        instance, "boss", home_code=world.CITY, system_user=os.getuid()
    )
    with instance.database.connection():
        world.plant(instance)
        world.enable(instance, "dual_reporting", at=world.CITY)
        owner = world.boss(instance)
        for name in ("李强", "王小明", "阿依努尔·买买提", "𠮷田"):
            world.person(instance, name)
        for number in range(crowd):
            world.person(instance, f"张{number}号")
        first = write(people, "update", owner, {"name": "李强", **SECRET}, id=1, version=1)
        home_of = write(
            households, "create", owner, {"number": "1-101", "community": {"code": world.HOME}}
        )
        told = {"household": home_of.id, "person": first.id, "relation": "head"}
        write(household_members, "create", owner, told)
        accounts.create_account(owner, "王芳", role="community_worker", at=world.CHENGGUAN)
        accounts.create_token(owner, "boss", days=9)
        attach(instance)
        jobs.begin(owner, people, "import", title="人员.csv", state="waiting", asked={})
        report(instance, 1)
        move_away(instance, 1)
        delivery.drain(instance)
        for number in (2, 3, 4):
            report(instance, number)
        visit(instance, 1)
        sealing.checkpoint(instance)
        move_away(instance, 2)  # behind: nobody was told yet
        move_away(instance, 3)
        dead = EventRow.select().where(EventRow.type == "core.person.moved").first()
        Retry.create(sub=SUBSCRIPTION, pos=dead.pos, agg=dead.agg, tries=8, state="dead",
                     next_at=clock.now(), error="ValueError: x")  # fmt: skip
    instance.close()
    return password


def attach(instance: Instance) -> None:
    """A file that belongs to a record, larger than one sealed piece."""
    data = b"%PDF-1.4" + os.urandom(100_000)
    place = depot.keep(instance, io.BytesIO(data))
    Attachment.create(
        about="core_person/1", kind="evidence", place=place, name=b"", type="pdf", size=len(data),
        digest=hashlib.sha256(data).hexdigest(), added_at=clock.now(), added_by="boss",
    )  # fmt: skip


def reports(instance: Instance) -> Resource[Any]:
    """The noun of the plugin."""
    instance.plugins.refresh()
    found = instance.registry.find("dual_reporting", "reports")
    assert found is not None
    return found


def report(instance: Instance, person: int) -> None:
    told = {"person": person, "community": {"code": world.HOME}}
    write(reports(instance), "create", world.boss(instance), told)


def visit(instance: Instance, person: int) -> None:
    """An event with a personal value that can be erased."""
    schema = ma.Schema.from_dict({"phone": ma.fields.String()})
    instance.plugins.payloads[VISIT] = payload(VISIT, schema, erasable={"phone": None})
    with instance.database.transaction():
        told = {"phone": SECRET["phone"]}
        publish(VISIT, f"core.person/{person}", told, caller=world.boss(instance))


def move_away(instance: Instance, person: int) -> None:
    told = {"community": {"code": world.FOREIGN}, "date": str(clock.today())}
    write(people, "move", world.boss(instance), told, id=person)


def sent_back(instance: Instance) -> list[str]:
    """The events of reports sent back, one for each that was told of a moved person."""
    rows = EventRow.select(EventRow.agg).where(EventRow.type == "dual_reporting.report.rejected")
    return sorted(agg for (agg,) in rows.tuples())


def goes_on(home: Path, password: str) -> None:
    """Whoever signs in is let in, what was pending is told once, what was sealed can be opened."""
    with opened(home) as instance:
        assert sealing.verify(instance).sound
        assert sign_in.verify("boss", password).name == "boss"
        assert SUBSCRIPTION in [one.name for one in Subscription.select()]
        assert sent_back(instance) == ["dual_reporting.report/1"]
        assert delivery.drain(instance)
        assert sent_back(instance) == [f"dual_reporting.report/{n}" for n in (1, 2, 3)]
        assert Retry.select(Retry.state).where(Retry.state == "dead").count() == 1
        sealed = Person.get_by_id(1).phone
        plain = instance.keys.open(sealed, table="core_person", column="phone", row=1)
        assert plain == SECRET["phone"]
        assert papers.spoilt(instance) == ([], 1, 1)
        visited = EventRow.get(EventRow.type == VISIT)
        assert instance.events.read([visited.pos])[0].data == {"phone": SECRET["phone"]}
        assert SECRET["phone"] not in visited.data
        before = Person.select().count()
        assert world.person(instance, "赵后来").id > before
        sealing.checkpoint(instance)
        assert sealing.verify(instance, sealing.sink(instance)).sound
