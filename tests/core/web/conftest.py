"""People with a browser: signed in with one role each, filling in the forms they are shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from lifang.entities.person import Person
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.testing.visitors import TOKEN as TOKEN
from lifang.testing.visitors import Visit as Visit
from lifang.testing.visitors import Visitor as Visitor

REPORTS = "/p/dual-reporting/reports"


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(app.test_client(), "")


@pytest.fixture
def visit(page: Visit) -> Visit:
    """Sign somebody in: `visit("community_worker", at=CODE)`, several roles with `*roles`."""
    return page


@pytest.fixture
def administrator(visit: Visit) -> Visitor:
    return visit("platform_administrator", "security_administrator", "auditor", "district_admin")


@pytest.fixture
def worker(visit: Visit) -> Visitor:
    """A worker of the one district where the plugin is on."""
    return visit("community_worker", at=world.CHENGGUAN)


@pytest.fixture
def resident(visit: Visit, instance: Instance) -> Visitor:
    return visit("resident", person=world.person(instance, "居民甲"))


@pytest.fixture
def reporting(enable: Callable[..., None]) -> None:
    """Dual reporting is on in one district only."""
    enable("dual_reporting", at=world.CHENGGUAN)


@pytest.fixture
def li_qiang(instance: Instance) -> Person:
    return world.person(instance, "李强", phone="13800001234", citizen_id="620102198001010033")
