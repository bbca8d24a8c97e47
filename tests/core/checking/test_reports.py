"""What the check tells: people in two languages, programs in JSON and SARIF, and its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lifang.app.main import hands
from lifang.checking.running import check
from lifang.kit.errors import NotFound
from tests.core.cli import conftest as cli
from tests.core.plugins.misbehaving import MISBEHAVING, swap, write, write_changed


def say(*words: str) -> tuple[int, str, str]:
    said = cli.say(hands, "plugin", "check", *words)
    return said.code, said.out, said.err


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no instance."""
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("LIFANG_LANG", "zh")


def test_people_are_told_where_and_what_and_which_tier_is_reached(tmp_path, monkeypatch):
    tree = str(write(tmp_path, "exits_in_hook"))
    code, out, err = say(tree)
    assert code == 2
    assert "lifang_exits_in_hook/pages.py:14:5: 错误 LF213 [2] 结束进程的「sys.exit」" in out
    assert "达到第 1 级（能装上）" in out
    assert "没有达到要求的第 3 级" in err
    assert say(tree, "--tier", "1")[0] == 0
    assert say(str(tmp_path / "none"))[0] == 4
    code, _out, err = say()
    assert (code, "请写插件的文件夹" in err) == (2, True)
    monkeypatch.setenv("LIFANG_LANG", "en")
    assert "tier reached: 1 (loads)" in say(tree)[1]
    fine = str(write_changed(tmp_path, "fine", lambda files, id: None))
    assert say(fine, "--tier", "4") == (0, say(fine)[1], "")


def test_a_rule_is_explained_with_reason_and_examples():
    code, out, _err = say("--explain", "lf213")
    assert code == 0
    assert "LF213 never-ends-the-process" in out
    assert "插件与核心在同一个进程里" in out
    assert "sys.exit(1)" in out
    assert "raise lf.Conflict" in out
    told = json.loads(say("--explain", "LF105", "--json")[1])
    assert (told["id"], told["tier"], told["fixed"]) == ("LF105", 1, True)
    assert json.loads(say("--explain", "LF711", "--json")[1])["deep"] is True
    code, _out, err = say("--explain", "LF999")
    assert (code, "LF101" in err) == (4, True)


