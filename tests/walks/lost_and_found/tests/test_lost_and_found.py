"""Lost and found as people meet it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import lifang as lf
from lifang.testing import world
from lifang_lost_and_found.models import Item
from lifang_lost_and_found.resources import items
from lifang_lost_and_found.services import claim, give_back

Make = Callable[..., lf.Caller]


@pytest.fixture
def worker(enable: Callable[..., None], caller: Make) -> lf.Caller:
    """A worker of a community where the plugin is on."""
    enable("lost_and_found", at=world.CHENGGUAN)
    return caller("community_worker", at=world.HOME)


def enter(caller: lf.Caller, **told: Any) -> Item:
    data = {"name": "钥匙", "found_at": "东门岗亭", "community": {"code": world.HOME}} | told
    return lf.write(items, "create", caller, data)


def test_what_is_found_is_claimed_and_given_back(worker: lf.Caller, caller: Make) -> None:
    one = enter(worker)
    with pytest.raises(lf.NotFound):
        lf.get(items, caller("community_worker", at=world.NEIGHBOUR), one.id)
    with pytest.raises(lf.Conflict, match="只有「已认领」的记录可以归还"):
        lf.act(give_back, one, worker)
    lf.act(claim, one, worker, proof="说出了钥匙扣的样子")
    assert lf.act(give_back, one, worker).state == "returned"
    with pytest.raises(lf.Conflict):
        lf.write(items, "update", worker, {"name": "别的"}, one.id)


def test_the_home_page_says_how_many_wait_here(worker: lf.Caller, caller: Make) -> None:
    enter(worker)
    cards = worker.instance.plugins.cards
    assert [(one.title, one.value) for one in cards(worker)] == [("待认领的拾得物品", "1")]
    assert [one.value for one in cards(caller("community_worker", at=world.NEIGHBOUR))] == ["0"]
    assert cards(caller("community_worker", at=world.FOREIGN)) == []


def test_a_district_says_when_it_is_due(worker: lf.Caller, enable: Callable[..., None]) -> None:
    assert enter(worker).due == lf.today() + dt.timedelta(days=180)
    enable("lost_and_found", at=world.CHENGGUAN, due_after=7)
    assert enter(worker).due == lf.today() + dt.timedelta(days=7)
