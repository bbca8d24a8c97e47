"""The dated tree on the command line."""

from __future__ import annotations

import pytest

from lifang.kit import clock
from lifang.testing import world
from tests.core.cli.conftest import Command

TODAY = str(clock.today())
DECREED = ("--date", TODAY, "--basis", "兰政发〔2026〕1号")


@pytest.fixture
def household(lifang: Command) -> None:
    assert lifang("households", "create", "--number", "1", "--community", world.HOME).code == 0


def numbers(lifang: Command, *options: str) -> list[str]:
    told = lifang("households", "list", "--json", *options)
    assert told.code == 0, told.err
    return [item["number"] for item in told.json["items"]]


def test_a_community_is_renamed_recoded_moved_merged_and_closed(
    lifang: Command, household: None
) -> None:
    home = ("communities", "rename", world.HOME)
    assert lifang(*home, "--name", "新社区", *DECREED).code == 0
    assert lifang("communities", "recode", world.HOME, "--code", "x1", *DECREED).code == 0
    assert lifang("communities", "show", world.HOME, "--json").json["code"] == "x1"
    assert lifang("communities", "transfer", "x1", "--parent", "620103001000", *DECREED).code == 0
    assert numbers(lifang, "--within", world.QILIHE) == ["1"]
    plan = lifang("communities", "merge", "x1", "--into", world.FOREIGN, *DECREED, "--dry-run")
    assert plan.out.startswith("涉及的记录\n")
    assert lifang("communities", "merge", "x1", "--into", world.FOREIGN, *DECREED).code == 0
    assert numbers(lifang, "--within", world.FOREIGN) == ["1"]
    assert lifang("communities", "close", "x1", *DECREED).code == 5
    assert lifang("communities", "close", world.NEIGHBOUR, *DECREED).code == 0
    assert lifang("communities", "reopen", world.NEIGHBOUR, *DECREED).code == 0
    history = lifang("communities", "history", "x1").out
    assert "并入；原因：兰政发〔2026〕1号" in history
    past = lifang("communities", "lineage", "x1", "--json").json
    assert past[0] == {"date": TODAY, "words": "并入「下西园社区」"}
    assert f"编号由 {world.HOME} 改为 x1" in {turn["words"] for turn in past}
    told = lifang("communities", "lineage", "x1").out
    assert told.splitlines()[0] == f"{TODAY}  并入「下西园社区」"
    assert lifang("communities", "lineage", "nowhere").code == 4


def test_what_a_split_leaves_is_listed_and_placed(lifang: Command, household: None) -> None:
    split = ("communities", "split", world.HOME, "--into", "e1 东社区；e2 西社区", *DECREED)
    assert lifang(*split).code == 0
    waiting = ("--within", world.HOME, "--unassigned", "yes")
    assert numbers(lifang, *waiting) == ["1"]
    place = ("households", "bulk", "place", *waiting, "--set-community", "e2", "--yes")
    done = lifang(*place)
    assert done.code == 0, done.err
    assert numbers(lifang, *waiting) == []
    assert numbers(lifang, "--within", "e2") == ["1"]
    assert numbers(lifang, "--within", "e2", "--tree", "then") == ["1"]
    assert lifang("households", "list", "--tree", "soon").code == 2


def test_closed_nodes_are_drawn_on_demand(lifang: Command) -> None:
    merge = ("communities", "merge", world.HOME, "--into", world.NEIGHBOUR)
    assert lifang(*merge, *DECREED).code == 0
    assert "畅家巷" not in lifang("communities", "tree").out
    drawn = lifang("communities", "tree", "620102001000", "--closed").out
    assert (
        drawn
        == f"""\
酒泉路街道  620102001000
└── 张家园社区  620102001002
    └── 畅家巷社区  620102001001（{TODAY} 并入「张家园社区」）
"""
    )
    merge = ("communities", "merge", world.NEIGHBOUR, "--into", world.FOREIGN)
    assert lifang(*merge, *DECREED).code == 0
    told = lifang("communities", "tree", world.QILIHE, "--closed", "--json").json
    first, taken = told["children"][0]["children"][0]["children"]
    assert (first["code"], taken["code"]) == (world.HOME, world.NEIGHBOUR)
    heir = taken["successors"][0]
    assert (heir["code"], heir["share"], "seen_from" in taken) == (world.FOREIGN, 1.0, False)
    assert lifang("communities", "close", "620102001000", *DECREED).code == 0
    closed = lifang("communities", "tree", world.CHENGGUAN, "--closed").out
    assert f"酒泉路街道  620102001000（{TODAY} 停用）" in closed
