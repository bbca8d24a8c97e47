from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lifang.app.main import hands
from lifang.app.migrating import Migrated
from lifang.cli.hands import Hands
from lifang.kit import errors
from tests.core.cli.conftest import Said, say


@dataclass
class Recorded:
    """What the layer above was asked to do."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def note(self, name: str, answer: Any = None) -> Callable[..., Any]:
        def call(**given: Any) -> Any:
            self.calls.append((name, given))
            return answer

        return call

    def hands(self, **instead: Any) -> Hands:
        actor = SimpleNamespace(name="w", role="resident", place="", password="p")
        demo = SimpleNamespace(home=Path("there"), actors=(actor,), lines=lambda: ["w p"])
        told: dict[str, Any] = {field.name: self.note(field.name) for field in fields(Hands)}
        told |= {
            "opened": nullcontext,
            "migrate": self.note("migrate", Migrated(["core 0002_more"])),
            "demo": self.note("demo", demo),
            "verify_backup": self.note("verify_backup", None),
            "restore": self.note("restore", None),
            "move": self.note("move", None),
        }
        return Hands(**{**told, **instead})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIFANG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def lifang(*words: str) -> Said:
    return say(hands, *words)


def test_init_says_where_the_key_is_and_what_comes_next(home: Path) -> None:
    told = lifang("init", "--admin", "boss", "--root", "620100000000")
    assert told.code == 0
    for word in (str(home / "keys" / "lifang.key"), "boss", "lifang serve", "620100000000"):
        assert word in told.out
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert lifang("accounts", "show", "boss", "--json").json["home_code"] == "620100000000"
    again = lifang("init")
    assert (again.code, again.out) == (5, "")


def test_init_quietly_prints_the_password_alone(home: Path) -> None:
    assert lifang("init", "--quiet").out.count("-") == 3
    assert lifang("accounts", "list", "--json").json["items"][0]["name"] == "admin"


def test_init_in_json_tells_the_same(home: Path) -> None:
    told = lifang("init", "--json").json
    assert (told["home"], told["account"]) == (str(home), "admin")


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\x00b"])
def test_init_judges_the_name_before_it_makes_anything(home: Path, name: str) -> None:
    assert lifang("init", "--admin", name).code == 2
    assert not home.exists()


def test_an_instance_that_cannot_be_made_or_opened_is_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = lifang("people", "list")
    assert (told.code, told.err.count("\n")) == (6, 1)
    monkeypatch.setenv("LIFANG_PROT", "1")
    assert lifang("people", "list").code == 2
    monkeypatch.delenv("LIFANG_PROT")
    assert lifang("init", "--quiet").code == 0
    (home / "lifang.toml").write_text("colour = 3\n")
    assert lifang("people", "list").code == 2
    (home / "lifang.toml").write_text("")
    key = home / "keys" / "lifang.key"
    told_key = json.loads(key.read_text())
    key.write_text(json.dumps({**told_key, "master": told_key["master"][::-1]}))
    assert lifang("people", "list").code == 6
    key.unlink()
    assert lifang("people", "list").code == 6
    (home / "run").rename(home / "ran")
    told = lifang("people", "list", "--json")
    assert (told.code, told.problem["code"]) == (6, "not_ready")
    monkeypatch.setenv("LIFANG_HOME", str(home / "lifang.toml" / "x"))
    told = lifang("init")
    assert (told.code, told.err.count("\n")) == (6, 1)


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.LifangError)
    ],
)
def test_every_error_leaves_with_its_code_and_its_document(kind: type[errors.LifangError]) -> None:
    def refuse(**given: Any) -> Any:
        raise kind("这样不行", errors=[errors.FieldError("name", "wrong", "名称不对")])

    told = say(lambda: Recorded().hands(migrate=refuse), "migrate")
    assert told.code == kind.exit_code
    assert told.err == "错误：这样不行\n  name：名称不对\n"
    told = say(lambda: Recorded().hands(migrate=refuse), "migrate", "--json")
    assert (told.code, told.out) == (kind.exit_code, "")
    assert (told.problem["status"], told.problem["code"]) == (kind.status, kind.code)
    assert told.problem["errors"][0]["field"] == "name"


def test_ctrl_c_leaves_with_130() -> None:
    def interrupted(**given: Any) -> Any:
        raise KeyboardInterrupt

    assert say(lambda: Recorded().hands(work=interrupted), "worker").code == 130


def test_a_reader_that_has_seen_enough_ends_the_command_in_silence(home: Path) -> None:
    assert lifang("init", "--quiet").code == 0
    program = "from lifang.app.main import main; main()"
    done = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "{program}" audit show --json | head -c 5'],
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ('{"ite', "")


def test_serving_is_handed_to_the_layer_above_with_what_was_asked() -> None:
    above = Recorded()
    words = [
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        "9000",
        "--workers",
        "2",
        "--no-worker",
        "--safe",
        "--strict",
    ]
    assert say(above.hands, *words).code == 0
    assert say(above.hands, "serve").code == 0
    assert say(above.hands, "worker").code == 0
    nothing = {"host": None, "port": None, "workers": None, "worker": True}
    asked = {"host": "127.0.0.1", "port": 9000, "workers": 2, "worker": False}
    assert above.calls == [
        ("serve", asked | {"safe": True, "strict": True}),
        ("serve", nothing | {"safe": False, "strict": False}),
        ("work", {}),
    ]


def test_a_demo_is_built_told_and_served_unless_it_is_not_to_be() -> None:
    above = Recorded()
    told = say(above.hands, "demo", "--no-serve", "--people", "50")
    assert told.code == 0
    assert "w p" in told.out
    assert [name for name, _given in above.calls] == ["demo"]
    assert above.calls[0][1]["people"] == 50
    assert say(above.hands, "demo", "--port", "9001", "--json").json["accounts"][0]["name"] == "w"
    assert above.calls[-1][1]["port"] == 9001


def test_migrations_are_planned_or_applied() -> None:
    above = Recorded()
    assert "core 0002_more" in say(above.hands, "migrate", "--plan").out
    assert say(above.hands, "migrate", "--json").json == {
        "applied": ["core 0002_more"], "backup": None
    }  # fmt: skip
    asked = [(given["plan"], given["keep"]) for _name, given in above.calls]
    assert asked == [(True, True), (False, True)]
    nothing = Recorded()
    none = nothing.hands(migrate=nothing.note("migrate", Migrated([])))
    assert say(lambda: none, "migrate").out == "没有待执行的迁移\n"
