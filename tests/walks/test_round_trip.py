"""What leaves as a file comes back and changes nothing, whatever the noun and whatever it says.

Generated from the registry: a noun that can be exported and imported is tried because it is there,
and a plugin made for the occasion has a field of every kind that nouns may have.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee as pw
import pytest
import xlsxwriter
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from lifang.entities.community import KINDS, Community, place
from lifang.entities.person import Person
from lifang.kit import clock, identifiers
from lifang.kit.errors import Conflict, Invalid, LifangError
from lifang.plugins.manager import discover
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.resources import schema
from lifang.resources.action import action
from lifang.resources.fields import FieldSpec
from lifang.resources.resource import Resource
from lifang.services import reading, sheets
from lifang.services.exchange import export, import_table
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.store.fields import DayField, InstantField, PartialDateField, State
from lifang.store.record import Record, ref
from lifang.store.sensitive import Sensitive
from lifang.testing import world

FORMS = ("csv", "xlsx")
WIDER = (world.CITY, world.CHENGGUAN, "620102001000", world.HOME)
LIVED_IN = (world.HOME, world.NEIGHBOUR, world.FOREIGN)

ODD = (
    "=+-@＝＋－＠'\"`,;|\\/%&<>{}[]() \u3000_x0041_#1.Ee里坊𠮷㐂\U00030000\U0002ceb0·•･・ée\u0301"
    "ئۇيغۇر་བོད\u1828\u180b\u1820\u200c\u200d豈\ufe00\U000e0100ＡＢａ①ßẞİı🀄"
)


class Everything(Record):
    """A record with a field of every kind."""

    community = place("社区")
    person = ref(Person, "人员", null=True)
    other = pw.ForeignKeyField("self", null=True, verbose_name="另一条")
    title = pw.CharField(max_length=30, verbose_name="标题")
    remark = pw.TextField(null=True, verbose_name="说明")
    number = pw.IntegerField(null=True, verbose_name="整数")
    measure = pw.FloatField(null=True, verbose_name="数值")
    sure = pw.BooleanField(default=False, verbose_name="是否确定")
    perhaps = pw.BooleanField(null=True, verbose_name="也许")
    day = DayField(null=True, verbose_name="日期")
    moment = InstantField(null=True, verbose_name="时间")
    since = PartialDateField(null=True, verbose_name="何时起")
    colour = pw.CharField(
        max_length=9, null=True, choices=[("=red", "-红"), ("blue", "蓝")], verbose_name="颜色"
    )
    state = State("状态", open="未办", closed="已办")
    address = Sensitive("住址", kind="address")
    phone = Sensitive("电话", kind="phone")
    born = Sensitive("出生", kind="birth_date")

    class Meta:
        """Belongs to the plugin of this test."""

        table_name = "trial_everything"


@action("办结", moves={"open": "closed"})
def close(everything: Everything, caller: Any, *, note: str) -> None:
    """Close it."""


everything = Resource(
    Everything,
    label="杂项",
    noun="everything",
    title="title",
    search=["title"],
    actions=[close],
    roles={"community_worker": "read create update remove close import export"},
)


@pytest.fixture
def full(instance: Instance, tmp_path: Path) -> Instance:
    """An instance with every plugin on, and one more whose noun has a field of every kind."""
    for name in discover():
        world.enable(instance, name, at=world.CITY)
    trial = Plugin("trial", "试", resources=[everything], folder=tmp_path / "trial")
    instance.plugins.register(trial)
    with instance.database.transaction():
        instance.database.engine.create_tables([Everything])
        PluginRow.create(
            name="trial", label="试", version="1", state="installed", changed_at=clock.now()
        )
        city = Community.get(Community.code == world.CITY)
        Activation.create(plugin="trial", community=city, on=True, changed_at=clock.now())
        bump_epoch()
    return instance


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
    "instant": st.datetimes(timezones=st.timezones()),
    "partial_date": partial_dates(),
}


def values(spec: FieldSpec) -> st.SearchStrategy[Any]:
    """Whatever a field takes, but for references."""
    if spec.check is identifiers.check_uscc:
        return credit_codes()
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
            if self.draw(st.booleans()):
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
        except (Conflict, Invalid):
            return

    def _remove(self, model: type[Record]) -> None:
        for id in self.ids.get(model, [])[1:]:
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


def _code_of(told: Told) -> str:
    return str((told["parent"] or {}).get("code"))


ARRANGED: dict[str, Callable[[Told, Ids], None]] = {
    "communities": a_node,
    "organizations": a_unit,
    "affiliations": a_link,
    "households": a_household,
    "memberships": one_side("person", "member_organization", "from_date", "to_date"),
}
"""What the rules of a noun ask of its fields together."""


def dump(instance: Instance) -> Counter[tuple[Any, ...]]:
    """Every row of every table, but for what reading leaves behind: audit and sessions."""
    engine = instance.database.engine
    rows: Counter[tuple[Any, ...]] = Counter()
    for table in engine.get_tables():
        if "audit" not in table and "session" not in table:
            asked = engine.execute_sql(f'SELECT * FROM "{table}"')  # noqa: S608 – our own tables
            rows.update((table, *row) for row in asked.fetchall())
    return rows


def differing(instance: Instance, before: Counter[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows that are not as they were; what reading counts is left out here too."""
    now = dump(instance)
    both = [*(before - now), *(now - before)]
    return [row for row in both if row[0] != "sqlite_sequence"]


