"""Dual reporting as its residents, workers and liaisons meet it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang_dual_reporting import models
from lifang_dual_reporting.models import Report, ServiceEntry
from lifang_dual_reporting.plugin import plugin
from lifang_dual_reporting.resources import reports
from lifang_dual_reporting.services.report import accept, end

Make = Callable[..., lf.Caller]


@pytest.fixture(autouse=True)
def switched_on(instance: object, enable: Callable[..., None]) -> None:
    enable("dual_reporting", at=world.CHENGGUAN)


def submit(caller: lf.Caller, person: lf.Person, **told: object) -> Report:
    return lf.write(
        reports,
        "create",
        caller,
        {"person": person.id, "community": {"code": world.HOME}, **told},
    )


def test_a_resident_reports_and_the_community_accepts(instance: Any, caller: Make) -> None:
    liqiang = world.person(instance, "李强")
    report = submit(caller("resident", person=liqiang), liqiang)
    worker = caller("community_worker", at=world.HOME)
    assert lf.act(accept, report, worker).state == "accepted"
    with pytest.raises(lf.Conflict, match="只有「已提交」的记录可以接收"):
        lf.act(accept, report, worker)


def test_a_non_party_public_servant_reports_like_everyone(instance: Any, caller: Make) -> None:
    zhaomin = world.person(instance, "赵敏")
    worker = caller("community_worker", at=world.HOME)
    assert lf.act(accept, submit(worker, zhaomin), worker).state == "accepted"


def test_one_person_has_one_standing_report_wherever_it_is(instance: Any, caller: Make) -> None:
    liqiang = world.person(instance, "李强")
    worker = caller("community_worker", at=world.CHENGGUAN)
    first = submit(worker, liqiang)
    with pytest.raises(lf.Conflict):
        submit(worker, liqiang, community={"code": world.NEIGHBOUR})
    lf.act(end, first, worker, reason="退休")
    submit(worker, liqiang, community={"code": world.NEIGHBOUR})


def test_a_liaison_sees_reports_of_their_unit_only(instance: Any, caller: Make) -> None:
    ours, theirs = (world.organization(instance, name) for name in ("示例甲", "示例乙"))
    liqiang, zhaomin = world.person(instance, "李强"), world.person(instance, "赵敏")
    worker = caller("community_worker", at=world.HOME)
    kept = submit(worker, liqiang, organization=ours.id)
    submit(worker, zhaomin, organization=theirs.id)
    liaison = caller("unit_liaison", unit=ours)
    assert [report.id for report in lf.each(reports, liaison)] == [kept.id]
    with pytest.raises(lf.Forbidden):
        lf.act(accept, kept, liaison)


def test_the_dashboard_says_how_many_report_here(instance: Any, caller: Make) -> None:
    worker = caller("community_worker", at=world.HOME)
    submit(worker, world.person(instance, "赵敏"))
    lf.act(accept, submit(worker, world.person(instance, "李强")), worker)
    card = instance.plugins.cards(caller("community_secretary", at=world.HOME))[0]
    assert (card.title, card.value) == ("已报到人数", 1)
    assert instance.plugins.cards(caller("community_worker", at=world.NEIGHBOUR))[0].value == 0


def test_its_tables_carry_its_name_and_its_migrations_make_them(instance: Any) -> None:
    from playhouse.schema_diff import diff_models

    assert Report._meta.table_name.startswith(f"{plugin.id}_")
    assert ServiceEntry._meta.table_name.startswith(f"{plugin.id}_")
    kept = [getattr(models, name) for name in models.__all__]
    assert not diff_models(instance.database.engine, kept)


def test_its_declaration_is_a_table_of_contents_and_each_file_one_sitting() -> None:
    folder = Path(inspect.getfile(models)).parents[1]
    sizes = {path.name: len(path.read_text("utf-8").splitlines()) for path in folder.rglob("*.py")}
    assert sizes.pop("plugin.py") < 40
    assert max(sizes.values()) < 250
    source = (folder / "plugin.py").read_text("utf-8")
    assert source.rstrip().endswith(")")
    assert "plugin = lf.Plugin(" in source.split("\n\n\n")[-1]
