"""The key goes onto paper and back, through the commands somebody types."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest

from lifang.app.instance import opened
from lifang.app.main import hands
from lifang.entities.audit import AuditEntry
from lifang.store.keys import read_master
from lifang.testing import world
from lifang.upkeep import paper_key
from tests.core.cli.conftest import Said, say


@pytest.fixture
def home(planted: Path) -> Path:
    with opened(planted) as instance:
        world.person(instance, "李强", phone="13812345678")
    return planted


def keys(*words: str) -> Said:
    return say(hands, "keys", *words)


def test_what_the_paper_says_makes_the_same_key_file_again(home: Path, tmp_path: Path) -> None:
    refused = keys("export")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    page, file = tmp_path / "key.html", home / "keys" / "lifang.key"
    assert keys("export", "--yes", "-o", str(page)).code == 0
    assert page.stat().st_mode & 0o777 == 0o600
    lines = re.search(r"<pre>(.*?)</pre>", page.read_text("utf-8"), re.S)
    assert lines is not None
    assert set(re.findall(r'(?:src|href)="(.{5})', page.read_text("utf-8"))) == {"data:"}
    told = keys("export", "--yes", "--json").json
    assert lines[1].split("\n") == told["lines"]
    with opened(home):
        noted = AuditEntry.select().where(AuditEntry.noun == "key", AuditEntry.verb == "export")
        assert [one.reason for one in noted] == [told["fingerprint"]] * 2

    master, paper = read_master(file), tmp_path / "paper.txt"
    paper.write_text("\n".join(told["lines"]).lower().replace("o", "0"), "utf-8")
    file.unlink()
    back = keys("import", str(paper))
    assert (back.code, "能打开" in back.out) == (0, True)
    assert (read_master(file), file.stat().st_mode & 0o777) == (master, 0o600)
    assert say(hands, "people", "list").code == 0
    assert keys("import", str(paper)).code == 0  # it is there already


def test_a_mistyped_line_another_key_and_a_lost_line_write_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, paper = home / "keys" / "lifang.key", tmp_path / "paper.txt"
    right = keys("export", "--yes", "--json").json["lines"]
    strange = list(paper_key.written(os.urandom(32)))
    kept = file.read_bytes()
    paper.write_text("\n".join(strange))
    assert (keys("import", str(paper)).code, "另一把" in keys("import", str(paper)).err) == (
        5,
        True,
    )
    file.unlink()
    said = keys("import", str(paper))
    assert (said.code, "不属于这个数据库" in said.err) == (6, True)
    wrong = right[1][:2] + ("A" if right[1][2] != "A" else "B") + right[1][3:]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([right[0], wrong, right[3]])))
    said = keys("import", "-")
    assert said.code == 2
    assert "第 2 行（文件的第 2 行）抄错了" in said.err
    assert "缺少第 3 行" in said.err
    assert not file.exists()
    slips = {
        right[1][:-1]: "第 2 行（文件的第 4 行）有 15 个字母，应有 16 个。每行应是行号 1–4",
        right[1] + "Ａ": "有 17 个字母",
        right[1][:-1] + "中": "有 15 个字母，应有 16 个",
        right[1][2:]: "缺少第 2 行：没有以 2 开头的行",
    }
    for line, told in slips.items():
        if line[0] in "1234" and line[1] != " ":
            continue  # without its number, letters that begin with one of the four look like one
        paper.write_text("\n".join(["里坊密钥", "", right[0], line, *right[2:]]), "utf-8")
        said = keys("import", str(paper))
        assert (said.code, told in said.err, "第 1 行" in said.err, file.exists()) == (
            2, True, False, False,
        ), said.err  # fmt: skip
    paper.write_text("里坊密钥", "gb18030")
    assert "不是 UTF-8 编码的文本" in keys("import", str(paper)).err
    said = keys("import", str(tmp_path / "nothing.txt"))
    assert (said.code, "没有这个文件" in said.err) == (6, True)
    paper.write_text("\n".join(reversed(right)))
    assert (keys("import", str(paper)).code, file.read_bytes()) == (0, kept)


def test_a_key_comes_before_the_backup_on_a_new_machine(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper, kept = tmp_path / "paper.txt", tmp_path / "b.lifang"
    paper.write_text("\n".join(keys("export", "--yes", "--json").json["lines"]))
    assert say(hands, "backup", "create", str(kept)).code == 0
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "new"))
    said = keys("import", str(paper))
    assert (said.code, "backup restore" in said.out) == (0, True), said.err
    restored = say(hands, "backup", "restore", str(kept))
    assert restored.code == 0, restored.err
    assert "李强" in say(hands, "people", "list").out


def test_rotating_asks_and_says_what_it_did(home: Path) -> None:
    assert keys("rotate").code == 2
    done = keys("rotate", "--yes")
    assert done.code == 0, done.err
    assert "纸质副本不变" in done.out
    shown = say(hands, "people", "reveal", "1", "--field", "phone", "--reason", "核对")
    assert "13812345678" in shown.out, shown.err
