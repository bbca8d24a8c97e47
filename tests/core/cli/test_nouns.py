from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from lifang.app.http import create_app
from lifang.services.instance import Instance
from tests.core.cli.conftest import Command

HOME, NEIGHBOUR, FOREIGN = "620102001001", "620102001002", "620103001001"


@pytest.fixture
def people(lifang: Command) -> None:
    """Three people: two at home, one in the other district."""
    for name, code in (("张伟", HOME), ("李强", HOME), ("王芳", FOREIGN)):
        phone = ["--phone", "13812345678"] if name == "张伟" else []
        assert lifang("people", "create", "--name", name, "--community", code, *phone).code == 0


@pytest.fixture
def api(lifang: Command, instance: Instance) -> FlaskClient:
    """The interface over the same instance, with the administrator's token."""
    from lifang.entities.account import Account

    Account.update(must_change=False).execute()
    token = lifang("token", "create", "--account", "boss", "--quiet").out.strip()
    client = create_app(instance).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


def test_what_is_created_is_told_listed_shown_and_kept_in_history(lifang: Command) -> None:
    made = lifang("people", "create", "--name", "张伟", "--sex", "男", "--community", HOME)
    assert (made.code, made.out) == (0, "已新建「人员」1 张伟\n")
    assert lifang("people", "list").out.splitlines() == [
        "编号\t姓名\t性别\t状态\t居住社区",
        "1\t张伟\t男\t常住\t畅家巷社区",
    ]
    shown = lifang("people", "show", "1").out
    assert "居住社区  畅家巷社区（620102001001）" in shown
    assert lifang("people", "update", "1", "--name", "张伟伟", "--version", "1").code == 0
    timeline = lifang("people", "history", "1").out.splitlines()
    assert timeline[0].endswith("boss  修改")
    assert timeline[1] == "    姓名：张伟 → 张伟伟"
    assert lifang("people", "remove", "1").out == "已移除「人员」1 张伟伟\n"
    assert lifang("people", "show", "1").code == 4


def test_every_field_that_is_wrong_has_its_line(lifang: Command) -> None:
    told = lifang("people", "create", "--sex", "x", "--community", HOME)
    assert told.code == 2
    lines = told.err.splitlines()
    assert lines[0] == "错误：有 2 个字段需要修改"
    assert {line.split("：")[0].strip() for line in lines[1:]} == {"name", "sex"}
    problem = lifang("people", "create", "--sex", "x", "--community", HOME, "--json").problem
    assert (problem["status"], problem["code"]) == (422, "invalid")
    assert {error["field"] for error in problem["errors"]} == {"name", "sex"}


@pytest.mark.usefixtures("people")
def test_json_is_what_the_interface_answers(lifang: Command, api: FlaskClient) -> None:
    listed = lifang("people", "list", "--json").json
    assert listed == api.get("/api/v1/people").json
    assert lifang("people", "show", "1", "--json").json == api.get("/api/v1/people/1").json
    told = lifang("people", "history", "1", "--json").json
    answered: Any = api.get("/api/v1/people/1/history").json
    assert told == (answered["items"] if isinstance(answered, dict) else answered)
    for path, words in (("people/99", ["people", "show", "99"]),):
        problem, answer = lifang(*words, "--json").problem, api.get(f"/api/v1/{path}").json
        assert answer is not None
        assert {k: problem[k] for k in ("type", "status", "code", "detail", "errors")} == {
            k: answer[k] for k in ("type", "status", "code", "detail", "errors")
        }


@pytest.mark.usefixtures("people")
def test_created_and_changed_records_are_answered_as_the_interface_does(
    lifang: Command, api: FlaskClient
) -> None:
    made = lifang("people", "create", "--name", "赵六", "--community", HOME, "--json").json
    assert made == api.get(f"/api/v1/people/{made['id']}").json
    saved = lifang("people", "update", str(made["id"]), "--name", "赵七", "--json").json
    assert saved == api.get(f"/api/v1/people/{made['id']}").json
    assert saved["version"] == 2


@pytest.mark.usefixtures("people")
def test_an_update_says_something_and_of_the_version_that_was_seen(lifang: Command) -> None:
    assert lifang("people", "update", "1").code == 2
    assert lifang("people", "update", "1", "--status", "floating", "--version", "1").code == 0
    stale = lifang("people", "update", "1", "--name", "张三", "--version", "1", "--json")
    assert stale.code == 5
    assert stale.problem["changed"] == ["status"]
    assert stale.problem["current"]["version"] == 2


