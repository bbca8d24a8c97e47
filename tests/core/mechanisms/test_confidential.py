"""A case file is for those it was assigned to: whoever else looks, wherever, finds nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import marshmallow as ma
import pytest

import lifang as lf
from lifang.access.callers import caller_for, plugin_caller
from lifang.builtin.people import people
from lifang.entities.account import Account, Grant
from lifang.entities.caller import Caller
from lifang.entities.person import Person
from lifang.events.tables import EventRow
from lifang.mechanisms.confidential import uncover
from lifang.services import reading
from lifang.services.gateway import preview
from lifang.services.history import history
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world
from lifang.testing.events import Clock, Events
from lifang.web.addresses import api_of
from tests.core.api.conftest import account, token
from tests.core.cli.conftest import Command
from tests.core.cli.conftest import lifang as lifang
from tests.core.mechanisms import casework
from tests.core.mechanisms.casework import CaseFile, cases, errands, notes
from tests.core.web.conftest import Visit
from tests.core.web.conftest import visit as visit

TITLE, STORY, REASON, NOTE = "金丝雀一案", "翡翠鸟的经过", "孔雀石的原因", "朱鹮的记录"
CANARIES = (TITLE, STORY, REASON, NOTE, "金丝雀", "翡翠鸟", "孔雀石", "朱鹮")
API = "/api/v1/casework/case-files"
GONE = "没有找到"
PATHS = ["/", "/communities", "/admin/audit", "/admin/events", "/people/1", "/people/1/history",
         "/people?q=金丝", "/communities/4/history"]  # fmt: skip
ANSWERS = ("?count=true", "/1", "/1/history", "/export", "/ledger?format=json", "?q=金丝")
ROLES = (
    ("platform_administrator", "security_administrator", "auditor", "district_admin"),
    ("community_secretary",),
    ("resident",),
)
"""Who looks: whoever holds several roles sees whatever any of them lets them see."""
TAILS = ("", "/1", "/1/history", "?q=金丝", "/1/edit", "/1/actions/close", "/1/anonymised")


@dataclass
class Cast:
    """A case, who has it, and a record of others that points at it."""

    case: CaseFile
    worker: Caller
    supervisor: Caller
    evaluator: Caller
    errand: Any
    people: dict[str, Person]

    def __iter__(self) -> Any:
        return iter((self.worker, self.supervisor))


@pytest.fixture
def cast(instance: Instance, clock: Clock) -> Cast:
    """A secretary opens a case for a worker and a supervisor, and the worker works on it."""
    casework.install(instance)
    known = {
        name: world.person(instance, name) for name in ("案主", "社工", "督导", "评估", "书记")
    }
    callers = {
        name: caller_for(
            instance, account(instance, role, at=world.HOME, person=known[name]), source="cli"
        )
        for name, role in (("社工", "community_worker"), ("督导", "resident"), ("评估", "resident"))
    }
    opener = account(instance, "community_secretary", at=world.HOME, person=known["书记"])
    made = lf.write(
        cases, "create", caller_for(instance, opener, source="cli"),
        {"title": TITLE, "story": STORY, "person": known["案主"].id, "worker": known["社工"].id,
         "supervisor": known["督导"].id, "evaluator": known["评估"].id,
         "community": {"code": world.HOME}},
    )  # fmt: skip
    worker = callers["社工"]
    lf.write(notes, "create", worker, {"case": made.id, "text": NOTE})
    told = {"case": made.id, "community": {"code": world.HOME}}
    errand = lf.write(errands, "create", worker, told)
    return Cast(made, worker, callers["督导"], callers["评估"], errand, known)


def pages() -> list[str]:
    """Every page on which a word of a case could stand."""
    nouns = ("case-files", "case-notes", "errands")
    of_nouns = [f"/p/casework/{noun}{tail}" for noun in nouns for tail in TAILS]
    rows = EventRow.select(EventRow.pos).where(EventRow.type.startswith("casework."))
    return [*PATHS, *of_nouns, *(f"/admin/events/{row.pos}" for row in rows)]


def answers(instance: Instance) -> list[str]:
    """Every list, record, history and file of the API."""
    about = ("casework", "core.people", "core.communities")
    nouns = [one for one in instance.registry if one.id.startswith(about)]
    return [api_of(one) + tail for one in nouns for tail in ANSWERS] + ["/api/v1/events"]


def silent(text: str, where: object) -> None:
    for word in CANARIES:
        assert word not in text, (word, where)


def test_the_assigned_read_and_write_and_nobody_above_them_sees_that_there_is_anything(
    instance: Instance, cast: Cast, caller: Callable[..., Caller]
) -> None:
    for one in cast:
        assert reading.view(one, cases, cast.case.id)["story"] == STORY
        assert [row["id"] for row in reading.find(one, cases, Query(q="金丝")).items] == [1]
        assert [row["text"] for row in reading.find(one, notes, Query()).items] == [NOTE]
        assert reading.count(one, cases, Query()) == 1
    lf.write(cases, "update", cast.worker, {"story": STORY + "二"}, cast.case.id)
    above = [world.boss(instance)]
    above += [
        caller(role, at=world.HOME, person=cast.people["书记"])
        for role in ("district_admin", "community_secretary", "community_worker")
    ]
    for one in (*above, cast.evaluator):
        for noun in (cases, notes):
            with pytest.raises(lf.NotFound, match=GONE):
                reading.get(one, noun, 1)
            with pytest.raises(lf.NotFound, match=GONE):
                lf.write(noun, "update", one, {}, 1)
    for one in above:
        listed = reading.find(one, errands, Query()).items
        assert [row["case"] for row in listed] == [{"id": None, "name": "—"}]
        assert not reading.find(one, errands, Query(q="金丝")).items
    assert reading.find(cast.worker, errands, Query(q="金丝")).items[0]["case"]["name"] == TITLE
    secretary = caller("community_secretary", at=world.HOME, person=cast.people["书记"])
    assert reading.count(secretary, cases, Query()) == 0
    told = {"case": cast.case.id, "text": "想写进别人的案子"}
    with pytest.raises(lf.Invalid, match="不存在，或您看不到它"):
        lf.write(notes, "create", secretary, told)
    lf.act(casework.hand_over, cast.case, cast.worker, to=cast.people["书记"])
    assert reading.count(secretary, cases, Query()) == 1
    with pytest.raises(lf.NotFound):
        reading.get(cast.worker, cases, cast.case.id)


def test_events_say_that_something_happened_and_only_its_own_plugin_is_told(
    instance: Instance, cast: Cast, events: Events, lifang: Command
) -> None:
    lf.act(casework.close, cast.case, cast.worker, reason=REASON)
    with instance.database.transaction():
        lf.tell(cast.case, cast.worker, "due", story=STORY)
    world.person(instance, "别人")
    events.deliver()
    told = {plugin: {event.type for name, event in casework.TOLD if name == plugin}
            for plugin in ("casework", "nosy")}  # fmt: skip
    assert {"casework.case_file.closed", "casework.case_file.due"} <= told["casework"]
    assert "core.person.created" in told["nosy"]
    assert not {type for type in told["nosy"] if "case_" in type}
    for _plugin, event in casework.TOLD:
        if event.noun.startswith("casework.case"):
            assert dict(event.data) == {}
    shown = lifang("events", "list", "--json")
    assert "casework.case_file.closed" in shown.out
    silent(shown.out, "events list")


def test_no_page_or_answer_or_command_or_log_shows_others_a_word_of_it(
    instance: Instance, app: Any, cast: Cast, visit: Visit, lifang: Command,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    lf.act(casework.close, cast.case, cast.worker, reason=REASON)
    for role in ROLES:
        place = world.HOME if len(role) == 1 else None
        visitor = visit(*role, at=place, person=cast.people["书记"])
        client = app.test_client()
        holder = Account.select().order_by(Account.id.desc()).get()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(instance, holder)}"
        for path in pages():
            silent(visitor.get(path).text, (role, path))
        for path in answers(instance):
            silent(client.get(path).text, (role, path))
        for number in (99, cast.case.id):
            answer = client.get(f"{API}/{number}")
            assert (answer.status_code, answer.json["detail"]) == (404, GONE)
        for tail in ("export", "ledger"):
            assert client.get(f"{API}/{tail}").status_code in (403, 404)
    for words in (["audit", "show"], ["events", "list"], ["casework", "errands", "list"],
                  ["casework", "case-files", "list"], ["casework", "case-files", "show", "1"],
                  ["casework", "case-files", "history", "1"]):  # fmt: skip
        said = lifang(*words, "--json")
        silent(said.out + said.err, words)
    audit = lifang("audit", "show", "--json").json["items"]
    told = {(one["noun"], one["verb"]) for one in audit}
    assert {("case_files", "create"), ("case_files", "close"), ("case_notes", "create")} <= told
    silent(caplog.text, "log")
    assert STORY in reading.view(cast.worker, cases, 1)["story"]


def test_the_glass_is_broken_for_a_day_with_a_reason_that_the_assigned_read(
    instance: Instance, app: Any, cast: Cast, clock: Clock
) -> None:
    guard = account(instance, "security_administrator")
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(instance, guard)}"
    one = f"{API}/{cast.case.id}"
    assert client.get(one).status_code == 404
    assert client.post(f"{one}/uncover", json={"reason": " "}).status_code == 422
    assert client.get(one).status_code == 404
    assert client.post(f"{API}/99/uncover", json={"reason": "x"}).status_code == 404
    answer = client.post(f"{one}/uncover", json={"reason": "夜间有人求救"})
    assert answer.status_code == 200 and answer.json["story"] == STORY
    assert client.get(one).json["title"] == TITLE
    assert client.get("/api/v1/casework/case-notes/1").json["text"] == NOTE
    assert client.patch(one, json={"title": "x"}, headers={"If-Match": '"1"'}).status_code == 403
    other = app.test_client()
    holder = account(instance, "security_administrator")
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(instance, holder)}"
    assert other.get(one).status_code == 404
    newest = history(cast.worker, cases, cast.case.id)[0]
    told = (newest["verb"], newest["actor"], newest["reason"])
    assert told == ("uncover", guard.name, "夜间有人求救")
    clock.later(hours=24)
    with instance.database.transaction():
        refreshed = token(instance, guard)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {refreshed}"
    assert client.get(one).status_code == 404
    worker = app.test_client()
    mine = Account.get_by_id(cast.worker.account)
    worker.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(instance, mine)}"
    assert worker.get(one).status_code == 200
    assert worker.post(f"{one}/uncover", json={"reason": "x"}).status_code == 404


def test_the_anonymised_copy_names_nobody_and_every_look_at_it_is_kept(
    instance: Instance, app: Any, cast: Cast, visit: Visit, lifang: Command
) -> None:
    evaluator = visit("resident", person=cast.people["评估"])
    path = f"/p/casework/case-files/{cast.case.id}"
    page = evaluator.text(f"{path}/anonymised")
    assert "案主A" in page and "标题" in page
    silent(page, "anonymised page")
    assert evaluator.get(path).status_code == 404
    guard = visit("security_administrator")
    assert guard.get(path).status_code == 404
    assert guard.post(f"{path}/uncover", {"reason": ""}).status_code == 422
    assert guard.post(f"{path}/uncover", {"reason": "核查"}).status_code == 303
    assert STORY in guard.text(path) and "核查" in guard.text(f"{path}/history")
    for person in ("书记", "案主"):
        assert (
            visit("resident", person=cast.people[person]).get(f"{path}/anonymised").status_code
            == 404
        )
    said = lifang("casework", "case-files", "anonymised", "1", "--json")
    assert said.json == {"id": 1, "fields": {"title": "案主A", "性别": "unknown"}}, said.err
    said = lifang("casework", "case-files", "uncover", "1", "--reason", "核查", "--json")
    assert said.json["story"] == STORY
    client = app.test_client()
    holder = account(instance, "auditor")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token(instance, holder)}"
    assert client.get(f"{API}/1/anonymised").json["fields"]["title"] == "案主A"
    audit = lifang("audit", "show", "--json").json["items"]
    looks = [
        one["actor"] for one in audit if one["verb"] == "anonymise" and one["outcome"] == "done"
    ]
    assert looks == [holder.name, "boss", evaluator.name]


def test_other_plugins_and_mergers_of_people_find_nothing_and_a_lost_role_sees_no_more(
    instance: Instance, cast: Cast
) -> None:
    writes = ("casework.case_files:read", "casework.case_files:update")
    instance.plugins.register(lf.Plugin("greedy", "x", writes=writes))
    snapshot = instance.plugins.refresh()
    where = {**snapshot.on, "greedy": snapshot.on["casework"]}
    for plugin, sees in (("casework", 1), ("greedy", 0)):
        caller = plugin_caller(instance, plugin, actor=None, correlation=None, cause=None)
        caller = replace(caller, snapshot=replace(snapshot, on=where))
        assert instance.database.in_transaction is False
        found = list(lf.each(cases, caller)) if sees else []
        assert len(found) == sees
    with pytest.raises(lf.NotFound, match=GONE):
        lf.get(cases, caller, cast.case.id)
    twin = world.person(instance, "案主")
    boss = world.boss(instance)
    told = preview(people, "merge", boss, {"into": twin.id}, cast.people["案主"].id)
    counted = {row[:2] for row in told.sections[1].rows}
    assert not told.obstacles and ("其他记录", "1") not in counted, counted
    lf.write(people, "merge", boss, {"into": twin.id}, cast.people["案主"].id)
    assert reading.view(cast.worker, cases, cast.case.id)["person"]["id"] == twin.id
    guard = account(instance, "security_administrator")
    uncover(caller_for(instance, guard, source="cli"), cases, cast.case.id, reason="核查")
    assert reading.view(caller_for(instance, guard, source="cli"), cases, cast.case.id)
    with instance.database.transaction():
        Grant.update(removed_at=lf.now()).where(Grant.account == guard).execute()
    with pytest.raises(lf.NotFound, match=GONE):
        reading.view(caller_for(instance, guard, source="cli"), cases, cast.case.id)


def test_what_lies_with_a_confidential_record_is_confidential_or_its_plugin_does_not_load(
    instance: Instance,
) -> None:
    class Hint(lf.Record):
        case = lf.ref(CaseFile, "个案")

        class Meta:
            table_name = "loose_hint"

    class Tip(lf.Record):
        hint = lf.ref(lf.Person, "人员")

        class Meta:
            table_name = "loose_tip"

    casework.install(instance)
    open_to_all = lf.Resource(Hint, label="x", scope=lf.Via("case"))
    of_a_person = lf.Resource(
        Tip, label="x", scope=lf.Via("hint"), confidential=lf.Confidential(lf.Via("hint"))
    )
    for wrong in (open_to_all, of_a_person):
        with pytest.raises(ValueError, match="lf.Confidential"):
            instance.plugins.register(lf.Plugin("loose", "x", resources=[wrong]))
    told = lf.payload("casework.case_file.closed", ma.Schema)
    instance.plugins.registry.drop("casework")
    again = lf.Plugin("casework", "x", resources=[cases], payloads=[told])
    with pytest.raises(ValueError, match="tell no data"):
        instance.plugins.register(again)


def test_what_cannot_be_kept_confidential_is_refused_when_it_is_declared() -> None:
    def declare(**told: Any) -> None:
        kept = lf.Confidential(told.pop("to", ("worker",)), **told.pop("kept", {}))
        lf.Resource(CaseFile, label="x", noun="cases", confidential=kept, **told)

    wrong: list[tuple[str, dict[str, Any]]] = [
        ("title", {"to": ("title",)}),
        ("assigned", {"to": ()}),
        ("owner", {"owner": "person"}),
        ("owner", {"open": True}),
        ("export", {"roles": {"resident": "read export"}}),
        (
            "documents",
            {"documents": [lf.Document("casework.paper", "x", content=lambda _r, _c: [])]},
        ),
        ("anonymised", {"kept": {"viewers": ("evaluator",)}}),
        ("anonymised", {"kept": {"anonymised": casework.anonymised}}),
    ]
    for said, told in wrong:
        with pytest.raises(TypeError, match=said):
            declare(**told)
    declare()
