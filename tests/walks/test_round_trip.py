"""What leaves as a file comes back and changes nothing, whatever the noun and whatever it says.

Generated from the registry: a noun that can be exported and imported is tried because it is there,
and a plugin made for the occasion has a field of every kind that nouns may have.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import peewee as pw
import pytest
import xlsxwriter
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from lifang.entities.community import Community, place
from lifang.entities.person import Person
from lifang.kit import clock
from lifang.kit.errors import Conflict, Invalid, LifangError
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
from lifang.store.fields import DayField, InstantField, PartialDateField, State
from lifang.store.record import Record, ref
from lifang.store.sensitive import Sensitive
from lifang.testing import world
from tests.walks.generated import Made, Told, exchanged

FORMS = ("csv", "xlsx")


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
    """An instance with the plugins whose records stand by themselves, and one more whose noun has a
    field of every kind. Where a record is the fruit of others (a sign-up, a payment), its plugin
    tries its own files."""
    for name in ("dual_reporting", "webhooks"):
        world.enable(instance, name, at=world.CITY)
    trial = Plugin("trial", "试", resources=[everything], folder=tmp_path / "trial")
    instance.plugins.register(trial)
    with instance.database.transaction():
        instance.database.engine.create_tables([Everything])
        instance.database.settle_tables()
        PluginRow.create(
            name="trial", label="试", version="1", state="installed", changed_at=clock.now()
        )
        city = Community.get(Community.code == world.CITY)
        Activation.create(plugin="trial", community=city, on=True, changed_at=clock.now())
        bump_epoch()
    return instance


def dump(instance: Instance) -> Counter[tuple[Any, ...]]:
    """Every row of every table, but for what is noted of every attempt: audit, sessions, jobs."""
    engine = instance.database.engine
    rows: Counter[tuple[Any, ...]] = Counter()
    for table in engine.get_tables():
        if not any(noted in table for noted in ("audit", "session", "core_job")):
            asked = engine.execute_sql(f'SELECT * FROM "{table}"')  # noqa: S608 – our own tables
            rows.update((table, *row) for row in asked.fetchall() if not _of_a_job(row))
    return rows


def _of_a_job(row: tuple[Any, ...]) -> bool:
    return any(str(cell).startswith(("core.job.", "core.job/")) for cell in row)


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
    go_out_and_come_back(full, 8)


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
    value = (
        spec.default if value is None and not spec.null else value
    )  # nothing said is the default
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
    wanted = exchanged(instance)

    @examples(number)
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        made = Made(instance, data)
        for resource in wanted:
            changed[resource.id] += change(made, resource)

    for turn in range(60):
        if wanted:
            seed(turn)(walk)()  # else each turn throws the same dice where CI is set
        wanted = [one for one in wanted if not changed[one.id]]  # those the dice have spared
    assert wanted == []


def test_one_changed_cell_changes_exactly_this_record(full: Instance) -> None:
    change_one_cell(full, 3)


@pytest.mark.trust
def test_many_changed_cells_change_exactly_their_record(full: Instance) -> None:
    change_one_cell(full, 100)
