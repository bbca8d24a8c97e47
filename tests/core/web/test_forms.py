"""Forms: what is asked, what is answered back when it is wrong, and what a stale save meets."""

from __future__ import annotations

import html
import re

from lifang.builtin.people import people
from lifang.entities.person import Person
from lifang.services import reading
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.web.conftest import REPORTS, Visit, Visitor


def value_of(page: str, name: str) -> str:
    found = re.search(rf'value="([^"]*)"[^>]*id="f-{name}"', page)
    assert found is not None, name
    return html.unescape(found.group(1))


def shown(page: str, name: str) -> str | None:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return html.unescape(found.group(1)) if found else None


def test_a_person_is_registered_and_found(worker: Visitor) -> None:
    answer = worker.post(
        "/people/new",
        {
            "name": "阿依古丽·买买提",
            "sex": "female",
            "community": world.HOME,
            "phone": "13800001234",
        },
    )
    assert answer.status_code == 303
    assert re.fullmatch(r"/people/\d+\?done=create", answer.headers["Location"])
    page = worker.text(answer.headers["Location"])
    assert "已新建" in page and "阿依古丽·买买提" in page and "138****1234" in page
    assert "13800001234" not in page
    assert "阿依古丽·买买提" in worker.text("/people?q=阿依")


def test_wrong_answers_come_back_with_a_summary_that_leads_to_each(worker: Visitor) -> None:
    answer = worker.post("/people/new", {"name": "", "phone": "123", "community": "没有这里"})
    page = answer.text
    assert answer.status_code == 422
    assert 'id="problems"' in page and "autofocus" in page and 'role="alert"' in page
    for name in ("name", "phone", "community"):
        assert f'href="#f-{name}"' in page and f'id="e-{name}"' in page
    assert re.search(r'id="f-community"[^>]*aria-describedby="[^"]*e-community"', page)
    assert value_of(page, "phone") == "123", "what was typed is kept"
    assert "有误" in page.split("</title>")[0]


def test_a_save_that_does_not_say_what_it_saw_is_stale(worker: Visitor, li_qiang: Person) -> None:
    form = {"name": "李强国", "was.name": "李强"}
    assert worker.post(f"/people/{li_qiang.id}/edit", form).status_code == 412


def test_a_community_is_named_by_code_by_name_or_by_both(worker: Visitor) -> None:
    for said in (world.HOME, "畅家巷社区", f"畅家巷社区 #{world.HOME}"):
        answer = worker.post("/people/new", {"name": "张三", "community": said})
        assert answer.status_code == 303, said


def test_looking_for_a_record_offers_those_that_match_without_writing(
    worker: Visitor, reporting: None, instance: Instance
) -> None:
    for name in ("张伟", "张伟", "张伟民"):
        world.person(instance, name)
    form = {"person": "张伟", "community": world.HOME}
    page = worker.post(f"{REPORTS}/new", {**form, "find": "person"})
    assert page.status_code == 200
    assert page.text.count("张伟") >= 3 and '<select class="form-select" id="f-person"' in page.text
    assert value_of(page.text, "community") == world.HOME
    assert "这里还没有报到记录" in worker.text(REPORTS)
    ambiguous = worker.post(f"{REPORTS}/new", form)
    assert ambiguous.status_code == 422 and "请选择其一" in ambiguous.text
    chosen = re.findall(r'<option value="(\d+)">', ambiguous.text)
    assert len(chosen) == 2, "namesakes to choose between, no longer name"
    assert worker.post(f"{REPORTS}/new", {**form, "person": chosen[0]}).status_code == 303


def test_a_place_out_of_reach_is_worded_like_one_that_does_not_exist(worker: Visitor) -> None:
    told = []
    for code in (world.FOREIGN, "999999999999"):
        answer = worker.post("/people/new", {"name": "张三", "community": code})
        assert answer.status_code == 422
        told.append(re.findall(r'id="e-community">([^<]+)', answer.text)[0].replace(code, "…"))
    assert told[0] == told[1]


def test_an_edit_changes_what_was_touched_and_leaves_masks_alone(
    worker: Visitor, li_qiang: Person, boss: object, instance: Instance
) -> None:
    path = f"/people/{li_qiang.id}/edit"
    page = worker.text(path)
    assert value_of(page, "phone") == "138****1234"
    form = {
        "version": shown(page, "version") or "",
        "name": "李强国",
        "was.name": "李强",
        "phone": "138****1234",
        "was.phone": "138****1234",
    }
    assert worker.post(path, form).headers["Location"] == f"/people/{li_qiang.id}?done=update"
    owner = world.boss(instance)
    open_values = reading.reveal(owner, people, int(li_qiang.id), fields=["phone"], reason="核对")
    assert open_values == {"phone": "13800001234"}
    assert "李强国" in worker.text(f"/people/{li_qiang.id}")


def test_a_stale_save_keeps_the_input_and_tells_what_changed(
    worker: Visitor, li_qiang: Person, instance: Instance
) -> None:
    path = f"/people/{li_qiang.id}/edit"
    version = shown(worker.text(path), "version") or ""
    others = {"name": "李强国", "sex": "male"}
    write(people, "update", world.boss(instance), others, int(li_qiang.id))
    form = {"version": version, "name": "李强军", "was.name": "李强", "sex": "unknown",
            "was.sex": "unknown", "status": "floating", "was.status": "permanent"}  # fmt: skip
    answer = worker.post(path, form)
    assert answer.status_code == 412
    assert "别人已改为「李强国」" in answer.text and value_of(answer.text, "name") == "李强军"
    assert '<option value="male" selected>' in answer.text, "what I left alone is theirs now"
    assert '<option value="floating" selected>' in answer.text
    again = {**form, "version": shown(answer.text, "version") or "", "was.name": "李强国",
             "sex": "male", "was.sex": "male"}  # fmt: skip
    assert worker.post(path, again).status_code == 303
    page = worker.text(f"/people/{li_qiang.id}")
    assert "李强军" in page and "流动" in page and "男" in page


