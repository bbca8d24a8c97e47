"""The first page: a level of the tree at a time, what ends soon, what needs care."""

from __future__ import annotations

import datetime as dt
import re

from lifang.entities.person import Person
from lifang.kit import clock
from lifang.services.deadlines import deadline
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import REPORTS, Visit, Visitor


def figure(page: str, noun: str) -> int:
    found = re.search(rf'tile-value">([0-9,]+)</span>\s*<a href="/{noun}[^"]*"', page)
    assert found is not None, noun
    return int(found.group(1).replace(",", ""))


def test_a_level_narrows_every_number_and_leads_on(
    worker: Visitor, instance: Instance, reporting: None, li_qiang: Person
) -> None:
    world.person(instance, "李四", at=world.NEIGHBOUR)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    told = {"person": li_qiang.id, "community": {"code": world.HOME}}
    write(reports, "create", world.boss(instance), told)
    whole, home = worker.text("/"), worker.text(f"/?within={world.HOME}")
    assert (figure(whole, "people"), figure(home, "people")) == (2, 1)
    assert (
        f"/people?within={world.HOME}" in home and f"{REPORTS}?state=submitted&amp;within=" in home
    )
    next_door = worker.text(f"/?within={world.NEIGHBOUR}").split('id="waiting"')[1]
    assert "没有等您处理的事项" in next_door.split("</section>")[0]
    way = re.search(r'<ol class="crumbs">(.*?)</ol>', home, re.DOTALL)
    assert way is not None and "酒泉路街道" in way.group(1) and "畅家巷社区" in way.group(1)
    assert f'href="/?within={world.HOME}"' in worker.text("/?within=酒泉路街道")
    assert worker.get(f"/?within={world.FOREIGN}").status_code in (404, 422)


def test_what_ends_within_a_week_is_told_to_those_who_see_it(
    worker: Visitor, visit: Visit, instance: Instance, reporting: None
) -> None:
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    boss, made = world.boss(instance), []
    for number, days in enumerate((0, 3, 30)):
        person = world.person(instance, f"报到人{'甲乙丙'[number]}")
        told = {"person": person.id, "community": {"code": world.HOME}}
        made.append(write(reports, "create", boss, told))
        with instance.database.transaction():
            deadline(made[-1], boss, "activate_due", start=clock.today() - dt.timedelta(days=1),
                     days=days + 1)  # fmt: skip
    due = worker.text("/").split('id="due"')[1].split("</section>")[0]
    assert "今天到期" in due and "还有 3 天" in due
    assert f"{REPORTS}/{made[0].id}" in due and f"{REPORTS}/{made[2].id}" not in due
    assert 'id="due"' not in worker.text(f"/?within={world.NEIGHBOUR}")
    assert 'id="due"' not in visit("community_worker", at=world.QILIHE).text("/")


def test_administrators_hear_of_missing_backups_and_others_do_not(
    administrator: Visitor, worker: Visitor
) -> None:
    assert "还没有备份" in administrator.text("/")
    assert "备份" not in worker.text("/")
