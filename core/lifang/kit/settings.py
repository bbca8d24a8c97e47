"""What an instance is told from outside: `lifang.toml` in its folder, and LIFANG_* variables.

A key nobody knows is an error that names the nearest known one: a typing mistake in a setting
otherwise shows only on the day the setting was needed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lifang.kit.causes import why
from lifang.kit.clock import DEFAULT_ZONE
from lifang.kit.errors import FieldError, Invalid, NotReady
from lifang.kit.settings_keys import KEYS, VARIABLES, Key, variable
from lifang.kit.words import SOURCE, _, known_language

FILE_NAME = "lifang.toml"
FIRST_FILE = Path(__file__).with_name("settings.toml")
"""What a new instance starts with: every key, commented out, with its default."""

RESERVED = frozenset(
    {"LIFANG_HOME", "LIFANG_AS", "LIFANG_CHROMIUM", "LIFANG_SAFE", "LIFANG_STRICT"}
)  # read elsewhere, never a key


@dataclass(frozen=True)
class Settings:
    """One instance's settings, checked; paths are absolute, passwords stay out of the repr."""

    home: Path
    database: str | None = field(default=None, repr=False)
    broker: str | None = field(default=None, repr=False)
    broker_stream: str = "LIFANG"
    broker_form: str = "structured"
    broker_days: int = 7
    broker_again_hours: int = 24
    broker_take_in: tuple[str, ...] = ()
    language: str = SOURCE
    zone: str = DEFAULT_ZONE
    key_file: Path = Path("keys/lifang.key")
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    allow_http: bool = False
    trusted_proxies: tuple[str, ...] = ()
    address: str | None = None
    durability: str = "full"
    session_idle_minutes: int = 30
    session_hours: int = 12
    log_level: str = "info"
    backup_keep: int = 7
    attachment_mb: int = 20
    lag_minutes: int = 10
    plugin_errors: int = 5
    plugin_seconds: int = 60
    retention: tuple[tuple[str, int | str], ...] = ()
    notice_days: int = 365
    outbound_allow: tuple[str, ...] = ()
    catalogue: Path | None = None
    deny: tuple[str, ...] = ()

    @property
    def file(self) -> Path:
        """Where these settings are written down."""
        return self.home / FILE_NAME

    @property
    def data(self) -> Path:
        """Where the embedded database lies."""
        return self.home / "data"

    @property
    def run(self) -> Path:
        """Where locks and the doorbell lie: of use only while something runs."""
        return self.home / "run"

    @property
    def log(self) -> Path:
        """Where log files lie."""
        return self.home / "log"


def load(home: Path | str | None = None, env: Mapping[str, str] = os.environ) -> Settings:
    """Read an instance's settings; variables outrank the file, and the file need not exist.

    `home` outranks LIFANG_HOME; without either it is ./var. Raises Invalid with one sentence per
    unknown key and wrong value, NotReady if the file cannot be read.
    """
    folder = Path(home or env.get("LIFANG_HOME") or "var").expanduser().resolve()
    wrong: list[FieldError] = []
    values = _checked(_from_file(folder / FILE_NAME), FILE_NAME, wrong)
    values |= _checked(_from_variables(env, wrong), "", wrong)
    if wrong:
        raise Invalid(_("；").join(error.message for error in wrong), errors=wrong)
    settings = replace(Settings(home=folder), **values)
    return replace(settings, key_file=folder / settings.key_file.expanduser())


def on(name: str, env: Mapping[str, str] = os.environ) -> bool:
    """Whether a variable that is no setting was set, as LIFANG_SAFE=1."""
    return env.get(name, "") not in ("", "0")


def write_default(home: Path) -> Path:
    """Write a commented lifang.toml for a new instance; one that is there stays as it is."""
    file = home / FILE_NAME
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        file.touch(mode=0o600)  # a database address may hold a password
        file.write_bytes(FIRST_FILE.read_bytes())
    return file


def kept(told: Settings) -> tuple[dict[str, Any], list[str]]:
    """What the file says that may lie in a backup, and the names of what may not.

    Secrets stay out, and so does the key's place: where the backup is restored is another machine.
    """
    said = _from_file(told.file)
    left = sorted(name for name in said if name == "key_file" or KEYS[name].secret)
    return {name: value for name, value in said.items() if name not in left}, left


