"""JSON as strangers send it and as we answer: what is read means one thing only, or is refused."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from lifang.kit.errors import Malformed
from lifang.kit.words import _

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 32

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def loads_strict(raw: bytes, *, max_depth: int = MAX_DEPTH) -> Any:  # Any: whatever was sent
    """Read a request body; raises Malformed for anything two readers could understand differently.

    Refused are broken UTF-8 and JSON, NaN and infinities, repeated keys, integers outside 64 bit,
    NUL and lone surrogates, and nesting deeper than `max_depth`.
    """
    text = _decoded(raw)
    _demand_shallow(text, max_depth)
    try:
        data = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole_number,
            parse_float=_finite_number,
            parse_constant=_no_number,
        )
    except json.JSONDecodeError as error:
        told = {"line": error.lineno, "column": error.colno}
        sentence = _("请求正文不是合法的 JSON：第 {line} 行第 {column} 列有误", **told)
        raise Malformed(sentence) from error
    if "\\u" in text:  # written out, neither NUL nor a lone surrogate would have come this far
        for path, string in _strings(data, "$"):
            if _UNSTORABLE.search(string):
                raise Malformed(_("{path} 含有不能保存的字符（NUL 或不成对的代理码）", path=path))
    return data


def dumps(data: object) -> bytes:
    """Write an answer: UTF-8, no spaces, dates and aware instants as ISO 8601."""
    import orjson

    return orjson.dumps(data)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(
            _("请求正文不是 UTF-8 编码：第 {position} 个字节有误", position=error.start + 1)
        ) from error


def _demand_shallow(text: str, max_depth: int) -> None:
    """Count open brackets outside strings; most bodies have too few to need counting."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > max_depth:
            raise Malformed(_("请求正文嵌套超过 {depth} 层", depth=max_depth))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: values as they were sent
    built = dict(pairs)
    if len(built) < len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                raise Malformed(_("同一个对象里键 {key} 出现了两次", key=_shown(key)))
            seen.add(key)
    return built


def _whole_number(digits: str) -> int:
    if len(digits) <= 20:
        number = int(digits)
        if -(2**63) <= number < 2**63:
            return number
    raise Malformed(_("整数 {number} 超出 64 位范围", number=_shown(digits)))


def _finite_number(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise Malformed(_("数值 {number} 太大", number=_shown(digits)))
    return number


def _no_number(name: str) -> float:
    raise Malformed(_("{name} 不是 JSON 的数值", name=name))


def _strings(data: object, path: str) -> Iterator[tuple[str, str]]:
    """Walk every string with the path to it; keys count as strings of their object."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _strings(item, f"{path}[{index}]")
    elif isinstance(data, dict):
        for key, value in data.items():
            yield path, key
            yield from _strings(value, f"{path}.{_shown(key)}")


def _shown(text: str) -> str:
    """Show a piece of what was sent, short and printable."""
    short = text if len(text) <= 40 else text[:40] + "…"
    return "".join(letter if letter.isprintable() else "�" for letter in short)
