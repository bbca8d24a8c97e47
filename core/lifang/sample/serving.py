"""The scene of voluntary service: who serves, at what, what was recorded, and the points shop."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from lifang.builtin.people import people
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.kit.words import _
from lifang.sample.people import sample_people
from lifang.sample.stage import Actor, Scene, Stage
from lifang.services.gateway import write

PLUGIN = "volunteer_points"
REGISTRATION, TAKEN_OVER = f"{PLUGIN}.registration", f"{PLUGIN}.from_dual_reporting"
VOLUNTEERS = 40
CATEGORIES = ("environment", "elderly", "safety", "culture", "children", "law", "repair")
ITEMS = (("肥皂", 2, 60), ("纸巾", 2, 80), ("毛巾", 3, 40), ("雨伞", 6, 15), ("保温杯", 10, 8))
DONE = (
    ("楼道清洁", "清理楼道杂物和小广告", 9, 3, 9),
    ("为独居老人送餐", "送午餐上门，顺带问候", 6, 2, 11),
    ("反诈宣传", "入户发放防诈骗手册，讲解案例", 3, 4, 14),
)
"""Services that were: title, content, how many days ago, hours, and from which hour on."""


def serve(stage: Stage, reporter: Person | None) -> list[Actor]:
    """Act the scene; `reporter` is somebody who serves where they report to, if anybody is."""
    scene = Scene(stage, PLUGIN)
    with stage.instance.database.transaction():
        team = scene.make(
            "worker", "teams", name="示例银杏志愿服务队", kind="internal",
            community=int(stage.home.id), consented_on=f"{clock.today().year}-01-15",
        )  # fmt: skip
        served = _volunteers(scene, team, reporter)
    told = {"role": "resident", "at": stage.home.code, "person": int(served[0].person_id)}
    actor = stage.account("volunteer", served[0].person.name, **told)
    with stage.instance.database.transaction():
        _activities(scene, team, served)
        _records(scene, served)
        _shop(scene, served)
    return [actor]


def _volunteers(scene: Scene, team: Any, reporter: Person | None) -> list[Any]:
    """Adults who have consented on paper, a minor whose guardian has, and whoever reports."""
    stage, made = scene.stage, []
    adults = stage.adults[:VOLUNTEERS]
    for number, person in enumerate([*adults, *([reporter] if reporter else [])]):
        _consent(scene, person, how="paper", basis=f"示例同意书第 {number + 1} 号")
        told = {
            "category": CATEGORIES[number % len(CATEGORIES)],
            "skills": ("急救", "理发", "普通话主持", None)[number % 4],
            "available": ("周末", "工作日晚上", "随时")[number % 3],
            "team": int(team.id) if number % 2 == 0 else None,
        }
        made.append(_register(scene, person, **told))
        stage.progress(_("志愿者"), number + 1, VOLUNTEERS)
    if reporter is not None:
        _consent(scene, reporter, TAKEN_OVER, how="paper", basis="示例同意书第 100 号")
    minor = _minor(stage)
    _consent(scene, minor, how="guardian", guardian_name="示例监护人", basis="示例同意书第 101 号")
    return [*made, _register(scene, minor, category="environment", available="周末")]


def _register(scene: Scene, person: Person, **told: Any) -> Any:
    at = {"person": int(person.id), "community": int(scene.stage.home.id)}
    return scene.make("worker-district", "volunteers", **at, **told)


def _consent(scene: Scene, person: Person, purpose: str = REGISTRATION, **told: Any) -> None:
    given = {"person": int(person.id), "purpose_name": purpose, **told}
    Scene(scene.stage, "core").make("worker-district", "consents", **given)


def _minor(stage: Stage) -> Person:
    """A pupil of 15 who lives at home: made for this, as the others are of an age to work."""
    rng = random.Random(15)  # noqa: S311 – samples, not secrets
    pupil = next(sample_people(rng, 1, [stage.home.code]))
    birth = clock.today() - dt.timedelta(days=15 * 365 + 100)
    told: dict[str, Any] = {name: pupil[name] for name in ("name", "sex", "phone", "address")}
    told |= {"birth_date": birth.isoformat(), "community": int(stage.home.id)}
    made: Person = write(people, "create", stage.who(stage.boss.name), told)
    return made


def _activities(scene: Scene, team: Any, served: list[Any]) -> None:
    """One with places and one who waits, one going on, one that the secretary is to publish."""
    soon = _morning(3)
    told: dict[str, Any] = {"title": "银杏路口清扫落叶", "category": "environment", "people": 23}
    swept = _activity(scene, team, soon, 4, **told)
    few = _shift(scene, swept, soon, 2, slots=3)
    _shift(scene, swept, soon + dt.timedelta(hours=2), 2, slots=20)
    for one in served[1:6]:
        _sign_up(scene, few, one)
    begins = clock.now().replace(second=0, microsecond=0) + dt.timedelta(minutes=25)
    told = {"title": "便民理发进社区", "category": "elderly", "people": 12}
    going = _activity(scene, team, begins, 3, **told)
    shift = _shift(scene, going, begins, 3, slots=12)
    there = [_sign_up(scene, shift, one) for one in [served[0], *served[6:11]]]
    scene.act("worker", "activities", "begin", one=going)
    arrived = {"at": clock.now().isoformat(), "reason": "没有带手机"}
    for sign_up in there[3:]:
        scene.act("worker", "sign_ups", "enter_arrival", arrived, sign_up)
    told = {"title": "冬季用电安全巡查", "category": "safety", "people": 8}
    _activity(scene, team, _morning(10), 3, publish=False, **told)


def _morning(days: int) -> dt.datetime:
    """Nine o'clock of a day that many days on."""
    return clock.local(clock.now()).replace(
        hour=9, minute=0, second=0, microsecond=0
    ) + dt.timedelta(days=days)


