from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.cli.conftest import Command

TREE = """\
城关区  620102000000
└── 酒泉路街道  620102001000
    ├── 畅家巷社区  620102001001
    └── 张家园社区  620102001002
"""
NEW = "620104000000,西固区,district,620100000000\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "new.csv"
    file.write_text("code,name,kind,parent_code\n" + NEW)
    return file


def test_a_tree_is_drawn_with_branches(lifang: Command) -> None:
    assert lifang("communities", "tree", "620102000000").out == TREE
    assert lifang("communities", "tree", "620102000000", "--depth", "2").out.count("\n") == 2
    assert lifang("communities", "tree", "--depth", "2").out == (
        "兰州市  620100000000\n├── 城关区  620102000000\n└── 七里河区  620103000000\n"
    )
    assert lifang("communities", "tree", "620199000000", "--depth", "2").code == 2
    assert lifang("communities", "tree").out.startswith("兰州市  620100000000\n├── 城关区")
    assert lifang("communities", "tree", "620199000000").code == 2


def test_a_tree_in_json_nests_children(lifang: Command) -> None:
    node = lifang("communities", "tree", "620102000000", "--json").json
    assert (node["code"], node["parent"]["code"]) == ("620102000000", "620100000000")
    (street,) = node["children"]
    assert [child["name"] for child in street["children"]] == ["畅家巷社区", "张家园社区"]
    whole = lifang("communities", "tree", "--depth", "1", "--json").json
    assert [(root["name"], root["children"]) for root in whole["items"]] == [("兰州市", [])]


def test_a_worker_sees_the_tree_from_where_they_stand(lifang: Command, worker: str) -> None:
    assert lifang("communities", "tree", "--as", worker).out == "畅家巷社区  620102001001\n"


def test_importing_again_changes_nothing_and_says_so(lifang: Command, file: Path) -> None:
    plan = lifang("communities", "import", str(file), "--dry-run")
    assert plan.out == "只检查，没有写入：将新建 1 条，修改 0 条，0 条没有变化\n"
    assert lifang("communities", "show", "620104000000").code == 4
    assert lifang("communities", "import", str(file)).out == "新建 1 条，修改 0 条，0 条没有变化\n"
    assert lifang("communities", "import", str(file)).out == "没有变化：1 条与文件相同\n"
    told = lifang("communities", "import", str(file), "--json").json
    assert told == {"created": 0, "updated": 0, "unchanged": 1, "failed": 0, "errors": []}


def test_a_file_with_a_wrong_row_imports_nothing_and_names_it(lifang: Command, file: Path) -> None:
    file.write_text(file.read_text() + "620105000000,安宁区,planet,620100000000\n")
    told = lifang("communities", "import", str(file))
    assert (told.code, told.out) == (2, "")
    assert "第 3 行 kind" in told.err
    assert lifang("communities", "show", "620104000000").code == 4
    outcome = lifang("communities", "import", str(file), "--json")
    assert (outcome.code, outcome.json["errors"][0]["row"]) == (2, 3)


def test_a_file_that_is_not_there_is_not_found(lifang: Command, tmp_path: Path) -> None:
    assert lifang("communities", "import", str(tmp_path / "no.csv")).code == 4


def test_who_may_not_import_is_told_so(lifang: Command, worker: str, file: Path) -> None:
    assert lifang("communities", "import", str(file), "--as", worker).code == 3
