"""Posts: as many hold one as it has places, the others wait, and residents learn very little."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import lifang as lf
from lifang.kit.errors import Busy
from lifang.services import reading
from lifang.testing import world
from lifang_dual_reporting.models import PostClaim
from lifang_dual_reporting.resources import post_claims, posts, service_entries
from lifang_dual_reporting.services.post import close, give_up, places, reopen
from lifang_dual_reporting.services.report import end
from lifang_dual_reporting.services.suspension import suspend
from lifang_dual_reporting.services.transfer import ask_transfer, release

PAGES = "/p/dual-reporting"
API = "/api/v1/dual-reporting"


def test_of_fifty_who_claim_seven_places_at_once_seven_have_one_and_the_others_wait_in_order(
    busy: Any,
) -> None:
    post = busy.post(slots=7)
    people = [busy.reports(f"王{number}") for number in range(50)]
    callers = [busy.self_of(one) for one in people]

    def claim(number: int) -> str:
        with busy.instance.database.connection():
            for _try in range(90):
                try:
                    return str(busy.claim(post, people[number], callers[number]).state)
                except Busy:
                    continue  # as a client would after a 503
        raise AssertionError("always busy")

    with ThreadPoolExecutor(8) as pool:
        states = Counter(pool.map(claim, range(50)))
    assert states == {"held": 7, "waiting": 43}
    line = places.line(post, busy.boss)
    assert (line.taken, line.waiting) == (7, 43)
    busy.events.deliver()
    assert busy.now(post).taken == 7
    held = list(PostClaim.select().where(PostClaim.state == "held"))
    waiting = [one for one in PostClaim.select() if one.state == "waiting"]
    lf.act(give_up, held[0], busy.worker)
    busy.events.deliver()
    moved = [one.id for one in waiting if busy.now(one).state == "held"]
    assert len(moved) == 1
    [promoted] = busy.events.published("dual_reporting.post_claim.promoted")
    assert promoted.subject == moved[0]
    assert places.line(post, busy.boss).waiting == 42


def test_who_gives_up_leaves_the_place_to_whoever_waited_longest(corner: Any) -> None:
    post, first, second, third = (
        corner.post(), *(corner.reports(name) for name in ("李强", "赵敏", "王秀兰")),
    )  # fmt: skip
    claims = [corner.claim(post, one) for one in (first, second, third)]
    assert [one.state for one in claims] == ["held", "waiting", "waiting"]
    with pytest.raises(lf.Conflict):
        corner.claim(post, first)
    lf.act(give_up, claims[1], corner.self_of(second))  # whoever waits may leave the line
    lf.act(give_up, claims[0], corner.self_of(first))
    corner.events.deliver()
    assert [corner.now(one).state for one in claims] == ["given_up", "given_up", "held"]
    assert corner.now(post).taken == 1
    [told] = corner.events.published("dual_reporting.post_claim.promoted")
    assert dict(told.data) == {"post": post.id, "person": third.person_id, "report": third.id}
    for event in corner.events.published():
        if event.type.startswith("dual_reporting.post"):
            corner.events.again(event)
    assert [corner.now(one).state for one in claims] == ["given_up", "given_up", "held"]
    assert corner.claim(post, first).state == "waiting"  # once more, at the end of the line


def test_more_places_let_those_who_wait_move_up_and_fewer_than_are_taken_are_refused(
    corner: Any,
) -> None:
    post, two = corner.post(), [corner.reports(name) for name in ("李强", "赵敏")]
    claims = [corner.claim(post, one) for one in two]
    lf.write(posts, "update", corner.worker, {"slots": 2}, post.id)
    corner.events.deliver()
    assert [corner.now(one).state for one in claims] == ["held", "held"]
    with pytest.raises(lf.Conflict, match="已有 2 个名额被占用"):
        lf.write(posts, "update", corner.worker, {"slots": 1}, post.id)
    with pytest.raises(lf.Invalid, match="名额至少为 1"):
        corner.post("法律咨询", slots=0)


def test_only_who_serves_there_and_has_the_skill_takes_a_post(corner: Any) -> None:
    post = corner.post("水电维修", 2, skill="水电维修")
    skilled, other = corner.reports("李强", skills="书法、水电维修"), corner.reports("赵敏")
    away = corner.reports("王秀兰", at=world.NEIGHBOUR, skills="水电维修")
    for who, sentence in ((other, "需要特长「水电维修」"), (away, "没有暂停的人才能认领")):
        with pytest.raises(lf.Invalid, match=sentence):
            corner.claim(post, who)
    with pytest.raises(lf.Invalid, match="「人员」不存在，或您看不到它"):
        corner.claim(post, skilled, corner.self_of(other))  # not for somebody else
    claim = corner.claim(post, skilled, corner.worker)
    assert (claim.state, claim.report_id, claim.claimed_on) == ("held", skilled.id, lf.today())
    lf.act(close, corner.post("法律咨询"), corner.worker)
    with pytest.raises(lf.Invalid, match="已停止认领"):
        corner.claim(posts.model.get(name="法律咨询"), skilled)


def leave(corner: Any, report: Any, how: str) -> None:
    """Let somebody serve here no longer, in one of three ways."""
    if how == "ends":
        lf.act(end, report, corner.worker, reason="退休")
    elif how == "is_suspended":
        secretary = world.caller(corner.instance, "community_secretary", at=world.HOME)
        lf.act(suspend, report, secretary, cause="illness", since=lf.today())
    else:
        away = lf.Community.get(lf.Community.code == world.NEIGHBOUR)
        lf.act(ask_transfer, report, corner.self_of(report), community=away)
        lf.act(release, report, corner.worker)


@pytest.mark.parametrize("how", ["ends", "is_suspended", "moves"])
def test_whose_report_ends_and_what_is_closed_gives_the_places_back(corner: Any, how: str) -> None:
    post, other = corner.post(), corner.post("法律咨询")
    first, second = corner.reports("李强"), corner.reports("赵敏")
    claims = [corner.claim(post, first), corner.claim(post, second), corner.claim(other, first)]
    corner.events.deliver()
    assert corner.now(first).state == "active"  # a post was chosen
    assert corner.now(second).state == "accepted"  # and here waited for
    leave(corner, corner.now(first), how)
    corner.events.deliver()
    assert [corner.now(one).state for one in claims] == ["given_up", "held", "given_up"]
    assert (corner.now(post).taken, corner.now(other).taken) == (1, 0)
    lf.act(close, post, corner.worker)
    corner.events.deliver()
    assert (corner.now(claims[1]).state, corner.now(post).who) == ("given_up", None)
    assert corner.events.published("dual_reporting.post_claim.promoted")[0].subject == claims[1].id
    lf.act(reopen, post, corner.worker)
    assert corner.claim(post, second).state == "held"


def test_one_finds_and_takes_a_post_on_ones_own_page(corner: Any, page: Any) -> None:
    post, report = corner.post("水电维修"), corner.reports("李强")
    mine = page("resident", person=report.person)
    assert "水电维修" in mine.text("/me")
    told = {"post": str(post.id), "person": str(report.person_id)}
    assert mine.post(f"{PAGES}/post-claims/new", told).status_code == 303
    [claim] = PostClaim.select()
    assert "已认领" in mine.text("/me")
    assert mine.post(f"{PAGES}/post-claims/{claim.id}/actions/give-up").status_code == 303
    assert corner.now(claim).state == "given_up"


def test_a_unit_sees_what_its_people_took_and_changes_nothing(corner: Any) -> None:
    ours, theirs = (world.organization(corner.instance, name) for name in ("示例甲", "示例乙"))
    post = corner.post(slots=2)
    mine = corner.claim(post, corner.reports("李强", organization=ours.id))
    corner.claim(post, corner.reports("赵敏", organization=theirs.id))
    liaison = world.caller(corner.instance, "unit_liaison", unit=ours)
    assert [one.id for one in lf.each(post_claims, liaison)] == [mine.id]
    with pytest.raises(lf.Forbidden):
        lf.act(give_up, mine, liaison)
    assert reading.view(liaison, service_entries, corner.served(mine.report).id)["code"] is None
    with pytest.raises((lf.Forbidden, lf.NotFound)):
        corner.claim(post, corner.reports("王秀兰"), liaison)


def test_posts_go_out_as_a_file_and_come_in_again(corner: Any, run: Any, tmp_path: Any) -> None:
    corner.claim(corner.post("法律咨询", 3, category="law", skill=None), corner.reports("李强"))
    corner.events.deliver()
    words = ("dual-reporting", "posts")
    file = tmp_path / "posts.csv"
    assert run(*words, "export", "--output", str(file)).code == 0
    text = file.read_text("utf-8-sig")
    assert "法律咨询与援助" in text or "law" in text
    again = run(*words, "import", str(file), "--json")
    assert (again.json["unchanged"], again.json["failed"]) == (1, 0), again
    kinds = ("组织建设", "法律咨询与援助", "助困扶残与就业援助", "社区治理", "健康医疗", "文化体育",
             "安全宣传与治安巡逻", "其他")  # fmt: skip
    lines = [f"{kind}讲座,{world.HOME},{kind},2" for kind in kinds]
    file.write_text("\n".join(["岗位,社区,类别,名额", *lines]), "utf-8")
    assert run(*words, "import", str(file), "--json").json["created"] == 8
    made = posts.model.get(name="健康医疗讲座")
    assert places.line(made, corner.boss).slots == 2
