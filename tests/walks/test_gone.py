"""The demo's plugins, much used, are uninstalled and purged: every page and call still answers."""

from __future__ import annotations

from typing import Any

import pytest

from lifang.app.http import create_app
from lifang.events.tables import EventRow
from lifang.kit import clock
from lifang.lifecycle import removing
from lifang.mechanisms import codes
from lifang.mechanisms.consents import Consent
from lifang.mechanisms.documents import DocumentRow
from lifang.sample import story
from lifang.services.accounts import first_administrator
from lifang.services.delivery import drain
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.lifecycle.test_tombstones import ROLES, ask, browser, crawl


def _use_what_the_demonstration_does_not(instance: Instance) -> None:
    """A post, a claim, a card, an activity and a task, each of somebody who reports."""
    boss, registry = world.boss(instance), instance.registry
    of = {one.noun: one for one in registry if one.plugin == "dual_reporting"}
    model: Any = of["reports"].model
    serving = model.state.in_(("accepted", "active")), model.organization.is_null(is_null=False)
    report = model.select().where(*serving).order_by(model.id).get()
    place = {"community": {"code": report.community.code}}
    post = {"name": "楼道清洁员", "category": "governance", "slots": 1, **place}
    claim = {"post": write(of["posts"], "create", boss, post).id, "person": report.person_id}
    write(of["post_claims"], "create", boss, claim)
    card = {"report": report.id, "person": report.person_id, "year": clock.today().year}
    write(of["service_cards"], "create", boss, card)
    told = {"organization": report.organization_id, "content": "走访老人", **place}
    day = {"day": clock.today().isoformat(), "kind": "visit", "people": 3}
    write(of["unit_activities"], "create", boss, {**told, **day})
    write(of["unit_tasks"], "create", boss, {**told, "month": f"{clock.today():%Y-%m}"})
    assert drain(instance)


def _types(plugin: str) -> list[str]:
    """Of what the log tells of a plugin, one type for each noun."""
    rows = EventRow.select(EventRow.type).where(EventRow.type.startswith(f"{plugin}.")).distinct()
    return list({type.split(".")[1]: type for (type,) in rows.tuples()}.values())


@pytest.mark.once
@pytest.mark.trust
def test_pages_and_calls_answer_after_plugins_that_were_much_used_are_gone(
    empty_instance: Instance,
) -> None:
    first = first_administrator(empty_instance, "chief", home_code=world.CITY, system_user=0)
    story.tell(empty_instance, ("chief", first), count=400, progress=lambda *_told: None)
    assert drain(empty_instance)
    app = create_app(empty_instance)
    admin, boss = browser(empty_instance, app, *ROLES), world.boss(empty_instance)
    resident = browser(empty_instance, app, person=Consent.get().person)
    code = codes.written(DocumentRow.get().code)
    _use_what_the_demonstration_does_not(empty_instance)
    told = _types("dual_reporting")
    assert len(told) == 12, "nouns of which the log tells; who was reminded of what is told by time"
    for state, go in (("uninstalled", removing.keep), ("purged", removing.purge)):
        for plugin in ("volunteer_points", "dual_reporting"):
            go(boss, plugin)
        pages = dict(crawl(admin, "/", "/admin/audit", "/admin/events", "/admin/plugins", "/jobs"))
        assert len(pages) > 25, state
        assert dict(crawl(resident, "/me", "/inbox", "/consents", "/notices", "/public-notices"))
        named = {"uninstalled": "（已卸载） #", "purged": "（已清除） #"}[state]
        for type in told:
            assert named in admin.get(f"/admin/events?type={type}").text, (state, type)
        answer = app.test_client().get(f"/verify/{code}")
        assert answer.status_code == (200 if state == "uninstalled" else 404)
        ask(admin)