def write_kept(home: Path, values: Mapping[str, Any]) -> None:
    """Write a new lifang.toml with values from a backup behind the comments."""
    told = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items()]
    file = write_default(home)
    file.write_text("\n".join([file.read_text(encoding="utf-8"), "".join(told)]), encoding="utf-8")


def write_database(home: Path, url: str | None) -> None:
    """Say in lifang.toml where the database is, whole or not at all; the rest stays as it is."""
    file = write_default(home)
    text = file.read_bytes().decode("utf-8-sig")
    kept = re.sub(r"(?m)^[ \t]*[\"']?database[\"']?[ \t]*=.*\n?", "", text)
    told = "" if url is None else f"database = {json.dumps(url, ensure_ascii=False)}\n"
    fresh = file.with_name(f".{FILE_NAME}.part")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as part:
        part.write("\n".join([kept.rstrip("\n"), told]).encode())
        part.flush()
        os.fsync(part.fileno())
    wanted = {name: value for name, value in _from_file(file).items() if name != "database"}
    wanted |= {} if url is None else {"database": url}
    with suppress(Invalid):  # as where the old value went over several lines
        if _from_file(fresh) == wanted:
            fresh.replace(file)
            return
    fresh.unlink()
    raise NotReady(_("改不了 {file}；请自己写 database 一行", file=file))


def _from_file(file: Path) -> dict[str, object]:
    """Read what the file says, unchecked; no file says nothing."""
    try:
        text = file.read_bytes().decode("utf-8-sig")  # Windows editors put a mark in front
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise Invalid(_("{file} 不是 UTF-8 编码，请另存为 UTF-8", file=file)) from error
    except OSError as error:
        raise NotReady(_("读不了 {file}：{why}", file=file, why=why(error))) from error

    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = re.findall(r"at line (\d+)", str(error)) or [text.count("\n") + 1]
        told = {"file": file, "line": lines[-1]}
        sentence = _("{file} 第 {line} 行的写法有误，应为「键 = 值」，每行一个", **told)
        raise Invalid(sentence) from error


def _from_variables(env: Mapping[str, str], wrong: list[FieldError]) -> dict[str, object]:
    """Read what the environment says, by key; an empty variable says nothing."""
    values: dict[str, object] = {}
    for name in sorted(env):
        if not name.startswith("LIFANG_") or name in RESERVED:
            continue
        key = VARIABLES.get(name)
        if key is None:
            wrong.append(_unknown(name, "", [*VARIABLES, *sorted(RESERVED)]))
        elif env[name].strip():
            values[key] = _typed(key, env[name].strip())
    return values


def _typed(key: str, text: str) -> object:
    """Give a variable's text the type its key wants, where it can be read as one."""
    default = getattr(Settings, key)
    if isinstance(default, tuple):
        return [one.strip() for one in text.split(",")]
    if isinstance(default, bool):
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if isinstance(default, int) and text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    return known_language(text) if key == "language" else text


def _checked(given: dict[str, object], place: str, wrong: list[FieldError]) -> dict[str, Any]:
    """Keep the values that are right, each of its key's type; note a sentence for every other."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        key = KEYS.get(name)
        if key is None:
            wrong.append(_unknown(name, place, list(KEYS)))
            continue
        try:
            values[name] = key.read(value)
        except ValueError:
            wrong.append(_unfit(name if place else variable(name), key, value, place))
    return values


def _unknown(name: str, place: str, known: list[str]) -> FieldError:
    """Say that nobody knows this key, and which one was probably meant."""
    from difflib import get_close_matches

    what = _called(name, place)
    if name in {"debug", "LIFANG_DEBUG"}:
        message = _("{what} 不可设置：调试页面会泄露居民信息，请改用 log_level", what=what)
        return FieldError(name, "refused", message)
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        message = _("{what} 无人认识，最接近的是 {near}", what=what, near=near[0])
    else:
        message = _("{what} 无人认识，可用的有：{known}", what=what, known=_("、").join(known))
    return FieldError(name, "unknown", message)


def _unfit(name: str, key: Key, value: object, place: str) -> FieldError:
    """Say what is wrong with a value, and what would be right; passwords are not repeated."""
    given, what = "***" if key.secret else f"{value!r:.60}", _called(name, place)
    message = _("{what} 写作 {given}，应为 {right}", what=what, given=given, right=_(key.right))
    return FieldError(name, "wrong", message)


def _called(name: str, place: str) -> str:
    return (
        _("{file} 里的 {name}", file=place, name=name) if place else _("环境变量 {name}", name=name)
    )
