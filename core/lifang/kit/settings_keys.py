"""The keys of lifang.toml: what each may say, and what to tell whoever says something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lifang.kit.clock import DEFAULT_ZONE, zone_named
from lifang.kit.errors import Invalid
from lifang.kit.words import LANGUAGES, n_


@dataclass(frozen=True)
class Key:
    """What one key may say: `read` returns the value or raises ValueError, `right` is told then."""

    read: Callable[[object], object]
    right: str
    secret: bool = False


def variable(key: str) -> str:
    """Name the environment variable that outranks a key of the file."""
    return "LIFANG_LANG" if key == "language" else f"LIFANG_{key.upper()}"


def _text(value: object) -> str:
    if isinstance(value, str) and value and not any(letter.isspace() for letter in value):
        return value
    raise ValueError


def _address(*schemes: str) -> Callable[[object], object]:
    def read(value: object) -> str:
        if isinstance(value, str) and value.startswith(tuple(f"{name}://" for name in schemes)):
            return value
        raise ValueError

    return read


def _site(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", value):
        return value
    raise ValueError


def _path(value: object) -> Path:
    if isinstance(value, str) and value.strip() and "\0" not in value:
        return Path(value)
    raise ValueError


def _one_of(*words: str) -> Callable[[object], object]:
    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise ValueError

    return read


def _whole(low: int, high: int) -> Callable[[object], object]:
    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise ValueError

    return read


def _claim(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError


def _zone(value: object) -> str:
    name = _text(value)
    if name != DEFAULT_ZONE:  # the usual one is not looked up: every command would pay for it
        try:
            zone_named(name)
        except Invalid as error:
            raise ValueError from error
    return name


_LASTING = re.compile(r"([a-z][a-z0-9_]*\.){2}[a-z][a-z0-9_]* *= *([1-9][0-9]{0,4}|latest|keep)")


def _retention(value: object) -> tuple[tuple[str, int | str], ...]:
    told = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(told, list) or not all(_LASTING.fullmatch(str(one)) for one in told):
        raise ValueError
    pairs = [one.replace(" ", "").split("=") for one in told]
    return tuple((type, int(keep) if keep.isdigit() else keep) for type, keep in pairs)


def _word(value: object) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Za-z0-9_-]{1,60}", value):
        return value
    raise ValueError


def _list_of(pattern: str) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        told = value if isinstance(value, list) else [None]
        if all(isinstance(one, str) and re.fullmatch(pattern, one) for one in told):
            return tuple(told)
        raise ValueError

    return read


def _networks(value: object) -> tuple[str, ...]:
    from ipaddress import ip_network  # every command would pay for it

    told = _list_of(r"[0-9a-fA-F:.]+(/[1-9][0-9]{0,2})?")(value)  # none with /0: that is everybody
    for one in told:
        ip_network(one)
    return told


_SUBJECT = r"(([^\s.*>]+|\*)\.)*([^\s.*>]+|\*|>)"
_DENIED = r"[a-z][a-z0-9_]{1,39}( +[<>=!~][<>=!~0-9a-z.,*]*)?( +\S.*)?"
_ENDPOINT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([1-9][0-9]{0,4})")


def _endpoints(value: object) -> tuple[str, ...]:
    told = value if isinstance(value, list) else [None]
    found = [_ENDPOINT.fullmatch(one) if isinstance(one, str) else None for one in told]
    if any(one is None or int(one[2]) > 65535 for one in found):
        raise ValueError
    return tuple(one[0].lower() for one in found if one is not None)


KEYS = {
    "database": Key(
        _address("sqlite", "postgresql"),
        n_("sqlite:///路径 或 postgresql://用户@主机/库名"),
        secret=True,
    ),
    "broker": Key(_address("nats", "tls"), n_("nats://主机:端口"), secret=True),
    "broker_stream": Key(_word, n_("字母、数字、- 和 _ 组成的名称，例如 LIFANG")),
    "broker_form": Key(_one_of("structured", "binary"), n_("structured 或 binary")),
    "broker_days": Key(_whole(1, 3650), n_("1 至 3650 的整数")),
    "broker_again_hours": Key(_whole(24, 672), n_("24 至 672 的整数")),
    "broker_take_in": Key(_list_of(_SUBJECT), n_('NATS 主题的列表，例如 ["lifang.>"]')),
    "language": Key(_one_of(*LANGUAGES), n_("zh 或 en")),
    "zone": Key(_zone, n_("时区名称，例如 Asia/Shanghai")),
    "key_file": Key(_path, n_("密钥文件的路径")),
    "host": Key(_text, n_("主机名或 IP 地址，例如 127.0.0.1")),
    "port": Key(_whole(1, 65535), n_("1 至 65535 的整数")),
    "workers": Key(_whole(1, 64), n_("1 至 64 的整数")),
    "address": Key(_site, n_("对外的网址，例如 https://lifang.example.cn，末尾没有 /")),
    "allow_http": Key(_claim, n_("true 或 false")),
    "trusted_proxies": Key(_networks, n_('IP 地址或网段的列表，例如 ["10.1.2.3", "10.9.0.0/24"]')),
    "durability": Key(_one_of("full", "normal"), n_("full 或 normal")),
    "session_idle_minutes": Key(_whole(1, 1440), n_("1 至 1440 的整数")),
    "session_hours": Key(_whole(1, 168), n_("1 至 168 的整数")),
    "log_level": Key(
        _one_of("debug", "info", "warning", "error"), n_("debug、info、warning 或 error")
    ),
    "backup_keep": Key(_whole(0, 1000), n_("0 至 1000 的整数")),
    "attachment_mb": Key(_whole(1, 1000), n_("1 至 1000 的整数")),
    "plugin_errors": Key(_whole(1, 1000), n_("1 至 1000 的整数")),
    "plugin_seconds": Key(_whole(1, 86400), n_("1 至 86400 的整数")),
    "lag_minutes": Key(_whole(1, 1440), n_("1 至 1440 的整数")),
    "retention": Key(_retention, n_('列表，例如 ["core.clock.hour=90"]；天数、latest 或 keep')),
    "notice_days": Key(_whole(30, 3650), n_("30 至 3650 的整数")),
    "catalogue": Key(_path, n_("插件目录所在的文件夹")),
    "deny": Key(_list_of(_DENIED), n_('列表，例如 ["some_plugin <1.3 2026-11-30 原因"]')),
    "outbound_allow": Key(_endpoints, n_('「主机:端口」的列表，例如 ["10.1.2.3:8443"]')),
}
VARIABLES = {variable(key): key for key in KEYS}
