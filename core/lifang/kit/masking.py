"""One mask per kind of personal data, the same on every page, in every file and every log line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Numbers are matched whole, from their first character on, so that a long one costs no more time.
_DIGIT = "[0-9０-９一二三四五六七八九十百零甲乙丙丁A-Za-zＡ-Ｚ]"
_NUMBER = f"(?<!{_DIGIT}){_DIGIT}++\\s*+"
_BUILDING = re.compile(f"^.*?{_NUMBER}(?:号楼|栋|幢|座|#楼?)")
_DOOR_NUMBER = re.compile(r"^.*?(?<!\d)\d++号")
_HOME = re.compile(f"{_NUMBER}(?:单元|楼层|层|室|户|门)")  # from here on it is somebody's home
_PLACE = re.compile(r"^\D*[省市州盟区县旗镇乡道路街巷弄村屯庄里坊苑园院城]")
_BARE = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|1[0-9]{10})(?![0-9A-Za-z])")
_PRIVATE = re.compile(
    r"(?i)(?:bearer|basic)\s+[\w.~+/=-]+"
    r"|(?:password|secret|token|密码|口令|cookie)[\"']?\s*[=:：]\s*[\"']?[^\s\"',;&]+"
    r"|\blft_[\w-]{16,}|(?<=://)[^/@\s]+(?=@)|(?<=/home/)[^/\s]+"
    r"|(?<![0-9A-Za-z])(?:\d{17}[\dX]|(?:\+?86)?1[3-9]\d{9})(?![0-9A-Za-z])"
    r"|[\w.+-]+@[\w-]+\.\w[\w.]*"
)
_CHARACTER = re.compile(r".[\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef]*", re.DOTALL)

REST = "***"


def mask(kind: str, value: str) -> str:
    """Return the mask of a value; an unknown kind is a mistake of the caller (KeyError)."""
    cover = _MASKS[kind]
    return cover(value) if value else value


def numbers(told: str) -> str:
    """Mask what looks like somebody's phone or citizen id, wherever it stands in a text."""
    return _BARE.sub(lambda one: mask("phone" if len(one[0]) == 11 else "citizen_id", one[0]), told)


def private(told: str) -> str:
    """A text without secrets, and without numbers, addresses and folders of people."""
    return _PRIVATE.sub(REST, told)


def _citizen_id(value: str) -> str:
    """Keep the area and the check character: `620102***********3`.

    Four trailing digits and the birth year would leave some 33 numbers to try.
    """
    if len(value) < 15:  # no citizen id: another document, of which nothing may be guessed
        return "*" * max(len(value), 3)
    return value[:6] + "*" * (len(value) - 7) + value[-1]


def _phone(value: str) -> str:
    """Keep the network and the last four: `138****5678`; of other shapes the last two."""
    if len(value) == 11:
        return f"{value[:3]}****{value[-4:]}"
    return "****" + (value[-2:] if len(value) > 4 else "")


def _birth_date(value: str) -> str:
    """Keep the year: `1980-**-**`; a bare `1980` is a partial date and hides nothing."""
    year, *rest = value.split("-")
    return "-".join([year, *("**" for _part in rest)])


def _name(value: str) -> str:
    """Keep the first and the last character: 张*燕, 张*."""
    characters: list[str] = _CHARACTER.findall(value)
    if len(characters) == 1:
        return "*"
    last = characters[-1] if len(characters) > 2 else "*"
    return characters[0] + "*" * (len(characters) - 2) + last


def _address(value: str) -> str:
    """Keep the way to the building, never to the home: 示例小区3号楼***.

    Without a building only the named places before the first number stay.
    """
    home = _HOME.search(value)
    public = value[: home.start()] if home is not None else value
    for known in (_BUILDING, _DOOR_NUMBER, _PLACE):
        found = known.search(public)
        if found is not None:
            return public[: found.end()] + REST
    return REST


def _email(value: str) -> str:
    """Keep the first letter and the domain: `z***@example.cn`."""
    name, _at, domain = value.rpartition("@")
    return f"{name[:1]}{REST}@{domain}"


_MASKS: dict[str, Callable[[str], str]] = {
    "citizen_id": _citizen_id,
    "phone": _phone,
    "birth_date": _birth_date,
    "name": _name,
    "address": _address,
    "category": lambda _value: REST,  # one of few: any part of it would tell which
    "email": _email,
}
KINDS = frozenset(_MASKS)
