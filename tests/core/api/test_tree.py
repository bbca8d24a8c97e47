"""The dated tree over the API, as commands and on pages: the same actions everywhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.builtin.households import households
from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.entities.household import Household
from lifang.kit import clock
from lifang.services.gateway import write
from lifang.testing import world
from tests.core.api.conftest import Api
from tests.core.builtin.trees import BASIS, YEAR, node, plant

TODAY = clock.today()
XIYUAN = "620103001000"
BASE = "/api/v1/communities"


def act(client: FlaskClient, code: str, verb: str, status: int = 200, **given: Any) -> Any:
    told = {"date": str(TODAY), "basis": BASIS, **given}
    dry = told.pop("dry_run", "")
    answer = client.post(f"{BASE}/{node(code).id}/actions/{verb}{dry}", json=told)
    assert answer.status_code == status, answer.json
    return answer.json


def listed(client: FlaskClient, query: str) -> set[str]:
    answer = client.get(f"/api/v1/households?{query}")
    assert answer.status_code == 200, answer.json
    return {item["number"] for item in answer.json["items"]}


@pytest.fixture
def homes(boss: Caller) -> None:
    for code in (world.HOME, world.NEIGHBOUR, world.FOREIGN):
        data = {"number": code, "community": {"code": code}}
        write(households, "create", boss, data)


def test_a_community_is_moved_merged_and_split_and_lists_follow(
    api: Api, boss_api: FlaskClient, homes: None
) -> None:
    worker = api("subdistrict_admin", at=XIYUAN)
    assert listed(worker, "") == {world.FOREIGN}
    told = act(boss_api, world.HOME, "transfer", parent={"code": XIYUAN})
    assert told["parent"]["code"] == XIYUAN
    assert listed(worker, "") == {world.FOREIGN, world.HOME}
    act(boss_api, world.HOME, "merge", into={"code": world.FOREIGN})
    assert listed(worker, f"within={world.FOREIGN}") == {world.FOREIGN, world.HOME}
    home = Community.get(Community.code == world.HOME).id
    past = boss_api.get(f"{BASE}/{home}/lineage").json
    assert past[0] == {"date": str(TODAY), "words": "并入「下西园社区」"}
    assert boss_api.get("/api/v1/households/1/lineage").status_code == 404
    stranger = api("community_worker", at=world.NEIGHBOUR)
    assert stranger.get(f"{BASE}/{home}/lineage").status_code == 404
    act(boss_api, world.NEIGHBOUR, "split", into="e1 东社区；e2 西社区")
    assert listed(boss_api, "unassigned=true") == {world.NEIGHBOUR}
    assert listed(boss_api, "unassigned=false") == {world.HOME, world.FOREIGN}
    (item,) = boss_api.get("/api/v1/households?unassigned=true").json["items"]
    assert item["community"] == {"id": item["community"]["id"], "name": "张家园社区",
                                 "code": world.NEIGHBOUR, "closed": True}  # fmt: skip
    path = f"/api/v1/households/{item['id']}/actions/place"
    placed = boss_api.post(path, json={"community": {"code": "e1"}})
    assert (placed.status_code, placed.json["community"]["code"]) == (200, "e1")
    again = boss_api.post(path, json={"community": {"code": "e2"}})
    assert (again.status_code, "没有停用" in again.json["detail"]) == (409, True)


def test_a_list_and_an_export_ask_for_the_tree_of_then(
    boss_api: FlaskClient, homes: None, boss: Caller
) -> None:
    Household.update(created_at=clock.now() - dt.timedelta(days=9)).execute()
    act(boss_api, world.HOME, "transfer", parent={"code": XIYUAN})
    at = f"within={XIYUAN}"
    assert listed(boss_api, at) == listed(boss_api, f"{at}&tree=now") == {world.HOME, world.FOREIGN}
    assert listed(boss_api, f"{at}&tree=then") == {world.FOREIGN}
    for tree in ("then", "now"):
        for verb in ("export?format=csv", "ledger?format=csv"):
            answer = boss_api.get(f"/api/v1/households/{verb}&{at}&tree={tree}")
            assert world.FOREIGN in answer.text
            assert (world.HOME in answer.text) == (tree == "now")
    wrong = boss_api.get("/api/v1/households?tree=tomorrow")
    assert (wrong.status_code, "now 或 then" in wrong.json["detail"]) == (400, True)
    told = boss_api.get("/api/openapi.json").json
    shared = told["components"]["parameters"]
    asked = told["paths"]["/api/v1/households"]["get"]["parameters"]
    names = {shared[one["$ref"].split("/")[-1]]["name"] if "$ref" in one else one["name"]
             for one in asked}  # fmt: skip
    assert {"tree", "unassigned", "within"} <= names


def test_a_split_is_previewed_and_its_mistakes_lie_on_their_fields(
    boss_api: FlaskClient, boss: Caller
) -> None:
    plant(boss, "g1", "grid", world.HOME)
    into = "e1 东社区: g1\ne2 西社区"
    shown = act(boss_api, world.HOME, "split", into=into, dry_run="?dry_run=true")
    assert shown["preview"]["sections"][0]["rows"] == [["社区", "2"]]
    assert node(world.HOME).valid_to is None
    for field, given in (("into", {"into": "e1 东社区: g1"}),
                         ("date", {"into": into, "date": "2999-01-01"}),
                         ("basis", {"into": into, "basis": ""})):  # fmt: skip
        told = act(boss_api, world.HOME, "split", 422, **given)
        assert [error["field"] for error in told["errors"]] == [field]
    act(boss_api, world.HOME, "split", into=into)
    assert node("g1").parent.code == "e1"


def test_only_a_district_decrees_and_nobody_learns_of_what_they_cannot_see(
    api: Api, boss_api: FlaskClient
) -> None:
    for role, place, status in (("subdistrict_admin", "620102001000", 403),
                                ("district_admin", world.QILIHE, 404),
                                ("district_admin", world.CHENGGUAN, 200)):  # fmt: skip
        act(api(role, at=place), world.HOME, "rename", status, name="新社区")


def test_records_of_a_closed_node_are_found_by_its_old_code(
    api: Api, boss_api: FlaskClient, homes: None
) -> None:
    act(boss_api, world.HOME, "split", date=str(YEAR), into=f"{world.HOME} 畅家巷社区；e2 西社区")
    assert listed(boss_api, f"within={world.HOME}") == set()
    ago = f"{world.HOME}@{YEAR - dt.timedelta(days=1)}"
    assert listed(boss_api, f"within={ago}") == {world.HOME}
    stranger = api("district_admin", at=world.QILIHE)
    for code in (ago, "620199001001@2020-01-01", f"{world.HOME}@x"):
        answer = stranger.get(f"/api/v1/households?within={code}")
        assert answer.status_code == 422, code
        assert answer.json["errors"][0]["code"] == "unknown"
