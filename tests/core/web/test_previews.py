"""Actions with a preview: shown first, confirmed as shown, and shown anew when it changed."""

from __future__ import annotations

import re

import pytest

from lifang.builtin.people import people
from lifang.entities.person import Person
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import Visit, Visitor

SEEN = re.compile(r'name="seen" value="([0-9a-f]{64})"')


@pytest.fixture
def secretary(visit: Visit) -> Visitor:
    return visit("community_secretary", at=world.HOME)


@pytest.fixture
def kept(instance: Instance) -> Person:
    return world.person(instance, "李小强")


def test_a_merge_is_shown_then_confirmed(
    secretary: Visitor, li_qiang: Person, kept: Person
) -> None:
    path = f"/people/{li_qiang.id}/actions/merge"
    assert path in secretary.text(f"/people/{li_qiang.id}")
    first = secretary.text(path)
    assert "预览合并" in first and "确认合并" not in first
    shown = secretary.post(path, {"into": str(kept.id)})
    assert shown.status_code == 200 and "确认合并" in shown.text and "还没有写入" in shown.text
    assert "138****1234" in shown.text and "13800001234" not in shown.text
    assert "归属关系" in shown.text
    assert secretary.get(f"/people/{li_qiang.id}").status_code == 200
    seen = SEEN.search(shown.text)
    assert seen is not None
    done = secretary.post(path, {"into": str(kept.id), "seen": seen[1]})
    assert done.headers["Location"] == "/people?done=merge"
    assert secretary.get(f"/people/{li_qiang.id}").status_code == 404
    timeline = secretary.text(f"/people/{kept.id}/history")
    assert "合并自" in timeline and f"#{li_qiang.id}" in timeline


def test_what_changed_since_it_was_shown_is_shown_anew(
    secretary: Visitor, li_qiang: Person, kept: Person, instance: Instance
) -> None:
    path, form = f"/people/{li_qiang.id}/actions/merge", {"into": str(kept.id)}
    seen = SEEN.search(secretary.post(path, form).text)
    assert seen is not None
    write(people, "update", world.boss(instance), {"sex": "female"}, int(kept.id))
    for stale in (seen[1], "", "0" * 64):
        again = secretary.post(path, {**form, "seen": stale})
        assert again.status_code == 200 and "还没有写入" in again.text
    fresh = SEEN.search(again.text)
    assert fresh is not None and fresh[1] != seen[1]
    assert secretary.post(path, {**form, "seen": fresh[1]}).status_code == 303


def test_what_hinders_is_shown_and_cannot_be_confirmed(
    secretary: Visitor, li_qiang: Person, kept: Person, instance: Instance
) -> None:
    other = {"citizen_id": "110101199003077715"}
    write(people, "update", world.boss(instance), other, int(kept.id))
    path, form = f"/people/{li_qiang.id}/actions/merge", {"into": str(kept.id)}
    hindered = secretary.post(path, form)
    assert hindered.status_code == 422 and "是两个人" in hindered.text
    assert "确认合并" not in hindered.text and SEEN.search(hindered.text) is None
    assert secretary.post(path, {**form, "seen": "0" * 64}).status_code == 422
    write(people, "update", world.boss(instance), {"citizen_id": None}, int(kept.id))
    seen = SEEN.search(secretary.post(path, form).text)
    assert seen is not None
    assert secretary.post(path, {**form, "seen": seen[1]}).status_code == 303


def test_a_merge_asks_who_stays_and_only_those_who_may(
    secretary: Visitor, worker: Visitor, li_qiang: Person, kept: Person
) -> None:
    path = f"/people/{li_qiang.id}/actions/merge"
    assert path not in worker.text(f"/people/{li_qiang.id}")
    assert worker.post(path, {"into": str(kept.id)}).status_code == 403
    for wrong in ("", "987654", str(li_qiang.id)):
        refused = secretary.post(path, {"into": wrong})
        assert refused.status_code == 422 and 'href="#f-into"' in refused.text, wrong
