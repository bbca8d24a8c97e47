"""The scene of voluntary service: who serves, at what, what was recorded, and the points shop."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from lifang.entities.person import Person
from lifang.kit import clock
from lifang.kit.words import _
from lifang.sample.people import sample_people
from lifang.sample.stage import Actor, Stage

PLUGIN = "volunteer_points"
REGISTRATION, TAKEN_OVER = f"{PLUGIN}.registration", f"{PLUGIN}.from_dual_reporting"
VOLUNTEERS = 40
CATEGORIES = ("environment", "elderly", "safety", "culture", "children", "law", "repair")
ITEMS = (("肥皂", 2, 60), ("纸巾", 2, 80), ("毛巾", 3, 40), ("雨伞", 6, 15), ("保温杯", 10, 8))


def serve(stage: Stage, reporter: Person | None) -> list[Actor]:
    """Act the scene; `reporter` is somebody who serves where they report to, if anybody is."""
    database = stage.boss.instance.database
    with database.transaction():
        known = stage.play(PLUGIN, "team", {})
        served = _volunteers(stage, known["team"], reporter)
    one = served[0]
    told = {"role": "resident", "at": stage.home.code, "person": int(one.person_id)}
    actor = stage.account("volunteer", one.person.name, **told)
    begins = clock.now().replace(second=0, microsecond=0) + dt.timedelta(minutes=25)
    known |= {"now": clock.now(), "begins": begins, "volunteer": one}
    known |= {"second": served[1:6], "expected": [one, *served[6:8]], "there": served[8:11]}
    known |= {"cleaned": served[:9], "brought": [one, *served[9:17]]}
    known |= {"warned": [one, *served[17:25]], "first": served[1], "next": served[2]}
    with database.transaction():
        stage.play(PLUGIN, "activities", known)
        stage.play(PLUGIN, "records", known)
        shelf = [
            stage.play(PLUGIN, "item", {"name": name, "points": points, "stock": stock})["item"]
            for name, points, stock in ITEMS
        ]
        stage.play(PLUGIN, "redeemed", known | {"soap": shelf[0], "towel": shelf[2]})
    return [actor]


def _volunteers(stage: Stage, team: Any, reporter: Person | None) -> list[Any]:
    """Adults who have consented on paper, a minor whose guardian has, and whoever reports."""
    made, adults = [], stage.adults[:VOLUNTEERS]
    for number, person in enumerate([*adults, *([reporter] if reporter else [])]):
        _consent(stage, person, how="paper", basis=f"示例同意书第 {number + 1} 号")
        told = {
            "category": CATEGORIES[number % len(CATEGORIES)],
            "skills": ("急救", "理发", "普通话主持", None)[number % 4],
            "available": ("周末", "工作日晚上", "随时")[number % 3],
            "team": int(team.id) if number % 2 == 0 else None,
        }
        made.append(_register(stage, person, **told))
        stage.progress(_("示例志愿者"), number + 1, VOLUNTEERS)
    if reporter is not None:
        _consent(stage, reporter, TAKEN_OVER, how="paper", basis="示例同意书第 100 号")
    minor = _minor(stage)
    _consent(stage, minor, how="guardian", guardian_name="示例监护人", basis="示例同意书第 101 号")
    return [*made, _register(stage, minor, category="environment", available="周末")]


def _register(stage: Stage, person: Person, **told: Any) -> Any:
    told |= {"person": int(person.id), "community": int(stage.home.id)}
    return stage.act("worker-district", f"{PLUGIN}:volunteers", "create", told)


def _consent(stage: Stage, person: Person, purpose: str = REGISTRATION, **told: Any) -> None:
    told |= {"person": int(person.id), "purpose_name": purpose}
    stage.act("worker-district", "core:consents", "create", told)


def _minor(stage: Stage) -> Person:
    """A pupil of 15 who lives at home: made for this, as the others are of an age to work."""
    rng = random.Random(15)  # noqa: S311 – samples, not secrets
    pupil = next(sample_people(rng, 1, [stage.home.code]))
    told: dict[str, Any] = {name: pupil[name] for name in ("name", "sex", "phone", "address")}
    told["birth_date"] = (clock.today() - dt.timedelta(days=15 * 365 + 100)).isoformat()
    told["community"] = int(stage.home.id)
    made: Person = stage.act(stage.boss.name, "core:people", "create", told)
    return made
