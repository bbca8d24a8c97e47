"""The pytest plugin: a real instance in a temporary folder, callers by role, and its events.

Every fixture imports what it needs when it is first asked for: a test run that asks for none pays
for none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lifang.testing import network

if TYPE_CHECKING:
    from flask import Flask

    from lifang.entities.caller import Caller
    from lifang.entities.community import Community
    from lifang.entities.organization import Organization
    from lifang.entities.person import Person
    from lifang.plugins.plugin import Plugin
    from lifang.services.instance import Instance
    from lifang.testing.commands import Command
    from lifang.testing.events import Clock, Events
    from lifang.testing.visitors import Api, Visit

MARKERS = (
    "embedded: about the embedded database alone",
    "once: says nothing about the database, and takes long: not repeated on PostgreSQL",
    "served: about PostgreSQL alone",
)


def pytest_configure(config: pytest.Config) -> None:
    """No handler reaches for the network inside a transaction; what is said is said in Chinese."""
    os.environ["LIFANG_LANG"] = "zh"  # whatever the author's machine speaks
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    network.watch()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only those tests are run that have an instance to keep there.

    Those that say nothing about the database are run on both where somebody asks: `-m once`.
    """
    asked = "once" in config.getoption("markexpr", "")
    kept = [one for one in items if _belongs(one, both=asked)]
    config.hook.pytest_deselected(items=[one for one in items if one not in set(kept)])
    items[:] = kept


def _belongs(test: pytest.Item, *, both: bool) -> bool:
    about_served = test.get_closest_marker("served") is not None
    if os.environ.get("TEST_ON") != "postgresql":
        return not about_served
    keeps = not {"empty_instance", "instance", "conforming"}.isdisjoint(
        getattr(test, "fixturenames", ())
    )
    others = ("embedded",) if both else ("embedded", "once")
    elsewhere = any(test.get_closest_marker(one) for one in others)
    return about_served or (keeps and not elsewhere)


@pytest.fixture
def empty_instance(tmp_path: Path) -> Iterator[Instance]:
    """An instance as `lifang init` leaves it: no communities yet."""
    from lifang.testing import world

    yield from world.new_instance(tmp_path / "home")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """An instance with a small real tree: two districts of Lanzhou and some of their places."""
    from lifang.testing import world

    yield from world.new_instance(tmp_path / "home", planted=True)


@pytest.fixture
def caller(instance: Instance) -> Callable[..., Caller]:
    """Make a caller: `caller("grid_worker", at=CODE)`, `caller("resident", person=liqiang)`."""
    from lifang.testing import world

    return partial(world.caller, instance)


@pytest.fixture
def boss(instance: Instance) -> Caller:
    """The first administrator, with instance-wide rights."""
    from lifang.testing import world

    return world.boss(instance)


@pytest.fixture
def make_community(instance: Instance) -> Callable[..., Community]:
    """Register a community below another: `make_community("新社区", under=CODE)`."""
    from lifang.testing import world

    return partial(world.community, instance)


@pytest.fixture
def make_organization(instance: Instance) -> Callable[..., Organization]:
    """Register an organization that sits in a community: `make_organization("示例甲", at=CODE)`."""
    from lifang.testing import world

    return partial(world.organization, instance)


@pytest.fixture
def make_person(instance: Instance) -> Callable[..., Person]:
    """Register a person who lives in a community: `make_person("李强", phone="13800001234")`."""
    from lifang.testing import world

    return partial(world.person, instance)


@pytest.fixture
def enable(instance: Instance) -> Callable[..., None]:
    """Install a plugin if need be, switch it on and set it: `enable("x", at=CODE, days=30)`."""
    from lifang.testing import world

    return partial(world.enable, instance)


@pytest.fixture
def notices_of(instance: Instance) -> Callable[..., list[str]]:
    """What somebody's notices say, the oldest first: `notices_of(person, kind="toys.near")`."""
    from lifang.testing import world

    return partial(world.notices_of, instance)


@pytest.fixture
def temp_plugin(instance: Instance, tmp_path: Path) -> Iterator[Callable[..., Plugin]]:
    """Install a plugin that the test declares, with its tables, and perhaps switch it on.

    `temp_plugin(lf.Plugin("toys", "玩具", resources=[toys]), at=CODE, days=30)`.
    """
    from lifang.testing import temporary, world

    with temporary.packages(tmp_path / "packages") as folder:

        def install(plugin: Plugin, *, at: str | None = None, **settings: Any) -> Plugin:
            temporary.present(folder, plugin)
            world.install(instance, plugin.id)
            temporary.make_tables(instance, plugin)
            if at is not None:
                world.enable(instance, plugin.id, at=at, **settings)
            return plugin

        yield install


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that stands still until the test moves it: `clock.later(hours=2)`."""
    import time_machine

    from lifang.kit.clock import now
    from lifang.testing.events import Clock

    with time_machine.travel(now(), tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def events(boss: Caller) -> Events:
    """What is published from here on, told when the test says `events.deliver()`."""
    from lifang.testing.events import Events

    return Events(boss)


@pytest.fixture
def fault() -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Let a function of a plugin fail to the end of the test; gives the arguments of its calls.

    `fault(home_cards, raises=RuntimeError("broken"))`, `fault(home_cards, hangs=2)` for seconds,
    `fault(home_cards, gives="no list")`. `lifang.testing.faults.fault` does it for a block.
    """
    from lifang.testing import faults

    with ExitStack() as stack:
        yield lambda function, **how: stack.enter_context(faults.fault(function, **how))


@pytest.fixture
def app(instance: Instance) -> Flask:
    """Pages and API of the instance."""
    from lifang.app.http import create_app

    return create_app(instance)


@pytest.fixture
def api(app: Flask, instance: Instance) -> Api:
    """A client of the API with a token of one role: `api("community_worker", at=CODE)`."""
    from lifang.testing.visitors import account, token

    def make(role: str, **where: Any) -> Any:
        client = app.test_client()
        secret = token(instance, account(instance, role, **where))
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    return make


@pytest.fixture
def page(app: Flask, instance: Instance) -> Visit:
    """Sign somebody in at the pages: `page("community_worker", at=CODE).text("/people")`."""
    from lifang.testing.visitors import Visitor, account, session

    def make(*roles: str, **where: Any) -> Visitor:
        holder = account(instance, *roles, **where)
        client = app.test_client()
        client.set_cookie("lifang", session(instance, holder), path="/")
        return Visitor(client, holder.name)

    return make


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine of the tests happens to say is not what they are about."""
    for name in [name for name in os.environ if name.startswith("LIFANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIFANG_LANG", "zh")


@pytest.fixture
def run(instance: Instance, plain_environment: None) -> Command:
    """Run a command as the first administrator, `boss`: `run("people", "list", "--json").json`."""
    from lifang.services.accounts import first_administrator
    from lifang.testing.commands import hands_on, say

    first_administrator(instance, "boss", home_code="620100000000", system_user=os.getuid())

    return partial(say, hands_on(instance))