def test_programs_are_told_in_json_and_in_sarif(tmp_path):
    tree = str(write(tmp_path, "core_template"))
    code, out, _err = say(tree, "--json")
    told = json.loads(out)
    assert (code, told["plugin"], told["tier"], told["reached"]) == (2, "core_template", 1, False)
    by_rule = {one["rule"]: one for one in told["findings"]}
    place = "lifang_core_template/templates/base.html"
    assert by_rule["LF502"] == {
        "rule": "LF502", "name": "nothing-is-marked-safe", "severity": "error", "tier": 2,
        "path": place, "line": 1, "column": 13, "exempt": None,
        "message": "「|safe」让文字不经转义进入页面",
    }  # fmt: skip
    log = json.loads(say(tree, "--format", "sarif")[1])
    [scan] = log["runs"]
    assert (log["version"], "sarif-2.1.0" in log["$schema"]) == ("2.1.0", True)
    rules = scan["tool"]["driver"]["rules"]
    assert len({one["id"] for one in rules}) == len(rules) == told["rules"]
    for one in scan["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["level"] in ("error", "warning")
        assert one["message"]["text"]
        assert one["partialFingerprints"]
        where = one["locations"][0]["physicalLocation"]
        assert (Path(tree) / where["artifactLocation"]["uri"]).is_file()
        assert where["region"]["startLine"] >= 1
    assert {one["ruleId"] for one in scan["results"]} == set(by_rule)


def test_what_a_machine_can_put_right_is_put_right(tmp_path):
    def wrong(files: dict[str, str], id: str) -> None:
        swap("pyproject.toml", "lifang>=0.1,<1", "lifang")(files, id)
        swap("README.md", "| `days` | 保留天数 | 30 |\n", "")(files, id)

    tree = write_changed(tmp_path, "wrong", wrong)
    assert {one.rule.id for one in check(tree).findings} == {"LF105", "LF602"}
    report = check(tree, fix=True)
    assert (report.findings, report.fixed) == ((), ("README.md", "pyproject.toml"))
    dependencies = tomllib.loads((tree / "pyproject.toml").read_text())["project"]["dependencies"]
    assert dependencies == ["lifang>=0.1,<1"]
    assert "| `days` | 30 天 | 保留天数；办结以后 |" in (tree / "README.md").read_text()
    assert check(tree, fix=True).fixed == ()


def exempt(tmp_path: Path, *lines: str) -> list[tuple[str, str | None]]:
    def excused(files: dict[str, str], id: str) -> None:
        MISBEHAVING["exits_in_hook"].change(files, id)
        files["pyproject.toml"] += "\n[tool.lifang.check]\nexempt = [" + ", ".join(lines) + "]\n"

    found = check(write_changed(tmp_path, "excused", excused)).findings
    return sorted((one.rule.id, one.exempt) for one in found)


def test_an_exemption_has_a_reason_and_an_end_and_is_needed(tmp_path):
    until = 'until = "2027-06-30"'
    good = f'{{ rule = "LF213", reason = "a trial", {until} }}'
    assert exempt(tmp_path, good) == [("LF213", "a trial")]
    assert exempt(tmp_path, f'{{ rule = "LF213", {until} }}') == [("LF001", None), ("LF213", None)]
    assert ("LF001", None) in exempt(tmp_path, '{ rule = "LF213", reason = "for ever" }')
    assert ("LF001", None) in exempt(tmp_path, good.replace("2027", "2099"))
    assert ("LF001", None) in exempt(tmp_path, good.replace("LF213", "LF999"))
    ended = exempt(tmp_path, good.replace("2027", "2020"))
    assert ended == [("LF002", None), ("LF213", None)]
    assert exempt(tmp_path, good, good.replace("213", "214")) == [
        ("LF003", None),
        ("LF213", "a trial"),
    ]
    elsewhere = good.replace("reason", 'file = "lifang_excused/models.py", reason')
    assert exempt(tmp_path, elsewhere) == [("LF003", None), ("LF213", None)]


def test_a_wheel_is_judged_like_its_source(tmp_path):
    import zipfile

    tree = write(tmp_path, "exits_in_hook")
    wheel = tmp_path / "lifang_exits_in_hook-1.0.0-py3-none-any.whl"
    info = "lifang_exits_in_hook-1.0.0.dist-info"
    project = tomllib.loads((tree / "pyproject.toml").read_text())["project"]
    told = ["Metadata-Version: 2.4", f"Name: {project['name']}", "Version: 1.0.0"]
    told += ["License-Expression: Apache-2.0", "Author: Somebody", "Requires-Dist: lifang<1,>=0.1"]
    told += ["Project-URL: Security, https://example.org", "", (tree / "README.md").read_text()]
    with zipfile.ZipFile(wheel, "w") as file:
        for path in sorted((tree / "lifang_exits_in_hook").rglob("*")):
            if path.is_file() and path.suffix != ".po":
                file.write(path, path.relative_to(tree).as_posix())
        file.writestr(f"{info}/METADATA", "\n".join(told))
        file.writestr(
            f"{info}/entry_points.txt",
            "[lifang.plugins]\nexits_in_hook = lifang_exits_in_hook.plugin:plugin\n",
        )
        file.writestr(f"{info}/licenses/LICENSE", "Apache")
    found = {one.rule.id for one in check(wheel).findings}
    assert {"LF213", "LF513"} <= found <= {"LF213", "LF513", "LF510"}
    with pytest.raises(NotFound):
        check(tree / "README.md")


def test_the_check_starts_without_an_instance_and_imports_no_plugin(tmp_path):
    tree = write(tmp_path, "ends_at_import")
    script = f"""
import sys
from lifang.app.main import main
sys.argv = ["lifang", "plugin", "check", {str(tree)!r}]
main()
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, "LF213" in done.stdout) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ends_at_import"]
