"""Records of every noun there is, with whatever values their fields allow."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from lifang.entities.community import KINDS, Community
from lifang.entities.organization import Organization
from lifang.entities.person import Person
from lifang.kit import identifiers
from lifang.kit.errors import Conflict, Forbidden, Invalid
from lifang.resources import schema
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import reading
from lifang.services.exchange import export
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.store.record import Record
from lifang.testing import world
from lifang_dual_reporting.models import Report
from lifang_dual_reporting.models.report import STANDING

WIDER = (world.CITY, world.CHENGGUAN, "620102001000", world.HOME)
LIVED_IN = (world.HOME, world.NEIGHBOUR, world.FOREIGN)

ODD = (
    "=+-@＝＋－＠'\"`,;|\\/%&<>{}[]() \u3000_x0041_#1.Ee里坊𠮷㐂\U00030000\U0002ceb0·•･・ée\u0301"
    "ئۇيغۇر་བོད\u1828\u180b\u1820\u200c\u200d豈\ufe00\U000e0100ＡＢａ①ßẞİı🀄"
)


def exchanged(instance: Instance) -> list[Resource[Any]]:
    """Every noun that somebody may both export and import, those pointed at first."""

    def may(resource: Resource[Any], verb: str) -> bool:
        return any(verb in verbs for verbs in resource.roles.values())

    return [one for one in instance.registry if may(one, "export") and may(one, "import")]


def clean(spec: FieldSpec, said: str) -> bool:
    """Whether a text is one that a field takes."""
    try:
        schema.JUDGES[spec.kind](spec, said)
    except ValueError:
        return False
    return said.strip() != "" and not (spec.kind == "sensitive" and "*" in said)


def texts(spec: FieldSpec) -> st.SearchStrategy[str]:
    most = spec.max_length or 2_000
    odd = st.text(st.sampled_from(ODD) | st.characters(exclude_categories=["Cs", "Cc"]), max_size=9)
    whole = st.sampled_from("里=𠮷").map(lambda letter: letter * most)
    said = st.one_of(odd, odd.map(lambda some: f" ={some}'　"), whole)
    if spec.kind == "paragraph":
        lines = st.lists(odd | st.sampled_from(["", "\t=1", "  x  ", '"']), max_size=5)
        said |= lines.map("\r\n".join) | lines.map("\n".join)
    return said.filter(lambda some: clean(spec, some))


def partial_dates() -> st.SearchStrategy[str]:
    return st.builds(
        lambda day, size: day.isoformat()[:size], st.dates(), st.sampled_from([4, 7, 10])
    )


numbers = itertools.count(1)


def citizen_ids() -> st.SearchStrategy[str]:
    def make() -> str:
        day, sequence = divmod(next(numbers), 1000)
        born = dt.date(1950, 1, 1) + dt.timedelta(days=day)
        return identifiers.make_citizen_id("620102", born, sequence)

    return st.builds(make)


def credit_codes() -> st.SearchStrategy[str]:
    return st.builds(lambda: identifiers.make_uscc("9", "1", "620102", f"YY{next(numbers):06d}"))


SECRETS: dict[str | None, Callable[[], st.SearchStrategy[str]]] = {
    "citizen_id": citizen_ids,
    "phone": lambda: st.from_regex("1[3-9][0-9]{9}", fullmatch=True),
    "birth_date": partial_dates,
}
SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-9, 9),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.1, 1e15, 1e22]),
    "boolean": st.booleans(),
    "day": st.dates() | st.dates(dt.date(2020, 1, 1), dt.date(2026, 1, 1)),
    "instant": st.datetimes(
        dt.datetime(schema.FIRST_YEAR, 1, 1),  # noqa: DTZ001 – the zone is drawn
        dt.datetime(schema.LAST_YEAR, 12, 31),  # noqa: DTZ001
        timezones=st.timezones(),
    ),
    "partial_date": partial_dates(),
}


def values(spec: FieldSpec) -> st.SearchStrategy[Any]:
    """Whatever a field takes, but for references."""
    if spec.check is identifiers.check_uscc:
        return credit_codes()
    if spec.secret == "category":
        return st.just("群众")
    if spec.kind == "choice":
        return st.sampled_from([known for known, _label in spec.choices])
    if spec.kind == "sensitive" and spec.secret in SECRETS:
        return SECRETS[spec.secret]()
    return SIMPLE[spec.kind] if spec.kind in SIMPLE else texts(spec)


class Made:
    """Records of every noun, made in the order they were declared; each example makes its own."""

    def __init__(self, instance: Instance, data: st.DataObject) -> None:
        self.instance, self.draw = instance, data.draw
        self.boss = world.boss(instance)
        self.ids: dict[type[Record], list[int]] = {}
        for resource in exchanged(instance):
            for _turn in range(self.draw(st.integers(1, 3))):
                self._make(resource)
        targets = [spec.target for one in exchanged(instance) for spec in one.fields]
        for model in dict.fromkeys(targets):
            if model is not None and self.draw(st.booleans()):
                self._remove(model)

    def _make(self, resource: Resource[Any]) -> None:
        told = {spec.name: self.value(resource, spec) for spec in schema.create_fields(resource)}
        arrange = ARRANGED.get(resource.noun)
        if arrange is not None:
            arrange(told, self.ids)
        try:
            with self.instance.database.transaction():
                record = write(resource, "create", self.boss, told)
        except Conflict:
            return
        self.ids.setdefault(resource.model, []).append(int(record.id))
        for verb in resource.actions.values():
            # what is previewed takes records away, and the ones after it would name nobody
            open_to_people = verb.preview is None and verb.name not in resource.never
            if open_to_people and self.draw(st.booleans()):
                self._act(resource, verb.name, int(record.id))

    def value(self, resource: Resource[Any], spec: FieldSpec) -> Any:
        if not spec.required and self.draw(st.booleans()):
            return None
        if spec.kind == "community":
            code = self.draw(st.sampled_from(WIDER if resource.model is Community else LIVED_IN))
            return {"code": code}
        if spec.target is not None:
            return self.draw(st.sampled_from(self.ids.get(spec.target, []) or [None]))
        return self.draw(values(spec))

    def _act(self, resource: Resource[Any], verb: str, id: int) -> None:
        told = {spec.name: self.value(resource, spec) for spec in resource.actions[verb].fields}
        try:
            write(resource, verb, self.boss, told, id)
        except (Conflict, Forbidden, Invalid):  # what only the plugin does is refused
            return

    def _remove(self, model: type[Record]) -> None:
        for id in self.ids.get(model, [])[1:]:
            with suppress(Conflict):  # what has come to a state of its own stays
                write(self.instance.registry.of(model), "remove", self.boss, None, id)

    def query(self, resource: Resource[Any]) -> Query:
        return Query(filters=(("id", "", tuple(self.ids.get(resource.model, []))),))

    def export(self, resource: Resource[Any], form: str) -> bytes:
        return b"".join(export(self.boss, resource, self.query(resource), form=form))

    def views(self, resource: Resource[Any]) -> list[dict[str, Any]]:
        return reading.find(self.boss, resource, self.query(resource)).items


Told = dict[str, Any]
Ids = dict[type[Record], list[int]]


def one_side(person: str, unit: str, *days: str) -> Callable[[Told, Ids], None]:
    def arrange(told: Told, ids: Ids) -> None:
        if told[person] is None and told[unit] is None:
            told[person] = ids[Person][0]
        elif told[person] is not None:
            told[unit] = None
        in_order(told, *days)

    return arrange


def in_order(told: Told, *days: str) -> None:
    if days and None not in (first := [told[day] for day in days]):
        told.update(zip(days, sorted(first), strict=True))


def a_link(told: Told, ids: Ids) -> None:
    one_side("person", "organization")(told, ids)
    told["primary"] = bool(told["primary"]) and told["kind"] != "resides"


def a_unit(told: Told, ids: Ids) -> None:
    told["no_uscc_reason"] = None if told["uscc"] else told["no_uscc_reason"] or "=无"


def a_node(told: Told, ids: Ids) -> None:
    above = [kind for _code, _name, kind, _parent in world.PLACES if _code == _code_of(told)]
    order = list(KINDS)
    if above and order.index(told["kind"]) <= order.index(above[0]):
        told["kind"] = order[order.index(above[0]) + 1]
    told["code"] = f"{told['code'][:30]}{next(numbers)}"
    in_order(told, "valid_from", "valid_to")


def a_household(told: Told, ids: Ids) -> None:
    told["number"] = f"{told['number'][:30]}{next(numbers)}"


SEALED = ("political_status", "household_address")


def a_report(told: Told, ids: Ids) -> None:
    """Somebody reports, of whatever age: so nothing that only a guardian could agree to."""
    for name in ("listed", "organization", "channel", "slip_no", "reported_on", *SEALED):
        told[name] = None


def a_unit_report(told: Told, ids: Ids) -> None:
    """A unit reports where it is, with some people."""
    sites = Community.tied_to(Organization.get_by_id(told["organization"]), "located")
    told["community"] = {"code": sites[0].code} if sites else told["community"]
    told["members_total"], told["reported_on"] = abs(told["members_total"]), None


def a_service(told: Told, ids: Ids) -> None:
    """Somebody serves where they report, in hours of their own."""
    standing = Report.state.in_(STANDING) & Report.removed_at.is_null()
    mine = (Report.person == told["person"], standing)
    report = Report.get_or_none(*mine)
    if report is None:
        place = Community.get(Community.code == told["community"]["code"])
        report = Report.create(person=told["person"], community=place)
    Report.update(state="accepted").where(Report.id == report.id).execute()
    told["community"] = {"code": report.community.code}
    told["start"] = dt.datetime(1990, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=30 * next(numbers))
    told["end"] = told["start"] + dt.timedelta(minutes=1 + next(numbers) % 1_400)
    told["post"] = None


def a_post(told: Told, ids: Ids) -> None:
    told["name"] = f"{told['name'][:50]}{next(numbers)}"
    told["slots"] = 1 + abs(told["slots"]) % 50


def a_visit(told: Told, ids: Ids) -> None:
    told["day"] = min(told["day"], dt.date(2026, 1, 1))
    told["people"] = abs(told["people"]) % 1_000


def a_task(told: Told, ids: Ids) -> None:
    told["month"] = f"20{next(numbers) % 100:02}-{1 + next(numbers) % 12:02}"


def _code_of(told: Told) -> str:
    return str((told["parent"] or {}).get("code"))


ARRANGED: dict[str, Callable[[Told, Ids], None]] = {
    "communities": a_node,
    "organizations": a_unit,
    "affiliations": a_link,
    "households": a_household,
    "reports": a_report,
    "unit_reports": a_unit_report,
    "service_entries": a_service,
    "posts": a_post,
    "unit_activities": a_visit,
    "unit_tasks": a_task,
    "memberships": one_side("person", "member_organization", "from_date", "to_date"),
}
"""What the rules of a noun ask of its fields together."""
