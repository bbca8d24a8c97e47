"""Run in a process of its own: a small city with people and reports, and the server before it.

It prints one line of JSON that says where it listens, and serves until it is ended.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import random
import sys
from pathlib import Path
from typing import Any

from flask import Flask, Response, after_this_request, template_rendered
from werkzeug.serving import make_server

from lifang.access.callers import caller_for
from lifang.access.passwords import hash_password
from lifang.app.http import create_app
from lifang.builtin.households import households
from lifang.builtin.places import communities
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.job import Job
from lifang.events import log, retry
from lifang.events.tables import EventRow
from lifang.kit import clock
from lifang.mechanisms.board import object_to
from lifang.mechanisms.laid import homes_of
from lifang.mechanisms.oneself import agree
from lifang.sample import buying, serving
from lifang.sample.people import sample_organizations, sample_people
from lifang.sample.stage import Stage
from lifang.services import accounts, jobs, uploads
from lifang.services.delivery import drain
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.mechanisms.club import open_club, profiles, stars
from tests.core.needed import needed

PASSWORD = "清晨的黄河边有人跑步"
OFFICES = {
    "district": ("district_admin", world.CHENGGUAN),
    "street": ("subdistrict_admin", "620102001000"),
    "secretary": ("community_secretary", world.HOME),
    "worker-district": ("community_worker", world.CHENGGUAN),
    "auditor": ("auditor", None),
}
WORKERS = {"worker": world.CHENGGUAN, "newcomer": world.HOME}


def furnish(instance: Instance) -> dict[str, Any]:
    """People, organizations, reports in every state, and somebody of every kind to sign in."""
    boss, rng = world.boss(instance), random.Random(7)
    accounts.first_administrator(instance, "boss", home_code=world.CITY, system_user=None)
    for name, place in WORKERS.items():
        accounts.create_account(boss, name, role="community_worker", at=place)
    Account.update(password=hash_password(PASSWORD)).execute()
    Account.update(must_change=False).where(Account.name != "newcomer").execute()
    samples = list(sample_people(rng, 30, [world.CHENGGUAN]))
    grown = [number for number, told in enumerate(samples) if told["birth_date"] < "2006"]
    people = [
        world.person(
            instance, told.pop("name"), at=rng.choice([world.HOME, world.NEIGHBOUR]), **told
        )
        for told in samples
    ]
    for told in sample_organizations(rng, 12, [world.CHENGGUAN]):
        told.setdefault("no_uscc_reason", "")
        world.organization(instance, told.pop("name"), **told)
    world.enable(instance, "dual_reporting", at=world.CHENGGUAN)
    boss = world.boss(instance)  # whose rights were read before the plugin was on cannot see it
    reports: Any = instance.registry.find("dual_reporting", "reports")
    made = [
        write(reports, "create", boss, {"person": one.id, "community": {"code": world.HOME}})
        for one in people[:9]
    ]
    for one in made[:4]:
        write(reports, "accept", boss, {}, one.id)
    write(reports, "end", boss, {"reason": "已调离"}, made[0].id)
    employer(instance, people[4])
    told = {"person": people[0].id, "name": people[0].name, "report": made[8].id}
    return {
        **told,
        **imports(instance, "worker"),
        "closed": divided(boss),
        "event": failures(boss, people[20:24]),
        "endpoint": endpoint(instance),
        "notice": resident(instance, people[7]),
        "code": city(instance, [people[one] for one in grown if 8 <= one < 20]),
    }


def employer(instance: Instance, person: Any) -> None:
    """A unit with a liaison; one of its people has reported to 畅家巷 since long before."""
    boss = world.boss(instance)
    unit = world.organization(instance, "兰州市示例局")
    seats, reports = (
        instance.registry.find(*noun)
        for noun in (("core", "memberships"), ("dual_reporting", "reports"))
    )
    assert seats is not None and reports is not None
    [mine] = reports.model.select().where(reports.model.person == person)
    write(seats, "create", boss, {"person": person.id, "organization": unit.id})
    write(reports, "update", boss, {"organization": unit.id}, mine.id)
    if mine.state == "submitted":
        write(reports, "accept", boss, {}, mine.id)
    long_ago = {"accepted_on": clock.today() - dt.timedelta(days=200)}  # as time alone could bring
    reports.model.update(long_ago).where(reports.model.id == mine.id).execute()
    made, _password = accounts.create_account(boss, "liaison", role="unit_liaison", unit=unit.id)
    made.update(password=hash_password(PASSWORD), must_change=False).where(
        Account.id == made.id
    ).execute()


def city(instance: Instance, adults: list[Any]) -> str:
    """What the demonstration tells of volunteers and contracts; gives a certificate's code."""
    boss = caller_for(instance, Account.get(Account.name == "boss"), source="cli")
    for name, (role, place) in OFFICES.items():
        accounts.create_account(boss, name, role=role, at=place)
    for plugin in (serving.PLUGIN, buying.PLUGIN, "mail_notices", "nats_bridge"):
        world.enable(instance, plugin, at=world.CHENGGUAN, **needed(plugin))
    boss = caller_for(instance, Account.get(Account.name == "boss"), source="cli")
    home = Community.get(Community.code == world.HOME)
    above = Community.get_by_id(home.parent)
    stage = Stage(boss, home, above, adults, lambda _step, _done, _of: None)
    names = [one.name for one in [*serving.serve(stage, None), *buying.buy(stage)]]
    told = {"password": hash_password(PASSWORD), "must_change": False}
    Account.update(told).where(Account.name.in_([*OFFICES, *names])).execute()
    drain(instance)
    certificates: Any = instance.registry.find(serving.PLUGIN, "certificates")
    return str(certificates.model.get().code)