def test_somebody_known_already_is_a_conflict_said_on_the_form(
    worker: Visitor, li_qiang: Person
) -> None:
    form = {"name": "李强", "citizen_id": "620102198001010033", "community": world.HOME}
    answer = worker.post("/people/new", form)
    assert answer.status_code == 409 and "已经登记过" in answer.text
    assert value_of(answer.text, "name") == "李强"


def test_a_form_can_be_answered_beforehand_by_its_address(
    worker: Visitor, reporting: None, li_qiang: Person
) -> None:
    page = worker.text(f"{REPORTS}/new?person={li_qiang.id}&community={world.HOME}")
    assert value_of(page, "person") == f"李强 #{li_qiang.id}"
    assert value_of(page, "community") == f"畅家巷社区 #{world.HOME}"
    page = worker.text(f"{REPORTS}/new?person=999999&community=nowhere")
    assert (value_of(page, "person"), value_of(page, "community")) == ("999999", "nowhere")


def test_a_name_that_is_a_script_is_shown_and_never_run(
    worker: Visitor, administrator: Visitor, instance: Instance, reporting: None
) -> None:
    canary = "<script>alert(1)</script>"
    quoted = "\"><img src=x onerror=alert(1)>'"
    ids = [int(world.person(instance, name).id) for name in (canary, quoted)]
    world.organization(instance, canary)
    pages = ["/people", "/organizations", "/affiliations", f"/people?q={canary}",
             f"/people?within={quoted}", f"/affiliations?person={ids[0]}", "/admin/audit",
             f"{REPORTS}/new"]  # fmt: skip
    pages += [f"/people/{one}{tail}" for one in ids
              for tail in ("", "/edit", "/history", "/remove", "/actions/move")]  # fmt: skip
    for path in pages:
        answer = administrator.get(path)
        assert answer.status_code in (200, 422), path
        assert canary not in answer.text, path
        assert "<img src=x" not in answer.text, path
    form = {"person": canary, "community": quoted, "find": "person"}
    assert canary not in worker.post(f"{REPORTS}/new", form).text


def test_a_worker_cannot_write_what_their_role_does_not_give(
    worker: Visitor, visit: Visit, li_qiang: Person
) -> None:
    grid = visit("grid_worker", at=world.HOME)
    page = grid.text(f"/people/{li_qiang.id}")
    for verb in ("edit", "remove", "actions/move"):
        assert f"/{verb}" not in page
    assert "查看敏感信息" not in page
    for verb in ("edit", "remove"):
        assert grid.get(f"/people/{li_qiang.id}/{verb}").status_code == 403
        assert grid.post(f"/people/{li_qiang.id}/{verb}", {"name": "x"}).status_code == 403
    assert grid.get("/people/new").status_code == 403
    assert worker.get(f"/people/{li_qiang.id}/edit").status_code == 200
    assert worker.get(f"/people/{li_qiang.id}/remove").status_code == 403


def test_a_rule_of_the_whole_record_is_said_at_its_question(
    worker: Visitor, instance: Instance
) -> None:
    path = f"/organizations/{world.organization(instance, '街道党支部').id}/edit"
    form = {"version": "1", "no_uscc_reason": "", "was.no_uscc_reason": "党组织无代码"}
    answer = worker.post(path, form)
    assert answer.status_code == 422 and 'href="#f-uscc"' in answer.text


def test_what_changed_meanwhile_is_not_removed_unseen(
    visit: Visit, li_qiang: Person, instance: Instance
) -> None:
    secretary, path = visit("community_secretary", at=world.HOME), f"/people/{li_qiang.id}/remove"
    assert "确定要移除「李强」吗" in secretary.text(path)
    write(people, "update", world.boss(instance), {"sex": "male"}, int(li_qiang.id))
    answer = secretary.post(path, {"version": "1"})
    assert answer.status_code == 412 and "没有移除" in answer.text
    assert shown(answer.text, "version") == "2"


def test_a_date_known_in_part_is_asked_in_three_fields_and_taken_in_one(worker: Visitor) -> None:
    page = worker.text("/people/new")
    assert all(f'name="birth_date.{part}"' in page for part in ("year", "month", "day"))
    told = {"name": "张三", "community": world.HOME}
    three = {"birth_date.year": "1980", "birth_date.month": "5", "birth_date.day": ""}
    made = worker.post("/people/new", {**told, **three})
    assert "1980-**" in worker.text(made.headers["Location"])
    assert worker.post("/people/new", {**told, "birth_date": "1980-05"}).status_code == 303
    wrong = worker.post(
        "/people/new", {**told, **three, "birth_date.month": "", "birth_date.day": "7"}
    )
    assert wrong.status_code == 422 and 'href="#f-birth_date"' in wrong.text
    assert 'id="f-birth_date"' in wrong.text and 'name="birth_date.day" value="07"' in wrong.text
    kept = worker.text(made.headers["Location"].split("?")[0] + "/edit")
    assert 'name="birth_date.year" value="1980"' in kept
