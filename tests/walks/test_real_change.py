"""A real change, replayed through commands and the API: reports and people of then and of now.

A street of Lanzhou is split, two communities are merged (which is entered late), one is renamed and
one is moved to another district. Before, on and after each day everybody sees what is theirs.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import os
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.app.http import create_app
from lifang.cli.hands import Hands
from lifang.services.accounts import first_administrator
from lifang.services.instance import Instance
from tests.core.builtin.test_tree_replay import (
    CHENGGUAN,
    DIVISIONS,
    EAST,
    JIUQUAN,
    MERGED,
    MOVED,
    OURS,
    PLANTED,
    QILIHE,
    RENAMED,
    SPLIT,
    XIYUAN,
    ZHANGYE,
    day,
    go_to,
    of,
    places,
)
from tests.core.builtin.trees import BASIS
from tests.core.cli.conftest import say

__all__ = ["day"]
PEOPLE, REPORTS, TREE = "people", "dual-reporting/reports", "communities"
C1, C2, C3, C4, C5 = places(JIUQUAN)
RENAMED_ONE, MOVED_ONE = places(ZHANGYE)[:2]
NEXT = dt.timedelta(days=1)
LATE = MERGED + NEXT
"""A day after the merger was decreed, and before it is entered."""
ALL = (PLANTED, SPLIT, LATE, RENAMED, MOVED)
LATER = ALL[1:]
OLD_STREET = f"{JIUQUAN}@{SPLIT - NEXT}"


Who = dict[str, FlaskClient]


class City:
    """Lanzhou as its administrators and workers meet it: through commands and the API only."""

    def __init__(self, instance: Instance) -> None:
        first_administrator(instance, "boss", home_code=None, system_user=os.getuid())
        refuse = partial(pytest.fail, "this command has no business with the folder")
        others = {name: refuse for name in Hands.__dataclass_fields__ if name != "opened"}
        self._hands = lambda: Hands(opened=lambda: nullcontext(instance), **others)
        self._app, self._numbers = create_app(instance), itertools.count(1)
        self.command(TREE, "import", str(DIVISIONS))
        self.command("plugin", "enable", "dual_reporting", "--at", "620100000000")
        self.boss = self._client("boss")

    def command(self, *words: str) -> str:
        told = say(self._hands, *words)
        assert told.code == 0, (words, told.err)
        return told.out.strip()

    def _client(self, name: str) -> FlaskClient:
        told = self.command("token", "create", "--account", name, "--days", "300", "--quiet")
        client = self._app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {told}"
        return client

    def somebody(self, role: str, at: str) -> FlaskClient:
        """A client of an account with one role at a node that stands."""
        name = f"{role}-{next(self._numbers)}"
        self.command("accounts", "create", name, "--role", role, "--at", at, "--quiet")
        return self._client(name)

    def node(self, code: str) -> int:
        (found,) = items(self.boss, TREE, code=code, valid_to__isnull="true")
        return int(found["id"])

    def decree(self, verb: str, code: str, date: dt.date, **given: Any) -> None:
        told = {"date": str(date), "basis": BASIS, **given}
        path = f"/api/v1/{TREE}/{self.node(code)}/actions/{verb}"
        answer = self.boss.post(path, json=told)
        assert answer.status_code == 200, answer.json

    def register(self, date: dt.date) -> None:
        """In every community somebody moves in and reports."""
        standing = {one["code"] for one in items(self.boss, TREE, valid_to__isnull="true")}
        for code in filter(standing.__contains__, OURS):
            person = {"name": f"{code}/{date}", "community": {"code": code}}
            made = self.boss.post(f"/api/v1/{PEOPLE}", json=person)
            assert made.status_code == 201, made.json
            report = {"person": made.json["id"], "community": {"code": code}}
            assert self.boss.post(f"/api/v1/{REPORTS}", json=report).status_code == 201


def items(client: FlaskClient, noun: str, **query: str) -> list[dict[str, Any]]:
    """A whole list, page by page."""
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {**query, "limit": 500}
    while True:
        answer = client.get(f"/api/v1/{noun}", query_string=asked)
        assert answer.status_code == 200, answer.json
        found += answer.json["items"]
        if answer.json["next"] is None:
            return found
        asked["cursor"] = answer.json["next"]


def seen(client: FlaskClient, **query: str) -> set[str]:
    """Whom somebody sees, told by the community and the day they registered in.

    People and their reports are the same in the list, in the export and in the ledger.
    """
    found = {item["name"] for item in items(client, PEOPLE, **query)}
    assert {item["person"]["name"] for item in items(client, REPORTS, **query)} == found
    numbers = {str(item["id"]) for item in items(client, REPORTS, **query)}
    exported = client.get(f"/api/v1/{REPORTS}/export", query_string={**query, "format": "csv"})
    rows = csv.DictReader(io.StringIO(exported.text.lstrip("\ufeff")))
    assert {row["id"] for row in rows} == numbers
    ledger = client.get(f"/api/v1/{PEOPLE}/ledger", query_string={**query, "format": "csv"}).text
    assert {name for name in everybody() if name in ledger} == found
    return found


def everybody() -> set[str]:
    return of(*OURS, days=ALL)


def demand(told: dict[str, set[str]], clients: Who) -> None:
    """Everybody sees what is theirs, all of it and nothing else."""
    for who, expected in told.items():
        assert seen(clients[who]) == expected, who


def twice(day: Any, date: dt.date) -> Iterator[dt.date]:
    """The evening before a day, and the morning of it."""
    for moment in (date - NEXT, date):
        go_to(day, moment)
        yield moment


def test_a_year_of_changes_shows_both_views_rightly_and_to_everybody_what_is_theirs(
    empty_instance: Instance, day: Any
) -> None:
    city = City(empty_instance)
    who = {
        "street": city.somebody("subdistrict_admin", JIUQUAN),
        "zhangye": city.somebody("subdistrict_admin", ZHANGYE),
        "xiyuan": city.somebody("subdistrict_admin", XIYUAN),
        "chengguan": city.somebody("district_admin", CHENGGUAN),
        "qilihe": city.somebody("district_admin", QILIHE),
        "merged": city.somebody("community_worker", C4),
        "heir": city.somebody("community_worker", C5),
        "moved": city.somebody("community_worker", MOVED_ONE),
    }
    city.register(PLANTED)
    a_street_is_split(city, who, day)
    two_communities_are_merged_which_is_entered_late(city, who, day)
    one_is_renamed(city, who, day)
    one_is_moved_to_another_district(city, who, day)
    both_views(city, who)


def a_street_is_split(city: City, who: Who, day: Any) -> None:
    whole = of(*places(JIUQUAN), days=(PLANTED,))
    for _moment in twice(day, SPLIT):
        demand({"street": whole, "heir": of(C5, days=(PLANTED,))}, who)
    parts = f"{EAST} 酒泉路东街道: {C1} {C2}\n{JIUQUAN} 酒泉路街道: {C3} {C4} {C5}"
    city.decree("split", JIUQUAN, SPLIT, into=parts)
    for name, code in (("east", EAST), ("west", JIUQUAN)):
        who[name] = city.somebody("subdistrict_admin", code)
    halves = {"east": of(C1, C2, days=(PLANTED,)), "west": of(C3, C4, C5, days=(PLANTED,))}
    demand({**halves, "street": set(), "heir": of(C5, days=(PLANTED,))}, who)
    city.register(SPLIT)
    go_to(day, SPLIT + NEXT)
    days = (PLANTED, SPLIT)
    district = of(*places(JIUQUAN), *places(ZHANGYE), days=days)
    demand({"east": of(C1, C2, days=days), "west": of(C3, C4, C5, days=days), "street": set(),
            "chengguan": district}, who)  # fmt: skip


def two_communities_are_merged_which_is_entered_late(city: City, who: Who, day: Any) -> None:
    days = (PLANTED, SPLIT)
    for _moment in twice(day, LATE):
        demand({"merged": of(C4, days=days), "heir": of(C5, days=days)}, who)
    city.register(LATE)
    city.decree("merge", C4, MERGED, into={"code": C5})
    days = (*days, LATE)
    demand({"merged": of(C4, days=days), "heir": of(C4, C5, days=days),
            "east": of(C1, C2, days=days), "west": of(C3, C4, C5, days=days)}, who)  # fmt: skip
    (report, *_more) = items(who["heir"], REPORTS, within=C4, sort="id")
    accept = f"/api/v1/{REPORTS}/{report['id']}/actions/accept"
    assert who["east"].post(accept, json={}).status_code == 404
    assert who["heir"].post(accept, json={}).json["state"] == "accepted"


def one_is_renamed(city: City, who: Who, day: Any) -> None:
    go_to(day, RENAMED)
    name = items(city.boss, TREE, code=RENAMED_ONE)[0]["name"]
    city.decree("rename", RENAMED_ONE, RENAMED, name="陇西新村社区")
    reports = items(who["zhangye"], REPORTS, within=RENAMED_ONE)
    assert len(reports) == len((PLANTED, SPLIT, LATE))
    for one in reports:
        assert one["community"]["name"] == "陇西新村社区" != name
    city.register(RENAMED)


def one_is_moved_to_another_district(city: City, who: Who, day: Any) -> None:
    days = ALL[:-1]
    mine, theirs = of(*places(ZHANGYE), days=days), of(*places(XIYUAN), days=days)
    for _moment in twice(day, MOVED):
        demand({"zhangye": mine, "xiyuan": theirs, "qilihe": theirs}, who)
    city.decree("transfer", MOVED_ONE, MOVED, parent={"code": XIYUAN})
    moved = of(MOVED_ONE, days=days)
    demand({"zhangye": mine - moved, "xiyuan": theirs | moved, "qilihe": theirs | moved,
            "moved": moved}, who)  # fmt: skip
    city.register(MOVED)
    go_to(day, MOVED + NEXT)
    moved = of(MOVED_ONE, days=ALL)
    mine, theirs = of(*places(ZHANGYE), days=ALL), of(*places(XIYUAN), days=ALL)
    demand({"zhangye": mine - moved, "xiyuan": theirs | moved, "qilihe": theirs | moved,
            "moved": moved}, who)  # fmt: skip


def both_views(city: City, who: Who) -> None:
    """What a year's report says of a place as it is now, and as it was on each record's day."""
    gone, before_it_moved = (PLANTED, SPLIT, LATE), of(MOVED_ONE, days=ALL[:-1])
    xiyuan = of(*places(XIYUAN), days=ALL)
    views = {
        OLD_STREET: (set[str](), of(*places(JIUQUAN), days=(PLANTED,))),
        EAST: (of(C1, C2, days=ALL), of(C1, C2, days=LATER)),
        JIUQUAN: (
            of(C3, C5, days=ALL) | of(C4, days=gone),
            of(C3, C5, days=LATER) | of(C4, days=(SPLIT, LATE)),
        ),
        # what was registered in the merged one after the day counts for its heir, even so late
        C5: (of(C5, days=ALL) | of(C4, days=gone), of(C5, days=ALL) | of(C4, days=(LATE,))),
        C4: (of(C4, days=gone), of(C4, days=gone)),
        RENAMED_ONE: (of(RENAMED_ONE, days=ALL), of(RENAMED_ONE, days=ALL)),
        MOVED_ONE: (of(MOVED_ONE, days=ALL), of(MOVED_ONE, days=ALL)),
        ZHANGYE: (
            of(*places(ZHANGYE), days=ALL) - of(MOVED_ONE, days=ALL),
            of(*places(ZHANGYE), days=ALL) - of(MOVED_ONE, days=(MOVED,)),
        ),
        XIYUAN: (xiyuan | of(MOVED_ONE, days=ALL), xiyuan | of(MOVED_ONE, days=(MOVED,))),
    }
    for code, (now, then) in views.items():
        assert seen(city.boss, within=code) == now, code
        assert seen(city.boss, within=code, tree="then") == then, code
    for tree in ("now", "then"):
        districts = [seen(city.boss, within=code, tree=tree) for code in (CHENGGUAN, QILIHE)]
        assert sum(map(len, districts)) == len(seen(city.boss))
        assert set.union(*districts) == seen(city.boss)
    # what was given away is not seen any more, as it was then neither; nor is it lost on the way
    then = {"within": ZHANGYE, "tree": "then"}
    assert seen(who["chengguan"], **then) == views[ZHANGYE][1] - before_it_moved
    assert before_it_moved <= seen(city.boss, **then)