def resident(instance: Instance, person: Any) -> int:
    """Somebody who lives here, agreed to one of two things, is announced, and objected to it."""
    open_club(instance, at=world.CHENGGUAN)
    with instance.database.transaction():
        account = Account.create(
            name="resident", person=person, password=hash_password(PASSWORD), must_change=False
        )
    own = caller_for(instance, account, source="web")
    agree(own, "club.hours")
    home = {"code": homes_of(own)[0].code}
    there = {"person": int(person.id), "community": home, "nickname": "热心人"}
    profile = write(profiles, "create", own, there)
    with instance.database.transaction():
        told = {"title": f"拟授予{person.name}二星", "text": f"{person.name}，服务满 300 小时。"}
        number = stars.post(profile, own, community=profile.community, days=7, **told)
    object_to(own, number, "还有三十小时没有计入")
    return number


def endpoint(instance: Instance) -> int:
    """Another system that events are sent to, which cannot be found."""
    world.enable(instance, "webhooks", at=world.CHENGGUAN)
    boss, endpoints = world.boss(instance), instance.registry.find("webhooks", "endpoints")
    assert endpoints is not None
    told = {"name": "市民生活平台", "address": "https://hook.invalid/lifang/events?area=620102",
            "types": "core.person.moved", "community": {"code": world.CHENGGUAN}}  # fmt: skip
    made = write(endpoints, "create", boss, told)
    write(endpoints, "test", boss, {}, made.id)
    drain(instance)
    return int(made.id)


def divided(boss: Caller) -> int:
    """A community that was split in two, in which a household waits; another one went into it."""
    place = {"kind": "community", "parent": {"code": "620102001000"}}
    old, gone = (
        write(communities, "create", boss, {"code": code, "name": name, **place})
        for code, name in (("old1", "旧巷社区"), ("old2", "老街社区"))
    )
    write(households, "create", boss, {"number": "3-101", "community": int(old.id)})
    decree = {"date": "2026-02-01", "basis": "兰政发〔2026〕1号"}
    write(communities, "merge", boss, {**decree, "into": int(old.id)}, int(gone.id))
    parts = "new1 旧巷东社区 62.5%；new2 旧巷西社区 37.5%"
    write(communities, "split", boss, {**decree, "into": parts}, int(old.id))
    return int(old.id)


def failures(boss: Caller, people: list[Any]) -> int:
    """Moves that could not be told to a plugin: some given up, one tried again; the first's place.

    What the handler raised is made up here, for the real one does not fail.
    """
    persons: Any = boss.instance.registry.find("core", "people")
    for one in people:
        there = {"community": {"code": world.FOREIGN}, "date": "2026-11-20"}
        write(persons, "move", boss, there, one.id)
    drain(boss.instance)
    moves = EventRow.select(EventRow.pos).where(EventRow.type == "core.person.moved").tuples()
    events = log.read([position for (position,) in moves])
    with boss.instance.database.transaction():
        for event, tries in zip(events, (8, 8, 2), strict=False):
            try:
                raise TimeoutError("短信网关 10 秒没有回答")
            except TimeoutError as error:
                retry.failed("dual_reporting.suggest_transfer", event, tries, error)
    return events[0].position


HEADER = "姓名,性别,出生日期,手机号,住址,居住社区,状态"
ROWS = (
    f"上官云,女,1980-05-06,13800002345,畅家巷小区3号楼2单元501室,{world.HOME},常住",
    f"令狐东,男,1975/1/7,1380013,酒泉路12号1单元202室,{world.HOME},常住",
    f"诸葛明,不知道,,13900003456,,{world.NEIGHBOUR},",
)


def imports(instance: Instance, name: str) -> dict[str, int]:
    """Files of a worker: one to be confirmed, one with an unknown column, one queued, one done."""
    caller = caller_for(instance, Account.get(Account.name == name), source="web")
    people: Any = instance.registry.find("core", "people")

    def send(header: str, rows: tuple[str, ...]) -> Any:
        source = io.BytesIO("\n".join([header, *rows]).encode())
        return uploads.receive(caller, people, source, name="畅家巷社区居民名册（2026年11月）.xlsx")

    def check(header: str, rows: tuple[str, ...] = ROWS) -> Any:
        return uploads.go_on(caller, people, send(header, rows))

    waiting, odd = (
        check(HEADER),
        check(HEADER.replace("手机号", "联系方式").replace("性别", "男女")),
    )
    done = uploads.go_on(caller, people, check(HEADER, ROWS[::-1]), check=False, skip_invalid=True)
    queued = send(HEADER, ROWS[:2])
    jobs.queue(caller, queued, check=False)
    later = clock.now() + dt.timedelta(days=1)
    hand = {"lease_owner": "elsewhere/1/1", "lease_until": later}
    Job.update(state="running", done=2, **hand).where(Job.id == queued.id).execute()
    return {"waiting": waiting.id, "odd": odd.id, "done": done.id, "queued": queued.id}


def name_template(_app: Flask, *, template: Any, **_told: Any) -> None:
    """Let an answer say of which template it was made."""

    @after_this_request
    def say(response: Response) -> Response:
        response.headers.add("X-Template", template.name or "")
        return response


def main(home: Path) -> None:
    """Build, say where, serve."""
    for instance in world.new_instance(home):
        world.plant(instance)
        told = furnish(instance)
        app = create_app(instance)
        template_rendered.connect(name_template, app)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        sys.stdout.write(json.dumps({**told, "port": server.server_port}) + "\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
