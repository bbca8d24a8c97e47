"""Lost and found as its people use it: a page, commands, files. Run in the plugin's own folder."""

from __future__ import annotations

import csv
from pathlib import Path

from lifang.testing import world
from lifang.testing.commands import Command
from lifang.testing.visitors import Api, Visit

ITEMS = "/p/lost-and-found/items"


def test_what_a_file_brings_is_seen_and_given_back_and_leaves_as_it_came(
    run: Command, page: Visit, api: Api, tmp_path: Path
) -> None:
    assert run("plugin", "enable", "lost_and_found", "--at", world.CHENGGUAN).code == 0
    file, again = tmp_path / "items.csv", tmp_path / "again.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = [
            ["名称", "拾得地点", "社区"],
            ["钥匙", "东门岗亭", world.HOME],
            ["雨伞", "食堂", world.HOME],
        ]
        csv.writer(opened).writerows(rows)
    done = run("lost-and-found", "items", "import", str(file))
    assert (done.code, done.err) == (0, "") and "新建 2 条" in done.out
    worker = page("community_worker", at=world.HOME)
    assert "东门岗亭" in worker.text(ITEMS)
    assert "待认领的拾得物品" in worker.text("/")
    assert worker.post(f"{ITEMS}/1/actions/claim", {"proof": "钥匙扣的样子"}).status_code == 303
    assert "已认领" in worker.text(f"{ITEMS}/1")
    page("community_worker", at=world.FOREIGN).text(ITEMS, status=404)
    client = api("community_worker", at=world.HOME)
    path = "/api/v1/lost-and-found/items"
    assert [one["state"] for one in client.get(path).json["items"]] == ["claimed", "found"]
    assert run("lost-and-found", "items", "export", "--output", str(again)).code == 0
    assert "没有变化：2" in run("lost-and-found", "items", "import", str(again)).out
