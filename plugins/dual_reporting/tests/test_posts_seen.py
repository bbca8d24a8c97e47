"""What residents learn of those who hold a post: first names and skills, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.entities.account import Grant
from lifang.services.erasing import erase
from lifang.testing import world
from lifang.testing.visitors import Visitor, account, session, token
from lifang_dual_reporting.resources import reports
from lifang_dual_reporting.services.post import given_name

PAGES = "/p/dual-reporting"
API = "/api/v1/dual-reporting"


@pytest.fixture
def neighbour(corner: Any, app: Any) -> Callable[..., Any]:
    """王芳 lives here and is a resident by role; 李强 and 欧阳小兰 hold a post."""
    wang = world.person(corner.instance, "王芳")
    holder = account(corner.instance, "resident", person=wang)
    with corner.instance.database.transaction():
        home = lf.Community.get(lf.Community.code == world.HOME)
        Grant.create(account=holder, role="resident", community=home)
    client, program = app.test_client(), app.test_client()
    client.set_cookie("lifang", session(corner.instance, holder), path="/")
    secret = token(corner.instance, holder)
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return lambda: (Visitor(client, holder.name), program)


def test_residents_learn_first_name_and_skill_of_who_holds_a_post_and_nothing_else(
    corner: Any, neighbour: Any, page: Any
) -> None:
    unit = world.organization(corner.instance, "示例供水公司")
    told = {
        "organization": unit.id, "household_address": "畅家巷小区1号楼", "post_title": "科长",
        "political_status": "中共党员", "channel": "paper",
    }  # fmt: skip
    li = corner.reports("李强", skills="水电维修", slip_no="甲-1", **told)
    ouyang = corner.reports("欧阳小兰", slip_no="甲-2", **told)
    post = corner.post(slots=2)
    mine = page("resident", person=li.person)  # the claim is made by a named account
    made = {"post": str(post.id), "person": str(li.person_id)}
    assert mine.post(f"{PAGES}/post-claims/new", made).status_code == 303
    claim, entry = corner.claim(post, ouyang, corner.worker), corner.served(li)
    corner.events.deliver()
    visitor, program = neighbour()
    shown = visitor.text(f"{PAGES}/posts/{post.id}")
    assert "强（水电维修）、小兰" in shown
    assert program.get(f"{API}/posts/{post.id}").json["who"] == "强（水电维修）、小兰"
    known = {"reports": li.id, "post-claims": claim.id, "service-entries": entry.id}
    paths = ["posts", f"posts/{post.id}", f"posts/{post.id}/history", *known, "service-ratings"]
    seen = visitor.text("/me") + "".join(visitor.text(f"{PAGES}/{path}") for path in paths)
    seen += "".join(program.get(f"{API}/{path}").text for path in paths)
    hidden = {"李强", "欧阳", "示例供水公司", "畅家巷小区", "科长", "党员", mine.name, "修水管"}
    assert {word for word in hidden if word in seen} == set()
    for noun, number in known.items():
        assert visitor.get(f"{PAGES}/{noun}/{number}").status_code == 404
        assert program.get(f"{API}/{noun}/{number}").status_code == 404
        for asked in ("", "?q=李强", "?q=小兰", f"?person={li.person_id}"):
            assert program.get(f"{API}/{noun}{asked}").json["items"] == []
    assert program.get(f"{API}/posts?q=李强").json["items"] == []
    for noun in ("posts", "service-ratings", *known):
        assert visitor.get(f"{PAGES}/{noun}/export?format=csv").status_code in (403, 404)


def test_what_is_told_of_who_holds_a_post_follows_from_their_report(corner: Any) -> None:
    post, report = corner.post(), corner.reports("李强", skills="水电维修")
    corner.claim(post, report)
    corner.events.deliver()
    lf.write(reports, "update", corner.worker, {"skills": "书法"}, report.id)
    corner.events.deliver()
    assert corner.now(post).who == "强（书法）"
    erase(corner.boss, f"core.person/{report.person_id}")
    corner.events.deliver()
    assert corner.now(post).who == "强"


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "first"),
    [("李强", "强"), ("欧阳小兰", "小兰"), ("欧阳", "阳"), ("古丽·买买提", "古丽"), ("甲", "某")],
)
def test_a_first_name_is_what_follows_the_familys(name: str, first: str) -> None:
    assert given_name(name) == first
