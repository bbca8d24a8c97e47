"""A small city to try Lifang on: real divisions, generated people, and a story of real actions.

Everything goes through the gateway, as a district's staff would do it, so audit and events tell of
it. People and organizations are samples and marked as such (see `sample`).
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from importlib import resources
from typing import Any

from lifang.access.callers import caller_for
from lifang.builtin.people import affiliations, memberships, organizations, people
from lifang.builtin.places import communities
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.entities.community import Community, path_end
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.kit.words import _
from lifang.lifecycle import switching
from lifang.sample import buying, serving
from lifang.sample.people import sample_organizations, sample_people
from lifang.sample.stage import Actor, Progress, Stage
from lifang.services import accounts
from lifang.services.gateway import write
from lifang.services.importing import import_table
from lifang.services.instance import Instance
from lifang.store.database import Database

CITY, ON, OFF = "620100000000", "620102000000", "620103000000"
"""Lanzhou; the district where dual reporting is switched on; one where it is not."""

ORGANIZATIONS = 200
WORKING_AGE = 20
PLUGIN = "dual_reporting"
CHUNK = 200
NEIGHBOURS = 600
"""Of so many adults it is asked where they live, to find some around one community."""


def tell(
    instance: Instance, first: tuple[str, str], *, count: int, progress: Progress
) -> list[Actor]:
    """Build the city and act the story; gives every account with its password.

    `first` is the first administrator's name and password; `progress(step, done, of)` is called
    as it goes. The same `count` tells the same city.
    """
    rng = random.Random(620100)  # noqa: S311 – samples, not secrets
    boss = caller_for(instance, _account(first[0]), source="cli")
    with resources.as_file(resources.files("lifang.builtin") / "data") as folder:
        import_table(
            boss,
            communities,
            folder / "lanzhou-divisions.csv",
            progress=lambda done, of: progress(_("社区"), done, of),
        )
    homes = _homes()
    units = _organizations(boss, rng, homes, progress)
    residents = _people(boss, rng, homes, count, progress)
    _seats(boss, rng, residents, units, progress)
    here = _plugins(boss)
    actors = [Actor(first[0], "district_admin", CITY, first[1])]
    actors += _actors(boss, residents, units)
    stage = _stage(boss, residents, progress)
    served = _reports(stage, residents, progress) if PLUGIN in here else None
    if serving.PLUGIN in here:
        actors += serving.serve(stage, served)
    if buying.PLUGIN in here:
        actors += buying.buy(stage)
    if served is not None:
        stage.play(PLUGIN, "entries", {"reporter": served})
    return actors


def _plugins(boss: Caller) -> list[str]:
    """Switch on in one district what the story tells of, as far as it is there; says what."""
    found = {one.id for one in switching.listed(boss)}
    here = [name for name in (PLUGIN, serving.PLUGIN, buying.PLUGIN) if name in found]
    for name in here:
        switching.install(boss, name)
        switching.switch(boss, name, at=ON, on=True)
    return here


def _account(name: str) -> Account:
    account: Account = Account.get(Account.name == name)
    return account


def _homes() -> list[Community]:
    """Communities people live in: half of them in the two districts the story plays in."""
    every = list(Community.select().where(Community.kind == "community").order_by(Community.path))
    near = [home for code in (ON, OFF) for home in _under(every, code)]
    return near[::6] + every[::24]


def _under(homes: list[Community], code: str) -> list[Community]:
    node = Community.get(Community.code == code)
    return [home for home in homes if node.path <= home.path < path_end(node.path)]


def _chunks(database: Database, count: int) -> Iterator[int]:
    """Number what is written, so many to a transaction: one flush to disk for each."""
    for start in range(0, count, CHUNK):
        with database.transaction():
            yield from range(start, min(start + CHUNK, count))


def _organizations(
    boss: Caller, rng: random.Random, homes: list[Community], progress: Progress
) -> list[Organization]:
    made: list[Organization] = []
    told = sample_organizations(rng, ORGANIZATIONS, [ON, OFF])
    for number in _chunks(boss.instance.database, ORGANIZATIONS):
        home = homes[number * 7 % len(homes)]
        data = {**next(told), "community": int(home.id)}
        made.append(write(organizations, "create", boss, data))
        progress(_("组织"), number + 1, ORGANIZATIONS)
    return made


def _people(
    boss: Caller, rng: random.Random, homes: list[Community], count: int, progress: Progress
) -> list[Person]:
    """Register everybody; gives those who are of an age to work and to report."""
    adults, before = [], str(clock.today().year - WORKING_AGE)
    told = sample_people(rng, count, [ON, OFF])
    for number in _chunks(boss.instance.database, count):
        home = homes[number % len(homes)]
        data = {**next(told), "community": int(home.id)}
        made = write(people, "create", boss, data)
        if str(data.get("birth_date") or "9999") < before:
            adults.append(made)
        progress(_("人员"), number + 1, count)
    return adults


def _seats(
    boss: Caller,
    rng: random.Random,
    residents: list[Person],
    units: list[Organization],
    progress: Progress,
) -> None:
    """Every sixth person works for one of the public units of the district the story plays in."""
    public = [u for u in units if u.kind in ("government", "institution") and _sits_in(u, ON)]
    seated = residents[::6]
    for number in _chunks(boss.instance.database, len(seated)):
        told = {
            "person": int(seated[number].id),
            "organization": int(public[number % len(public)].id),
            "post": rng.choice(["科员", "主任科员", "教师", "医生", "工程师"]),
            "from_date": dt.date(2020 + number % 6, 3, 1),
        }
        write(memberships, "create", boss, told)
        progress(_("单位成员"), number + 1, len(seated))


def _actors(boss: Caller, residents: list[Person], units: list[Organization]) -> list[Actor]:
    """One account per role, and a worker next door who must see nothing of 城关区."""
    reporter = _reporters(boss, residents)[0]
    seat = next(m for m in memberships.model.select() if m.person_id == int(reporter.id))
    home = _home_of(reporter)
    street = Community.get_by_id(home.parent)
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("platform", "platform_administrator", {}),
        ("security", "security_administrator", {}),
        ("auditor", "auditor", {}),
        ("district", "district_admin", {"at": ON}),
        ("street", "subdistrict_admin", {"at": street.code}),
        ("secretary", "community_secretary", {"at": home.code}),
        ("worker", "community_worker", {"at": home.code}),
        ("worker-district", "community_worker", {"at": ON}),
        ("worker-next-door", "community_worker", {"at": OFF}),
        ("grid", "grid_worker", {"at": home.code}),
        ("liaison", "unit_liaison", {"unit": int(seat.organization.id)}),
    ]
    actors = []
    for name, role, where in told:
        _made, password = accounts.create_account(boss, name, role=role, **where)
        place = _place(where) if "at" in where else ""
        place = seat.organization.name if "unit" in where else place
        actors.append(Actor(name, role, place, password))
    _made, password = accounts.create_account(
        boss, "resident", role="resident", at=home.code, person=int(reporter.id)
    )
    actors.append(Actor("resident", "resident", reporter.name, password))
    return actors


def _place(where: dict[str, Any]) -> str:
    return str(Community.get(Community.code == where["at"]).name)


def _home_of(person: Person) -> Community:
    link = affiliations.model.get(affiliations.model.person == person)
    home: Community = link.community
    return home


def _sits_in(unit: Organization, code: str) -> bool:
    node = Community.get(Community.code == code)
    place = affiliations.model.get(affiliations.model.organization == unit).community
    return bool(node.path <= place.path < path_end(node.path))


def _reporters(boss: Caller, residents: list[Person]) -> list[Person]:
    """Those who work for a public unit and live where dual reporting is on."""
    district = Community.get(Community.code == ON)
    low, high = district.path, path_end(district.path)
    return [p for p in residents[::6] if low <= _home_of(p).path < high]


def _stage(boss: Caller, residents: list[Person], progress: Progress) -> Stage:
    """The home of the first who reports, and the adults around it who work for no public unit."""
    home = _home_of(_reporters(boss, residents)[0])
    district = Community.get(Community.code == ON)
    low, high = district.path, path_end(district.path)
    others = [one for number, one in enumerate(residents) if number % 6]
    living = [(_home_of(one), one) for one in others[:NEIGHBOURS]]
    near = [(place.id != home.id, one) for place, one in living if low <= place.path < high]
    adults = [one for _far, one in sorted(near, key=lambda told: told[0])]
    return Stage(boss, home, Community.get_by_id(home.parent), adults, progress)


def _reports(stage: Stage, residents: list[Person], progress: Progress) -> Person:
    """Public servants report; workers accept; some are only listed, some leave, some move away.

    Gives the first of them, who stays.
    """
    noun, made = f"{PLUGIN}:reports", []
    reporters = _reporters(stage.boss, residents)
    for number in _chunks(stage.boss.instance.database, len(reporters)):
        person = reporters[number]
        seat = next(iter(memberships.model.select().where(memberships.model.person == person)))
        told: dict[str, Any] = {
            "person": int(person.id),
            "organization": seat.organization_id,
            "community": int(_home_of(person).id),
            "public_servant": True,
            "listed": number > len(reporters) * 7 // 8,
        }
        if number < 6:  # some are entered from a slip that says more
            told |= {"slip_no": f"示例报到单 {number + 1}", "political_status": "中共党员"}
        made.append(stage.act("worker-district", noun, "create", told))
        progress(_("报到"), number + 1, len(reporters))
    for report in (accepted := made[: max(1, len(made) * 3 // 4)]):
        stage.act("worker-district", noun, "accept", {}, report)
    for report in accepted[1:6]:
        stage.act("worker-district", noun, "end", {"reason": _("已退休")}, report)
    for report in accepted[12:13]:
        week = stage.who(stage.boss.name).served_by(PLUGIN)  # what a week does
        write(stage.boss.instance.registry.of(type(report)), "activate", week, {}, report.id)
        since = {"cause": "secondment", "since": str(clock.today())}
        stage.act("district", noun, "suspend", since, report)
    for report in accepted[13:14]:
        to = next(home for home in _under(_homes(), ON) if home.id != report.community_id)
        stage.act("worker-district", noun, "ask_transfer", {"community": int(to.id)}, report)
    _unit_report(stage, f"{PLUGIN}:unit_reports")
    for person in reporters[6:12]:
        away = {"community": int(_under(_homes(), OFF)[0].id), "date": clock.today().isoformat()}
        write(people, "move", stage.who(stage.boss.name), away, person.id)
    return reporters[0]


def _unit_report(stage: Stage, noun: str) -> None:
    """The liaison's unit reports where it is, and is accepted."""
    unit: Any = Organization.get_by_id(stage.who("liaison").standings[0].organization)
    told: dict[str, Any] = {"organization": unit, "phone": "13800000000", "members_total": 60}
    told["community"] = Community.tied_to(unit, "located")[0]
    told |= {"secretary": "示例书记", "liaison": "示例联络员"}
    stage.act("worker-district", noun, "accept", {}, stage.act("liaison", noun, "create", told))


__all__ = ["Actor", "Progress", "tell"]