def taken_in(
    made: Made, resource: Resource[Any], raw: bytes, *, wrong: int = 0
) -> tuple[int, int, int]:
    done = import_table(made.boss, resource, io.BytesIO(raw))
    assert done["failed"] == wrong, (resource, done["errors"])
    assert all(error["message"] for error in done["errors"])
    return done["created"], done["updated"], done["unchanged"]


def examples(number: int) -> Any:
    """Each example adds to the same tables, so a smaller one would not be the same; it is told by
    its noun and what is wrong with its rows."""
    return settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )


def go_out_and_come_back(instance: Instance, number: int) -> None:
    seen: Counter[str] = Counter()

    @examples(number)
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        made = Made(instance, data)
        before = dump(instance)
        for resource in exchanged(instance):
            views = made.views(resource)
            told = b"".join(export(made.boss, resource, made.query(resource), form="json"))
            assert json.loads(told)["items"] == json.loads(json.dumps(views))
            for form in FORMS:
                raw = made.export(resource, form)
                assert taken_in(made, resource, raw) == (0, 0, len(views)), resource
            seen[resource.id] += len(views)
        assert differing(instance, before) == []

    walk()
    assert {resource.id for resource in exchanged(instance)} == set(+seen)


def test_whatever_is_exported_comes_back_and_changes_nothing(full: Instance) -> None:
    go_out_and_come_back(full, 15)


@pytest.mark.trust
def test_much_more_that_is_exported_changes_nothing(full: Instance) -> None:
    go_out_and_come_back(full, 150)


class _Back(Exception):
    """Only tried."""


def as_cell(spec: FieldSpec, value: Any) -> str:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return sheets.cell(spec, value)


def rewritten(raw: bytes, column: int, cell: str, form: str) -> bytes:
    """The exported CSV with the last row's cell changed, as a spreadsheet would save it."""
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    rows[-1][column] = cell
    if form == "csv":
        return sheets.BOM + sheets.written(rows)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            for place, some in enumerate(row):
                page.write_string(number, place, some)
    return out.getvalue()


FIXED = {"communities": {"code", "kind", "parent", "valid_to"}}
"""What tells one node from another is no cell to be changed."""


def as_written(made: Made, resource: Resource[Any], id: int, told: Told) -> Any:
    """What the API would make of a change: the value shown then, or the refusal; undone at once."""
    (name,) = told
    try:
        with made.instance.database.transaction():
            write(resource, "update", made.boss, told, id)
            raise _Back(reading.view(made.boss, resource, id)[name])
    except _Back as back:
        return back.args[0]
    except (Conflict, Invalid) as refused:
        return refused


def change(made: Made, resource: Resource[Any]) -> int:
    """Change a cell of the last row; gives how many records that changed, none or this one."""
    specs = [
        spec
        for spec in schema.update_fields(resource)
        if spec.name not in FIXED.get(resource.noun, ())
    ]
    spec, form = made.draw(st.sampled_from(specs)), made.draw(st.sampled_from(FORMS))
    value = made.value(resource, spec)
    if not (views := made.views(resource)):
        return 0
    id, shown = views[-1]["id"], views[-1][spec.name]
    cell = as_cell(spec, value)
    new = cell != as_cell(spec, shown)
    would = as_written(made, resource, id, {spec.name: value}) if new else shown
    before = dump(made.instance)
    column = 1 + [one.name for one in resource.fields].index(spec.name)
    raw = rewritten(made.export(resource, "csv"), column, cell, form)
    if isinstance(would, LifangError):
        assert taken_in(made, resource, raw, wrong=1)[:2] == (0, 0), (resource, spec.name)
        assert differing(made.instance, before) == []
        return 0
    created, updated, unchanged = taken_in(made, resource, raw)
    told = (resource, spec.name, value)
    assert (created, updated + unchanged) == (0, len(views)), told
    assert reading.view(made.boss, resource, id)[spec.name] == would, told
    seen = {row[:2] for row in differing(made.instance, before)}
    if not updated:
        assert (shown, seen) == (would, set()), told
        return 0
    assert {row for row in seen if row[0] == resource.table} == {(resource.table, id)}, told
    assert updated == 1, told
    return 1


def change_one_cell(instance: Instance, number: int) -> None:
    changed: Counter[str] = Counter()

    @examples(number)
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        made = Made(instance, data)
        for resource in exchanged(instance):
            changed[resource.id] += change(made, resource)

    for _turn in range(9):
        if not all(changed[resource.id] for resource in exchanged(instance)):
            walk()
    assert {resource.id for resource in exchanged(instance)} == set(+changed)


def test_one_changed_cell_changes_exactly_this_record(full: Instance) -> None:
    change_one_cell(full, 15)


@pytest.mark.trust
def test_many_changed_cells_change_exactly_their_record(full: Instance) -> None:
    change_one_cell(full, 100)
