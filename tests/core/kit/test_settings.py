"""An instance says what is wrong with its settings, and what would be right."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from lifang.kit.errors import Invalid, NotReady
from lifang.kit.settings import (
    FILE_NAME,
    FIRST_FILE,
    Settings,
    load,
    write_database,
    write_default,
)
from lifang.kit.settings_keys import variable


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_without_file_and_variables_everything_has_its_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load(env={})
    assert settings == Settings(
        home=tmp_path / "var", key_file=tmp_path / "var" / "keys" / "lifang.key"
    )
    assert settings.database is None
    assert (settings.durability, settings.workers, settings.allow_http) == ("full", 1, False)
    assert settings.file == tmp_path / "var" / "lifang.toml"
    assert [settings.data.name, settings.run.name, settings.log.name] == ["data", "run", "log"]


def test_the_folder_comes_from_the_argument_then_the_variable(tmp_path):
    env = {"LIFANG_HOME": str(tmp_path / "b")}
    assert load(env=env).home == tmp_path / "b"
    assert load(tmp_path / "a", env=env).home == tmp_path / "a"
    assert load(str(tmp_path / "a"), env=env).home == tmp_path / "a"


def test_a_relative_folder_stays_where_it_was_when_the_process_moves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load("here", env={}).home == tmp_path / "here"


def test_the_file_is_read_and_variables_outrank_it(written):
    home = written('port = 8100\nlanguage = "en"\nkey_file = "/safe/key"\nallow_http = true\n')
    settings = load(home, env={"LIFANG_PORT": "8200"})
    assert (settings.port, settings.language, settings.allow_http) == (8200, "en", True)
    assert settings.key_file == Path("/safe/key")


def test_every_key_has_a_variable_of_its_type(tmp_path):
    env = {
        "LIFANG_DATABASE": "sqlite:////tmp/my data/x.db",
        "LIFANG_BROKER": "nats://127.0.0.1:4222",
        "LIFANG_BROKER_STREAM": "CITY",
        "LIFANG_BROKER_FORM": "binary",
        "LIFANG_BROKER_DAYS": "30",
        "LIFANG_BROKER_AGAIN_HOURS": "48",
        "LIFANG_BROKER_TAKE_IN": "lifang.>, city.*.opened",
        "LIFANG_LANG": "en_GB.UTF-8",
        "LIFANG_ZONE": "Asia/Urumqi",
        "LIFANG_KEY_FILE": "other.key",
        "LIFANG_HOST": "0.0.0.0",  # noqa: S104 – only a value to be read back
        "LIFANG_PORT": "80",
        "LIFANG_WORKERS": "2",
        "LIFANG_ALLOW_HTTP": "True",
        "LIFANG_ADDRESS": "https://lifang.example.cn",
        "LIFANG_TRUSTED_PROXIES": "10.1.2.3, 10.9.0.0/24, fd00::/8",
        "LIFANG_DURABILITY": "normal",
        "LIFANG_SESSION_IDLE_MINUTES": "5",
        "LIFANG_SESSION_HOURS": "8",
        "LIFANG_LOG_LEVEL": "debug",
        "LIFANG_BACKUP_KEEP": "3",
        "LIFANG_ATTACHMENT_MB": "50",
        "LIFANG_LAG_MINUTES": "30",
        "LIFANG_PLUGIN_ERRORS": "3",
        "LIFANG_PLUGIN_SECONDS": "600",
        "LIFANG_RETENTION": "core.clock.hour=90, core.job.done=latest",
        "LIFANG_OUTBOUND_ALLOW": "10.1.2.3:8443, [fd00::1]:443",
        "LIFANG_CATALOGUE": "shelf/catalogue",
        "LIFANG_NOTICE_DAYS": "180",
        "LIFANG_DENY": "some_plugin <1.3 2026-11-30 原因, other_plugin",
    }
    settings = load(tmp_path, env=env)
    keys = [field.name for field in fields(Settings) if field.name != "home"]
    assert {variable(key) for key in keys} == set(env)
    assert settings.language == "en"
    assert settings.key_file == tmp_path / "other.key"
    assert (settings.port, settings.allow_http, settings.session_hours) == (80, True, 8)
    assert settings.trusted_proxies == ("10.1.2.3", "10.9.0.0/24", "fd00::/8")
    assert settings.retention == (("core.clock.hour", 90), ("core.job.done", "latest"))
    assert settings.broker_take_in == ("lifang.>", "city.*.opened")
    assert settings.catalogue == Path("shelf/catalogue")
    assert settings.deny == ("some_plugin <1.3 2026-11-30 原因", "other_plugin")
    assert settings.outbound_allow == ("10.1.2.3:8443", "[fd00::1]:443")
    assert load(tmp_path, env={"LIFANG_ALLOW_HTTP": "0"}).allow_http is False


@pytest.mark.parametrize(
    "said",
    ['["core.clock.hour"]', '["core.clock.hour=0"]', '["clock=9"]', '["a.b.c=soon"]', "[9]", "9"],
)
def test_how_long_events_stay_is_said_by_type(written, said):
    assert load(written('retention = ["a.b.c = keep"]\n'), env={}).retention == (("a.b.c", "keep"),)
    with pytest.raises(Invalid, match="retention.*core.clock.hour=90"):
        load(written(f"retention = {said}\n"), env={})


def test_an_empty_variable_says_nothing(written):
    assert load(written("port = 8100\n"), env={"LIFANG_PORT": "", "LIFANG_ZONE": " "}).port == 8100


def test_variables_of_tools_and_other_programs_are_left_alone(tmp_path):
    load(tmp_path, env={"LIFANG_CHROMIUM": "/usr/bin/chromium", "LIFANG_AS": "boss", "LANG": "C"})


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("databse", "database"), ("Port", "port"), ("keyfile", "key_file"), ("timezone", "zone")],
)
def test_an_unknown_key_is_told_with_the_nearest_known_one(written, key, nearest):
    home = written(f'{key} = "x"\n')
    with pytest.raises(Invalid, match=rf"{key}.*最接近的是 {nearest}$"):
        load(home, env={})


def test_an_unknown_variable_is_told_with_the_nearest_known_one(tmp_path):
    with pytest.raises(Invalid, match="LIFANG_DATABSE.*最接近的是 LIFANG_DATABASE") as caught:
        load(tmp_path, env={"LIFANG_DATABSE": "x"})
    assert caught.value.exit_code == 2
    with pytest.raises(Invalid, match="LIFANG_LANGUAGE.*最接近的是 LIFANG_LANG$"):
        load(tmp_path, env={"LIFANG_LANGUAGE": "en"})


def test_a_key_like_no_other_is_told_with_all_known_ones(written):
    with pytest.raises(Invalid, match="qqq.*可用的有：database、broker.*log_level"):
        load(written("qqq = 1\n"), env={})


def test_a_section_is_an_unknown_key(written):
    with pytest.raises(Invalid, match="server"):
        load(written("[server]\nport = 1\n"), env={})


def test_debug_is_refused_with_its_reason(written):
    with pytest.raises(Invalid, match="debug 不可设置.*居民信息.*log_level"):
        load(written("debug = true\n"), env={})
    with pytest.raises(Invalid, match="LIFANG_DEBUG 不可设置"):
        load(written(""), env={"LIFANG_DEBUG": "1"})


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ('broker_stream = "a.b"', "LIFANG"),
        ("broker_again_hours = 23", "24 至 672"),
        ('broker_take_in = "lifang.>"', "lifang.>"),
        ('broker_take_in = ["lifang.>.x"]', "lifang.>"),
        ('broker_take_in = ["a b", 1]', "lifang.>"),
        ('port = "8000"', "1 至 65535"),
        ("port = 0", "1 至 65535"),
        ("port = 65536", "1 至 65535"),
        ("port = true", "1 至 65535"),
        ("port = 80.0", "1 至 65535"),
        ("workers = 0", "1 至 64"),
        ('allow_http = "yes"', "true 或 false"),
        ('trusted_proxies = "10.1.2.3"', "IP 地址或网段的列表"),
        ('trusted_proxies = ["0.0.0.0/0"]', "IP 地址或网段的列表"),
        ('trusted_proxies = ["10.1.2.3/24"]', "IP 地址或网段的列表"),
        ('trusted_proxies = ["proxy.example.cn"]', "IP 地址或网段的列表"),
        ("allow_http = 1", "true 或 false"),
        ('durability = "fast"', "full 或 normal"),
        ('language = "de"', "zh 或 en"),
        ('zone = "Asia/Lanzhou"', "Asia/Shanghai"),
        ('host = "a b"', "127.0.0.1"),
        ('key_file = ""', "路径"),
        ('log_level = "loud"', "debug、info、warning 或 error"),
        ("session_hours = 169", "1 至 168"),
        ("session_idle_minutes = 1979-05-27", "1 至 1440"),
        ('database = "/var/lib/x.db"', "sqlite:///"),
        ('broker = "redis://x"', "nats://"),
        ('outbound_allow = "10.1.2.3:8443"', "主机:端口"),
        ('outbound_allow = ["10.1.2.3"]', "主机:端口"),
        ('outbound_allow = ["10.1.2.3:70000"]', "主机:端口"),
        ('outbound_allow = ["https://10.1.2.3:443"]', "主机:端口"),
        ("outbound_allow = [8443]", "主机:端口"),
        ('catalogue = ""', "文件夹"),
        ('deny = "some_plugin"', "some_plugin <1.3"),
        ('deny = ["Some Plugin"]', "some_plugin <1.3"),
    ],
)
def test_a_wrong_value_is_told_with_what_would_be_right(written, line, right):
    key = line.split()[0]
    with pytest.raises(Invalid, match=f"{key} .*应为.*{re.escape(right)}") as caught:
        load(written(line), env={})
    assert [(error.field, error.code) for error in caught.value.errors] == [(key, "wrong")]


def test_a_wrong_variable_is_called_by_its_own_name(tmp_path):
    for text in ("http", "８０００", "-1", "9" * 30):
        with pytest.raises(Invalid, match="环境变量 LIFANG_PORT 写作.*应为 1 至 65535"):
            load(tmp_path, env={"LIFANG_PORT": text})
    with pytest.raises(Invalid, match="LIFANG_ALLOW_HTTP"):
        load(tmp_path, env={"LIFANG_ALLOW_HTTP": "maybe"})


def test_all_mistakes_are_told_at_once(written):
    with pytest.raises(Invalid) as caught:
        load(written("port = 0\nprot = 1\n"), env={"LIFANG_WORKERS": "many", "LIFANG_X": "1"})
    fields_told = [error.field for error in caught.value.errors]
    assert sorted(fields_told) == ["LIFANG_WORKERS", "LIFANG_X", "port", "prot"]


def test_a_password_in_an_address_is_never_repeated(written):
    with pytest.raises(Invalid) as caught:
        load(written('database = "mysql://boss:hunter2@db/x"'), env={})
    assert "hunter2" not in str(caught.value)
    settings = load(written(""), env={"LIFANG_DATABASE": "postgresql://boss:hunter2@db/x"})
    assert "hunter2" not in repr(settings)


def test_a_file_that_is_no_toml_is_told_with_the_place(written):
    with pytest.raises(Invalid, match="lifang.toml 第 2 行的写法有误"):
        load(written("port = 8000\nhost localhost\n"), env={})
    with pytest.raises(Invalid, match="第 2 行的写法有误"):
        load(written("port = 1\nport = 2\n"), env={})
    with pytest.raises(Invalid, match="第 3 行的写法有误"):
        load(written("port = 1\n\nhost ="), env={})


def test_a_file_from_windows_is_read_or_told(tmp_path):
    file = tmp_path / FILE_NAME
    file.write_bytes("\ufeffport = 8100\r\n".encode())
    assert load(tmp_path, env={}).port == 8100
    file.write_bytes("# 中文\nport = 8100\n".encode("gb18030"))
    with pytest.raises(Invalid, match="UTF-8"):
        load(tmp_path, env={})


def test_a_file_that_cannot_be_opened_is_told(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(NotReady, match="读不了"):
        load(tmp_path, env={})


def test_the_first_file_says_the_defaults_and_is_private(tmp_path):
    home = tmp_path / "new" / "instance"
    file = write_default(home)
    assert file == home / FILE_NAME
    assert (file.stat().st_mode & 0o777, home.stat().st_mode & 0o777) == (0o600, 0o700)
    assert load(home, env={}) == load(tmp_path / "elsewhere" / ".." / "new" / "instance", env={})
    uncommented = re.sub(r"(?m)^# ([a-z_]+ = )", r"\1", FIRST_FILE.read_text("utf-8"))
    given = tomllib.loads(uncommented)
    known = {field.name: field.default for field in fields(Settings) if field.name != "home"}
    assert set(given) == set(known)
    examples = {
        "database",
        "broker",
        "address",
        "retention",
        "broker_take_in",
        "outbound_allow",
        "trusted_proxies",
        "catalogue",
        "deny",
    }  # without a default: the file shows what one looks like
    assert {key: str(value) for key, value in given.items() if key not in examples} == {
        key: str(value) for key, value in known.items() if key not in examples
    }
    file.write_text(uncommented, encoding="utf-8")
    assert load(home, env={}).port == 8000


def test_a_file_that_is_there_is_never_overwritten(written):
    home = written("port = 8100\n")
    write_default(home)
    assert load(home, env={}).port == 8100


def test_the_database_is_written_down_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    write_default(tmp_path)
    file = tmp_path / "lifang.toml"
    text = (
        file.read_text("utf-8")
        + 'port = 8123\ndatabase = "sqlite:////old.db" # here\nzone = "Asia/Urumqi"\n'
    )
    file.write_text(text, encoding="utf-8")
    url = 'postgresql://lifang:ge"h\\eim@db/district'
    write_database(tmp_path, url)
    told = load(tmp_path, env={})
    assert (told.database, told.port, told.zone) == (url, 8123, "Asia/Urumqi")
    assert file.read_text("utf-8").count("# database = ") == 1
    assert file.stat().st_mode & 0o777 == 0o600
    write_database(tmp_path, None)
    assert load(tmp_path, env={}).database is None
    assert [path.name for path in tmp_path.iterdir()] == ["lifang.toml"]


def test_a_database_written_over_several_lines_is_left_to_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "lifang.toml"
    file.write_text('database = """sqlite:///\\\n   a.db"""\n', encoding="utf-8")
    before = file.read_text("utf-8")
    with pytest.raises(NotReady):
        write_database(tmp_path, "sqlite:///b.db")
    assert file.read_text("utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["lifang.toml"]
