"""The demo's plugins, much used, are uninstalled and purged: every page and call still answers."""

from __future__ import annotations

import pytest

from lifang.app.http import create_app
from lifang.lifecycle import removing
from lifang.mechanisms import codes
from lifang.mechanisms.consents import Consent
from lifang.mechanisms.documents import DocumentRow
from lifang.sample import story
from lifang.services.accounts import first_administrator
from lifang.services.delivery import drain
from lifang.services.instance import Instance
from lifang.testing import world
from tests.core.lifecycle.test_tombstones import ROLES, ask, browser, crawl


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
    for state, go in (("uninstalled", removing.keep), ("purged", removing.purge)):
        for plugin in ("volunteer_points", "dual_reporting"):
            go(boss, plugin)
        pages = dict(crawl(admin, "/", "/admin/audit", "/admin/events", "/admin/plugins", "/jobs"))
        assert len(pages) > 25, state
        assert dict(crawl(resident, "/me", "/inbox", "/consents", "/notices", "/public-notices"))
        answer = app.test_client().get(f"/verify/{code}")
        assert answer.status_code == (200 if state == "uninstalled" else 404)
        ask(admin)
