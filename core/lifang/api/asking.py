"""What a request says beside its address: a strict body, the version it was made for, its key."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from lifang.http import listing
from lifang.kit import json
from lifang.kit.errors import FieldError, Invalid, Malformed, PreconditionMissing
from lifang.kit.words import _, n_
from lifang.resources import schema
from lifang.resources.fields import FieldSpec
from lifang.services.idempotency import Key

JSON = "application/json"
WHEN = FieldSpec("occurred_at", n_("发生时间"), "instant")
MOST_FIELDS = 200
"""More than any noun has; each unknown one would be told of with a sentence."""
NO_VERSION = 0
"""Stands for an entity tag that no record of ours ever had."""

_KEY = re.compile(r"[!-~]{1,120}")
_TAG = re.compile(r'"([0-9]{1,18})"')


def body(*, optional: bool = False) -> dict[str, Any]:
    """The object that was sent; with `optional`, nothing sent is an empty one."""
    if optional and not request.get_data():
        return {}
    if request.mimetype != JSON:
        raise UnsupportedMediaType
    told = json.loads_strict(request.get_data())
    if not isinstance(told, dict):
        raise Invalid(_("正文须为一个 JSON 对象"))
    if len(told) > MOST_FIELDS:
        raise Malformed(_("正文最多 {n} 个字段", n=MOST_FIELDS))
    return told


def refuse_unknown(told: dict[str, Any], known: tuple[str, ...]) -> None:
    """Raise Invalid for members nobody reads."""
    problems = [
        FieldError(name, "unknown", _("没有字段「{name}」", name=name))
        for name in told
        if name not in known
    ]
    if problems:
        raise Invalid(problems[0].message, errors=problems)


def words(*known: str, repeated: tuple[str, ...] = ()) -> dict[str, str]:
    """What an address asks, each once but for some; raises Malformed for any other parameter."""
    return listing.read_words(request.args, *known, repeated=repeated)


def claims(*known: str) -> dict[str, bool]:
    """What an address claims with `true` or `false`; raises Malformed for any other parameter."""
    asked = words(*known)
    return {key: listing.claim(key, asked.get(key)) for key in known}


def version(*, needed: bool) -> int | None:
    """The version named in If-Match; raises PreconditionMissing where one must be."""
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        if needed:
            raise PreconditionMissing(_('请带上 If-Match: "版本号"（来自 ETag）'))
        return None
    tag = _TAG.fullmatch(given.strip())
    return int(tag[1]) if tag else NO_VERSION


def unchanged(version: int) -> bool:
    """Whether the client holds this version already."""
    return request.if_none_match.contains_weak(str(version))


def key() -> Key | None:
    """The name the client gave this request, so that a second copy of it does nothing."""
    name = request.headers.get("Idempotency-Key")
    if name is None:
        return None
    if not _KEY.fullmatch(name):
        raise Malformed(_("Idempotency-Key 须为 1 至 120 个可见的 ASCII 字符"))
    return Key(name, f"{request.method} {request.path}"[:200], request.get_data())


def moment(told: dict[str, Any]) -> dt.datetime | None:
    """Take when it really happened out of an action's input."""
    given = told.pop(WHEN.name, None)
    if given is None:
        return None
    try:
        when: dt.datetime = schema.JUDGES[WHEN.kind](WHEN, given)
    except ValueError as error:
        raise Invalid.about(WHEN.name, "invalid", str(error)) from error
    return when


def text(told: dict[str, Any], name: str) -> str:
    """A member that must be text; raises Invalid on it."""
    value = told.get(name, "")
    if not isinstance(value, str):
        raise Invalid.about(name, "invalid", _("「{label}」须为文字", label=name))
    return value


def flag(told: dict[str, Any], name: str) -> bool:
    """A member that must be true or false, false by default; raises Invalid on it."""
    value = told.get(name, False)
    if not isinstance(value, bool):
        raise Invalid.about(name, "invalid", _("「{key}」须为 true 或 false", key=name))
    return value


def members(told: dict[str, Any], name: str) -> dict[str, Any]:
    """A member that must be an object, empty by default; raises Invalid on it."""
    value = told.get(name, {})
    if not isinstance(value, dict):
        raise Invalid.about(name, "invalid", _("「{label}」须为一个 JSON 对象", label=name))
    return dict(value)


def texts(told: dict[str, Any], name: str) -> list[str]:
    """A member that must be a list of texts; raises Invalid on it."""
    value = told.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Invalid.about(name, "invalid", _("「{label}」须为一列文字", label=name))
    return value
