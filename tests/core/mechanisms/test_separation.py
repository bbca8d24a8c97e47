"""Who did something, or whom it is about, does not also judge it, by whatever account or way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

import lifang as lf
from lifang.access import sign_in
from lifang.access.callers import caller_for, plugin_caller
from lifang.entities.account import Account, Grant
from lifang.entities.audit import AuditEntry
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.events.publish import publish
from lifang.events.tables import EventRow
from lifang.resources.action import action_of
from lifang.services import bulk, reading
from lifang.services.instance import Instance
from lifang.services.offers import offers
from lifang.testing import world
from tests.core.mechanisms import casework
from tests.core.mechanisms.casework import Claim, Shift, claims, confirm, review, shifts

OWN, DONE = "不能办理本人的记录", "不能办理本人经手的记录"


@pytest.fixture
def home(instance: Instance) -> Community:
    casework.install(instance)
    return Community.get(Community.code == world.HOME)


def account(instance: Instance, person: Person | None = None) -> Account:
    """A worker at home; somebody may have several accounts."""
    with instance.database.transaction():
        made: Account = Account.create(
            name=f"worker-{Account.select().count()}", person=person, must_change=False
        )
        place = Community.get(Community.code == world.HOME)
        Grant.create(account=made, role="community_worker", community=place)
    return made


def client(app: Any, instance: Instance, holder: Account) -> FlaskClient:
    with instance.database.transaction():
        secret = sign_in.open_token(holder, days=1)
    made: FlaskClient = app.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return made


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(lf.Forbidden) as caught:
        act()
    return caught.value.sentence


def test_nobody_judges_a_record_of_their_own_by_any_of_their_accounts(
    instance: Instance, home: Community
) -> None:
    mine, other = world.person(instance, "甲"), world.person(instance, "乙")
    first, second, third = (account(instance, one) for one in (mine, mine, other))
    nobody = account(instance)
    boss = world.boss(instance)
    shift = lf.write(
        shifts, "create", boss, {"organiser": mine.id, "community": {"code": home.code}}
    )
    about: list[dict[str, Any]] = [{"person": mine.id}, {"clerk": first.id}, {"shift": shift.id}]
    for told in about:
        data = {**told, "community": {"code": world.HOME}}
        claim = lf.write(claims, "create", boss, data)
        for holder in (first, second):
            caller = caller_for(instance, holder, source="cli")
            said = refused(lambda at=caller, one=claim: lf.act(review, one, at))
            assert OWN in said, told
            view = reading.view(caller, claims, claim.id)
            assert {"review", "confirm"} & offers(caller, claims, view) == {"confirm"}
        for holder in (third, nobody):
            lf.act(review, claim, caller_for(instance, holder, source="cli"))
    denied = AuditEntry.select().where(AuditEntry.verb == "review", AuditEntry.outcome == "denied")
    assert denied.count() == 6 and all(OWN in row.reason for row in denied)


def test_who_did_one_thing_leaves_the_next_to_somebody_else_until_it_is_done_anew(
    instance: Instance, home: Community
) -> None:
    mine, other = world.person(instance, "甲"), world.person(instance, "乙")
    holders = [account(instance, one) for one in (mine, mine, other)]
    first, second, third = (caller_for(instance, one, source="cli") for one in holders)
    claim = lf.write(claims, "create", first, {"community": {"code": world.HOME}})
    lf.act(review, claim, second)  # nobody has confirmed it
    lf.act(confirm, claim, first)
    for caller in (first, second):
        assert DONE in refused(lambda at=caller: lf.act(review, claim, at))
    lf.act(review, claim, third)
    lf.act(confirm, claim, third)
    lf.act(review, claim, second)
    assert DONE in refused(lambda: lf.act(review, claim, third))
    with instance.database.transaction():  # what is not committed yet counts too
        lf.act(confirm, claim, first)
        assert DONE in refused(lambda: lf.act(review, claim, second))


def test_a_plugin_does_for_nobody_what_they_must_not_do_themselves(
    instance: Instance, home: Community
) -> None:
    holder = account(instance, world.person(instance, "甲"))
    mine = caller_for(instance, holder, source="cli")
    claim = lf.write(claims, "create", mine, {"community": {"code": world.HOME}})
    lf.act(confirm, claim, mine)
    told: dict[str, Any] = {"correlation": None, "cause": None}
    for_me = plugin_caller(instance, casework.NOUN, actor=mine.name, **told)
    assert DONE in refused(lambda: lf.act(review, claim, for_me))
    with instance.database.transaction():  # and no chain of plugins' events hides who began it
        say = replace(for_me, cause=None)
        publish("casework.claim.heard", f"casework.claim/{claim.id}", {}, caller=say)
    heard = EventRow.select().order_by(EventRow.pos.desc()).get()
    first = EventRow.select().where(EventRow.actor == mine.name).order_by(EventRow.pos).get()
    EventRow.update(cause=first.pos).where(EventRow.pos == heard.pos).execute()
    told["cause"] = heard.pos
    later = plugin_caller(instance, casework.NOUN, actor=heard.actor, **told)
    assert heard.actor.startswith("plugin:")
    assert DONE in refused(lambda: lf.act(review, claim, later))
    told["cause"] = None
    by_itself = plugin_caller(instance, casework.NOUN, actor=None, **told)
    lf.act(review, claim, by_itself)
    as_other = replace(
        caller_for(instance, account(instance), source="cli"), on_behalf_of=mine.name
    )
    assert DONE in refused(lambda: lf.act(review, claim, as_other))


def test_api_and_many_at_once_say_why_and_the_description_says_it_before(
    app: Any, instance: Instance, home: Community
) -> None:
    mine = world.person(instance, "甲")
    holder, other = account(instance, mine), account(instance)
    made = [
        lf.write(claims, "create", world.boss(instance), {**told, "community": {"code": home.code}})
        for told in ({"person": mine.id}, {})
    ]
    api = client(app, instance, holder)
    base = "/api/v1/casework/claims"
    answer = api.post(f"{base}/{made[0].id}/actions/review", json={})
    assert answer.status_code == 403 and OWN in answer.json["detail"]
    assert "人员" in answer.json["detail"]
    caller = caller_for(instance, holder, source="api")
    found = bulk.check(caller, claims, "review", bulk.chosen([one.id for one in made]), {})
    assert (found.matched, found.ready) == (2, 1) and [one.count for one in found.left_out] == [1]
    assert OWN in found.left_out[0].message and [one["id"] for one in found.first] == [made[1].id]
    told = api.post(f"{base}/actions/review", json={"ids": [one.id for one in made]}).json
    assert (told["done"], told["failed"]) == (1, 1) and OWN in told["errors"][0]["message"]
    free = client(app, instance, other)
    assert free.post(f"{base}/{made[0].id}/actions/review", json={}).status_code == 200
    described = free.get("/api/openapi.json").json["paths"]
    assert OWN in described[f"{base}/{{id}}/actions/review"]["post"]["description"]


def test_a_separation_from_what_does_not_exist_is_refused_when_it_is_declared() -> None:
    for name in ("nobody", "shift", "shift.nobody", "hours", "person.name", "owner", "remove"):

        @lf.action("审", event="judged", not_by=name)
        def judge(claim: Claim, caller: lf.Caller) -> lf.Data:
            return {}

        assert action_of(judge).not_by == (name,)
        with pytest.raises(TypeError, match=name):
            lf.Resource(Claim, label="x", actions=[judge])
    assert Shift.organiser.rel_model is Person