@pytest.mark.usefixtures("people")
def test_an_empty_text_clears_a_field_and_silence_leaves_it_alone(lifang: Command) -> None:
    assert lifang("people", "update", "1", "--name", "张三").code == 0
    assert lifang("people", "show", "1", "--json").json["phone"] == "138****5678"
    assert lifang("people", "update", "1", "--phone", "").code == 0
    assert lifang("people", "show", "1", "--json").json["phone"] is None


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], ["张伟", "李强", "王芳"]),
        (["--within", "620102000000"], ["张伟", "李强"]),
        (["--community", FOREIGN], ["王芳"]),
        (["--name", "张伟", "--name", "王芳"], ["张伟", "王芳"]),
        (["--q", "zw"], ["张伟"]),
        (["--phone", "13812345678"], ["张伟"]),
        (["--id--gte", "2"], ["李强", "王芳"]),
        (["--id--not", "2"], ["张伟", "王芳"]),
        (["--status", "常住", "--sort=-id", "--limit", "2"], ["王芳", "李强"]),
        (["--name", "没有这个人"], []),
    ],
)
def test_a_list_is_narrowed_sorted_and_cut(
    lifang: Command, asked: list[str], found: list[str]
) -> None:
    told = lifang("people", "list", *asked, "--json")
    assert (told.code, names(told.json["items"])) == (0, found)
    assert told.json["next"] is None
    assert len(lifang("people", "list", *asked).out.splitlines()) == len(found) + 1


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    "asked",
    [["--sort", "phone"], ["--within", "620199000000"], ["--created-at--gte", "yesterday"]],
)
def test_a_list_that_cannot_be_asked_for_says_nothing_but_why(
    lifang: Command, asked: list[str]
) -> None:
    for form in ([], ["--json"]):
        told = lifang("people", "list", *asked, *form)
        assert (told.code, told.out) == (2, "")
        assert told.err


@pytest.mark.usefixtures("people")
def test_a_number_is_uncovered_only_with_a_reason_and_that_is_kept(lifang: Command) -> None:
    assert lifang("people", "reveal", "1", "--field", "phone").code == 2
    told = lifang("people", "reveal", "1", "--field", "phone", "--reason", "核对", "--json")
    assert told.json == {"fields": {"phone": "13812345678"}}
    assert "查看敏感信息；原因：核对" in lifang("people", "history", "1").out
    assert "13812345678" not in lifang("people", "history", "1").out


@pytest.mark.usefixtures("people")
def test_exports_go_to_a_pipe_or_to_a_file_of_the_owners(lifang: Command, tmp_path: Path) -> None:
    told = lifang("people", "export", "--within", "620102000000")
    assert told.out.splitlines()[0].lstrip("\ufeff").startswith("id,name,sex")
    assert len(told.out.splitlines()) == 3
    assert "138****5678" in told.out
    file = tmp_path / "people.json"
    assert lifang("people", "export", "--format", "json", "-o", str(file)).code == 0
    assert names(json.loads(file.read_text())["items"]) == ["张伟", "李强", "王芳"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert lifang("people", "export", "-o", str(tmp_path / "no" / "x.csv")).code == 6
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.usefixtures("people")
def test_a_terminal_shows_a_table_that_fits(
    lifang: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lifang.cli import widths

    monkeypatch.setenv("COLUMNS", "32")
    lines = lifang("people", "list", terminal=True).out.splitlines()
    assert lines[0].split() == ["编号", "姓名", "性别", "状态", "居住社区"]
    assert lines[1].endswith("畅家巷…")
    assert all(widths.width(line) <= 32 for line in lines)
    column = [
        widths.width(line[: line.index(word)])
        for line, word in zip(lines[1:], "张李王", strict=True)
    ]
    assert len(set(column)) == 1
    assert "没有记录" in lifang("people", "list", "--name", "无", terminal=True).err


@pytest.mark.usefixtures("people")
def test_actions_take_their_inputs_and_a_moment_that_has_been(lifang: Command) -> None:
    move = ["people", "move", "1", "--community", FOREIGN, "--date", "2026-01-05"]
    assert lifang(*move[:3]).code == 2
    assert lifang(*move, "--occurred-at", "2999-01-01T00:00").code == 2
    assert lifang(*move, "--occurred-at", "yesterday").code == 2
    told = lifang(*move, "--occurred-at", "2026-01-05T09:00")
    assert (told.code, told.out) == (0, "已迁居「人员」1 张伟\n")
    entry = lifang("people", "history", "1", "--json").json[0]
    assert entry["occurred_at"] == "2026-01-05T01:00:00.000000Z"
    assert lifang("people", "show", "1", "--json").json["community"]["code"] == FOREIGN


def test_communities_are_named_by_their_codes(lifang: Command) -> None:
    assert lifang("communities", "show", HOME, "--json").json["name"] == "畅家巷社区"
    assert lifang("communities", "show", "4").code == 4
    told = lifang("communities", "update", HOME, "--short-name", "畅家巷")
    assert told.out == f"已修改「社区」{HOME} 畅家巷社区\n"
    assert (
        lifang("communities", "list", "--kind", "district")
        .out.splitlines()[1]
        .startswith("620102000000\t城关区\t区县\t兰州市")
    )


def test_an_id_nobody_can_have_is_like_one_that_does_not_exist(lifang: Command) -> None:
    ours = lifang("people", "show", "99")
    assert ours.code == 4
    assert lifang("people", "show", "9" * 30).err == ours.err