def _activity(
    scene: Scene, team: Any, start: dt.datetime, hours: int, *, publish: bool = True, **told: Any
) -> Any:
    made = scene.make(
        "worker", "activities", team=int(team.id), community=int(scene.stage.home.id),
        venue="示例小区中心花园", content=told["title"], start=start.isoformat(),
        end=(start + dt.timedelta(hours=hours)).isoformat(), **told,
    )  # fmt: skip
    scene.act("worker", "activities", "submit", one=made)
    if publish:
        scene.act("secretary", "activities", "publish", one=made)
    return made


def _shift(scene: Scene, activity: Any, start: dt.datetime, hours: int, *, slots: int) -> Any:
    end = start + dt.timedelta(hours=hours)
    told = {"activity": int(activity.id), "slots": slots}
    return scene.make("worker", "shifts", start=start.isoformat(), end=end.isoformat(), **told)


def _sign_up(scene: Scene, shift: Any, one: Any) -> Any:
    return scene.make("worker", "sign_ups", shift=int(shift.id), volunteer=int(one.id))


def _records(scene: Scene, served: list[Any]) -> None:
    """What the organiser has entered lately: some locked, some audited, some to be confirmed."""
    made = []
    for nth, (title, content, days, hours, hour) in enumerate(DONE):
        start = _morning(-days).replace(hour=hour)
        told = {
            "title": title, "content": content, "venue": "示例小区", "start": start.isoformat(),
            "end": (start + dt.timedelta(hours=hours)).isoformat(),
            "community": int(scene.stage.home.id),
        }  # fmt: skip
        for one in [served[0], *served[1 + nth * 8 : 9 + nth * 8]]:
            made.append(scene.make("worker", "service_records", volunteer=int(one.id), **told))
    for record in made[:24]:
        scene.act("worker", "service_records", "confirm", one=record)
    for record in made[:21]:
        scene.act("street", "service_records", "audit", one=record)
    for record in made[:19]:
        scene.act("street", "service_records", "lock", one=record)


def _shop(scene: Scene, served: list[Any]) -> None:
    """Five things to be had for points; one was picked up, one is kept for somebody."""
    items = []
    for name, points, number in ITEMS:
        told = {"name": name, "points": points, "supplier": "示例爱心超市"}
        made = scene.make("worker", "items", community=int(scene.stage.home.id), **told)
        scene.act("worker", "items", "restock", {"quantity": number}, made)
        items.append(made)
    for volunteer, item in zip(served[1:3], (items[0], items[2]), strict=False):
        told = {"item": int(item.id), "volunteer": int(volunteer.id)}
        kept = scene.make("worker", "redemptions", **told)
        if item is items[0]:
            code = {"code": kept.shown_once["code"]}
            scene.act("worker", "redemptions", "pick_up", code, kept)
